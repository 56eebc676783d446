"""The model as a Mesa model: steps, agents, sets of agents, collectors, and letting go."""

import gc
import weakref
from typing import Any

import mesa
import networkx as nx
import numpy as np
import pytest
from mesa.agent import AgentSet
from mesa.datacollection import DataCollector

import sim
from sim import ReputationModel, load_scenario, simulate, world
from sim.customer import Customer
from sim.network import Network
from sim.policy import Policy
from sim.scenario import Scenario

SMALL = Scenario(market=world.Market(people=60), days=30, measure_every=5)


def test_a_step_is_a_day() -> None:
    model = ReputationModel(SMALL)
    assert isinstance(model, mesa.Model)
    for day in range(1, 31):
        assert model.running
        model.step()
        assert (model.steps, model.run.today, model.today) == (day, day, day - 1)
    assert not model.running
    assert model.outcome.digest == simulate(SMALL).digest


def test_a_model_stops_running_on_its_last_day() -> None:
    model = ReputationModel(SMALL)
    while model.running:
        model.step()
    assert model.steps == SMALL.days


def test_a_model_may_be_watched_beyond_its_last_day() -> None:
    model = ReputationModel(SMALL)
    for _ in range(35):
        model.step()
    assert model.outcome.series["day"].iloc[-1] == 35
    assert model.outcome.digest == simulate(SMALL.model_copy(update={"days": 35})).digest


@pytest.mark.parametrize("performer", ["compiled", "agents"])
def test_steps_are_the_same_by_either_performer(performer: Any) -> None:
    model = ReputationModel(SMALL, performer=performer)
    for _ in range(SMALL.days):
        model.step()
    assert model.outcome.digest == simulate(SMALL).digest


# Agents are made when asked for.


def test_a_compiled_run_makes_no_agents() -> None:
    model = ReputationModel(SMALL)
    model.step()
    model.agents.get("satisfaction")
    model.agents.agg("satisfaction", np.mean)
    assert len(model.agents) == 60
    assert model.people._made == {}
    assert model.agents[3].row == 3
    assert set(model.people._made) == {3}


def test_an_agent_is_the_same_object_whenever_it_is_asked_for() -> None:
    model = ReputationModel(SMALL)
    agent = model.agents[5]
    agent.nickname = "Ana"
    assert model.agents[5] is agent
    assert next(a for a in model.agents if a.row == 5) is agent
    assert agent in model.agents
    assert model.agents[5].nickname == "Ana"
    assert ReputationModel(SMALL).agents[5] not in model.agents
    assert [a.row for a in model.agents[2:5]] == [2, 3, 4]
    assert model.agents[-1].row == 59
    with pytest.raises(IndexError):
        model.agents[60]


def test_agents_are_not_registered_with_mesa() -> None:
    before = len(mesa.Agent._ids)
    model = ReputationModel(SMALL, performer="agents")
    model.step()
    assert len(list(model.agents)) == 60
    assert len(mesa.Agent._ids) == before
    assert sorted(agent.unique_id for agent in model.agents) == list(range(1, 61))


# Sets of agents.


@pytest.fixture
def model() -> ReputationModel:
    made = ReputationModel(SMALL)
    for _ in range(10):
        made.step()
    return made


def test_selecting(model: ReputationModel) -> None:
    customers = model.agents.select(lambda person: person.standing == "customer")
    assert isinstance(customers, AgentSet)
    assert {a.row for a in customers} == set(np.flatnonzero(model.columns["status"] == 1).tolist())
    assert len(model.agents.select(at_most=7)) == 7
    assert len(model.agents.select(agent_type=Customer)) == 60
    assert len(model.agents.select(lambda a: a.row % 2 == 0, at_most=0.5)) == 30


def test_aggregating(model: ReputationModel) -> None:
    satisfaction = model.columns["satisfaction"]
    assert model.agents.agg("satisfaction", np.mean) == satisfaction.mean()
    assert model.agents.agg("satisfaction", [min, max]) == [satisfaction.min(), satisfaction.max()]


