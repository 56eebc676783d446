"""Voice and recovery: phases 2 and 3 of the day, from the complaint to the judged answer."""

from typing import Any

from sim import rules
from sim.calendar import enter, give_back, taken_out
from sim.compiled import compiled
from sim.customer import Closing, Customer
from sim.desk import in_order_of_arrival, take_case
from sim.draws import Purpose, uniform
from sim.lives import is_ignored
from sim.population import NO_CASE
from sim.stories import FAILED, RECOVERED, first_hand, luck_of
from sim.visiting import policy_for, post_review, shares_a_cause

complain = compiled(Customer.complain)
endure = compiled(Customer.endure)
judge = compiled(Customer.judge)


@compiled
def conclude(state: Any, person: Any, case: Any, ended: Any, today: int, world: Any) -> None:
    """Keep what comes of a closed incident: stories, a review, and the decision still to take."""
    books = state.books[0]
    failed_on = int(case.opened)
    valence = rules.failure_valence(ended.net)
    bad, review = luck_of(person, FAILED, failed_on, world.seed)
    good, _ = luck_of(person, RECOVERED, failed_on, world.seed)
    first_hand(state, person, today, FAILED, ended.bad, valence, failed_on, bad, world)
    first_hand(
        state, person, today, RECOVERED, ended.good, ended.good_valence, failed_on, good, world
    )
    post_review(state, person, ended.felt, review, failed_on, world)
    give_back(state.case_places, person.case)
    person.case = NO_CASE
    state.closed[books.closed] = person.row
    books.closed += 1


@compiled
def voice_phase(state: Any, today: int, world: Any) -> None:
    """Phase 2: who was failed today complains, is noticed, or suffers in silence; the firm learns."""
    books = state.books[0]
    heard = shared = 0
    for i in range(books.opened):
        slot = int(state.opened[i])
        case = state.cases[slot]
        person = state.people[case.person]
        policy = policy_for(person, today, state)
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
        shared += 1 if shares_a_cause(case.person, today, state.tables, world) else 0
    books.opened = heard
    causes = heard - shared + min(shared, 1)
    books.failure_probability = rules.learnt(books.failure_probability, causes, world.service)


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
        if case.delay <= world.recovery.first_contact:
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
        heard = not is_ignored(person, today)
        take_case(case, policy_for(person, today, state), state.agents, books, world, heard)
        enter(state.answers, today, case.due, slot)
    for i in range(taken_out(state.answers, today, state.answered)):
        slot = int(state.answered[i])
        if state.cases[slot].due > today:
            enter(state.answers, today, state.cases[slot].due, slot)
        else:
            answer(state, slot, today, world)
