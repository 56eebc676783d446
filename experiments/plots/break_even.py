"""A difference along a lever: where it crosses zero, and how surely."""

import textwrap
from collections.abc import Sequence

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from experiments.plots.style import COLOURS, GREY, capital, new_figure, styled

Mark = tuple[float, float | None, float | None, bool, str]
"""Where a crossing lies, its ends (None: beyond the range), whether the curve rises there, and what
to write beside it."""


def break_even(
    points: pd.DataFrame,
    crossings: Sequence[Mark],
    lever: str,
    quantity: str,
    title: str,
    subtitle: str,
    signs: tuple[str, str],
) -> Figure:
    """Draw a difference along a lever with its band, and mark where it crosses zero.

    Parameters
    ----------
    points
        Columns `value, mean, low, high`, by rising value.
    crossings
        Each is marked on the zero line with its interval.
    lever, quantity
        The axes, with their units.
    title, subtitle
        What is seen, and how it is to be read.
    signs
        What is so above zero and below it, written at the right edge.
    """
    with styled():
        figure = new_figure(7.6, 4.6, title)
        axes = figure.subplots()
        axes.set_title(subtitle, fontweight="normal", fontsize=9.5, color=GREY)
        at = points["value"]
        axes.fill_between(at, points["low"], points["high"], color=COLOURS[0], alpha=0.2, lw=0)
        axes.plot(at, points["mean"], color=COLOURS[0], marker="o", ms=3.5, mfc="white", mew=1.0)
        axes.axhline(0.0, color="black", lw=1.2)
        axes.grid(True, axis="x")
        axes.margins(x=0.0, y=0.12)
        for axis in (axes.xaxis, axes.yaxis):
            axis.set_major_locator(MaxNLocator(7, steps=[1, 2, 5, 10]))
        axes.set_xlabel(lever)
        axes.set_ylabel(textwrap.fill(capital(quantity), 44))
        _sides(axes, signs)
        for crossing in crossings:
            _mark(axes, crossing, float(at.iloc[0]), float(at.iloc[-1]))
    return figure


def _sides(axes: Axes, signs: tuple[str, str]) -> None:
    low, high = axes.get_ylim()
    for place, sign, up in ((high, signs[0], True), (low, signs[1], False)):
        if (place > 0) == up and abs(place) > 0.08 * (high - low):
            axes.annotate(
                sign, xy=(1.0, 0.0), xycoords=("axes fraction", "data"),
                xytext=(6, 14 if up else -14), textcoords="offset points", ha="left",
                va="bottom" if up else "top", rotation=90, fontsize=8.5, color=GREY,
                annotation_clip=False,
            )  # fmt: skip


def _mark(axes: Axes, crossing: Mark, first: float, last: float) -> None:
    value, low, high, rises, said = crossing
    ends = (first if low is None else low, last if high is None else high)
    colour = COLOURS[1]
    axes.plot(ends, (0.0, 0.0), color=colour, lw=5, alpha=0.55, solid_capstyle="butt", zorder=3)
    for end, known in zip(ends, (low, high), strict=True):
        if known is not None:
            axes.plot(end, 0.0, "|", color=colour, ms=12, mew=1.8, zorder=4)
    axes.plot(value, 0.0, "D", color=colour, mfc="white", ms=7, mew=1.8, zorder=5)
    left, up = _free_corner(value, rises, first, last)
    axes.annotate(
        said, xy=(value, 0.0), xytext=(-9 if left else 9, 10 if up else -10),
        textcoords="offset points", ha="right" if left else "left", va="bottom" if up else "top",
        fontsize=9, color="black", zorder=6,
    )  # fmt: skip


def _free_corner(value: float, rises: bool, first: float, last: float) -> tuple[bool, bool]:
    """Return on which side of a crossing the curve is not: whether left, and whether above.

    A curve that falls leaves the upper right and the lower left free; one that rises the others.
    """
    left = value > first + 0.62 * (last - first)
    return left, left == rises
