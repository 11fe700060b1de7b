"""Lets atheris look for inputs of one target: ``python -m tests.fuzz.fuzz_one TARGET FOLDER [LIBFUZZER'S OPTIONS...]``.

``__main__.py`` runs it, a process for each target: libFuzzer ends the process in which it has found something.
"""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

import atheris

from tests.fuzz.target import joined, load, saved


def prepare(name: str, folder: Path) -> None:
    """Write the seeds, the saved inputs and the words into a folder, as libFuzzer reads them."""
    target = load(name)
    corpus = folder / "corpus"
    corpus.mkdir(parents=True, exist_ok=True)
    for place, data in enumerate([*target.seeds(), *saved(name)]):
        (corpus / f"seed-{place:04}").write_bytes(data[: target.longest])
    words = ("".join(map("\\x{:02x}".format, joined(word))) for word in target.words)
    (folder / "words.txt").write_text("".join(f'"{word}"\n' for word in words), encoding="ascii")


def main() -> None:
    name, folder, *options = sys.argv[1:]
    # A module that is first imported while a target runs is instrumented, too.
    with atheris.instrument_imports(include=["oauth1_catalog"], enable_loader_override=False):
        prepare(name, Path(folder))
        target = load(name)
        target.check(next(iter(target.seeds())))  # what is imported and read once is not part of an input's time
        known = [f"-max_len={target.longest}", f"-dict={folder}/words.txt", f"-artifact_prefix={folder}/", *options]

        def check(data: bytes) -> None:
            try:
                target.check(data)
            except Exception:
                # libFuzzer writes it, too, unless its alarm ends the process before.
                (Path(folder) / f"crash-{hashlib.sha1(data).hexdigest()}").write_bytes(data)
                raise

        atheris.Setup([sys.argv[0], *known, f"{folder}/corpus"], check)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
