"""What an outcome hangs on: the tornado of single assumptions, and the shares of variance."""

import math
import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from experiments.plots.style import COLOURS, GREY, capital, dark, new_figure, rows_of, styled

_HEIGHT = 0.46
"""Inches that a row takes."""


def tornado(bars: pd.DataFrame, middles: Mapping[str, float], title: str, subtitle: str) -> Figure:
    """Draw what becomes of a quantity when one assumption alone goes to either end of its range.

    Parameters
    ----------
    bars
        Columns `label, unit, zero, key, low_value, high_value, at_low, at_low_low, at_low_high,
        at_high, at_high_low, at_high_high, overturned`; a row per panel (`label`) and key, keys in
        the order in which they are shown. `zero` says whether the panel shows a difference, of
        which the sign matters; `overturned` whether the key alone surely changes it.
    middles
        By label, the quantity with all assumptions in the middle.
    title, subtitle
        What is seen, and how it is to be read.
    """
    panels = list(bars.groupby("label", sort=False))
    keys = list(dict.fromkeys(bars["key"]))
    with styled():
        figure = _figure(len(panels), keys, title)
        grid = figure.subplots(1, len(panels), squeeze=False, sharey=True)
        for axes, (label, rows) in zip(grid.flat, panels, strict=True):
            _bars(axes, rows, keys, middles[str(label)])
            _finish(axes, str(label), keys, rows)
        figure.supxlabel(textwrap.fill(subtitle, 105), x=0.012, ha="left", fontsize=9, color=GREY)
    return figure


def _figure(panels: int, keys: Sequence[str], title: str) -> Figure:
    names = 0.075 * max(len(key) for key in keys)
    width = max(7.2, 0.8 + names + (4.4 if panels == 1 else 3.1) * panels)
    return new_figure(width, 1.9 + _HEIGHT * len(keys), title)


def _bars(axes: Axes, rows: pd.DataFrame, keys: Sequence[str], middle: float) -> None:
    axes.axvline(middle, color=GREY, lw=0.9, ls=(0, (4, 2)))
    if rows["zero"].iloc[0]:
        low, high = rows[["at_low", "at_high"]].min().min(), rows[["at_low", "at_high"]].max().max()
        if min(low, middle) <= 0.25 * abs(high) and max(high, middle) >= -0.25 * abs(low):
            axes.axvline(0.0, color="black", lw=1.2)
    for row in rows_of(rows):
        place = keys.index(str(row.key))
        if not (math.isfinite(row.at_low) and math.isfinite(row.at_high)):
            continue
        for end, colour, hatch in (("low", COLOURS[6], ""), ("high", COLOURS[1], "////")):
            _end(axes, row, end, place, middle, colour, hatch)


def _end(
    axes: Axes, row: Any, end: str, place: int, middle: float, colour: str, hatch: str
) -> None:
    """Draw half a bar from the middle to one end, its interval, and the value assumed there."""
    at = getattr(row, f"at_{end}")
    low, high = getattr(row, f"at_{end}_low"), getattr(row, f"at_{end}_high")
    # Both ends on one side of the middle lie over each other: the nearer one narrower.
    other = getattr(row, "at_high" if end == "low" else "at_low")
    same_side = (at - middle) * (other - middle) > 0
    offset = (-0.17 if end == "low" else 0.17) if same_side else 0.0
    height = 0.3 if same_side else 0.6
    axes.barh(
        place + offset, at - middle, left=middle, height=height, color=colour, alpha=0.75,
        hatch=hatch, edgecolor="white", lw=0.0, zorder=2,
    )  # fmt: skip
    if math.isfinite(low) and math.isfinite(high):
        axes.plot([low, high], [place + offset] * 2, color="black", lw=1.2, zorder=3)
        axes.plot([low, high], [place + offset] * 2, "|", color="black", ms=6, mew=1.2, zorder=3)
    outer = (high if at >= middle else low) if math.isfinite(low) else at
    axes.annotate(
        str(getattr(row, f"{end}_value")), xy=(outer, place + offset),
        xytext=(5 if at >= middle else -5, 0), textcoords="offset points",
        ha="left" if at >= middle else "right", va="center", fontsize=7.5,
        color=dark(COLOURS[0] if end == "low" else COLOURS[1]),
    )  # fmt: skip


