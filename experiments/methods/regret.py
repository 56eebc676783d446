"""Regret over uncertain assumptions: what each policy falls short of the best, point by point.

A point is one set of assumptions; the regret of a policy there is the mean of the best policy less
its own, over the same worlds (Savage 1951, Journal of the American Statistical Association 46:
55-67). What sums regrets up to one number for a policy is a robustness metric; McPhail et al. (2018,
Earth's Future 6: 169-191) compare eleven, of which three are here.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaincinv, ndtri, stdtrit

from experiments.methods.discovery import Redraw
from experiments.methods.prim import Mask
from experiments.methods.statistics import LEVEL, Array

QUANTILE = 0.9

SUMMED: dict[str, Callable[[Array], Array]] = {
    "mean_regret": lambda regret: np.mean(regret, axis=0),
    "p90_regret": lambda regret: np.quantile(regret, QUANTILE, axis=0),
    "max_regret": lambda regret: np.max(regret, axis=0),
}
"""How regrets of all points are summed up to one number, by name: [points, ...] to [...]."""

_DRAWS = 1000


@dataclass(frozen=True)
class Regrets:
    """What each policy reached at each point.

    Attributes
    ----------
    samples : array [points, policies, seeds]
        The outcome; higher is better. NaN where a run is missing or its outcome undefined. At each
        point, seeds in which any policy is undefined are left out for all; every point must have
        two seeds or more that count.
    threshold : float
        Regret, in the unit of the outcome, up to which a policy is as good as the best.
    sampled : bool
        Whether the points were drawn, so that others might have been; else they are all there are.
    """

    samples: Array
    threshold: float = 0.0
    sampled: bool = True

    @cached_property
    def paired(self) -> Array:
        """The samples, NaN in every policy where any is NaN."""
        whole = np.isfinite(self.samples).all(axis=1, keepdims=True)
        paired: Array = np.where(whole, self.samples, np.nan)
        return paired

    @cached_property
    def counts(self) -> Array:
        """How many seeds count at each point [points]."""
        counts: Array = np.isfinite(self.paired[:, 0]).sum(axis=1).astype(float)
        return counts

    @cached_property
    def means(self) -> Array:
        """The mean of each policy at each point [points, policies]."""
        # Against the first policy's, so that policies equal in every world are equal to the bit.
        apart = np.nanmean(self.paired - self.paired[:, :1], axis=2)
        means: Array = apart + np.nanmean(self.paired[:, :1], axis=2)
        return means

    @cached_property
    def regret(self) -> Array:
        """How much less than the best each policy reaches, from 0 up [points, policies]."""
        return _regret(np.nanmean(self.paired - self.paired[:, :1], axis=2))

    @cached_property
    def wins(self) -> Array:
        """The share of each win [points, policies]: 1 for the best, and parted between equals."""
        best = self.regret == 0
        shares: Array = best / best.sum(axis=1, keepdims=True)
        return shares

    @cached_property
    def leads(self) -> tuple[Array, Array]:
        """The lead of the best over each policy and the reach of its interval [points, policies].

        Student's t interval of the paired difference, widened for as many comparisons as there are
        other policies (Bonferroni), so that the wrong policy is called the winner of a point with
        a chance of at most 2.5%.
        """
        best = self.regret.argmin(axis=1)[:, None, None]
        lead = np.take_along_axis(self.paired, best, axis=1) - self.paired
        others = max(1, lead.shape[1] - 1)
        quantile = stdtrit(self.counts - 1, 1.0 - (1.0 - LEVEL) / 2 / others)
        with np.errstate(invalid="ignore"):
            spread = np.nanstd(lead, axis=2, ddof=1)
        reach: Array = (quantile / np.sqrt(self.counts))[:, None] * spread
        return np.nanmean(lead, axis=2), reach

    @cached_property
    def beaten(self) -> Mask:
        """Whether each policy is worse than the best of the point beyond noise."""
        lead, reach = self.leads
        worse: Mask = lead > np.maximum(reach, 0.0)
        return worse

    @cached_property
    def open(self) -> Mask:
        """Whether more than one policy may be the best of the point [points]."""
        undecided: Mask = (~self.beaten).sum(axis=1) > 1
        return undecided

    @property
    def noise(self) -> float:
        """Half the width of the interval of the best policy's lead over the next; median point."""
        lead, reach = self.leads
        order = lead.argsort(axis=1)[:, 1:2]
        return float(np.median(np.take_along_axis(reach, order, axis=1)))

    def overturned(self, policy: int) -> Mask:
        """Return at which points a policy falls short of the best by more than the threshold."""
        short: Mask = self.regret[:, policy] > self.threshold
        return short

    @cached_property
    def _posterior(self) -> tuple[Array, Array]:
        """Means of the differences from the first policy, and what the worlds do to them."""
        difference = self.paired - self.paired[:, :1]
        centre = np.nanmean(difference, axis=2)
        apart = np.where(np.isfinite(difference), difference - centre[..., None], 0.0)
        return centre, apart / np.sqrt(self.counts * (self.counts - 1))[:, None, None]

    def redrawn(
        self, generator: np.random.Generator, *, points: bool = True
    ) -> tuple[NDArray[np.int64], Array]:
        """Draw worlds anew and, if asked to, points: which points, and the regrets there.

        Points are drawn with replacement. The worlds are the same at every point, so that their
        luck does not average out over points: the means of all points and policies are drawn
        together from their posterior under normal noise (the multivariate t of
        `statistics.posterior_means`, by which every difference has just Student's interval).
        """
        centre, scaled = self._posterior
        freedom = max(1, scaled.shape[2] - 1)
        count = len(centre)
        drawn = generator.integers(0, count, count) if points else np.arange(count)
        luck = generator.standard_normal(scaled.shape[2])
        luck /= np.sqrt(generator.chisquare(freedom) / freedom)
        return drawn, _regret(centre[drawn] + scaled[drawn] @ luck)

    def overturning(self, policy: int) -> Redraw:
        """Return what draws points and worlds anew, and tells which of them overturn a policy."""

        def redraw(generator: np.random.Generator) -> tuple[NDArray[np.int64], Mask]:
            drawn, regret = self.redrawn(generator)
            return drawn, regret[:, policy] > self.threshold

        return redraw

    @cached_property
    def resummed(self) -> dict[str, Array]:
        """Regrets summed up, in draws anew, by the names of `SUMMED` [draws, policies].

        Of worlds and, where they are a sample, of points. The generator is local and its key fixed.
        """
        generator = np.random.Generator(np.random.Philox(key=0))
        found: dict[str, list[Array]] = {name: [] for name in SUMMED}
        for _ in range(_DRAWS):
            _, regret = self.redrawn(generator, points=self.sampled)
            for name, summed in SUMMED.items():
                found[name].append(summed(regret))
        return {name: np.array(sums) for name, sums in found.items()}

    def least_chances(self, summed: str) -> Array:
        """Return how often each policy has the least regret, summed up, in draws anew [policies]."""
        sums = self.resummed[summed]
        least = sums == sums.min(axis=1, keepdims=True)
        chances: Array = (least / least.sum(axis=1, keepdims=True)).mean(axis=0)
        return chances

    def interval(self, summed: str) -> tuple[Array, Array]:
        """Return the ends of the 95% interval of the regret summed up [policies].

        From draws anew, by percentiles and by the same turned round the estimate (Davison & Hinkley
        1997, Bootstrap Methods, section 5.2), whichever reaches further. Regret is the best of noisy
        means less one of them, so that the estimate is too large where policies are close, and
        draws anew more so; the former alone would then leave out a true regret of nothing, and the
        latter alone is too sure of a quantile. Never below 0.
        """
        seen = SUMMED[summed](self.regret)
        tail = (1 - LEVEL) / 2
        low, high = np.quantile(self.resummed[summed], [tail, 1 - tail], axis=0)
        least: Array = np.maximum(0.0, np.minimum(low, 2 * seen - high))
        return least, np.maximum(high, 2 * seen - low)


