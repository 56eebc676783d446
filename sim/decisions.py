"""Decisions to buy, looked at again: with which chance each was taken, and with which without stories."""

from typing import Any

import numpy as np

from sim.compiled import kernel
from sim.customer import chance_to_buy, opinion_on
from sim.population import CUSTOMER, LAPSED, next_need

Array = np.ndarray[Any, np.dtype[Any]]

DECISION = np.dtype(
    [(name, "i4") for name in ("person", "day", "later", "heard")]
    + [(name, "?") for name in ("lapsed", "advertised")]
    + [(name, "f8") for name in ("opinion", "chance", "without")]
)
"""One decision of somebody who knew the firm, was no customer and had a need: who and when; how many
needs come `later`, before the end of the run; how many tellings it had `heard` by then; whether it
was a customer once (`lapsed`); whether it would also have known of the firm without any story
(`advertised`); its opinion, in logits; the `chance` in (0, 1) to buy, and that `without` an opinion."""


_NEED = np.dtype([(name, "i4") for name in ("row", "need_day", "need_count")])
"""What `sim.population.next_need` reads and writes of a person."""


def _weigh(people: Any, decisions: Any, days: int, stars: float, own: Any, world: Any) -> None:
    need = own[0]
    for i in range(len(decisions)):
        was = decisions[i]
        person = people[was.person]
        was.opinion = opinion_on(person, was.day, world)
        was.chance = chance_to_buy(was.opinion, person.satisfaction, was.lapsed, stars, world)
        was.without = chance_to_buy(0.0, person.satisfaction, was.lapsed, stars, world)
        need.row, need.need_day, need.need_count = person.row, person.need_day, person.need_count
        was.later = 0
        day = next_need(need, was.day, world.seed, world.market.need)
        while day < days:
            was.later += 1
            day = next_need(need, day, world.seed, world.market.need)


_weigh_all = kernel(_weigh)


def in_need(people: Array, today: int) -> Array:
    """Return who will have to decide today, if they know of the firm by then: dtype `DECISION`.

    Parameters
    ----------
    people : structured array
        The population in the morning, dtype `sim.population.PERSON`.
    today : int
        The day that is about to be lived.
    """
    rows = np.flatnonzero((people["status"] != CUSTOMER) & (people["need_day"] == today))
    found = np.zeros(len(rows), DECISION)
    found["person"], found["day"] = rows, today
    found["lapsed"] = people["status"][rows] == LAPSED
    return found


def decided(people: Array, needs: Array, days: int, stars: float, world: Any) -> Array:
    """Return the decisions of a day that has just been lived; `heard` and `advertised` are left open.

    Parameters
    ----------
    people : structured array
        The population in the evening; it stays as it is.
    needs : structured array
        Who was in need: see `in_need`.
    days : int
        How long the run is.
    stars : float
        The running mean of all stars.
    world : Setting
        The setting of the run.
    """
    taken: Array = needs[people["aware_from"][needs["person"]] <= needs["day"]]
    _weigh_all(people, taken, days, stars, np.zeros(1, _NEED), world)
    return taken
