"""The sync and the async driver of a flow, the only difference between sync and async code.

A flow is a generator. It yields the operations that it needs (in this layer, each is a ``Request``), is resumed with
their results or exceptions, and returns the outcome. So each step of the protocol is written once.

A driver raises an error without the frames of the steps, because their variables contain verifiers, bodies and
responses, which a crash report would show. The error describes what happened and where, and keeps its cause.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine, Generator
from contextlib import AbstractContextManager, nullcontext
from typing import Any, TypeAlias, TypeVar

from oauth1_catalog.errors import TokenNotSavedError
from oauth1_catalog.redaction import without_frames
from oauth1_catalog.rfc5849.messages import Request, Response

Outcome = TypeVar("Outcome")
Effect = TypeVar("Effect")
Result = TypeVar("Result")

Steps: TypeAlias = Generator[Request, Response, Outcome]


def run(steps: Generator[Effect, Result, Outcome], perform: Callable[[Effect], Result]) -> Outcome:
    """Run ``steps`` to the end, and perform each operation with ``perform``.

    >>> def greeting():
    ...     name = yield "name?"
    ...     return f"Hello, {name}."
    >>> run(greeting(), lambda question: "Ada")
    'Hello, Ada.'
    """
    try:
        effect = next(steps)
        while True:
            try:
                result = perform(effect)
            except Exception as error:
                effect = steps.throw(error)
            else:
                effect = steps.send(result)
    except StopIteration as stop:
        outcome: Outcome = stop.value
        return outcome
    except Exception as error:
        raise without_frames(error)  # noqa: B904 - it is the same error
    finally:
        steps.close()


async def arun(steps: Generator[Effect, Result, Outcome], perform: Callable[[Effect], Awaitable[Result]]) -> Outcome:
    """As ``run``, but await ``perform``. A cancellation closes the generator and propagates to the caller."""
    try:
        effect = next(steps)
        while True:
            try:
                result = await perform(effect)
            except Exception as error:
                effect = steps.throw(error)
            else:
                effect = steps.send(result)
    except StopIteration as stop:
        outcome: Outcome = stop.value
        return outcome
    except Exception as error:
        raise without_frames(error)  # noqa: B904 - it is the same error
    finally:
        steps.close()


async def uninterrupted(work: Coroutine[Any, Any, Outcome]) -> Outcome:
    """Return what ``work`` returns. A cancellation waits until ``work`` has ended, and is then raised to the caller.

    A ``TokenNotSavedError`` is raised instead of the cancellation: it has a token that is nowhere else.

    >>> async def saved():
    ...     return "saved"
    >>> import asyncio
    >>> asyncio.run(uninterrupted(saved()))
    'saved'
    """
    import asyncio  # an application without async code starts without it

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
    # The exception is read, so that asyncio does not log it.
    if cancelled is not None and (task.cancelled() or not isinstance(task.exception(), TokenNotSavedError)):
        raise cancelled
    return task.result()


def _shield() -> AbstractContextManager[object]:
    try:
        import anyio
    except ImportError:  # an application of Django: then nothing of anyio cancels, either
        return nullcontext()
    return anyio.CancelScope(shield=True)
