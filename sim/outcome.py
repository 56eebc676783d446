"""What came of a run: the final population, the series, and the figures by which policies compare."""

import hashlib
import math
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from sim.network import Graph, Network
from sim.population import CUSTOMER, NO_CASE, PERSON, STATUS_NAMES, signed
from sim.rules import fade
from sim.scenario import Scenario
from sim.state import COUNTS, LEVELS, SUMS
from sim.worth import values_of

Array = np.ndarray[Any, np.dtype[Any]]
Figures = dict[str, float | int | None]

COSTS = ("compensation", "contacts_cost", "follow_ups_cost", "noticing_cost", "wages")
"""The kinds of recovery cost."""

_INNER = ("case", "planned", "moment", "altered")
"""Columns that serve the run and tell nothing of the person."""

COLUMNS = (
    *LEVELS[:-1], "stars", *COUNTS, "share_of_voice", "first_contact_share", "mean_delay", *(s for s in SUMS if s != "delay"),
    "recovery_cost",
)  # fmt: skip
"""Columns of the series: levels on the day, then what happened since the row before."""


def plain(value: float) -> float | int | None:
    """Return a figure as a Python number, whole where it is whole, `None` where it is undefined."""
    value = float(value)
    return None if math.isnan(value) else value


def ratio(part: float, whole: float) -> float | None:
    """Return part / whole, or `None` where there is no whole."""
    return float(part) / float(whole) if whole else None


def shares(parts: Array, wholes: Array) -> Array:
    """Return parts / wholes, not-a-number where there is no whole."""
    found = np.full(len(parts), np.nan)
    np.divide(parts, wholes, out=found, where=wholes > 0)
    return found


def in_order(values: Array) -> float:
    """Return the sum of values, added one by one in their order, so that it rounds alike anywhere."""
    return float(np.cumsum(values)[-1]) if len(values) else 0.0


REFERRED = ("referred", "brought_at_start", "followers")
"""Totals that only runs with referral have."""


class Brought(NamedTuple):
    """What came of referral: by row who brought the person (-1 for nobody), and how many have left
    after whoever had brought them."""

    brought_by: Array
    followers: int


