"""Kinds of tie along which stories go, beside the strong ties of the network: who is whose colleague.

A pair of people may be tied in several ways at once, and each way is a layer of one multiplex
network (Kivelä et al. 2014). Layers are told apart here so that a story counts by the tie it came by.
"""

from typing import Any

from sim.compiled import compiled

STRONG, WEAK, COLLEAGUE = 0, 1, 2
TIE_NAMES = ("strong", "weak", "colleague")
"""What a telling may go along: a tie of the network, a tie to anybody, a tie at work."""


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
    return bool(world.colleagues.share > 0.0)
