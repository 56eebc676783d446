"""Numbers in words: with as many figures as they deserve, and their unit."""

import math
from collections.abc import Sequence

from experiments.outcomes import Measure

_COUNTS = (
    "no",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
)


def amount(measure: Measure, value: float | None, low: float | None, high: float | None) -> str:
    """Return a value with its unit and its 95% interval, as far as they are known.

    The width of the interval is shown in two figures; a value without one in three.

    >>> from experiments.outcomes import MEASURES
    >>> amount(MEASURES["reputation"], 12.3456, 11.98, 12.71)
    '12.35 points (95% interval 11.98 to 12.71)'
    >>> amount(MEASURES["npv_per_person"], 7.654321, None, None)
    '7.65'
    """
    if value is None:
        return "undefined"
    unit = _unit(measure)
    if low is None or high is None:
        return figure(value, decimals(abs(value), 3)) + unit
    places = decimals((high - low) / 2, 2) if high > low else decimals(abs(value), 3)
    ends = f"{figure(low, places)} to {figure(high, places)}"
    return f"{figure(value, places)}{unit} (95% interval {ends})"


def given(measure: Measure, value: float) -> str:
    """Return a number that the user gave, as it was given, with its unit.

    >>> from experiments.outcomes import MEASURES
    >>> given(MEASURES["reputation"], 0.5)
    '0.5 points'
    >>> given(MEASURES["reputation"], 1)
    '1 point'
    """
    unit = _unit(measure)
    if value == 1 and unit.endswith("s"):
        unit = f"{unit[:-3]}y" if unit.endswith("ies") else unit[:-1]
    return f"{value:g}{unit}"


def _unit(measure: Measure) -> str:
    return "" if measure.unit in ("", "money", measure.label) else f" {measure.unit}"


def decimals(scale: float, figures: int) -> int:
    """Return how many decimals show `scale` in so many figures; 0 to 6.

    >>> [decimals(scale, 2) for scale in (123.4, 1.234, 0.01234, 0.0)]
    [0, 1, 3, 0]
    """
    if scale <= 0:
        return 0
    return min(6, max(0, figures - 1 - math.floor(math.log10(scale))))


def figure(value: float, places: int) -> str:
    """Return a number with so many decimals and with thousands parted; never a negative zero."""
    text = f"{value:,.{places}f}"
    return text.removeprefix("-") if not text.strip("-0.,") else text


def percent(chance: float | None) -> str:
    """Return a chance in whole percent; never 0% or 100%, which no number of seeds can show.

    >>> [percent(chance) for chance in (1.0, 0.954, 0.001, None)]
    ['over 99%', '95%', 'under 1%', 'unknown']
    """
    if chance is None:
        return "unknown"
    if chance >= 0.995:
        return "over 99%"
    return "under 1%" if chance < 0.005 else f"{100 * chance:.0f}%"


def count(number: int) -> str:
    """Return a small number as a word."""
    return _COUNTS[number] if number < len(_COUNTS) else str(number)


def listed(names: Sequence[str]) -> str:
    """Return names as they are read aloud.

    >>> listed(["slow", "fast", "none"])
    'slow, fast and none'
    """
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def duration(seconds: float) -> str:
    """Return a time in words.

    >>> duration(0.3), duration(100), duration(9000), duration(400_000)
    ('under a second', '1 min 40 s', '2 h 30 min', '4 days 15 h')
    """
    if seconds < 1:
        return "under a second"
    whole = round(seconds)
    for size, large, part, small in ((86400, "day", 3600, "h"), (3600, "h", 60, "min"),
                                     (60, "min", 1, "s")):  # fmt: skip
        if whole >= size:
            many, rest = divmod(whole, size)
            word = f"{large}s" if large == "day" and many > 1 else large
            return f"{many} {word} {rest // part} {small}" if rest // part else f"{many} {word}"
    return f"{whole} s"
