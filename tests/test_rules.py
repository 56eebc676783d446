"""Properties that the equations must have whatever the numbers in them, and points known by hand."""

import math
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim import rules
from sim.lookup import held, liking_table, power_table
from sim.psychology import Appraisal, Justice, Loss, Loyalty, Recovery, Voice
from sim.ties import COLLEAGUE, REFERRAL
from sim.world import Colleagues, Market, Referral, Reviews, Talk
from tests.small_worlds import section

share = st.floats(0, 1)
both = st.floats(-1, 1)
given_back = st.floats(0, 3)
days = st.floats(0, 400)
logits = st.floats(-8, 8)

APPRAISAL, JUSTICE, LOSS, LOYALTY = Appraisal(), Justice(), Loss(), Loyalty()
POWERS = power_table(APPRAISAL.curvature)
RECOVERY, TALK, VOICE = Recovery(), Talk(), Voice()
COLLEAGUES, REFERRED = Colleagues(influence=0.7), Referral(follow=0.2)

ROUNDING = 1e-12


def case(**levers: float) -> Any:
    """Return a case of middling severity and type that is answered at once and no more."""
    usual = {
        "severity": 0.4, "type": 0.5, "noticed": 0.0, "delay": 0.0, "fix": 1.0,
        "compensation": 0.0, "apology": 0.0, "empathy": 0.0, "excuse": 0.0, "follow_up": 0.0,
        "updates": 0.0, "options": 0.0,
    }  # fmt: skip
    return SimpleNamespace(**(usual | levers))


cases = st.builds(
    case, severity=share, type=share, noticed=st.sampled_from([0.0, 1.0]), delay=days, fix=share,
    compensation=given_back, apology=share, empathy=share, excuse=share, follow_up=share,
    updates=share, options=share,
)  # fmt: skip


def changed(answer: Any, **levers: float) -> Any:
    return SimpleNamespace(**(vars(answer) | levers))


def pleased(answer: Any, tenure: float = 0.0, justice: Any = JUSTICE) -> float:
    return rules.complaint_satisfaction(answer, tenure, justice)


# Points known by hand.


def test_the_equations_of_the_model_description_by_hand() -> None:
    assert rules.logistic(0.0) == 0.5
    assert rules.felt_gap(0.1, APPRAISAL, POWERS) == pytest.approx(0.1**0.88)
    assert rules.felt_gap(-0.1, APPRAISAL, POWERS) == pytest.approx(-2.25 * 0.1**0.88)
    assert rules.transaction_satisfaction(0.0, APPRAISAL, POWERS) == 0.5
    first = rules.attribution(0.5, 0.5, 0.0, LOSS)
    assert first == pytest.approx(0.5 + 0.25 + 0.25)
    again = rules.attribution(0.5, 0.5, 1.0, LOSS)
    assert again == pytest.approx(0.75 + 0.5 * (1 - 0.5 * math.exp(-0.6)))
    assert rules.satisfaction_lost(0.15, 1.0, LOSS) == pytest.approx(1.23 * 0.15**0.275)
    assert rules.complaint_probability(1.0, 1.2, VOICE) == pytest.approx(0.70, abs=0.01)
    assert rules.complaint_probability(0.1, 1.2, VOICE) == pytest.approx(0.03, abs=0.005)
    assert rules.fade(180.0, 90.0) == pytest.approx(0.25)


def test_justice_by_hand() -> None:
    met = 0.5 * 0.8 + 0.3 / (0.2 + 0.8 * 0.4)
    assert rules.distributive_justice(0.8, 0.3, 0.4, JUSTICE) == pytest.approx(
        2 * (1 - math.exp(-1.6 * met)) - 1
    )
    repelled = rules.distributive_justice(1.0, 2.5, 0.4, JUSTICE)
    met = 0.5 + 2.5 / 0.52
    assert repelled == pytest.approx(2 * (1 - math.exp(-1.6 * met) - 0.35) - 1)
    assert rules.procedural_justice(8.0, 400.0, 0.5, 0.0, JUSTICE) == pytest.approx(
        2 * math.exp(-(8 - 3) * (1 - 0.15) / 6) - 1
    )
    assert rules.procedural_justice(8.0, 365.0, 0.0, 0.0, JUSTICE) == pytest.approx(
        2 * math.exp(-8 / 6) - 1
    )
    warm = case(apology=0.7, empathy=0.5, follow_up=1.0, noticed=1.0, excuse=0.2)
    treated = 0.05 + 0.35 * 1.2 + 0.15 + 0.15 - 0.08
    assert rules.interactional_justice(warm, JUSTICE) == pytest.approx(2 * treated - 1)


