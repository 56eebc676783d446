"""What the rebuilt models have in common: groups of strong ties, weak ties drawn anew, an order."""

from enum import IntEnum
from typing import Any

import numpy as np

from sim.compiled import compiled
from sim.draws import uniform

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
