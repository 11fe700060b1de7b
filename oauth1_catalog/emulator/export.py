"""Write what an application in another process needs to use an emulator: provider files, keys, a CA bundle.

The files extend the provider's own and change only its addresses. The application finds them by
``OAUTH1_CATALOG_PATH``, without changes to its code.
"""

from __future__ import annotations

import json
import os
import re
import shlex
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from oauth1_catalog.catalog.provider import Provider
from oauth1_catalog.clients.transport import MAX_BUNDLE
from oauth1_catalog.emulator.emulator import Emulator
from oauth1_catalog.errors import ConfigurationError
from oauth1_catalog.regular_files import open_regular, open_to_write, read_regular

BUNDLE = "ca-bundle.pem"
KEY_FILES = {"rsa_key": ".pem", "encryption_key": "-encryption.pem", "dh_parameters": "-dhparam.pem"}
"""The credentials that are files, and how the names of these end."""
_ALWAYS = frozenset({"api_hosts", "emulated_at"})
HEAD = "# Written by oauth1-catalog emulate; it changes with each start.\n"


def write_files(emulator: Emulator, providers: Iterable[Provider], directory: Path) -> None:
    """Write a file for each provider, and ``ca-bundle.pem`` with the trusted authorities and the emulator's.

    Args:
        emulator: a running emulator.
        providers: from ``emulator.catalog``.
        directory: is created if it does not exist.

    Raises:
        ConfigurationError: a file exists that ``emulate`` did not write.
    """
    directory.mkdir(parents=True, exist_ok=True)
    # The variables that name the bundle replace the authorities that an application trusts for all its calls.
    authorities = (
        read_regular(_authorities(), limit=MAX_BUNDLE).decode(),
        Path(emulator.ca_file).read_text(encoding="ascii"),
    )
    texts = {directory / BUNDLE: "\n".join(authorities)}
    for moved in providers:
        name = moved.name
        data = {"schema_version": 1, "name": name, "extends": name, **moved_fields(emulator, moved)}
        texts[directory / f"{name}.yaml"] = json.dumps(data, indent=2) + "\n"
    for path in texts:
        if _is_foreign(path):
            raise ConfigurationError(
                description=f"{path} already exists, and `emulate` did not write it. Choose another directory."
            )
    for path, text in texts.items():
        _write(path, HEAD + text, mode=0o644)


def _is_foreign(path: Path) -> bool:
    """Whether the file exists and ``emulate`` did not write it. A link can lead anywhere."""
    try:
        with open_regular(path, follow_links=False) as stream:
            return stream.read(len(HEAD)) != HEAD.encode()
    except FileNotFoundError:
        return False
    except OSError:
        return True


def _authorities() -> Path:
    """The bundle that is trusted without the emulator: from the environment, or that of requests."""
    from requests.utils import DEFAULT_CA_BUNDLE_PATH  # certifi's; some distributions make it the system's

    named = (os.environ.get("REQUESTS_CA_BUNDLE"), os.environ.get("SSL_CERT_FILE"))
    return next((path for path in map(Path, filter(None, named)) if path.is_file()), Path(DEFAULT_CA_BUNDLE_PATH))


def moved_fields(emulator: Emulator, moved: Provider) -> dict[str, Any]:
    """The fields of a file that extends the provider's own and leads to the emulator.

    All environments and options get the same addresses, so that none sends a user or a request to the real provider.
    """
    own = {
        "request_token_url": moved.request_token_url,
        "authorize_url": moved.authorize_url,
        "access_token_url": moved.access_token_url,
        "api_base_url": moved.api_base_url,
        "api_hosts": list(moved.api_hosts),
        "emulated_at": moved.emulated_at,
        "renew": moved.renew and {"url": moved.renew.url},
        "revoke": moved.revoke and {"url": moved.revoke.url},
        "session_token": moved.session_token and {"url": moved.session_token.url},
        "successor": moved.successor and {"url": moved.successor.url},
        "userinfo_endpoint": moved.userinfo and moved.userinfo.endpoint,
        "userinfo_followup": moved.userinfo and moved.userinfo.followup,
    }
    data = emulator.catalog.entry(moved.name).data
    fields: dict[str, Any] = {field: value for field, value in own.items() if field in data or field in _ALWAYS}
    for section, below in (("environments", None), ("options", "sets")):
        changed = {}
        for key, about in _mapping(data.get(section)).items():
            overrides = _mapping(_mapping(about).get(below) if below else about)
            if same := {field: own[field] for field in overrides if field in own}:
                changed[key] = {below: same} if below else same
        if changed:
            fields[section] = changed
    return fields