def test_satisfaction_with_an_answer_by_hand() -> None:
    answer = case(type=1.0, compensation=0.2, delay=2.0, apology=0.5, empathy=0.5)
    given = 2 * (1 - math.exp(-1.6 * (0.5 + 0.2 / 0.52))) - 1
    quick = 2 * math.exp(-2 / 6) - 1
    treated = 2 * (0.05 + 0.35) - 1
    a, b, c = 0.42 * 1.3, 0.26, 0.32 * 0.7
    mean = (a * given + b * quick + c * treated) / (a + b + c)
    assert pleased(answer) == pytest.approx(math.tanh(1.6 * mean))


def test_what_is_told_by_hand() -> None:
    assert rules.failure_tellings(0.5, TALK) == pytest.approx(14 * 0.5**1.4)
    assert rules.recovery_tellings(0.8, 3.0, TALK) == pytest.approx(17 * math.exp(-0.5))
    assert rules.recovery_tellings(0.2, 0.0, TALK) == pytest.approx(8.5)
    assert rules.opinion_change(-0.5, True, 2, False, TALK, COLLEAGUES) == pytest.approx(
        0.9 * 0.5 * -0.5 * 1.3 * 0.36
    )
    assert rules.opinion_change(0.8, False, 0, True, TALK, COLLEAGUES) == pytest.approx(
        0.9 * 0.8 * 0.5
    )
    assert rules.opinion_change(-0.8, False, 0, True, TALK, COLLEAGUES) == pytest.approx(
        -0.9 * 0.8 * 1.3 * 0.25
    )
    assert rules.opinion_change(0.8, COLLEAGUE, 1, False, TALK, COLLEAGUES) == pytest.approx(
        0.9 * 0.8 * 0.6 * 0.7
    )
    for customer in (True, False):  # on the word of whoever brought one, at full weight
        assert rules.opinion_change(-0.8, REFERRAL, 0, customer, TALK, COLLEAGUES) == pytest.approx(
            -0.9 * 0.8 * 1.3
        )
    assert rules.following_probability(0.45, REFERRED, LOYALTY) == pytest.approx(0.2)
    assert rules.following_probability(0.95, REFERRED, LOYALTY) == pytest.approx(
        0.2 * math.exp(-0.75)
    )
    assert rules.following_probability(-1.0, REFERRED, LOYALTY) == 1.0
    assert rules.retelling_mean(-0.3, 1, TALK) == pytest.approx(0.3 * 0.6 * 1.3)
    assert rules.retelling_mean(0.3, 4, TALK) == 0.0


@pytest.mark.parametrize(
    ("felt", "stars"), [(1.0, 5), (0.75, 5), (0.7, 4), (0.0, 3), (-0.3, 2), (-1.0, 1)]
)
def test_stars(felt: float, stars: int) -> None:
    assert rules.review_stars(felt) == stars == min(5, max(1, round(3 + 2 * felt + 1e-9)))


def test_a_star_more_is_worth_what_luca_found() -> None:
    """One star, 5 to 9% of revenue, for somebody with a neutral attitude."""
    one = rules.buying_probability(0.0, 4.5, Market(), Reviews())
    none = rules.buying_probability(0.0, 3.5, Market(), Reviews())
    assert 1.05 <= one / none <= 1.09


# Bounds, whatever the parameters.


