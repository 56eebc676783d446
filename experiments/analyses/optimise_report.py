"""The results folder of a search: the frontier and its levers in pictures, tables, and a page."""

from typing import TYPE_CHECKING, Any

import pandas as pd

from experiments import plots
from experiments.analyses.frontier_tables import (
    costs_grid,
    frontier_grid,
    levers_grid,
    options_frame,
    rivals_grid,
    trials_frame,
)
from experiments.networks import upon
from experiments.report import as_it_stands, cells, write_experiment
from experiments.sections.keys import parameter_of

if TYPE_CHECKING:
    from experiments.analyses.optimisation import Optimisation
    from experiments.output import ResultsFolder


def write(folder: "ResultsFolder", result: "Optimisation") -> None:
    """Write all that there is to keep of a search."""
    options, trials = options_frame(result), trials_frame(result)
    folder.table("options", options)
    folder.table("trials", trials)
    options["chosen"] = [
        option is result.recommended for option in (*result.found, *result.named.values())
    ]
    front = options[options["number"].notna()]
    plots.save(_picture(result, options, trials), folder.path, "frontier")
    along = _along(result, front)
    if along is not None:
        plots.save(along, folder.path, "levers")
    folder.text("report.md", report(result, along is not None))
    folder.provenance = {
        "result": {"conclusion": result.conclusion, "notes": list(result.notes)},
        "experiment": write_experiment(folder, result.experiment).resolved(),
    }


def _quantity(result: "Optimisation") -> str:
    unit = f" ({result.measure.unit})" if result.measure.unit else ""
    less = "; less is better" if result.measure.direction < 0 else ""
    return f"{result.measure.label}{unit}{less}"


def _worlds(result: "Optimisation") -> str:
    count = len(result.experiment.seeds)
    return f"{count} worlds" if count > 1 else "one world"


def _picture(result: "Optimisation", options: pd.DataFrame, trials: pd.DataFrame) -> Any:
    own = options["policy"] != ""
    several = len(result.experiment.seeds) > 1
    title = f"{result.experiment.name}{upon(result.experiment.scenario)}"
    return plots.frontier(
        options[options["number"].notna()],
        options[own],
        _levelled(result, trials),
        quantity=_quantity(result),
        title=f"{title}: what the money buys",
        subtitle=f"Means of {_worlds(result)} new to the search"
        + (
            ", with 95% intervals (luck that all share included, so that differences are surer "
            "than they look)" if several else ""
        )
        + f". Grey: means in the search's worlds, shifted by the luck of {result.start.name} there.",
        budget=result.budget,
    )  # fmt: skip


def _levelled(result: "Optimisation", trials: pd.DataFrame) -> pd.DataFrame:
    """Return what was tried without the luck of the search's worlds that the start shares."""
    start, known = result.start, trials.dropna(subset=["spend", "objective"])
    return known.assign(
        spend=known["spend"] + (start.spend.mean - start.promised.spend),
        objective=known["objective"] + (start.objective.mean - start.promised.objective),
    )


def _along(result: "Optimisation", front: pd.DataFrame) -> Any:
    """Draw the levers along the frontier; None where there is nothing to draw."""
    levers, several = [], len(result.experiment.seeds) > 1
    for key, given in result.section.levers.items():
        values = front[key]
        if pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values):
            name = key.partition(".")[2].replace("_", " ")
            levers.append((key, name, parameter_of(key).told_in, *given.ends))
    if not levers:
        return None
    return plots.levers_along(
        front,
        levers,
        f"{result.experiment.name}: the levers along the frontier",
        "Each dot is a policy on the frontier"
        + (", with the 95% interval of what it spends" if several else "")
        + "; the ring is the one recommended. Where dots scatter, the search found no clear setting: "
        "the lever matters little there, or more trials are needed.",
    )


def grids(result: "Optimisation") -> list[Any]:
    """Return the tables to show first."""
    return [frontier_grid(result), rivals_grid(result)]


def report(result: "Optimisation", levers: bool = True) -> str:
    """Return the page: the conclusion first, then pictures and tables (Markdown)."""
    experiment = result.experiment
    parts = [
        f"# {as_it_stands(experiment.name)}",
        f"**{as_it_stands(result.conclusion)}**",
        *(as_it_stands(note) for note in result.notes),
        _how(result),
        "![What the money buys: the frontier and the policies](frontier.png)",
    ]
    if levers:
        parts.append("![The levers along the frontier](levers.png)")
    shown = [*grids(result), levers_grid(result)]
    if result.section.costs:
        shown.append(costs_grid(result))
    for grid in shown:
        parts += [f"## {as_it_stands(grid.title)}", cells(grid)]
    parts += ["## How to read on", _READ_ON]
    return "\n\n".join(parts) + "\n"


def _how(result: "Optimisation") -> str:
    """Say what was run."""
    scenario = result.experiment.scenario
    tried = [trial for trial in result.trials if trial.known]
    within = sum(trial.spend <= result.budget for trial in tried)
    kept = "" if result.section.budget is None else f", {within} of them within the budget"
    return (
        f"{len(result.trials)} settings of {len(result.section.levers)} levers were tried in "
        f"{len(result.search_worlds)} worlds of the scenario {as_it_stands(scenario.name)}, "
        f"{scenario.days} days{kept}; {len(result.found)} of the best and the "
        f"{len(result.named)} policies of the experiment were then run in {_worlds(result)} that "
        f"the search had not seen. All other levers are those of {as_it_stands(result.start.name)}."
    )


_READ_ON = (
    "What is spent is the cost of recovery of all kinds per person in the market and year: "
    "compensation, contacts, follow-ups, noticing and wages, and what the experiment says that its "
    "levers cost. A policy is on the frontier if none that was found spends no more and reaches no "
    "less. The star marks what is recommended; brackets mark what exceeds the budget. "
    "`options.csv` holds every policy that was run again, `trials.csv` all that was tried; the same "
    "as Parquet. `amends optimise experiment.yaml`, in this folder, gives these results again."
)
