"""Each threat is tried in the frameworks themselves, with the applications of ``tests/integrations``."""

from tests.integrations.conftest import (
    app,  # noqa: F401 - a fixture
    framework,  # noqa: F401 - a fixture
    make,  # noqa: F401 - a fixture
    registry,  # noqa: F401 - a fixture
    trusted,  # noqa: F401 - a fixture
)
