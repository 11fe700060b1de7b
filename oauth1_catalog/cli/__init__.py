"""The ``oauth1-catalog`` command. Public: the command line, no Python names.

A command's module is imported only when the command runs, so that it starts fast. To add a command, write its module
and a line in ``COMMANDS``. The group turns the errors of ``errors.py`` into messages. The options and arguments that
several commands share are below it.
"""

from __future__ import annotations

import importlib
import os
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any, TextIO, TypeVar

from oauth1_catalog.catalog import Catalog
from oauth1_catalog.errors import (
    ConfigurationError,
    ConfigurationWarning,
    DeprecatedProviderWarning,
    MissingExtraError,
    OAuthError,
    needs,
)
from oauth1_catalog.redaction import MaskedMapping

with needs("The command `oauth1-catalog`", "cli"):
    import click
    from click.shell_completion import CompletionItem

_Command = TypeVar("_Command", bound=Callable[..., Any])

# Name to "module:function" and the line that --help shows for it.
COMMANDS: dict[str, tuple[str, str]] = {
    "validate": ("oauth1_catalog.cli.files:validate", "Check provider files."),
    "fmt": ("oauth1_catalog.cli.files:fmt", "Sort the fields of provider files."),
    "new": ("oauth1_catalog.cli.new:new", "Write the file of a new provider."),
    "login": ("oauth1_catalog.cli.login:login", "Log in to a provider, and save the token for your scripts."),
    "try": ("oauth1_catalog.cli.try_provider:try_", "Log in to a provider, or call it, through the emulator."),
    "rule": ("oauth1_catalog.cli.files:rule", "Explain a finding of `validate`."),
    "list": ("oauth1_catalog.cli.catalog:list_providers", "List the providers of the catalog."),
    "search": ("oauth1_catalog.cli.catalog:search", "Find providers by a word."),
    "show": ("oauth1_catalog.cli.catalog:show", "Show a provider, with the origin of each value."),
    "diff": ("oauth1_catalog.cli.diff:diff", "Show what changed in the catalog for its users."),
    "export": ("oauth1_catalog.cli.export:export", "Export providers: a .env file, curl, Bruno, JSON."),
    "sign": ("oauth1_catalog.cli.sign:sign", "Sign a request to a provider, for curl."),
    "proxy": ("oauth1_catalog.cli.proxy:proxy", "Sign the calls of programs that do not hold the keys."),
    "schema": ("oauth1_catalog.cli.files:schema", "Print, write or check the JSON Schema of provider files."),
    "vectors": ("oauth1_catalog.cli.files:vectors", "Print the signing vectors, for programs in other languages."),
    "probe": ("oauth1_catalog.cli.probe:probe", "Ask providers whether they still speak OAuth 1.0."),
    "explain": ("oauth1_catalog.cli.explain:explain_", "Explain why the signature of a request is refused."),
    "emulate": ("oauth1_catalog.cli.emulate:emulate", "Emulate providers on this machine, for your application."),
    "demo": ("oauth1_catalog.cli.demo:demo", "Log in to emulated providers, with or without a browser."),
    "keys": ("oauth1_catalog.cli.keys:keys", "Create and change the keys of the token tables."),
    "migrate": ("oauth1_catalog.cli.migrate:migrate", "Exchange a table of tokens for those of OAuth 2.0."),
}


class _WrongSetting(click.ClickException):
    exit_code = 2


@contextmanager
def _warnings_as_sentences() -> Iterator[None]:
    """Print the warnings of this package as sentences, without a line of its source."""
    with warnings.catch_warnings():
        show = warnings.showwarning

        def tell(
            message: Warning | str,
            category: type[Warning],
            filename: str,
            lineno: int,
            file: TextIO | None = None,
            line: str | None = None,
        ) -> None:
            if issubclass(category, ConfigurationWarning | DeprecatedProviderWarning):
                click.echo(f"Warning: {message}", err=True)
            else:
                show(message, category, filename, lineno, file, line)

        warnings.showwarning = tell
        yield


