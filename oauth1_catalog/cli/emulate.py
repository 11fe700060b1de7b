"""``oauth1-catalog emulate``: emulate providers for an application."""

from __future__ import annotations

import contextlib
import logging
import math
import os
import re
import shlex
import tempfile
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from oauth1_catalog.catalog import Catalog
from oauth1_catalog.catalog.files import PATH_VARIABLE
from oauth1_catalog.catalog.provider import Provider
from oauth1_catalog.cli import (
    DIRECTORY,
    INSECURE,
    LOCAL_HOSTS,
    complete_provider,
    pairs_of,
    providers_named,
)
from oauth1_catalog.errors import ConfigurationError, needs
from oauth1_catalog.regular_files import read_regular

if TYPE_CHECKING:
    from oauth1_catalog.emulator import Emulator

PORT = click.IntRange(0, 65535)
MAX_LATENCY = 600
"""The greatest ``--latency``, in seconds."""

MAX_FAILURES = 10_000
"""The greatest number of failures of one ``--fail``; each is kept."""


class _Failure(NamedTuple):
    """A value of ``--fail``. Without a role it is any request; without a status the connection is closed."""

    role: str | None
    status: int | None
    times: int


def _latency(ctx: click.Context, param: click.Parameter, value: str) -> float:  # noqa: ARG001 - click's signature
    """The value of ``--latency``."""
    try:
        seconds = float(value)
    except ValueError:
        seconds = math.nan
    if not 0 <= seconds <= MAX_LATENCY:  # also for nan
        raise click.BadParameter(f"{value!r} is not a number of seconds from 0 to {MAX_LATENCY}, such as 0.2.")
    return seconds


def _failures(ctx: click.Context, param: click.Parameter, values: tuple[str, ...]) -> tuple[_Failure, ...]:  # noqa: ARG001 - click's signature
    """The values of ``--fail``."""
    failures = []
    for value in values:
        found = re.fullmatch(r"(\w+):([45][0-9][0-9]|drop)(?::([1-9][0-9]{0,4}))?", value, re.ASCII)
        times = int(found[3] or 1) if found else 0
        if found is None or times > MAX_FAILURES:
            raise click.BadParameter(
                f"{value!r} does not have the form STEP:STATUS or STEP:STATUS:TIMES, as in access_token:503:2 or "
                f"api:drop. STATUS is 400 to 599 or drop, TIMES is 1 to {MAX_FAILURES}."
            )
        status = None if found[2] == "drop" else int(found[2])
        failures.append(_Failure(None if found[1] == "any" else found[1], status, times))
    return tuple(failures)


