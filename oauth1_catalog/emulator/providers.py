"""One provider as the emulator plays it: what its file says, where it lives now, and what it remembers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlsplit

from markupsafe import Markup

from oauth1_catalog.catalog.provider import Provider
from oauth1_catalog.catalog.wildcards import stands_for
from oauth1_catalog.emulator.rewrite import Origins, api_hosts, relocate
from oauth1_catalog.emulator.store import Store
from oauth1_catalog.errors import ConfigurationError
from oauth1_catalog.rfc5849.messages import Response

JUDGED_METHODS = frozenset(
    {"HMAC-SHA1", "HMAC-SHA256", "HMAC-SHA512", "RSA-SHA1", "RSA-SHA256", "RSA-SHA512", "PLAINTEXT"}
)
"""The signature methods that oauthlib can verify."""

TOKEN_ROLES = ("request_token", "access_token", "renew", "revoke")


@dataclass(frozen=True, slots=True)
class Registration:
    """A provider in the emulator; ``key`` is the first part of its paths there.

    Raises:
        ConfigurationError: oauthlib cannot judge this provider's signatures.
    """

    key: str
    original: Provider
    origins: Origins
    store: Store = field(default_factory=Store, repr=False)
    provider: Provider = field(init=False, repr=False)

    def __post_init__(self) -> None:
        name = self.original.name
        if (profile := self.setting("profile", "rfc5849")) != "rfc5849":
            raise ConfigurationError(
                description=f"{name}: the emulator cannot play this provider: its signatures follow the profile "
                f"{profile!r}, and oauthlib, which verifies them here, knows RFC 5849 alone.",
                provider=name,
            )
        if self.signature_method not in JUDGED_METHODS:
            raise ConfigurationError(
                description=f"{name}: the emulator cannot verify {self.signature_method}. It knows "
                f"{', '.join(sorted(JUDGED_METHODS))}.",
                provider=name,
            )
        object.__setattr__(self, "provider", relocate(self.original, self.origins, key=self.key))

    def setting(self, name: str, default: str = "") -> str:
        """One of the provider's ``client_kwargs``, as text."""
        value = self.original.client_kwargs.get(name)
        return default if value is None else str(value)

    @property
    def display_name(self) -> str:
        """What people call the provider."""
        return self.original.display_name or self.original.name

    @property
    def signature_method(self) -> str:
        """The only method that the provider takes."""
        return self.setting("signature_method", "HMAC-SHA1")

    @property
    def realm(self) -> str:
        """The protection space that the provider names in its challenges."""
        realm = self.setting("realm")
        return self.original.name if "{" in realm else realm or self.original.name

    @property
    def gives_secrets(self) -> bool:
        """Whether tokens have a secret; a few providers give them none, or an empty one."""
        return self.original.callback.secret == "required"

    def endpoint(self, role: str) -> str | None:
        """The address of an endpoint in the emulator, ``None`` if the provider has none."""
        provider = self.provider
        urls = {
            "request_token": provider.request_token_url,
            "authorize": provider.authorize_url or f"{self.origins.consent}/{self.key}/authorize/consent",
            "access_token": provider.access_token_url,
            "renew": provider.renew.url if provider.renew else None,
            "revoke": provider.revoke.url if provider.revoke else None,
        }
        return urls[role]

    def method(self, role: str) -> str:
        """The HTTP method of a token endpoint."""
        original = self.original
        if role == "renew" and original.renew:
            return original.renew.method
        if role == "revoke" and original.revoke:
            return original.revoke.method
        return original.request_token_method if role == "request_token" else original.access_token_method

    def serves(self, role: str, url: str) -> bool:
        """Whether ``url``, which came on the wire for ``role``, is an address of this provider."""
        if role == "api":
            asked = "".join(_path(url).split("/")[3:4])
            return any(asked == host or stands_for(host, asked) for host in api_hosts(self.original))
        address = self.endpoint(role)
        if address is None or not leads_to(_path(address), _path(url)):
            return False
        return set(_query(address)) <= set(_query(url))


def leads_to(template: str, path: str) -> bool:
    """Whether a path is that of a template, in which a placeholder stands for one segment.

    >>> leads_to("/users/{user_id}.json", "/users/17.json"), leads_to("/users/{user_id}", "/users/17/friends")
    (True, False)
    """
    return re.fullmatch(re.sub(r"\\\{.*?\\\}", "[^/]+", re.escape(template)), path) is not None


def _path(url: str) -> str:
    return urlsplit(url).path


def _query(url: str) -> list[tuple[str, str]]:
    return parse_qsl(urlsplit(url).query, keep_blank_values=True)


