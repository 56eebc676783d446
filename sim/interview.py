"""Asking some people what they feel and intend, between two days, without touching anybody."""

from typing import Any

import numpy as np

from sim import rules
from sim.compiled import kernel
from sim.customer import intention_on, opinion_on, recall
from sim.population import CUSTOMER, PROSPECT

Array = np.ndarray[Any, np.dtype[Any]]

REPLY = np.dtype(
    [(name, "f8") for name in ("satisfaction", "intention", "regard", "customer", "visits")]
)
"""What one person replies: satisfaction in [-1, 1]; the intention in (0, 1) to buy again; `regard`,
what it thinks of the firm all told in (0, 1), whose mean times 100 is reputation; whether it is a
customer (1 or 0); and how often it has visited so far."""


def _reply(people: Any, today: int, world: Any, replies: Any) -> None:
    for i in range(len(people)):
        person, reply = people[i], replies[i]
        recall(person, today, world)
        reply.satisfaction = person.satisfaction
        reply.intention = intention_on(person, today, world)
        opinion = opinion_on(person, today, world.talk)
        experienced = person.status != PROSPECT
        thinks = rules.attitude(opinion, person.satisfaction, experienced, world.loyalty)
        reply.regard = rules.logistic(thinks)
        reply.customer = 1.0 if person.status == CUSTOMER else 0.0
        reply.visits = person.visits


_ask = kernel(_reply)


def interview(people: Array, rows: Array, today: int, world: Any) -> Array:
    """Ask some people at the end of a day.

    Parameters
    ----------
    people : structured array
        The population, dtype `sim.population.PERSON`; it stays as it is.
    rows : array of int
        Whom to ask.
    today : int
        The day that has just been lived.
    world : Setting
        The setting of the run.

    Returns
    -------
    structured array
        A reply a row, dtype `REPLY`.
    """
    replies = np.zeros(len(rows), REPLY)
    _ask(people[rows], today, world, replies)
    return replies
