"""The results folder of a sensitivity analysis: its pictures, tidy tables, and a page."""

from typing import TYPE_CHECKING, Any

import pandas as pd

from experiments import plots
from experiments.analyses.sensitivity import index_rows, interaction_rows, ranked
from experiments.analyses.sensitivity_conclusion import subject
from experiments.analyses.tornado import bar_row
from experiments.grids import UNKNOWN, Grid, intervals
from experiments.outcomes import MEASURES
from experiments.report import as_it_stands, cells, write_experiment
from experiments.sections.keys import parameter_of, said

if TYPE_CHECKING:
    from experiments.analyses.sensitivity import Sensitivity, Study
    from experiments.output import ResultsFolder

_MOST_PANELS = 3
"""Outcomes in a picture; more cannot be read on a page."""


def write(folder: "ResultsFolder", result: "Sensitivity") -> None:
    """Write all that there is to keep of a sensitivity analysis."""
    folder.table("indices", indices_frame(result))
    folder.table("tornado", tornado_frame(result))
    if any(study.indices.second for study in result.studies):
        folder.table("interactions", _frame(result, interaction_rows))
    folder.table("runs", runs_frame(result), csv=False)
    for figure, name in zip(pictures(result), ("tornado", "shares"), strict=True):
        plots.save(figure, folder.path, name)
    folder.text("report.md", report(result))
    folder.provenance = {
        "result": {"conclusion": result.conclusion, "notes": list(result.notes)},
        "experiment": write_experiment(folder, result.experiment).resolved(),
    }


def _named(study: "Study") -> dict[str, Any]:
    return {"outcome": study.outcome, "policy": study.policy, "baseline": study.baseline}


def _frame(result: "Sensitivity", rows_of: Any) -> pd.DataFrame:
    return pd.DataFrame([
        {**_named(study), **row}
        for study in result.studies for row in rows_of(result.keys, study.indices)
    ])  # fmt: skip


def indices_frame(result: "Sensitivity") -> pd.DataFrame:
    """Return the Sobol' indices, a row per study and key; the study's share of luck beside them."""
    frame = _frame(result, index_rows)
    frame["luck"] = [study.indices.luck for study in result.studies for _ in result.keys]
    numbers = [name for name in frame if str(name)[:2] in ("s1", "st", "lu")]
    return frame.astype(dict.fromkeys(numbers, "float64"))


def tornado_frame(result: "Sensitivity") -> pd.DataFrame:
    """Return the tornado, a row per study and key; the ends of the ranges as text."""
    rows = []
    for study in result.studies:
        for bar in study.bars:
            row = bar_row(bar, result.spans[bar.key])
            row.update(low=said(row["low"]), high=said(row["high"]))
            row["overturned"] = " and ".join(bar.overturned)
            rows.append({**_named(study), "at_middle": study.middle.mean, **row})
    frame = pd.DataFrame(rows)
    numbers = [name for name in frame if str(name).startswith(("at_", "swing_"))]
    return frame.astype(dict.fromkeys(numbers, "float64"))


def runs_frame(result: "Sensitivity") -> pd.DataFrame:
    """Return every run; `part` says whether it belongs to the sample or to the tornado."""
    parts = [frame.assign(part=name) for name, frame in result.runs.items()]
    made: pd.DataFrame = pd.concat(parts, ignore_index=True)
    return made


def _panel(result: "Sensitivity", study: "Study") -> dict[str, Any]:
    measure = MEASURES[study.outcome]
    return {"label": measure.label, "unit": measure.unit, "zero": study.baseline is not None}


def _shown(result: "Sensitivity") -> list["Study"]:
    return result.beside(result.told)[:_MOST_PANELS]


def _title(result: "Sensitivity", what: str) -> str:
    study = result.told
    about = study.policy if study.baseline is None else f"{study.policy} against {study.baseline}"
    return f"{result.experiment.name}: {what} ({about})"


def pictures(result: "Sensitivity") -> tuple[Any, Any]:
    """Return the figures of the tornado and of the shares."""
    return _tornado(result), _shares(result)


def _tornado(result: "Sensitivity") -> Any:
    rows, middles = [], {}
    keys = [bar.key for bar in result.told.bars]
    for study in _shown(result):
        middles[MEASURES[study.outcome].label] = study.middle.mean or 0.0
        bars = {bar.key: bar for bar in study.bars}
        for key in keys:
            bar, span = bars[key], result.spans[key]
            ends = {"at_low": bar.at_low, "at_high": bar.at_high}
            rows.append({
                **_panel(result, study), "key": key, "key_unit": parameter_of(key).told_in, "low_value": said(span.low),
                "high_value": said(span.high), "overturned": bar.surely,
                **{f"{name}{part}": value for name, level in ends.items()
                   for part, value in zip(("", "_low", "_high"), level, strict=True)},
            })  # fmt: skip
    frame = pd.DataFrame(rows)
    numbers = [name for name in frame if str(name).startswith("at_")]
    return plots.tornado(
        frame.astype(dict.fromkeys(numbers, "float64")), middles,
        _title(result, "one assumption at a time"),
        "Each from its low end (plain, told above) to its high end (hatched, told below), all others "
        f"in the middle of their ranges; dashed: all in the middle.{_black(result)}",
    )  # fmt: skip


