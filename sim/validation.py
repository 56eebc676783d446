"""From data to validated objects, every problem with its place, bound and remedy."""

import re
from collections.abc import Callable
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from sim.errors import InputError, Place, Problem, TooMuch, nearest
from sim.reading import Document
from sim.remedies import (
    choices,
    field_at,
    known_key,
    section_of,
    write_boolean,
    write_number,
    write_share,
)
from sim.strict_yaml import Key, dotted

Model = TypeVar("Model", bound=BaseModel)

Beyond = Callable[[Key, str, Any], str]
"""Called with a key, a unit and a value above its bound; returns what so much would take, or nothing."""


def validate(
    model: type[Model],
    document: Document,
    problems: list[Problem] | None = None,
    beyond: Beyond | None = None,
) -> Model:
    """Return the object that a document describes.

    Parameters
    ----------
    model
        A `sim.parameters.Section` or another strict pydantic model. Lists are given to it as
        tuples, so declare them as `tuple[..., ...]`. A check of its own that raises `ValueError`
        should name the key that is to blame: the problem is placed there.
    document
        The data.
    problems
        Problems found before, to be told in one go with those found here.
    beyond
        What knows what a value above its bound would take, to be told with the bound.

    Raises
    ------
    InputError
        With every problem of the document, in the order of its lines.
    """
    found = list(problems or ())
    made: Model | None = None
    try:
        made = model.model_validate(_tuples(document.data))
    except ValidationError as error:
        found += [_Fault(model, document, each, beyond).problem() for each in _told_once(error)]
    if found or made is None:
        raise InputError(*sorted(dict.fromkeys(found), key=lambda p: _order(document, p.place)))
    return made


def _told_once(error: ValidationError) -> list[dict[str, Any]]:
    """Return errors without those of whole numbers where any number will do."""
    errors: list[dict[str, Any]] = [dict(each) for each in error.errors(include_url=False)]
    floats = {each["loc"][:-1] for each in errors if each["loc"][-1:] == ("float",)}
    return [
        each for each in errors if each["loc"][-1:] != ("int",) or each["loc"][:-1] not in floats
    ]


def _tuples(data: Any) -> Any:
    if isinstance(data, dict):
        return {name: _tuples(value) for name, value in data.items()}
    return tuple(_tuples(value) for value in data) if isinstance(data, list) else data


def _order(document: Document, place: Place) -> tuple[bool, str, int, int]:
    return place.source != document.source, place.source, place.line, place.column


_BOUNDS = {
    "greater_than_equal": "at least",
    "less_than_equal": "at most",
    "greater_than": "more than",
    "less_than": "less than",
}
_NUMBERS = ("int_type", "int_from_float", "float_type", "finite_number")
_FEW = 4
"""Values of a list that are shown."""

_UNITS_UNSAID = ("name", "path", "text", "yes or no", "section")


