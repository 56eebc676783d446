"""Sobol' indices of what is to be expected, with the luck of single worlds taken out.

A point of the assumptions is run in some worlds, the same at every point. Its expected outcome is
what all worlds would average to. An index of the average over a few of them would take what is left
of their luck for an interaction of everything with everything. But the estimators are products of
two outcomes, and luck differs from world to world: multiplied only across different worlds, it
cancels on average. So the estimators of Saltelli et al. (2010), as SALib has them, are taken of the
average and of every single world, and the latter's part is subtracted (a U-statistic of order 2,
Hoeffding 1948).

What luck is worth is told beside it: its share in the variance of single runs, which is the total
index of the world as one more factor (as in Marrel, Iooss, Da Veiga & Ribatet 2012).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any, NamedTuple

import numpy as np

from experiments.extras import extra
from experiments.methods.statistics import LEVEL, Array

RESAMPLES = 1000
"""Bootstrap resamples behind an interval."""

_AT_ONCE = 1 << 20
"""Numbers that are resampled at a time, to bound the memory."""

_FEWEST_ROWS = 4


class Index(NamedTuple):
    """An index and its 95% interval; None where it is undefined."""

    value: float | None
    low: float | None
    high: float | None


UNDEFINED = Index(None, None, None)


@dataclass(frozen=True)
class Indices:
    """How much of an outcome's variance over the assumptions each of them is behind.

    Attributes
    ----------
    first : tuple of Index
        By key: share of the variance that would go if this alone were known.
    total : tuple of Index
        By key: share that would stay if all others were known.
    second : mapping of (int, int) to Index
        By pair of keys: share that the two have only together, beyond their first; empty unless
        asked for.
    mean : float or None
        Mean of the outcome over the assumptions and the worlds.
    variance : float or None
        Variance of the expected outcome over the assumptions.
    luck : float or None
        Share of luck in the variance of single runs, 0 to 1; None from one world.
    positive : float or None
        Share of the sampled points at which the mean over the worlds is above 0.
    rows : int
        Sampled rows that all this stands on: those in which nothing was undefined.
    reason : str
        Why the indices are undefined; empty where they are not.
    """

    first: tuple[Index, ...]
    total: tuple[Index, ...]
    second: dict[tuple[int, int], Index]
    mean: float | None
    variance: float | None
    luck: float | None
    positive: float | None
    rows: int
    reason: str = ""


def sample(keys: Sequence[str], samples: int, second_order: bool, seed: int) -> Array:
    """Return Saltelli's sample of the unit cube, scrambled by a seed.

    Returns
    -------
    array [rows x steps, keys]
        Rows of `keys + 2` points each, or `2 keys + 2` where interactions are asked for.
    """
    problem = {"num_vars": len(keys), "names": list(keys), "bounds": [[0.0, 1.0]] * len(keys)}
    sobol = extra("SALib.sample.sobol", "analysis")
    points: Array = sobol.sample(problem, samples, calc_second_order=second_order, seed=seed)
    return points


def steps(keys: int, second_order: bool) -> int:
    """Return how many points there are in a row of the sample."""
    return 2 * keys + 2 if second_order else keys + 2


def estimate(
    values: Array, keys: int, second_order: bool = False, resamples: int = RESAMPLES
) -> Indices:
    """Estimate the indices of an outcome at the points of a sample.

    Intervals are percentiles of a bootstrap over the rows of the sample and, by random weights,
    over the worlds (Rubin 1981; of such a spread that the variance of a mean is the unbiased one).
    The same values give the same intervals.

    Parameters
    ----------
    values : array [points, worlds]
        In the order of `sample`; NaN where undefined.
    keys : int
        How many assumptions there are.

    Returns
    -------
    Indices
        Undefined where the outcome is the same everywhere, or nearly always undefined, or where
        what the assumptions do cannot be told from luck.
    """
    size = steps(keys, second_order)
    rows = values.reshape(-1, size, values.shape[-1])
    whole = rows[np.isfinite(rows).all(axis=(1, 2))]
    if len(whole) < max(_FEWEST_ROWS, len(rows) / 2):
        return _undefined(keys, None, len(whole), "it is undefined in too many runs")
    spread = np.ptp(whole, axis=(0, 1))
    scale = np.abs(whole).max()
    if (spread <= 1e-12 * scale).all():
        return _undefined(keys, whole, len(whole), "it is the same whatever is assumed")
    return _Estimator(whole, keys, second_order, resamples).indices()


def _undefined(keys: int, rows: Array | None, count: int, reason: str) -> Indices:
    nothing = (UNDEFINED,) * keys
    mean = None if rows is None else float(rows.mean())
    luck = None if rows is None else _luck(rows, 0.0)
    return Indices(nothing, nothing, {}, mean, None, luck, None, count, reason)


def _luck(rows: Array, variance: float) -> float | None:
    """Return the share of luck in the variance of single runs."""
    if rows.shape[-1] < 2:
        return None
    noise = float(rows.var(axis=-1, ddof=1).mean())
    return noise / (noise + max(0.0, variance)) if noise else 0.0


class _Estimator:
    """The estimators of one outcome, for the sample as it is and for its resamples."""

    def __init__(self, rows: Array, keys: int, second_order: bool, resamples: int) -> None:
        self.sobol = extra("SALib.analyze.sobol", "analysis")
        self.rows, self.keys, self.resamples = rows, keys, resamples
        self.pairs = list(combinations(range(keys), 2)) if second_order else []
        ends = rows[:, [0, -1]]
        # By world, so that what is alike at all points of a world does not blur the products.
        self.centred = (rows - rows.mean(axis=(0, 1))) / ends.std()
        self.scale = float(ends.std())

    def indices(self) -> Indices:
        """Return the estimates with their intervals."""
        rows, worlds = self.rows, self.rows.shape[-1]
        even = np.full((1, worlds), 1.0 / worlds)
        parts = self.parts(self.centred[:, :, None, :], even)[:, 0]
        spread = np.concatenate(list(self.resampled()), axis=1)
        variance = float(parts[-1]) * self.scale**2
        if np.quantile(spread[-1], (1 - LEVEL) / 2) <= 0.0:
            lost = "what the assumptions do cannot be told from luck; more worlds or samples may"
            return _undefined(self.keys, rows, len(rows), lost)
        with np.errstate(invalid="ignore", divide="ignore"):
            shares = parts[:-1] / parts[-1]
            drawn = np.where(spread[-1] > 0, spread[:-1] / spread[-1], np.nan)
        low, high = np.nanquantile(drawn, [(1 - LEVEL) / 2, (1 + LEVEL) / 2], axis=1)
        found = [Index(*map(float, each)) for each in zip(shares, low, high, strict=True)]
        first, total = tuple(found[: self.keys]), tuple(found[self.keys : 2 * self.keys])
        second = dict(zip(self.pairs, found[2 * self.keys :], strict=True))
        ends = rows[:, [0, -1]].mean(axis=-1)
        return Indices(
            first, total, second, float(ends.mean()), variance, _luck(rows, variance),
            float((ends > 0).mean()), len(rows),
        )  # fmt: skip

    def resampled(self) -> Any:
        """Make the parts of resamples, some at a time: arrays [parts, resamples]."""
        rows, size, worlds = self.centred.shape
        generator = np.random.Generator(np.random.Philox(key=0))
        at_once = max(1, _AT_ONCE // (rows * size * (worlds + 1)))
        for start in range(0, self.resamples, at_once):
            count = min(at_once, self.resamples - start)
            chosen = generator.integers(rows, size=(rows, count))
            if worlds > 2:
                weights = generator.dirichlet(np.full(worlds, (worlds - 2) / worlds), count)
            else:
                weights = np.full((count, worlds), 1.0 / worlds)
            yield self.parts(np.moveaxis(self.centred[chosen], 1, 2), weights)

    def parts(self, rows: Array, weights: Array) -> Array:
        """Return the parts of the variance of rows [row, step, resample, world], luck taken out.

        Returns
        -------
        array [parts, resamples]
            First of every key, total of every key, interaction of every pair, and the variance.
        """
        mean = (rows * weights).sum(axis=-1, keepdims=True)
        found = self.products(np.concatenate([rows, mean], axis=-1))
        if weights.shape[1] == 1:
            return found[..., -1]
        own = weights * weights
        apart = np.maximum(1.0 - own.sum(axis=-1), 1e-9)
        luckless: Array = (found[..., -1] - (own * found[..., :-1]).sum(axis=-1)) / apart
        return luckless

    def products(self, rows: Array) -> Array:
        """Return SALib's estimators times the variance, which are plain means of products."""
        a, b, keys = rows[:, 0], rows[:, -1], self.keys
        ab, ba = rows[:, 1 : 1 + keys], rows[:, 1 + keys : 1 + 2 * keys]
        variance = np.concatenate([a, b]).var(axis=0)
        made = [self.sobol.first_order(a, ab[:, j], b) for j in range(keys)]
        made += [self.sobol.total_order(a, ab[:, j], b) for j in range(keys)]
        made += [self.sobol.second_order(a, ab[:, j], ab[:, k], ba[:, j], b) for j, k in self.pairs]
        parts: Array = np.stack([*made, np.ones_like(variance)]) * variance
        return parts
