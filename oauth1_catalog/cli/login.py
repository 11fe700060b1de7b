"""``oauth1-catalog login``: log in to a provider from a terminal, and save the token that ``client()`` reads.

Messages and questions go to standard error. Standard output gets only the token, and only if it is not a terminal or if
the user wants to see it.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import secrets
import subprocess
import sys
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from urllib.parse import urlsplit

import click

from oauth1_catalog.catalog import Catalog
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
from oauth1_catalog.cli.getting_keys import how_to_get_keys
from oauth1_catalog.cli.login_callback import DEFAULT_PORT, CallbackServer, read_pasted
from oauth1_catalog.cli.login_targets import Save, print_token, token_file, token_table
from oauth1_catalog.cli.terminal import ATTEMPTS, ask, can_ask, read_answer, tell
from oauth1_catalog.clients.connected import ConnectedPools
from oauth1_catalog.errors import (
    AuthorizationDeniedError,
    ConfigurationError,
    MissingSettingError,
    OAuthError,
    RetiredProviderError,
    StateError,
    TokenRequestDeniedError,
    needs,
)
from oauth1_catalog.flow.callback import Callback
from oauth1_catalog.flow.redirection import OUT_OF_BAND, validate_redirect_uri
from oauth1_catalog.hosts import authority_of, is_loopback
from oauth1_catalog.redaction import MaskedMapping
from oauth1_catalog.registry.login_checks import RISK
from oauth1_catalog.registry.register_arguments import KEY_FILES, SECRETS
from oauth1_catalog.registry.standalone import standalone_client
from oauth1_catalog.registry.sync_script import CatalogClient
from oauth1_catalog.registry.token import Token


@click.command()
@click.argument("provider", shell_complete=complete_provider)
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Save the token in this file, which only you can read. A .env file keeps its other lines.",
)
@click.option(
    "--format", "form", type=click.Choice(("env", "json")), default="env", show_default=True, help="Form of the token."
)
@click.option("--show-secrets", is_flag=True, help="Print the token to the terminal, instead of saving it.")
@click.option(
    "--database",
    metavar="URL",
    envvar="DATABASE_URL",
    show_envvar=True,
    help="Save the token in a token table; with --user. OAUTH1_CATALOG_TOKEN_KEYS contains its keys.",
)
@click.option("--table", default="oauth1_token", show_default=True, help="Name of the token table.")
@click.option("--user", metavar="ID", help="Identifier of the user in the token table.")
@env_file_option("the keys")
@CLIENT_NAME
@ENVIRONMENT
@SETTINGS
@click.option("--flow", help="The way to get a token, if the provider has several.")
@click.option("--headless", is_flag=True, help="Open no browser. Type the PIN, or paste the callback URL.")
@click.option(
    "--port", type=click.IntRange(0, 65535), help=f"Port of the callback; 0 for any. [default: {DEFAULT_PORT}]"
)
@click.option(
    "--timeout", type=click.IntRange(1, 86400), default=300, show_default=True, help="Seconds to wait for the callback."
)
@LOCAL_HOSTS
@INSECURE
@DIRECTORY
def login(
    provider: str,
    output: Path | None,
    form: str,
    show_secrets: bool,
    database: str | None,
    table: str,
    user: str | None,
    env_file: Path | None,
    name: str | None,
    environment: str | None,
    settings: tuple[str, ...],
    flow: str | None,
    headless: bool,
    port: int | None,
    timeout: int,
    allow_local_hosts: bool,
    insecure_transport: bool,
    directories: tuple[Path, ...],
) -> None:
    """Log in to PROVIDER, a name or a file, and save the token for oauth1_catalog.client().

    Opens your browser, and receives the callback on this machine. The keys are those of the environment
    (TWITTER_CLIENT_ID) or of --env-file; the command asks for missing ones.

    \b
    Examples:
      oauth1-catalog login twitter --env-file .env --output .env
      oauth1-catalog login discogs --headless --format json --output token.json
      oauth1-catalog login flickr --set perms=read --database sqlite:///app.db --user 7
    """  # noqa: D301 - click reads the escape
    found = click.get_current_context().get_parameter_source("database")
    is_given = found is not None and found.name == "COMMANDLINE"
    if (user is None and is_given) or (user is not None and not database):
        raise click.UsageError("--database and --user belong together.")
    if output is not None and user is not None:
        raise click.UsageError("--output and --database: choose one of them.")
    if show_secrets and (output or user):
        raise click.UsageError("--show-secrets prints the token instead of saving it. Leave one of the options out.")
    if output is None and user is None and not _prints(show_secrets) and not can_ask():
        raise click.UsageError("there is no place for the token. Pass --output FILE, or --database URL and --user ID.")
    values = client_values(settings, allow_local_hosts=allow_local_hosts, insecure_transport=insecure_transport)
    provider, catalog = provider_of_client(provider, directories)
    registered = name or provider
    with contextlib.ExitStack() as stack:
        if env_file is not None:
            with needs("`login --env-file`", "cli"):
                import dotenv  # noqa: F401 - only to name the extra
        given = frozenset(values)
        client = stack.enter_context(_client(provider, registered, catalog, environment, env_file, values))
        typed = [f"{registered}_{name}".upper() for name in values if name not in given]
        flow = _flow(client, flow)
        if user is not None:
            save = stack.enter_context(token_table(str(database), table, user, registered))
        elif output is None and _prints(show_secrets):
            save = print_token(form, registered)
        else:
            save = stack.enter_context(token_file(output or _ask_for_file(form, env_file), form, registered))
        server = None
        if flow == "redirect":
            server = _callback_server(client, headless=headless, port=port)
            if server is not None:
                stack.enter_context(server)
            token = _log_in(client, server, seconds=timeout)
        else:
            token = _TOKENS[flow](client)
        saved = _saved(save, token)
        who = _who(client, token)
        tell(" ".join(filter(None, (who, saved))))
        if typed:
            tell(
                f"The keys and values that you typed are not saved: {', '.join(typed)}. client() needs them as well. "
                "Set them in the environment, or add lines NAME=VALUE to a .env file that only you can read."
            )
        if server is not None:
            server.answer("You are logged in", who)


def _prints(show_secrets: bool) -> bool:
    """Whether the token goes to standard output if no other place is given."""
    return sys.stdout is not None and (show_secrets or not sys.stdout.isatty())


def _client(
    provider: str,
    registered: str,
    catalog: Catalog | None,
    environment: str | None,
    env_file: Path | None,
    values: MaskedMapping,
) -> CatalogClient:
    """The provider's client, after the questions for what is missing."""
    while True:
        try:
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always")
                client = standalone_client(
                    CatalogClient,
                    "",
                    provider,
                    # The risk is that of a web application, whose visitors begin and end logins in their browsers.
                    MaskedMapping(values, allow_session_fixation=True),
                    connected=ConnectedPools(),
                    name=registered,
                    environment=environment,
                    env_file=env_file,
                    catalog=catalog,
                )
        except RetiredProviderError as error:
            raise click.ClickException(error.cause) from None
        except MissingSettingError as error:
            if not can_ask():
                raise
            tell(error.description)
            if not ({"client_id", "client_secret"} | KEY_FILES).isdisjoint(error.settings):
                for line in how_to_get_keys((catalog or Catalog()).outline(provider)):
                    tell(line)
            for missing in error.settings:
                note = " (a path)" if missing in KEY_FILES else ""
                question = f"{registered}_{missing}".upper()
                values[missing] = ask(f"{question}{note}", hidden=missing in SECRETS)
        else:
            for warning in caught:
                if RISK not in (text := str(warning.message)):
                    tell(f"Warning: {text}")
            return client


