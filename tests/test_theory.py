"""What theory says must come of the model, in worlds simple enough for theory."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from scipy import integrate, stats

from sim import rules, simulate, world
from sim.customer import Customer
from sim.lookup import power_table
from sim.model import ReputationModel
from sim.outcome import COSTS
from sim.policy import Policy
from sim.psychology import Appraisal, Loyalty
from sim.rules import MILLION, millionths, whole
from sim.scenario import Scenario
from tests.small_worlds import scenarios, worlds

ONE_IN_MANY = 1e-3
"""Chance at which a test of a right model fails; seeds are fixed, so it does so always or never."""

STAYING = Loyalty(discount=0.0, ordinary_leaving=0.0)

# What cannot be.


@worlds(40)
@given(scenarios())
def test_without_failures_there_is_no_bad_story(scenario: Scenario) -> None:
    perfect = scenario.model_copy(
        update={
            "service": scenario.service.model_copy(update={"failure_probability": 0.0}),
            "talk": scenario.talk.model_copy(
                update={"ordinary_valence": 0.4, "delight_valence": 0.8}
            ),
            "outages": (),
        }
    )
    totals = simulate(perfect).totals
    told_of_failure = ("failures", "complaints", "noticed", "silent", "answers", "bad_stories",
                       "bad_heard", "recovery_cost")  # fmt: skip
    wages = totals["wages"]
    assert [totals[name] for name in told_of_failure] == [0] * 7 + [wages]


@worlds(40)
@given(scenarios())
def test_without_talk_opinions_stay_nought(scenario: Scenario) -> None:
    silent = scenario.model_copy(
        update={"talk": scenario.talk.model_copy(update={"enabled": False})}
    )
    outcome = simulate(silent)
    assert not outcome.population["opinion"].any()
    assert outcome.totals["good_stories"] == outcome.totals["bad_stories"] == 0


# What is conserved.


@worlds(100)
@given(scenarios())
def test_what_is_counted_adds_up(scenario: Scenario) -> None:
    outcome = simulate(scenario)
    people, totals, series = outcome.population, outcome.totals, outcome.series
    assert (series["prospects"] + series["customers"] + series["lapsed"] == len(people)).all()
    assert totals["good_stories"] == totals["good_heard"]
    assert totals["bad_stories"] == totals["bad_heard"]
    assert totals["failures"] == totals["complaints"] + totals["noticed"] + totals["silent"]
    waiting = int((people["case"] >= 0).sum())
    taken = totals["complaints"] + totals["noticed"]
    policies = [scenario.policy, *(change.policy for change in scenario.policy_changes)]
    if all(policy.answers for policy in policies):
        assert totals["answers"] + waiting == taken
    assert totals["answers"] <= taken - waiting
    assert totals["first_contacts"] <= totals["answers"]
    assert totals["delighted"] <= totals["answers"]
    assert totals["visits"] == people["visits"].sum()
    assert totals["failures"] == people["failures"].sum()
    assert totals["reviews"] <= totals["visits"] + totals["failures"]
    change = series["customers"].diff().fillna(0)
    assert (change == series["joiners"] - series["leavers"]).all()
    assert series["customers"].iloc[0] == (people["founding"] == 1).sum()
    assert (series["aware"] >= series["customers"] + series["lapsed"]).all()
    assert (series["aware"].diff().dropna() >= 0).all()
    for flow in ("visits", "failures", "answers", "good_stories", "leavers", "reviews"):
        assert series[flow].sum() == totals[flow]
        assert (series[flow] >= 0).all()


@worlds(60)
@given(scenarios())
def test_levels_stay_within_their_bounds(scenario: Scenario) -> None:
    outcome = simulate(scenario)
    people, series = outcome.people, outcome.series
    assert people["satisfaction"].between(-1, 1).all()
    assert people["gratitude"].between(0, 1).all()
    assert people["recovery_expectation"].between(0, 1).all()
    assert (people["failure_memory"] >= 0).all()
    assert people["opinion"].abs().max() <= scenario.talk.opinion_limit
    most = 5 + scenario.reviews.reply_gain
    for name, low, high in (("satisfaction", -1, 1), ("reputation", 0, 100), ("nps", -100, 100),
                            ("reputation_noncustomers", 0, 100), ("nps_aware", -100, 100),
                            ("stars", 1, most)):  # fmt: skip
        assert series[name].dropna().between(low - 1e-9, high + 1e-9).all(), name


@worlds(60)
@given(scenarios())
def test_money_adds_up(scenario: Scenario) -> None:
    patient = scenario.model_copy(
        update={"money": scenario.money.model_copy(update={"discount_rate": 0.0})}
    )
    outcome = simulate(patient)
    totals, money = outcome.totals, patient.money
    people = outcome.people
    worth = [millionths(value) - MILLION for value in people["value"]]
    beyond = sum(one * n for one, n in zip(worth, people["visits"], strict=True))
    assert totals["revenue"] == (totals["visits"] + whole(beyond)) * money.price
    if money.value_spread == 0.0:
        assert totals["revenue"] == totals["visits"] * money.price
    assert totals["margin"] == pytest.approx(totals["revenue"] * money.margin)
    assert totals["recovery_cost"] == pytest.approx(sum(totals[kind] for kind in COSTS))
    earned = totals["margin"] - totals["recovery_cost"]
    scale = abs(totals["margin"]) + totals["recovery_cost"]
    assert totals["npv_per_person"] * len(outcome.population) == pytest.approx(
        earned, abs=1e-9 * scale
    )


def test_costs_are_those_of_what_was_done() -> None:
    policy = Policy(
        ease=3, proactive=0.5, follow_up=0.5, compensation=0.25, agents=2, cost_per_contact=0.2,
        cost_per_follow_up=0.3, cost_per_noticing=0.4, wage_per_agent_day=5.0,
    )  # fmt: skip
    scenario = Scenario(
        market=world.Market(people=300),
        service=world.Service(failure_probability=0.2, visits_per_month=6),
        money=world.Money(price=8.0),
        policy=policy,
        days=100,
    )
    totals = simulate(scenario).totals
    cases = totals["complaints"] + totals["noticed"]
    assert cases > 200
    expected = {
        "contacts_cost": 0.2 * 8 * cases,
        "follow_ups_cost": 0.5 * 0.3 * 8 * cases,
        "noticing_cost": 0.4 * 8 * totals["noticed"],
        "compensation": 0.25 * 8 * cases,
        "wages": 5.0 * 2 * 100,
    }
    assert {kind: totals[kind] for kind in COSTS} == pytest.approx(expected)
    unpaid = simulate(scenario.model_copy(update={"money": world.Money(price=16.0)})).totals
    assert unpaid["compensation"] == pytest.approx(2 * totals["compensation"])


def test_present_value_of_an_even_stream() -> None:
    """Nobody leaves and nobody fails: as much each day in the mean, discounted at 10% a year."""
    scenario = Scenario(
        market=world.Market(people=4000, customers=1.0),
        network=world.Network(kind="none"),
        service=world.Service(failure_probability=0.0, visits_per_month=20, visits_shape=1000),
        talk=world.Talk(enabled=False),
        loyalty=STAYING,
        days=730,
    )
    totals = simulate(scenario).totals
    days = np.arange(1, 731) / 365
    factor = (1.1**-days).mean()
    per_person = totals["margin"] / 4000
    assert totals["npv_per_person"] == pytest.approx(per_person * factor, rel=1e-3)


# Stationary laws.


def test_visits_are_negative_binomial() -> None:
    """Ehrenberg 1959: mean 2 in 30.4 days, and as uneven as a gamma of shape 2 makes it."""
    people, days = 6000, 365
    scenario = Scenario(
        market=world.Market(people=people, customers=1.0),
        network=world.Network(kind="none"),
        service=world.Service(failure_probability=0.0),
        talk=world.Talk(enabled=False),
        loyalty=STAYING,
        days=days,
        measure_every=days,
    )
    outcome = simulate(scenario)
    visits, rates = outcome.population["visits"], outcome.population["visit_rate"]
    mean = days * 2 / 30.4
    # A visit at most once a day: binomial given the rate, and the rate is a gamma number.
    square = mean * mean * 1.5 / days
    variance = mean - square + mean * mean / 2
    assert abs(visits.mean() - mean) < 3.3 * math.sqrt(variance / people)
    assert visits.var() == pytest.approx(variance, rel=0.1)
    assert stats.kstest(rates, stats.gamma(2, scale=1 / 30.4).cdf).pvalue > ONE_IN_MANY


def expected_satisfaction(appraisal: Appraisal, spread: float) -> float:
    """Return the stationary mean of satisfaction of a customer who is never failed.

    Expectation follows quality, E' = (1 - a) E + a Q, and so is normal with variance
    s^2 a / (2 - a). The gap D = Q - E is normal, too, with variance s^2 2 / (2 - a), and cumulative
    satisfaction has the mean of the felt value of the gap.
    """
    a = appraisal.expectation_learning
    width = spread * math.sqrt(2 / (2 - a))
    powers = power_table(appraisal.curvature)

    def felt(gap: float) -> float:
        density = math.exp(-0.5 * (gap / width) ** 2) / (width * math.sqrt(2 * math.pi))
        return rules.transaction_satisfaction(gap, appraisal, powers) * density

    below, above = (integrate.quad(felt, *ends)[0] for ends in ((-10 * width, 0), (0, 10 * width)))
    return below + above


@pytest.mark.parametrize(
    ("appraisal", "spread", "quality"),
    [
        (Appraisal(), 0.15, 0.0),
        (Appraisal(loss_aversion=1.0, expectation_learning=0.5), 0.3, 0.0),
        (Appraisal(), 0.15, 0.6),
        (Appraisal(), 0.15, -0.3),
    ],
)
def test_stationary_satisfaction_of_those_who_are_never_failed(
    appraisal: Appraisal, spread: float, quality: float
) -> None:
    """Whatever the mean quality: it is expected in the end."""
    scenario = Scenario(
        market=world.Market(people=5000, customers=1.0),
        network=world.Network(kind="none"),
        service=world.Service(
            failure_probability=0.0,
            quality=quality,
            quality_spread=spread,
            visits_per_month=15,
            visits_shape=1000,
        ),  # fmt: skip
        appraisal=appraisal,
        talk=world.Talk(enabled=False),
        loyalty=STAYING,
        days=365,
        measure_every=365,
    )
    population = simulate(scenario).population
    assert population["expectation"].mean() == pytest.approx(quality, abs=0.01)
    reached = population["satisfaction"]
    error = reached.std(ddof=1) / math.sqrt(len(reached))
    assert error < 0.005
    assert abs(reached.mean() - expected_satisfaction(appraisal, spread)) < 3 * error


def test_losses_keep_customers_below_what_a_visit_as_expected_is_worth() -> None:
    assert expected_satisfaction(Appraisal(), 0.15) < 0.5
    assert expected_satisfaction(Appraisal(loss_aversion=1.0), 0.15) == pytest.approx(0.5, abs=1e-3)


# The spread of awareness.

NOBODY = world.Market(
    people=1500, customers=0.0, aware=0.0, advertising=0.001, need=1.0, buy_constant=10.0
)


def bass_world(tellings: float, people: int = 1500) -> Scenario:
    """Return a market on a complete graph where whoever hears of the firm buys on the same day,
    stays, comes every day, and tells a friend now and then on the day after."""
    return Scenario(
        market=NOBODY.model_copy(update={"people": people}),
        network=world.Network(kind="complete"),
        service=world.Service(failure_probability=0.0, visits_per_month=30, visits_shape=1000),
        appraisal=Appraisal(delighted_share=0.0),
        talk=world.Talk(weak_ties=0.0, ordinary=tellings, half_life=0.1, retelling=False),
        reviews=world.Reviews(enabled=False),
        loyalty=STAYING,
        days=300,
        measure_every=1,
    )


def mean_field(p: float, q: float, people: int, days: int) -> np.ndarray[Any, Any]:
    """Return the share of the aware by the end of each day, as the mean field has it.

    Who becomes aware on day t visits from t + 1 and tells from t + 2 on.
    """
    aware = np.zeros(days + 1)
    for day in range(1, days + 1):
        telling = aware[day - 2] if day >= 2 else 0.0
        hears_nothing = math.exp(-q * telling * people / (people - 1))
        aware[day] = 1 - (1 - aware[day - 1]) * (1 - p) * hears_nothing
    return aware


def bass(p: float, q: float, days: int) -> np.ndarray[Any, Any]:
    """Return Bass's 1969 curve."""
    t = np.arange(days + 1)
    decay = np.exp(-(p + q) * t)
    return (1 - decay) / (1 + q / p * decay)


