"""Programs of the system that some tests run: the mark that leaves a test out where one is not installed."""

from __future__ import annotations

import shutil

import pytest

needs_curl = pytest.mark.skipif(not shutil.which("curl"), reason="curl is not installed (Debian: apt-get install curl)")
