"""Break-even: how generous, or how fast, before a policy no longer pays.

Along one lever, the difference of an outcome between a policy and the baseline in the same worlds,
with its interval at every point; where that difference crosses zero, and where it is best.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from experiments.design import Experiment
from experiments.methods.crossings import Crossing, Curve, refined
from experiments.methods.samples import Perform, samples
from experiments.methods.statistics import Array
from experiments.outcomes import MEASURES
from experiments.planning.plan import Plan, Point
from experiments.planning.trying import refuse_impossible
from experiments.sections.break_even import BreakEven as Section
from experiments.sections.keys import Parameter, parameter_of
from sim.errors import InputError, Problem


@dataclass(frozen=True)
class BreakEven:
    """The result of a break-even analysis.

    Attributes
    ----------
    experiment : Experiment
    section : sections.break_even.BreakEven
        What was asked.
    policy : str
        The policy that is held against the experiment's baseline.
    curve : Curve
        The difference of the outcome along the lever, world by world.
    levels : mapping of str to array [points, worlds]
        The outcome under the policy and under the baseline.
    failed : int
        Runs that failed, and whose values are missing.
    """

    experiment: Experiment
    section: Section
    policy: str
    curve: Curve
    levels: Mapping[str, Array]
    failed: int

    @property
    def baseline(self) -> str:
        """Name of the policy that the other is held against."""
        return self.experiment.baseline

    @property
    def lever(self) -> Parameter:
        """The lever, with its meaning and unit."""
        return parameter_of(self.section.lever)

    @cached_property
    def crossings(self) -> tuple[Crossing, ...]:
        """Where the difference crosses zero, in order."""
        return self.curve.crossings()

    @property
    def best(self) -> int:
        """Number of the point at which the difference is best; -1 where none is known."""
        return self.curve.best(MEASURES[self.section.outcome].direction)

    @cached_property
    def conclusion(self) -> str:
        """What was found and how sure it is, in words."""
        from experiments.analyses.break_even_conclusion import conclude

        return conclude(self)

    @cached_property
    def notes(self) -> tuple[str, ...]:
        """What else to mind."""
        from experiments.analyses.break_even_conclusion import notes

        return notes(self)

    def point_rows(self) -> list[dict[str, Any]]:
        """Return a row per point: `value, mean, low, high`, of the difference."""
        columns = (self.curve.at, *self.curve.band)
        names = ("value", "mean", "low", "high")
        return [
            dict(zip(names, map(float, row), strict=True)) for row in zip(*columns, strict=True)
        ]

    def to_json(self) -> dict[str, Any]:
        """Return the result as plain data; NaN is for the caller to take out (`output.plain`)."""
        return {
            "name": self.experiment.name,
            "scenario": self.experiment.scenario.name,
            "lever": self.section.lever,
            "unit": self.lever.unit,
            "outcome": self.section.outcome,
            "policy": self.policy,
            "baseline": self.baseline,
            "seeds": list(self.experiment.seeds),
            "points": self.point_rows(),
            "crossings": [crossing._asdict() for crossing in self.crossings],
            "best": self._best_json(),
            "conclusion": self.conclusion,
            "notes": list(self.notes),
        }

    def _best_json(self) -> dict[str, Any] | None:
        if self.best < 0:
            return None
        low, high = self.curve.as_good(self.best)
        return {**self.point_rows()[self.best], "as_good_from": low, "as_good_to": high}

    def values_frame(self) -> Any:
        """Return a pandas DataFrame with a row per value of the lever and world.

        Columns: the lever's key, `seed`, the outcome under policy and baseline, `difference`.
        """
        import pandas as pd

        count = len(self.experiment.seeds)
        outcome = self.section.outcome
        return pd.DataFrame(
            {
                self.section.lever: np.repeat(self.curve.at, count),
                "seed": np.tile(np.array(self.experiment.seeds, np.uint64), len(self.curve.at)),
                f"{outcome}_policy": self.levels[self.policy].ravel(),
                f"{outcome}_baseline": self.levels[self.baseline].ravel(),
                "difference": self.curve.samples.ravel(),
            }
        )


def analyse(experiment: Experiment, perform: Perform) -> BreakEven:
    """Find where a policy begins or ceases to be better than the baseline.

    Parameters
    ----------
    experiment : Experiment
        With a section `break_even`.
    perform : callable
        See `experiments.methods.samples.Perform`; called several times, always in the experiment's worlds.

    Raises
    ------
    InputError
        If there is no section, or it is not plain which policy is meant.
    """
    return _Analysis(experiment, perform).result()


class _Analysis:
    """A break-even analysis under way: what was run so far."""

    def __init__(self, experiment: Experiment, perform: Perform) -> None:
        section = experiment.break_even
        if section is None:
            text = (
                f"the experiment {experiment.name} names no lever to go along: say one, such as "
                "--lever policy.compensation --range 0 1"
            )
            raise InputError(Problem(experiment.place(), text))
        self.experiment, self.perform, self.section = experiment, perform, section
        self.policy = experiment.rival(section.policy)
        self.whole = parameter_of(section.lever).whole
        self.levels: dict[str, dict[float, Array]] = {self.policy: {}, experiment.baseline: {}}
        self.still: Array | None = None
        self.failed = 0

    def result(self) -> BreakEven:
        low, high = self.section.range
        start = np.linspace(low, high, self.section.points)
        if self.whole:
            start = np.unique(np.round(start))
        refuse_impossible(
            self.experiment, self.points(start.tolist()), ("break_even", "range"), [self.policy]
        )
        direction = MEASURES[self.section.outcome].direction
        curve = refined(self.differences, start.tolist(), direction=direction, whole=self.whole)
        levels = {
            name: np.stack([found[value] for value in curve.at.tolist()])
            for name, found in self.levels.items()
        }
        return BreakEven(self.experiment, self.section, self.policy, curve, levels, self.failed)

    def differences(self, values: Sequence[float]) -> Array:
        """Return the differences at some values of the lever: an array [values, worlds]."""
        points = self.points(values)
        baseline = self.experiment.baseline
        if self.section.lever.startswith("policy."):
            (own,) = self.run(points, (self.policy,))
            if self.still is None:
                # Its own value, so that all runs have the same keys and fit into one table.
                (self.still,) = self.run([{self.section.lever: self.own(baseline)}], (baseline,))
            other = np.repeat(self.still, len(values), axis=0)
        else:
            own, other = self.run(points, (self.policy, baseline))
        for name, found in ((self.policy, own), (baseline, other)):
            self.levels[name].update(zip(map(float, values), found, strict=True))
        return own - other

    def points(self, values: Sequence[float]) -> list[Point]:
        """Return points at some values of the lever."""
        return [{self.section.lever: int(v) if self.whole else float(v)} for v in values]

    def own(self, policy: str) -> float | None:
        """Return what the lever is set to in a policy."""
        value: float | None = getattr(
            self.experiment.policies[policy], self.section.lever.partition(".")[2]
        )
        return value

    def run(self, points: Sequence[Point], policies: tuple[str, ...]) -> list[Array]:
        """Return the outcome under each policy: arrays [points, worlds]."""
        plan = Plan(self.experiment, points, policies)
        runs = self.perform(plan)
        self.failed += len(plan) - len(runs)
        found = samples(plan, runs, self.section.outcome)
        return [found[:, i] for i in range(len(policies))]
