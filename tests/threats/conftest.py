"""Each threat is tried in the frameworks themselves, with the applications of ``tests/integrations``."""

from tests.integrations.conftest import (
    _clean,  # noqa: F401
    app,  # noqa: F401
    emulator,  # noqa: F401
    framework,  # noqa: F401
    make,  # noqa: F401
    registry,  # noqa: F401
    trusted,  # noqa: F401
)
