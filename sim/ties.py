"""Kinds of tie along which stories go beside the strong ties of the network: at work, and by referral.

A pair of people may be tied in several ways at once, and each way is a layer of one multiplex
network (Kivelä et al. 2014). Layers are told apart here so that a story counts by the tie it came by.
"""

from typing import Any, NamedTuple

import numpy as np

from sim.compiled import compiled

STRONG, WEAK, COLLEAGUE, REFERRAL = 0, 1, 2, 3
TIE_NAMES = ("strong", "weak", "colleague", "referral")
"""What a telling may go along: a tie of the network, a tie to anybody, a tie at work, or the bond
between two of whom one brought the other to the firm."""


class Bonds(NamedTuple):
    """Who brought whom, by row: who brought the person, and the first of those whom it brought, in
    ascending order; who follows the person in the list of its own bringer; how many it brought.

    -1 is nobody. The arrays are empty where there is no referral."""

    brought_by: Any
    first: Any
    following: Any
    number: Any


class Layers(NamedTuple):
    """What there is of lasting ties beside those of the network; who is whose colleague needs no arrays."""

    bonds: Bonds


def new_bonds(people: int) -> Bonds:
    """Return the bonds of people of whom none has brought another."""
    brought_by, first, following = np.full((3, people), -1, np.int32)
    return Bonds(brought_by, first, following, np.zeros(people, np.int32))


@compiled
def bring(bonds: Bonds, row: int) -> None:
    """Put a person into the list of whoever brought it, in the order of rows."""
    bringer = int(bonds.brought_by[row])
    before, after = -1, int(bonds.first[bringer])
    while 0 <= after < row:
        before, after = after, int(bonds.following[after])
    bonds.following[row] = after
    if before < 0:
        bonds.first[bringer] = row
    else:
        bonds.following[before] = row
    bonds.number[bringer] += 1


@compiled
def bonded_to(bonds: Bonds, row: int, which: float) -> int:
    """Return whom a uniform number chooses of a person's bringer and those it brought, or -1."""
    bringer = int(bonds.brought_by[row])
    others = int(bonds.number[row]) + (1 if bringer >= 0 else 0)
    chosen = min(int(which * others), others - 1)
    if bringer >= 0:
        if chosen == 0:
            return bringer
        chosen -= 1
    found = int(bonds.first[row])
    for _ in range(chosen):
        found = int(bonds.following[found])
    return found


@compiled
def are_bonded(bonds: Bonds, one: int, other: int) -> bool:
    """Tell whether one of two people brought the other."""
    return bool(bonds.brought_by[one] == other or bonds.brought_by[other] == one)


@compiled
def within(which: float, share: float) -> tuple[bool, float]:
    """Tell whether a uniform number falls within a share; return it made uniform again, either way.

    >>> within(0.25, 0.5), within(0.75, 0.5)
    ((True, 0.5), (False, 0.5))
    """
    if which < share or share >= 1.0:
        return True, which / share
    return False, (which - share) / (1.0 - share)


@compiled
def colleague_of(row: int, which: float, people: int, team_size: int) -> int:
    """Return the colleague whom a uniform number chooses, or -1 for whoever works alone.

    There are T = people / `team_size` teams, rounded up, and team t is the rows t, t + T, t + 2 T,
    ...: equal but for one person. Who stands side by side, as friends do in a small world or a
    community, works apart, for friends are seldom colleagues as well (Verbrugge 1979).

    >>> sorted({colleague_of(1, i / 8, 10, 5) for i in range(8)})
    [3, 5, 7, 9]
    """
    teams = (people + team_size - 1) // team_size
    team = row % teams
    others = (people - team - 1) // teams
    if others == 0:
        return -1
    chosen = min(int(which * others), others - 1)
    if chosen >= row // teams:
        chosen += 1
    return team + chosen * teams


def team_of(row: int, people: int, team_size: int) -> range:
    """Return the rows of a person's team, its own among them."""
    teams = (people + team_size - 1) // team_size
    return range(row % teams, people, teams)


@compiled
def friend_of(network: Any, row: int, which: float) -> int:
    """Return the neighbour in the network whom a uniform number chooses, or -1 for whoever has none."""
    first = int(network.offsets[row])
    ties = int(network.offsets[row + 1]) - first
    friend = -1
    if ties > 0:
        friend = int(network.neighbours[first + min(int(which * ties), ties - 1)])
    return friend


@compiled
def known_to(bonds: Bonds, network: Any, row: int, which: float, world: Any) -> tuple[int, int]:
    """Return whom of those it knows a person tells, and in which layer: at work, along a bond, a friend.

    Whoever is bonded to nobody tells a friend instead.
    """
    at_work, which = within(which, world.colleagues.share)
    if at_work:
        return colleague_of(row, which, world.people, world.colleagues.team_size), COLLEAGUE
    if world.referral.enabled:
        bonded, which = within(which, world.referral.share)
        other = bonded_to(bonds, row, which) if bonded else -1
        if other >= 0:
            return other, REFERRAL
    return friend_of(network, row, which), STRONG


@compiled
def by_layers(
    layers: Layers | None, network: Any, row: int, which: float, listener: int, tie: int, world: Any
) -> tuple[int, int]:
    """Return whom a person tells, and along which kind of tie, where the network has more layers.

    Without them that is the `listener` as it stands; kernels are compiled without what follows then. A
    pair of whom one brought the other is bonded, by whatever tie the story comes.
    """
    if layers is None:
        return listener, tie
    bonds = layers.bonds
    if tie == STRONG:
        listener, tie = known_to(bonds, network, row, which, world)
    if world.referral.enabled and listener >= 0 and are_bonded(bonds, row, listener):
        tie = REFERRAL
    return listener, tie
