"""Several panels in one figure: their places, their axes and the words below them."""

import textwrap
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from experiments.outcomes import Measure
from experiments.plots.style import GREY, capital

MOST_PANELS = 6


def measured(measure: Measure) -> str:
    """Return an outcome with its unit, for an axis."""
    unit = measure.unit if measure.unit not in ("", measure.label) else ""
    less = "less is better" if measure.direction < 0 else ""
    inside = "; ".join(filter(None, (unit, less)))
    return capital(measure.label) + (f" ({inside})" if inside else "")


def caption(drawn: Figure, text: str) -> None:
    """Write below a figure how it is to be read."""
    width = int(drawn.get_figwidth() * 14)
    drawn.supxlabel(textwrap.fill(text, width), x=0.012, ha="left", fontsize=9, color=GREY)


def panels_of(drawn: Figure, count: int, **sharing: Any) -> list[Axes]:
    """Return so many panels, in rows of at most three."""
    across = columns_of(count)
    grid = drawn.subplots(-(-count // across), across, squeeze=False, **sharing)
    for axes in list(grid.flat)[count:]:
        axes.remove()
    return list(grid.flat)[:count]


def columns_of(count: int) -> int:
    """Return how many panels stand side by side."""
    return 2 if count == 4 else min(3, count)


def plural(count: int) -> str:
    """Return the ending of a noun."""
    return "" if count == 1 else "s"