def _finish(axes: Axes, label: str, keys: Sequence[str], rows: pd.DataFrame) -> None:
    turned = [str(row.key) for row in rows_of(rows) if row.overturned]
    axes.set_title(textwrap.fill(capital(label), 34))
    axes.set_yticks(range(len(keys)), list(keys))
    axes.set_ylim(len(keys) - 0.4, -0.7)
    axes.tick_params(axis="y", length=0)
    axes.grid(False, axis="y")
    axes.grid(True, axis="x")
    axes.margins(x=0.16)
    axes.xaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 5, 10], min_n_ticks=3))
    unit = str(rows["unit"].iloc[0])
    kind = "difference" if rows["zero"].iloc[0] else capital(label)
    axes.set_xlabel(f"{kind} ({unit})" if unit else kind)
    for key in turned:
        axes.annotate(
            "changes the verdict", xy=(1.0, keys.index(key) - 0.31),
            xycoords=("axes fraction", "data"), xytext=(-2, 1), textcoords="offset points",
            ha="right", va="bottom", fontsize=7.5, style="italic",
        )  # fmt: skip


def shares(rows: pd.DataFrame, title: str, subtitle: str) -> Figure:
    """Draw Sobol' indices with their intervals, a panel per quantity: circles first, squares total.

    Parameters
    ----------
    rows
        Columns `label, key, s1, s1_low, s1_high, st, st_low, st_high`; keys in the order in which
        they are shown; NaN where undefined.
    title, subtitle
        What is seen, and how it is to be read.
    """
    panels = list(rows.groupby("label", sort=False))
    keys = list(dict.fromkeys(rows["key"]))
    with styled():
        figure = _figure(len(panels), keys, title)
        grid = figure.subplots(1, len(panels), squeeze=False, sharey=True, sharex=True)
        for axes, (label, part) in zip(grid.flat, panels, strict=True):
            _shares_panel(axes, str(label), part, keys)
        figure.supxlabel(textwrap.fill(subtitle, 105), x=0.012, ha="left", fontsize=9, color=GREY)
    return figure


def _shares_panel(axes: Axes, label: str, rows: pd.DataFrame, keys: Sequence[str]) -> None:
    axes.axvline(0.0, color=GREY, lw=1.0)
    looks = (
        ("s1", -0.14, COLOURS[0], "o", "white"),
        ("st", 0.14, COLOURS[1], "s", COLOURS[1]),
    )
    for name, offset, colour, marker, fill in looks:
        for row in rows_of(rows):
            place = keys.index(str(row.key)) + offset
            ends = [getattr(row, f"{name}_low"), getattr(row, f"{name}_high")]
            axes.plot(ends, [place] * 2, color=colour, lw=1.8, solid_capstyle="butt")
            axes.plot(
                getattr(row, name), place, marker, ms=5, color=colour, mfc=fill, mew=1.2, ls="none"
            )
    axes.set_title(textwrap.fill(capital(label), 34))
    axes.set_yticks(range(len(keys)), list(keys))
    axes.set_ylim(len(keys) - 0.5, -0.5)
    axes.tick_params(axis="y", length=0)
    axes.grid(False, axis="y")
    axes.grid(True, axis="x")
    axes.set_xlabel("share of the variance")
    low, high = axes.get_xlim()
    axes.set_xlim(max(low, -0.3), min(high, 1.3))  # no share lies beyond; an interval may
    if rows["st"].isna().all():
        axes.text(0.5, 0.5, "undefined", transform=axes.transAxes, ha="center", color=GREY)