def _flow(client: CatalogClient, wanted: str | None) -> str:
    """How the token is to be had.

    Raises:
        UsageError: the provider does not have the flow, or none that leads to a token.
    """
    flows = client.provider.flows
    if wanted is not None and wanted not in flows:
        raise click.UsageError(f"--flow {wanted}: {client.name} has {', '.join(flows)}.")
    flow = wanted or next((flow for flow in ("redirect", *_TOKENS) if flow in flows), "signed_client")
    if flow == "signed_client":
        raise click.UsageError(
            f"{client.name} has no tokens: calls are signed with the client's keys only. There is nothing to log in "
            f"to; call the API with oauth1_catalog.client({client.name!r})."
        )
    return flow


def _callback_server(client: CatalogClient, *, headless: bool, port: int | None) -> CallbackServer | None:
    """The server for the callback; ``None`` if the user pastes it."""
    rules = client.provider.callback
    configured = client.redirect_uri if port is None else None
    if configured and not configured.startswith("/"):  # a path is completed and checked later
        try:
            validate_redirect_uri(client.name, configured)
        except ConfigurationError as error:
            raise click.UsageError(
                f"{error.cause} Set {client.name.upper()}_REDIRECT_URI or --set redirect_uri to a whole address such "
                f"as http://127.0.0.1:{DEFAULT_PORT}/callback, or leave it out."
            ) from error
    parts = urlsplit(configured or "http://127.0.0.1")
    is_here = parts.scheme == "http" and is_loopback(parts.hostname or "")
    if headless or rules.value == OUT_OF_BAND or not is_here:
        return None
    # A provider that compares the callback with a registered one accepts no path that differs from login to login.
    is_fixed = rules.registered and rules.registered_match == "exact"
    state = "" if is_fixed else f"/{secrets.token_urlsafe(16)}"
    uri = configured or f"http://127.0.0.1:{DEFAULT_PORT if port is None else port}/callback{state}"
    try:
        server = CallbackServer(uri)
    except OSError as error:
        raise click.ClickException(
            f"{authority_of(uri)}, the address of the callback: {error.strerror}. Another login may wait there. Choose "
            "another port with --port, or use --headless."
        ) from error
    if rules.registered and configured is None:
        page = client.provider.registration_url or client.provider.docs_url
        tell(f"The callback URL has to be registered at the provider ({page}): {server.redirect_uri}")
    return server


