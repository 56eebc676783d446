"""One customer: what it feels, remembers, decides and tells, behaviour by behaviour."""

import math
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

import sim.customer
from sim import rules, world
from sim.customer import Customer, be_served, intention_on, opinion_on, recall
from sim.model import ReputationModel
from sim.population import (
    CASE,
    CLOSED,
    CUSTOMER,
    LAPSED,
    LETTER,
    PERSON,
    PROSPECT,
    SERVED,
    Rows,
)
from sim.scenario import Scenario
from sim.setting import interpreted, new_setting
from sim.state import Ties
from sim.ties import WEAK
from sim.world import World

ONE_BIT_OR_TWO = 1e-12

COLUMNS = [name for name in PERSON.names if not name.startswith("spare")]


def setting(**sections: Any) -> Any:
    """Return the setting of a market of ten people."""
    return interpreted(new_setting(World(**sections), 1, 10, 7))


USUAL = setting()


def person(**columns: Any) -> Any:
    """Return a customer of three years on its first morning."""
    made: Any = Rows(np.zeros(1, PERSON))[0]
    start = {
        "status": CUSTOMER,
        "satisfaction": 0.45,
        "since": -1000,
        "visit_rate": 0.1,
        "case": -1,
    }
    for name, value in (start | columns).items():
        setattr(made, name, value)
    return made


def case(**fields: Any) -> Any:
    """Return a middling failure, answered well and at once."""
    made: Any = Rows(np.zeros(1, CASE))[0]
    usual = {"severity": 0.4, "type": 0.5, "fix": 1.0, "compensation": 0.25, "apology": 0.9,
             "empathy": 0.9}  # fmt: skip
    for name, value in (usual | fields).items():
        setattr(made, name, value)
    return made


def letter(valence: float, weak: bool = False, hop: int = 0) -> Any:
    made: Any = Rows(np.zeros(1, LETTER))[0]
    made.valence, made.tie, made.hop = valence, int(weak), hop
    return made


def fail(someone: Any, what: Any, today: int = 0, where: Any = USUAL) -> float:
    """Fail somebody and return the loss."""
    before = someone.satisfaction
    what.opened = today
    Customer.suffer(someone, what, 0.5, 0.5, today, where)
    assert what.before == before
    return rules.satisfaction_lost(what.severity, what.attribution, where.loss)


@given(st.lists(st.integers(0, 200), min_size=1, max_size=30))
def test_fading_at_every_touch_is_fading_in_one_go(days: list[int]) -> None:
    often, once = (
        person(failure_memory=3.0, recovery_expectation=0.7, gratitude=0.9) for _ in range(2)
    )
    for day in sorted(days):
        recall(often, day, USUAL)
    last = max(days)
    recall(once, last, USUAL)
    for name in ("failure_memory", "recovery_expectation", "gratitude"):
        assert getattr(often, name) == pytest.approx(getattr(once, name), rel=ONE_BIT_OR_TWO)
    assert once.failure_memory == pytest.approx(3.0 * 0.5 ** (last / 90))
    assert once.recovery_expectation == pytest.approx(0.7 * 0.5 ** (last / 180))
    assert once.gratitude == pytest.approx(0.9 * 0.5 ** (last / 60))


def test_an_opinion_fades_by_half_in_thirty_days() -> None:
    someone = person(opinion=1.0, heard_on=10)
    assert opinion_on(someone, 10, USUAL) == 1.0
    assert opinion_on(someone, 40, USUAL) == pytest.approx(0.5)
    assert opinion_on(someone, 70, USUAL) == pytest.approx(0.25)


def test_an_ordinary_visit() -> None:
    someone = person(expectation=0.05)
    visit = be_served(someone, 0.1, USUAL)
    felt = 0.5 + 0.05**0.88
    assert visit.felt == pytest.approx(felt)
    assert someone.expectation == pytest.approx(0.05 + 0.1 * 0.05)
    assert someone.satisfaction == pytest.approx(0.45 + 0.2 * (felt - 0.45))
    assert (visit.failed, visit.tellings, visit.valence) == (False, 0.25, 0.4)


def test_the_best_fifteen_percent_delight_whatever_was_expected() -> None:
    cut = 0.15 * 1.0364333894937898
    for expectation in (-0.5, 0.0, 0.5):
        assert be_served(person(expectation=expectation), cut + 1e-6, USUAL).tellings == 5.0
        assert be_served(person(expectation=expectation), cut - 1e-6, USUAL).tellings == 0.25
    nobody = setting(appraisal=World().appraisal.model_copy(update={"delighted_share": 0.0}))
    assert be_served(person(), 3.0, nobody).tellings == 0.25


