"""Every exception of the package, as one tree.

The split says whose turn it is: the developer's, the provider's, the user's, or the visitor who came back with a
callback that belongs to no login::

    OAuthError
    ├── ConfigurationError            yours: a setting, an argument or a provider file is wrong
    │   ├── UnknownProviderError      no provider of that name in the catalog
    │   ├── MissingSettingError       a key that the provider needs is not configured
    │   ├── MissingExtraError         a package is not installed; the message has the extra that brings it
    │   ├── RetiredProviderError      the provider has switched OAuth 1.0 off
    │   ├── ConfigurationNotice       it works today: ``check()`` lists it, nothing raises it
    │   ├── ProviderFileError         a provider file cannot be used: file, line, column, field
    │   ├── NotInitializedError       the registry has no application yet
    │   ├── TokenKeyError             a row of the token table cannot be opened with the configured keys
    │   └── SigningError              this request or key cannot be signed
    ├── ProviderError                 theirs: an answer that is not what the protocol says
    │   ├── TokenRequestDeniedError   the provider refused to give a token
    │   ├── TokenResponseError        the provider's answer is not a usable token
    │   └── TransportError            no answer at all
    ├── AuthorizationDeniedError      the user said no
    ├── StateError                    the callback belongs to no login of this browser
    │   ├── MissingRequestTokenError  the callback has no oauth_token
    │   └── ExpiredStateError         the login took too long
    ├── CacheError                    yours: the cache that keeps the logins does not answer
    ├── ResourceError                 yours: the process has no file, socket or memory left
    ├── MissingVerifierError          the callback has no oauth_verifier
    └── MissingTokenError             an API call without a token

``OAuthError`` has the attributes of Authlib's class of the same name, so that an application's error handlers keep
working; ``provider`` and ``step`` say where it happened, and ``error`` is stable: an application may compare it.
"""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from typing import ClassVar, Literal


class OAuthError(Exception):
    """The base of every error of this package.

    Args:
        error: a stable code, such as ``"access_denied"``. Defaults to the class's own.
        description: a sentence that names the thing, the place and the cause; without ``advice``, also the next step.
        uri: where to read more, if anywhere.
        provider: the name under which the client is registered.
        step: the step of the login that failed: ``"request_token"``, ``"authorize"``, ``"callback"``,
            ``"access_token"``, ``"api"`` or ``"renew"``.
        advice: what to do about it. ``description`` is then both: the cause and the advice.

    >>> error = OAuthError("access_denied", "twitter: the user said no.", advice="Ask the user to log in again.")
    >>> str(error)
    'access_denied: twitter: the user said no. Ask the user to log in again.'
    >>> error.cause, error.advice
    ('twitter: the user said no.', 'Ask the user to log in again.')
    """

    error: str = "oauth_error"
    description: str = ""
    uri: str | None = None

    def __init__(
        self,
        error: str | None = None,
        description: str | None = None,
        uri: str | None = None,
        *,
        provider: str | None = None,
        step: str | None = None,
        advice: str = "",
    ) -> None:
        if error is not None:
            self.error = error
        self.cause: str = self.description if description is None else description
        self.advice = advice
        if description is not None:
            self.description = f"{description} {advice}" if advice else description
        if uri is not None:
            self.uri = uri
        self.provider = provider
        self.step = step
        super().__init__(f"{self.error}: {self.description}")

    def __repr__(self) -> str:
        return f'<{type(self).__name__} "{self.error}">'

    def __reduce__(self) -> tuple[object, ...]:
        """Pickle by state: a task queue that moves the error keeps every attribute."""
        return (type(self).__new__, (type(self), *self.args), self.__dict__)


class ConfigurationError(OAuthError, ValueError):
    """A setting, an argument or a provider file is wrong; nothing was sent.

    ``severity`` is ``"error"``, or ``"warning"`` for what ``check()`` lists although it works today.
    """

    error = "configuration_error"
    severity: ClassVar[Literal["error", "warning"]] = "error"


class UnknownProviderError(ConfigurationError):
    """The catalog has no provider of that name. ``suggestions`` holds the nearest names."""

    error = "unknown_provider"

    def __init__(self, description: str, *, provider: str, suggestions: tuple[str, ...] = (), advice: str = "") -> None:
        super().__init__(description=description, provider=provider, advice=advice)
        self.suggestions = suggestions