@given(cases, days, section(Justice))
def test_justice_stays_within_its_bounds(answer: Any, tenure: float, justice: Justice) -> None:
    overpaid = justice.overpay_penalty * max(0.0, answer.compensation - justice.overpay_threshold)
    given = rules.distributive_justice(answer.fix, answer.compensation, answer.severity, justice)
    assert -1 - 2 * overpaid <= given <= 1
    wait = (answer.delay, tenure, answer.updates)
    assert -1 <= rules.procedural_justice(*wait, answer.options, justice) <= 1
    assert -1 <= rules.interactional_justice(answer, justice) <= 1


@given(cases, st.floats(0, 5000))
def test_satisfaction_with_an_answer_stays_within_its_bounds(answer: Any, tenure: float) -> None:
    assert -1 < pleased(answer, tenure) < 1


@given(st.floats(0, 3), share, share, st.floats(0, 1000), section(Loss))
def test_attribution_and_loss_stay_within_their_bounds(
    severity: float, control: float, stability: float, memory: float, loss: Loss
) -> None:
    blamed = rules.attribution(control, stability, memory, loss)
    most = loss.base_attribution + loss.control_weight + loss.stability_weight
    assert 0 <= blamed <= most + ROUNDING
    assert rules.satisfaction_lost(severity, blamed, loss) >= 0


@given(both, st.floats(0, 2000), share, logits, section(Loyalty))
def test_chances_are_chances(
    satisfaction: float, memory: float, gratitude: float, opinion: float, loyalty: Loyalty
) -> None:
    intended = rules.intention(satisfaction, memory, gratitude, opinion, loyalty)
    assert 0 <= intended <= 1
    assert 0 <= rules.leaving_after_incident(intended, loyalty) <= loyalty.discount
    assert 0 <= rules.leaving_after_visit(satisfaction, loyalty) <= 1


@given(st.floats(-1e6, 1e6))
def test_the_logistic_function_takes_any_log_odds(x: float) -> None:
    assert 0 <= rules.logistic(x) <= 1
    assert rules.logistic(x) + rules.logistic(-x) == pytest.approx(1)


@given(both, st.integers(0, 100), st.booleans(), section(Talk))
def test_no_story_moves_more_than_a_first_hand_one_by_a_friend(
    valence: float, hop: int, customer: bool, talk: Talk
) -> None:
    moved = rules.opinion_change(valence, True, hop, customer, talk, COLLEAGUES)
    most = rules.opinion_change(valence, False, 0, False, talk, COLLEAGUES)
    assert abs(moved) <= abs(most) + 2**-40
    assert moved * valence >= 0


@given(st.floats(-8, 8))
def test_opinions_are_multiples_of_their_grain(x: float) -> None:
    told = rules.grained(x, rules.OPINION_GRAIN)
    assert (told * rules.OPINION_GRAIN).is_integer()
    assert abs(told - x) <= 0.5 / rules.OPINION_GRAIN


@given(st.floats(2.0**-62, 2.0**63), st.floats(0.05, 1.5))
def test_powers_from_a_table_are_powers(x: float, exponent: float) -> None:
    assert rules.power(x, power_table(exponent)) == pytest.approx(math.pow(x, exponent), rel=4e-15)


def test_nothing_is_felt_as_nothing() -> None:
    assert abs(rules.felt_gap(0.0, APPRAISAL, POWERS)) < 1e-16


@given(st.floats(-40, 40))
def test_attitudes_from_a_table_are_logistic(thinks: float) -> None:
    assert held(thinks, liking_table()) == pytest.approx(rules.logistic(thinks), abs=2e-7)


# What the literature asserts of the directions.

LEVERS = ("fix", "apology", "empathy", "follow_up", "updates", "options")


@given(days, st.floats(0, 3000), share, share, section(Justice))
def test_a_choice_makes_up_a_share_of_what_is_missing_to_procedural_justice(
    delay: float, tenure: float, updates: float, options: float, justice: Justice
) -> None:
    """Thibaut & Walker 1975: decision control. Without a choice not a bit is other."""

    def fair(chosen: float, weight: float) -> float:
        weighed = justice.model_copy(update={"options_weight": weight})
        return rules.procedural_justice(delay, tenure, updates, chosen, weighed)

    bare = fair(0.0, 0.0)
    assert fair(0.0, justice.options_weight) == bare == fair(options, 0.0)
    assert fair(1.0, 1.0) == pytest.approx(1.0)
    missing = (1 - justice.options_weight * options) * (1 - bare)
    assert 1 - fair(options, justice.options_weight) == pytest.approx(missing)


