"""A question answered by comparisons, each told with its sign."""

from collections.abc import Iterator

from experiments.cases.answers import Answer, Row
from experiments.cases.assumptions import Assumption
from experiments.cases.readings import (
    ABOVE,
    BELOW,
    OPEN,
    Reading,
    cells_of,
    measure_of,
    read,
    unsaid,
)
from experiments.cases.runs import Cell, Runs
from experiments.design import Experiment
from experiments.outcomes import MEASURES, Measure
from experiments.sections.case import Question
from experiments.sections.contrast import Named


class Contrasts:
    """See `experiments.cases.answers.Way`."""

    def __init__(self, experiment: Experiment, question: Question) -> None:
        self.experiment = experiment
        # What a question is answered by holds for all comparisons that name no other outcome.
        self.contrasts = [
            one for each in question.contrasts or () for one in each.each(question.outcome)
        ]

    def cells(self) -> Iterator[Cell]:
        """Return what has to be run."""
        for contrast in self.contrasts:
            yield from cells_of(self.experiment, contrast)

    def answer(self, runs: Runs, assumption: Assumption) -> Answer:
        """Return the answer under an assumption."""
        rows, compared, verdicts = [], [], {}
        clauses: dict[str, list[str]] = {}
        for contrast in self.contrasts:
            reading = read(runs, contrast, assumption)
            measure = measure_of(self.experiment, contrast)
            rows.append(
                Row(
                    f"{measure.label}{_on(contrast)}{_per(contrast)}",
                    contrast.name,
                    measure,
                    reading,
                )
            )
            clauses.setdefault(contrast.name, []).append(_clause(contrast, measure, reading))
            if contrast.than is not None:
                verdicts[self.asked(contrast)] = _MORE[reading.side()]
                compared.append(rows[-1])
        said = [
            f"{name[:1].upper()}{name[1:]}: {'; '.join(all_)}." for name, all_ in clauses.items()
        ]
        return Answer(said[0], " ".join(said), rows, verdicts, compared or rows)

    def asked(self, contrast: Named) -> str:
        """Return what is asked by a comparison: its name, and of what where that leaves it open."""
        named = [each for each in self.contrasts if each.name == contrast.name]
        label = measure_of(self.experiment, contrast).label
        return contrast.name if len(named) == 1 else f"{contrast.name}, {label}{_on(contrast)}"


_MORE = {ABOVE: "higher", BELOW: "lower", OPEN: ""}


def _clause(contrast: Named, measure: Measure, reading: Reading) -> str:
    """Return in words what a comparison came to."""
    quantity, per = f"{measure.label}{_on(contrast)}", _per(contrast)
    if contrast.than is None:
        return f"{quantity} {reading.said(measure)}{per}"
    if reading.side() == OPEN:
        return f"no difference in {quantity} that can be told from luck, {reading.said(unsaid(measure))}{per}"
    return f"{quantity} {_MORE[reading.side()]} by {reading.size(unsaid(measure))}{per}"


def _on(contrast: Named) -> str:
    return "" if contrast.day is None else f" on day {contrast.day}"


def _per(contrast: Named) -> str:
    return "" if contrast.per is None else f" for each of the {MEASURES[contrast.per].label}"
