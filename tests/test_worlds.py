"""The same world under every policy: what could happen is there whatever did happen."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim import load_scenario, simulate, world
from sim.customer import Customer
from sim.model import ReputationModel
from sim.network import Network
from sim.policy import Policy
from sim.population import Rows, next_need, next_visit
from sim.run import Run, network_of
from sim.scenario import PolicyChange, Scenario
from tests.small_worlds import policies, scenarios, worlds

PLACES = ("case", "altered")
"""Columns that tell nothing of the person."""


def columns(people: Any, rows: Any = slice(None)) -> dict[str, bytes]:
    """Return each column of some people as bytes."""
    names = [name for name in people.dtype.names if name not in PLACES]
    return {name: np.ascontiguousarray(people[name][rows]).tobytes() for name in names}


class Diarist(Customer):
    """Writes down what happened to it, in a list of its model: performed by agents."""

    def visit(self, today: int, world: Any, failure_probability: float) -> Any:
        visit = super().visit(today, world, failure_probability)
        diary_of(self).append((self.row, today, visit[:5] if visit.failed else None))
        return visit


def diary_of(agent: Any) -> list[Any]:
    diary: list[Any] = agent.model.__dict__.setdefault("diary", [])
    return diary


def diary(scenario: Scenario) -> dict[tuple[int, int], Any]:
    """Return by person and day each visit of a run: its failure, or None."""
    model = ReputationModel(scenario, customer=Diarist, performer="agents")
    model.run.advance(scenario.days)
    written = model.__dict__.get("diary", [])
    days = {(row, day): failed for row, day, failed in written}
    assert len(days) == len(written), "somebody visited twice on a day"
    return days


@worlds(60)
@given(scenarios(), policies)
def test_two_policies_meet_the_same_visits_and_failures(scenario: Scenario, other: Policy) -> None:
    """Whoever visits on a day under both is served alike, or fails alike, under both."""
    scenario = scenario.model_copy(
        update={"service": scenario.service.model_copy(update={"learning": 0.0})}
    )
    one = diary(scenario)
    two = diary(scenario.model_copy(update={"policy": other, "policy_changes": ()}))
    for when in one.keys() & two.keys():
        assert one[when] == two[when]


@worlds(40)
@given(scenarios(), policies)
def test_visits_fall_on_days_of_one_fixed_sequence(scenario: Scenario, other: Policy) -> None:
    """Whatever has happened to a person, it visits only on its potential days, and misses none of
    them while it is a customer and does not wait."""
    potential = potential_days(scenario)
    for policy in (scenario.policy, other):
        lived = scenario.model_copy(update={"policy": policy})
        for row, day in diary(lived):
            assert day in potential[row]


def potential_days(scenario: Scenario) -> list[set[int]]:
    """Return everybody's potential visits, from nothing but the founding of the market."""
    run = Run(scenario, network_of(scenario))
    people = Rows(run.state.people.copy())
    potential = []
    for row in range(len(people)):
        day, days = -1, set()
        while day < scenario.days:
            day = next_visit(people[row], day, run.setting.seed)
            days.add(day)
        potential.append(days)
    return potential


def test_no_potential_visit_of_a_customer_who_does_not_wait_is_missed() -> None:
    scenario = Scenario(
        market=world.Market(people=40, customers=1.0),
        service=world.Service(visits_per_month=6, failure_probability=0.2),
        loyalty=world.World().loyalty.model_copy(update={"discount": 0.0, "ordinary_leaving": 0.0}),
        policy=Policy(ease=4, delay=6.0),
        days=90,
    )
    model = ReputationModel(scenario, customer=Diarist, performer="agents")
    waiting = set()
    for today in range(scenario.days):
        rows = np.flatnonzero(model.columns["case"] >= 0)
        waiting |= {(int(row), today) for row in rows}
        model.step()
    visits = {(row, day) for row, day, _ in diary_of(model.agents[0])}
    potential = {
        (row, day) for row, days in enumerate(potential_days(scenario)) for day in days
        if day < scenario.days
    }  # fmt: skip
    assert waiting & potential
    assert visits == potential - waiting


