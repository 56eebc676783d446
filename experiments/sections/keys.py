"""The dotted keys of world and policy that an experiment may vary, and what each may be set to."""

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any, Literal, NoReturn, get_args, get_origin

from pydantic import ConfigDict, TypeAdapter, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import InitErrorDetails, PydanticCustomError

from sim.errors import InputError, nearest, shown
from sim.reading import Document
from sim.remedies import section_of
from sim.scenario import Scenario, validated
from sim.strict_yaml import Key, dotted

Scalar = bool | int | float | str | None
"""What a key may be set to."""

_NAMES = "is a name, and changes nothing in a run"
_REFUSED = {
    "seed": "is no parameter: how many worlds, or which, is said by `seeds`",
    "name": _NAMES,
    "policy_name": _NAMES,
}

_NO_UNITS = ("name", "path", "text", "yes or no")
"""What the reference says instead of a unit."""


@dataclass(frozen=True)
class Parameter:
    """A key of world or policy, as the scenario declares it.

    Attributes
    ----------
    key : str
        Dotted: `policy.delay`, `outages.0.severity`.
    field : FieldInfo
        Its meaning, unit and bounds.
    """

    key: str
    field: FieldInfo

    @property
    def whole(self) -> bool:
        """Whether it takes whole numbers alone, by its declaration."""
        return int in self._kinds

    @property
    def number(self) -> bool:
        """Whether it takes numbers."""
        return self.whole or float in self._kinds

    @property
    def bounds(self) -> tuple[float, float]:
        """The least and the greatest value, both included; infinite where there is none."""
        limits = self.field.metadata
        low = next((limit.ge for limit in limits if hasattr(limit, "ge")), -math.inf)
        high = next((limit.le for limit in limits if hasattr(limit, "le")), math.inf)
        return low, high

    @property
    def unit(self) -> str:
        """The unit, as the reference has it."""
        extra = self.field.json_schema_extra
        return str(extra.get("unit", "")) if isinstance(extra, dict) else ""

    @property
    def told_in(self) -> str:
        """The unit of its values, without what is said beside it; empty where they are words."""
        plain = self.unit.partition(";")[0]
        return "" if plain in _NO_UNITS else plain

    @property
    def meaning(self) -> str:
        """What it is."""
        return self.field.description or ""

    def checked(self, value: Any) -> Scalar:
        """Return a value as a scenario would hold it.

        Raises
        ------
        ValueError
            In the scenario's own words, if the value is not allowed.
        """
        try:
            made: Scalar = _adapter(_general(self.key)).validate_python(value)
        except ValidationError:
            raise ValueError(_complaint(_general(self.key), value)) from None
        return made

    @property
    def _kinds(self) -> tuple[Any, ...]:
        annotation = self.field.annotation
        return (annotation, *get_args(annotation))


def parameter_of(key: str) -> Parameter:
    """Return the parameter that a key names.

    Raises
    ------
    ValueError
        If there is none, or it cannot be varied; with the one that may have been meant.
    """
    general = _general(key)
    if key in _REFUSED:
        raise ValueError(_REFUSED[key])
    fields = _fields()
    if general in fields:
        return Parameter(key, fields[general])
    inside = [name for name in fields if name.startswith(f"{general}.")]
    if inside:
        if general == "policy":
            raise ValueError("is a whole policy; list policies under `policies`, which are all run")
        raise ValueError(f"is a section; set keys within it, such as {inside[0]}")
    raise ValueError(f"is not a key of world or policy; {_meant(key)}")


def parameters() -> list[str]:
    """Return every key that may be varied; the entries of lists have the number 0."""
    return [key for key in _fields() if key not in _REFUSED]


def _meant(key: str) -> str:
    """Return the key that was meant: one with this very last name, or a name much like it."""
    known = sorted(parameters(), key=lambda name: ".0." in name)
    by_end: dict[str, str] = {}
    for name in known:
        by_end.setdefault(name.rpartition(".")[2], name)
    last = key.rpartition(".")[2]
    end = nearest(last, by_end)
    close = by_end.get(last) or ("." in key and nearest(key, known)) or (end and by_end[end])
    return f"did you mean {close}?" if close else "see `amends schema scenario` for all"


def _general(key: str) -> str:
    """Return a key with the numbers of its list entries set to 0."""
    numbers = re.compile("0|[1-9][0-9]*")
    return ".".join("0" if numbers.fullmatch(part) else part for part in key.split("."))


@cache
def _fields() -> dict[str, FieldInfo]:
    """Return all single values of a scenario by their dotted keys."""
    return dict(_within(Scenario, ""))


def _within(section: type[Any], above: str) -> Iterator[tuple[str, FieldInfo]]:
    for name, field in section.model_fields.items():
        key = above + name
        inner = section_of(field.annotation)
        if inner is None:
            yield key, field
        else:
            many = get_origin(field.annotation) is tuple
            yield from _within(inner, f"{key}.0." if many else f"{key}.")


