"""Results on the screen: tables and a few sentences, plain when the output is no terminal."""

import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from experiments import networks
from experiments.grids import UNKNOWN, Grid, intervals, number, outcome_grid, spend_grid
from experiments.outcomes import MEASURES
from experiments.wording import figure
from sim.errors import printable

if TYPE_CHECKING:
    import pandas as pd

    from experiments.compare import Comparison
    from experiments.evidence.facts import Fact
    from sim import Outcome


_RUN = (
    ("reputation", "reputation_noncustomers", "nps", "stars", "satisfaction"),
    ("customer_share", "joiners", "leavers", "yearly_retention"),
    ("visits", "failures", "problem_share", "complaints", "silent_per_complaint", "answers",
     "first_contact_share", "mean_delay"),
    ("good_stories", "bad_stories", "good_to_bad"),
    ("revenue", "recovery_cost", "npv_per_person"),
)  # fmt: skip
"""What is shown of a run, in groups."""


def console() -> Console:
    """Return where to write: as wide as the terminal or as `COLUMNS` says, else 100 columns."""
    told = sys.stdout.isatty() or "COLUMNS" in os.environ
    return Console(file=sys.stdout, width=None if told else 100, highlight=False)


def table(columns: Sequence[str], rows: Iterable[Sequence[str | Text]], left: int = 1) -> Table:
    """Return a table whose first `left` columns hold words, and the others numbers."""
    made = Table(box=box.SIMPLE_HEAD)
    for i, column in enumerate(columns):
        made.add_column(escape(column), justify="left" if i < left else "right", overflow="fold")
    for row in rows:
        made.add_row(*(escape(cell) if isinstance(cell, str) else cell for cell in row))
    return made


def show_run(outcome: "Outcome") -> None:
    """Show what a run came to, and what happened in words."""
    values = {**outcome.final, **outcome.totals, **outcome.ratios}
    scenario = outcome.scenario
    title = (
        f"{scenario.name} under the policy {scenario.policy_name}, {scenario.days} days, "
        f"{outcome.ties.people:,} people, seed {scenario.seed}"
    )
    made = table(("outcome", "value", "unit"), ())
    made.columns[2].justify = "left"
    for group in _RUN:
        for name in group:
            measure = MEASURES[name]
            made.add_row(measure.label, number(values[name]), measure.unit)
        made.add_section()
    screen = console()
    used = networks.sentence(scenario, outcome.ties.people, [outcome.ties.ties])
    screen.print(Text(title, style="bold"), escape(printable(used)), made, sep="\n")
    screen.print(escape(told(outcome)), f"Digest: {outcome.digest}", sep="\n")


def told(outcome: "Outcome") -> str:
    """Return in two sentences what happened in a run."""
    series = outcome.series
    totals = {name: value or 0 for name, value in outcome.totals.items()}
    reputation = f"Reputation {_moved(series['reputation'], 1)}"
    satisfaction = f"the satisfaction of customers {_moved(series['satisfaction'], 2)}"
    people = series["customers"].iloc[[0, -1]].tolist()
    failures = int(totals["failures"])
    sentences = [
        f"{reputation} (50 is neutral), {satisfaction} (0 is neutral), and the customers went "
        f"from {people[0]:,} to {people[1]:,}."
    ]
    if failures:
        sentences.append(
            f"{failures:,} visits failed; {int(totals['complaints']):,} of them were complained "
            f"about, {int(totals['answers']):,} cases were answered, and the answers cost "
            f"{number(totals['recovery_cost'], 3)} against a revenue of "
            f"{number(totals['revenue'], 3)}."
        )
    else:
        sentences.append("No visit failed.")
    return " ".join(sentences)


def _moved(level: "pd.Series[float]", places: int) -> str:
    """Return where a level went, as far as that shows in so many decimals."""
    known = level.dropna()
    if known.empty:
        return "is unknown"
    first, last = (figure(float(known.iloc[at]), places) for at in (0, -1))
    if first == last:
        return f"stayed at {last}"
    return f"{'rose' if known.iloc[-1] > known.iloc[0] else 'fell'} from {first} to {last}"


