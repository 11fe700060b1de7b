"""What a page reads off a provider of ``catalog.json``, in words.

A provider is the JSON object as it stands: every field is there, and an absent value is ``null``. Nothing else is read.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from oauth1_catalog.catalog.data import from_published
from oauth1_catalog.catalog.grade import Support, support_of
from oauth1_catalog.catalog.validation import model_of

Provider = Mapping[str, Any]
"""A provider of ``catalog.json``."""

FLOWS = {
    "redirect": "users log in with a browser",
    "two_legged": "the client gets a token without a user",
    "static_token": "the provider's console issues a token",
    "signed_client": "calls are signed with the client's keys only",
    "signed_grant": "a signed request gets a token of another kind",
    "xauth": "a user's name and password are exchanged for a token",
}
KEYS = {
    "open": "everyone can get keys",
    "review": "the provider reviews each application",
    "paid": "only with a paid account or for a fee",
    "closed": "the provider gives no new keys",
    "unknown": "no source answers whether the provider gives new keys",
}
STATUS = {
    "active": "OAuth 1.0 works",
    "limited": "OAuth 1.0 works, but new keys are not available, or this is unknown",
    "deprecated": "OAuth 1.0 is going to end",
    "retired": "OAuth 1.0 was switched off",
}
KINDS = {
    "live_test": "a live test",
    "provider_docs": "the provider's documentation",
    "provider_response": "an answer of the provider",
    "library": "a library",
    "community": "a community source",
}
LABELS = {
    "client_id": "Client ID",
    "client_secret": "Client secret",
    "rsa_key": "Private key",
    "token": "Token",
    "token_secret": "Token secret",
}


class Setting(NamedTuple):
    """Something that an application configures.

    Attributes:
        name: the parameter, such as ``client_id``.
        about: what it is.
        default: the value without it.
        example: a valid value.
        required: whether every application needs it.
    """

    name: str
    about: str
    default: str | None = None
    example: str | None = None
    required: bool = True


def support(provider: Provider) -> Support:
    """The grade and the age of the evidence, which the library computes from the same JSON."""
    return support_of(model_of(from_published(provider)))


def is_retired(provider: Provider) -> bool:
    """Whether OAuth 1.0 is switched off."""
    return bool(provider["status"] == "retired")


def variable(provider: Provider, parameter: str) -> str:
    """The name of a setting in the environment.

    >>> variable({"name": "twitter"}, "client_id")
    'TWITTER_CLIENT_ID'
    """
    return f"{provider['name']}_{parameter}".upper()


def web_flow(provider: Provider) -> str | None:
    """The flow of the examples for web frameworks; ``None`` if a web application cannot log in here."""
    flows = provider["flows"]
    if "redirect" not in flows:
        return str(flows[0])
    callback = provider["callback"]
    if callback["value"] == "oob" and not callback["registered"]:
        return next((str(flow) for flow in flows if flow != "redirect"), None)  # only a PIN, which a person types
    return "redirect"


def script_flow(provider: Provider) -> str:
    """The flow of the examples for scripts: a token that exists already, if there can be one."""
    flows = provider["flows"]
    return next((flow for flow in ("static_token", "redirect", "xauth") if flow in flows), str(flows[0]))


def can_be_fixated(provider: Provider) -> bool:
    """Whether a login needs ``allow_session_fixation=True``."""
    rules = provider["callback"]
    without_verifier = rules["verifier"] == "none"
    # A verifier that may be missing is required without the switch, and so is the confirmation (RFC 5849).
    unconfirmed = rules["verifier"] == "optional" and rules["confirmed"] == "none"
    return "redirect" in provider["flows"] and (without_verifier or unconfirmed)


def settings(provider: Provider) -> Iterator[Setting]:
    """What an application configures, beside the options."""
    labels = provider["credential_labels"]
    required = provider["required_credentials"]

    def called(credential: str) -> str:
        label = labels[credential] or LABELS[credential]
        return f"{label}: PEM text, or the path of the file" if credential == "rsa_key" else label

    for credential in required:
        yield Setting(credential, called(credential))
    if provider["flows"] != ["signed_client"]:
        where = "from the console" if "static_token" in provider["flows"] else "of your own account"
        only = web_flow(provider) == "static_token"
        for credential in ("token", "token_secret"):
            if credential not in required:
                about = f"{called(credential)} {where}{'' if only else ', for a script'}"
                yield Setting(credential, about, required=only)
    for name, about in _own_variables(provider):
        default = about["default"]
        yield Setting(name, about["description"] or name, default, about["example"], required=default is None)
    if provider["user_agent"]["required"]:
        example = provider["user_agent"]["example"]
        yield Setting("user_agent", "The name of your application, and how to reach you", None, example)
    if provider["successor"] and provider["successor"]["auth"] == "client":
        for part in ("id", "secret"):
            about = f"Client {'ID' if part == 'id' else part} of OAuth 2.0, for the exchange of tokens"
            yield Setting(f"oauth2_client_{part}", about, required=False)


def _own_variables(provider: Provider) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The variables that an application can set."""
    return ((name, about) for name, about in provider["variables"].items() if about["from"] is None)


def is_self_hosted(provider: Provider) -> bool:
    """Whether a setting is the address of a server."""
    return any(about["format"] for _, about in _own_variables(provider))


def hosts(provider: Provider) -> list[str]:
    """The hosts for signed API calls, as the file has them."""
    base = provider["api_base_url"] or ""
    own = base.partition("://")[2].partition("/")[0] if "://" in base else base.rstrip("/")
    return list(dict.fromkeys(filter(None, [own, *provider["api_hosts"]])))


def period(seconds: int) -> str:
    """A time in the largest unit in which it is a whole number.

    >>> period(900), period(86400), period(90), period(3600), period(31536000)
    ('15 minutes', 'a day', '90 seconds', 'an hour', '365 days')
    """
    for unit, size in (("day", 86400), ("hour", 3600), ("minute", 60)):
        if seconds % size == 0:
            count = seconds // size
            article = "an" if unit == "hour" else "a"
            return f"{article} {unit}" if count == 1 else f"{count:,} {unit}s"
    return "a second" if seconds == 1 else f"{seconds:,} seconds"