@cache
def key_schema() -> dict[str, Any]:
    """Return the JSON Schema of a dotted key of world or policy."""
    names = parameters()
    listed = sorted({re.escape(name.partition(".")[0]) for name in names if ".0." in name})
    return {
        "description": "a key of world or policy, dotted",
        "anyOf": [
            {"enum": [name for name in names if ".0." not in name]},
            {"type": "string", "pattern": rf"^({'|'.join(listed)})\.[0-9]+\."},
        ],
    }


def keyed(values: dict[str, Any]) -> dict[str, Any]:
    """Return the JSON Schema of a section with dotted keys."""
    return {
        "type": "object",
        "propertyNames": key_schema(),
        "additionalProperties": values,
        "minProperties": 1,
    }


@cache
def _adapter(key: str) -> TypeAdapter[Any]:
    field = _fields()[key]
    kind: Any = field.annotation
    for limit in field.metadata:
        kind = Annotated[kind, limit]
    if get_origin(field.annotation) is Literal:
        return TypeAdapter(kind)
    return TypeAdapter(kind, config=ConfigDict(strict=True, allow_inf_nan=False))


def _complaint(key: str, value: Any) -> str:
    """Return what a scenario file with this value would be told, without key and value."""
    path: Key = tuple(int(part) if part.isdecimal() else part for part in key.split("."))
    data: Any = value
    for part in reversed(path):
        data = [data] if isinstance(part, int) else {part: data}
    try:
        validated(Document(data, {}, ""))
    except InputError as error:
        said = error.problems[0].text
        return said.removeprefix(f"{dotted(path)} = {shown(value)} ").removeprefix(f"{key}: ")
    return "is not allowed here"


_VERBS = ("is", "has", "must", "takes", "comes", "says")
"""With these a text goes on from `key = value`; beside a section or a list a subject is missing."""


class Faults:
    """What is wrong within a section, gathered so as to be told in one go, each at its place."""

    def __init__(self) -> None:
        self.found: list[InitErrorDetails] = []

    def add(self, loc: Key, value: Any, text: str) -> None:
        """Keep a problem of the value at `loc`; the text goes on from `key = value`."""
        if (
            not isinstance(value, (bool, int, float, str, type(None)))
            and text.split(" ")[0] in _VERBS
        ):
            text = f"this {text}"
        said = PydanticCustomError("value_error", "Value error, {text}", {"text": text})
        self.found.append(InitErrorDetails(type=said, loc=loc, input=value))

    def parameter(self, loc: Key, key: str, value: Any) -> Parameter | None:
        """Return the parameter of a key, or None if it may not be set."""
        try:
            return parameter_of(key)
        except ValueError as error:
            self.add(loc, value, str(error))
            return None

    def value(self, loc: Key, parameter: Parameter, value: Any) -> Scalar:
        """Return a value as the scenario would hold it; None if that may not be."""
        try:
            return parameter.checked(value)
        except ValueError as error:
            self.add(loc, value, str(error))
            return None

    def tell(self) -> None:
        """Raise what was found, if anything was."""
        if self.found:
            raise ValidationError.from_exception_data("design", self.found)

    def refuse(self, loc: Key, value: Any, text: str) -> NoReturn:
        """Raise one problem together with what was found before."""
        self.add(loc, value, text)
        raise ValidationError.from_exception_data("design", self.found)


def settings(faults: Faults, loc: Key, value: Any, example: str) -> dict[str, Any]:
    """Return a section whose keys are dotted, and refuse anything else."""
    if not isinstance(value, dict) or not value:
        faults.refuse(loc, value, f"must have keys of world or policy, such as `{example}`")
    return value


def shortest(keys: Sequence[str]) -> list[str]:
    """Return the last parts of dotted keys, if these tell them apart; else the keys.

    >>> shortest(["talk.failure", "policy.delay"]), shortest(["policy.agents", "outages.0.agents"])
    (['failure', 'delay'], ['policy.agents', 'outages.0.agents'])
    """
    ends = [key.rpartition(".")[2] for key in keys]
    return ends if len(set(ends)) == len(keys) else list(keys)


def said(value: Scalar) -> str:
    """Return a value as it is read aloud.

    >>> [said(value) for value in (12000, 0.02, 3.0, True, None, "fast")]
    ['12,000', '0.02', '3', 'true', 'empty', 'fast']
    """
    if value is None or isinstance(value, bool):
        return "empty" if value is None else str(value).lower()
    if isinstance(value, str):
        return value
    if float(value).is_integer() and abs(value) < 1e15:
        return f"{int(value):,}"
    return f"{value:.6g}"
