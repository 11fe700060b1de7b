"""P088: what a session token needs from other fields."""

from __future__ import annotations

from collections.abc import Iterator

from oauth1_catalog.catalog.document import Diagnostic
from oauth1_catalog.catalog.rules import Rule, Subject

_KEYS = ("encryption_key", "dh_parameters")


def session_tokens_can_be_made(subject: Subject) -> Iterator[Diagnostic]:
    """P088: the request for a session token is signed with RSA, the keys are required, and calls are signed."""
    file = subject.file
    if file.session_token is None or subject.is_silenced(("session_token",)):
        return

    def finding(field: str, message: str, hint: str) -> Iterator[Diagnostic]:
        if not subject.is_silenced((field,)):
            yield subject.entry.diagnostic("P088", message, ("session_token",), key=True, hint=hint)

    method = file.client_kwargs.signature_method or "HMAC-SHA1"
    if not method.startswith("RSA-"):
        message = f"the request for a session token is signed with RSA, and not with {method}"
        yield from finding("client_kwargs", message, "write `client_kwargs: {signature_method: RSA-SHA256}`")
    if missing := [key for key in _KEYS if key not in (file.required_credentials or ())]:
        message = f"a session token needs {' and '.join(f'`{key}`' for key in missing)}"
        yield from finding("required_credentials", message, "add them to `required_credentials`")
    if file.api_auth != "signature":
        message = f"calls with `api_auth: {file.api_auth}` are not signed with a session token"
        yield from finding("api_auth", message, "delete `api_auth` or `session_token`")
    if file.renew is not None:
        message = "`renew_token()` agrees on a new session token, so `renew` has no effect"
        yield from finding("renew", message, "delete `renew`")


RULES: tuple[Rule, ...] = (session_tokens_can_be_made,)
