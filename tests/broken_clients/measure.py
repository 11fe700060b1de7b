"""Other people's client libraries call the emulator: as they are, and broken on purpose as applications break them.

The programs are ours, the libraries theirs. A program makes the calls of a JSON file, and prints the answers.
"""

from __future__ import annotations

import json
import random
import subprocess
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal
from urllib.parse import parse_qs

from oauth1_catalog import Catalog
from oauth1_catalog.emulator import Emulator
from oauth1_catalog.rfc5849.messages import Request
from tests.foreign.environments import NODE, node_missing, python_of
from tests.foreign.verifiers import debian

PROGRAMS = Path(__file__).parent / "programs"


@dataclass(frozen=True)
class Break:
    """One way to break an application.

    Attributes:
        title: for the table.
        expected: the names of mistakes, or of the problem; one of them has to be named.
        job: how the call differs from the usual one.
    """

    title: str
    expected: tuple[str, ...]
    job: dict[str, Any]


QUERY = [["q", "two words/ü!"], ["lang", "de"]]
FIELDS = [["text", "a b&c"], ["title", "x=y"]]
JSON = '{"text": "a b", "number": 7}'


def by_form(title: str, *expected: str) -> Break:
    return Break(title, expected, {"method": "POST", "query": [], "form": FIELDS})


def by_json(title: str, *expected: str, **job: Any) -> Break:
    return Break(title, expected, {"method": "POST", "query": [], "json": JSON, **job})


def login(title: str, *expected: str) -> Break:
    return Break(title, expected, {"method": "POST", "query": [], "endpoint": "request_token", "path": ""})


BREAKS = {
    "swapped": Break("the secrets are exchanged", ("secrets-exchanged",), {}),
    "no_token_secret": Break("the token secret is forgotten", ("token-secret-missing",), {}),
    "newline": Break("a key is read from a file with its line break", ("space-around-secret",), {}),
    "quotes": Break("a key is read from a file with its quotation marks", ("quotes-around-secret",), {}),
    "identifier": Break("an identifier is passed as a secret", ("identifier-for-secret",), {}),
    "secrets_raw": Break("the secrets are not encoded in the key", ("secrets-not-encoded",), {}),
    "ampersand": login("the & after the client secret is forgotten", "ampersand-missing"),
    "query_appended": Break("the query is appended after signing", ("query-left-out",), {}),
    "form_unsigned": by_form("the form is added after signing", "form-left-out"),
    "json_as_form": by_json("a JSON body is signed as a form", "json-signed"),
    "http": Break("http is signed behind a proxy with TLS", ("other-scheme",), {}),
    "no_port": Break("the port is lost behind a proxy", ("port-not-signed",), {}),
    "host_capitals": Break("the host is signed in capital letters", ("host-not-normalized",), {}),
    "slash": Break("a / at the end is signed, and not sent", ("other-end-of-path",), {}),
    "method": Break("POST is signed, and PUT is sent", ("other-method",), {"method": "PUT", "form": FIELDS}),
    "twice": Break("values are encoded twice", ("encoded-twice",), {}),
    "plus": Break("a blank is signed as +", ("plus-for-blank", "form-encoding"), {}),
    "lower_hex": Break("escapes have small letters", ("small-hex-digits",), {}),
    "component": Break("encodeURIComponent encodes the parameters", ("javascript-encoding",), {}),
    "slash_kept": Break("quote() of Python encodes the parameters", ("slash-not-encoded",), {}),
    "unsorted": Break("parameters are not sorted", ("not-sorted",), {}),
    "realm": Break("the realm is signed", ("realm-signed",), {}),
    "other_hash": Break("SHA-256 is used, and HMAC-SHA1 is declared", ("other-hash",), {}),
    "hex": Break("the signature is in hexadecimal digits", ("hexadecimal-signature",), {}),
    "base64_newline": Break("base64 ends with a line break", ("line-break-in-signature",), {}),
    "sig_twice": Break("the signature is encoded twice", ("signature-encoded-twice",), {}),
    "padding": Break("the padding of base64 is removed", ("padding-missing",), {}),
    "empty": Break(
        "empty parameters are dropped before signing", ("empty-parameter-lost",), {"query": [["q", ""], ["lang", "de"]]}
    ),
    "repeated": Break(
        "a repeated parameter is kept in a dictionary",
        ("repeated-parameter-lost",),
        {"query": [["tag", "b"], ["tag", "a"]]},
    ),
    "array": Break("PHP numbers a[]", ("array-renamed",), {"query": [["tag[]", "b"], ["tag[]", "a"]]}),
    "no_callback": login("oauth_callback is forgotten", "oauth_callback"),
    "hash_wrong": by_json("the body changes after its hash", "oauth_body_hash", provider="hashed"),
    "hash_missing": by_json("the body hash is forgotten", "oauth_body_hash", provider="hashed"),
}
SOME = {"ampersand", "array", "component", "empty", "padding", "repeated", "slash_kept"}
COMMON = tuple(name for name in BREAKS if name not in SOME)


