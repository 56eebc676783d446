"""Reading ties from files: edge lists and csv, GraphML, GEXF, each also gzipped.

Edge lists of whole numbers, the common case, go through pandas' C reader. Whatever it refuses is
read again line by line, which takes text for ids and names the first line that is wrong.
"""

import csv
import gzip
import io
import re
import zlib
from collections.abc import Hashable, Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple
from xml.parsers import expat

import networkx as nx
import numpy as np
import pandas as pd

from sim.errors import InputError, Place, Problem, cut, nearest

LARGEST = 4 * 2**30
"""The largest file that is read, in bytes once unpacked: a few bytes of gzip can hold much more."""

_HEADERS = (("source", "target"), ("from", "to"), ("src", "dst"), ("node1", "node2"))
_ATTRIBUTES = {"node": ("id",), "edge": ("source", "target")}
# Python refuses to read numbers of more than 4,300 digits; so long a one is a name.
_INTEGER = re.compile(r"[+-]?[0-9]{1,4000}")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f]")
# A hash within a word belongs to it.
_COMMENT = re.compile(r"(?:^|\s)#|^%")
# Two columns of people mostly hold the same people; so few ids as these may part by chance.
_TELLING = 5
_SHARED = 0.05
_WANTED = "wanted two ids a line, such as 'anna bert', '17 42' or '17,42'"


class Ties(NamedTuple):
    """Ties as they were read, with whatever loops and doubles there are.

    Attributes
    ----------
    labels : tuple
        The ids, one for each person, in the order of people.
    pairs : numpy.ndarray
        int64[ties, 2], the two people of each tie as positions in `labels`.
    notes : tuple of str
        What was done in reading that the user should hear of.
    """

    labels: tuple[Hashable, ...]
    pairs: np.ndarray[Any, np.dtype[np.int64]]
    notes: tuple[str, ...] = ()


def read_ties(path: Path) -> Ties:
    """Read the ties in a file; its suffix (.graphml, .gexf, any other) tells the format.

    People are in ascending order of id where all ids are whole numbers, and otherwise in the
    order in which the file first names them.

    Raises
    ------
    InputError
        If the file is missing, unreadable, empty or malformed: with file, line, what was found
        and what was wanted.
    """
    data = _contents(path)
    name = path.name.lower().removesuffix(".gz")
    if name.endswith(".graphml"):
        return _read_xml(path, data, nx.read_graphml)
    if name.endswith(".gexf"):
        return _read_xml(path, data, nx.read_gexf)
    return _read_lines(path, data)


def graph_ties(graph: Any) -> Ties:
    """Return the ties of a NetworkX graph of any kind, its nodes in the graph's own order."""
    row = {node: position for position, node in enumerate(graph)}
    ends = (row[node] for tie in graph.edges() for node in tie)
    pairs = np.fromiter(ends, np.int64, 2 * graph.number_of_edges()).reshape(-1, 2)
    directed = graph.is_directed() and len(pairs) > 0
    notes = (f"took {len(pairs):,} directed ties as mutual",) if directed else ()
    return Ties(tuple(row), pairs, notes)


def _fault(path: Path, text: str, line: int = 0) -> InputError:
    return InputError(Problem(Place(str(path), line), text))


def _contents(path: Path) -> bytes:
    """Return what is in the file, unpacked."""
    if not path.exists():
        folder = path.parent
        if not folder.is_dir():
            raise _fault(path, f"no such file, and no such folder as {folder}")
        near = nearest(path.name, (other.name for other in folder.iterdir()))
        raise _fault(path, "no such file" + (f"; did you mean {folder / near}?" if near else ""))
    if not path.is_file():
        kind = "a folder" if path.is_dir() else "not an ordinary file"
        raise _fault(path, f"is {kind}; wanted an edge list, csv, GraphML or GEXF file")
    opened: Any = gzip.open if path.name.lower().endswith(".gz") else open
    try:
        with opened(path, "rb") as file:
            data: bytes = file.read(LARGEST + 1)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise _fault(path, f"is not a whole gzip file ({error})") from None
    except OSError as error:
        raise _fault(path, f"cannot be read ({error.strerror})") from None
    if len(data) > LARGEST:
        raise _fault(path, f"holds more than {LARGEST:,} bytes, the most that is read")
    if not data.strip():
        raise _fault(path, f"is empty; {_WANTED}")
    return data