def _log_in(client: CatalogClient, server: CallbackServer | None, *, seconds: int) -> Token:
    """Let the user allow access in a browser, and get the token."""
    uri = server.redirect_uri if server else OUT_OF_BAND
    if server is None and client.redirect_uri and client.provider.callback.value != OUT_OF_BAND:
        uri = client.redirect_uri
    begun = client.create_authorization_url(uri)
    url, oauth_token = begun["url"], begun["request_token"]["oauth_token"]
    if server is None:
        tell("Open this address in a browser, and allow access:")
        tell(f"\n    {url}\n")
        callback = _pasted(client, oauth_token, url)
    else:
        tell("Allow access in your browser. If it does not open, open this address:")
        tell(f"\n    {url}\n")
        _open_browser(url)
        waited = server.wait(client.provider, oauth_token, seconds=seconds)
        if waited is None:
            raise click.ClickException(
                f"{client.name}: no callback came within {seconds} seconds; the browser may have been closed. Run "
                "the command again; --timeout waits longer, and --headless needs no callback."
            )
        callback = waited
    if isinstance(callback.failure, AuthorizationDeniedError):
        raise AuthorizationDeniedError(
            f"{client.name}: access was denied at the provider. Run the command again to log in.",
            provider=client.name,
            step="callback",
            problem=callback.failure.problem,
        )
    if callback.failure is not None:
        problem = getattr(callback.failure, "problem", None)
        raise TokenRequestDeniedError(
            callback.failure.error,
            f"{client.name}: the provider ended the login with {str(problem)[:60]!r}. Run the command again to log in.",
            provider=client.name,
            step="callback",
            problem=problem,
        )
    token = client.fetch_access_token(begun["request_token"], verifier=callback.oauth_verifier)
    token.update({name: value for name, value in callback.extra.items() if name not in token})
    return token


