"""The ``oauth1-catalog`` command."""
