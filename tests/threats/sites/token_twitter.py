"""The emulated Twitter of the applications in this folder, and the exception that their views keep."""

import os

from oauth1_catalog import Catalog
from oauth1_catalog.emulator import EmulatedCatalog, Origins

ME = "account/verify_credentials.json"
catalog = EmulatedCatalog(Catalog(), Origins(os.environ["SECURE"], os.environ["CONSENT"]))
kept = []


def fail():
    raise RuntimeError