def test_getting_and_setting(model: ReputationModel) -> None:
    assert model.agents.get("satisfaction") == model.columns["satisfaction"].tolist()
    both = model.agents.get(["row", "visits"])
    assert both == [[row, int(visits)] for row, visits in enumerate(model.columns["visits"])]
    assert model.agents.get("hat", handle_missing="default", default_value=7) == [7] * 60
    with pytest.raises(AttributeError):
        model.agents.get("hat")
    model.agents.set("opinion", 0.25)
    assert (model.columns["opinion"] == 0.25).all()
    model.agents.select(lambda a: a.row < 3).set("opinion", -1.0)
    assert model.columns["opinion"][:4].tolist() == [-1.0, -1.0, -1.0, 0.25]


def test_sorting_and_grouping(model: ReputationModel) -> None:
    rates = [agent.visit_rate for agent in model.agents.sort("visit_rate", ascending=True)]
    assert rates == sorted(model.columns["visit_rate"].tolist())
    groups = model.agents.groupby("standing")
    sizes = groups.count()
    assert sum(sizes.values()) == 60
    assert sizes["customer"] == (model.columns["status"] == 1).sum()
    lists = model.agents.groupby("status", result_type="list").groups
    assert {agent.row for part in lists.values() for agent in part} == set(range(60))


def test_doing_and_mapping(model: ReputationModel) -> None:
    seen: list[int] = []
    model.agents.do(lambda agent: seen.append(agent.row))
    assert seen == list(range(60))
    seen.clear()
    model.agents.shuffle_do(lambda agent: seen.append(agent.row))
    assert seen != list(range(60))
    assert sorted(seen) == list(range(60))
    assert model.agents.map(lambda agent: agent.row) == list(range(60))
    assert model.agents.map("__hash__")[0] == hash(model.agents[0])
    shuffled = model.agents.shuffle()
    assert sorted(a.row for a in shuffled) == list(range(60))
    assert [a.row for a in model.agents] == list(range(60))


def test_what_an_agent_is_given_the_model_runs_with() -> None:
    """A student who makes everybody unhappy loses customers, whoever performs."""
    left = []
    for performer in ("compiled", "agents"):
        model = ReputationModel(SMALL, performer=performer)
        model.agents.set("satisfaction", -1.0)
        for _ in range(30):
            model.step()
        left.append(model.outcome.digest)
    assert left[0] == left[1] != simulate(SMALL).digest


def test_membership_is_fixed_and_says_so(model: ReputationModel) -> None:
    agent = model.agents[0]
    for attempt in (
        lambda: model.agents.add(agent),
        lambda: model.agents.discard(agent),
        lambda: model.agents.remove(agent),
        lambda: model.agents.shuffle(inplace=True),
        lambda: model.agents.sort("row", inplace=True),
        lambda: model.agents.select(lambda a: a.row < 5, inplace=True),
    ):
        with pytest.raises(TypeError, match="fixed"):
            attempt()
    assert len(model.agents) == 60


@pytest.mark.parametrize("attempt", [
    pytest.param(lambda m: m.agents[0].remove(), id="agent.remove"),
    pytest.param(lambda m: m.register_agent(m.agents[0]), id="register_agent"),
    pytest.param(lambda m: m.deregister_agent(m.agents[0]), id="deregister_agent"),
    pytest.param(lambda m: m.remove_all_agents(), id="remove_all_agents"),
    pytest.param(lambda m: Customer.create_agents(m, 3), id="create_agents"),
])  # fmt: skip
def test_nobody_enters_or_leaves_by_another_door(model: ReputationModel, attempt: Any) -> None:
    with pytest.raises(TypeError):
        attempt(model)
    assert len(model.agents) == 60
    assert len(list(model.agents)) == 60


def test_types_of_agents(model: ReputationModel) -> None:
    assert model.agent_types == [Customer]
    assert list(model.agents_by_type) == [Customer]
    assert len(model.agents_by_type[Customer]) == 60


# Collectors.


