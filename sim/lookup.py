"""What kernels look up instead of working it out: tables made once, and how they are read.

What people live by is exact but for rounding. Only what is measured is interpolated, far below what
is shown: net promoter shares to 1 in 10,000, liking to 2 in 10 million.
"""

import math
from functools import cache
from statistics import NormalDist
from typing import Any

import numpy as np

from sim import rules
from sim.compiled import compiled

Array = np.ndarray[Any, np.dtype[Any]]

_LOWEST, _HIGHEST, _STEPS = -50.0, 60.0, 64
_WIDEST, _FINENESS = 16.0, 256


def _frozen(values: Any) -> Array:
    table = np.array(values, np.float64)
    table.flags.writeable = False
    return table


@cache
def fade_table(half_life: float) -> Array:
    """Return what is left of an opinion after 0, 1, 2, ... 511 days, as `rules.fade` has it."""
    return _frozen([rules.fade(day, half_life) for day in range(512)])


@cache
def promoter_table(spread: float) -> Array:
    """Return the expected net promoter share by the mean of an answer, in steps of 1/64 from -50.

    An answer is `round(clip(mean + Normal(0, spread), 0, 10))`; 9 and 10 promote, 0 to 6 detract. Taken
    in expectation over the noise, a survey of everybody needs no draws and adds no noise.
    """
    noise = NormalDist(0.0, spread)
    means = np.arange(int((_HIGHEST - _LOWEST) * _STEPS) + 2) / _STEPS + _LOWEST
    return _frozen([noise.cdf(m - 8.5) - noise.cdf(6.5 - m) for m in means.tolist()])


@cache
def liking_table() -> Array:
    """Return the logistic function of an attitude from -16 to 16, in steps of 1/256."""
    steps = range(int(2 * _WIDEST * _FINENESS) + 2)
    return _frozen([rules.logistic(step / _FINENESS - _WIDEST) for step in steps])


@compiled
def between(place: float, table: Any) -> float:
    """Return what a table holds at a place; between two numbers of it on the straight line."""
    step = int(place)
    low = float(table[step])
    return low + (place - step) * (float(table[step + 1]) - low)


@compiled
def promotes(mean: float, table: Any) -> float:
    """Return the chance to promote less the chance to detract, of an answer with the given mean."""
    return between((rules.clip(mean, _LOWEST, _HIGHEST) - _LOWEST) * _STEPS, table)


@compiled
def held(attitude: float, table: Any) -> float:
    """Return logistic(attitude), for a mean over people: it is off by 2 in 10 million at the most.

    On a straight line between steps h the error is at most h * h / 8 times the greatest curvature,
    which is .0963; beyond 16 logits the function is as good as flat.
    """
    return between((rules.clip(attitude, -_WIDEST, _WIDEST) + _WIDEST) * _FINENESS, table)


@cache
def power_table(exponent: float) -> Array:
    """Return what `rules.power` needs: coefficients of the binomial series, powers of the middles
    of 128 parts of [.5, 1), and from place 256 on those of 2**-62, 2**-61, ... 2**65."""
    table = np.zeros(384)
    table[0] = 1.0
    for n in range(1, 6):
        table[n] = table[n - 1] * (exponent - n + 1) / n
    for part in range(128, 256):
        table[part] = math.pow((part + 0.5) / 256.0, exponent)
    for place in range(128):
        table[256 + place] = math.pow(2.0 ** (place - 62), exponent)
    return _frozen(table)
