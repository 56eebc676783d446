"""Asking some people what they feel and intend, between two days, without touching anybody."""

from typing import Any

import numpy as np

from sim import rules
from sim.compiled import compiled, kernel
from sim.customer import intention_on, opinion_on, recall
from sim.lookup import held, liking_table
from sim.population import CUSTOMER, PROSPECT

Array = np.ndarray[Any, np.dtype[Any]]

REPLY = np.dtype(
    [(name, "f8") for name in ("satisfaction", "intention", "opinion", "attitude", "regard")]
    + [(name, "f8") for name in ("customer", "visits")]
)
"""What one person replies: satisfaction in [-1, 1]; the intention in (0, 1) to buy again; in logits
its `opinion`, which comes of stories, and its `attitude`, all told; `regard`, the same in (0, 1) as
it is measured, whose mean times 100 is reputation; whether it is a customer (1 or 0); its visits."""


@compiled
def attitude_on(person: Any, today: int, world: Any) -> float:
    """Return in logits what a person thinks of the firm by `today`, all told."""
    opinion, experienced = opinion_on(person, today, world), person.status != PROSPECT
    return rules.attitude(opinion, person.satisfaction, experienced, world.loyalty)


def _reply(people: Any, today: int, world: Any, likings: Any, replies: Any) -> None:
    for i in range(len(people)):
        person, reply = people[i], replies[i]
        recall(person, today, world)
        reply.satisfaction = person.satisfaction
        reply.intention = intention_on(person, today, world)
        thinks = attitude_on(person, today, world)
        reply.opinion = opinion_on(person, today, world)
        reply.attitude = thinks
        reply.regard = held(thinks, likings)
        reply.customer = 1.0 if person.status == CUSTOMER else 0.0
        reply.visits = person.visits


def _look_around(
    people: Any, rows: Any, offsets: Any, neighbours: Any, today: int, world: Any, likings: Any,
    means: Any,
) -> None:  # fmt: skip
    for i in range(len(rows)):
        first, last = offsets[rows[i]], offsets[rows[i] + 1]
        total = 0.0
        for at in range(first, last):
            total += held(attitude_on(people[neighbours[at]], today, world), likings)
        means[i] = total / (last - first) if last > first else np.nan


def _poll(people: Any, today: int, world: Any, likings: Any) -> float:
    total = 0.0
    for row in range(len(people)):
        total += held(attitude_on(people[row], today, world), likings)
    return total / len(people)


def _change(letters: Any, customer: Any, talk: Any, colleagues: Any, changes: Any) -> None:
    for i in range(len(letters)):
        letter = letters[i]
        known = customer[letter.listener]
        changes[i] = rules.opinion_change(
            letter.valence, letter.tie, letter.hop, known, talk, colleagues
        )


_ask = kernel(_reply)
_ask_around = kernel(_look_around)
_ask_everybody = kernel(_poll)
_weigh = kernel(_change)


def changes_of_opinion(letters: Array, customer: Array, world: Any) -> Array:
    """Return by how much each telling of a day moved its listener's opinion, in logits.

    Parameters
    ----------
    letters : structured array
        The day's tellings, dtype `sim.population.LETTER`.
    customer : array of bool
        By row, who was a customer when the tellings were heard: before the day's decisions.
    world : Setting
        The setting of the run.
    """
    changes = np.zeros(len(letters))
    _weigh(letters, customer, world.talk, world.colleagues, changes)
    return changes


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
    _ask(people[rows], today, world, liking_table(), replies)
    return replies


def circle(people: Array, rows: Array, network: Any, today: int, world: Any) -> Array:
    """Return how some people's neighbours regard the firm at the end of a day, in the mean.

    Parameters
    ----------
    people, rows, today, world
        See `interview`.
    network : Network
        Strong ties.

    Returns
    -------
    array
        Mean regard in (0, 1) a row; NaN for whoever has no neighbours.
    """
    means = np.zeros(len(rows))
    _ask_around(
        people, rows, network.offsets, network.neighbours, today, world, liking_table(), means
    )
    return means


def everybody(people: Array, today: int, world: Any) -> float:
    """Return in (0, 1) how everybody regards the firm at the end of a day, in the mean, whether they
    know it or not. See `interview`."""
    return float(_ask_everybody(people, today, world, liking_table()))
