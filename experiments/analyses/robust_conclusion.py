"""Which policy to choose under uncertain assumptions, and what would overturn it, in words."""

from typing import TYPE_CHECKING, NamedTuple

from experiments.conclusion import DECIDED
from experiments.outcomes import Measure
from experiments.sections.keys import parameter_of
from experiments.sections.keys import said as said_value
from experiments.wording import amount, count, decimals, figure, listed, percent

if TYPE_CHECKING:
    from experiments.analyses.robustness import Robustness
    from experiments.methods.discovery import Description, Limit


class Observable(NamedTuple):
    """How one speaks of what can be observed, with `{}` for the percentage."""

    below: str
    above: str


OBSERVABLES = {
    "share_of_voice": Observable(
        "fewer than {} of the failed complain", "more than {} of the failed complain"
    ),
    "problem_share": Observable(
        "fewer than {} of the customers have a problem",
        "more than {} of the customers have a problem",
    ),
}  # fmt: skip
"""What a firm can ask its customers, by outcome; seen under the baseline. Only what stands for an
assumption: outcomes that have many causes tell as much, but by their noise, too, and nobody could act
on the half per cent of retention at which they would draw the line."""

_CRITERIA = {
    "p90_regret": "its regret at the 90th percentile of the points is the least",
    "max_regret": "its greatest regret is the least",
    "mean_regret": "its mean regret is the least",
}

_WELL = 0.8
"""Coverage and density, held out, from which on a description tells the matter well."""


def said(limit: "Limit") -> str:
    """Return a limit in words: `fewer than 11% of the failed complain (95% interval 9% to 13%)`."""
    words, ends = _words(limit)
    return f"{words} (95% interval {ends})" if ends else words


def _words(limit: "Limit") -> tuple[str, str]:
    if limit.threshold is None:
        values = [said_value(value) for value in limit.values]  # type: ignore[arg-type]
        return f"{limit.column} is {' or '.join(values)}", ""
    observed = OBSERVABLES.get(limit.column)
    amount, ends = amount_and_ends(limit)
    if observed is None:
        side = "below" if limit.comparison == "<" else "above"
        about = parameter_of(limit.column)
        return f"{limit.column} ({about.meaning}) is {side} {amount}", ends
    return (observed.below if limit.comparison == "<" else observed.above).format(amount), ends


def in_percent(column: str) -> bool:
    """Return whether one speaks of a column in percent."""
    return column in OBSERVABLES


def amount_and_ends(limit: "Limit") -> tuple[str, str]:
    """Return a threshold and the ends of its interval, in as many figures as they deserve."""
    assert limit.threshold is not None
    scale, unit = (100.0, "%") if in_percent(limit.column) else (1.0, "")
    value, low, high = (
        None if part is None else part * scale for part in (limit.threshold, limit.low, limit.high)
    )
    assert value is not None
    if low is None or high is None or low == high:
        return figure(value, decimals(abs(value), 3)) + unit, ""
    places = decimals((high - low) / 2, 1 if unit else 2)
    return (
        figure(value, places) + unit,
        f"{figure(low, places)}{unit} to {figure(high, places)}{unit}",
    )


def conclude(result: "Robustness") -> str:
    """Say which policy is regretted least, how often it is the best, and what overturns it."""
    return " ".join(filter(None, (_choice(result), _how_often(result), _overturned(result))))


def _size(measure: Measure, value: float) -> str:
    unit = "" if measure.unit in ("", "money", measure.label) else f" {measure.unit}"
    return figure(value, decimals(abs(value), 3)) + unit


def _choice(result: "Robustness") -> str:
    name, own = result.recommended, result.standings[result.recommended]
    measure = result.measure
    if own.max_regret == 0:
        chance = result.could_lose
        bound = f"; the share where one may is below {_bound(chance)} (95%)" if chance else ""
        return (
            f"{name} is the policy to choose, and nothing that was tried overturns it: at none of "
            f"{result.points} points did another reach a better {measure.label}{bound}.{_sureness(result)}"
        )
    ends = {
        "mean_regret": (own.mean_low, own.mean_high), "p90_regret": (own.p90_low, own.p90_high),
    }.get(result.criterion, (None, None))  # fmt: skip
    size = amount(measure, getattr(own, result.criterion), *ends).replace(" (", ", ").rstrip(")")
    first = (
        f"{name} is the policy to choose under these assumptions: {_CRITERIA[result.criterion]} "
        f"({size}, of {measure.label} below the best)"
    )
    return f"{first}{_greatest(result)}.{_sureness(result)}"


