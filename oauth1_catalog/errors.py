"""The exceptions of the package.

The classes show who has to act: the developer, the provider, the user, or a visitor whose callback belongs to no
login::

    OAuthError
    ├── ConfigurationError            yours: a setting, an argument or a provider file is wrong
    │   ├── UnknownProviderError      no provider of that name in the catalog
    │   ├── MissingSettingError       a key that the provider needs is not configured
    │   ├── MissingExtraError         a package is not installed; the message names the extra to install
    │   ├── RetiredProviderError      the provider has switched OAuth 1.0 off
    │   ├── ConfigurationNotice       it works today; ``check()`` lists it, and it is never raised
    │   ├── ProviderFileError         a provider file cannot be used: file, line, column, field
    │   ├── NotInitializedError       the registry has no application yet
    │   ├── TokenKeyError             a row of the token table cannot be decrypted with the configured keys
    │   └── SigningError              this request or key cannot be signed
    ├── ProviderError                 the provider's: a response that violates the protocol
    │   ├── TokenRequestDeniedError   the provider refused to issue a token
    │   │   └── TokenExchangeDeniedError  the provider refused to exchange a token for one of OAuth 2.0
    │   ├── TokenResponseError        the response contains no usable token
    │   └── TransportError            no response
    ├── AuthorizationDeniedError      the user declined
    ├── StateError                    the callback belongs to no login of this browser
    │   ├── MissingRequestTokenError  the callback has no oauth_token
    │   └── ExpiredStateError         the login took too long
    ├── CacheError                    yours: the cache that stores logins does not respond
    ├── TokenNotSavedError            yours: the token store failed after the provider confirmed a token
    ├── ResourceError                 yours: the process cannot open more files or sockets, or is out of memory
    ├── MissingVerifierError          the callback has no oauth_verifier
    └── MissingTokenError             an API call without a token

``OAuthError`` has the attributes of Authlib's class with the same name, so that existing error handlers continue to
work. ``provider`` and ``step`` identify the client and the step. ``error`` is stable: an application can compare it.
"""

from __future__ import annotations

import errno
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, ClassVar, Literal