STYLE = Markup("""
:root { color-scheme: light dark; --ink: #1d2433; --soft: #566074; --paper: #f4f5f8; --card: #fff; --line: #d9dde6;
  --accent: #2450c4; --on-accent: #fff; --warn: #fff3cf; --warn-ink: #5b4300; --warn-line: #e3b93c;
  --bad: #a3231a; --good: #1c6b3a; }
@media (prefers-color-scheme: dark) { :root { --ink: #e8eaf0; --soft: #a9b1c3; --paper: #14171f; --card: #1d222d;
  --line: #384052; --accent: #8fb0ff; --on-accent: #10182c; --warn: #3a2f0d; --warn-ink: #ffe6a1;
  --warn-line: #8a6d16; --bad: #ff9a90; --good: #85dba6; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 1rem/1.55 system-ui, sans-serif; }
main { max-width: 42rem; margin: 0 auto; padding: 2rem 1.25rem 4rem; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: .75rem; padding: 1.5rem;
  margin: 0 0 1.25rem; }
.emulation { background: var(--warn); color: var(--warn-ink); border-bottom: 2px solid var(--warn-line);
  padding: .75rem 1.25rem; text-align: center; }
h1 { font-size: 1.6rem; line-height: 1.25; margin: 0 0 .75rem; overflow-wrap: anywhere; }
h2 { font-size: 1.1rem; margin: 1.5rem 0 .5rem; }
p { margin: 0 0 .9rem; }
a { color: var(--accent); }
small, .soft { color: var(--soft); }
code, output { font-family: ui-monospace, "DejaVu Sans Mono", monospace; font-size: .92em; overflow-wrap: anywhere; }
output { display: block; font-size: 2.2rem; letter-spacing: .2em; margin: .5rem 0 1rem; }
dl { display: grid; grid-template-columns: minmax(8rem, max-content) 1fr; gap: .4rem 1rem; margin: 0 0 1rem; }
dt { color: var(--soft); }
dd { margin: 0; overflow-wrap: anywhere; }
label { display: block; font-weight: 600; margin: 0 0 .25rem; }
input { font: inherit; color: inherit; background: var(--paper); border: 1px solid var(--soft); border-radius: .4rem;
  padding: .5rem .65rem; width: 100%; max-width: 20rem; }
.buttons { display: flex; flex-wrap: wrap; gap: .75rem; margin: 1.25rem 0 0; }
button, .button { font: inherit; font-weight: 600; cursor: pointer; border-radius: .5rem; padding: .6rem 1.2rem;
  border: 1px solid var(--accent); background: transparent; color: var(--accent); text-decoration: none; }
button.first, .button.first { background: var(--accent); color: var(--on-accent); }
button:focus-visible, a:focus-visible, input:focus-visible { outline: 3px solid var(--warn-line); outline-offset: 2px; }
.bad { color: var(--bad); } .good { color: var(--good); }
ul.providers { list-style: none; margin: 0; padding: 0; }
ul.providers li { display: flex; flex-wrap: wrap; align-items: center; gap: .25rem 1rem; padding: .7rem 0;
  border-top: 1px solid var(--line); }
ul.providers li:first-child { border-top: 0; }
ul.providers .name { flex: 1 1 9rem; }
ul.providers small { display: block; }
@media (max-width: 30rem) { dl { grid-template-columns: 1fr; gap: 0; } dd { margin-bottom: .6rem; } }
""")

_DOCUMENT = Markup("""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<link rel="icon" href="data:,">
<style>{style}</style>
</head>
<body>
<div class="emulation" role="note">{note}</div>
<main>
{content}
</main>
</body>
</html>
""")

HEADERS = {
    "Content-Type": "text/html; charset=utf-8",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": (
        "default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'"
    ),
}


def document(title: str, *, note: Markup, content: Markup) -> str:
    """A whole page.

    Args:
        title: the window's title.
        note: what stands at the top of each page: that nothing here is real.
        content: the rest.
    """
    return _DOCUMENT.format(title=title, style=STYLE, note=note, content=content)


def page(title: str, *, note: Markup, content: Markup, status: int = 200) -> Response:
    """A whole page as an answer."""
    return Response(status, HEADERS, document(title, note=note, content=content).encode("utf-8"))


def facts(pairs: Mapping[str, object]) -> Markup:
    """A list of names and values.

    >>> facts({"a": "<b>"})
    Markup('<dl><dt>a</dt><dd>&lt;b&gt;</dd></dl>')
    """
    return Markup("<dl>{}</dl>").format(
        Markup("").join(Markup("<dt>{}</dt><dd>{}</dd>").format(name, value) for name, value in pairs.items())
    )