class Outcome:
    """The result of one run.

    Parameters
    ----------
    scenario : Scenario
        What was run.
    network : Network
        The strong ties.
    people : structured array
        The final population, dtype `sim.population.PERSON`.
    rows : structured array
        The raw series, dtype `sim.state.SERIES`, counts and sums as running totals.
    seconds : float
        Time spent living through the days.
    brought : Brought, optional
        What came of referral, where it is kept.
    """

    def __init__(
        self, scenario: Scenario, network: Network, people: Array, rows: Array, seconds: float,
        brought: Brought | None = None,
    ) -> None:  # fmt: skip
        self.scenario = scenario
        self.ties = network
        self.population = people
        self.rows = rows
        self.seconds = seconds
        self.brought = brought
        self.columns = COLUMNS

    @cached_property
    def series_array(self) -> Array:
        """The series as numbers: a row a measuring day, `columns` across; flows since the row before."""
        rows = self.rows
        totals = {name: np.diff(rows[name], prepend=0.0) for name in COUNTS + SUMS}
        answers = totals["answers"]
        totals["share_of_voice"] = shares(totals["complaints"], totals["failures"])
        totals["first_contact_share"] = shares(totals["first_contacts"], answers)
        totals["mean_delay"] = shares(totals.pop("delay"), answers)
        totals["recovery_cost"] = np.sum([totals[kind] for kind in COSTS], axis=0)
        levels = {name: rows[name] for name in LEVELS} | {"stars": rows["mean_stars"]}
        return np.column_stack([(levels | totals)[name] for name in COLUMNS])

    @cached_property
    def series(self) -> pd.DataFrame:
        """The series as a table. `day` counts days lived; money is in the scenario's unit."""
        frame = pd.DataFrame(self.series_array, columns=list(COLUMNS))
        whole = [*LEVELS[:5], *COUNTS]
        return frame.astype(dict.fromkeys(whole, "int64"))

    @cached_property
    def people(self) -> pd.DataFrame:
        """The final population as a table, a row a person, memories faded up to the last day."""
        rows = self.population
        today = max(0, int(self.rows["day"][-1]) - 1)

        def left(since: str, half_life: float) -> Array:
            days, place = np.unique(np.maximum(today - rows[since], 0), return_inverse=True)
            shares = np.array([fade(day, half_life) for day in days.tolist()])
            return np.asarray(shares[place])

        scenario = self.scenario
        recovery, talk = scenario.recovery, scenario.talk
        held = np.clip(rows["opinion"], -talk.opinion_limit, talk.opinion_limit)
        half_lives = {
            "failure_memory": scenario.loss.memory_half_life,
            "recovery_expectation": recovery.expectation_half_life,
            "gratitude": recovery.gratitude_half_life,
        }
        memories = {
            name: rows[name] * left("recalled_on", half_life)
            for name, half_life in half_lives.items()
        }
        table = {
            "status": pd.Categorical([STATUS_NAMES[code] for code in rows["status"]], STATUS_NAMES),
            "satisfaction": rows["satisfaction"],
            "expectation": rows["expectation"],
            **memories,
            "opinion": held * left("heard_on", talk.opinion_half_life),
            "aware": rows["aware_from"] <= today,
            "visit_rate": rows["visit_rate"],
            "value": self.values,
            "customer_since": rows["since"],
            "visits": rows["visits"],
            "failures": rows["failures"],
            "waiting": rows["case"] != NO_CASE,
            "customer_at_start": rows["founding"] == 1,
        }
        if self.brought is not None:
            table["brought_by"] = self.brought.brought_by
        if self.ties.labels is not None:
            table = {"label": list(self.ties.labels)} | table
        return pd.DataFrame(table)

    @cached_property
    def values(self) -> Array:
        """By row, what each visit of a person is worth, as a multiple of the price."""
        scenario = self.scenario
        return values_of(self.population["row"], signed(scenario.seed), scenario.money)

    @cached_property
    def network(self) -> Graph:
        """The strong ties as a NetworkX graph."""
        return self.ties.to_networkx()

    @cached_property
    def final(self) -> Figures:
        """How the market stands at the end."""
        last = self.rows[-1]
        known = {name: plain(last[name]) for name in LEVELS[5:-1]}
        everybody = len(self.population)
        return {
            "reputation": known["reputation"],
            "reputation_noncustomers": known["reputation_noncustomers"],
            "nps": known["nps"],
            "nps_aware": known["nps_aware"],
            "stars": plain(last["mean_stars"]),
            "satisfaction": known["satisfaction"],
            "customer_share": float(last["customers"]) / everybody,
        }

    @property
    def kept_of_referral(self) -> tuple[str, ...]:
        """The totals that it has because it is kept who brought whom, if it is."""
        return () if self.brought is None else REFERRED

    @property
    def _founding(self) -> Array:
        return np.asarray(self.population["founding"] == 1)

    @property
    def _staying(self) -> Array:
        return np.asarray(self.population["status"] == CUSTOMER)

    @cached_property
    def totals(self) -> Figures:
        """What happened from the first day to the last."""
        last = self.rows[-1]
        figures: Figures = {name: int(last[name]) for name in COUNTS}
        answers = last["answers"]
        figures["customers_kept"] = int((self._founding & self._staying).sum())
        figures["share_of_voice"] = ratio(last["complaints"], last["failures"])
        figures["first_contact_share"] = ratio(last["first_contacts"], answers)
        figures["mean_delay"] = ratio(last["delay"], answers)
        for name in ("revenue", "margin", *COSTS):
            figures[name] = float(last[name])
        cost = float(sum(float(last[kind]) for kind in COSTS))
        figures["recovery_cost"] = cost
        figures["cost_per_recovery"] = ratio(cost, answers)
        worth = float(last["present_value"])
        figures |= {"npv": worth, "npv_per_person": worth / len(self.population)}
        return figures | self._referred()

    def _referred(self) -> Figures:
        """Return how many were brought, and how many followed; nothing where there is no referral."""
        if self.brought is None:
            return {}
        founding, brought = self._founding, self.brought.brought_by >= 0
        counts = (
            (brought & ~founding).sum(), (brought & founding).sum(), self.brought.followers,
        )  # fmt: skip
        return dict(zip(REFERRED, map(int, counts), strict=True))

    @cached_property
    def ratios(self) -> Figures:
        """Shares and ratios that the literature reports; `None` where nobody is there to count."""
        last = self.rows[-1]
        founders = int(self._founding.sum())
        failed = int((self._founding & (self.population["failures"] > 0)).sum())
        retained = ratio((self._founding & self._staying).sum(), founders)
        yearly_value = self.population["visit_rate"] * self.values
        value_kept = ratio(
            in_order(yearly_value[self._founding & self._staying]),
            in_order(yearly_value[self._founding]),
        )
        years = float(last["day"]) / 365.0
        return {
            "silent_per_complaint": ratio(
                last["failures"] - last["complaints"], last["complaints"]
            ),
            "good_to_bad": ratio(last["good_stories"], last["bad_stories"]),
            "yearly_retention": None if retained is None else retained ** (1.0 / years),
            "value_retention": None if value_kept is None else value_kept ** (1.0 / years),
            "problem_share": ratio(failed, founders),
        }

    @cached_property
    def digest(self) -> str:
        """SHA-256 over the columns of the final population and the series."""
        sha = hashlib.sha256()
        for name in PERSON.names or ():
            if name not in _INNER:
                sha.update(np.ascontiguousarray(self.population[name]).data)
        sha.update(np.ascontiguousarray(self.rows).tobytes())
        return sha.hexdigest()