@pytest.mark.parametrize("quality", [-0.15, 0.0, 0.15, 0.4])
def test_a_better_house_delights_more_often(quality: float) -> None:
    """Delight is measured against the ordinary house."""
    house = setting(service=World().service.model_copy(update={"quality": quality}))
    days = 4000
    visit = cast(Any, Customer.visit)
    delighted = sum(visit(person(), day, house, 0.0).tellings == 5.0 for day in range(days))
    share = stats.norm.sf(stats.norm.isf(0.15) - quality / 0.15)
    assert stats.binomtest(delighted, days, share).pvalue > 1e-3


def test_a_better_house_is_felt_until_it_is_expected() -> None:
    good = World().service.model_copy(update={"quality": 0.4, "quality_spread": 0.0})
    house = setting(service=good)
    someone, visit = person(), cast(Any, Customer.visit)
    felt = [visit(someone, day, house, 0.0).felt for day in range(300)]
    assert felt[0] == pytest.approx(0.5 + 0.4**0.88)
    assert felt == sorted(felt, reverse=True)
    assert felt[-1] == pytest.approx(0.5, abs=1e-6)
    assert someone.expectation == pytest.approx(0.4)


@pytest.mark.parametrize("tiny", [1e-15, 1e-17, 1e-300, 5e-324])
def test_a_share_of_delighted_visits_that_is_next_to_nothing(tiny: float) -> None:
    appraisal = World().appraisal.model_copy(update={"delighted_share": tiny})
    assert setting(appraisal=appraisal).delight_from > 7 * 0.15


def test_silence_leaves_the_whole_loss() -> None:
    someone, failure = person(), case()
    lost = fail(someone, failure)
    assert someone.satisfaction == pytest.approx(0.45 - lost)
    ended = Customer.endure(someone, failure, 0, USUAL)
    assert someone.satisfaction == pytest.approx(0.45 - lost)
    assert ended.net == pytest.approx(lost)
    assert ended.bad == pytest.approx(14 * lost**1.4)
    assert ended.good == 0.0
    assert ended.felt == -ended.net
    assert (someone.failure_memory, someone.failures, someone.moment) == (1.0, 1, CLOSED)
    assert (someone.recovery_expectation, someone.gratitude) == (0.0, 0.0)


def test_a_good_answer_gives_back_and_raises_what_is_expected_of_the_next() -> None:
    someone, failure = person(), case()
    lost = fail(someone, failure)
    ended = Customer.judge(someone, failure, 0, USUAL)
    pleased = rules.complaint_satisfaction(failure, 1000, USUAL.justice)
    assert ended.pleased == pleased > 0
    gain = 0.37 + 0.32 * 0.4 + 0.44 * pleased
    assert someone.satisfaction == pytest.approx(0.45 - lost + gain)
    assert someone.recovery_expectation == pytest.approx(0.25)
    assert someone.gratitude == pytest.approx(0.5 * pleased)
    assert ended.good == pytest.approx(17 * math.sqrt(pleased / 0.8))
    assert ended.good_valence == pytest.approx(0.7 * pleased)


def test_the_same_answer_pleases_as_much_and_gives_back_less_the_second_time() -> None:
    someone = person(satisfaction=0.3)
    gains = []
    for day in (0, 1):
        failure = case()
        lost = fail(someone, failure, day)
        ended = Customer.judge(someone, failure, day, USUAL)
        gains.append(someone.satisfaction - failure.before + lost)
        assert ended.pleased == pytest.approx(gains and ended.pleased)
    assert gains[1] < gains[0]


def test_an_answer_below_expectation_counts_more_than_one_above() -> None:
    someone, failure = (
        person(recovery_expectation=0.8),
        case(compensation=0.0, apology=0.5, empathy=0.5),
    )
    lost = fail(someone, failure)
    ended = Customer.judge(someone, failure, 0, USUAL)
    assert 0 < ended.pleased < 0.8
    gain = 0.37 + 0.32 * 0.4 + 0.44 * 1.2 * (ended.pleased - 0.8)
    assert someone.satisfaction == pytest.approx(0.45 - lost + gain)
    assert someone.gratitude == 0.0
    assert someone.recovery_expectation == 0.8


