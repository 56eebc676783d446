"""The desk: Erlang's queue, escalation, authority, what is not resolved and what is not answered."""

import math
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from sim import simulate, world
from sim.compiled import kernel
from sim.desk import in_order_of_arrival, served_at, staff, take_case
from sim.draws import Purpose, exponential, uniform
from sim.parameters import numbers
from sim.policy import Policy
from sim.population import CASE, Rows
from sim.run import Run, network_of
from sim.scenario import PolicyChange, Scenario
from sim.state import BOOKS

# The queue that is the desk, against Erlang's C formula.


@kernel
def _means_of_batches(
    seed: int, agents: Any, load: float, batches: int, size: int, waits: Any, sojourns: Any
) -> None:
    """Queue `batches` times `size` cases that arrive as a Poisson process; handling takes 1.

    The first batch fills the desk and is not counted.
    """
    count = len(agents)
    clock = 0.0
    for batch in range(batches + 1):
        waited = stayed = 0.0
        for i in range(size):
            case = batch * size + i
            clock += exponential(seed, case, 0, Purpose.ARRIVAL) / (load * count)
            handling = exponential(seed, case, 0, Purpose.HANDLING)
            delay = served_at(agents, count, clock, handling) - clock
            waited += delay - handling
            stayed += delay
        if batch > 0:
            waits[batch - 1] = waited / size
            sojourns[batch - 1] = stayed / size


def erlang_wait(agents: int, load: float) -> float:
    """Return the mean wait in M/M/c in units of mean handling time (Erlang 1917)."""
    offered = agents * load
    terms = [offered**k / math.factorial(k) for k in range(agents)]
    last = offered**agents / math.factorial(agents) / (1 - load)
    return last / (sum(terms) + last) / (agents * (1 - load))


CASES = 20_000_000
"""How many cases bring the standard error of each mean wait below 1% of it."""

BATCHES = 50


@pytest.mark.parametrize("agents", [1, 3, 10])
@pytest.mark.parametrize("load", [0.5, 0.8, 0.9])
def test_waits_are_those_of_erlangs_formula(agents: int, load: float) -> None:
    """Within three standard errors, and these under 1% of the mean wait itself.

    The standard error is that of 50 batch means.
    """
    waits, sojourns = np.zeros(BATCHES), np.zeros(BATCHES)
    size = CASES // BATCHES
    _means_of_batches(1917, np.zeros(agents), load, BATCHES, size, waits, sojourns)
    expected = erlang_wait(agents, load)
    for found, mean in ((waits, expected), (sojourns, expected + 1)):
        error = found.std(ddof=1) / math.sqrt(BATCHES)
        assert error < 0.01 * mean
        assert abs(found.mean() - mean) < 3 * error


def test_erlangs_formula_by_hand() -> None:
    assert erlang_wait(1, 0.5) == pytest.approx(1.0)
    assert erlang_wait(1, 0.9) == pytest.approx(9.0)
    assert erlang_wait(2, 0.5) == pytest.approx(1 / 3)


def test_the_agent_who_is_free_first_takes_the_case() -> None:
    agents = np.array([5.0, 2.0, 3.0])
    assert served_at(agents, 3, 1.0, 1.0) == 3.0
    assert agents.tolist() == [5.0, 3.0, 3.0]
    assert served_at(agents, 3, 10.0, 1.0) == 11.0
    assert sorted(agents.tolist()) == [3.0, 5.0, 11.0]


def test_cases_are_taken_in_order_of_arrival() -> None:
    cases = Rows(np.zeros(6, CASE))
    for slot, arrival in enumerate((0.9, 0.1, 0.5, 0.3, 0.7, 0.2)):
        cases[slot].arrival = arrival
    slots = np.array([4, 0, 2, 1, 3, 5], np.int32)
    in_order_of_arrival(slots, 4, cases)
    assert slots.tolist() == [1, 2, 4, 0, 3, 5]


def test_changing_the_staff() -> None:
    agents = np.array([9.0, 4.0, 6.0, 0.0])
    staff(agents, 3, 2, 5.0)
    assert agents[:2].tolist() == [4.0, 6.0]
    staff(agents, 2, 4, 7.0)
    assert agents.tolist() == [4.0, 6.0, 7.0, 7.0]


