"""What the keys of a design do to an outcome: lines, heat maps or clouds of points."""

import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from matplotlib.ticker import MaxNLocator

from experiments.methods.factors import (
    by_level,
    quantity,
)
from experiments.outcomes import Measure
from experiments.planning.designs import Design
from experiments.plots.clouds import clouds
from experiments.plots.names import label_lines
from experiments.plots.panels import MOST_PANELS, caption, columns_of, measured, panels_of, plural
from experiments.plots.style import (
    COLOURS,
    MARKERS,
    look,
    new_figure,
    places_of,
    short,
    styled,
)
from experiments.sections.keys import parameter_of, said, shortest
from experiments.wording import decimals, figure

_SHARED = "The worlds are the same everywhere, so that differences are mostly surer than means."
_MAP = "cividis"
"""Made for the colour-blind, and rising in lightness (Nunez, Anderton & Renslow 2018)."""


def factors(runs: pd.DataFrame, design: Design, measure: Measure, title: str) -> Figure:
    """Draw an outcome against what the design varies.

    One key with listed values: a line per policy, with 95% bands. Two keys of a grid: a heat map
    per policy. Anything sampled: a cloud per key, the strongest rank correlation first. Else: the
    mean at each level of each key, over the others.

    Parameters
    ----------
    runs
        As `Results.runs` has it: `policy`, `seed`, a column per key, and the outcome's.
    design
        What was varied.
    measure
        The outcome.
    title
        What is seen.
    """
    runs = runs.dropna(subset=[measure.name])
    keys = list(design.varied or design.keys)
    with styled():
        if design.ranges:
            return clouds(runs, design, measure, title)
        if design.kind == "grid" and len(keys) == 2:
            return _maps(runs, keys, measure, title)
        if design.kind in ("zip", "list") and len(keys) > 1:
            return _rows(runs, keys, measure, title)
        return _lines(runs, keys, measure, title, bool(design.section.exclude))


# Lines


def _lines(
    runs: pd.DataFrame, keys: Sequence[str], measure: Measure, title: str, uneven: bool
) -> Figure:
    shown = list(keys)[:MOST_PANELS]
    down = -(-len(shown) // columns_of(len(shown)))
    width = 7.6 if len(shown) == 1 else 3.7 * columns_of(len(shown)) + 1.2
    drawn = new_figure(width, 1.4 + (3.6 if len(shown) == 1 else 2.9) * down, title)
    panels = panels_of(drawn, len(shown), sharey=True)
    looks = places_of(runs["policy"])
    worlds = runs["seed"].nunique()
    for axes, key in zip(panels, shown, strict=True):
        table = by_level(runs, [key], measure.name)
        ends = _level_lines(axes, table, key, looks)
        axes.set_xlabel(textwrap.fill(quantity(key), 42))
        last = (
            axes in panels[columns_of(len(shown)) - 1 :: columns_of(len(shown))]
            or axes is panels[-1]
        )
        if last and len(looks) > 1:
            label_lines(axes, ends)
    panels[0].set_ylabel(measured(measure))
    text = f"Means over {worlds} world{plural(worlds)}"
    text += f" with 95% intervals. {_SHARED}" if worlds > 1 else "."
    if len(keys) > 1:
        text += " Each panel is averaged over the other keys."
        text += " Points are left out, so that these averages are uneven." if uneven else ""
    if len(keys) > len(shown):
        text += f" The first {len(shown)} of {len(keys)} keys."
    caption(drawn, text)
    return drawn


def _level_lines(
    axes: Axes, table: pd.DataFrame, key: str, looks: dict[str, int]
) -> list[tuple[str, float, str]]:
    """Draw the mean at each level of a key, a line per policy; return where the lines end."""
    levels = list(dict.fromkeys(table[key]))
    numeric = parameter_of(key).number and None not in levels
    levels = sorted(levels) if numeric else levels
    ends = []
    for number, (policy, rows) in enumerate(table.groupby("policy", sort=False)):
        index = looks[str(policy)]
        drawn = look(index)
        rows = rows.sort_values(key) if numeric else rows
        apart = 0.0 if len(looks) == 1 else 0.36 * (number / (len(looks) - 1) - 0.5)
        across = rows[key].astype(float) if numeric else np.arange(len(rows)) + apart
        mark = MARKERS[index % len(MARKERS)]
        if numeric:
            axes.fill_between(
                across, rows["low"], rows["high"], color=drawn["color"], alpha=0.2, lw=0
            )
        else:
            reach = [rows["mean"] - rows["low"], rows["high"] - rows["mean"]]
            axes.errorbar(
                across, rows["mean"], reach, color=drawn["color"], lw=1.4, fmt="none", capsize=3
            )
            drawn = {**drawn, "linestyle": "none"}
        axes.plot(across, rows["mean"], marker=mark, ms=5, mfc="white", mew=1.2, **drawn)
        ends.append((str(policy), float(rows["mean"].iloc[-1]), str(drawn["color"])))
    if not numeric:
        axes.set_xticks(range(len(levels)), [short(said(level)) for level in levels])
        axes.set_xlim(-0.5, len(levels) - 0.5)
    else:
        axes.xaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 2.5, 5, 10]))
    axes.yaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 2.5, 5, 10]))
    return ends


# Rows of values, as in a list


