"""The results folder of a comparison: pictures, tidy tables, and a page that puts them together."""

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pandas as pd

from experiments import plots
from experiments.conclusion import findings
from experiments.grids import Grid, levers_grid, outcome_grid, spend_grid
from experiments.networks import portable, record, upon
from experiments.outcomes import MEASURES, RATIOS_OF_MEANS
from experiments.trends import still_moving

if TYPE_CHECKING:
    from experiments.compare import Comparison
    from experiments.design import Experiment
    from experiments.methods.estimates import Estimate
    from experiments.output import ResultsFolder

_MOST_PANELS = 9
"""Outcomes in the picture of differences; more cannot be read on a page."""


def write_comparison(folder: "ResultsFolder", comparison: "Comparison") -> None:
    """Write all that there is to keep of a comparison."""
    folder.table("summary", comparison.summary_frame())
    folder.table("runs", comparison.runs_frame())
    folder.table("series", comparison.series_frame())
    for name, drawn in pictures(comparison).items():
        plots.save(drawn, folder.path, name)
    folder.text("report.md", report(comparison))
    folder.provenance = {
        "result": {
            "conclusion": comparison.conclusion,
            "notes": list(comparison.notes),
            **({} if comparison.stand is None else {"stopping": comparison.stand.to_json()}),
        },
        "network": record(comparison.experiment.scenario, comparison.people, comparison.ties),
        "experiment": write_experiment(folder, comparison.experiment).resolved(),
    }


def pictures(comparison: "Comparison") -> dict[str, Any]:
    """Return the pictures by the name of their files: `reputation`, `spend`, `differences`.

    There are no differences where only one policy was run.
    """
    drawn = {"reputation": _over_time(comparison), "spend": _against_spend(comparison)}
    if len(comparison.policies) > 1:
        drawn["differences"] = _forest(comparison)
    return drawn


def write_experiment(folder: "ResultsFolder", experiment: "Experiment") -> "Experiment":
    """Write `experiment.yaml` and `scenario.yaml`, by which a result can be had again.

    Returns
    -------
    Experiment
        As written: relative paths begin in the folder.
    """
    kept = replace(experiment, scenario=portable(experiment.scenario, folder.target))
    folder.text("scenario.yaml", kept.scenario.to_yaml())
    folder.text("experiment.yaml", kept.to_yaml("./scenario.yaml"))
    return kept


def _worlds(comparison: "Comparison") -> str:
    count = len(comparison.seeds)
    fewest = min(comparison.worlds.values())
    if fewest < count:
        return f"{fewest} to {count} shared worlds"
    return f"{count} shared worlds" if count > 1 else "one world"


def _over_time(comparison: "Comparison") -> Any:
    first = comparison.runs[0]
    days = first.series[:, first.columns.index("day")]
    bands = [
        pd.DataFrame({"policy": policy, "day": days, **part._asdict()})
        for policy, part in comparison.mean_series("reputation").items()
    ]
    several = len(comparison.seeds) > 1
    return plots.over_time(
        pd.concat(bands),
        "reputation (points; 50 is neutral)",
        f"{comparison.experiment.name}{upon(comparison.experiment.scenario)}: reputation over time",
        f"Means of {_worlds(comparison)} with 95% bands; paired differences are surer: see "
        "differences.png"
        if several and len(comparison.policies) > 1
        else f"Means of {_worlds(comparison)}; the bands are their 95% intervals"
        if several else "One world; more seeds would give bands",
        neutral=True,
    )  # fmt: skip


def _forest(comparison: "Comparison") -> Any:
    rows = [
        {
            "label": MEASURES[outcome].label, "unit": MEASURES[outcome].unit,
            "direction": MEASURES[outcome].direction, "policy": policy,
            **_told(outcome, estimates[outcome]),
        }
        for outcome in comparison.outcomes[:_MOST_PANELS]
        for policy, estimates in comparison.policies.items()
        if policy != comparison.baseline
    ]  # fmt: skip
    numbers = dict.fromkeys(("difference", "low", "high"), "float64")
    several = len(comparison.seeds) > 1
    ratios = any(name in RATIOS_OF_MEANS for name in comparison.outcomes[:_MOST_PANELS])
    return plots.forest(
        pd.DataFrame(rows).astype(numbers),
        f"{comparison.experiment.name}{upon(comparison.experiment.scenario)}: what each policy "
        f'changes against "{comparison.baseline}"',
        f"Differences in {_worlds(comparison)}"
        + (
            " with 95% intervals; an interval that crosses the line may be luck."
            if several
            else "; more seeds would give intervals."
        )
        + (
            " A ratio is of two differences: what was spent more over what was gained."
            if ratios
            else ""
        ),
        tuple(comparison.policies),
    )


def _told(outcome: str, estimate: "Estimate") -> dict[str, Any]:
    """Return the difference of an outcome with its interval; of a ratio of differences, itself."""
    mean, low, high, *difference, _ = estimate
    kind, found = ("difference", difference) if outcome not in RATIOS_OF_MEANS else (
        "ratio", (mean, low, high))  # fmt: skip
    return {"kind": kind, **dict(zip(("difference", "low", "high"), found, strict=True))}


