"""Await something to its end, though the task that waits is cancelled: by asyncio, by a scope of anyio, by trio."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from contextlib import AbstractContextManager, nullcontext
from typing import Any, TypeVar

Outcome = TypeVar("Outcome")


async def uninterrupted(work: Coroutine[Any, Any, Outcome]) -> Outcome:
    """What ``work`` returns. A cancellation waits until ``work`` has ended, and goes on to the caller then.

    >>> async def saved():
    ...     return "saved"
    >>> asyncio.run(uninterrupted(saved()))
    'saved'
    """
    with _shield():  # of anyio: its scopes, and trio's
        try:
            task = asyncio.get_running_loop().create_task(work)
        except RuntimeError:  # trio, where a scope is all that cancels
            return await work
        cancelled: asyncio.CancelledError | None = None
        while not task.done():
            try:
                await asyncio.wait([task])
            except asyncio.CancelledError as error:
                cancelled = error
    if cancelled is not None:
        if not task.cancelled():
            task.exception()  # it has been looked at; the caller is not there any more
        raise cancelled
    return task.result()


def _shield() -> AbstractContextManager[object]:
    try:
        import anyio
    except ImportError:  # an application of Django: then nothing of anyio cancels, either
        return nullcontext()
    return anyio.CancelScope(shield=True)