class OAuthError(Exception):
    """The base class of every error of this package.

    Args:
        error: a stable code, such as ``"access_denied"``; by default that of the class.
        description: the message, with the thing, the place and the cause; without ``advice``, also the next step.
        uri: a page with more information, if there is one.
        provider: the name under which the client is registered.
        step: the step of the login that failed: ``"request_token"``, ``"authorize"``, ``"callback"``,
            ``"access_token"``, ``"session_token"``, ``"api"`` or ``"renew"``.
        advice: the next step. ``description`` then consists of the cause and the advice.

    >>> error = OAuthError("access_denied", "twitter: the user declined.", advice="Ask the user to log in again.")
    >>> str(error)
    'access_denied: twitter: the user declined. Ask the user to log in again.'
    >>> error.cause, error.advice
    ('twitter: the user declined.', 'Ask the user to log in again.')
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

    def name_client(self, client: str) -> None:
        """Set ``provider``, and begin the text with it, where what raised the error did not know the client.

        A text that begins with the provider's own name begins with the client's name instead.

        >>> error = OAuthError("invalid_key", "The key cannot be read.", advice="Pass PEM.")
        >>> error.name_client("twitter")
        >>> print(error)
        invalid_key: twitter: The key cannot be read. Pass PEM.
        """
        own = f"{self.provider}: "
        self.provider = client
        self.cause = f"{client}: {self.cause.removeprefix(own)}"
        self.description = f"{client}: {self.description.removeprefix(own)}"
        self.args: tuple[object, ...] = (f"{self.error}: {self.description}",)

    def __repr__(self) -> str:
        return f'<{type(self).__name__} "{self.error}">'

    def __reduce__(self) -> tuple[object, ...]:
        """Pickle the state, so that a task queue keeps every attribute."""
        return (type(self).__new__, (type(self), *self.args), self.__dict__)


class ConfigurationError(OAuthError, ValueError):
    """A setting, an argument or a provider file is wrong; nothing was sent.

    ``severity`` is ``"error"``, or ``"warning"`` for a notice of ``check()`` about something that works today.
    """

    error = "configuration_error"
    severity: ClassVar[Literal["error", "warning"]] = "error"


class UnknownProviderError(ConfigurationError):
    """The catalog has no provider of that name. ``suggestions`` contains similar names."""

    error = "unknown_provider"

    def __init__(self, description: str, *, provider: str, suggestions: tuple[str, ...] = (), advice: str = "") -> None:
        super().__init__(description=description, provider=provider, advice=advice)
        self.suggestions = suggestions


class MissingSettingError(ConfigurationError):
    """A setting of the provider is missing. ``setting`` is the name of its parameter (``client_secret``).

    Attributes:
        settings: all parameters that are missing, if there are several.
    """

    error = "missing_setting"

    def __init__(
        self,
        description: str,
        *,
        provider: str | None = None,
        setting: str,
        settings: Sequence[str] = (),
        advice: str = "",
    ) -> None:
        super().__init__(description=description, provider=provider, advice=advice)
        self.setting = setting
        self.settings: tuple[str, ...] = tuple(settings) or (setting,)


class MissingExtraError(ConfigurationError, ModuleNotFoundError):
    """A package is not installed. The message names the extra to install, and ``name`` is the missing module.

    Also a ``ModuleNotFoundError``, for code with an optional import.
    """

    error = "missing_extra"

    def __init__(self, description: str, *, name: str) -> None:
        super().__init__(description=description)
        self.name: str | None = name

    def __str__(self) -> str:
        return self.description  # without the code, like Python's own ImportError

    def __reduce__(self) -> tuple[object, ...]:
        return (type(self).__new__, (type(self), *self.args), {**self.__dict__, "name": self.name})


class RetiredProviderError(ConfigurationError):
    """The provider has switched OAuth 1.0 off. The message contains the date and the replacement."""

    error = "retired_provider"


class ConfigurationNotice(ConfigurationError):  # noqa: N818 - nothing raises it
    """Something that works today but needs your attention. ``check()`` lists it, and it is never raised.

    ``error`` is one of these codes: ``deprecated_provider`` (the provider is going to switch OAuth 1.0 off),
    ``missing_user_agent``, ``strict_session_cookie`` (logins fail with such a cookie), ``unused_catalog_path``
    (``OAuth(catalog=...)`` does not read a file of ``OAUTH1_CATALOG_PATH``), ``unused_catalog_data`` (nor
    ``OAUTH1_CATALOG_DATA``), ``untrusted_host`` (an attacker can choose the redirect URI) or
    ``session_fixation_allowed``.
    """

    error = "configuration_notice"
    severity: ClassVar[Literal["error", "warning"]] = "warning"

    @property
    def category(self) -> type[Warning]:
        """The category of the warning at registration."""
        return DeprecatedProviderWarning if self.error == "deprecated_provider" else ConfigurationWarning


class DeprecatedProviderWarning(FutureWarning):
    """The provider is going to switch OAuth 1.0 off, on the date in the message. Python shows it by default."""


class ConfigurationWarning(UserWarning):
    """A client lacks something that its provider requires, or allows logins that can be fixated."""


class OAuth1CatalogDeprecationWarning(DeprecationWarning):
    """A name or a parameter of this package is going to be removed, in the version in the message."""


class ProviderFileError(ConfigurationError):
    """A provider file cannot be used.

    ``path``, ``line`` and ``column`` (both from 1) and ``field`` (dotted) are the place. The text begins with
    ``path:line:column``, which terminals show as a link.
    """

    error = "invalid_provider_file"

    def __init__(
        self,
        description: str,
        *,
        path: str,
        line: int,
        column: int,
        field: str,
        provider: str | None = None,
        advice: str = "",
    ) -> None:
        super().__init__(description=f"{path}:{line}:{column}: {description}", provider=provider, advice=advice)
        self.path = path
        self.line = line
        self.column = column
        self.field = field


class NotInitializedError(ConfigurationError, RuntimeError):
    """The registry was used before it was initialized with an application."""

    error = "not_initialized"


class TokenKeyError(ConfigurationError):
    """A row of the token table cannot be decrypted: it has another key, or was changed or moved."""

    error = "token_key_error"


class SigningError(ConfigurationError):
    """This request, or this key, cannot be signed; nothing was sent."""

    error = "signing_error"


class ProviderError(OAuthError):
    """The provider's response violates the protocol.

    Attributes:
        status: the HTTP status, or ``None`` without a response.
        problem: the provider's ``oauth_problem`` (Problem Reporting extension), if it sent one.
        excerpt: the beginning of the response, at most 200 characters, with secrets masked.
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
    """The provider refused to issue temporary or token credentials.

    Also a ``ValueError``, which Authlib raises for a refusal in prose with status 200.
    """

    error = "fetch_token_denied"


