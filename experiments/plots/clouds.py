"""An outcome at points drawn at random: a cloud for each key, the strongest first."""

import textwrap
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullLocator

from experiments.methods.drawn import (
    WORLDS,
    Factor,
    drawn_mean,
    levelled,
    paired_difference,
    running_mean,
)
from experiments.methods.factors import by_point, drawn_correlations, quantity
from experiments.methods.statistics import Interval
from experiments.outcomes import Measure
from experiments.planning.designs import Design
from experiments.plots.names import label_lines
from experiments.plots.panels import MOST_PANELS, caption, columns_of, measured, panels_of, plural
from experiments.plots.style import COLOURS, MARKERS, look, new_figure, places_of, short
from experiments.sections.keys import said
from experiments.wording import amount, decimals, figure

MOST_DOTS = 1000

_MOST_LINES = 3
"""Policies whose figures are written above a panel; of more, only from where to where they go."""

_STEPS = [1, 2, 2.5, 5, 10]

_BEYOND = 0.3
"""How far, as a share of the height of the dots, a band is shown beyond them; then it is cut."""


class _Cloud(NamedTuple):
    """What a picture of clouds is drawn from."""

    runs: pd.DataFrame
    """Without the luck that a world brings to all points and policies alike."""
    luck: float
    """How far that luck may have moved all of them, up or down; NaN from one world."""
    points: pd.DataFrame
    """The mean at each point: `policy`, the keys, `mean`."""
    design: Design
    measure: Measure
    looks: dict[str, int]

    @property
    def outcome(self) -> str:
        """Name of the outcome."""
        return self.measure.name

    @property
    def keys(self) -> list[str]:
        """What varies."""
        return list(self.design.varied or self.design.keys)

    def crossed_with(self, key: str) -> list[Factor]:
        """Return what was drawn beside a key, and is met at each of its values."""
        return [WORLDS, *(keys for keys in self.design.drawn if key not in keys)]

    @property
    def factors(self) -> list[Factor]:
        """All that was drawn."""
        return [WORLDS, *self.design.drawn]


