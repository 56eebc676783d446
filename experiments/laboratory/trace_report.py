"""What the tracing of stories found: on the screen, as JSON, and as a folder of tables and pictures."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import pandas as pd

from experiments.laboratory.attribution import SOURCES, TOLD
from experiments.laboratory.stories import Stories
from experiments.laboratory.stories_worst import Change
from experiments.laboratory.trace_conclusion import conclude, signed, who
from experiments.networks import portable, record, upon
from experiments.wording import figure

if TYPE_CHECKING:
    from experiments.output import ResultsFolder

DRAWN = 150
"""People in the picture of a tree at most; more cannot be told apart on a page."""


def to_json(found: Stories) -> dict[str, Any]:
    """Return the result as plain data."""
    worst = found.worst
    return {
        "scenario": found.scenario.name,
        "policy": found.scenario.policy_name,
        "seed": found.scenario.seed,
        "days": found.scenario.days,
        "people": found.outcome.ties.people,
        "digest": found.outcome.digest,
        "tellings": found.good + found.bad,
        "good": found.good,
        "bad": found.bad,
        "failures": len(found.failures),
        "reproduction": {
            story: float(found.rate(story)["reproduction"]) for story in ("good", "bad")
        },
        "reproduction_by_hop": found.reproduction.astype({"hop": object})
        .where(found.reproduction.notna(), None)
        .to_dict("records"),
        "reputation": found.outcome.final["reputation"],
        "sources": found.sources,
        "decisions": found.decisions,
        "expected": found.expected,
        "turned": found.turned,
        "worst": [
            {**row, "answered_at_once": asdict(answered), "spared": asdict(spared)}
            for row, answered, spared in zip(
                worst.cases.to_dict("records"), worst.answered, worst.spared, strict=True
            )
        ],
        "worst_together": None
        if worst.answered_together is None or worst.spared_together is None
        else {
            "answered_at_once": asdict(worst.answered_together),
            "spared": asdict(worst.spared_together),
        },
        "conclusion": conclude(found),
    }


def show(found: Stories) -> None:
    """Show sources, worst cases and the conclusion on the screen."""
    from rich.text import Text

    from experiments.tables import console, table

    screen = console()
    reputation = found.outcome.final["reputation"]
    if reputation is not None:
        screen.print(
            "Where reputation comes from (points), and decisions to buy that stories turned"
        )
        rows = [("nobody thinks anything", "50.00", "")]
        rows += [
            (
                SOURCES[name],
                signed(points, 2),
                signed(found.turned[name], 1) if name in TOLD else "",
            )
            for name, points in found.sources.items()
        ]
        turned = signed(sum(found.turned.values()), 1)
        rows.append(("together", figure(reputation, 2), turned))
        screen.print(table(("", "points", "decisions"), rows))
    if len(found.worst.cases):
        _show_worst(found, screen, table)
    screen.print(Text(conclude(found), style="bold"))


def _show_worst(found: Stories, screen: Any, table: Any) -> None:
    cases = found.worst.cases
    screen.print(
        "The failures that did most harm: points of reputation that their stories cost on the"
    )
    screen.print(
        "last day, buyers over the run; points (customers) had each been answered, or spared"
    )
    lines = [
        (
            who(row), f"{row['day']}", f"{row['severity']:.2f}",
            "yes" if row["heard"] else "no", f"{row['reached']:,}", signed(row["points"], 3),
            signed(row["buyers"], 2), _signed(answered), _signed(spared),
        )
        for row, answered, spared in zip(
            cases.to_dict("records"), found.worst.answered, found.worst.spared, strict=True
        )
    ]  # fmt: skip
    columns = ("who", "day", "severity", "heard", "reached", "points", "buyers", "answered",
               "spared")  # fmt: skip
    screen.print(table(columns, lines))


def _signed(change: Change) -> str:
    reputation = "-" if change.reputation is None else signed(change.reputation, 3)
    return f"{reputation} ({signed(float(change.customers), 0)})"


def write(folder: "ResultsFolder", found: Stories) -> None:
    """Write tables, pictures, the graph of the worst story, and the page that joins them.

    The tellings are there already.
    """
    from experiments.laboratory.stories_graph import graph_of, write_graph
    from experiments.plots import save

    folder.table("failures", found.failures)
    folder.table("origins", found.origins, csv=False)
    folder.table("reproduction", found.reproduction)
    folder.table("worst", worst_frame(found))
    for name, drawn in pictures(found).items():
        save(drawn, folder.path, name)
    if len(found.tree):
        write_graph(graph_of(found.tree, found.outcome.ties.labels), folder.path, "story")
    kept = portable(found.scenario, folder.target)
    folder.text("scenario.yaml", kept.to_yaml())
    folder.text("report.md", report(found))
    ties = found.outcome.ties
    folder.provenance = {
        "result": {"conclusion": conclude(found), "digest": found.outcome.digest},
        "network": record(found.scenario, ties.people, [ties.ties]),
        "scenario": kept.resolved(),
    }


def worst_frame(found: Stories) -> pd.DataFrame:
    """Return the worst cases, with what other lives would have changed, a row a case."""
    frame = found.worst.cases.copy()
    for name, changes in (("answered", found.worst.answered), ("spared", found.worst.spared)):
        for part in ("reputation", "leavers", "joiners", "customers", "npv"):
            frame[f"{name}_{part}"] = [getattr(change, part) for change in changes]
    return frame


def pictures(found: Stories) -> dict[str, Any]:
    """Return the pictures by the name of their files."""
    from experiments.plots import stories as plots

    scenario = found.scenario
    about = f"{scenario.name} under the policy {scenario.policy_name}{upon(scenario)}"
    drawn: dict[str, Any] = {}
    if found.outcome.final["reputation"] is not None:
        drawn["sources"] = plots.sources(
            {SOURCES[name]: points for name, points in found.sources.items()},
            {SOURCES[name]: people for name, people in found.turned.items()},
            f"{about}: where reputation and buyers come from",
        )
    if len(found.worst.cases):
        drawn["worst"] = plots.worst_cases(
            [_case(row) for row in found.worst.cases.to_dict("records")],
            (-found.worst.cases["points"]).tolist(),
            [change.reputation or 0.0 for change in found.worst.answered],
            [change.reputation or 0.0 for change in found.worst.spared],
            f"{about}: the failures that did most harm",
            "Bars: what their stories have left by the last day. Points: the same world with this "
            "one case otherwise, which also changes what the customer itself thinks and does, and "
            "gives room to other stories where opinions are at their limit.",
        )
    if len(found.tree):
        drawn["story"] = _tree(found)
    return drawn


def _case(row: Any) -> str:
    heard = "heard of" if row["heard"] else "never heard of"
    return (
        f"{who(row)}, day {row['day']}: severity {row['severity']:.2f}, {heard}; "
        f"{row['reached']:,} reached"
    )


def _tree(found: Stories) -> Any:
    from experiments.laboratory.stories_graph import first_hearings, rows_in
    from experiments.plots.stories import story_tree

    whole = first_hearings(found.tree)
    tree = whole[:DRAWN]
    frame = pd.DataFrame([asdict(hearer) for hearer in tree])
    frame["height"] = rows_in(tree)
    row = found.worst.cases.iloc[0]
    again = len(found.tree) - (len(whole) - 1)
    left_out = f" Only the first {DRAWN} of {len(whole):,} people are drawn." * (len(whole) > DRAWN)
    return story_tree(
        frame,
        f"How the worst story spread: {who(row)} of {found.scenario.name}, failed on "
        f"day {row['day']}",
        f"{len(found.tree):,} tellings reached {len(whole) - 1:,} people, each drawn where it first "
        f"heard the story; {again:,} tellings to people who knew it already are not drawn."
        + left_out,
    )


def report(found: Stories) -> str:
    """Return a page that puts conclusion and pictures together."""
    lines = [
        f"# {found.scenario.name}: stories traced to their source", "", conclude(found), "",
    ]  # fmt: skip
    if found.outcome.final["reputation"] is not None:
        lines += [
            "![Where reputation and buyers come from](sources.png)",
            "",
        ]
    if len(found.worst.cases):
        lines += ["![The failures that did most harm](worst.png)", ""]
    if len(found.tree):
        lines += ["![How the worst story spread](story.png)", ""]
    return "\n".join([*lines, "## How to read on", "", _READ_ON, ""])


_READ_ON = (
    "`tellings.parquet` holds every telling: day, teller, listener, the person and day of its "
    "origin, how often it had been passed on (`hop`), along which kind of tie, its valence, and the "
    "change of opinion in logits. `failures.csv` and `origins.parquet` add them up by failure and by "
    "event, `reproduction.csv` by hop. `story.graphml` and `story.json` hold the worst story as a "
    "graph of people for Gephi, Cytoscape or d3. Points are those of the last day: an opinion fades, "
    "so that what was told long before counts little, and a customer it drove away counts where it "
    "shows, in the same world lived otherwise (`worst.csv`)."
)