@dataclass(frozen=True)
class Library:
    """A client library, and the program that calls with it.

    Attributes:
        title: as the documentation calls it.
        command: gives the program's first words, or what is missing.
        kinds: the breaks that it can have.
        providers: the signature methods that it has, as names of providers.
        repeated: whether it signs a name right that occurs more than once: with any values, with some, or never.
        any_name: whether it signs every name right.
    """

    title: str
    command: Callable[[], tuple[list[str], str]]
    kinds: tuple[str, ...]
    providers: tuple[str, ...]
    repeated: Literal["any", "some", "never"]
    any_name: bool = True


def _python() -> tuple[list[str], str]:
    python, missing = python_of("broken_requests_oauthlib", "requests-oauthlib==2.0.0", "pyjwt==2.10.1", "cryptography")
    return [str(python), str(PROGRAMS / "requests_oauthlib_client.py")], missing


def _node() -> tuple[list[str], str]:
    return ["node", str(PROGRAMS / "oauth_1_0a_client.mjs")], node_missing()


def _of_debian(program: str, check: str, *packages: str) -> Callable[[], tuple[list[str], str]]:
    interpreter = check.partition(" ")[0]
    return lambda: ([interpreter, str(PROGRAMS / program)], debian(check, *packages)())


PERL = "perl -MNet::OAuth -MCrypt::OpenSSL::RSA -MLWP::Protocol::https -e1"
LIBRARIES = {
    "requests_oauthlib": Library(
        "requests-oauthlib (PyPI)",
        _python,
        (*COMMON, "slash_kept", "empty", "repeated"),
        ("sha1", "sha256", "rsa", "plain", "hashed"),
        "any",
    ),
    "oauth_1_0a": Library(
        "oauth-1.0a (npm)",
        _node,
        (*COMMON, "component", "ampersand", "empty", "repeated"),
        ("sha1", "sha256", "rsa", "plain", "hashed"),
        "some",
        any_name=False,
    ),
    "net_oauth": Library(
        "Net::OAuth (Perl)",
        _of_debian(
            "net_oauth_client.pl",
            PERL,
            "libnet-oauth-perl",
            "libcrypt-openssl-rsa-perl",
            "liblwp-protocol-https-perl",
        ),
        (*COMMON, "component", "padding", "empty"),
        ("sha1", "sha256", "rsa", "plain", "hashed"),
        "never",
    ),
    "ruby_oauth": Library(
        "oauth (Ruby)",
        _of_debian("ruby_oauth_client.rb", "ruby -roauth -e1", "ruby-oauth"),
        (*COMMON, "slash_kept", "empty", "repeated"),
        ("sha1", "rsa", "plain", "hashed"),
        "some",
    ),
    "pecl_oauth": Library(
        "OAuth (PECL)",
        _of_debian("pecl_oauth_client.php", "php -r exit(class_exists('OAuth')?0:1);", "php-cli", "php-oauth"),
        (
            *(name for name in COMMON if name not in {"lower_hex", "unsorted", "host_capitals", "secrets_raw"}),
            "padding",
            "empty",
            "repeated",
            "array",
        ),
        ("sha1", "sha256", "rsa", "plain", "hashed"),
        "never",
        any_name=False,
    ),
}
METHODS = {
    "sha1": "HMAC-SHA1",
    "sha256": "HMAC-SHA256",
    "rsa": "RSA-SHA1",
    "plain": "PLAINTEXT",
    "hashed": "HMAC-SHA1",
}
FILE = """\
schema_version: 1
name: {name}
flows: [redirect]
request_token_url: https://api.acme.example/{name}/initiate
authorize_url: https://api.acme.example/{name}/authorize
access_token_url: https://api.acme.example/{name}/token
api_base_url: https://api.acme.example/{name}/v1/
client_kwargs: {{signature_method: {method}{more}}}
"""


@dataclass
class Played:
    """The emulator, what a program needs to call it, and what it got."""

    emulator: Emulator
    configuration: dict[str, Any]
    received: list[Request]


@contextmanager
def played(folder: Path) -> Iterator[Played]:
    """Run the emulator, which keeps each request as it was on the wire."""
    for name, method in METHODS.items():
        more = ", body_hash: non_form" if name == "hashed" else ""
        (folder / f"{name}.yaml").write_text(FILE.format(name=name, method=method, more=more), encoding="utf-8")
    catalog = Catalog(folder)
    with Emulator(catalog, explain_pairs=True) as emulator:
        providers = {}
        for name, method in METHODS.items():
            provider, client = emulator.catalog.provider(name), emulator.client(name, client_secret="cl&ient/se=cr+et")
            token = emulator.issue_token(name)
            providers[name] = {
                "signature_method": method,
                "body_hash": name == "hashed",
                "request_token": str(provider.request_token_url).replace("127.0.0.1", "localhost"),
                "api": str(provider.api_base_url).replace("127.0.0.1", "localhost"),
                "client_id": client.client_id,
                "client_secret": client.client_secret,
                "private_key": client.rsa_key,
                "token": token.oauth_token,
                "token_secret": token.oauth_token_secret,
            }
        received: list[Request] = []
        handle = emulator._server.handle  # private: to see each request as it was on the wire

        def keep(request: Request) -> Any:
            received.append(request)
            return handle(request)

        # private: likewise
        emulator._server.handle = keep  # type: ignore[method-assign]  # what arrives is kept for this test
        yield Played(emulator, {"ca_file": emulator.ca_file, "providers": providers}, received)


