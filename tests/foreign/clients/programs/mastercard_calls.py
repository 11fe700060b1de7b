import os

import oauth1.oauth
import requests
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from oauth1 import coreutils
from oauth1.oauth_ext import OAuth1RSA
from record import KEY, NONCE, TIMESTAMP, calls

key = load_pem_private_key(os.environ["PRIVATE_KEY"].encode(), None)
for module in (coreutils, oauth1.oauth):
    for name, value in (("get_nonce", NONCE), ("get_timestamp", str(TIMESTAMP))):
        setattr(module, name, lambda *_, value=value: value)
auth = OAuth1RSA(f"{KEY}!key-id", key)
API = "https://sandbox.api.mastercard.com/locations/v1"

calls(
    get=lambda: requests.get(f"{API}/atms?country=USA&name=a%20b%2Bc", auth=auth, timeout=1),
    post=lambda: requests.post(f"{API}/atms", json={"a": "é"}, auth=auth, timeout=1),
    twice=lambda: requests.get(f"{API}/atms?a=2&a=1&b=%C3%A9", auth=auth, timeout=1),
)
