import discogs_client
from record import KEY, SECRET, TOKEN, TOKEN_SECRET, calls

client = discogs_client.Client("example/1.0", KEY, SECRET, TOKEN, TOKEN_SECRET)
new = discogs_client.Client("example/1.0", KEY, SECRET)


def access_token():
    other = discogs_client.Client("example/1.0", KEY, SECRET, TOKEN, TOKEN_SECRET)
    other.get_access_token("verifier")


calls(
    request_token=lambda: new.get_authorize_url("https://app.example/callback"),
    access_token=access_token,
    identity=client.identity,
    search=lambda: client.search("Café del Mar", type="release").count,
)