def show_customer(rows: Sequence[Mapping[str, Any]]) -> None:
    """Show a customer's state after each event."""
    heads = {
        "event": "event", "satisfaction": "satis-\nfaction", "failure_memory": "failures\nrecalled",
        "recovery_expectation": "answer\nexpected", "complaint_satisfaction": "answer\njudged",
        "intention": "buys\nagain", "complain_probability": "com-\nplains",
        "delighted_probability": "is de-\nlighted", "good_tellings": "good\ntales",
        "bad_tellings": "bad\ntales",
    }  # fmt: skip
    cells = [[_cell(row[key]) for key in heads] for row in rows]
    screen = console()
    screen.print(table(list(heads.values()), cells))
    screen.print(
        "Satisfaction and how an answer is judged run from -1 to 1; buying again, complaining and "
        "delight are chances; tales are mean numbers of tellings."
    )


def _cell(value: Any) -> str:
    if isinstance(value, str):
        return printable(value)
    return UNKNOWN if value is None else f"{value:.3f}"


def show_comparison(comparison: "Comparison") -> None:
    """Show the outcomes of each policy, what was spent and gained, and the conclusion."""
    screen = console()
    screen.print(escape(printable(comparison.network)))
    for outcome in comparison.outcomes:
        _show(screen, outcome_grid(comparison, outcome))
    _show(screen, spend_grid(comparison))
    screen.print(Text(comparison.conclusion, style="bold"))
    for note in comparison.notes:
        screen.print(escape(note))


def show_analysis(grids: Iterable[Grid], conclusion: str, notes: Iterable[str]) -> None:
    """Show the tables of an analysis, what it found, and what else to mind."""
    screen = console()
    for grid in grids:
        _show(screen, grid)
    screen.print(Text(conclusion, style="bold"))
    for note in notes:
        screen.print(escape(printable(note)))


def _show(screen: Console, grid: Grid) -> None:
    screen.print(Text(grid.title, style="bold"), table(grid.heads, grid.rows), sep="\n")


def show_facts(facts: Sequence["Fact"], misfits: Sequence[str]) -> None:
    """Show the facts used for calibration, those held out, and what is known not to fit."""
    screen = console()
    heads = {
        "calibration": "Used for calibration: the model has to meet these.",
        "held out": "Held out: used for nothing. (r) a rule says so by itself, which is no evidence.",
    }
    for used_for, head in heads.items():
        chosen = [fact for fact in facts if fact.used_for == used_for]
        if chosen:
            held = sum(fact.holds for fact in chosen)
            screen.print(Text(head, style="bold"), _facts(chosen))
            screen.print(f"{held} of {len(chosen)} hold.")
    screen.print("Known misfits, whatever the tables say:")
    for misfit in misfits:
        screen.print(Padding(escape(f"- {misfit}"), (0, 0, 0, 2)))


def _facts(facts: Sequence["Fact"]) -> Table:
    rows = []
    for fact in facts:
        ((value, ends),) = intervals([(fact.value, fact.value_low, fact.value_high)])
        verdict = Text("holds", "green") if fact.holds else Text("MISSED", "bold red")
        now = value if ends == UNKNOWN else f"{value}\n{ends}"
        published = f"{fact.target} ({fact.source})"
        mark = " (r)" if fact.by_rule else ""
        band = f"{fact.low:g} to {fact.high:g}"
        rows.append((fact.id + mark, fact.fact, published, band, now, verdict))
    made = table(("", "fact", "published", "band", "now, 95%", ""), rows, left=3)
    for at in (0, 3, 4, 5):
        made.columns[at].no_wrap = True
    return made


def show_list(found: Mapping[str, Sequence[Mapping[str, str]]]) -> None:
    """Show the shipped files by kind, each with a line on what it is."""
    screen = console()
    for kind, files in found.items():
        rows = [(file["name"], file["description"]) for file in files]
        screen.print(Text(kind.capitalize(), style="bold"), table(("name", "what it is"), rows, 2))
    screen.print("Take one by its name: amends run bakery --policy slow")
