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
def layered(world: Any) -> bool:
    """Tell whether stories go along other lasting ties than those of the network."""
    return bool(world.colleagues.share > 0.0 or world.referral.enabled)


@compiled
def layer_of(which: float, world: Any) -> tuple[int, float]:
    """Return in which layer somebody known is told, and the number made uniform again."""
    at_work, which = within(which, world.colleagues.share)
    if at_work:
        return COLLEAGUE, which
    if world.referral.enabled:
        bonded, which = within(which, world.referral.share)
        if bonded:
            return REFERRAL, which
    return STRONG, which


@compiled
def told_in(
    tie: int, teller: int, which: float, listener: int, world: Any, bonds: Bonds
) -> tuple[int, int]:
    """Return who is told in a layer, and the kind of tie to it; else the `listener`, as it stands.

    Whoever has no bond tells a friend. A pair of whom one brought the other is bonded, by whatever tie
    the story comes.
    """
    if tie == COLLEAGUE:
        listener = colleague_of(teller, which, world.people, world.colleagues.team_size)
    if world.referral.enabled:
        if tie == REFERRAL:
            other = bonded_to(bonds, teller, which)
            listener = other if other >= 0 else listener
            tie = STRONG
        if listener >= 0 and are_bonded(bonds, teller, listener):
            tie = REFERRAL
    return listener, tie
