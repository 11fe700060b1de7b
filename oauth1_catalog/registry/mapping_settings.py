"""A configuration with one key for each parameter of a client, such as ``app.config`` or the environment."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping, Set
from typing import ClassVar

from oauth1_catalog.registry.encryption import APP_CONFIG_QUOTING
from oauth1_catalog.registry.settings import KeyIndex, Settings, names_under, suggestion


class MappingSettings(Settings):
    """Keys of a mapping: ``TWITTER_CLIENT_ID`` is the ``client_id`` of the client ``twitter``.

    >>> settings = MappingSettings({"TWITTER_CLIENT_ID": "key"}, "app.config")
    >>> settings.get("twitter", "client_id"), settings.describe_location("twitter", "client_id")
    ('key', 'TWITTER_CLIENT_ID in app.config')

    Args:
        config: the configuration; it is read at each use. ``os.environ`` belongs to other programs, too, so that
            unknown names in it are no mistakes.
        place: what messages call it.
        registered: the names of the registered clients.
        index: the keys of ``config`` in order, kept by the registry.
    """

    def __init__(
        self,
        config: Mapping[str, object],
        place: str,
        registered: Collection[str] = (),
        index: KeyIndex | None = None,
    ) -> None:
        self._config = config
        self._place = place
        self._index = KeyIndex() if index is None else index
        self.registered = registered

    def get(self, client: str, parameter: str) -> object | None:
        """The value of a client's parameter."""
        return self._config.get(f"{client}_{parameter}".upper())

    def describe_location(self, client: str, parameter: str) -> str:
        """Such as ``TWITTER_CLIENT_ID in app.config``."""
        return f"{client}_{parameter}".upper() + f" in {self._place}"

    def names(self, client: str, known: Set[str]) -> Collection[str]:
        """The parameters under the client's prefix, but for those of a client whose name begins with this one's."""
        if self._config is os.environ:
            return ()
        keys = self._index.beginning_with(f"{client}_".upper(), self._config)
        return names_under(client, keys, self.registered, known)

    def configured_names(self) -> Mapping[str, str]:
        """The keys that have a value; in the environment they are all texts."""
        return {
            key: suggestion(key, self._place)
            for key, value in self._config.items()
            if isinstance(value, str | int) and value
        }


class AppSettings(MappingSettings):
    """The keys of ``app.config`` in Flask and Quart."""

    quoting = APP_CONFIG_QUOTING
    environment_prefix: ClassVar[str]
    """That of ``from_prefixed_env``, such as ``FLASK_``."""

    def configured_names(self) -> Mapping[str, str]:
        """The keys of ``app.config``, and the environment's, which the framework reads only on request."""
        there = {}
        for name, value in os.environ.items():
            key = name.removeprefix(self.environment_prefix)
            export = f"Export it as {self.environment_prefix}{name} and call" if key == name else "Call"
            if value:
                there[key] = (
                    f"{suggestion(name, 'the environment')} app.config does not read it by itself. {export} "
                    "app.config.from_prefixed_env()."
                )
        return {**there, **super().configured_names()}
