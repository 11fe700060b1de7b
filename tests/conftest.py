"""What holds for all tests."""

from __future__ import annotations

import signal

import hypothesis

# A shell in the background leaves Ctrl+C ignored, and what it starts inherits that, the servers that a test stops too.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# A deadline is a statement about the machine, not about the code.
hypothesis.settings.register_profile("no deadline", deadline=None)
hypothesis.settings.load_profile("no deadline")


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """A long value is known by its number: it may be random, and every worker must call a test the same."""
    return argname if isinstance(val, str | bytes) and len(val) > 30 else None