@given(st.integers(0, 2**63 - 1), st.lists(st.integers(0, 300), min_size=1, max_size=20))
@worlds(40)
def test_days_of_visit_and_need_do_not_depend_on_when_they_are_asked_for(
    seed: int, asked: list[int]
) -> None:
    scenario = Scenario(market=world.Market(people=8, need=0.05), seed=seed)
    run = Run(
        scenario, network_of(scenario.model_copy(update={"network": world.Network(kind="none")}))
    )
    often, once = (Rows(run.state.people.copy()) for _ in range(2))
    last = max(asked)
    for row in range(8):
        for today in sorted(asked):
            visit = next_visit(often[row], today, run.setting.seed)
            need = next_need(often[row], today, run.setting.seed, 0.05)
            assert min(visit, need) > today
        assert visit == next_visit(once[row], last, run.setting.seed)
        assert need == next_need(once[row], last, run.setting.seed, 0.05)


@worlds(40)
@given(scenarios(), policies)
def test_up_to_the_first_answer_nothing_differs(scenario: Scenario, other: Policy) -> None:
    """The answer apart, two policies are the same until the first answer arrives: `ease` and
    `proactive` decide whether there is a case at all, so they are the same here."""
    scenario = scenario.model_copy(update={"policy_changes": ()})
    other = other.model_copy(
        update={name: getattr(scenario.policy, name) for name in ("ease", "proactive", "replies")}
    )
    runs = [
        ReputationModel(scenario.model_copy(update={"policy": policy})).run
        for policy in (scenario.policy, other)
    ]
    for today in range(scenario.days):
        for run in runs:
            run.advance(today + 1)
        closed = [
            int(run.state.books["complaints"][0] + run.state.books["noticed"][0])
            - int((run.state.people["case"] >= 0).sum())
            for run in runs
        ]
        if any(closed):
            return
        assert columns(runs[0].state.people) == columns(runs[1].state.people)


LIVELY = Scenario(
    market=world.Market(people=300, need=0.05),
    service=world.Service(visits_per_month=6, failure_probability=0.2),
    policy=Policy(ease=3, compensation=0.3, delay=2.0, proactive=0.2, apology=0.5),
    days=90,
)
SILENT = LIVELY.model_copy(
    update={
        "voice": LIVELY.voice.model_copy(update={"constant": -20.0, "severity": 0.0, "ease": 0.0}),
        "policy": Policy(),
    }
)


def of(scenario: Scenario, **sections: dict[str, Any]) -> Scenario:
    """Return a scenario with some parameters of some sections changed."""
    changes = {
        name: getattr(scenario, name).model_copy(update=values) for name, values in sections.items()
    }
    return scenario.model_copy(update=changes)


IDLE = [
    pytest.param(SILENT, {"policy": {lever: value}}, id=f"{lever} when nobody complains")
    for lever, value in {
        "compensation": 2.0, "compensation_per_severity": 1.0, "delay": 30.0, "fix": 0.0,
        "apology": 1.0, "empathy": 1.0, "excuse": 1.0, "follow_up": 1.0, "updates": 1.0, "options": 1.0,
        "authority": 0.0, "unresolved": 1.0, "agents": 3, "answers": False, "ease": 6.0,
        "cost_per_contact": 5.0,
    }.items()
] + [
    pytest.param(LIVELY, {"policy": {"handling_hours": 99.0}}, id="handling without a desk"),
    pytest.param(LIVELY, {"policy": {"escalation_days": 99.0}}, id="escalation without a limit"),
    pytest.param(LIVELY, {"justice": {"options_weight": 1.0}}, id="options that nobody is given"),
    pytest.param(of(LIVELY, justice={"options_weight": 0.0}), {"policy": {"options": 1.0}},
                 id="options that nobody cares for"),
    pytest.param(LIVELY, {"policy": {"authority": 0.3}}, id="authority that suffices"),
    pytest.param(LIVELY, {"policy": {"replies": 0.5}, "reviews": {"enabled": False}},
                 id="replies without reviews"),
    pytest.param(of(LIVELY, talk={"enabled": False}),
                 {"talk": {"failure": 99.0, "retold": 0.9, "negativity": 2.0, "weak_ties": 1.0}},
                 id="talk when nobody talks"),
    pytest.param(of(LIVELY, talk={"retelling": False}),
                 {"talk": {"retold": 0.9, "retold_negativity": 2.0, "hops": 50}},
                 id="retelling when nobody retells"),
    pytest.param(of(LIVELY, talk={"bad_stories": False}),
                 {"talk": {"failure": 99.0, "negativity": 2.0, "customers_bad": 1.0}},
                 id="bad stories when none are told"),
    pytest.param(LIVELY, {"money": {"margin": 0.9, "price": 30.0, "value_spread": 2.0}},
                 id="money buys no loyalty"),
    pytest.param(LIVELY, {"recovery": {"gratitude_half_life": 5.0}}, id="gratitude of no weight"),
    pytest.param(of(LIVELY, policy={"answers": False}), {"policy": {"compensation": 3.0, "fix": 0.0,
                 "delay": 9.0, "apology": 1.0}}, id="levers of a firm that does not answer"),
]  # fmt: skip