def test_on_a_complete_graph_awareness_follows_basss_curve() -> None:
    """Advertising is the coefficient of innovation, tellings that of imitation.

    The mean of 30 markets lies within four standard errors (and .002, by which the mean of S-curves
    that start at random differs from the S-curve) of the mean field, which knows of the two days
    from hearing to telling; and within what these two days can make, at the steepest point, of
    Bass's own curve.
    """
    p, visits, tellings = 0.001, 30 / 30.4, 0.03
    q = visits * tellings
    runs = np.array([
        simulate(bass_world(tellings).model_copy(update={"seed": seed})).rows["aware"]
        for seed in range(30)
    ]) / 1500  # fmt: skip
    expected = mean_field(p, q, 1500, 300)
    error = runs.std(axis=0, ddof=1) / math.sqrt(len(runs))
    # A row on day t tells of the days before it; awareness of day 0 was there from the start.
    off = np.abs(runs.mean(axis=0)[1:] - expected[1:])
    assert (off < 4 * error[1:] + 0.002).all()
    steepest = (p + q) ** 2 / (4 * q)
    from_bass = np.abs(runs.mean(axis=0) - bass(p, q, 300))
    assert (from_bass < 4 * error + 2 * steepest + 0.002).all()
    assert runs.mean(axis=0)[-1] > 0.9


