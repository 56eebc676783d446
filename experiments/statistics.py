"""Intervals, paired differences, ratios and the chance to be best, from a few shared seeds.

Every policy of an experiment is run in the same worlds, one world a seed. So the seeds are the
sample, a policy's values in them are one row, and two policies are compared seed by seed.

Arrays of samples have the seeds along their last axis. A value that is not finite stands for an
outcome that was undefined in that run; such runs are left out of what needs them, and a statistic
that cannot be had (one seed, nothing defined) is NaN.
"""

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtr, stdtrit

Array = NDArray[np.float64]

LEVEL = 0.95
"""Coverage of every interval."""

_DRAWS = 1 << 15
"""Draws from the posterior: a probability of .5 is then known to .003 (one standard error)."""


class Interval(NamedTuple):
    """An estimate and the ends of its interval: arrays of the samples' shape without the seeds."""

    mean: Array
    low: Array
    high: Array


def _t_quantile(freedom: Array | float) -> Array:
    """Return the upper quantile of Student's t for a two-sided interval; NaN below 1 degree."""
    quantile: Array = stdtrit(np.where(np.asarray(freedom) > 0, freedom, np.nan), 0.5 + LEVEL / 2)
    return quantile


def _moments(samples: Array) -> tuple[Array, Array, Array]:
    """Return count, mean and unbiased variance over the seeds that are finite."""
    finite = np.isfinite(samples)
    count = finite.sum(axis=-1).astype(np.float64)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.where(finite, samples, 0.0).sum(axis=-1) / count
        # Where all values are equal their mean must be that value, and the variance 0, whatever
        # the rounding of the sum says.
        lowest = np.where(finite, samples, np.inf).min(axis=-1, initial=np.inf)
        highest = np.where(finite, samples, -np.inf).max(axis=-1, initial=-np.inf)
        mean = np.where(lowest == highest, lowest, mean)
        apart = np.where(finite, samples - mean[..., None], 0.0)
        variance = (apart * apart).sum(axis=-1) / np.where(count > 1, count - 1, np.nan)
    return count, mean, variance


def mean_interval(samples: Array) -> Interval:
    """Estimate means with Student's t interval (Student 1908).

    Parameters
    ----------
    samples : array [..., seeds]
        Independent values. For a paired comparison, pass the differences seed by seed.

    Returns
    -------
    Interval
        Ends are NaN when fewer than two values are finite.
    """
    count, mean, variance = _moments(np.asarray(samples, dtype=np.float64))
    with np.errstate(invalid="ignore", divide="ignore"):
        reach = _t_quantile(count - 1) * np.sqrt(variance / count)
    return Interval(mean, mean - reach, mean + reach)


def narrowing(samples: Array, baseline: Array) -> Array:
    """How many times wider the interval of a difference would be with independent seeds.

    Compares the paired interval with Welch's interval for two independent samples of the same
    size and variances (Welch 1947), as in the literature on common random numbers (Law 2015,
    Simulation Modeling and Analysis, section 11.2). Above 1, sharing the worlds paid; below 1, it
    hurt.

    Returns
    -------
    array [...]
        Infinite when the shared worlds cancelled all noise, NaN when there was no noise or there
        are fewer than two seeds.
    """
    samples, baseline = np.broadcast_arrays(samples, baseline)
    both = np.isfinite(samples) & np.isfinite(baseline)
    count, _, one = _moments(np.where(both, samples, np.nan))
    _, _, other = _moments(np.where(both, baseline, np.nan))
    with np.errstate(invalid="ignore", divide="ignore"):
        _, _, paired = _moments(np.where(both, samples - baseline, np.nan))
        welch = (count - 1) * (one + other) ** 2 / (one * one + other * other)
        wide = _t_quantile(welch) * np.sqrt(one + other)
        ratio: Array = wide / (_t_quantile(count - 1) * np.sqrt(paired))
    return ratio


def fieller(numerator: Array, denominator: Array) -> Interval:
    """Estimate the ratio of two paired means with Fieller's interval (Fieller 1954).

    A mean of ratios would be ruled by the seeds whose denominator is near 0. Fieller's interval
    asks instead which ratios r leave the mean of `numerator - r denominator` compatible with 0;
    in comparisons of cost and effect it does best among the usual ones (Polsky, Glick, Willke &
    Schulman 1997).

    Returns
    -------
    Interval
        Ends are NaN when the denominator cannot be told from 0 at the same level, where no
        bounded interval has the coverage asked for, and when fewer than two seeds are finite.
    """
    both = np.isfinite(numerator) & np.isfinite(denominator)
    top, bottom = np.where(both, numerator, np.nan), np.where(both, denominator, np.nan)
    count, over, variance_over = _moments(top)
    _, under, variance_under = _moments(bottom)
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        apart = np.where(both, (top - over[..., None]) * (bottom - under[..., None]), 0.0)
        covariance = apart.sum(axis=-1) / (count - 1)
        t2 = _t_quantile(count - 1) ** 2 / count
        a = under * under - t2 * variance_under
        b = over * under - t2 * covariance
        c = over * over - t2 * variance_over
        root = np.sqrt(np.maximum(0.0, b * b - a * c))
        bounded = a > 0
        low = np.where(bounded, (b - root) / a, np.nan)
        high = np.where(bounded, (b + root) / a, np.nan)
        return Interval(over / under, low, high)


