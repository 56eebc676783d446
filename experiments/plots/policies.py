"""Policies side by side: their differences, and what they reach for what they spend."""

import math
import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from experiments.plots.names import label_points
from experiments.plots.panels import caption
from experiments.plots.style import (
    COLOURS,
    GREY,
    MARKERS,
    capital,
    folded,
    in_thousands,
    new_figure,
    places_of,
    rows_of,
    styled,
    without_empty,
)


def forest(
    differences: pd.DataFrame, title: str, subtitle: str, everybody: Sequence[str] = (),
    one_scale: bool = False,
) -> Figure:  # fmt: skip
    """Draw paired differences from the baseline with their intervals, a panel per outcome.

    Parameters
    ----------
    differences
        Columns `label, unit, direction, kind, policy, difference, low, high`; a row per outcome and
        policy, the baseline left out. `direction` is -1 where less is better. `kind` is
        `difference`, which it is where there is no such column, or what else is told: such panels
        have no line at 0. What is undefined is NaN,
        and so are the ends of an interval that has no bounds or cannot be had (one seed).
    title, subtitle
        What is seen, and how the intervals are to be read.
    everybody
        All policies, the baseline among them, so that each looks here as in the other pictures.
    one_scale
        Whether all panels have the same scale, so that one can be held against the other.
    """
    if "kind" not in differences:
        differences = differences.assign(kind="difference")
    panels = list(differences.groupby("label", sort=False))
    policies = list(dict.fromkeys(differences["policy"]))
    looks = places_of(everybody or policies)
    across = 2 if len(panels) == 4 else min(3, len(panels))
    down = -(-len(panels) // across)
    lines = [line for name in policies for line in (*folded(name).splitlines(), "")]
    with styled():
        figure = new_figure(
            max(7.0, 1.6 + 2.5 * across + 0.06 * max(len(line) for line in lines)),
            1.2 + down * (0.75 + max(0.3 * len(policies), 0.17 * len(lines))), title,
        )  # fmt: skip
        grid = figure.subplots(down, across, squeeze=False, sharey=True, sharex=one_scale)
        for axes, (label, rows) in zip(grid.flat, panels, strict=False):
            _forest_panel(axes, str(label), rows, policies, looks)
        without_empty(grid, len(panels))
        caption(figure, subtitle)
    return figure


def _forest_panel(
    axes: Axes, label: str, rows: pd.DataFrame, policies: Sequence[str], looks: Mapping[str, int]
) -> None:
    kind = str(rows["kind"].iloc[0])
    if kind == "difference":
        axes.axvline(0.0, color=GREY, lw=1.0)
    bounded = rows["low"].notna().any()
    for row in rows_of(rows):
        place = policies.index(str(row.policy))
        if not math.isfinite(row.difference):
            axes.annotate(
                "undefined", (0.03, place), xycoords=("axes fraction", "data"), va="center",
                fontsize=8, color=GREY,
            )  # fmt: skip
            continue
        index = looks[str(row.policy)]
        look: dict[str, Any] = {"color": COLOURS[index % len(COLOURS)]}
        if math.isfinite(row.low) and math.isfinite(row.high):
            axes.plot([row.low, row.high], [place, place], lw=2.0, solid_capstyle="butt", **look)
            axes.plot([row.low, row.high], [place, place], "|", ms=9, mew=1.5, **look)
        # Small and hollow, so that a narrow interval is seen through it.
        axes.plot(
            row.difference, place, MARKERS[index % len(MARKERS)], ms=4, mfc="white", mew=1.1, **look
        )
        if bounded and not math.isfinite(row.low):
            axes.annotate(
                "no bounds", (row.difference, place), (6, 0), textcoords="offset points",
                va="center", fontsize=8, color=GREY,
            )  # fmt: skip
    axes.set_title(textwrap.fill(capital(label), 28))
    axes.set_yticks(range(len(policies)), [folded(name) for name in policies])
    axes.set_ylim(len(policies) - 0.5, -0.5)
    axes.tick_params(axis="y", length=0)
    axes.grid(False, axis="y")
    axes.grid(True, axis="x")
    axes.margins(x=0.08)
    if rows["difference"].isna().all():
        axes.set_xticks([])
    else:
        axes.xaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 5, 10], min_n_ticks=3))
        in_thousands(axes.xaxis)
    unit = str(rows["unit"].iloc[0])
    said = [unit] if unit else []
    if rows["direction"].iloc[0] < 0:
        said.append("less is better")
    axes.set_xlabel(f"{kind} ({'; '.join(said)})" if said else kind)


def against_spend(table: pd.DataFrame, spend: str, quantity: str, title: str) -> Figure:
    """Draw what each policy reaches against what it spends, both with their intervals.

    Parameters
    ----------
    table
        Columns `policy, spend, spend_low, spend_high, value, value_low, value_high`.
    spend, quantity
        The axes, with their units.
    title
        What is seen.
    """
    with styled():
        figure = new_figure(7.2, 4.8, title)
        axes = figure.subplots()
        axes.set_title(
            "Upper left is best: much for little. Bars: 95% intervals; differences in shared worlds are surer.",
            fontweight="normal", fontsize=9.5, color=GREY,
        )  # fmt: skip
        axes.grid(True, axis="x")
        looks = places_of(table["policy"])
        for row in rows_of(table):
            index = looks[str(row.policy)]
            colour = COLOURS[index % len(COLOURS)]
            axes.errorbar(
                row.spend, row.value,
                xerr=_reach(row.spend, row.spend_low, row.spend_high),
                yerr=_reach(row.value, row.value_low, row.value_high),
                fmt=MARKERS[index % len(MARKERS)], color=colour, ms=7, lw=1.4, capsize=3,
            )  # fmt: skip
        axes.margins(0.12)
        for axis in (axes.xaxis, axes.yaxis):
            axis.set_major_locator(MaxNLocator(7, steps=[1, 2, 5, 10]))
        axes.set_xlabel(capital(spend))
        axes.set_ylabel(capital(quantity))
        label_points(axes, table)
    return figure


def _reach(value: float, low: float, high: float) -> Any:
    known = math.isfinite(low) and math.isfinite(high)
    return [[max(0.0, value - low)], [max(0.0, high - value)]] if known else None