def test_an_insult_costs_a_double_deviation_and_politeness_does_not() -> None:
    rude = case(fix=0.0, compensation=0.0, apology=0.0, empathy=0.0, excuse=1.0, delay=20.0)
    polite = case(fix=0.2, compensation=0.0, apology=0.5, empathy=0.5, delay=10.0)
    after = []
    for failure in (rude, polite):
        someone = person()
        lost = fail(someone, failure)
        ended = Customer.judge(someone, failure, 20, USUAL)
        insult = 0.25 if ended.pleased < -0.8 else 0.0
        gain = 0.37 + 0.32 * 0.4 + 0.44 * 1.2 * ended.pleased - insult
        assert someone.satisfaction == pytest.approx(max(-1.0, 0.45 - lost + gain))
        assert ended.good == 0.0
        after.append(ended.pleased)
    assert after[0] < -0.8 < after[1] < 0


def test_an_open_case_remembers_satisfaction_before_the_failure() -> None:
    """Nothing is lost to the floor of -1 while an answer is on its way."""
    someone, failure = person(satisfaction=-0.7), case(severity=1.0)
    lost = fail(someone, failure)
    assert someone.satisfaction == -1.0
    ended = Customer.judge(someone, failure, 3, USUAL)
    gain = 0.37 + 0.32 + 0.44 * ended.pleased
    assert someone.satisfaction == pytest.approx(-0.7 - lost + gain)


def test_a_second_failure_is_laid_to_the_firm_more_than_the_first() -> None:
    first, second, later = (case() for _ in range(3))
    someone = person()
    fail(someone, first)
    Customer.endure(someone, first, 0, USUAL)
    fail(someone, second, 1)
    forgetful = person(failure_memory=1.0)
    fail(forgetful, later, 2000)
    assert second.attribution > first.attribution
    assert later.attribution == pytest.approx(first.attribution, abs=1e-6)


def test_hearing_adds_up_makes_aware_and_moves_customers_less() -> None:
    stranger = person(status=PROSPECT, aware_from=1000)
    Customer.hear(stranger, letter(0.8), 5, USUAL)
    assert (stranger.aware_from, stranger.heard_on) == (5, 5)
    assert stranger.opinion == pytest.approx(0.9 * 0.8)
    Customer.hear(stranger, letter(-0.5, weak=True, hop=1), 5, USUAL)
    assert stranger.opinion == pytest.approx(0.72 - 0.9 * 0.5 * 0.5 * 1.3 * 0.6)
    regular = person()
    Customer.hear(regular, letter(0.8), 5, USUAL)
    assert regular.opinion == pytest.approx(0.9 * 0.8 * 0.5)
    lapsed = person(status=LAPSED)
    Customer.hear(lapsed, letter(0.8), 5, USUAL)
    assert lapsed.opinion == pytest.approx(0.9 * 0.8)


def test_who_knows_the_firm_learns_of_it_no_later() -> None:
    someone = person(status=PROSPECT, aware_from=2)
    Customer.hear(someone, letter(0.1), 9, USUAL)
    assert someone.aware_from == 2


@given(st.lists(st.floats(-1, 1), min_size=1, max_size=40), st.randoms(use_true_random=False))
def test_what_is_heard_on_a_day_is_heard_in_any_order(told: list[float], luck: Any) -> None:
    one, other = person(opinion=0.3, heard_on=2), person(opinion=0.3, heard_on=2)
    letters = [letter(valence, weak=i % 3 == 0, hop=i % 4) for i, valence in enumerate(told)]
    for each in letters:
        Customer.hear(one, each, 9, USUAL)
    luck.shuffle(letters)
    for each in letters:
        Customer.hear(other, each, 9, USUAL)
    assert one.opinion == other.opinion


def test_opinions_are_held_within_their_limit() -> None:
    someone = person()
    for _ in range(50):
        Customer.hear(someone, letter(1.0), 3, USUAL)
    assert opinion_on(someone, 3, USUAL) == 4.0
    assert opinion_on(someone, 33, USUAL) == pytest.approx(2.0)


def test_leaving_follows_what_has_happened(monkeypatch: pytest.MonkeyPatch) -> None:
    someone = person(failure_memory=1.0, moment=CLOSED)
    intended = intention_on(someone, 0, USUAL)
    assert intended == pytest.approx(rules.logistic(0.8 + 4 * 0.45 - 0.2))
    for moment, chance in ((CLOSED, 0.35 * (1 - intended)), (SERVED, 0.003)):
        someone.moment = moment
        for luck, stays in ((chance - 1e-9, False), (chance + 1e-9, True)):
            monkeypatch.setattr(sim.customer, "uniform", lambda *_, luck=luck: luck)
            assert Customer.stay(someone, 0, USUAL) is stays


