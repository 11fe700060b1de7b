"""Django's async face and Starlette's blocking one, in tests that are written for all frameworks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import anyio.to_thread
from asgiref.sync import async_to_sync

from tests.integrations.applications import Application, DjangoApplication, StarletteApplication


def other_face(app: Application, verb: str) -> Callable[..., Any]:
    """A call in Django's async face, or in Starlette's blocking one, which a thread of the server makes."""
    if isinstance(app, DjangoApplication):
        acall = getattr(app.client, f"a{verb}")

        async def awaited(*args: Any, **kwargs: Any) -> Any:
            return await acall(*args, **kwargs)

        return async_to_sync(awaited)  # the views of these tests are not async
    if isinstance(app, StarletteApplication):
        call = getattr(app.client.blocking, verb)
        return lambda *args, **kwargs: anyio.to_thread.run_sync(lambda: call(*args, **kwargs))
    return getattr(app.client, verb)