def test_without_tellings_awareness_is_advertising_alone() -> None:
    scenario = bass_world(0.0, people=1500)
    runs = np.array([
        simulate(scenario.model_copy(update={"seed": seed})).rows["aware"] for seed in range(10)
    ]) / 1500  # fmt: skip
    expected = 1 - 0.999 ** np.arange(301)
    error = np.sqrt(expected * (1 - expected) / 15000)
    assert (np.abs(runs.mean(axis=0) - expected)[1:] < 4 * error[1:] + 1e-3).all()


# Stories: how many, when, and how far.


class Chronicler(Customer):
    """Writes down each telling: hop, how many days after the event, and how many are to come."""

    def tell(self, story: Any, n: int, world: Any, network: Any) -> Any:
        told = super().tell(story, n, world, network)
        key = (story.teller, story.keyed, story.tag)
        written = self.model.__dict__.setdefault("chronicle", [])
        written.append((key, n, story.hop, self.model.run.today - story.day, story.count, told))
        return told


@pytest.fixture(scope="module")
def chronicle() -> Any:
    """All that was told in 400 days among 300 people who had nothing but good to tell."""
    scenario = Scenario(
        market=world.Market(people=300, customers=1.0),
        service=world.Service(failure_probability=0.0, visits_per_month=4),
        talk=world.Talk(ordinary=1.0, retold=0.6, hop_decay=0.7),
        appraisal=Appraisal(delighted_share=0.0),
        loyalty=STAYING,
        days=300,
    )
    model = ReputationModel(scenario, customer=Chronicler, performer="agents")
    model.run.advance(scenario.days)
    return model.__dict__["chronicle"], model.outcome


