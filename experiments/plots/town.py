"""A small town seen from above: its people on a ring, in order, and the ties between them."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.collections import LineCollection
from matplotlib.colors import TwoSlopeNorm
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import NDArray

from experiments.plots.style import COLOURS, GREY, capital, new_figure, styled
from sim.network import Network
from sim.ties import WEAK

Array = NDArray[Any]

_TIE = "#D5D5D5"
_MARKS = {"customer": "o", "lapsed": "X", "prospect": "s"}
"""Standing is told by shape, so that colour can tell the opinion."""

_BAND = 0.11
"""How far each of four people stands further in than the one before, as a share of the radius."""

_PARTED = "PuOr"
"""Purple is good, orange is bad, white between: told apart by the colour-blind."""


def town(network: Network, moments: Mapping[str, pd.DataFrame], title: str) -> Figure:
    """Draw what everybody thinks of the firm at some moments, a panel each.

    Parameters
    ----------
    network
        The strong ties; a hundred or two people can still be seen.
    moments
        By name: a row a person, columns `status` (prospect, customer, lapsed), `aware`, and
        `regard` (0 to 1; 0.5 is neutral).
    title
        What is seen.
    """
    places = ring(network.people)
    norm = TwoSlopeNorm(0.5, 0.0, 1.0)
    with styled():
        figure = new_figure(0.9 + 3.3 * len(moments), 4.3, title)
        panels = np.atleast_1d(figure.subplots(1, len(moments)))
        for axes, (name, people) in zip(panels, moments.items(), strict=True):
            _ground(axes, network, places)
            for status, mark in _MARKS.items():
                some = (people["status"] == status).to_numpy()
                knows = some & people["aware"].to_numpy(dtype=bool)
                axes.scatter(
                    *places[some & ~knows].T, s=22, marker=mark, facecolor="white",
                    edgecolor="#AAAAAA", lw=0.7, zorder=3,
                )  # fmt: skip
                axes.scatter(
                    *places[knows].T, c=people.loc[knows, "regard"], cmap=_PARTED, norm=norm,
                    s=34, marker=mark, edgecolor=GREY, lw=0.5, zorder=4,
                )  # fmt: skip
            axes.set_title(name)
        scale = ScalarMappable(norm, _PARTED)
        bar = figure.colorbar(scale, ax=panels.tolist(), shrink=0.75, pad=0.01)
        bar.set_label("What a person thinks (0 to 1)")
        bar.outline.set_visible(False)
        figure.legend(
            handles=[
                *(_mark(mark, capital(status)) for status, mark in _MARKS.items()),
                _mark("o", "Has not heard of the firm", "white"),
            ],
            loc="outside lower left", ncols=4, frameon=False, fontsize=8.5,
        )  # fmt: skip
    return figure


def spread(network: Network, stories: Mapping[str, pd.DataFrame], title: str) -> Figure:
    """Draw how stories travel through the town, a panel a story.

    Parameters
    ----------
    network
        The strong ties.
    stories
        By name: the tellings of one story, columns `teller`, `listener`, `hop` and `tie`.
    title
        What is seen.
    """
    places = ring(network.people)
    hops = max(int(tellings["hop"].max()) for tellings in stories.values())
    with styled():
        figure = new_figure(0.4 + 4.3 * len(stories), 5.2, title)
        panels = np.atleast_1d(figure.subplots(1, len(stories)))
        for axes, (name, tellings) in zip(panels, stories.items(), strict=True):
            _ground(axes, network, places)
            for hop in range(hops, -1, -1):
                _tellings(axes, tellings[tellings["hop"] == hop], places, COLOURS[hop])
            first = int(tellings["teller"].to_numpy()[tellings["hop"].to_numpy().argmin()])
            axes.plot(*places[first], "*", ms=15, color="black", mec="white", zorder=6)
            axes.set_title(name)
        figure.legend(
            handles=_key(hops), loc="outside lower left", ncols=7, frameon=False, fontsize=8.5,
            columnspacing=1.2,
        )  # fmt: skip
    return figure


def _tellings(axes: Axes, tellings: pd.DataFrame, places: Array, colour: str) -> None:
    by_chance = tellings["tie"] == WEAK
    for some, dash in ((tellings[~by_chance], "-"), (tellings[by_chance], (0, (3, 2)))):
        ends = np.stack([places[some["teller"]], places[some["listener"]]], axis=1)
        axes.add_collection(
            LineCollection(list(ends), colors=colour, lw=1.3, linestyles=[dash], zorder=4)
        )
    listeners = places[tellings["listener"]]
    axes.plot(*listeners.T, "o", ms=5, color=colour, mec="white", mew=0.6, zorder=5)


def _key(hops: int) -> list[Line2D]:
    words = ["At first hand", "Retold once", "Twice", "Three times", "Four times"]
    told = [Line2D([], [], color=COLOURS[hop], lw=1.6, label=words[hop]) for hop in range(hops + 1)]
    return [
        Line2D([], [], marker="*", ls="", ms=11, color="black", label="Where it began"),
        *told,
        Line2D(
            [],
            [],
            color=GREY,
            lw=1.4,
            ls=(0, (3, 2)),
            label="To somebody met by chance (others: to a friend)",
        ),
    ]


def _mark(mark: str, label: str, colour: str = "#BBBBBB") -> Line2D:
    return Line2D([], [], marker=mark, ls="", ms=6, mfc=colour, mec=GREY, mew=0.6, label=label)


def ring(people: int) -> Array:
    """Return places in a band around a circle, [people, 2].

    Neighbours of a small world lie side by side, and one further in than the other, so that the
    ties between them can be seen.
    """
    rows = np.arange(people)
    angles = 0.5 * np.pi - 2.0 * np.pi * rows / people
    radii = 1.0 - _BAND * (rows % 4)
    return np.column_stack([radii * np.cos(angles), radii * np.sin(angles)])


def _ground(axes: Axes, network: Network, places: Array) -> None:
    """Draw the strong ties, on axes without a scale: places on the ring have no unit."""
    tellers = np.repeat(np.arange(network.people), np.diff(network.offsets))
    once = tellers < network.neighbours
    ends = np.stack([places[tellers[once]], places[network.neighbours[once]]], axis=1)
    axes.add_collection(LineCollection(list(ends), colors=_TIE, lw=0.5, zorder=1))
    axes.plot(*places.T, "o", ms=2.2, color="#BBBBBB", zorder=2)
    axes.set_aspect("equal")
    axes.set_axis_off()
    axes.margins(0.06)
