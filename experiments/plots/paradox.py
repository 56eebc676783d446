"""The recovery paradox in pictures: where it holds, for how many, and how three lives go on."""

import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import TwoSlopeNorm
from matplotlib.figure import Figure

from experiments.plots.names import label_lines
from experiments.plots.style import COLOURS, DASHES, GREY, capital, new_figure, styled

Array = np.ndarray[Any, np.dtype[Any]]

_PARTED = "PuOr"
"""Purple above zero, orange below, white between: told apart by the colour-blind."""


def paradox_map(cells: pd.DataFrame, quantity: str, title: str, across: str) -> Figure:
    """Draw the effect of a failure by severity and generosity, a panel a delay.

    Parameters
    ----------
    cells
        Columns `delay, across, severity_bin, mean, low, high`; a row a cell. Bins are in order.
    quantity, title
        What the effect is on, with its unit; what is seen.
    across
        The horizontal axis, with its unit.
    """
    delays = sorted(cells["delay"].unique())
    size = float(np.nanmax(np.abs(cells["mean"]))) or 1.0
    norm = TwoSlopeNorm(0.0, -size, size)
    with styled():
        figure = new_figure(1.6 + 3.1 * len(delays), 4.9, title)
        panels = np.atleast_1d(figure.subplots(1, len(delays), sharey=True))
        for axes, delay in zip(panels, delays, strict=True):
            mesh = _map_panel(axes, cells[cells["delay"] == delay], norm)
            axes.set_title(_answered(delay))
            axes.set_xlabel(capital(across))
        panels[0].set_ylabel("Severity of the failure (0 to 1)")
        bar = figure.colorbar(mesh, ax=panels.tolist(), shrink=0.8, pad=0.02)
        bar.set_label(capital(quantity))
        bar.outline.set_visible(False)
        figure.supxlabel(
            "In the heavy frame the customer is better off than without the failure. Cells in "
            "italics with a dot:\nthe 95% interval holds zero.",
            x=0.012, ha="left", fontsize=9, color=GREY,
        )  # fmt: skip
    return figure


def _answered(delay: float) -> str:
    if delay == 0:
        return "Answered at once"
    return f"Answered after {delay:g} day{'' if delay == 1 else 's'}"


def _map_panel(axes: Axes, cells: pd.DataFrame, norm: TwoSlopeNorm) -> Any:
    means = cells.pivot(index="severity_bin", columns="across", values="mean")
    open_ = cells.pivot(index="severity_bin", columns="across", values="low") * (
        cells.pivot(index="severity_bin", columns="across", values="high")
    )
    values = means.to_numpy(dtype=np.float64)
    mesh = axes.pcolormesh(values, cmap=_PARTED, norm=norm, edgecolors="white", linewidth=1.0)
    for (down, right), value in np.ndenumerate(values):
        unsure = not open_.to_numpy()[down, right] > 0
        said = f"{value:+.2f}" if abs(value) >= 0.005 else "0.00"
        axes.text(
            right + 0.5, down + 0.5, said + ("·" if unsure else ""),
            ha="center", va="center", fontsize=8.5, style="italic" if unsure else "normal",
            color="white" if abs(norm(value) - 0.5) > 0.31 else "black",
        )  # fmt: skip
    _frame(axes, values > 0)
    axes.set_xticks(np.arange(values.shape[1]) + 0.5, [f"{each:g}" for each in means.columns])
    axes.set_yticks(np.arange(values.shape[0]) + 0.5, [str(each) for each in means.index])
    axes.tick_params(length=0)
    axes.grid(False)
    return mesh


def _frame(axes: Axes, inside: Array) -> None:
    """Draw a heavy line between cells that are inside and their neighbours that are not."""
    padded = np.pad(inside, 1)
    for down, right in zip(*np.nonzero(inside), strict=True):
        for other, line in (
            (padded[down, right + 1], ((right, right + 1), (down, down))),
            (padded[down + 2, right + 1], ((right, right + 1), (down + 1, down + 1))),
            (padded[down + 1, right], ((right, right), (down, down + 1))),
            (padded[down + 1, right + 2], ((right + 1, right + 1), (down, down + 1))),
        ):
            if not other:
                axes.plot(*line, color="black", lw=2.4, solid_capstyle="projecting", clip_on=False)


