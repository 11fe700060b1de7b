"""Emulates OAuth 1.0 providers on your own machine, from their files: for development, tests and the demo.

oauthlib verifies each signed request, never our own signing code. Public: the names in ``__all__``.
"""

from oauth1_catalog.errors import needs

with needs(__name__, "emulator"):
    from oauth1_catalog.emulator.emulator import Emulator, IssuedToken
    from oauth1_catalog.emulator.providers import EmulatedCatalog, Origins, relocate
    from oauth1_catalog.emulator.store import Client
    from oauth1_catalog.emulator.testing import Exchange, Journal

__all__ = ["Client", "EmulatedCatalog", "Emulator", "Exchange", "IssuedToken", "Journal", "Origins", "relocate"]
