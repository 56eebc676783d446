"""What each origin has done by the end of a run: points of reputation, and buyers.

Reputation is 100 times the mean of logistic(attitude), and an attitude is a sum: of what the
person has lived through itself and of every story it has heard, as far as it is remembered. What
lies between reputation and 50, where nobody thinks anything, is therefore shared out among the
parts of each attitude in proportion to them. That is the rule of Aumann & Shapley (1974, Values of
non-atomic games) for a function of a sum, and the only one under which parts add up to the whole
and equal parts get equal shares.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from experiments.laboratory.buyers import WON, Buyers
from experiments.laboratory.genealogy import Array, Traced, origins_of
from sim import rules
from sim.interview import interview

SOURCES = {
    "experience": "own experience",
    "ordinary_visits": "stories of ordinary visits",
    "delight": "stories of delight",
    "failures": "bad stories of failures",
    "recoveries": "good stories of recoveries",
    "limit": "limit on opinions, rounding",
}
"""Where reputation and buyers come from, in words."""

TOLD = tuple(name for name in SOURCES if name != "experience")
"""The sources that are stories, and what is left over of them."""

_EXPERIENCE, _ORDINARY, _DELIGHT, _FAILURES, _RECOVERIES, _LIMIT = range(len(SOURCES))

_ORIGIN = {
    "person": "i4", "day": "i4", "tellings": "i8", "bad": "i8", "moved": "f8", "points": "f8",
    **dict.fromkeys(WON, "f8"),
}  # fmt: skip
"""Columns of a table of origins."""


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
        self.decided = Buyers(traced)
        self.sums = {name: np.zeros(len(SOURCES)) for name in ("points", *WON)}
        self.parts: list[pd.DataFrame] = []

    def add(self, tellings: Array) -> None:
        """Add what some tellings have left."""
        left = tellings["change"] * self.left[self.now - tellings["day"]]
        listeners = tellings["listener"]
        self.remembered += np.bincount(listeners, left, len(self.remembered))
        done = {"points": left * self.weight[listeners], **self.decided.shares(tellings)}
        source = self._sources(tellings)
        for name, values in done.items():
            self.sums[name] += np.bincount(source, values, len(SOURCES))
        frame = pd.DataFrame(
            {
                "person": tellings["origin_person"],
                "day": tellings["origin_day"],
                "tellings": 1,
                "bad": (tellings["valence"] < 0.0).astype(np.int64),
                "moved": np.abs(tellings["change"]),
                **done,
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
        logits moved, points, and `WON`."""
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
        sums = self.sums["points"].copy()
        sums[_EXPERIENCE], sums[_LIMIT] = self.experience, self.forgotten
        return dict(zip(SOURCES, sums.tolist(), strict=True))

    @property
    def turned(self) -> Mapping[str, float]:
        """Decisions to buy that stories turned, in people, by source (`TOLD`); they add up to
        those that all stories together turned."""
        sums = self.sums["turned"].copy()
        sums[_LIMIT] = self.decided.turned - sums.sum()
        return {name: sums.tolist()[place] for place, name in enumerate(SOURCES) if name in TOLD}


def _summed(parts: list[pd.DataFrame]) -> pd.DataFrame:
    return pd.concat(parts, ignore_index=True).groupby(["person", "day"], as_index=False).sum()


def _slope(attitude: Array, regard: Array) -> Array:
    """Return (logistic(a) - 1/2) / a, and its limit 1/4 at 0."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(np.abs(attitude) < 1e-9, 0.25, (regard - 0.5) / attitude)
