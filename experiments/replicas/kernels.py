"""The rebuilt models as kernels, and what they have in common: groups, weak ties, an order.

They stand in one file because Numba notices no change to a file that a kept kernel only imports.
"""

import math
from enum import IntEnum
from typing import Any

import numpy as np

from sim.compiled import compiled, kernel
from sim.draws import uniform

SHARE = 0.95
"""The share of adopters up to which time is taken."""

UNDECIDED, SATISFIED, DISSATISFIED, REJECTED = 0, 1, 2, 3
"""What people are in the model of bad news."""

Array = np.ndarray[Any, np.dtype[Any]]


class Draw(IntEnum):
    """What a draw of a rebuilt model decides; apart from the purposes of our own."""

    ORDER = 1001
    CONTACT = 1002
    ADOPT = 1003
    SIGNAL = 1004
    ADVERT = 1005
    TASTE = 1006


@compiled
def shuffled(order: Array, seed: int, step: int) -> None:
    """Put everybody into a random order, anew at each step (Fisher & Yates 1938)."""
    for i in range(len(order) - 1, 0, -1):
        j = int(uniform(seed, i, step, Draw.ORDER) * (i + 1))
        order[i], order[j] = order[j], order[i]


@compiled
def group_of(person: int, size: int, people: int) -> tuple[int, int]:
    """Return the first and the last but one of the group of `size` in which a person stands.

    Where the groups do not come out even, the last takes its missing members from the one before.
    """
    first = person // size * size
    if first + size > people:
        first = max(0, people - size)
    return first, min(people, first + size)


@compiled
def somebody_else(person: int, people: int, seed: int, step: int, n: int) -> int:
    """Return a person's n-th weak contact of a step: anybody but itself."""
    other = int(uniform(seed, person, step, Draw.CONTACT, n) * (people - 1))
    return other + 1 if other >= person else other


def _talk(
    people: int, s: int, w: int, a: float, bw: float, bs: float, seed: int, most: int,
    order: Array, adopted: Array,
) -> int:  # fmt: skip
    """Spread until so many have adopted; return the steps that took, or -1 if not in `most`."""
    goal = int(np.ceil(SHARE * people - 1e-9))
    count = step = 0
    while count < goal and step < most:
        step += 1
        shuffled(order, seed, step)
        for i in range(people):
            person = order[i]
            if adopted[person]:
                continue
            stay = 1.0 - a
            first, last = group_of(person, s, people)
            for other in range(first, last):
                if adopted[other]:
                    stay *= 1.0 - bs
            for n in range(w - 1):
                if adopted[somebody_else(person, people, seed, step, n)]:
                    stay *= 1.0 - bw
            if uniform(seed, person, step, Draw.ADOPT) < 1.0 - stay:
                adopted[person] = True
                count += 1
    return step if count >= goal else -1


@compiled
def _signal(state: int, chance: float, m: float, draw: float) -> int:
    """Return what a contact signals: 1 good news, -1 bad news, 0 nothing."""
    if state == SATISFIED and draw < chance:
        return 1
    if state >= DISSATISFIED and draw < m * chance:
        return -1
    return 0


@compiled
def _choice(
    person: int, people: int, group: int, weak: int, m: float, qs: float, qw: float,
    seed: int, step: int, before: Array,
) -> int:  # fmt: skip
    """Return 1 to adopt, -1 to reject, 0 to go on waiting, by the signals of a step."""
    good = bad = 0
    first, last = group_of(person, group, people)
    for other in range(first, last):
        if other != person:
            draw = uniform(seed, person, step, Draw.SIGNAL, other - first)
            sign = _signal(before[other], qs, m, draw)
            good += sign == 1
            bad += sign == -1
    for n in range(weak):
        other = somebody_else(person, people, seed, step, n)
        draw = uniform(seed, person, step, Draw.SIGNAL, group + n)
        sign = _signal(before[other], qw, m, draw)
        good += sign == 1
        bad += sign == -1
    if good + bad == 0:
        return 0
    adopts = uniform(seed, person, step, Draw.ADOPT) * (good + bad) < good
    return 1 if adopts else -1


def _news(
    people: int, group: int, weak: int, d: float, m: float, qs: float, qw: float, advert: float,
    fading: float, steps: int, seed: int, state: Array, joined: Array,
) -> None:  # fmt: skip
    """Spread good and bad news; `joined` takes the adopters of each step."""
    before = state.copy()
    for step in range(1, steps + 1):
        before[:] = state
        reach = advert * fading**step
        for person in range(people):
            if before[person] != UNDECIDED:
                continue
            if uniform(seed, person, step, Draw.ADVERT) < reach:
                choice = 1
            else:
                choice = _choice(person, people, group, weak, m, qs, qw, seed, step, before)
            if choice < 0:
                state[person] = REJECTED
            elif choice > 0:
                poor = uniform(seed, person, 0, Draw.TASTE) < d
                state[person] = DISSATISFIED if poor else SATISFIED
                joined[step - 1] += 1


def _bass(
    people: int, p: float, q: float, steps_a_year: int, steps: int, seed: int, adopted: Array,
    counts: Array,
) -> None:  # fmt: skip
    """Spread on a complete graph; `counts` takes all adopters after each step."""
    count = 0
    for step in range(1, steps + 1):
        chance = 1.0 - math.exp(-(p + q * count / people) / steps_a_year)
        for person in range(people):
            if not adopted[person] and uniform(seed, person, step, Draw.ADOPT) < chance:
                adopted[person] = True
                count += 1
        counts[step - 1] = count


talk = kernel(_talk)
news = kernel(_news)
bass = kernel(_bass)
