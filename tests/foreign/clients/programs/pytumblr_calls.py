import pytumblr
from record import KEY, SECRET, TOKEN, TOKEN_SECRET, calls

client = pytumblr.TumblrRestClient(KEY, SECRET, TOKEN, TOKEN_SECRET)

calls(
    info=client.info,
    likes=lambda: client.blog_likes("codingjester", limit=2),
    text=lambda: client.create_text(
        "codingjester", state="published", title="Café", body="a & b + c", tags=["a", "b c"]
    ),
)
