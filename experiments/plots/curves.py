"""What happened over time: one run, or several policies."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from experiments.plots.names import label_lines
from experiments.plots.style import GREY, capital, look, new_figure, places_of, styled

_SHADE = 0.2
"""How opaque a band is at most."""

NEUTRAL = 50.0
"""Reputation that is neither good nor bad, in points."""


def one_run(series: pd.DataFrame, title: str) -> Figure:
    """Draw what happened in one run: reputation, satisfaction, stories and customers over time.

    Parameters
    ----------
    series
        `Outcome.series`: a row per measuring day.
    title
        What is seen; scenario, policy and seed.
    """
    with styled():
        figure = new_figure(8.2, 8.6, title)
        panels = figure.subplots(4, 1, sharex=True, height_ratios=[1.2, 1, 1, 1])
        spans = series["day"].diff().to_numpy()
        # A last interval of a day or two, made a week's, would look like a collapse or a boom.
        spans = np.where(2.0 * spans < np.nanmax(spans), np.nan, spans)
        with np.errstate(invalid="ignore"):
            good, bad = (series[f"{kind}_stories"] / spans * 7.0 for kind in ("good", "bad"))
        _panel(
            panels[0], series, "Reputation (points; 50 is neutral)",
            {"all who know it": series["reputation"],
             "non-customers": series["reputation_noncustomers"]},
        )  # fmt: skip
        _neutral(panels[0])
        _panel(
            panels[1], series, "Satisfaction of customers (-1 to 1)",
            {"customers": series["satisfaction"]},
        )  # fmt: skip
        _panel(
            panels[2],
            series,
            "Stories told (a week)",
            {"good": good, "bad": bad},
            zero=True,
        )
        _panel(
            panels[3], series, "The market (people)",
            {"customers": series["customers"], "prospects": series["prospects"],
             "lapsed": series["lapsed"]}, zero=True,
        )  # fmt: skip
        panels[3].set_xlabel("Day")
        for panel in panels:
            lines = [line for line in panel.get_lines() if not line.get_label().startswith("_")]
            ends = [(line.get_label(), _last(line.get_ydata()), line.get_color()) for line in lines]
            label_lines(panel, ends)
    return figure


def _panel(
    axes: Axes, series: pd.DataFrame, title: str, lines: Mapping[str, Any], zero: bool = False
) -> None:
    """Draw named lines over the days, with the quantity and its unit as the panel's title."""
    axes.set_title(title)
    for index, (name, values) in enumerate(lines.items()):
        axes.plot(series["day"], values, label=name, **look(index))
    axes.margins(x=0.0)
    axes.yaxis.set_major_locator(MaxNLocator(5))
    if zero:
        axes.set_ylim(bottom=0.0)


def _neutral(axes: Axes) -> None:
    """Draw where an opinion is neither good nor bad, without making room for it."""
    low, high = axes.get_ylim()
    if low <= NEUTRAL <= high:
        axes.axhline(NEUTRAL, color=GREY, lw=0.8, zorder=1)


def _last(values: Any) -> float:
    """Return the last value that is a number, or NaN."""
    known = np.asarray(values, dtype=float)
    known = known[np.isfinite(known)]
    return float(known[-1]) if len(known) else math.nan


def over_time(
    bands: pd.DataFrame, quantity: str, title: str, subtitle: str, neutral: bool = False
) -> Figure:
    """Draw the mean of one quantity under each policy over time, with the band of its interval.

    Parameters
    ----------
    bands
        Columns `policy, day, mean, low, high`; policies in the order of their first rows.
    quantity
        The quantity with its unit, for the axis.
    title, subtitle
        What is seen, and how the bands are to be read.
    neutral
        Whether the quantity is an opinion in points, of which 50 is neither good nor bad.
    """
    with styled():
        figure = new_figure(8.2, 4.8, title)
        axes = figure.subplots()
        axes.set_title(subtitle, fontweight="normal", fontsize=9.5, color=GREY)
        ends = []
        looks = places_of(bands["policy"])
        # Many bands over each other become mud: then they are fainter, and have edges.
        shade = min(_SHADE, 0.6 / len(looks))
        for policy, rows in bands.groupby("policy", sort=False):
            drawn = look(looks[str(policy)])
            axes.fill_between(
                rows["day"], rows["low"], rows["high"], fc=to_rgba(drawn["color"], shade),
                ec=to_rgba(drawn["color"], 0.5), lw=0.7 if shade < _SHADE else 0.0,
            )  # fmt: skip
            axes.plot(rows["day"], rows["mean"], **drawn)
            ends.append((str(policy), _last(rows["mean"]), drawn["color"]))
        axes.margins(x=0.0)
        if neutral:
            _neutral(axes)
        axes.set_xlabel("Day")
        axes.set_ylabel(capital(quantity))
        label_lines(axes, ends)
    return figure
