"""Readings: an estimate with its interval, and what it says of a question of more or less."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from experiments.cases.assumptions import Assumption
from experiments.cases.runs import Cell, Runs, cell_of
from experiments.design import Experiment
from experiments.methods.statistics import Array, Interval, fieller, mean_interval
from experiments.outcomes import MEASURES, Measure
from experiments.sections.contrast import Contrast
from experiments.wording import amount

ABOVE, BELOW, OPEN = "above", "below", ""
"""On which side of a bound an estimate lies; nothing where its interval holds the bound."""


class Reading(NamedTuple):
    """An estimate and the ends of its 95% interval, which are NaN where it is exact."""

    mean: float
    low: float = np.nan
    high: float = np.nan

    def side(self, bound: float = 0.0) -> str:
        """Return on which side of a bound it lies, as far as that is sure."""
        exact = np.isnan(self.low) or np.isnan(self.high)
        low, high = (self.mean, self.mean) if exact else (self.low, self.high)
        if low > bound:
            return ABOVE
        return BELOW if high < bound else OPEN

    def said(self, measure: Measure) -> str:
        """Return it in words, with its unit and interval."""
        ends = (None, None) if np.isnan(self.low) else (self.low, self.high)
        return amount(measure, None if np.isnan(self.mean) else self.mean, *ends)

    def size(self, measure: Measure) -> str:
        """Return how large it is, without its sign, which the sentence around it tells."""
        return self.said(measure) if self.mean >= 0 else self.negative().said(measure)

    def moved(self, measure: Measure) -> str:
        """Return what it does to an outcome: `raises reputation by 3 points (...)`."""
        verb = "raises" if self.mean >= 0 else "lowers"
        return f"{verb} {measure.label} by {self.size(unsaid(measure))}"

    def negative(self) -> "Reading":
        """Return it with its sign turned."""
        return Reading(-self.mean, -self.high, -self.low)


def unsaid(measure: Measure) -> Measure:
    """Return an outcome without its unit, where its label says it: 300 bad stories, not stories.

    >>> [unsaid(MEASURES[name]).unit for name in ("bad_stories", "reputation")]
    ['', 'points']
    """
    return measure._replace(unit="") if measure.unit in measure.label else measure


def estimated(samples: Array) -> Reading:
    """Return the mean of values, one a world."""
    return _scalar(mean_interval(samples))


def ratio(numerator: Array, denominator: Array) -> Reading:
    """Return a ratio of means."""
    return _scalar(fieller(numerator, denominator))


def _scalar(interval: Interval) -> Reading:
    return Reading(*(float(part) for part in interval))


def ratios_apart(
    numerator: Array, denominator: Array, other_numerator: Array, other_denominator: Array
) -> Reading:
    """Return the difference of two ratios of means, in shared worlds.

    Each ratio is taken as straight in its two means (the delta method; Cochran 1977, Sampling
    Techniques, section 6.8), which is right where denominators vary little between worlds.
    """
    ratios = (numerator, denominator), (other_numerator, other_denominator)
    one, other = (_straightened(*each) for each in ratios)
    return estimated(one - other)


def _straightened(numerator: Array, denominator: Array) -> Array:
    """Return values, one a world, whose mean is a ratio of means and which vary as it does."""
    under = np.nanmean(denominator)
    whole = np.nanmean(numerator) / under
    return np.asarray(whole + (numerator - whole * denominator) / under)


def cells_of(experiment: Experiment, contrast: Contrast) -> Iterator[Cell]:
    """Return the cells that a contrast needs: one, two, or four."""
    for beyond in (None,) if contrast.beyond is None else (None, contrast.beyond):
        yield cell_of(experiment, contrast.of, contrast.where, contrast.of_where, beyond)
        if contrast.than is not None:
            yield cell_of(experiment, contrast.than, contrast.where, contrast.than_where, beyond)


def measure_of(experiment: Experiment, contrast: Contrast) -> Measure:
    """Return what a contrast compares."""
    return MEASURES[contrast.outcome or experiment.outcomes[0]]


def read(runs: Runs, contrast: Contrast, assumption: Assumption) -> Reading:
    """Return what a contrast comes to under an assumption."""
    outcome = measure_of(runs.experiment, contrast).name
    cells = list(cells_of(runs.experiment, contrast))

    def samples(number: int, of: str = outcome) -> Array:
        return runs.samples(cells[number], assumption, of, contrast.day)

    pairs = [samples(i) - samples(i + 1) for i in range(0, len(cells) - 1, 2)] or [samples(0)]
    if contrast.per is None:
        return estimated(pairs[0] if len(pairs) == 1 else pairs[0] - pairs[1])
    if len(pairs) == 1:
        return ratio(pairs[0], samples(0, contrast.per))
    return ratios_apart(pairs[0], samples(0, contrast.per), pairs[1], samples(2, contrast.per))
