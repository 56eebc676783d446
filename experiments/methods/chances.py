"""The chance to be best: how probable it is that a policy's true mean is the best of all."""

from collections.abc import Sequence

import numpy as np
from scipy.special import stdtr

from experiments.methods.statistics import Array, moments, posterior_means


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
        count, mean, variance = moments(samples[0] - samples[1])
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


def best_of_unequal(samples: Array, worlds: Sequence[int], direction: int) -> Array:
    """Chance that each policy's true mean is the best, where some were run in fewer worlds.

    Those that were run in the most worlds are drawn as `best_probability` draws them. Any other
    enters by its difference from their leader in the worlds that both were run in, so that each
    pair with the leader counts by all worlds that it has.

    Parameters
    ----------
    samples : array [policies, seeds]
        NaN where a policy was not run or undefined.
    worlds : sequence of int
        How many of the first seeds each was run in.
    direction : int
        1 if higher is better, -1 if lower is.
    """
    kinds = [row.tobytes() for row in samples]
    part = [i for i, kind in enumerate(kinds) if kinds.index(kind) == i]
    part = [i for i in part if np.isfinite(samples[i]).sum() > 1]
    chances = np.full(len(samples), np.nan)
    if not part:
        return chances
    drawn: dict[int, Array] = {}
    leader = -1
    for key, most in enumerate(sorted({worlds[i] for i in part}, reverse=True)):
        group = [i for i in part if worlds[i] == most]
        values = direction * samples[group]
        if key:
            values = values - direction * samples[leader]
        values = values[:, np.isfinite(values).all(axis=0)]
        if values.shape[1] < 2:
            return chances
        means = posterior_means(values, key) + (drawn[leader][:, None] if key else 0.0)
        drawn.update(zip(group, means.T, strict=True))
        leader = leader if key else group[int(values.mean(axis=1).argmax())]
    winners = np.array([drawn[i] for i in part]).argmax(axis=0)
    shares = np.bincount(winners, minlength=len(part)) / len(winners)
    for share, one in zip(shares, part, strict=True):
        alike = [i for i, kind in enumerate(kinds) if kind == kinds[one]]
        chances[alike] = share / len(alike)
    return chances