@click.command()
@click.argument("names", nargs=-1, required=True, shell_complete=complete_provider)
@click.option(
    "--port", type=PORT, default=0, help="Port of the token endpoints and the API (https). [default: a free port]"
)
@click.option("--consent-port", type=PORT, default=0, help="Port of the consent pages (http). [default: a free port]")
@click.option(
    "--set",
    "given",
    multiple=True,
    metavar="NAME=VALUE",
    help="Value of a variable. [default: the example of its file]",
)
@LOCAL_HOSTS
@INSECURE
@click.option("--callback", metavar="URL", help="Callback URL to register, for providers that require it.")
@click.option(
    "--write", "folder", type=click.Path(file_okay=False, path_type=Path),
    help="Write the provider files to this folder, and keep them. [default: a temporary folder]",
)  # fmt: skip
@click.option(
    "--env-file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Also write the variables to a file that only you can read, to source in a shell or to use as .env.",
)
@click.option(
    "--prefix", default="", help="Prefix of the names in the configuration, such as FLASK_ for from_prefixed_env()."
)
@click.option(
    "--console-token",
    is_flag=True,
    help="Write the token of the provider's console to --env-file as well, for a script.",
)
@click.option(
    "--stable-keys",
    is_flag=True,
    help="Use the same keys and console tokens at each start. RSA keys also need --write.",
)
@click.option("--client-id", metavar="KEY", help="The consumer key that your application has. Only with one provider.")
@click.option(
    "--client-secret",
    metavar="SECRET",
    envvar="OAUTH1_CATALOG_CLIENT_SECRET",
    show_envvar=True,
    help="Its consumer secret. Other users of this machine can read the arguments of a command: if the secret is not "
    "made up, set the environment variable instead.",
)
@click.option(
    "--latency", metavar="SECONDS", callback=_latency, default="0",
    help="Wait before each response of a token endpoint or the API, such as 0.2.",
)  # fmt: skip
@click.option(
    "--rate-limits", is_flag=True,
    help="Answer with status 429 and Retry-After beyond the rate limits of the provider's file.",
)  # fmt: skip
@click.option(
    "--fail",
    "faults",
    metavar="STEP:STATUS[:TIMES]",
    callback=_failures,
    multiple=True,
    help="Let the next request of a step fail, or the next TIMES. STEP is request_token, authorize, access_token, "
    "renew, revoke, exchange, api or any. STATUS is 400 to 599, or drop to close the connection. "
    "You can repeat this option.",
)
@DIRECTORY
def emulate(
    names: tuple[str, ...],
    port: int,
    consent_port: int,
    given: tuple[str, ...],
    allow_local_hosts: bool,
    insecure_transport: bool,
    callback: str | None,
    folder: Path | None,
    env_file: Path | None,
    prefix: str,
    stable_keys: bool,
    console_token: bool,
    client_id: str | None,
    client_secret: str | None,
    latency: float,
    rate_limits: bool,
    faults: tuple[_Failure, ...],
    directories: tuple[Path, ...],
) -> None:
    """Emulate providers until Ctrl+C, and print the settings for your application. NAMES are names or files.

    Your code does not change: with OAUTH1_CATALOG_PATH, register_from_catalog() uses the emulator. oauthlib verifies
    every request, and you need no account.

    \b
    Examples:
      oauth1-catalog emulate twitter
      oauth1-catalog emulate twitter flickr --env-file .env.emulated --stable-keys
      oauth1-catalog emulate twitter --port 8443 --client-id my-key --client-secret made-up
      oauth1-catalog emulate twitter --latency 0.2 --fail access_token:503:2 --fail api:drop
    """  # noqa: D301 - click reads the escape
    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    try:
        with needs("`emulate`", "emulator"):
            from oauth1_catalog.emulator import Emulator

        names, catalog = providers_named(names, directories)
        # None: the environment variables decide, for the whole process.
        catalog.allow_local_hosts, catalog.insecure_transport = allow_local_hosts or None, insecure_transport or None
        # Ctrl+C can come at any time, also while the last line is printed or the emulator stops.
        with contextlib.suppress(KeyboardInterrupt), contextlib.ExitStack() as stack:
            values = _values(catalog, names, given)
            if rate_limits and not any(catalog.file(name).rate_limits for name in names):
                raise click.UsageError(f"--rate-limits: the catalog knows no rate limit of {', '.join(names)}.")
            seed = "emulate" if stable_keys else None
            emulator = stack.enter_context(
                Emulator(
                    catalog,
                    port=port,
                    consent_port=consent_port,
                    seed=seed,
                    explain_pairs=True,
                    rate_limits=rate_limits,
                )
            )
            _register(emulator, values, client_id, client_secret)
            for fault in faults:
                emulator.fail_next(fault.role, status=fault.status or 500, drop=not fault.status, times=fault.times)
            emulator.latency = latency
            target = folder or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="oauth1-catalog-")))
            export = _Export(
                emulator, values, target.absolute(), prefix=prefix, stable=stable_keys, with_tokens=console_token
            )
            for line in export.lines(callback, env_file):
                click.echo(line)
            threading.Event().wait()
    except BrokenPipeError:
        raise  # the reader has gone: click exits silently, like other commands
    except OSError as error:
        what = f"{error.filename}: {error.strerror}" if error.filename else error.strerror
        raise click.ClickException(f"{what}. Choose other ports, or another file or folder.") from error


def _register(
    emulator: Emulator, values: dict[str, dict[str, object]], client_id: str | None, client_secret: str | None
) -> None:
    """Accept the application's own keys."""
    if client_id is None and client_secret is None:
        return
    if len(values) > 1:
        raise click.UsageError(
            "--client-id and --client-secret (OAUTH1_CATALOG_CLIENT_SECRET) belong to one provider, but you named "
            f"{len(values)}. Start the command for each of them."
        )
    ((name, chosen),) = values.items()
    required = emulator.catalog.provider(name, values=chosen).required_credentials
    if client_secret is not None and "client_secret" not in required:
        raise click.UsageError(
            f"--client-secret (OAUTH1_CATALOG_CLIENT_SECRET): {name} has no client secret. "
            f"It needs {', '.join(required)}. Omit the option."
        )
    emulator.client(name, client_id=client_id, client_secret=client_secret)


def _values(catalog: Catalog, names: Sequence[str], given: Sequence[str]) -> dict[str, dict[str, object]]:
    """The values of each provider's variables: from ``--set``, or the examples in its file."""
    pairs = pairs_of(given)
    values: dict[str, dict[str, object]] = {}
    for name in names:
        file = catalog.file(name)
        free = {key: about for key, about in file.variables.items() if about.source is None}
        values[name] = {key: pairs.get(key, about.default or about.example) for key, about in free.items()}
    known = {key for chosen in values.values() for key in chosen}
    if unknown := sorted(pairs.keys() - known):
        has = f"the variables are {', '.join(sorted(known))}" if known else "the provider has no variables"
        raise ConfigurationError(description=f"--set {unknown[0]}: unknown variable; {has}.")
    return values


