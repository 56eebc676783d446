"""The page of a case: its story, what is simulated, the claims, and the question with its answer."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from experiments import plots
from experiments.cases.pictures import pictures, worlds
from experiments.grids import Grid, intervals, levers_grid, number
from experiments.report import as_it_stands, cells, write_experiment
from experiments.sections.keys import said
from experiments.wording import count

if TYPE_CHECKING:
    from experiments.cases.case import Answered, CaseResult
    from experiments.cases.claims import Judged
    from experiments.design import Experiment
    from experiments.output import ResultsFolder


def write_case(folder: "ResultsFolder", result: "CaseResult") -> None:
    """Write all that there is to keep of a case: page, pictures, tables, and how to have it again."""
    for name, drawn in pictures(result).items():
        plots.save(drawn, folder.path, name)
    folder.text("report.md", page(result))
    folder.table("estimates", estimates_frame(result))
    folder.table("claims", claims_frame([result]))
    survey = result.experiment.survey
    folder.provenance = {
        "result": result.to_json(),
        "experiment": write_experiment(folder, result.experiment).resolved(),
        "survey": [each._asdict() for each in survey.moved] if survey else [],
    }


def page(result: "CaseResult", images: str = "") -> str:
    """Return the page (Markdown); pictures have `images` before their names."""
    told, experiment = result.told, result.experiment
    scenario = experiment.scenario
    parts = [
        f"# {as_it_stands(told.title)}",
        f"**{as_it_stands(result.summary)}**",
        "\n".join(
            f"- **{as_it_stands(each.question.ask)}** {as_it_stands(each.answer.short)}"
            for each in result.answered
        ),
        *map(as_it_stands, told.story),
        "## What is simulated",
        f"{count(len(experiment.policies)).capitalize()} policies in {worlds(result)} of the scenario "
        f"{as_it_stands(scenario.name)}: {scenario.market.people:,} people, {scenario.days} days. "
        f"{as_it_stands(told.invented)}",
        cells(levers_grid(experiment.policies)),
        *surveyed(experiment),
    ]
    if len(experiment.policies) > 1:
        ranked = ranking_grid(result)
        parts += [
            f"## {as_it_stands(ranked.title)}",
            cells(ranked),
            as_it_stands(result.ranking.changes.said),
            f"![Each policy against the baseline, under every assumption]({images}policies.png)",
        ]
    if result.judged:
        parts += ["## What the story claims", claims_table(result.judged)]
        parts += [
            f"**{as_it_stands(each.claim.claim)}** {as_it_stands(each.claim.note)}"
            for each in result.judged if each.claim.note
        ]  # fmt: skip
    parts.append(f"## The question{'s' if len(result.answered) > 1 else ''}")
    for i, answered in enumerate(result.answered, 1):
        parts += _question(answered, f"{images}question-{i}.png")
    if result.ranking.assumptions[1:]:
        parts.append(f"![The same under other assumptions]({images}assumptions.png)")
    return "\n\n".join(parts) + "\n"


def surveyed(experiment: "Experiment") -> list[str]:
    """Return what a survey by SERVQUAL made of the file: a paragraph and its table; else nothing."""
    if experiment.survey is None:
        return []
    told = (
        f"A survey by SERVQUAL describes {as_it_stands(experiment.survey.policy)}, and is put in as gaps "
        "between what is perceived and what was expected, in points of a scale of 7. A gap of 0 moves "
        "nothing."
    )
    rows = [
        (each.dimension, f"{each.gap:+.3g}", each.key, said(each.before), number(each.after, 3))
        for each in experiment.survey.moved
    ]
    heads = ("dimension", "gap", "moves", "from", "to")
    return [told, cells(Grid("", heads, rows))]


def _question(answered: "Answered", picture: str) -> list[str]:
    note = answered.question.note
    return [
        f"### {as_it_stands(answered.question.ask)}",
        f"![What the answer rests on]({picture})",
        f"**{as_it_stands(answered.answer.said)}**",
        as_it_stands(answered.changes.said),
        *([as_it_stands(note)] if note else []),
    ]


def ranking_grid(result: "CaseResult") -> Grid:
    """Return the table of differences from the baseline, a row per policy, the best first."""
    ranking = result.ranking
    policies = ranking.order(ranking.assumptions[0])
    columns = []
    for each in ranking.assumptions:
        readings = [ranking.difference(policy, each) for policy in policies]
        pairs = intervals([[_known(part) for part in reading] for reading in readings])
        columns.append([value if ends == "-" else f"{value} ({ends})" for value, ends in pairs])
    baseline = result.experiment.baseline
    rows = [
        (policy, *("the baseline" if policy == baseline else column[i] for column in columns))
        for i, policy in enumerate(policies)
    ]
    unit = f" ({ranking.measure.unit})" if ranking.measure.unit else ""
    title = f"The policies by {ranking.measure.label}{unit}, over {baseline}"
    return Grid(title, ("policy", *(each.name for each in ranking.assumptions)), rows)


def _known(value: float) -> float | None:
    return None if value != value else value


HEADS = ("claim", "said by", "tested by", "what came out (95% interval)", "verdict")


def claims_table(judged: Sequence["Judged"]) -> str:
    """Return claims as a table (Markdown), each with its command, what came out, and the verdict."""
    rows = [
        (
            as_it_stands(each.claim.claim), each.claim.of,
            "–" if each.command == "none" else f"`{each.command}`",
            as_it_stands(each.came_out), f"**{as_it_stands(each.verdict)}**",
        )
        for each in judged
    ]  # fmt: skip
    lines = [HEADS, ["---"] * len(HEADS), *rows]
    return "\n".join(f"| {' | '.join(row)} |" for row in lines)


def claims_frame(results: Sequence["CaseResult"]) -> "object":
    """Return a DataFrame with a row per claim of some cases."""
    import pandas as pd

    return pd.DataFrame(
        [
            {
                "case": result.name, "claim": each.claim.claim, "of": each.claim.of,
                "command": each.command, "came_out": each.came_out, "verdict": each.verdict,
            }
            for result in results for each in result.judged
        ],
        columns=["case", "claim", "of", "command", "came_out", "verdict"],
    )  # fmt: skip


def estimates_frame(result: "CaseResult") -> "object":
    """Return a DataFrame with a row per estimate, question and assumption."""
    import pandas as pd

    return pd.DataFrame(
        [
            {
                "question": answered.question.ask, "assumption": each.name, "of": row.panel,
                "name": row.label, "outcome": row.measure.name, "unit": row.measure.unit,
                **row.reading._asdict(),
            }
            for answered in result.answered
            for each, answer in answered.answers.items()
            for row in answer.rows
        ]
    )  # fmt: skip
