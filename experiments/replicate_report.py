"""Published values beside ours, on the screen."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from experiments.replicate import Replication, Verdict
from experiments.tables import console, table
from experiments.wording import figure

WORDS = {
    "steps_to_95": "steps until 95% have adopted", "adopters": "adopters",
    "npv": "net present value in adopters",
}  # fmt: skip


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
            f"{WORDS[published.measure]} ({published.statistic})", figure(published.value, 0),
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
            f"Published: {figure(found.verdict.published.value, 0)} "
            f"{WORDS[found.verdict.published.measure]} ({found.verdict.published.statistic})."
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
