"""Interactive Brokers' live session token, against ibind of PyPI: its functions, its client, and a server of them."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import secrets
import signal
import subprocess
import sys
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, ClassVar
from urllib.parse import parse_qsl, quote_plus, unquote, urlsplit

import pytest
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from oauth1_catalog import Catalog, client
from oauth1_catalog.emulator.session_tokens import dh_parameters
from oauth1_catalog.errors import TokenResponseError
from oauth1_catalog.flow.diffie_hellman import DHKey, load_dh_parameters
from oauth1_catalog.flow.session_token import (
    SessionKeys,
    encoded_once,
    fetch_session_token,
    session_request,
    session_signature,
)
from oauth1_catalog.rfc5849 import ClientCredentials, Request, Response, Signer, TokenCredentials, signature_base_string
from tests.foreign.environments import python_of

PROGRAMS = Path(__file__).parent / "interactive_brokers"
PROVIDER = Catalog().provider("interactive_brokers")
PARAMETERS = load_dh_parameters(dh_parameters())
SIGNING, ENCRYPTION = (generate_private_key(65537, 2048) for _ in range(2))
SECRET = secrets.token_bytes(32)
CLIENT_ID, TOKEN, NONCE, TIMESTAMP = "OAUTHCATA", "3f9c0a1b2c3d4e5f6071", "k3bFq8ZpXy2LmN0a", "1796061647"
TOKEN_SECRET = base64.b64encode(ENCRYPTION.public_key().encrypt(SECRET, PKCS1v15())).decode()
SERVER_PRIVATE = 2**255 + 987654321
CALL_URL = "https://api.ibkr.com/v1/api/iserver/marketdata/snapshot"
CALLS = [{}, {"conid": "265598"}, {"conids": "265598,8314", "fields": "31,84,86", "since": "0"}]


@pytest.fixture(scope="session")
def ibind() -> Path:
    python, missing = python_of("ibind", "ibind[oauth]==0.2.2", built="ibind")
    if python is None:
        pytest.skip(missing)
    return python


def pem(key: Any) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()).decode()


def run(python: Path, program: str, *arguments: str, job: object = None, **environment: str) -> Any:
    done = subprocess.run(
        [python, str(PROGRAMS / program), *arguments],
        input=json.dumps(job),
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        env={"PATH": os.environ["PATH"], **environment},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout[done.stdout.index("{") :])


def server_knows(challenge: str) -> tuple[str, str]:
    """The response and the proof of a server, which computes with the numbers of both sides."""
    number = pow(int(challenge, 16), SERVER_PRIVATE, PARAMETERS.prime)
    key = bytes(number.bit_length() % 8 == 0) + number.to_bytes((number.bit_length() + 7) // 8, "big")
    session = hmac.new(key, SECRET, hashlib.sha1).digest()
    proof = hmac.new(session, CLIENT_ID.encode(), hashlib.sha1).hexdigest()
    return f"{pow(2, SERVER_PRIVATE, PARAMETERS.prime):x}", proof


EXPONENTS = [2**255 + 3, 2**254 + 10**60, 2**255 + 17, 2**255 + 19]
CASES = [(exponent, params) for exponent in EXPONENTS for params in CALLS]


@pytest.fixture(scope="module")
def theirs(ibind: Path) -> list[dict[str, Any]]:
    """What ibind's functions make of each case."""
    rules = PROVIDER.session_token
    assert rules is not None
    common = {
        "client_id": CLIENT_ID,
        "token": TOKEN,
        "token_secret": TOKEN_SECRET,
        "rsa_key": pem(SIGNING),
        "encryption_key": pem(ENCRYPTION),
        "prime": f"{PARAMETERS.prime:x}",
        "nonce": NONCE,
        "timestamp": TIMESTAMP,
        "realm": "limited_poa",
        "url": rules.url,
        "call_url": CALL_URL,
    }
    jobs = []
    for exponent, params in CASES:
        response, proof = server_knows(DHKey(PARAMETERS, lambda exponent=exponent: exponent).challenge)
        jobs.append(
            {**common, "exponent": f"{exponent:x}", "response": response, "proof": proof, "call_params": params}
        )
    answers: list[dict[str, Any]] = run(ibind, "formulas.py", job=jobs)["answers"]
    return answers


