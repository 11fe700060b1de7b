"""``oauth1-catalog proxy``: a proxy on this machine that signs the calls of programs which do not hold the keys.

The way of a request: ``listening.py`` accepts the connection, and ``app.py`` serves it. ``checks.py`` comes before
anything is read, and ``bodies.py`` reads what has to be signed. The rules are in ``allowance.py`` (methods and paths),
``endpoints.py``, ``headers.py``, ``forms.py`` and ``multipart.py``; ``api.py`` has the facts of the provider.
``app.py`` then sends the call, and streams the answer. ``child.py`` starts a program, and ``log.py`` writes the lines.
"""

from __future__ import annotations

import os
import secrets as random
import shlex
import signal
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
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
from oauth1_catalog.cli.proxy.allowance import SAFE, Rule
from oauth1_catalog.cli.proxy.child import SHORTEST_SECRET, child_environment, credentials_of, hide_memory, run
from oauth1_catalog.cli.proxy.log import RequestLog
from oauth1_catalog.cli.terminal import tell
from oauth1_catalog.errors import needs
from oauth1_catalog.redaction import MaskedMapping, masked
from oauth1_catalog.registry.async_script import AsyncCatalogClient
from oauth1_catalog.registry.environment import read_env_file
from oauth1_catalog.registry.standalone import standalone_client
from oauth1_catalog.regular_files import open_regular, open_to_write

HEAD = "# Written by oauth1-catalog proxy, which removes it when it ends.\n"
_MEBIBYTE = 2**20


def _rules(ctx: click.Context, param: click.Parameter, values: tuple[str, ...]) -> tuple[Rule, ...]:  # noqa: ARG001 - click's signature
    """The rules that were typed."""
    rules: list[Rule] = []
    for value in values:
        try:
            rules.append(Rule.read(value))
        except ValueError as error:
            raise click.BadParameter(f"{value!r}: {error}.") from error
    return tuple(rules) or SAFE


@click.command()
@click.argument("provider", shell_complete=complete_provider)
@click.argument("command", nargs=-1, type=click.UNPROCESSED)
@click.option(
    "--allow",
    "rules",
    multiple=True,
    callback=_rules,
    metavar="'METHOD /PATH'",
    help="Allow these calls, such as 'POST /2/tweets' or 'GET /2/*'. You can repeat this option. [default: GET */*]",
)
@click.option(
    "--port", type=click.IntRange(0, 65535), help="Port of 127.0.0.1; 0 for any. [default: 8800, or any with a command]"
)
@click.option("--socket", type=click.Path(path_type=Path), help="Listen on this Unix socket instead of a port.")
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Save the address, with its token, as a .env file that only you can read.",
)
@click.option("--show-secrets", is_flag=True, help="Print the address, with its token.")
@click.option(
    "--max-form",
    type=click.IntRange(1, 1024),
    default=8,
    show_default=True,
    help="Largest body that has to be signed, in MiB. Other bodies are streamed.",
)
@click.option("--json", "as_json", is_flag=True, help="Log each request as a JSON object.")
@click.option("-v", "--verbose", is_flag=True, help="Log the names of parameters and headers, too.")
@click.option("-q", "--quiet", is_flag=True, help="Log nothing.")
@env_file_option("the keys and the token")
@CLIENT_NAME
@ENVIRONMENT
@SETTINGS
@LOCAL_HOSTS
@INSECURE
@DIRECTORY
def proxy(
    provider: str,
    command: tuple[str, ...],
    rules: tuple[Rule, ...],
    port: int | None,
    socket: Path | None,
    output: Path | None,
    show_secrets: bool,
    max_form: int,
    as_json: bool,
    verbose: bool,
    quiet: bool,
    env_file: Path | None,
    name: str | None,
    environment: str | None,
    settings: tuple[str, ...],
    allow_local_hosts: bool,
    insecure_transport: bool,
    directories: tuple[Path, ...],
) -> None:
    """Sign the calls that programs on this machine make to PROVIDER. The programs do not get the keys.

    With a COMMAND, start it, and end with it. It finds the address in OAUTH1_PROXY_URL. Without --allow, it can only
    read (GET and HEAD).

    \b
    Examples:
      oauth1-catalog proxy twitter --env-file .env -- sh -c 'curl "${OAUTH1_PROXY_URL}2/users/me"'
      oauth1-catalog proxy twitter --allow 'GET /2/*' --allow 'POST /2/tweets' -- python agent.py
      oauth1-catalog proxy discogs --port 8800 --output proxy.env
    """  # noqa: D301 - click reads the escape
    hide_memory()
    if not command and output is None and not show_secrets:
        raise click.UsageError(
            "no program could call the proxy. Add a command behind --, or save the address with --output FILE, or "
            "print it with --show-secrets."
        )
    if socket is not None and port is not None:
        raise click.UsageError("--port and --socket: choose one of them.")
    values = client_values(settings, allow_local_hosts=allow_local_hosts, insecure_transport=insecure_transport)
    provider, catalog = provider_of_client(provider, directories)
    with needs("`proxy`", "proxy"):
        import dotenv  # noqa: F401 - only to name the extra

        from oauth1_catalog.cli.proxy.api import home_of
        from oauth1_catalog.cli.proxy.app import ProxyApp
        from oauth1_catalog.cli.proxy.listening import DEFAULT_PORT, authorities_of, serving, tcp_socket, unix_socket
        from oauth1_catalog.clients.connected import AsyncConnectedPools

        connected = AsyncConnectedPools()
    client = standalone_client(
        AsyncCatalogClient,
        "",
        provider,
        MaskedMapping(values, allow_session_fixation=True),  # a risk of logins in a web application
        connected=connected,
        name=name,
        environment=environment,
        env_file=env_file,
        catalog=catalog,
    )
    scheme, host = home_of(client.provider)
    asks_first = client.provider.session_token is not None and client.static_token is not None
    if host and not asks_first:  # the first call gets a session token
        client.sign("POST", f"{scheme}://{host}/", data={"a": "b"})  # a token is missing, or the key is unusable
    token = masked(random.token_urlsafe(32))
    of_file = read_env_file(env_file) if env_file else MaskedMapping()
    clients = {client.name, client.provider.name}
    known = MaskedMapping(os.environ)
    secrets = masked([*_secrets(client), *credentials_of(known, clients), *credentials_of(of_file, clients)])
    hidden = [secret for secret in (*secrets, token) if len(secret) >= SHORTEST_SECRET]
    log = RequestLog(_silent if quiet else _tell_log, as_json=as_json, verbose=verbose, secrets=hidden)
    _end_in_order()
    with ExitStack() as stack:
        if socket is not None:
            listening = stack.enter_context(unix_socket(socket))
            origin, authorities = "http://localhost", {"localhost"}
        else:
            chosen = port if port is not None else 0 if command else DEFAULT_PORT
            listening = stack.enter_context(tcp_socket(chosen))
            chosen = listening.getsockname()[1]
            origin, authorities = f"http://127.0.0.1:{chosen}", authorities_of(chosen)
        variables = MaskedMapping(OAUTH1_PROXY_URL=f"{origin}/{token}/", OAUTH1_PROXY_TOKEN=token)
        if socket is not None:
            variables["OAUTH1_PROXY_SOCKET"] = str(socket.absolute())
        if output is not None:
            stack.enter_context(_saved(output, variables))
        app = ProxyApp(
            client,
            token=token,
            authorities=authorities,
            rules=rules,
            max_form=max_form * _MEBIBYTE,
            log=log,
        )
        thread = stack.enter_context(serving(app, listening))
        if show_secrets:
            click.echo("\n".join(_lines(variables)))
        if command:
            child = child_environment(known, variables, clients=clients, of_file=of_file, secrets=secrets)
            raise SystemExit(run(command, child))
        _wait(thread, origin if socket is None else str(socket), client, rules, output)


