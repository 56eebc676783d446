"""The recovery desk of the plain Mesa program: cases, answers, and when they are given."""

import heapq
from collections import defaultdict
from dataclasses import dataclass
from typing import Any


@dataclass
class Case:
    """A failure, and once somebody answers it the answer; the defaults are no answer at all."""

    customer: Any
    severity: float
    type: float
    loss: float
    satisfaction_before: float
    opened: int
    shared_cause: bool = False
    noticed: bool = False
    answered: bool = False
    contacts: int = 0
    delay: float = 30.0
    fix: float = 0.0
    compensation: float = 0.0
    apology: float = 0.0
    empathy: float = 0.0
    excuse: float = 0.0
    follow_up: float = 0.0
    updates: float = 0.0
    options: float = 0.0


class PlainDesk:
    """The firm's recovery desk: who is answered when, how, and at what cost."""

    def __init__(self, model):
        self.model = model
        self.arrivals = []
        self.due = defaultdict(list)  # day -> cases that close on it
        self.free_at = []  # when each agent is next free

    def staff(self, agents):
        """Change the number of agents; new ones are free at once."""
        kept = sorted(self.free_at)[:agents]
        self.free_at = kept + [float(self.model.today)] * (agents - len(kept))
        heapq.heapify(self.free_at)

    def take(self, case):
        """Receive a case at some time of the day."""
        self.arrivals.append((case.opened + self.model.random.random(), case))

    def recover(self):
        """Set how today's cases will be answered; give the answers that fall due today."""
        for arrival, case in sorted(self.arrivals, key=lambda pair: pair[0]):
            if self.model.policy.answers:
                self.prepare_answer(arrival, case)
                self.book(case)
            self.due[int(arrival + case.delay)].append(case)
        self.arrivals.clear()
        for case in self.due.pop(self.model.today, ()):
            if case.answered:
                self.note(case)
            case.customer.judge(case)

    def prepare_answer(self, arrival, case):
        """Decide what a case will be given, and how long that takes."""
        policy, random = self.model.policy, self.model.random
        case.answered, case.contacts = True, 1
        case.excuse, case.follow_up, case.updates = policy.excuse, policy.follow_up, policy.updates
        case.fix, case.apology, case.empathy = policy.fix, policy.apology, policy.empathy
        case.compensation = policy.compensation + policy.compensation_per_severity * case.severity
        case.options = policy.options
        case.delay = policy.delay
        if policy.agents:
            start = max(arrival, heapq.heappop(self.free_at))
            finish = start + random.expovariate(24 / policy.handling_hours)
            heapq.heappush(self.free_at, finish)
            case.delay = finish - arrival
        if random.random() < policy.unresolved:
            case.fix, case.compensation = min(policy.fix, 0.2), 0.0
            case.apology *= 0.8
            case.empathy *= 0.8
            case.delay *= 2
            case.options = 0.0
        given = case.compensation * case.customer.value * self.model.world.money.price
        if policy.authority is not None and given > policy.authority:
            case.contacts += 1
            if policy.escalation_days > 0:
                case.delay += random.expovariate(1 / policy.escalation_days)

    def book(self, case):
        """Put what an answer costs in the ledger, on the day on which the desk takes the case."""
        model = self.model
        price = model.world.money.price
        model.spend("compensation", case.compensation * case.customer.value * price)
        model.spend("contacts_cost", case.contacts * model.policy.cost_per_contact * price)
        model.spend("follow_ups_cost", case.follow_up * model.policy.cost_per_follow_up * price)

    def note(self, case):
        """Count an answer, on the day on which it is given."""
        self.model.count("answers")
        self.model.count("first_contacts", case.delay <= 1)
        self.model.total_delay += case.delay
