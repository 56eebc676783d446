"""Referral: who was brought by whom, the bond between the two, and whom a leaver leaves behind.

In each phase a person writes its own row alone; what touches another's (the list of those whom one has
brought) is done in the morning, from lists whose order does not matter.
"""

from typing import Any

from sim.compiled import compiled, kernel
from sim.draws import Purpose, uniforms
from sim.population import CUSTOMER
from sim.ties import bring

_ROW = 0xFFFFFFFF


@compiled
def take_word(state: Any, today: int) -> None:
    """Let listeners remember which customer was the last to tell them something good."""
    word = state.referral.word
    for i in range(state.books[0].letters):
        letter = state.letters[i]
        if letter.valence > 0.0 and state.people[letter.teller].status == CUSTOMER:
            # The day stands before the teller, so that the order of hearing cannot matter.
            heard = (today << 32) | letter.teller
            word[letter.listener] = max(word[letter.listener], heard)


@compiled
def credit(state: Any, person: Any, today: int, world: Any) -> None:
    """Let whoever spoke well of the firm not long ago have brought a person who buys for the first time."""
    books = state.books[0]
    heard = int(state.referral.word[person.row])
    if heard >= 0 and today - (heard >> 32) <= world.referral.window:
        state.referral.bonds.brought_by[person.row] = heard & _ROW
        state.referral.newcomers[books.newcomers] = person.row
        books.newcomers += 1


@compiled
def depart(state: Any, person: Any) -> None:
    """Note that a customer leaves today, and how many may follow."""
    books = state.books[0]
    state.referral.leavers[books.left] = person.row
    books.left += 1
    books.forsaken += state.referral.bonds.number[person.row]


@compiled
def renew_bonds(state: Any) -> None:
    """List those whose bringer left yesterday, then tie yesterday's newcomers to theirs."""
    books = state.books[0]
    referral = state.referral
    books.bereft = 0
    for i in range(books.left):
        row = int(referral.bonds.first[referral.leavers[i]])
        while row >= 0:
            referral.bereft[books.bereft] = row
            books.bereft += 1
            row = int(referral.bonds.following[row])
    for i in range(books.newcomers):
        bring(referral.bonds, int(referral.newcomers[i]))
    books.left = 0
    books.forsaken = 0
    books.newcomers = 0


def _found(people: Any, offsets: Any, neighbours: Any, bonds: Any, seed: int, share: float) -> None:
    for row in range(len(people)):
        luck, which = uniforms(seed, row, 0, Purpose.BROUGHT)
        if people[row].status != CUSTOMER or luck >= share:
            continue
        since = people[row].since
        elders = 0
        for i in range(offsets[row], offsets[row + 1]):
            friend = people[neighbours[i]]
            elders += 1 if friend.status == CUSTOMER and friend.since < since else 0
        chosen = min(int(which * elders), elders - 1)
        for i in range(offsets[row], offsets[row + 1]):
            friend = people[neighbours[i]]
            if friend.status == CUSTOMER and friend.since < since:
                if chosen == 0:
                    bonds.brought_by[row] = neighbours[i]
                    bring(bonds, row)
                chosen -= 1


found_bonds = kernel(_found)
"""Let a `share` of the first day's customers have been brought by a friend who has been one for longer:
`found_bonds(people, offsets, neighbours, bonds, seed, share)`."""
