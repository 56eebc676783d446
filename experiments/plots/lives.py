"""What a lesson shows: lives event by event, and how a quantity moves as one thing is varied."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from experiments.plots.names import label_lines
from experiments.plots.style import (
    COLOURS,
    GREY,
    MARKERS,
    capital,
    look,
    new_figure,
    styled,
)

Rows = Sequence[Mapping[str, Any]]

_ROOM = 0.62
"""Share of the distance between two events that the bars of all lives together take."""


def lives(histories: Mapping[str, Rows], title: str) -> Figure:
    """Draw histories of the same kind, event by event: satisfaction, intention, and stories.

    Parameters
    ----------
    histories
        By name: what `sim.history.History.rows` returns. All have as many events.
    title
        What is seen.
    """
    with styled():
        figure = new_figure(8.2, 6.6, title)
        feels, intends, tells = figure.subplots(3, 1, sharex=True, height_ratios=[1.5, 1.1, 1])
        start = next(iter(histories.values()))[0]["satisfaction"]
        feels.axhline(start, color=GREY, lw=0.9, ls=(0, (1, 2)))
        feels.set_title("Satisfaction (\u22121 to 1); dots: where it began")
        intends.set_title("Intention to buy again (chance)")
        tells.set_title("Tellings that come of it (mean number; good above zero, bad below)")
        tells.axhline(0.0, color=GREY, lw=0.9)
        for axes, column in ((feels, "satisfaction"), (intends, "intention")):
            _steps(axes, histories, column)
        intends.set_ylim(0.0, 1.04)
        for place, rows in enumerate(histories.values()):
            _tellings(tells, rows, place, len(histories))
        low, high = tells.get_ylim()
        tells.set_ylim(min(low, -2.0), max(high, 2.0))
        tells.set_xticks(range(len(_events(histories))), _events(histories))
        tells.set_xlim(-0.4, len(_events(histories)) - 0.6)
        if len(histories) > 1:
            for axes, column in ((feels, "satisfaction"), (intends, "intention")):
                _name(axes, histories, column)
    return figure


def _steps(axes: Axes, histories: Mapping[str, Rows], column: str) -> None:
    for place, rows in enumerate(histories.values()):
        values = [row[column] for row in rows]
        axes.plot(values, marker=MARKERS[place], ms=5, mfc="white", mew=1.3, **look(place))


def _name(axes: Axes, histories: Mapping[str, Rows], column: str) -> None:
    ends = [
        (name, float(rows[-1][column]), COLOURS[place])
        for place, (name, rows) in enumerate(histories.items())
    ]
    label_lines(axes, ends)


def _tellings(axes: Axes, rows: Rows, place: int, count: int) -> None:
    width = _ROOM / count
    at = np.arange(len(rows)) + (place - (count - 1) / 2) * width
    for column, sign in (("good_tellings", 1.0), ("bad_tellings", -1.0)):
        values = [sign * row[column] for row in rows]
        axes.bar(at, values, 0.86 * width, color=COLOURS[place], lw=0)


def _events(histories: Mapping[str, Rows]) -> list[str]:
    """Return what happens at each place, and on which day, in words."""
    words = []
    for rows in zip(*histories.values(), strict=True):
        names = " or ".join(dict.fromkeys(row["event"] for row in rows))
        days = sorted({row["day"] for row in rows})
        span = f"day {days[0]}" if len(days) == 1 else f"days {days[0]}\u2013{days[-1]}"
        words.append(f"{names}\n{span}")
    return words


def against(
    table: pd.DataFrame,
    across: str,
    quantity: str,
    title: str,
    level: float | None = None,
    level_name: str = "",
) -> Figure:
    """Draw how a quantity moves as one thing is varied, a line a column.

    Parameters
    ----------
    table
        The index is what is varied; each column is a line under its own name.
    across, quantity
        The axes, with their units.
    title
        What is seen.
    level, level_name
        A value to hold the lines against, and what it is.
    """
    with styled():
        figure = new_figure(7.6, 4.2, title)
        axes = figure.subplots()
        ends = []
        for place, (name, values) in enumerate(table.items()):
            axes.plot(table.index, values, **look(place))
            ends.append((str(name), float(values.iloc[-1]), COLOURS[place % len(COLOURS)]))
        if level is not None:
            axes.axhline(level, color=GREY, lw=0.9)
            ends.append((level_name, level, GREY))
        axes.margins(x=0.0)
        axes.set_xlabel(capital(across))
        axes.set_ylabel(capital(quantity))
        label_lines(axes, ends if len(ends) > 1 else [])
    return figure


def bars(table: pd.DataFrame, across: str, quantity: str, title: str) -> Figure:
    """Draw counts side by side: a group a row of the table, a bar a column.

    Parameters
    ----------
    table
        The index names the groups.
    across, quantity
        The axes, with their units.
    title
        What is seen.
    """
    with styled():
        figure = new_figure(7.6, 3.8, title)
        axes = figure.subplots()
        width = 0.8 / len(table.columns)
        for place, (name, values) in enumerate(table.items()):
            at = np.arange(len(table)) + (place - (len(table.columns) - 1) / 2) * width
            drawn = axes.bar(
                at, values, 0.92 * width, color=COLOURS[place % len(COLOURS)], label=str(name)
            )
            axes.bar_label(drawn, fmt="{:,.0f}", fontsize=8, padding=2)
        axes.set_xticks(range(len(table)), [str(each) for each in table.index])
        axes.tick_params(axis="x", length=0)
        axes.margins(y=0.12)
        axes.set_xlabel(capital(across))
        axes.set_ylabel(capital(quantity))
        axes.legend(frameon=False)
    return figure


def concentration(points: pd.Series, title: str) -> Figure:
    """Draw which share of all harm and of all benefit the strongest stories have done.

    Parameters
    ----------
    points
        What each story has done to reputation, in points: harm below zero, benefit above.
    title
        What is seen.
    """
    percent = np.linspace(0.0, 100.0, 201)
    lines = {}
    for name, sign in (("harm", -1.0), ("benefit", 1.0)):
        done = np.sort(sign * points.to_numpy(dtype=np.float64))[::-1]
        sums = np.concatenate([[0.0], np.cumsum(done[done > 0.0])])
        if sums[-1] > 0.0:
            places = np.linspace(0.0, 100.0, len(sums))
            lines[name] = np.interp(percent, places, 100.0 * sums / sums[-1])
    return against(
        pd.DataFrame(lines, index=percent),
        "stories, the strongest first (% of those that did any)",
        "share of all that they did (%)",
        title,
    )
