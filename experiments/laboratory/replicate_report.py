"""Published values beside ours, on the screen."""

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from experiments.laboratory.replicate import MEASURES, Published, Replication, Verdict
from experiments.tables import console, table
from experiments.wording import figure, listed

if TYPE_CHECKING:
    from experiments.output import ResultsFolder
    from experiments.plots.replicate import Row

WORDS = {
    "steps_to_95": "steps until 95% have adopted", "adopters": "adopters",
    "npv": "net present value in adopters",
}  # fmt: skip


_SHORT = {"steps_to_95": "steps to 95%"}


def kind(published: Published) -> str:
    """Return in words what kind of number was published.

    >>> kind(Published({}, "adopters", "median", 1025.0, 0.03))
    'median'
    """
    return "one run" if published.spread is None else published.statistic


def show_verdicts(judged: Sequence[Verdict]) -> None:
    """Show each published value, ours, where single runs lie, and whether it is met."""
    rows = []
    for each in judged:
        published = each.published
        low, high = each.interval
        set_to = ", ".join(f"{key}={value:g}" for key, value in published.settings.items())
        single = f"{figure(low, 0)} to {figure(high, 0)}" if math.isfinite(low) else "unknown"
        rows.append((
            each.replication.replica.name, set_to or "defaults",
            _SHORT.get(published.measure, published.measure),
            f"{kind(published)} {figure(published.value, 0)}",
            figure(each.ours, 1) if math.isfinite(each.ours) else "never", single,
            "-" if not each.enough else "yes" if each.holds else "NO",
        ))  # fmt: skip
    columns = ("model", "parameters", "measure", "published", "our mean\nor median",
               "single runs\n(99%)", "met")  # fmt: skip
    made = table(columns, rows, 3)
    for column in made.columns:
        column.no_wrap = True
    screen = console()
    screen.print(made)
    screen.print(conclude(judged))


def conclude(judged: Sequence[Verdict]) -> str:
    """Return in a few sentences how many values are met, and what that means."""
    enough = [each for each in judged if each.enough]
    said = [f"{sum(each.holds for each in enough)} of {len(enough)} published values are met."]
    few = dict.fromkeys(
        f"{each.replication.replica.runs} for {each.replication.replica.name}"
        for each in judged if not each.enough
    )  # fmt: skip
    if few:
        said.append(f"Elsewhere there are too few runs to judge by; it takes {listed([*few])}.")
    if any(each.published.spread is None for each in enough):
        said.append("That of one run is met if it lies where 99 of 100 single runs of ours do.")
    within = [
        f"within {each.published.spread:.0%} for {each.replication.replica.name}"
        for each in enough if each.published.spread is not None
    ]  # fmt: skip
    if within:
        said.append(f"A published mean or median has to be met {listed(within)}.")
    if any(each.replication.replica.name == "bass" for each in judged):
        said.append("The value for bass is that of Bass's own curve.")
    return " ".join(said)


def show_replication(found: Replication) -> None:
    """Show what came of a model's runs."""
    rows = []
    for measure, words in WORDS.items():
        if measure in found.values:
            summary = found.summary(measure)
            cells = ("never" if value is None else figure(value, 1) for value in summary.values())
            rows.append((words, *cells))
    screen = console()
    given = ", ".join(f"{key} = {value}" for key, value in found.parameters.model_dump().items())
    screen.print(f"{found.replica.name} ({found.replica.title}); {found.runs} runs; {given}")
    screen.print(table(("", "mean", "median", "lower quartile", "upper quartile"), rows))
    if found.verdict is not None:
        screen.print(
            f"Published: {kind(found.verdict.published)} "
            f"{figure(found.verdict.published.value, 0)}."
        )
        screen.print(conclude([found.verdict]))


def show_regression(found: Mapping[str, Any]) -> None:
    """Show the standardised coefficients of the time to 95%."""
    rows = [(name, figure(value, 3)) for name, value in found["coefficients"].items()]
    screen = console()
    screen.print(table(("parameter", "standardised coefficient"), rows))
    screen.print(
        f"Time to 95% over {found['cells']} cells, {found['runs']} runs each: "
        f"R squared {found['r_squared']:.2f}."
    )


def write(folder: "ResultsFolder", found: Sequence[Replication], judged: Sequence[Verdict]) -> None:
    """Write every run, the picture of what was published among them, and a page."""
    frames = [
        pd.DataFrame(
            {"model": each.replica.name, **each.parameters.model_dump()}
            | {"seed": np.arange(each.runs) + each.seed}
            | {name: each.values[name] for name in MEASURES if name in each.values}
        )
        for each in found
    ]
    folder.table("runs", pd.concat(frames, ignore_index=True))
    lines = ["# Published models reproduced", ""]
    if judged:
        from experiments.plots import save
        from experiments.plots.replicate import replicas

        save(replicas([_row(each) for each in judged], _TITLE), folder.path, "replicas")
        lines += [conclude(judged), "", f"![{_TITLE}](replicas.png)", ""]
    for each in found:
        told = "; ".join(
            f"{WORDS[name]}: median {'never' if median is None else figure(median, 1)}"
            for name in MEASURES if name in each.values
            for median in [each.summary(name)["median"]]
        )  # fmt: skip
        settings = ", ".join(f"{k} = {v}" for k, v in each.parameters.model_dump().items())
        lines.append(f"- {each.replica.name} ({each.replica.title}), {each.runs} runs: {told} "
                     f"({settings}).")  # fmt: skip
    folder.text("report.md", "\n".join([*lines, ""]))
    folder.provenance = {"result": {"models": [each.to_json() for each in found]}}


_TITLE = "Published values among single runs of the models rebuilt"


def _row(verdict: Verdict) -> "Row":
    from experiments.plots.replicate import Row

    published, found = verdict.published, verdict.replication
    set_to = ", ".join(f"{key} = {value:g}" for key, value in published.settings.items())
    return Row(
        f"{found.replica.name}{f', {set_to}' if set_to else ''}\n"
        f"{_SHORT.get(published.measure, published.measure)}; published: {kind(published)} "
        f"{figure(published.value, 0)}",
        found.values[published.measure],
        verdict.ours,
        published.value,
        verdict.interval if published.spread is None else None,
        published.spread,
    )