@pytest.mark.parametrize(("scenario", "change"), IDLE)
def test_a_lever_that_cannot_act_changes_no_bit(
    scenario: Scenario, change: dict[str, dict[str, Any]]
) -> None:
    if "reviews" in change:
        scenario = of(scenario, reviews=change["reviews"])
    before, after = simulate(scenario), simulate(of(scenario, **change))
    assert before.totals["failures"] > 50
    ignored = {"gratitude"} if "recovery" in change else set()
    left, right = columns(before.population), columns(after.population)
    assert {name for name in left if left[name] != right[name]} <= ignored
    if "money" not in change:
        assert before.rows.tobytes() == after.rows.tobytes()


def test_a_lever_that_can_act_does() -> None:
    """The tests above could not fail if nothing ever changed anything."""
    base = simulate(LIVELY).digest
    for lever, value in {"compensation": 0.4, "delay": 2.5, "apology": 0.6, "ease": 3.1,
                         "unresolved": 0.1, "authority": 0.1, "agents": 1}.items():  # fmt: skip
        assert simulate(of(LIVELY, policy={lever: value})).digest != base, lever


QUIET_MARKET = of(LIVELY, talk={"enabled": False}, reviews={"enabled": False})


@pytest.mark.parametrize("row", [0, 17, 299])
def test_a_policy_that_differs_for_one_customer_changes_that_row_alone(row: int) -> None:
    generous = LIVELY.policy.model_copy(
        update={"ease": 6.0, "compensation": 1.0, "apology": 1.0, "empathy": 1.0, "delay": 0.0}
    )
    others = np.arange(300) != row
    usual = simulate(QUIET_MARKET)
    treated = simulate(QUIET_MARKET, treated={row: generous})
    left, right = columns(usual.population, others), columns(treated.population, others)
    left.pop("policy"), right.pop("policy")
    assert left == right


def test_treatment_acts_on_those_who_are_treated() -> None:
    rude = Policy(excuse=1.0, fix=0.0, ease=6.0, delay=20.0)
    half = dict.fromkeys(range(0, 300, 2), rude)
    usual, treated = simulate(QUIET_MARKET), simulate(QUIET_MARKET, treated=half)
    for first, same in ((0, False), (1, True)):
        rows = slice(first, None, 2)
        one = usual.population["satisfaction"][rows]
        other = treated.population["satisfaction"][rows]
        assert (one.tobytes() == other.tobytes()) is same
        if not same:
            assert other.mean() < one.mean()


def test_treating_by_the_policy_in_force_changes_nothing_but_the_mark() -> None:
    usual = simulate(LIVELY)
    treated = simulate(LIVELY, treated={4: LIVELY.policy, 9: LIVELY.policy})
    left, right = columns(usual.population), columns(treated.population)
    assert {name for name in left if left[name] != right[name]} == {"policy"}
    assert usual.rows.tobytes() == treated.rows.tobytes()


