"""Means over what was drawn at random, with intervals: over points and over worlds at a time.

Where a design draws its points, every point is met in the same worlds. So an outcome has two kinds
of luck at least: which points were drawn, and which worlds. They are crossed, and a mean over both
varies by the sum of what each does to it (Searle, Casella & McCulloch 1992, Variance Components,
chapter 4). Here that is estimated by the variance of the means by point over the number of points,
plus the same by world. What a world does to all points alike may be taken out before (`levelled`): it
moves a whole picture up or down and changes no comparison within it. What the two do only together is counted in each of them, so that intervals
are a little too wide rather than too narrow (Owen 2007, Annals of Applied Statistics 1: 386-411,
finds so for resampling both ways). Degrees of freedom are Satterthwaite's (1946).

Points count as independent. Those of a hypercube or of a Sobol sequence are spread more evenly, and
their means are a little surer than said here.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from experiments.methods.statistics import Array, Interval, mean_interval, moments, t_quantile

Factor = tuple[str, ...]
"""Columns whose values were drawn together: the keys of a sample, or `seed`."""

WORLDS: Factor = ("seed",)

_WINDOW = 5
"""A running mean is taken over one value in so many."""


class Source(NamedTuple):
    """What one factor does to a mean."""

    variance: Array
    """Of the mean; NaN where it cannot be told."""
    levels: Array
    """How many of it were drawn."""


def combined(mean: Array, sources: Sequence[Source]) -> Interval:
    """Return a mean with the 95% interval that all its sources of luck give together.

    A source of a single level says nothing, and is left out; with no other the ends are NaN.
    """
    variances = np.stack([source.variance for source in sources])
    freedom = np.stack([np.asarray(source.levels, dtype=np.float64) - 1 for source in sources])
    known = np.isfinite(variances) & (freedom > 0)
    variances = np.where(known, variances, 0.0)
    whole = variances.sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        doubt = np.where(known, variances * variances / freedom, 0.0).sum(axis=0)
        reach = t_quantile(whole * whole / doubt) * np.sqrt(whole)
    reach = np.where(known.any(axis=0), np.where(whole > 0, reach, 0.0), np.nan)
    return Interval(mean, mean - reach, mean + reach)


def levelled(runs: pd.DataFrame, cells: Sequence[str], outcome: str) -> tuple[pd.DataFrame, float]:
    """Return runs without the luck that a world brings to all cells alike, and what that is worth.

    Parameters
    ----------
    runs
        Columns `seed`, those that tell the cells apart, and the outcome.

    Returns
    -------
    DataFrame, float
        The runs, as many and in the same order, with the means over worlds unchanged where no run
        is missing; and how far the 95% interval of the level of them all reaches to either side,
        over the worlds: NaN from a single one.
    """
    apart = runs[outcome] - runs.groupby(list(cells), dropna=False)[outcome].transform("mean")
    luck = apart.groupby(runs["seed"]).mean()
    found = mean_interval(luck.to_numpy(dtype=float))
    plain = runs.assign(**{outcome: runs[outcome] - runs["seed"].map(luck)})
    return plain, float(found.high - found.mean)


def drawn_mean(runs: pd.DataFrame, factors: Sequence[Factor], outcome: str) -> Interval:
    """Return the mean of an outcome over some runs, with its interval over the factors."""
    if runs.empty:
        return Interval(*np.full((3, 1), np.nan))
    sources = []
    for factor in factors:
        means = runs.groupby(list(factor), dropna=False)[outcome].mean().to_numpy(dtype=float)
        count, _, variance = moments(means)
        sources.append(Source(np.array(variance / count), count))
    return combined(np.array(runs[outcome].mean()), sources)


def paired_difference(
    runs: pd.DataFrame, key: str, ends: tuple[object, object], factors: Sequence[Factor], outcome: str
) -> Interval:  # fmt: skip
    """Return by how much an outcome is higher at the last value of a key than at the first.

    Run by run where all else is alike; runs without a twin are left out.

    Parameters
    ----------
    runs
        Of one policy: the columns of all factors, `key`, and all else that the design varies; and
        the outcome.
    """
    others = [name for name in runs if name not in (key, outcome)]
    first, last = (
        runs[runs[key].isna() if end is None else runs[key] == end].drop(columns=key)
        for end in ends
    )
    pairs = first.merge(last, on=others, suffixes=("", " last"))
    pairs[outcome] = pairs[f"{outcome} last"] - pairs[outcome]
    return drawn_mean(pairs, factors, outcome)


def running_mean(
    runs: pd.DataFrame, key: str, factors: Sequence[Factor], outcome: str
) -> tuple[Array, Interval]:
    """Return means over a window of a fifth of the values of a key, moved along them.

    Runs that share a value are taken together first. What a window holds of the trend along the key
    counts as luck of the values drawn, so that where it is steep the interval is a little too wide.

    Parameters
    ----------
    factors
        Those other than the key's own: the worlds, and samples that are crossed with its own.

    Returns
    -------
    array, Interval
        Mean of the key and of the outcome by window, the latter with its interval. Empty where
        there are too few values.
    """
    tables = [_table(runs, key, factor, outcome) for factor in factors]
    values = tables[0].index.to_numpy(dtype=float)
    width = max(3, len(values) // _WINDOW)
    if len(values) < 2 * width:
        return np.empty(0), Interval(*np.empty((3, 0)))
    by_value = runs.groupby(key)[outcome].mean().to_numpy(dtype=float)
    own = _sliding_variance(by_value, width) / width
    sources = [Source(own, np.full(own.shape, width))]
    for table in tables:
        count, _, variance = moments(_sliding(table.to_numpy(dtype=float), width))
        sources.append(Source(variance / count, count))
    return _sliding(values, width), combined(_sliding(by_value, width), sources)


def _table(runs: pd.DataFrame, key: str, factor: Factor, outcome: str) -> pd.DataFrame:
    """Return the mean of an outcome by value of a key and by level of a factor."""
    level = runs.groupby(list(factor), dropna=False).ngroup()
    return runs.groupby([runs[key], level])[outcome].mean().unstack()


def _sliding(values: Array, width: int) -> Array:
    """Return the mean of each window along the first axis, of what is known there."""
    known = np.isfinite(values)
    start = np.zeros((1, *values.shape[1:]))
    total, count = (
        np.concatenate([start, np.cumsum(part, axis=0)])
        for part in (np.where(known, values, 0.0), known)
    )
    with np.errstate(invalid="ignore", divide="ignore"):
        means: Array = (total[width:] - total[:-width]) / (count[width:] - count[:-width])
    return means


def _sliding_variance(values: Array, width: int) -> Array:
    """Return the unbiased variance of each window."""
    apart = values - values.mean()
    squares = _sliding(apart * apart, width) - _sliding(apart, width) ** 2
    variance: Array = np.maximum(0.0, squares) * width / (width - 1)
    return variance