@given(cases, st.floats(0, 3000), days, days)
def test_an_earlier_answer_is_never_worse(
    answer: Any, tenure: float, one: float, other: float
) -> None:
    """Hogreve, Bilstein & Mandl 2017."""
    early, late = sorted((one, other))
    assert pleased(changed(answer, delay=early), tenure) >= pleased(
        changed(answer, delay=late), tenure
    )


@given(cases, share, share, st.sampled_from(LEVERS))
def test_more_of_a_good_thing_is_never_worse(
    answer: Any, one: float, other: float, lever: str
) -> None:
    """Orsingher, Valentini & de Angelis 2010."""
    little, much = sorted((one, other))
    assert pleased(changed(answer, **{lever: much})) >= (
        pleased(changed(answer, **{lever: little})) - ROUNDING
    )


@given(cases, st.floats(0, 1.5), st.floats(0, 1.5))
def test_more_compensation_up_to_the_threshold_is_never_worse(
    answer: Any, one: float, other: float
) -> None:
    little, much = sorted((one, other))
    assert pleased(changed(answer, compensation=much)) >= (
        pleased(changed(answer, compensation=little)) - ROUNDING
    )


def test_far_too_much_compensation_repels() -> None:
    """Haesevoets et al. 2017: the sign only."""
    fair = case(severity=0.2, compensation=1.4)
    assert pleased(changed(fair, compensation=3.0)) < pleased(fair)


@given(cases, share, share)
def test_an_excuse_is_never_better(answer: Any, one: float, other: float) -> None:
    little, much = sorted((one, other))
    assert pleased(changed(answer, excuse=much)) <= (
        pleased(changed(answer, excuse=little)) + ROUNDING
    )


@given(cases)
def test_coming_first_is_never_worse(answer: Any) -> None:
    assert pleased(changed(answer, noticed=1.0)) >= pleased(changed(answer, noticed=0.0))


@given(cases, days)
def test_regulars_bear_with_more_delay(answer: Any, tenure: float) -> None:
    assert pleased(answer, 400.0) >= pleased(answer, min(tenure, 365.0))


@given(cases)
def test_answers_match_the_kind_of_failure(answer: Any) -> None:
    """Smith, Bolton & Wagner 1999: what is given weighs more after a failure of outcome."""
    given = changed(answer, fix=1.0, compensation=0.5, apology=0.0, empathy=0.0, follow_up=0.0)
    treated = changed(answer, fix=0.0, compensation=0.0, apology=1.0, empathy=1.0, excuse=0.0)
    assert pleased(changed(given, type=1.0)) >= pleased(changed(given, type=0.0))
    assert pleased(changed(treated, type=0.0)) >= pleased(changed(treated, type=1.0))


@given(share, share, share, share, st.floats(0, 50))
def test_a_worse_failure_loses_more(
    one: float, other: float, control: float, stability: float, memory: float
) -> None:
    mild, severe = sorted((one, other))
    blamed = rules.attribution(control, stability, memory, LOSS)
    assert rules.satisfaction_lost(severe, blamed, LOSS) >= (
        rules.satisfaction_lost(mild, blamed, LOSS)
    )
    assert rules.complaint_probability(severe, 1.0, VOICE) >= (
        rules.complaint_probability(mild, 1.0, VOICE)
    )


@given(share, share, st.floats(0, 50), st.floats(0, 50))
def test_attribution_grows_with_memory(
    control: float, stability: float, one: float, other: float
) -> None:
    """Magnini et al. 2007: the second failure looks like the rule."""
    few, many = sorted((one, other))
    assert rules.attribution(control, stability, many, LOSS) >= (
        rules.attribution(control, stability, few, LOSS)
    )
    assert rules.attribution(control, 1.0, few, LOSS) == rules.attribution(control, 1.0, many, LOSS)


