"""Programs that others wrote call through the proxy, unmodified but for the address; oauthlib verifies each call."""

from __future__ import annotations

import base64
import json
import os
import secrets
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from oauth1_catalog import Catalog, async_client
from oauth1_catalog.cli.demo.providers import USER_AGENT
from oauth1_catalog.cli.proxy.allowance import Rule
from oauth1_catalog.cli.proxy.app import ProxyApp
from oauth1_catalog.cli.proxy.listening import serving, tcp_socket
from oauth1_catalog.cli.proxy.log import RequestLog
from oauth1_catalog.emulator import Emulator
from tests.foreign.verifiers import debian

pytestmark = [
    pytest.mark.foreign,
    pytest.mark.filterwarnings("ignore::oauth1_catalog.errors.DeprecatedProviderWarning"),
    pytest.mark.filterwarnings("ignore::oauth1_catalog.errors.ConfigurationWarning"),
]
CATALOG = Catalog()
PLAYED = [
    name
    for name in CATALOG.names()
    if (file := CATALOG.file(name)).status != "retired" and (file.client_kwargs.profile or "rfc5849") == "rfc5849"
]
PROGRAMS = Path(__file__).with_name("programs")
STREAMED = b"".join(bytes([number]) * 10000 for number in range(20, 0, -1))
PHOTO = b"\x00\xff\r\n--"
FORM = [["a", "b c"], ["d", "+é&"]]


@dataclass
class Proxied:
    """A proxy in this process.

    Attributes:
        url: its address.
        base: the path of the provider's API, without a slash at its beginning.
        secrets: what the log may not contain.
        lines: the log.
    """

    url: str
    base: str
    secrets: list[str]
    lines: list[str]

    @property
    def env(self) -> dict[str, str]:
        return {"PATH": os.environ["PATH"], "OAUTH1_PROXY_URL": self.url}


@contextmanager
def proxied(emulator: Emulator, name: str) -> Iterator[Proxied]:
    file = CATALOG.file(name)
    values = {key: value for key, value in CATALOG.required(name).items() if value is not None}
    original = CATALOG.provider(name, values=values, insecure_transport=True)
    keys = emulator.client(name)
    arguments: dict[str, Any] = {"client_id": keys.client_id}
    if "client_secret" in original.required_credentials:
        arguments["client_secret"] = keys.client_secret
    if "rsa_key" in original.required_credentials:
        arguments["rsa_key"] = keys.rsa_key
    if original.session_token is not None:
        arguments |= {"encryption_key": keys.encryption_key, "dh_parameters": keys.dh_parameters}
    if set(original.flows) != {"signed_client"}:
        token = emulator.issue_token(name, user="grace")
        arguments |= {"token": token.oauth_token, "token_secret": token.oauth_token_secret}
    if original.user_agent_required:
        arguments["user_agent"] = USER_AGENT
    client = async_client(
        name,
        catalog=emulator.catalog,
        client_kwargs={"verify": emulator.ca_file},
        insecure_transport=True if file.insecure_transport else None,
        allow_session_fixation=True,
        **arguments,
        **values,
    )
    known = [str(arguments[key]) for key in ("client_id", "client_secret", "token", "token_secret") if key in arguments]
    lines: list[str] = []
    own = secrets.token_urlsafe(32)
    with tcp_socket(0) as listening:
        port = listening.getsockname()[1]
        app = ProxyApp(
            client,
            token=own,
            authorities={f"127.0.0.1:{port}"},
            rules=[Rule.read("* */*")],
            max_form=2**20,
            log=RequestLog(lines.append, verbose=True, secrets=[]),
        )
        with serving(app, listening):
            base = urlsplit(original.api_base_url or "").path.lstrip("/")
            host = "" if original.api_base_url else f"@{urlsplit(original.access_token_url or '').netloc}/"
            yield Proxied(f"http://127.0.0.1:{port}/{own}/", f"{host}{base}no/such/endpoint", [*known, own], lines)
    shown = "\n".join(lines)
    assert lines
    assert [secret for secret in [*known, own] if len(secret) > 5 and secret in shown] == []


def curl_missing() -> str:
    return debian("curl --version", "curl")()


def by_curl(proxied: Proxied) -> dict[str, tuple[int, str]]:
    def call(path: str, *arguments: str, body: bytes = b"") -> tuple[int, str]:
        command = ["curl", "-q", "-sS", "--write-out", "\n%{http_code}", *arguments, proxied.url + proxied.base + path]
        done = subprocess.run(command, input=body, env=proxied.env, capture_output=True, timeout=60, check=False)
        assert (done.returncode, done.stderr) == (0, b"")
        text, _, status = done.stdout.decode().rpartition("\n")
        return int(status), text

    return {
        "get": call("?q=a%20b&e=%C3%A9&q=2"),
        "form": call("", "--data-urlencode", "a=b c", "--data-urlencode", "d=+é&"),
        "json": call("", "-H", "Content-Type: application/json", "-d", '{"a": "b c"}'),
        "multipart": call("", "-F", "title=A cat é", "-F", "photo=@-;filename=cat.png;type=image/png", body=PHOTO),
        "stream": call("", "-H", "Content-Type: application/octet-stream", "-T", "-", body=STREAMED),
    }


def by_program(*command: str) -> Callable[[Proxied], dict[str, tuple[int, str]]]:
    def calls(proxied: Proxied) -> dict[str, tuple[int, str]]:
        words = [*command, proxied.base]
        done = subprocess.run(words, env=proxied.env, capture_output=True, text=True, timeout=120, check=False)
        assert (done.returncode, done.stderr) == (0, "")
        return {name: (status, body) for name, status, body in map(json.loads, done.stdout.splitlines())}

    return calls


CLIENTS = {
    "curl": (by_curl, debian("curl --version", "curl")),
    "Node's fetch": (by_program("node", str(PROGRAMS / "calls.mjs")), debian("node --version", "nodejs")),
    "PHP's curl": (
        by_program("php", str(PROGRAMS / "calls.php")),
        debian("php -r exit(function_exists('curl_init')?0:1);", "php-cli", "php-curl"),
    ),
}


@pytest.mark.parametrize("program", CLIENTS)
@pytest.mark.parametrize("name", PLAYED)
def test_calls_of_every_kind(name: str, program: str, emulator: Emulator) -> None:
    calls, missing = CLIENTS[program]
    if reason := missing():
        pytest.skip(reason)
    with proxied(emulator, name) as through:
        answers = calls(through)
    only_forms = CATALOG.file(name).client_kwargs.signature_type == "BODY"
    for kind, (status, body) in answers.items():
        if only_forms and kind != "form":
            assert (status, json.loads(body)["error"]) == (400, "signing_error"), (kind, body)
            continue
        assert status == 200, (kind, body)
        check(kind, json.loads(body))
        assert json.loads(body)["user"] == (None if set(CATALOG.file(name).flows) == {"signed_client"} else "grace")


def check(kind: str, echo: dict[str, Any]) -> None:
    """The provider got what the program sent."""
    body = base64.b64decode(echo["body_base64"])
    if kind == "get":
        assert [pair for pair in echo["query"] if pair[0] in "qe"] == [["q", "a b"], ["e", "é"], ["q", "2"]]
    elif kind == "form":
        assert [pair for pair in echo["form"] if pair[0] in "ad"] == FORM
    elif kind == "json":
        assert body == b'{"a": "b c"}'
    elif kind == "multipart":
        assert b"A cat \xc3\xa9\r\n--" in body
        assert b'filename="cat.png"' in body
        assert b"\r\n\r\n" + PHOTO + b"\r\n--" in body
    else:
        assert body == STREAMED