def _wait(
    thread: threading.Thread, place: str, client: AsyncCatalogClient, rules: Sequence[Rule], output: Path | None
) -> None:
    """Serve until Ctrl+C or SIGTERM."""
    try:
        tell(f"Signing calls to {client.name} on {place}. Allowed: {'; '.join(map(str, rules))}.")
        if output is not None:
            source = f"set -a; . {shlex.quote(str(output.absolute()))}; set +a"
            tell(f"The address with its token is in {output}. To set it in a shell: {source}")
        tell("The proxy runs until you press Ctrl+C.")
        while thread.is_alive():
            thread.join(3600)
        raise click.ClickException("the server has ended. Start the proxy again.")
    except KeyboardInterrupt:
        tell("Stopped.")


def _end_in_order() -> None:
    """End as with SIGTERM, so that the files are removed, also when the terminal is closed."""
    for name in ("SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2"):
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, signal.getsignal(signal.SIGTERM))


@contextmanager
def _saved(path: Path, variables: MaskedMapping) -> Iterator[None]:
    """The file with the address, for the time that the proxy runs.

    Raises:
        UsageError: another file is there.
    """
    content = masked(HEAD + "".join(f"{line}\n" for line in _lines(variables)))
    try:
        _check_ours(path)
        # A new file: who has opened an old one, sees nothing of it.
        new = path.with_name(f".{path.name}.{random.token_hex(8)}")
        with open_to_write(new, mode=0o600, is_new=True) as file:
            file.write(content)
        try:
            new.replace(path)
        finally:
            new.unlink(missing_ok=True)
    except OSError as error:
        cause = error.strerror or type(error).__name__
        raise click.UsageError(f"--output {path}: {cause}. Choose another file.") from error
    try:
        yield
    finally:
        with suppress(OSError):
            with open_regular(path, follow_links=False) as stream:
                is_mine = stream.read(len(content) + 1) == content.encode()
            if is_mine:  # another proxy can have replaced it
                path.unlink()


def _check_ours(path: Path) -> None:
    """Refuse to replace a file that a proxy of this user has not written."""
    try:
        with open_regular(path, follow_links=False) as stream:
            is_ours = stream.read(len(HEAD)) == HEAD.encode()
            if hasattr(os, "geteuid"):
                is_ours = is_ours and os.fstat(stream.fileno()).st_uid == os.geteuid()
    except FileNotFoundError:
        return
    if not is_ours:
        raise click.UsageError(f"--output {path} already exists, and `proxy` did not write it. Choose another file.")


def _lines(variables: MaskedMapping) -> list[str]:
    """Lines of a ``.env`` file. The values have no character that a shell reads, but a path can have one."""
    return masked([f"{name}={shlex.quote(value)}" for name, value in variables.items()])


def _secrets(client: AsyncCatalogClient) -> list[str]:
    """The values that neither a program nor the log may contain."""
    token = client.static_token
    of_token = [token.oauth_token, token.oauth_token_secret] if token else []
    return masked([value for value in (client.client_id, client.client_secret, *of_token) if value])


def _tell_log(line: str) -> None:
    click.echo(line, err=True)


def _silent(line: str) -> None:
    """No log."""