def clouds(runs: pd.DataFrame, design: Design, measure: Measure, title: str) -> Figure:
    """Draw the mean at each point against each key; see `experiments.plots.factors.factors`."""
    keys = list(design.varied or design.keys)
    used = runs[list(dict.fromkeys(["policy", "seed", *keys, *design.ranges, measure.name]))]
    points = by_point(used, keys, measure.name)
    plain, luck = levelled(used, ["policy", *keys], measure.name)
    cloud = _Cloud(plain, luck, points, design, measure, places_of(runs["policy"]))
    ranks = _ranks(cloud)
    shown = list(dict.fromkeys(ranks["key"]))[:MOST_PANELS]
    across = columns_of(len(shown))
    heads = {key: _head(cloud, ranks, key) for key in shown}
    down = -(-len(shown) // across)
    most = max(head.count("\n") for head in heads.values())
    drawn = new_figure(
        max(7.0, 3.3 * across + 1.3), 1.75 + (2.75 + 0.16 * most) * down, title
    )  # fmt: skip
    panels = panels_of(drawn, len(shown), sharey=True)
    for number, (axes, key) in enumerate(zip(panels, shown, strict=True)):
        ends = _draw(axes, cloud, key)
        axes.set_title(heads[key], fontweight="normal", fontsize=9)
        axes.set_xlabel(textwrap.fill(quantity(key), 42), fontsize=9)
        axes.yaxis.set_major_locator(MaxNLocator(5, steps=_STEPS))
        if number % across == 0:
            axes.set_ylabel(measured(measure))
        if number == across - 1 or len(shown) == number + 1 <= across:
            label_lines(axes, ends if len(cloud.looks) > 1 else [])
    caption(drawn, _text(cloud, shown))
    return drawn


def _ranks(cloud: _Cloud) -> pd.DataFrame:
    """Return the rank correlations of what was drawn, the strongest first, and then all else."""
    ranks = drawn_correlations(cloud.runs, cloud.design, cloud.outcome)
    ranks = ranks[ranks["key"].isin(cloud.keys)]
    known = set(ranks["key"])
    others = pd.DataFrame({"key": [key for key in cloud.keys if key not in known]})
    return pd.concat([ranks, others.assign(rho=np.nan)], ignore_index=True)


# What stands above a panel


def _head(cloud: _Cloud, ranks: pd.DataFrame, key: str) -> str:
    """Return what a key does to the outcome, in figures."""
    if key in cloud.design.ranges:
        rows = ranks[(ranks["key"] == key) & np.isfinite(ranks["rho"])]
        told = {
            str(row.policy): (row.rho, _figures(row.rho, row.low, row.high, 2))
            for row in rows.itertuples()
        }
        return _by_policy(told, "r = ")
    levels = cloud.design.levels[key]
    ends = (levels[0], levels[-1])
    found = {}
    for policy, part in cloud.runs.groupby("policy", sort=False):
        mean, low, high = (
            float(np.reshape(each, -1)[0])
            for each in paired_difference(part, key, ends, cloud.factors, cloud.outcome)
        )
        places = decimals((high - low) / 2 if high > low else abs(mean), 2)
        if np.isfinite(mean):
            found[str(policy)] = mean, _figures(mean, low, high, places)
    return _by_policy(found, f"{short(said(ends[1]))} less {short(said(ends[0]))}: ")


def _by_policy(told: dict[str, tuple[float, str]], start: str) -> str:
    """Return one figure if all policies have the same; else one each, or the ends of many."""
    texts = list(dict.fromkeys(text for _, text in told.values()))
    if len(texts) < 2:
        return start + texts[0] if texts else ""
    if len(told) <= _MOST_LINES:
        return "\n".join(f"{short(policy)}: {start}{text}" for policy, (_, text) in told.items())
    low, high = (end(told, key=lambda policy: told[policy][0]) for end in (min, max))
    return "\n".join(f"from {start}{told[end][1]}, {short(end)}" for end in (low, high))


def _figures(value: float, low: float, high: float, places: int) -> str:
    """Return a value and its interval: `-0.93 (-0.97 to -0.85)`."""
    text, *ends = (
        figure(each, places).replace("-", "\u2212") for each in (value, low, high)
    )  # fmt: skip
    return f"{text} ({ends[0]} to {ends[1]})" if np.isfinite(low) else text


def _text(cloud: _Cloud, shown: Sequence[str]) -> str:
    """Return what stands below: what each mark is, and what its interval holds."""
    design = cloud.design
    worlds = cloud.runs["seed"].nunique()
    count = int(cloud.points.groupby("policy", sort=False).size().max())
    text = f"Marks: {count:,} points, each a mean over {worlds} world{plural(worlds)}. "
    strips = [key for key in shown if _listed(design, key) is not None]
    curves = len(strips) < len(shown)
    text += "Lines: running means over a fifth of the points" if curves else ""
    text += ("; dashes: means" if curves else "Dashes: means") if strips else ""
    what = " and ".join(filter(None, ("bands" if curves else "", "bars" if strips else "")))
    text += f". {what.capitalize()}: their 95% intervals, over the points drawn"
    if worlds > 1:
        span = amount(cloud.measure, cloud.luck, None, None)
        text += (
            " and the worlds, but for luck that all share: with other worlds everything may lie up to "
            f"{span} higher or lower."
        )
    else:
        text += "; one world cannot tell its luck."
    if len(cloud.looks) > 1:
        text += " Policies meet the same points, so that their differences are mostly surer."
    if any(key in design.ranges for key in shown):
        text += " r: Spearman's rank correlation, with its 95% interval over the points drawn."
    if any(key in design.levels for key in shown):
        text += " Differences are paired, with all else alike."
    if len(cloud.keys) > len(shown):
        text += f" The strongest {len(shown)} of {len(cloud.keys)} keys."
    return text


# The panels


def _listed(design: Design, key: str) -> Sequence[Any] | None:
    """Return the values of a key that takes a few; None if it takes any in a range."""
    over = design.ranges.get(key)
    return design.levels.get(key) if over is None else over.values


def _draw(axes: Axes, cloud: _Cloud, key: str) -> list[tuple[str, float, str]]:
    """Draw the points against one key, and their means; return where the means end."""
    low, high = cloud.points["mean"].min(), cloud.points["mean"].max()
    listed = _listed(cloud.design, key)
    ends = _curves(axes, cloud, key) if listed is None else _strips(axes, cloud, key, listed)
    room, (below, above) = (high - low) or 1.0, axes.get_ylim()
    axes.set_ylim(
        min(low - 0.05 * room, max(below, low - _BEYOND * room)),
        max(high + 0.05 * room, min(above, high + _BEYOND * room)),
    )
    return ends


def _curves(axes: Axes, cloud: _Cloud, key: str) -> list[tuple[str, float, str]]:
    """Draw the points along a range, and their running mean with its band."""
    ends = []
    for policy, part in cloud.points.groupby("policy", sort=False):
        index = cloud.looks[str(policy)]
        colour = COLOURS[index % len(COLOURS)]
        x, y = part[key].to_numpy(dtype=float), part["mean"].to_numpy(dtype=float)
        step = -(-len(x) // MOST_DOTS)
        axes.plot(
            x[::step], y[::step], MARKERS[index % len(MARKERS)], ms=3, mfc="none", mew=0.8,
            alpha=0.55, color=colour, rasterized=len(x) > 200,
        )  # fmt: skip
        own = cloud.runs[cloud.runs["policy"] == policy]
        across, band = running_mean(own, key, cloud.crossed_with(key), cloud.outcome)
        drawn = look(index)
        axes.fill_between(across, band.low, band.high, color=colour, alpha=0.16, lw=0, zorder=1)
        axes.plot(across, band.mean, **{**drawn, "linewidth": 2.2})
        ends.append((str(policy), float(band.mean[-1]) if len(across) else np.nan, colour))
    if cloud.design.ranges[key].kind == "log_uniform":
        axes.set_xscale("log")
        axes.xaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: said(float(value))))
        axes.xaxis.set_minor_locator(NullLocator())
    else:
        axes.xaxis.set_major_locator(MaxNLocator(5, steps=_STEPS))
    return ends


