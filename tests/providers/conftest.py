"""One emulator that plays the whole catalog, and the frameworks' applications of ``tests/integrations``."""

from __future__ import annotations

import tests.django_settings  # noqa: F401 - before what needs settings
