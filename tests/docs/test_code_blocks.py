"""Every block of code on the pages runs in a test, or has a comment before it that gives the reason why not.

The comment is ``<!-- not run: the reason -->``, which readers of a page do not see. Text and what a command prints is
not code. Commands of a shell have ``tests/installed/test_pages.py``, which knows every page that has some.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.docs.conftest import ROOT, python_blocks
from tests.docs.pages import pages as written

SHELL = {"console", "sh", "shell", "bash"}
SHOWN = {"", "text"}
RUN_BY = {
    "README.md": ("docs/test_readme.py", {"python": 4}),
    "docs/custom-framework.md": ("docs/test_more_framework_pages.py", {"python": 3}),
    "docs/django.md": ("docs/test_framework_pages.py", {"python": 8}),
    "docs/errors.md": ("docs/test_errors_page.py", {"python": 1}),
    "docs/flask.md": ("docs/test_framework_pages.py", {"python": 7}),
    "docs/how-to/behind-a-proxy.md": ("how_to/test_behind_a_proxy.py", {"python": 3, "nginx": 1}),
    "docs/how-to/django-rest-framework.md": ("how_to/test_django_rest_framework.py", {"python": 2}),
    "docs/how-to/file-uploads.md": ("how_to/test_file_uploads.py", {"python": 3}),
    "docs/how-to/from-django-allauth.md": ("how_to/test_from_other_libraries.py", {"python": 5}),
    "docs/how-to/from-flask-dance.md": ("how_to/test_from_other_libraries.py", {"python": 3}),
    "docs/how-to/from-python-social-auth.md": ("how_to/test_from_other_libraries.py", {"python": 7}),
    "docs/how-to/from-requests-oauthlib.md": ("how_to/test_from_requests_oauthlib.py", {"python": 4}),
    "docs/how-to/localhost-and-cookies.md": ("how_to/test_localhost_and_cookies.py", {"python": 2}),
    "docs/how-to/redis.md": ("how_to/test_redis.py", {"python": 2}),
    "docs/how-to/rsa-keys.md": ("how_to/test_rsa_keys.py", {"python": 1}),
    "docs/index.md": ("docs/test_code_blocks.py", {"python": 1}),
    "docs/interactive-brokers.md": ("docs/test_interactive_brokers_page.py", {"python": 3, "ini": 1}),
    "docs/invalid-signature.md": ("docs/test_invalid_signature_page.py", {"python": 2}),
    "docs/leaving-oauth1.md": ("docs/test_leaving_oauth1_page.py", {"python": 4}),
    "docs/litestar.md": ("docs/test_more_framework_pages.py", {"python": 2}),
    "docs/login.md": ("docs/test_login_page.py", {"python": 1}),
    "docs/lti.md": ("docs/test_lti_page.py", {"python": 2}),
    "docs/many-tenants.md": ("docs/test_many_tenants.py", {"python": 2}),
    "docs/other-languages.md": ("docs/test_other_languages_page.py", {"json": 1, "javascript": 1}),
    "docs/own-providers.md": ("docs/test_examples.py", {"python": 1, "yaml": 3}),
    "docs/provider-file.md": ("docs/test_provider_file_page.py", {"yaml": 2}),
    "docs/quart.md": ("docs/test_more_framework_pages.py", {"python": 2}),
    "docs/recipes.md": ("docs/test_recipes_page.py", {"python": 4}),
    "docs/scripts.md": ("docs/test_scripts_page.py", {"python": 5}),
    "docs/self-hosted.md": ("docs/test_self_hosted_page.py", {"python": 2}),
    "docs/signing.md": ("installed/test_typed_pages.py", {"python": 3}),
    "docs/single-page-applications.md": ("docs/test_single_page_applications.py", {"python": 3}),
    "docs/starlette.md": ("docs/test_framework_pages.py", {"python": 11}),
    "docs/testing.md": ("docs/test_examples.py", {"python": 3}),
    "docs/tokens.md": ("docs/test_tokens_page.py", {"python": 7}),
    "docs/tutorials/django.md": ("installed/test_tutorials.py", {"python": 1, "ini": 1}),
    "docs/tutorials/fastapi.md": ("installed/test_tutorials.py", {"python": 1, "ini": 1}),
    "docs/tutorials/flask.md": ("installed/test_tutorials.py", {"python": 1, "ini": 1}),
    "docs/tutorials/script.md": ("installed/test_tutorials.py", {"python": 1, "ini": 2}),
    "docs/tutorials/starlette.md": ("installed/test_tutorials.py", {"python": 1, "ini": 1}),
}
"""Which test runs the code of a page, and how many blocks of each language it has: another block needs a look here."""


class Block(NamedTuple):
    """A fenced block: its language, and the reason in the comment before it."""

    language: str
    reason: str | None


def code_blocks(text: str) -> Iterator[Block]:
    """The blocks of a page, but for directives of the site."""
    comment = r"(?:^ *<!-- not run: ([^>]+?) -->\n\s*)?"
    for found in re.finditer(comment + r"^( *)```([^\n`]*)\n.*?^\2```$", text, re.MULTILINE | re.DOTALL):
        if not found[3].startswith("{"):
            yield Block(found[3], found[1])


def blocks_of_pages() -> dict[str, list[Block]]:
    found = {
        path.relative_to(ROOT).as_posix(): list(code_blocks(path.read_text(encoding="utf-8"))) for path in written()
    }
    return {page: blocks for page, blocks in found.items() if blocks}


@pytest.mark.parametrize("page", blocks_of_pages())
def test_every_block_runs_or_has_a_reason(page: str) -> None:
    blocks = [block for block in blocks_of_pages()[page] if block.language not in SHELL | SHOWN]
    test, expected = RUN_BY.get(page, ("", {}))
    unmarked = Counter(block.language for block in blocks if block.reason is None)
    assert unmarked == expected, "run a new block in the page's test, or write <!-- not run: the reason --> before it"
    assert all(len(block.reason.split()) >= 3 for block in blocks if block.reason is not None)
    if expected:
        named = (ROOT / "tests" / test).read_text(encoding="utf-8")
        assert Path(page).stem in named, f"{test} does not name {page}"


def test_every_line_is_for_a_page() -> None:
    assert RUN_BY.keys() <= blocks_of_pages().keys()


def test_the_start_page_has_the_script_of_the_readme() -> None:
    (code,) = python_blocks("docs/index.md")
    script = python_blocks("README.md")[-1]
    assert re.sub(r"  # .*", "", code) == re.sub(r"  # .*", "", script)  # test_readme.py runs it


def test_a_comment_is_for_the_block_behind_it() -> None:
    page = "<!-- not run: half a file -->\n```yaml\na: 1\n```\n\n1. A list:\n\n   ```python\n   x = 1\n   ```\n"
    assert list(code_blocks(page)) == [Block("yaml", "half a file"), Block("python", None)]
