"""The schedule of a day, once, for both performers.

Each phase reads what the phases before it wrote, and within a phase a person writes only its own
row, so that the order of people cannot matter. `PHASES` is the order. Compiled, the behaviours
that phases call (`visit`, `judge`, ...) are the methods of `Customer` as they stand; interpreted,
they are those of the agent in question. `sim.performers` does the one and the other.
"""

from typing import Any

from sim import rules
from sim.calendar import enter
from sim.compiled import compiled
from sim.customer import Customer
from sim.desk import staff
from sim.intrinsics import borrowed, prefetch
from sim.measures import measure, stars_of
from sim.population import CLOSED, CUSTOMER, LAPSED, PROSPECT, QUIET, WAITING, next_need, next_visit
from sim.recovering import recover_phase, voice_phase
from sim.referral import credit, depart, renew_bonds
from sim.state import fits
from sim.stories import AHEAD, plan
from sim.telling import hear_phase, tell_phase
from sim.visiting import outage_on, visit_phase

stay = compiled(Customer.stay)
buy = compiled(Customer.buy)
follow = compiled(Customer.follow)


@compiled
def open_day(state: Any, today: int, world: Any) -> None:
    """Put what yesterday gave to tell into the calendar; let bonds and a new policy come into force."""
    books = state.books[0]
    books.opened = 0
    books.closed = 0
    books.letters = 0
    plan(state, today, world)
    if world.referral.enabled:
        renew_bonds(state)
    for i in range(len(state.tables.changes)):
        if state.tables.changes[i] == today:
            before = state.tables.policies[books.policy].agents
            books.policy = i + 1
            staff(state.agents, before, state.tables.policies[books.policy].agents, float(today))


@compiled
def leave(state: Any, person: Any, world: Any) -> None:
    """Let a customer leave the firm."""
    person.status = LAPSED
    state.books[0].leavers += 1
    if world.referral.enabled:
        depart(state, person)


@compiled
def look_ahead(state: Any, person: Any, today: int, world: Any) -> None:
    """Put a person's next own day, of a visit or a need, into the calendar."""
    if person.status == CUSTOMER:
        day = next_visit(person, today, world.seed)
    else:
        day = next_need(person, today, world.seed, world.market.need)
    if person.planned != day:
        person.planned = day
        enter(state.visits, today, day, person.row)


@compiled
def settle(state: Any, person: Any, today: int, world: Any, stars: float) -> None:
    """Let one person decide what its day calls for, and put its next own day into the calendar."""
    books = state.books[0]
    if person.status == CUSTOMER:
        if person.moment == WAITING:
            return
        if person.moment != QUIET and not stay(person, today, world):
            leave(state, person, world)
    elif (
        person.need_day == today and person.aware_from <= today and buy(person, today, world, stars)
    ):
        if world.referral.enabled and person.status == PROSPECT:
            credit(state, person, today, world)
        person.status = CUSTOMER
        person.since = today + 1
        books.joiners += 1
    person.moment = QUIET
    look_ahead(state, person, today, world)


@compiled
def decide_phase(state: Any, today: int, world: Any) -> None:
    """Phase 6: who was failed, answered, served or left behind may leave; others in need may buy."""
    books = state.books[0]
    stars = stars_of(books, world.reviews)
    for i in range(books.guests):
        if i + AHEAD < books.guests:
            prefetch(state.people, state.guests[i + AHEAD])
        person = state.people[state.guests[i]]
        if person.planned == today:
            person.planned = -1
            settle(state, person, today, world, stars)
        elif person.planned > today:
            enter(state.visits, today, person.planned, person.row)
    for i in range(books.closed):
        person = state.people[state.closed[i]]
        if person.moment == CLOSED:
            settle(state, person, today, world, stars)
    for i in range(books.bereft):
        person = state.people[state.referral.bereft[i]]
        was_there = person.status == CUSTOMER and person.since < today
        if was_there and person.moment == QUIET and follow(person, today, world):
            leave(state, person, world)
            books.followers += 1
            look_ahead(state, person, today, world)


@compiled
def close_day(state: Any, today: int, world: Any) -> None:
    """Phase 7: pay wages, discount what the day has earned, and measure where the day calls for it."""
    books = state.books[0]
    money = world.money
    books.wages += state.tables.policies[books.policy].wage_per_agent_day * float(
        state.tables.policies[books.policy].agents
    )
    books.revenue = (books.visits + rules.whole(books.beyond_price)) * money.price
    books.margin = books.revenue * money.margin
    booked = books.compensation + books.contacts_cost + books.follow_ups_cost + books.noticing_cost
    costs = rules.whole(booked) * money.price + books.wages
    earned = books.margin - costs - books.balance
    books.present_value += rules.discounted(earned, today + 1.0, money)
    books.balance = books.margin - costs
    if (today + 1) % world.measure_every == 0:
        measure(state, today, today + 1, world)


@compiled
def live(state: Any, today: int, world: Any, network: Any) -> None:
    """Live through one day."""
    open_day(state, today, world)
    visit_phase(state, today, world)
    voice_phase(state, today, world)
    recover_phase(state, today, world)
    tell_phase(state, today, world, network)
    hear_phase(state, today, world)
    decide_phase(state, today, world)
    close_day(state, today, world)


@compiled
def found_calendar(state: Any, world: Any) -> None:
    """Put everybody's first own day into the calendar, and measure the market as it begins."""
    for row in range(len(state.people)):
        person = state.people[row]
        if person.status == CUSTOMER:
            person.planned = next_visit(person, -1, world.seed)
        else:
            person.planned = next_need(person, -1, world.seed, world.market.need)
        enter(state.visits, 0, person.planned, row)
    measure(state, 0, 0, world)


@compiled
def live_until(state: Any, today: int, until: int, world: Any, network: Any) -> int:
    """Live through the days from `today` to before `until`, or until one needs more room.

    Returns the day that was not begun.
    """
    state = borrowed(state)
    network = borrowed(network)
    while today < until and fits(state, today, outage_on(today, state.tables)):
        live(state, today, world, network)
        today += 1
    return today


PHASES = (
    open_day, visit_phase, voice_phase, recover_phase, tell_phase, hear_phase, decide_phase,
    close_day,
)  # fmt: skip
"""The phases in the order of the day."""