@pytest.mark.parametrize("case", range(len(CASES)))
def test_every_byte_is_that_of_ibind(theirs: list[dict[str, Any]], case: int) -> None:
    (exponent, params), their = CASES[case], theirs[case]
    signing: dict[str, Any] = {"realm": "limited_poa", "version": None, "nonce": NONCE, "timestamp": TIMESTAMP}
    own = ClientCredentials(CLIENT_ID)
    signer = Signer(own, signature_method="RSA-SHA256", rsa_key=SIGNING, **signing)
    key = DHKey(PARAMETERS, lambda: exponent)
    token = {"oauth_token": TOKEN, "oauth_token_secret": TOKEN_SECRET}
    keys = SessionKeys(ENCRYPTION, PARAMETERS)
    steps = fetch_session_token(PROVIDER, signer, token, keys, exponent=lambda: exponent)
    request = next(steps)
    response, proof = server_knows(key.challenge)
    answer = {"diffie_hellman_response": response, "live_session_token_signature": proof}
    with pytest.raises(StopIteration) as stopped:
        steps.send(Response(200, {}, json.dumps(answer).encode()))
    session = stopped.value.value["session_token"]
    rules = PROVIDER.session_token
    assert rules is not None
    caller = Signer(own, signature_method=session_signature(rules), **signing)
    query = "&".join(f"{name}={quote_plus(value)}" for name, value in params.items())
    call = caller.sign(Request("GET", f"{CALL_URL}?{query}" if query else CALL_URL), TokenCredentials(TOKEN, session))
    protocol = [(n, v) for n, v in pairs(call) if n not in {"realm", "oauth_signature"}]
    sent = dict(pairs(request))
    signed = [(n, v) for n, v in sent.items() if n not in {"realm", "oauth_signature"}]

    assert their["prepend"] == SECRET.hex()
    assert their["challenge"] == key.challenge == sent["diffie_hellman_challenge"]
    assert their["base_string"] == SECRET.hex() + signature_base_string("POST", rules.url, signed)
    assert their["header"] == request.header("Authorization")
    assert (their["session"], their["valid"]) == (session, True)
    assert their["call_base_string"] == encoded_once(signature_base_string("GET", call.url, protocol))
    assert unquote(their["call_signature"]) == dict(pairs(call))["oauth_signature"]
    # The order of the parameters has no meaning (RFC 5849, section 3.5.1). ibind's client leaves the query of its calls
    # out of their signatures, although its function for base strings takes it.
    if not params:
        parts = {part.removeprefix("OAuth ") for part in their["call_header"].split(", ")}
        assert parts == {part.removeprefix("OAuth ") for part in call.header("Authorization").split(", ")}


def pairs(request: Request) -> list[tuple[str, str]]:
    parts = request.header("Authorization").removeprefix("OAuth ").split(", ")
    return [(name, unquote(value.strip('"'))) for name, _, value in (part.partition("=") for part in parts)]


def test_the_base_string_is_what_was_signed() -> None:
    """The function above builds it from the parameters; here the signature is verified with it."""
    signer = Signer(
        ClientCredentials(CLIENT_ID), signature_method="RSA-SHA256", rsa_key=SIGNING, realm="limited_poa", version=None
    )
    request = session_request(PROVIDER, signer, TOKEN, SECRET, "2a")
    own = dict(pairs(request))
    signature = base64.b64decode(own.pop("oauth_signature"))
    own.pop("realm")
    base_string = SECRET.hex() + signature_base_string("POST", request.url, [*own.items()])
    from cryptography.hazmat.primitives.hashes import SHA256

    SIGNING.public_key().verify(signature, base_string.encode(), PKCS1v15(), SHA256())


