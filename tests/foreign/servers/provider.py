"""The three endpoints and the API of a provider, for the verifiers that are written in Python: what they share.

A verifier is one function, which gives what it has read of a verified request, or raises ``RefusedError``. Usage of
each server: ``SERVER.py PORT CONFIGURATION``.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from socketserver import ThreadingMixIn
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server


class RefusedError(Exception):
    """The verifier does not accept this request, and why."""


@dataclass
class Call:
    """One request as a framework hands it to a verifier."""

    method: str
    url: str
    headers: dict[str, str]
    body: bytes
    kind: str
    """``initiate``, ``token`` or ``api``: which endpoint it is for."""

    secrets: Mapping[str, str] | None
    """The tokens that are good here, with their secrets; ``None`` where no token is expected."""

    @property
    def form(self) -> str | None:
        """The body, if it is a form."""
        kind = self.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        return self.body.decode() if kind == "application/x-www-form-urlencoded" else None


Verify = Callable[[Call], Mapping[str, str]]


@dataclass
class Provider:
    verify: Verify
    tokens: dict[str, str]
    issued: dict[str, dict[str, str]] = field(default_factory=dict)
    numbers: Any = field(default_factory=lambda: count(1))

    def __call__(self, environ: dict[str, Any], start_response: Any) -> list[bytes]:
        try:
            status, headers, text = self.answer(environ)
        except Exception as error:  # whatever a verifier raises is its refusal
            status, headers, text = "401 Unauthorized", {}, f"{type(error).__name__}: {error}"
        start_response(status, [*({"Content-Type": "text/plain"} | headers).items()])
        return [text.encode()]

    def answer(self, environ: dict[str, Any]) -> tuple[str, dict[str, str], str]:
        target = urlsplit(environ["REQUEST_URI"])
        if target.path == "/authorize":
            token = dict(parse_qsl(target.query))["oauth_token"]
            temporary = self.issued[token]
            joint = "&" if "?" in temporary["callback"] else "?"
            back = urlencode({"oauth_token": token, "oauth_verifier": temporary["verifier"]})
            return "302 Found", {"Location": f"{temporary['callback']}{joint}{back}"}, ""
        secrets: Mapping[str, str] | None = self.tokens
        if target.path == "/initiate":
            secrets = None
        elif target.path == "/token":
            secrets = {token: temporary["secret"] for token, temporary in self.issued.items()}
        read = self.verify(self.call(environ, secrets))
        number = next(self.numbers)
        if target.path == "/initiate":
            self.issued[f"request-{number}"] = {
                "secret": f"secret-{number}",
                "callback": read["oauth_callback"],
                "verifier": f"verifier-{number}",
            }
            return self.form(f"request-{number}", f"secret-{number}", oauth_callback_confirmed="true")
        if target.path == "/token":
            if self.issued.pop(read["oauth_token"])["verifier"] != read["oauth_verifier"]:
                raise RefusedError("verifier_invalid")
            self.tokens[f"access-{number}"] = f"secret-{number}"
            return self.form(f"access-{number}", f"secret-{number}")
        return "200 OK", {"Content-Type": "application/json"}, json.dumps({"user": "ada"})

    def call(self, environ: dict[str, Any], secrets: Mapping[str, str] | None) -> Call:
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        headers = {"Content-Type": environ["SENT_CONTENT_TYPE"]}
        if "HTTP_AUTHORIZATION" in environ:
            headers["Authorization"] = environ["HTTP_AUTHORIZATION"]
        url = f"http://{environ['HTTP_HOST']}{environ['REQUEST_URI']}"
        kind = {"/initiate": "initiate", "/token": "token"}.get(urlsplit(url).path, "api")
        return Call(environ["REQUEST_METHOD"], url, headers, body, kind, secrets)

    @staticmethod
    def form(token: str, secret: str, **more: str) -> tuple[str, dict[str, str], str]:
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        return "200 OK", kind, urlencode({"oauth_token": token, "oauth_token_secret": secret, **more})


class Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class Handler(WSGIRequestHandler):
    def get_environ(self) -> dict[str, Any]:
        environ = super().get_environ()
        # wsgiref decodes the path, and gives a type to a body that has none.
        return environ | {"REQUEST_URI": self.path, "SENT_CONTENT_TYPE": self.headers.get("Content-Type", "")}

    def log_message(self, *_: object) -> None:
        """Quiet."""


def configuration() -> dict[str, Any]:
    """``clients`` and ``tokens`` with their secrets, and the ``public_key`` of every client."""
    return json.loads(Path(sys.argv[2]).read_text(encoding="utf-8"))


def serve(verify: Verify) -> None:
    """Serve a provider that verifies so."""
    provider = Provider(verify, configuration()["tokens"])
    with make_server("127.0.0.1", int(sys.argv[1]), provider, server_class=Server, handler_class=Handler) as server:
        server.serve_forever()
