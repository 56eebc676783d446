"""Scenario discovery by PRIM: the few limits that tell the points of interest from all others.

The patient rule induction method (Friedman & Fisher 1999, Statistics and Computing 9: 123-143)
looks for a box in which points of interest are dense: from the whole it peels off, time and again,
a thin slice of one column, the one that makes what is left densest. Bryant & Lempert (2010,
Technological Forecasting and Social Change 77: 34-49) read such boxes as scenarios, and judge them
by coverage, by density, by the number of limits, and limit by limit by a quasi-p-value.

Columns are numbers, or words and truth values; of the latter single values are peeled off.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binom

Mask = NDArray[np.bool_]
Columns = Mapping[str, NDArray[Any]]
"""Points, column by column: numbers, all finite, or words and truth values."""

PEEL = 0.05
"""Share of the points in the box that a peel takes off; patient, so that a bad one does little."""

LEAST = 0.04
"""Share of all points below which a box is too small to be of use."""

SIGNIFICANT = 0.05
"""Quasi-p-value above which a limit may be there by chance."""


class Range(NamedTuple):
    """Numbers from `low` to `high`, both within; an end without limit is infinite."""

    low: float = -np.inf
    high: float = np.inf


Limit = Range | frozenset[object]
"""What a column is held to: a range of numbers, or the values that are left."""


@dataclass(frozen=True)
class Box:
    """Limits on some columns; a point lies within if it meets them all."""

    limits: Mapping[str, Limit] = field(default_factory=dict)

    def contains(self, table: Columns) -> Mask:
        """Return which rows lie within."""
        within = np.ones(length(table), dtype=bool)
        for column, limit in self.limits.items():
            within &= _meets(table[column], limit)
        return within

    def without(self, column: str) -> "Box":
        """Return the box with a column set free."""
        return Box({name: limit for name, limit in self.limits.items() if name != column})

    def held(self, column: str, limit: Limit) -> "Box":
        """Return the box with a column held to `limit`, whatever it was held to before."""
        return Box({**self.limits, column: limit})

    def sides(self) -> int:
        """Return how many limits there are; a range with two ends has two."""
        return sum(
            sum(np.isfinite(limit)) if isinstance(limit, Range) else 1
            for limit in self.limits.values()
        )


def length(table: Columns) -> int:
    """Return how many points there are."""
    return len(next(iter(table.values())))


def _meets(values: NDArray[Any], limit: Limit) -> Mask:
    if isinstance(limit, Range):
        within: Mask = (values >= limit.low) & (values <= limit.high)
        return within
    return np.array([value in limit for value in values], dtype=bool)


class Fit(NamedTuple):
    """How well a box tells the points of interest.

    Attributes
    ----------
    coverage
        Share of the points of interest that lie within.
    density
        Share of the points within that are of interest.
    points
        How many lie within.
    """

    coverage: float
    density: float
    points: int

    @property
    def score(self) -> float:
        """The harmonic mean of coverage and density (the F-measure of van Rijsbergen 1979)."""
        both = self.coverage + self.density
        return 2.0 * self.coverage * self.density / both if both > 0 else 0.0


def fit(within: Mask, interest: Mask) -> Fit:
    """Return how well a box tells, from which points lie within and which are of interest."""
    points, hits, all_hits = int(within.sum()), int((within & interest).sum()), int(interest.sum())
    return Fit(hits / all_hits if all_hits else 0.0, hits / points if points else 0.0, points)


def trajectory(table: Columns, interest: Mask) -> list[Box]:
    """Peel the whole down to a small, dense box.

    Parameters
    ----------
    table
        The points, a column per thing that may be limited.
    interest : array [points] of bool
        Which points the box shall hold.

    Returns
    -------
    list of Box
        From the whole to the last, each within the one before; the last is pasted, that is, its
        ends are let out again as far as that costs no density.
    """
    least = max(2, round(LEAST * length(table)))
    box, within = Box(), np.ones(length(table), dtype=bool)
    boxes = [box]
    while (peel := _best_peel(table, within, interest, least)) is not None:
        before, (column, within) = within, peel
        box = box.held(column, _limit(box.limits.get(column), table[column], before, within))
        within = box.contains(table)
        boxes.append(box)
    pasted = _pasted(box, table, interest)
    return boxes if pasted == box else [*boxes, pasted]


def _best_peel(table: Columns, within: Mask, interest: Mask, least: int) -> tuple[str, Mask] | None:
    """Return the column to peel and what is then left: the most density gained per point lost."""
    points, density = int(within.sum()), float(interest[within].mean())
    best, gained = None, 0.0
    for column, values in table.items():
        for left in _peels(values, within):
            remain = int(left.sum())
            if not least <= remain < points:
                continue
            gain = (float(interest[left].mean()) - density) / (points - remain)
            if gain > gained:
                best, gained = (column, left), gain
    return best


def _peels(values: NDArray[Any], within: Mask) -> Iterator[Mask]:
    """Return what each peel of a column leaves."""
    held = values[within]
    if not _numeric(values):
        for value in sorted(set(held.tolist()), key=repr):
            yield within & (values != value)
        return
    low, high = np.quantile(held.astype(float), (PEEL, 1.0 - PEEL))
    yield within & (values > max(low, held.min()))
    yield within & (values < min(high, held.max()))


def _numeric(values: NDArray[Any]) -> bool:
    return values.dtype.kind in "iuf"


def _limit(old: Limit | None, values: NDArray[Any], before: Mask, left: Mask) -> Limit:
    """Return the limit that leaves these points, its new end half-way to the nearest one lost."""
    if not _numeric(values):
        return frozenset(values[left].tolist())
    ends = old if isinstance(old, Range) else Range()
    low, high = values[left].min(), values[left].max()
    lost = values[before & ~left]
    below, above = lost[lost < low], lost[lost > high]
    return Range(
        float(below.max() + low) / 2 if len(below) else ends.low,
        float(above.min() + high) / 2 if len(above) else ends.high,
    )


def _pasted(box: Box, table: Columns, interest: Mask) -> Box:
    """Let out the ends of a box one by one, a twentieth at a time, while density does not fall."""
    while True:
        now = fit(box.contains(table), interest)
        wider = [
            (fit(each.contains(table), interest), each)
            for column in box.limits
            for each in _let_out(box, column, table)
        ]
        better = [pair for pair in wider if pair[0].density >= now.density]
        better = [pair for pair in better if pair[0].points > now.points]
        if not better:
            return box
        box = max(better, key=lambda pair: (pair[0].density, pair[0].points))[1]


def _let_out(box: Box, column: str, table: Columns) -> Iterator[Box]:
    limit, free = box.limits[column], box.without(column)
    among = free.contains(table)
    if not isinstance(limit, Range):
        for value in sorted(set(table[column][among].tolist()) - set(limit), key=repr):
            yield box.held(column, limit | {value})
        return
    values = table[column][among]
    step = max(1, round(PEEL * int(box.contains(table).sum())))
    below, above = np.sort(values[values < limit.low])[::-1], np.sort(values[values > limit.high])
    if len(below):
        yield _opened(free, column, Range(_beyond(below, step, -np.inf), limit.high))
    if len(above):
        yield _opened(free, column, Range(limit.low, _beyond(above, step, np.inf)))


def _beyond(outside: NDArray[np.float64], step: int, end: float) -> float:
    """Return the limit that lets in `step` of the points outside, which come nearest first."""
    return end if step >= len(outside) else float(outside[step - 1] + outside[step]) / 2


def _opened(free: Box, column: str, limit: Range) -> Box:
    return free.held(column, limit) if np.isfinite(limit).any() else free


def quasi_p_values(box: Box, table: Columns, interest: Mask) -> dict[str, float]:
    """Return for each limited column how likely the box's density were if that limit told nothing.

    The chance that as many points as lie in the box hold as many of interest or more, if each is
    of interest with the density of the box without that limit (Bryant & Lempert 2010). Not a true
    p-value: the limit was chosen among many.
    """
    within = box.contains(table)
    points, hits = int(within.sum()), int((within & interest).sum())
    chances = {}
    for column in box.limits:
        wider = box.without(column).contains(table)
        density = fit(wider, interest).density
        chances[column] = float(binom.sf(hits - 1, points, density))
    return chances


def significant(box: Box, table: Columns, interest: Mask) -> Box:
    """Set free, one by one and the least telling first, the columns that may limit by chance."""
    while box.limits:
        chances = quasi_p_values(box, table, interest)
        column = max(chances, key=lambda name: chances[name])
        if chances[column] <= SIGNIFICANT:
            break
        box = box.without(column)
    return box


class Threshold(NamedTuple):
    """Where on a scale points become more likely of interest than not.

    Attributes
    ----------
    below, above : float
        The nearest values on either side; the threshold lies between them. Infinite where all
        values are on one side.
    """

    below: float
    above: float

    @property
    def value(self) -> float:
        """The middle between the two."""
        return (self.below + self.above) / 2


def threshold(values: Sequence[float] | NDArray[np.float64], interest: Mask, up: bool) -> Threshold:
    """Return the limit on one column that errs least, in whichever direction.

    Parameters
    ----------
    values : array [points]
    interest : array [points] of bool
        Which shall lie beyond the threshold.
    up : bool
        Whether they shall lie above it, rather than below.

    Notes
    -----
    The number of points on the wrong side is least where the chance of interest crosses one half.
    Among equally good ones the middle one is taken. With nothing of interest, or nothing else, the
    threshold is infinite.
    """
    numbers = np.asarray(values, dtype=float)
    order = np.argsort(numbers, kind="stable")
    numbers, hits = numbers[order], np.asarray(interest, dtype=float)[order]
    cuts = np.concatenate(([0], np.flatnonzero(np.diff(numbers) > 0) + 1, [len(numbers)]))
    # Moving points below the cut from "of interest" to "not", or the other way, one by one.
    below = np.concatenate(([0.0], np.cumsum(np.where(up, 2 * hits - 1, 1 - 2 * hits))))[cuts]
    best = cuts[np.flatnonzero(below == below.min())]
    cut = best[(len(best) - 1) // 2]
    padded = np.concatenate(([-np.inf], numbers, [np.inf]))
    return Threshold(float(padded[cut]), float(padded[cut + 1]))
