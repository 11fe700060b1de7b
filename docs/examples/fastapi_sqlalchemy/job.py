"""A background job: call the API for every user, without a request and a browser."""

import asyncio

from app import oauth
from models import Session, User, engine
from sqlalchemy import select


async def main():
    async with oauth.lifespan(), Session() as database:
        for user in await database.scalars(select(User)):
            token = await oauth.twitter.find_token(user=user.id)
            if token is None:
                print(f"{user.name} has to log in again")
                continue
            response = await oauth.twitter.get("statuses/user_timeline.json", token=token)
            print(f"{user.name}: the API answered {response.status_code}")
    await engine.dispose()


asyncio.run(main())
