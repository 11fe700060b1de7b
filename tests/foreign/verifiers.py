"""The verifiers that nobody here wrote: what each needs, how its server is started, what it has."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.foreign.environments import node_missing

SERVERS = Path(__file__).parent / "servers"
CLIENTS = {"key": "client-secret", "odd": "a&b=c%41 d+é"}
TOKENS = {"token": "token-secret", "odd-token": "&ü=% +"}
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
PRIVATE_KEY = KEY.private_bytes(
    serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
).decode()
PUBLIC_KEY = (
    KEY.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo).decode()
)


@dataclass(frozen=True)
class Verifier:
    """A library that verifies, behind a small server of ours."""

    name: str
    title: str
    """As the documentation calls it."""

    command: tuple[str, ...]
    """The program and the server's file; ``{port}`` and ``{configuration}`` (a path) are filled in."""

    methods: tuple[str, ...]
    """The signature methods that it has."""

    missing: Callable[[], str] = lambda: ""
    """What is not there and how to install it; empty if all is."""


def debian(command: str, *packages: str) -> Callable[[], str]:
    """Whether a command ends well that needs the packages."""

    def missing() -> str:
        program, *arguments = command.split(" ")
        found = shutil.which(program)
        if found and subprocess.run([found, *arguments], capture_output=True, check=False).returncode == 0:
            return ""
        return f"a verifier is not installed (Debian: apt-get install {' '.join(packages)})"

    return missing


PYTHON = sys.executable
ARGUMENTS = ("{port}", "{configuration}")
VERIFIERS = {
    one.name: one
    for one in (
        Verifier(
            "oauthlib",
            "oauthlib (PyPI)",
            (PYTHON, "oauthlib_server.py", *ARGUMENTS),
            ("HMAC-SHA1", "HMAC-SHA256", "HMAC-SHA512", "RSA-SHA1", "RSA-SHA256", "RSA-SHA512", "PLAINTEXT"),
        ),
        Verifier(
            "authlib",
            "Authlib (PyPI)",
            (PYTHON, "authlib_server.py", *ARGUMENTS),
            ("HMAC-SHA1", "RSA-SHA1", "PLAINTEXT"),
        ),
        Verifier(
            "net_oauth",
            "Net::OAuth (Perl)",
            ("perl", "net_oauth.pl", *ARGUMENTS),
            ("HMAC-SHA1", "HMAC-SHA256", "RSA-SHA1", "PLAINTEXT"),
            debian(
                "perl -MNet::OAuth -MHTTP::Daemon -MCrypt::OpenSSL::RSA -e1",
                "libnet-oauth-perl",
                "libhttp-daemon-perl",
                "libcrypt-openssl-rsa-perl",
            ),
        ),
        Verifier(
            "ruby_oauth",
            "oauth (Ruby)",
            ("ruby", "ruby_oauth.rb", *ARGUMENTS),
            ("HMAC-SHA1", "RSA-SHA1", "PLAINTEXT"),
            debian("ruby -roauth -rrack -rwebrick -e1", "ruby-oauth", "ruby-rack", "ruby-webrick"),
        ),
        Verifier(
            "oauth_provider",
            "OAuthProvider (PECL)",
            ("php", "-S", "127.0.0.1:{port}", "oauth_provider.php"),
            ("HMAC-SHA1", "HMAC-SHA256", "PLAINTEXT"),
            debian("php -r exit(class_exists('OAuthProvider')?0:1);", "php-cli", "php-oauth"),
        ),
        *(
            Verifier(name, title, ("node", f"node/{name}.mjs", *ARGUMENTS), methods, node_missing)
            for name, title, methods in (
                ("passport_http_oauth", "passport-http-oauth (npm)", ("HMAC-SHA1", "HMAC-SHA256", "PLAINTEXT")),
                ("oauth_1_0a", "oauth-1.0a (npm)", ("HMAC-SHA1", "HMAC-SHA256", "HMAC-SHA512")),
                ("oauth_signature", "oauth-signature (npm)", ("HMAC-SHA1",)),
            )
        ),
    )
}


@contextmanager
def running(verifier: Verifier, folder: Path) -> Iterator[str]:
    """Start its server; gives the address."""
    configuration = folder / f"{verifier.name}.json"
    configuration.write_text(json.dumps({"clients": CLIENTS, "tokens": TOKENS, "public_key": PUBLIC_KEY}))
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
    log = folder / f"{verifier.name}.log"
    with log.open("wb") as output:
        command = [word.format(port=port, configuration=configuration) for word in verifier.command]
        environment = os.environ | {"FOREIGN_CONFIGURATION": str(configuration)}
        process = subprocess.Popen(command, cwd=SERVERS, env=environment, stdout=output, stderr=output)
    try:
        for _ in range(1500):
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                assert process.poll() is None, log.read_text()
                time.sleep(0.02)
        else:
            raise AssertionError(f"{verifier.name} did not start: {log.read_text()}")
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(timeout=30)
