from __future__ import annotations

import hashlib
from base64 import b64encode

import pytest

from oauth1_catalog.errors import SigningError
from oauth1_catalog.rfc5849.parameters import body_hash, whole_body


@pytest.mark.parametrize("name", ["sha1", "sha256", "sha512"])
@pytest.mark.parametrize("body", [None, b"", "", b"\xff\0", '{"a": "é"}'])
def test_body_hash(body, name):
    data = body.encode() if isinstance(body, str) else body or b""
    assert body_hash(body, name) == b64encode(hashlib.new(name, data).digest()).decode()


@pytest.mark.parametrize("stream", [iter([b"a"]), object(), 5])
def test_a_stream_is_refused(stream):
    with pytest.raises(SigningError, match=r"can be read only once\. Read it first, and pass bytes"):
        body_hash(stream, "sha1")


def test_whole_body():
    assert whole_body(b"a") == b"a"
    assert whole_body("a") == "a"
    with pytest.raises(SigningError, match="that is NoneType"):
        whole_body(None)
