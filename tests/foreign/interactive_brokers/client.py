"""A program in the environment of ibind: its client logs in to the emulator, and makes calls.

It takes what ``oauth1-catalog emulate --env-file`` has written. ibind sends ``Host: api.ibkr.com``, where the emulator
does not listen, so that header is left out; nothing else is changed.
"""

import json
import os
import sys

from ibind import IbkrClient
from ibind.oauth.oauth1a import OAuth1aConfig


class Client(IbkrClient):
    def _request(self, method, endpoint, base_url=None, extra_headers=None, log=True, **kwargs):
        headers = {name: value for name, value in (extra_headers or {}).items() if name != "Host"}
        return super()._request(method, endpoint, base_url, headers, log, **kwargs)

    def _get_headers(self, request_method, request_url):
        headers = super()._get_headers(request_method, request_url)
        return {name: value for name, value in headers.items() if name != "Host"}


own = "INTERACTIVE_BROKERS_"
config = OAuth1aConfig(
    oauth_rest_url=f"{os.environ['EMULATED_INTERACTIVE_BROKERS_HTTPS']}api.ibkr.com/v1/api/",
    live_session_token_endpoint="oauth/live_session_token",
    access_token=os.environ[f"{own}TOKEN"],
    access_token_secret=os.environ[f"{own}TOKEN_SECRET"],
    consumer_key=os.environ[f"{own}CLIENT_ID"],
    dh_prime=sys.argv[1],
    dh_generator="2",
    encryption_key_fp=os.environ[f"{own}ENCRYPTION_KEY"],
    encryption_key=None,
    signature_key_fp=os.environ[f"{own}RSA_KEY"],
    signature_key=None,
    realm="limited_poa",
    init_oauth=True,
    init_brokerage_session=True,
    maintain_oauth=False,
    shutdown_oauth=False,
)
client = Client(use_oauth=True, oauth_config=config, max_retries=0, auto_register_shutdown=False)
accounts = client.portfolio_accounts().data
json.dump({"session": client.live_session_token, "path": accounts["path"], "user": accounts["user"]}, sys.stdout)
