"""Configuration files: from a path to data whose every value knows where it was given.

A `Document` is what a file says, changed by what the command line sets on top. It becomes an
object of the model in `sim.validation`.
"""

import copy
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

from sim import strict_yaml
from sim.errors import InputError, Place, Problem, cut, nearest, shown
from sim.strict_yaml import Key, Places, dotted

LARGEST = 1 << 20
"""Bytes that a configuration file may have."""


class Override(NamedTuple):
    """A value set on top of a file: by `--set key=value`, or in an experiment's `set:`."""

    key: Key
    value: Any
    places: Places
    """The place of the value and of all within it, by their keys below `key`."""


@dataclass(frozen=True)
class Document:
    """The data of a configuration file, and the place of every value in it."""

    data: dict[str, Any]
    """Dicts, lists and plain values; not to be changed in place."""
    places: Places
    """Where each value was given, by its key: `("market", "people")`."""
    source: str
    """The file as the user would name it."""

    def place(self, key: Key) -> Place:
        """Return where `key` was given, or the nearest section around it."""
        while key and key not in self.places:
            key = key[:-1]
        return self.places.get(key, Place(self.source))

    def value(self, key: Key, default: Any = None) -> Any:
        """Return what stands at `key`, or `default` where nothing does."""
        node: Any = self.data
        for part in key:
            inside = (
                part in node
                if isinstance(node, dict)
                else (isinstance(node, list) and isinstance(part, int) and part < len(node))
            )
            if not inside:
                return default
            node = node[part]
        return node

    def written(self, key: Key) -> str:
        """Return the value at `key` as its author wrote it, short and safe to show."""
        value = self.value(key)
        place = self.places.get(key)
        if isinstance(value, (dict, list)) or not place or not place.written:
            return shown(value)
        return cut(place.written)

    def problem(self, key: Key, text: str) -> Problem:
        """Return the problem that the value at `key` has: `place: key = value text`."""
        return Problem(self.place(key), f"{dotted(key)} = {self.written(key)} {text}")

    def file(self, key: Key) -> str:
        """Return the path given at `key`, absolute: relative ones start where it was written."""
        return os.path.abspath(os.path.join(self.place(key).folder, self.value(key)))

    def without(self, key: Key) -> "Document":
        """Return the document with `key` taken out."""
        data = copy.deepcopy(self.data)
        section = Document(data, {}, "").value(key[:-1])
        if isinstance(section, dict):
            section.pop(str(key[-1]), None)
        return replace(self, data=data, places=_outside(self.places, key))

    def overridden(self, override: Override) -> "Document":
        """Return the document with one value set; sections on the way are made as needed.

        Raises
        ------
        InputError
            If the key leads through a value that is no section, or beyond the end of a list.
        """
        data = copy.deepcopy(self.data)
        node: Any = data
        key: Key = ()
        made: Places = {}
        for part in override.key:
            at = _entry(node, part, key, override)
            key = (*key, at)
            if len(key) == len(override.key):
                node[at] = copy.deepcopy(override.value)
            elif isinstance(node, dict) and node.get(at) is None:
                node[at] = {}
                made[key] = override.places[()]
            node = node[at]
        places = _outside(self.places, key) | made
        places.update({(*key, *below): place for below, place in override.places.items()})
        return replace(self, data=data, places=places)

    def overrides(self, key: Key = ("set",)) -> list[Override]:
        """Return what the mapping at `key` sets, such as an experiment's `set:` (dotted keys)."""
        return [
            Override(
                tuple(str(name).split(".")),
                value,
                {
                    place_key[len(key) + 1 :]: place
                    for place_key, place in self.places.items()
                    if place_key[: len(key) + 1] == (*key, name)
                },
            )
            for name, value in (self.value(key) or {}).items()
        ]


def _entry(node: Any, part: str | int, above: Key, override: Override) -> str | int:
    """Return `part` as the key or index that `node` takes, or say why there is none."""
    if isinstance(node, dict):
        return str(part)
    if not isinstance(node, list):
        reason = f"{dotted(above)} is {shown(node)}, not a section"
    elif re.fullmatch("[0-9]{1,9}", str(part)) and int(part) < len(node):
        return int(part)
    else:
        have = f"entries 0 to {len(node) - 1}" if node else "no entries"
        reason = f"{dotted(above)} is a list with {have}"
    what = dotted((*above, part))
    raise InputError(Problem(override.places[()], f"{what} cannot be set: {reason}"))


def _outside(places: Places, key: Key) -> Places:
    """Return the places of all that is neither `key` nor within it."""
    return {other: place for other, place in places.items() if other[: len(key)] != key}


