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
        rows, told, verdicts = [], {}, {}
        compared = []
        for contrast in self.contrasts:
            reading = read(runs, contrast, assumption)
            measure = measure_of(self.experiment, contrast)
            row = Row(_panel(contrast, measure.label), contrast.name, measure, reading)
            rows.append(row)
            told.setdefault(contrast.name, []).append(self.part(contrast, reading))
            if contrast.than is not None:
                verdicts[self.asked(contrast)] = _HIGHER.get(reading.side(), "")
                compared.append(row)
        said = [
            f"{name[:1].upper()}{name[1:]}: {'; '.join(parts)}." for name, parts in told.items()
        ]
        return Answer(" ".join(said), rows, verdicts, compared or rows)

    def asked(self, contrast: Named) -> str:
        """Return what is asked by a comparison: its name, with the outcome where it has several."""
        alike = [each for each in self.contrasts if each.name == contrast.name]
        label = measure_of(self.experiment, contrast).label
        return f"{contrast.name}, {label}" if len(alike) > 1 else contrast.name

    def part(self, contrast: Named, reading: Reading) -> str:
        """Return in words what a comparison came to."""
        measure = measure_of(self.experiment, contrast)
        label = _panel(contrast, measure.label)
        if contrast.than is None:
            return f"{label} {reading.said(measure)}"
        if reading.side() == OPEN:
            return f"no difference in {label} that can be told from luck, {reading.said(unsaid(measure))}"
        more = "higher" if reading.mean > 0 else "lower"
        return f"{label} {more} by {reading.size(unsaid(measure))}"


_HIGHER = {ABOVE: "higher", BELOW: "lower"}


def _panel(contrast: Named, label: str) -> str:
    on = "" if contrast.day is None else f" on day {contrast.day}"
    per = "" if contrast.per is None else f", for each of the {MEASURES[contrast.per].label}"
    return f"{label}{on}{per}"
