"""Stories: who still has what to tell, and when.

A story is what one person has to tell of one event, first-hand (hop 0) or passed on. Its tellings
fall at independent exponential times after the event, on the day after at the soonest. They are
drawn in their order: with m tellings to come, the next is m times as near as one alone. So a story
is one entry in the calendar, however often it is told.
"""

from typing import Any

from sim.calendar import RING, enter, take
from sim.compiled import compiled
from sim.draws import Purpose, exponential, geometric, uniform

ORDINARY, FAILED, RECOVERED = 0, 1, 2
"""What a first-hand story is about; at most one of each kind a person and day."""

LN2 = 0.6931471805599453


@compiled
def _next_time(story: Any, seed: int, half_life: float) -> float:
    """Return the time, in days after the story's own day, of the telling after those counted."""
    place = story.told + story.due
    left = story.count - place
    wait = exponential(seed, story.teller, story.keyed, Purpose.TELLING_DAY, place, story.tag)
    return float(story.time + wait * half_life / LN2 / left)


@compiled
def put(state: Any, slot: int, today: int) -> None:
    """Enter a story under its next day, and its tellings in the count of that day's letters."""
    story = state.stories[slot]
    enter(state.tellings, today, story.next, slot)
    state.due_letters[min(story.next, today + RING - 1) % RING] += story.due


@compiled
def plan(state: Any, slot: int, today: int, world: Any) -> None:
    """Put a story under the day of its next tellings, and count how many fall on that day."""
    story = state.stories[slot]
    day = story.day + 1 + int(min(1e9, story.time))
    story.next = day
    story.due = 0
    while story.told + story.due < story.count and story.day + 1 + int(min(1e9, story.time)) == day:
        story.due += 1
        if story.told + story.due < story.count:
            story.time = _next_time(story, world.seed, world.talk.half_life)
    put(state, slot, today)


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
    world: Any,
) -> None:
    """Give somebody a story to tell `count` times from tomorrow on.

    Its luck is keyed on the day `keyed` of the event and on `tag`, whenever it came to be told."""
    slot = take(state.story_places)
    story = state.stories[slot]
    story.teller = teller
    story.day = today
    story.keyed = keyed
    story.tag = tag
    story.count = count
    story.told = 0
    story.due = 0
    story.hop = hop
    story.valence = valence
    story.origin_person = origin_person
    story.origin_day = origin_day
    story.time = 0.0
    story.time = _next_time(story, world.seed, world.talk.half_life)
    plan(state, slot, today, world)


@compiled
def first_hand(
    state: Any,
    person: Any,
    today: int,
    kind: int,
    mean: float,
    valence: float,
    event_day: int,
    world: Any,
) -> None:
    """Let a person have a geometric number of tellings of an event, from tomorrow on.

    `event_day` is when it began: the visit, or the failure that was answered today.
    """
    if not world.talk.enabled or mean <= 0.0:
        return
    u = uniform(world.seed, person.row, event_day, Purpose.TELLINGS, kind)
    count = geometric(u, mean)
    if count > 0:
        remember(
            state,
            person.row,
            today,
            event_day,
            kind,
            count,
            valence,
            0,
            person.row,
            event_day,
            world,
        )
