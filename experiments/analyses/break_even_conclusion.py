"""What a break-even analysis found, in a few sentences that a board can read."""

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from experiments.methods.crossings import Crossing
from experiments.outcomes import MEASURES
from experiments.wording import amount, count, decimals, figure, listed

if TYPE_CHECKING:
    from experiments.analyses.break_even import BreakEven


def conclude(result: "BreakEven") -> str:
    """Say where the policy pays, how sure that is, and where it pays best."""
    mean = result.curve.band.mean
    if not np.isfinite(mean).any():
        label = MEASURES[result.section.outcome].label
        return f"The {label} is undefined all along {result.section.lever}: nothing can be said."
    low, high = (said(result, end) for end in result.section.range)
    unit = unit_of(result)
    along = f"Along {result.section.lever}{f' ({unit})' if unit else ''} from {low} to {high}"
    return f"{along}, {_found(result)} {_best(result)}".strip()


def unit_of(result: "BreakEven") -> str:
    """Return the unit of the lever, without what is said beside it."""
    return result.lever.told_in


def verbs(result: "BreakEven") -> tuple[str, str]:
    """Return what a policy does that is better than the baseline, and one that is not."""
    measure = MEASURES[result.section.outcome]
    if measure.unit == "money":
        return "pays", "does not pay"
    return f"does better at {measure.label}", f"does no better at {measure.label}"


def said(result: "BreakEven", value: float) -> str:
    """Return a value of the lever in as many figures as its range deserves."""
    low, high = result.section.range
    places = 0 if result.lever.whole else decimals(high - low, 3)
    text = figure(value, places)
    return text.rstrip("0").rstrip(".") if "." in text else text


def _found(result: "BreakEven") -> str:
    """Return where it pays; the subject is the policy."""
    policy, baseline = result.policy, result.baseline
    yes, no = verbs(result)
    mean = result.curve.band.mean
    if not np.nan_to_num(mean).any():
        return f"{policy} makes no difference to {baseline} anywhere."
    if not result.crossings:
        better = MEASURES[result.section.outcome].direction * np.nansum(mean) > 0
        how = f"{yes} everywhere" if better else f"{no} anywhere"
        return f"{policy} {how}, compared with {baseline}{_doubt(result)}."
    stretches = _stretches(result)
    where = "elsewhere"
    if len(result.crossings) == 1:
        where = "beyond" if stretches[0].startswith("up to") else "below"
    return (
        f"{policy} {yes} {' and '.join(stretches)}; {where}, {baseline} is better."
        f"{_nowhere_sure(result)}{_blurred(result)}"
    )


def _nowhere_sure(result: "BreakEven") -> str:
    """Say so where the band nowhere leaves out zero on the better side."""
    _, low, high = result.curve.band
    direction = MEASURES[result.section.outcome].direction
    if not np.isfinite(low).any() or ((low > 0) if direction > 0 else (high < 0)).any():
        return ""
    yes, _ = verbs(result)
    return f" That it {yes} is nowhere sure: zero lies within the 95% band wherever it does."


def _doubt(result: "BreakEven") -> str:
    """Say where zero lies within the band, though the mean does not cross it."""
    _, low, high = result.curve.band
    unsure = result.curve.at[(low <= 0) & (high >= 0)]
    if len(unsure) == 0:
        return ""
    if len(unsure) == len(result.curve.at):
        return ", but nowhere surely"
    first, last = said(result, unsure[0]), said(result, unsure[-1])
    where = f"from {first} to {last}" if first != last else f"at {first}"
    return f", but not surely {where}"


def _stretches(result: "BreakEven") -> list[str]:
    """Return the stretches of the lever in which the policy is better."""
    direction = MEASURES[result.section.outcome].direction
    found: list[str] = []
    start: str | None = None
    for crossing in result.crossings:
        if crossing.rises == (direction > 0):
            start = placed(result, crossing)
            continue
        end = placed(result, crossing)
        found.append(f"up to {end}" if start is None else f"between {start} and {end}")
        start = None
    return found if start is None else [*found, f"from {start} on"]


