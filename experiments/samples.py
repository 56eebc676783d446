"""The runs of a plan as arrays of samples: points x policies x worlds."""

from collections.abc import Callable
from typing import Any

import numpy as np

from experiments.plan import Plan
from experiments.statistics import Array

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
        NaN where the outcome was undefined, and where the run failed.
    """
    place = {seed: i for i, seed in enumerate(plan.seeds)}
    found = np.full((len(plan.points) * len(plan.policies), len(plan.seeds)), np.nan)
    worlds = np.array([place[int(seed)] for seed in runs["seed"]], dtype=np.intp)
    found[runs["cell"].to_numpy(dtype=np.intp), worlds] = runs[outcome].to_numpy(dtype=np.float64)
    return found.reshape(len(plan.points), len(plan.policies), len(plan.seeds))
