"""The schedule of a day, once, for both performers.

Each phase reads what the phases before it wrote, and within a phase a person writes only its own
row, so that the order of people cannot matter. `PHASES` is the order. Compiled, the behaviours
called here (`visit`, `judge`, ...) are the methods of `Customer` as they stand; interpreted, they
are those of the agent in question. `sim.performers` does the one and the other.
"""

import math
from typing import Any

from sim import rules
from sim.calendar import enter, give_back, take, taken_out
from sim.compiled import compiled
from sim.customer import Closing, Customer
from sim.desk import in_order_of_arrival, staff, take_case
from sim.draws import Purpose, geometric, name_of, uniform
from sim.intrinsics import borrowed, prefetch
from sim.measures import measure, stars_of
from sim.population import (
    CLOSED,
    CUSTOMER,
    LAPSED,
    NO_CASE,
    QUIET,
    WAITING,
    next_need,
    next_visit,
)
from sim.state import fits
from sim.stories import FAILED, ORDINARY, RECOVERED, first_hand, plan, put, remember

AHEAD = 8
"""How many records are read ahead of their use."""

visit = compiled(Customer.visit)
suffer = compiled(Customer.suffer)
complain = compiled(Customer.complain)
endure = compiled(Customer.endure)
judge = compiled(Customer.judge)
tell = compiled(Customer.tell)
hear = compiled(Customer.hear)
stay = compiled(Customer.stay)
buy = compiled(Customer.buy)


@compiled
def policy_for(person: Any, state: Any) -> Any:
    """Return the policy that a person meets today: the firm's, or one that it is treated by."""
    if person.policy > 0:
        return state.tables.policies[person.policy]
    return state.tables.policies[state.books[0].policy]


@compiled
def post_review(state: Any, person: Any, felt: float, day: int, world: Any) -> None:
    """Let a person review in public what it felt of an event of that day; the firm may reply."""
    reviews = world.reviews
    if not reviews.enabled:
        return
    draw = uniform(world.seed, person.row, day, Purpose.REVIEW)
    if draw < rules.review_probability(felt, reviews):
        replies = policy_for(person, state).replies
        books = state.books[0]
        gain = int(100.0 * reviews.reply_gain * replies + 0.5)
        books.stars += 100 * rules.review_stars(felt) + gain
        books.reviews += 1


@compiled
def open_day(state: Any, today: int, world: Any) -> None:
    """Let a change of policy that is set for today come into force."""
    books = state.books[0]
    books.opened = 0
    books.closed = 0
    books.letters = 0
    for i in range(len(state.tables.changes)):
        if state.tables.changes[i] == today:
            before = state.tables.policies[books.policy].agents
            books.policy = i + 1
            staff(state.agents, before, state.tables.policies[books.policy].agents, float(today))


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
def outage_on(today: int, tables: Any) -> bool:
    """Tell whether an outage is set for today."""
    for i in range(len(tables.outages)):
        if tables.outages[i].day == today:
            return True
    return False


@compiled
def strike(state: Any, today: int, world: Any) -> None:
    """Let today's outage, if there is one, fail its share of all customers at once."""
    for i in range(len(state.tables.outages)):
        outage = state.tables.outages[i]
        if outage.day != today:
            continue
        for row in range(len(state.people)):
            person = state.people[row]
            if person.status != CUSTOMER or person.moment == WAITING:
                continue
            if uniform(world.seed, row, today, Purpose.OUTAGE) < outage.share:
                fail(
                    state, person, today, outage.severity, outage.type, outage.control,
                    outage.stability, world,
                )  # fmt: skip


@compiled
def be_a_guest(state: Any, person: Any, today: int, world: Any) -> None:
    """Let one customer visit, and keep what comes of it."""
    books = state.books[0]
    books.visits += 1
    person.visits += 1
    was = visit(person, today, world, books.failure_probability)
    if was.failed:
        fail(state, person, today, was.severity, was.type, was.control, was.stability, world)
    else:
        first_hand(state, person, today, ORDINARY, was.tellings, was.valence, today, world)
        post_review(state, person, was.felt, today, world)


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


@compiled
def conclude(state: Any, person: Any, case: Any, ended: Any, today: int, world: Any) -> None:
    """Keep what comes of a closed incident: stories, a review, and the decision still to take."""
    books = state.books[0]
    failed_on = int(case.opened)
    valence = -min(1.0, ended.net)
    first_hand(state, person, today, FAILED, ended.bad, valence, failed_on, world)
    first_hand(state, person, today, RECOVERED, ended.good, ended.good_valence, failed_on, world)
    post_review(state, person, ended.felt, failed_on, world)
    give_back(state.case_places, person.case)
    person.case = NO_CASE
    state.closed[books.closed] = person.row
    books.closed += 1


