"""What visits are worth: people differ in it, money follows it, and nobody acts on it."""

from typing import Any

import numpy as np
import pytest
from scipy import stats

from sim import simulate, world
from sim.policy import Policy
from sim.population import CUSTOMER
from sim.rules import millionths, whole
from sim.scenario import Scenario
from sim.worth import values_of

ONE_IN_MANY = 1e-3
"""Chance at which a test of a right model fails; seeds are fixed, so it does so always or never."""

MANY = np.arange(20_000, dtype=np.int32)

VOICED = Scenario(
    market=world.Market(people=300, customers=1.0),
    network=world.Network(kind="none"),
    service=world.Service(visits_per_month=6, failure_probability=0.3),
    voice=Scenario().voice.model_copy(update={"constant": 20.0}),
    talk=world.Talk(enabled=False),
    money=world.Money(price=3.0, value_spread=0.8),
    days=90,
)
"""Whoever is failed complains."""


def moneyed(scenario: Scenario, **money: Any) -> Scenario:
    return scenario.model_copy(update={"money": scenario.money.model_copy(update=money)})


@pytest.mark.parametrize("spread", [0.25, 1.0, 2.5])
def test_values_are_lognormal_with_mean_one(spread: float) -> None:
    logs = np.log(values_of(MANY, 7, world.Money(value_spread=spread)))
    assert stats.kstest(logs, stats.norm(-spread * spread / 2, spread).cdf).pvalue > ONE_IN_MANY
    assert stats.lognorm(s=spread, scale=np.exp(-spread * spread / 2)).mean() == pytest.approx(1)


def test_a_tenth_of_the_people_bring_four_tenths_of_the_money_at_spread_one() -> None:
    values = np.sort(values_of(MANY, 7, world.Money(value_spread=1.0)))
    lorenz = stats.norm.sf(stats.norm.isf(0.1) - 1.0)
    assert values[-2000:].sum() / values.sum() == pytest.approx(lorenz, abs=0.02)
    assert lorenz == pytest.approx(0.4, abs=0.015)


def test_without_a_spread_everybody_is_worth_the_price() -> None:
    assert (values_of(MANY, 7, world.Money()) == 1.0).all()
    table = simulate(moneyed(VOICED, value_spread=0.0)).people
    assert (table["value"] == 1.0).all()


def test_a_value_is_the_persons_own_whatever_the_days_and_the_others() -> None:
    few, more = values_of(MANY[:50], 7, VOICED.money), values_of(MANY, 7, VOICED.money)
    assert (few == more[:50]).all()
    assert not (few == values_of(MANY[:50], 8, VOICED.money)).any()
    rates = simulate(VOICED).people
    assert abs(stats.spearmanr(rates["value"], rates["visit_rate"]).statistic) < 0.15


def test_compensation_is_a_share_of_what_the_customers_visit_is_worth() -> None:
    outcome = simulate(VOICED.model_copy(update={"policy": Policy(compensation=0.4)}))
    people = outcome.people
    each = [millionths(0.4 * value) for value in people["value"]]
    given = sum(one * n for one, n in zip(each, people["failures"], strict=True))
    assert people["failures"].sum() > 500
    assert outcome.totals["compensation"] == whole(given) * 3.0


def test_costs_of_contact_do_not_depend_on_value() -> None:
    policy = Policy(cost_per_contact=0.2, follow_up=1.0, cost_per_follow_up=0.1, delay=1.0)
    worth = VOICED.model_copy(update={"policy": policy})
    one, other = (simulate(moneyed(worth, value_spread=s)).totals for s in (0.0, 0.8))
    for kind in ("contacts_cost", "follow_ups_cost"):
        assert one[kind] == other[kind] > 0


def test_the_front_line_asks_for_those_whose_share_is_more_than_it_may_give() -> None:
    """Compensation c is above authority a for whoever is worth more than a / (c price)."""
    asking = VOICED.model_copy(
        update={"policy": Policy(compensation=0.5, authority=2.0, escalation_days=0.0)}
    )
    outcome = simulate(asking)
    people = outcome.people
    dear = 0.5 * people["value"] * 3.0 > 2.0
    assert outcome.totals["escalations"] == people["failures"][dear].sum() > 0
    expected = stats.norm.sf((np.log(2.0 / 1.5) + 0.32) / 0.8)
    assert stats.binomtest(int(dear.sum()), len(people), expected).pvalue > ONE_IN_MANY


def test_retention_of_value_weighs_each_customer_by_a_year_of_it() -> None:
    outcome = simulate(VOICED)
    people = outcome.people
    founding = outcome.population["founding"] == 1
    stays = founding & (outcome.population["status"] == CUSTOMER)
    yearly = people["visit_rate"] * people["value"]
    kept = yearly[stays].sum() / yearly[founding].sum()
    assert outcome.ratios["value_retention"] == pytest.approx(kept ** (365 / 90))
    assert outcome.ratios["value_retention"] != outcome.ratios["yearly_retention"]


def test_where_all_are_alike_retention_of_value_is_retention() -> None:
    alike = moneyed(VOICED, value_spread=0.0)
    alike = alike.model_copy(
        update={"service": alike.service.model_copy(update={"visits_shape": 1000.0})}
    )
    ratios = simulate(alike).ratios
    assert ratios["value_retention"] == pytest.approx(ratios["yearly_retention"], rel=0.02)


def test_where_nobody_was_a_customer_there_is_no_value_to_retain() -> None:
    nobody = VOICED.model_copy(update={"market": world.Market(people=30, customers=0.0)})
    assert simulate(nobody).ratios["value_retention"] is None
