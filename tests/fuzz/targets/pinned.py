"""A ``catalog.json`` from elsewhere, from its bytes to the providers in it."""

from __future__ import annotations

from collections.abc import Iterator

from oauth1_catalog.access import Access
from oauth1_catalog.catalog.document import inherit
from oauth1_catalog.catalog.pinned import PinnedCatalog
from oauth1_catalog.catalog.pinned_limits import check as check_limits
from oauth1_catalog.catalog.published import catalog_json
from oauth1_catalog.catalog.resolve import outline
from oauth1_catalog.catalog.validation import validate
from oauth1_catalog.errors import ConfigurationError
from tests.fuzz.target import Target, catalog, check_shown


def check(data: bytes) -> None:
    try:
        pinned = PinnedCatalog("catalog.json", data)
    except RecursionError:
        return
    except ValueError as error:
        check_shown(error)
        return
    assert all(isinstance(alias, str) for alias, _ in pinned.aliases())
    for name in pinned.names():
        assert pinned.has(name)
        document = pinned.read(name)
        entry = inherit([document])
        validated = validate(entry)
        for finding in validated.findings:
            check_shown(str(finding))
        if validated.file is None or any(finding.severity == "error" for finding in validated.findings):
            continue
        try:
            check_limits([document], outline(entry.data), Access().local_hosts)
        except ConfigurationError as error:
            check_shown(error)


def seeds() -> Iterator[bytes]:
    for name in ("flickr", "jira", "tripit"):
        yield catalog_json(catalog(), names=[name])
    yield b'{"format":1,"version":"2026.11.30","providers":{"x":{"name":"x"}}}'
    yield b'{"format":1,"version":"2026.11.30","providers":{"x":{"name":"x","a":1e400,"b":"\\ud83d"}}}'
    yield b'{"format":1,"format":2}'
    yield b'{"format":1,"version":"2026.11.30","providers":{"x":' + b"[" * 3000


TARGET = Target(
    "a catalog.json that is pinned by its hash",
    check,
    seeds,
    (
        '"format":1', '"version":"2026.11.30"', '"providers":{', '"defaults":{', '"name":"', "null", "true", "[", "{}",
        "1e9", "\\ud83d", "\\u202e", '"api_hosts":["', "https://localhost/", "{account}", '"api_auth":"bearer"',
        '"variables":{', '"options":{',
    ),
    longest=12_000,
)  # fmt: skip
