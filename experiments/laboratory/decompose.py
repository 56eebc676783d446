"""What word of mouth is worth: the gain of a policy, split into the parts that bring it.

The same worlds are run with every set of parts switched off, under the policy and under the
baseline alike. So each set has a gain of its own, and the Shapley value shares the whole out.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from experiments.design import Experiment
from experiments.laboratory.market import Market, examine
from experiments.laboratory.switches import NEEDS, PARTS, WORD_OF_MOUTH, acting, point_of
from experiments.methods.samples import Perform, samples
from experiments.methods.shapley import Coalition, coalitions, shapley
from experiments.methods.statistics import Array, Interval, fieller, mean_interval
from experiments.outcomes import MEASURES, RATIOS_OF_MEANS
from experiments.planning.plan import Plan, Point
from sim.errors import InputError

OWN = "own"
"""What is left with all parts switched off: the customers that the policy saves by itself."""


class Estimate(NamedTuple):
    """A part of a gain with its 95% interval over the worlds, and its share of the whole.

    Shares have Fieller's interval; they are NaN where the whole cannot be told from 0.
    """

    mean: float
    low: float
    high: float
    share: float
    share_low: float
    share_high: float


@dataclass(frozen=True)
class Gain:
    """By how much an outcome differs between policy and baseline, world by world.

    Attributes
    ----------
    outcome : str
    baseline, policy : array [worlds]
        The outcome with everything switched on; NaN in worlds where any of their runs failed or
        left the outcome undefined.
    parts : mapping of str to array [worlds]
        `own` and the parts, in the order in which they are told; they add up to the difference.
    """

    outcome: str
    baseline: Array
    policy: Array
    parts: Mapping[str, Array]

    @property
    def total(self) -> Array:
        """The whole difference, world by world."""
        return self.policy - self.baseline

    def estimate(self, *names: str) -> Estimate:
        """Return what some parts bring together; all of them, if none is named."""
        own = np.sum([self.parts[name] for name in names], axis=0) if names else self.total
        shares = fieller(own, self.total)
        if not np.isfinite(shares.low):
            shares = Interval(*(np.array(np.nan),) * 3)
        return Estimate(*map(float, (*mean_interval(own), *shares)))


@dataclass(frozen=True)
class Decomposition:
    """The result of a decomposition.

    Attributes
    ----------
    experiment : Experiment
    policy : str
        The policy that is held against the experiment's baseline.
    acting : tuple of str
        The parts that do something in this scenario; the others are worth exactly 0.
    gains : mapping of str to Gain
        By outcome, in the order of the experiment.
    failed : int
        Runs that failed, and whose worlds are left out.
    market : Market or None
        How word of mouth makes the market grow; None where there is none.
    """

    experiment: Experiment
    policy: str
    acting: tuple[str, ...]
    gains: Mapping[str, Gain]
    failed: int
    market: Market | None = None

    @property
    def baseline(self) -> str:
        """Name of the policy that the other is held against."""
        return self.experiment.baseline

    @cached_property
    def conclusion(self) -> str:
        """What was found and how sure it is, in words."""
        from experiments.laboratory.decompose_conclusion import conclude

        return conclude(self)

    @cached_property
    def notes(self) -> tuple[str, ...]:
        """What else to mind."""
        from experiments.laboratory.decompose_conclusion import notes

        return notes(self)

    def to_json(self) -> dict[str, Any]:
        """Return the result as plain data; NaN is for the caller to take out (`output.plain`)."""
        return {
            "name": self.experiment.name,
            "scenario": self.experiment.scenario.name,
            "baseline": self.baseline,
            "policy": self.policy,
            "seeds": list(self.experiment.seeds),
            "acting": list(self.acting),
            "outcomes": {name: _gain_json(gain) for name, gain in self.gains.items()},
            "market": None if self.market is None else self.market.to_json(),
            "conclusion": self.conclusion,
            "notes": list(self.notes),
        }


def _gain_json(gain: Gain) -> dict[str, Any]:
    total = gain.estimate()
    return {
        "unit": MEASURES[gain.outcome].unit,
        "total": {"mean": total.mean, "low": total.low, "high": total.high},
        "parts": {name: gain.estimate(name)._asdict() for name in gain.parts},
        "word_of_mouth": gain.estimate(*WORD_OF_MOUTH)._asdict(),
    }


def analyse(
    experiment: Experiment,
    perform: Perform,
    *,
    policy: str | None = None,
    workers: int | None = None,
) -> Decomposition:
    """Split the gain of a policy into parts, and see how word of mouth makes the market grow.

    Parameters
    ----------
    experiment, perform, policy
        See `split`.
    workers : int, optional
        Threads for the runs in which each person is followed.

    Raises
    ------
    InputError
        As `split` and `experiments.laboratory.market.examine` do.
    """
    result = split(experiment, perform, policy=policy)
    return replace(result, market=examine(experiment, result.policy, workers=workers))


def split(experiment: Experiment, perform: Perform, *, policy: str | None = None) -> Decomposition:
    """Split the gain of a policy over the baseline into the parts that bring it.

    Parameters
    ----------
    experiment : Experiment
        Its policies, worlds and outcomes; its design, if it has one, is left aside.
    perform : callable
        See `experiments.methods.samples.Perform`; called once.
    policy : str, optional
        The policy that is meant, where there are several beside the baseline.

    Returns
    -------
    Decomposition
        Without the market.

    Raises
    ------
    InputError
        If it is not plain which policy is meant, or no outcome is one that single runs have.
    """
    rival = experiment.rival(policy)
    outcomes = [name for name in experiment.outcomes if name not in RATIOS_OF_MEANS]
    if not outcomes:
        raise InputError(
            f"{', '.join(experiment.outcomes)} cannot be split: single worlds do not have it; "
            "name another outcome, such as --set outcomes=[npv_per_person]"
        )
    plain = replace(experiment, design=None, precision=None, select_best=None)
    parts = acting(experiment.scenario)
    sets = coalitions(parts, NEEDS)
    points: list[Point] = [point_of(experiment.scenario, each, parts) for each in sets]
    plan = Plan(plain, points, (experiment.baseline, rival))
    runs = perform(plan)
    gains = {name: _gain(name, samples(plan, runs, name), sets, parts) for name in outcomes}
    return Decomposition(experiment, rival, parts, gains, len(plan) - len(runs))


def _gain(outcome: str, values: Array, sets: list[Coalition], parts: tuple[str, ...]) -> Gain:
    """Split an outcome: `values` is an array [coalitions, (baseline, policy), worlds]."""
    # A part needs every set of a world, so that what is left adds up.
    known = np.isfinite(values).all(axis=(0, 1))
    values = np.where(known, values, np.nan)
    gains = dict(zip(sets, values[:, 1] - values[:, 0], strict=True))
    shared = shapley(gains, parts, NEEDS)
    nothing = np.where(known, 0.0, np.nan)
    own = {OWN: gains[frozenset()]}
    baseline, policy = values[sets.index(frozenset(parts))]
    return Gain(
        outcome, baseline, policy, own | {part: shared.get(part, nothing) for part in PARTS}
    )
