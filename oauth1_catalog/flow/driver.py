"""The sync and the async driver of a flow, the only difference between sync and async code.

A flow is a generator. It yields the operations that it needs (in this layer, each is a ``Request``), is resumed with
their results or exceptions, and returns the outcome. So each step of the protocol is written once.

A driver raises an error without the frames of the steps, because their variables contain verifiers, bodies and
responses, which a crash report would show. The error describes what happened and where, and keeps its cause.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Generator
from typing import TypeAlias, TypeVar

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