def _strips(
    axes: Axes, cloud: _Cloud, key: str, listed: Sequence[Any]
) -> list[tuple[str, float, str]]:
    """Draw the points at each of a few values, side by side, with their mean and its bar."""
    ends, looks = [], cloud.looks
    for number, (policy, part) in enumerate(cloud.points.groupby("policy", sort=False)):
        index = looks[str(policy)]
        colour, mark = COLOURS[index % len(COLOURS)], MARKERS[index % len(MARKERS)]
        shift = 0.0 if len(looks) == 1 else 0.5 * (number / (len(looks) - 1) - 0.5)
        own = cloud.runs[cloud.runs["policy"] == policy]
        means = []
        for place, level in enumerate(listed):
            y = part.loc[_at(part, key, level), "mean"].to_numpy(dtype=float)
            spread = place + shift + 0.12 * (np.arange(len(y)) % 5 / 4 - 0.5)
            axes.plot(spread, y, mark, ms=3, mfc="none", mew=0.8, alpha=0.55, color=colour)
            found = drawn_mean(own[_at(own, key, level)], cloud.factors, cloud.outcome)
            means.append(_bar(axes, place + shift, found, colour))
        ends.append((str(policy), means[-1], colour))
    axes.set_xticks(range(len(listed)), [short(said(level)) for level in listed], fontsize=8)
    axes.set_xlim(-0.6, len(listed) - 0.4)
    return ends


def _at(table: pd.DataFrame, key: str, level: Any) -> pd.Series:
    """Return which rows have a level of a key."""
    return table[key].isna() if level is None else table[key] == level


def _bar(axes: Axes, place: float, found: Interval, colour: str) -> float:
    """Draw a mean as a dash with its interval, and return it."""
    mean, low, high = (float(np.reshape(each, -1)[0]) for each in found)
    if np.isfinite(low):
        axes.plot([place] * 2, [low, high], color=colour, lw=1.6)
        axes.plot([place] * 2, [low, high], "_", ms=7, mew=1.6, color=colour)
    axes.plot(place, mean, "_", ms=14, mew=2.4, color=colour)
    return mean
