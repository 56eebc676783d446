"""Ways to spend money on recovery, compared where they spend the same.

Along each way a lever is moved, which costs and gains something. In every world the gain is
read off at equal spend, between two points along a straight line, so that the comparison is paired.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from typing import Any

import numpy as np

from experiments.cases.answers import Answer, Row, outcome_of
from experiments.cases.assumptions import Assumption
from experiments.cases.readings import ABOVE, BELOW, estimated, unsaid
from experiments.cases.runs import Cell, Runs, cell_of
from experiments.design import Experiment
from experiments.methods.statistics import Array
from experiments.sections.case import Question, Way
from experiments.sections.keys import Scalar, parameter_of, said
from experiments.wording import decimals, figure, listed

_SHARES = (0.25, 0.5, 0.75, 1.0)
"""At which shares of the greatest spend that all ways reach they are compared."""


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
        points: list[dict[str, Any]] = []
        for way in self.asked.ways:
            cells = [self.start, *(cell for _, cell in self.steps(way))]
            spent[way.name] = self._beyond(runs, assumption, cells, "recovery_cost")
            gained[way.name] = self._beyond(runs, assumption, cells, self.measure.name)
            points += self._points(way, spent[way.name], gained[way.name])
        reach = {name: float(np.nanmax(each.mean(axis=1))) for name, each in spent.items()}
        most = max(0.0, min(reach.values()))
        at = {share: share * most for share in _SHARES}
        read = {
            (name, share): _at_spend(spent[name], gained[name], spend)
            for name in spent for share, spend in at.items()
        }  # fmt: skip
        rows = [
            Row(f"spending {_money(spend)}", name, self.measure, estimated(read[name, share]))
            for share, spend in at.items() for name in spent
        ]  # fmt: skip
        full = {name: read[name, 1.0] for name in spent}
        ranked = sorted(spent, key=lambda name: -sign * float(np.nanmean(full[name])))
        told = [
            self.compared(most, min(reach, key=lambda name: reach[name]), ranked, full),
            self.leading(ranked, full),
            self.dearest(points),
        ]
        for point in points:
            point["most"] = most
        tracked = [row for row in rows if row.panel == rows[-1].panel]
        return Answer(told[1], " ".join(told), rows, self.better(full), tracked, points)

    def _beyond(self, runs: Runs, assumption: Assumption, cells: list[Cell], outcome: str) -> Array:
        """Return an outcome beyond that of the start: [points, worlds], the start among them."""
        values = np.stack([runs.samples(cell, assumption, outcome) for cell in cells])
        beyond: Array = values - values[0]
        return beyond

    def _points(self, way: Way, spent: Array, gained: Array) -> Iterator[dict[str, Any]]:
        labels = ["", *(said(value) for value, _ in self.steps(way))]
        for label, cost, gain in zip(labels, spent, gained, strict=True):
            spend, value = estimated(cost), estimated(gain)
            yield {
                "way": way.name, "at": label, "spend": spend.mean, "mean": value.mean,
                "low": value.low, "high": value.high,
            }  # fmt: skip

    def better(self, full: Mapping[str, Array]) -> dict[str, str]:
        """Return of each two ways which is the better, as far as that is sure."""
        found = {}
        for one, other in combinations(full, 2):
            side = estimated(self.measure.direction * (full[one] - full[other])).side()
            found[_pair(one, other)] = {ABOVE: one, BELOW: other}.get(side, "")
        return found

    def compared(
        self, most: float, limit: str, ranked: list[str], full: Mapping[str, Array]
    ) -> str:
        """Say what each way does with the most that all of them can spend."""
        if most == 0.0:
            return f"{limit[:1].upper()}{limit[1:]} spends no more than {self.asked.start} does."
        measure = unsaid(self.measure)
        each = "; ".join(f"{name} {estimated(full[name]).said(measure)}" for name in ranked)
        return (
            f"With {_money(most)} more to spend on recovery than {self.asked.start} does, the most that "
            f"{limit} can use, {measure.label} changes by: {each}."
        )

    def leading(self, ranked: list[str], full: Mapping[str, Array]) -> str:
        """Say which way is the best, or of which that is not sure."""
        better = self.better(full)
        first, *others = ranked
        behind = [
            name for name in others
            if first in (better.get(_pair(first, name)), better.get(_pair(name, first)))
        ]  # fmt: skip
        level = [name for name in others if name not in behind]
        name = f"{first[:1].upper()}{first[1:]}"
        if not behind:
            return "Which is the better way cannot be told from luck."
        if not level:
            by = estimated(self.measure.direction * (full[first] - full[others[0]]))
            return f"{name} is the best way, by {by.said(self.measure)} over the next."
        return (
            f"{name} does better than {listed(behind)}; that it does better than {listed(level)} cannot be "
            "told from luck."
        )

    def dearest(self, points: Sequence[Mapping[str, Any]]) -> str:
        """Say what each way comes to at the last of its values."""
        last = {str(point["way"]): point for point in points}
        each = [
            f"{name} {figure(point['mean'], decimals(abs(point['mean']), 3))} for {_money(point['spend'])}"
            for name, point in last.items()
        ]
        return f"At their dearest they bring: {'; '.join(each)}."


def _pair(one: str, other: str) -> str:
    return f"the better of {one} and {other}"


def _money(amount: float) -> str:
    """Return an amount in three figures: `1,390`."""
    return figure(amount, decimals(abs(amount), 3)) if abs(amount) < 1000 else f"{amount:,.0f}"


def _at_spend(spent: Array, gained: Array, spend: float) -> Array:
    """Return the gain at a spend, world by world, along the straight lines between the points."""
    found = np.empty(spent.shape[1])
    for world in range(spent.shape[1]):
        order = np.argsort(spent[:, world], kind="stable")
        found[world] = np.interp(spend, spent[order, world], gained[order, world])
    return found
