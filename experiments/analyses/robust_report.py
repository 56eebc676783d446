"""What is shown and kept of an experiment over uncertain assumptions: tables, pictures, a page."""

import textwrap
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from rich.text import Text

from experiments import plots
from experiments.analyses.robust_conclusion import (
    OBSERVABLES,
    amount_and_ends,
    in_percent,
    in_points,
    luck_of,
    said,
)
from experiments.grids import Grid, number
from experiments.methods.discovery import Description, Limit, ranked
from experiments.methods.statistics import Array
from experiments.networks import upon
from experiments.outcomes import MEASURES
from experiments.plots.robust import Axis, overturned, regret_strips
from experiments.report import as_it_stands, cells, write_experiment
from experiments.sections.keys import parameter_of
from experiments.tables import console, table
from experiments.wording import percent

if TYPE_CHECKING:
    from experiments.analyses.robustness import Robustness, Standing
    from experiments.output import ResultsFolder

_ADVANTAGE = "advantage"

_ALIKE = 0.9
"""Rank correlation from which on two columns say the same, and one of them is enough."""


def show_robustness(result: "Robustness") -> None:
    """Show the regrets, what overturns the choice, and the conclusion."""
    screen = console()
    for grid in (regret_grid(result), limits_grid(result)):
        if grid.rows:
            screen.print(Text(grid.title, style="bold"), table(grid.heads, grid.rows), sep="\n")
    screen.print(Text(result.conclusion, style="bold"))
    for note in result.notes:
        screen.print(Text(note))


def regret_grid(result: "Robustness") -> Grid:
    """Return the table of regrets, a row per policy."""
    rows = [
        (
            name,
            *(number(value, 3) for value in one[:3]),
            in_points(one.win_share),
            f"{percent(one.win_low)} to {percent(one.win_high)}",
            "-" if one.beats_baseline_share is None else in_points(one.beats_baseline_share),
        )
        for name, one in result.standings.items()
    ]
    heads = (
        "policy", "mean", "90th percentile", "greatest", "best at",
        "95% interval" if result.sampled else "luck of the worlds", "beats baseline at",
    )  # fmt: skip
    return Grid(f"Regret: shortfall from the best policy in {_quantity(result)}", heads, rows)


def limits_grid(result: "Robustness") -> Grid:
    """Return the table of what overturns the choice, in plain words and in assumptions."""
    descriptions = [result.description]
    if _columns(result.in_assumptions) != _columns(result.description):
        descriptions.append(result.in_assumptions)
    rows = [
        (
            ", and ".join(said(limit) for limit in found.limits),
            *(in_points(share) for share in (*found.fit[:2], *found.held_out[:2])),
        )
        for found in descriptions
        if found is not None
    ]
    heads = ("where", "coverage", "density", "coverage, held out", "density, held out")
    return Grid(f"What overturns {result.recommended}", heads, rows)


def _columns(found: Description | None) -> list[str]:
    return [limit.column for limit in found.limits] if found else []


def _quantity(result: "Robustness") -> str:
    measure = result.measure
    return f"{measure.label} ({measure.unit})" if measure.unit else measure.label


def write_robustness(folder: "ResultsFolder", result: "Robustness") -> None:
    """Write all that there is to keep of the result."""
    folder.table("points", result.points_frame())
    summary = [{"policy": name, **one._asdict()} for name, one in result.standings.items()]
    folder.table("summary", pd.DataFrame(summary))
    plots.save(_strips(result), folder.path, "regret")
    picture = _overturned(result)
    if picture is not None:
        plots.save(picture, folder.path, "overturned")
    folder.text("report.md", _page(result, picture is not None))
    kept = write_experiment(folder, result.experiment)
    folder.provenance = {"result": result.to_json(), "experiment": kept.resolved()}


def _strips(result: "Robustness") -> Any:
    rows = [
        {
            "policy": name, "best": _best(one),
            "mean": one.mean_regret, "mean_low": one.mean_low, "mean_high": one.mean_high,
            "p90": one.p90_regret, "p90_low": one.p90_low, "p90_high": one.p90_high,
        }
        for name, one in result.standings.items()
    ]  # fmt: skip
    return regret_strips(
        pd.DataFrame(result.regrets.regret, columns=list(result.policies)),
        pd.DataFrame(rows),
        _quantity(result),
        f"{_name(result)}: how much each policy is regretted",
        luck_of(result),
    )


def _best(one: "Standing") -> str:
    """Return how often a policy is the best, with the interval below."""
    return (
        f"best at {in_points(one.win_share)} of points\n({percent(one.win_low)} to "
        f"{percent(one.win_high)})"
    )


def _name(result: "Robustness") -> str:
    return f"{result.experiment.name}{upon(result.experiment.scenario)}"


def _overturned(result: "Robustness") -> Any:
    """Return the picture of where the choice is overturned; None if it nowhere is."""
    if not result.overturned.any():
        return None
    points = pd.concat([result.assumptions, result.observables], axis=1)
    across, up = (_axis(result, column) for column in _two(result, points))
    for axis in (across, up):
        if in_percent(axis.column):
            points[axis.column] *= 100.0
    points[_ADVANTAGE] = _advantage(result)
    points["best"] = [result.policies[i] for i in result.regrets.regret.argmin(axis=1)]
    points["open"] = result.regrets.open
    name = result.recommended
    return overturned(
        points, across, up, result.policies,
        f"{_name(result)}: where {name} is the best, and where it is overturned",
        "Each mark is one set of assumptions. In the coloured part another does better; dashed:\n"
        "thresholds; grey: their 95% intervals." if result.description
        else "Each mark is one set of assumptions; no few limits tell where another does better.",
    )  # fmt: skip


