"""Ask a provider's endpoints whether they still speak OAuth 1.0: which requests, when, and what their answers show.

The steps are a generator, which yields requests and pauses, and is resumed with answers. It needs no socket.

Rule 1: no request contains a real key or a token, and no token of an answer is kept or shown.
Rule 2: a run is polite. It sends one request at a time, with a pause between two for the same host. It reads robots.txt
before the first request to a server, and does what it asks. A host that asks to wait is not asked again in this run.
Rule 3: no redirect leads to another host, and no request to a local host, unless the user asks for it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import urljoin

from oauth1_catalog.access import LocalHosts
from oauth1_catalog.catalog.provider import Provider
from oauth1_catalog.diagnosis.liveness import Finding, api, no_answer, page, token_endpoint
from oauth1_catalog.errors import OAuthError, TransportError
from oauth1_catalog.flow.driver import Steps
from oauth1_catalog.flow.redirection import authorization_url, request_temporary_credentials, token_request
from oauth1_catalog.hosts import authority_of, is_loopback, origin_of
from oauth1_catalog.registry.effects import Pause
from oauth1_catalog.rfc5849 import Signer
from oauth1_catalog.rfc5849.messages import ClientCredentials, Request, Response, TemporaryCredentials

AGENT = "oauth1-catalog-probe"
"""The name in the User-Agent, for robots.txt, and the made-up key, token and signature."""

PAGES = frozenset({"authorize_url", "docs_url"})
"""The fields whose addresses are pages for people."""

MAX_REDIRECTS = 3
"""How many redirects of a documentation page are followed, on the same host."""

MAX_ROBOTS_REDIRECTS = 5
"""How many redirects of a robots.txt are followed, on the same host (RFC 9309, section 2.3.1.2)."""

MAX_CRAWL_DELAY = 60.0
"""The longest pause that robots.txt can ask for, in seconds."""

ProbeSteps = Generator["Request | Pause", Any, "dict[str, Finding]"]  # a request is answered with a Response


class Robots(Protocol):
    """The rules of a robots.txt (RFC 9309), as Protego reads them."""

    def can_fetch(self, url: str, user_agent: str) -> bool:
        """Whether a program may ask for a URL."""
        ...

    def crawl_delay(self, user_agent: str) -> float | None:
        """The pause between two requests, in seconds."""
        ...


@dataclass(frozen=True, slots=True)
class Target:
    """One endpoint: the field of the provider's file, and the request for it."""

    field: str
    request: Request


@dataclass(frozen=True, slots=True)
class _MadeUp:
    """A signature that no key makes, so that no private key is needed."""

    name: str
    hash_name: str | None = "sha1"

    def sign(self, base_string: str, client_secret: str, token_secret: str) -> str:  # noqa: ARG002 - the protocol's
        """The same text for every request."""
        return AGENT


def targets(provider: Provider, docs_url: str | None, *, user_agent: str) -> Iterator[Target]:
    """The requests for a provider: to its token endpoints, the consent page and the documentation.

    A provider without token endpoints is asked for its API instead.

    >>> provider = Provider(name="acme", request_token_url="https://acme.example/request")
    >>> [target.request.method for target in targets(provider, "https://acme.example/docs", user_agent="x")]
    ['POST', 'GET']
    """
    provider = dataclasses.replace(provider, user_agent=user_agent)
    signing: dict[str, Any] = {**provider.client_kwargs}
    method = _MadeUp(str(signing.pop("signature_method", "HMAC-SHA1")))
    signer = Signer(ClientCredentials(AGENT, AGENT), signature_method=method, allow_plaintext_over_http=True, **signing)
    token = TemporaryCredentials(AGENT, AGENT)
    if provider.request_token_url:
        steps = request_temporary_credentials(provider, signer)
        yield Target("request_token_url", _first(steps))
    if provider.access_token_url:
        credentials = None if "signed_grant" in provider.flows else token
        verifier = {"oauth_verifier": AGENT} if credentials else None
        step = token_request(
            provider,
            signer,
            step="access_token",
            credentials=credentials,
            protocol=verifier,
            placeholders={"oauth_token": AGENT},
        )
        yield Target("access_token_url", _first(step))
    elif provider.api_base_url and not provider.request_token_url:
        credentials = token if "static_token" in provider.flows else None
        yield Target(
            "api_base_url",
            signer.at("HEADER").sign(Request("GET", _resource(provider), provider.all_headers), credentials),
        )
    headers = {"User-Agent": user_agent, "Accept": "text/html, */*;q=0.8"}
    if provider.authorize_url and not provider.authorize_url_field:
        url = authorization_url(provider, token, client_id=AGENT)
        yield Target("authorize_url", Request("GET", url.partition("#")[0], headers))
    if docs_url:
        yield Target("docs_url", Request("GET", docs_url.partition("#")[0], headers))


def targets_of_environment(provider: Provider, known: Iterable[Target], *, user_agent: str) -> Iterator[Target]:
    """The requests for another installation of a provider, such as a sandbox, without those that are known.

    Args:
        provider: the provider in this environment.
        known: the requests for the provider itself.
        user_agent: as for ``targets``.
    """
    asked = {_address(target) for target in known}
    for target in targets(provider, None, user_agent=user_agent):
        if _address(target) not in asked:
            yield Target(f"environments.{provider.environment}.{target.field}", target.request)


def _address(target: Target) -> str:
    return target.request.url.partition("?")[0]


def _first(steps: Steps[Any]) -> Request:
    request = next(steps)
    steps.close()
    return request


def _resource(provider: Provider) -> str:
    """The address of the profile if it is a plain path, otherwise the base of the API."""
    base = provider.api_base_url or ""
    profile = provider.userinfo
    is_plain = profile is not None and profile.method == "GET" and profile.endpoint != "token_response"
    return urljoin(base, profile.endpoint) if profile and is_plain and "{" not in profile.endpoint else base


