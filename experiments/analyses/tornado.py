"""A tornado: what becomes of a quantity when one assumption at a time goes from end to end.

All others stay in the middle of their ranges, and the worlds are the same at every end, so that a
bar has the interval of a paired difference.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from experiments.methods import statistics
from experiments.methods.statistics import Array
from experiments.planning.plan import Point, Scalar

if TYPE_CHECKING:
    from experiments.sections.distributions import Distribution

TAIL = 0.05
"""Share of a distribution beyond either end of a tornado's bar."""

PLAIN = ("uniform", "log_uniform", "choice")
"""Distributions whose bars go to their very ends, for these are as likely as any other value."""


class Level(NamedTuple):
    """A mean over the worlds with its 95% interval; None where it cannot be had."""

    mean: float | None
    low: float | None
    high: float | None


class Span(NamedTuple):
    """What is assumed of a key: its distribution in words, and where the tornado looks."""

    text: str
    low: Scalar
    middle: Scalar
    high: Scalar


class Bar(NamedTuple):
    """What becomes of a quantity when one assumption alone goes from end to end.

    Attributes
    ----------
    key : str
    at_low, at_high : Level
        The quantity with the key at the low and at the high end, all else in the middle.
    swing : Level
        The second less the first, world by world.
    overturned : tuple of str
        Ends (`low`, `high`) at which a difference has another sign than in the middle.
    surely : bool
        Whether it is surely above zero at one of the three places, and surely below at another.
    """

    key: str
    at_low: Level
    at_high: Level
    swing: Level
    overturned: tuple[str, ...]
    surely: bool


def bar_row(bar: Bar, span: Span) -> dict[str, Any]:
    """Return a bar of the tornado as plain data."""
    return {
        "key": bar.key,
        "low": span.low,
        "high": span.high,
        **{f"at_low_{name}": value for name, value in bar.at_low._asdict().items()},
        **{f"at_high_{name}": value for name, value in bar.at_high._asdict().items()},
        **{f"swing_{name}": value for name, value in bar.swing._asdict().items()},
        "overturned": list(bar.overturned),
        "surely": bar.surely,
    }


def span_of(given: "Distribution") -> Span:
    """Return where a tornado looks at a distribution."""
    tail = 0.0 if given.kind in PLAIN else TAIL
    low, middle, high = given.ppf(np.array([tail, 0.5, 1.0 - tail]))
    return Span(given.text, low, middle, high)


def one_at_a_time(spans: Mapping[str, Span]) -> list[Point]:
    """Return the middle, and for each key the low and the high end."""
    middle = {key: span.middle for key, span in spans.items()}
    ends = [{**middle, key: end} for key, s in spans.items() for end in (s.low, s.high)]
    return [middle, *ends]


def tornado(keys: Sequence[str], moved: Array, difference: bool) -> tuple[Level, tuple[Bar, ...]]:
    """Return the middle and the bars of an array [points, worlds] of `one_at_a_time`."""
    middle, *ends = _levels(moved)
    swings = _levels(moved[2::2] - moved[1::2])
    bars = [
        _bar(key, middle, low, high, swing, difference)
        for key, low, high, swing in zip(keys, ends[::2], ends[1::2], swings, strict=True)
    ]
    return middle, tuple(sorted(bars, key=lambda bar: -abs(bar.swing.mean or 0.0)))


def _levels(moved: Array) -> list[Level]:
    columns = statistics.mean_interval(moved)
    return [
        Level(*(float(each) if np.isfinite(each) else None for each in row))
        for row in zip(*columns, strict=True)
    ]


def _bar(key: str, middle: Level, low: Level, high: Level, swing: Level, difference: bool) -> Bar:
    ends = {"low": low, "high": high} if difference else {}
    turned = {name: end for name, end in ends.items() if (end.mean or 0) * (middle.mean or 0) < 0}
    signs = {sign(level) for level in (low, middle, high)}
    return Bar(key, low, high, swing, tuple(turned), bool(turned) and {1, -1} <= signs)


def sign(level: Level) -> int:
    """Return 1 or -1 where the interval is wholly above or below zero, else 0."""
    if level.low is None or level.high is None:
        return 0
    return (level.low > 0) - (level.high < 0)
