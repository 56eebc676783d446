"""Published models held against their own values: the parts are ours, the numbers theirs."""

import math
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from scipy.special import stdtrit

from experiments.engine.runner import Progress, cores
from experiments.replicas import bad_news, bass, parameters, talk_of_the_network
from sim.errors import InputError
from sim.parameters import Section

MEASURES = ("steps_to_95", "adopters", "npv")
"""What is told of a model, where it has it."""

SUMMARY = ("mean", "median", "low", "high")
"""What is told of a measure over runs; `low` and `high` are the quartiles."""

_LARGEST = 2**63


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

    def settings(self, published: Published) -> Section:
        """Return the parameters under which a value was published."""
        return self.parameters.model_validate(dict(published.settings))


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
    seed : int
        Of the first run; the others follow.
    values : mapping of str to array [runs]
        Each measure, run by run; infinite where a goal was never reached.
    """

    replica: Replica
    parameters: Section
    seed: int
    values: Mapping[str, np.ndarray[Any, np.dtype[np.float64]]]

    @property
    def runs(self) -> int:
        """How often it was run."""
        return len(next(iter(self.values.values())))

    def summary(self, measure: str) -> dict[str, float | None]:
        """Return mean, median and quartiles (`low`, `high`) over runs; None where infinite."""
        values = self.values[measure]
        with np.errstate(invalid="ignore"):
            low, median, high = np.quantile(values, [0.25, 0.5, 0.75])
        found = zip(SUMMARY, (values.mean(), median, low, high), strict=True)
        return {name: float(value) if np.isfinite(value) else None for name, value in found}

    def to_json(self) -> dict[str, Any]:
        """Return the result as plain data."""
        told = {name: self.summary(name) for name in MEASURES if name in self.values}
        return {
            "model": self.replica.name,
            "source": self.replica.title,
            "parameters": self.parameters.model_dump(),
            "runs": self.runs,
            "seed": self.seed,
            **told,
            "verdict": None if self.verdict is None else self.verdict.to_json(),
        }

    @property
    def verdict(self) -> "Verdict | None":
        """The published value for these parameters, beside ours.

        None where none is known, or where the runs are too few to be held against it.
        """
        for published in self.replica.published:
            verdict = Verdict(published, self)
            if verdict.enough and self.replica.settings(published) == self.parameters:
                return verdict
        return None


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
    def enough(self) -> bool:
        """Whether there are runs enough to judge by: as many as were published for a mean or median,
        and for a single run two that come to an end."""
        if self.published.spread is None:
            return math.isfinite(self.interval[0])
        return self.replication.runs >= self.replication.replica.runs

    @property
    def holds(self) -> bool:
        """Whether the published value is met."""
        value, share = self.published.value, self.published.spread
        if share is not None:
            return abs(self.ours / value - 1.0) <= share
        low, high = self.interval
        return low <= value <= high

    def to_json(self) -> dict[str, Any]:
        """Return the verdict as plain data."""
        low, high = (end if math.isfinite(end) else None for end in self.interval)
        return {
            "measure": self.published.measure,
            "statistic": self.published.statistic,
            "published": self.published.value,
            "ours": self.ours if math.isfinite(self.ours) else None,
            "single_low": low,
            "single_high": high,
            "holds": self.holds,
        }


def replicate(
    replica: Replica,
    settings: Section,
    runs: int,
    seed: int = 1,
    workers: int | None = None,
    progress: Progress | None = None,
) -> Replication:
    """Run a model several times.

    Parameters
    ----------
    replica : Replica
    settings : Section
        Its parameters.
    runs : int
        How many, at least 1.
    seed : int
        Of the first; the others follow. The same seed gives the same run, among however many.
    workers : int, optional
        Threads; by default one for each processor.
    progress : callable, optional
        Told how many runs are done, of how many.

    Raises
    ------
    InputError
        If there is no run or a seed is out of range.
    """
    if runs < 1:
        raise InputError(f"runs = {runs} must be at least 1")
    if not 0 <= seed <= _LARGEST - runs:
        raise InputError(f"seed = {seed} must be at least 0, and all seeds below 2**63")
    found: list[dict[str, float]] = []
    with ThreadPoolExecutor(workers or cores()) as pool:
        for result in pool.map(lambda each: replica.run(settings, each), range(seed, seed + runs)):
            found.append(result)
            if progress is not None:
                progress(len(found), runs)
    values = {name: np.array([each[name] for each in found]) for name in found[0]}
    return Replication(replica, settings, seed, values)


def verdicts(
    replica: Replica, runs: int | None = None, seed: int = 1, workers: int | None = None
) -> list[Verdict]:
    """Hold a model against each of its published values."""
    return [
        Verdict(
            published,
            replicate(
                replica,
                replica.settings(published),
                runs or replica.runs,
                seed,
                workers,
            ),
        )
        for published in replica.published
    ]
