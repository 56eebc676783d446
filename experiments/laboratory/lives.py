"""Lives followed one by one: how some failed customers fare in a world, day after day.

The same failures are followed in worlds that differ in nothing but what became of them, so that
each customer is its own control.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.compiled import kernel
from sim.draws import Purpose, uniform
from sim.interview import circle, everybody, interview
from sim.lives import Altered
from sim.population import NO_CASE, PERSON, aligned
from sim.run import Run
from sim.scenario import Scenario
from sim.visiting import is_hit, visit

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
`neighbours` the mean regard in (0, 1) of those whom the person has strong ties to, above that of
everybody: what other failures that are followed change for all alike is thus left out."""


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
        self._make_room(len(self.failures))
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
        people, rows = self.run.state.people, failed_on(self.run, today)
        luck = np.zeros(len(rows))
        _choose(rows, today, self.run.setting.seed, luck)
        chosen = rows[(self.place[rows] < 0) & (luck < share)].tolist()
        found = np.zeros(len(chosen), FAILURE)
        for i, row in enumerate(chosen):
            earlier = int(people["failures"][row]) - 1
            found[i] = (row, today, earlier, *what_failed(self.run, row, today))
        return found

    def _add(self, failures: Array) -> None:
        first, count = len(self.failures), len(self.failures) + len(failures)
        self.failures = np.concatenate([self.failures, failures])
        self.place[failures["row"]] = np.arange(first, count)
        if count > len(self.heard):
            self._make_room(max(count, 2 * len(self.heard)))

    def _make_room(self, count: int) -> None:
        """Give what is kept of each failure so many places."""
        old = min(count, len(self.heard))
        looks = np.full((len(FOLLOWED), count, len(self.spell.days)), np.nan)
        looks[:, :old] = self.looks[:, :old]
        told, heard = np.zeros((2, count)), np.zeros(count, bool)
        told[:, :old], heard[:old] = self.told[:, :old], self.heard[:old]
        self.looks, self.told, self.heard = looks, told, heard

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
        people = run.state.people
        replies = interview(people, rows, today, run.setting)
        around = circle(people, rows, run.network, today, run.setting)
        at = step[places] // EVERY
        for name, values in (
            ("satisfaction", replies["satisfaction"]), ("intention", replies["intention"]),
            ("staying", replies["customer"]), ("visits", replies["visits"]),
            ("good_stories", self.told[0, places]), ("bad_stories", self.told[1, places]),
            ("neighbours", around - everybody(people, today, run.setting)),
        ):  # fmt: skip
            self.looks[FOLLOWED.index(name), places, at] = values
        new = places[since[places] == 0]
        self.heard[new] = people["case"][self.failures["row"][new]] != NO_CASE


def _luck_of(rows: Any, today: int, seed: int, luck: Any) -> None:
    for i in range(len(rows)):
        luck[i] = uniform(seed, rows[i], today, Purpose.EXAMINED)


_choose = kernel(_luck_of)


def failed_on(run: Run, today: int) -> Array:
    """Return the rows of those who failed on the day that has just been lived, in order."""
    state = run.state
    books = state.books[0]
    opened = state.cases["person"][state.opened[: books["opened"]]]
    rows = np.union1d(opened, state.closed[: books["closed"]])
    return np.asarray(rows[state.people["failed_on"][rows] == today])


def what_failed(run: Run, row: int, day: int) -> tuple[float, ...]:
    """Return severity, type, controllability and stability of a failure, as they were drawn."""
    for outage in run.scenario.outages:
        if outage.day == day and is_hit(outage, row, run.setting):
            return outage.severity, outage.type, outage.control, outage.stability
    drawn = np.zeros(1, FAILURE)
    _draw(aligned(1, PERSON), row, day, run.setting, drawn)
    return tuple(float(drawn[name][0]) for name in ("severity", "type", "control", "stability"))


def _drawn_again(people: Any, row: int, day: int, world: Any, found: Any) -> None:
    # A visit that fails touches nothing but its row, so anybody's will do.
    people[0].row = row
    was = visit(people[0], day, world, 1.0)
    found[0].severity = was.severity
    found[0].type = was.type
    found[0].control = was.control
    found[0].stability = was.stability


_draw = kernel(_drawn_again)