class MissingSettingError(ConfigurationError):
    """The provider needs a setting that is nowhere. ``setting`` is its parameter's name (``client_secret``)."""

    error = "missing_setting"

    def __init__(self, description: str, *, provider: str | None = None, setting: str, advice: str = "") -> None:
        super().__init__(description=description, provider=provider, advice=advice)
        self.setting = setting


class MissingExtraError(ConfigurationError, ModuleNotFoundError):
    """A package is not installed; the message names the extra that brings it. ``name`` is the missing module's.

    Also a ``ModuleNotFoundError``, for those who try an import and do without.
    """

    error = "missing_extra"

    def __init__(self, description: str, *, name: str) -> None:
        super().__init__(description=description)
        self.name: str | None = name

    def __str__(self) -> str:
        return self.description  # as an import's own error, whose text has no code

    def __reduce__(self) -> tuple[object, ...]:
        return (type(self).__new__, (type(self), *self.args), {**self.__dict__, "name": self.name})


class RetiredProviderError(ConfigurationError):
    """The provider has switched OAuth 1.0 off; the message says when, and what to use instead."""

    error = "retired_provider"


class ConfigurationNotice(ConfigurationError):  # noqa: N818 - nothing raises it
    """Something that works today and needs your attention, in the list of ``check()``; it is never raised.

    ``error`` is ``deprecated_provider``, where OAuth 1.0 is about to end there, ``missing_user_agent``,
    ``strict_session_cookie``, with which no login ends well; ``unused_catalog_path``, where ``OAuth(catalog=...)`` does
    not read a file of ``OAUTH1_CATALOG_PATH``; ``untrusted_host``, where others can choose the redirect URI; or
    ``session_fixation_allowed``.
    """

    error = "configuration_notice"
    severity: ClassVar[Literal["error", "warning"]] = "warning"

    @property
    def category(self) -> type[Warning]:
        """The category of the warning that registration gives."""
        return DeprecatedProviderWarning if self.error == "deprecated_provider" else ConfigurationWarning


class DeprecatedProviderWarning(FutureWarning):
    """The provider is going to switch OAuth 1.0 off; the message says when. Python shows it by default."""


class ConfigurationWarning(UserWarning):
    """A client is registered without something that its provider asks for, or allows logins that can be fixated."""


class ProviderFileError(ConfigurationError):
    """A provider file cannot be used.

    ``path``, ``line`` and ``column`` (both from 1) and ``field`` (dotted) say where. The text begins with
    ``path:line:column``, so that a terminal makes it a link.
    """

    error = "invalid_provider_file"

    def __init__(
        self, description: str, *, path: str, line: int, column: int, field: str, provider: str | None = None
    ) -> None:
        super().__init__(description=f"{path}:{line}:{column}: {description}", provider=provider)
        self.path = path
        self.line = line
        self.column = column
        self.field = field


class NotInitializedError(ConfigurationError, RuntimeError):
    """The registry was used before it was given an application."""

    error = "not_initialized"


class TokenKeyError(ConfigurationError):
    """A row of the token table cannot be opened: sealed with another key, changed, or moved from another row."""

    error = "token_key_error"


class SigningError(ConfigurationError):
    """This request, or this key, cannot be signed; nothing was sent."""

    error = "signing_error"


class ProviderError(OAuthError):
    """The provider's answer is not what the protocol says.

    Attributes:
        status: the HTTP status of the answer, ``None`` where there was none.
        problem: the provider's ``oauth_problem`` (Problem Reporting extension), if it sent one.
        excerpt: the answer's first words, at most 200 characters, with every secret masked.
    """

    error = "provider_error"

    def __init__(
        self,
        error: str | None = None,
        description: str | None = None,
        uri: str | None = None,
        *,
        provider: str | None = None,
        step: str | None = None,
        status: int | None = None,
        problem: str | None = None,
        excerpt: str = "",
    ) -> None:
        super().__init__(error, description, uri, provider=provider, step=step)
        self.status = status
        self.problem = problem
        self.excerpt = excerpt


