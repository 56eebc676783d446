"""The frontier of two aims: what cannot be had for less, and what cannot be bettered for as much.

One policy dominates another if it spends no more and reaches no less, and is better in at least one
of the two (Pareto 1906). What nothing dominates is the frontier.
"""

import numpy as np
from numpy.typing import NDArray

from experiments.methods.statistics import Array

Indices = NDArray[np.intp]


def nondominated(spend: Array, gain: Array) -> Indices:
    """Return which points are on the frontier, from the least spend to the most.

    Parameters
    ----------
    spend, gain : array [points]
        Less spend and more gain are better. A point with a value that is not finite takes no part.

    Returns
    -------
    array
        Places of the points. Points alike in both are all on it, or none is.

    Examples
    --------
    >>> nondominated(np.array([3.0, 1.0, 2.0, 2.5]), np.array([5.0, 1.0, 4.0, 3.0])).tolist()
    [1, 2, 0]
    """
    order = np.lexsort((-gain, spend))
    order = order[np.isfinite(spend[order]) & np.isfinite(gain[order])]
    chosen: list[np.intp] = []
    for at in order:
        last = chosen[-1] if chosen else at
        alike = (spend[at], gain[at]) == (spend[last], gain[last])
        if alike or gain[at] > gain[last]:
            chosen.append(at)
    return np.array(chosen, dtype=np.intp)


def thinned(spend: Array, most: int) -> Indices:
    """Return at most so many of some points, as evenly along spend as they allow.

    Parameters
    ----------
    spend : array [points]
        Rising.
    most : int
        At least 2.

    Returns
    -------
    array
        Places of the points, rising; the first and the last among them. Of each part of the way
        the point nearest to its middle is taken, so that fewer than `most` may be left.

    Examples
    --------
    >>> thinned(np.array([0.0, 0.1, 0.2, 1.0, 1.9, 2.0]), 3).tolist()
    [0, 3, 5]
    """
    if len(spend) <= most:
        return np.arange(len(spend))
    wanted = np.linspace(spend[0], spend[-1], most)
    near = np.abs(spend[None, :] - wanted[:, None]).argmin(axis=1)
    near[-1] = len(spend) - 1
    return np.unique(near)
