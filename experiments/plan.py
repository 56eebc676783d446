"""The plan of an experiment: every run that it asks for, each made only when it is its turn.

A run is one policy at one point of the design in one world. A point sets keys of the scenario, and
keys of the policy (`policy.delay`), the latter on top of each policy of the experiment; so a plan
is points x policies x seeds, and runs in that order turned inside out: seed by seed, so that the
runs of a world share its network.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any

from experiments.design import Experiment
from sim.compiled import model_version
from sim.scenario import Scenario

Scalar = bool | int | float | str | None
Point = Mapping[str, Scalar]
"""Dotted keys of scenario or policy, and what they are set to."""


@dataclass(frozen=True)
class Job:
    """One run to be done.

    Attributes
    ----------
    scenario : Scenario
        The world, with the policy, its name and the seed.
    point : mapping of str to bool, int, float or str
        What the design sets in it; already set in `scenario`.
    cell : int
        Number of the pair of point and policy within the plan: runs of the same cell differ in
        nothing but the seed.
    customer : str
        Digest of the source of a class of customers of one's own; empty for the model's own.
    """

    scenario: Scenario
    point: Point = field(default_factory=dict)
    cell: int = 0
    customer: str = ""

    @property
    def policy(self) -> str:
        """Name of the policy."""
        return self.scenario.policy_name

    @property
    def seed(self) -> int:
        """Number of the world."""
        return self.scenario.seed

    @cached_property
    def identity(self) -> str:
        """SHA-256 of everything that the result depends on, as hex: scenario, seed, model version.

        A network's file counts by its content and not by its place.
        """
        resolved = self.scenario.resolved()
        file = self.scenario.network.file
        if file is not None:
            resolved["network"]["file"] = checksum(file)
        own = [self.customer] if self.customer else []
        text = json.dumps([model_version(), resolved, *own], sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True)
class Cell:
    """A policy at a point of the design."""

    number: int
    policy: str
    point: Point
    scenario: Scenario


class Plan:
    """All runs of an experiment.

    Parameters
    ----------
    experiment : Experiment
        What is asked for.
    points : sequence of Point, optional
        Points instead of those of the experiment's design: what an analysis wants to know.
    policies : sequence of str, optional
        Some of the experiment's policies instead of all.
    seeds : sequence of int, optional
        Worlds instead of the experiment's.
    """

    def __init__(
        self,
        experiment: Experiment,
        points: Sequence[Point] | None = None,
        policies: Sequence[str] | None = None,
        seeds: Sequence[int] | None = None,
    ) -> None:
        self.experiment = experiment
        self.points: Sequence[Point] = [{}] if points is None else points
        self.policies = tuple(experiment.policies if policies is None else policies)
        self.seeds = tuple(experiment.seeds if seeds is None else seeds)

    def __len__(self) -> int:
        """Return how many runs there are, without making any."""
        return len(self.points) * len(self.policies) * len(self.seeds)

    def cell(self, number: int) -> Cell:
        """Return a cell by its number: points outside, policies inside."""
        at, which = divmod(number, len(self.policies))
        point, policy = self.points[at], self.policies[which]
        return Cell(number, policy, point, self._scenario(policy, point))

    def cells(self) -> Iterator[Cell]:
        """Make every cell in turn."""
        return (self.cell(i) for i in range(len(self.points) * len(self.policies)))

    def jobs(self) -> Iterator[Job]:
        """Make every job in turn: seed by seed, and within a seed cell by cell."""
        for seed in self.seeds:
            for cell in self.cells():
                yield self.job(cell, seed)

    def job(self, cell: Cell, seed: int) -> Job:
        """Return the job of a cell in a world."""
        return Job(cell.scenario.model_copy(update={"seed": seed}), cell.point, cell.number)

    def _scenario(self, policy: str, point: Point) -> Scenario:
        base = self.experiment.scenario_of(policy, self.experiment.scenario.seed)
        return changed(base, point) if point else base


def changed(scenario: Scenario, point: Point) -> Scenario:
    """Return a scenario with some keys set, validated anew."""
    data: dict[str, Any] = scenario.model_dump()
    for key, value in point.items():
        *path, last = key.split(".")
        section = data
        for part in path:
            section = section[part]
        section[last] = value
    return Scenario.model_validate(data)


@lru_cache(maxsize=8)
def checksum(file: str) -> str:
    """Return the SHA-256 of a file, as hex."""
    with open(file, "rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()
