"""The NPV of bad news: dissatisfied adopters, and those who reject, spread what keeps others away.

Goldenberg, Libai, Moldovan & Muller (2007), International Journal of Research in Marketing 24(3),
186-200, by the rule as Dawid et al. (2025) implement it anew.

Two things are left open there: whether a step is taken by all at once or one after the other, and
whether its number begins at 0 or 1 (advertising fades with it). Here all decide at once, and steps
begin at 1. The median number of adopters over 400 runs (seeds 1 to 400) is then 1,031; all at once
from 0 it is 1,083; one after the other from 0, 1,011; one after the other from 1, 957.
"""

from typing import Any

import numpy as np

from experiments.replicas import kernels


def run(parameters: Any, seed: int) -> dict[str, float]:
    """Run the model once."""
    p = parameters
    state, joined = np.zeros(p.people, np.int8), np.zeros(p.steps, np.int64)
    kernels.news(p.people, p.group, p.weak, p.d, p.m, p.qs, p.qw, p.advertising, p.fading, p.steps, seed,
         state, joined)  # fmt: skip
    total = joined.sum()
    worth = (1.0 + p.discount_rate) ** -(np.arange(p.steps) / p.steps_a_year)
    reached = np.flatnonzero(np.cumsum(joined) >= kernels.SHARE * p.people - 1e-9)
    return {
        "steps_to_95": float(reached[0] + 1) if len(reached) else np.inf,
        "adopters": float(total),
        "npv": float((joined * worth).sum()),
    }
