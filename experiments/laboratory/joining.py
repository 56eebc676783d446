"""Who became a customer, when, and what they spent: person by person, in two lives of one world.

What word of mouth brings to a growing market is of two kinds (Libai, Muller & Peres 2013,
Decomposing the value of word-of-mouth seeding programs: acceleration versus expansion): customers
who would have come anyway and come sooner, and customers who would not have come at all before the
end. Since draws are keyed, each person can be looked up in the same world without word of mouth.
"""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from experiments.methods.statistics import Array
from sim import rules
from sim.population import CUSTOMER, NEVER, signed
from sim.run import Run
from sim.scenario import Scenario
from sim.worth import values_of

COUNTS = ("sooner", "later", "same_day", "only_with", "only_without")
"""People won: on an earlier, a later or the same day as without word of mouth; with it alone; and
without it alone."""

VALUES = ("acceleration", "expansion", "staying")
"""What word of mouth brings, in parts that add up."""


@dataclass(frozen=True)
class Custom:
    """What became of each person in one run.

    Attributes
    ----------
    founding : array [people] of bool
        Who was a customer at the start.
    joined : array [people] of int
        The first day on which somebody who was none was a customer, `NEVER` for who never was;
        who leaves and comes back counts from the first time. 0 for customers of the start.
    worth : array [people]
        Margin of a person's visits over the whole run, discounted to the first day; money.
    """

    founding: NDArray[np.bool_]
    joined: NDArray[np.int32]
    worth: Array


def custom(scenario: Scenario, network: Any) -> Custom:
    """Live through a scenario, and keep of each person when it joined and what it was worth."""
    run = Run(scenario, network).begin()
    people = run.state.people
    founding = people["founding"] == 1
    joined = np.where(founding, 0, NEVER).astype(np.int32)
    worth, before = np.zeros(len(people)), people["visits"].copy()
    money = scenario.money
    values = values_of(people["row"], signed(scenario.seed), money)
    for day in range(scenario.days):
        run.advance(day + 1)
        people = run.state.people
        new = (joined == NEVER) & (people["status"] == CUSTOMER)
        joined[new] = people["since"][new]
        visits = people["visits"].copy()
        # Discounted as the books do it: a day's margin counts as come by its end.
        each = rules.discounted(money.price * money.margin, day + 1.0, money) * values
        worth += each * (visits - before)
        before = visits
    return Custom(founding, joined, worth)


class Brought(NamedTuple):
    """What word of mouth brought in one world.

    Attributes
    ----------
    sooner, later, same_day : float
        People who were won with and without it; on which of the two days first.
    only_with, only_without : float
        People who were won in one of the two lives alone.
    days : float
        By how many days the sooner ones came sooner, in the mean; NaN if there are none.
    acceleration : float
        Discounted margin of those who came on another day, less theirs without word of mouth;
        money per person in the market, as are the others.
    expansion : float
        Discounted margin of those who came with it alone, less that of those who came without it
        alone.
    staying : float
        What it changed of those whose first day it did not: customers of the start, and those who
        joined on the same day. They stay, or leave, on what they hear.
    """

    sooner: float
    later: float
    same_day: float
    only_with: float
    only_without: float
    days: float
    acceleration: float
    expansion: float
    staying: float


def brought(talked: Custom, silent: Custom) -> Brought:
    """Match the people of a world with word of mouth and without it.

    Parameters
    ----------
    talked, silent : Custom
        The same world with word of mouth, and without.
    """
    new = ~talked.founding
    came, would_come = new & (talked.joined < NEVER), new & (silent.joined < NEVER)
    both = came & would_come
    moved = both & (talked.joined != silent.joined)
    sooner = moved & (talked.joined < silent.joined)
    one_only = came ^ would_come
    gained = talked.worth - silent.worth
    ahead = (silent.joined - talked.joined)[sooner]

    def share(who: NDArray[np.bool_]) -> float:
        return float(gained[who].sum()) / len(gained)

    return Brought(
        sooner=float(sooner.sum()),
        later=float((moved & ~sooner).sum()),
        same_day=float((both & ~moved).sum()),
        only_with=float((came & ~would_come).sum()),
        only_without=float((would_come & ~came).sum()),
        days=float(ahead.mean()) if len(ahead) else float("nan"),
        acceleration=share(moved),
        expansion=share(one_only),
        staying=share(~moved & ~one_only),
    )
