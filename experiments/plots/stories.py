"""Stories in pictures: where reputation comes from, how one story spread, and the worst cases."""

import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from experiments.plots.style import COLOURS, GREY, MARKERS, dark, new_figure, rows_of, styled
from sim.ties import COLLEAGUE, REFERRAL, STRONG, WEAK

_GAIN, _LOSS = COLOURS[0], COLOURS[1]
_LINES = {
    STRONG: "-",
    WEAK: (0, (4, 2.4)),
    COLLEAGUE: (0, (1, 1.4)),
    REFERRAL: (0, (7, 1.6, 1, 1.6)),
}
_TOLD = {
    STRONG: "to a friend",
    WEAK: "to a stranger",
    COLLEAGUE: "to a colleague",
    REFERRAL: "between who brought and was brought",
}


def sources(parts: Mapping[str, float], turned: Mapping[str, float], title: str) -> Figure:
    """Draw the way of reputation from 50, where nobody thinks anything, to where it ends, and beside it
    how many decisions to buy stories turned.

    Parameters
    ----------
    parts
        By source in words: points of reputation, in the order in which they are added.
    turned
        By source of stories in words: decisions to buy, in people.
    title
        What is seen.
    """
    names = ["nobody thinks anything", *parts, "reputation at the end"]
    ends = 50.0 + np.cumsum([0.0, *parts.values()])
    with styled():
        figure = new_figure(9.6, 1.9 + 0.42 * len(names), title)
        axes, beside = figure.subplots(1, 2, sharey=True, width_ratios=[1.75, 1])
        for place, (start, end) in enumerate(zip(ends[:-1], ends[1:], strict=True), 1):
            _step(axes, place, float(start), float(end))
        for place, value in ((0, 50.0), (len(names) - 1, float(ends[-1]))):
            axes.plot(value, place, "D", ms=6, color="black")
            axes.annotate(f"{value:.2f}", (value, place), (9, 0), textcoords="offset points",
                          va="center", fontsize=9.5, weight="bold")  # fmt: skip
        for place, value in enumerate(ends):
            axes.plot([value, value], [place, place + 1], color=GREY, lw=0.8, ls=(0, (2, 2)))
        for name, people in turned.items():
            _step(beside, names.index(name), 0.0, people, places=1)
        beside.axvline(0.0, color=GREY, lw=0.9)
        for panel, words, room in (
            (axes, "Reputation (points from 0 to 100;\n50 is neutral)", 0.14),
            (beside, "Decisions to buy that\nstories turned (people)", 0.1),
        ):
            panel.tick_params(axis="y", length=0)
            panel.grid(False, axis="y")
            panel.grid(True, axis="x")
            panel.use_sticky_edges = False
            panel.margins(x=room)
            panel.set_xlabel(words)
        low, high = beside.get_xlim()
        beside.set_xlim(low, high + 0.25 * (high - low))  # for the numbers beside the bars
        axes.set_yticks(range(len(names)), names)
        axes.set_ylim(len(names) - 0.4, -0.6)
    return figure


def _step(axes: Axes, place: int, start: float, end: float, places: int = 2) -> None:
    gains = end >= start
    colour = _GAIN if gains else _LOSS
    axes.barh(
        place, end - start, left=start, height=0.62, color=colour, alpha=0.85,
        hatch="" if gains else "////", edgecolor="white", lw=0.0,
    )  # fmt: skip
    axes.annotate(
        f"{end - start:+,.{places}f}", (max(start, end), place), (5, 0),
        textcoords="offset points", va="center", fontsize=9, color=dark(colour),
    )  # fmt: skip


def story_tree(hearers: pd.DataFrame, title: str, subtitle: str) -> Figure:
    """Draw how one story went from person to person, over time.

    Parameters
    ----------
    hearers
        A row a person, tellers before hearers: `day` on which it first heard the story, `height` in
        the tree, `teller` (place; -1 for the first), `hops` from the event, `tie`, `bad`.
    title, subtitle
        What is seen, and how it is to be read.
    """
    with styled():
        figure = new_figure(8.6, min(10.0, 2.6 + 0.075 * len(hearers)), title)
        axes = figure.subplots()
        _branches(axes, hearers)
        for hops, group in hearers.groupby("hops"):
            look = _look(int(str(hops)))
            for bad, fill in ((True, look["color"]), (False, "white")):
                some = group[group["bad"] == bad] if hops else group
                axes.plot(some["day"], some["height"], **look, ms=4.6 if hops else 9,
                          mfc=fill if hops else "black", mew=1.1, ls="none", zorder=3)  # fmt: skip
        axes.set_yticks([])
        axes.spines["left"].set_visible(False)
        axes.grid(False, axis="y")
        axes.grid(True, axis="x")
        axes.invert_yaxis()
        axes.xaxis.set_major_locator(MaxNLocator(8, integer=True))
        axes.set_xlabel("Day on which each person first heard the story")
        axes.set_ylabel("People, by who told whom (order has no meaning)")
        axes.legend(
            handles=_legend(hearers), loc="upper left", bbox_to_anchor=(1.01, 1.0), frameon=False,
            fontsize=9,
        )  # fmt: skip
        figure.supxlabel(textwrap.fill(subtitle, 112), x=0.012, ha="left", fontsize=9, color=GREY)
    return figure


