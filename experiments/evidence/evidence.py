"""A published finding beside what the model says now."""

import math
from dataclasses import asdict, dataclass
from typing import Any, Literal

from experiments.methods.statistics import Interval

Use = Literal["calibration", "held out"]
CALIBRATION: Use = "calibration"
HELD_OUT: Use = "held out"


@dataclass(frozen=True)
class Fact:
    """One published finding, and what the model says now.

    Attributes
    ----------
    id : str
        Of the finding: C1 to C14 were used for calibration, H1 and on were held out. A finding of
        several numbers has several rows.
    fact, source, target : str
        In words: what was found, by whom, and the number as published.
    low, high : float
        The band in which the value has to lie.
    value : float or None
        None where it is undefined, as a ratio of stories is in a world without talk.
    value_low, value_high : float or None
        Its 95% interval over seeds or customers; None where the value is exact, or only one seed
        was run.
    holds : bool
        Whether the value lies in the band.
    used_for : str
        `calibration` if parameters were fitted to it, `held out` if none was.
    by_rule : bool
        Whether a rule of the model says so by itself, its source being this finding or one like
        it: then that it holds is no evidence.
    """

    id: str
    fact: str
    source: str
    target: str
    low: float
    high: float
    value: float | None
    value_low: float | None
    value_high: float | None
    holds: bool
    used_for: Use = CALIBRATION
    by_rule: bool = False

    def to_json(self) -> dict[str, Any]:
        """Return the fact as plain data."""
        return asdict(self)

    @property
    def number(self) -> int:
        """The number in its id."""
        return int(self.id[1:])


def held_against(
    id: str, fact: str, source: str, target: str, low: float, high: float,
    value: float | Interval, strict: bool = False, by_rule: bool = False,
) -> Fact:  # fmt: skip
    """Hold a value, or an estimate with its interval, against a band; `strict` leaves out its ends.

    Which of the two kinds a finding is of stands in its id.
    """
    interval = value if isinstance(value, Interval) else (value, math.nan, math.nan)
    mean, *ends = (float(x) if math.isfinite(x) else None for x in interval)
    inside = mean is not None and (low < mean < high if strict else low <= mean <= high)
    used_for = HELD_OUT if id.startswith("H") else CALIBRATION
    return Fact(
        id, fact, source, target, low, high, mean, ends[0], ends[1], inside, used_for, by_rule
    )
