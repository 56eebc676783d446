"""The points of a design: what is set at each of them, found by number without making the others.

A design is a product of parts: of the values of each key (`grid`), of rows of values (`zip`,
`list`, what is fixed, what is sampled), of other designs (`nested`). Its points are numbered with
the last part running fastest, so that the point of a number is a matter of division.
"""

from abc import abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import prod
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

from experiments.sections.designs import DesignSection, Sampled
from experiments.sections.distributions import Distribution
from experiments.sections.keys import Scalar, said
from experiments.sections.settings import Levels
from sim.errors import InputError
from sim.parameters import Section
from sim.reading import Document, assigned
from sim.scenario import Scenario
from sim.validation import validate

Point = Mapping[str, Scalar]
"""Dotted keys of scenario or policy, and what they are set to."""

Mask = NDArray[np.bool_]


class Points(Sequence[Point]):
    """Points by number, each made when it is asked for."""

    keys: tuple[str, ...]
    """What every one of them sets."""

    @abstractmethod
    def at(self, number: int) -> Point:
        """Return a point by its number, from 0 to the last."""

    @abstractmethod
    def having(self, key: str, values: tuple[Scalar, ...]) -> Mask:
        """Return, for every point, whether a key has one of some values there."""

    @overload
    def __getitem__(self, number: int) -> Point: ...
    @overload
    def __getitem__(self, number: slice) -> list[Point]: ...
    def __getitem__(self, number: int | slice) -> Point | list[Point]:
        """Return a point, or the points of a slice."""
        if isinstance(number, slice):
            return [self.at(i) for i in range(*number.indices(len(self)))]
        if not -len(self) <= number < len(self):
            raise IndexError(f"there are {len(self):,} points, and no number {number:,}")
        return self.at(number % len(self))

    def __iter__(self) -> Iterator[Point]:
        """Make every point in turn."""
        return (self.at(i) for i in range(len(self)))


class Rows(Points):
    """Points written out: the i-th value of every key."""

    def __init__(self, columns: Mapping[str, Sequence[Scalar]]) -> None:
        self.columns = columns
        self.keys = tuple(columns)

    def __len__(self) -> int:
        """Return how many rows there are."""
        return len(next(iter(self.columns.values())))

    def at(self, number: int) -> Point:
        return {key: values[number] for key, values in self.columns.items()}

    def having(self, key: str, values: tuple[Scalar, ...]) -> Mask:
        return np.array([value in values for value in self.columns[key]], dtype=bool)


class Product(Points):
    """Every combination of the points of some parts, the last part running fastest."""

    def __init__(self, parts: Sequence[Points]) -> None:
        self.parts = tuple(parts)
        self.keys = tuple(key for part in parts for key in part.keys)
        self._lengths = tuple(len(part) for part in parts)
        self._length = prod(self._lengths)

    def __len__(self) -> int:
        """Return the product of the lengths."""
        return self._length

    def at(self, number: int) -> Point:
        chosen = []
        for part, length in zip(reversed(self.parts), reversed(self._lengths), strict=True):
            number, digit = divmod(number, length)
            chosen.append(part.at(digit))
        return {key: value for point in reversed(chosen) for key, value in point.items()}

    def having(self, key: str, values: tuple[Scalar, ...]) -> Mask:
        which = next(i for i, part in enumerate(self.parts) if key in part.keys)
        shape = [1] * len(self.parts)
        shape[which] = self._lengths[which]
        inside = self.parts[which].having(key, values).reshape(shape)
        return np.broadcast_to(inside, self._lengths).reshape(-1)


class Remaining(Points):
    """Points of which some are left out; which, is found out when it is first asked for."""

    def __init__(self, points: Points, excluded: Sequence[Levels]) -> None:
        self.points, self.excluded = points, excluded
        self.keys = points.keys

    @cached_property
    def _kept(self) -> NDArray[np.int64]:
        out = np.zeros(len(self.points), dtype=bool)
        for entry in self.excluded:
            out |= np.logical_and.reduce([self.points.having(*each) for each in entry.items()])
        return np.flatnonzero(~out)

    def __len__(self) -> int:
        """Return how many are left."""
        return len(self._kept)

    def at(self, number: int) -> Point:
        return self.points.at(int(self._kept[number]))

    def having(self, key: str, values: tuple[Scalar, ...]) -> Mask:
        return self.points.having(key, values)[self._kept]


