"""Published models held against their own values: the parts are ours, the numbers theirs."""

import math
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from scipy.special import stdtrit

from experiments.replicas import bad_news, bass, parameters, talk_of_the_network
from experiments.runner import Progress, cores
from sim.parameters import Section

MEASURES = ("steps_to_95", "adopters", "npv")
"""What is told of a model, where it has it."""


class Published(NamedTuple):
    """A value that was published, and what counts as meeting it.

    Attributes
    ----------
    settings : mapping of str to float
        Parameters other than the defaults.
    measure, statistic : str
        Of what, and whether of its mean or median.
    value : float
    spread : float or None
        Share of the value by which ours may differ; None where a single run is published: then
        it has to be one that a single run of ours could have given (99% prediction interval).
    """

    settings: Mapping[str, float]
    measure: str
    statistic: str
    value: float
    spread: float | None = None


@dataclass(frozen=True)
class Replica:
    """A published model, rebuilt."""

    name: str
    title: str
    parameters: type[Section]
    run: Callable[[Any, int], dict[str, float]]
    runs: int
    published: tuple[Published, ...]


def _cell(s: int, w: int, steps: float) -> Published:
    return Published({"s": s, "w": w}, "steps_to_95", "mean", steps)


REPLICAS = {
    replica.name: replica
    for replica in (
        Replica(
            "talk-of-the-network", "Goldenberg, Libai & Muller 2001",
            parameters.TalkOfTheNetwork, talk_of_the_network.run, 30,
            (_cell(5, 5, 154), _cell(17, 5, 64), _cell(29, 5, 47), _cell(5, 17, 78),
             _cell(17, 17, 43)),
        ),
        Replica(
            "bad-news", "Goldenberg, Libai, Moldovan & Muller 2007, as in Dawid et al. 2025",
            parameters.BadNews, bad_news.run, 100,
            (Published({}, "adopters", "median", 1025.0, 0.03),),
        ),
        Replica(
            "bass", "Bass 1969", parameters.Bass, bass.run, 30,
            (Published(
                {}, "steps_to_95", "mean",
                math.ceil(12 * bass.time_to(0.95, parameters.Bass().p, parameters.Bass().q)), 0.02,
            ),),
        ),
    )
}  # fmt: skip
"""The models by name."""


@dataclass(frozen=True)
class Replication:
    """What came of a model's runs.

    Attributes
    ----------
    replica : Replica
    parameters : Section
        The values that it was run with.
    values : mapping of str to array [runs]
        Each measure, run by run; infinite where a goal was never reached.
    """

    replica: Replica
    parameters: Section
    values: Mapping[str, np.ndarray[Any, np.dtype[np.float64]]]

    @property
    def runs(self) -> int:
        """How often it was run."""
        return len(next(iter(self.values.values())))

    def summary(self, measure: str) -> dict[str, float | None]:
        """Return mean, median and quartiles (`low`, `high`) over runs; None where infinite."""
        values = self.values[measure]
        low, median, high = np.quantile(values, [0.25, 0.5, 0.75], method="nearest")
        found = {"mean": values.mean(), "median": median, "low": low, "high": high}
        return {name: float(value) if np.isfinite(value) else None for name, value in found.items()}

    def to_json(self) -> dict[str, Any]:
        """Return the result as plain data."""
        told = {name: self.summary(name) for name in MEASURES if name in self.values}
        return {
            "model": self.replica.name,
            "source": self.replica.title,
            "parameters": self.parameters.model_dump(),
            "runs": self.runs,
            **told,
        }


@dataclass(frozen=True)
class Verdict:
    """A published value beside ours."""

    published: Published
    replication: Replication

    @property
    def ours(self) -> float:
        """Mean or median over our runs."""
        values = self.replication.values[self.published.measure]
        return float(np.median(values) if self.published.statistic == "median" else values.mean())

    @property
    def interval(self) -> tuple[float, float]:
        """Within which a single further run of ours lies in 99 of 100 cases (Student's t)."""
        values = self.replication.values[self.published.measure]
        count = len(values)
        if count < 2 or not np.isfinite(values).all():
            return -math.inf, math.inf
        reach = stdtrit(count - 1, 0.995) * values.std(ddof=1) * math.sqrt(1.0 + 1.0 / count)
        return float(values.mean() - reach), float(values.mean() + reach)

    @property
    def holds(self) -> bool:
        """Whether the published value is met."""
        value, share = self.published.value, self.published.spread
        if share is not None:
            return abs(self.ours / value - 1.0) <= share
        low, high = self.interval
        return low <= value <= high


def replicate(
    replica: Replica,
    settings: Section,
    runs: int,
    seed: int = 1,
    workers: int | None = None,
    progress: Progress | None = None,
) -> Replication:
    """Run a model several times; the seeds follow each other."""
    seeds = range(seed, seed + runs)
    found: list[dict[str, float]] = []
    with ThreadPoolExecutor(workers or cores()) as pool:
        for result in pool.map(lambda each: replica.run(settings, each), seeds):
            found.append(result)
            if progress is not None:
                progress(len(found), runs)
    names = found[0].keys()
    return Replication(replica, settings, {n: np.array([f[n] for f in found]) for n in names})


def verdicts(
    replica: Replica, runs: int | None = None, seed: int = 1, workers: int | None = None
) -> list[Verdict]:
    """Hold a model against each of its published values."""
    return [
        Verdict(
            published,
            replicate(
                replica,
                replica.parameters.model_validate(dict(published.settings)),
                runs or replica.runs,
                seed,
                workers,
            ),
        )
        for published in replica.published
    ]


LEVELS: Mapping[str, Sequence[float]] = {
    "s": (5, 17, 29), "w": (5, 17, 29), "a": (0.0005, 0.005, 0.01), "bw": (0.005, 0.01, 0.015),
    "bs": (0.01, 0.04, 0.07),
}  # fmt: skip
"""The grid of 3^5 cells of the regression of Goldenberg, Libai & Muller (2001)."""


def regression(runs: int = 3, seed: int = 1, workers: int | None = None) -> dict[str, Any]:
    """Regress the time to 95% on the five parameters, standardised, over the full grid.

    Returns
    -------
    dict
        `cells`, `r_squared`, and `coefficients`: standardised, by parameter, of an ordinary least
        squares regression with a constant.
    """
    import itertools

    replica = REPLICAS["talk-of-the-network"]
    cells = list(itertools.product(*LEVELS.values()))
    times = []
    for cell in cells:
        settings = replica.parameters.model_validate(dict(zip(LEVELS, cell, strict=True)))
        found = replicate(replica, settings, runs, seed, workers)
        times.append(float(found.values["steps_to_95"].mean()))
    table = np.array(cells, dtype=np.float64)
    x = (table - table.mean(axis=0)) / table.std(axis=0)
    y = np.array(times)
    z = (y - y.mean()) / y.std()
    coefficients, residual, _, _ = np.linalg.lstsq(x, z, rcond=None)
    return {
        "cells": len(cells),
        "runs": runs,
        "r_squared": float(1.0 - residual[0] / len(z)),
        "coefficients": dict(zip(LEVELS, map(float, coefficients), strict=True)),
    }