@compiled
def voice_phase(state: Any, today: int, world: Any) -> None:
    """Phase 2: who was failed today complains, is noticed, or suffers in silence; the firm learns."""
    books = state.books[0]
    heard = 0
    for i in range(books.opened):
        slot = int(state.opened[i])
        case = state.cases[slot]
        person = state.people[case.person]
        policy = policy_for(person, state)
        if complain(person, case, today, world, policy):
            books.complaints += 1
        elif uniform(world.seed, case.person, today, Purpose.NOTICE) < policy.proactive:
            case.noticed = 1.0
            books.noticed += 1
            books.noticing_cost += rules.millionths(policy.cost_per_noticing)
        else:
            books.silent += 1
            ended = endure(person, case, today, world)
            conclude(state, person, case, ended, today, world)
            continue
        case.arrival = uniform(world.seed, case.person, today, Purpose.ARRIVAL)
        state.opened[heard] = slot
        heard += 1
    books.opened = heard
    service = world.service
    if service.learning > 0.0:
        p = books.failure_probability
        learnt = p * math.exp(-service.learning * heard)
        books.failure_probability = max(min(service.failure_floor, p), learnt)


@compiled
def answer(state: Any, slot: int, today: int, world: Any) -> None:
    """Let an answer reach its customer, who judges it."""
    books = state.books[0]
    case = state.cases[slot]
    person = state.people[case.person]
    ended: Closing = judge(person, case, today, world)
    if case.answered == 1:
        books.answers += 1
        books.delay += rules.millionths(case.delay)
        if case.delay <= 1.0:
            books.first_contacts += 1
        delight = uniform(world.seed, case.person, case.opened, Purpose.DELIGHT)
        if delight < ended.delighted:
            books.delighted += 1
    conclude(state, person, case, ended, today, world)


@compiled
def recover_phase(state: Any, today: int, world: Any) -> None:
    """Phase 3: the desk takes today's complaints in order of arrival; answers due today arrive."""
    books = state.books[0]
    if len(state.agents) > 0:
        in_order_of_arrival(state.opened, books.opened, state.cases)
    for i in range(books.opened):
        slot = int(state.opened[i])
        case = state.cases[slot]
        person = state.people[case.person]
        take_case(case, policy_for(person, state), state.agents, books, world)
        enter(state.answers, today, case.due, slot)
    for i in range(taken_out(state.answers, today, state.answered)):
        slot = int(state.answered[i])
        if state.cases[slot].due > today:
            enter(state.answers, today, state.cases[slot].due, slot)
        else:
            answer(state, slot, today, world)


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


@compiled
def settle(state: Any, person: Any, today: int, world: Any, stars: float) -> None:
    """Let one person decide what its day calls for, and put its next own day into the calendar."""
    books = state.books[0]
    if person.status == CUSTOMER:
        if person.moment == WAITING:
            return
        if person.moment != QUIET and not stay(person, today, world):
            person.status = LAPSED
            books.leavers += 1
    elif (
        person.need_day == today and person.aware_from <= today and buy(person, today, world, stars)
    ):
        person.status = CUSTOMER
        person.since = today + 1
        books.joiners += 1
    person.moment = QUIET
    if person.status == CUSTOMER:
        day = next_visit(person, today, world.seed)
    else:
        day = next_need(person, today, world.seed, world.market.need)
    if person.planned != day:
        person.planned = day
        enter(state.visits, today, day, person.row)


@compiled
def decide_phase(state: Any, today: int, world: Any) -> None:
    """Phase 6: who was failed, answered or served today may leave; others in need may buy."""
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


@compiled
def close_day(state: Any, today: int, world: Any) -> None:
    """Phase 7: pay wages, discount what the day has earned, and measure where the day calls for it."""
    books = state.books[0]
    money = world.money
    books.wages += state.tables.policies[books.policy].wage_per_agent_day * float(
        state.tables.policies[books.policy].agents
    )
    books.revenue = books.visits * money.price
    books.margin = books.revenue * money.margin
    booked = books.compensation + books.contacts_cost + books.follow_ups_cost + books.noticing_cost
    costs = rules.whole(booked) * money.price + books.wages
    years = (today + 1) / 365.0
    earned = books.margin - costs - books.balance
    books.present_value += earned * math.exp(-math.log(1.0 + money.discount_rate) * years)
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
