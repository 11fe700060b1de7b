"""What holds for all tests."""

from __future__ import annotations

import hypothesis

# A deadline is a statement about the machine, not about the code.
hypothesis.settings.register_profile("no deadline", deadline=None)
hypothesis.settings.load_profile("no deadline")
