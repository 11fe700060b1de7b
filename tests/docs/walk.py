"""The walk of one Flask login and one API call through the package: ``python -m tests.docs.walk`` prints it.

A file counts once, however many of its functions are called. The path changes file where a function of another file is
called: fewer changes are fewer hand-overs. With ``-v`` each call is printed.
"""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from itertools import groupby
from pathlib import Path
from types import FrameType
from typing import Any

import flask
import pytest

import oauth1_catalog
from oauth1_catalog import Catalog
from oauth1_catalog.emulator import Emulator
from oauth1_catalog.integrations.flask_client import OAuth

PACKAGE = str(Path(oauth1_catalog.__file__).parent) + os.sep


class Walk:
    """The functions of the package that were called in this thread, in their order.

    Attributes:
        calls: the file, relative to the package, and the function's name.
    """

    def __init__(self) -> None:
        self.calls: list[tuple[str, str]] = []

    def __call__(self, frame: FrameType, event: str, _: object) -> None:
        """As ``sys.setprofile`` calls it."""
        code = frame.f_code
        if event == "call" and code.co_filename.startswith(PACKAGE):
            self.calls.append((code.co_filename.removeprefix(PACKAGE), code.co_qualname))

    @contextmanager
    def recorded(self) -> Iterator[None]:
        """Record what is called meanwhile."""
        sys.setprofile(self)
        try:
            yield
        finally:
            sys.setprofile(None)

    @property
    def path(self) -> list[str]:
        """The files, each as often as the walk comes to it."""
        return [file for file, _ in groupby(file for file, _ in self.calls)]

    @property
    def files(self) -> Counter[str]:
        """For each file, how many of its functions are called."""
        return Counter(file for file, _ in set(self.calls))


def walk_of_a_login() -> Walk:
    """The walk of the second login of a process, whose modules are imported and whose connections are open."""
    with Emulator(Catalog()) as emulator, pytest.MonkeyPatch.context() as patch:
        patch.setenv("REQUESTS_CA_BUNDLE", emulator.ca_file)
        app, keys = flask.Flask(__name__), emulator.client("twitter")
        app.config.update(
            SECRET_KEY="a secret key for one walk",
            TWITTER_CLIENT_ID=keys.client_id,
            TWITTER_CLIENT_SECRET=keys.client_secret,
            TWITTER_REDIRECT_URI="http://localhost/authorize",
        )
        oauth = OAuth(app, catalog=emulator.catalog)
        oauth.register_from_catalog("twitter")

        @app.get("/login")
        def login() -> Any:
            return oauth.twitter.authorize_redirect()

        @app.get("/authorize")
        def authorize() -> Any:
            oauth.twitter.authorize_access_token()
            return oauth.twitter.get("account/verify_credentials.json").json()

        browser, walk = app.test_client(), Walk()
        for record in (nullcontext, walk.recorded):
            with record():
                location = browser.get("/login").location
            callback = emulator.approve(location)
            with record():
                answer = browser.get(callback)
            assert answer.status_code == 200, answer.text
    return walk


if __name__ == "__main__":
    walk = walk_of_a_login()
    if "-v" in sys.argv:
        for file, calls in groupby(walk.calls, key=lambda call: call[0]):
            print(f"{file}: {', '.join(name for _, name in calls)}")
    for file, functions in sorted(walk.files.items()):
        print(f"{functions:4} functions in {file}")
    changes = len(walk.path) - 1
    print(f"{len(walk.files)} files, {len(set(walk.calls))} functions, {changes} changes of file")
