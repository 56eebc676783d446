"""The cases that did most harm, and what another answer to them would have changed."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import pandas as pd

from sim.lives import Altered
from sim.outcome import Outcome
from sim.policy import Policy
from sim.run import simulate
from sim.scenario import Scenario

Otherwise = Literal["treated", "spared"]

AT_ONCE: dict[str, Any] = {
    "delay": 0.0, "fix": 1.0, "apology": 1.0, "empathy": 1.0, "excuse": 0.0, "unresolved": 0.0,
    "proactive": 1.0, "answers": True, "agents": 0, "authority": None,
}  # fmt: skip
"""Levers of an answer at once and in full, beside the policy's own compensation: noticed even where
nobody complains, past any queue and without asking anybody."""


@dataclass(frozen=True)
class Change:
    """What would have been otherwise at the end of the run: with another answer, less as it was.

    Attributes
    ----------
    reputation : float or None
        Points.
    leavers, joiners, customers : int
        People: leaving and joining over the run, and customers at its end.
    npv : float
        Present value of what the whole market earns, in money.
    """

    reputation: float | None
    leavers: int
    joiners: int
    customers: int
    npv: float


def worst_of(failures: pd.DataFrame, count: int) -> pd.DataFrame:
    """Return the failures that cost reputation most, at most one a person.

    A person lives otherwise in one failure only; of several of one person the worst stands.
    """
    harmful = failures[failures["points"] < 0.0]
    return harmful.drop_duplicates("person").head(count).reset_index(drop=True)


class Counterfactuals:
    """The same world again, with some failures going otherwise.

    Parameters
    ----------
    scenario, network
        The world.
    as_it_was : Outcome
        What came of it.
    """

    def __init__(self, scenario: Scenario, network: Any, as_it_was: Outcome) -> None:
        self.scenario = scenario
        self.network = network
        self.as_it_was = as_it_was

    def change(self, cases: Sequence[tuple[int, int]], what: Otherwise) -> Change:
        """Return what changes if these failures, (person, day), go otherwise, all in one world.

        They are "treated", answered at once and in full (`AT_ONCE`), or "spared": the visits go
        well.
        """
        altered = {person: Altered(day, what) for person, day in cases}
        treated = (
            {person: at_once(self.scenario, day) for person, day in cases}
            if what == "treated"
            else None
        )
        now = simulate(self.scenario, self.network, treated=treated, altered=altered)
        return _difference(now, self.as_it_was)


def at_once(scenario: Scenario, day: int) -> Policy:
    """Return the policy in force on a day, made to answer at once and in full."""
    policy = scenario.policy
    for change in sorted(scenario.policy_changes, key=lambda change: change.day):
        if change.day <= day:
            policy = change.policy
    return policy.model_copy(update=AT_ONCE)


def _difference(now: Outcome, before: Outcome) -> Change:
    reputation, former = now.final["reputation"], before.final["reputation"]
    counts = {
        name: int((now.totals[name] or 0) - (before.totals[name] or 0))
        for name in ("leavers", "joiners")
    }
    earned = (now.totals["npv_per_person"] or 0.0) - (before.totals["npv_per_person"] or 0.0)
    return Change(
        None if reputation is None or former is None else reputation - former,
        **counts,
        customers=counts["joiners"] - counts["leavers"],
        npv=earned * len(now.population),
    )
