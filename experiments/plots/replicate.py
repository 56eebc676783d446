"""Published values among the runs of the models rebuilt."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from experiments.plots.style import COLOURS, GREY, new_figure, styled


class Row(NamedTuple):
    """What was published, in words; our runs; our mean or median; the published value; and where this
    may lie: `among` single runs of ours, or by which `share` beside our mean or median."""

    words: str
    runs: np.ndarray[Any, np.dtype[Any]]
    ours: float
    published: float
    among: tuple[float, float] | None
    share: float | None


def replicas(rows: Sequence[Row], title: str) -> Figure:
    """Draw each published value among our runs, all as multiples of the published value.

    Parameters
    ----------
    rows
        One for each published value, from above.
    title
        What is seen.
    """
    with styled():
        figure = new_figure(8.0, 1.9 + 0.6 * len(rows), title)
        axes = figure.subplots()
        axes.axvline(1.0, color=COLOURS[1], lw=1.4, zorder=1, label="published")
        for at, row in enumerate(rows):
            _runs(axes, at, row)
        axes.set_yticks(range(len(rows)), [row.words for row in rows])
        axes.set_ylim(len(rows) - 0.4, -0.6)
        axes.tick_params(axis="y", length=0)
        axes.grid(True, axis="x")
        axes.grid(False, axis="y")
        axes.set_xlabel("Our runs, as multiples of the published value (1 is the same)")
        handles, labels = axes.get_legend_handles_labels()
        once = dict(zip(labels, handles, strict=True))
        figure.legend(
            once.values(), once.keys(), loc="outside lower center", ncols=2, frameon=False,
            fontsize=9,
        )  # fmt: skip
    return figure


def _runs(axes: Axes, at: int, row: Row) -> None:
    if row.among is not None and np.isfinite(row.among).all():
        ends = np.asarray(row.among) / row.published
        axes.plot(ends, [at, at], color=GREY, lw=1.2, marker="|", ms=9, zorder=1,
                  label="where 99 of 100 single runs lie")  # fmt: skip
    if row.share is not None:
        axes.barh(at, 2 * row.share, left=1.0 - row.share, height=0.72, color=COLOURS[1],
                  alpha=0.2, lw=0, zorder=0, label="where our mean or median has to lie")  # fmt: skip
    # Spread by rank: the same picture each time, and no dot hides another.
    offset = ((np.arange(len(row.runs)) * 0.618) % 1.0 - 0.5) * 0.5
    known = np.isfinite(row.runs)
    axes.plot(
        row.runs[known] / row.published, at + offset[known], "o", ms=3, mew=0, alpha=0.5,
        color=COLOURS[0], zorder=2, label="single runs of ours",
    )  # fmt: skip
    if np.isfinite(row.ours):
        axes.plot([row.ours / row.published] * 2, [at - 0.36, at + 0.36], color="black", lw=2.2,
                  zorder=3, label="their mean or median")  # fmt: skip
