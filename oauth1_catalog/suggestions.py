"""Find the names that a misspelt word resembles, and ask "Did you mean ...?"."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

MAX_WORD = 64
"""The longest word that is compared, in characters; a provider's name has at most 63."""


def nearest(word: str, known: Iterable[str], *, limit: int = 3, cutoff: float = 0.6) -> tuple[str, ...]:
    """The known words that resemble ``word``, the nearest first. Upper and lower case are the same.

    Args:
        word: the misspelt word.
        known: the words to compare it with.
        limit: the greatest number of words to return.
        cutoff: how similar a word has to be, from 0 to 1.

    >>> nearest("Twiter", ["twitter", "flickr"])
    ('twitter',)
    """
    if len(word) > MAX_WORD:
        return ()  # nobody misspells so much, and comparing takes time
    import difflib  # no application misspells a name in each process

    matcher = difflib.SequenceMatcher(None, "", word.casefold())
    scored = []
    for folded, name in {name.casefold(): name for name in known if len(name) <= MAX_WORD}.items():
        matcher.set_seq1(folded)
        # The quick ratios are upper bounds, and cost a fraction.
        if matcher.real_quick_ratio() >= cutoff and matcher.quick_ratio() >= cutoff and matcher.ratio() >= cutoff:
            scored.append((matcher.ratio(), name))
    scored.sort(reverse=True)
    return tuple(name for ratio, name in scored[:limit] if ratio >= scored[0][0] - 0.1)


def did_you_mean(near: Iterable[str], *, quote: str = "`", sentence: bool = False) -> str:
    """The question whether one of these names was meant; empty if there are none.

    Args:
        near: the names, such as those of ``nearest``.
        quote: what stands around each name.
        sentence: whether the question begins with a capital letter, or continues a sentence.

    >>> did_you_mean(["twitter", "flickr"])
    'did you mean `twitter` or `flickr`?'
    """
    names = " or ".join(f"{quote}{name}{quote}" for name in near)
    return f"{'D' if sentence else 'd'}id you mean {names}?" if names else ""


_SHOWN = 10
"""How many names a message lists."""

_COMPARED = 200
"""How many names are compared with one that is unknown: among thousands of tenants the nearest is a stranger's."""


def which_are_registered(name: str, registered: Sequence[str]) -> str:
    """The end of the sentence that ``name`` is unknown.

    >>> which_are_registered("twiter", ["twitter"]), which_are_registered("x", [])
    ("; did you mean 'twitter'?", ' (registered: none)')
    """
    if near := nearest(name, registered[:_COMPARED], limit=1):
        return "; " + did_you_mean(near, quote="'")
    more = len(registered) - _SHOWN
    listed = ", ".join(registered[:_SHOWN]) or "none"
    return f" (registered: {listed}{f' and {more} more' if more > 0 else ''})"
