"""Stories: who still has what to tell, and when.

A story is what one person has to tell of one event, first-hand (hop 0) or passed on. Each of its
tellings falls on a day of its own, an exponential time after the event and on the day after at the
soonest. The morning after the event puts them into the calendar.
"""

from typing import Any

from sim.calendar import RING, enter, take
from sim.compiled import compiled
from sim.draws import Purpose, any_of, days_until, geometric, uniform, uniforms
from sim.intrinsics import prefetch

ORDINARY, FAILED, RECOVERED = 0, 1, 2
"""What a first-hand story is about; at most one of each kind a person and day."""

LN2 = 0.6931471805599453
AHEAD = 8
"""How many records are read ahead of their use."""


@compiled
def put(state: Any, slot: int, n: int, since: int, today: int, world: Any) -> None:
    """Put a telling under its day, by the n-th waiting time of its story, from day `since` on.

    What is farther off than the ring is long is entered on its last day as ~slot, to be drawn again
    from there on: exponential waiting has no memory.
    """
    story = state.stories[slot]
    u = uniform(world.seed, story.teller, story.keyed, Purpose.TELLING_DAY, n, story.tag)
    day = since + days_until(u, world.talk.half_life / LN2)
    last = today + RING - 1
    enter(state.tellings, today, min(day, last), slot if day <= last else ~slot)


@compiled
def plan(state: Any, today: int, world: Any) -> None:
    """Put all tellings of the stories of yesterday under their days."""
    books = state.books[0]
    for i in range(books.fresh):
        if i + AHEAD < books.fresh:
            prefetch(state.stories, state.fresh[i + AHEAD])
        slot = int(state.fresh[i])
        for n in range(state.stories[slot].count):
            put(state, slot, n, today - 1, today, world)
    books.fresh = 0
    books.fresh_tellings = 0


@compiled
def put_off(state: Any, slot: int, today: int, world: Any) -> None:
    """Give a telling that was too far off for the calendar a new waiting time from today on."""
    story = state.stories[slot]
    put(state, slot, story.drawn, today, today, world)
    story.drawn += 1


@compiled
def remember(
    state: Any,
    teller: int,
    today: int,
    keyed: int,
    tag: int,
    count: int,
    valence: float,
    hop: int,
    origin_person: int,
    origin_day: int,
) -> None:
    """Give somebody a story to tell `count` times from tomorrow on.

    Its luck is keyed on the day `keyed` of the event and on `tag`, whenever it came to be told."""
    slot = take(state.story_places)
    story = state.stories[slot]
    story.teller = teller
    story.day = today
    story.keyed = keyed
    story.drawn = count
    story.origin_person = origin_person
    story.origin_day = origin_day
    story.tag = tag
    story.valence = valence
    story.told = 0
    story.count = count
    story.hop = hop
    books = state.books[0]
    state.fresh[books.fresh] = slot
    books.fresh += 1
    books.fresh_tellings += count


@compiled
def luck_of(person: Any, kind: int, event_day: int, seed: int) -> tuple[float, float]:
    """Return what decides how often an event is told of, and whether it is reviewed."""
    return uniforms(seed, person.row, event_day, Purpose.TELLINGS, kind)


@compiled
def first_hand(
    state: Any,
    person: Any,
    today: int,
    kind: int,
    mean: float,
    valence: float,
    event_day: int,
    luck: float,
    world: Any,
) -> None:
    """Let a person have a geometric number of tellings of an event, from tomorrow on.

    `event_day` is when it began: the visit, or the failure that was answered today; `luck` in (0, 1)
    decides the number.
    """
    if world.talk.enabled and any_of(luck, mean):
        remember(
            state,
            person.row,
            today,
            event_day,
            kind,
            geometric(luck, mean),
            valence,
            0,
            person.row,
            event_day,
        )
