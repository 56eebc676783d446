"""A new product growth for model consumer durables: innovators and imitators.

Bass (1969), Management Science 15(5), 215-227. On a complete graph everybody hears of everybody,
so that with many people and small steps the share of adopters follows Bass's curve.
"""

import math
from typing import Any

import numpy as np

from experiments.replicas import kernels


def share(years: Any, p: float, q: float) -> Any:
    """Return Bass's curve: the share who have adopted after so many years.

    >>> round(float(share(5.0, 0.03, 0.38)), 4)
    0.3312
    """
    left = np.exp(-(p + q) * np.asarray(years))
    return (1.0 - left) / (1.0 + q / p * left)


def time_to(goal: float, p: float, q: float) -> float:
    """Return after how many years a share has adopted, by Bass's curve."""
    return math.log((1.0 + q / p * goal) / (1.0 - goal)) / (p + q)


def run(parameters: Any, seed: int) -> dict[str, float]:
    """Run the model once. Times are steps; `gap` is the greatest distance from Bass's curve."""
    p = parameters
    adopted, counts = np.zeros(p.people, np.bool_), np.zeros(p.steps, np.int64)
    kernels.bass(p.people, p.p, p.q, p.steps_a_year, p.steps, seed, adopted, counts)
    reached = np.flatnonzero(counts >= kernels.SHARE * p.people - 1e-9)
    curve = share(np.arange(1, p.steps + 1) / p.steps_a_year, p.p, p.q)
    return {
        "steps_to_95": float(reached[0] + 1) if len(reached) else np.inf,
        "adopters": float(counts[-1]),
        "gap": float(np.abs(counts / p.people - curve).max()),
    }
