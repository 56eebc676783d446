"""The genealogy of stories: every telling with its origin, and what each origin did to reputation.

Reputation is 100 times the mean of logistic(attitude), and an attitude is a sum: of what the
person has lived through itself and of every story it has heard, as far as it is remembered. What
lies between reputation and 50, where nobody thinks anything, is therefore shared out among the
parts of each attitude in proportion to them. That is the rule of Aumann & Shapley (1974, Values of
non-atomic games) for a function of a sum, and the only one under which parts add up to the whole
and equal parts get equal shares.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sim import rules
from sim.interview import changes_of_opinion, interview
from sim.lives import Altered
from sim.policy import Policy
from sim.population import CUSTOMER
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

SOURCES = {
    "experience": "own experience",
    "ordinary_visits": "stories of ordinary visits",
    "delight": "stories of delight",
    "failures": "bad stories of failures",
    "recoveries": "good stories of recoveries",
    "limit": "limit on opinions, rounding",
}
"""Where reputation comes from, in words."""

_EXPERIENCE, _ORDINARY, _DELIGHT, _FAILURES, _RECOVERIES, _LIMIT = range(len(SOURCES))

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
    tellings : int
        How many there were.
    """

    run: Run
    failures: Array
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
    total = held = 0
    for today in range(scenario.days):
        customer = run.state.people["status"] == CUSTOMER
        run.advance(today + 1)
        page = _told(run, today, customer)
        pages.append(page)
        held += len(page)
        total += len(page)
        failures.append(_failures(run, today))
        if held >= CHUNK:
            keep(np.concatenate(pages))
            pages, held = [], 0
    if held:
        keep(np.concatenate(pages))
    return Traced(run, np.concatenate(failures), total)


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


class Attribution:
    """What each origin has done to reputation by the end of a run, in points.

    Feed it with every chunk of tellings, then ask. It holds some numbers for each person and for
    each event that was told of, however many tellings there are.

    Parameters
    ----------
    traced : Traced
        The run at its end, and its failures.
    """

    def __init__(self, traced: Traced) -> None:
        run = traced.run
        self.traced = traced
        self.now = run.now
        people, setting = run.state.people, run.setting
        aware = people["aware_from"] <= self.now
        replies = interview(people, np.arange(len(people)), self.now, setting)
        self.opinion = replies["opinion"]
        self.lived = replies["attitude"] - replies["opinion"]
        slope = _slope(replies["attitude"], replies["regard"])
        self.weight = np.where(aware, slope * 100.0 / max(1, int(aware.sum())), 0.0)
        """By person: points of reputation for a logit; 0 for who does not know the firm."""
        self.remembered = np.zeros(len(people))
        """By person: the sum of what tellings have left, in logits."""
        self.left = np.array(
            [rules.fade(day, run.scenario.talk.opinion_half_life) for day in range(self.now + 1)]
        )
        self.failed = origins_of(traced.failures["person"], traced.failures["day"])
        self.sums = np.zeros(len(SOURCES))
        self.parts: list[pd.DataFrame] = []

    def add(self, tellings: Array) -> None:
        """Add what some tellings have left."""
        left = tellings["change"] * self.left[self.now - tellings["day"]]
        listeners = tellings["listener"]
        self.remembered += np.bincount(listeners, left, len(self.remembered))
        points = left * self.weight[listeners]
        source = self._sources(tellings)
        self.sums += np.bincount(source, points, len(SOURCES))
        frame = pd.DataFrame(
            {
                "person": tellings["origin_person"],
                "day": tellings["origin_day"],
                "tellings": 1,
                "bad": (tellings["valence"] < 0.0).astype(np.int64),
                "moved": np.abs(tellings["change"]),
                "points": points,
            }
        )
        self.parts.append(_summed([frame]))
        if len(self.parts) > 16:
            self.parts = [_summed(self.parts)]

    def _sources(self, tellings: Array) -> Array:
        """Return by telling, as a place in `SOURCES`, what kind of event it is about."""
        talk = self.traced.run.scenario.talk
        valence = tellings["valence"]
        failed = np.isin(origins_of(tellings["origin_person"], tellings["origin_day"]), self.failed)
        # A visit's valence says which of the two it was; where both are alike, no telling can.
        delights = (valence == talk.delight_valence) & (valence != talk.ordinary_valence)
        of_failure = np.where(valence < 0.0, _FAILURES, _RECOVERIES)
        return np.where(failed, of_failure, np.where(delights, _DELIGHT, _ORDINARY))

    @property
    def origins(self) -> pd.DataFrame:
        """A row an event told of: person, day, whether a failure, tellings, how many of them bad,
        logits moved, points."""
        nothing = pd.DataFrame({name: np.zeros(0, kind) for name, kind in _ORIGIN.items()})
        table = _summed(self.parts or [nothing])
        keys = origins_of(table["person"].to_numpy(), table["day"].to_numpy())
        table.insert(2, "failure", np.isin(keys, self.failed))
        return table

    @property
    def experience(self) -> float:
        """Points that come of what people have lived through themselves."""
        return float((self.weight * self.lived).sum())

    @property
    def forgotten(self) -> float:
        """Points that the limit on opinions has cut off, and rounding; mostly next to nothing."""
        return float((self.weight * (self.opinion - self.remembered)).sum())

    @property
    def sources(self) -> Mapping[str, float]:
        """Points of reputation by source; from 50 they add up to it."""
        sums = self.sums.copy()
        sums[_EXPERIENCE], sums[_LIMIT] = self.experience, self.forgotten
        return dict(zip(SOURCES, sums.tolist(), strict=True))


_ORIGIN = {
    "person": "i4",
    "day": "i4",
    "tellings": "i8",
    "bad": "i8",
    "moved": "f8",
    "points": "f8",
}
"""Columns of a table of origins."""


def origins_of(person: Array, day: Array) -> Array:
    """Return a number for each event, by whom it befell and when."""
    return (np.asarray(person, np.int64) << 32) | np.asarray(day, np.int64)


def _summed(parts: list[pd.DataFrame]) -> pd.DataFrame:
    return pd.concat(parts, ignore_index=True).groupby(["person", "day"], as_index=False).sum()


def _slope(attitude: Array, regard: Array) -> Array:
    """Return (logistic(a) - 1/2) / a, and its limit 1/4 at 0."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(np.abs(attitude) < 1e-9, 0.25, (regard - 0.5) / attitude)
