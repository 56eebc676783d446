"""Which part of what a policy does otherwise does it: each alone, and all but each.

Parts can do much alone and little on top of the others, or the reverse; so both are told. The part
that "does most" is the one with the greatest mean of the two, the ends of the range over which the
Shapley value (1953) takes its mean.
"""

from collections.abc import Iterator

import numpy as np

from experiments.cases.answers import Answer, Row, outcome_of
from experiments.cases.assumptions import Assumption
from experiments.cases.readings import ABOVE, BELOW, OPEN, Reading, estimated
from experiments.cases.runs import Cell, Runs, cell_of
from experiments.design import Experiment
from experiments.methods.statistics import Array
from experiments.outcomes import Measure
from experiments.sections.case import Question
from experiments.wording import listed
from sim.errors import InputError
from sim.policy import Policy


class Levers:
    """See `experiments.cases.answers.Way`."""

    def __init__(self, experiment: Experiment, question: Question) -> None:
        assert question.levers is not None
        self.measure = outcome_of(experiment, question)
        self.asked = question.levers
        self.base = cell_of(experiment, self.asked.base)
        self.full = cell_of(experiment, self.asked.full)
        self._refuse_strays()

    def _refuse_strays(self) -> None:
        """Refuse that in which the two policies differ and which belongs to no part."""
        named = {key for keys in self.asked.parts.values() for key in keys}
        stray = [
            lever
            for lever in Policy.model_fields
            if getattr(self.base.policy, lever) != getattr(self.full.policy, lever)
        ]
        base, full = dict(self.base.where), dict(self.full.where)
        stray += [key for key in base | full if base.get(key) != full.get(key)]
        if stray := [key for key in stray if key not in named]:
            raise InputError(
                f"case.questions: levers.parts must name everything in which {self.asked.base} and "
                f"{self.asked.full} differ, and {listed(stray)} is in none; add it to one"
            )

    def part(self, name: str, of: Cell, taken: Cell) -> Cell:
        """Return a policy with one part taken from the other."""
        keys = self.asked.parts[name]
        levers = {lever: getattr(taken.policy, lever) for lever in keys if "." not in lever}
        theirs = dict(taken.where)
        where = {key: value for key, value in of.where if key not in keys}
        where |= {key: theirs[key] for key in keys if key in theirs}
        sign = "+" if of is self.base else "-"
        policy = of.policy.model_copy(update=levers)
        return Cell(f"{of.name} {sign} {name}", policy, tuple(where.items()))

    def cells(self) -> Iterator[Cell]:
        """Return what has to be run."""
        yield from (self.base, self.full)
        for name in self.asked.parts:
            yield self.part(name, self.base, self.full)
            yield self.part(name, self.full, self.base)

    def answer(self, runs: Runs, assumption: Assumption) -> Answer:
        """Return the answer under an assumption."""
        sign = float(self.measure.direction)
        values = {cell: runs.samples(cell, assumption, self.measure.name) for cell in self.cells()}
        base, full = values[self.base], values[self.full]
        alone = {n: values[self.part(n, self.base, self.full)] - base for n in self.asked.parts}
        lost = {n: full - values[self.part(n, self.full, self.base)] for n in self.asked.parts}
        worth = {name: (alone[name] + lost[name]) / 2.0 for name in self.asked.parts}
        ranked = sorted(worth, key=lambda name: -sign * float(np.nanmean(worth[name])))
        first, second = ranked[0], ranked[1]
        ahead = estimated(sign * (worth[first] - worth[second]))
        best = (
            first
            if ahead.side() == ABOVE and estimated(sign * worth[first]).side() == ABOVE
            else ""
        )
        rows = [
            *(Row(f"added alone to {self.asked.base}", n, self.measure, estimated(alone[n]))
              for n in ranked),
            *(Row(f"lost when left out of {self.asked.full}", n, self.measure, estimated(lost[n]))
              for n in ranked),
        ]  # fmt: skip
        tracked = [Row("mean of both", n, self.measure, estimated(worth[n])) for n in ranked]
        said = self.sentence(ranked, best, alone, lost, estimated(full - base))
        short = self.leading(ranked, best, alone, lost)
        return Answer(short, said, rows, {"what does most": best}, tracked)

    def sentence(
        self, ranked: list[str], best: str, alone: dict[str, Array], lost: dict[str, Array],
        whole: Reading,
    ) -> str:  # fmt: skip
        """Return what was found in words."""
        told = [
            f"All of it together ({listed(list(self.asked.parts))}) {whole.moved(self.measure)}.",
            self.leading(ranked, best, alone, lost),
        ]
        others = [name for name in ranked if name != best]
        told.append(
            ("Then come " if best else "There are ")
            + listed([
                f"{name} ({estimated(alone[name]).mean:.3g} alone, {estimated(lost[name]).mean:.3g} "
                "on top of the others)" for name in others
            ])
            + "."
        )  # fmt: skip
        idle = [n for n in others if _idle(alone[n]) and _idle(lost[n])]
        if idle:
            told.append(f"No effect of {listed(idle)} can be told from luck.")
        told += self.alone(best, alone)
        told += self.harm("By itself", ranked, alone) + self.harm(
            "On top of the others", ranked, lost
        )
        return " ".join(told)

    def leading(
        self, ranked: list[str], best: str, alone: dict[str, Array], lost: dict[str, Array]
    ) -> str:
        """Say which part does most, or between which that is not decided."""
        if not best:
            return f"Which does most is not decided between {listed(ranked[:2])}."
        return (
            f"What does most is {best}: {_worth(alone[best], self.measure)} by itself, and "
            f"{_worth(lost[best], self.measure)} on top of all the others."
        )

    def alone(self, best: str, alone: dict[str, Array]) -> list[str]:
        """Say which part does most by itself, if that is not the one that does most in all."""
        sign = float(self.measure.direction)
        first = max(alone, key=lambda name: sign * float(np.nanmean(alone[name])))
        if not best or first == best:
            return []
        ahead = estimated(sign * (alone[first] - alone[best])).side() == ABOVE
        return [
            f"Alone, {first} does most{'' if ahead else f', though not surely more than {best}'}."
        ]

    def harm(self, how: str, names: list[str], values: dict[str, Array]) -> list[str]:
        """Say which parts make it worse."""
        sign = float(self.measure.direction)
        worse = [name for name in names if estimated(sign * values[name]).side() == BELOW]
        makes = "makes" if len(worse) == 1 else "each make"
        return [f"{how}, {listed(worse)} {makes} it worse."] if worse else []


def _worth(values: Array, measure: Measure) -> str:
    return estimated(values).said(measure)


def _idle(values: Array) -> bool:
    return estimated(values).side() == OPEN