def test_tellings_fall_on_exponential_days(chronicle: Any) -> None:
    """Half of them within seven days; none on the day itself."""
    written, _ = chronicle
    # What was lived through in the last hundred days may still have tellings to come.
    after = np.array([days for key, _, _, days, _, _ in written if key[1] < 200])
    assert len(after) > 5000
    assert after.min() == 1
    counts = np.bincount(after, minlength=41)
    expected = len(after) * (0.5 ** (np.arange(40) / 7) - 0.5 ** (np.arange(1, 41) / 7))
    pooled = [*counts[1:41], counts[41:].sum()]
    assert stats.chisquare(pooled, [*expected, len(after) - expected.sum()]).pvalue > ONE_IN_MANY


def test_every_telling_of_a_story_happens_once(chronicle: Any) -> None:
    written, _ = chronicle
    stories: dict[Any, list[int]] = {}
    counts = {}
    for key, n, _, _, count, _ in written:
        stories.setdefault(key, []).append(n)
        counts[key] = count
    assert len(stories) > 1000
    for key, told in stories.items():
        assert told == list(range(len(told)))
        assert len(told) <= counts[key]
        if key[1] < 100:
            assert len(told) == counts[key]


def test_first_hand_counts_are_geometric(chronicle: Any) -> None:
    written, outcome = chronicle
    counts = {key: count for key, _, hop, _, count, _ in written if hop == 0 and key[1] < 200}
    told = np.bincount(list(counts.values()), minlength=8)
    visits = outcome.series.set_index("day")["visits"].loc[:196].sum()
    assert visits > 4000
    # A story's existence shows only in its tellings: of two lived through, one is told not at all.
    told_at_all = told.sum()
    expected = told_at_all * 0.5 ** np.arange(1, 8)
    pooled = [*told[1:8], told[8:].sum()]
    assert stats.chisquare(pooled, [*expected, told_at_all - expected.sum()]).pvalue > ONE_IN_MANY
    early = sum(1 for key in counts if key[1] < 196)
    assert abs(early / visits - 0.5) < 3.3 * 0.5 / math.sqrt(visits)


