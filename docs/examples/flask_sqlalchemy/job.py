"""A background job: call the API for every user, without a request and a browser."""

from app import app, oauth
from models import Session, User
from sqlalchemy import select

with app.app_context(), Session() as database:
    for user in database.scalars(select(User)):
        token = oauth.twitter.find_token(user=user.id)
        if token is None:
            print(f"{user.name} has to log in again")
            continue
        response = oauth.twitter.get("statuses/user_timeline.json", token=token)
        print(f"{user.name}: the API answered {response.status_code}")
