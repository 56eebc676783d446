"""Word of mouth: phases 4 and 5 of the day, from teller to listener."""

from typing import Any

from sim.calendar import give_back, taken_out
from sim.compiled import compiled
from sim.customer import Customer
from sim.draws import geometric, name_of
from sim.intrinsics import prefetch
from sim.stories import plan, put, remember
from sim.visiting import AHEAD

tell = compiled(Customer.tell)
hear = compiled(Customer.hear)


@compiled
def write_letters(state: Any, story: Any, world: Any, network: Any) -> None:
    """Tell a story as often as falls on today, each time to one listener."""
    books = state.books[0]
    for n in range(story.told, story.told + story.due):
        told = tell(state.people[story.teller], story, n, world, network)
        if told.listener < 0:
            continue
        letter = state.letters[books.letters]
        letter.teller = story.teller
        letter.listener = told.listener
        letter.weak = told.weak
        letter.luck = told.luck
        letter.hop = story.hop
        letter.valence = story.valence
        letter.origin_person = story.origin_person
        letter.origin_day = story.origin_day
        books.letters += 1
        if story.valence < 0.0:
            books.bad_stories += 1
        else:
            books.good_stories += 1


@compiled
def tell_phase(state: Any, today: int, world: Any, network: Any) -> None:
    """Phase 4: everybody with a story due today tells a listener."""
    books = state.books[0]
    books.letters = 0
    count = taken_out(state.tellings, today, state.told)
    state.due_letters[today % len(state.due_letters)] = 0
    for i in range(count):
        if i + 3 * AHEAD < count:
            prefetch(state.stories, state.told[i + 3 * AHEAD])
            teller = state.stories[state.told[i + 2 * AHEAD]].teller
            prefetch(network.offsets, teller)
            teller = state.stories[state.told[i + AHEAD]].teller
            prefetch(network.neighbours, network.offsets[teller])
        slot = int(state.told[i])
        story = state.stories[slot]
        if story.next > today:
            put(state, slot, today)
            continue
        write_letters(state, story, world, network)
        story.told += story.due
        story.due = 0
        if story.told < story.count:
            plan(state, slot, today, world)
        else:
            give_back(state.story_places, slot)


@compiled
def hear_phase(state: Any, today: int, world: Any) -> None:
    """Phase 5: listeners change their opinion, and may have the story to pass on."""
    books = state.books[0]
    for i in range(books.letters):
        if i + AHEAD < books.letters:
            prefetch(state.people, state.letters[i + AHEAD].listener)
        letter = state.letters[i]
        mean = hear(state.people[letter.listener], letter, today, world)
        if letter.valence < 0.0:
            books.bad_heard += 1
        else:
            books.good_heard += 1
        if mean <= 0.0:
            continue
        count = geometric(letter.luck, mean)
        if count > 0:
            remember(
                state, letter.listener, today, today, name_of(letter.luck), count, letter.valence,
                letter.hop + 1, letter.origin_person, letter.origin_day, world,
            )  # fmt: skip
