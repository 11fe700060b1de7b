"""The base of each framework's ``OAuth``: configuration, clients, temporary credentials and token stores.

Public: ``oauth1_catalog.Token`` and ``oauth1_catalog.TokenStore``. Applications import ``OAuth`` from the integrations.
"""
