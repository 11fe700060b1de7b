from io import BytesIO

import tweepy
from record import KEY, SECRET, TOKEN, TOKEN_SECRET, calls

auth = tweepy.OAuth1UserHandler(KEY, SECRET, TOKEN, TOKEN_SECRET)
api = tweepy.API(auth)
client = tweepy.Client(consumer_key=KEY, consumer_secret=SECRET, access_token=TOKEN, access_token_secret=TOKEN_SECRET)
login = tweepy.OAuth1UserHandler(KEY, SECRET, callback="https://app.example/callback?next=/a%20b")


def access_token():
    handler = tweepy.OAuth1UserHandler(KEY, SECRET)
    handler.request_token = {"oauth_token": TOKEN, "oauth_token_secret": TOKEN_SECRET}
    handler.get_access_token("verifier")


calls(
    request_token=login.get_authorization_url,
    access_token=access_token,
    profile=api.verify_credentials,
    search=lambda: api.search_tweets("Ladies + Gentlemen, é ☃ 'quoted'!*()", count=2),
    update=lambda: api.update_status("Hello Ladies + Gentlemen, a signed OAuth request! é ☃"),
    upload=lambda: api.media_upload("a.png", file=BytesIO(b"\x89PNG")),
    tweet=lambda: client.create_tweet(text="é ☃"),
    me=lambda: client.get_me(user_fields=["id", "name"], user_auth=True),
)
