"""A case on the screen: its answers first, then the order of the policies and the claims."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from rich.markup import escape
from rich.text import Text

from experiments.cases.page import ranking_grid
from experiments.tables import console, table
from sim.errors import printable
from sim.reading import read_document
from sim.shipped import shipped

if TYPE_CHECKING:
    from experiments.cases.case import CaseResult


def listed() -> list[dict[str, Any]]:
    """Return the shipped cases: name, title, what each asks, and its file."""
    found = []
    for name, path in shipped("cases").items():
        case = read_document(path).data["case"]
        asked = [" ".join(question["ask"].split()) for question in case["questions"]]
        title = " ".join(case["title"].split())
        found.append({"name": name, "title": title, "questions": asked, "file": str(path)})
    return found


def show_cases(cases: Sequence[dict[str, Any]]) -> None:
    """Show the cases, each with its questions."""
    screen = console()
    rows = [(case["name"], case["title"], " ".join(case["questions"])) for case in cases]
    screen.print(table(("case", "story", "what it asks"), rows, left=3))
    screen.print("Take one by its name: amends case bakery")


def show_case(result: "CaseResult") -> None:
    """Show what a case found."""
    screen = console()
    screen.print(Text(result.told.title, style="bold"))
    screen.print(escape(printable(result.summary)), "")
    for answered in result.answered:
        screen.print(Text(answered.question.ask, style="bold"))
        screen.print(escape(printable(answered.answer.said)))
        screen.print(escape(printable(answered.changes.said)), "")
    if len(result.experiment.policies) > 1:
        grid = ranking_grid(result)
        narrow = [row[:2] for row in grid.rows]
        screen.print(Text(grid.title, style="bold"), table(grid.heads[:2], narrow))
        screen.print(escape(printable(result.ranking.changes.said)))
    if result.judged:
        rows = [(each.claim.claim, each.came_out, each.verdict) for each in result.judged]
        screen.print(Text("What is claimed", style="bold"))
        screen.print(table(("claim", "what came out (95% interval)", "verdict"), rows, left=3))
