"""What the runs of an experiment come to: means, paired differences and chances, by policy."""

import math
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from experiments.design import Experiment
from experiments.engine.runner import Run
from experiments.methods.chances import best_of_unequal, best_probability, best_ratio_probability
from experiments.methods.statistics import Array, fieller, mean_interval, narrowing
from experiments.methods.stopping import sampling
from experiments.outcomes import MEASURES, RATIOS_OF_MEANS


class Estimate(NamedTuple):
    """An outcome under a policy, and its difference from the baseline in the same worlds.

    None stands for what cannot be had: an interval from one seed, a ratio of nothing, the best of
    what is neither good nor bad.
    """

    mean: float | None
    low: float | None
    high: float | None
    difference: float | None
    difference_low: float | None
    difference_high: float | None
    best_probability: float | None


def yardstick(experiment: Experiment) -> str:
    """Return the policy that spend is held against: doing nothing, else the baseline."""
    return "none" if "none" in experiment.policies else experiment.baseline


class Layout:
    """Where each run stands among policies and worlds.

    Attributes
    ----------
    worlds : dict of str to int
        In how many worlds each policy was run: always the first so many.
    seeds : tuple of int
        The worlds, in the order in which they were run.
    """

    def __init__(self, experiment: Experiment, runs: Sequence[Run]) -> None:
        count = Counter(run.policy for run in runs)
        self.runs = runs
        self.worlds = {policy: count[policy] for policy in experiment.policies}
        longest = max(self.worlds, key=lambda policy: count[policy])
        self.seeds = tuple(run.seed for run in runs if run.policy == longest)
        row = {policy: i for i, policy in enumerate(experiment.policies)}
        column = {seed: i for i, seed in enumerate(self.seeds)}
        self._at = [row[run.policy] for run in runs], [column[run.seed] for run in runs]

    def samples(self, outcome: str) -> Array:
        """Return an outcome as an array [policies, worlds]; NaN where undefined or not run."""
        values = np.full((len(self.worlds), len(self.seeds)), np.nan)
        values[self._at] = [run.values.get(outcome, np.nan) for run in self.runs]
        return values


class Summary:
    """The statistics of an experiment's runs."""

    def __init__(self, experiment: Experiment, runs: Sequence[Run]) -> None:
        self.experiment = experiment
        self.layout = Layout(experiment, runs)
        policies = list(experiment.policies)
        self.baseline = policies.index(experiment.baseline)
        self.yardstick = policies.index(yardstick(experiment))
        self.sampling = sampling(experiment)
        self.worlds = tuple(self.layout.worlds.values())

    def samples(self, outcome: str) -> Array:
        return self.layout.samples(outcome)

    def estimates(self, name: str) -> list[Estimate]:
        """Return the estimates of an outcome, by policy."""
        if name in RATIOS_OF_MEANS:
            return self.ratio_estimates(name)
        samples = self.samples(name)
        level = mean_interval(samples, self.sampling)
        difference = mean_interval(samples - samples[self.baseline], self.sampling)
        columns = (*level, *difference, self.chances(samples, MEASURES[name].direction))
        return [Estimate(*map(_known, row)) for row in zip(*columns, strict=True)]

    def chances(self, samples: Array, direction: int) -> Array:
        """Return the chance of each policy to be the best; NaN where nothing is better."""
        if direction == 0:
            return np.full(len(samples), np.nan)
        if len(set(self.worlds)) == 1:
            return best_probability(samples, direction)
        return best_of_unequal(samples, self.worlds, direction)

    def ratio_estimates(self, name: str) -> list[Estimate]:
        """Return the estimates of a ratio of means, where its denominator is positive."""
        over, under = self.ratio(name)
        ratio = fieller(over, under, self.sampling)
        defined = np.where(np.isfinite(under), under, 0.0).sum(axis=1) > 0
        level = [np.where(defined, part, np.nan) for part in ratio]
        best = best_ratio_probability(over, under, MEASURES[name].direction)
        nothing = np.full(len(over), np.nan)
        columns = (*level, nothing, nothing, nothing, best)
        return [Estimate(*map(_known, row)) for row in zip(*columns, strict=True)]

    def ratio(self, name: str) -> tuple[Array, Array]:
        """Return numerator and denominator [policies, seeds]; NaN for the yardstick's own."""
        spend = self.beyond(self.samples("recovery_cost"))
        if name == "cost_per_customer_saved":
            return spend, self.beyond(self.samples("customers_kept"))
        return self.beyond(self.samples("margin")) - spend, spend

    def beyond(self, samples: Array) -> Array:
        """Return the differences from the yardstick in the same worlds; its own are undefined."""
        differences: Array = samples - samples[self.yardstick]
        differences[self.yardstick] = np.nan
        return differences

    def narrowing(self, name: str) -> list[float | None]:
        """Return how much the shared worlds narrowed each difference from the baseline."""
        if name in RATIOS_OF_MEANS:
            return [None] * len(self.experiment.policies)
        samples = self.samples(name)
        ratios = narrowing(samples, samples[self.baseline])
        ratios[self.baseline] = np.nan
        return [_known(ratio) for ratio in ratios]


def _known(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
