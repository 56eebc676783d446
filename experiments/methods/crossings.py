"""Where a curve with an interval at each point crosses zero, and how surely.

The interval of a crossing holds every place at which zero lies within the curve's own interval:
the inversion of a test, as in Fieller (1954). So it covers the true crossing exactly as often as
the curve's interval covers the curve there, it needs no bootstrap, and it is what one reads off the
picture: where the band meets the zero line. Between points all is taken as straight, and points
are added by bisection until that matters less than luck does.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from experiments.methods.statistics import Array, Interval, mean_interval

ROUNDS = 16
"""Times that points are added at most."""

_FINE = 0.1
"""Gap between points beside an end of an interval that is fine enough, as a share of its width."""

_FINEST = 1e-4
"""The same as a share of the whole range, where an interval has no width or no end."""


class Crossing(NamedTuple):
    """A place where the mean goes through zero.

    Attributes
    ----------
    value : float
        Where, between two points.
    low, high : float or None
        The 95% interval; None where it does not end within the range, or is unknown.
    rises : bool
        Whether the mean is negative before and positive after.
    error : float
        How far off the place can be for want of points: distance to the farther of the two.
    """

    value: float
    low: float | None
    high: float | None
    rises: bool
    error: float


@dataclass(frozen=True)
class Curve:
    """Paired samples along a line.

    Attributes
    ----------
    at : array [points]
        Places, rising.
    samples : array [points, worlds]
        Values, in the same worlds at each place.
    """

    at: Array
    samples: Array

    @cached_property
    def band(self) -> Interval:
        """Mean and 95% interval at each place."""
        return mean_interval(self.samples)

    def joined(self, at: Sequence[float], samples: Array) -> "Curve":
        """Return the curve with more places."""
        places = np.concatenate([self.at, at])
        order = np.argsort(places, kind="stable")
        return Curve(places[order], np.concatenate([self.samples, samples])[order])

    def crossings(self) -> tuple[Crossing, ...]:
        """Return where the mean crosses zero, in order."""
        mean = self.band.mean
        sign = np.sign(np.where(np.isfinite(mean), mean, 0.0))
        told = np.flatnonzero(sign)
        return tuple(
            self._crossing(int(i), int(j))
            for i, j in zip(told[:-1], told[1:], strict=True)
            if sign[i] != sign[j]
        )

    def _crossing(self, i: int, j: int) -> Crossing:
        at, mean = self.at, self.band.mean
        if j == i + 1:
            value = _root(at[i], at[j], mean[i], mean[j])
            error = float(max(value - at[i], at[j] - value))
        else:  # zero itself at one place or along a stretch
            value = float(at[i + 1] + at[j - 1]) / 2
            error = float(at[j - 1] - at[i + 1]) / 2
        rises = bool(mean[j] > mean[i])
        return Crossing(value, self._end(i, -1), self._end(j, 1), rises, error)

    def _end(self, start: int, step: int) -> float | None:
        """Return where zero leaves the band, from a point on and outwards."""
        _, low, high = self.band
        i = start
        while 0 <= i < len(self.at):
            for edge in (low, high):
                beyond = edge[i] > 0 if edge is low else edge[i] < 0
                if beyond:
                    inside = i - step
                    return _root(self.at[i], self.at[inside], edge[i], edge[inside])
            i += step
        return None

    def best(self, direction: int) -> int:
        """Return the number of the place with the best mean, or -1 where none is known."""
        mean = direction * self.band.mean
        return int(np.nanargmax(mean)) if np.isfinite(mean).any() else -1

    def as_good(self, best: int) -> tuple[float, float]:
        """Return from where to where, around it, no place is surely worse or better than the best."""
        _, low, high = mean_interval(self.samples - self.samples[best])
        alike = (low <= 0) & (high >= 0)
        first = last = best
        while first > 0 and alike[first - 1]:
            first -= 1
        while last + 1 < len(alike) and alike[last + 1]:
            last += 1
        return float(self.at[first]), float(self.at[last])


def _root(a: float, b: float, at_a: float, at_b: float) -> float:
    """Return where the straight line between two points is zero."""
    return float(a + (b - a) * at_a / (at_a - at_b)) if at_a != at_b else float(a)


def refined(
    evaluate: Callable[[Sequence[float]], Array],
    start: Sequence[float],
    *,
    direction: int = 1,
    whole: bool = False,
    rounds: int = ROUNDS,
) -> Curve:
    """Follow a curve, with more points where it crosses zero and where it is best.

    Parameters
    ----------
    evaluate : callable
        Values at some places: an array [places, worlds], the worlds always the same.
    start : sequence of float
        Where to look first, rising. A curve that goes through zero and back between two of them
        is not seen.
    direction : int
        1 if higher is better, -1 if lower is.
    whole : bool
        Whether places are whole numbers.
    """
    curve = Curve(np.array(start, dtype=np.float64), evaluate(start))
    for number in range(rounds):
        wanted = _brackets(curve) + (_around_best(curve, direction) if number < 2 else [])
        places = {(a + b) / 2 for a, b in wanted}
        if whole:
            places = {float(np.floor(place)) for place in places}
        fresh = sorted(places - set(curve.at.tolist()))
        if not fresh:
            break
        curve = curve.joined(fresh, evaluate(fresh))
    return curve


def _brackets(curve: Curve) -> list[tuple[float, float]]:
    """Return the gaps between points that matter more than luck: round crossings and their ends."""
    found = []
    reach = float(curve.at[-1] - curve.at[0])
    for crossing in curve.crossings():
        ends = [end for end in crossing[:3] if end is not None]
        fine = max(_FINE * (max(ends) - min(ends)), _FINEST * reach)
        for end in ends:
            i = int(np.searchsorted(curve.at, end))
            if 0 < i < len(curve.at) and curve.at[i] != end:
                a, b = float(curve.at[i - 1]), float(curve.at[i])
                if b - a > fine:
                    found.append((a, b))
    return found


def _around_best(curve: Curve, direction: int) -> list[tuple[float, float]]:
    best = curve.best(direction)
    places = curve.at[max(0, best - 1) : best + 2].tolist() if best >= 0 else []
    return list(zip(places[:-1], places[1:], strict=True))
