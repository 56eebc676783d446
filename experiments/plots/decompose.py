"""What a gain is made of: from the baseline to the policy, part by part; and how a market grows."""

import math
import textwrap
from collections.abc import Sequence
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from experiments.plots.panels import caption
from experiments.plots.style import COLOURS, GREY, capital, new_figure, rows_of, short, styled

_ROW = 0.42
"""Inches that a row takes."""


def waterfall(
    steps: pd.DataFrame, market: pd.DataFrame | None, names: tuple[str, str], title: str, below: str
) -> Figure:
    """Draw how parts lead from the baseline to the policy, and what word of mouth brings.

    Parameters
    ----------
    steps
        Columns `quantity, part, start, mean, low, high`; a panel per quantity (with its unit), a row
        per part in order. `start` is where the part begins, `mean` by how much it moves on, `low`
        and `high` its interval. The first row of a quantity begins at the baseline's level.
    market
        Columns `panel, unit, row, of, mean, low, high`: `of` is 0 for the policy and 1 for the
        baseline; None where there is no word of mouth.
    names
        The baseline and the policy.
    title, below
        What is seen, and how it is to be read.
    """
    panels = list(steps.groupby("quantity", sort=False))
    parts = list(dict.fromkeys(steps["part"]))
    upper = 1.0 + _ROW * (len(parts) + 2)
    lower = 0.0
    if market is not None:
        lower = 0.9 + 1.5 * _ROW * market.groupby("panel")["row"].nunique().max()
    with styled():
        figure = new_figure(2.2 + 2.9 * max(2, len(panels)), 1.0 + upper + lower, title)
        block: Any = figure
        if market is not None:
            blocks: Any = figure.subfigures(2, 1, height_ratios=[upper, lower], hspace=0.03)
            block = blocks[0]
            _market(blocks[1], market, names)
        grid = block.subplots(1, len(panels), squeeze=False, sharey=True)
        for axes, (quantity, rows) in zip(grid.flat, panels, strict=True):
            _steps(axes, str(quantity), rows, [short(names[0]), *parts, short(names[1])])
        caption(figure, below)
    return figure


def _steps(axes: Axes, quantity: str, rows: pd.DataFrame, labels: Sequence[str]) -> None:
    """Draw one waterfall, read downwards."""
    place, at = 0, float(rows["start"].iloc[0])
    _level(axes, place, at)
    for row in rows_of(rows):
        place += 1
        axes.plot([at, at], [place - 0.78, place + 0.3], color=GREY, lw=0.8, ls=(0, (2, 2)))
        rises = row.mean >= 0
        axes.barh(
            place, row.mean, left=row.start, height=0.6, color=COLOURS[0] if rises else COLOURS[1],
            hatch="" if rises else "////", edgecolor="white", lw=0.0, alpha=0.8, zorder=2,
        )  # fmt: skip
        if math.isfinite(row.low):
            ends = [row.start + row.low, row.start + row.high]
            axes.plot(ends, [place, place], "|-", color="black", lw=1.2, ms=6, mew=1.2, zorder=3)
        at = row.start + row.mean
    axes.plot([at, at], [place - 0.3, place + 1.22], color=GREY, lw=0.8, ls=(0, (2, 2)))
    _level(axes, place + 1, at)
    axes.set_yticks(range(len(labels)), list(labels))
    axes.set_ylim(len(labels) - 0.5, -0.5)
    axes.tick_params(axis="y", length=0)
    axes.set_xlabel(textwrap.fill(quantity, 32))
    _across(axes)


def _level(axes: Axes, place: float, value: float) -> None:
    axes.plot(value, place, "D", ms=7, color="black", zorder=4)


def _across(axes: Axes) -> None:
    """Give an axis its grid: values across."""
    axes.grid(False, axis="y")
    axes.grid(True, axis="x")
    axes.use_sticky_edges = False
    axes.margins(x=0.06)
    axes.xaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 5, 10], min_n_ticks=3))


def _market(block: Any, market: pd.DataFrame, names: tuple[str, str]) -> None:
    """Draw what word of mouth brings under either policy: a panel of people, a panel of money."""
    panels = list(market.groupby("panel", sort=False))
    for axes, (panel, rows) in zip(
        block.subplots(1, len(panels), squeeze=False).flat, panels, strict=True
    ):
        labels = list(dict.fromkeys(rows["row"]))
        for row in rows_of(rows):
            place = labels.index(row.row) + (0.19 if row.of else -0.19)
            axes.barh(
                place, row.mean, height=0.34, color=COLOURS[6] if row.of else COLOURS[2],
                hatch="////" if row.of else "", edgecolor="white", lw=0.0, alpha=0.85, zorder=2,
                label=f"under {short(names[1 - row.of])}" if row.row == labels[0] else None,
            )  # fmt: skip
            if math.isfinite(row.low):
                ends = [row.low, row.high]
                axes.plot(ends, [place] * 2, "|-", color="black", lw=1.2, ms=5, mew=1.2, zorder=3)
        axes.axvline(0.0, color="black", lw=1.0)
        axes.set_yticks(range(len(labels)), labels)
        axes.set_ylim(len(labels) - 0.5, -0.5)
        axes.tick_params(axis="y", length=0)
        axes.set_title(capital(str(panel)))
        axes.set_xlabel(capital(str(rows["unit"].iloc[0])))
        _across(axes)
    axes.legend(frameon=False, fontsize=8.5, loc="lower right")
