"""Twins: compiled code and Mesa agents leave the same bytes, after every phase of every day."""

import warnings
from collections import Counter
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim import load_scenario, simulate, world
from sim.customer import Customer, Visit, be_served
from sim.draws import Purpose, normal, uniform
from sim.model import ReputationModel
from sim.policy import Policy
from sim.population import SERVED
from sim.scenario import Scenario
from sim.shipped import shipped
from tests.lockstep import Lived, difference, side_by_side
from tests.small_worlds import policies, scenarios, worlds

COUNTED = (
    "visits", "failures", "complaints", "noticed", "silent", "answers", "first_contacts",
    "delighted", "escalations", "good_heard", "bad_heard", "leavers", "joiners", "reviews",
)  # fmt: skip


def assert_twins(scenario: Scenario, **options: Any) -> np.ndarray[Any, Any]:
    """Assert that both performers agree after every phase; return the books at the end."""
    compiled, agents = Lived(scenario, **options), Lived(scenario, "agents", **options)
    for when in side_by_side(compiled, agents):
        assert difference(compiled.state, agents.state) == "", when
    assert compiled.run.outcome().digest == agents.run.outcome().digest
    return compiled.state.books[0]


@worlds(30)
@given(scenarios())
def test_days_on_end_are_phases_one_by_one(scenario: Scenario) -> None:
    lived = Lived(scenario)
    for _ in side_by_side(lived, Lived(scenario)):
        pass
    whole = simulate(scenario)
    assert whole.digest == lived.run.outcome().digest
    assert whole.digest == simulate(scenario, performer="agents").digest


def test_compiled_and_agents_are_the_same_bytes_after_every_phase() -> None:
    """On 200 random small worlds, in which, taken together, everything happens."""
    seen: Counter[str] = Counter()
    tried = 0

    @worlds(200)
    @given(scenarios(), st.dictionaries(st.integers(0, 5), policies, max_size=1), st.booleans())
    def twins(scenario: Scenario, treated: dict[int, Policy], cramped: bool) -> None:
        nonlocal tried
        tried += 1
        books = assert_twins(scenario, treated=treated, cramped=cramped)
        seen.update(name for name in COUNTED if books[name])

    twins()
    assert tried >= 200
    assert {name: seen[name] for name in COUNTED if seen[name] < 20} == {}


@pytest.mark.parametrize("name", sorted(shipped("scenarios")))
def test_shipped_scenarios_shrunk(name: str) -> None:
    scenario = load_scenario(name, {"market.people": 80}, days=40)
    assert_twins(scenario)


@pytest.mark.parametrize("name", sorted(shipped("policies")))
def test_shipped_policies_in_a_clumsy_bakery(name: str) -> None:
    scenario = load_scenario(
        "bakery", {"market.people": 40, "service.failure_probability": 0.3}, policy=name, days=30
    )
    books = assert_twins(scenario)
    assert books["failures"] > 5


BUSY = Scenario(
    market=world.Market(people=50, need=0.1),
    service=world.Service(visits_per_month=10, failure_probability=0.3, learning=0.01),
    policy=Policy(ease=4, compensation=0.5, apology=0.5, agents=1, handling_hours=30),
    policy_name="busy",
    days=40,
)


@pytest.mark.parametrize("change", [
    pytest.param({"outages": (world.Outage(day=3), world.Outage(day=20, share=0.5))},
                 id="everybody fails at once"),
    pytest.param({"service": world.Service(visits_per_month=0.05, failure_probability=0.5),
                  "days": 700, "measure_every": 50}, id="visits farther off than the ring"),
    pytest.param({"policy": Policy(ease=6, delay=1000.0), "days": 1100, "measure_every": 100,
                  "market": world.Market(people=12)}, id="answers a thousand days away"),
    pytest.param({"talk": world.Talk(half_life=300.0, failure=60.0), "days": 400,
                  "market": world.Market(people=15), "measure_every": 40},
                 id="tales farther off than the ring"),
])  # fmt: skip
def test_a_state_that_has_grown(change: dict[str, Any]) -> None:
    assert_twins(BUSY.model_copy(update=change), cramped=True)


def test_people_who_bring_and_follow_each_other() -> None:
    everybody = {
        "market": world.Market(people=200, need=0.2),
        "colleagues": world.Colleagues(share=0.3, influence=0.5),
        "referral": world.Referral(enabled=True, share=0.4, follow=0.9, at_start=1.0),
        "loyalty": BUSY.loyalty.model_copy(update={"ordinary_leaving": 0.05}),
        "policy": Policy(ease=4),
    }
    books = assert_twins(BUSY.model_copy(update=everybody), cramped=True)
    assert books["followers"] > 5
    assert books["joiners"] > 50