def placed(result: "BreakEven", crossing: Crossing) -> str:
    """Return a crossing of the lever: of whole numbers, the last with which the policy is better."""
    if not result.lever.whole:
        return place(crossing)
    starts = crossing.rises == (MEASURES[result.section.outcome].direction > 0)
    return place(crossing, math.ceil if starts else math.floor)


def place(crossing: Crossing, whole: Callable[[float], int] | None = None) -> str:
    """Return a crossing with its interval.

    Parameters
    ----------
    whole : callable, optional
        How to round for a lever that takes whole numbers alone.

    >>> place(Crossing(0.8312, 0.78, 0.8912, False, 0.001))
    '0.831 (95% interval 0.780 to 0.891)'
    >>> place(Crossing(4.0, 3.1, None, False, 0.0))
    '4.00 (95% interval 3.10 to beyond the range)'
    >>> place(Crossing(2.9, 2.6, 3.2, False, 0.9), math.floor)
    '2 (95% interval 2 to 3)'
    """
    value, low, high = crossing[:3]
    reach = max((abs(value - end) for end in (low, high) if end is not None), default=0.0)
    places = 0 if whole else decimals(reach or abs(value), 2)
    known = [
        None if each is None else figure(whole(each) if whole else each, places)
        for each in (value, low, high)
    ]
    if low is None and high is None:
        return f"{known[0]} (its 95% interval goes beyond the range on both sides)"
    return (
        f"{known[0]} (95% interval {known[1] or 'from below the range'} to "
        f"{known[2] or 'beyond the range'})"
    )


def _blurred(result: "BreakEven") -> str:
    """Say which crossings have the same interval, so that luck may have made them."""
    ends = [crossing[1:3] for crossing in result.crossings]
    shared = [crossing for crossing in result.crossings if ends.count(crossing[1:3]) > 1]
    if not shared:
        return ""
    values = listed([said(result, crossing.value) for crossing in shared])
    return (
        f" Its {count(len(shared))} crossings at {values} cannot be told apart: all along there "
        "the difference may be nothing, so run more worlds."
    )


def _best(result: "BreakEven") -> str:
    """Say where the difference is best, and what is as good."""
    means = result.curve.band.mean
    if result.best < 0 or not np.nan_to_num(means).any():
        return ""
    label = MEASURES[result.section.outcome].label
    first, last = (said(result, end) for end in result.curve.as_good(result.best))
    found = f"It does best at {said(result, result.curve.at[result.best])}, with {label} {_size(result)}"
    if first != last:
        return f"{found}; anything from {first} to {last} is as good, as far as can be told."
    return f"{found}."


def _size(result: "BreakEven") -> str:
    """Return the best difference: `0.31 above none (95% interval 0.2 to 0.4)`."""
    mean, low, high = (float(column[result.best]) for column in result.curve.band)
    ends = (low, high) if mean >= 0 else (-high, -low)
    known = ends if np.isfinite(ends).all() else (None, None)
    size, _, interval = amount(MEASURES[result.section.outcome], abs(mean), *known).partition(" (")
    side = "above" if mean >= 0 else "below"
    return f"{size} {side} {result.baseline}{f' ({interval}' if interval else ''}"


def notes(result: "BreakEven") -> tuple[str, ...]:
    """Say what else a reader should mind."""
    found = []
    if len(result.experiment.seeds) < 2:
        found.append("One world gives no intervals: run more seeds.")
    if result.failed:
        found.append(f"{result.failed} runs failed; what stands on them is missing.")
    if result.section.lever.startswith("policy."):
        found.append(
            f"{result.baseline} keeps its own {result.section.lever}; only {result.policy} moves "
            "along it."
        )
    return tuple(found)