def test_stories_die_out_hop_by_hop(chronicle: Any) -> None:
    """Each telling at a hop leads to .6 times .7^hop more at the next, in the mean."""
    written, _ = chronicle
    heard, told = np.zeros(6), np.zeros(6)
    for _key, _, hop, _, _, listener in written:
        told[hop] += 1
        heard[hop] += listener.listener >= 0
    assert told[5] == 0
    for hop in range(4):
        mean = 0.6 * 0.7**hop
        # Those told in the last days have not yet passed on what they heard: 7 days of half-life.
        late = 20 / 300
        error = math.sqrt(heard[hop] * mean * (1 + mean))
        assert heard[hop] * mean * (1 - late) - 3.3 * error < told[hop + 1]
        assert told[hop + 1] < heard[hop] * mean + 3.3 * error


# Learning.


@pytest.mark.parametrize(("floor", "left"), [(0.0, None), (0.1, 0.1), (0.5, 0.3)])
def test_each_voiced_failure_lowers_the_chance_of_the_next(floor: float, left: Any) -> None:
    """Down to the floor, and a floor above the start raises nothing."""
    scenario = Scenario(
        market=world.Market(people=200, customers=1.0),
        service=world.Service(
            visits_per_month=6, failure_probability=0.3, learning=0.02, failure_floor=floor
        ),
        policy=Policy(ease=4),
        days=120,
    )
    model = ReputationModel(scenario)
    model.run.advance(120)
    reached = float(model.run.state.books["failure_probability"][0])
    complaints = model.outcome.totals["complaints"]
    assert complaints > 60
    learnt = 0.3 * math.exp(-0.02 * complaints)
    assert reached == pytest.approx(learnt if left is None else left)
