"""What the points of interest have in common: the best short description, and how far to trust it.

PRIM (`experiments.methods.prim`) proposes which columns matter; every set of at most three of them is tried
in a box of its own, its limits moved to where points become more likely of interest than not; and
the description is taken that tells most with least. A description is chosen among many, so it is
also judged on points that were kept from choosing it, and its thresholds have bootstrap intervals.
"""

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import binom

from experiments.methods.prim import (
    SIGNIFICANT,
    Box,
    Columns,
    Fit,
    Mask,
    Range,
    Threshold,
    fit,
    length,
    quasi_p_values,
    significant,
    threshold,
    trajectory,
)
from experiments.methods.statistics import LEVEL

FEWEST = 5
"""Points of interest, and others, below which there is nothing to be found in common."""

COST = 0.08
"""What each limit beyond the first has to add to the score, at most 1; few limits are understood."""

_POOL = 5
"""Columns that are tried together; more hardly ever stand in the best of three."""

_FOLDS = 5
_DRAWS = 400

Redraw = Callable[[np.random.Generator], tuple[NDArray[np.int64], Mask]]
"""Draws points anew: which of them, and which of those are of interest."""


@dataclass(frozen=True)
class Limit:
    """One limit of a description.

    Attributes
    ----------
    column : str
    comparison : str
        `<` or `>` than the threshold, or `in` values.
    threshold : float or None
        Where points become more likely of interest than not, the other limits being met.
    low, high : float or None
        Ends of its 95% interval.
    values : tuple
        The values, where the comparison is `in`.
    quasi_p : float
        See `experiments.methods.prim.quasi_p_values`.
    """

    column: str
    comparison: str
    threshold: float | None
    low: float | None
    high: float | None
    values: tuple[object, ...]
    quasi_p: float


@dataclass(frozen=True)
class Description:
    """What tells the points of interest from all others.

    Attributes
    ----------
    limits : tuple of Limit
        All of which a point has to meet.
    box : Box
        The same, as what points can be held against.
    fit : Fit
        Coverage and density among the points it was found on.
    held_out : Fit
        The same among points that were kept from finding it, in fivefold cross-validation.
    """

    limits: tuple[Limit, ...]
    box: Box
    fit: Fit
    held_out: Fit


def describe(
    points: pd.DataFrame, interest: Mask, plain: Collection[str] = (), redraw: Redraw | None = None
) -> Description | None:
    """Return the best short description of the points of interest, if there is one.

    Parameters
    ----------
    points : DataFrame
        A row per point, a column per thing that may be limited; numbers finite.
    interest : array [points] of bool
    plain
        Columns that a reader understands at once, which are taken where others tell no more.
    redraw
        Draws points and their interest anew, for the intervals of thresholds; by default the
        points alone, as they are.

    Returns
    -------
    Description or None
        None where fewer than `FEWEST` points are of interest, or not, or where nothing found on
        some points held on others.
    """
    if min(interest.sum(), (~interest).sum()) < FEWEST:
        return None
    table = {str(name): points[name].to_numpy() for name in points.columns}
    box = best_box(table, interest, plain)
    if not box.limits:
        return None
    held_out = _held_out(table, interest, plain)
    hits = round(held_out.density * held_out.points)
    if binom.sf(hits - 1, held_out.points, interest.mean()) > SIGNIFICANT:
        return None
    chances = quasi_p_values(box, table, interest)
    ends = _intervals(box, table, redraw or _redrawn(interest))
    limits = tuple(
        _limit(box, column, side, chances[column], ends.get((column, side)))
        for column, side in _sides(box)
    )
    return Description(limits, box, fit(box.contains(table), interest), held_out)


def best_box(table: Columns, interest: Mask, plain: Collection[str] = ()) -> Box:
    """Return the box with the highest score, less `COST` for each limit beyond the first."""

    def worth(box: Box) -> float:
        familiar = all(column in plain for column in box.limits)
        score = fit(box.contains(table), interest).score
        return score - COST * max(0, box.sides() - 1) + (COST / 2 if familiar else 0.0)

    return max(_candidates(table, interest), key=worth, default=Box())


def _candidates(table: Columns, interest: Mask) -> Iterator[Box]:
    pool = _pool(table, interest)
    for size in (1, 2, 3):
        for columns in combinations(pool, size):
            part = _some(table, columns)
            seen: set[tuple[tuple[str, str], ...]] = set()
            path = trajectory(part, interest)
            for box in sorted(path, key=lambda box: -fit(box.contains(part), interest).score):
                sides = tuple(_sides(box))
                if len(box.limits) == size and sides not in seen:
                    seen.add(sides)
                    yield significant(refined(box, part, interest), part, interest)


def _pool(table: Columns, interest: Mask) -> list[str]:
    """Return the columns that may matter: by themselves, and in the box of all together."""
    alone = {name: _alone(table, name, interest) for name in table}
    path = trajectory(table, interest)
    best = max(path, key=lambda box: fit(box.contains(table), interest).score)
    chances = quasi_p_values(best, table, interest)
    together = sorted(chances, key=lambda name: chances[name])
    ranked = sorted(alone, key=lambda name: -alone[name])
    order = dict.fromkeys(name for pair in zip(ranked, [*together, *ranked]) for name in pair)  # noqa: B905
    return list(order)[:_POOL]