def _read_xml(path: Path, data: bytes, reader: Any) -> Ties:
    """Read GraphML or GEXF, once it is known to be sound XML that declares no entities."""
    _check_xml(path, data)
    try:
        ties = graph_ties(reader(io.BytesIO(data)))
    except Exception as error:
        # NetworkX's readers fail in as many ways as there are ways to misuse the format.
        kind = reader.__name__.removeprefix("read_")
        what = cut(str(error) or type(error).__name__)
        raise _fault(path, f"is XML, but cannot be read as {kind}: {what}") from None
    if not ties.labels:
        raise _fault(path, "holds no nodes; wanted at least one")
    return _by_id([str(label) for label in ties.labels], ties.pairs, ties.notes)


def _check_xml(path: Path, data: bytes) -> None:
    """Refuse broken XML, any DOCTYPE, and what NetworkX would take for a node called None."""

    def refuse(*_: object) -> None:
        text = "found a DOCTYPE, which can hide an entity bomb and is never read; delete it"
        raise _fault(path, text, check.CurrentLineNumber)

    def element(name: str, given: dict[str, str]) -> None:
        for key in _ATTRIBUTES.get(name.rpartition(":")[2], ()):
            if key not in given:
                text = f"found <{cut(name)}> without {key}, which it must have"
                raise _fault(path, text, check.CurrentLineNumber)

    check = expat.ParserCreate()
    check.StartDoctypeDeclHandler = refuse
    check.StartElementHandler = element
    try:
        check.Parse(data, True)
    except expat.ExpatError as error:
        fault = expat.ErrorString(error.code)
        raise _fault(path, f"is not well-formed XML: {fault}", error.lineno) from None


class _Layout(NamedTuple):
    """How an edge list is laid out, as its first line that is no comment shows."""

    delimiter: str | None  # None: any white space
    columns: tuple[int, int]
    start: int  # where the ties begin, in bytes
    skipped: int  # lines before that
    notes: tuple[str, ...]
    headed: bool = False
    doubtful: bool = False  # a header only if all ids after it are numbers


def _read_lines(path: Path, data: bytes) -> Ties:
    if data.startswith(b"\xef\xbb\xbf"):
        data = data[3:]
    if b"\n" not in data:
        data = data.replace(b"\r", b"\n")
    layout = _layout(path, data)
    pairs = _integers(data, layout)
    if pairs is None:
        ties = _exactly(path, data, layout)
        if layout.doubtful and isinstance(ties.labels[0], str):
            layout = layout._replace(start=0, skipped=0, notes=(), headed=False)
            ties = _exactly(path, data, layout)
    else:
        labels, position = np.unique(pairs, return_inverse=True)
        ties = Ties(tuple(labels.tolist()), position.reshape(-1, 2), layout.notes)
    return ties._replace(notes=ties.notes + tuple(_doubts(ties, data, layout)))


def _doubts(ties: Ties, data: bytes, layout: _Layout) -> Iterator[str]:
    """Yield what suggests that a table holds a header among its ties, or something else than ties.

    White space is for those who know edge lists; commas, semicolons and tabs come from anywhere.
    """
    if layout.delimiter is None:
        return
    first = ties.pairs[0]
    words = not any(_numbers([str(ties.labels[person])]) for person in first)
    alone = len(ties.pairs) > 1 and not np.isin(ties.pairs[1:], first).any()
    if words and alone and not layout.headed:
        number, _, line = next(_rows(data, layout.start, layout.skipped))
        yield (
            f"took line {number}, {cut(line)!r}, for a tie, though neither id comes again; "
            "if it is a header, let it say source,target"
        )
    stands = np.zeros((2, len(ties.labels)), bool)
    stands[0, ties.pairs[:, 0]] = stands[1, ties.pairs[:, 1]] = True
    fewer, both = int(stands.sum(axis=1).min()), int(stands.all(axis=0).sum())
    if fewer >= _TELLING and both < _SHARED * fewer:
        yield (
            f"hardly any id stands in both columns ({both:,} of {fewer:,}); "
            "make sure that both hold people, and that each line is a tie"
        )


def _rows(data: bytes, start: int = 0, skipped: int = 0) -> Iterator[tuple[int, int, str]]:
    """Yield number, first byte and text of each line that is not blank or a comment."""
    lines = io.BytesIO(data)
    lines.seek(start)
    for number, raw in enumerate(lines, skipped + 1):
        line = raw.decode(errors="replace").strip()
        if "#" in line or "%" in line:
            line = _COMMENT.split(line, maxsplit=1)[0].rstrip()
        if line:
            yield number, start, line
        start += len(raw)


def _fields(line: str, delimiter: str | None) -> list[str]:
    if delimiter is None or (delimiter == "\t" and "\t" not in line):
        return line.split()
    fields = line.split(delimiter)
    if '"' in line:
        with suppress(csv.Error):
            fields = next(csv.reader([line], delimiter=delimiter))
    return [field.strip() for field in fields]


