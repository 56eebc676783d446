"""Lives followed one by one: how some failed customers fare in a world, day after day.

The same failures are followed in worlds that differ in nothing but what became of them, so that
each customer is its own control.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.customer import Customer
from sim.draws import Purpose, uniform
from sim.interview import interview
from sim.lives import Altered
from sim.population import CUSTOMER, NO_CASE
from sim.run import Run
from sim.scenario import Scenario
from sim.setting import interpreted
from sim.visiting import is_hit

Array = NDArray[Any]

EVERY = 7
"""Days from one look at a life to the next."""

FAILURE = np.dtype(
    [(name, "i8") for name in ("row", "day", "earlier")]
    + [(name, "f8") for name in ("severity", "type", "control", "stability")]
)
"""A failure that is followed: whom, when, after how many earlier ones, and what it was like."""

FOLLOWED = (
    "satisfaction", "intention", "staying", "visits", "good_stories", "bad_stories", "neighbours",
)  # fmt: skip
"""What is followed: states, then what happened since the failure; `staying` is 1 for a customer,
`neighbours` the mean regard in (0, 1) of those whom the person has strong ties to."""


@dataclass(frozen=True)
class Spell:
    """How long lives are followed, in days from the failure on.

    Attributes
    ----------
    before, after : int
        From how long before it to how long after it, in multiples of `EVERY`.
    """

    before: int = 14
    after: int = 119

    @property
    def days(self) -> Array:
        """The days on which a life is looked at, counted from the failure."""
        return np.arange(-self.before, self.after + 1, EVERY)

    def fits(self, day: int, days: int) -> bool:
        """Tell whether a failure on `day` can be followed in a run of so many days."""
        return self.before <= day < days - self.after


class Lives:
    """Some lives in one world.

    Parameters
    ----------
    scenario : Scenario
        The world.
    network : Network
        Its strong ties.
    spell : Spell
        How long each life is followed.
    altered : mapping from row to Altered, optional
        The lives that go otherwise.
    """

    def __init__(
        self,
        scenario: Scenario,
        network: Any,
        spell: Spell,
        altered: Mapping[int, Altered] | None = None,
    ) -> None:
        self.scenario = scenario
        self.spell = spell
        self.run = Run(scenario, network, altered=altered).begin()
        self.place = np.full(network.people, -1, np.int64)
        """By row, the place of its failure among those followed."""
        self.failures = np.zeros(0, FAILURE)
        self.looks = np.zeros((len(FOLLOWED), 0, len(spell.days)))
        self.told = np.zeros((2, 0))
        self.heard = np.zeros(0, bool)

    def follow(self, failures: Array) -> "Lives":
        """Live to the end, looking at the lives of those who had these failures."""
        self._add(failures)
        for today in range(self._last()):
            self._live(today)
        return self

    def find(self, share: float) -> "Lives":
        """Live to the end, and follow a random share of all failures, one a person at most.

        Whether a failure is among them is keyed on person and day: under another policy it is the
        same failures, as far as they happen there.
        """
        for today in range(self.scenario.days):
            self._live(today, share)
        return self

    def _last(self) -> int:
        if not len(self.failures):
            return 0
        return int(self.failures["day"].max()) + self.spell.after + 1

    def _live(self, today: int, share: float = 0.0) -> None:
        self.run.advance(today + 1)
        if share > 0.0 and self.spell.fits(today, self.scenario.days):
            self._add(self._failed(today, share))
        if len(self.failures):
            self._listen(today)
            self._look(today)

    def _failed(self, today: int, share: float) -> Array:
        """Return those of today's failures that are to be followed."""
        people, seed = self.run.state.people, self.run.setting.seed
        chosen = [
            row
            for row in failed_on(self.run, today).tolist()
            if self.place[row] < 0 and uniform(seed, row, today, Purpose.EXAMINED) < share
        ]
        found = np.zeros(len(chosen), FAILURE)
        for i, row in enumerate(chosen):
            earlier = int(people["failures"][row]) - 1
            found[i] = (row, today, earlier, *what_failed(self.run, row, today))
        return found

    def _add(self, failures: Array) -> None:
        first = len(self.failures)
        self.failures = np.concatenate([self.failures, failures])
        self.place[failures["row"]] = first + np.arange(len(failures))
        more = ((0, 0), (0, len(failures)))
        self.looks = np.pad(self.looks, (*more, (0, 0)), constant_values=np.nan)
        self.told = np.pad(self.told, more)
        self.heard = np.pad(self.heard, (0, len(failures)))

    def _listen(self, today: int) -> None:
        """Count what those followed tell today at first hand, from the day of the failure on."""
        state = self.run.state
        letters = state.letters[: int(state.books["letters"][0])]
        place = self.place[letters["teller"]]
        own = (place >= 0) & (letters["hop"] == 0)
        own[own] = self.failures["day"][place[own]] <= today
        bad = (letters["valence"][own] < 0.0).astype(np.int64)
        np.add.at(self.told, (bad, place[own]), 1.0)

    def _look(self, today: int) -> None:
        """Ask those whose day it is, and those around them."""
        since = today - self.failures["day"]
        step = since + self.spell.before
        due = (step % EVERY == 0) & (step >= 0) & (since <= self.spell.after)
        places = np.flatnonzero(due)
        if not len(places):
            return
        rows, run = self.failures["row"][places], self.run
        replies = interview(run.state.people, rows, today, run.setting)
        at = step[places] // EVERY
        for name, values in (
            ("satisfaction", replies["satisfaction"]), ("intention", replies["intention"]),
            ("staying", replies["customer"]), ("visits", replies["visits"]),
            ("good_stories", self.told[0, places]), ("bad_stories", self.told[1, places]),
            ("neighbours", self._around(rows, today)),
        ):  # fmt: skip
            self.looks[FOLLOWED.index(name), places, at] = values
        new = places[since[places] == 0]
        self.heard[new] = run.state.people["case"][self.failures["row"][new]] != NO_CASE

    def _around(self, rows: Array, today: int) -> Array:
        """Return the mean regard of each person's neighbours; NaN for whoever has none."""
        offsets, neighbours = self.run.network.offsets, self.run.network.neighbours
        counts = offsets[rows + 1] - offsets[rows]
        ends = np.cumsum(counts)
        flat = np.arange(ends[-1]) + np.repeat(offsets[rows] - (ends - counts), counts)
        replies = interview(self.run.state.people, neighbours[flat], today, self.run.setting)
        owner = np.repeat(np.arange(len(rows)), counts)
        sums = np.bincount(owner, replies["regard"], len(rows))
        with np.errstate(invalid="ignore"):
            return np.asarray(sums / counts)


def failed_on(run: Run, today: int) -> Array:
    """Return the rows of those who failed on the day that has just been lived, in order."""
    state = run.state
    books = state.books[0]
    opened = state.cases["person"][state.opened[: books["opened"]]]
    rows = np.union1d(opened, state.closed[: books["closed"]])
    return np.asarray(rows[state.people["failed_on"][rows] == today])


def what_failed(run: Run, row: int, day: int) -> tuple[float, float, float, float]:
    """Return severity, type, controllability and stability of a failure, as they were drawn."""
    for outage in run.scenario.outages:
        if outage.day == day and is_hit(outage, row, run.setting):
            return outage.severity, outage.type, outage.control, outage.stability
    visit: Any = Customer.visit
    was = visit(_Somebody(row), day, interpreted(run.setting), 1.0)
    return was.severity, was.type, was.control, was.stability


class _Somebody:
    """Whose visit is drawn again: a visit that fails touches nothing but its row."""

    def __init__(self, row: int) -> None:
        self.row = row
        self.status = CUSTOMER