def _pasted(client: CatalogClient, oauth_token: str, url: str) -> Callback:
    """What the user pastes instead of a callback."""
    question = "PIN, or the address that the browser came to (what you type is not shown)"
    if client.provider.callback.verifier == "none":
        question = "Press Enter when you have allowed access"
    for _ in range(ATTEMPTS):
        try:
            return read_pasted(
                client.provider, read_answer(question, hidden=True), oauth_token=oauth_token, authorize_url=url
            )
        except StateError as error:
            tell(error.description)
    raise click.ClickException(f"{client.name}: no PIN and no callback URL. Run the command again.")


def _open_browser(url: str) -> None:
    """Open the browser in another process: a browser can wait for its window, and write to the terminal."""
    with contextlib.suppress(OSError):
        subprocess.Popen(  # noqa: S603 - no shell
            [sys.executable, "-I", "-m", "webbrowser", url],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )


def _client_token(client: CatalogClient) -> Token:
    return client.fetch_client_token()


def _password_token(client: CatalogClient) -> Token:
    if not can_ask():
        raise click.UsageError(
            f"{client.name} exchanges a user's name and password for a token. Run the command in a terminal, where it "
            "asks for them."
        )
    username = ask("Name or e-mail address of the user")
    return client.fetch_password_token(username, read_answer("Password", hidden=True, strip=False))


def _static_token(client: CatalogClient) -> Token:
    """The token of the provider's console: the configured one, or what the user pastes."""
    if (known := client.static_token) is not None:
        return Token(oauth_token=known.oauth_token, oauth_token_secret=known.oauth_token_secret)
    page = client.provider.registration_url or client.provider.docs_url
    facts = f"{client.name}: the provider issues tokens in its console ({page}), not by a login."
    if not can_ask():
        names = " and ".join(f"{client.name}_{part}".upper() for part in ("token", "token_secret"))
        raise click.UsageError(f"{facts} Set {names} where client() reads them, or run the command in a terminal.")
    tell(facts)
    token = ask("Token", hidden=True)
    return Token(oauth_token=token, oauth_token_secret=read_answer("Token secret", hidden=True))


_TOKENS: Mapping[str, Callable[[CatalogClient], Token]] = {
    "two_legged": _client_token,
    "signed_grant": _client_token,
    "xauth": _password_token,
    "static_token": _static_token,
}
"""How a token is to be had without a browser."""


def _saved(save: Save, token: Token) -> str:
    """Save the token, and describe where it is and when it expires."""
    ends = token.expires_at
    try:
        where = save(token)
    except BrokenPipeError as error:
        # Unlike other commands, which end silently when their reader has gone: what is lost here was asked of a user.
        raise click.ClickException(
            "the token was not saved: the program that reads standard output has ended. Log in again, with --output."
        ) from error
    except OSError as error:
        raise click.ClickException(f"the token was not saved: {error.strerror}. Log in again.") from error
    if ends is None:
        return where
    return f"{where} It expires on {dt.datetime.fromtimestamp(ends, dt.UTC):%Y-%m-%d %H:%M} UTC.".lstrip()


def _who(client: CatalogClient, token: Token) -> str:
    """Whose token it is, if the provider has profiles."""
    shown = client.provider.display_name or client.name
    if client.provider.userinfo is None:
        return f"You have a token of {shown}."
    try:
        claims = client.userinfo(token=token)
    except OAuthError as error:
        tell(f"Warning: the profile cannot be read. {error.description}")
        return f"You have a token of {shown}."
    user = next((claims[name] for name in ("preferred_username", "name", "email", "sub") if claims.get(name)), "?")
    return f"You are logged in to {shown} as {user}."


def _ask_for_file(form: str, env_file: Path | None) -> Path:
    default = "token.json" if form == "json" else env_file or ".env"
    return Path(read_answer(f"File for the token [{default}]") or default).expanduser()