def _layout(path: Path, data: bytes) -> _Layout:
    """Find the delimiter, the header if there is one, and the columns of the two ids."""
    rows = _rows(data)
    first = next(rows, None)
    if first is None:
        raise _fault(path, f"holds only comments and blank lines; {_WANTED}")
    number, start, line = first
    delimiter = next((mark for mark in ",;\t" if mark in line), None)
    fields = _fields(line, delimiter)
    end = data.find(b"\n", start) + 1 or len(data)
    notes: tuple[str, ...] = (f"took line {number}, {cut(line)!r}, for a header",)
    header = _Layout(delimiter, (0, 1), end, number, notes, headed=True)
    lower = [field.lower() for field in fields]
    for one, other in _HEADERS:
        if one in lower and other in lower:
            return header._replace(columns=(lower.index(one), lower.index(other)))
    second = next(rows, None)
    if second and not _numbers(fields[:2]) and _numbers(_fields(second[2], delimiter)[:2]):
        return header._replace(doubtful=True)
    more = [cut(field) for field in fields[2:] if field][:1]
    notes = tuple(f"ignored what follows the first two columns, such as {each!r}" for each in more)
    return _Layout(delimiter, (0, 1), start, number - 1, notes)


def _numbers(ids: Iterable[str]) -> bool:
    return all(map(_INTEGER.fullmatch, ids))


def _integers(data: bytes, layout: _Layout) -> np.ndarray[Any, np.dtype[np.int64]] | None:
    """Return int64[ties, 2] where every line holds two whole numbers, else None."""
    first = next(_rows(data, layout.start), None)
    if first is None or b"\0" in data:
        return None
    fields = _fields(first[2], layout.delimiter)
    if not _numbers(fields[column] for column in layout.columns if column < len(fields)):
        return None
    spaced = layout.delimiter is None
    try:
        frame = pd.read_csv(
            io.BytesIO(data[layout.start :]),
            sep=r"\s+" if spaced else layout.delimiter,
            header=None,
            usecols=sorted(layout.columns),
            comment="#",
            na_filter=False,
            index_col=False,
            low_memory=False,
            quoting=csv.QUOTE_NONE if spaced else csv.QUOTE_MINIMAL,
        )
    except (ValueError, OverflowError):
        return None
    if not all(kind == np.int64 for kind in frame.dtypes):
        return None
    return frame[list(layout.columns)].to_numpy()


def _check_text(path: Path, data: bytes) -> None:
    """Refuse binary data, naming the line of the first byte that cannot stand in a text."""
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        found = f"found the byte 0x{data[error.start]:02x}, which is not UTF-8; wanted text"
        raise _fault(path, found, data.count(b"\n", 0, error.start) + 1) from None
    if control := _CONTROL.search(text):
        found = f"found the control character 0x{ord(control.group()):02x}; wanted text"
        raise _fault(path, found, text.count("\n", 0, control.start()) + 1)


def _exactly(path: Path, data: bytes, layout: _Layout) -> Ties:
    """Read an edge list line by line: ids may be any text, and the first fault is named."""
    _check_text(path, data)
    row: dict[str, int] = {}
    ends: list[int] = []
    one, other = layout.columns
    last = max(one, other)
    for number, _, line in _rows(data, layout.start, layout.skipped):
        fields = _fields(line, layout.delimiter)
        if len(fields) <= last or not fields[one] or not fields[other]:
            held = sum(map(bool, fields))
            count = "one id" if held == 1 else f"{held} columns"
            if last > 1:
                count += f" where the ids are columns {one + 1} and {other + 1}"
            raise _fault(path, f"found {cut(line)!r}, {count}; {_WANTED}", number)
        ends.append(row.setdefault(fields[one], len(row)))
        ends.append(row.setdefault(fields[other], len(row)))
    if not ends:
        raise _fault(path, f"holds a header and no ties; {_WANTED}")
    return _by_id(list(row), np.array(ends, np.int64).reshape(-1, 2), layout.notes)


def _by_id(
    ids: list[str], pairs: np.ndarray[Any, np.dtype[np.int64]], notes: tuple[str, ...]
) -> Ties:
    """Put people in ascending order of id if all ids are whole numbers."""
    if not _numbers(ids):
        return Ties(tuple(ids), pairs, notes)
    labels, position = np.unique(np.array([int(each) for each in ids], object), return_inverse=True)
    return Ties(tuple(labels.tolist()), position[pairs], notes)