# One case at the desk.


def taken(
    policy: Policy, severity: float = 0.5, person: int = 3, price: float = 1.0, spread: float = 0.0
) -> Any:
    """Return a case as the desk has taken it, with the books after it."""
    cases = Rows(np.zeros(1, CASE))
    case = cases[0]
    case.person, case.opened, case.severity, case.arrival = person, 10, severity, 0.25
    books = Rows(np.zeros(1, BOOKS))[0]
    where = SimpleNamespace(
        seed=5, money=world.Money(price=price, value_spread=spread), recovery=world.Recovery()
    )
    take_case(case, Rows(numbers(policy))[0], np.full(3, 11.0), books, where)
    return case, books


def test_without_limit_the_delay_is_the_policys() -> None:
    case, _ = taken(Policy(delay=2.5))
    assert (case.delay, case.due, case.answered) == (2.5, 12, 1)
    assert taken(Policy(delay=2.8))[0].due == 13
    assert taken(Policy())[0].due == 10


def test_a_case_closes_on_the_day_in_which_its_delay_ends() -> None:
    for delay, due in ((0.74, 10), (0.76, 11), (1.74, 11), (1.76, 12)):
        assert taken(Policy(delay=delay))[0].due == due


def test_waiting_and_handling_make_the_delay_of_a_desk() -> None:
    """All three are busy until 11; handling is keyed on the person and the day of the failure."""
    case, _ = taken(Policy(agents=3, handling_hours=12.0, delay=99.0))
    handling = 0.5 * exponential(5, 3, 10, Purpose.HANDLING)
    assert case.delay == pytest.approx(0.75 + handling)


def test_an_unresolved_case() -> None:
    policy = Policy(unresolved=1.0, delay=3.0, fix=0.9, compensation=0.7, apology=0.5, empathy=1.0,
                    options=1.0, authority=0.0)  # fmt: skip
    case, books = taken(policy)
    assert (case.fix, case.compensation, case.delay) == (0.2, 0.0, 6.0)
    assert (case.apology, case.empathy) == (0.4, 0.8)
    assert case.options == 0.0
    assert taken(policy.model_copy(update={"unresolved": 0.0}))[0].options == 1.0
    assert books.escalations == 0
    assert taken(Policy(unresolved=1.0, fix=0.1))[0].fix == 0.1


def test_luck_with_a_case_is_the_same_under_every_policy() -> None:
    draws = {person: uniform(5, person, 10, Purpose.UNRESOLVED) for person in range(50)}
    for chance in (0.2, 0.5):
        for person, luck in draws.items():
            case, _ = taken(Policy(unresolved=chance), person=person)
            assert (case.fix < 1.0) is (luck < chance)


@pytest.mark.parametrize("price", [1.0, 8.0])
def test_compensation_above_the_front_lines_authority_is_escalated(price: float) -> None:
    """Authority is in money: one more contact, and an exponential delay."""
    free = Policy(compensation=0.2, compensation_per_severity=0.4)
    given = (0.2 + 0.4 * 0.5) * price
    case, books = taken(free, price=price)
    assert (case.compensation, books.escalations, case.delay) == (pytest.approx(0.4), 0, 0.0)
    held = free.model_copy(update={"authority": given + 1e-9})
    assert taken(held, price=price)[1].escalations == 0
    escalated, told = taken(free.model_copy(update={"authority": given - 1e-9}), price=price)
    assert told.escalations == 1
    assert escalated.delay == pytest.approx(7 * exponential(5, 3, 10, Purpose.ESCALATION))
    assert told.contacts_cost == 2 * books.contacts_cost


def test_a_firm_that_does_not_answer() -> None:
    case, books = taken(Policy(answers=False, delay=1.0, compensation=1.0, apology=1.0, fix=1.0,
                               options=1.0))  # fmt: skip
    assert (case.answered, case.delay, case.due) == (0, 30.0, 40)
    levers = ("fix", "compensation", "apology", "empathy", "excuse", "follow_up", "updates",
              "options")  # fmt: skip
    assert [getattr(case, lever) for lever in levers] == [0.0] * 8
    assert books.contacts_cost == books.compensation == 0