@dataclass(slots=True)
class _Host:
    """What a run knows about a host."""

    ready: float = 0.0
    closed: Finding | None = None


@dataclass(slots=True)
class Run:
    """One run: the hosts that it has asked, and until when it lasts.

    Args:
        user_agent: who asks, and where to complain.
        read_robots: reads the text of a robots.txt.
        clock: seconds; ``time.monotonic`` outside of tests.
        pause: seconds between two requests for the same host. This machine needs none.
        end: when the run ends, by ``clock``.
        local_hosts: the hosts that are not public and may be asked.
    """

    user_agent: str
    read_robots: Callable[[str], Robots]
    clock: Callable[[], float]
    pause: float
    end: float
    local_hosts: LocalHosts = field(default_factory=lambda: LocalHosts(loopback=False))
    _hosts: dict[str, _Host] = field(default_factory=dict)
    _robots: dict[str, Robots | None] = field(default_factory=dict)

    def probe(self, wanted: Iterable[Target]) -> ProbeSteps:
        """Ask each target, and return what its answer shows, by field."""
        found: dict[str, Finding] = {}
        for target in wanted:
            found[target.field] = yield from self._ask(target)
        return found

    def _ask(self, target: Target) -> Generator[Request | Pause, Any, Finding]:
        request = target.request
        for _ in range(MAX_REDIRECTS + 1):
            answer = yield from self._send_politely(request)
            if isinstance(answer, Finding):
                is_long = answer.status is not None and 200 <= answer.status < 300 and _kind(target.field) in PAGES
                return Finding("there", answer.reason, answer.status) if is_long else answer
            finding = _read(target.field, answer, request.url)
            following = _following(answer, request) if _kind(target.field) == "docs_url" else None
            if following is None:
                break
            request = following
        return finding

    def _send_politely(self, request: Request) -> Generator[Request | Pause, Any, Response | Finding]:
        """The answer, or the reason why there is none."""
        origin = origin_of(request.url)
        if not self.local_hosts.allows(origin.host):
            return Finding("unclear", "not asked, because its host is local or an IP address")
        host = self._hosts.setdefault(origin.host, _Host())
        server = f"{origin.scheme}://{authority_of(request.url)}"
        if host.closed is None and server not in self._robots:
            yield from self._read_robots(server, host)
        if host.closed is not None:
            return host.closed
        robots = self._robots[server]
        if robots is not None and not robots.can_fetch(request.url, AGENT):
            return Finding("blocked", "not asked, because robots.txt disallows it")
        return (yield from self._send(request, host, robots))

    def _read_robots(self, server: str, host: _Host) -> Generator[Request | Pause, Any, None]:
        """Read the rules of a server (RFC 9309, section 2.3.1).

        It has none if it answers with a status of 4xx, or with a redirect that is not followed.
        """
        request = Request("GET", f"{server}/robots.txt", {"User-Agent": self.user_agent})
        for _ in range(MAX_ROBOTS_REDIRECTS + 1):
            answer = yield from self._send(request, host, None)
            following = None if isinstance(answer, Finding) else _following(answer, request)
            if following is None:
                break
            request = following
        if isinstance(answer, Finding):
            host.closed = host.closed or answer
        elif answer.status >= 500:
            host.closed = Finding("unreachable", f"not asked, because robots.txt fails with {answer.status}")
        else:
            self._robots[server] = self.read_robots(answer.text) if 200 <= answer.status < 300 else None

    def _send(
        self, request: Request, host: _Host, robots: Robots | None
    ) -> Generator[Request | Pause, Any, Response | Finding]:
        wait = max(host.ready - self.clock(), 0.0)
        if self.clock() + wait >= self.end:
            return Finding("unclear", "not asked, because the time of the run is over")
        if wait:
            yield Pause(wait)
        try:
            answer: Response = yield request
        except TransportError as error:
            found = no_answer(error.cause)
            # An answer that is too long has a status. That is enough for a page.
            return found if error.status is None else Finding("unclear", found.reason, error.status)
        except OAuthError as error:  # such as an address that cannot be sent as it is written
            return Finding("unclear", f"not asked: {error.cause[:100]}")
        finally:
            host.ready = self.clock() + self._pause_for(request, robots)
        if answer.status == 429 or (answer.status == 503 and answer.header("Retry-After")):
            host.closed = _read("request_token_url", answer, request.url)
        return answer

    def _pause_for(self, request: Request, robots: Robots | None) -> float:
        if is_loopback(origin_of(request.url).host):
            return 0.0
        delay = (robots.crawl_delay(AGENT) if robots is not None else None) or 0.0
        return max(self.pause, min(float(delay), MAX_CRAWL_DELAY))


def _kind(name: str) -> str:
    """The field whose kind of answer counts, also for an environment's."""
    return name.rpartition(".")[2]


def _read(name: str, answer: Response, url: str) -> Finding:
    name = _kind(name)
    if name in PAGES:
        return page(answer, url, is_consent=name == "authorize_url")
    return (api if name == "api_base_url" else token_endpoint)(answer, url)


def _following(answer: Response, request: Request) -> Request | None:
    """The request that a redirect leads to, if it stays on the same host and does not leave https."""
    if answer.status not in {301, 302, 303, 307, 308} or not (place := answer.header("Location")):
        return None
    try:
        url = urljoin(request.url, place).partition("#")[0]
        there, here = origin_of(url), origin_of(request.url)
    except ValueError:
        return None
    is_upgrade = (here.scheme, there.scheme) == ("http", "https")
    if url == request.url or there.host != here.host or (there != here and not is_upgrade):
        return None
    return Request("GET", url, request.headers)
