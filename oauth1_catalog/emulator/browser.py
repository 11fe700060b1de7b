"""What a browser does at the consent page, over real HTTP: open it, press a button, stop at the redirect."""

from __future__ import annotations

from html.parser import HTMLParser
from urllib.parse import urljoin

from oauth1_catalog.errors import ProviderError


class _Page(HTMLParser):
    """Finds the form's fields and the PIN of a consent page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.fields: dict[str, str] = {}
        self.action: str | None = None
        self.pin = ""
        self._in_pin = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        if tag == "form":
            self.action = found.get("action") or ""
        elif tag == "input" and found.get("name"):
            self.fields[str(found["name"])] = found.get("value") or ""
        self._in_pin = found.get("id") == "pin"

    def handle_endtag(self, tag: str) -> None:  # noqa: ARG002 - HTMLParser's signature
        self._in_pin = False

    def handle_data(self, data: str) -> None:
        if self._in_pin:
            self.pin += data.strip()


def press(authorize_url: str, *, fields: dict[str, str], verify: str | bool = True, timeout: float = 30) -> str:
    """Open the consent page, send its form with ``fields``; gives the redirect's address, or the PIN.

    Raises:
        ProviderError: the page is no consent page, or its answer is neither a redirect nor a PIN.
    """
    import requests

    with requests.Session() as browser:
        browser.trust_env = False
        got = browser.get(authorize_url, timeout=timeout, verify=verify)
        page = _Page(got.text)
        if got.status_code != 200 or page.action is None:
            raise ProviderError(
                description=f"the emulator shows no consent page, but status {got.status_code}.",
                step="authorize",
                status=got.status_code,
            )
        sent = browser.post(
            urljoin(authorize_url, page.action),
            data={**page.fields, **fields},
            allow_redirects=False,
            timeout=timeout,
            verify=verify,
        )
        answer = sent.headers.get("Location") or _Page(sent.text).pin
    if not answer and fields.get("decision") != "deny":
        raise ProviderError(
            description=f"the emulator's consent page answered {sent.status_code} with neither a redirect nor a PIN.",
            step="authorize",
            status=sent.status_code,
        )
    return answer
