"""How far stories go: whom each failure reached, and how many further tellings a hearing brings."""

import math
from typing import Any

import numpy as np
import pandas as pd

from experiments.laboratory.attribution import Attribution
from experiments.laboratory.buyers import WON
from experiments.laboratory.genealogy import FAILURE, Array, Traced, origins_of

_Z = 1.959963984540054


class Reach:
    """Whom the stories of each failure reached. Feed it with every chunk of tellings.

    Parameters
    ----------
    traced : Traced
        The run at its end, and its failures.
    """

    def __init__(self, traced: Traced) -> None:
        self.failures = traced.failures
        self.people = len(traced.run.state.people)
        keys = origins_of(self.failures["person"], self.failures["day"])
        self.order = np.argsort(keys)
        self.keys = keys[self.order]
        self.known = np.zeros(0, np.int64)
        """Failure and listener in a number, once each: eight bytes for each person reached."""
        self.fresh: list[Array] = []
        self.waiting = 0

    def add(self, tellings: Array) -> None:
        """Add whom some tellings reached."""
        if not len(self.keys):
            return
        keys = origins_of(tellings["origin_person"], tellings["origin_day"])
        place = np.minimum(np.searchsorted(self.keys, keys), len(self.keys) - 1)
        ours = self.keys[place] == keys
        # A story may come back to whom it befell, who is not reached by it.
        ours &= tellings["listener"] != tellings["origin_person"]
        new = self.order[place[ours]] * self.people + tellings["listener"][ours]
        self.fresh.append(np.unique(new))
        self.waiting += len(self.fresh[-1])
        if self.waiting > len(self.known):  # so that all merging takes time as one sorting does
            self.known = self.pairs
            self.fresh, self.waiting = [], 0

    @property
    def pairs(self) -> Array:
        """Failure and listener in a number, once each."""
        return np.unique(np.concatenate([self.known, *self.fresh]))

    def table(self, attribution: Attribution) -> pd.DataFrame:
        """Return a row a failure: what it was like, whom it reached, and what it did, worst first.

        `reached` counts other people once each, `moved` is the sum of changes of opinion in logits,
        either way, and `points` what is left of them in reputation on the last day.
        """
        known = list(FAILURE.names or ())
        table = pd.DataFrame({name: self.failures[name] for name in known})
        origins = attribution.origins.drop(columns="failure")
        table = table.merge(origins, how="left", on=["person", "day"], validate="1:1")
        sums = {"tellings": "int64", "bad": "int64"}
        sums |= dict.fromkeys(("moved", "points", *WON), "float64")
        table = table.fillna(dict.fromkeys(sums, 0.0)).astype(sums)
        table["good"] = table["tellings"] - table["bad"]
        table["reached"] = np.bincount(self.pairs // self.people, minlength=len(self.failures))
        whole = ["reached", "tellings", "good", "bad"]
        table = table[[*known, *whole, "moved", "points", *WON]]
        return table.sort_values(["points", "day", "person"], ignore_index=True)


class Reproduction:
    """How many further tellings a hearing brings, for good and for bad stories.

    Who hears a story late in the run passes it on after its end. Each hearing therefore counts as
    the share of its tellings that the run had time to see: they fall at exponential times of
    half-life `talk.half_life`, so the share is known, and the estimate is not biased by the end.

    Parameters
    ----------
    traced : Traced
        The run at its end.
    """

    def __init__(self, traced: Traced) -> None:
        scenario = traced.run.scenario
        since = scenario.days - 1 - np.arange(scenario.days)
        self.seen = 1.0 - 0.5 ** (since / scenario.talk.half_life)
        self.hops = scenario.talk.hops + 2
        self.tellings = np.zeros((2, self.hops))
        self.exposed = np.zeros((2, self.hops))

    def add(self, tellings: Array) -> None:
        """Add some tellings."""
        bad = (tellings["valence"] < 0.0).astype(np.int64)
        place = bad * self.hops + tellings["hop"]
        size = 2 * self.hops
        self.tellings += np.bincount(place, minlength=size).reshape(2, -1)
        self.exposed += np.bincount(place, self.seen[tellings["day"]], size).reshape(2, -1)

    def table(self) -> pd.DataFrame:
        """Return a row for good and bad stories and each hop, and one each for all hops.

        Columns: `story`; `hop`, how often the story heard had been passed on (empty: all);
        `tellings` heard so; `passed_on`, tellings of the next hop; `exposed`, hearings as far as
        the run saw what they brought; `reproduction` with its 95% interval `low, high`, taking
        tellings of a hearing for geometric as the model has them.
        """
        rows: list[tuple[Any, ...]] = []
        for bad, story in enumerate(("good", "bad")):
            told, exposed = self.tellings[bad], self.exposed[bad]
            further = np.append(told[1:], 0.0)
            spread = 0.0
            for hop in np.flatnonzero(told).tolist():
                rate, width = _rate(further[hop], exposed[hop])
                spread += 0.0 if math.isnan(rate) else exposed[hop] * rate * (1.0 + rate)
                rows.append((story, hop, told[hop], further[hop], exposed[hop], rate, width))
            rate, _ = _rate(further.sum(), exposed.sum())
            width = _Z * math.sqrt(spread) / exposed.sum() if exposed.sum() else math.nan
            rows.append((story, None, told.sum(), further.sum(), exposed.sum(), rate, width))
        columns = ["story", "hop", "tellings", "passed_on", "exposed", "reproduction", "width"]
        table = pd.DataFrame(rows, columns=columns).astype(
            {"hop": "Int64", "tellings": "int64", "passed_on": "int64"}
        )
        width_of = table.pop("width")
        table["low"] = np.maximum(0.0, table["reproduction"] - width_of)
        table["high"] = table["reproduction"] + width_of
        return table


def _rate(further: float, exposed: float) -> tuple[float, float]:
    """Return the mean number of further tellings, and half the width of its 95% interval."""
    if exposed <= 0.0:
        return math.nan, math.nan
    rate = further / exposed
    return rate, _Z * math.sqrt(rate * (1.0 + rate) / exposed)
