"""A difference along a lever: where it crosses zero, and how surely."""

import textwrap
from collections.abc import Sequence

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.text import Annotation, Text
from matplotlib.ticker import MaxNLocator
from matplotlib.transforms import Bbox

from experiments.plots.style import COLOURS, GREY, HALO, capital, new_figure, styled

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
        ends = float(at.iloc[0]), float(at.iloc[-1])
        texts = [_mark(axes, crossing, *ends) for crossing in crossings]
        _arrange(axes, texts, [crossing[3] for crossing in crossings])
    return figure


def _sides(axes: Axes, signs: tuple[str, str]) -> None:
    """Write beside the zero line what is so above it and below."""
    for sign, up in ((signs[0], True), (signs[1], False)):
        axes.annotate(
            textwrap.fill(sign, 16), xy=(1.0, 0.0), xycoords=("axes fraction", "data"),
            xytext=(6, 3 if up else -3), textcoords="offset points", ha="left",
            va="bottom" if up else "top", fontsize=8.5, color=GREY, annotation_clip=False,
        )  # fmt: skip


def _mark(axes: Axes, crossing: Mark, first: float, last: float) -> Annotation:
    """Mark a crossing with its interval, and write it beside."""
    value, low, high, _, said = crossing
    ends = (first if low is None else low, last if high is None else high)
    colour = COLOURS[1]
    axes.plot(ends, (0.0, 0.0), color=colour, lw=5, alpha=0.55, solid_capstyle="butt", zorder=3)
    for end, known in zip(ends, (low, high), strict=True):
        if known is not None:
            axes.plot(end, 0.0, "|", color=colour, ms=12, mew=1.8, zorder=4)
    axes.plot(value, 0.0, "D", color=colour, mfc="white", ms=7, mew=1.8, zorder=5)
    text = axes.annotate(
        said, xy=(value, 0.0), xytext=(9, 10), textcoords="offset points", ha="left", va="bottom",
        fontsize=9, color="black", zorder=6, path_effects=HALO,
    )  # fmt: skip
    text.set_in_layout(False)  # or the axes would give way to it before it has its place
    return text


_FAR = 28
"""Points that a text gives way by, up or down, where another has its place."""


def _arrange(axes: Axes, texts: Sequence[Annotation], rises: Sequence[bool]) -> None:
    """Move texts to where each is within the axes, off the curve and off the others if it can be.

    A curve that falls leaves the upper right and the lower left free; one that rises the others.
    """
    figure = axes.get_figure(root=True)
    assert figure is not None
    figure.draw_without_rendering()
    frame = axes.get_window_extent()
    taken: list[Bbox] = []
    for text, rising in zip(texts, rises, strict=True):
        corners = [("right", not rising), ("left", rising), ("right", rising), ("left", not rising)]
        faults = {}
        for order, (side, above) in enumerate([*corners, ("amid", True), ("amid", False)]):
            for far in (0, _FAR, 2 * _FAR):
                _put(text, side, above, far, frame)
                box = Text.get_window_extent(text)
                over = sum(box.overlaps(other) for other in taken)
                outside = _outside(box, frame)
                faults[side, above, far] = (over, outside, max(1, order), far, order)
        _put(text, *min(faults, key=faults.__getitem__), frame)
        taken.append(Text.get_window_extent(text))


def _outside(box: Bbox, frame: Bbox) -> int:
    """Return how many pixels of a box lie outside a frame."""
    within = Bbox.intersection(box, frame)
    return round(box.width * box.height - (within.width * within.height if within else 0.0))


def _put(text: Annotation, side: str, above: bool, far: int, frame: Bbox) -> None:
    """Put a text beside its point, or above or below it as far amid as the frame allows."""
    across = {"right": 9.0, "left": -9.0}.get(side)
    text.set_horizontalalignment("right" if side == "left" else "left")
    if across is None:
        figure = text.get_figure(root=True)
        assert figure is not None and text.axes is not None
        width = Text.get_window_extent(text).width
        (at, _), room = text.axes.transData.transform(text.xy), frame.x1 - width
        start = max(frame.x0, min(room, at - width / 2))
        across = float(start - at) * 72 / figure.dpi
    text.set_position((across, (10 + far) if above else -(10 + far)))
    text.set_verticalalignment("bottom" if above else "top")
