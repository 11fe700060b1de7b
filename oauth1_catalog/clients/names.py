"""The constants that Authlib's client modules export, for code that imports them from there."""

from __future__ import annotations

from typing import Literal

SIGNATURE_HMAC_SHA1 = "HMAC-SHA1"
SIGNATURE_HMAC_SHA256 = "HMAC-SHA256"
SIGNATURE_HMAC_SHA512 = "HMAC-SHA512"
SIGNATURE_RSA_SHA1 = "RSA-SHA1"
SIGNATURE_RSA_SHA256 = "RSA-SHA256"
SIGNATURE_RSA_SHA512 = "RSA-SHA512"
SIGNATURE_PLAINTEXT = "PLAINTEXT"

SIGNATURE_TYPE_HEADER: Literal["HEADER"] = "HEADER"
SIGNATURE_TYPE_QUERY: Literal["QUERY"] = "QUERY"
SIGNATURE_TYPE_BODY: Literal["BODY"] = "BODY"
