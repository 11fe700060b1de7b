"""``oauth1-catalog explain``: find out why the signature of a pasted request is refused."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import IO

import click

from oauth1_catalog.cli import env_file_option
from oauth1_catalog.cli.terminal import ask, can_ask
from oauth1_catalog.diagnosis import Explanation, explain
from oauth1_catalog.diagnosis.pasted import names_no_scheme, read_request, read_response
from oauth1_catalog.diagnosis.report import as_data, report
from oauth1_catalog.diagnosis.signing import read_sent
from oauth1_catalog.redaction import masked
from oauth1_catalog.registry.environment import EnvironmentSettings
from oauth1_catalog.rfc5849.messages import Request
from oauth1_catalog.rfc5849.parameters import FORM

_MAXIMUM = 4 * 1024 * 1024
"""How much of a request is read, in bytes."""
_TERMINAL_LINE = 4095
"""The longest line that a terminal passes on, in bytes (Linux)."""
_COLOURS = {"right": "green", "wrong": "red", "unsigned": "red", "unknown": "yellow"}


@click.command(name="explain")
@click.argument("request_file", metavar="[FILE]", default="-", type=click.File("rb"))
@click.option("--url", help="The URL of the request, instead of FILE.")
@click.option("--method", default="GET", show_default=True, help="The method, with --url.")
@click.option("--header", "headers", multiple=True, metavar="NAME:VALUE", help="A header, with --url.")
@click.option("--data", help="The form in the body, with --url.")
@click.option(
    "--prefix",
    default="OAUTH1",
    show_default=True,
    help="Prefix of the variables with the keys, such as TWITTER for TWITTER_CLIENT_SECRET.",
)
@env_file_option("the keys")
@click.option("--answer", type=click.File("rb"), help="File with the server's answer: raw HTTP, or only its body.")
@click.option("--server-base-string", metavar="TEXT", help="The base string that the server built.")
@click.option("--server-signature", metavar="TEXT", help="The signature that the server expects.")
@click.option(
    "--address",
    "addresses",
    multiple=True,
    metavar="URL",
    help="Another address of the server, such as the one behind a proxy. You can repeat this option.",
)
@click.option("--mastercard", is_flag=True, help="The values of OAuth parameters are not encoded in the base string.")
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
def explain_(
    request_file: IO[bytes],
    url: str | None,
    method: str,
    headers: tuple[str, ...],
    data: str | None,
    prefix: str,
    env_file: Path | None,
    answer: IO[bytes] | None,
    server_base_string: str | None,
    server_signature: str | None,
    addresses: tuple[str, ...],
    mastercard: bool,
    as_json: bool,
) -> None:
    """Explain the signature of a request: a curl command, raw HTTP, or an entry of a HAR file.

    FILE contains the request as it was sent; without it, standard input does. The keys are those of the environment
    (OAUTH1_CLIENT_SECRET, OAUTH1_TOKEN_SECRET, or OAUTH1_RSA_KEY with the path of a key) or of --env-file; the command
    asks for missing ones. The status is 0 if the signature is right, and 1 if not.

    \b
    Examples:
      oauth1-catalog explain request.txt
      oauth1-catalog explain request.txt --prefix TWITTER --env-file .env --answer answer.txt
      oauth1-catalog explain --url https://api.example.com/me --header "Authorization: OAuth ..."
    """  # noqa: D301 - click reads the escape
    text = ""
    if url is None:
        text = _text_of(request_file, "request")
        request = read_request(text)
    else:
        fields = dict(_header(header) for header in headers)
        body = None if data is None else data.encode()
        if body and not any(name.lower() == "content-type" for name in fields):
            fields["Content-Type"] = FORM
        request = Request(method.upper(), url, fields, body)
    keys = _Keys(prefix, env_file)
    sent = read_sent(request)
    is_rsa = sent.protocol("oauth_signature_method").upper().startswith("RSA")
    explained = partial(
        explain,
        client_secret=None if is_rsa else keys.get("client_secret", "Client secret"),
        token_secret=None if is_rsa or not sent.protocol("oauth_token") else keys.get("token_secret", "Token secret"),
        rsa_key=keys.get("rsa_key", "Path of the private RSA key") if is_rsa else None,
        response=None if answer is None else read_response(_text_of(answer, "answer")),
        server_base_string=server_base_string,
        server_signature=server_signature,
        addresses=addresses,
        profile="mastercard" if mastercard else "rfc5849",
    )
    explanation = explained(request)
    if url is None and explanation.verdict == "wrong" and names_no_scheme(text):
        by_http = explained(read_request(text, scheme="http"))
        explanation = by_http if by_http.verdict == "right" else explanation
    if as_json:
        click.echo(json.dumps(as_data(explanation), indent=2))
    else:
        _print(explanation)
    if explanation.verdict != "right" or explanation.causes:
        raise click.exceptions.Exit(1)


class _Keys:
    """The keys: of the environment, else of a file, else of the person at the terminal."""

    def __init__(self, prefix: str, env_file: Path | None) -> None:
        self._prefix = prefix
        self._settings = EnvironmentSettings("", env_file)

    def get(self, name: str, question: str) -> str | None:
        """A key; ``None`` if there is none and nobody can be asked."""
        variable = f"{self._prefix}_{name}".upper()
        if found := self._settings.get(self._prefix, name):
            return masked(str(found))
        if can_ask():
            return ask(f"{question} ({variable} is not set)", hidden=name != "rsa_key")
        effect = "it is taken as empty" if name == "token_secret" else "the signature is not checked"
        click.echo(f"{variable} is not set, so {effect}.", err=True)
        return None


def _text_of(file: IO[bytes], what: str) -> str:
    is_typed = file.isatty()
    if is_typed:
        click.echo("Paste the request, and then press Ctrl+D:", err=True)
    content: bytes = file.read(_MAXIMUM + 1)
    if is_typed and any(len(line) >= _TERMINAL_LINE for line in content.split(b"\n")):
        raise click.UsageError("The terminal has cut a long line. Save the request in a file, and pass its name.")
    if len(content) > _MAXIMUM:
        raise click.UsageError(f"The {what} is larger than {_MAXIMUM:,} bytes.")
    return content.decode("utf-8", "surrogateescape")


def _header(text: str) -> tuple[str, str]:
    name, colon, value = text.partition(":")
    if not colon or not name.strip():
        raise click.UsageError(f"--header {text[:40]!r}: write NAME: VALUE.")
    return name.strip(), value.strip()


def _print(explanation: Explanation) -> None:
    text = report(explanation)
    body, summary = text[: text.rindex("\n\n")], text[text.rindex("\n\n") + 2 :]
    click.echo(body)
    click.echo()
    click.secho(summary.rstrip("\n"), fg=_COLOURS[explanation.verdict])