def settings(emulator: Emulator, name: str, moved: Provider, directory: Path) -> dict[str, str]:
    """The configuration of the client ``name``; writes its keys to ``directory`` if they are files.

    It includes a token if the provider issues tokens only in its console.
    """
    client = emulator.client(moved.name)
    values = {"client_id": client.client_id}
    for credential, ending in KEY_FILES.items():
        if credential in moved.required_credentials:
            key = directory / f"{moved.name}{ending}"
            write_private(key, getattr(client, credential))
            values[credential] = str(key)
    if "client_secret" in moved.required_credentials:
        values["client_secret"] = client.client_secret
    if moved.flows[0] == "static_token" or "redirect" not in moved.flows:
        values |= console_token(emulator, moved)
    if moved.successor is not None and moved.successor.auth == "client":
        values |= {
            "oauth2_client_id": client.oauth2_client_id,
            "oauth2_client_secret": client.oauth2_client_secret,
        }
    return {f"{name}_{key}".upper(): value for key, value in values.items()}


def addresses(emulator: Emulator, name: str, values: Mapping[str, object]) -> dict[str, str]:
    """The addresses of a provider and of its environments, for a program that does not use this library.

    ``EMULATED_NAME_HTTPS`` stands in place of ``https://`` in each of the provider's own URLs.
    """
    found: dict[str, str] = {}
    catalog = emulator.catalog
    for environment in (None, *catalog.file(name).environments):
        moved = catalog.provider(name, environment=environment, values=values)
        key = urlsplit(moved.request_token_url or moved.access_token_url or moved.api_base_url or "").path.split("/")[1]
        urls = {
            "https": f"{emulator.origins.secure}/{key}/api/",
            "request_token_url": moved.request_token_url,
            "authorize_url": moved.authorize_url,
            "access_token_url": moved.access_token_url,
            "renew_url": moved.renew and moved.renew.url,
            "api_base_url": moved.api_base_url,
        }
        label = "_".join(filter(None, ("emulated", name, environment)))
        found |= {re.sub(r"\W", "_", f"{label}_{setting}").upper(): url for setting, url in urls.items() if url}
    return found


def console_token(emulator: Emulator, moved: Provider) -> dict[str, str]:
    """The token of the provider's console, as parameters of a client; empty if the console issues none."""
    if "static_token" not in moved.flows:
        return {}
    token = emulator.issue_token(moved.name)
    return {"token": token.oauth_token, "token_secret": token.oauth_token_secret}


def write_environment(path: Path, variables: Mapping[str, str]) -> None:
    """Write variables as a file to source in a shell or to use as ``.env``, readable only by its owner.

    Raises:
        ConfigurationError: a file exists that ``emulate`` did not write.
    """
    if _is_foreign(path):
        raise ConfigurationError(
            description=f"{path} already exists, and `emulate` did not write it. Choose another file, and let your "
            "application read both."
        )
    lines = (f"{name}={shlex.quote(value)}\n" for name, value in variables.items())
    write_private(path, HEAD + "".join(lines))


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner can read."""
    _write(path, text, mode=0o600)


def _write(path: Path, text: str, *, mode: int) -> None:
    with open_to_write(path, mode=mode) as file:
        file.write(text)


def _mapping(data: Any) -> Mapping[str, Any]:
    return data if isinstance(data, dict) else {}
