"""Intervals of means, paired differences and ratios, from a few shared seeds.

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
from scipy.special import stdtrit

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


class Sampling(NamedTuple):
    """How it was decided how many seeds to run: on that depends how far an interval must reach.

    Attributes
    ----------
    first : int
        The first seeds of them, if from how much their values vary it was decided how many more to
        run; 0 if their number was fixed beforehand.
    anytime : bool
        Whether the values themselves had a say, as when a policy that falls behind is run no more.
    """

    first: int = 0
    anytime: bool = False


FIXED = Sampling()


def t_quantile(freedom: Array | float) -> Array:
    """Return the upper quantile of Student's t for a two-sided interval; NaN below 1 degree."""
    quantile: Array = stdtrit(np.where(np.asarray(freedom) > 0, freedom, np.nan), 0.5 + LEVEL / 2)
    return quantile


def moments(samples: Array) -> tuple[Array, Array, Array]:
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


def _anytime_quantile(count: Array, first: int) -> Array:
    """Return the bound that Student's t keeps to for good with 95% probability.

    However long one goes on, and whenever one stops: the sequential t test with a normal mixture
    over the standardised mean, of precision g = first / 4 (Wang & Ramdas 2025, Anytime-valid
    t-tests and confidence sequences for Gaussian means with unknown variance; after Lai 1976). The
    choice of g keeps it within 1.6 to 1.75 times Student's from `first` seeds to 50 times as many.

    Returns
    -------
    array
        NaN where so few seeds bound nothing.
    """
    freedom = np.where(count > 1, count - 1, np.nan)
    spread = 1.0 + 4.0 * count / first
    power = (np.sqrt(spread) / (1.0 - LEVEL)) ** (2.0 / count)
    with np.errstate(invalid="ignore", divide="ignore"):
        squared = (power - 1.0) / (1.0 - power / spread)
        bound: Array = np.sqrt(freedom * np.where(power < spread, squared, np.nan))
    return bound


def _quantile(count: Array, sampling: Sampling) -> Array:
    """Return how many standard errors an interval from so many seeds reaches to either side."""
    if sampling.anytime:
        return _anytime_quantile(count, sampling.first)
    return t_quantile(count - 1)


def mean_interval(samples: Array, sampling: Sampling = FIXED) -> Interval:
    """Estimate means with Student's t interval (Student 1908), or a wider one.

    Parameters
    ----------
    samples : array [..., seeds]
        Independent values, in the order in which they were run. For a paired comparison, pass the
        differences seed by seed.
    sampling : Sampling
        Where the first seeds decided how many to run, the interval is at least as wide as Stein's
        (1945), which takes the variance from those alone. Under normal noise it covers at least as
        often as it says, since a mean is independent of all deviations from it. Where the values
        themselves decided, it is of a sequence of intervals that cover all at once.

    Returns
    -------
    Interval
        Ends are NaN when fewer than two values are finite.
    """
    samples = np.asarray(samples, dtype=np.float64)
    count, mean, variance = moments(samples)
    with np.errstate(invalid="ignore", divide="ignore"):
        reach = _quantile(count, sampling) * np.sqrt(variance / count)
        if sampling.first and not sampling.anytime:
            early, _, at_first = moments(samples[..., : sampling.first])
            reach = np.fmax(reach, t_quantile(early - 1) * np.sqrt(at_first / count))
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
    count, _, one = moments(np.where(both, samples, np.nan))
    _, _, other = moments(np.where(both, baseline, np.nan))
    with np.errstate(invalid="ignore", divide="ignore"):
        _, _, paired = moments(np.where(both, samples - baseline, np.nan))
        welch = (count - 1) * (one + other) ** 2 / (one * one + other * other)
        wide = t_quantile(welch) * np.sqrt(one + other)
        ratio: Array = wide / (t_quantile(count - 1) * np.sqrt(paired))
    return ratio


