"""The look that all pages of the emulator and of the demo share. No script, nothing from elsewhere."""

from __future__ import annotations

from collections.abc import Mapping

from markupsafe import Markup

from oauth1_catalog.rfc5849.messages import Response

STYLE = Markup("""
:root { color-scheme: light dark; --ink: #1d2433; --soft: #566074; --paper: #f4f5f8; --card: #fff; --line: #d9dde6;
  --accent: #2450c4; --on-accent: #fff; --warn: #fff3cf; --warn-ink: #5b4300; --warn-line: #e3b93c;
  --bad: #a3231a; --good: #1c6b3a; }
@media (prefers-color-scheme: dark) { :root { --ink: #e8eaf0; --soft: #a9b1c3; --paper: #14171f; --card: #1d222d;
  --line: #384052; --accent: #8fb0ff; --on-accent: #10182c; --warn: #3a2f0d; --warn-ink: #ffe6a1;
  --warn-line: #8a6d16; --bad: #ff9a90; --good: #85dba6; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 1rem/1.55 system-ui, sans-serif; }
main { max-width: 42rem; margin: 0 auto; padding: 2rem 1.25rem 4rem; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: .75rem; padding: 1.5rem;
  margin: 0 0 1.25rem; }
.emulation { background: var(--warn); color: var(--warn-ink); border-bottom: 2px solid var(--warn-line);
  padding: .75rem 1.25rem; text-align: center; }
h1 { font-size: 1.6rem; line-height: 1.25; margin: 0 0 .75rem; overflow-wrap: anywhere; }
h2 { font-size: 1.1rem; margin: 1.5rem 0 .5rem; }
p { margin: 0 0 .9rem; }
a { color: var(--accent); }
small, .soft { color: var(--soft); }
code, output { font-family: ui-monospace, "DejaVu Sans Mono", monospace; font-size: .92em; overflow-wrap: anywhere; }
output { display: block; font-size: 2.2rem; letter-spacing: .2em; margin: .5rem 0 1rem; }
dl { display: grid; grid-template-columns: minmax(8rem, max-content) 1fr; gap: .4rem 1rem; margin: 0 0 1rem; }
dt { color: var(--soft); }
dd { margin: 0; overflow-wrap: anywhere; }
label { display: block; font-weight: 600; margin: 0 0 .25rem; }
input { font: inherit; color: inherit; background: var(--paper); border: 1px solid var(--soft); border-radius: .4rem;
  padding: .5rem .65rem; width: 100%; max-width: 20rem; }
.buttons { display: flex; flex-wrap: wrap; gap: .75rem; margin: 1.25rem 0 0; }
button, .button { font: inherit; font-weight: 600; cursor: pointer; border-radius: .5rem; padding: .6rem 1.2rem;
  border: 1px solid var(--accent); background: transparent; color: var(--accent); text-decoration: none; }
button.first, .button.first { background: var(--accent); color: var(--on-accent); }
button:focus-visible, a:focus-visible, input:focus-visible { outline: 3px solid var(--warn-line); outline-offset: 2px; }
.bad { color: var(--bad); } .good { color: var(--good); }
ul.providers { list-style: none; margin: 0; padding: 0; }
ul.providers li { display: flex; flex-wrap: wrap; align-items: center; gap: .25rem 1rem; padding: .7rem 0;
  border-top: 1px solid var(--line); }
ul.providers li:first-child { border-top: 0; }
ul.providers .name { flex: 1 1 9rem; }
ul.providers small { display: block; }
@media (max-width: 30rem) { dl { grid-template-columns: 1fr; gap: 0; } dd { margin-bottom: .6rem; } }
""")

_DOCUMENT = Markup("""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<link rel="icon" href="data:,">
<style>{style}</style>
</head>
<body>
<div class="emulation" role="note">{note}</div>
<main>
{content}
</main>
</body>
</html>
""")

HEADERS = {
    "Content-Type": "text/html; charset=utf-8",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": (
        "default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'"
    ),
}


def document(title: str, *, note: Markup, content: Markup) -> str:
    """A whole page.

    Args:
        title: the window's title.
        note: what stands at the top of each page: that nothing here is real.
        content: the rest.
    """
    return _DOCUMENT.format(title=title, style=STYLE, note=note, content=content)


def page(title: str, *, note: Markup, content: Markup, status: int = 200) -> Response:
    """A whole page as an answer."""
    return Response(status, HEADERS, document(title, note=note, content=content).encode("utf-8"))


def facts(pairs: Mapping[str, object]) -> Markup:
    """A list of names and values.

    >>> facts({"a": "<b>"})
    Markup('<dl><dt>a</dt><dd>&lt;b&gt;</dd></dl>')
    """
    return Markup("<dl>{}</dl>").format(
        Markup("").join(Markup("<dt>{}</dt><dd>{}</dd>").format(name, value) for name, value in pairs.items())
    )
