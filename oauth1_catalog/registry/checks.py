"""What ``check()`` of a registry finds, and what it asks of the framework."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Generic, TypeVar

from oauth1_catalog.errors import ConfigurationError, ConfigurationNotice
from oauth1_catalog.registry.client import OAuth1App
from oauth1_catalog.registry.notices import HostProblem, host_notices
from oauth1_catalog.registry.registration import Registration
from oauth1_catalog.registry.settings import Settings
from oauth1_catalog.registry.urls import BASE, REGISTRY, base_url

App = TypeVar("App", bound=OAuth1App[Any])
"""The class of a registry's clients."""


class CheckMixin(Generic[App]):
    """Checks the clients of a registry, and what their logins need of the application."""

    _registry: dict[str, Registration]

    def check(self) -> list[ConfigurationError]:
        """Find the problems of the registered clients: missing settings, unusable keys, misspelt names.

        It also checks what logins need of the application, as far as this is known outside of a request: a session, and
        a key that encrypts the data in it.

        Nothing is sent. Call it in a test of your application, and expect an empty list. The list also has warnings,
        with the ``severity`` ``"warning"``: a provider that is going to switch OAuth 1.0 off, a User-Agent that it asks
        for, a redirect URI that anyone can choose by the Host header.

        ``OAUTH1_CATALOG_SILENCED_CHECKS`` in the configuration lists, by their ``error``, findings to leave out.
        """
        found: list[ConfigurationError] = []
        keys = self.sealing_keys()
        logs_in = is_open = False
        for name in self._registry:
            try:
                client = self.create_client(name)
            except ConfigurationError as error:
                found.append(error)
            else:
                found.extend((*client.problems(), *self._notices(name)) if client else ())
                logs_in = logs_in or (client is not None and "redirect" in client.provider.flows)
                is_open = is_open or (client is not None and client.callback_is_open)
                if client is not None and keys is not None and (problem := client.sealing_problem(keys)):
                    found.append(problem)
        if logs_in:
            found.extend(self.session_problems())
        if is_open:
            found.extend(self._redirect_problems())
        silenced = self._silenced()
        return [problem for problem in found if problem.error not in silenced]

    def settings(self) -> Settings:
        """The framework's configuration, for the application being served.

        ``mapping_settings`` is enough for a configuration with one key for each parameter.
        """
        raise NotImplementedError

    def session_problems(self) -> list[ConfigurationError]:
        """What keeps the application from having a session, which a login needs."""
        return []

    def sealing_keys(self) -> Sequence[str | bytes] | None:
        """The application's own keys for the records of logins; ``None`` where they are not known, or cannot lack."""
        return None

    def host_problem(self) -> HostProblem | None:
        """Why the Host header of a request cannot be believed, ``None`` where it can, or nothing is known of it."""
        return None

    def create_client(self, name: str) -> App | None:
        """The client registered as ``name``, ``None`` if there is none."""
        raise NotImplementedError

    def _notices(self, name: str) -> list[ConfigurationNotice]:
        """The warnings about a client."""
        raise NotImplementedError

    def _redirect_problems(self) -> list[ConfigurationError]:
        """What lets others choose the redirect URI, where the configuration does not give it."""
        settings = self.settings()
        try:
            if base_url(settings) is not None:
                return []
        except ConfigurationError as error:
            return [error]
        return list(host_notices(self.host_problem(), settings.describe_location(REGISTRY, BASE)))

    def _silenced(self) -> frozenset[str]:
        """The findings that ``check`` leaves out, by their ``error``."""
        value = self.settings().get(REGISTRY, "silenced_checks") or ()
        names = value.replace(",", " ").split() if isinstance(value, str) else value
        return frozenset(map(str, names if isinstance(names, Iterable) else ()))
