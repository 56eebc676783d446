"""Comparing policies in the same worlds: what each outcome comes to, and how sure that is."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from experiments import networks, statistics
from experiments.conclusion import caveats, conclude
from experiments.design import Experiment
from experiments.outcomes import MEASURES, RATIOS_OF_MEANS
from experiments.runner import Progress, Run, run_experiment
from experiments.statistics import Array


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


@dataclass(frozen=True)
class Comparison:
    """The result of an experiment.

    Attributes
    ----------
    experiment : Experiment
        What was run.
    runs : tuple of Run
        By policy, then by seed.
    policies : mapping of str to mapping of str to Estimate
        By policy and outcome, in the order of the experiment and of `outcomes.MEASURES`.
    narrowing : mapping of str to mapping of str to (float or None)
        By policy and outcome, how many times narrower the shared worlds made the interval of the
        difference from the baseline than as many independent seeds would have. None where there
        is nothing to compare, or where the shared worlds left no noise at all.
    """

    experiment: Experiment
    runs: tuple[Run, ...]
    policies: Mapping[str, Mapping[str, Estimate]]
    narrowing: Mapping[str, Mapping[str, float | None]]

    @property
    def baseline(self) -> str:
        """Name of the policy that the others are compared with."""
        return self.experiment.baseline

    @property
    def yardstick(self) -> str:
        """Name of the policy that spend is held against: `none` where it takes part."""
        return yardstick(self.experiment)

    @property
    def seeds(self) -> tuple[int, ...]:
        """The worlds."""
        return self.experiment.seeds

    @property
    def outcomes(self) -> tuple[str, ...]:
        """Names of the outcomes to show, the most important first."""
        return self.experiment.outcomes

    @cached_property
    def conclusion(self) -> str:
        """What was found and how sure it is, in words."""
        return conclude(self)

    @cached_property
    def notes(self) -> tuple[str, ...]:
        """What is undefined, and why; and other things that a reader could stumble over."""
        return caveats(self)

    @property
    def people(self) -> int:
        """How many people there are in each world; a network from a file decides it."""
        return self.runs[0].people

    @property
    def ties(self) -> tuple[int, ...]:
        """How many ties there are, world by world."""
        return tuple(run.ties for run in self.runs_of(self.baseline))

    @property
    def network(self) -> str:
        """Which network was used, in words."""
        return networks.sentence(self.experiment.scenario, self.people, self.ties)

    def runs_of(self, policy: str) -> list[Run]:
        """Return the runs of a policy, by seed."""
        return [run for run in self.runs if run.policy == policy]

    def samples(self, outcome: str) -> Array:
        """Return an outcome as an array [policies, seeds]; NaN where it was undefined."""
        return _samples(self.experiment, self.runs, outcome)

    def to_json(self) -> dict[str, Any]:
        """Return the result as plain data, without NaN and infinity."""
        return {
            "name": self.experiment.name,
            "scenario": self.experiment.scenario.name,
            "baseline": self.baseline,
            "seeds": list(self.seeds),
            "outcomes": list(self.outcomes),
            "conclusion": self.conclusion,
            "notes": list(self.notes),
            "policies": {
                policy: {outcome: estimate._asdict() for outcome, estimate in estimates.items()}
                for policy, estimates in self.policies.items()
            },
            "crn": {policy: dict(ratios) for policy, ratios in self.narrowing.items()},
        }

    def runs_frame(self) -> Any:
        """Return a pandas DataFrame with a row per run: `policy`, `seed`, and every outcome."""
        import pandas as pd

        return pd.DataFrame(
            [{"policy": run.policy, "seed": run.seed, **run.values} for run in self.runs]
        )

    def summary_frame(self) -> Any:
        """Return a pandas DataFrame with a row per policy and outcome.

        Columns `policy`, `outcome`, those of `Estimate`, and `narrowing`.
        """
        import pandas as pd

        return pd.DataFrame(
            [
                {
                    "policy": policy,
                    "outcome": outcome,
                    **estimate._asdict(),
                    "narrowing": self.narrowing[policy][outcome],
                }
                for policy, estimates in self.policies.items()
                for outcome, estimate in estimates.items()
            ]
        ).astype(dict.fromkeys((*Estimate._fields, "narrowing"), "float64"))

    def series_frame(self) -> Any:
        """Return a pandas DataFrame with a row per run and measuring day.

        Columns `policy`, `seed`, `day` and those of a run's series.
        """
        import pandas as pd

        lengths = [len(run.series) for run in self.runs]
        frame = pd.DataFrame(
            np.concatenate([run.series for run in self.runs]),
            columns=list(self.runs[0].columns),
        )
        # Seeds reach beyond int64, so they are kept as unsigned numbers.
        seeds = np.array([run.seed for run in self.runs], np.uint64)
        frame.insert(0, "seed", np.repeat(seeds, lengths))
        names = np.array([run.policy for run in self.runs], object)
        frame.insert(0, "policy", np.repeat(names, lengths))
        return frame

    def mean_series(self, column: str) -> dict[str, statistics.Interval]:
        """Return a column of the series over time, as mean and interval over the seeds by policy."""
        at = self.runs[0].columns.index(column)
        return {
            policy: statistics.mean_interval(
                np.stack([run.series[:, at] for run in self.runs_of(policy)], axis=-1)
            )
            for policy in self.experiment.policies
        }


def compare(
    experiment: Experiment,
    *,
    workers: int | None = None,
    progress: Progress | None = None,
    simulate: Callable[..., Any] | None = None,
    network_of: Callable[[Any], Any] | None = None,
) -> Comparison:
    """Run an experiment and compare its policies; see `run_experiment` for the parameters.

    Examples
    --------
    >>> from experiments.design import load_experiment
    >>> experiment = load_experiment("bakery", ["seeds=2", "market.people=200", "days=30"])
    >>> sorted(compare(experiment).policies)
    ['bakery', 'fast', 'fast-generous', 'none', 'slow']
    """
    runs = run_experiment(
        experiment,
        workers=workers,
        progress=progress,
        simulate=simulate,
        network_of=network_of,
    )
    return summarise(experiment, runs)


def summarise(experiment: Experiment, runs: Sequence[Run]) -> Comparison:
    """Compare the runs of an experiment, by policy and then by seed."""
    policies = tuple(experiment.policies)
    baseline = policies.index(experiment.baseline)
    summary = _Summary(experiment, runs, baseline)
    wanted = {*runs[0].values, *RATIOS_OF_MEANS, *experiment.outcomes}
    names = [name for name in MEASURES if name in wanted]
    estimates = {name: summary.estimates(name) for name in names}
    narrowings = {name: summary.narrowing(name) for name in names}
    return Comparison(
        experiment,
        tuple(runs),
        {p: {name: estimates[name][i] for name in names} for i, p in enumerate(policies)},
        {p: {name: narrowings[name][i] for name in names} for i, p in enumerate(policies)},
    )


def yardstick(self) -> str:
        """Name of the policy that spend is held against: `none` where it takes part."""
        return yardstick(self.experiment)

    @property
    def seeds(self) -> tuple[int, ...]:
        """The worlds."""
        return self.experiment.seeds

    @property
    def outcomes(self) -> tuple[str, ...]:
        """Names of the outcomes to show, the most important first."""
        return self.experiment.outcomes

    @cached_property
    def conclusion(self) -> str:
        """What was found and how sure it is, in words."""
        return conclude(self)

    @cached_property
    def notes(self) -> tuple[str, ...]:
        """What is undefined, and why; and other things that a reader could stumble over."""
        return caveats(self)

    @property
    def people(self) -> int:
        """How many people there are in each world; a network from a file decides it."""
        return self.runs[0].people

    @property
    def ties(self) -> tuple[int, ...]:
        """How many ties there are, world by world."""
        return tuple(run.ties for run in self.runs_of(self.baseline))

    @property
    def network(self) -> str:
        """Which network was used, in words."""
        return networks.sentence(self.experiment.scenario, self.people, self.ties)

    def runs_of(self, policy: str) -> list[Run]:
        """Return the runs of a policy, by seed."""
        return [run for run in self.runs if run.policy == policy]

    def samples(self, outcome: str) -> Array:
        """Return an outcome as an array [policies, seeds]; NaN where it was undefined."""
        return _samples(self.experiment, self.runs, outcome)

    def to_json(self) -> dict[str, Any]:
        """Return the result as plain data, without NaN and infinity."""
        return {
            "name": self.experiment.name,
            "scenario": self.experiment.scenario.name,
            "baseline": self.baseline,
            "seeds": list(self.seeds),
            "outcomes": list(self.outcomes),
            "conclusion": self.conclusion,
            "notes": list(self.notes),
            "policies": {
                policy: {outcome: estimate._asdict() for outcome, estimate in estimates.items()}
                for policy, estimates in self.policies.items()
            },
            "crn": {policy: dict(ratios) for policy, ratios in self.narrowing.items()},
        }

    def runs_frame(self) -> Any:
        """Return a pandas DataFrame with a row per run: `policy`, `seed`, and every outcome."""
        import pandas as pd

        return pd.DataFrame(
            [{"policy": run.policy, "seed": run.seed, **run.values} for run in self.runs]
        )

    def summary_frame(self) -> Any:
        """Return a pandas DataFrame with a row per policy and outcome.

        Columns `policy`, `outcome`, those of `Estimate`, and `narrowing`.
        """
        import pandas as pd

        return pd.DataFrame(
            [
                {
                    "policy": policy,
                    "outcome": outcome,
                    **estimate._asdict(),
                    "narrowing": self.narrowing[policy][outcome],
                }
                for policy, estimates in self.policies.items()
                for outcome, estimate in estimates.items()
            ]
        ).astype(dict.fromkeys((*Estimate._fields, "narrowing"), "float64"))

    def series_frame(self) -> Any:
        """Return a pandas DataFrame with a row per run and measuring day.

        Columns `policy`, `seed`, `day` and those of a run's series.
        """
        import pandas as pd

        lengths = [len(run.series) for run in self.runs]
        frame = pd.DataFrame(
            np.concatenate([run.series for run in self.runs]),
            columns=list(self.runs[0].columns),
        )
        # Seeds reach beyond int64, so they are kept as unsigned numbers.
        seeds = np.array([run.seed for run in self.runs], np.uint64)
        frame.insert(0, "seed", np.repeat(seeds, lengths))
        names = np.array([run.policy for run in self.runs], object)
        frame.insert(0, "policy", np.repeat(names, lengths))
        return frame

    def mean_series(self, column: str) -> dict[str, statistics.Interval]:
        """Return a column of the series over time, as mean and interval over the seeds by policy."""
        at = self.runs[0].columns.index(column)
        return {
            policy: statistics.mean_interval(
                np.stack([run.series[:, at] for run in self.runs_of(policy)], axis=-1)
            )
            for policy in self.experiment.policies
        }


def compare(
    experiment: Experiment,
    *,
    workers: int | None = None,
    progress: Progress | None = None,
    simulate: Callable[..., Any] | None = None,
    network_of: Callable[[Any], Any] | None = None,
) -> Comparison:
    """Run an experiment and compare its policies; see `run_experiment` for the parameters.

    Examples
    --------
    >>> from experiments.design import load_experiment
    >>> experiment = load_experiment("bakery", ["seeds=2", "market.people=200", "days=30"])
    >>> sorted(compare(experiment).policies)
    ['bakery', 'fast', 'fast-generous', 'none', 'slow']
    """
    runs = run_experiment(
        experiment,
        workers=workers,
        progress=progress,
        simulate=simulate,
        network_of=network_of,
    )
    return summarise(experiment, runs)


def summarise(experiment: Experiment, runs: Sequence[Run]) -> Comparison:
    """Compare the runs of an experiment, by policy and then by seed."""
    policies = tuple(experiment.policies)
    baseline = policies.index(experiment.baseline)
    summary = _Summary(experiment, runs, baseline)
    wanted = {*runs[0].values, *RATIOS_OF_MEANS, *experiment.outcomes}
    names = [name for name in MEASURES if name in wanted]
    estimates = {name: summary.estimates(name) for name in names}
    narrowings = {name: summary.narrowing(name) for name in names}
    return Comparison(
        experiment,
        tuple(runs),
        {p: {name: estimates[name][i] for name in names} for i, p in enumerate(policies)},
        {p: {name: narrowings[name][i] for name in names} for i, p in enumerate(policies)},
    )


RATIOS_OF_MEANS = ("cost_per_customer_saved", "return_on_recovery_spend")
"""Outcomes that one run has not: they are relative to another policy's run in the same world."""