class TokenRequestDeniedError(ProviderError, ValueError):
    """The provider refused to give temporary or token credentials.

    Also a ``ValueError``, which is what Authlib raises for a refusal in words with status 200.
    """

    error = "fetch_token_denied"


class TokenResponseError(ProviderError, ValueError):
    """The provider's answer holds no usable token.

    Also a ``ValueError``, which is what Authlib raises for an answer that it cannot read.
    """

    error = "invalid_token_response"


class TransportError(ProviderError):
    """The provider gave no answer: no connection, no certificate, too slow, too long. ``__cause__`` has the detail."""

    error = "provider_unreachable"


class AuthorizationDeniedError(OAuthError):
    """The user, or the provider on the user's behalf, refused. ``problem`` holds the provider's word for it."""

    error = "access_denied"

    def __init__(
        self,
        description: str,
        *,
        provider: str | None = None,
        step: str | None = None,
        problem: str | None = None,
    ) -> None:
        super().__init__(description=description, provider=provider, step=step)
        self.problem = problem


class StateError(OAuthError):
    """The callback belongs to no login that this browser has begun."""

    error = "invalid_state"


class MissingRequestTokenError(StateError):
    """The callback has no ``oauth_token``."""

    error = "missing_request_token"


class ExpiredStateError(StateError):
    """The login took longer than the temporary credentials are kept."""

    error = "expired_state"


class CacheError(OAuthError):
    """The cache that keeps the logins under way failed; ``__cause__`` is its own exception.

    The login cannot go on, and nothing is kept elsewhere instead. A good answer is status 503, and to begin again.
    """

    error = "cache_unavailable"


class ResourceError(OAuthError):
    """The process may not open another file or socket, or has no memory left; no file and no provider is at fault.

    ``__cause__`` is the system's own exception. A good answer is status 503, and to look at the limits.
    """

    error = "resource_limit"

    @classmethod
    def check(cls, error: BaseException, what: str) -> None:
        """Raise ``error`` as what it is, where its cause is the process and not what it wanted.

        Args:
            error: what the system said.
            what: what was to be opened.

        Raises:
            ResourceError: the process, or the whole machine, may not open another file, or has no memory left.

        >>> ResourceError.check(OSError(errno.EMFILE, "Too many open files"), "providers/x.yaml")
        Traceback (most recent call last):
        ...
        oauth1_catalog.errors.ResourceError: resource_limit: providers/x.yaml cannot be opened: Too many open files. ...
        """
        if isinstance(error, OSError) and error.errno in {errno.EMFILE, errno.ENFILE, errno.ENOMEM}:
            raise cls(
                description=f"{what} cannot be opened: {error.strerror}. The process is at its limit: raise the limit "
                "of open files (ulimit -n), or give OAuth() a lower max_connected_clients=."
            ) from error


class MissingVerifierError(OAuthError):
    """The callback has no ``oauth_verifier``, and the provider is not known to leave it out."""

    error = "missing_verifier"


class MissingTokenError(OAuthError):
    """An API call needs a token, and there is none."""

    error = "missing_token"


@contextmanager
def needs(what: str, *extras: str) -> Iterator[None]:
    """Name the extra to install, should an import in the block find that a package is missing.

    The outermost place speaks: it is what somebody asked for. A missing module of this package is not an extra's: that
    error is left as it is.

    Args:
        what: what needs the package, as people know it.
        extras: the extras that bring it, any of which is enough; the likeliest one first.

    Raises:
        MissingExtraError: a package is missing.

    >>> with needs("`emulate`", "emulator"):
    ...     raise ModuleNotFoundError(name="oauthlib.oauth1")
    Traceback (most recent call last):
    ...
    oauth1_catalog.errors.MissingExtraError: `emulate` needs the package oauthlib. Install it: pip install 'oauth1-...
    """
    try:
        yield
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        if package in {"", "oauth1_catalog"}:
            raise
        others = f" (or {', '.join(f'[{extra}]' for extra in extras[1:])})" if extras[1:] else ""
        raise MissingExtraError(
            f"{what} needs the package {package}. Install it: pip install 'oauth1-catalog[{extras[0]}]'{others}.",
            name=error.name or package,
        ) from error
