"""The look of all pictures, and how they are saved."""

import textwrap
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import matplotlib.colors
import matplotlib.style
import pandas as pd
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke
from matplotlib.ticker import FuncFormatter, MaxNLocator

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#000000", "#E69F00", "#56B4E9", "#8C6D1F")
"""Okabe & Ito 2008, safe for the colour-blind; its yellow, faint in print, made a brown."""

DASHES: tuple[Any, ...] = ("-", (0, (6, 2)), (0, (1.5, 1.2)), (0, (6, 2, 1.5, 2)), (0, (10, 3)),
                           (0, (3, 1.2)))  # fmt: skip
_OWN = ("none", "slow", "fast", "fast-generous", "bakery", "slow-generous", "courier-blamer")
"""Names that keep their look from picture to picture: those of the shipped policies."""

MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")

_STYLE: dict[str, Any] = {
    "font.family": ["DejaVu Sans"],
    "font.size": 9.5,
    "axes.titlesize": 10.5,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": "#555555",
    "axes.grid": True,
    "axes.grid.axis": "y",
    "axes.axisbelow": True,
    "grid.color": "#E3E3E3",
    "grid.linewidth": 0.8,
    "lines.linewidth": 1.8,
    "xtick.color": "#333333",
    "ytick.color": "#333333",
    "figure.titlesize": 13,
    "figure.titleweight": "bold",
    # Names are the user's own: a dollar sign in one is no formula.
    "text.parse_math": False,
    "figure.constrained_layout.w_pad": 0.1,
    "figure.constrained_layout.h_pad": 0.06,
    "svg.hashsalt": "amends",
    "svg.fonttype": "path",
    "savefig.dpi": 160,
}

GREY = "#555555"

HALO = (withStroke(linewidth=2.5, foreground="white"),)
"""About text that lies over lines."""


@contextmanager
def styled() -> Iterator[None]:
    """Draw in the house style, whatever the user's own Matplotlib settings are."""
    with matplotlib.style.context(["default", _STYLE]):
        yield


def save(figure: Figure, folder: Path, name: str) -> list[str]:
    """Write a figure as `name`.png and `name`.svg, and return the names of the files."""
    FigureCanvasAgg(figure)
    with styled(), warnings.catch_warnings():
        # A name in a script that the font lacks shows as boxes, which says enough.
        warnings.filterwarnings("ignore", message="Glyph")
        figure.savefig(folder / f"{name}.png", metadata={"Software": None})
        figure.savefig(folder / f"{name}.svg", metadata={"Date": None, "Creator": None})
    return [f"{name}.png", f"{name}.svg"]


def look(index: int) -> dict[str, Any]:
    """Return the colour and dash of the `index`-th line; the first 48 all differ."""
    return {
        "color": COLOURS[index % len(COLOURS)],
        "linestyle": DASHES[(index % len(COLOURS) + index // len(COLOURS)) % len(DASHES)],
    }


def places_of(policies: Iterable[str]) -> dict[str, int]:
    """Return which look each policy has; a shipped one the same in every picture.

    >>> places_of(["mine", "bakery", "none", "yours"])
    {'mine': 1, 'bakery': 4, 'none': 0, 'yours': 2}
    """
    names = list(dict.fromkeys(policies))
    taken = {_OWN.index(name) for name in names if name in _OWN}
    free = (place for place in count() if place not in taken)
    return {name: _OWN.index(name) if name in _OWN else next(free) for name in names}


def new_figure(width: float, height: float, title: str) -> Figure:
    """Return an empty figure of a size in inches, with its title wrapped to fit."""
    figure = Figure(figsize=(width, height), layout="constrained")
    figure.suptitle(textwrap.fill(capital(title), int(width * 8.2)), x=0.012, ha="left")
    return figure


def capital(text: str) -> str:
    """Return text with its first letter large."""
    return text[:1].upper() + text[1:]


def short(name: str) -> str:
    """Return a name cut to what fits beside a line."""
    return name if len(name) <= 26 else name[:24] + "\u2026"


def in_thousands(axis: Any) -> None:
    """Part the thousands of an axis's ticks, and have fewer of such long ones across."""
    far = max(map(abs, axis.get_view_interval()))
    if far >= 1000:
        axis.set_major_formatter(
            FuncFormatter(lambda value, _: f"{value:,.0f}".replace("-", "\u2212"))
        )
    if far >= 5000 and axis.axis_name == "x":
        axis.set_major_locator(MaxNLocator(4, steps=[1, 2, 5, 10], min_n_ticks=2))


def folded(name: str) -> str:
    """Return a name beside a line over up to three lines, and cut beyond that.

    >>> folded("what the courier is blamed for, as far as people tell of it")
    'what the courier is blamed\\nfor, as far as people tell\\nof it'
    """
    return textwrap.fill(name, 28, max_lines=3, placeholder="\u2026") if len(name) > 26 else name


def rows_of(table: pd.DataFrame) -> Iterator[Any]:
    """Return the rows of a table as named tuples, of which type checkers know too little."""
    return iter(table.itertuples())


def without_empty(grid: Any, panels: int) -> None:
    """Remove what is left over of a grid of axes; who stands lowest then has the numbers."""
    down, across = grid.shape
    for place in range(panels, down * across):
        grid.flat[place].remove()
        if place >= across:
            grid.flat[place - across].tick_params(labelbottom=True)


def dark(colour: str) -> tuple[float, float, float]:
    """Return a colour darkened, for text: what is plain as a line can be faint as letters."""
    red, green, blue = matplotlib.colors.to_rgb(colour)
    return 0.78 * red, 0.78 * green, 0.78 * blue