def _two(result: "Robustness", points: pd.DataFrame) -> list[str]:
    """Return the two numbers that tell most; those of the description before all others."""
    numbers = points.select_dtypes("number").dropna(axis=1)
    numbers = numbers.loc[:, numbers.nunique() > 1]
    limits = sorted(
        result.description.limits if result.description else (), key=lambda limit: limit.quasi_p
    )
    told = dict.fromkeys(limit.column for limit in limits if limit.column in numbers)
    others = ranked(numbers[[c for c in numbers if c in result.assumptions]], result.overturned)
    first = next(iter([*told, *others, _ADVANTAGE]))
    alike = numbers.corr("spearman").get(first, pd.Series(dtype=float)).abs()
    apart = [column for column in others if column in told or alike.get(column, 0.0) < _ALIKE]
    return list(dict.fromkeys([first, *told, *apart, _ADVANTAGE]))[:2]


def _advantage(result: "Robustness") -> Array:
    """Return how far the recommended policy is ahead of the best other, in the better direction."""
    own = result.policies.index(result.recommended)
    means = result.regrets.means
    ahead: Array = means[:, own] - np.delete(means, own, axis=1).max(axis=1)
    return ahead


def _axis(result: "Robustness", column: str) -> Axis:
    limits = [
        limit
        for limit in (result.description.limits if result.description else ())
        if limit.column == column and limit.threshold is not None
    ]
    scale = 100.0 if in_percent(column) else 1.0
    above = [limit.threshold * scale for limit in limits if limit.comparison == ">"]  # type: ignore[operator]
    below = [limit.threshold * scale for limit in limits if limit.comparison == "<"]  # type: ignore[operator]
    ends = [_end(limit, scale) for limit in limits]
    label = textwrap.fill(_label(result, column), 62)
    return Axis(column, label, ends, max(above, default=-np.inf), min(below, default=np.inf))


def _end(limit: Limit, scale: float) -> tuple[float, float | None, float | None, str]:
    value, low, high = (
        None if part is None else part * scale for part in (limit.threshold, limit.low, limit.high)
    )
    assert value is not None
    return value, low, high, amount_and_ends(limit)[0]


def _label(result: "Robustness", column: str) -> str:
    if column == _ADVANTAGE:
        return f"{result.recommended} ahead of the best other, in {_quantity(result)}"
    if column in OBSERVABLES:
        measure = MEASURES[column]
        unit = "%" if in_percent(column) else measure.unit
        return f"{measure.label} under {result.baseline}" + (f" ({unit})" if unit else "")
    about = parameter_of(column)
    return f"{about.meaning} ({column}, {about.unit})"


def _page(result: "Robustness", pictured: bool) -> str:
    """Return the page: the conclusion first, then the pictures, then the tables (Markdown)."""
    experiment = result.experiment
    parts = [
        f"# {as_it_stands(experiment.name)}",
        f"**{as_it_stands(result.conclusion)}**",
        *(as_it_stands(note) for note in result.notes),
        f"{len(result.policies)} policies under {result.points:,} sets of assumptions, each in "
        f"{len(experiment.seeds)} shared worlds of the scenario "
        f"{as_it_stands(experiment.scenario.name)}, {experiment.scenario.days} days.",
        "![Regret of each policy](regret.png)",
    ]
    if pictured:
        parts.append("![Where the choice is overturned](overturned.png)")
    for grid in (regret_grid(result), limits_grid(result), _assumptions_grid(result)):
        if grid.rows:
            parts += [f"## {as_it_stands(grid.title)}", cells(grid)]
    words = "\n".join(f"- **{word}**: {meaning}." for word, meaning in _WORDS.items())
    return "\n\n".join([*parts, "## What the words mean", words, _READ_ON]) + "\n"


def _assumptions_grid(result: "Robustness") -> Grid:
    """Return the table of what was assumed possible, a row per key."""
    design = result.over.design
    rows = []
    for key in map(str, result.assumptions):
        about = parameter_of(key)
        over = (
            design.ranges[key].text if key in design.ranges
            else f"{len(design.levels[key])} values"
        )  # fmt: skip
        rows.append((f"{key}: {about.meaning} ({about.unit})", over))
    return Grid("What was assumed possible", ("assumption", "values"), rows)


_WORDS = {
    "regret": "how much less than the best policy a policy reaches under one set of assumptions, "
    "as means of the same worlds (Savage 1951)",
    "best at": "share of the sets of assumptions at which a policy has the highest mean; equals "
    "share it. The interval holds the luck of the worlds and that of the assumptions drawn",
    "within noise": "the lead of the best is no longer than its 95% interval, paired world by "
    "world and widened for the number of policies, so that another may be the best",
    "coverage": "share of the points at which another policy does better that a description tells",
    "density": "share of the points it tells at which another does (Bryant & Lempert 2010)",
    "held out": "the same, judged on points that were kept from finding the description",
    "threshold": "from where on another policy is more likely to do better than not",
}

_READ_ON = (
    "`points.csv` holds every set of assumptions, what could be observed there, and each policy's "
    "regret; `summary.csv` the table of regrets; the same as Parquet. `amends robust "
    "experiment.yaml`, in this folder, gives these results again."
)
