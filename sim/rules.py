"""Every equation of the model, each a small pure function with its source.

Arguments named after a section (`loss`, `justice`, `talk`, ...) are that section of parameters:
the validated object itself, or the record of its numbers within a kernel. Only `math` functions
are used, so that both performers round alike. `docs/reference/model.md` says how sure each is.
"""

import math
from typing import Any

from sim.compiled import compiled
from sim.intrinsics import parted
from sim.ties import COLLEAGUE, REFERRAL, WEAK

OPINION_GRAIN = 2.0**40
"""Opinions move in steps of 2**-40 logit, so that what a day's stories add up to is exact, and the
order in which they are heard cannot matter."""

MILLION = 1_000_000
"""Sums over people (prices paid back, days of delay) are kept in whole millionths, for the same
reason."""


@compiled
def logistic(x: float) -> float:
    """Return the probability whose log-odds are `x`."""
    return 1.0 / (1.0 + math.exp(-max(x, -700.0)))


@compiled
def clip(x: float, low: float, high: float) -> float:
    """Return `x` held between `low` and `high`."""
    return min(max(x, low), high)


@compiled
def fade(days: float, half_life: float) -> float:
    """Return what is left of a memory after `days`.

    >>> fade(90, 90)
    0.5
    """
    return math.exp(-0.6931471805599453 * days / half_life)


@compiled
def grained(x: float, grain: float) -> float:
    """Return `x`, less than 2**51/`grain` in size, rounded to a multiple of 1/`grain`, a power of two.

    A sum with a number so large keeps no finer digits.
    """
    rounder = 6755399441055744.0 / grain
    return (x + rounder) - rounder


@compiled
def millionths(x: float) -> int:
    """Return `x` as a whole number of millionths."""
    return math.floor(x * MILLION + 0.5)


@compiled
def whole(parts: int) -> float:
    """Return a number of millionths as a number of wholes."""
    return float(parts) / MILLION


@compiled
def power(x: float, powers: Any) -> float:
    """Return the power of a number 0 <= x < 2**64 by its table (`sim.lookup.power_table`).

    The binomial series about the middle of one of 128 parts; right to 1 in 10**15, and what is
    less than 2**-62 counts as that.
    """
    m, exponent = parted(max(x, 2.0**-62))
    part = int(m * 256.0)
    middle = part + 0.5
    r = (m * 256.0 - middle) / middle
    series = powers[3] + r * (powers[4] + r * powers[5])
    series = powers[0] + r * (powers[1] + r * (powers[2] + r * series))
    return float(powers[part] * powers[318 + exponent] * series)


@compiled
def felt_gap(gap: float, appraisal: Any, powers: Any) -> float:
    """Return what a gap between quality and expectation is felt as: losses loom larger.

    `powers` is the table of `appraisal.curvature`. Source: value function of Tversky & Kahneman 1992.
    """
    loss, size = -appraisal.loss_aversion, power(abs(gap), powers)
    return float((loss if gap < 0.0 else 1.0) * size)


@compiled
def transaction_satisfaction(gap: float, appraisal: Any, powers: Any) -> float:
    """Return satisfaction in [-1, 1] with an ordinary visit whose quality missed expectation by `gap`.

    Source: expectancy disconfirmation, Oliver 1980.
    """
    return clip(appraisal.ordinary + felt_gap(gap, appraisal, powers), -1.0, 1.0)


@compiled
def attribution(control: float, stability: float, memory: float, loss: Any) -> float:
    """Return the share of a failure that is laid to the firm.

    A failure looks more stable the more failures (`memory`) are remembered. Source: Van Vaerenbergh,
    Orsingher, Vermeir & Larivière 2014; Magnini, Ford, Markowski & Honeycutt 2007.
    """
    lasting = 1.0 - (1.0 - stability) * math.exp(-loss.memory_weight * memory)
    share = loss.base_attribution + loss.control_weight * control
    return float(share + loss.stability_weight * lasting)


@compiled
def satisfaction_lost(severity: float, attributed: float, loss: Any) -> float:
    """Return what a failure takes from satisfaction. Source: fitted to TARP's repurchase table."""
    return float(loss.scale * math.pow(severity, loss.severity_exponent) * attributed)


@compiled
def complaint_probability(severity: float, ease: float, voice: Any) -> float:
    """Return the chance that a failed customer complains. Source: form Hirschman 1970; fit TARP."""
    return logistic(voice.constant + voice.severity * severity + voice.ease * ease)


