"""Log in with Twitter, keep the token with the user, and call the API in a later request; everything is async."""

import os
import secrets
from contextlib import asynccontextmanager
from typing import Annotated
from urllib.parse import parse_qs

import uvicorn
from fastapi import Depends, FastAPI, HTTPException, Request
from fastapi.responses import HTMLResponse, RedirectResponse
from models import OAuth1Token, Session, User, create_tables
from starlette.config import Config
from starlette.middleware.sessions import SessionMiddleware

from oauth1_catalog.integrations.sqlalchemy_tokens import SQLAlchemyTokens
from oauth1_catalog.integrations.starlette_client import OAuth

PORT = int(os.environ.get("PORT", "8000"))
os.environ.setdefault("OAUTH1_CATALOG_REDIRECT_BASE_URL", f"http://127.0.0.1:{PORT}")
config = Config()
tokens = SQLAlchemyTokens(
    Session,
    OAuth1Token,
    keys=config("OAUTH1_CATALOG_TOKEN_KEYS"),
    user=lambda request: request.session.get("user_id"),
)
oauth = OAuth(config, token_store=tokens, forget_rejected_tokens=True)
oauth.register_from_catalog("twitter")


@asynccontextmanager
async def lifespan(app):
    await create_tables()
    async with oauth.lifespan(app):
        yield


app = FastAPI(lifespan=lifespan)
app.add_middleware(SessionMiddleware, secret_key=config("SECRET_KEY"))


@app.get("/", response_class=HTMLResponse)
async def index(request: Request):
    if "user_id" not in request.session:
        return button(request, "login", "Log in with Twitter")
    return '<a href="/profile">Your profile</a>' + button(request, "logout", "log out")


def button(request, action, text):
    token = request.session.setdefault("form_token", secrets.token_urlsafe())
    return f"""<form method="post" action="{app.url_path_for(action)}">
        <input type="hidden" name="form_token" value="{token}"><button>{text}</button></form>"""


async def own_form(request: Request):
    """A page of somebody else can make a browser send a form, but does not know what is in ours."""
    form = parse_qs((await request.body()).decode(errors="replace"))
    given, own = form.get("form_token", [""])[0], request.session.get("form_token", "")
    if not (own and secrets.compare_digest(given.encode(), own.encode())):
        raise HTTPException(403)


OwnForm = Annotated[None, Depends(own_form)]


@app.post("/login")
async def login(request: Request, form: OwnForm):
    return await oauth.twitter.authorize_redirect(request, app.url_path_for("authorize"))


@app.get("/authorize")
async def authorize(request: Request):
    token = await oauth.twitter.authorize_access_token(request)
    profile = await oauth.twitter.userinfo(token=token)
    async with Session.begin() as database:
        user = await User.of(database, twitter_id=profile["sub"], name=profile["name"])
        user_id = user.id
    # Who the user is, is known only now: so the token is saved by hand, when the user's row is committed.
    await oauth.twitter.save_token(token, user=user_id)
    request.session.clear()
    request.session["user_id"] = user_id
    return RedirectResponse(app.url_path_for("index"), status_code=303)


@app.get("/profile")
async def profile(request: Request):
    # No token is passed: the store finds that of the user who is logged in.
    response = await oauth.twitter.get("account/verify_credentials.json", request=request)
    response.raise_for_status()
    return {"name": response.json()["name"]}


@app.post("/logout")
async def logout(request: Request, form: OwnForm):
    request.session.clear()
    return RedirectResponse(app.url_path_for("index"), status_code=303)


if __name__ == "__main__":
    uvicorn.run(app, port=PORT)
