"""The design of an experiment: what it varies, and the points at which that is done.

A design is a product of parts: of the values of each key (`grid`), of rows of values (`zip`,
`list`, what is fixed, what is sampled), of other designs (`nested`).
"""

from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from experiments.planning.points import Point, Points, Product, Remaining, Rows
from experiments.sections.designs import DesignSection, Sampled
from experiments.sections.distributions import Distribution
from experiments.sections.keys import Scalar, said
from sim.errors import InputError
from sim.parameters import Section
from sim.possible_ties import impossible
from sim.reading import Document, assigned
from sim.scenario import Scenario
from sim.validation import validate


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
    def drawn(self) -> tuple[tuple[str, ...], ...]:
        """The keys that are sampled, by the sample that draws them; samples are crossed."""
        return self.section.drawn

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
    columns = {key: over.ppf(drawn[:, i]) for i, (key, over) in enumerate(ranges.items())}
    return Rows({key: _packed(values) for key, values in columns.items()})


def _packed(values: list[Scalar]) -> Sequence[Scalar]:
    """Return numbers of one type in an array, which takes a quarter of a list's memory."""
    kinds = set(map(type, values))
    if kinds == {float}:
        return array("d", cast(list[float], values))
    return array("q", cast(list[int], values)) if kinds == {int} else values


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
    problem = impossible(made.network, made.market.people)
    if problem is not None:
        raise InputError(f"at {described(point)}: {problem.text}")
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
