"""``oauth1-catalog export``: providers as a ``.env`` file, for curl, for Bruno, and as JSON."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import click

from oauth1_catalog.catalog import Catalog
from oauth1_catalog.catalog.published import catalog_json
from oauth1_catalog.cli import DIRECTORY, ENVIRONMENT, SETTINGS, complete_provider, pairs_of, providers_named
from oauth1_catalog.cli.export.bruno import MAIN, bruno_collection
from oauth1_catalog.cli.export.curl import curl_script
from oauth1_catalog.cli.export.environment import environment_file
from oauth1_catalog.errors import needs
from oauth1_catalog.redaction import MaskedMapping, masked
from oauth1_catalog.registry.environment import EnvironmentSettings
from oauth1_catalog.registry.register_arguments import CREDENTIALS
from oauth1_catalog.regular_files import open_to_write

_FORMATS = ("env", "curl", "bruno", "json")


@click.command()
@click.argument("names", nargs=-1, shell_complete=complete_provider)
@click.option("--format", "form", type=click.Choice(_FORMATS), required=True, help="The form of the export.")
@click.option("--all", "is_all", is_flag=True, help="Export all providers of the catalog.")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    help="A new file, or a new folder with --format bruno. [default: -, standard output]",
)
@ENVIRONMENT
@click.option("--with-secrets", is_flag=True, help="With --format env: write the keys and the token as well.")
@click.option(
    "--env-file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="With --with-secrets: read them from this .env file, if the environment does not have them.",
)
@SETTINGS
@DIRECTORY
def export(
    names: tuple[str, ...],
    form: str,
    is_all: bool,
    output: Path | None,
    environment: str | None,
    with_secrets: bool,
    env_file: Path | None,
    settings: tuple[str, ...],
    directories: tuple[Path, ...],
) -> None:
    """Export providers. NAMES are names or files.

    \b
    env    a .env file for oauth1_catalog.client(), with the names of all variables
    curl   a shell script that gets a token and calls the API with curl
    bruno  a collection for Bruno, with the requests of a login
    json   their part of catalog.json, for programs in other languages

    The keys of your environment are not exported, unless you pass --with-secrets.

    \b
    Examples:
      oauth1-catalog export twitter --format env --output .env
      oauth1-catalog export discogs --format curl --output discogs.sh
      oauth1-catalog export netsuite --format bruno --set account_id=1234567_SB1 --output netsuite
      oauth1-catalog export --all --format json > catalog.json
    """  # noqa: D301 - click reads the escape
    output = None if output == Path("-") else output
    if is_all == bool(names):
        raise click.UsageError("Name the providers, or pass --all.")
    if form in {"bruno", "curl"} and (is_all or len(names) > 1):
        raise click.UsageError(f"--format {form}: export one provider at a time.")
    if form != "env" and (with_secrets or env_file):
        raise click.UsageError("--with-secrets: only the format env contains keys.")
    if env_file is not None and not with_secrets:
        raise click.UsageError("--env-file: pass --with-secrets as well.")
    if form == "json" and settings:
        raise click.UsageError("--set: the format json contains every variable and every option.")
    if form in {"env", "json"} and environment is not None:
        raise click.UsageError(f"--environment: the format {form} is for all environments.")
    if form == "bruno" and output is None:
        raise click.UsageError("--format bruno: name a new folder with --output.")
    if output is not None and os.path.lexists(output):
        raise click.UsageError(f"--output {output}: it exists already. Remove it, or choose another name.")
    given, catalog = providers_named(names, directories)
    folders = (*directories, *(Path(name).parent for name in names if Path(name).suffix == ".yaml"))
    chosen = catalog.names() if is_all else tuple(dict.fromkeys(catalog.file(name).name for name in given))
    values = {key: str(value) for key, value in pairs_of(settings).items()}
    _check_values(catalog, chosen, environment, values)
    if form == "json":
        _write(output, catalog_json(catalog, names=chosen).decode())
    elif form == "env":
        if env_file is not None:
            with needs("`export --env-file`", "cli"):
                import dotenv  # noqa: F401 - only to name the extra
        found = EnvironmentSettings("", env_file) if with_secrets else None
        _write(output, _env(catalog, chosen, values, found), is_private=True)  # the user writes keys into it
    elif form == "curl":
        options = [f"--set={key}={value}" for key, value in values.items()]
        options += [f"--environment={environment}"] if environment else []
        options += [f"--directory={folder.resolve()}" for folder in folders]
        _write(output, curl_script(catalog.file(chosen[0]), options))
    elif output is not None:
        _write_collection(output, catalog, chosen[0], environment, values)


def _check_values(catalog: Catalog, names: Sequence[str], environment: str | None, values: Mapping[str, str]) -> None:
    """Refuse what no provider accepts, as ``client()`` would."""
    known: set[str] = set()
    for name in names if values or environment else ():
        own = catalog.choices(name)
        known |= own
        given = {key: value for key, value in values.items() if key in own}
        catalog.provider(name, environment=environment, values={**_examples(catalog, name), **given})
    if unknown := sorted(values.keys() - known):
        has = f"the variables and options are {', '.join(sorted(known))}" if known else "there are none"
        raise click.UsageError(f"--set {unknown[0]}: unknown; {has}.")


def _examples(catalog: Catalog, name: str) -> dict[str, object]:
    return {key: value for key, value in catalog.required(name).items() if value is not None}


def _env(
    catalog: Catalog, names: Sequence[str], values: Mapping[str, str], settings: EnvironmentSettings | None
) -> str:
    """The variables of the providers, with the values of the environment if there are settings."""
    parts = []
    for name in names:
        own = MaskedMapping()
        for parameter in (*sorted(CREDENTIALS), "user_agent", *sorted(catalog.choices(name))) if settings else ():
            if value := settings.get(name, parameter) if settings else None:
                own[parameter] = str(value)
        required = catalog.outline(name).required_credentials
        parts.append(environment_file(catalog.file(name), required, MaskedMapping({**own, **values})))
    return masked("\n".join(parts))


def _write_collection(
    folder: Path, catalog: Catalog, name: str, environment: str | None, values: Mapping[str, str]
) -> None:
    file = catalog.file(name)
    given = {**_examples(catalog, name), **values}
    environments = [environment] if environment else [None, *file.environments]
    main = MAIN
    while main in file.environments:
        main = f"main-{main}"
    providers = {one or main: catalog.provider(name, environment=one, values=given) for one in environments}
    files = bruno_collection(file, providers)
    required = next(iter(providers.values())).required_credentials
    files[".env.example"] = environment_file(file, required, values)
    for path, text in files.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
    click.echo(f"Wrote {folder}. Copy .env.example to .env there, and fill in the keys.")


def _write(output: Path | None, text: str, *, is_private: bool = False) -> None:
    """Write a new file; what was written in the meantime by another program is kept."""
    text = masked(text)
    if output is None:
        click.echo(text, nl=False)
        return
    with open_to_write(output, mode=0o600 if is_private else 0o666, is_new=True) as file:
        file.write(text)
