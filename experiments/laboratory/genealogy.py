"""The genealogy of stories: a run lived through, and every telling of it handed on with its origin."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.decisions import DECISION, decided, in_need
from sim.interview import changes_of_opinion
from sim.lives import Altered
from sim.measures import stars_of
from sim.policy import Policy
from sim.population import CUSTOMER, Rows
from sim.run import Run
from sim.scenario import Scenario

Array = NDArray[Any]

TELLING = np.dtype(
    [(name, "i4") for name in ("day", "teller", "listener", "origin_person", "origin_day")]
    + [("hop", "i1"), ("tie", "i1"), ("valence", "f8"), ("change", "f8")]
)
"""One telling: when, by whom, to whom, along which kind of `tie` (`sim.ties`), how many had passed the story
on before (`hop`), where it began, how good it was, and the logits by which it moved an opinion."""

FAILURE = np.dtype(
    [(name, "i4") for name in ("person", "day")]
    + [("heard", "?")]
    + [(name, "f8") for name in ("severity", "type", "attribution", "before")]
)
"""One failure: who, when, whether the firm learnt of it; how bad it was, 1 of outcome or 0 of
process, how far it is laid to the firm, and the satisfaction before it."""

CHUNK = 1 << 16
"""Tellings that are held in memory before they go on to whoever keeps them."""

Keeper = Callable[[Array], None]


@dataclass
class Traced:
    """A run whose stories were followed.

    Attributes
    ----------
    run : Run
        At its end.
    failures : structured array
        Every failure, dtype `FAILURE`, by day.
    decisions : structured array
        Every decision to buy or not, dtype `sim.decisions.DECISION`, by day.
    tellings : int
        How many there were.
    """

    run: Run
    failures: Array
    decisions: Array
    tellings: int


def trace(
    scenario: Scenario,
    network: Any,
    keep: Keeper,
    altered: dict[int, Altered] | None = None,
    treated: dict[int, Policy] | None = None,
) -> Traced:
    """Live a scenario to its end, and hand on every telling in chunks, by day.

    The run itself is the same to the bit as any other: it is looked at between two days.

    Parameters
    ----------
    scenario, network
        What to run, and on which ties.
    keep : callable
        Called with arrays of dtype `TELLING`.
    altered, treated
        See `sim.run.simulate`.
    """
    run = Run(scenario, network, altered=altered, treated=treated).begin()
    pages: list[Array] = []
    failures: list[Array] = []
    decisions = Decisions(run)
    total = held = 0
    for today in range(scenario.days):
        customer = run.state.people["status"] == CUSTOMER
        decisions.morning(today)
        run.advance(today + 1)
        page = _told(run, today, customer)
        decisions.evening(page)
        pages.append(page)
        held += len(page)
        total += len(page)
        failures.append(_failures(run, today))
        if held >= CHUNK:
            keep(np.concatenate(pages))
            pages, held = [], 0
    if held:
        keep(np.concatenate(pages))
    return Traced(run, np.concatenate(failures), decisions.all, total)


class Decisions:
    """The decisions to buy that are taken in a run; some numbers are held for each.

    Parameters
    ----------
    run : Run
        At its beginning.
    """

    def __init__(self, run: Run) -> None:
        self.run = run
        self.advertised = run.state.people["aware_from"].copy()
        """By person, the day from which it would know of the firm without a story."""
        self.heard = np.zeros(len(self.advertised), np.int64)
        self.needs = np.zeros(0, DECISION)
        self.taken: list[Array] = []

    def morning(self, today: int) -> None:
        """Note who has a need today."""
        self.needs = in_need(self.run.state.people, today)

    def evening(self, tellings: Array) -> None:
        """Note who of them decided, and what it had heard by then."""
        state, scenario = self.run.state, self.run.scenario
        self.heard += np.bincount(tellings["listener"], minlength=len(self.heard))
        stars = stars_of(Rows(state.books)[0], scenario.reviews)
        taken = decided(state.people, self.needs, scenario.days, stars, self.run.setting)
        taken["heard"] = self.heard[taken["person"]]
        taken["advertised"] = self.advertised[taken["person"]] <= taken["day"]
        self.taken.append(taken)

    @property
    def all(self) -> Array:
        """The decisions of all days, dtype `sim.decisions.DECISION`, by day."""
        return np.concatenate(self.taken)


def _told(run: Run, today: int, customer: Array) -> Array:
    """Return the tellings of the day that has just been lived."""
    state = run.state
    letters = state.letters[: int(state.books["letters"][0])]
    page = np.zeros(len(letters), TELLING)
    page["day"] = today
    page["change"] = changes_of_opinion(letters, customer, run.setting)
    for name in ("teller", "listener", "origin_person", "origin_day", "hop", "tie", "valence"):
        page[name] = letters[name]
    return page


def _failures(run: Run, today: int) -> Array:
    """Return the failures of the day that has just been lived, by person."""
    state = run.state
    # A case that was closed at once has given its place back, but nobody takes it before tomorrow.
    cases = state.cases[: int(state.case_places.mark[1])]
    slots = np.flatnonzero(cases["opened"] == today)
    slots = slots[state.people["failed_on"][cases["person"][slots]] == today]
    slots = slots[np.argsort(cases["person"][slots])]
    found = np.zeros(len(slots), FAILURE)
    for name in ("person", "severity", "type", "attribution", "before"):
        found[name] = cases[name][slots]
    found["day"] = today
    heard = state.opened[: int(state.books["opened"][0])]
    found["heard"] = np.isin(slots, heard)
    return found


def origins_of(person: Array, day: Array) -> Array:
    """Return a number for each event, by whom it befell and when."""
    return (np.asarray(person, np.int64) << 32) | np.asarray(day, np.int64)
