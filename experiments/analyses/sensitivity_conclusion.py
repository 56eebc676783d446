"""What a sensitivity analysis found, in a few sentences that a board can read."""

from typing import TYPE_CHECKING

from experiments.analyses.sensitivity import ranked
from experiments.analyses.tornado import sign
from experiments.outcomes import MEASURES, RATIOS_OF_MEANS
from experiments.sections.keys import said
from experiments.wording import amount, listed, percent

if TYPE_CHECKING:
    from experiments.analyses.sensitivity import Sensitivity, Study
    from experiments.analyses.tornado import Bar
    from experiments.methods.indices import Index

_MATTERS = 0.05
"""Share of the variance from which on an assumption is named."""

_NAMED = 3

_LEAST_TOTAL = 0.8
"""Sum of the total indices, in truth at least 1, below which the sample was too small."""


def conclude(result: "Sensitivity") -> str:
    """Say what the first outcome hangs on, what would overturn it, and what is luck."""
    study = result.told
    return " ".join(
        filter(None, (_hangs_on(result, study), _overturns(result, study), _luck(result, study)))
    )


def subject(study: "Study") -> str:
    """Return what a study is about: `What fast gains over none in reputation`."""
    label = MEASURES[study.outcome].label
    if study.baseline is None:
        return f"{label[:1].upper()}{label[1:]} under {study.policy}"
    return f"The difference of {study.policy} from {study.baseline} in {label}"


def _hangs_on(result: "Sensitivity", study: "Study") -> str:
    found = study.indices
    if found.reason:
        return f"{subject(study)} hangs on nothing that can be named: {found.reason}."
    order = ranked(result.keys, found.total)
    named = [(key, total) for key, total in order if _value(total) >= _MATTERS][:_NAMED]
    (key, total), *others = named or order[:1]
    rival = _value(others[0][1]) if others else 0.0
    clear = total.low is not None and total.low > max(
        (other.high or 0.0 for _, other in others), default=0.0
    )
    most = "depends most on" if clear or not rival else "depends most on, as far as can be told,"
    text = f"{subject(study)} {most} {key}, which is behind {share(total)} of its variance"
    text += " over the assumptions, alone and together with others"
    if others:
        beside = [f"{name} ({share(other).replace(' (', ', ')}" for name, other in others]
        text += f"; then on {listed(beside)}"
    rest = len(order) - len(named)
    highest = max((_value(other) for _, other in order[len(named) :]), default=0.0)
    if rest > 0 and highest < _MATTERS:
        text += f"; the other {rest} hardly matter (at most {percent(max(0.0, highest))} each)"
    return f"{text}."


def _value(index: "Index") -> float:
    return index.value if index.value is not None else 0.0


def share(index: "Index") -> str:
    """Return an index as a share in percent, with its interval, both within 0 and 100.

    >>> from experiments.methods.indices import Index
    >>> share(Index(0.612, 0.52, 0.704))
    '61% (95% interval 52% to 70%)'
    """
    if index.value is None:
        return "an unknown share"
    value, low, high = (
        f"{100 * min(1.0, max(0.0, each)):.0f}%" for each in index if each is not None
    )
    return f"{value} (95% interval {low} to {high})"


def _overturns(result: "Sensitivity", study: "Study") -> str:
    if study.baseline is None or study.middle.mean is None:
        return ""
    doubt = "" if sign(study.middle) else "which cannot be told from nothing, "
    start = f"With all in the middle of their ranges it is {_amount(study, study.middle)}, {doubt}"
    sure = [bar for bar in study.bars if bar.surely]
    maybe = [bar.key for bar in study.bars if bar.overturned and not bar.surely]
    if not sure and not maybe:
        return f"{start}and no assumption alone, taken to either end, changes its sign."
    told = "; ".join(_turn(result, study, bar) for bar in sure)
    if sure:
        does = "overturns it" if sign(study.middle) else "decides it"
        one = "one assumption alone" if len(sure) == 1 else "any of these alone"
        told = f"{start}and {one} {does}: {told}."
    else:
        told = f"{start}and no assumption alone surely changes its sign."
    many = listed(maybe) + (" may each" if len(maybe) > 1 else " may") if maybe else ""
    also = " alone change its sign, as far as can be told." if not sure else (
        " do so too, as far as can be told.")  # fmt: skip
    return f"{told} {many[:1].upper()}{many[1:]}{also}" if maybe else told


def _turn(result: "Sensitivity", study: "Study", bar: "Bar") -> str:
    """Return what becomes of a difference at the ends at which its sign is another."""
    span = result.spans[bar.key]
    ends = {"low": (span.low, bar.at_low), "high": (span.high, bar.at_high)}
    shown = [
        each for name, each in ends.items() if name in bar.overturned or not sign(study.middle)
    ]
    parts = [f"at {said(value)} it is {_amount(study, level)}" for value, level in shown]
    return f"with {bar.key} {' and '.join(parts)}"


def _amount(study: "Study", level: tuple[float | None, float | None, float | None]) -> str:
    return amount(MEASURES[study.outcome], *level)


def _luck(result: "Sensitivity", study: "Study") -> str:
    luck = study.indices.luck
    if result.worlds == 1:
        return "With one world at each point, luck cannot be told from influence."
    if luck is None:
        return ""
    return (
        f"Luck makes up {percent(luck)} of the variance of single runs; it is taken out of the "
        "shares."
    )


def notes(result: "Sensitivity") -> tuple[str, ...]:
    """Say what is undefined, and what else a reader should mind."""
    found = []
    for study in result.studies:
        if study.indices.reason and study is not result.told:
            found.append(f"{subject(study)}: no indices, since {study.indices.reason}.")
    for study in result.studies:
        total = sum(index.value or 0.0 for index in study.indices.total)
        if not study.indices.reason and total < _LEAST_TOTAL:
            found.append(
                f"{subject(study)}: the shares with others add up to {total:.2f}, and in truth to 1 "
                "or more; take more samples."
            )
    left_out = [name for name in result.experiment.outcomes if name in RATIOS_OF_MEANS]
    section = result.experiment.sensitivity
    if left_out and (section is None or section.outcomes is None):
        names = listed([MEASURES[name].label for name in left_out])
        found.append(f"Left out, since no single run has it: {names}.")
    if result.failed:
        found.append(f"{result.failed} runs failed; the rows of the sample that need them are out.")
    moved = [key for key in result.keys if key.startswith("policy.")]
    if moved:
        found.append(f"{listed(moved)}: set alike under every policy, the baseline included.")
    return tuple(found)
