"""What comes of a run: its series, people, figures and digest."""

import math
from typing import Any

import networkx as nx
import numpy as np
import pytest

from sim import load_scenario, simulate, world
from sim.lookup import fade_table, promoter_table, promotes
from sim.network import Network
from sim.outcome import COLUMNS
from sim.policy import Policy
from sim.population import CUSTOMER, PROSPECT
from sim.scenario import Scenario

LIVELY = Scenario(
    market=world.Market(people=250, need=0.05, advertising=0.01),
    service=world.Service(visits_per_month=6, failure_probability=0.2),
    policy=Policy(ease=3, compensation=0.3, delay=2.0, apology=0.5),
    days=95,
)


@pytest.fixture(scope="module")
def outcome() -> Any:
    return simulate(LIVELY)


PROMISED = (
    "day", "prospects", "customers", "lapsed", "aware", "satisfaction", "reputation",
    "reputation_noncustomers", "nps", "nps_aware", "stars", "visits", "failures", "complaints",
    "noticed", "answers", "first_contacts", "mean_delay", "good_stories", "bad_stories", "leavers",
    "joiners", "revenue", "margin", "compensation", "contacts_cost", "follow_ups_cost",
    "noticing_cost", "wages", "recovery_cost",
)  # fmt: skip


def test_the_series_has_what_it_promises(outcome: Any) -> None:
    series = outcome.series
    assert set(PROMISED) <= set(series.columns)
    assert list(series.columns) == list(COLUMNS)
    assert series["day"].tolist() == [*range(0, 92, 7), 95]
    flows = ["visits", "failures", "answers", "good_stories", "revenue", "recovery_cost"]
    assert (series.loc[0, flows] == 0).all()
    assert series["visits"].dtype == np.int64


@pytest.mark.parametrize(("days", "every", "measured"), [
    (1, 7, [0, 1]), (7, 7, [0, 7]), (8, 7, [0, 7, 8]), (3, 1, [0, 1, 2, 3]), (5, 100, [0, 5]),
])  # fmt: skip
def test_days_that_are_measured(days: int, every: int, measured: list[int]) -> None:
    scenario = LIVELY.model_copy(update={"days": days, "measure_every": every})
    assert simulate(scenario).series["day"].tolist() == measured


def test_how_often_is_measured_changes_nothing_that_happens(outcome: Any) -> None:
    often = simulate(LIVELY.model_copy(update={"measure_every": 1}))
    assert often.population.tobytes() == outcome.population.tobytes()
    assert often.totals == outcome.totals
    assert often.final == outcome.final


def test_levels_are_those_of_the_people(outcome: Any) -> None:
    """Worked out again, plainly, from the table of people."""
    people, last = outcome.people, outcome.series.iloc[-1]
    assert len(people) == 250
    customers = people[people["status"] == "customer"]
    assert last["customers"] == len(customers)
    assert last["aware"] == people["aware"].sum()
    assert last["satisfaction"] == pytest.approx(customers["satisfaction"].mean())
    known = people["status"] != "prospect"
    attitude = people["opinion"] + known * 2 * (people["satisfaction"] - 0.45)
    held = 100 / (1 + np.exp(-attitude))
    aware = people["aware"]
    assert last["reputation"] == pytest.approx(held[aware].mean())
    others = aware & (people["status"] != "customer")
    assert last["reputation_noncustomers"] == pytest.approx(held[others].mean())
    answer = np.where(known, 6.6 + 4 * people["satisfaction"], 6.6 + 2 * people["opinion"])
    share = survey(answer)
    assert last["nps"] == pytest.approx(
        100 * share[people["status"] == "customer"].mean(), abs=0.01
    )
    assert last["nps_aware"] == pytest.approx(100 * share[aware].mean(), abs=0.01)


def survey(mean: Any) -> Any:
    """Return the expected net promoter share of answers round(clip(mean + Normal(0, 1.2), 0, 10))."""
    from scipy.stats import norm

    return norm.sf((8.5 - mean) / 1.2) - norm.cdf((6.5 - mean) / 1.2)


def test_the_survey_is_what_drawing_it_would_give() -> None:
    luck = np.random.default_rng(1)
    for mean in (2.0, 5.0, 6.6, 8.4, 10.2):
        drawn = np.round(np.clip(mean + luck.normal(0, 1.2, 400_000), 0, 10))
        share = (drawn >= 9).mean() - (drawn <= 6).mean()
        assert promotes(mean, promoter_table(1.2)) == pytest.approx(share, abs=0.006)
        assert promotes(mean, promoter_table(1.2)) == pytest.approx(float(survey(mean)), abs=1e-4)