def test_the_client_of_ibind_logs_in_to_the_emulator(ibind: Path, tmp_path: Path) -> None:
    file = tmp_path / ".env"
    command = [sys.executable, "-m", "oauth1_catalog", "emulate", "interactive_brokers"]
    options = ["--env-file", str(file), "--console-token"]
    with subprocess.Popen([*command, *options], stdout=subprocess.PIPE, text=True, cwd=tmp_path) as process:
        assert process.stdout is not None
        try:
            assert any("until you press Ctrl+C" in line for line in process.stdout)
            lines = [line for line in file.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
            found = {name: value.strip("'") for name, _, value in (line.partition("=") for line in lines)}
            prime = f"{load_dh_parameters(found['INTERACTIVE_BROKERS_DH_PARAMETERS']).prime:x}"
            told = run(ibind, "client.py", prime, HOME=str(tmp_path), **found)
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(timeout=60)
    assert told["user"] == "ada"
    assert told["path"].endswith("/v1/api/portfolio/accounts")
    assert len(base64.b64decode(told["session"])) == 20


class Broker(BaseHTTPRequestHandler):
    """A server of ibind's formulas, with its quirks: values are never encoded, and the query is."""

    sessions: ClassVar[dict[str, bytes]] = {}
    calls: ClassVar[list[str]] = []
    lies: ClassVar[bool] = False

    def do_POST(self) -> None:
        self._answer()

    def do_GET(self) -> None:
        self._answer()

    def log_message(self, *_: object) -> None:
        pass

    def _answer(self) -> None:
        header = dict(pairs(Request("", "", {"Authorization": self.headers["Authorization"]})))
        signature = base64.b64decode(header.pop("oauth_signature"))
        assert header.pop("realm") == "limited_poa"
        parts = urlsplit(self.path)
        parameters = {**header, **dict(parse_qsl(parts.query))}
        url = f"http://{self.headers['Host']}{parts.path}"
        joined = "&".join(f"{name}={value}" for name, value in sorted(parameters.items()))
        base_string = f"{self.command}&{quote_plus(url)}&{quote_plus(joined)}"
        if parts.path.endswith("/oauth/live_session_token"):
            from cryptography.hazmat.primitives.hashes import SHA256

            SIGNING.public_key().verify(signature, (SECRET.hex() + base_string).encode(), PKCS1v15(), SHA256())
            challenge = header["diffie_hellman_challenge"]
            response, proof = server_knows(challenge)
            number = pow(int(challenge, 16), SERVER_PRIVATE, PARAMETERS.prime)
            key = bytes(number.bit_length() % 8 == 0) + number.to_bytes((number.bit_length() + 7) // 8, "big")
            self.sessions[header["oauth_token"]] = hmac.new(key, SECRET, hashlib.sha1).digest()
            answer = {
                "diffie_hellman_response": "1" if self.lies else response,
                "live_session_token_signature": proof,
                "live_session_token_expiration": 4102444800000,
            }
        else:
            session = self.sessions[header["oauth_token"]]
            good = hmac.new(session, base_string.encode(), hashlib.sha256).digest() == signature
            answer = {"good": good}
        self.calls.append(parts.path)
        body = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@pytest.fixture
def broker(tmp_path: Path) -> Any:
    Broker.sessions, Broker.calls, Broker.lies = {}, [], False
    server = ThreadingHTTPServer(("127.0.0.1", 0), Broker)
    Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_port}/v1/api/"
    (tmp_path / "broker.yaml").write_text(
        "schema_version: 1\nname: broker\nextends: interactive_brokers\n"
        f"api_base_url: {address}\nsession_token: {{url: {address}oauth/live_session_token}}\n"
    )
    yield Catalog(tmp_path)
    server.shutdown()
    server.server_close()


@pytest.fixture
def make(broker: Catalog) -> Callable[[], Any]:
    return lambda: client(
        "broker",
        catalog=broker,
        client_id=CLIENT_ID,
        rsa_key=pem(SIGNING),
        encryption_key=pem(ENCRYPTION),
        dh_parameters=f"{PARAMETERS.prime:x}",
        token=TOKEN,
        token_secret=TOKEN_SECRET,
    )


@pytest.mark.parametrize("params", CALLS)
def test_our_client_at_a_server_of_its_formulas(make: Callable[[], Any], params: dict[str, str]) -> None:
    with make() as broker:
        for _ in range(2):
            assert broker.get("iserver/marketdata/snapshot", params=params).json() == {"good": True}
    assert Broker.calls == ["/v1/api/oauth/live_session_token", *["/v1/api/iserver/marketdata/snapshot"] * 2]


def test_a_server_that_answers_with_one(make: Callable[[], Any]) -> None:
    Broker.lies = True
    with make() as broker, pytest.raises(TokenResponseError, match="is not between 2 and the prime less 2"):
        broker.get("portfolio/accounts")
    assert Broker.calls == ["/v1/api/oauth/live_session_token"]