@compiled
def distributive_justice(fix: float, compensation: float, severity: float, justice: Any) -> float:
    """Return in [-1, 1] how fair what was given feels; `compensation` is a share of the price.

    It saturates, and too much repels a minority (Haesevoets et al. 2017).
    """
    need = justice.need_base + justice.need_severity * severity
    met = justice.fix_weight * fix + compensation / need
    excess = justice.overpay_penalty * max(0.0, compensation - justice.overpay_threshold)
    return float(2.0 * (1.0 - math.exp(-justice.saturation * met) - excess) - 1.0)


@compiled
def procedural_justice(
    delay: float, tenure: float, updates: float, options: float, justice: Any
) -> float:
    """Return in [-1, 1] how fair the wait of `delay` days and a choice among remedies feel to a
    customer of `tenure` days.

    Source: zone of tolerance, Hogreve, Bilstein & Mandl 2017; decision control, Thibaut & Walker
    1975, Tax, Brown & Chandrashekaran 1998.
    """
    zone = justice.zone_of_regulars if tenure > justice.regular_after else 0.0
    felt = max(0.0, delay - zone) * (1.0 - justice.updates_weight * updates)
    prompt = 2.0 * math.exp(-felt / justice.patience) - 1.0
    return float(prompt + justice.options_weight * options * (1.0 - prompt))


@compiled
def interactional_justice(case: Any, justice: Any) -> float:
    """Return in [-1, 1] how fair the treatment in a `case` feels."""
    treated = (
        justice.courtesy
        + justice.empathy * case.empathy
        + justice.apology * case.apology
        + justice.follow_up * case.follow_up
        + justice.noticed * case.noticed
        - justice.excuse * case.excuse
    )
    return 2.0 * clip(treated, 0.0, 1.0) - 1.0


@compiled
def complaint_satisfaction(case: Any, tenure: float, justice: Any) -> float:
    """Return satisfaction in (-1, 1) with the answer given in a `case`.

    Outcome failures (type 1) weigh what is given, process failures (type 0) the treatment. Source:
    Tax, Brown & Chandrashekaran 1998; weights Orsingher, Valentini & de Angelis 2010; matching
    Smith, Bolton & Wagner 1999.
    """
    match = justice.matching * (case.type - 0.5)
    given = justice.distributive * (1.0 + match)
    treated = justice.interactional * (1.0 - match)
    weights = given + justice.procedural + treated
    smooth = procedural_justice(case.delay, tenure, case.updates, case.options, justice)
    fairness = (
        given * distributive_justice(case.fix, case.compensation, case.severity, justice)
        + justice.procedural * smooth
        + treated * interactional_justice(case, justice)
    ) / weights
    return math.tanh(justice.sharpness * fairness)


@compiled
def delighted_probability(pleased: float, justice: Any) -> float:
    """Return the chance to be delighted by a recovery met with complaint satisfaction `pleased`."""
    return logistic(justice.delight_slope * (pleased - justice.delight_centre))


@compiled
def satisfaction_regained(severity: float, surprise: float, recovery: Any) -> float:
    """Return what an answer gives back; `surprise` is recovery disconfirmation.

    Source: fitted to TARP's repurchase table.
    """
    weight = 1.0 if surprise >= 0.0 else recovery.disconfirmation_aversion
    return float(
        recovery.base_gain
        + recovery.severity_gain * severity
        + recovery.disconfirmation_gain * weight * surprise
    )


@compiled
def intention(
    satisfaction: float, memory: float, gratitude: float, opinion: float, loyalty: Any
) -> float:
    """Return the intention in (0, 1) to buy again that a survey would measure."""
    return logistic(
        loyalty.constant
        + loyalty.satisfaction * satisfaction
        - loyalty.failures * memory
        + loyalty.gratitude * gratitude
        + loyalty.opinion * opinion
    )


@compiled
def leaving_after_incident(intended: float, loyalty: Any) -> float:
    """Return the chance to leave once an incident is closed: what people say, discounted."""
    return float(loyalty.discount * (1.0 - intended))


@compiled
def leaving_unprovoked(chance: float, satisfaction: float, loyalty: Any) -> float:
    """Return the chance to leave of whoever is not failed, given that of the usually satisfied."""
    above = satisfaction - loyalty.start
    return float(min(1.0, chance * math.exp(-loyalty.ordinary_slope * above)))


@compiled
def leaving_after_visit(satisfaction: float, loyalty: Any) -> float:
    """Return the chance to leave after an ordinary visit."""
    return leaving_unprovoked(loyalty.ordinary_leaving, satisfaction, loyalty)


@compiled
def following_probability(satisfaction: float, referral: Any, loyalty: Any) -> float:
    """Return the chance to leave after whoever brought one to the firm.

    A neighbour who leaves is followed, and less so by the loyal: Nitzan & Libai 2011.
    """
    return leaving_unprovoked(referral.follow, satisfaction, loyalty)