class TokenExchangeDeniedError(TokenRequestDeniedError):
    """The provider refused to exchange a token of OAuth 1.0 for one of OAuth 2.0. Nothing repeats the exchange.

    ``problem`` is the provider's ``error`` (RFC 6749, section 5.2) or ``oauth_problem``.

    Attributes:
        is_final: whether the provider refuses this token for good, so that a repetition is useless.
        retry_after: the seconds after which it asks to repeat the exchange (``Retry-After``), if it does.
    """

    error = "exchange_denied"

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
        retry_after: float | None = None,
        is_final: bool = False,
    ) -> None:
        super().__init__(
            error, description, uri, provider=provider, step=step, status=status, problem=problem, excerpt=excerpt
        )
        self.retry_after = retry_after
        self.is_final = is_final


class TokenResponseError(ProviderError, ValueError):
    """The provider's response contains no usable token.

    Also a ``ValueError``, which Authlib raises for a response that it cannot parse.
    """

    error = "invalid_token_response"


class TransportError(ProviderError):
    """No response: no connection, no valid certificate, too slow, too long. ``__cause__`` has the details."""

    error = "provider_unreachable"


class AuthorizationDeniedError(OAuthError):
    """The user declined, or the provider did so for the user. ``problem`` is the provider's code."""

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
    """The callback belongs to no login that this browser started."""

    error = "invalid_state"


class MissingRequestTokenError(StateError):
    """The callback has no ``oauth_token``."""

    error = "missing_request_token"


class ExpiredStateError(StateError):
    """The login took longer than its lifetime."""

    error = "expired_state"


class CacheError(OAuthError):
    """The cache with the logins in progress failed. ``__cause__`` is its exception.

    The login cannot continue, and its record is not stored anywhere else. Respond with status 503, and ask the user to
    try again.
    """

    error = "cache_unavailable"


class TokenNotSavedError(OAuthError):
    """The provider has confirmed a new token, and the token store failed to save it. ``__cause__`` is its exception.

    The provider sends the token only once, and can have ended the one before. Save it again, or log the user in again::

        except TokenNotSavedError as error:
            client.save_token(error.token, user=error.user)

    No text contains the token. A pickled error does not have it, either: a task queue would keep it where others read.

    Attributes:
        token: the token, whose ``repr`` masks the secrets; ``None`` after pickling.
        user: whose token it is in the token store.
    """

    error = "token_not_saved"

    def __init__(
        self,
        description: str,
        *,
        token: Mapping[str, str] | None,
        user: Any = None,  # the application's own kind of user
        provider: str | None = None,
        step: str | None = None,
        advice: str = "",
    ) -> None:
        super().__init__(description=description, provider=provider, step=step, advice=advice)
        self.token = token
        self.user = user

    def __reduce__(self) -> tuple[object, ...]:
        return (type(self).__new__, (type(self), *self.args), {**self.__dict__, "token": None})


class ResourceError(OAuthError):
    """The process cannot open another file or socket, or is out of memory. The file or the provider is not the cause.

    ``__cause__`` is the system's exception. Respond with status 503, and check the limits.
    """

    error = "resource_limit"

    @classmethod
    def check(cls, error: BaseException, what: str) -> None:
        """Raise ``ResourceError`` if the limits of the process caused ``error``.

        Args:
            error: the system's exception.
            what: the file or connection that could not be opened.

        Raises:
            ResourceError: the process, or the whole machine, cannot open another file, or is out of memory.

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
    """The callback has no ``oauth_verifier``, although the provider is expected to send one."""

    error = "missing_verifier"


class MissingTokenError(OAuthError):
    """An API call needs a token, but there is none."""

    error = "missing_token"


@contextmanager
def needs(what: str, *extras: str) -> Iterator[None]:
    """Name the extra to install if an import in the block finds that a package is missing.

    The outermost block determines the message, because it names what the user requested. The error of a missing module
    of this package is not changed.

    Args:
        what: the feature that needs the package.
        extras: the extras that install it, each of which is enough; the most likely one first.

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
