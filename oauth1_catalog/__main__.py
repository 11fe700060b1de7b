"""``python -m oauth1_catalog``, and the ``oauth1-catalog`` command."""

from __future__ import annotations

import sys

from oauth1_catalog.errors import MissingExtraError


def main() -> None:
    """Run the command, or say what is missing to run it."""
    try:
        from oauth1_catalog.cli import cli
    except MissingExtraError as error:
        sys.exit(str(error))

    cli(prog_name="oauth1-catalog")


if __name__ == "__main__":
    main()
