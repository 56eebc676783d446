"""How sure one is of a parameter: a distribution over the values that it may have."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pydantic import model_validator

from experiments.sections.keys import Parameter, Scalar, said
from sim.parameters import Section, parameter
from sim.strict_yaml import Key

Number = int | float
Bounds = tuple[float, float]
Array = NDArray[np.float64]


class Shape(Section):
    """A kind of distribution, as a file gives it."""

    form: ClassVar[str]
    """What must stand behind its key."""

    def ends(self, bounds: Bounds) -> Bounds:
        """Return the least and the greatest value, given the bounds of the parameter."""
        raise NotImplementedError

    def checks(self, whole: bool) -> Mapping[Key, Any]:
        """Return the values in it that the parameter must allow, by their places."""
        raise NotImplementedError

    def inverse(self, u: Array, low: float, high: float) -> Array:
        """Return the values below which shares `u` of the distribution from low to high lie."""
        raise NotImplementedError

    def words(self, low: str, high: str) -> str:
        """Return the distribution in words, given its ends."""
        raise NotImplementedError


class Uniform(Shape):
    """Every value from low to high is equally likely."""

    form = "[low, high], rising; a single value goes under `fixed` of a design, or under `set`"
    uniform: tuple[Number, Number] = parameter(
        ..., "the least and the greatest value, all between them equally likely",
        unit="unit of the key", sure="choice",
    )  # fmt: skip

    @model_validator(mode="after")
    def _rising(self) -> "Uniform":
        if not self.uniform[0] < self.uniform[1]:
            raise ValueError(f"must be {self.form}")
        return self

    def ends(self, bounds: Bounds) -> Bounds:
        return self.uniform

    def checks(self, whole: bool) -> Mapping[Key, Any]:
        return {("uniform", i): end for i, end in enumerate(self.uniform)}

    def inverse(self, u: Array, low: float, high: float) -> Array:
        return low + u * (high - low)

    def words(self, low: str, high: str) -> str:
        return f"uniform from {low} to {high}"


class LogUniform(Shape):
    """Every ratio is equally likely: as often from 1 to 2 as from 2 to 4."""

    form = "[low, high], rising, both above 0"
    log_uniform: tuple[Number, Number] = parameter(
        ..., "the least and the greatest value, above 0; every doubling equally likely",
        unit="unit of the key", sure="choice",
    )  # fmt: skip

    @model_validator(mode="after")
    def _rising(self) -> "LogUniform":
        if not 0 < self.log_uniform[0] < self.log_uniform[1]:
            raise ValueError(f"must be {self.form}")
        return self

    def ends(self, bounds: Bounds) -> Bounds:
        return self.log_uniform

    def checks(self, whole: bool) -> Mapping[Key, Any]:
        return {("log_uniform", i): end for i, end in enumerate(self.log_uniform)}

    def inverse(self, u: Array, low: float, high: float) -> Array:
        start = math.log(low)
        values: Array = np.exp(start + u * (math.log(high) - start))
        return values

    def words(self, low: str, high: str) -> str:
        return f"log-uniform from {low} to {high}"


class _Cut(Shape):
    """A shape that may have its ends beside it."""

    low: Number | None = parameter(None, "the least value", unit="unit of the key", sure="choice")
    high: Number | None = parameter(
        None, "the greatest value", unit="unit of the key", sure="choice"
    )

    def ends(self, bounds: Bounds) -> Bounds:
        low, high = bounds
        return low if self.low is None else self.low, high if self.high is None else self.high

    def checks(self, whole: bool) -> Mapping[Key, Any]:
        given = {"low": self.low, "high": self.high}
        return {(name,): end for name, end in given.items() if end is not None}


class Normal(_Cut):
    """Bell-shaped, cut off at low and high: at the bounds of the parameter unless given."""

    form = "[mean, standard deviation], the latter above 0 and the mean within the ends"
    normal: tuple[Number, Number] = parameter(
        ..., "mean and standard deviation, before it is cut off at `low` and `high` (the bounds of "
        "the key unless given)", unit="unit of the key", sure="choice",
    )  # fmt: skip

    @model_validator(mode="after")
    def _sensible(self) -> "Normal":
        low, high = self.ends((-math.inf, math.inf))
        if not (self.normal[1] > 0 and low <= self.normal[0] <= high and low < high):
            raise ValueError(f"must be {self.form}")
        return self

    def checks(self, whole: bool) -> Mapping[Key, Any]:
        mean = round(self.normal[0]) if whole else self.normal[0]
        return {("normal", 0): mean, **super().checks(whole)}

    def inverse(self, u: Array, low: float, high: float) -> Array:
        from scipy.stats import truncnorm

        mean, spread = self.normal
        first, last = (low - mean) / spread, (high - mean) / spread
        values: Array = truncnorm.ppf(u, first, last, mean, spread)
        return values

    def words(self, low: str, high: str) -> str:
        mean, spread = map(said, self.normal)
        return f"normal with mean {mean} and standard deviation {spread}, from {low} to {high}"


class Triangular(Shape):
    """Rising from the least value to the likeliest, and falling from there to the greatest."""

    form = "[least, likeliest, greatest], rising"
    triangular: tuple[Number, Number, Number] = parameter(
        ..., "the least, the likeliest and the greatest value", unit="unit of the key",
        sure="choice",
    )  # fmt: skip

    @model_validator(mode="after")
    def _rising(self) -> "Triangular":
        low, mode, high = self.triangular
        if not (low < high and low <= mode <= high):
            raise ValueError(f"must be {self.form}")
        return self

    def ends(self, bounds: Bounds) -> Bounds:
        return self.triangular[0], self.triangular[2]

    def checks(self, whole: bool) -> Mapping[Key, Any]:
        return {("triangular", i): value for i, value in enumerate(self.triangular)}

    def inverse(self, u: Array, low: float, high: float) -> Array:
        from scipy.stats import triang

        mode = (self.triangular[1] - low) / (high - low)
        values: Array = triang.ppf(u, mode, low, high - low)
        return values

    def words(self, low: str, high: str) -> str:
        return f"triangular from {low} to {high}, likeliest {said(self.triangular[1])}"


class Beta(_Cut):
    """The beta distribution, stretched from low to high: from 0 to 1 unless they are given."""

    form = "[a, b], two shapes above 0; from `low` to `high` beside it, rising, else from 0 to 1"
    beta: tuple[Number, Number] = parameter(
        ..., "its two shapes, above 0; it goes from 0 to 1 unless `low` and `high` are given",
        unit="shape", sure="choice",
    )  # fmt: skip

    @model_validator(mode="after")
    def _sensible(self) -> "Beta":
        low, high = self.ends((0, 1))
        if not (min(self.beta) > 0 and low < high):
            raise ValueError(f"must be {self.form}")
        return self

    def ends(self, bounds: Bounds) -> Bounds:
        return super().ends((0, 1))

    def checks(self, whole: bool) -> Mapping[Key, Any]:
        low, high = self.ends((0, 1))
        return {("low",): low, ("high",): high}

    def inverse(self, u: Array, low: float, high: float) -> Array:
        from scipy.stats import beta

        values: Array = low + (high - low) * beta.ppf(u, *self.beta)
        return values

    def words(self, low: str, high: str) -> str:
        return f"beta({said(self.beta[0])}, {said(self.beta[1])}) from {low} to {high}"


class Choice(Shape):
    """One of some values, each as likely as any other."""

    form = "[value, value, ...], two or more, each once"
    choice: tuple[Any, ...] = parameter(
        ..., "the values, each as likely as any other", unit="unit of the key", sure="choice"
    )

    def checks(self, whole: bool) -> Mapping[Key, Any]:
        return {("choice", i): value for i, value in enumerate(self.choice)}


SHAPES: dict[str, type[Shape]] = {
    "uniform": Uniform,
    "log_uniform": LogUniform,
    "normal": Normal,
    "triangular": Triangular,
    "beta": Beta,
    "choice": Choice,
}
"""The kinds of distributions, by the key that names each in a file."""


@dataclass(frozen=True)
class Distribution:
    """A distribution over the values of a parameter.

    Attributes
    ----------
    parameter : Parameter
        What it is about: its bounds, and whether it takes whole numbers alone.
    shape : Shape
        The distribution, as the file gives it.
    """

    parameter: Parameter
    shape: Shape

    @property
    def kind(self) -> str:
        """Name of its kind: a key of `SHAPES`."""
        return next(name for name, shape in SHAPES.items() if type(self.shape) is shape)

    @property
    def values(self) -> tuple[Scalar, ...] | None:
        """The values of a choice; None where it gives numbers from one end to the other."""
        return self.shape.choice if isinstance(self.shape, Choice) else None

    @property
    def whole(self) -> bool:
        """Whether it gives the whole numbers from one end to the other, and no others."""
        return self.values is None and self.parameter.whole

    @cached_property
    def ends(self) -> Bounds:
        """The least and the greatest value that it can give; of a choice, among its numbers."""
        if self.values is None:
            return self.shape.ends(self.parameter.bounds)
        numbers = [value for value in self.values if isinstance(value, (int, float))]
        return (min(numbers), max(numbers)) if numbers else (math.nan, math.nan)

    @property
    def text(self) -> str:
        """The distribution in words: `uniform from 0.01 to 0.08`."""
        if self.values is not None:
            return f"one of {', '.join(map(said, self.values))}, each as likely"
        return self.shape.words(*map(said, self.ends))

    def ppf(self, u: ArrayLike) -> list[Scalar]:
        """Return the values below which shares `u` lie: the inverse of the distribution.

        Parameters
        ----------
        u
            Shares, from 0 up to 1; any number of them, in one dimension.

        Returns
        -------
        list
            Numbers. Whole ones where the parameter takes no others: each stands for all from half
            a step below to half a step above. Of a choice, its values.
        """
        shares = np.asarray(u, dtype=np.float64)
        if self.values is not None:
            count = len(self.values)
            return [self.values[min(count - 1, int(share * count))] for share in shares]
        low, high = self.ends
        step = 0.5 if self.whole else 0.0
        numbers = self.shape.inverse(shares, low - step, high + step)
        if not self.whole:
            return np.clip(numbers, low, high).tolist()  # type: ignore[no-any-return]
        return [int(number) for number in np.clip(np.floor(numbers + step), low, high)]
