"""Why a provider rejects a request: the response with the reason.

Refusals follow the Problem Reporting extension of OAuth 1.0 (wiki.oauth.net/12238543). The problem is in the body and
the ``WWW-Authenticate`` header; the statuses are those of OAuth Core 1.0a, section 10.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import quote, urlencode

from oauth1_catalog.rfc5849.messages import Response

_BAD_REQUEST = frozenset(
    {"version_rejected", "parameter_absent", "parameter_rejected", "signature_method_rejected", "permission_unknown"}
)
_FORM = "application/x-www-form-urlencoded"
_LONGEST_FIELD = 4096
"""The longest field of the header, in characters."""


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
        fields = [f'{name}="{quote(value, safe="")}"' for name, value in report.items()]
        # Clients refuse long headers; the body has all of it.
        challenge = ", ".join(field for field in fields if len(field) <= _LONGEST_FIELD)
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
