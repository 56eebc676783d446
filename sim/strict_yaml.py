"""YAML without its traps, every value with its place.

Plain values mean what YAML 1.2 says: `1e6` is a number, `010` is ten, `no` and `off` are words.
Refused, each with a message: tags, anchors and aliases, a key given twice, a second document, and
nesting deeper than any configuration has. Built on PyYAML's events, which do not recurse.
"""

import re
from collections.abc import Iterator
from typing import Any, NoReturn

import yaml

from sim.errors import InputError, Place, Problem, cut

Key = tuple[str | int, ...]
Places = dict[Key, Place]

DEEPEST = 20
_MOST_DIGITS = 40
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

_FORBIDDEN = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_WHOLE = re.compile(r"[-+]?[0-9]+")
_BASED = re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_INFINITE = re.compile(r"[-+]?\.(inf|Inf|INF)")
_WORDS: dict[str, Any] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), float("nan")),
}


def plain_value(text: str) -> Any:
    """Return what an unquoted YAML 1.2 scalar means: a number, a boolean, None, or the text.

    >>> [plain_value(text) for text in ("1e6", "010", "0x1F", "no", "true", "")]
    [1000000.0, 10, 31, 'no', True, None]
    """
    if text in _WORDS:
        return _WORDS[text]
    if _WHOLE.fullmatch(text):
        return int(text)
    if _BASED.fullmatch(text):
        return int(text, 0)
    if _FLOAT.fullmatch(text):
        return float(text)
    if _INFINITE.fullmatch(text):
        return float(text.replace(".", ""))
    return text


def parse(text: str, place: Place) -> tuple[Any, Places]:
    """Read one YAML document.

    Parameters
    ----------
    text
        The document; a byte order mark has been taken off.
    place
        Where the text is from. With line 0 (an argument), all its values get this very place;
        with a line, each gets its own, counted from there.

    Returns
    -------
    The data as dicts, lists and plain values, and the place of each by its key. An empty document
    is None.

    Raises
    ------
    InputError
        At the first thing that is not YAML as described above.
    """
    _refuse_control_characters(text, place)
    try:
        return _Walk(text, place).document()
    except yaml.YAMLError as error:
        raise InputError(_syntax_problem(error, text, place)) from None


class _Walk:
    """One pass over the events of a document."""

    def __init__(self, text: str, place: Place) -> None:
        self.start = place
        self.places: Places = {}
        self.events: Iterator[Any] = iter(yaml.parse(text, Loader=_LOADER))

    def document(self) -> tuple[Any, Places]:
        next(self.events)
        if isinstance(next(self.events), yaml.StreamEndEvent):
            return None, self.places
        first = next(self.events)
        self.places[()] = self.at(first)
        data = self.value(first, ())
        next(self.events)
        after = next(self.events)
        if not isinstance(after, yaml.StreamEndEvent):
            self.refuse(after, "a second YAML document starts here; keep one and drop the `---`")
        return data, self.places

    def at(self, event: Any, written: str | None = None) -> Place:
        if not self.start.line:
            return self.start._replace(written=written)
        mark = event.start_mark
        return self.start._replace(
            line=self.start.line + mark.line, column=mark.column + 1, written=written
        )

    def refuse(self, event: Any, text: str) -> NoReturn:
        raise InputError(Problem(self.at(event), text))

    def value(self, event: Any, key: Key) -> Any:
        self.refuse_magic(event)
        if isinstance(event, yaml.ScalarEvent):
            return self.scalar(event, key)
        if len(key) >= DEEPEST:
            self.refuse(
                event,
                f"sections or brackets are nested more than {DEEPEST} deep; "
                "is a bracket opened that should not be?",
            )
        if isinstance(event, yaml.SequenceStartEvent):
            return self.sequence(key)
        return self.mapping(key)

    def refuse_magic(self, event: Any) -> None:
        if isinstance(event, yaml.AliasEvent):
            self.refuse(
                event, f"*{cut(str(event.anchor))} is an alias; write the value out instead"
            )
        if event.anchor is not None:
            self.refuse(event, f"&{cut(event.anchor)} is an anchor; leave it out")
        if event.tag is not None:
            tag = event.tag.replace("tag:yaml.org,2002:", "!!")
            self.refuse(event, f"{cut(tag)} is a tag; leave it out, plain values suffice")

    def scalar(self, event: Any, key: Key) -> Any:
        text: str = event.value
        plain = bool(event.implicit[0])
        written = text if plain else repr(text)
        self.places[key] = self.places.get(key, self.at(event))._replace(written=written)
        if not plain:
            return text
        if len(text) > _MOST_DIGITS and (_WHOLE.fullmatch(text) or _BASED.fullmatch(text)):
            self.refuse(event, f"{cut(text)} has {len(text)} digits; no number here is that long")
        return plain_value(text)

    def sequence(self, key: Key) -> list[Any]:
        entries: list[Any] = []
        while not isinstance(event := next(self.events), yaml.SequenceEndEvent):
            entry = (*key, len(entries))
            self.places[entry] = self.at(event)
            entries.append(self.value(event, entry))
        return entries

    def mapping(self, key: Key) -> dict[str, Any]:
        entries: dict[str, Any] = {}
        while not isinstance(event := next(self.events), yaml.MappingEndEvent):
            self.refuse_magic(event)
            if not isinstance(event, yaml.ScalarEvent):
                self.refuse(event, "a key must be a word, not a list or a section")
            name: str = event.value
            entry = (*key, name)
            if name in entries:
                first = self.places[entry]
                where = f", first on line {first.line}" if first.line else ""
                self.refuse(event, f"{dotted(entry)} is given twice{where}; keep one of the two")
            self.places[entry] = self.at(event)
            entries[name] = None
            entries[name] = self.value(next(self.events), entry)
        return entries


