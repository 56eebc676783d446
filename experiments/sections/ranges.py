"""Ranges of parameters: `policy.delay: [0, 10]`, or a distribution named by its kind."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import PlainSerializer, PlainValidator, ValidationError, WithJsonSchema

from experiments.sections.distributions import SHAPES, Choice, Distribution
from experiments.sections.keys import Faults, Parameter, keyed, settings
from sim.errors import nearest
from sim.strict_yaml import Key


def _ranges(value: Any) -> dict[str, Distribution]:
    faults = Faults()
    made = {
        key: _distribution(faults, key, given)
        for key, given in settings(faults, (), value, "policy.delay: [0, 10]").items()
    }
    faults.tell()
    return {key: each for key, each in made.items() if each is not None}


def _distribution(faults: Faults, key: str, given: Any) -> Distribution | None:
    if isinstance(given, Distribution):
        return given
    about = faults.parameter((key,), key, given)
    short = isinstance(given, tuple)
    kind = "uniform" if short else _kind(faults, (key,), given)
    if about is None or not kind:
        return None
    if kind != "choice" and not about.number:
        faults.add((key,), given, "takes no numbers; write {choice: [one, another]}")
        return None
    return _Range(faults, about, kind, short).of({kind: given} if short else given)


def _kind(faults: Faults, loc: Key, given: Any) -> str:
    """Return the kind of distribution that a section names; nothing if it names no single one."""
    listed = f"must be [low, high], or a section with one of {', '.join(SHAPES)}"
    if not isinstance(given, dict):
        faults.add(
            loc, given, f"{listed}; a single value goes under `fixed` of a design, or under `set`"
        )
        return ""
    kinds = [name for name in SHAPES if name in given]
    if len(kinds) == 1:
        return kinds[0]
    if kinds:
        faults.add(loc, given, f"has both {kinds[0]} and {kinds[1]}; keep one")
    else:
        meant = nearest(str(next(iter(given), "")), SHAPES)
        faults.add(loc, given, listed + (f"; did you mean {meant}?" if meant else ""))
    return ""


class _Range:
    """A distribution being made of what the file gives for a parameter."""

    def __init__(self, faults: Faults, about: Parameter, kind: str, short: bool) -> None:
        self.faults, self.about, self.kind, self.short = faults, about, kind, short

    def of(self, given: dict[str, Any]) -> Distribution | None:
        """Return it, if it is one of its kind and the parameter allows all its values."""
        before = len(self.faults.found)
        try:
            shape = SHAPES[self.kind].model_validate(given)
        except ValidationError as error:
            for place in dict.fromkeys((*each["loc"], self.kind)[0] for each in error.errors()):
                self.faults.add(self.at((place,)), given.get(str(place)), self.demand(str(place)))
            return None
        values = {
            place: self.faults.value(self.at(place), self.about, value)
            for place, value in shape.checks(self.about.whole).items()
        }
        if isinstance(shape, Choice) and len(self.faults.found) == before:
            shape = Choice(choice=tuple(values.values()))
            if len(shape.choice) < 2 or len(set(shape.choice)) < len(shape.choice):
                self.faults.add(self.at((self.kind,)), given[self.kind], self.demand(self.kind))
        return Distribution(self.about, shape) if len(self.faults.found) == before else None

    def at(self, place: Key) -> Key:
        """Return where a part of the distribution stands in the ranges."""
        return (self.about.key, *(place[1:] if self.short else place))

    def demand(self, name: str) -> str:
        """Return what must stand behind a key of the distribution."""
        shape = SHAPES[self.kind]
        if name == self.kind:
            return f"must be {shape.form}"
        if name in shape.model_fields:
            return "must be a number"
        return f"is not a key of a {self.kind} distribution; it has {', '.join(shape.model_fields)}"


def _plain(ranges: Mapping[str, Distribution]) -> dict[str, Any]:
    return {
        key: each.shape.model_dump(mode="json", exclude_none=True) for key, each in ranges.items()
    }


_PAIR = {
    "type": "array",
    "prefixItems": [{"type": "number"}, {"type": "number"}],
    "minItems": 2,
    "maxItems": 2,
    "description": "low and high, all between them equally likely",
}
RANGE: dict[str, Any] = {
    "description": "what a key may be: low and high, or a distribution named by its kind",
    "anyOf": [_PAIR, *(shape.model_json_schema() for shape in SHAPES.values())],
}
"""JSON Schema of a range."""

Ranges = Annotated[
    Mapping[str, Distribution],
    PlainValidator(_ranges),
    PlainSerializer(_plain),
    WithJsonSchema(keyed(RANGE)),
]
"""Distributions by the dotted keys of the parameters that they are about."""