@given(share, st.floats(0, 6), st.floats(0, 6))
def test_an_easier_line_brings_more_complaints(severity: float, one: float, other: float) -> None:
    hard, easy = sorted((one, other))
    assert rules.complaint_probability(severity, easy, VOICE) >= (
        rules.complaint_probability(severity, hard, VOICE)
    )


@given(share, both, both)
def test_a_better_surprise_gives_back_more(severity: float, one: float, other: float) -> None:
    worse, better = sorted((one, other))
    assert rules.satisfaction_regained(severity, better, RECOVERY) >= (
        rules.satisfaction_regained(severity, worse, RECOVERY)
    )


@given(st.floats(0.0001, 1))
def test_losses_loom_larger_than_gains(gap: float) -> None:
    """Tversky & Kahneman 1992."""
    gain = rules.felt_gap(gap, APPRAISAL, POWERS)
    assert rules.felt_gap(-gap, APPRAISAL, POWERS) == pytest.approx(-2.25 * gain)


@given(both, both, both, both)
def test_who_is_happier_stays_and_buys_more(one: float, other: float, a: float, b: float) -> None:
    low, high = sorted((one, other))
    assert rules.intention(high, 0, 0, 0, LOYALTY) >= rules.intention(low, 0, 0, 0, LOYALTY)
    assert rules.leaving_after_visit(high, LOYALTY) <= rules.leaving_after_visit(low, LOYALTY)
    assert rules.attitude(0, high, True, LOYALTY) >= rules.attitude(0, low, True, LOYALTY)
    worse, better = sorted((a, b))
    assert rules.buying_probability(better, 3.5, Market(), Reviews()) >= (
        rules.buying_probability(worse, 3.5, Market(), Reviews())
    )


@given(st.floats(0, 1), st.floats(0, 1), st.floats(0, 30), st.floats(0, 30))
def test_better_and_quicker_recoveries_are_told_more(
    one: float, other: float, soon: float, later: float
) -> None:
    little, much = sorted((one, other))
    soon, later = sorted((soon, later))
    assert rules.recovery_tellings(much, soon, TALK) >= rules.recovery_tellings(little, later, TALK)
    assert rules.failure_tellings(much, TALK) >= rules.failure_tellings(little, TALK)


@given(both)
def test_extreme_experiences_are_reviewed_more(felt: float) -> None:
    chance = rules.review_probability(felt, Reviews())
    assert rules.review_probability(0.0, Reviews()) <= chance
    assert chance <= rules.review_probability(math.copysign(1.0, felt), Reviews())


# Switches.


@given(st.floats(0, 2), both, st.integers(0, 10), st.floats(1, 5))
@settings(max_examples=50)
def test_switches_turn_their_part_off(net: float, valence: float, hop: int, stars: float) -> None:
    assert rules.failure_tellings(net, Talk(bad_stories=False)) == 0.0
    assert rules.retelling_mean(valence, hop, Talk(retelling=False)) == 0.0
    unread = Reviews(enabled=False)
    assert rules.buying_probability(0.3, stars, Market(), unread) == (
        rules.buying_probability(0.3, 3.5, Market(), Reviews())
    )
    assert rules.intention(0.2, 1, 0.9, -3, LOYALTY) == rules.intention(0.2, 1, 0, 0, LOYALTY)
    grateful = Loyalty(gratitude=0.3)
    assert rules.intention(0.2, 1, 0.9, 0, grateful) > rules.intention(0.2, 1, 0, 0, grateful)
    listening = Loyalty(opinion=0.25)
    assert rules.intention(0.2, 1, 0, -1, listening) < rules.intention(0.2, 1, 0, 0, listening)


def test_prospects_think_what_they_hear() -> None:
    assert rules.attitude(0.7, -0.9, False, LOYALTY) == 0.7
    assert rules.attitude(0.7, 0.45, True, LOYALTY) == 0.7