@dataclass(frozen=True)
class Design:
    """What an experiment varies.

    Attributes
    ----------
    section : DesignSection
        The design as its file gives it, validated.
    """

    section: DesignSection

    def __len__(self) -> int:
        """Return how many points there are."""
        return len(self.points)

    @cached_property
    def points(self) -> Points:
        """The points, in their order; each is made when it is asked for."""
        return _points(self.section)

    @property
    def kind(self) -> str:
        """The key that names it in a file: `grid`, `zip`, `list`, `lhs`, `sobol` ..."""
        return self.section.kind

    @property
    def keys(self) -> tuple[str, ...]:
        """All keys that a point sets, those that are fixed among them."""
        return self.points.keys

    @property
    def levels(self) -> dict[str, tuple[Scalar, ...]]:
        """The values of every key that has a list of them, each once; one for what is fixed."""
        return {
            key: tuple(dict.fromkeys(over))
            for key, over in self.section.levels.items()
            if not isinstance(over, Distribution)
        }

    @property
    def ranges(self) -> dict[str, Distribution]:
        """The distribution of every key that is sampled."""
        return {
            key: over for key, over in self.section.levels.items() if isinstance(over, Distribution)
        }

    @property
    def varied(self) -> tuple[str, ...]:
        """The keys that differ between points."""
        levels = self.levels
        return tuple(key for key in self.keys if len(levels.get(key, (0, 1))) > 1)

    def resolved(self) -> dict[str, Any]:
        """Return the design as plain data: what a file would hold."""
        return self.section.model_dump(mode="json")


def _points(section: DesignSection) -> Points:
    parts = _parts(section)
    if section.fixed is not None:
        parts.append(Rows({key: (value,) for key, value in section.fixed.items()}))
    points = parts[0] if len(parts) == 1 else Product(parts)
    return points if section.exclude is None else Remaining(points, section.exclude)


def _parts(section: DesignSection) -> list[Points]:
    if section.nested is not None:
        return [_points(part) for part in section.nested]
    if section.grid is not None:
        return [Rows({key: values}) for key, values in section.grid.items()]
    if section.sampled is not None:
        return [_sample(section.sampled, section.kind)]
    if section.list is not None:
        keys = section.list[0]
        return [Rows({key: [point[key] for point in section.list] for key in keys})]
    return [Rows(section.zip or {})]


def shares(kind: str, samples: int, dimensions: int, seed: int) -> NDArray[np.float64]:
    """Return points of the unit cube, from 0 up to 1: an array [samples, dimensions].

    `lhs`: a Latin hypercube, McKay, Beckman & Conover 1979. `sobol`: Sobol 1967 with Owen's
    scrambling (1998); the first half of twice as many points is the same points. `random`:
    independent.
    """
    from scipy.stats import qmc

    drawn: NDArray[np.float64]
    if kind == "lhs":
        drawn = qmc.LatinHypercube(dimensions, rng=seed).random(samples)
    elif kind == "sobol":
        drawn = qmc.Sobol(dimensions, rng=seed).random(samples)
    else:
        drawn = np.random.default_rng(seed).random((samples, dimensions))
    return drawn


def _sample(sampled: Sampled, kind: str) -> Rows:
    ranges = sampled.ranges
    drawn = shares(kind, sampled.samples, len(ranges), sampled.seed)
    return Rows({key: over.ppf(drawn[:, i]) for i, (key, over) in enumerate(ranges.items())})


def changed(scenario: Scenario, point: Point) -> Scenario:
    """Return a scenario with some keys set, validated anew.

    Raises
    ------
    InputError
        If the values cannot be, each by itself or together; it names the point.
    """
    if not point:
        return scenario
    tree: dict[str, Any] = {}
    for key, value in point.items():
        *path, last = key.split(".")
        inside = tree
        for part in path:
            inside = inside.setdefault(part, {})
        inside[last] = value
    try:
        made = _set(scenario, tree)
    except (ValueError, IndexError, AttributeError) as error:
        raise InputError(f"at {described(point)}: {_reason(scenario, point, error)}") from None
    assert isinstance(made, Scenario)
    return made


def described(point: Point) -> str:
    """Return a point in words: `policy.delay = 2, market.people = 300`."""
    return ", ".join(f"{key} = {said(value)}" for key, value in point.items())


def _set(node: Any, tree: dict[str, Any]) -> Any:
    """Return a section, or a list of them, with what a tree holds set in it."""
    if isinstance(node, tuple):
        entries = list(node)
        for index, inside in tree.items():
            entries[int(index)] = _set(entries[int(index)], inside)
        return tuple(entries)
    if not isinstance(node, Section):
        raise ValueError("leads into a value that has no keys")
    values = {
        name: _set(getattr(node, name), inside) if isinstance(inside, dict) else inside
        for name, inside in tree.items()
    }
    return type(node).model_validate({**node.__dict__, **values})


def _reason(scenario: Scenario, point: Point, error: Exception) -> str:
    """Return what a scenario file with these values would be told."""
    try:
        document = Document(scenario.resolved(), {}, "")
        for key, value in point.items():
            document = document.overridden(assigned(key, value))
        validate(Scenario, document)
    except InputError as told:
        return str(told)
    return str(error)