def _regret(means: Array) -> Array:
    regret: Array = means.max(axis=1, keepdims=True) - means
    return regret


def wilson(share: float, number: int) -> tuple[float, float]:
    """Return the interval of a share seen in so many draws (Wilson 1927), at `statistics.LEVEL`.

    >>> low, high = wilson(0.0, 100)
    >>> f"{low:.3f} to {high:.3f}"
    '0.000 to 0.037'
    """
    z2 = float(ndtri(0.5 + LEVEL / 2)) ** 2 / number
    middle = (share + z2 / 2) / (1 + z2)
    reach = np.sqrt(z2 * (share * (1 - share) + z2 / 4)) / (1 + z2)
    return max(0.0, float(middle - reach)), min(1.0, float(middle + reach))


def at_most(met: int, number: int) -> float:
    """Return the share that can be ruled out, at 95%, by meeting so few in so many draws.

    The upper end of Clopper & Pearson (1934), on one side; with none met the exact form of the
    rule of three, 3 / `number` (Hanley & Lippman-Hand 1983).

    >>> f"{at_most(0, 100):.4f} {at_most(2, 100):.4f} {at_most(100, 100):.4f}"
    '0.0295 0.0616 1.0000'
    """
    return 1.0 if met == number else float(betaincinv(met + 1, number - met, LEVEL))
