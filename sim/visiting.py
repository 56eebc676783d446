"""Visits and failures: phase 1 of the day.

Like the other phases it is written once for both performers; see `sim.day`.
"""

from typing import Any

from sim import rules
from sim.calendar import take, taken_out
from sim.compiled import compiled
from sim.customer import Customer
from sim.draws import Purpose, uniform
from sim.intrinsics import prefetch
from sim.lives import is_spared, is_treated
from sim.population import CUSTOMER, QUIET, WAITING
from sim.stories import AHEAD, ORDINARY, first_hand, luck_of
from sim.worth import value_of

visit = compiled(Customer.visit)
suffer = compiled(Customer.suffer)


@compiled
def policy_for(person: Any, day: int, state: Any) -> Any:
    """Return the policy that a person meets for what befell it on a day: the firm's, or its own."""
    if is_treated(person, day):
        return state.tables.policies[person.policy]
    return state.tables.policies[state.books[0].policy]


@compiled
def post_review(state: Any, person: Any, felt: float, luck: float, day: int, world: Any) -> None:
    """Let a person review in public what it felt of an event of that day, if its luck will; the firm
    may reply."""
    reviews = world.reviews
    if not reviews.enabled:
        return
    if luck < rules.review_probability(felt, reviews):
        replies = policy_for(person, day, state).replies
        books = state.books[0]
        gain = int(100.0 * reviews.reply_gain * replies + 0.5)
        books.stars += min(500, 100 * rules.review_stars(felt) + gain)
        books.reviews += 1


@compiled
def outage_on(today: int, tables: Any) -> bool:
    """Tell whether an outage is set for today."""
    for i in range(len(tables.outages)):
        if tables.outages[i].day == today:
            return True
    return False


@compiled
def is_hit(outage: Any, row: int, world: Any) -> bool:
    """Tell whether an outage hits the person at a row, should it be a customer who waits for nothing.

    With groups, the market's rows fall into so many equal parts, one after the other: who stands near
    each other, and so the neighbours of a small world and the members of a community, fare alike.
    """
    whom, n = row, 0
    if outage.groups > 0:
        whom, n = row * outage.groups // world.people, 1
    return bool(uniform(world.seed, whom, outage.day, Purpose.OUTAGE, n) < outage.share)


@compiled
def shares_a_cause(row: int, today: int, tables: Any, world: Any) -> bool:
    """Tell whether the failure that befell a person today came of one cause with those of others."""
    for i in range(len(tables.outages)):
        outage = tables.outages[i]
        if outage.day == today and outage.groups > 0:
            return is_hit(outage, row, world)
    return False


@compiled
def fail(
    state: Any, person: Any, today: int, severity: float, type_: float, control: float,
    stability: float, world: Any,
) -> None:  # fmt: skip
    """Open a case for a person who is failed today."""
    slot = take(state.case_places)
    case = state.cases[slot]
    case.person = person.row
    case.opened = today
    case.severity = severity
    case.type = type_
    case.noticed = 0.0
    suffer(person, case, control, stability, today, world)
    person.case = slot
    person.moment = WAITING
    books = state.books[0]
    state.opened[books.opened] = slot
    books.opened += 1
    books.failures += 1


@compiled
def strike(state: Any, today: int, world: Any) -> None:
    """Let today's outage, if there is one, fail its share of all customers at once."""
    for i in range(len(state.tables.outages)):
        outage = state.tables.outages[i]
        if outage.day != today:
            continue
        for row in range(len(state.people)):
            person = state.people[row]
            if person.status != CUSTOMER or person.moment == WAITING or is_spared(person, today):
                continue
            if is_hit(outage, row, world):
                fail(
                    state, person, today, outage.severity, outage.type, outage.control,
                    outage.stability, world,
                )  # fmt: skip


@compiled
def be_a_guest(state: Any, person: Any, today: int, world: Any) -> None:
    """Let one customer visit, and keep what comes of it."""
    books = state.books[0]
    books.visits += 1
    if world.money.value_spread > 0.0:
        worth = value_of(person.row, world.seed, world.money)
        books.beyond_price += rules.millionths(worth) - rules.MILLION
    person.visits += 1
    was = visit(person, today, world, books.failure_probability)
    if was.failed and is_spared(person, today):
        was = visit(person, today, world, 0.0)
    if was.failed:
        fail(state, person, today, was.severity, was.type, was.control, was.stability, world)
    else:
        telling, review = luck_of(person, ORDINARY, today, world.seed)
        first_hand(state, person, today, ORDINARY, was.tellings, was.valence, today, telling, world)
        post_review(state, person, was.felt, review, today, world)


@compiled
def visit_phase(state: Any, today: int, world: Any) -> None:
    """Phase 1: customers whose visit falls on today are served, or failed."""
    strike(state, today, world)
    books = state.books[0]
    books.guests = taken_out(state.visits, today, state.guests)
    for i in range(books.guests):
        if i + AHEAD < books.guests:
            prefetch(state.people, state.guests[i + AHEAD])
        person = state.people[state.guests[i]]
        if person.planned == today and person.status == CUSTOMER and person.moment == QUIET:
            be_a_guest(state, person, today, world)
