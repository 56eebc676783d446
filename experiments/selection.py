"""Running worlds until it is known which alternative is the best, and only those still in question.

The fully sequential procedure of Kim & Nelson (2001, A fully sequential procedure for
indifference-zone selection in simulation, ACM Transactions on Modeling and Computer Simulation 11,
251-273). The first stage tells how much each pair's difference varies. From then on, after every
world, whatever lies further behind another than luck explains is dropped, until one is left. Luck
is given less and less room, so that it ends. Under normal noise the best is chosen with the
probability asked for wherever it leads all others by the indifference or more; shared worlds are
allowed for, and pay, since a pair counts by the variance of its difference.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from experiments.outcomes import MEASURES
from experiments.statistics import Array, Sampling
from experiments.wording import given, listed

PROCEDURE = "the fully sequential procedure of Kim and Nelson (2001)"

_LEAST_BATCH = 8
_GROWTH = 8
"""Worlds are added so many at a time, or this part of those there are: they run side by side."""

_CELLS = 1 << 20
"""Pairs times worlds that are looked at in one go."""


@dataclass(frozen=True)
class SelectionRule:
    """The rule: go on until all alternatives but one are dropped.

    Attributes
    ----------
    outcome : str
    direction : int
        1 if higher is better, -1 if lower is.
    indifference : float
        The smallest lead worth detecting, in the unit of the outcome.
    confidence : float
        The chance of choosing the best where it leads by that much.
    first : int
        Worlds of the first stage.
    at_most : int
        Worlds to stop at, decided or not.
    """

    outcome: str
    direction: int
    indifference: float
    confidence: float
    first: int
    at_most: int

    @property
    def sampling(self) -> Sampling:
        """How intervals have to be made where this rule decided how many worlds were run."""
        return Sampling(self.first, anytime=True)

    def stand(self, names: Sequence[str], rows: Sequence[Array]) -> "Selected":
        """Return how things stand after some worlds.

        The whole course is gone through anew, world by world, so that the answer depends on the
        values alone, and not on how many of them came in one go.

        Parameters
        ----------
        names : sequence of str
            What the alternatives are called.
        rows : sequence of array [worlds run]
            The outcome of each, world by world from the first; NaN where it was undefined. A world
            in which it is undefined for an alternative still in question is passed over.
        """
        course = _Course(self, [self.direction * np.asarray(row, np.float64) for row in rows])
        course.run()
        return Selected(
            rule=self,
            names=tuple(names),
            worlds=tuple(map(len, rows)),
            wanted=course.wanted(),
            left=tuple(names[i] for i in course.open),
            leaders=tuple(names[i] for i in course.leaders()),
            dropped=tuple(
                Drop(names[out], None if by is None else names[by], worlds)
                for out, by, worlds in course.dropped
            ),
            settled=course.settled,
        )


@dataclass(frozen=True)
class Drop:
    """An alternative that was dropped: after how many worlds, and behind which other.

    `behind` is None where its outcome was undefined in every world of the first stage.
    """

    name: str
    behind: str | None
    worlds: int


class _Course:
    """The procedure, on values of which more is better."""

    def __init__(self, rule: SelectionRule, rows: list[Array]) -> None:
        self.rule = rule
        self.rows = rows
        self.open = list(range(len(rows)))
        self.dropped: list[tuple[int, int | None, int]] = []
        self.sums = np.zeros(len(rows))
        self.counted = 0
        """Worlds that count: those in which all that were open are defined."""
        self.passed = 0
        """Worlds gone through."""
        self.started = self.settled = False

    def run(self) -> None:
        """Go through all worlds that there are, or until it is decided."""
        if self.available() < self.rule.first:
            return
        self.drop_undefined()
        if not self.settled:
            self.first_stage()
        while self.started and not self.settled and self.screen():
            pass

    def available(self) -> int:
        return min(len(self.rows[i]) for i in self.open)

    def drop_undefined(self) -> None:
        """Drop what has no value in any of the first worlds; stop if nothing is left."""
        first = self.rule.first
        known = [i for i in self.open if np.isfinite(self.rows[i][:first]).any()]
        self.dropped = [(i, None, first) for i in self.open if i not in known]
        self.open = known
        self.settled = len(known) < 2

    def values(self, start: int, end: int) -> Array:
        return np.array([self.rows[i][start:end] for i in self.open])

    def first_stage(self) -> None:
        """Take from the first worlds how much the difference of each pair varies."""
        values = self.values(0, self.available())
        complete = np.flatnonzero(np.isfinite(values).all(axis=0))
        if len(complete) < self.rule.first:
            return
        at = complete[: self.rule.first]
        values = values[:, at]
        apart = values[:, None] - values[None]
        variance = np.zeros((len(self.rows),) * 2)
        variance[np.ix_(self.open, self.open)] = apart.var(axis=2, ddof=1)
        freedom = self.rule.first - 1
        tail = 2.0 * (1.0 - self.rule.confidence) / max(1, len(self.open) - 1)
        room = freedom * max(0.0, tail ** (-2.0 / freedom) - 1.0)
        self.room = room * variance / self.rule.indifference
        """For each pair, h2 S2 / delta in the notation of the paper, with c = 1."""
        self.sums[self.open] = values.sum(axis=1)
        self.counted, self.passed, self.started = len(at), int(at[-1]) + 1, True
        self.drop(self.behind(self.sums[:, None], np.array([float(self.counted)]))[:, :, 0])

    def behind(self, sums: Array, counts: Array) -> Array:
        """Return by how much each open one [i] lies further behind another [l] than is allowed."""
        pairs = np.ix_(self.open, self.open)
        lead = sums[self.open][None] - sums[self.open][:, None]
        allowed = (self.room[pairs][:, :, None] - self.rule.indifference * counts) / 2.0
        further: Array = lead - np.maximum(0.0, allowed)
        return further

    def screen(self) -> bool:
        """Go on to the next world in which something is dropped; tell whether there is one."""
        end = min(self.available(), self.passed + max(1, _CELLS // len(self.open) ** 2))
        values = self.values(self.passed, end)
        complete = np.flatnonzero(np.isfinite(values).all(axis=0))
        if len(complete) == 0:
            self.passed = max(end, self.passed)
            return self.passed < self.available()
        sums = np.repeat(self.sums[:, None], len(complete), axis=1)
        sums[self.open] += np.cumsum(values[:, complete], axis=1)
        counts = np.arange(1, len(complete) + 1, dtype=np.float64) + self.counted
        further = self.behind(sums, counts)
        hits = np.flatnonzero((further > 0).any(axis=(0, 1)))
        last = int(hits[0]) if len(hits) else len(complete) - 1
        self.sums = sums[:, last]
        self.counted += last + 1
        self.passed = self.passed + int(complete[last]) + 1 if len(hits) else end
        self.drop(further[:, :, last])
        return self.passed < self.available()

    def drop(self, further: Array) -> None:
        """Drop what lies too far behind, and see whether that decides it."""
        opened = list(self.open)
        for at, out in enumerate(opened):
            if (further[at] > 0).any():
                self.open.remove(out)
                self.dropped.append((out, opened[int(further[at].argmax())], self.passed))
        self.settled = len(self.open) == 1 or self.counted >= self.last()

    def last(self) -> int:
        """Return after how many worlds that count there is no room left for luck."""
        pairs = np.ix_(self.open, self.open)
        return int(self.room[pairs].max() / self.rule.indifference) + 1

    def leaders(self) -> list[int]:
        """Return those of the open ones whose sums are the highest."""
        if not self.started:
            return self.open if self.settled else []
        highest = self.sums[self.open].max()
        return [i for i in self.open if self.sums[i] == highest]

    def wanted(self) -> tuple[int, ...]:
        """Return how many worlds are wanted of each alternative in all."""
        wanted = [len(row) for row in self.rows]
        if self.settled:
            return tuple(wanted)
        run, rule = self.available(), self.rule
        batch = max(_LEAST_BATCH, run // _GROWTH)
        if self.started:
            batch = min(batch, max(1, self.last() - self.counted))
        more = rule.first if run < rule.first else min(rule.at_most, run + batch)
        for i in self.open:
            wanted[i] = max(wanted[i], more)
        return tuple(wanted)


@dataclass(frozen=True)
class Selected:
    """How far the choice has come.

    Attributes
    ----------
    rule : SelectionRule
    names : tuple of str
        The alternatives.
    worlds, wanted : tuple of int
        Worlds run and worlds wanted, by alternative; the same where nothing more is to be done.
    left : tuple of str
        Alternatives that were not dropped.
    leaders : tuple of str
        Those of them with the best mean.
    dropped : tuple of Drop
        The others, in the order in which they were dropped.
    settled : bool
        Whether it is decided.
    """

    rule: SelectionRule
    names: tuple[str, ...]
    worlds: tuple[int, ...]
    wanted: tuple[int, ...]
    left: tuple[str, ...]
    leaders: tuple[str, ...]
    dropped: tuple[Drop, ...]
    settled: bool

    @property
    def chosen(self) -> tuple[str, ...]:
        """The best, as far as it is decided; several that came to the very same; or none."""
        return self.leaders if self.settled else ()

    @property
    def text(self) -> str:
        """What was chosen, how sure that is, what was dropped when and what it took, in words."""
        return f"{self.choice} {self.grounds}"

    @property
    def grounds(self) -> str:
        """How sure the choice is, what was dropped when and what it took."""
        return f"{self._guarantee()} {self._drops()}"

    @cached_property
    def choice(self) -> str:
        """What was chosen."""
        label = MEASURES[self.rule.outcome].label
        if not self.left:
            return f"The {label} was undefined for all in the first {self.rule.first} worlds."
        if len(self.chosen) == 1:
            return f"{self.chosen[0]} is chosen as the best at {label}."
        if self.chosen:
            return (
                f"{listed(self.chosen)} are chosen as the best at {label}: they came to the same."
            )
        most = max(self.worlds)
        if not self.leaders:
            return (
                f"Nothing is chosen as the best at {label}: in {most:,} worlds, the most that were "
                "allowed, it was too seldom defined for all."
            )
        others = [name for name in self.left if name not in self.leaders]
        return (
            f"Nothing is chosen as the best at {label}: after {most:,} worlds, the most that were "
            f"allowed, {listed(self.leaders)} {'lead' if len(self.leaders) > 1 else 'leads'}, but "
            f"{listed(others) if others else 'luck'} cannot be ruled out."
        )

    def _guarantee(self) -> str:
        rule = self.rule
        lead = given(MEASURES[rule.outcome], rule.indifference)
        if not self.chosen:
            return f"More worlds may decide it (at_most), or a larger indifference than {lead}."
        return (
            f"It was chosen by {PROCEDURE}, which picks the best with a probability of at least "
            f"{100 * rule.confidence:g}% wherever it leads the others by {lead} or more; where it "
            "leads by less, nothing is promised."
        )

    def _drops(self) -> str:
        """Return what was dropped after how many worlds, and how many runs were spared."""
        after: dict[tuple[int, bool], list[str]] = {}
        for drop in self.dropped:
            after.setdefault((drop.worlds, drop.behind is None), []).append(drop.name)
        parts = [
            f"{listed(names)} after {worlds:,}{' (undefined in all)' if undefined else ''}"
            for (worlds, undefined), names in after.items()
        ]
        runs, most = sum(self.worlds), max(self.worlds)
        spent = f"It took {runs:,} runs in {most:,} worlds"
        spared = most * len(self.worlds) - runs
        spent += f", {spared:,} fewer than all in all of them would have." if spared else "."
        far = f"Too far behind for it to be luck were {'; '.join(parts)} worlds. "
        return far + spent if parts else spent

    def to_json(self) -> dict[str, Any]:
        """Return it as plain data."""
        return {
            "rule": "select_best",
            "procedure": PROCEDURE,
            "outcome": self.rule.outcome,
            "indifference": self.rule.indifference,
            "confidence": self.rule.confidence,
            "settled": self.settled,
            "chosen": list(self.chosen),
            "left": list(self.left),
            "dropped": [
                {"name": drop.name, "after_worlds": drop.worlds, "behind": drop.behind}
                for drop in self.dropped
            ],
            "worlds": dict(zip(self.names, self.worlds, strict=True)),
            "conclusion": self.text,
        }
