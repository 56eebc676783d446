"""Published values beside ours, on the screen."""

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from experiments.laboratory.replicate import MEASURES, Published, Replication, Verdict
from experiments.tables import console, table
from experiments.wording import figure

if TYPE_CHECKING:
    from experiments.output import ResultsFolder
    from experiments.plots.replicate import Row

WORDS = {
    "steps_to_95": "steps until 95% have adopted", "adopters": "adopters",
    "npv": "net present value in adopters",
}  # fmt: skip


def measured(published: Published) -> str:
    """Return in words what was published.

    >>> measured(Published({}, "adopters", "median", 1025.0))
    'median of adopters'
    """
    short = {"steps_to_95": "steps to 95%"}.get(published.measure, published.measure)
    return f"{published.statistic} of {short}"


def show_verdicts(judged: Sequence[Verdict]) -> None:
    """Show each published value, ours, where single runs lie, and whether it is met."""
    rows = []
    for each in judged:
        published = each.published
        low, high = each.interval
        set_to = ", ".join(f"{key} = {value:g}" for key, value in published.settings.items())
        single = f"{figure(low, 0)} to {figure(high, 0)}" if math.isfinite(low) else "unknown"
        rows.append((
            each.replication.replica.name, set_to or "as published",
            measured(published), figure(published.value, 0),
            figure(each.ours, 1) if math.isfinite(each.ours) else "never", single,
            "yes" if each.holds else "NO",
        ))  # fmt: skip
    columns = ("model", "parameters", "measure", "published", "ours", "single runs (99%)", "met")
    made = table(columns, rows, 3)
    for at in (0, 1):
        made.columns[at].no_wrap = True
    screen = console()
    screen.print(made)
    screen.print(conclude(judged))


def conclude(judged: Sequence[Verdict]) -> str:
    """Return in a few sentences how many values are met, and what that means."""
    met = sum(each.holds for each in judged)
    kinds = {each.published.spread for each in judged}
    said = [f"{met} of {len(judged)} published values are met."]
    if None in kinds:
        said.append(
            "Those of single runs are compared with the interval in which 99 of 100 single runs of "
            "ours lie."
        )
    shares = sorted(kind for kind in kinds if kind is not None)
    if shares:
        within = " and ".join(f"{share:.0%}" for share in shares)
        names = " and ".join(
            each.replication.replica.name for share in shares for each in judged
            if each.published.spread == share
        )  # fmt: skip
        said.append(f"Ours has to lie within {within} of the value for {names}.")
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
            f"Published as {measured(found.verdict.published)}: "
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
    published, found = verdict.published, verdict.replication
    set_to = ", ".join(f"{key} = {value:g}" for key, value in published.settings.items())
    words = f"{found.replica.name}{f', {set_to}' if set_to else ''}\n{measured(published)}"
    return words, found.values[published.measure], verdict.ours, published.value