def fieller(numerator: Array, denominator: Array, sampling: Sampling = FIXED) -> Interval:
    """Estimate the ratio of two paired means with Fieller's interval (Fieller 1954).

    A mean of ratios would be ruled by the seeds whose denominator is near 0. Fieller's interval
    asks instead which ratios r leave the mean of `numerator - r denominator` compatible with 0;
    in comparisons of cost and effect it does best among the usual ones (Polsky, Glick, Willke &
    Schulman 1997). Whether it is compatible is asked of `mean_interval`'s interval under the same
    `sampling`.

    Returns
    -------
    Interval
        Ends are NaN when the denominator cannot be told from 0 at the same level, where no
        bounded interval has the coverage asked for, and when fewer than two seeds are finite.
    """
    both = np.isfinite(numerator) & np.isfinite(denominator)
    top, bottom = np.where(both, numerator, np.nan), np.where(both, denominator, np.nan)
    count, over, _ = moments(top)
    _, under, _ = moments(bottom)
    with np.errstate(invalid="ignore", divide="ignore"):
        low, high = _compatible(top, bottom, over, under, _quantile(count, sampling) ** 2 / count)
        if sampling.first and not sampling.anytime:
            tops, bottoms = (part[..., : sampling.first] for part in (top, bottom))
            early = np.isfinite(tops).sum(axis=-1).astype(np.float64)
            squared = t_quantile(early - 1) ** 2 / count
            first = _compatible(tops, bottoms, over, under, squared)
            known = early > 1
            low = np.where(known, np.minimum(low, first[0]), low)
            high = np.where(known, np.maximum(high, first[1]), high)
        return Interval(over / under, low, high)


def _compatible(
    top: Array, bottom: Array, over: Array, under: Array, squared: Array
) -> tuple[Array, Array]:
    """Return the ends of the ratios that leave the mean compatible with 0.

    `squared` is the square of how many standard deviations of `top - r bottom` its mean may be
    from 0; the deviations are those of the values given, and the means may be of more.
    """
    count, centre_over, variance_over = moments(top)
    _, centre_under, variance_under = moments(bottom)
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        apart = (top - centre_over[..., None]) * (bottom - centre_under[..., None])
        covariance = np.where(np.isfinite(apart), apart, 0.0).sum(axis=-1) / (count - 1)
        a = under * under - squared * variance_under
        b = over * under - squared * covariance
        c = over * over - squared * variance_over
        root = np.sqrt(np.maximum(0.0, b * b - a * c))
        bounded = a > 0
        low = np.where(bounded, (b - root) / a, np.nan)
        high = np.where(bounded, (b + root) / a, np.nan)
    return low, high


def posterior_means(samples: Array, key: int = 0) -> Array:
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
    key : int
        Draws of another key are independent of these.

    Returns
    -------
    array [draws, policies]
        The same for the same samples and key: the generator is local. The order of the
        seeds does not matter (save for rounding).
    """
    seeds = samples.shape[1]
    _, mean, _ = moments(samples)
    factor = np.asarray(np.linalg.qr((samples - mean[:, None]).T, mode="r"))
    # Of the factors of a covariance the one with a positive diagonal, which is unique.
    triangle = factor * np.where(np.diagonal(factor) < 0, -1.0, 1.0)[:, None]
    noise = _students(len(triangle), seeds - 1, key) @ triangle / np.sqrt(seeds * (seeds - 1))
    return np.concatenate((mean + noise, mean - noise))


@lru_cache(maxsize=8)
def _students(size: int, freedom: int, key: int) -> Array:
    """Return half as many draws as are wanted of a standard multivariate t, one a row."""
    generator = np.random.Generator(np.random.Philox(key=key))
    normal = generator.standard_normal((_DRAWS // 2, size))
    return normal / np.sqrt(generator.chisquare(freedom, (_DRAWS // 2, 1)) / freedom)
