"""What will happen on which day: a ring of days that costs only what happens.

A calendar keeps whole numbers (rows of people, numbers of cases or stories), each under its day.
Days stand in a ring; a day's entries lie in blocks, so that many can be read ahead. What lies
farther off than the ring is long is put on its last day and moved on from there: whoever reads an
entry looks whether its own day has come.
"""

from typing import Any, NamedTuple

import numpy as np

from sim.compiled import compiled

Array = np.ndarray[Any, np.dtype[Any]]

RING = 256
BLOCK = 32


class Pool(NamedTuple):
    """Numbered places, taken and given back: `spare` holds those given back, `mark` how many lie
    there and how many places were ever taken."""

    spare: Array
    mark: Array


class Calendar(NamedTuple):
    """Entries by day: per day of the ring the newest block and the number of entries, and the blocks."""

    first: Array
    number: Array
    entries: Array
    following: Array
    blocks: Pool


def new_pool(places: int) -> Pool:
    """Return an empty pool of so many places."""
    return Pool(np.zeros(places, np.int32), np.zeros(2, np.int64))


def new_calendar(entries: int) -> Calendar:
    """Return an empty calendar with room for so many entries, however they fall on days."""
    blocks = entries // BLOCK + 2 * RING
    return Calendar(
        np.full(RING, -1, np.int32),
        np.zeros(RING, np.int64),
        np.zeros((blocks, BLOCK), np.int32),
        np.zeros(blocks, np.int32),
        new_pool(blocks),
    )


@compiled
def free_places(pool: Pool) -> int:
    """Return how many more places can be taken."""
    return len(pool.spare) - int(pool.mark[1]) + int(pool.mark[0])


@compiled
def take(pool: Pool) -> int:
    """Take a free place and return its number; the caller has seen to it that there is one."""
    if pool.mark[0] > 0:
        pool.mark[0] -= 1
        return int(pool.spare[pool.mark[0]])
    pool.mark[1] += 1
    return int(pool.mark[1]) - 1


@compiled
def give_back(pool: Pool, place: int) -> None:
    """Give a place back."""
    pool.spare[pool.mark[0]] = place
    pool.mark[0] += 1


@compiled
def has_room(calendar: Calendar, entries: int) -> bool:
    """Tell whether so many more entries fit, however they fall on days."""
    return free_places(calendar.blocks) > entries // BLOCK + RING


@compiled
def enter(calendar: Calendar, today: int, day: int, entry: int) -> None:
    """Put an entry under `day`, which is today or later, or under the last day that the ring holds."""
    slot = min(day, today + RING - 1) % RING
    place = int(calendar.number[slot]) % BLOCK
    if place == 0:
        block = take(calendar.blocks)
        calendar.following[block] = calendar.first[slot]
        calendar.first[slot] = block
    calendar.entries[calendar.first[slot], place] = entry
    calendar.number[slot] += 1


@compiled
def taken_out(calendar: Calendar, today: int, into: Any) -> int:
    """Take today's entries out of the calendar, write them to `into`, and return how many."""
    slot = today % RING
    count = int(calendar.number[slot])
    size = (count - 1) % BLOCK + 1
    block = int(calendar.first[slot])
    written = 0
    while block >= 0:
        for i in range(size):
            into[written] = calendar.entries[block, i]
            written += 1
        size = BLOCK
        give_back(calendar.blocks, block)
        block = int(calendar.following[block])
    calendar.first[slot] = -1
    calendar.number[slot] = 0
    return count


def grown(array: Array, places: int, used: int | None = None) -> Array:
    """Return a longer copy of an array, of which the first `used` places (or all) are kept.

    What is not copied is not touched, and so takes no memory yet.
    """
    longer = np.zeros((places, *array.shape[1:]), array.dtype)
    kept = len(array) if used is None else used
    longer[:kept] = array[:kept]
    return longer


def grown_pool(pool: Pool, places: int) -> Pool:
    """Return a pool with more places, those taken still taken."""
    return Pool(grown(pool.spare, places, int(pool.mark[0])), pool.mark)


def grown_calendar(calendar: Calendar, entries: int) -> Calendar:
    """Return a calendar with room for `entries` more."""
    blocks = len(calendar.following) + entries // BLOCK + 2 * RING
    used = int(calendar.blocks.mark[1])
    return calendar._replace(
        entries=grown(calendar.entries, blocks, used),
        following=grown(calendar.following, blocks, used),
        blocks=grown_pool(calendar.blocks, blocks),
    )
