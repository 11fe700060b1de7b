"""Write the list of mistakes of ``docs/invalid-signature.md`` from the code; the text around it is written by hand.

Run it after a mistake changed: ``python docs/build_mistakes.py``. A test fails where the page is stale.
"""

from __future__ import annotations

import inspect
import re
from pathlib import Path

from oauth1_catalog.diagnosis.mistakes import all_mistakes

PAGE = Path(__file__).with_name("invalid-signature.md")
_LIST = re.compile(r"(<!-- mistakes -->\n).*?(<!-- end -->\n)", re.DOTALL)


def filled(text: str) -> str:
    """The page with the list between ``<!-- mistakes -->`` and ``<!-- end -->`` written anew."""
    entries = []
    for mistake in all_mistakes():
        about = " ".join((inspect.getdoc(mistake.variants) or "").replace("``", "`").split())
        entries.append(f"### {mistake.code}\n\n{about}\n\n{mistake.advice}\n")
    return _LIST.sub(lambda match: f"{match[1]}\n" + "\n".join(entries) + f"\n{match[2]}", text)


if __name__ == "__main__":
    PAGE.write_text(filled(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
