"""The results folder of a break-even analysis: its picture, tidy tables, and a page."""

from typing import TYPE_CHECKING, Any

import pandas as pd

from experiments import plots
from experiments.analyses.break_even_conclusion import placed, said, unit_of, verbs
from experiments.grids import Grid, intervals
from experiments.outcomes import MEASURES
from experiments.report import as_it_stands, cells, write_experiment

if TYPE_CHECKING:
    from experiments.analyses.break_even import BreakEven
    from experiments.output import ResultsFolder


def write(folder: "ResultsFolder", result: "BreakEven") -> None:
    """Write all that there is to keep of a break-even analysis."""
    folder.table("points", pd.DataFrame(result.point_rows()))
    folder.table("values", result.values_frame())
    plots.save(picture(result), folder.path, "break_even")
    folder.text("report.md", report(result))
    folder.provenance = {
        "result": {"conclusion": result.conclusion, "notes": list(result.notes)},
        "experiment": write_experiment(folder, result.experiment).resolved(),
    }


def _quantity(result: "BreakEven") -> str:
    measure = MEASURES[result.section.outcome]
    unit = f" ({measure.unit})" if measure.unit else ""
    return f"difference from {result.baseline} in {measure.label}{unit}"


def _lever(result: "BreakEven") -> str:
    unit = unit_of(result)
    return f"{result.section.lever}{f' ({unit})' if unit else ''}"


def picture(result: "BreakEven") -> Any:
    """Return the figure of the difference along the lever."""
    marks = [
        (c.value, c.low, c.high, c.rises, placed(result, c).replace(" (", "\n("))
        for c in result.crossings
    ]
    yes, no = verbs(result)
    above = MEASURES[result.section.outcome].direction > 0
    count = len(result.experiment.seeds)
    thick = "; thick: where the crossing may lie (95%)" if result.crossings else ""
    return plots.break_even(
        pd.DataFrame(result.point_rows()),
        marks,
        _lever(result),
        _quantity(result),
        f"{result.experiment.name}: {result.policy} against {result.baseline} along "
        f"{result.section.lever}",
        f"Mean of {count} shared worlds with its 95% band{thick}"
        if count > 1 else "One world; more seeds would give a band",
        (yes, no) if above else (no, yes),
    )  # fmt: skip


def points_grid(result: "BreakEven") -> Grid:
    """Return the table of the points, a row per value of the lever."""
    rows = [[row["mean"], row["low"], row["high"]] for row in result.point_rows()]
    known = [[None if value != value else value for value in row] for row in rows]
    values = [said(result, value) for value in result.curve.at]
    cells = [(value, *pair) for value, pair in zip(values, intervals(known), strict=True)]
    quantity = _quantity(result)
    title = f"{quantity[:1].upper()}{quantity[1:]}, under {result.policy}"
    return Grid(title, (_lever(result), "difference", "95% interval"), cells)


def report(result: "BreakEven") -> str:
    """Return the page: the conclusion first, then the picture, then the numbers (Markdown)."""
    experiment, scenario = result.experiment, result.experiment.scenario
    measure = MEASURES[result.section.outcome]
    parts = [
        f"# {as_it_stands(experiment.name)}",
        f"**{as_it_stands(result.conclusion)}**",
        *(as_it_stands(note) for note in result.notes),
        f"{as_it_stands(result.policy)} against {as_it_stands(result.baseline)} in "
        f"{len(experiment.seeds)} shared worlds of the scenario {as_it_stands(scenario.name)}, "
        f"{scenario.days} days. The lever is {as_it_stands(result.section.lever)}: "
        f"{as_it_stands(result.lever.meaning)}. {measure.label[:1].upper()}{measure.label[1:]}: "
        f"{measure.meaning}.",
        "![Difference along the lever, and where it crosses zero](break_even.png)",
        f"## {as_it_stands(points_grid(result).title)}",
        cells(points_grid(result)),
        "## How to read on",
        _READ_ON,
    ]
    return "\n\n".join(parts) + "\n"


_READ_ON = (
    "The interval of a crossing holds every value of the lever at which a difference of zero lies "
    "within the band: where the band meets the zero line. It covers the true crossing as often as "
    "the band covers the true difference, in 95 of 100 such experiments. Between points all is "
    "taken as straight. `points.csv` holds the difference at each value of the lever, `values.csv` "
    "the outcome world by world; the same as Parquet. `amends break-even experiment.yaml`, in this "
    "folder, gives these results again."
)