def three_lives(
    days: Array,
    rows: Mapping[str, Mapping[str, tuple[str, Array]]],
    names: Sequence[str],
    title: str,
) -> Figure:
    """Draw how the lives of the same customers go on around the day of their failure.

    Parameters
    ----------
    days
        Days from the failure.
    rows
        By row in words, by panel: its unit, and an array [lives, 3, days] of mean, low and high.
    names
        What the lives are called, in the order of the arrays.
    title
        What is seen.
    """
    panels = next(iter(rows.values()))
    with styled():
        figure = new_figure(0.6 + 3.9 * len(panels), 1.1 + 3.0 * len(rows), title)
        grid = figure.subplots(len(rows), len(panels), squeeze=False, sharex=True, sharey="col")
        for (row, curves), line in zip(rows.items(), grid, strict=True):
            for axes, (label, (unit, lives)) in zip(line, curves.items(), strict=True):
                _three_curves(axes, days, lives, names)
                axes.set_title(capital(f"{label} {row}"), fontsize=10)
                axes.set_ylabel(capital(unit))
        for axes in grid[-1]:
            axes.set_xlabel("Days from the failure")
        figure.supxlabel(
            "The same customers in the same world, three times; means with 95% bands over customers. "
            "The same customers are compared, so that\ndifferences between lives are surer than the "
            "bands. Dashed upright line: the day of the failure. Who is never answered waits for a "
            "month, and only then may leave.",
            x=0.012, ha="left", fontsize=9, color=GREY,
        )  # fmt: skip
    return figure


def _three_curves(axes: Axes, days: Array, lives: Array, names: Sequence[str]) -> None:
    axes.axvline(0, color=GREY, lw=0.9, ls=(0, (2, 2)))
    ends = []
    for i, name in enumerate(names):
        mean, low, high = lives[i]
        axes.fill_between(days, low, high, color=COLOURS[i], alpha=0.16, lw=0)
        axes.plot(days, mean, color=COLOURS[i], ls=DASHES[i])
        ends.append((name, float(mean[-1]), COLOURS[i]))
    axes.margins(x=0)
    label_lines(axes, ends, 8.5)


def individual(
    effects: Mapping[str, Array], quantity: str, shares: pd.DataFrame, title: str, note: str
) -> Figure:
    """Draw how effects differ from customer to customer, and the share who are better off.

    Parameters
    ----------
    effects
        By group in words: the effect on each customer.
    quantity
        What the effect is on, with its unit.
    shares
        Columns `label, mean, low, high`: shares better off than without the failure, 0 to 1.
    title, note
        What is seen, and how it is to be read.
    """
    everything = np.concatenate(list(effects.values()))
    low, high = (float(end) for end in np.quantile(everything, [0.002, 0.998]))
    wide = max(high - low, 0.02)  # where all effects are the same
    edges = np.linspace((low + high - wide) / 2, (low + high + wide) / 2, 49)
    with styled():
        figure = new_figure(9.6, 4.2, title)
        left, right = figure.subplots(1, 2, width_ratios=[1.5, 1])
        for i, (name, values) in enumerate(effects.items()):
            if not len(values):
                continue
            better = 100 * float(np.mean(values > 0))
            left.hist(
                np.clip(values, edges[0], edges[-1]), edges, density=True, histtype="step",
                color=COLOURS[i], ls=DASHES[i], lw=1.8,
                label=f"{name}: {better:.0f}% better off",
            )  # fmt: skip
        left.axvline(0, color=GREY, lw=1.0)
        left.set_xlabel(capital(quantity))
        left.set_ylabel("Density (share per unit of effect)")
        left.legend(frameon=False, fontsize=8.5, loc="upper left")
        left.set_ylim(top=left.get_ylim()[1] * 1.3)
        left.set_title("Effect of the failure, customer by customer")
        _shares(right, shares)
        figure.supxlabel(textwrap.fill(note, 128), x=0.012, ha="left", fontsize=9, color=GREY)
    return figure


def _shares(axes: Axes, shares: pd.DataFrame) -> None:
    places = np.arange(len(shares))
    for place, row in zip(places, shares.itertuples(), strict=True):
        low, mean, high = (100 * float(getattr(row, part)) for part in ("low", "mean", "high"))
        axes.plot([low, high], [place, place], color=COLOURS[0], lw=2.2, clip_on=False)
        axes.plot(
            mean, place, "o", ms=5, color=COLOURS[0], mfc="white", mew=1.3, clip_on=False, zorder=3
        )
    axes.set_yticks(places, [str(label) for label in shares["label"]])
    axes.set_ylim(len(shares) - 0.5, -0.5)
    axes.set_xlim(left=0)
    axes.grid(False, axis="y")
    axes.grid(True, axis="x")
    axes.set_xlabel("Share of answered failures (%)")
    axes.set_title("Better off, in what?")
