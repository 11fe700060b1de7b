"""The sync and the async driver of a flow: all that differs between the two worlds.

A flow is a generator. It yields what it wants done, a ``Request`` in this layer, and is resumed with the result or with
the exception that doing it raised; what it returns is the outcome. So each step of the protocol is written once.

An error leaves a driver without the frames of the steps. They hold verifiers, bodies and answers, which a crash report
would show; the error itself says what happened and where, and its cause is kept.
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
    """Drive ``steps`` to their end, doing each effect with ``perform``.

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
    """As ``run``, awaiting ``perform``. A cancellation closes the generator and goes on to the caller."""
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
