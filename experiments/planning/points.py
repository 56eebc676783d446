"""Sequences of points, of which each is made when it is asked for.

Points are numbered so that the point of a number is a matter of division: in a product the last
part runs fastest.
"""

from abc import abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from math import prod
from typing import overload

import numpy as np
from numpy.typing import NDArray

from experiments.sections.keys import Scalar
from experiments.sections.settings import Levels

Point = Mapping[str, Scalar]
"""Dotted keys of scenario or policy, and what they are set to."""

Mask = NDArray[np.bool_]


class Points(Sequence[Point]):
    """Points by number, each made when it is asked for."""

    keys: tuple[str, ...]
    """What every one of them sets."""

    @abstractmethod
    def at(self, number: int) -> Point:
        """Return a point by its number, from 0 to the last."""

    @abstractmethod
    def having(self, key: str, values: tuple[Scalar, ...]) -> Mask:
        """Return, for every point, whether a key has one of some values there."""

    @overload
    def __getitem__(self, number: int) -> Point: ...
    @overload
    def __getitem__(self, number: slice) -> list[Point]: ...
    def __getitem__(self, number: int | slice) -> Point | list[Point]:
        """Return a point, or the points of a slice."""
        if isinstance(number, slice):
            return [self.at(i) for i in range(*number.indices(len(self)))]
        if not -len(self) <= number < len(self):
            raise IndexError(f"there are {len(self):,} points, and no number {number:,}")
        return self.at(number % len(self))

    def __iter__(self) -> Iterator[Point]:
        """Make every point in turn."""
        return (self.at(i) for i in range(len(self)))


class Rows(Points):
    """Points written out: the i-th value of every key."""

    def __init__(self, columns: Mapping[str, Sequence[Scalar]]) -> None:
        self.columns = columns
        self.keys = tuple(columns)

    def __len__(self) -> int:
        """Return how many rows there are."""
        return len(next(iter(self.columns.values())))

    def at(self, number: int) -> Point:
        return {key: values[number] for key, values in self.columns.items()}

    def having(self, key: str, values: tuple[Scalar, ...]) -> Mask:
        return np.array([value in values for value in self.columns[key]], dtype=bool)


class Product(Points):
    """Every combination of the points of some parts, the last part running fastest."""

    def __init__(self, parts: Sequence[Points]) -> None:
        self.parts = tuple(parts)
        self.keys = tuple(key for part in parts for key in part.keys)
        self._lengths = tuple(len(part) for part in parts)
        self._length = prod(self._lengths)

    def __len__(self) -> int:
        """Return the product of the lengths."""
        return self._length

    def at(self, number: int) -> Point:
        chosen = []
        for part, length in zip(reversed(self.parts), reversed(self._lengths), strict=True):
            number, digit = divmod(number, length)
            chosen.append(part.at(digit))
        return {key: value for point in reversed(chosen) for key, value in point.items()}

    def having(self, key: str, values: tuple[Scalar, ...]) -> Mask:
        which = next(i for i, part in enumerate(self.parts) if key in part.keys)
        shape = [1] * len(self.parts)
        shape[which] = self._lengths[which]
        inside = self.parts[which].having(key, values).reshape(shape)
        return np.broadcast_to(inside, self._lengths).reshape(-1)


class Remaining(Points):
    """Points of which some are left out; which, is found out when it is first asked for."""

    def __init__(self, points: Points, excluded: Sequence[Levels]) -> None:
        self.points, self.excluded = points, excluded
        self.keys = points.keys

    @cached_property
    def _kept(self) -> NDArray[np.int64]:
        out = np.zeros(len(self.points), dtype=bool)
        for entry in self.excluded:
            out |= np.logical_and.reduce([self.points.having(*each) for each in entry.items()])
        return np.flatnonzero(~out)

    def __len__(self) -> int:
        """Return how many are left."""
        return len(self._kept)

    def at(self, number: int) -> Point:
        return self.points.at(int(self._kept[number]))

    def having(self, key: str, values: tuple[Scalar, ...]) -> Mask:
        return self.points.having(key, values)[self._kept]