def posterior_means(samples: Array) -> Array:
    """Draw the vector of the policies' true means, given their values in shared worlds.

    Under normal noise of unknown covariance S and the prior of Geisser & Cornfield (1963),
    |S|^-k for k policies, the means are multivariate t with n - 1 degrees of freedom, centred on
    the sample means with scale S/n. Of the usual vague priors it is the one under which every
    single mean and every difference has just Student's interval, and so agrees with the intervals
    shown beside it. It needs only two seeds; the usual |S|^-(k+1)/2 needs more seeds than policies
    (Görder & Kolonko 2014, arXiv 1410.6782, rank systems with common random numbers under that). A
    bootstrap never leaves the range of the values seen, and with 5 to 20 seeds is too sure.

    Parameters
    ----------
    samples : array [policies, seeds]
        Finite, at least two seeds.

    Returns
    -------
    array [draws, policies]
        The same for the same samples: the generator is local and its key fixed. The order of the
        seeds does not matter (save for rounding).
    """
    seeds = samples.shape[1]
    _, mean, _ = _moments(samples)
    factor = np.asarray(np.linalg.qr((samples - mean[:, None]).T, mode="r"))
    # Of the factors of a covariance the one with a positive diagonal, which is unique.
    triangle = factor * np.where(np.diagonal(factor) < 0, -1.0, 1.0)[:, None]
    noise = _students(len(triangle), seeds - 1) @ triangle / np.sqrt(seeds * (seeds - 1))
    return np.concatenate((mean + noise, mean - noise))


@lru_cache(maxsize=8)
def _students(size: int, freedom: int) -> Array:
    """Return half as many draws as are wanted of a standard multivariate t, one a row."""
    generator = np.random.Generator(np.random.Philox(key=0))
    normal = generator.standard_normal((_DRAWS // 2, size))
    return normal / np.sqrt(generator.chisquare(freedom, (_DRAWS // 2, 1)) / freedom)


def best_probability(samples: Array, direction: int) -> Array:
    """Chance that each policy's true mean is the best, given the seeds run.

    Parameters
    ----------
    samples : array [policies, seeds]
        Values in shared worlds. A policy with no finite value takes no part; of the others, only
        the seeds count in which all are finite.
    direction : int
        1 if higher is better, -1 if lower is.

    Returns
    -------
    array [policies]
        Adds up to 1. NaN for a policy that takes no part, and for all with fewer than two seeds.
        Policies that did the same in every seed share their chance evenly.
    """
    chances = np.full(len(samples), np.nan)
    part = np.isfinite(samples).any(axis=1)
    seeds = np.isfinite(samples[part]).all(axis=0)
    if seeds.sum() < 2 or not part.any():
        return chances
    kinds, kind = np.unique(direction * samples[part][:, seeds], axis=0, return_inverse=True)
    kind = kind.reshape(-1)
    chances[part] = (_highest_probability(kinds) / np.bincount(kind))[kind]
    return chances


def _highest_probability(samples: Array) -> Array:
    """Chance that each row, all different, has the highest true mean."""
    if len(samples) == 1:
        return np.ones(1)
    if len(samples) == 2:
        # Exact: the posterior of a difference is Student's t.
        count, mean, variance = _moments(samples[0] - samples[1])
        with np.errstate(divide="ignore"):
            first = float(stdtr(count - 1, mean / np.sqrt(variance / count)))
        return np.array([first, 1.0 - first])
    winners = posterior_means(samples).argmax(axis=1)
    return np.bincount(winners, minlength=len(samples)) / len(winners)


def best_ratio_probability(numerators: Array, denominators: Array, direction: int) -> Array:
    """Chance that each policy has the best ratio of true means, where the denominator is positive.

    A policy whose denominator is not positive has no ratio (nobody saved, nothing spent) and is
    not the best in such a draw; so the chances add up to at most 1.

    Parameters
    ----------
    numerators, denominators : array [policies, seeds]
        Values in shared worlds; policies or seeds that are not finite are left out as in
        `best_probability`.
    direction : int
        1 if a higher ratio is better, -1 if a lower one is.
    """
    chances = np.full(len(numerators), np.nan)
    finite = np.isfinite(numerators) & np.isfinite(denominators)
    part = finite.any(axis=1)
    seeds = finite[part].all(axis=0)
    if seeds.sum() < 2 or not part.any():
        return chances
    over, under = numerators[part][:, seeds], denominators[part][:, seeds]
    means = posterior_means(np.concatenate((over, under)))
    over, under = means[:, : len(over)], means[:, len(over) :]
    ratios = np.where(under > 0, direction * over / np.where(under > 0, under, 1.0), -np.inf)
    some = np.isfinite(ratios).any(axis=1)
    wins = np.bincount(ratios[some].argmax(axis=1), minlength=len(over.T))
    chances[part] = wins / len(means)
    return chances
