"""``python -m oauth1_catalog``, and the ``oauth1-catalog`` command."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command, or say what is missing to run it."""
    try:
        import click  # noqa: F401 - only to know whether it is there, before our own modules import it
    except ImportError:
        sys.exit("oauth1-catalog: the command needs click. Install it: pip install 'oauth1-catalog[cli]'")
    from oauth1_catalog.cli import cli

    cli(prog_name="oauth1-catalog")


if __name__ == "__main__":
    main()
