"""Published values among the runs of the models rebuilt."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from experiments.plots.style import COLOURS, GREY, new_figure, styled

Row = tuple[str, np.ndarray[Any, np.dtype[Any]], float, float]
"""What was published, in words; our runs; our mean or median; the published value."""


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
        figure = new_figure(7.6, 1.7 + 0.55 * len(rows), title)
        axes = figure.subplots()
        axes.axvline(1.0, color=COLOURS[1], lw=1.4, zorder=1, label="published")
        for at, (_, runs, ours, published) in enumerate(rows):
            # Spread by rank: the same picture each time, and no dot hides another.
            offset = ((np.arange(len(runs)) * 0.618) % 1.0 - 0.5) * 0.5
            known = np.isfinite(runs)
            axes.plot(
                runs[known] / published, at + offset[known], "o", ms=3, mew=0, alpha=0.5,
                color=COLOURS[0], zorder=2, label="single runs of ours" if at == 0 else None,
            )  # fmt: skip
            if np.isfinite(ours):
                axes.plot(
                    [ours / published] * 2, [at - 0.36, at + 0.36], color="black", lw=2.2,
                    zorder=3, label="their mean or median" if at == 0 else None,
                )  # fmt: skip
        axes.set_yticks(range(len(rows)), [words for words, *_ in rows])
        axes.set_ylim(len(rows) - 0.4, -0.6)
        axes.grid(True, axis="x")
        axes.grid(False, axis="y")
        axes.set_xlabel("as a multiple of the published value (ratio)", color=GREY)
        figure.legend(loc="outside lower center", ncols=3, frameon=False)
    return figure
