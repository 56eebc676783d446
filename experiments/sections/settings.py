"""Values of dotted keys, as a file gives them: one for each, several for each, or point by point."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any

from pydantic import PlainSerializer, PlainValidator, WithJsonSchema

from experiments.sections.keys import Faults, Scalar, keyed, settings
from sim.strict_yaml import Key

Levels = Mapping[str, tuple[Scalar, ...]]
Settings = Mapping[str, Scalar]

_EXAMPLE = "policy.delay: [0, 2, 8]"


def _setting(faults: Faults, loc: Key, key: str, value: Any) -> Scalar:
    """Return a value as the scenario would hold it."""
    about = faults.parameter(loc, key, value)
    return faults.value(loc, about, value) if about else None


def _levels(value: Any, *, distinct: bool) -> dict[str, tuple[Scalar, ...]]:
    faults, made = Faults(), {}
    for key, given in settings(faults, (), value, _EXAMPLE).items():
        about = faults.parameter((key,), key, given)
        if not isinstance(given, tuple) or not given:
            faults.add((key,), given, "must be a list of values; a single one goes under `fixed`")
        elif about:
            made[key] = tuple(faults.value((key, i), about, each) for i, each in enumerate(given))
            for i, each in enumerate(made[key]):
                if distinct and each in made[key][:i] and not faults.found:
                    faults.add((key, i), given[i], "is there twice; keep it once")
    faults.tell()
    return made


def _grid(value: Any) -> Levels:
    return _levels(value, distinct=True)


def _zip(value: Any) -> Levels:
    made = _levels(value, distinct=False)
    first, *others = made
    for key in others:
        if len(made[key]) != len(made[first]):
            Faults().refuse(
                (key,),
                value[key],
                f"must have as many values as {first}: {len(made[first])}, and has "
                f"{len(made[key])}; for every combination write grid",
            )
    return made


def _settings(value: Any) -> Settings:
    faults = Faults()
    made = {
        key: _setting(faults, (key,), key, given)
        for key, given in settings(faults, (), value, "policy.delay: 2").items()
    }
    faults.tell()
    return made


def _list(value: Any) -> tuple[Settings, ...]:
    faults, made = Faults(), []
    for i, entry in enumerate(_entries(faults, value)):
        given = settings(faults, (i,), entry, "policy.delay: 2")
        made.append({key: _setting(faults, (i, key), key, each) for key, each in given.items()})
        if made[i].keys() != made[0].keys():
            odd = min(made[i].keys() ^ made[0].keys())
            faults.add((i,), entry, f"must set the same keys as the first point; see {odd}")
        elif made[i] in made[:i] and not faults.found:
            faults.add((i,), entry, "is there twice; keep it once")
    faults.tell()
    return tuple(made)


def _exclude(value: Any) -> tuple[Levels, ...]:
    faults, made = Faults(), []
    for i, entry in enumerate(_entries(faults, value)):
        made.append(
            {
                key: tuple(
                    _setting(faults, (i, key, *at), key, each) for at, each in _listed(given)
                )
                for key, given in settings(faults, (i,), entry, _EXAMPLE).items()
            }
        )
    faults.tell()
    return tuple(made)


def _listed(given: Any) -> Iterator[tuple[Key, Any]]:
    """Return one value or each of several, with where it stands."""
    return (
        (((i,), each) for i, each in enumerate(given))
        if isinstance(given, tuple)
        else iter([((), given)])
    )


def _entries(faults: Faults, value: Any) -> tuple[Any, ...]:
    if not isinstance(value, tuple) or not value:
        faults.refuse((), value, "must be a list of points, each `- {policy.delay: 2}`")
    return value


def _plain(value: Any) -> Any:
    """Return settings as they stand in a file: lists for tuples."""
    if isinstance(value, Mapping):
        return {key: _plain(each) for key, each in value.items()}
    return [_plain(each) for each in value] if isinstance(value, tuple) else value


_AS_IN_FILES = PlainSerializer(_plain)

_SCALAR = {"type": ["number", "string", "boolean", "null"]}
_SCALARS = {"type": "array", "items": _SCALAR, "minItems": 1}


Grid = Annotated[Levels, PlainValidator(_grid), _AS_IN_FILES, WithJsonSchema(keyed(_SCALARS))]
Zip = Annotated[Levels, PlainValidator(_zip), _AS_IN_FILES, WithJsonSchema(keyed(_SCALARS))]
List = Annotated[
    tuple[Settings, ...],
    PlainValidator(_list),
    _AS_IN_FILES,
    WithJsonSchema({"type": "array", "items": keyed(_SCALAR), "minItems": 1}),
]
Fixed = Annotated[Settings, PlainValidator(_settings), _AS_IN_FILES, WithJsonSchema(keyed(_SCALAR))]
Exclude = Annotated[
    tuple[Levels, ...],
    PlainValidator(_exclude),
    _AS_IN_FILES,
    WithJsonSchema(
        {"type": "array", "items": keyed({"anyOf": [_SCALAR, _SCALARS]}), "minItems": 1}
    ),
]