def _black(result: "Sensitivity") -> str:
    worlds = len(result.experiment.seeds)
    if worlds == 1:
        return " One world gives no intervals."
    return f" Black: 95% intervals over {worlds} shared worlds."


def _shares(result: "Sensitivity") -> Any:
    rows = []
    keys = [key for key, _ in ranked(result.keys, result.told.indices.total)]
    for study in _shown(result):
        found = {row["key"]: row for row in index_rows(result.keys, study.indices)}
        rows += [{"label": MEASURES[study.outcome].label, **found[key]} for key in keys]
    frame = pd.DataFrame(rows)
    return plots.shares(
        frame.astype(dict.fromkeys(frame.columns[2:], "float64")),
        _title(result, "what it hangs on"),
        "Circles: what each assumption is behind alone; squares: together with the others. Sobol' "
        f"indices with 95% intervals, luck taken out: {result.samples} rows of the sample, "
        f"{result.worlds} worlds at each point",
    )


def grids(result: "Sensitivity", study: "Study") -> tuple[Grid, Grid]:
    """Return the tables of a study: its indices, and its tornado."""
    return _indices_grid(result, study), _tornado_grid(result, study)


def _indices_grid(result: "Sensitivity", study: "Study") -> Grid:
    found = study.indices
    order = [key for key, _ in ranked(result.keys, found.total)]
    rows = {row["key"]: row for row in index_rows(result.keys, found)}
    alone = intervals([[rows[key][f"s1{end}"] for end in ("", "_low", "_high")] for key in order])
    together = intervals(
        [[rows[key][f"st{end}"] for end in ("", "_low", "_high")] for key in order]
    )
    heads = ("assumption", "alone", "95% interval", "with others", "95% interval")
    cells = [(key, *one, *other) for key, one, other in zip(order, alone, together, strict=True)]
    return Grid(f"{subject(study)}: shares of its variance", heads, cells)


def _tornado_grid(result: "Sensitivity", study: "Study") -> Grid:
    unit = MEASURES[study.outcome].unit
    levels = intervals(
        [study.middle, *(each for bar in study.bars for each in (bar.at_low, bar.at_high))]
    )
    rows: list[tuple[str, ...]] = [
        ("all in the middle", UNKNOWN, *levels[0], UNKNOWN, UNKNOWN, UNKNOWN)
    ]
    for bar, low, high in zip(study.bars, levels[1::2], levels[2::2], strict=True):
        span = result.spans[bar.key]
        turned = " (decides)" if bar.surely else " (may decide)" if bar.overturned else ""
        rows.append((bar.key + turned, said(span.low), *low, said(span.high), *high))
    heads = ("assumption", "low", "there", "95% interval", "high", "there", "95% interval")
    return Grid(f"{subject(study)}{f' ({unit})' if unit else ''}: one at a time", heads, rows)


def _assumed(result: "Sensitivity") -> str:
    """Return the list of what was assumed, in Markdown."""
    lines = []
    for key, span in result.spans.items():
        about = parameter_of(key)
        text = f"{span.text} ({about.unit.partition(';')[0]}); {about.meaning}."
        lines.append(f"- **{as_it_stands(key)}**: {as_it_stands(text)}")
    return "\n".join(lines)


def report(result: "Sensitivity") -> str:
    """Return the page: the conclusion first, then the pictures, then the tables (Markdown)."""
    scenario = result.experiment.scenario
    parts = [
        f"# {as_it_stands(result.experiment.name)}",
        f"**{as_it_stands(result.conclusion)}**",
        *(as_it_stands(note) for note in result.notes),
        f"{len(result.keys)} assumptions on the scenario {as_it_stands(scenario.name)}, "
        f"{scenario.days} days: {result.samples} rows of a sample with {result.worlds} worlds at "
        f"each point, and a tornado with {len(result.experiment.seeds)}.",
        "![What becomes of it when one assumption alone goes to either end](tornado.png)",
        "![Share of the variance that each assumption is behind](shares.png)",
        "## What was assumed",
        _assumed(result),
    ]
    for study in result.studies:
        for grid in grids(result, study):
            parts += [f"## {as_it_stands(grid.title)}", cells(grid)]
    return "\n\n".join([*parts, "## How to read on", _READ_ON]) + "\n"


_READ_ON = (
    "An index *alone* (first order) is the share of the variance that would go if this assumption "
    "were known; *with others* (total) the share that would stay if all others were. Indices alone "
    "add up to 1 where assumptions do not act through each other. They are those of the expected "
    "outcome: what all worlds would average to. *Luck* is the share of the variance of single runs "
    "that no assumption is behind. `indices.csv` and `tornado.csv` hold all numbers, `runs.parquet` "
    "every run. `amends sensitivity experiment.yaml`, in this folder, gives these results again."
)
