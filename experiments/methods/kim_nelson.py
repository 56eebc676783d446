"""The fully sequential selection of the best: which alternatives are dropped after which world.

The procedure of Kim & Nelson (2001, A fully sequential procedure for
indifference-zone selection in simulation, ACM Transactions on Modeling and Computer Simulation 11,
251-273). The first stage tells how much each pair's difference varies. From then on, after every
world, whatever lies further behind another than luck explains is dropped, until one is left. Luck
is given less and less room, so that it ends. Under normal noise the best is chosen with the
probability asked for wherever it leads all others by the indifference or more; shared worlds are
allowed for, and pay, since a pair counts by the variance of its difference.
"""

import numpy as np

from experiments.methods.statistics import Array

_LEAST_BATCH = 8
_GROWTH = 8
"""Worlds are added so many at a time, or this part of those there are: they run side by side."""

_CELLS = 1 << 20
"""Pairs times worlds that are looked at in one go."""


class Course:
    """The procedure, on values of which more is better.

    Parameters
    ----------
    rows : list of array [worlds run]
        The values of each alternative, world by world; NaN where undefined.
    indifference, confidence, first, at_most
        See `experiments.methods.selection.SelectionRule`.

    Attributes
    ----------
    open : list of int
        Alternatives that are still in question.
    dropped : list of (int, int or None, int)
        The others: which, behind which other, after how many worlds.
    settled : bool
        Whether it is decided.
    """

    def __init__(
        self,
        rows: list[Array],
        *,
        indifference: float,
        confidence: float,
        first: int,
        at_most: int,
    ) -> None:
        self.rows = rows
        self.indifference, self.confidence = indifference, confidence
        self.first, self.at_most = first, at_most
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
        if self.available() < self.first:
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
        first = self.first
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
        if len(complete) < self.first:
            return
        at = complete[: self.first]
        values = values[:, at]
        apart = values[:, None] - values[None]
        variance = np.zeros((len(self.rows),) * 2)
        variance[np.ix_(self.open, self.open)] = apart.var(axis=2, ddof=1)
        freedom = self.first - 1
        tail = 2.0 * (1.0 - self.confidence) / max(1, len(self.open) - 1)
        room = freedom * max(0.0, tail ** (-2.0 / freedom) - 1.0)
        self.room = room * variance / self.indifference
        """For each pair, h2 S2 / delta in the notation of the paper, with c = 1."""
        self.sums[self.open] = values.sum(axis=1)
        self.counted, self.passed, self.started = len(at), int(at[-1]) + 1, True
        self.drop(self.behind(self.sums[:, None], np.array([float(self.counted)]))[:, :, 0])

    def behind(self, sums: Array, counts: Array) -> Array:
        """Return by how much each open one [i] lies further behind another [l] than is allowed."""
        pairs = np.ix_(self.open, self.open)
        lead = sums[self.open][None] - sums[self.open][:, None]
        allowed = (self.room[pairs][:, :, None] - self.indifference * counts) / 2.0
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
        return int(self.room[pairs].max() / self.indifference) + 1

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
        run = self.available()
        batch = max(_LEAST_BATCH, run // _GROWTH)
        if self.started:
            batch = min(batch, max(1, self.last() - self.counted))
        more = self.first if run < self.first else min(self.at_most, run + batch)
        for i in self.open:
            wanted[i] = max(wanted[i], more)
        return tuple(wanted)
