"""The recovery desk, the firm's one shared resource: queue, authority, answers, costs.

A desk without limit answers after the policy's delay. A desk with agents takes complaints first
come, first served; the agent who is free first takes each, handling times are exponential, and
waiting and handling make the delay, so that a surge slows every answer. In steady state the waits
are those of the M/M/c queue (Erlang 1917).
"""

import math
from typing import Any

import numpy as np

from sim.compiled import compiled
from sim.draws import Purpose, exponential, uniform
from sim.rules import millionths
from sim.worth import value_of


@compiled
def served_at(agents: Any, count: int, arrival: float, handling: float) -> float:
    """Let the agent who is free first, of the first `count`, take a case; return when it is done."""
    first = 0
    for agent in range(1, count):
        if agents[agent] < agents[first]:
            first = agent
    done = max(float(agents[first]), arrival) + handling
    agents[first] = done
    return done


@compiled
def queue(case: Any, policy: Any, agents: Any, world: Any) -> float:
    """Return the days from the complaint until the desk has dealt with it the first time."""
    if policy.agents == 0:
        return float(policy.delay)
    handling = exponential(world.seed, case.person, case.opened, Purpose.HANDLING)
    arrival = case.opened + case.arrival
    done = served_at(agents, policy.agents, arrival, handling * policy.handling_hours / 24.0)
    return float(done - arrival)


@compiled
def leave_unanswered(case: Any, policy: Any) -> None:
    """Set a case to close as if met with nothing."""
    case.delay = policy.unanswered_days
    case.noticed = 0.0
    case.fix = 0.0
    case.compensation = 0.0
    case.apology = 0.0
    case.empathy = 0.0
    case.excuse = 0.0
    case.follow_up = 0.0
    case.updates = 0.0
    case.options = 0.0


@compiled
def prepare_answer(case: Any, policy: Any, agents: Any, books: Any, world: Any) -> None:
    """Set when and how a case will be answered, and enter what that costs in the books.

    Compensation is a share of what a visit of this customer is worth. Whether a case stays unresolved, and how long an escalation takes, is keyed on the person and the
    day of the failure: the same under every policy.
    """
    seed, person, day = world.seed, case.person, case.opened
    recovery = world.recovery
    worth = value_of(person, seed, world.money)
    case.delay = queue(case, policy, agents, world)
    case.fix = policy.fix
    case.compensation = policy.compensation + policy.compensation_per_severity * case.severity
    case.apology = policy.apology
    case.empathy = policy.empathy
    case.excuse = policy.excuse
    case.follow_up = policy.follow_up
    case.updates = policy.updates
    case.options = policy.options
    contacts = 1.0
    if uniform(seed, person, day, Purpose.UNRESOLVED) < policy.unresolved:
        case.fix = min(case.fix, recovery.unresolved_fix)
        case.compensation = 0.0
        case.options = 0.0
        case.delay *= recovery.unresolved_delay
        case.apology *= recovery.unresolved_warmth
        case.empathy *= recovery.unresolved_warmth
    elif case.compensation * worth * world.money.price > policy.authority:
        contacts += 1.0
        case.delay += policy.escalation_days * exponential(seed, person, day, Purpose.ESCALATION)
        books.escalations += 1
    books.contacts_cost += millionths(contacts * policy.cost_per_contact)
    books.follow_ups_cost += millionths(case.follow_up * policy.cost_per_follow_up)
    books.compensation += millionths(case.compensation * worth)


@compiled
def take_case(
    case: Any, policy: Any, agents: Any, books: Any, world: Any, heard: bool = True
) -> None:
    """Take a complaint in, if it is heard: decide the answer and the day on which its delay ends."""
    case.answered = 1 if policy.answers and heard else 0
    if case.answered == 1:
        prepare_answer(case, policy, agents, books, world)
    else:
        leave_unanswered(case, policy)
    case.due = int(min(2e9, math.floor(case.opened + case.arrival + case.delay)))


@compiled
def in_order_of_arrival(slots: Any, count: int, cases: Any) -> None:
    """Sort the first `count` case numbers by the time at which each complaint arrived, in place."""
    times = np.empty(count)
    for i in range(count):
        times[i] = cases[slots[i]].arrival
    order = np.argsort(times)
    sorted_slots = slots[:count].copy()
    for i in range(count):
        slots[i] = sorted_slots[order[i]]


@compiled
def staff(agents: Any, before: int, after: int, now: float) -> None:
    """Change the desk from `before` to `after` agents at time `now`.

    Those free first stay, newcomers are free at once, and who goes finishes the case in hand.
    """
    agents[:before] = np.sort(agents[:before])
    for agent in range(before, after):
        agents[agent] = now
