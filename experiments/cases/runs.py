"""The runs of a case: every policy and setting that its questions and claims need, in shared worlds."""

from collections.abc import Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import numpy as np

from experiments.cases.assumptions import ASSUMPTIONS, Assumption
from experiments.design import Experiment
from experiments.engine.runner import Failure, Progress, Run, RunError, perform
from experiments.methods.statistics import Array
from experiments.planning.designs import changed
from experiments.planning.plan import Job
from experiments.sections.keys import Scalar
from sim.errors import InputError
from sim.policy import Policy
from sim.scenario import Scenario


@dataclass(frozen=True)
class Cell:
    """A policy at some settings of the world: what is run once in every world."""

    name: str
    policy: Policy
    where: tuple[tuple[str, Scalar], ...] = ()


def cell_of(experiment: Experiment, policy: str, *where: Mapping[str, Scalar] | None) -> Cell:
    """Return the cell of one of an experiment's policies, at settings of which the last go first.

    What the case sets with the policy wherever it is run comes before all of them.
    """
    joined = beside(experiment, policy)
    for each in where:
        joined |= each or {}
    return Cell(policy, experiment.policies[policy], tuple(joined.items()))


def beside(experiment: Experiment, policy: str) -> dict[str, Scalar]:
    """Return the settings of the world that go with a policy wherever a case runs it."""
    return dict(experiment.case.with_policy.get(policy, {})) if experiment.case else {}


class Runs:
    """What came of the runs: outcomes by cell and assumption, world by world."""

    def __init__(
        self, experiment: Experiment, found: Mapping[tuple[Cell, Assumption], list[Run]]
    ) -> None:
        self.experiment = experiment
        self._found = found

    def __len__(self) -> int:
        """Return how many runs were made."""
        return sum(map(len, {id(runs): runs for runs in self._found.values()}.values()))

    def samples(
        self, cell: Cell, assumption: Assumption, outcome: str, day: int | None = None
    ) -> Array:
        """Return an outcome, one value a world; on a day of the series if one is given."""
        runs = self._found[cell, assumption]
        if day is None:
            return np.array([run.values.get(outcome, np.nan) for run in runs])
        if outcome not in runs[0].columns:
            raise InputError(
                f"case: {outcome} is told of the whole run alone, and not of day {day}; name another "
                "outcome, or leave day out"
            )
        column = runs[0].columns.index(outcome)
        days = runs[0].series[:, runs[0].columns.index("day")]
        row = int(np.searchsorted(days, day, side="right")) - 1
        return np.array([run.series[row, column] for run in runs])


def run_cells(
    experiment: Experiment,
    cells: Iterable[Cell],
    assumptions: tuple[Assumption, ...] = ASSUMPTIONS,
    *,
    workers: int | None = None,
    progress: Progress | None = None,
    network_of: Any = None,
) -> Runs:
    """Run every cell under every assumption in every world of an experiment.

    What is the same but for its name is run once.

    Raises
    ------
    InputError
        If settings cannot be together.
    RunError
        If a run fails.
    """
    wanted = [(cell, each) for cell in dict.fromkeys(cells) for each in assumptions]
    numbers, scenarios = _distinct([_scenario(experiment, cell, each) for cell, each in wanted])
    jobs = (
        Job(scenario.model_copy(update={"seed": seed}), cell=number)
        for seed in experiment.seeds
        for number, scenario in enumerate(scenarios)
    )
    place = {seed: i for i, seed in enumerate(experiment.seeds)}
    found: list[list[Any]] = [[None] * len(place) for _ in scenarios]
    total, done = len(scenarios) * len(place), 0
    made = perform(jobs, workers=workers, keep_going=False, network_of=network_of)
    with closing(made):
        for job, result in made:
            if isinstance(result, Failure):
                if isinstance(result.cause, InputError):
                    raise result.cause
                raise RunError(result.policy, result.seed, result.cause or result.error)
            found[job.cell][place[job.seed]] = result
            done += 1
            if progress is not None:
                progress(done, total)
    every = [found[number] for number in numbers]
    return Runs(experiment, dict(zip(wanted, every, strict=True)))


def _distinct(scenarios: list[Scenario]) -> tuple[list[int], list[Scenario]]:
    """Return for each scenario a number, the same for those that differ by name, and one of each."""
    known: dict[Scenario, int] = {}
    numbers = [
        known.setdefault(each.model_copy(update={"policy_name": "same"}), len(known))
        for each in scenarios
    ]
    return numbers, [scenarios[numbers.index(number)] for number in range(len(known))]


def _scenario(experiment: Experiment, cell: Cell, assumption: Assumption) -> Scenario:
    update = {"policy": cell.policy, "policy_name": cell.name}
    scenario = experiment.scenario.model_copy(update=update)
    return changed(scenario, {**assumption.point, **dict(cell.where)})
