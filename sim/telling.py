"""Word of mouth: phases 4 and 5 of the day, from teller to listener."""

from typing import Any

from sim.calendar import give_back, taken_out
from sim.compiled import compiled
from sim.customer import Customer
from sim.draws import any_of, geometric, name_of
from sim.intrinsics import prefetch
from sim.referral import take_word
from sim.stories import AHEAD, put_off, remember

tell = compiled(Customer.tell)
hear = compiled(Customer.hear)


@compiled
def read_ahead(state: Any, i: int, count: int, network: Any) -> None:
    """Have what the coming tellings need read from memory: story, teller, neighbours."""
    if i + 3 * AHEAD < count:
        prefetch(state.stories, state.told[i + 3 * AHEAD])
        teller = state.stories[state.told[i + 2 * AHEAD]].teller
        prefetch(network.offsets, teller)
        teller = state.stories[state.told[i + AHEAD]].teller
        prefetch(network.neighbours, network.offsets[teller])


@compiled
def due(state: Any, today: int, world: Any) -> int:
    """List in `told` the stories due today, once for each telling, and return how many."""
    found = taken_out(state.tellings, today, state.told)
    count = 0
    for i in range(found):
        slot = int(state.told[i])
        if slot < 0:
            put_off(state, ~slot, today, world)
        else:
            state.told[count] = slot
            count += 1
    return count


@compiled
def write_letter(state: Any, story: Any, place: int, world: Any, network: Any) -> bool:
    """Tell a story to one listener, in the letter at a place; tell whether there is a listener."""
    told = tell(state.people[story.teller], story, story.told, world, network)
    letter = state.letters[place]
    letter.teller = story.teller
    letter.listener = told.listener
    letter.tie = told.tie
    letter.luck = told.luck
    letter.hop = story.hop
    letter.valence = story.valence
    letter.origin_person = story.origin_person
    letter.origin_day = story.origin_day
    return told.listener >= 0


@compiled
def tell_phase(state: Any, today: int, world: Any, network: Any) -> None:
    """Phase 4: everybody with a telling due today tells a listener."""
    books = state.books[0]
    count = due(state, today, world)
    letters = bad = 0
    for i in range(count):
        read_ahead(state, i, count, network)
        slot = int(state.told[i])
        story = state.stories[slot]
        written = 1 if write_letter(state, story, letters, world, network) else 0
        letters += written
        bad += written if story.valence < 0.0 else 0
        story.told += 1
        if story.told == story.count:
            give_back(state.story_places, slot)
    books.letters = letters
    books.bad_stories += bad
    books.good_stories += letters - bad


@compiled
def hear_phase(state: Any, today: int, world: Any) -> None:
    """Phase 5: listeners change their opinion, and may have the story to pass on."""
    books = state.books[0]
    passed = bad = 0
    for i in range(books.letters):
        if i + AHEAD < books.letters:
            prefetch(state.people, state.letters[i + AHEAD].listener)
        letter = state.letters[i]
        letter.onward = hear(state.people[letter.listener], letter, today, world)
        bad += 1 if letter.valence < 0.0 else 0
        state.told[passed] = i
        passed += 1 if any_of(letter.luck, letter.onward) else 0
    books.bad_heard += bad
    books.good_heard += books.letters - bad
    if world.referral.enabled:
        take_word(state, today)
    for i in range(passed):
        letter = state.letters[state.told[i]]
        remember(
            state, letter.listener, today, today, name_of(letter.luck),
            geometric(letter.luck, letter.onward), letter.valence, letter.hop + 1,
            letter.origin_person, letter.origin_day,
        )  # fmt: skip
