"""What a decomposition found, in a paragraph that a board can read."""

import math
from typing import TYPE_CHECKING

from experiments.laboratory.switches import PARTS, SWITCHES, WORD_OF_MOUTH
from experiments.outcomes import MEASURES, RATIOS_OF_MEANS
from experiments.wording import amount, count, decimals, figure, listed, percent

if TYPE_CHECKING:
    from experiments.laboratory.decompose import Decomposition, Estimate, Gain
    from experiments.laboratory.market import Ends, Market

WORDS = {
    "own": "customers it saves itself", "telling": "what they tell",
    "retelling": "what is retold", "reviews": "reviews", "learning": "learning from failures",
}  # fmt: skip
"""The parts of a gain."""


def conclude(result: "Decomposition") -> str:
    """Say what the gain is made of, and how word of mouth makes the market grow."""
    first = next(iter(result.gains.values()))
    said = [_whole(result, first), _parts(result, first), _grown(result.market)]
    return " ".join(filter(None, said))


def _whole(result: "Decomposition", gain: "Gain") -> str:
    measure = MEASURES[gain.outcome]
    total = gain.estimate()
    if math.isnan(total.mean):
        return f"The {measure.label} is undefined in every world: nothing can be said of it."
    size, _, ends = amount(measure, abs(total.mean), *_ends(total)).partition(" (")
    way = "above" if total.mean >= 0 else "below"
    interval = f" ({ends}" if ends else ""
    return f"{result.policy} is {size} {way} {result.baseline} in {measure.label}{interval}."


def _ends(estimate: "Estimate") -> tuple[float | None, float | None]:
    """Return the interval of a size that is told as a positive number; None where there is none."""
    if math.isnan(estimate.low):
        return None, None
    if estimate.mean < 0:
        return -estimate.high, -estimate.low
    return estimate.low, estimate.high


def _parts(result: "Decomposition", gain: "Gain") -> str:
    """Say what each part that acts brings, and what word of mouth brings in all."""
    total = gain.estimate()
    if math.isnan(total.mean):
        return ""
    if not result.acting:
        return "Nobody talks, reviews or learns in this scenario, so all of that is its own doing."
    places = _places(gain)
    told = [_part(gain, places, name) for name in ("own", *result.acting)]
    text = f"Of that, {WORDS['own']} bring {told[0]}"
    rest = [f"{WORDS[name]} {each}" for name, each in zip(result.acting, told[1:], strict=True)]
    text += f", and {rest[0]}." if len(rest) == 1 else f", {', '.join(rest[:-1])}, and {rest[-1]}."
    talk = [name for name in result.acting if name in WORD_OF_MOUTH]
    if len(talk) < 2:
        return text
    return f"{text} Word of mouth of all kinds thus brings {_part(gain, places, *talk)}."


def _places(gain: "Gain") -> int:
    total = gain.estimate()
    width = (total.high - total.low) / 2
    return decimals(width, 2) if width > 0 else decimals(abs(total.mean), 3)


def _share(share: float) -> str:
    """Return a share in whole percent; one below zero, or beyond the whole, is told as it is.

    >>> [_share(each) for each in (0.391, -0.02, 1.2, 0.001)]
    ['39%', '-2%', '120%', 'under 1%']
    """
    return percent(share) if 0 < share < 1 else f"{figure(100 * share, 0)}%"


def _part(gain: "Gain", places: int, *names: str) -> str:
    """Return what some parts bring together, with their share and interval where they are known."""
    found = gain.estimate(*names)
    known = []
    if not math.isnan(found.share):
        known.append(_share(found.share))
    if not math.isnan(found.low):
        known.append(f"{figure(found.low, places)} to {figure(found.high, places)}")
    return figure(found.mean, places) + (f" ({'; '.join(known)})" if known else "")


def _grown(market: "Market | None") -> str:
    """Say how many customers word of mouth wins, how many it brings sooner, and what they are worth."""
    if market is None:
        return ""
    won, sooner, days = (
        market.estimate(market.policy, name) for name in ("only_with", "sooner", "days")
    )
    text = (
        f"Under {market.policy}, word of mouth wins {_people(won)} who would not have come within "
        f"{market.days} days, and brings {_people(sooner)} sooner"
    )
    if not math.isnan(days.mean):
        text += f", by {figure(days.mean, 0)} days in the mean"
    share = market.share(market.policy, "expansion")
    if not math.isnan(share.mean):
        # Either share may be negative: bad stories keep people away, or make them come late.
        text += (
            f"; of what new customers bring by it, {_share(share.mean)} (95% interval "
            f"{figure(100 * share.low, 0)} to {figure(100 * share.high, 0)}) is expansion of the "
            f"market and {_share(1 - share.mean)} acceleration"
        )
    return f"{text}. {_beside(market)}"


def _people(estimate: "Ends") -> str:
    number = f"{figure(estimate.mean, 0)} customers"
    if math.isnan(estimate.low):
        return number
    return f"{number} ({figure(estimate.low, 0)} to {figure(estimate.high, 0)})"


def _beside(market: "Market") -> str:
    lost = market.estimate(market.policy, "only_without")
    other = market.estimate(market.baseline, "only_with")
    kept_away = market.estimate(market.baseline, "only_without")
    return (
        f"It keeps {figure(lost.mean, 0)} away; under {market.baseline} it wins "
        f"{figure(other.mean, 0)} and keeps {figure(kept_away.mean, 0)} away."
    )


def notes(result: "Decomposition") -> tuple[str, ...]:
    """Say which parts do not act, how interactions are shared, and what was left out."""
    found = []
    still = [part for part in PARTS if part not in result.acting]
    if still:
        keys = listed([f"{SWITCHES[part][0]}" for part in still])
        found.append(
            f"Worth exactly nothing, because switched off in this scenario: "
            f"{listed([WORDS[part] for part in still])} ({keys})."
        )
    if len(result.acting) > 1:
        found.append(
            "Each part has its Shapley value (Shapley 1953): what it adds, in the mean over all "
            "orders in which parts are switched on, retelling right after telling."
        )
    missed = [name for name in result.experiment.outcomes if name in RATIOS_OF_MEANS]
    if missed:
        found.append(f"Not split, because single worlds do not have it: {listed(missed)}.")
    aside = [
        name
        for name in ("design", "precision", "select_best")
        if getattr(result.experiment, name) is not None
    ]
    if aside:
        found.append(f"Left aside, of the experiment: {listed(aside)}.")
    if result.failed:
        runs = f"{count(result.failed)} run{'s' if result.failed > 1 else ''}"
        found.append(f"{runs} failed, and the worlds of these are left out.".capitalize())
    if len(result.experiment.seeds) == 1:
        found.append("One world cannot tell luck from worth, so run more (--seeds).")
    return tuple(found)
