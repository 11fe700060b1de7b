"""What crash reporters show of an error: sentry-sdk, rich, Django's debug page, Werkzeug's, and Python itself.

Each reporter is the real one, with its own defaults, but for the length at which rich cuts a value off.
"""

from __future__ import annotations

import logging
import traceback
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any

import rich.traceback
import sentry_sdk
from django.template.defaultfilters import pprint
from django.views.debug import ExceptionReporter
from sentry_sdk.envelope import Envelope
from sentry_sdk.transport import Transport
from werkzeug.debug.tbtools import DebugTraceback

import oauth1_catalog

CANARY = "Canary"
"""A part of each secret, which no encoding changes."""

PACKAGE = str(Path(oauth1_catalog.__file__).parent)


@contextmanager
def sentry(**options: Any) -> Iterator[Callable[[BaseException], dict[str, Any]]]:
    """Gives what ``capture_exception`` would send; ``options`` are further ones of ``sentry_sdk.init``.

    Sentry's default integrations are left out, also of the ``init`` at the end: they patch Flask, Django and Starlette
    for good. Sentry's ASGI middleware, for one, takes the cause from each error that passes it.
    """
    events: list[Any] = []

    class Kept(Transport):
        def capture_envelope(self, envelope: Envelope) -> None:
            events.append(envelope.get_event())

    sentry_sdk.init(dsn="http://public@127.0.0.1:9/1", default_integrations=False, transport=Kept, **options)

    def report(error: BaseException) -> dict[str, Any]:
        sentry_sdk.capture_exception(error)
        event: dict[str, Any] = events.pop()
        return event

    try:
        yield report
    finally:
        sentry_sdk.get_client().close(timeout=0)
        sentry_sdk.init(default_integrations=False)


def chain(error: BaseException) -> Iterator[BaseException]:
    """An error and all that it was raised from."""
    seen: list[BaseException] = []
    waiting: list[BaseException | None] = [error]
    while waiting:
        one = waiting.pop()
        if one is None or one in seen:
            continue
        seen.append(one)
        yield one
        waiting += [one.__cause__, one.__context__]
        if isinstance(one, BaseExceptionGroup):
            waiting += one.exceptions


def is_ours(path: object) -> bool:
    return str(path).startswith(PACKAGE)


class Shown:
    """What the reporters show of an error.

    Attributes:
        texts: of the exceptions: messages, notes, attributes.
        ours: what stands in the frames of this package, each with its reporter and its place.
        theirs: what stands in the frames of libraries.
    """

    def __init__(self, error: BaseException, sentry_report: Callable[[BaseException], dict[str, Any]]) -> None:
        self.texts: list[str] = []
        self.ours: list[str] = []
        self.theirs: list[str] = []
        error.__traceback__ = _from_ours_on(error.__traceback__)
        for one in chain(error):
            self.texts += [str(one), repr(one), str(vars(one)), *getattr(one, "__notes__", ())]
            self._python(one)
            self._rich(one)
        self._sentry(sentry_report(error))
        self._django(error)
        self.texts.append(DebugTraceback(error).render_traceback_text())

    def _frame(self, reporter: str, path: object, line: object, function: object, shown: str) -> None:
        if shown.startswith("request="):
            return  # the framework's own object shows its address, in the application's frames as in ours
        kept = self.ours if is_ours(path) else self.theirs
        kept.append(f"{reporter} {path}:{line} in {function}: {shown}")

    def _python(self, error: BaseException) -> None:
        for frame in traceback.TracebackException.from_exception(error, capture_locals=True).stack:
            for name, value in (frame.locals or {}).items():
                self._frame("python", frame.filename, frame.lineno, frame.name, f"{name}={value}")

    def _rich(self, error: BaseException) -> None:
        report = rich.traceback.Traceback.extract(
            type(error), error, error.__traceback__, show_locals=True, locals_max_length=None, locals_max_string=None
        )
        for frame in report.stacks[0].frames:
            for name, node in (frame.locals or {}).items():
                self._frame("rich", frame.filename, frame.lineno, frame.name, f"{name}={node}")

    def _sentry(self, event: dict[str, Any]) -> None:
        for value in event["exception"]["values"]:
            self.texts.append(str(value.get("value")))
            for frame in value.get("stacktrace", {}).get("frames", ()):
                for name, shown in frame.get("vars", {}).items():
                    place = frame["abs_path"], frame["lineno"], frame["function"]
                    self._frame("sentry", *place, f"{name}={shown}")
        self.texts.append(str(event.get("breadcrumbs")))

    def _django(self, error: BaseException) -> None:
        reporter = ExceptionReporter(None, type(error), error, error.__traceback__)
        for frame in reporter.get_traceback_frames():
            for name, value in frame.get("vars", ()):  # an exception without a frame has none
                self._frame("django", frame["filename"], frame["lineno"], frame["function"], f"{name}={pprint(value)}")

    def leaks(self) -> list[str]:
        """Each place in this package, and each text, that shows a secret."""
        return [text[:600] for text in (*self.texts, *self.ours) if CANARY in text]

    def libraries(self) -> list[str]:
        """Each place in a library that shows a secret."""
        return [text[:600] for text in self.theirs if CANARY in text]


def _from_ours_on(traceback: TracebackType | None) -> TracebackType | None:
    """A traceback without the frames of the test, which hold what the test compares with."""
    while traceback is not None and "/tests/" in traceback.tb_frame.f_code.co_filename:
        traceback = traceback.tb_next
    return traceback


@contextmanager
def listening() -> Iterator[list[str]]:
    """Every log record at DEBUG and every warning."""
    heard: list[str] = []

    class Keep(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            heard.append(f"{record.name}: {record.getMessage()}")

    handler, root = Keep(), logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            yield heard
    finally:
        root.removeHandler(handler)
        root.setLevel(level)
        heard += [str(warning.message) for warning in caught]