def yardstick(experiment: Experiment) -> str:
    """Return the policy that spend is held against: doing nothing, else the baseline."""
    return "none" if "none" in experiment.policies else experiment.baseline


class _Summary:
    """The statistics of an experiment's runs."""

    def __init__(self, experiment: Experiment, runs: Sequence[Run], baseline: int) -> None:
        self.experiment = experiment
        self.runs = runs
        self.baseline = baseline
        self.yardstick = list(experiment.policies).index(yardstick(experiment))

    def samples(self, outcome: str) -> Array:
        return _samples(self.experiment, self.runs, outcome)

    def estimates(self, name: str) -> list[Estimate]:
        """Return the estimates of an outcome, by policy."""
        if name in RATIOS_OF_MEANS:
            return self.ratio_estimates(name)
        samples, direction = self.samples(name), MEASURES[name].direction
        level = statistics.mean_interval(samples)
        difference = statistics.mean_interval(samples - samples[self.baseline])
        best = (
            statistics.best_probability(samples, direction)
            if direction
            else np.full(len(samples), np.nan)
        )
        columns = (*level, *difference, best)
        return [Estimate(*map(_known, row)) for row in zip(*columns, strict=True)]

    def ratio_estimates(self, name: str) -> list[Estimate]:
        """Return the estimates of a ratio of means, where its denominator is positive."""
        over, under = self.ratio(name)
        ratio = statistics.fieller(over, under)
        defined = np.where(np.isfinite(under), under, 0.0).sum(axis=1) > 0
        level = [np.where(defined, part, np.nan) for part in ratio]
        best = statistics.best_ratio_probability(over, under, MEASURES[name].direction)
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
        ratios = statistics.narrowing(samples, samples[self.baseline])
        ratios[self.baseline] = np.nan
        return [_known(ratio) for ratio in ratios]


def _samples(experiment: Experiment, runs: Sequence[Run], outcome: str) -> Array:
    values = [run.values.get(outcome, math.nan) for run in runs]
    return np.array(values, dtype=np.float64).reshape(len(experiment.policies), -1)


def _known(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