def ranked(points: pd.DataFrame, interest: Mask) -> list[str]:
    """Return the columns by how well each tells the points of interest by itself, the best first."""
    table = {str(name): points[name].to_numpy() for name in points.columns}
    return sorted(table, key=lambda name: -_alone(table, name, interest))


def _alone(table: Columns, column: str, interest: Mask) -> float:
    """Return the best score that a limit on one column alone reaches."""
    part = {column: table[column]}
    boxes = trajectory(part, interest)
    return max(fit(box.contains(part), interest).score for box in boxes[1:] or [Box()])


def _sides(box: Box) -> Iterator[tuple[str, str]]:
    """Return the limits one by one: column, and which comparison a point has to meet."""
    for column, limit in box.limits.items():
        if not isinstance(limit, Range):
            yield column, "in"
            continue
        if np.isfinite(limit.low):
            yield column, ">"
        if np.isfinite(limit.high):
            yield column, "<"


def refined(box: Box, table: Columns, interest: Mask) -> Box:
    """Move each end of a box to where points become more likely of interest than not.

    In turn, among the points that meet the other limits, until nothing moves or after some turns.
    """
    for _ in range(4):
        before = box
        for column, side in list(_sides(box)):
            if side != "in":
                box = _moved(box, column, side, _edge(box, table, interest, column, side).value)
        if box == before:
            break
    return box


def _edge(box: Box, table: Columns, interest: Mask, column: str, side: str) -> Threshold:
    among = _moved(box, column, side, None).contains(table)
    return threshold(table[column][among], interest[among], up=side == ">")


def _moved(box: Box, column: str, side: str, end: float | None) -> Box:
    """Return the box with one end moved, or let go where `end` is None; never to infinity."""
    limit = box.limits[column]
    assert isinstance(limit, Range)
    if end is None:
        end = -np.inf if side == ">" else np.inf
    elif not np.isfinite(end):
        return box
    return box.held(column, Range(end, limit.high) if side == ">" else Range(limit.low, end))


def _held_out(table: Columns, interest: Mask, plain: Collection[str]) -> Fit:
    """Return how well boxes found on four fifths of the points tell the other fifth."""
    fold = np.empty(length(table), dtype=np.int64)
    # Every fifth of each kind, so that no part is without points of interest.
    for kind in (interest, ~interest):
        fold[kind] = np.arange(int(kind.sum())) % _FOLDS
    within = np.zeros(length(table), dtype=bool)
    for k in range(_FOLDS):
        seen = fold != k
        box = best_box(_rows(table, seen), interest[seen], plain)
        within[~seen] = box.contains(_rows(table, ~seen))
    return fit(within, interest)


def _redrawn(interest: Mask) -> Redraw:
    def redraw(generator: np.random.Generator) -> tuple[NDArray[np.int64], Mask]:
        drawn = generator.integers(0, len(interest), len(interest))
        return drawn, interest[drawn]

    return redraw


def _intervals(
    box: Box, table: Columns, redraw: Redraw
) -> dict[tuple[str, str], tuple[float, float]]:
    """Return percentile-bootstrap intervals of the ends of a box, by column and side.

    From the lower quantile of the nearest values below each threshold to the upper quantile of
    those above: between the two nothing was tried, so that the threshold may lie anywhere there.
    That is a little wide rather than too narrow: a threshold moves by jumps, and the percentile
    bootstrap of its middle was found to cover 89% to 99% where 95% was meant. The generator is local and its key fixed.
    """
    sides = [(column, side) for column, side in _sides(box) if side != "in"]
    if not sides:
        return {}
    generator = np.random.Generator(np.random.Philox(key=0))
    part = _some(table, box.limits)
    ranges = {name: (float(part[name].min()), float(part[name].max())) for name, _ in sides}
    edges: dict[tuple[str, str], list[Threshold]] = {side: [] for side in sides}
    for _ in range(_DRAWS):
        drawn, interest = redraw(generator)
        again = _rows(part, drawn)
        moved = refined(box, again, interest)
        for column, side in sides:
            edges[column, side].append(_edge(moved, again, interest, column, side))
    tail = 100 * (1 - LEVEL) / 2
    return {
        (column, side): (
            float(np.percentile(np.clip([e.below for e in found], *ranges[column]), tail)),
            float(np.percentile(np.clip([e.above for e in found], *ranges[column]), 100 - tail)),
        )
        for (column, side), found in edges.items()
    }


def _limit(
    box: Box, column: str, side: str, chance: float, ends: tuple[float, float] | None
) -> Limit:
    limit = box.limits[column]
    if not isinstance(limit, Range):
        values = tuple(sorted(limit, key=repr))
        return Limit(column, side, None, None, None, values, chance)
    assert ends is not None
    return Limit(column, side, limit.low if side == ">" else limit.high, *ends, (), chance)


def _some(table: Columns, names: Iterable[str]) -> Columns:
    return {name: table[name] for name in names}


def _rows(table: Columns, which: NDArray[Any]) -> Columns:
    return {name: values[which] for name, values in table.items()}
