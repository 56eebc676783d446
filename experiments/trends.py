"""Whether levels have come to rest by the end of the runs, or would go on elsewhere."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from experiments.methods.statistics import Array, mean_interval
from experiments.outcomes import MEASURES
from experiments.wording import decimals, figure, listed
from sim.state import LEVELS

if TYPE_CHECKING:
    from experiments.compare import Comparison

_LAST = 0.25
"""The share of the run, at its end, over which the slope is taken."""

_CLEAR = 2.0
"""How many times as far from 0 as its 95% interval reaches a slope must lie to be called clear: of
many policies and outcomes some would pass an interval alone by luck."""


def slopes(days: Array, values: Array) -> Array:
    """Return least-squares slopes.

    Parameters
    ----------
    days : array [days]
        At least two, not all the same.
    values : array [days, seeds]

    Returns
    -------
    array [seeds]
        Change a day; NaN where a value is undefined.

    Examples
    --------
    >>> slopes(np.array([0.0, 7.0, 14.0]), np.array([[1.0], [8.0], [15.0]]))
    array([1.])
    """
    apart = days - days.mean()
    result: Array = apart @ values / (apart @ apart)
    return result


def still_moving(comparison: "Comparison") -> str:
    """Return a sentence on the levels that clearly move over the last quarter, or nothing."""
    columns = comparison.runs[0].columns
    told = ("satisfaction", *comparison.outcomes)
    levels = [name for name in MEASURES if name in told and name in LEVELS and name in columns]
    moves = [move for name in levels if (move := _move(comparison, name))]
    if not moves:
        return ""
    first, last = _quarter(comparison)[[0, -1]]
    return (
        f"Levels still move at the end: from day {first:.0f} to day {last:.0f} {'; '.join(moves)}. "
        "The levels above are thus those of that day, not of a market at rest; run longer "
        "(--days) to see where they settle, and whether the order of the policies stays."
    )


def _quarter(comparison: "Comparison") -> Array:
    """Return the measuring days in the last quarter."""
    first = comparison.runs[0]
    days = first.series[:, first.columns.index("day")]
    return np.asarray(days[days >= (1.0 - _LAST) * days[-1]])


def _move(comparison: "Comparison", name: str) -> str:
    """Return how far a level moves under each policy where it clearly does, in words."""
    days = _quarter(comparison)
    if len(days) < 3:
        return ""
    at = comparison.runs[0].columns.index(name)
    moved: dict[str, float] = {}
    for policy in comparison.policies:
        values = [run.series[-len(days) :, at] for run in comparison.runs_of(policy)]
        daily = mean_interval(slopes(days, np.stack(values, axis=-1)), comparison.sampling)
        slope, reach = float(daily.mean), float(daily.high - daily.mean)
        if abs(slope) > _CLEAR * reach:
            moved[policy] = slope * float(days[-1] - days[0])
    return _told(name, moved) if moved else ""


def _told(name: str, moved: Mapping[str, float]) -> str:
    measure = MEASURES[name]
    unit = f" ({measure.unit})" if measure.unit else ""
    places = max(1, decimals(max(map(abs, moved.values())), 2))
    parts = [
        f"{'+' if change > 0 else ''}{figure(change, places)} under {policy}"
        for policy, change in moved.items()
    ]
    return f"{measure.label}{unit} by {listed(parts)}"