def _look(hops: int) -> dict[str, Any]:
    """Return colour and mark of who is so many tellings from the event."""
    if not hops:
        return {"color": "black", "marker": "*"}
    return {"color": COLOURS[(hops - 1) % 4], "marker": MARKERS[(hops - 1) % 4]}


def _branches(axes: Axes, hearers: pd.DataFrame) -> None:
    days, heights = hearers["day"].to_numpy(), hearers["height"].to_numpy()
    tellers = hearers["teller"].to_numpy()
    for teller in np.unique(tellers[tellers >= 0]).tolist():
        told = heights[tellers == teller]
        low, high = min(*told, heights[teller]), max(*told, heights[teller])
        axes.plot([days[teller]] * 2, [low, high], color="#9A9A9A", lw=0.7, zorder=1)
    for row in rows_of(hearers[tellers >= 0]):
        axes.plot(
            [days[row.teller], row.day], [row.height] * 2, color=GREY, lw=0.8,
            ls=_LINES[row.tie], zorder=2,
        )  # fmt: skip


def _legend(hearers: pd.DataFrame) -> list[Line2D]:
    handles = []
    for hops in sorted(hearers["hops"].unique().tolist()):
        count = int((hearers["hops"] == hops).sum())
        words = "whom it befell" if not hops else f"{_ORDINAL.get(hops, f'{hops}th')} hand: {count}"
        look = _look(hops)
        handles.append(Line2D([], [], **look, ls="none", ms=9 if not hops else 5, label=words))
    told = hearers[hearers["hops"] > 0]
    if told["bad"].any() and not told["bad"].all():
        handles.append(Line2D([], [], marker="o", ls="none", color=GREY, label="bad story"))
        handles.append(
            Line2D([], [], marker="o", ls="none", color=GREY, mfc="white", label="good story")
        )
    kinds = {STRONG, WEAK, *told["tie"].tolist()}
    handles += [
        Line2D([], [], color=GREY, lw=1.2, ls=_LINES[tie], label=_TOLD[tie])
        for tie in sorted(kinds)
    ]
    return handles


_ORDINAL = {1: "first", 2: "second", 3: "third", 4: "fourth", 5: "fifth"}


_TRACED = "its stories cost (traced)"


def worst_cases(
    names: Sequence[str], lost: Sequence[float], answered: Sequence[float],
    spared: Sequence[float], title: str, subtitle: str,
) -> Figure:  # fmt: skip
    """Draw what the worst cases cost, and what other lives would have brought.

    Parameters
    ----------
    names
        The cases in words, worst first.
    lost
        Points of reputation that each one's stories cost, as positive numbers.
    answered, spared
        Points gained where it is answered at once, and where it does not happen.
    title, subtitle
        What is seen, and how it is to be read.
    """
    places = np.arange(len(names))
    with styled():
        figure = new_figure(8.6, 2.6 + 0.55 * len(names), title)
        axes = figure.subplots()
        axes.axvline(0.0, color=GREY, lw=1.0)
        axes.barh(places, lost, height=0.62, color="#D9D9D9", label=_TRACED)
        for values, offset, colour, marker, label in (
            (answered, -0.13, COLOURS[0], "o", "gained had it been answered at once"),
            (spared, 0.13, COLOURS[1], "s", "gained had it not happened"),
        ):
            axes.plot(values, places + offset, marker, color=colour, ms=6.5, ls="none", label=label)
        axes.set_yticks(places, [textwrap.fill(name, 44) for name in names])
        axes.set_ylim(len(names) - 0.5, -0.5)
        axes.tick_params(axis="y", length=0)
        axes.grid(False, axis="y")
        axes.grid(True, axis="x")
        axes.use_sticky_edges = False
        axes.margins(x=0.06)
        axes.set_xlabel("Reputation on the last day (points)")
        handles, labels = axes.get_legend_handles_labels()
        order = np.argsort([label != _TRACED for label in labels], kind="stable").tolist()
        axes.legend(
            [handles[place] for place in order], [labels[place] for place in order], ncols=3,
            loc="lower left", bbox_to_anchor=(-0.45, 1.0), frameon=False, fontsize=9,
        )  # fmt: skip
        figure.supxlabel(textwrap.fill(subtitle, 112), x=0.012, ha="left", fontsize=9, color=GREY)
    return figure