class LazyGroup(click.Group):
    """A group that imports the module of a command when it is used."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """The names, in the order of the table."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's signature
        """Import the command; ``None`` for a name that is not in the table."""
        if cmd_name not in COMMANDS:
            return None
        module, _, function = COMMANDS[cmd_name][0].partition(":")
        command = getattr(importlib.import_module(module), function)
        assert isinstance(command, click.Command)  # noqa: S101 - the table is ours
        return command

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command, and print our errors as messages; the status is 2 if other arguments would help."""
        try:
            with _warnings_as_sentences():
                return super().invoke(ctx)
        except OAuthError as error:
            setting = isinstance(error, ConfigurationError) and not isinstance(error, MissingExtraError)
            kind = _WrongSetting if setting else click.ClickException
            raise kind(error.description) from error
        except BrokenPipeError:
            raise  # the reader has gone: click exits silently, like other commands
        except OSError as error:  # such as a full disk, or a folder without write permission
            what = f"{error.filename}: " if error.filename else ""
            raise click.ClickException(f"{what}{error.strerror or error}.") from error

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's
        """List the commands without importing any."""
        if not COMMANDS:
            return
        with formatter.section("Commands"):
            formatter.write_dl([(name, about) for name, (_, about) in COMMANDS.items()])


def _print_version(ctx: click.Context, param: click.Parameter, value: bool) -> None:  # noqa: ARG001 - click's signature
    """Print the version of the package, and that of the data."""
    if not value or ctx.resilient_parsing:
        return
    try:
        data = f" (catalog {Catalog().version})"
    except OAuthError as error:  # such as a wrong OAUTH1_CATALOG_DATA
        data = ""
        click.echo(error.description, err=True)
    click.echo(f"oauth1-catalog, version {version('oauth1-catalog')}{data}")
    ctx.exit()


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--version", is_flag=True, is_eager=True, expose_value=False, callback=_print_version, help="Show the versions."
)
def cli() -> None:
    """Validate and show the files of OAuth 1.0 providers, and try a login."""


# Options and arguments that several commands share.
DIRECTORY = click.option(
    "--directory",
    "directories",
    multiple=True,
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Folder with your own provider files. You can repeat this option.",
)

SETTINGS = click.option(
    "--set", "settings", multiple=True, metavar="NAME=VALUE", help="Value of a variable or an option."
)
LOCAL_HOSTS = click.option(
    "--allow-local-hosts", is_flag=True, help="Allow private hosts and IP addresses in variables."
)
INSECURE = click.option(
    "--insecure-transport", is_flag=True, help="Allow http:// in variables, also for other hosts than this machine."
)
ENVIRONMENT = click.option("--environment", help="One of the provider's environments, such as sandbox.")
CLIENT_NAME = click.option(
    "--name", help="Another name for the client, with which its variables begin. [default: PROVIDER]"
)


def env_file_option(values: str) -> Callable[[_Command], _Command]:
    """``--env-file`` of a command that reads ``values``, such as the keys, from the environment."""
    return click.option(
        "--env-file",
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        help=f"Read {values} from this .env file, if the environment does not have them.",
    )


def pairs_of(settings: Sequence[str], option: str = "--set") -> dict[str, object]:
    """The values of ``--set NAME=VALUE``, or of another option of this form.

    Raises:
        UsageError: one of them has no ``=``, or is a secret.

    >>> pairs_of(("base_url=http://127.0.0.1:8080/?a=b",))
    {'base_url': 'http://127.0.0.1:8080/?a=b'}
    """
    from oauth1_catalog.registry.register_arguments import is_secret_argument

    pairs: dict[str, object] = {}
    for setting in settings:
        name, equals, value = setting.partition("=")
        if not equals:
            raise click.UsageError(f"{option} {setting}: use NAME=VALUE")
        if is_secret_argument(name, value):
            raise click.UsageError(
                f"{option} {name}: other users of this machine can read a command line. Set the value in the "
                "environment or in a .env file, from which `login` and `migrate` read it."
            )
        pairs[name] = value
    return pairs


def client_values(settings: Sequence[str], *, allow_local_hosts: bool, insecure_transport: bool) -> MaskedMapping:
    """What the options above pass to a client: its variables and options, and what is allowed in them."""
    values = MaskedMapping(pairs_of(settings))
    values |= {"allow_local_hosts": allow_local_hosts or None, "insecure_transport": insecure_transport or None}
    return values


def complete_provider(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:  # noqa: ARG001 - click's signature
    """Complete the name of a provider, or a path."""
    if os.sep in incomplete or incomplete.startswith("."):
        return [CompletionItem(incomplete, type="file")]
    try:
        names = Catalog(*ctx.params.get("directories") or ()).names()
    except OAuthError:
        return []  # the command itself reports the error
    found = [CompletionItem(name) for name in names if name.startswith(incomplete)]
    return found or [CompletionItem(incomplete, type="file")]


def provider_named(text: str, directories: tuple[Path, ...]) -> tuple[str, Catalog]:
    """The provider's name, from a name or a file, and the catalog that contains it."""
    (name,), catalog = providers_named((text,), directories)
    return name, catalog


def provider_of_client(text: str, directories: tuple[Path, ...]) -> tuple[str, Catalog | None]:
    """The provider's name, and the catalog for its client: ``None`` for the catalog that the environment names."""
    if directories or text.endswith(".yaml"):
        return provider_named(text, directories)
    return text, None


def providers_named(texts: Sequence[str], directories: tuple[Path, ...]) -> tuple[tuple[str, ...], Catalog]:
    """The same for several providers.

    Raises:
        UsageError: a file does not exist.
    """
    from oauth1_catalog.catalog.validate_files import catalog_of

    files = {text: Path(text) for text in texts if Path(text).suffix == ".yaml"}
    for path in files.values():
        if not path.is_file():
            raise click.UsageError(f"the file {path} does not exist")
    folders = (*directories, *(path.parent for path in files.values()))
    names = tuple(files[text].stem if text in files else text for text in texts)
    return names, (catalog_of(folders[-1], folders) if folders else Catalog())