def _greatest(result: "Robustness") -> str:
    """Return a clause on the greatest regret, and which policy has least of that."""
    name, measure = result.recommended, result.measure
    other = result.least("max_regret")
    greatest = _size(measure, result.standings[name].max_regret)
    if result.criterion == "max_regret":
        return ""
    if other == name:
        return f", and so is its greatest ({greatest})"
    worst = _size(measure, result.standings[other].max_regret)
    return f"; {other} has the least greatest regret ({worst} against {greatest})"


def _sureness(result: "Robustness") -> str:
    if result.sureness >= DECIDED:
        return ""
    other = "other worlds and points" if result.sampled else "other worlds"
    return (
        f" That choice is not decided: with {other} it would be the same with a chance of "
        f"{percent(result.sureness)}."
    )


def luck_of(result: "Robustness") -> str:
    """Return what the intervals of regrets hold."""
    if result.sampled:
        return "the luck of the sets drawn and of the worlds"
    return "the luck of the worlds; the sets are those that the design lists"


def _how_often(result: "Robustness") -> str:
    own, baseline = result.standings[result.recommended], result.baseline
    among = f"best of the {count(len(result.policies))}"
    low, high = percent(own.win_low), percent(own.win_high)
    kind = "95% interval" if result.sampled else "with the luck of the worlds"
    text = f"It is the {among} at {_share(own.win_share)} ({kind} {low} to {high})"
    if own.beats_baseline_share is not None:
        text += f", and beats {baseline} at {_share(own.beats_baseline_share)}"
    unsure = float(result.regrets.open.mean())
    return f"{text}; at {_share(unsure)} the lead is within noise." if unsure else f"{text}."


def _share(share: float) -> str:
    return {0.0: "no point", 1.0: "every point"}.get(share) or f"{percent(share)} of the points"


def in_points(share: float) -> str:
    """Return a share of the points that there are, of which none and all can be said.

    >>> [in_points(share) for share in (0.0, 0.999, 0.5, 1.0)]
    ['0%', 'over 99%', '50%', '100%']
    """
    return {0.0: "0%", 1.0: "100%"}.get(share) or percent(share)


def _overturned(result: "Robustness") -> str:
    met = int(result.overturned.sum())
    if result.standings[result.recommended].max_regret == 0:
        return ""
    name, beyond = result.recommended, result.section.threshold
    better = "another does better" + (
        f" by more than {_size(result.measure, beyond)}" if beyond else ""
    )
    if not met:
        text = f"Nothing that was tried overturns it: at none of {result.points} points {better}"
        chance = result.could_lose
        return (
            f"{text}; the share where one might is below {_bound(chance)} (95%)."
            if chance
            else (f"{text}.")
        )
    found = result.description
    if found is None:
        why = (
            "too few to say what they have in common"
            if met < 5
            else ("and no few assumptions tell which")
        )
        return f"At {met} of {result.points} points {better}, {why}."
    described = f"{name} wins unless {_limits(result, found)}."
    instead = f", mostly {result.instead}" if len(result.policies) > 2 else ""
    return f"{described} {_trust(found, better + instead)}"


def _bound(chance: float) -> str:
    return f"{figure(100 * chance, decimals(100 * chance, 2))}%"


def _limits(result: "Robustness", found: "Description") -> str:
    words = [said(limit) for limit in found.limits]
    seen = any(limit.column in OBSERVABLES for limit in found.limits)
    return listed(words) + (f", as seen under {result.baseline}" if seen else "")


def _trust(found: "Description", better: str) -> str:
    """Return a sentence on how much of the matter a description tells."""
    told, right = ("all" if share == 1 else f"{percent(share)} of" for share in found.fit[:2])
    text = (
        f"This tells {told} the points where {better}, and is right at {right} those that it tells "
        f"({percent(found.held_out.coverage)} and {percent(found.held_out.density)} of points that "
        "were kept from finding it)"
    )
    if min(found.held_out[:2]) >= _WELL:
        return f"{text}."
    return f"{text}: a rule of thumb and no more."


def notes(result: "Robustness") -> tuple[str, ...]:
    """Return what else a reader has to know."""
    said_so = []
    if result.left_out:
        said_so.append(
            f"{result.left_out} points are left out: {result.measure.label} was undefined there, "
            "or runs failed."
        )
    if not result.sampled:
        said_so.append(
            "The points are those that the design lists and no sample: shares of them are no "
            "chances."
        )
    noise = result.regrets.noise
    if noise > 0:
        said_so.append(
            f"At a typical point a lead below {_size(result.measure, noise)} may be luck; the best "
            "of several is in part the luckiest, so regrets of that size are a little too large."
        )
    return tuple(said_so)
