"""Policies under uncertain assumptions: how much each is regretted, and where one is overturned."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.ticker import MaxNLocator

from experiments.plots.panels import caption
from experiments.plots.style import (
    COLOURS,
    GREY,
    MARKERS,
    capital,
    new_figure,
    places_of,
    rows_of,
    short,
    styled,
)

_GOLDEN = 0.6180339887498949
"""The golden ratio's fraction: its multiples spread points evenly, and the same each time."""

_PAPER = {"boxstyle": "square,pad=0.15", "fc": "white", "ec": "none", "alpha": 0.85}
"""Behind text that stands among points."""


def regret_strips(
    regrets: pd.DataFrame, summary: pd.DataFrame, quantity: str, title: str, over: str
) -> Figure:
    """Draw the regret of each policy at every point, and below its mean and its 90th percentile.

    Parameters
    ----------
    regrets
        A row per point, a column per policy, in the order in which they are shown.
    summary
        Columns `policy`, `mean` and `p90`, each with its ends (`mean_low, mean_high`), and `best`, a
        text such as `best at 44%`.
    quantity
        The outcome that is fallen short of, with its unit.
    title
        What is seen.
    over
        What the intervals hold, in words.
    """
    policies = [str(name) for name in regrets]
    looks = places_of(policies)
    with styled():
        figure = new_figure(8.2, 2.1 + 0.8 * len(policies), title)
        axes = figure.subplots()
        spread = (np.arange(len(regrets)) * _GOLDEN % 1.0 - 0.5) * 0.46 - _LANE
        for place, row in enumerate(rows_of(summary)):
            index = looks[str(row.policy)]
            axes.plot(
                regrets[row.policy], place + spread, MARKERS[index % len(MARKERS)], ms=3.5,
                color=COLOURS[index % len(COLOURS)], alpha=0.4, mew=0,
            )  # fmt: skip
            _summed(axes, place + 0.19, (row.mean, row.mean_low, row.mean_high), "D", 6.0)
            _summed(axes, place + 0.36, (row.p90, row.p90_low, row.p90_high), "s", 5.0)
            axes.annotate(
                str(row.best), xy=(1.015, place), xycoords=("axes fraction", "data"), va="center",
                annotation_clip=False, color="#333333",
            )  # fmt: skip
        _finish_strips(axes, policies, regrets)
        axes.set_xlabel(f"regret: shortfall from the best policy in {quantity}")
        caption(
            figure,
            f"Each mark is one set of assumptions ({len(regrets):,}). Below, hollow diamond: their mean; "
            "black square: their 90th percentile, which nine in ten do not exceed. Lines and brackets: "
            f"95% intervals, which hold {over}.",
        )
    return figure


_LANE = 0.17
"""How far the marks stand above the middle of a row, so that there is room for their sums."""


def _summed(
    axes: Axes, place: float, found: tuple[float, float, float], mark: str, size: float
) -> None:
    """Draw what regrets were summed up to, with its interval."""
    value, low, high = found
    axes.plot([low, high], [place] * 2, color="black", lw=1.3, solid_capstyle="butt")
    axes.plot([low, high], [place] * 2, "|", color="black", ms=6, mew=1.3)
    fill = "white" if mark == "D" else "black"
    axes.plot(value, place, mark, ms=size, mfc=fill, mec="black", mew=1.3, clip_on=False)


def _finish_strips(axes: Axes, policies: Sequence[str], regrets: pd.DataFrame) -> None:
    axes.set_yticks(range(len(policies)), [short(name) for name in policies])
    axes.set_ylim(len(policies) - 0.5, -0.5)
    axes.tick_params(axis="y", length=0)
    axes.grid(False, axis="y")
    axes.grid(True, axis="x")
    axes.set_xlim(left=-0.015 * float(regrets.to_numpy().max() or 1.0))
    axes.xaxis.set_major_locator(MaxNLocator(7, steps=[1, 2, 5, 10]))


