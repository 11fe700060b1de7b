"""Calls with requests-oauthlib, right or with a mistake. Usage: requests_oauthlib_client.py JOBS"""

import base64
import hmac
import json
import re
import sys
from pathlib import Path
from unittest.mock import patch
from urllib.parse import quote, quote_plus, urlencode

import requests
from oauthlib.oauth1 import Client
from oauthlib.oauth1.rfc5849 import signature, utils
from requests_oauthlib import OAuth1

CONFIGURATION = json.loads(Path(sys.argv[1]).read_text())
SESSION = requests.Session()
SESSION.verify = CONFIGURATION["ca_file"]
RIGHT = dict(Client.SIGNATURE_METHODS)
COLLECT, BASE_URI = signature.collect_parameters, signature.base_string_uri
LOCALHOST = re.compile("//localhost:[0-9]+")


def lower(text):
    return re.sub("%[0-9A-F]{2}", lambda found: found[0].lower(), quote(text, safe="~"))


PATCHES = {
    "plus": lambda: patch.object(utils, "escape", lambda text: quote_plus(text, safe="~")),
    "lower_hex": lambda: patch.object(utils, "escape", lower),
    "slash_kept": lambda: patch.object(utils, "escape", quote),
    "unsorted": lambda: patch.object(
        signature,
        "normalize_parameters",
        lambda pairs: "&".join(f"{utils.escape(name)}={utils.escape(value)}" for name, value in pairs),
    ),
    "realm": lambda: patch.object(
        signature, "collect_parameters", lambda **more: [*COLLECT(**more), ("realm", "Photos")]
    ),
    "host_capitals": lambda: patch.object(
        signature, "base_string_uri", lambda uri, host=None: BASE_URI(uri, host).replace("localhost", "LOCALHOST")
    ),
    "secrets_raw": lambda: patch.object(
        signature,
        "_sign_hmac",
        lambda algorithm, text, client, token: base64.b64encode(
            hmac.digest(f"{client}&{token}".encode(), text.encode(), "sha1")
        ).decode(),
    ),
}
METHODS = {
    "other_hash": RIGHT["HMAC-SHA256"],
    "hex": lambda text, client: base64.b64decode(RIGHT["HMAC-SHA1"](text, client)).hex(),
    "base64_newline": lambda text, client: RIGHT["HMAC-SHA1"](text, client) + "\n",
    "sig_twice": lambda text, client: quote(RIGHT["HMAC-SHA1"](text, client), safe=""),
}


def auth_of(keys, kind, job):
    client, token = keys["client_secret"], keys["token_secret"]
    more = {"signature_method": keys["signature_method"]}
    if kind == "swapped":
        client, token = token, client
    if kind == "no_token_secret":
        token = None
    if kind == "newline":
        client += "\n"
    if kind == "quotes":
        client, token = f'"{client}"', f'"{token}"'
    if kind == "identifier":
        client = keys["client_id"]
    if kind == "realm":
        more["realm"] = "Photos"
    if keys["signature_method"].startswith("RSA"):
        more["rsa_key"] = keys["private_key"]
    if keys["body_hash"] and job["json"] and kind != "hash_missing":
        more["force_include_body"] = True
    if job["endpoint"] == "request_token":
        return OAuth1(keys["client_id"], client, callback_uri=None if kind == "no_callback" else "oob", **more)
    return OAuth1(keys["client_id"], client, keys["token"], token, **more)


def prepared(job, keys, kind):
    address = keys[job["endpoint"]] + job["path"]
    form, method = job["form"], job["method"]
    query = f"?{urlencode(job['query'], quote_via=quote)}" if job["query"] else ""
    headers = {"Content-Type": "application/json"} if job["json"] is not None else {}
    body = job["json"].encode() if job["json"] is not None else form
    signed_method, signed_address, signed_query, signed_body = method, address, query, body
    if kind == "query_appended":
        signed_query = ""
    if kind == "form_unsigned":
        signed_body = None
    if kind == "json_as_form":
        signed_body, headers = json.loads(job["json"]), {}
    if kind == "http":
        signed_address = address.replace("https:", "http:")
    if kind == "no_port":
        signed_address = LOCALHOST.sub("//localhost", address)
    if kind == "twice":
        signed_query = f"?{urlencode([(name, quote(value)) for name, value in job['query']], quote_via=quote)}"
    if kind == "slash":
        signed_address += "/"
    if kind == "method":
        signed_method = "POST"
    if kind == "empty":
        signed_query = f"?{urlencode([pair for pair in job['query'] if pair[1]], quote_via=quote)}"
    if kind == "repeated":
        signed_query = f"?{urlencode(dict(job['query']), quote_via=quote)}"
    if kind == "hash_wrong":
        signed_body = json.dumps(json.loads(job["json"]), indent=1).encode()
    auth = auth_of(keys, kind, job)
    sent = requests.Request(
        signed_method, signed_address + signed_query, data=signed_body, headers=headers, auth=auth
    ).prepare()
    sent.method, sent.url = method, address + query
    if body is not signed_body:
        sent.prepare_body(body, None)
        if job["json"] is not None:
            sent.headers["Content-Type"] = "application/json"
    return sent


for job in CONFIGURATION["jobs"]:
    kind, keys = job["kind"], CONFIGURATION["providers"][job["provider"]]
    for place in ("query", "form"):
        job[place] = job[place] and [tuple(pair) for pair in job[place]]
    if kind in METHODS:
        Client.register_signature_method("HMAC-SHA1", METHODS[kind])
    with PATCHES[kind]() if kind in PATCHES else patch.object(utils, "escape", utils.escape):
        request = prepared(job, keys, kind)
    Client.SIGNATURE_METHODS.update(RIGHT)
    answer = SESSION.send(request, timeout=60)
    print(json.dumps({"id": job["id"], "status": answer.status_code, "text": answer.text}), flush=True)
