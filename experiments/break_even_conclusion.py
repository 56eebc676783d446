"""What a break-even analysis found, in a few sentences that a board can read."""

from typing import TYPE_CHECKING

import numpy as np

from experiments.crossings import Crossing
from experiments.outcomes import MEASURES
from experiments.wording import amount, count, decimals, figure, listed

if TYPE_CHECKING:
    from experiments.break_even import BreakEven


def conclude(result: "BreakEven") -> str:
    """Say where the policy pays, how sure that is, and where it pays best."""
    mean = result.curve.band.mean
    if not np.isfinite(mean).any():
        label = MEASURES[result.section.outcome].label
        return f"The {label} is undefined all along {result.section.lever}: nothing can be said."
    low, high = map(_plain, result.section.range)
    unit = unit_of(result)
    along = f"Along {result.section.lever}{f' ({unit})' if unit else ''} from {low} to {high}"
    return f"{along}, {_found(result)} {_best(result)}".strip()


def unit_of(result: "BreakEven") -> str:
    """Return the unit of the lever, without what is said beside it."""
    return result.lever.unit.partition(";")[0]


def verbs(result: "BreakEven") -> tuple[str, str]:
    """Return what a policy does that is better than the baseline, and one that is not."""
    measure = MEASURES[result.section.outcome]
    if measure.unit == "money":
        return "pays", "does not pay"
    return f"does better at {measure.label}", f"does no better at {measure.label}"


def _plain(value: float) -> str:
    return f"{value:,.6g}"


def _found(result: "BreakEven") -> str:
    """Return where it pays; the subject is the policy."""
    policy, baseline = result.policy, result.baseline
    yes, no = verbs(result)
    mean, low, high = result.curve.band
    if not mean[np.isfinite(mean)].any():
        return f"{policy} makes no difference to {baseline} anywhere."
    if not result.crossings:
        better = MEASURES[result.section.outcome].direction * np.nansum(mean) > 0
        said = f"{policy} {yes if better else no} anywhere, compared with {baseline}"
        if better:
            said = f"{policy} {yes} everywhere, compared with {baseline}"
        return said + _doubt(result) + "."
    parts = " and ".join(_stretches(result))
    said = f"{policy} {yes} {parts}; elsewhere {baseline} is better."
    return said + _blurred(result)


def _doubt(result: "BreakEven") -> str:
    """Say where zero lies within the band, though the mean does not cross it."""
    _, low, high = result.curve.band
    unsure = result.curve.at[(low <= 0) & (high >= 0)]
    if len(unsure) == 0:
        return ""
    if len(unsure) == len(result.curve.at):
        return ", but nowhere surely"
    ends = f"from {_plain(unsure[0])} to {_plain(unsure[-1])}"
    return f", but not surely {ends if unsure[0] < unsure[-1] else f'at {_plain(unsure[0])}'}"


def _stretches(result: "BreakEven") -> list[str]:
    """Return the stretches of the lever in which the policy is better."""
    direction = MEASURES[result.section.outcome].direction
    found, start = [], None
    for crossing in result.crossings:
        if crossing.rises == (direction > 0):
            start = crossing
        elif start is None:
            found.append(f"up to {place(crossing)}")
        else:
            found.append(f"between {place(start)} and {place(crossing)}")
            start = None
    return [*found, f"from {place(start)} on"] if start else found


def place(crossing: Crossing) -> str:
    """Return a crossing with its interval.

    >>> place(Crossing(0.8312, 0.78, 0.8912, False, 0.001))
    '0.831 (95% interval 0.780 to 0.891)'
    >>> place(Crossing(4.0, 3.1, None, False, 0.0))
    '4.00 (95% interval 3.10 to beyond the range)'
    """
    value, low, high = crossing[:3]
    reach = max(abs(value - end) for end in (low, high) if end is not None) if (
        low is not None or high is not None) else abs(value)  # fmt: skip
    places = decimals(reach or abs(value), 2)
    if low is None and high is None:
        return f"{figure(value, places)} (with no bounds within the range)"
    ends = [figure(end, places) if end is not None else None for end in (low, high)]
    return (
        f"{figure(value, places)} (95% interval {ends[0] or 'from below the range'} to "
        f"{ends[1] or 'beyond the range'})"
    )


def _blurred(result: "BreakEven") -> str:
    """Say which crossings have the same interval, so that luck may have made them."""
    ends = [crossing[1:3] for crossing in result.crossings]
    shared = [crossing for crossing in result.crossings if ends.count(crossing[1:3]) > 1]
    if not shared:
        return ""
    values = listed([_plain(round(crossing.value, 6)) for crossing in shared])
    return (
        f" Its {count(len(shared))} crossings at {values} cannot be told apart: all along there "
        "the difference may be nothing, so run more worlds."
    )


def _best(result: "BreakEven") -> str:
    """Say where the difference is best, and what is as good."""
    at = result.best
    mean, low, high = (column[at] for column in result.curve.band)
    if at < 0 or not result.curve.band.mean[np.isfinite(result.curve.band.mean)].any():
        return ""
    measure = MEASURES[result.section.outcome]
    known = np.isfinite(low) and np.isfinite(high)
    size = amount(measure, abs(mean), *_ends(mean, low, high)) if known else amount(
        measure, abs(mean), None, None)  # fmt: skip
    side = "above" if mean >= 0 else "below"
    value, first, last = result.curve.at[at], *result.curve.as_good(at)
    said = (
        f"It does best at {_plain(value)}, with {_article(measure.label)} {measure.label} "
        f"{_split(size, side, result.baseline)}"
    )
    if first < last:
        return f"{said}; anything from {_plain(first)} to {_plain(last)} is as good, as far as can be told."
    return f"{said}."


def _ends(mean: float, low: float, high: float) -> tuple[float, float]:
    return (low, high) if mean >= 0 else (-high, -low)


def _split(size: str, side: str, baseline: str) -> str:
    """Return `0.31 above none (95% interval 0.2 to 0.4)`."""
    value, _, interval = size.partition(" (")
    return f"{value} {side} {baseline}" + (f" ({interval}" if interval else "")


def _article(label: str) -> str:
    return "an" if label[0] in "aeiou" else "a"


def notes(result: "BreakEven") -> tuple[str, ...]:
    """Say what else a reader should mind."""
    found = []
    if len(result.experiment.seeds) < 2:
        found.append("One world gives no intervals: run more seeds.")
    if result.failed:
        found.append(f"{result.failed} runs failed; what stands on them is missing.")
    blurred = [c for c in result.crossings if c.low is not None and c.high is not None
               and c.error > (c.high - c.low) / 2 > 0]  # fmt: skip
    if blurred and not parameter_is_whole(result):
        found.append(
            "Points beside a crossing lie farther apart than its interval: begin with more."
        )
    if result.section.lever.startswith("policy."):
        found.append(
            f"{result.baseline} keeps its own {result.section.lever}; only {result.policy} moves "
            "along it."
        )
    return tuple(found)


def parameter_is_whole(result: "BreakEven") -> bool:
    """Tell whether the lever takes whole numbers alone, between which there is nothing to see."""
    return result.lever.whole
