"""What the emulated provider says when it refuses: the Problem Reporting extension of OAuth 1.0.

Source: wiki.oauth.net/12238543. The problem stands in the body and in the ``WWW-Authenticate`` header; the statuses are
those of OAuth Core 1.0a, section 10.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import quote, urlencode

from oauth1_catalog.rfc5849.messages import Response

_BAD_REQUEST = frozenset(
    {"version_rejected", "parameter_absent", "parameter_rejected", "signature_method_rejected", "permission_unknown"}
)
_FORM = "application/x-www-form-urlencoded"


class Refusal(Exception):  # noqa: N818 - it is an answer, not a fault of the emulator
    """The provider refuses a request.

    Args:
        problem: a value of ``oauth_problem``, such as ``"signature_invalid"``.
        advice: one sentence for the developer: what was wrong, and what the provider wants.
        details: further parameters of the extension, such as ``oauth_parameters_absent``.
        status: the HTTP status, if it is not the problem's own.
        told: further lines for the terminal of the emulator.

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
        told: Sequence[str] = (),
    ) -> None:
        super().__init__(f"{problem}: {advice}")
        self.problem = problem
        self.advice = advice
        self.details = dict(details or {})
        self.told = tuple(told)
        self.status = status or (400 if problem in _BAD_REQUEST else 401)

    def response(self, realm: str) -> Response:
        """The refusal as an answer, for the protection space ``realm``."""
        report = {"oauth_problem": self.problem, "oauth_problem_advice": self.advice, **self.details}
        challenge = ", ".join(f'{name}="{quote(value, safe="")}"' for name, value in report.items())
        return Response(
            self.status,
            {"Content-Type": _FORM, "WWW-Authenticate": f'OAuth realm="{realm}", {challenge}'},
            urlencode(report, quote_via=quote).encode("ascii"),
        )


def absent(*names: str) -> Refusal:
    """Parameters that must be there are not.

    >>> absent("oauth_nonce").details
    {'oauth_parameters_absent': 'oauth_nonce'}
    """
    return Refusal(
        "parameter_absent",
        f"Not there: {', '.join(names)}.",
        details={"oauth_parameters_absent": "&".join(names)},
    )


def rejected(name: str, advice: str) -> Refusal:
    """A parameter is there, but not as the provider wants it."""
    return Refusal("parameter_rejected", advice, details={"oauth_parameters_rejected": name})


@dataclass(frozen=True, slots=True)
class Fault:
    """What happens instead of the right answer; ``response`` is ``None`` where the connection is dropped."""

    response: Response | None
    role: str | None = None
    provider: str | None = None


@dataclass(slots=True)
class Faults:
    """The failures that are still to come, in their order.

    >>> faults = Faults()
    >>> faults.add(Fault(Response(500), role="access_token"), times=1)
    >>> faults.take("twitter", "request_token"), faults.take("twitter", "access_token").response.status
    (None, 500)
    >>> faults.take("twitter", "access_token")
    """

    _waiting: list[Fault] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, fault: Fault, *, times: int) -> None:
        """Let the next ``times`` requests that ``fault`` is for fail."""
        with self._lock:
            self._waiting += [fault] * times

    def take(self, provider: str, role: str) -> Fault | None:
        """The failure of this request, if it is to fail."""
        with self._lock:
            for fault in self._waiting:
                if fault.role in {None, role} and fault.provider in {None, provider}:
                    self._waiting.remove(fault)
                    return fault
        return None
