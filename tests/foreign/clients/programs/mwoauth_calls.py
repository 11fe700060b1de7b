import mwoauth
from record import KEY, SECRET, TOKEN, TOKEN_SECRET, calls

URI = "https://wiki.example/w/index.php"
consumer = mwoauth.ConsumerToken(KEY, SECRET)
access = mwoauth.AccessToken(TOKEN, TOKEN_SECRET)

calls(
    request_token=lambda: mwoauth.initiate(
        URI, consumer, callback="https://app.example/callback", user_agent="example/1.0"
    ),
    access_token=lambda: mwoauth.complete(
        URI,
        consumer,
        mwoauth.RequestToken(TOKEN, TOKEN_SECRET),
        f"oauth_verifier=verifier&oauth_token={TOKEN}",
        user_agent="example/1.0",
    ),
    identify=lambda: mwoauth.identify(URI, consumer, access, user_agent="example/1.0"),
)
