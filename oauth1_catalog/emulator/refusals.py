"""Why a provider rejects a request: the response with the reason, and the mistake behind a wrong signature.

Refusals follow the Problem Reporting extension of OAuth 1.0 (wiki.oauth.net/12238543). The problem is in the body and
the ``WWW-Authenticate`` header; the statuses are those of OAuth Core 1.0a, section 10.

For a wrong signature, ``diagnose`` repeats the usual mistakes and reports the one that leads to the same signature.
oauthlib computes the signatures. No diagnosis contains a secret.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

from oauthlib.oauth1.rfc5849 import signature

from oauth1_catalog.rfc5849.messages import Response

_BAD_REQUEST = frozenset(
    {"version_rejected", "parameter_absent", "parameter_rejected", "signature_method_rejected", "permission_unknown"}
)
_FORM = "application/x-www-form-urlencoded"


class Refusal(Exception):  # noqa: N818 - the emulator works as it should
    """The provider rejects a request.

    Args:
        problem: a value of ``oauth_problem``, such as ``"signature_invalid"``.
        advice: for the developer: what was wrong, and what the provider expects.
        details: more parameters of the extension, such as ``oauth_parameters_absent``.
        status: the HTTP status. Default: the status of the problem.
        log_lines: more lines for the log of the emulator.

    >>> Refusal("nonce_used", "This nonce was used before.").response("example").status
    401
    """

    def __init__(
        self,
        problem: str,
        advice: str,
        *,
        details: Mapping[str, str] | None = None,
        status: int | None = None,
        log_lines: Sequence[str] = (),
    ) -> None:
        super().__init__(f"{problem}: {advice}")
        self.problem = problem
        self.advice = advice
        self.details: dict[str, str] = dict(details or {})
        self.log_lines: tuple[str, ...] = tuple(log_lines)
        self.status: int = status or (400 if problem in _BAD_REQUEST else 401)

    def response(self, realm: str) -> Response:
        """The HTTP response, for the protection space ``realm``."""
        report = {"oauth_problem": self.problem, "oauth_problem_advice": self.advice, **self.details}
        challenge = ", ".join(f'{name}="{quote(value, safe="")}"' for name, value in report.items())
        return Response(
            self.status,
            {"Content-Type": _FORM, "WWW-Authenticate": f'OAuth realm="{realm}", {challenge}'},
            urlencode(report, quote_via=quote).encode("ascii"),
        )


def absent(*names: str) -> Refusal:
    """Required parameters are missing.

    >>> absent("oauth_nonce").details
    {'oauth_parameters_absent': 'oauth_nonce'}
    """
    return Refusal(
        "parameter_absent",
        f"Not there: {', '.join(names)}.",
        details={"oauth_parameters_absent": "&".join(names)},
    )


def rejected(name: str, advice: str) -> Refusal:
    """A parameter has a value that the provider does not accept."""
    return Refusal("parameter_rejected", advice, details={"oauth_parameters_rejected": name})


Pairs = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Signed:
    """The signed parts of a request, under the names that oauthlib uses."""

    http_method: str
    uri: str
    params: Pairs
    signature: str

    @property
    def base_string(self) -> str:
        """The signature base string (RFC 5849, section 3.4.1), as oauthlib computes it."""
        normalized = signature.normalize_parameters(self.params)  # type: ignore[arg-type]  # the stub says dict
        uri = signature.base_string_uri(self.uri)
        return signature.signature_base_string(self.http_method, uri, normalized)  # type: ignore[arg-type]  # any method


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """The likely mistake as a sentence, and the base string that was signed; both empty if it is unknown."""

    mistake: str = ""
    signed: str = ""


Verify = Callable[[Signed, str, str], bool]
"""Whether a signature is valid for a client secret and a token secret."""


def diagnose(
    right: Signed, verify: Verify, *, client_secret: str, token_secret: str, real_url: str, form: Pairs
) -> Diagnosis:
    """The mistake that explains a wrong signature.

    Args:
        right: what the client should have signed.
        verify: compares a signature with the provider's method.
        client_secret: the secret that the client should use.
        token_secret: the secret that the client should use; empty without a token.
        real_url: the address at the real provider, which the client may have signed.
        form: the parameters of the request's form.
    """
    secrets = {
        "": (client_secret, token_secret),
        "the token's secret was left out of the key": (client_secret, ""),
        "the client secret was left out of the key": ("", token_secret),
        "the client secret and the token's secret were exchanged": (token_secret, client_secret),
        "the key was empty": ("", ""),
    }
    for about, signed in (("", right), *_variants(right, real_url, form)):
        for of_key, (client, token) in secrets.items():
            if (about or of_key) and verify(signed, client, token):
                mistake = " and ".join(filter(None, (about, of_key)))
                return Diagnosis(f"{mistake[0].upper()}{mistake[1:]}.", signed.base_string)
    return Diagnosis()


def _variants(right: Signed, real_url: str, form: Pairs) -> Iterator[tuple[str, Signed]]:
    """What clients sign by mistake, each with a description."""
    for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
        if method != right.http_method:
            yield (
                f"the method {method} was signed, and {right.http_method} was sent",
                replace(right, http_method=method),
            )
    parts = urlsplit(right.uri)
    query = parse_qsl(parts.query, keep_blank_values=True)
    if query:
        yield "the query's parameters were not signed", replace(right, params=_without(right.params, query))
    if form:
        yield "the form's parameters were not signed", replace(right, params=_without(right.params, form))
    if any(" " in value for _, value in right.params):
        plus = [(name, value.replace(" ", "+")) for name, value in right.params]
        yield "blanks were signed as `+`, not as `%20`", replace(right, params=plus)
    encoded = [(name, quote(value, safe="~")) for name, value in right.params]
    if encoded != list(right.params):
        yield "values were percent-encoded twice", replace(right, params=encoded)
    real = urlsplit(real_url)._replace(query=parts.query)
    addresses = {
        "the provider's real address was signed": real,
        "`http:` was signed, and the request came by `https:`": parts._replace(scheme="http"),
        "the address was signed without its port": parts._replace(netloc=parts.hostname or ""),
        "another `/` at the end of the path was signed": parts._replace(path=_other_end(parts.path)),
    }
    for about, address in addresses.items():
        if address.netloc:
            yield about, replace(right, uri=urlunsplit(address))


def _without(params: Pairs, taken: Pairs) -> Pairs:
    rest = list(params)
    for pair in taken:
        if pair in rest:
            rest.remove(pair)
    return rest


def _other_end(path: str) -> str:
    return path.removesuffix("/") if path.endswith("/") else f"{path}/"


_PASSWORD = re.compile(r"(x_auth_password%3D).*?(?=%26|$)")


def shown(base_string: str) -> str:
    """A base string for the log; passwords are masked.

    >>> shown("POST&https%3A%2F%2Fa.example%2F&x_auth_mode%3Dclient_auth%26x_auth_password%3Dhush%26z%3D1")
    'POST&https%3A%2F%2Fa.example%2F&x_auth_mode%3Dclient_auth%26x_auth_password%3D********%26z%3D1'
    """
    return _PASSWORD.sub(r"\1********", base_string)