def dotted(key: Key) -> str:
    """Return a key as it is written for `--set`, safe to show.

    >>> dotted(("outages", 0, "day"))
    'outages.0.day'
    """
    return ".".join(cut(str(part)) if str(part).strip() else repr(part)[:60] for part in key)


class _Writer(yaml.SafeDumper):
    """Quotes what would not be read back as the same text."""


def _text_node(writer: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = None if plain_value(text) is text and text.isprintable() else '"'
    return writer.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Writer.add_representer(str, _text_node)


def write(data: dict[str, Any]) -> str:
    """Return YAML that `parse` reads as the same data, and readers of YAML 1.1 as well."""
    return yaml.dump(data, Dumper=_Writer, sort_keys=False, allow_unicode=True)


def _refuse_control_characters(text: str, place: Place) -> None:
    if found := _FORBIDDEN.search(text):
        line = place.line + text.count("\n", 0, found.start()) if place.line else 0
        raise InputError(
            Problem(
                place._replace(line=line),
                f"holds the control character {found.group()!a}; is this a text file?",
            )
        )


_UNEVEN = "the line is indented differently from its neighbours"
_REMEDIES = {
    "mapping values are not allowed": "a `:` stands where no key can be; indent the line like its "
    "neighbours, or put a value that holds `: ` in quotes",
    "entries are not allowed": "a list cannot begin here; put each `- ` on a line of its own",
    "mapping keys are not allowed": "a `?` cannot stand here; put the value in quotes",
    "cannot start any token": "a value cannot begin with this character; put the value in quotes",
    "expected <block end>": _UNEVEN,
    "expected key": f"{_UNEVEN}, or a comma is missing",
    "expected '-'": "the line is indented differently from the `-` above it",
    "expected ':'": "a key must be followed by `: ` and its value",
    "node content": "a value is missing here; is a bracket open, or a comma left over?",
    "escape": "a backslash in double quotes begins an escape; use single quotes",
    "tag handle": "a value cannot begin with `!`; put the value in quotes",
    "document start": "leave out the line that begins with %",
    "YAML": "leave out the line that begins with %YAML",
}


def _syntax_problem(error: yaml.YAMLError, text: str, place: Place) -> Problem:
    """Say a parser's complaint in words that lead to the remedy."""
    said = str(getattr(error, "problem", None) or "this is not YAML")
    context = str(getattr(error, "context", None) or "")
    mark = getattr(error, "problem_mark", None)
    opened = getattr(error, "context_mark", None)
    quote = "quoted" in context and "escape" not in said
    if opened and (quote or "expected ':'" in said):
        mark = opened
    lines = text.splitlines() or [""]
    row = min(mark.line, len(lines) - 1) if mark else 0
    line = place.line + row if place.line else 0
    near = lines[row]
    if mark and ("\t" in near[: len(near) - len(near.lstrip())] or near[mark.column :][:1] == "\t"):
        reason = "a tab cannot indent in YAML; use spaces"
    elif quote:
        reason = "the quote opened here is not closed"
    elif opened and ("flow sequence" in context or "flow mapping" in context):
        where = f" on line {place.line + opened.line}" if place.line else ""
        reason = f"the bracket opened{where} is not closed, or a comma is missing in it"
    else:
        reason = next((remedy for part, remedy in _REMEDIES.items() if part in said), said)
    return Problem(place._replace(line=line), f"not valid YAML: {reason}")
