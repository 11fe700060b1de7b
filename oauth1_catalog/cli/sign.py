"""``oauth1-catalog sign``: sign a request for curl to send, which cannot sign with OAuth 1.0."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import click

from oauth1_catalog.cli import (
    CLIENT_NAME,
    DIRECTORY,
    ENVIRONMENT,
    INSECURE,
    LOCAL_HOSTS,
    SETTINGS,
    client_values,
    complete_provider,
    env_file_option,
    provider_of_client,
)
from oauth1_catalog.clients.connected import ConnectedPools
from oauth1_catalog.errors import needs
from oauth1_catalog.flow.redirection import fill_placeholders
from oauth1_catalog.redaction import masked, one_line
from oauth1_catalog.registry.standalone import standalone_client
from oauth1_catalog.registry.sync_script import CatalogClient
from oauth1_catalog.rfc5849.messages import Request
from oauth1_catalog.rfc5849.parameters import FORM


@click.command()
@click.argument("provider", shell_complete=complete_provider)
@click.argument("url", required=False)
@click.option("-X", "--request", "method", help="The method. [default: GET, or POST with --data]")
@click.option("-H", "--header", "headers", multiple=True, metavar="NAME:VALUE", help="A header of the request.")
@click.option("-d", "--data", help="The body of the request: a form, unless a header names another Content-Type.")
@env_file_option("the keys and the token")
@CLIENT_NAME
@ENVIRONMENT
@click.option("--show-secrets", is_flag=True, help="Print a request that contains a secret to the terminal.")
@SETTINGS
@LOCAL_HOSTS
@INSECURE
@DIRECTORY
def sign(
    provider: str,
    url: str | None,
    method: str | None,
    headers: tuple[str, ...],
    data: str | None,
    env_file: Path | None,
    name: str | None,
    environment: str | None,
    show_secrets: bool,
    settings: tuple[str, ...],
    allow_local_hosts: bool,
    insecure_transport: bool,
    directories: tuple[Path, ...],
) -> None:
    """Sign a request to PROVIDER, and print it as the configuration of curl.

    URL is relative to the base URL of the provider's API, or a whole URL of one of its hosts; without it, the request
    for the user's profile is signed. The keys and the token are those of the environment (TWITTER_CLIENT_ID,
    TWITTER_TOKEN) or of --env-file. A signature is valid once, and for some minutes.

    \b
    Examples:
      oauth1-catalog sign twitter --env-file .env | curl --config -
      oauth1-catalog sign discogs 'database/search?q=Nirvana' | curl --config -
      oauth1-catalog sign twitter statuses/update.json -d 'status=Hello' | curl --config -
    """  # noqa: D301 - click reads the escape
    values = client_values(settings, allow_local_hosts=allow_local_hosts, insecure_transport=insecure_transport)
    provider, catalog = provider_of_client(provider, directories)
    if env_file is not None:
        with needs("`sign --env-file`", "cli"):
            import dotenv  # noqa: F401 - only to name the extra
    client = standalone_client(
        CatalogClient,
        "",
        provider,
        values,
        connected=ConnectedPools(),
        name=name or provider,
        environment=environment,
        env_file=env_file,
        catalog=catalog,
    )
    given = dict(_header(header) for header in headers)
    if data is not None and not any(name.lower() == "content-type" for name in given):
        given["Content-Type"] = FORM  # as curl does
    params = None
    if url is None:
        own, url, params = _profile(client)
        method = method or own
    if client.provider.session_token is not None:
        client.renew_token()  # the only request that this command sends
    request = client.sign(method or ("GET" if data is None else "POST"), url, params=params, headers=given, data=data)
    is_secret = client.provider.api_auth != "signature" or (
        client.provider.client_kwargs.get("signature_method") == "PLAINTEXT"
    )
    if is_secret and not show_secrets and sys.stdout is not None and sys.stdout.isatty():
        raise click.UsageError(
            "the signed request contains a secret. Pass it to curl, with `| curl --config -`, or add --show-secrets."
        )
    click.echo(masked("\n".join(curl_configuration(request))))


def _profile(client: CatalogClient) -> tuple[str, str, dict[str, str]]:
    """The method, the URL and the parameters of the request for the profile."""
    rules = client.provider.userinfo
    if rules is None or rules.endpoint == "token_response":
        raise click.UsageError(f"{client.name}: the provider has no URL for the profile. Pass the URL of another call.")
    params = fill_placeholders(rules.params, {"client_id": client.client_id or ""})
    if missing := re.search(r"\{(\w+)\}", " ".join((rules.endpoint, *params.values()))):
        raise click.UsageError(
            f"{client.name}: the URL of the profile contains `{missing[1]}`, a field of the token's response. "
            f"Pass the URL: {rules.endpoint}"
        )
    return rules.method, rules.endpoint, params


def _header(text: str) -> tuple[str, str]:
    name, colon, value = text.partition(":")
    if not colon:
        raise click.UsageError(f"--header {one_line(name)}: use NAME:VALUE")
    return name.strip(" \t"), value.strip(" \t")


def curl_configuration(request: Request) -> Iterator[str]:
    r"""The lines of a file for ``curl --config``, which sends exactly this request.

    >>> list(curl_configuration(Request("POST", "https://example.com/", {"X-A": 'say "hi"'}, b"a=b")))[1:]
    ['request = "POST"', 'url = "https://example.com/"', 'header = "X-A: say \\"hi\\""', 'data-raw = "a=b"']
    """
    request = masked(request)
    yield "globoff"
    yield f"request = {_quoted(request.method)}"
    yield f"url = {_quoted(request.url)}"
    for name, value in request.headers.items():
        yield f"header = {_quoted(f'{name}: {value}')}"
    if request.body is not None:
        yield f"data-raw = {_quoted(request.body.decode())}"


def _quoted(text: str) -> str:
    """A text as curl reads it."""
    escapes = {"\\": "\\\\", '"': '\\"', "\t": "\\t", "\n": "\\n", "\r": "\\r", "\v": "\\v"}
    return '"' + "".join(escapes.get(letter, letter) for letter in text) + '"'
