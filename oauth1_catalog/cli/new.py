"""``oauth1-catalog new``: write the file of a new provider, and list what is missing in it."""

from __future__ import annotations

import datetime as dt
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import get_args

import click

from oauth1_catalog.catalog import Catalog
from oauth1_catalog.catalog.files import NAME
from oauth1_catalog.catalog.model import AccessState, Flow, SignatureMethodName
from oauth1_catalog.catalog.provider import FLOW_URLS
from oauth1_catalog.catalog.rules.access import KEYS_CAN_BE_HAD
from oauth1_catalog.catalog.rules.flows import reserved_name_error
from oauth1_catalog.catalog.schema import SCHEMA_FILE
from oauth1_catalog.catalog.source import read
from oauth1_catalog.catalog.validate_files import check_files
from oauth1_catalog.cli.reports import full
from oauth1_catalog.regular_files import open_to_write

URLS = {
    "request_token_url": "URL of the request token",
    "authorize_url": "URL of the consent page, where the user approves the login",
    "access_token_url": "URL of the access token",
    "api_base_url": "Base URL of the API",
}
KEYS = {"registration_url": "URL of the page on which developers get keys", "setup": "Step to get keys, as a sentence"}


@click.command()
@click.argument("name")
@click.option("--display-name", help="Name of the provider, as people write it.")
@click.option("--docs-url", help="URL of its OAuth 1.0 documentation.")
@click.option("--registration-url", help=f"{KEYS['registration_url']}.")
@click.option("--setup", "steps", multiple=True, help=f"{KEYS['setup']}. You can repeat this option.")
@click.option(
    "--access",
    type=click.Choice(get_args(AccessState)),
    default="open",
    show_default=True,
    help="Who can get keys today.",
)
@click.option("--flow", type=click.Choice(get_args(Flow)), default="redirect", show_default=True)
@click.option("--request-token-url", help=f"{URLS['request_token_url']}.")
@click.option("--authorize-url", help=f"{URLS['authorize_url']}.")
@click.option("--access-token-url", help=f"{URLS['access_token_url']}.")
@click.option("--api-base-url", help=f"{URLS['api_base_url']}.")
@click.option(
    "--signature-method", type=click.Choice(get_args(SignatureMethodName)), default="HMAC-SHA1", show_default=True
)
@click.option(
    "--directory", type=click.Path(file_okay=False, path_type=Path), default=Path("providers"), show_default=True
)
def new(
    name: str,
    flow: Flow,
    signature_method: str,
    access: AccessState,
    steps: tuple[str, ...],
    directory: Path,
    **given: str | None,
) -> None:
    """Write DIRECTORY/NAME.yaml. The command asks for values that you do not pass as options."""
    if not NAME.fullmatch(name):
        raise click.UsageError(f"{name!r} is not a name: lower-case letters, digits and `_`, a letter first")
    if taken := reserved_name_error(name):
        raise click.UsageError(f"{taken}: choose another name")
    path = directory / f"{name}.yaml"
    if os.path.lexists(path):  # also a link to a file that does not exist
        raise click.UsageError(f"{path} already exists. Edit it, or choose another name.")
    known = Catalog()
    if name in (*known.names(), *known.aliases()):
        raise click.UsageError(f"the catalog already has `{name}`; `oauth1-catalog show {name}` shows it")
    answers = {key: value for key, value in given.items() if value}
    asked = {"display_name": "Name of the provider", "docs_url": "URL of its OAuth 1.0 documentation"}
    if access in KEYS_CAN_BE_HAD:
        asked |= {key: question for key, question in KEYS.items() if key != "setup" or not steps}
    for key, question in {**asked, **{url: URLS[url] for url in (*FLOW_URLS[flow], "api_base_url")}}.items():
        if key not in answers:
            answers[key] = _ask(
                key, question, default=name.replace("_", " ").title() if key == "display_name" else None
            )
    directory.mkdir(parents=True, exist_ok=True)
    steps = steps or ((answers["setup"],) if "setup" in answers else ())
    with open_to_write(path, is_new=True) as file:
        file.write(_text(name, flow, signature_method, answers, access=access, steps=steps))
    click.echo(f"Wrote {path}")
    (checked,) = check_files([path], today=_today())
    for finding in checked.findings:
        click.echo(full(finding))
    click.echo("Next, fill in the commented fields, then run")
    click.echo(
        f"  oauth1-catalog validate {path}\n  oauth1-catalog try {path}\n  oauth1-catalog show {path} --resolved"
    )
    schema = directory.parent / "schemas" / SCHEMA_FILE
    if not schema.exists():
        click.echo(f"Your editor explains the fields with: oauth1-catalog schema --write {schema.parent}")
    sys.exit(1 if any(finding.severity == "error" for finding in checked.findings) else 0)


