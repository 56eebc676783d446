"""From where on more of something does not help: an outcome along a lever, in shared worlds."""

from collections.abc import Iterator

import numpy as np

from experiments.cases.answers import Answer, Row, outcome_of
from experiments.cases.assumptions import Assumption
from experiments.cases.readings import ABOVE, BELOW, Reading, estimated
from experiments.cases.runs import Cell, Runs, cell_of
from experiments.design import Experiment
from experiments.methods.statistics import Array
from experiments.sections.case import Question
from experiments.sections.keys import Scalar, parameter_of, said


class Curve:
    """See `experiments.cases.answers.Way`."""

    def __init__(self, experiment: Experiment, question: Question) -> None:
        assert question.curve is not None
        self.experiment = experiment
        self.asked = question.curve
        self.measure = outcome_of(experiment, question)
        self.lever = parameter_of(self.asked.key)

    @property
    def values(self) -> list[Scalar]:
        """The values of the lever."""
        return [int(value) if self.lever.whole else value for value in self.asked.values]

    def cell(self, value: Scalar) -> Cell:
        """Return the policy with the lever at a value."""
        return cell_of(self.experiment, self.asked.policy, {self.asked.key: value})

    def cells(self) -> Iterator[Cell]:
        """Return what has to be run."""
        return map(self.cell, self.values)

    def answer(self, runs: Runs, assumption: Assumption) -> Answer:
        """Return the answer under an assumption."""
        sign = float(self.measure.direction)
        values = [
            sign * runs.samples(self.cell(value), assumption, self.measure.name)
            for value in self.values
        ]
        best = int(np.argmax([float(np.nanmean(each)) for each in values]))
        enough = self.enough(values, best)
        gains = [estimated(sign * (each - values[0])) for each in values]
        key = f"{self.asked.key.rpartition('.')[2].replace('_', ' ')}"
        rows = [
            Row(f"difference from {key} {said(self.values[0])}", said(value), self.measure, gain)
            for value, gain in zip(self.values, gains, strict=True)
        ]
        found = said(self.values[enough])
        tracked = [
            Row(f"{key} {row.label}", f"{key} {row.label}", self.measure, row.reading)
            for row in rows
        ]
        points = [
            {"value": value, **gain._asdict()}
            for value, gain in zip(self.asked.values, gains, strict=True)
        ]
        told = self.sentences(key, best, enough, values, gains)
        return Answer(
            " ".join(told[:2]),
            " ".join(told),
            rows,
            {"what is enough": found if gains[best].side() != "" or enough == 0 else ""},
            [tracked[enough], *tracked[:enough], *tracked[enough + 1 :]],
            points,
            [said(value) for value in self.values],
        )

    def enough(self, values: list[Array], best: int) -> int:
        """Return the number of the least value that is not worse than the best, beyond luck."""
        return next(
            i for i, each in enumerate(values)
            if i == best or estimated(values[best] - each).side() != ABOVE
        )  # fmt: skip

    def sentences(
        self, key: str, best: int, enough: int, values: list[Array], gains: list[Reading]
    ) -> list[str]:
        """Return what was found in words."""
        measure, unit = self.measure, self.lever.unit
        first, last, most = (said(self.values[i]) for i in (0, -1, best))
        more = "more" if gains[best].mean >= 0 else "less"
        counted = "" if unit == key else f" ({unit})"
        told = [
            f"{measure.label[:1].upper()}{measure.label[1:]} is best at {key} {most}{counted}: "
            f"{gains[best].size(measure)} {more} than at {first}."
        ]
        if enough == 0:
            told.append(f"That cannot be told from luck: {key} makes no difference that shows.")
        elif enough < best:
            told.append(
                f"From {said(self.values[enough])} on more does not help: it already gives "
                f"{gains[enough].said(measure)}, and nothing beyond it is better than luck explains."
            )
        elif best == len(values) - 1:
            told.append("That is the most that was tried, and more might be better still.")
        elif all((each == values[best]).all() for each in values[best:]):
            told.append(f"Beyond {most}, more changes nothing.")
        else:
            told.append(f"Beyond {most}, more does not help.")
        sign = float(measure.direction)
        end = estimated(values[-1] - values[best])
        if best < len(values) - 1 and end.side() == BELOW:
            told.append(
                f"Too much hurts: {last} falls {estimated(sign * (values[best] - values[-1])).size(measure)} "
                "short of the best."
            )
        return told
