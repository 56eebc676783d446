"""An outcome at points drawn at random: a cloud for each key, the strongest first."""

import textwrap
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullLocator

from experiments.methods.factors import NOISE, by_point, quantity, rank_correlations, running_mean
from experiments.outcomes import Measure
from experiments.planning.designs import Design
from experiments.plots.names import label_lines
from experiments.plots.panels import MOST_PANELS, caption, columns_of, measured, panels_of, plural
from experiments.plots.style import COLOURS, MARKERS, look, new_figure, places_of, short
from experiments.sections.keys import said

MOST_DOTS = 1000


def clouds(runs: pd.DataFrame, design: Design, measure: Measure, title: str) -> Figure:
    """Draw the mean at each point against each key; see `experiments.plots.factors.factors`."""
    keys = list(design.varied or design.keys)
    points = by_point(runs, keys, measure.name)
    ranks = rank_correlations(points, keys)
    shown = list(dict.fromkeys(ranks["key"]))[:MOST_PANELS]
    looks = places_of(runs["policy"])
    down = -(-len(shown) // columns_of(len(shown)))
    drawn = new_figure(max(7.0, 3.3 * columns_of(len(shown)) + 1.3), 1.5 + 2.75 * down, title)
    panels = panels_of(drawn, len(shown), sharey=True)
    for number, (axes, key) in enumerate(zip(panels, shown, strict=True)):
        ends = _cloud(axes, points, key, design, looks)
        axes.set_title(_rank_text(ranks[ranks["key"] == key]), fontweight="normal", fontsize=9)
        axes.set_xlabel(textwrap.fill(quantity(key), 42), fontsize=9)
        if number % columns_of(len(shown)) == 0:
            axes.set_ylabel(measured(measure))
        if number == columns_of(len(shown)) - 1 or len(shown) == number + 1 <= columns_of(
            len(shown)
        ):
            label_lines(axes, ends if len(looks) > 1 else [])
    caption(drawn, _cloud_text(points, design, shown, runs["seed"].nunique()))
    return drawn


def _cloud_text(points: pd.DataFrame, design: Design, shown: Sequence[str], worlds: int) -> str:
    keys = design.varied or design.keys
    count = int(points.groupby("policy", sort=False).size().max())
    # Of a nested design only the sampled points are independent of each other.
    drawn = len(points[list(design.ranges)].drop_duplicates())
    means = "lines are running means over a fifth of the points"
    if any(key in design.levels or design.ranges[key].values is not None for key in shown):
        means += ", dashes means"
    text = (
        f"{count:,} points, each a mean over {worlds} world{plural(worlds)}; {means}. r is "
        f"Spearman's rank correlation, which may be chance within ±{min(1.0, NOISE / max(1, drawn - 1) ** 0.5):.2f}."
    )
    if len(keys) > len(shown):
        text += f" The strongest {len(shown)} of {len(keys)} keys."
    return text


def _rank_text(ranks: pd.DataFrame) -> str:
    known = [float(rho) for rho in ranks["rho"] if np.isfinite(rho)]
    if not known:
        return ""
    low, high = (f"{rho:.2f}".replace("-", "\u2212") for rho in (min(known), max(known)))
    return f"r = {low}" if low == high else f"r = {low} to {high}"


def _cloud(
    axes: Axes, points: pd.DataFrame, key: str, design: Design, looks: dict[str, int]
) -> list[tuple[str, float, str]]:
    """Draw the points against one key, and their running mean; return where the means end."""
    over = design.ranges.get(key)
    listed = design.levels.get(key) if over is None else over.values
    if listed is not None:
        return _strips(axes, points, key, listed, looks)
    ends = []
    for policy, part in points.groupby("policy", sort=False):
        index = looks[str(policy)]
        colour = COLOURS[index % len(COLOURS)]
        x, y = part[key].to_numpy(dtype=float), part["mean"].to_numpy(dtype=float)
        step = -(-len(x) // MOST_DOTS)
        axes.plot(
            x[::step], y[::step], MARKERS[index % len(MARKERS)], ms=3, mfc="none", mew=0.8,
            alpha=0.55, color=colour, rasterized=len(x) > 200,
        )  # fmt: skip
        means = running_mean(x, y)
        drawn = look(index)
        axes.plot(*means, **{**drawn, "linewidth": 2.2})
        ends.append((str(policy), float(means[1][-1]) if len(means[1]) else np.nan, colour))
    if over is not None and over.kind == "log_uniform":
        axes.set_xscale("log")
        axes.xaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: said(float(value))))
        axes.xaxis.set_minor_locator(NullLocator())
    else:
        axes.xaxis.set_major_locator(MaxNLocator(5))
    axes.yaxis.set_major_locator(MaxNLocator(5))
    return ends


def _strips(
    axes: Axes, points: pd.DataFrame, key: str, listed: Sequence[Any], looks: dict[str, int]
) -> list[tuple[str, float, str]]:
    """Draw the points at each of a few values, side by side, with their mean."""
    ends = []
    for number, (policy, part) in enumerate(points.groupby("policy", sort=False)):
        index = looks[str(policy)]
        colour, mark = COLOURS[index % len(COLOURS)], MARKERS[index % len(MARKERS)]
        shift = 0.0 if len(looks) == 1 else 0.5 * (number / (len(looks) - 1) - 0.5)
        means = []
        for place, level in enumerate(listed):
            at = part[key].isna() if level is None else part[key] == level
            y = part.loc[at, "mean"].to_numpy(dtype=float)
            spread = place + shift + 0.12 * (np.arange(len(y)) % 5 / 4 - 0.5)
            axes.plot(spread, y, mark, ms=3, mfc="none", mew=0.8, alpha=0.55, color=colour)
            means.append(float(np.mean(y)) if len(y) else np.nan)
        axes.plot(np.arange(len(listed)) + shift, means, "_", ms=14, mew=2.2, color=colour)
        ends.append((str(policy), means[-1], colour))
    axes.set_xticks(range(len(listed)), [short(said(level)) for level in listed], fontsize=8)
    axes.set_xlim(-0.6, len(listed) - 0.4)
    return ends