class Axis(NamedTuple):
    """What stands on an axis: its column, its words with unit, and where the box begins and ends.

    Attributes
    ----------
    ends : sequence of (threshold, low, high, text)
        The thresholds on it, each with the ends of its interval and what is written beside it.
    low, high : float
        From where to where the box reaches; infinite where it does not end.
    """

    column: str
    label: str
    ends: Sequence[tuple[float, float | None, float | None, str]] = ()
    low: float = -np.inf
    high: float = np.inf


def overturned(
    table: pd.DataFrame, across: Axis, up: Axis, policies: Sequence[str], title: str, subtitle: str
) -> Figure:
    """Draw which policy is best where, and the box in which the recommended one is overturned.

    Parameters
    ----------
    table
        A row per point: the two columns, `best` (a policy) and `open` (whether the lead is within
        noise).
    across, up
        The two axes.
    policies
        All policies, so that each looks here as in the other pictures.
    title, subtitle
        What is seen, and how it is to be read.
    """
    looks = places_of(policies)
    with styled():
        figure = new_figure(7.6, 5.4, title)
        axes = figure.subplots()
        axes.set_title(subtitle, fontweight="normal", fontsize=9.5, color=GREY)
        axes.grid(False)
        for policy in policies:
            _points(axes, table[table["best"] == policy], across, up, policy, looks)
        axes.margins(0.04)
        axes.autoscale_view()
        axes.autoscale(False)
        if across.ends or up.ends:
            _box(axes, across, up)
        axes.set_xlabel(capital(across.label))
        axes.set_ylabel(capital(up.label))
        axes.legend(
            loc="upper left", bbox_to_anchor=(1.01, 1.0), frameon=False, title="best policy",
            alignment="left", borderaxespad=0.0,
        )  # fmt: skip
    return figure


def _points(
    axes: Axes, rows: pd.DataFrame, across: Axis, up: Axis, policy: str, looks: Mapping[str, int]
) -> None:
    """Draw the points that a policy wins; hollow where its lead is within noise."""
    index = looks[policy]
    colour, marker = COLOURS[index % len(COLOURS)], MARKERS[index % len(MARKERS)]
    for unsure, part in rows.groupby("open"):
        name = f"{short(policy)}, within noise" if unsure else short(policy)
        fill: dict[str, Any] = {"mfc": "white"} if unsure else {}
        axes.plot(
            part[across.column], part[up.column], marker, ms=6, color=colour, mew=1.2, label=name,
            **fill,
        )  # fmt: skip


def _box(axes: Axes, across: Axis, up: Axis) -> None:
    """Draw the box over the points, cut at the frame, each threshold with its interval."""
    (left, right), (lower, upper) = axes.get_xlim(), axes.get_ylim()
    x0, x1 = max(left, across.low), min(right, across.high)
    y0, y1 = max(lower, up.low), min(upper, up.high)
    axes.add_patch(Rectangle((x0, y0), x1 - x0, y1 - y0, fc="#F3E3B5", ec="none", zorder=0))
    for threshold, low, high, text in across.ends:
        axes.plot([threshold] * 2, [y0, y1], color="black", lw=1.6, ls=(0, (6, 2)), zorder=1)
        if low is not None and high is not None:
            axes.fill_betweenx([y0, y1], low, high, color="#999999", alpha=0.25, lw=0, zorder=0)
        far = threshold > left + 0.85 * (right - left)
        axes.annotate(
            text, (threshold, y0), (-4 if far else 4, 4), textcoords="offset points",
            ha="right" if far else "left", va="bottom", fontweight="bold", bbox=_PAPER,
        )  # fmt: skip
    for threshold, low, high, text in up.ends:
        axes.plot([x0, x1], [threshold] * 2, color="black", lw=1.6, ls=(0, (6, 2)), zorder=1)
        if low is not None and high is not None:
            axes.fill_between([x0, x1], low, high, color="#999999", alpha=0.25, lw=0, zorder=0)
        axes.annotate(
            text, (x0, threshold), (4, 4), textcoords="offset points", ha="left", va="bottom",
            fontweight="bold", bbox=_PAPER,
        )  # fmt: skip