def _ask(key: str, question: str, *, default: str | None) -> str:
    can_ask = sys.stdin is not None and sys.stdout is not None  # a shell can close them
    if default is not None and not (can_ask and sys.stdin.isatty()):
        return default
    try:
        if can_ask:
            return str(click.prompt(question, default=default))
    except click.Abort as abort:
        if isinstance(abort.__context__, KeyboardInterrupt):
            raise
    raise click.UsageError(f"--{key.replace('_', '-')} is required: {question}.")


def _today() -> dt.date:
    return dt.datetime.now(tz=dt.UTC).date()


def _text(
    name: str,
    flow: Flow,
    signature_method: str,
    answers: dict[str, str],
    *,
    access: AccessState,
    steps: Sequence[str],
) -> str:
    """The text of the file, with a comment for each field that is not known yet."""
    urls = [url for url in URLS if url in answers]
    facts = ["status"] if access == "unknown" else ["status", "access"]
    confirmed = ", ".join([*urls, "client_kwargs.signature_method", *facts])
    page = answers.get("registration_url")
    registration = (
        f"registration_url: {_scalar(page)}\n"
        if page
        else "# registration_url: https://...    # where a developer gets a key\n"
    )
    setup = (
        "".join(["setup:\n", *(f"  - {_scalar(step)}\n" for step in steps)])
        if steps
        else "# setup:    # the steps to get a key\n#   - Sign in at https://..., and open API keys.\n"
    )
    note = "    # add a note: what did you search?" if access == "unknown" else ""
    status = "limited" if access in {"closed", "unknown"} else "active"
    limits = "# rate_limits: [{requests: 60, seconds: 60, per: client}]    # if the provider describes them\n"
    methods = "# signature_methods: [{method: HMAC-SHA256}, {method: HMAC-SHA1}]    # if it accepts several\n"
    userinfo = "# userinfo_endpoint: me.json    # where the profile is, relative to api_base_url\n"
    successor = (
        "# successor: {url: https://..., auth: signature}    # if a token can be exchanged for one of OAuth 2.0;\n"
        "#                                                   # then add `sunset`, the date on which OAuth 1.0 ends\n"
    )
    claims = "# userinfo_claims: {sub: $.id, name: $.name}    # sub identifies the user\n"
    redirect = (
        "# callback: {registered: true}    # if the callback URL is set in the provider's console; see also verifier,\n"
        "#                                 # confirmed and denied_param, where the provider differs from RFC 5849\n"
    )
    return (
        "# yaml-language-server: $schema=../schemas/provider.schema.json\n"
        f"schema_version: 1\nname: {name}\ndisplay_name: {_scalar(answers['display_name'])}\n"
        "# categories: [social]    # your editor lists the categories\n"
        f"docs_url: {_scalar(answers['docs_url'])}\n"
        f"{registration}{setup}"
        "# credential_labels: {client_id: API Key, client_secret: API Secret}    # the provider's names for them\n"
        f"status: {status}\naccess: {{state: {access}}}{note}\nflows: [{flow}]\n"
        + "".join(f"{url}: {_scalar(_with_slash(url, answers[url]))}\n" for url in urls)
        + limits
        + f"client_kwargs: {{signature_method: {signature_method}}}\n"
        + methods
        + (redirect if flow == "redirect" else "")
        + successor
        + userinfo
        + claims
        + "# quirks:\n#   - {id: short-name, note: What surprises.}\n"
        "# Where each fact was read, and when. Add an entry for each further source.\n"
        f"evidence:\n  - fields: [{confirmed}]\n    kind: provider_docs\n    checked: {_today()}\n"
        f"    source: {_scalar(answers['docs_url'])}\n"
    )


def _with_slash(field: str, url: str) -> str:
    return f"{url}/" if field == "api_base_url" and not url.endswith("/") and "?" not in url else url


def _scalar(text: str) -> str:
    """The text as a YAML scalar: plain if possible, otherwise in quotes."""
    is_plain = read(f"text: {text}\n", path="").data == {"text": text}
    return text if is_plain else json.dumps(text, ensure_ascii=False)