# The desk within the model.

FAILING = Scenario(
    market=world.Market(people=400, customers=1.0),
    network=world.Network(kind="none"),
    service=world.Service(visits_per_month=6, failure_probability=0.3),
    voice=world.Voice(constant=5.0),
    talk=world.Talk(enabled=False),
    days=120,
)


def delays(scenario: Scenario) -> Any:
    """Return by measuring day the mean delay of the cases answered since the one before."""
    return simulate(scenario).series.set_index("day")["mean_delay"]


def test_a_desk_of_many_takes_as_long_as_handling_alone() -> None:
    policy = Policy(agents=500, handling_hours=36.0)
    outcome = simulate(FAILING.model_copy(update={"policy": policy}))
    answers = outcome.totals["answers"]
    assert answers > 1000
    # Cases still open at the end are the long ones: leave out what they would take from the mean.
    assert abs(outcome.totals["mean_delay"] - 1.5) < 4 * 1.5 / math.sqrt(answers) + 1.5 * 3 / 120


def test_one_agent_waits_longer_than_ten() -> None:
    found = [
        simulate(FAILING.model_copy(update={"policy": Policy(agents=n, handling_hours=h)})).totals
        for n, h in ((1, 1.2), (10, 1.2))
    ]
    assert found[0]["mean_delay"] > 1.3 * found[1]["mean_delay"]
    assert found[0]["first_contact_share"] < found[1]["first_contact_share"]


def test_a_surge_slows_every_answer() -> None:
    """An outage of everybody: its cases wait their turn, and so do those that come after it."""
    policy = Policy(agents=2, handling_hours=1.0)
    calm = FAILING.model_copy(
        update={
            "policy": policy,
            "service": world.Service(visits_per_month=6, failure_probability=0.02),
        }
    )
    surge = calm.model_copy(update={"outages": (world.Outage(day=56, share=1.0),)})
    usual, struck = delays(calm), delays(surge)
    assert usual.max() < 0.3
    # 400 cases at 48 a day take more than eight days.
    assert struck.loc[63] > 3
    assert struck.loc[70] > 1
    assert struck.loc[:56].equals(usual.loc[:56])


def test_unanswered_cases_close_after_thirty_days() -> None:
    scenario = FAILING.model_copy(update={"policy": Policy(answers=False)})
    run = Run(scenario, network_of(scenario)).begin()
    opened: dict[int, int] = {}
    closed = []
    for today in range(80):
        run.advance(today + 1)
        waits = set(np.flatnonzero(run.state.people["case"] >= 0).tolist())
        closed += [today - opened.pop(row) for row in set(opened) - waits]
        opened |= dict.fromkeys(waits - set(opened), today)
    assert set(closed) == {30}
    assert len(closed) > 200
    assert run.state.books["answers"][0] == 0


def test_authority_costs_time_and_a_contact_for_each_case_above_it() -> None:
    policy = Policy(compensation=0.5)
    free = simulate(FAILING.model_copy(update={"policy": policy})).totals
    held = policy.model_copy(update={"authority": 0.4})
    bound = simulate(FAILING.model_copy(update={"policy": held})).totals
    assert free["escalations"] == 0
    assert bound["escalations"] == bound["complaints"]
    assert free["contacts_cost"] == pytest.approx(0.1 * free["complaints"])
    assert bound["contacts_cost"] == pytest.approx(0.2 * bound["complaints"])
    assert bound["mean_delay"] > 4


def test_a_desk_that_opens_on_a_day() -> None:
    """Answers wait ten days until agents come, and are given within the hour from then on."""
    change = PolicyChange(day=60, policy=Policy(agents=50, handling_hours=1.0))
    scenario = FAILING.model_copy(
        update={"policy": Policy(delay=10.0), "policy_changes": (change,)}
    )
    found = delays(scenario)
    assert found.loc[14:56].to_numpy() == pytest.approx(10.0)
    assert found.loc[77:].max() < 0.1
    assert found.loc[77:].min() > 0.02