class _Fault:
    """One error of pydantic's, on its way to becoming a problem that can be read aloud."""

    def __init__(
        self,
        root: type[BaseModel],
        document: Document,
        error: dict[str, Any],
        beyond: Beyond | None = None,
    ) -> None:
        self.root = root
        self.beyond = beyond
        self.document = document
        self.type: str = error["type"]
        self.said: str = error["msg"]
        self.limits: dict[str, Any] = error.get("ctx", {})
        self.value: Any = error["input"]
        self.key = self._key(error["loc"])
        _, self.field = field_at(root, self.key)

    def _key(self, loc: Key) -> Key:
        """Return pydantic's location as a key of the document, without names of union members."""
        key: Key = ()
        for i, part in enumerate(loc):
            here = self.document.value(key)
            absent = self.type == "missing" and i == len(loc) - 1
            if absent or isinstance(here, list) or (isinstance(here, dict) and part in here):
                key = (*key, part)
        return key

    def problem(self) -> Problem:
        """Return the problem in the user's words."""
        if self.type == "extra_forbidden":
            owner = dotted(self.key[:-1]) or "this file"
            return self._is(f"is not a key of {owner}; {known_key(self.root, self.key)}")
        if self.type == "missing":
            place = self.document.place(self.key)
            return Problem(place, f"{dotted(self.key)} is missing{self._meaning()}")
        if self.type in ("value_error", "assertion_error"):
            return self._own_check()
        demand, remedy = self._demand()
        return self._is(demand + self._meaning() + (f"; {remedy}" if remedy else ""))

    def _is(self, text: str) -> Problem:
        return self.document.problem(self.key, text)

    def _own_check(self) -> Problem:
        """Place what a model's own check said at the key that it names."""
        text = self.said.partition(", ")[2]
        error = self.limits.get("error")
        if isinstance(error, TooMuch):
            text = "; ".join(filter(None, (text, self._taking(error.unit, error.amount))))
        here = self.document.value(self.key)
        if not isinstance(here, (dict, list)):
            return self._is(text.removeprefix("this "))
        place = self.document.place(self._blamed(text))
        return Problem(place, f"{dotted(self.key)}{self._few(here)}: {text}" if self.key else text)

    def _blamed(self, text: str) -> Key:
        """Return the key of the first word of a text that is one, dotted or not, as deep as it goes."""
        for word in re.findall(r"[\w.]+", text):
            key = self.key
            for part in (word, *word.split(".")):
                here = self.document.value(key)
                if isinstance(here, dict) and part in here:
                    key = (*key, part)
            if key != self.key:
                return key
        return self.key

    def _few(self, values: Any) -> str:
        """Return ` = [1, 0]` for a list of a few single values, else nothing."""
        if not isinstance(values, list) or not 0 < len(values) <= _FEW:
            return ""
        if any(isinstance(value, (dict, list)) for value in values):
            return ""
        return (
            f" = [{', '.join(self.document.written((*self.key, i)) for i in range(len(values)))}]"
        )

    def _meaning(self) -> str:
        """Return ` (unit): meaning`, as far as the field has them."""
        if self.field is None:
            return ""
        unit = self._unit()
        if self.type == "literal_error":
            return ""
        text = f" ({unit})" if unit and unit not in _UNITS_UNSAID else ""
        return text + (f": {self.field.description}" if self.field.description else "")

    def _unit(self) -> str:
        extra = self.field.json_schema_extra if self.field else None
        return str(extra.get("unit", "")) if isinstance(extra, dict) else ""

    def _taking(self, unit: str, amount: Any) -> str:
        """Return what an amount above its bound would take, as far as somebody knows."""
        return self.beyond(self.key, unit, amount) if self.beyond else ""

    def _demand(self) -> tuple[str, str]:
        """Return what must stand there instead, and what to write where that can be told."""
        kind = self.type
        if kind in _BOUNDS:
            limit = next(iter(self.limits.values()))
            remedy = ""
            if kind == "less_than_equal":
                share = write_share(self.value) if limit == 1 else ""
                remedy = share or self._taking(self._unit(), self.value)
            return f"must be {_BOUNDS[kind]} {_number(limit)}", remedy
        if kind in _NUMBERS:
            whole = kind.startswith("int")
            noun = "whole number" if whole else "number"
            return f"must be a {noun}{self._range()}", write_number(self.value, whole=whole)
        if kind.startswith("bool"):
            return "must be true or false", write_boolean(self.value)
        if kind == "string_type":
            return "must be text", self._in_quotes()
        if kind == "literal_error":
            return self._choice()
        if kind in ("tuple_type", "list_type"):
            return "must be a list: in square brackets, or each entry on a line after `- `", ""
        if kind in ("too_long", "too_short"):
            bound = self.limits.get("max_length", self.limits.get("min_length"))
            word = "most" if kind == "too_long" else "least"
            return (
                f"must have at {word} {bound} entries, and has {self.limits['actual_length']}",
                "",
            )
        if kind in ("model_type", "dict_type"):
            return self._section()
        return f"must {self.said.removeprefix('Input should ')}", ""

    def _range(self) -> str:
        """Return the bounds of the field: ` from 0 to 3`."""
        limits = self.field.metadata if self.field else ()
        low = next((m.ge for m in limits if hasattr(m, "ge")), None)
        high = next((m.le for m in limits if hasattr(m, "le")), None)
        if low is None or high is None:
            return ""
        return f" from {_number(low)} to {_number(high)}"

    def _in_quotes(self) -> str:
        simple = isinstance(self.value, (int, float))
        return f'write "{self.document.written(self.key)}", in quotes' if simple else ""

    def _choice(self) -> tuple[str, str]:
        words = choices(self.field.annotation) if self.field else ()
        meant = nearest(str(self.value), words)
        listed = ", ".join(words) or self.limits["expected"]
        return f"must be one of {listed}", f"did you mean {meant}?" if meant else ""

    def _section(self) -> tuple[str, str]:
        model = section_of(self.field.annotation) if self.field else None
        keys = f" ({', '.join(list(model.model_fields)[:4])}, ...)" if model else ""
        remedy = "give it a key or leave it out" if self.value is None else ""
        return f"must be a section with keys of its own{keys}", remedy


def _number(value: Any) -> str:
    return str(value) if isinstance(value, int) else f"{value:.12g}"