def test_what_is_left_of_an_opinion_is_looked_up() -> None:
    table = fade_table(30.0)
    assert table[:61:30] == pytest.approx([1.0, 0.5, 0.25])


def test_figures_follow_from_the_series(outcome: Any) -> None:
    series, totals, ratios = outcome.series, outcome.totals, outcome.ratios
    for flow in ("visits", "failures", "complaints", "answers", "good_stories", "leavers"):
        assert totals[flow] == series[flow].sum()
    assert totals["recovery_cost"] == pytest.approx(series["recovery_cost"].sum())
    delays = (series["mean_delay"] * series["answers"]).sum()
    assert totals["mean_delay"] == pytest.approx(delays / totals["answers"])
    assert totals["first_contact_share"] == totals["first_contacts"] / totals["answers"]
    assert ratios["good_to_bad"] == totals["good_stories"] / totals["bad_stories"]
    silent = totals["failures"] - totals["complaints"]
    assert ratios["silent_per_complaint"] == silent / totals["complaints"]
    assert outcome.final["customer_share"] == series["customers"].iloc[-1] / 250
    assert outcome.final["stars"] == series["stars"].iloc[-1]


def test_retention_and_problems_are_those_of_the_founding_customers(outcome: Any) -> None:
    people = outcome.population
    founding = people["founding"] == 1
    stayed = (people["status"][founding] == CUSTOMER).mean()
    assert outcome.ratios["yearly_retention"] == pytest.approx(stayed ** (365 / 95))
    assert outcome.ratios["problem_share"] == (people["failures"][founding] > 0).mean()


def test_what_nobody_is_there_to_count_is_none() -> None:
    nobody = LIVELY.model_copy(
        update={"market": world.Market(people=40, customers=0.0, aware=0.0, advertising=0.0)}
    )
    outcome = simulate(nobody)
    assert outcome.final["reputation"] is None
    assert outcome.final["nps"] is None
    assert outcome.final["customer_share"] == 0
    assert outcome.totals["mean_delay"] is None
    assert set(outcome.ratios.values()) == {None}
    assert (outcome.population["status"] == PROSPECT).all()


def test_figures_are_plain_numbers(outcome: Any) -> None:
    for figures in (outcome.final, outcome.totals, outcome.ratios):
        assert {type(value) for value in figures.values()} <= {int, float}
        assert all(math.isfinite(value) for value in figures.values())


def test_memories_in_the_table_have_faded_to_the_last_day(outcome: Any) -> None:
    rows, table = outcome.population, outcome.people
    left = 94 - rows["recalled_on"]
    assert (table["failure_memory"] <= rows["failure_memory"] + 1e-15).all()
    assert table["failure_memory"].to_numpy() == pytest.approx(
        rows["failure_memory"] * 0.5 ** (left / 90)
    )


def test_labels_of_a_network_name_its_people() -> None:
    graph = nx.relabel_nodes(nx.path_graph(4), dict(enumerate(["Ana", "Bea", "Cem", "Dov"])))
    outcome = simulate(LIVELY.model_copy(update={"days": 5}), network=graph)
    assert outcome.people["label"].tolist() == ["Ana", "Bea", "Cem", "Dov"]
    assert set(outcome.network.edges) == set(graph.edges)


def test_the_digest_tells_runs_apart_and_nothing_else() -> None:
    scenario = load_scenario("bakery", {"market.people": 100}, days=20)
    base = simulate(scenario)
    assert base.digest == simulate(scenario).digest
    assert len(base.digest) == 64
    assert int(base.digest, 16) >= 0
    renamed = scenario.model_copy(update={"name": "another", "policy_name": "x"})
    assert simulate(renamed).digest == base.digest
    for change in ({"seed": 2}, {"days": 21}, {"measure_every": 6}):
        assert simulate(scenario.model_copy(update=change)).digest != base.digest
    assert base.seconds > 0


def test_a_given_network_goes_before_the_scenarios_own() -> None:
    alone = Network(np.zeros(31, np.int64), np.zeros(0, np.int32))
    outcome = simulate(LIVELY, network=alone)
    assert len(outcome.population) == 30
    assert outcome.network.number_of_edges() == 0
