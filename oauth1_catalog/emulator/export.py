"""What an application in another process needs to use an emulator: provider files, keys, and a certificate to trust.

A file extends the provider's own, so everything but its addresses stays as it is, and is found by
``OAUTH1_CATALOG_PATH``; the application's code changes nowhere.
"""

from __future__ import annotations

import json
import os
import shlex
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from oauth1_catalog.catalog.provider import Provider
from oauth1_catalog.emulator.emulator import Emulator
from oauth1_catalog.errors import ConfigurationError

BUNDLE = "ca-bundle.pem"
_ALWAYS = frozenset({"api_hosts", "emulated_at"})
HEAD = "# Written by oauth1-catalog emulate; it changes with each start.\n"


def write_files(emulator: Emulator, providers: Iterable[Provider], directory: Path) -> None:
    """Write a file for each provider, and as ``ca-bundle.pem`` the authorities to trust, the emulator's among them.

    Args:
        emulator: it runs.
        providers: as ``emulator.catalog`` gives them.
        directory: where; it is made if need be.

    Raises:
        ConfigurationError: a file of that name is there, and not from here.
    """
    directory.mkdir(parents=True, exist_ok=True)
    # The variables that lead here replace what an application trusts, for its calls to everybody else, too.
    authorities = (_authorities().read_text(encoding="utf-8"), Path(emulator.ca_file).read_text(encoding="ascii"))
    texts = {directory / BUNDLE: "\n".join(authorities)}
    for moved in providers:
        name = moved.name
        data = {"schema_version": 1, "name": name, "extends": name, **moved_fields(emulator, moved)}
        texts[directory / f"{name}.yaml"] = json.dumps(data, indent=2) + "\n"
    for path in texts:
        if _is_of_somebody_else(path):
            raise ConfigurationError(
                description=f"{path} is there already, and not from here. Choose another directory."
            )
    for path, text in texts.items():
        _write(path, HEAD + text, mode=0o644)


def _is_of_somebody_else(path: Path) -> bool:
    """Whether a file is there that was not written here; a link may lead to anything."""
    if path.is_symlink():
        return True
    return path.exists() and not path.read_text(encoding="utf-8", errors="replace").startswith(HEAD)


def _authorities() -> Path:
    """What is trusted here without the emulator: a bundle that the environment names, else the one of requests."""
    from requests.utils import DEFAULT_CA_BUNDLE_PATH  # certifi's; some distributions make it the system's

    named = (os.environ.get("REQUESTS_CA_BUNDLE"), os.environ.get("SSL_CERT_FILE"))
    return next((path for path in map(Path, filter(None, named)) if path.is_file()), Path(DEFAULT_CA_BUNDLE_PATH))


def moved_fields(emulator: Emulator, moved: Provider) -> dict[str, Any]:
    """The fields of a file that extends the provider's own and leads to the emulator, whatever is chosen there.

    Environments and options lead to the same addresses: none may send a user or a signed request to the real provider.
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
    """The configuration of a client that is registered as ``name``; an RSA key is written to ``directory``.

    A token is among it where the provider's console gives one, and there is no login to get it by.
    """
    client = emulator.client(moved.name)
    values = {"client_id": client.client_id}
    if "rsa_key" in moved.required_credentials:
        key = directory / f"{moved.name}.pem"
        write_private(key, client.rsa_key)
        values["rsa_key"] = str(key)
    if "client_secret" in moved.required_credentials:
        values["client_secret"] = client.client_secret
    if moved.flows[0] == "static_token" or "redirect" not in moved.flows:
        values |= console_token(emulator, moved)
    return {f"{name}_{key}".upper(): value for key, value in values.items()}


def console_token(emulator: Emulator, moved: Provider) -> dict[str, str]:
    """The token that the provider's console gives, as the parameters of a client; empty where it gives none."""
    if "static_token" not in moved.flows:
        return {}
    token = emulator.issue_token(moved.name)
    return {"token": token.oauth_token, "token_secret": token.oauth_token_secret}


def write_environment(path: Path, variables: Mapping[str, str]) -> None:
    """Write variables for a shell to source and for ``.env`` readers; nobody else can read the file.

    Raises:
        ConfigurationError: a file of that name is there, and not from here.
    """
    if _is_of_somebody_else(path):
        raise ConfigurationError(
            description=f"{path} is there already, and not from here. Name another file, and let your application read "
            "both."
        )
    lines = (f"{name}={shlex.quote(value)}\n" for name, value in variables.items())
    write_private(path, HEAD + "".join(lines))


def write_private(path: Path, text: str) -> None:
    """Write a file that its owner alone can read."""
    _write(path, text, mode=0o600)


def _write(path: Path, text: str, *, mode: int) -> None:
    # Not through a link, which somebody else may have put there: in a folder that all may write to.
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_NOFOLLOW", 0)
    with os.fdopen(os.open(path, flags, mode), "w", encoding="utf-8") as file:
        if mode == 0o600:
            path.chmod(mode)  # one that was there keeps its mode otherwise
        file.write(text)


def _mapping(data: Any) -> Mapping[str, Any]:
    return data if isinstance(data, dict) else {}
