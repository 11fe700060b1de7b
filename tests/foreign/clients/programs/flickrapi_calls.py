from io import BytesIO

import flickrapi
from flickrapi.auth import FlickrAccessToken
from record import KEY, SECRET, TOKEN, TOKEN_SECRET, calls

token = FlickrAccessToken(TOKEN, TOKEN_SECRET, "delete", "Ada", "ada", "1@N01")
flickr = flickrapi.FlickrAPI(KEY, SECRET, format="parsed-json", token=token, store_token=False)
new = flickrapi.FlickrAPI(KEY, SECRET, store_token=False)


def access_token():
    interface = new.flickr_oauth
    interface.resource_owner_key, interface.resource_owner_secret, interface.verifier = TOKEN, TOKEN_SECRET, "verifier"
    interface.requested_permissions = "read"
    interface.get_access_token()


calls(
    request_token=lambda: new.get_request_token(oauth_callback="https://app.example/callback"),
    access_token=access_token,
    search=lambda: flickr.photos.search(text="cat & dog é", per_page=2),
    upload=lambda: flickr.upload(
        filename="a.png", fileobj=BytesIO(b"\x89PNG"), title="Café & thé", tags="one two", is_public="0"
    ),
)