def test_buying_follows_opinion_for_prospects_and_own_experience_too_for_the_lapsed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for status, thinks in ((PROSPECT, 0.5), (LAPSED, 0.5 + 2 * (-0.2 - 0.45))):
        someone = person(status=status, satisfaction=-0.2, opinion=0.5)
        chance = rules.logistic(-0.8 + thinks + 0.1)
        for luck, buys in ((chance - 1e-9, True), (chance + 1e-9, False)):
            monkeypatch.setattr(sim.customer, "uniform", lambda *_, luck=luck: luck)
            assert Customer.buy(someone, 0, USUAL, 4.5) is buys


SMALLEST, LARGEST = 2.0**-53, 1 - 2.0**-53
"""The ends of what a uniform draw can be."""


@pytest.mark.parametrize("weak_ties", [0.0, 1e-12, 0.1, 0.3, 0.35, 0.5, 0.7, 0.9, 1 - 1e-12, 1.0])
@pytest.mark.parametrize("ties", [0, 1, 3, 4, 7])
def test_every_draw_leads_to_a_listener_who_is_there(
    weak_ties: float, ties: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At the ends of the draw, too, where the last listener is one rounding away from nobody."""
    where = setting(talk=world.Talk(weak_ties=weak_ties))
    # Person 0 is tied to 1, 2, ...; behind its own ties stand somebody else's.
    network = Ties(np.array([0, ties, ties + 3]), np.array([*range(1, ties + 1), 9, 9, 9]))
    story = SimpleNamespace(teller=0, keyed=3, tag=0)
    edge = [weak_ties + step for step in (-(2.0**-53), -(2.0**-54), 0.0, 2.0**-53, 2.0**-52)]
    for luck in (SMALLEST, 0.5, LARGEST, *edge):
        if not SMALLEST <= luck <= LARGEST:
            continue
        monkeypatch.setattr(sim.customer, "uniforms", lambda *_, luck=luck: (luck, 0.5))
        told = Customer.tell(SimpleNamespace(row=0), story, 0, where, network)
        if told.tie == WEAK:
            assert told.listener in {-1, *range(1, 10)}
        else:
            assert told.listener in (range(1, ties + 1) if ties else {-1})


def test_listeners_are_drawn_evenly() -> None:
    """Of 4 neighbours and of the market; a teller who draws itself tells nobody."""
    where = setting()
    network = Ties(np.array([0, 4]), np.array([2, 4, 6, 8]))
    strong, weak = np.zeros(10, int), np.zeros(11, int)
    tellings = 20_000
    for n in range(tellings):
        story = SimpleNamespace(teller=0, keyed=n, tag=0)
        told = Customer.tell(SimpleNamespace(row=0), story, 0, where, network)
        (weak if told.tie == WEAK else strong)[told.listener] += 1
    assert set(np.flatnonzero(strong)) == {2, 4, 6, 8}
    assert weak[0] == 0
    assert abs(weak.sum() / tellings - 0.35) < 3.3 * math.sqrt(0.35 * 0.65 / tellings)
    for counts in (strong[[2, 4, 6, 8]], weak[1:]):
        mean = counts.sum() / len(counts)
        assert (np.abs(counts - mean) < 3.7 * math.sqrt(mean)).all()


# An agent is a view of its row.


def test_attributes_of_an_agent_are_its_columns() -> None:
    model = ReputationModel(Scenario(market=world.Market(people=12), days=5))
    agent = model.agents[7]
    for name in COLUMNS:
        value = getattr(agent, name)
        assert value == model.columns[name][7]
        assert type(value) in (int, float)
    agent.satisfaction = -0.25
    assert model.columns["satisfaction"][7] == -0.25


def test_words_for_what_columns_number() -> None:
    model = ReputationModel(Scenario(market=world.Market(people=40, customers=0.5), days=5))
    agent = model.agents[0]
    for status, word in ((PROSPECT, "prospect"), (CUSTOMER, "customer"), (LAPSED, "lapsed")):
        agent.status = status
        assert agent.standing == word
    agent.aware_from = 1
    assert not agent.aware
    model.step()
    model.step()
    assert agent.aware
    tied = {other.row for other in agent.neighbours}
    assert tied == set(model.network.to_networkx().neighbors(0))
    assert all(other is model.agents[other.row] for other in agent.neighbours)