USUAL = {"kind": "", "endpoint": "api", "path": "items/1", "method": "GET", "form": None, "json": None}


def run(library: Library, jobs: list[dict[str, Any]], at: Played, folder: Path) -> dict[int, dict[str, Any]]:
    """The answers to a program's calls, by the number of the job."""
    words, missing = library.command()
    assert not missing, missing
    file = folder / f"{Path(words[-1]).stem}.json"
    numbered = [{**job, "id": number} for number, job in enumerate(jobs)]
    file.write_text(json.dumps({**at.configuration, "jobs": numbered}), encoding="utf-8")
    command = [*words, str(file), str(NODE)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=500, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(answers) == len(jobs), done.stderr[-3000:]
    return {answer["id"]: answer for answer in answers}


def named(answer: dict[str, Any]) -> set[str]:
    """What the answer names: the mistakes, or the parameter that is missing or wrong."""
    fields = parse_qs(answer["text"])
    found = set(" ".join(fields.get("mistakes", [])).split())
    for name in ("oauth_parameters_absent", "oauth_parameters_rejected"):
        found |= set("&".join(fields.get(name, [])).split("&"))
    return found - {""}


def broken_jobs(library: Library) -> list[dict[str, Any]]:
    return [{**USUAL, "query": QUERY, "provider": "sha1", **BREAKS[kind].job, "kind": kind} for kind in library.kinds]


VALUES = ["", "1", "two words", "ü☃😀", "a+b", "100%", "%41", "x=y&z", "/?#[]@!$'()*,;:", "~-._", " edge ", "null"]
PLAIN = ["1", "two words", "b"]
"""Values of repeated names that every library sorts right."""
NAMES = ["q", "tag", "lang", "Upper", "n_1", "x.y", "café", "with blank", "items[]"]
ASCII = 5
"""How many of the names need no escape, and are not changed by PHP."""


def right_jobs(library: Library, count: int, seed: int) -> list[dict[str, Any]]:
    """Calls of many shapes, each of which the library signs right."""
    chosen = random.Random(seed)
    names = NAMES if library.any_name else NAMES[:ASCII]

    def pairs(used: Collection[str]) -> list[list[str]]:
        free = [name for name in names if library.repeated == "any" or name not in used]
        picked = chosen.sample(free, min(chosen.randint(0, 4), len(free)))
        if library.repeated != "never" and picked:
            picked += chosen.choices(picked, k=chosen.randint(0, 3))
        plain = library.repeated == "some"
        return [[name, chosen.choice(PLAIN if plain and picked.count(name) > 1 else VALUES)] for name in picked]

    jobs = []
    for _ in range(count):
        method = chosen.choice(["GET", "POST", "PUT", "DELETE"])
        job = {**USUAL, "method": method, "provider": chosen.choice(library.providers), "query": pairs(())}
        if method in {"POST", "PUT"} and chosen.choice([True, False]):
            job["form"] = pairs({name for name, _ in job["query"]}) or [["form", "one"]]
        elif method in {"POST", "PUT"}:
            job["json"] = json.dumps({"a": chosen.choice(VALUES)})
        job["path"] = chosen.choice(["items/1", "a%20b/c", "x/", "~user/-._"])
        jobs.append(job)
    return jobs


@dataclass(frozen=True)
class Measured:
    """What the emulator named for each break of a library."""

    library: Library
    named: Mapping[str, set[str]]

    def is_right(self, kind: str) -> bool:
        """Whether it named the mistake that was made."""
        return bool(self.named[kind] & set(BREAKS[kind].expected))

    @property
    def right(self) -> list[str]:
        """The breaks of which the mistake was named."""
        return [kind for kind in self.library.kinds if self.is_right(kind)]


def measure(library: Library, at: Played, folder: Path) -> Measured:
    """Break a library in each way, and read what the emulator names."""
    answers = run(library, broken_jobs(library), at, folder)
    return Measured(library, {kind: named(answers[number]) for number, kind in enumerate(library.kinds)})


def table(all_measured: Collection[Measured]) -> str:
    """The table of the page on invalid signatures: a row for each break, a column for each library."""
    lines = [f"| | {' | '.join(one.library.title for one in all_measured)} |", "| --- |" + " --- |" * len(all_measured)]
    for kind, broken in BREAKS.items():
        cells = [
            "" if kind not in one.named else "named" if one.is_right(kind) else "not named" for one in all_measured
        ]
        lines.append(f"| {broken.title} | {' | '.join(cells)} |")
    totals = [f"{len(one.right)} of {len(one.named)}" for one in all_measured]
    lines.append(f"| **named** | {' | '.join(totals)} |")
    return "\n".join(lines) + "\n"