def parse_override(text: str, option: str = "--set") -> Override:
    """Read `key=value` as given to `--set`; the value follows the rules of the files.

    >>> parse_override("market.people=1e3")[:2]
    (('market', 'people'), 1000.0)
    """
    name, equals, value = text.partition("=")
    place = Place(f"{option} {cut(text)}", written=value)
    key = tuple(part.strip() for part in name.split("."))
    if not equals or not all(key):
        raise InputError(
            Problem(place, "must be key=value, such as `market.people=3000` (dots between names)")
        )
    data, places = strict_yaml.parse(value, place)
    return Override(key, data, places or {(): place})


def assigned(key: str, value: Any, option: str = "") -> Override:
    """Return the override that sets the dotted `key` to a value which is data already."""
    places: Places = {}
    for below, within in _walk(value, ()):
        written = None if isinstance(within, (dict, list)) else shown(within)
        places[below] = Place(option, written=written)
    return Override(tuple(key.split(".")), value, places)


def _walk(value: Any, key: Key) -> Iterator[tuple[Key, Any]]:
    yield key, value
    entries = value.items() if isinstance(value, dict) else ()
    for name, within in enumerate(value) if isinstance(value, list) else entries:
        yield from _walk(within, (*key, name))


def read_document(path: str | os.PathLike[str], asked: Problem | None = None) -> Document:
    """Read a YAML file whose top level is a mapping.

    Parameters
    ----------
    path
        The file; UTF-8, at most `LARGEST` bytes.
    asked
        Where the path was given, if in another file, and as what (`policy = mine.yaml`): a missing
        file is a problem there.

    Raises
    ------
    InputError
        If the file is missing, no text, too large, not YAML as `sim.strict_yaml` reads it, empty,
        or not a mapping.
    """
    source = named(path)
    place = Place(source, 1, 1, None, os.path.dirname(os.fspath(path)) or ".")
    data, places = strict_yaml.parse(_text(path, source, asked), place)
    if data is None:
        raise InputError(f"{source}: the file is empty; it must hold keys, such as `name: mine`")
    if not isinstance(data, dict):
        raise InputError(
            Problem(places[()], f"the file must hold keys, such as `name: mine`, not {_kind(data)}")
        )
    return Document(data, places, source)


def named(path: str | os.PathLike[str]) -> str:
    """Return a path as its user would name it: relative to the working directory if within it."""
    text = os.fspath(path)
    if os.path.isabs(text):
        relative = os.path.relpath(text)
        text = text if relative.startswith(os.pardir) else relative
    return text


def _kind(data: Any) -> str:
    return "a list" if isinstance(data, list) else f"the single value {shown(data)}"


def _text(path: str | os.PathLike[str], source: str, asked: Problem | None) -> str:
    """Return the text of a file, without its byte order mark."""
    try:
        with open(path, "rb") as file:
            raw = file.read(LARGEST + 1)
    except (OSError, ValueError) as error:
        reason = unreadable(path, error)
        raise InputError(
            Problem(asked.place, f"{asked.text} {reason}") if asked else f"{source}: {reason}"
        ) from None
    if len(raw) > LARGEST:
        raise InputError(
            f"{source}: the file is larger than {LARGEST >> 20} MiB; is it a configuration file?"
        )
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        found = "looks like UTF-16" if raw[:2] in (b"\xff\xfe", b"\xfe\xff") else "is not UTF-8"
        line = raw.count(b"\n", 0, error.start) + 1
        raise InputError(
            f"{source}:{line}: the text {found} (byte {raw[error.start]:#04x}); save it as UTF-8"
        ) from None


def unreadable(path: str | os.PathLike[str], error: Exception) -> str:
    """Say why a file cannot be read, and which file may have been meant."""
    target = Path(path)
    if isinstance(error, IsADirectoryError):
        inside = sorted(name for name in os.listdir(target) if name.endswith((".yaml", ".yml")))
        listed = f": {', '.join(cut(name) for name in inside[:8])}" if inside else ""
        return f"is a folder; name a file in it{listed}"
    if not isinstance(error, FileNotFoundError):
        return f"cannot be read: {getattr(error, 'strerror', None) or 'not a name of a file'}"
    if not target.parent.is_dir():
        return f"does not exist: there is no folder {shown(os.fspath(target.parent))}"
    try:
        beside = os.listdir(target.parent)
    except OSError:
        beside = []
    meant = nearest(target.name, beside)
    if meant:
        return f"does not exist; did you mean {cut(named(target.parent / meant))}?"
    return f"does not exist; looked in {cut(named(target.parent.absolute()))}"
