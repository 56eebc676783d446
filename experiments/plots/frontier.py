"""The frontier of two aims: what the money buys at best, and which levers it is spent on."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from experiments.plots.names import label_points
from experiments.plots.panels import caption
from experiments.plots.style import (
    COLOURS,
    GREY,
    MARKERS,
    capital,
    new_figure,
    places_of,
    rows_of,
    styled,
)

_FRONT = "#0B3D5C"
"""A dark blue that no policy has."""

_TRIED = "#B8B8B8"
_LEGEND = 8
"""Size of a mark in the legend at most, in points."""


def frontier(
    found: pd.DataFrame, named: pd.DataFrame, tried: pd.DataFrame, *, quantity: str, title: str,
    subtitle: str, budget: float = math.inf,
) -> Figure:  # fmt: skip
    """Draw the frontier with the policies of the experiment on it.

    Parameters
    ----------
    found
        The frontier, from the least spend to the most: columns `spend, spend_low, spend_high,
        objective, objective_low, objective_high` and `chosen`, true for the one recommended.
    named
        The policies: the same columns, and `policy`.
    tried
        All that was tried, without the luck of the search's worlds: `spend, objective`.
    quantity
        The objective with its unit.
    title, subtitle
        What is seen, and how to read it.
    budget
        Where spend ends; infinite if it does not.
    """
    with styled():
        figure = new_figure(8.2, 5.4, title)
        axes = figure.subplots()
        axes.grid(True, axis="x")
        axes.plot(
            tried["spend"], tried["objective"], "o", ms=2.6, color=_TRIED, mew=0, zorder=1,
            label="tried in the search",
        )  # fmt: skip
        _draw_front(axes, found)
        _draw_named(axes, named)
        axes.margins(0.06)
        _frame(axes, found, named, tried)
        if budget < axes.get_xlim()[1]:
            _draw_budget(axes, budget)
        for axis in (axes.xaxis, axes.yaxis):
            axis.set_major_locator(MaxNLocator(7, steps=[1, 2, 5, 10]))
        axes.set_xlabel("Spent on recovery (money per person in the market and year)")
        axes.set_ylabel(capital(quantity))
        legend = axes.legend(
            loc="best", fontsize=8.5, frameon=True, framealpha=0.9, edgecolor="none"
        )
        for handle in legend.legend_handles:
            if isinstance(handle, Line2D) and handle.get_markersize() > _LEGEND:
                handle.set_markersize(_LEGEND)
        caption(figure, subtitle)
        # The frontier's points have no names, but names shall not lie over them.
        points = pd.concat([named, found.assign(policy="")], ignore_index=True)
        ends = {f"value{end}": points[f"objective{end}"] for end in ("", "_low", "_high")}
        label_points(axes, points.assign(**ends))
    return figure


def _draw_front(axes: Axes, found: pd.DataFrame) -> None:
    """Draw the frontier as a staircase: with less than the next one needs, one has this one."""
    axes.step(found["spend"], found["objective"], where="post", color=_FRONT, lw=1.4, zorder=3)
    axes.errorbar(
        found["spend"], found["objective"], xerr=_reach(found, "spend"),
        yerr=_reach(found, "objective"), fmt="o", ms=4.5, color=_FRONT, lw=1.1, capsize=2,
        zorder=4, label="frontier, in worlds new to it",
    )  # fmt: skip
    chosen = found[found["chosen"]]
    if len(chosen):
        axes.plot(
            chosen["spend"], chosen["objective"], "o", ms=13, mfc="none", mec=COLOURS[1], mew=2.0,
            zorder=5, label="recommended",
        )  # fmt: skip


def _draw_named(axes: Axes, named: pd.DataFrame) -> None:
    looks = places_of(named["policy"])
    for row in rows_of(named):
        index = looks[str(row.policy)]
        one = named.loc[[row.Index]]
        axes.errorbar(
            row.spend, row.objective, xerr=_reach(one, "spend"), yerr=_reach(one, "objective"),
            fmt=MARKERS[index % len(MARKERS)], color=COLOURS[index % len(COLOURS)], ms=7, lw=1.2,
            capsize=2, zorder=6,
        )  # fmt: skip
        if row.chosen:
            axes.plot(
                row.spend, row.objective, "o", ms=15, mfc="none", mec=COLOURS[1], mew=2.0,
                zorder=5, label="recommended",
            )  # fmt: skip


def _draw_budget(axes: Axes, budget: float) -> None:
    axes.axvline(budget, color=GREY, lw=1.1, ls=(0, (4, 3)), zorder=1)
    axes.annotate(
        "budget", (budget, 1.0), xycoords=("data", "axes fraction"), xytext=(-4, -4),
        textcoords="offset points", ha="right", va="top", rotation=90, color=GREY, fontsize=9,
    )  # fmt: skip


def _frame(axes: Axes, found: pd.DataFrame, named: pd.DataFrame, tried: pd.DataFrame) -> None:
    """Leave out of the picture spend below nothing, and what was tried far beyond all the rest."""
    told = pd.concat([found, named])
    most = 1.12 * _greatest(told, "spend")
    axes.set_xlim(-0.03 * most, most)
    inside = tried[tried["spend"] <= most]["objective"]
    high = max(_greatest(told, "objective"), inside.max())
    low = min(-_greatest(-told.select_dtypes("number"), "objective", "low"), inside.min())
    room = 0.06 * ((high - low) or 1.0)
    axes.set_ylim(low - room, high + room)


def _greatest(table: pd.DataFrame, name: str, end: str = "high") -> float:
    """Return the greatest of a column and of the ends of its intervals; 1 if it is nothing."""
    return float(table[[name, f"{name}_{end}"]].max().max()) or 1.0


def _reach(table: pd.DataFrame, name: str) -> Any:
    """Return how far the intervals reach to either side; None where there are none."""
    below = (table[name] - table[f"{name}_low"]).to_numpy(dtype=float)
    above = (table[f"{name}_high"] - table[name]).to_numpy(dtype=float)
    if not np.isfinite(below).all() or not np.isfinite(above).all():
        return None
    return np.maximum(0.0, np.stack([below, above]))


def levers_along(
    table: pd.DataFrame,
    levers: Sequence[tuple[str, str, str, float, float]],
    title: str,
    subtitle: str,
) -> Figure:
    """Draw what each lever is set to along the frontier, a panel each.

    Parameters
    ----------
    table
        The frontier: columns `spend, spend_low, spend_high`, `chosen`, and one for each lever, of
        numbers.
    levers
        Column, label, unit and the ends of the range, by lever.
    """
    across = min(3, len(levers))
    down = -(-len(levers) // across)
    with styled():
        figure = new_figure(2.9 * across + 0.6, 1.3 + 2.1 * down, title)
        grid = figure.subplots(down, across, squeeze=False, sharex=True)
        for axes, (column, label, unit, low, high) in zip(grid.flat, levers, strict=False):
            axes.plot(table["spend"], table[column], "-", color=_FRONT, lw=0.9, alpha=0.6)
            axes.errorbar(
                table["spend"], table[column], xerr=_reach(table, "spend"), fmt="o", color=_FRONT,
                ms=4, lw=1.0, mew=0,
            )  # fmt: skip
            chosen = table[table["chosen"]]
            axes.plot(
                chosen["spend"], chosen[column], "o", ms=11, mfc="none", mec=COLOURS[1], mew=1.8
            )
            room = 0.06 * (high - low or 1.0)
            axes.set_ylim(low - room, high + room)
            axes.set_title(label)
            axes.set_ylabel(unit, fontsize=8.5)
            axes.yaxis.set_major_locator(MaxNLocator(4, steps=[1, 2, 5, 10]))
            axes.xaxis.set_major_locator(MaxNLocator(4, steps=[1, 2, 5, 10]))
            axes.tick_params(labelbottom=True)
        for axes in list(grid.flat)[len(levers) :]:
            axes.remove()
        for axes in list(grid.flat)[: len(levers)][-across:]:
            axes.set_xlabel("spent (money per person and year)", fontsize=8.5)
        caption(figure, subtitle)
    return figure
