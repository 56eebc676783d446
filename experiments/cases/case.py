"""A case: its questions answered, its policies ranked, its claims tried, under every assumption."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from experiments.cases import claims, single
from experiments.cases.answers import Answer, Way, way_of
from experiments.cases.assumptions import AS_IT_IS, ASSUMPTIONS, Assumption
from experiments.cases.changes import Changes
from experiments.cases.ranking import Ranking
from experiments.cases.runs import Cell, Runs, cell_of, run_cells
from experiments.design import Experiment
from experiments.engine.runner import Progress
from experiments.sections.case import Case as Told
from experiments.sections.case import Question
from experiments.sections.claim import Trial
from experiments.wording import count
from sim.errors import InputError


@dataclass(frozen=True)
class Answered:
    """A question with its answer, as it is and under every other assumption."""

    question: Question
    answers: Mapping[Assumption, Answer]

    @property
    def answer(self) -> Answer:
        """The answer as it is."""
        return self.answers[AS_IT_IS]

    @cached_property
    def changes(self) -> Changes:
        """What other assumptions do to it."""
        verdicts = {each: answer.verdicts for each, answer in self.answers.items()}
        return Changes(verdicts, self.answer.steps)


@dataclass(frozen=True)
class CaseResult:
    """What came of a case.

    Attributes
    ----------
    name : str
        The case's, by which it is called.
    experiment : Experiment
    answered : sequence of Answered
        By question, in the order of the file.
    ranking : Ranking
        Of the case's policies.
    judged : sequence of Judged
        Its claims.
    runs : int
        How many runs were made for it.
    """

    name: str
    experiment: Experiment
    answered: Sequence[Answered]
    ranking: Ranking
    judged: Sequence[claims.Judged]
    runs: int

    @property
    def told(self) -> Told:
        """The story, and what is asked."""
        return told_of(self.experiment)

    @property
    def summary(self) -> str:
        """The first paragraph: whether the answers hold whatever is assumed, and which do not."""
        changing = [each for each in self.answered if each.changes.overturned]
        parts = [f"{each.question.ask} {each.changes.overturns}" for each in changing]
        if ranked := self.ranking.changes.overturns:
            parts.append(f"Which policy is better? {ranked}")
        if parts:
            return "An answer of this case hangs on an assumption. " + " ".join(parts)
        unsure = sum(bool(each.changes.opened) for each in self.answered)
        but = (
            f" But not all of it is decided under each of them; see {count(unsure)} of the answers."
            if unsure else ""
        )  # fmt: skip
        return (
            "No answer of this case is overturned by another assumption: not if the quickly "
            "recovered tell 8 and not 17, nor with a discount from intention to behaviour of 0.2 "
            f"or 1, nor with a negativity of 1 or 2.{but}"
        )

    def to_json(self) -> dict[str, Any]:
        """Return the result as plain data."""
        return {
            "name": self.name,
            "title": self.told.title,
            "summary": self.summary,
            "seeds": list(self.experiment.seeds),
            "runs": self.runs,
            "questions": [
                {
                    "ask": each.question.ask,
                    "answer": each.answer.said,
                    "changes": each.changes.said,
                    "verdicts": {a.name: dict(v.verdicts) for a, v in each.answers.items()},
                    "estimates": [
                        {"of": row.panel, "name": row.label, "unit": row.measure.unit,
                         **row.reading._asdict()}
                        for row in each.answer.rows
                    ],
                }
                for each in self.answered
            ],
            "ranking": self.ranking.to_json(),
            "claims": [
                {
                    "claim": each.claim.claim, "of": each.claim.of, "command": each.command,
                    "came_out": each.came_out, "verdict": each.verdict,
                }
                for each in self.judged
            ],
        }  # fmt: skip


def told_of(experiment: Experiment) -> Told:
    """Return the section that makes an experiment a case.

    Raises
    ------
    InputError
        If there is none.
    """
    if experiment.case is None:
        raise InputError(
            f"{experiment.name} has no section `case`: compare its policies by `amends compare`"
        )
    return experiment.case


def solve(
    name: str,
    experiment: Experiment,
    *,
    assumptions: tuple[Assumption, ...] = ASSUMPTIONS,
    fact_seeds: int | None = None,
    workers: int | None = None,
    progress: Progress | None = None,
    network_of: Any = None,
) -> CaseResult:
    """Run a case: answer its questions, rank its policies, try its claims.

    Parameters
    ----------
    name : str
        What the case is called by.
    experiment : Experiment
        With a section `case`.
    assumptions : tuple of Assumption
        Under which everything is run; the first is the case as it is.
    fact_seeds : int, optional
        Worlds in which facts that claims name are measured; as many as `amends facts` takes unless
        given.
    workers, progress, network_of
        See `experiments.engine.runner.perform`.

    Raises
    ------
    InputError
        If there is no case, or a setting of it cannot be.
    """
    told = told_of(experiment)
    ways = [(question, way_of(experiment, question)) for question in told.questions]
    wanted = list(_cells(experiment, [way for _, way in ways]))
    runs = run_cells(
        experiment, wanted, assumptions, workers=workers, progress=progress, network_of=network_of
    )
    answered = [
        Answered(question, {each: way.answer(runs, each) for each in assumptions})
        for question, way in ways
    ]
    judged = list(_judged(name, runs, assumptions, fact_seeds, workers))
    return CaseResult(name, experiment, answered, Ranking(runs, assumptions), judged, len(runs))


def _cells(experiment: Experiment, ways: Iterable[Way]) -> Iterator[Cell]:
    for policy in experiment.policies:
        yield cell_of(experiment, policy)
    for way in ways:
        yield from way.cells()
    yield from claims.cells(experiment, told_of(experiment).claims)


def _judged(
    name: str, runs: Runs, assumptions: tuple[Assumption, ...], fact_seeds: int | None,
    workers: int | None,
) -> Iterator[claims.Judged]:  # fmt: skip
    """Try the claims of a case on the runs that were made for it, and on one customer."""
    told = told_of(runs.experiment)
    measured = single.facts(single.trials_of(told.claims), fact_seeds, workers)
    laboratory = single.Laboratory(runs.experiment, workers)

    def tried(trial: Trial) -> claims.Tried:
        if trial.contrast is not None:
            return claims.tried_by_contrast(runs, trial, assumptions)
        if trial.incident is not None:
            return single.incident(runs.experiment, trial, assumptions)
        if trial.lives is not None:
            return laboratory.try_(trial, assumptions)
        return claims.tried_by_fact(trial, measured)

    for claim in told.claims:
        yield claims.Judged(claim, name, [tried(trial) for trial in claim.tests], assumptions)
