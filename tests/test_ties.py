"""Layers of the network: who is whose colleague, how tellings are shared out, and what is left as it was."""

from collections import Counter
from types import SimpleNamespace
from typing import Any

import networkx as nx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from experiments.laboratory.genealogy import TELLING, trace
from sim import load_scenario, simulate, world
from sim.customer import Customer
from sim.model import ReputationModel
from sim.network import build_network
from sim.run import network_of
from sim.scenario import Scenario
from sim.setting import interpreted, new_setting
from sim.state import Ties
from sim.ties import (
    COLLEAGUE,
    REFERRAL,
    STRONG,
    TIE_NAMES,
    WEAK,
    Layers,
    colleague_of,
    new_bonds,
    within,
)

LAST = 1 - 2.0**-53

BAKERY = load_scenario(
    "bakery", {"market.people": 600, "service.failure_probability": 0.1}, days=90
)


def told(scenario: Scenario) -> np.ndarray[Any, Any]:
    pages = [np.zeros(0, TELLING)]
    trace(scenario, network_of(scenario), pages.append)
    return np.concatenate(pages)


def with_colleagues(scenario: Scenario, **keys: Any) -> Scenario:
    return scenario.model_copy(update={"colleagues": world.Colleagues(**keys)})


@given(st.integers(1, 80), st.integers(2, 20))
def test_a_team_is_a_clique_of_its_size_and_everybody_is_in_one(people: int, size: int) -> None:
    graph = nx.Graph()
    graph.add_nodes_from(range(people))
    for row in range(people):
        draws = [(i + 0.5) / (2 * people) for i in range(2 * people)]
        found = {colleague_of(row, which, people, size) for which in (0.0, *draws, 1.0)} - {-1}
        assert row not in found and found <= set(range(people))
        graph.add_edges_from((row, other) for other in found)
    teams = [len(team) for team in nx.connected_components(graph)]
    assert len(teams) == -(-people // size)
    assert max(teams) <= size and max(teams) - min(teams) <= 1
    assert graph.number_of_edges() == sum(n * (n - 1) // 2 for n in teams)


def test_every_colleague_is_as_likely() -> None:
    drawn = Counter(colleague_of(7, (i + 0.5) / 1000, 23, 6) for i in range(1000))
    assert sum(drawn.values()) == 1000 and 7 not in drawn
    assert set(drawn.values()) == {250}


@given(st.floats(2.0**-53, LAST), st.floats(0, 1))
def test_a_number_is_uniform_again_on_either_side(which: float, share: float) -> None:
    inside, again = within(which, share)
    assert inside == (which < share or share == 1.0)
    assert 0 <= again <= 1
    assert within(which, 0.0) == (False, which)


def test_colleagues_are_seldom_friends_as_well() -> None:
    """Where friends stand side by side, teams do not (Verbrugge 1979)."""
    for kind in ("small_world", "communities"):
        ties = build_network(world.Network(kind=kind, rewiring=0.0, bridging=0.0), 1000, 1)
        friends = {
            (row, int(other))
            for row in range(1000)
            for other in ties.neighbours[ties.offsets[row] : ties.offsets[row + 1]]
        }
        colleagues = {
            (row, colleague_of(row, i / 10, 1000, 5)) for row in range(1000) for i in range(10)
        }
        assert len(colleagues) == 4000
        assert not friends & colleagues


def setting(**colleagues: Any) -> Any:
    made = world.World(colleagues=world.Colleagues(**colleagues))
    return interpreted(new_setting(made, 1, 100, 7))


@pytest.mark.parametrize("share", [0.0, 1e-12, 0.3, 1 - 1e-12, 1.0])
def test_every_draw_leads_to_somebody(share: float, monkeypatch: pytest.MonkeyPatch) -> None:
    where = setting(share=share)
    network = Ties(np.array([0, 3]), np.array([5, 6, 7]), Layers(new_bonds(0)))
    story = SimpleNamespace(teller=0, keyed=3, tag=0)
    edge = 0.35 + 0.65 * share
    for luck in (
        2.0**-53,
        0.2,
        0.36,
        0.5,
        np.nextafter(edge, 0),
        edge,
        np.nextafter(edge, 1),
        LAST,
    ):
        luck = min(luck, LAST)
        monkeypatch.setattr("sim.customer.uniforms", lambda *_, luck=luck: (luck, 0.5))
        got = Customer.tell(SimpleNamespace(row=0), story, 0, where, network)
        expected = {STRONG: {5, 6, 7}, COLLEAGUE: {20, 40, 60, 80}, WEAK: {-1, *range(1, 100)}}
        assert got.listener in expected[got.tie], luck
        assert (got.tie == WEAK) == (luck < 0.35)


def test_tellings_are_shared_out_as_set() -> None:
    """65% along lasting ties, of which 40% at work; whom it is told to by chance stays the same."""
    tellings = told(with_colleagues(BAKERY, share=0.4))
    counts = np.bincount(tellings["tie"], minlength=3) / len(tellings)
    expected = {WEAK: 0.35, COLLEAGUE: 0.65 * 0.4, STRONG: 0.65 * 0.6}
    spread = 4 * np.sqrt(0.25 / len(tellings))
    assert len(tellings) > 3000
    assert all(abs(counts[tie] - share) < spread for tie, share in expected.items())


def test_without_a_share_teams_change_nothing() -> None:
    for keys in ({"team_size": 2}, {"influence": 0.0}, {"share": 0.0, "team_size": 50}):
        assert simulate(with_colleagues(BAKERY, **keys)).digest == simulate(BAKERY).digest
    assert simulate(with_colleagues(BAKERY, share=0.1)).digest != simulate(BAKERY).digest


def test_news_stays_in_its_team_where_nobody_talks_elsewhere() -> None:
    """All talk at work, and no weak ties: whoever hears works with whom it befell."""
    scenario = with_colleagues(BAKERY, share=1.0, team_size=6).model_copy(
        update={"talk": BAKERY.talk.model_copy(update={"weak_ties": 0.0})}
    )
    tellings = told(scenario)
    assert (tellings["tie"] == COLLEAGUE).all() and len(tellings) > 1000
    assert (tellings["listener"] % 100 == tellings["origin_person"] % 100).all()


def test_a_colleague_moves_as_much_more_as_its_influence_says() -> None:
    """Twice the influence, twice the opinions, where opinions move nobody's deeds."""
    base = BAKERY.model_copy(
        update={
            "talk": BAKERY.talk.model_copy(update={"weak_ties": 0.0, "influence": 0.01}),
            "market": BAKERY.market.model_copy(update={"need": 0.0}),
        }
    )
    one = simulate(with_colleagues(base, share=1.0, influence=1.0)).population
    two = simulate(with_colleagues(base, share=1.0, influence=2.0)).population
    assert np.abs(one["opinion"]).max() > 0.005
    np.testing.assert_allclose(two["opinion"], 2 * one["opinion"], atol=1e-10)


def test_agents_know_their_colleagues() -> None:
    model = ReputationModel(
        "bakery", market__people=23, colleagues__share=0.5, colleagues__team_size=6
    )
    assert {other.row for other in model.agents[7].colleagues} == {3, 11, 15, 19}
    assert model.agents[7].colleagues[0] is model.agents[3]
    assert ReputationModel("bakery", market__people=23).agents[7].colleagues == []


def test_each_kind_has_a_name() -> None:
    named = {STRONG: "strong", WEAK: "weak", COLLEAGUE: "colleague", REFERRAL: "referral"}
    assert {tie: TIE_NAMES[tie] for tie in named} == named
    assert len(TIE_NAMES) == len(named)
