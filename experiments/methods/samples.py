"""The runs of a plan as arrays of samples: points x policies x worlds."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from experiments.methods.statistics import Array
from experiments.planning.plan import Plan, Point

Perform = Callable[[Plan], Any]
"""What runs a plan: returns a pandas DataFrame with a row per run, `cell`, `seed` and the outcomes
among its columns. A run that failed has no row."""


def samples(plan: Plan, runs: Any, outcome: str) -> Array:
    """Return an outcome as an array [points, policies, worlds] in the order of the plan.

    Parameters
    ----------
    runs : DataFrame
        With the columns `cell`, `seed` and the outcome; rows in any order.

    Returns
    -------
    array
        NaN where the outcome was undefined (so everywhere where single runs do not have it), and
        where the run failed.
    """
    place = {seed: i for i, seed in enumerate(plan.seeds)}
    found = np.full((len(plan.points) * len(plan.policies), len(plan.seeds)), np.nan)
    worlds = np.array([place[int(seed)] for seed in runs["seed"]], dtype=np.intp)
    if outcome in runs:
        cells = runs["cell"].to_numpy(dtype=np.intp)
        found[cells, worlds] = runs[outcome].to_numpy(dtype=np.float64)
    return found.reshape(len(plan.points), len(plan.policies), len(plan.seeds))


def distinct(points: Sequence[Point]) -> tuple[list[Point], NDArray[np.intp]]:
    """Return the points that differ, and for each point given the number of the one like it.

    >>> distinct([{"days": 3}, {"days": 5}, {"days": 3}])
    ([{'days': 3}, {'days': 5}], array([0, 1, 0]))
    """
    numbers: dict[tuple[object, ...], int] = {}
    which = [numbers.setdefault(tuple(point.items()), len(numbers)) for point in points]
    return [dict(items) for items in numbers], np.array(which, dtype=np.intp)  # type: ignore[arg-type]