def _rows(runs: pd.DataFrame, keys: Sequence[str], measure: Measure, title: str) -> Figure:
    """Draw the mean at each point of a list, a place per point with its values written below."""
    table = by_level(runs, keys, measure.name)
    points = table[list(keys)].drop_duplicates()
    looks = places_of(runs["policy"])
    drawn = new_figure(max(6.4, 1.8 + 1.5 * len(points)), 4.2 + 0.16 * len(keys), title)
    axes = drawn.subplots()
    words = shortest(keys)
    names = [
        "\n".join(f"{word} {said(value)}" for word, value in zip(words, row, strict=True))
        for row in points.itertuples(index=False)
    ]
    ends = []
    for number, (policy, rows) in enumerate(table.groupby("policy", sort=False)):
        index = looks[str(policy)]
        colour, mark = COLOURS[index % len(COLOURS)], MARKERS[index % len(MARKERS)]
        shift = 0.0 if len(looks) == 1 else 0.36 * (number / (len(looks) - 1) - 0.5)
        across = np.arange(len(rows)) + shift
        reach = [rows["mean"] - rows["low"], rows["high"] - rows["mean"]]
        axes.errorbar(across, rows["mean"], reach, color=colour, lw=1.4, fmt="none", capsize=3)
        axes.plot(across, rows["mean"], mark, color=colour, ms=5.5, mfc="white", mew=1.2)
        ends.append((str(policy), float(rows["mean"].iloc[-1]), colour))
    axes.set_xticks(range(len(points)), names)
    axes.set_xlim(-0.5, len(points) - 0.5)
    axes.set_xlabel(textwrap.fill(", ".join(quantity(key) for key in keys), int(len(points) * 18)))
    axes.set_ylabel(measured(measure))
    if len(looks) > 1:
        label_lines(axes, ends)
    worlds = runs["seed"].nunique()
    text = f"Means over {worlds} world{plural(worlds)}"
    caption(drawn, text + (f"; bars are 95% intervals. {_SHARED}" if worlds > 1 else "."))
    return drawn


# Heat maps


def _maps(runs: pd.DataFrame, keys: Sequence[str], measure: Measure, title: str) -> Figure:
    down_key, across_key = keys
    table = by_level(runs, keys, measure.name)
    policies = list(dict.fromkeys(table["policy"]))
    columns, rows = (list(dict.fromkeys(table[key])) for key in (across_key, down_key))
    wide = max(2.6, 0.72 * len(columns) + 0.9)
    high = max(1.7, 0.5 * len(rows) + 0.7)
    many = columns_of(len(policies))
    drawn = new_figure(max(6.0, wide * many + 1.9), 1.3 + high * -(-len(policies) // many), title)
    panels = panels_of(drawn, len(policies), sharex=True, sharey=True)
    for axes, policy in zip(panels, policies, strict=True):
        part = table[table["policy"] == policy]
        image = _map(axes, part, keys, (rows, columns), (table["mean"].min(), table["mean"].max()))
        axes.set_title(short(str(policy)) if len(policies) > 1 else "")
    for axes in panels[-many:]:
        axes.set_xlabel(quantity(across_key))
    for axes in panels[::many]:
        axes.set_ylabel(quantity(down_key))
    bar = drawn.colorbar(image, ax=panels, fraction=0.05, pad=0.02)
    bar.set_label(measured(measure))
    bar.outline.set_visible(False)
    holes = len(table) < len(policies) * len(rows) * len(columns)
    caption(drawn, _map_text(runs["seed"].nunique(), holes))
    return drawn


def _map(
    axes: Axes, part: pd.DataFrame, keys: Sequence[str], levels: tuple[list[Any], list[Any]],
    ends: tuple[float, float],
) -> AxesImage:  # fmt: skip
    """Draw the cells of one policy: the levels of the first key upwards, of the second across."""
    rows, columns = levels
    places = list(zip(part[keys[0]], part[keys[1]], strict=True))
    means, highs = (
        _square(dict(zip(places, part[name], strict=True)), rows, columns)
        for name in ("mean", "high")
    )
    image = axes.imshow(means, cmap=_MAP, vmin=ends[0], vmax=ends[1], aspect="auto", origin="lower")
    _write_cells(axes, means, highs - means, *ends)
    axes.set_xticks(range(len(columns)), [said(value) for value in columns])
    axes.set_yticks(range(len(rows)), [said(value) for value in rows])
    axes.grid(False)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    return image


def _map_text(worlds: int, holes: bool) -> str:
    text = f"Mean over {worlds} world{plural(worlds)} at each point"
    half = ", and below it half the width of its 95% interval"
    text += f"{half}. {_SHARED}" if worlds > 1 else "."
    return text + (" Empty: left out." if holes else "")


def _square(values: Mapping[Any, float], rows: Sequence[Any], columns: Sequence[Any]) -> Any:
    """Return values by their two levels as an array [rows, columns]; NaN where there are none."""
    return np.array([[values.get((row, column), np.nan) for column in columns] for row in rows])


def _write_cells(axes: Axes, means: Any, reach: Any, low: float, top: float) -> None:
    """Write each mean into its cell, and its uncertainty below it."""
    if means.size > 144:
        return
    colours = matplotlib.colormaps[_MAP]
    places = decimals((top - low) / 40 if top > low else abs(top), 1)
    for (row, column), mean in np.ndenumerate(means):
        if not np.isfinite(mean):
            continue
        red, green, blue, _ = colours((mean - low) / (top - low) if top > low else 0.5)
        light = 0.3 * red + 0.59 * green + 0.11 * blue > 0.5
        text = figure(mean, places)
        if np.isfinite(reach[row, column]):
            text += f"\n± {figure(reach[row, column], places)}"
        axes.text(
            column, row, text, ha="center", va="center", fontsize=8, linespacing=1.15,
            color="black" if light else "white",
        )  # fmt: skip