def _against_spend(comparison: "Comparison") -> Any:
    people = comparison.people
    rows = []
    for policy, estimates in comparison.policies.items():
        cost, gained = estimates["recovery_cost"], estimates["reputation"]
        spend = {
            name: None if part is None else part / people
            for name, part in zip(("spend", "spend_low", "spend_high"), cost[:3], strict=True)
        }
        value = zip(("value", "value_low", "value_high"), gained[:3], strict=True)
        rows.append({"policy": policy, **spend, **dict(value)})
    table = pd.DataFrame(rows)
    return plots.against_spend(
        table.astype(dict.fromkeys(table.columns[1:], "float64")),
        "spent on recovery (money per person in the market)",
        "reputation at the end (points; 50 is neutral)",
        f"{comparison.experiment.name}{upon(comparison.experiment.scenario)}: what reputation costs",
    )


def report(comparison: "Comparison") -> str:
    """Return the page: the conclusion first, then the pictures, then the tables (Markdown)."""
    experiment = comparison.experiment
    scenario = experiment.scenario
    found, narrowed = findings(comparison)
    parts = [
        f"# {as_it_stands(experiment.name)}",
        f"**{as_it_stands(found)}**",
        *(as_it_stands(note) for note in comparison.notes),
        f"{len(comparison.policies)} policies in {_worlds(comparison)} of the scenario "
        f"{as_it_stands(scenario.name)}, {scenario.days} days. {as_it_stands(comparison.network)}.",
    ]
    if moving := still_moving(comparison):
        parts.append(as_it_stands(moving))
    parts.append("![Reputation over time under each policy](reputation.png)")
    if len(comparison.policies) > 1:
        parts.append("![Paired differences from the baseline](differences.png)")
    parts.append("![Reputation against what recovery cost](spend.png)")
    for outcome in comparison.outcomes:
        meaning = MEASURES[outcome].meaning
        grid = outcome_grid(comparison, outcome)
        parts += [f"## {grid.title}", f"{meaning[:1].upper()}{meaning[1:]}.", cells(grid)]
    spent = spend_grid(comparison)
    parts += [f"## {as_it_stands(spent.title)}", cells(spent), *_levers(comparison)]
    parts += ["## What the words mean", *_glossary(comparison)]
    if narrowed:
        parts.append(f"Of the difference in the conclusion: {narrowed[:1].lower()}{narrowed[1:]}")
    parts += ["## How to read on", _READ_ON]
    return "\n\n".join(parts) + "\n"


_READ_ON = (
    "`summary.csv` holds every outcome under every policy, `runs.csv` every run, `series.csv` every "
    "run over time; the same as Parquet. `amends compare experiment.yaml`, in this folder, gives "
    "these results again. `provenance.json` says what was run, on which network, with which "
    "versions and seeds."
)


def _levers(comparison: "Comparison") -> list[str]:
    """Return what each policy does otherwise than the others; nothing where they are the same."""
    grid = levers_grid(comparison.experiment.policies)
    if not grid.rows:
        return []
    same = "All other levers are the same under all of them; `experiment.yaml` has them all."
    return [f"## {grid.title}", cells(grid), same]


def _glossary(comparison: "Comparison") -> list[str]:
    """Return the words of the tables, each with its meaning."""
    saved, returned = (
        MEASURES[name].meaning for name in ("cost_per_customer_saved", "return_on_recovery_spend")
    )
    words = {
        "shared worlds": "every seed is a world: the same people, ties, failures and moods under "
        "every policy, so that a difference between two policies is their own doing",
        "95% interval": "where the true mean lies, as far as so many worlds can tell; intervals of "
        "differences are paired, world by world, and so are surer than those of levels",
        "best": "the chance that a policy's true mean is the best of them all",
        "spent in all": "cost of recovery of the whole market over the whole run; the picture of "
        "spend shows it per person in the market",
        "per answer": MEASURES["cost_per_recovery"].meaning,
        "customer saved": f"one customer lost less than under {as_it_stands(comparison.baseline)}",
        "per customer saved": saved,
        "return on spend": returned,
    }
    return ["\n".join(f"- **{word}**: {meaning}." for word, meaning in words.items())]


def cells(grid: Grid) -> str:
    """Return a table in Markdown; all columns but the first hold numbers."""
    cells = [[as_it_stands(cell) for cell in row] for row in (grid.heads, *grid.rows)]
    cells.insert(1, ["---", *["---:"] * (len(grid.heads) - 1)])
    return "\n".join(f"| {' | '.join(row)} |" for row in cells)


def as_it_stands(text: str) -> str:
    """Return text of the user's own so that Markdown takes it as it stands."""
    return "".join("\\" + c if c in "\\`*_[]<>|#" else c for c in text)