@compiled
def attitude(opinion: float, satisfaction: float, experienced: bool, loyalty: Any) -> float:
    """Return in logits what a person thinks of the firm all told."""
    if experienced:
        return float(opinion + loyalty.attitude * (satisfaction - loyalty.start))
    return opinion


@compiled
def buying_probability(thinks: float, stars: float, market: Any, reviews: Any) -> float:
    """Return the chance that an aware person in need buys. Weight of stars: Luca 2016."""
    better = stars - reviews.start if reviews.enabled else 0.0
    return logistic(market.buy_constant + thinks + market.stars_weight * better)


@compiled
def failure_tellings(net: float, talk: Any) -> float:
    """Return the mean tellings of a failure that has cost `net` satisfaction in the end."""
    if net <= 0.0 or not talk.bad_stories:
        return 0.0
    return float(talk.failure * math.pow(net, talk.failure_exponent))


@compiled
def recovery_tellings(pleased: float, delay: float, talk: Any) -> float:
    """Return the mean tellings of a recovery, given complaint satisfaction and delay in days."""
    if pleased <= 0.0:
        return 0.0
    quick = math.exp(-delay / talk.recovered_patience)
    return float(talk.recovered * math.sqrt(pleased / talk.recovered_reference) * quick)


@compiled
def hop_weight(hop: int, talk: Any) -> float:
    """Return what is left of a story's force after `hop` retellings."""
    decay = talk.hop_decay
    # The first four one by one: kernels then choose without branches.
    weight = decay if hop > 0 else 1.0
    weight *= decay if hop > 1 else 1.0
    weight *= decay if hop > 2 else 1.0
    weight *= decay if hop > 3 else 1.0
    for _ in range(4, hop):
        weight *= decay
    return float(weight)


@compiled
def opinion_change(
    valence: float, tie: int, hop: int, customer: bool, talk: Any, colleagues: Any
) -> float:
    """Return in logits how far a story moves its listener, as a multiple of the grain.

    It came along a kind of `tie` (`sim.ties`); `customer` is whether the listener knows the firm.
    """
    # All factors are read before any is chosen: kernels then choose without branches.
    weak, work, worse, known_good, known_bad = (
        talk.weak_influence, colleagues.influence, talk.negativity, talk.customers_good,
        talk.customers_bad,
    )  # fmt: skip
    bad = valence < 0.0
    known = known_bad if bad else known_good
    change = talk.influence * valence * hop_weight(hop, talk)
    change *= weak if tie == WEAK else (work if tie == COLLEAGUE else 1.0)
    change *= worse if bad else 1.0
    # Who came, or vouched, on somebody's word takes that word however well it knows the firm.
    change *= known if customer & (tie != REFERRAL) else 1.0
    return grained(change, OPINION_GRAIN)


@compiled
def retelling_mean(valence: float, hop: int, talk: Any) -> float:
    """Return the mean number of people to whom a story heard at `hop` is passed on."""
    if hop >= talk.hops or not talk.retelling:
        return 0.0
    more = talk.retold_negativity
    return float(talk.retold * hop_weight(hop, talk) * (more if valence < 0.0 else 1.0))


@compiled
def review_probability(felt: float, reviews: Any) -> float:
    """Return the chance that an experience felt as `felt`, in [-1, 1], is reviewed in public."""
    return float(min(1.0, reviews.base + reviews.extremity * felt * felt))


@compiled
def review_stars(felt: float) -> int:
    """Return the stars, 1 to 5, of an experience felt as `felt`, in [-1, 1]."""
    return int(clip(math.floor(3.5 + 2.0 * felt), 1.0, 5.0))


@compiled
def failure_valence(net: float) -> float:
    """Return the valence of the story of a failure that has cost `net` satisfaction in the end."""
    return -min(1.0, net)


@compiled
def learnt(chance: float, causes: int, service: Any) -> float:
    """Return the chance of failure once the firm has heard of so many `causes` of failures.

    Form after Johnston & Michel 2008: learning is where recovery pays.
    """
    floor = min(service.failure_floor, chance)
    return float(max(floor, chance * math.exp(-service.learning * causes)))


@compiled
def visit_value(normal: float, money: Any) -> float:
    """Return what a visit is worth, as a multiple of the price, of somebody with a standard `normal`.

    Lognormal with mean 1, whatever the spread.
    """
    spread = money.value_spread
    return math.exp(spread * normal - 0.5 * spread * spread)


@compiled
def discounted(amount: float, days: float, money: Any) -> float:
    """Return today's worth of an amount of money that comes after so many days."""
    return amount * math.exp(-math.log(1.0 + money.discount_rate) * days / 365.0)
