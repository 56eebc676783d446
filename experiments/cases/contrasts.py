"""A question answered by comparisons, each told with its sign."""

from collections.abc import Iterator

from experiments.cases.answers import Answer, Row
from experiments.cases.assumptions import Assumption
from experiments.cases.readings import OPEN, Reading, cells_of, measure_of, read
from experiments.cases.runs import Cell, Runs
from experiments.design import Experiment
from experiments.outcomes import MEASURES
from experiments.sections.case import Named, Question


class Contrasts:
    """See `experiments.cases.answers.Way`."""

    def __init__(self, experiment: Experiment, question: Question) -> None:
        self.experiment = experiment
        # What a question is answered by holds for all comparisons that name no other outcome.
        self.contrasts = [
            each if each.outcome else each.model_copy(update={"outcome": question.outcome})
            for each in question.contrasts or ()
        ]

    def cells(self) -> Iterator[Cell]:
        """Return what has to be run."""
        for contrast in self.contrasts:
            yield from cells_of(self.experiment, contrast)

    def answer(self, runs: Runs, assumption: Assumption) -> Answer:
        """Return the answer under an assumption."""
        rows, said, verdicts = [], [], {}
        for contrast in self.contrasts:
            reading = read(runs, contrast, assumption)
            measure = measure_of(self.experiment, contrast)
            rows.append(Row(_panel(contrast, measure.label), contrast.name, measure, reading))
            said.append(self.sentence(contrast, reading))
            if contrast.than is not None:
                verdicts[contrast.name] = reading.side()
        compared = [row for row in rows if row.label in verdicts]
        return Answer(" ".join(said), rows, verdicts, compared or rows)

    def sentence(self, contrast: Named, reading: Reading) -> str:
        """Return in a sentence what a comparison came to."""
        measure = measure_of(self.experiment, contrast)
        name = f"{contrast.name[:1].upper()}{contrast.name[1:]}"
        on = "" if contrast.day is None else f" on day {contrast.day}"
        per = "" if contrast.per is None else f", for each of the {MEASURES[contrast.per].label}"
        if contrast.than is None:
            return f"{name}: {measure.label}{on} {reading.said(measure)}{per}."
        if reading.side() == OPEN:
            return (
                f"{name}: no difference in {measure.label}{on} that can be told from luck, "
                f"{reading.said(measure)}{per}."
            )
        more = "higher" if reading.mean > 0 else "lower"
        return f"{name}: {measure.label}{on} {more} by {reading.size(measure)}{per}."


def _panel(contrast: Named, label: str) -> str:
    on = "" if contrast.day is None else f" on day {contrast.day}"
    per = "" if contrast.per is None else f", for each of the {MEASURES[contrast.per].label}"
    return f"{label}{on}{per}"
