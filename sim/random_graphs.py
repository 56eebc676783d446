"""Random graphs as compiled kernels, and their ties as compressed lists of neighbours.

Each builder writes pairs of people, every choice a draw keyed on the person whose choice it is;
`compress` turns the pairs of any network into ascending rows of neighbours.
"""

import math
from typing import Any

import numpy as np

from sim.compiled import compiled, kernel
from sim.draws import Purpose, uniform, uniforms

Persons = np.ndarray[Any, np.dtype[np.int32]]
Offsets = np.ndarray[Any, np.dtype[np.int64]]

_NETWORK = int(Purpose.NETWORK)
# Beside nobody left to tie to, which only dense small worlds know, so many refusals do not happen.
_TRIES = 64


@kernel
def compress(people: int, sources: Persons, targets: Persons) -> tuple[Offsets, Persons]:
    """Turn pairs into ascending lists of neighbours.

    Best given in ascending order of the first, so that the rows come out nearly sorted: sorting
    by insertion is quadratic in the neighbours that are out of order.
    """
    offsets = np.zeros(people + 1, np.int64)
    for tie in range(len(sources)):
        offsets[sources[tie]] += 1
        offsets[targets[tie]] += 1
    for person in range(people):
        offsets[person + 1] += offsets[person]
    # From the last to the first, every row filled from its end: an offset ends at its row's start.
    neighbours = np.empty(2 * len(sources), np.int32)
    for tie in range(len(sources) - 1, -1, -1):
        one, other = sources[tie], targets[tie]
        offsets[one] -= 1
        neighbours[offsets[one]] = other
        offsets[other] -= 1
        neighbours[offsets[other]] = one
    for person in range(people):
        first = offsets[person]
        for place in range(first + 1, offsets[person + 1]):
            moved = neighbours[place]
            while place > first and neighbours[place - 1] > moved:
                neighbours[place] = neighbours[place - 1]
                place -= 1
            neighbours[place] = moved
    return offsets, neighbours


@kernel
def complete(people: int) -> tuple[Offsets, Persons]:
    """Return the neighbours of people who all know each other."""
    offsets = np.arange(people + 1) * (people - 1)
    neighbours = np.empty(people * (people - 1), np.int32)
    for person in range(people):
        for place in range(people - 1):
            neighbours[offsets[person] + place] = place + (place >= person)
    return offsets, neighbours


@compiled
def _among(targets: Persons, first: int, last: int, person: int) -> bool:
    while first < last and targets[first] != person:
        first += 1
    return first < last


@kernel
def small_world(
    seed: int, people: int, half: int, rewiring: float, sources: Persons, targets: Persons
) -> None:
    """Write the ties of a small world: those that `person` makes from `person * half` on."""
    for tie in range(people * half):
        sources[tie] = tie // half
        targets[tie] = (tie // half + tie % half + 1) % people
    for tie in range(people * half):
        person = tie // half
        own = person * half
        chance, where = uniforms(seed, person, 0, _NETWORK, tie - own)
        if chance >= rewiring:
            continue
        for attempt in range(1, _TRIES + 1):
            other = int(where * people)
            theirs = other * half
            if (
                other != person
                and not _among(targets, own, own + half, other)
                and not _among(targets, theirs, theirs + half, person)
            ):
                targets[tie] = other
                break
            where = uniform(seed, person, 0, _NETWORK, tie - own, attempt)


@kernel
def scale_free(seed: int, half: int, sources: Persons, targets: Persons) -> None:
    """Write the ties of newcomers, who come after the first `half` people, one after another."""
    for tie in range(len(sources)):
        newcomer = half + tie // half
        own = tie - tie % half
        sources[tie] = newcomer
        if own == 0:
            targets[tie] = tie
            continue
        # Whoever stands at a random end of a random earlier tie is drawn in proportion to ties.
        attempt = 0
        while True:
            end = int(uniform(seed, newcomer, 0, _NETWORK, tie - own, attempt) * 2 * own)
            other = sources[end >> 1] if end & 1 else targets[end >> 1]
            if not _among(targets, own, tie, other):
                break
            attempt += 1
        targets[tie] = other


@compiled
def _gap(u: float, chance: float) -> float:
    """Return how many pairs in a row are not tied (Batagelj & Brandes 2005)."""
    return 0.0 if chance >= 1.0 else math.floor(math.log(u) / math.log1p(-chance))


@kernel
def planted_partition(
    seed: int,
    people: int,
    groups: int,
    inside: float,
    outside: float,
    sources: Persons,
    targets: Persons,
) -> int:
    """Write as many ties of a planted partition as there is room for; return how many there are.

    `inside` is the mean number of ties in one's group, `outside` the chance of any other pair.
    """
    ties = 0
    for person in range(people):
        group = person * groups // people
        # Group g is the people from g * people / groups, rounded up.
        first = -(-group * people // groups)
        last = -(-(group + 1) * people // groups)
        for leaving in range(2):
            chance = outside if leaving else inside / max(1, last - first - 1)
            other, end = (last - 1, people) if leaving else (person, last)
            n = 0
            while chance > 0.0:
                gap = _gap(uniform(seed, person, 0, _NETWORK, n, leaving), chance)
                if gap >= end - other - 1:
                    break
                other += 1 + int(gap)
                if ties < len(sources):
                    sources[ties] = person
                    targets[ties] = other
                ties += 1
                n += 1
    return ties
