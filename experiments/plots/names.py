"""Writing the names of lines and points into a picture."""

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from experiments.plots.places import beside_points, spread
from experiments.plots.style import COLOURS, dark, places_of, rows_of, short


def label_lines(axes: Axes, ends: Sequence[tuple[str, float, str]], points: float = 9.0) -> None:
    """Write each line's name at its right end; `ends` are name, last value and colour.

    Call it last: the names are moved apart by the height that the axes have by then.
    """
    known = [end for end in ends if math.isfinite(end[1])]
    if not known:
        return
    figure = axes.get_figure(root=True)
    assert figure is not None
    figure.draw_without_rendering()
    low, high = axes.get_ylim()
    inches = axes.get_position().height * figure.get_figheight()
    gap = 1.35 * points * (high - low) / (inches * 72.0)
    places = spread([value for _, value, _ in known], gap)
    up = max(0.0, low - min(places)) - max(0.0, max(places) - high)
    for (name, value, colour), place in zip(known, places, strict=True):
        axes.annotate(
            short(name),
            xy=(1.0, value),
            xycoords=("axes fraction", "data"),
            xytext=(1.03, place + up),
            textcoords=("axes fraction", "data"),
            va="center",
            color=dark(colour),
            fontsize=points,
            arrowprops={
                "arrowstyle": "-",
                "color": colour,
                "lw": 0.6,
                "shrinkA": 1,
                "shrinkB": 0,
                "relpos": (0.0, 0.5),
            },
            annotation_clip=False,
        )


def label_points(axes: Axes, table: pd.DataFrame) -> None:
    """Write each point's name beside it; call it last, when the axes have their places.

    Parameters
    ----------
    table
        Columns `policy, spend, value`, and the ends of their bars: `spend_low, spend_high,
        value_low, value_high`; NaN where there are none.
    """
    figure = axes.get_figure(root=True)
    assert figure is not None
    figure.draw_without_rendering()
    scale = 72.0 / figure.dpi
    finite = np.isfinite(table["spend"]) & np.isfinite(table["value"])
    known = table[finite]
    points = _in_points(axes, known["spend"], known["value"])
    low, high = (
        _in_points(
            axes, known[f"spend_{end}"].fillna(known["spend"]),
            known[f"value_{end}"].fillna(known["value"]),
        )
        for end in ("low", "high")
    )  # fmt: skip
    bars = [(*one, *other) for one, other in zip(low, high, strict=True)]
    names = [short(str(name)) for name in known["policy"]]
    left, lower, right, upper = (float(edge) * scale for edge in axes.get_window_extent().extents)
    corners = beside_points(points, names, (left, lower, right, upper), bars)
    looks = places_of(table["policy"])
    for row, name, (across, up, side) in zip(rows_of(known), names, corners, strict=True):
        colour = COLOURS[looks[str(row.policy)] % len(COLOURS)]
        axes.annotate(
            name, xy=(row.spend, row.value), xytext=(across, up), textcoords="offset points",
            ha=side, va="bottom", fontsize=9.5, color=dark(colour),
        )  # fmt: skip


def _in_points(axes: Axes, across: pd.Series, up: pd.Series) -> list[tuple[float, float]]:
    """Return where data lie, in points (1/72 inch) from the corner of the figure."""
    figure = axes.get_figure(root=True)
    assert figure is not None
    data = np.column_stack([across, up]).astype(float)
    return [(float(x), float(y)) for x, y in axes.transData.transform(data) * 72.0 / figure.dpi]