def test_a_data_collector() -> None:
    model = ReputationModel(SMALL)
    collector = DataCollector(
        model_reporters={
            "reputation": lambda m: m.level("reputation"),
            "customers": lambda m: len(m.agents.select(lambda a: a.standing == "customer")),
        },
        agent_reporters={"satisfaction": "satisfaction", "aware": lambda a: a.aware},
    )
    for _ in range(10):
        model.step()
        collector.collect(model)
    table = collector.get_model_vars_dataframe()
    assert len(table) == 10
    assert table["customers"].iloc[-1] == (model.columns["status"] == 1).sum()
    assert table["reputation"].iloc[4] == model.outcome.series["reputation"].iloc[1]
    agents = collector.get_agent_vars_dataframe()
    assert len(agents) == 600
    last = agents.xs(10, level="Step")["satisfaction"]
    assert last.tolist() == model.columns["satisfaction"].tolist()


def test_watching_changes_nothing() -> None:
    watched = ReputationModel(SMALL)
    for _ in range(SMALL.days):
        watched.level("nps")
        watched.agents.agg("satisfaction", np.mean)
        watched.step()
        _ = watched.outcome.series
    assert watched.outcome.digest == simulate(SMALL).digest


def test_a_level_that_does_not_exist(model: ReputationModel) -> None:
    with pytest.raises(KeyError, match="reputation"):
        model.level("fame")


# Making models.


def test_models_are_rebuilt_from_keywords_as_a_page_does() -> None:
    """SolaraViz keeps the class and its keywords, and makes the model anew on reset."""
    keywords = {"market__people": 80, "policy": "fast", "talk__enabled": False, "seed": 9}
    one, other = (type(ReputationModel(**keywords))(**keywords) for _ in range(2))
    for made in (one, other):
        assert made.settings.policy_name == "fast"
        assert len(made.agents) == 80
        assert made.settings.seed == 9
        assert not made.settings.talk.enabled
        for _ in range(5):
            made.step()
    assert one.outcome.digest == other.outcome.digest


def test_wrong_keywords_are_told_as_a_files_are() -> None:
    with pytest.raises(sim.InputError, match=r"market\.peeple"):
        ReputationModel(market__peeple=80)
    with pytest.raises(TypeError, match="name"):
        ReputationModel(SMALL, market__people=80)


def test_a_networkx_graph_sets_the_people() -> None:
    graph = nx.karate_club_graph()
    model = ReputationModel(SMALL, network=graph)
    assert len(model.agents) == 34
    model.step()
    assert nx.utils.graphs_equal(model.outcome.network, nx.Graph(graph.edges))
    assert simulate(SMALL, network=graph).digest == (
        simulate(SMALL, network=Network.from_networkx(graph)).digest
    )


def test_a_scenario_by_name_is_the_scenario() -> None:
    model = ReputationModel("bakery", market__people=100)
    assert model.settings == load_scenario("bakery", {"market.people": 100})


def test_some_people_may_be_treated_otherwise() -> None:
    rude = Policy(excuse=1.0)
    model = ReputationModel(SMALL, treated={1: rude, 5: rude, 7: Policy()})
    assert np.flatnonzero(model.columns["policy"]).tolist() == [1, 5, 7]
    assert model.columns["policy"][1] == model.columns["policy"][5] != model.columns["policy"][7]


def test_treating_somebody_who_is_not_there() -> None:
    with pytest.raises((IndexError, ValueError)):
        ReputationModel(SMALL, treated={60: Policy()})


# Letting go.


@pytest.mark.parametrize("performer", ["compiled", "agents"])
def test_a_model_that_is_done_with_is_let_go(performer: Any) -> None:
    model = ReputationModel(SMALL, performer=performer)
    agent = model.agents[0]
    agent.nickname = "Ana"
    for _ in range(3):
        model.step()
    list(model.agents.select(lambda a: a.row < 5))
    gone = weakref.ref(model), weakref.ref(agent), weakref.ref(model.columns)
    del model, agent
    gc.collect()
    assert [what() for what in gone] == [None, None, None]
