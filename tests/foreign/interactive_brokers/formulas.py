"""A program in the environment of ibind: its functions, on the inputs of each job on stdin.

It must not import oauth1_catalog, which is not installed here.
"""

import json
import sys

from Crypto.PublicKey import RSA
from ibind.oauth import oauth1a
from ibind.oauth.oauth1a import OAuth1aConfig


def results(job):
    config = OAuth1aConfig(
        access_token=job["token"],
        access_token_secret=job["token_secret"],
        consumer_key=job["client_id"],
        dh_prime=job["prime"],
        encryption_key=job["encryption_key"],
        encryption_key_fp=None,
        signature_key=job["rsa_key"],
        signature_key_fp=None,
        dh_generator="2",
        realm=job["realm"],
    )
    oauth1a.generate_oauth_nonce = lambda: job["nonce"]
    oauth1a.generate_request_timestamp = lambda: job["timestamp"]

    prepend = oauth1a.calculate_live_session_token_prepend(job["token_secret"], RSA.importKey(job["encryption_key"]))
    challenge = oauth1a.generate_dh_challenge(job["prime"], job["exponent"], 2)
    request = {
        "oauth_consumer_key": job["client_id"],
        "oauth_nonce": job["nonce"],
        "oauth_signature_method": "RSA-SHA256",
        "oauth_timestamp": job["timestamp"],
        "oauth_token": job["token"],
        "diffie_hellman_challenge": challenge,
    }
    session = oauth1a.calculate_live_session_token(job["prime"], job["exponent"], job["response"], prepend)
    call = {
        "oauth_consumer_key": job["client_id"],
        "oauth_nonce": job["nonce"],
        "oauth_signature_method": "HMAC-SHA256",
        "oauth_timestamp": job["timestamp"],
        "oauth_token": job["token"],
    }
    base_string = oauth1a.generate_base_string("GET", job["call_url"], call, request_params=job["call_params"])
    return {
        "prepend": prepend,
        "challenge": challenge,
        "base_string": oauth1a.generate_base_string("POST", job["url"], request, prepend=prepend),
        "header": oauth1a.generate_oauth_headers(
            config,
            "POST",
            job["url"],
            extra_headers={"diffie_hellman_challenge": challenge},
            signature_method="RSA-SHA256",
            prepend=prepend,
        )["Authorization"],
        "session": session,
        "valid": oauth1a.validate_live_session_token(session, job["proof"], job["client_id"]),
        "call_base_string": base_string,
        "call_signature": oauth1a.generate_hmac_sha_256_signature(base_string, session),
        "call_header": oauth1a.generate_oauth_headers(config, "GET", job["call_url"], live_session_token=session)[
            "Authorization"
        ],
    }


json.dump({"answers": [results(job) for job in json.load(sys.stdin)]}, sys.stdout)
