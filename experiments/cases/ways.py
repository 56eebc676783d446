"""Ways to spend money on recovery, compared where they spend the same.

Along each way a lever is moved, which costs and gains something. In every world the gain is
read off at equal spend, between two points along a straight line, so that the comparison is paired.
"""

from collections.abc import Iterator, Mapping

import numpy as np

from experiments.cases.answers import Answer, Row, outcome_of
from experiments.cases.assumptions import Assumption
from experiments.cases.readings import ABOVE, Reading, estimated
from experiments.cases.runs import Cell, Runs, cell_of
from experiments.design import Experiment
from experiments.methods.statistics import Array
from experiments.sections.case import Question, Way
from experiments.sections.keys import Scalar, parameter_of, said

_SHARES = (0.25, 0.5, 0.75, 1.0)
"""At which shares of the greatest spend that all ways reach in every world they are compared."""


class Ways:
    """See `experiments.cases.answers.Way`."""

    def __init__(self, experiment: Experiment, question: Question) -> None:
        assert question.ways is not None
        self.experiment = experiment
        self.asked = question.ways
        self.measure = outcome_of(experiment, question)
        self.start = cell_of(experiment, self.asked.start)

    def steps(self, way: Way) -> list[tuple[Scalar, Cell]]:
        """Return the values of a way's lever, each with its cell."""
        whole = parameter_of(way.key).whole
        values: list[Scalar] = [int(value) if whole else value for value in way.values]
        return [
            (value, cell_of(self.experiment, way.policy, {way.key: value}, self.along(way, i)))
            for i, value in enumerate(values)
        ]

    def along(self, way: Way, step: int) -> dict[str, Scalar]:
        """Return what goes along with a step of a way."""
        return {key: levels[step] for key, levels in (way.also or {}).items()}

    def cells(self) -> Iterator[Cell]:
        """Return what has to be run."""
        yield self.start
        for way in self.asked.ways:
            yield from (cell for _, cell in self.steps(way))

    def answer(self, runs: Runs, assumption: Assumption) -> Answer:
        """Return the answer under an assumption."""
        sign = float(self.measure.direction)
        spent: dict[str, Array] = {}
        gained: dict[str, Array] = {}
        points: list[Mapping[str, object]] = []
        for way in self.asked.ways:
            cells = [self.start, *(cell for _, cell in self.steps(way))]
            spent[way.name] = self._beyond(runs, assumption, cells, "recovery_cost")
            gained[way.name] = self._beyond(runs, assumption, cells, self.measure.name)
            points += self._points(way, spent[way.name], gained[way.name])
        most = min(float(each.max(axis=0).min()) for each in spent.values())
        at = {share: share * most for share in _SHARES}
        read = {
            (name, share): _at_spend(spent[name], gained[name], spend)
            for name in spent for share, spend in at.items()
        }  # fmt: skip
        rows = [
            Row(f"spending {spend:,.3g}", name, self.measure, estimated(read[name, share]))
            for share, spend in at.items() for name in spent
        ]  # fmt: skip
        ranked = sorted(spent, key=lambda name: -sign * float(np.nanmean(read[name, 1.0])))
        best, next_ = ranked[0], ranked[1] if len(ranked) > 1 else ranked[0]
        ahead = estimated(sign * (read[best, 1.0] - read[next_, 1.0]))
        decided = best if ahead.side() == ABOVE else ""
        tracked = [row for row in rows if row.panel == rows[-1].panel]
        text = self.sentence(at, ranked, decided, ahead, read)
        return Answer(text, rows, {"the better way to spend": decided}, tracked, points)

    def _beyond(self, runs: Runs, assumption: Assumption, cells: list[Cell], outcome: str) -> Array:
        """Return an outcome beyond that of the start: [points, worlds], the start among them."""
        values = np.stack([runs.samples(cell, assumption, outcome) for cell in cells])
        beyond: Array = values - values[0]
        return beyond

    def _points(self, way: Way, spent: Array, gained: Array) -> Iterator[Mapping[str, object]]:
        labels = ["", *(said(value) for value, _ in self.steps(way))]
        for label, cost, gain in zip(labels, spent, gained, strict=True):
            spend, value = estimated(cost), estimated(gain)
            yield {
                "way": way.name, "at": label, "spend": spend.mean, "mean": value.mean,
                "low": value.low, "high": value.high,
            }  # fmt: skip

    def sentence(
        self, at: Mapping[float, float], ranked: list[str], decided: str, ahead: Reading,
        read: Mapping[tuple[str, float], Array],
    ) -> str:  # fmt: skip
        """Return what was found in words."""
        measure = self.measure
        spend = at[1.0]
        told = [
            f"Spending {spend:,.3g} more on recovery than {self.asked.start} does, "
            + "; ".join(f"{name} {estimated(read[name, 1.0]).moved(measure)}" for name in ranked)
            + "."
        ]
        if decided:
            told.append(
                f"{decided[:1].upper()}{decided[1:]} is the better way, by {ahead.size(measure)} "
                f"over the next."
            )
        else:
            told.append("Which is the better way cannot be told from luck.")
        leaders = {share: self.leader(ranked, read, share) for share in _SHARES}
        other = [f"{at[share]:,.3g}" for share in _SHARES if leaders[share] != ranked[0]]
        if other:
            told.append(f"At a spend of {', '.join(other)} the order is another.")
        return " ".join(told)

    def leader(
        self, ranked: list[str], read: Mapping[tuple[str, float], Array], share: float
    ) -> str:
        """Return the way that gains most at a share of the greatest spend."""
        gains = {name: float(np.nanmean(read[name, share])) for name in ranked}
        return max(gains, key=lambda name: self.measure.direction * gains[name])


def _at_spend(spent: Array, gained: Array, spend: float) -> Array:
    """Return the gain at a spend, world by world, along the straight lines between the points."""
    found = np.empty(spent.shape[1])
    for world in range(spent.shape[1]):
        order = np.argsort(spent[:, world], kind="stable")
        found[world] = np.interp(spend, spent[order, world], gained[order, world])
    return found
