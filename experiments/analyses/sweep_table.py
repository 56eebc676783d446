"""A sweep on the screen: the first outcome by policy and point, or what there is where they are many."""

from typing import TYPE_CHECKING

from rich.markup import escape
from rich.text import Text

from experiments.analyses.sweep_conclusion import conclude
from experiments.grids import number
from experiments.methods.statistics import Array, Sampling, mean_interval
from experiments.methods.stopping import sampling
from experiments.outcomes import MEASURES
from experiments.sections.keys import said
from experiments.tables import console, table
from experiments.wording import decimals, duration, figure
from sim.errors import printable

if TYPE_CHECKING:
    from experiments.extent import Extent
    from experiments.planning.plan import Plan
    from experiments.sweep import Sweep

MOST_POINTS = 30
"""Points of a design that are shown one by one."""

MOST_POLICIES = 6
"""Policies that stand beside each other; more make columns too narrow to read."""

_MOST_ABREAST = 2
"""Keys that stand whole at the heads of their columns."""


def show_sweep(made: "Sweep") -> None:
    """Show what a sweep came to, and where it is kept."""
    screen = console()
    plan = made.plan
    kept = made.done + made.skipped
    failed = f", {made.failed:,} failed" if made.failed else ""
    before = f", {made.skipped:,} of them before" if made.skipped else ""
    screen.print(
        f"{kept:,} of {made.runs:,} runs are done{before}{failed}: {len(plan.points):,} "
        f"{_plural('point', len(plan.points))} x {len(plan.policies):,} "
        f"{_plural('policy', len(plan.policies))} x {_worlds(made)}."
    )
    if kept and len(plan.points) <= MOST_POINTS and len(plan.policies) <= MOST_POLICIES:
        _show_points(made)
    if found := conclude(made):
        screen.print(Text(found, style="bold"))
    if made.folder is not None:
        screen.print(f"The runs are in {escape(printable(str(made.folder)))}")
    screen.print(f"Digest: {made.digest}")


def _worlds(made: "Sweep") -> str:
    """Return how many seeds there were, or between how many where the results decided it."""
    numbers = [max(stand.worlds) for stand in made.rounds.stands] or [len(made.plan.seeds)]
    least, most = min(numbers), max(numbers)
    seeds = f"{least:,}" if least == most else f"{least:,} to {most:,}"
    return f"{seeds} {_plural('seed', most)}"


def _show_points(made: "Sweep") -> None:
    """Show the mean of the first outcome, and half the width of its interval, at each point."""
    plan = made.plan
    outcome = plan.experiment.outcomes[0]
    runs = made.results.runs
    if outcome not in runs:
        return
    keys = [key for key in made.results.keys if len({point.get(key) for point in plan.points}) > 1]
    keys = keys or list(made.results.keys)
    cells = {cell: group[outcome].to_numpy() for cell, group in runs.groupby("cell")}
    how = sampling(plan.experiment)
    rows = []
    for at, point in enumerate(plan.points):
        first = at * len(plan.policies)
        values = [_told(cells.get(first + i), how) for i in range(len(plan.policies))]
        rows.append((*(said(point.get(key)) for key in keys), *values))
    measure = MEASURES[outcome]
    screen = console()
    screen.print(
        Text(f"{measure.label} ({measure.unit}): mean and 95% interval", style="bold"),
        table((*_heads(keys), *plan.policies), rows, left=len(keys)),
        sep="\n",
    )


def _heads(keys: list[str]) -> list[str]:
    """Return keys as heads of columns; of many, each on lines of its own, lest they be cut anywhere."""
    return [key.replace(".", ".\n") for key in keys] if len(keys) > _MOST_ABREAST else keys


def _told(values: Array | None, how: Sampling) -> str:
    if values is None:
        return ""
    mean, low, high = (float(part) for part in mean_interval(values, how))
    if mean != mean:
        return "-"
    if low != low:
        return number(mean)
    places = decimals((high - low) / 2, 2) if high > low else decimals(abs(mean), 3)
    return f"{figure(mean, places)} ± {figure((high - low) / 2, places)}"


def show_extent(plan: "Plan", extent: "Extent", shard: tuple[int, int]) -> None:
    """Show what a sweep would take."""
    some = f", part {shard[0]} of {shard[1]}" if shard[1] > 1 else ""
    more = f", and up to {extent.at_most:,}" if extent.at_most > extent.runs else ""
    rows = [
        ("runs", f"{extent.runs:,}{some}{more}"),
        ("points of the design", f"{len(plan.points):,}"),
        ("policies", f"{len(plan.policies):,}"),
        ("seeds", f"{len(plan.seeds):,}"),
        ("workers", f"{extent.workers:,}"),
        ("time, about", duration(extent.seconds)),
        ("memory, about", size(extent.memory)),
        ("disk, about", size(extent.disk)),
    ]
    screen = console()
    screen.print(
        Text(f"{printable(plan.experiment.name)}: what a sweep would take", style="bold"),
        table(("", ""), rows),
        f"From {extent.timed:,} timed {_plural('run', extent.timed)}; nothing was kept.",
        sep="\n",
    )


def size(amount: int) -> str:
    """Return an amount of memory in words.

    >>> size(900), size(25_300_000), size(4_000_000_000)
    ('0.9 kB', '25 MB', '4.0 GB')
    """
    for unit, bytes_ in (("GB", 1e9), ("MB", 1e6)):
        if amount >= bytes_:
            told = amount / bytes_
            return f"{told:,.0f} {unit}" if told >= 10 else f"{told:.1f} {unit}"
    return f"{amount / 1e3:.1f} kB"


def _plural(word: str, count: int) -> str:
    if count == 1:
        return word
    return f"{word[:-1]}ies" if word.endswith("y") else f"{word}s"
