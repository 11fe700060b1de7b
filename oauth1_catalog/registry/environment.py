"""The configuration of a script: the environment, and behind it a ``.env`` file, if the script names one."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping, Set
from io import StringIO

from oauth1_catalog.errors import ConfigurationError, ResourceError, needs
from oauth1_catalog.redaction import MaskedMapping, masked
from oauth1_catalog.registry.settings import Settings, names_under, suggestion
from oauth1_catalog.regular_files import read_regular

_ENVIRONMENT = "the environment"


class EnvironmentSettings(Settings):
    """Variables such as ``NETSUITE_CLIENT_ID``; a variable of the environment replaces one of the file.

    Args:
        function: the function that makes the client: ``client()``; ``""`` for a command.
        env_file: the path of a ``.env`` file.

    Raises:
        ConfigurationError: the file cannot be read.
        MissingExtraError: python-dotenv is not installed.
    """

    def __init__(self, function: str, env_file: str | os.PathLike[str] | None = None) -> None:
        self._function = function
        self._file_name = None if env_file is None else os.fspath(env_file)
        self._file = MaskedMapping() if env_file is None else read_env_file(env_file)

    def get(self, client: str, parameter: str) -> object | None:
        """The value of a client's parameter; an empty variable counts as not set."""
        key = f"{client}_{parameter}".upper()
        return os.environ.get(key) or self._file.get(key)

    def describe_location(self, client: str, parameter: str) -> str:
        """Such as ``NETSUITE_CLIENT_ID in the environment``, with the file if there is one."""
        key = f"{client}_{parameter}".upper()
        places = [_ENVIRONMENT, *([] if self._file_name is None else [self._file_name])]
        if os.environ.get(key):
            places = places[:1]
        elif self._file.get(key):
            places = places[1:]
        return f"{key} in {' or '.join(places)}"

    def names(self, client: str, known: Set[str]) -> Collection[str]:
        """The parameters under the client's prefix in the file; the environment belongs to others too."""
        return names_under(client, self._file, self.registered, known)

    def configured_names(self) -> Mapping[str, str]:
        """Every variable that has a value."""
        found = {key: suggestion(key, str(self._file_name)) for key, value in self._file.items() if value}
        return found | {key: suggestion(key, _ENVIRONMENT) for key, value in os.environ.items() if value}

    def function(self, *, from_catalog: bool = True) -> str:  # noqa: ARG002 - one function makes them all
        """The function that the script calls."""
        return self._function


def read_env_file(path: str | os.PathLike[str]) -> MaskedMapping:
    """The variables of a ``.env`` file. ``os.environ`` is not changed, and ``${...}`` in a value is not replaced.

    Raises:
        ConfigurationError: the file cannot be read.
        MissingExtraError: python-dotenv is not installed.
    """
    with needs("env_file=", "script"):
        from dotenv import dotenv_values
    text, cause = masked(""), ""
    advice = "Pass the path of a file with lines such as TWITTER_CLIENT_ID=..., or leave env_file= out."
    try:
        text = masked(masked(read_regular(path)).decode("utf-8-sig"))
    except OSError as error:
        ResourceError.check(error, os.fspath(path))
        cause = f"cannot be read ({error.strerror or type(error).__name__})"
    except UnicodeDecodeError:
        cause, advice = "is not UTF-8 text", "Save it as UTF-8."
    if "\0" in text:  # such as UTF-16
        cause, advice = "contains a NUL character, so it is not UTF-8 text", "Save it as UTF-8."
    if cause:
        raise ConfigurationError(description=f"env_file={os.fspath(path)!r} {cause}.", advice=advice)
    # A key may contain "${": a value is what stands in the file.
    values = masked(dict(dotenv_values(stream=StringIO(text), interpolate=False)))
    return MaskedMapping((name, value) for name, value in values.items() if value is not None)
