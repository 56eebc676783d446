"""What an answer to a question is: words, rows for tables and pictures, and what could overturn it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from experiments.cases.assumptions import Assumption
from experiments.cases.readings import Reading
from experiments.cases.runs import Cell, Runs
from experiments.design import Experiment
from experiments.outcomes import MEASURES, Measure
from experiments.sections.case import Question


@dataclass(frozen=True)
class Row:
    """An estimate with its place in a table and a picture."""

    panel: str
    label: str
    measure: Measure
    reading: Reading


@dataclass(frozen=True)
class Answer:
    """The answer to a question under one assumption.

    Attributes
    ----------
    short : str
        The answer in a sentence or two.
    said : str
        The answer in words, with its intervals.
    rows : sequence of Row
        What it rests on.
    verdicts : mapping of str to str
        What is found of each thing that is asked, in a word or two; empty where it is open. By
        these it is told whether another assumption changes the answer.
    tracked : sequence of Row
        The estimates that show how sure that is, for the picture of all assumptions.
    points : sequence of mapping
        What a curve is drawn from.
    steps : sequence of str
        Verdicts in their order, where one step more or less is no other answer.
    """

    short: str
    said: str
    rows: Sequence[Row]
    verdicts: Mapping[str, str]
    tracked: Sequence[Row]
    points: Sequence[Mapping[str, Any]] = field(default=())
    steps: Sequence[str] = ()


class Way(Protocol):
    """A way to answer a question: the runs that it needs, and what they say."""

    def cells(self) -> Iterator[Cell]:
        """Return what has to be run."""
        ...

    def answer(self, runs: Runs, assumption: Assumption) -> Answer:
        """Return the answer under an assumption."""
        ...


def way_of(experiment: Experiment, question: Question) -> Way:
    """Return the way in which a question is answered."""
    from experiments.cases.contrasts import Contrasts
    from experiments.cases.curve import Curve
    from experiments.cases.levers import Levers
    from experiments.cases.order import Order
    from experiments.cases.ways import Ways

    made: dict[str, Any] = {
        "contrasts": Contrasts, "curve": Curve, "levers": Levers, "order": Order, "ways": Ways,
    }  # fmt: skip
    way: Way = made[question.kind](experiment, question)
    return way


def outcome_of(experiment: Experiment, question: Question) -> Measure:
    """Return what a question is answered by."""
    return MEASURES[question.outcome or experiment.outcomes[0]]
