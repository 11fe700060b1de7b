# ruff: noqa: E501, T201 - lists of odd texts; what this process prints is its answer
"""Provider files that try to hold up or fill the machine of whoever reads them, and the process that reads them.

``python hostile_files.py FOLDER`` writes the files into a folder, reads each as an application and as the validator do,
and prints a JSON object: the seconds for each file, and the most memory that the process had.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from collections.abc import Iterator
from pathlib import Path

MEGABYTE = 1_000_000
CPU_SECONDS = 240
MEMORY = 2 * 1024**3

HEAD = """schema_version: 1
name: {name}
request_token_url: https://api.acme.example/oauth/request_token
authorize_url: https://acme.example/oauth/authorize
access_token_url: https://api.acme.example/oauth/access_token
"""
SLOW_PATTERNS = (
    "(a+)+b", "([a-z]+-?)+", "(a|aa)+b", "(a|a)*b", "(.*a){20}b", "(a?){30}a{30}", "((a*)*)*b", "(.*)*b", "(\\w+\\s?)*b",
    "([a-zA-Z0-9_-]+)*@", "(x+x+)+y", "^(([a-z])+.)+[A-Z]([a-z])+$", "(a{1,100}){1,100}b", "(((a{1,9}){1,9}){1,9}){1,9}b",
    "(?=(a+)+)b", "(a+)\\1+b", "\\w{255}", "\\pL{250}", "(?i)(a+)+b", "[^a]{0,250}(.*){50}b", "(" * 250, "a" * 3_000,
)  # fmt: skip


def text_files() -> Iterator[tuple[str, str]]:
    """Name and text of each; ``{name}`` is filled in."""
    for number, pattern in enumerate(SLOW_PATTERNS):
        quoted = "'" + pattern.replace("'", "''") + "'"
        variable = f"{{pattern: {quoted}, example: {'a' * 200}, default: {'a' * 60}}}"
        yield f"pattern_{number}", HEAD + f"variables: {{shop: {variable}}}\napi_params: {{a: '{{shop}}'}}\n"
    many = "".join(f"  v{n}: {{pattern: '(?:[^a]?){{1,120}}b', default: {'a' * 250}}}\n" for n in range(250))
    yield "many_patterns", HEAD + "variables:\n" + many
    for number, pattern in enumerate(("([a-z]+-?)+", "(a+)+", "([a-z]*)*")):
        yield (
            f"usable_{number}",
            HEAD + f"variables: {{shop: {{pattern: '{pattern}'}}}}\napi_params: {{a: '{{shop}}'}}\n",
        )
    yield (
        "option_of_many",
        HEAD
        + (
            f"options: {{perms: {{pattern: '(a+)+b', separator: ',', default: '{'a,' * 900}a', sets: {{api_params: "
            "{p: '{value}'}}}}\n"
        ),
    )
    for what, line in {
        "unknown_keys": "unknwn_field_{n}: x\n",
        "near_keys": "request_token_ur{n}: x\n",
        "long_keys": "k{n}" + "x" * 90 + ": x\n",
    }.items():
        yield what, HEAD + "".join(line.replace("{n}", str(n)) for n in range(9_000))
        yield f"{what}_few", HEAD + "".join(line.replace("{n}", str(n)) for n in range(240))
    yield (
        "unknown_in_sections",
        HEAD
        + "".join(
            f"{section}: {{{', '.join(f'verifie{n}: x' for n in range(240))}}}\n"
            for section in ("callback", "client_kwargs", "token_response", "credential_labels")
        ),
    )
    yield "one_key", HEAD + "x" * MEGABYTE + ": y\n"
    yield "one_value", HEAD + "display_name: " + "x" * MEGABYTE
    yield "texts", HEAD + "quirks:\n" + "".join(f"- {{id: q{n}, note: {'x' * 1_990}}}\n" for n in range(240))
    yield "placeholders", HEAD + f"api_params: {{a: '{'{v}' * 600}'}}\n"
    yield "placeholders_in_a_host", HEAD + f"api_base_url: 'https://{'{v}.' * 300}example/'\n"
    yield (
        "placeholders_everywhere",
        HEAD
        + "api_params:\n"
        + "".join(f"  p{n}: '{''.join(f'{{u{n}_{m}}}' for m in range(20))}'\n" for n in range(240)),
    )
    yield "braces", HEAD + f"api_params: {{a: '{'{' * 1_900}'}}\n"
    yield (
        "enum",
        HEAD
        + (
            "variables:\n"
            + "".join(
                f"  v{n}: {{enum: [{', '.join(f'value{m}' for m in range(240))}], default: valu{n}}}\n"
                for n in range(19)
            )
        ),
    )
    yield "wrong_items", HEAD + f"flows: [{', '.join(['redirec'] * 240)}]\naliases: [{', '.join(['A b'] * 240)}]\n"
    yield (
        "hosts",
        HEAD
        + f"api_base_url: https://api.acme.example/\napi_hosts: [{', '.join(f'h{n}.{chr(97)}' for n in range(240))}]\n",
    )
    yield "url_of_dots", HEAD + f"homepage: https://{'a.' * 900}example/\n"
    yield "url_of_ats", HEAD + f"homepage: https://{'a:b@' * 450}example/\n"
    yield "url_of_digits", HEAD + f"homepage: https://{'1.' * 900}/\n"
    yield "time_zone", HEAD + f"token_response: {{lifetime: {{until: midnight, timezone: {'America' * 200}}}}}\n"
    yield (
        "json_paths",
        HEAD
        + "userinfo_endpoint: me\nuserinfo_claims:\n"
        + "".join(f"  x_{n}: \"${'..*' * 60}[?match(@.a, '(a+)+b')]\"\n" for n in range(200)),
    )
    yield (
        "xml_paths",
        HEAD
        + "userinfo_endpoint: me\nuserinfo_format: xml\nuserinfo_claims:\n"
        + "".join(f"  x_{n}: '{'.//*' * 60}'\n" for n in range(200)),
    )
    yield "extends_itself", "schema_version: 1\nname: {name}\nextends: {name}\n"
    yield "extends_a_long_name", f"schema_version: 1\nname: {{name}}\nextends: {'a' * 1_900}\n"
    for what, target in {
        "pipe": "a_pipe",
        "device": "a_device",
        "outside": "a_link_outside",
        "folder": "a_folder",
    }.items():
        yield f"extends_{what}", f"schema_version: 1\nname: {{name}}\nextends: {target}\n"
    # YAML itself.
    bomb = ["a0: &a0 [x, x, x, x]"] + [f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}, *a{n - 1}]" for n in range(1, 60)]
    yield "aliases", "\n".join(bomb)
    yield "anchors", "a:\n" + "".join(f"- &x{n} b\n" for n in range(80_000))
    yield "merges", "a0: &a0 {k: v}\n" + "".join(f"a{n}: &a{n} {{<<: *a{n - 1}}}\n" for n in range(1, 2_000))
    yield "tags", "a:\n" + "- !!python/object/apply:os.system [x]\n" * 20_000
    yield "brackets", "a: " + "[" * 900_000
    yield "pairs_of_brackets", "a: " + "[]" * 400_000
    yield "braces_in_braces", "a: " + "{a: " * 200_000
    yield "question_marks", "? " * 400_000
    yield "dashes", "- " * 400_000
    yield "colons", ": " * 400_000
    yield "indents", "".join(" " * n + "a:\n" for n in range(1_400))
    yield "blank_lines", HEAD + "\n" * 900_000
    yield "comments", HEAD + "#\n" * 450_000
    yield "one_comment", HEAD + "# " + "secret: " * 120_000
    yield "carriage_returns", HEAD + "\r" * 900_000
    yield "directives", "%YAML 1.1\n" * 90_000
    yield "documents", "---\n" * 240_000
    yield "duplicates", HEAD + "name: x\n" * 100_000
    yield "duplicates_few", HEAD + "name: x\n" * 200
    yield "blocks", HEAD + "quirks:\n" + "- id: a\n  note: |\n    x\n    y\n" * 240
    yield "escapes", HEAD + 'display_name: "' + "\\u202e" * 1_900 + '"\n'
    yield "numbers", HEAD + f"token_response: {{lifetime: {{seconds: {'9' * 1_990}}}}}\n"
    yield "dates", HEAD + f"evidence: [{', '.join(['{kind: official_docs, retrieved: 9999-99-99}'] * 240)}]\n"
    yield "tabs", HEAD + "\t" * 900_000
    yield "quotes", HEAD + "display_name: '" + "''" * 450_000
    # What masking goes through, in a line with a finding.
    for what, piece in {
        "mask_letters": "a", "mask_key": "-----BEGIN", "mask_pairs": "token: a ", "mask_urls": "a+.://", "mask_gaps": "a    ",
        "mask_quotes": '"a', "mask_fields": "fields: {", "mask_base64": "A" * 59 + ".",
    }.items():  # fmt: skip
        yield what, HEAD + "unknown: x # " + piece * (900_000 // len(piece)) + "\n"


def write_all(folder: Path) -> list[str]:
    """Write all files and what they name; gives their names."""
    names = []
    for name, text in text_files():
        (folder / f"{name}.yaml").write_text(text.replace("{name}", name)[:MEGABYTE], encoding="utf-8")
        names.append(name)
    os.mkfifo(folder / "a_pipe.yaml")
    (folder / "a_device.yaml").symlink_to("/dev/zero")
    (folder / "a_link_outside.yaml").symlink_to("/etc/hostname")
    (folder / "a_folder.yaml").mkdir()
    (folder / "a_circle.yaml").symlink_to("a_circle.yaml")
    for name, content in {
        "zeros": b"\0" * MEGABYTE, "utf_16": HEAD.encode("utf-16"), "latin": b"\xe9" * MEGABYTE, "marks": b"\xef\xbb\xbf" * 300_000,
    }.items():  # fmt: skip
        (folder / f"{name}.yaml").write_bytes(content)
        names.append(name)
    return [*names, "a_pipe", "a_device", "a_link_outside", "a_folder", "a_circle"]


def read_one(folder: Path, name: str) -> str:
    """Read a file as an application does, with tenants' values, and as the validator does; says what came of it."""
    import datetime as dt

    from oauth1_catalog import Catalog
    from oauth1_catalog.catalog.validate_files import check_files
    from oauth1_catalog.cli.reports import full
    from oauth1_catalog.errors import OAuthError

    outcomes = []
    for values in ({}, {"shop": "a" * 250}, {"shop": "a-" * 20 + "!"}, {"perms": "a," * 120}):
        try:
            Catalog(folder, builtin=False).provider(name, values=values)
            outcomes.append("usable")
        except OAuthError as error:
            outcomes.append(type(error).__name__)
    for checked in check_files([folder / f"{name}.yaml"], today=dt.date(2026, 1, 1)):
        for finding in checked.findings:
            full(finding)
    return outcomes[0]


def main(folder: Path) -> None:
    """Write the files, read each, and print what it took."""
    from oauth1_catalog.catalog import validation  # noqa: F401 - an import is not a file's doing

    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    seconds, outcomes = {}, {}
    for name in write_all(folder):
        print(name, file=sys.stderr, flush=True)
        begin = time.process_time()
        outcomes[name] = read_one(folder, name)
        seconds[name] = round(time.process_time() - begin, 3)
    # Not ru_maxrss: that of a child begins with what its parent held.
    (peak,) = (line.split()[1] for line in Path("/proc/self/status").read_text().splitlines() if "VmHWM" in line)
    print(json.dumps({"seconds": seconds, "outcomes": outcomes, "peak": int(peak) * 1024}))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