def test_a_life_of_failures_under_the_steepest_loyalty() -> None:
    """Log-odds below -709 overflow an exponential; either performer must take them for never."""
    scenario = BUSY.model_copy(
        update={
            "market": world.Market(people=6, customers=1.0),
            "network": world.Network(kind="none"),
            "service": world.Service(visits_per_month=30, visits_shape=1000, failure_probability=1),
            "loss": BUSY.loss.model_copy(update={"memory_half_life": 10_000.0}),
            "loyalty": BUSY.loyalty.model_copy(update={"failures": 5.0, "discount": 0.0}),
            "talk": world.Talk(enabled=False),
            "policy": Policy(),
            "days": 240,
            "measure_every": 60,
        }
    )
    books = assert_twins(scenario)
    assert books["failures"] > 6 * 200


@worlds(30)
@given(scenarios(longest=30), st.data())
def test_a_run_continued_day_by_day_is_the_run_to_its_end(scenario: Scenario, data: Any) -> None:
    performer = data.draw(st.sampled_from(["compiled", "agents"]))
    stops = data.draw(st.lists(st.integers(0, scenario.days), max_size=3))
    run = Lived(scenario, performer).run
    for day in sorted(stops):
        run.advance(day)
        run.outcome()
    for day in range(run.today, scenario.days):
        run.advance(day + 1)
        run.measured()
    assert run.outcome().digest == simulate(scenario).digest


class Moody(Customer):
    """Never fails but has bad days, and never leaves: overridden in code that Numba can compile."""

    def visit(self, today: int, world: Any, failure_probability: float) -> Visit:
        self.moment = SERVED
        quality = 0.1 * normal(world.seed, self.row, today, Purpose.REVIEW)
        if uniform(world.seed, self.row, today, Purpose.TYPE) < 0.5:
            quality -= 0.2
        return be_served(self, quality, world)

    def stay(self, today: int, world: Any) -> bool:
        return True


class Historian(Customer):
    """Keeps a diary of its own, which no column holds: only an agent can."""

    def visit(self, today: int, world: Any, failure_probability: float) -> Visit:
        visit = super().visit(today, world, failure_probability)
        self.diary = [*getattr(self, "diary", []), (today, visit.failed)]
        return visit


class Listing(Customer):
    """Stays, and writes that down in a list of the module."""

    def stay(self, today: int, world: Any) -> bool:
        STAYED.append((today, self.row))
        return True


STAYED: list[tuple[int, int]] = []

PLAIN = Scenario(
    market=world.Market(people=40),
    service=world.Service(visits_per_month=10, failure_probability=0.2),
    days=30,
)


def test_a_subclass_that_can_be_compiled_is() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model = ReputationModel(PLAIN, customer=Moody)
        model.run.advance(PLAIN.days)
    assert model.run.compiled
    assert model.people._made == {}
    assert model.outcome.digest == simulate(PLAIN, performer="agents", customer=Moody).digest


def test_an_override_changes_what_it_should() -> None:
    usual = simulate(PLAIN)
    moody = simulate(PLAIN, performer="agents", customer=Moody)
    assert usual.totals["leavers"] > 0 and usual.totals["failures"] > 0
    assert (moody.totals["leavers"], moody.totals["failures"]) == (0, 0)
    # Those who never came are untouched by how others are served, save by what they are told.
    assert (moody.population["visit_rate"] == usual.population["visit_rate"]).all()
    assert moody.final["satisfaction"] != usual.final["satisfaction"]


@pytest.mark.parametrize("kind", [Historian, Listing])
def test_a_subclass_that_cannot_be_compiled_is_performed_by_agents(kind: type[Customer]) -> None:
    STAYED.clear()
    with pytest.warns(UserWarning) as caught:
        model = ReputationModel(PLAIN, customer=kind)
        model.run.advance(PLAIN.days)
    assert len(caught) == 1
    message = str(caught[0].message)
    assert kind.__name__ in message and "\n" not in message
    assert not model.run.compiled
    if kind is Historian:
        assert model.outcome.digest == simulate(PLAIN).digest
        visits = model.columns["visits"].tolist()
        assert [len(getattr(agent, "diary", [])) for agent in model.agents] == visits
        assert (
            sum(failed for a in model.agents for _, failed in getattr(a, "diary", []))
            == (model.outcome.totals["failures"])
        )
    else:
        assert model.outcome.totals["leavers"] == 0
        assert STAYED


def test_agents_of_a_subclass_are_asked_even_for_state_of_their_own() -> None:
    """The behaviours of one agent may be replaced on the agent itself, as students try things."""
    model = ReputationModel(PLAIN, performer="agents")
    heard: list[int] = []
    agent = model.agents[3]
    agent.hear = lambda letter, today, world: heard.append(today) or 0.0
    model.run.advance(PLAIN.days)
    assert heard == sorted(heard)
    assert model.columns["opinion"][3] == 0.0