@pytest.mark.parametrize("kind", ["small_world", "none", "complete"])
def test_one_more_isolated_person_changes_nobody_else(kind: Any) -> None:
    """Told of nothing and telling nobody; the market is drawn from in no other way."""
    scenario = of(LIVELY, talk={"weak_ties": 0.0}, reviews={"enabled": False})
    scenario = of(scenario, market={"people": 120}, network={"kind": kind})
    ties = network_of(scenario)
    more = Network(np.append(ties.offsets, ties.offsets[-1]), ties.neighbours)
    fewer, one_more = simulate(scenario, ties), simulate(scenario, more)
    assert len(one_more.population) == 121
    assert columns(fewer.population) == columns(one_more.population, slice(120))
    last = one_more.population[120]
    assert one_more.totals["visits"] == fewer.totals["visits"] + last["visits"]


def test_talk_changes_no_visit_before_it_can_matter() -> None:
    """What is heard reaches a customer's loyalty only where its weight says so."""
    talking, silent = simulate(LIVELY), simulate(of(LIVELY, talk={"enabled": False}))
    always = np.flatnonzero(
        (talking.population["founding"] == 1)
        & (talking.population["status"] == 1) & (silent.population["status"] == 1)
    )  # fmt: skip
    never_left = [row for row in always if talking.population["since"][row] <= 0
                  and silent.population["since"][row] <= 0]  # fmt: skip
    assert len(never_left) > 50
    for name in ("visits", "failures", "satisfaction", "expectation", "visit_day"):
        left, right = (o.population[name][never_left] for o in (talking, silent))
        assert left.tobytes() == right.tobytes(), name
    assert (talking.population["opinion"] != 0).any()
    assert not (silent.population["opinion"] != 0).any()


def test_a_change_of_policy_changes_nothing_before_its_day() -> None:
    rude = Policy(excuse=1.0, fix=0.0, delay=9.0)
    changes = (PolicyChange(day=40, policy=rude),)
    usual = simulate(LIVELY.model_copy(update={"measure_every": 1}))
    changed = simulate(LIVELY.model_copy(update={"measure_every": 1, "policy_changes": changes}))
    assert usual.rows[:41].tobytes() == changed.rows[:41].tobytes()
    assert usual.rows[60].tobytes() != changed.rows[60].tobytes()


def test_an_outage_changes_nothing_before_its_day_and_nothing_for_those_it_spares() -> None:
    outage = of(QUIET_MARKET).model_copy(update={"outages": (world.Outage(day=30, share=0.4),)})
    usual, struck = simulate(QUIET_MARKET), simulate(outage)
    assert usual.rows[usual.rows["day"] <= 30].tobytes() == (
        struck.rows[struck.rows["day"] <= 30].tobytes()
    )
    more = struck.population["failures"] != usual.population["failures"]
    assert 50 < more.sum() < 250
    untouched = ~more & (usual.population["visits"] == struck.population["visits"])
    assert columns(usual.population, untouched) == columns(struck.population, untouched)


def test_the_seed_reaches_everything() -> None:
    one, other = simulate(LIVELY), simulate(LIVELY.model_copy(update={"seed": 2}))
    assert one.ties.neighbours.tobytes() != other.ties.neighbours.tobytes()
    for name in ("visit_rate", "status", "since", "visit_day", "satisfaction", "opinion"):
        assert one.population[name].tobytes() != other.population[name].tobytes(), name


def test_the_same_scenario_is_the_same_run() -> None:
    scenario = load_scenario("bakery", {"market.people": 400}, days=60)
    assert simulate(scenario).digest == simulate(scenario).digest


@pytest.mark.parametrize("kind", ["small_world", "scale_free", "random", "communities", "none"])
@pytest.mark.parametrize("seed", [0, 2**63 - 1, 2**63, 2**64 - 1])
def test_every_seed_that_is_allowed_makes_a_world(kind: Any, seed: int) -> None:
    """From 0 to the last number of 64 bits, whatever the network."""
    scenario = of(LIVELY, network={"kind": kind, "community_size": 20}, market={"people": 60})
    made = simulate(scenario.model_copy(update={"seed": seed, "days": 3}))
    near = simulate(scenario.model_copy(update={"seed": seed ^ 1, "days": 3}))
    assert made.digest != near.digest
