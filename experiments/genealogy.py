"""The genealogy of stories: every telling with its origin, and what each origin did to reputation.

Reputation is 100 times the mean of logistic(attitude), and an attitude is a sum: of what the
person has lived through itself and of every story it has heard, as far as it is remembered. What
lies between reputation and 50, where nobody thinks anything, is therefore shared out among the
parts of each attitude in proportion to them. That is the rule of Aumann & Shapley (1974, Values of
non-atomic games) for a function of a sum, and the only one under which parts add up to the whole
and equal parts get equal shares.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from experiments.lives import Array, failed_on, what_failed
from sim import rules
from sim.interview import changes_of_opinion, interview
from sim.lives import Altered
from sim.policy import Policy
from sim.population import CUSTOMER
from sim.run import Run
from sim.scenario import Scenario

TELLING = np.dtype(
    [(name, "i4") for name in ("day", "teller", "listener", "origin_person", "origin_day")]
    + [("hop", "i1"), ("weak", "i1"), ("valence", "f8"), ("change", "f8")]
)
"""One telling: when, by whom, to whom, over which tie (`weak` 1 or 0), how many had passed the story
on before (`hop`), where it began, how good it was, and the logits by which it moved an opinion."""

FAILURE = np.dtype(
    [(name, "i4") for name in ("person", "day")]
    + [("heard", "?")]
    + [(name, "f8") for name in ("severity", "type", "control", "stability")]
)
"""One failure: who, when, whether the firm learnt of it, and what it was like."""

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
    for name in ("teller", "listener", "origin_person", "origin_day", "hop", "weak", "valence"):
        page[name] = letters[name]
    return page


def _failures(run: Run, today: int) -> Array:
    rows = failed_on(run, today)
    state = run.state
    opened = state.cases["person"][state.opened[: state.books["opened"][0]]]
    found = np.zeros(len(rows), FAILURE)
    for i, row in enumerate(rows.tolist()):
        found[i] = (row, today, row in opened, *what_failed(run, row, today))
    return found


@dataclass
class Attribution:
    """What each origin has done to reputation by the end of a run, in points.

    Feed it with every chunk of tellings, then ask for `origins`.
    """

    traced: Traced
    now: int = field(init=False)
    weight: Array = field(init=False)
    """By person: points of reputation for a logit of attitude; 0 for who does not know the firm."""
    remembered: Array = field(init=False)
    """By person: the sum of what tellings have left, in logits."""
    parts: list[pd.DataFrame] = field(default_factory=list)

    def __post_init__(self) -> None:
        run = self.traced.run
        self.now = run.now
        people, setting = run.state.people, run.setting
        aware = people["aware_from"] <= self.now
        replies = interview(people, np.arange(len(people)), self.now, setting)
        self.opinion = replies["opinion"]
        self.lived = replies["attitude"] - replies["opinion"]
        slope = _slope(replies["attitude"], replies["regard"])
        self.weight = np.where(aware, slope * 100.0 / max(1, int(aware.sum())), 0.0)
        self.remembered = np.zeros(len(people))
        self.left = np.array(
            [rules.fade(day, run.scenario.talk.opinion_half_life) for day in range(self.now + 1)]
        )

    def add(self, tellings: Array) -> None:
        """Add what some tellings have left."""
        left = tellings["change"] * self.left[self.now - tellings["day"]]
        np.add.at(self.remembered, tellings["listener"], left)
        frame = pd.DataFrame(
            {
                "person": tellings["origin_person"],
                "day": tellings["origin_day"],
                "tellings": 1,
                "good": tellings["valence"] > 0.0,
                "moved": np.abs(tellings["change"]),
                "points": left * self.weight[tellings["listener"]],
                "good_points": np.where(tellings["valence"] > 0.0, left, 0.0)
                * self.weight[tellings["listener"]],
            }
        )
        self.parts.append(frame.groupby(["person", "day"], as_index=False).sum())
        if len(self.parts) > 16:
            self.parts = [self._summed()]

    def _summed(self) -> pd.DataFrame:
        whole = pd.concat(self.parts, ignore_index=True)
        return whole.groupby(["person", "day"], as_index=False).sum()

    @property
    def origins(self) -> pd.DataFrame:
        """A row an origin: person, day, tellings, how many good, logits moved, points."""
        return self._summed() if self.parts else pd.DataFrame(columns=["person", "day", "points"])

    @property
    def experience(self) -> float:
        """Points that come of what people have lived through themselves."""
        return float((self.weight * self.lived).sum())

    @property
    def forgotten(self) -> float:
        """Points that the limit on opinions has cut off, and rounding; mostly next to nothing."""
        return float((self.weight * (self.opinion - self.remembered)).sum())


def _slope(attitude: Array, regard: Array) -> Array:
    """Return (logistic(a) - 1/2) / a, and its limit 1/4 at 0."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(np.abs(attitude) < 1e-9, 0.25, (regard - 0.5) / attitude)
