"""What an outcome hangs on: the tornado of single assumptions, and the shares of variance."""

import math
import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.text import Annotation, Text
from matplotlib.ticker import MaxNLocator

from experiments.plots.panels import caption
from experiments.plots.style import COLOURS, GREY, HALO, capital, dark, new_figure, rows_of, styled

_HEIGHT = 0.5
"""Inches that a row takes."""

_LANE = 0.17
"""How far from the middle of a row an end is told, as a share of its height: the low end above, the
high end below. However near the two are, neither lies over the other."""

_ENDS = (("low", -_LANE, COLOURS[6], ""), ("high", _LANE, COLOURS[1], "////"))


def tornado(bars: pd.DataFrame, middles: Mapping[str, float], title: str, subtitle: str) -> Figure:
    """Draw what becomes of a quantity when one assumption alone goes to either end of its range.

    Parameters
    ----------
    bars
        Columns `label, unit, zero, key, key_unit, low_value, high_value, at_low, at_low_low,
        at_low_high, at_high, at_high_low, at_high_high, overturned`; a row per panel (`label`) and
        key, keys in the order in which they are shown. `zero` says whether the panel shows a
        difference, of which the sign matters; `key_unit` what `low_value` and `high_value` are told
        in; `overturned` whether the key alone surely changes it.
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
        _units(grid.flat[0], keys, dict(zip(bars["key"], bars["key_unit"], strict=True)))
        caption(figure, subtitle)
        for axes in grid.flat:
            _make_room(axes)
    return figure


def _figure(panels: int, keys: Sequence[str], title: str) -> Figure:
    names = 0.075 * max(len(key) for key in keys)
    width = max(7.2, 0.8 + names + (4.4 if panels == 1 else 3.1) * panels)
    return new_figure(width, 2.0 + _HEIGHT * len(keys), title)


def _bars(axes: Axes, rows: pd.DataFrame, keys: Sequence[str], middle: float) -> None:
    axes.axvline(middle, color=GREY, lw=0.9, ls=(0, (4, 2)))
    if rows["zero"].iloc[0]:
        low, high = rows[["at_low", "at_high"]].min().min(), rows[["at_low", "at_high"]].max().max()
        if min(low, middle) <= 0.25 * abs(high) and max(high, middle) >= -0.25 * abs(low):
            axes.axvline(0.0, color="black", lw=1.2)
    for row in rows_of(rows):
        if math.isfinite(row.at_low) and math.isfinite(row.at_high):
            place = keys.index(str(row.key))
            # Where both ends lie on one side of the middle, each has the half of the row.
            halved = (row.at_low - middle) * (row.at_high - middle) > 0
            for end, lane, colour, hatch in _ENDS:
                at = getattr(row, f"at_{end}")
                axes.barh(
                    place + (lane if halved else 0.0), at - middle, left=middle,
                    height=0.3 if halved else 0.64, color=colour, alpha=0.75, hatch=hatch,
                    edgecolor="white", lw=0.0, zorder=2,
                )  # fmt: skip
                _end(axes, row, end, place + lane, middle)


def _end(axes: Axes, row: Any, end: str, place: float, middle: float) -> None:
    """Draw the interval at one end, and write beyond it the value that is assumed there."""
    at = getattr(row, f"at_{end}")
    low, high = getattr(row, f"at_{end}_low"), getattr(row, f"at_{end}_high")
    known = math.isfinite(low) and math.isfinite(high)
    if known:
        axes.plot([low, high], [place] * 2, color="black", lw=1.2, zorder=3)
        axes.plot([low, high], [place] * 2, "|", color="black", ms=6, mew=1.2, zorder=3)
    rightward = at > middle or (at == middle and end == "high")
    outer = (high if rightward else low) if known else at
    axes.annotate(
        str(getattr(row, f"{end}_value")), xy=(outer, place), xytext=(5 if rightward else -5, 0),
        textcoords="offset points", ha="left" if rightward else "right", va="center",
        fontsize=7.5, color=dark(COLOURS[0] if end == "low" else COLOURS[1]), path_effects=HALO,
        zorder=4, gid=_VALUE,
    )  # fmt: skip


_VALUE = "value"
"""Marks the texts for which room is made."""


def _make_room(axes: Axes) -> None:
    """Widen the axes until the values at all ends stand within them; call it when all is drawn."""
    figure = axes.get_figure(root=True)
    assert figure is not None
    figure.draw_without_rendering()
    width = axes.get_window_extent().width
    low, high = axes.dataLim.intervalx
    values = []
    for text in axes.texts:
        if isinstance(text, Annotation) and text.get_gid() == _VALUE:
            reach = (Text.get_window_extent(text).width + 8 * figure.dpi / 72) / width
            values.append(
                (float(text.xy[0]), min(0.4, reach), text.get_horizontalalignment() == "left")
            )
    start, end = low, high
    for _ in range(30):
        span = (high - low) or 1.0
        high = max([end + 0.02 * span, *(x + reach * span for x, reach, right in values if right)])
        low = min(
            [start - 0.02 * span, *(x - reach * span for x, reach, right in values if not right)]
        )
    axes.set_xlim(low, high)


def _units(axes: Axes, keys: Sequence[str], units: Mapping[str, str]) -> None:
    """Write below each key what its values are told in."""
    for place, key in enumerate(keys):
        if units[key]:
            axes.annotate(
                f"({units[key]})", xy=(0.0, place + 0.32), xycoords=("axes fraction", "data"),
                xytext=(-3.5, 0), textcoords="offset points", ha="right", va="center", fontsize=7.5,
                color=GREY, annotation_clip=False,
            )  # fmt: skip


def _finish(axes: Axes, label: str, keys: Sequence[str], rows: pd.DataFrame) -> None:
    turned = [str(row.key) for row in rows_of(rows) if row.overturned]
    axes.set_title(textwrap.fill(capital(label), 34))
    axes.set_yticks(range(len(keys)), list(keys))
    axes.set_ylim(len(keys) - 0.4, -0.7)
    axes.tick_params(axis="y", length=0)
    axes.grid(False, axis="y")
    axes.grid(True, axis="x")
    axes.xaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 5, 10], min_n_ticks=3))
    unit = str(rows["unit"].iloc[0])
    kind = "difference" if rows["zero"].iloc[0] else capital(label)
    axes.set_xlabel(f"{kind} ({unit})" if unit else kind)
    for key in turned:
        axes.annotate(
            "changes the verdict", xy=(1.0, keys.index(key) - 0.33),
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
        caption(figure, subtitle)
    return figure


_ENDS_OF_SHARES = (-0.3, 1.3)
"""No share of a variance is below 0 or above 1; of intervals beyond these, an arrow tells."""


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
    low, high = max(low, _ENDS_OF_SHARES[0]), min(high, _ENDS_OF_SHARES[1])
    axes.set_xlim(low, high)
    for name, offset, colour, *_ in looks:
        for row in rows_of(rows):
            place = keys.index(str(row.key)) + offset
            for end, mark, beyond in (
                (low, "<", getattr(row, f"{name}_low") < low),
                (high, ">", getattr(row, f"{name}_high") > high),
            ):
                if beyond:
                    axes.plot(end, place, mark, ms=6, color=colour, mew=0, clip_on=False)
    if rows["st"].isna().all():
        axes.text(0.5, 0.5, "undefined", transform=axes.transAxes, ha="center", color=GREY)
