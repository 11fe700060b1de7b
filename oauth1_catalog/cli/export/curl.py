"""``export --format curl``: a shell script that gets a token and calls the API of a provider with curl.

curl cannot sign with OAuth 1.0, and a signature is valid once, for some minutes. So the script signs each request when
it runs, and contains no key.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence

from oauth1_catalog.catalog.model import ProviderFile
from oauth1_catalog.catalog.templates import placeholders
from oauth1_catalog.cli.export.environment import steps
from oauth1_catalog.redaction import one_line

_PROGRAM = """\
set -eu
keys=${ENV_FILE:-.env}

catalog() { # a command of oauth1-catalog for this provider, with the keys
    command=$1
    shift
    if [ -f "$keys" ]; then set -- --env-file "$keys" "$@"; fi
    oauth1-catalog "$command" PROVIDER "$@"
}

call() {
    request=$(catalog sign "$@")
    printf '%s\\n' "$request" | curl --silent --show-error --config -
}

case ${1-} in
"""
_LOGIN = """\
login)
    shift
    catalog login --output "$keys" "$@"
    ;;
"""
_PROFILE = """\
profile) call ;;
"""
_REST = """\
call)
    shift
    call "$@"
    ;;
*)
    sed -n 's/^#  *\\(sh .*\\)/\\1/p' "$0" >&2
    exit 2
    ;;
esac
"""


def curl_script(file: ProviderFile, options: Sequence[str]) -> str:
    """The script, for a POSIX shell.

    Args:
        file: the provider.
        options: the options of ``oauth1-catalog sign`` and ``login`` that select an environment, set a variable, or
            name the folder of the provider's file.
    """
    has_login = set(file.flows) != {"signed_client"}
    has_profile = file.userinfo_endpoint not in {None, "token_response"} and not _needs_fields(file)
    provider = shlex.join((file.name, *options))
    return (
        "\n".join(_comments(file, options, has_login=has_login, has_profile=has_profile))
        + "\n"
        + _PROGRAM.replace("PROVIDER", provider)
        + (_LOGIN if has_login else "")
        + (_PROFILE if has_profile else "")
        + _REST
    )


def _needs_fields(file: ProviderFile) -> bool:
    """Whether the request for the profile contains fields of the token's response, which a script does not have."""
    text = " ".join((file.userinfo_endpoint or "", *file.userinfo_params.values()))
    return bool(set(placeholders(text)) - {*file.variables, "client_id"})


def _comments(file: ProviderFile, options: Sequence[str], *, has_login: bool, has_profile: bool) -> Iterator[str]:
    name = file.name
    yield "#!/bin/sh"
    yield f"# {one_line(file.display_name or name)}: call the API with curl."
    yield "#"
    yield "# It needs curl and `pip install 'oauth1-catalog[cli]'`, which signs. The keys and the token are in the"
    yield f"# environment ({name.upper()}_CLIENT_ID) or in the file .env; ENV_FILE names another one. To write it:"
    folders = [option for option in options if option.startswith("--directory=")]
    yield f"# oauth1-catalog export {one_line(shlex.join((name, *folders)))} --format env --output .env"
    yield from (f"# {number}. {one_line(step)}" for number, step in enumerate(steps(file), 1))
    yield "#"
    yield "# Usage:"
    rows = [(f"sh {name}.sh call URL", f"URL is relative to {file.api_base_url}")] if file.api_base_url else []
    rows.append((f"sh {name}.sh call URL -d 'name=value'", "POST with a form"))
    if has_profile:
        rows.insert(0, (f"sh {name}.sh profile", "the profile of the token's user"))
    if has_login:
        rows.insert(0, (f"sh {name}.sh login", "get a token, and save it in .env"))
    width = max(len(command) for command, _ in rows)
    for command, about in rows:
        yield f"#   {command:{width}}  # {one_line(about)}"
