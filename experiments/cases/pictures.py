"""The pictures of a case: its policies, what each answer rests on, and other assumptions."""

from typing import TYPE_CHECKING, Any

import pandas as pd

from experiments import plots
from experiments.cases.assumptions import AS_IT_IS
from experiments.outcomes import MEASURES, Measure
from experiments.sections.keys import parameter_of

if TYPE_CHECKING:
    from experiments.cases.answers import Answer, Row
    from experiments.cases.case import Answered, CaseResult

_MOST_TRACKED = 9
"""Panels in the picture of all assumptions; more cannot be read on a page."""


def pictures(result: "CaseResult") -> dict[str, Any]:
    """Return the pictures by the name of their files: `policies`, `question-1`, ..., `assumptions`."""
    drawn = {"policies": _policies(result)} if len(result.experiment.policies) > 1 else {}
    for i, answered in enumerate(result.answered, 1):
        drawn[f"question-{i}"] = _question(result, answered)
    if result.ranking.assumptions[1:]:
        drawn["assumptions"] = _assumptions(result)
    return drawn


def worlds(result: "CaseResult") -> str:
    """Return in how many worlds everything was run."""
    count = len(result.experiment.seeds)
    return f"{count} shared worlds" if count > 1 else "one world"


def _forest(rows: list[dict[str, Any]], title: str, subtitle: str, everybody: Any = ()) -> Any:
    numbers = dict.fromkeys(("difference", "low", "high"), "float64")
    one_scale = (
        len({row["unit"] for row in rows}) == 1 and len({row["outcome"] for row in rows}) == 1
    )
    return plots.forest(pd.DataFrame(rows).astype(numbers), title, subtitle, everybody, one_scale)


def _policies(result: "CaseResult") -> Any:
    ranking, baseline = result.ranking, result.experiment.baseline
    rows = [
        _row(ranking.measure.label, ranking.measure, policy, ranking.difference(policy, each), each.name)
        for each in ranking.assumptions
        for policy in result.experiment.policies
        if policy != baseline
    ]  # fmt: skip
    measure = ranking.measure.label
    return _forest(
        rows,
        f'{result.told.title}: {measure} against "{baseline}"',
        f"Paired differences in {worlds(result)} with 95% intervals; a panel for each assumption",
        tuple(result.experiment.policies),
    )


def _row(label: str, measure: Measure, name: str, reading: Any, panel: str = "") -> dict[str, Any]:
    unit = "" if measure.unit == measure.label else measure.unit
    return {
        "label": panel or label, "outcome": measure.name, "unit": unit, "direction": measure.direction, "kind": "difference", "policy": name,
        "difference": reading.mean, "low": reading.low, "high": reading.high,
    }  # fmt: skip


def _question(result: "CaseResult", answered: "Answered") -> Any:
    question, answer = answered.question, answered.answer
    if question.kind == "curve":
        return _curve(result, answered)
    if question.kind == "ways":
        return _ways(result, answered)
    return _forest(
        [_row(row.panel, row.measure, row.label, row.reading) for row in answer.rows],
        question.ask,
        _how_read(answer, result),
    )


def _how_read(answer: "Answer", result: "CaseResult") -> str:
    exact = "; an interval that crosses the line may be luck"
    return f"Means of {worlds(result)} with 95% intervals{exact}"


def _measure(result: "CaseResult", answered: "Answered") -> Measure:
    return MEASURES[answered.question.outcome or result.experiment.outcomes[0]]


def _quantity(measure: Measure) -> str:
    return f"{measure.label}{_unit(measure)}"


def _unit(measure: Measure) -> str:
    return "" if measure.unit in ("", measure.label) else f" ({measure.unit})"


def _curve(result: "CaseResult", answered: "Answered") -> Any:
    asked = answered.question.curve
    assert asked is not None
    measure, answer = _measure(result, answered), answered.answer
    decided = answer.verdicts["what is enough"]
    # The last value is no answer to what is enough: more might be better still.
    values, steps = asked.values[:-1], answer.steps[:-1]
    enough = next(
        (value for value, step in zip(values, steps, strict=True) if step == decided), None
    )
    unit = parameter_of(asked.key).unit
    lever = asked.key.rpartition(".")[2].replace("_", " ")
    mark = "; dashed: the least that is as good as the best, as far as that can be told"
    return plots.along(
        pd.DataFrame(list(answer.points)),
        enough,
        lever if unit == lever else f"{lever} ({unit})",
        f"difference in {_quantity(measure)}",
        answered.question.ask,
        f"Paired differences from {lever} {answer.steps[0]}, means of {worlds(result)} with their "
        f"95% band{'' if enough is None else mark}",
    )


def _ways(result: "CaseResult", answered: "Answered") -> Any:
    asked = answered.question.ways
    assert asked is not None
    return plots.at_equal_spend(
        pd.DataFrame(list(answered.answer.points)),
        float(answered.answer.points[0]["most"]),
        f'spent on recovery beyond "{asked.start}" (money)',
        f"difference in {_quantity(_measure(result, answered))}",
        answered.question.ask,
        f"Means of {worlds(result)} with 95% bands; beside each point the value of its lever. "
        "Compare upright, up to the dashed line, the most that all can spend: the higher does more",
    )


def _assumptions(result: "CaseResult") -> Any:
    most = min(4, max(1, _MOST_TRACKED // len(result.answered)))
    tracked = [
        (each, row, _said(answered, row))
        for answered in result.answered
        for each, answer in answered.answers.items()
        for row in _wanted(answered, answer, most)
    ]
    alike = len({(row.measure, said) for _, row, said in tracked}) == 1
    rows = [
        {
            "panel": row.label if alike else f"{row.label}: {said}",
            "outcome": row.measure.name,
            "unit": f"{said}{_unit(row.measure)}" if alike else row.measure.unit,
            "assumption": each.name,
            **row.reading._asdict(),
        }
        for each, row, said in tracked
    ]
    names = list(dict.fromkeys(row["panel"] for row in rows))[:_MOST_TRACKED]
    return plots.under_assumptions(
        pd.DataFrame([row for row in rows if row["panel"] in names]),
        "Does it hold under other assumptions?",
        f"Means of {worlds(result)} with 95% intervals; above: the case as it is, below: with one "
        "assumption changed",
    )


def _said(answered: "Answered", row: "Row") -> str:
    """Return what an estimate is of: of a comparison also on which day, and divided by what."""
    return row.panel if answered.question.kind == "contrasts" else row.measure.label


def _wanted(answered: "Answered", answer: "Answer", most: int) -> list["Row"]:
    """Return the first tracked estimates of an answer, those of the case as it is in their order."""
    most = 1 if answered.question.kind == "curve" else most
    usual = [(row.label, _said(answered, row)) for row in answered.answers[AS_IT_IS].tracked[:most]]
    found = {(row.label, _said(answered, row)): row for row in answer.tracked}
    return [found[key] for key in usual if key in found]