class _Export:
    """The settings for an application, in files and on the terminal."""

    def __init__(
        self,
        emulator: Emulator,
        values: dict[str, dict[str, object]],
        folder: Path,
        *,
        prefix: str,
        stable: bool,
        with_tokens: bool,
    ) -> None:
        self.emulator = emulator
        self.values = values
        self.folder = folder
        self.prefix = prefix
        self.stable = stable
        self.with_tokens = with_tokens
        self.providers = {name: emulator.catalog.provider(name, values=chosen) for name, chosen in values.items()}

    def lines(self, callback: str | None, env_file: Path | None) -> Iterator[str]:
        """Write the files, and yield the lines to print."""
        from oauth1_catalog.emulator.export import console_token, write_environment, write_files

        origins, providers = self.emulator.origins, self.providers
        write_files(self.emulator, providers.values(), self.folder)
        yield f"Emulating {', '.join(providers)} on {origins.secure}, consent pages on {origins.consent}"
        yield f"What each request signed, and why it was refused: {self.emulator.requests_url}"
        for name, provider in providers.items():
            if callback is not None and (provider.callback.registered or provider.callback.value == "oob"):
                self.emulator.client(provider.name, redirect_uri=callback)
            yield from _about(name, provider, self.values[name])
            if self.emulator.rate_limits:
                yield from (f"  - at most {limit}" for limit in provider.rate_limits)
        environment, configuration, elsewhere = self._environment(), self._configuration(), self._elsewhere()
        yield "\nIn the environment of your application:"
        yield from (f"  {key}={value}" for key, value in environment.items())
        yield "In its configuration:"
        yield from (f"  {key}={value}" for key, value in configuration.items())
        # An application of a framework would sign the calls of users who are not logged in with such a token.
        of_scripts: dict[str, str] = {}
        for name, provider in providers.items():
            token = {f"{self.prefix}{name}_{k}".upper(): v for k, v in console_token(self.emulator, provider).items()}
            if token and not token.keys() <= configuration.keys():
                yield f"A token as if from the developer console of {name}, to call the API without a login:"
                yield from (f"  {key}={value}" for key, value in token.items())
                of_scripts |= token
        yield "For a program in another language:"
        yield from (f"  {key}={value}" for key, value in elsewhere.items())
        if env_file is not None:
            tokens = of_scripts if self.with_tokens else {}
            write_environment(env_file, {**environment, **configuration, **tokens, **elsewhere})
            source = f"set -a; . {shlex.quote(str(env_file.absolute()))}; set +a"
            but = " but the token of the console (--console-token)" if of_scripts.keys() - tokens.keys() else ""
            yield f"\nAll of these{but} are in {env_file}. To set them in a shell: {source}"
        yield "\nThe emulator runs until you press Ctrl+C. It logs rejected requests here."

    def _environment(self) -> dict[str, str]:
        from oauth1_catalog.emulator.export import BUNDLE

        before = os.environ.get(PATH_VARIABLE)
        path = os.pathsep.join(filter(None, (str(self.folder), before)))
        bundle = str(self.folder / BUNDLE)
        return {PATH_VARIABLE: path, "REQUESTS_CA_BUNDLE": bundle, "SSL_CERT_FILE": bundle}

    def _elsewhere(self) -> dict[str, str]:
        """What a program needs that does not use this library."""
        from oauth1_catalog.emulator.export import BUNDLE, addresses

        found = {"NODE_EXTRA_CA_CERTS": str(self.folder / BUNDLE)}
        for name, values in self.values.items():
            found |= addresses(self.emulator, name, values)
        return found

    def _configuration(self) -> dict[str, str]:
        from oauth1_catalog.emulator.export import KEY_FILES, settings

        found: dict[str, str] = {}
        for name, provider in self.providers.items():
            for credential in ("rsa_key", "encryption_key"):
                key = self.folder / f"{provider.name}{KEY_FILES[credential]}"
                if self.stable and key.is_file():
                    pem: Any = {credential: read_regular(key).decode("ascii", "replace")}
                    self.emulator.client(provider.name, **pem)
            of_client = settings(self.emulator, name, provider, self.folder)
            found |= {f"{self.prefix}{setting}": value for setting, value in of_client.items()}
            found |= {f"{self.prefix}{name}_{key}".upper(): str(value) for key, value in self.values[name].items()}
        return found


def _about(name: str, provider: Provider, values: dict[str, object]) -> Iterator[str]:
    """The flows, the signature method, the values of the variables, and the quirks of a provider."""
    method = provider.client_kwargs.get("signature_method") or "HMAC-SHA1"
    chosen = "".join(f", {key}={value}" for key, value in values.items())
    yield f"\n{name}: {' and '.join(provider.flows)}, {method}{chosen}"
    for note in provider.quirks.values():
        yield f"  - {note}"
