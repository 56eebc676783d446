"""Pictures of a case: what its answers rest on, and how they fare under other assumptions."""

import textwrap
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from experiments.plots.panels import caption
from experiments.plots.style import (
    COLOURS,
    GREY,
    MARKERS,
    capital,
    dark,
    in_thousands,
    look,
    new_figure,
    rows_of,
    styled,
    without_empty,
)


def along(
    points: pd.DataFrame, enough: float | None, lever: str, quantity: str, title: str, subtitle: str
) -> Figure:
    """Draw a difference along a lever with its band, and mark from where on more does not help.

    Parameters
    ----------
    points
        Columns `value, mean, low, high`, by rising value.
    enough
        The least value that is as good as the best; None where nothing is decided.
    lever, quantity
        The axes, with their units.
    title, subtitle
        What is seen, and how it is to be read.
    """
    with styled():
        figure = new_figure(7.2, 4.2, title)
        axes = figure.subplots()
        at = points["value"]
        axes.fill_between(at, points["low"], points["high"], color=COLOURS[0], alpha=0.2, lw=0)
        axes.plot(at, points["mean"], color=COLOURS[0], marker="o", ms=4, mfc="white", mew=1.1)
        axes.axhline(0.0, color="black", lw=1.0)
        if enough is not None:
            axes.axvline(enough, color=COLOURS[1], lw=1.4, ls="--")
            right = enough < (float(at.iloc[0]) + float(at.iloc[-1])) / 2
            axes.annotate(
                f"{enough:,g} is enough", xy=(enough, 0.03), xycoords=("data", "axes fraction"),
                xytext=(6 if right else -6, 0), textcoords="offset points",
                ha="left" if right else "right", va="bottom", color=dark(COLOURS[1]), fontsize=9,
            )  # fmt: skip
        _plain(axes, lever, quantity)
        caption(figure, subtitle)
    return figure


def at_equal_spend(
    points: pd.DataFrame, most: float, spend: str, quantity: str, title: str, subtitle: str
) -> Figure:
    """Draw what each way of spending gains for what it spends, up to what all of them can spend.

    Parameters
    ----------
    points
        Columns `way, at, spend, mean, low, high`; `at` is written beside each point.
    most
        The most that all ways reach, at which they are compared; a little more than that is drawn.
    spend, quantity
        The axes, with their units.
    title, subtitle
        What is seen, and how it is to be read.
    """
    with styled():
        figure = new_figure(7.2, 4.6, title)
        axes = figure.subplots()
        axes.axhline(0.0, color="black", lw=1.0)
        axes.axvline(most, color=GREY, lw=1.2, ls="--")
        end = _BEYOND * most or float(points["spend"].max()) or 1.0
        for i, (way, rows) in enumerate(points.groupby("way", sort=False)):
            _way(axes, i, str(way), rows.sort_values("spend", kind="stable"), end)
        axes.legend(frameon=False, loc="best")
        _plain(axes, spend, quantity)
        least = min(0.0, float(points["spend"].min()))
        axes.set_xlim(least - 0.03 * end, end)
        in_thousands(axes.xaxis)
        caption(figure, subtitle)
    return figure


_BEYOND = 1.6
"""How far beyond the spend that is compared the picture goes."""


def _way(axes: Axes, number: int, way: str, rows: pd.DataFrame, end: float) -> None:
    """Draw one way of spending, cut off at the end of the picture."""
    style: dict[str, Any] = look(number)
    spent = rows["spend"].to_numpy(float)
    shown = np.union1d(spent[spent <= end], [min(end, spent.max())])
    mean, low, high = (np.interp(shown, spent, rows[name]) for name in ("mean", "low", "high"))
    axes.fill_between(shown, low, high, color=style["color"], alpha=0.15, lw=0)
    inside = rows[spent <= end]
    axes.plot(
        shown, mean, label=capital(way), marker=MARKERS[number % len(MARKERS)], ms=5, mfc="white",
        markevery=np.searchsorted(shown, inside["spend"]).tolist(), **style,
    )  # fmt: skip
    for row in rows_of(inside):
        axes.annotate(
            str(row.at), xy=(row.spend, row.mean), xytext=(5, -3 if number % 2 else 4),
            textcoords="offset points", fontsize=8, color=dark(style["color"]),
            va="top" if number % 2 else "bottom",
        )  # fmt: skip


def _plain(axes: Axes, across: str, up: str) -> None:
    axes.grid(True, axis="x")
    axes.margins(x=0.03, y=0.12)
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(MaxNLocator(7, steps=[1, 2, 5, 10]))
        in_thousands(axis)
    axes.set_xlabel(capital(across))
    axes.set_ylabel(textwrap.fill(capital(up), 36))


def under_assumptions(table: pd.DataFrame, title: str, subtitle: str) -> Figure:
    """Draw estimates under every assumption with their intervals, a panel per estimate.

    Parameters
    ----------
    table
        Columns `panel, outcome, unit, assumption, mean, low, high`.
    title, subtitle
        What is seen, and how it is to be read.
    """
    panels: Sequence[Any] = list(table.groupby("panel", sort=False))
    names = list(dict.fromkeys(table["assumption"]))
    across = min(3, len(panels))
    down = -(-len(panels) // across)
    with styled():
        figure = new_figure(2.0 + 2.45 * across, 1.3 + down * (0.9 + 0.27 * len(names)), title)
        one_scale = len(set(table["outcome"])) == 1
        grid = figure.subplots(down, across, squeeze=False, sharey=True, sharex=one_scale)
        for axes, (panel, rows) in zip(grid.flat, panels, strict=False):
            _panel(axes, str(panel), rows, names)
        without_empty(grid, len(panels))
        for axes in list(grid.flat)[max(0, len(panels) - across) : len(panels)]:
            axes.tick_params(labelbottom=True)
        caption(figure, subtitle)
    return figure


def _panel(axes: Axes, panel: str, rows: pd.DataFrame, names: Sequence[str]) -> None:
    axes.axvline(0.0, color=GREY, lw=1.0)
    for row in rows_of(rows):
        place = names.index(str(row.assumption))
        colour = COLOURS[0] if place == 0 else GREY
        axes.plot([row.low, row.high], [place, place], lw=2.0, color=colour)
        axes.plot([row.low, row.high], [place, place], "|", ms=8, mew=1.4, color=colour)
        axes.plot(row.mean, place, "o" if place == 0 else "s", ms=4, mfc="white", color=colour)
    axes.set_title(textwrap.fill(capital(panel), 27), fontsize=9.5)
    axes.set_yticks(range(len(names)), names)
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.tick_params(axis="y", length=0)
    axes.grid(False, axis="y")
    axes.grid(True, axis="x")
    axes.margins(x=0.08)
    axes.xaxis.set_major_locator(MaxNLocator(4, steps=[1, 2, 5, 10], min_n_ticks=3))
    in_thousands(axes.xaxis)
    axes.set_xlabel(str(rows["unit"].iloc[0]), fontsize=9)
