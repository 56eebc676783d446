"""What came of a search for the policies that reach the most for what they spend."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from experiments.design import Experiment
from experiments.methods import statistics
from experiments.methods.chances import best_probability
from experiments.methods.frontier import nondominated
from experiments.methods.search import Trial
from experiments.methods.statistics import Array
from experiments.outcomes import MEASURES, Measure
from experiments.planning.plan import Point
from experiments.sections.optimise import Optimise


class Estimate(NamedTuple):
    """A mean over worlds with its 95% interval; NaN where it cannot be had."""

    mean: float
    low: float
    high: float


class Reached(NamedTuple):
    """What policies spent and reached: arrays of the same shape."""

    spend: Array
    """Money per person in the market and year."""
    objective: Array


class Promise(NamedTuple):
    """What a policy spent and reached in the worlds of the search, on average."""

    spend: float
    objective: float


@dataclass(frozen=True, eq=False)
class Option:
    """A policy that was run in the worlds of the experiment.

    Attributes
    ----------
    name : str
        Of a policy of the experiment; empty if the search found it.
    levers : mapping of str to bool, int, float or str
        The levers that were searched, by dotted key.
    promised : Promise
    worlds : Reached
        What it came to in each world of the experiment [worlds].
    """

    name: str
    levers: Point
    promised: Promise
    worlds: Reached

    @cached_property
    def spend(self) -> Estimate:
        """What it spends per person in the market and year."""
        return estimate(self.worlds.spend)

    @cached_property
    def objective(self) -> Estimate:
        """What it reaches."""
        return estimate(self.worlds.objective)


class Rival(NamedTuple):
    """What the frontier has to offer instead of a policy of the experiment.

    Each is the option chosen, and by how much it is above in the objective or in spend, world by
    world; None where the frontier has none such.
    """

    for_no_more: tuple[Option, Estimate] | None
    """Of those that spend no more the one that reaches the most; above in the objective."""
    for_as_much: tuple[Option, Estimate] | None
    """Of those that reach no less the one that spends the least; above in spend."""


@dataclass(frozen=True)
class Optimisation:
    """The result of a search.

    Attributes
    ----------
    experiment : Experiment
    section : Optimise
        What was asked.
    trials : tuple of Trial
        All that was tried, in the worlds of the search.
    found : tuple of Option
        The search's frontier, thinned, as it came out in the worlds of the experiment; from the
        least spend to the most.
    named : mapping of str to Option
        The experiment's own policies, at the same costs.
    search_worlds : tuple of int
        Seeds that the search has seen; none of them is one of the experiment's.
    """

    experiment: Experiment
    section: Optimise
    trials: tuple[Trial, ...]
    found: tuple[Option, ...]
    named: Mapping[str, Option]
    search_worlds: tuple[int, ...]

    @property
    def measure(self) -> Measure:
        """The objective."""
        return MEASURES[self.section.objective]

    @property
    def budget(self) -> float:
        """What may be spent at most, per person in the market and year."""
        return np.inf if self.section.budget is None else self.section.budget

    @property
    def start(self) -> Option:
        """The policy that has all levers that were not searched."""
        return self.named[self.section.like or self.experiment.baseline]

    @cached_property
    def frontier(self) -> tuple[Option, ...]:
        """Of what was found, what nothing else found dominates in worlds that are new to it."""
        spend = np.array([option.spend.mean for option in self.found])
        gain = self.measure.direction * np.array([option.objective.mean for option in self.found])
        return tuple(self.found[i] for i in nondominated(spend, gain))

    @cached_property
    def chances(self) -> Mapping[Option, float]:
        """The chance to be best of each option that the budget allows: of frontier and policies."""
        options = [*self.frontier, *self.named.values()]
        allowed = [option for option in options if option.spend.mean <= self.budget]
        if not allowed:
            return {}
        rows = np.stack([option.worlds.objective for option in allowed])
        best = best_probability(rows, self.measure.direction)
        return dict(zip(allowed, map(float, best), strict=True))

    @cached_property
    def recommended(self) -> Option | None:
        """The option within the budget that reaches the most; None if there is none."""
        known = [option for option in self.chances if np.isfinite(option.objective.mean)]
        return max(known, key=self.gain, default=None)

    def gain(self, option: Option) -> float:
        """Return the mean of the objective so that more is better."""
        return self.measure.direction * option.objective.mean

    def difference(self, option: Option, other: Option) -> Estimate:
        """Return by how much the objective of one is above that of another, world by world."""
        return estimate(option.worlds.objective - other.worlds.objective)

    @cached_property
    def optimism(self) -> float:
        """By how much the search overstated, on average, what was found gains over the start.

        That luck of the worlds which all policies share is not counted; positive is overstated.
        """
        start, direction = self.start, self.measure.direction
        over = [
            direction
            * (
                (option.promised.objective - start.promised.objective)
                - (option.objective.mean - start.objective.mean)
            )
            for option in self.found
        ]
        return float(np.mean(over)) if over else float("nan")

    def instead_of(self, name: str) -> Rival:
        """Return what the frontier has to offer instead of a policy of the experiment."""
        own = self.named[name]
        cheaper = [option for option in self.frontier if option.spend.mean <= own.spend.mean]
        better = [option for option in self.frontier if self.gain(option) >= self.gain(own)]
        most = max(cheaper, key=self.gain, default=None)
        least = min(better, key=lambda option: option.spend.mean, default=None)
        return Rival(
            None if most is None
            else (most, self.difference(most, own)),
            None if least is None else (least, estimate(least.worlds.spend - own.worlds.spend)),
        )  # fmt: skip

    @cached_property
    def conclusion(self) -> str:
        """What was found and how sure it is, in words."""
        from experiments.analyses.optimise_conclusion import conclude

        return conclude(self)

    @cached_property
    def notes(self) -> tuple[str, ...]:
        """What else to mind."""
        from experiments.analyses.optimise_conclusion import notes

        return notes(self)

    def to_json(self) -> dict[str, Any]:
        """Return the result as plain data; NaN is for the caller to take out (`output.plain`)."""
        best = self.recommended
        return {
            "name": self.experiment.name,
            "scenario": self.experiment.scenario.name,
            "objective": self.section.objective,
            "budget": self.section.budget,
            "start": self.start.name,
            "levers": list(self.section.levers),
            "search_worlds": list(self.search_worlds),
            "seeds": list(self.experiment.seeds),
            "trials": [asdict(trial) for trial in self.trials],
            "frontier": [self._option_json(option) for option in self.frontier],
            "named": {
                name: {**self._option_json(option), **self._instead_json(name)}
                for name, option in self.named.items()
            },
            "recommended": best and {"policy": best.name or None, **self._option_json(best)},
            "optimism": self.optimism,
            "conclusion": self.conclusion,
            "notes": list(self.notes),
        }

    def _option_json(self, option: Option) -> dict[str, Any]:
        return {
            "levers": dict(option.levers),
            "spend": option.spend._asdict(),
            "objective": option.objective._asdict(),
            "search_spend": option.promised.spend,
            "search_objective": option.promised.objective,
            "within_budget": option.spend.mean <= self.budget,
            "best_probability": self.chances.get(option),
        }

    def _instead_json(self, name: str) -> dict[str, Any]:
        """Return what the frontier has instead of a policy: the place in it, and by how much."""
        return {
            key: found and {"point": self.frontier.index(found[0]), **found[1]._asdict()}
            for key, found in self.instead_of(name)._asdict().items()
        }


def estimate(worlds: Array) -> Estimate:
    """Return the mean over worlds with its interval."""
    return Estimate(*(float(part) for part in statistics.mean_interval(worlds)))
