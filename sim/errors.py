"""What is wrong with what the user gave, said so that it can be put right.

Every problem says where it is, what was found there and what must stand there instead. The command
line catches `InputError` and nothing else; any other exception is a fault of the program.
"""

import difflib
from collections.abc import Iterable
from typing import NamedTuple

MOST_SHOWN = 20
_LONGEST = 60


class Place(NamedTuple):
    """Where a value was given: a line of a file, or an argument of the command line."""

    source: str
    """The file as the user would name it, or the argument, such as `--set days=0`."""
    line: int = 0
    """Counted from 1; 0 where there are no lines."""
    column: int = 0
    """Counted from 1; 0 where there are no columns."""
    written: str | None = None
    """A single value as it was written; None for a section or a list."""
    folder: str = "."
    """The folder that relative paths given here start from."""

    def __str__(self) -> str:
        """Return `file:line`, or the argument."""
        source = printable(self.source)
        return f"{source}:{self.line}" if self.line else source


class Problem(NamedTuple):
    """One thing that is wrong, and where."""

    place: Place
    text: str

    def __str__(self) -> str:
        """Return the problem as one line of printable text."""
        return printable(f"{self.place}: {self.text}" if self.place.source else self.text)


class InputError(ValueError):
    """One or more problems with what the user gave: a file, an argument, a network.

    Parameters
    ----------
    *problems
        Each a `Problem`, or a plain text that says by itself where it is. `str()` gives one line
        for each, at most `MOST_SHOWN`, and then how many more there are.
    """

    def __init__(self, *problems: Problem | str) -> None:
        super().__init__(*problems)
        self.problems: tuple[Problem, ...] = tuple(
            Problem(Place(""), problem) if isinstance(problem, str) else problem
            for problem in problems
        )

    def __str__(self) -> str:
        """Return the message, one problem a line."""
        lines = [str(problem) for problem in self.problems[:MOST_SHOWN]]
        more = len(self.problems) - MOST_SHOWN
        if more > 0:
            lines.append(f"... and {more} more problem{'s' if more > 1 else ''} like these")
        return "\n".join(lines)


class TooMuch(ValueError):
    """A check of a section's own that refuses an amount for being too large.

    Parameters
    ----------
    text
        What is wrong; it goes on from `key = value`.
    amount, unit
        How much was asked for, so that whoever tells of it can say what that would take.
    """

    def __init__(self, text: str, amount: float, unit: str) -> None:
        super().__init__(text)
        self.amount = amount
        self.unit = unit


def printable(text: str) -> str:
    r"""Return `text` with everything escaped that could move a terminal's cursor or hide text.

    >>> printable("a\x1b[2Jb\n")
    'a\\x1b[2Jb\\n'
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def shown(value: object) -> str:
    """Return a value as it may be shown to its author: printable, quoted if text, not too long.

    >>> shown("3"), shown(True), shown([1, 2]), len(shown("x" * 1000))
    ("'3'", 'true', '[...]', 60)
    """
    if value is None:
        return "(empty)"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return "{...}" if value else "{}"
    if isinstance(value, (list, tuple)):
        return "[...]" if value else "[]"
    return cut(repr(value))


def cut(text: str) -> str:
    """Return printable `text`, cut to a length that can be read at a glance."""
    text = printable(text[: 2 * _LONGEST])
    return text if len(text) <= _LONGEST else text[: _LONGEST - 3] + "..."


def nearest(word: str, known: Iterable[str]) -> str | None:
    """Return the one of `known` that `word` was most likely meant to be, or None.

    >>> nearest("compensatoin", ["compensation", "empathy"])
    'compensation'
    """
    by_plain = {name.lower().replace("-", "_"): name for name in known}
    plain = word[:100].lower().replace("-", "_").replace(" ", "_")
    found = difflib.get_close_matches(plain, by_plain, n=1, cutoff=0.6)
    return by_plain[found[0]] if found else None
