"""The plan of an experiment: every run that it asks for, each made only when it is its turn.

A run is one policy at one point of the design in one world. A point sets keys of the scenario, and
keys of the policy (`policy.delay`), the latter on top of each policy of the experiment; so a plan
is points x policies x seeds, and runs in that order turned inside out: seed by seed, so that the
runs of a world share its network.
"""

import hashlib
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache

from experiments.design import Experiment
from experiments.planning.designs import changed, described
from experiments.planning.points import Point
from experiments.sections.keys import Scalar
from sim.compiled import model_version
from sim.errors import InputError
from sim.scenario import Scenario

__all__ = ["Cell", "Job", "Plan", "Point", "Scalar", "changed", "checksum"]

_CELLS_KEPT = 1024


@dataclass(frozen=True)
class Job:
    """One run to be done.

    Attributes
    ----------
    scenario : Scenario
        The world, with the policy, its name and the seed.
    point : Point
        What the design sets in it; already set in `scenario`.
    cell : int
        Number of the pair of point and policy within the plan: runs of the same cell differ in
        nothing but the seed.
    customer : str
        Digest of the source of a class of customers of one's own; empty for the model's own.
    fault : str
        Why there can be no such run: values that cannot be together. `scenario` is then the
        experiment's, without the point. Empty for all others.
    """

    scenario: Scenario
    point: Point = field(default_factory=dict)
    cell: int = 0
    customer: str = ""
    fault: str = ""

    @property
    def policy(self) -> str:
        """Name of the policy."""
        return self.scenario.policy_name

    @property
    def seed(self) -> int:
        """Number of the world."""
        return self.scenario.seed

    @property
    def title(self) -> str:
        """Which run it is, in words: its policy, its seed and its point."""
        at = f", {described(self.point)}" if self.point else ""
        return f"policy {self.policy}, seed {self.seed}{at}"

    @cached_property
    def identity(self) -> str:
        """SHA-256 of everything that the result depends on, as hex: scenario, seed, model version.

        A network's file counts by its content and not by its place.
        """
        scenario, file = self.scenario, self.scenario.network.file
        if file is not None:
            network = scenario.network.model_copy(update={"file": checksum(file)})
            scenario = scenario.model_copy(update={"network": network})
        parts = (model_version(), self.customer, self.fault, scenario.model_dump_json())
        text = "\n".join(parts)
        return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True)
class Cell:
    """A policy at a point of the design; `fault` says why it cannot be, if it cannot."""

    number: int
    policy: str
    point: Point
    scenario: Scenario
    fault: str = ""


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
        if points is None:
            points = [{}] if experiment.design is None else experiment.design.points
        self.experiment = experiment
        self.points: Sequence[Point] = points
        self.policies = tuple(experiment.policies if policies is None else policies)
        self.seeds = tuple(experiment.seeds if seeds is None else seeds)
        self._kept = lru_cache(_CELLS_KEPT)(self._made)

    def __len__(self) -> int:
        """Return how many runs there are, without making any."""
        return self.cell_count * len(self.seeds)

    def __getitem__(self, number: int) -> Job:
        """Return a job by its number in the order of `jobs`."""
        if not 0 <= number < len(self):
            raise IndexError(f"there are {len(self):,} runs, and no number {number:,}")
        world, cell = divmod(number, self.cell_count)
        return self.job(self.cell(cell), self.seeds[world])

    def __iter__(self) -> Iterator[Job]:
        """Make every job in turn."""
        return self.jobs()

    @property
    def cell_count(self) -> int:
        """How many cells there are: points times policies."""
        return len(self.points) * len(self.policies)

    def cell(self, number: int) -> Cell:
        """Return a cell by its number: points outside, policies inside."""
        return self._kept(number)

    def cells(self) -> Iterator[Cell]:
        """Make every cell in turn."""
        return (self.cell(number) for number in range(self.cell_count))

    def jobs(self) -> Iterator[Job]:
        """Make every job in turn: seed by seed, and within a seed cell by cell."""
        for seed in self.seeds:
            for cell in self.cells():
                yield self.job(cell, seed)

    def job(self, cell: Cell, seed: int) -> Job:
        """Return the job of a cell in a world."""
        scenario = cell.scenario.model_copy(update={"seed": seed})
        return Job(scenario, cell.point, cell.number, fault=cell.fault)

    def _made(self, number: int) -> Cell:
        at, which = divmod(number, len(self.policies))
        point, policy = self.points[at], self.policies[which]
        base = self.experiment.scenario_of(policy, self.experiment.scenario.seed)
        try:
            return Cell(number, policy, point, changed(base, point))
        except InputError as error:
            return Cell(number, policy, point, base, str(error))


def checksum(file: str) -> str:
    """Return the SHA-256 of a file, as hex."""
    status = os.stat(file)
    return _checksum(file, status.st_mtime_ns, status.st_size)


@lru_cache(maxsize=8)
def _checksum(file: str, changed_at: int, size: int) -> str:
    with open(file, "rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()
