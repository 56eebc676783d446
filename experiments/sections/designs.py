"""The design of an experiment, as a file gives it: which keys vary, and how.

Each kind is a key of its own; a design has exactly one, and beside it may have keys that stay
`fixed`, and points to `exclude`.
"""

import math
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    SerializerFunctionWrapHandler,
    model_serializer,
    model_validator,
)

from experiments.sections.distributions import Distribution
from experiments.sections.keys import Faults, Scalar, said
from experiments.sections.ranges import Ranges
from experiments.sections.settings import Exclude, Fixed, Grid, List, Zip
from sim.errors import TooMuch
from sim.parameters import Section, parameter

KINDS = ("grid", "zip", "list", "lhs", "sobol", "random", "nested")
"""The kinds of designs, by the key that names each in a file."""

SAMPLED = ("lhs", "sobol", "random")

MOST_POINTS = 10**9
MOST_SAMPLES = 2**20
MOST_SIFTED = 10**7
"""Points among which some may be excluded."""


def _parts(parts: tuple[Any, ...]) -> tuple[Any, ...]:
    if len(parts) < 2:
        raise ValueError("must have two designs or more, each on a line after `- `")
    return parts


def _power_of_two(samples: int) -> int:
    if samples & (samples - 1):
        below = 1 << samples.bit_length() - 1
        raise ValueError(
            f"must be a power of two, for only then do Sobol points fill the space evenly; write "
            f"{below} or {2 * below}"
        )
    return samples


class Sampled(Section):
    """Points drawn from ranges of parameters."""

    samples: int = parameter(
        ..., "how many points", unit="points", low=1, high=MOST_SAMPLES, sure="choice"
    )
    ranges: Ranges = parameter(
        ..., "what varies: `key: [low, high]`, or a distribution such as `key: {beta: [2, 4]}`",
        unit="unit of the key", sure="choice",
    )  # fmt: skip
    seed: int = parameter(
        1, "which points are drawn; not the luck of the runs", unit="number", low=0,
        high=2**32 - 1, sure="choice",
    )  # fmt: skip


class Random(Sampled):
    """Independent points: the plain Monte Carlo design."""


class LatinHypercube(Sampled):
    """Each range in as many equally likely slices as there are points, each slice met once."""


class Sobol(Sampled):
    """A scrambled Sobol sequence: points that fill the space more evenly than chance does."""

    samples: Annotated[int, AfterValidator(_power_of_two)] = parameter(
        ..., "how many points; a power of two", unit="points", low=1, high=MOST_SAMPLES,
        sure="choice",
    )  # fmt: skip


class DesignSection(Section):
    """Which keys vary, and how: one of the kinds, what is fixed beside it, what is left out."""

    grid: Grid | None = parameter(
        None, "every combination of the values of each key", unit="section", sure="choice"
    )
    zip: Zip | None = parameter(
        None, "lists of the same length, gone through side by side", unit="section", sure="choice"
    )
    list: List | None = parameter(
        None, "the points one by one, all setting the same keys", unit="section", sure="choice"
    )
    lhs: LatinHypercube | None = parameter(
        None, "a Latin hypercube over ranges (McKay, Beckman & Conover 1979)", unit="section",
        sure="choice",
    )  # fmt: skip
    sobol: Sobol | None = parameter(
        None, "a scrambled Sobol sequence over ranges (Sobol 1967, Owen 1998)", unit="section",
        sure="choice",
    )  # fmt: skip
    random: Random | None = parameter(
        None, "independent points from ranges", unit="section", sure="choice"
    )
    nested: Annotated[tuple["DesignSection", ...], AfterValidator(_parts)] | None = parameter(
        None, "designs of which every point is combined with every point of the others",
        unit="section", sure="choice",
    )  # fmt: skip
    fixed: Fixed | None = parameter(
        None, "keys that have one value at every point", unit="section", sure="choice"
    )
    exclude: Exclude | None = parameter(
        None, "points left out: those that have the value, or one of the values, of every key of "
        "an entry", unit="section", sure="choice",
    )  # fmt: skip

    @model_validator(mode="before")
    @classmethod
    def _one_kind(cls, data: Any) -> Any:
        if not isinstance(data, dict):
            return data
        kinds = [kind for kind in KINDS if data.get(kind) is not None]
        dotted = next((key for key in data if "." in key), None)
        if dotted is not None:
            raise ValueError(f"must have {dotted} within one of {', '.join(KINDS)}, or `fixed`")
        if not kinds and set(data) <= {*KINDS, "fixed", "exclude"}:
            raise ValueError(f"must have one of {', '.join(KINDS)}")
        if len(kinds) > 1:
            raise ValueError(
                f"has both {kinds[0]} and {kinds[1]}; keep one, or combine all their points: "
                f"nested: [{{{kinds[0]}: ...}}, {{{kinds[1]}: ...}}]"
            )
        return data

    @model_validator(mode="after")
    def _together(self) -> "DesignSection":
        faults = Faults()
        self._check_keys(faults)
        faults.tell()
        if self.combinations > MOST_POINTS:
            raise TooMuch(
                f"has {self.combinations:,} points, which are more than {MOST_POINTS:,}; give "
                "fewer values, or take a sample of them: sobol",
                self.combinations,
                "points",
            )
        self._check_exclusions(faults)
        faults.tell()
        return self

    @model_serializer(mode="wrap")
    def _given(self, serialise: SerializerFunctionWrapHandler) -> dict[str, Any]:
        return {key: value for key, value in serialise(self).items() if value is not None}

    @property
    def kind(self) -> str:
        """Name of its kind: one of `KINDS`."""
        return next(kind for kind in KINDS if getattr(self, kind) is not None)

    @property
    def sampled(self) -> Sampled | None:
        """What is drawn from ranges, if that is its kind."""
        return getattr(self, self.kind) if self.kind in SAMPLED else None

    @property
    def levels(self) -> dict[str, tuple[Scalar, ...] | Distribution]:
        """What each key varies over, or is fixed at."""
        fixed = {key: (value,) for key, value in (self.fixed or {}).items()}
        return {**self._varied, **fixed}

    @property
    def _varied(self) -> dict[str, tuple[Scalar, ...] | Distribution]:
        if self.nested is not None:
            return {key: over for part in self.nested for key, over in part.levels.items()}
        if self.list is not None:
            return {key: tuple(point[key] for point in self.list) for key in self.list[0]}
        if self.sampled is not None:
            return dict(self.sampled.ranges)
        return dict(self.grid or self.zip or {})

    @property
    def drawn(self) -> tuple[tuple[str, ...], ...]:
        """The keys that are drawn from ranges, by the sample that draws them."""
        if self.nested is not None:
            return tuple(keys for part in self.nested for keys in part.drawn)
        return (tuple(self.sampled.ranges),) if self.sampled is not None else ()

    @property
    def combinations(self) -> int:
        """How many points there are before any is left out."""
        if self.nested is not None:
            return math.prod(part.combinations for part in self.nested)
        if self.grid is not None:
            return math.prod(len(values) for values in self.grid.values())
        if self.sampled is not None:
            return self.sampled.samples
        return (
            len(self.list) if self.list is not None else len(next(iter((self.zip or {}).values())))
        )

    def _check_keys(self, faults: Faults) -> None:
        """Refuse a key that is set in two places."""
        for key, value in (self.fixed or {}).items():
            if key in self._varied:
                faults.add(("fixed", key), value, f"cannot be, for it varies under `{self.kind}`")
        seen: set[str] = set()
        for i, part in enumerate(self.nested or ()):
            for key in part.levels:
                if key in seen:
                    text = f"{key} is varied in a design above this one; keep it in one of them"
                    faults.add(("nested", i), {}, text)
                seen.add(key)

    def _check_exclusions(self, faults: Faults) -> None:
        """Refuse an exclusion that can leave nothing out."""
        if self.exclude and self.combinations > MOST_SIFTED:
            text = f"can be sifted from {MOST_SIFTED:,} points at most, and there are "
            faults.refuse(("exclude",), (), f"{text}{self.combinations:,}")
        levels = self.levels
        for i, entry in enumerate(self.exclude or ()):
            for key, values in entry.items():
                if key not in levels:
                    text = f"names no key of this design ({', '.join(levels)})"
                    faults.add(("exclude", i, key), values, text)
                elif text := _never(levels[key], values):
                    faults.add(("exclude", i, key), values, text)


def _never(over: tuple[Scalar, ...] | Distribution, values: tuple[Scalar, ...]) -> str:
    """Say why a key has none of some values; nothing if it may have one of them."""
    if isinstance(over, Distribution):
        if over.values is None and not over.whole:
            return "takes any number in its range here, so that it hardly ever equals a given one"
        low, high = over.ends
        known = over.values
        met = [v for v in values if (v in known if known is not None else low <= v <= high)]  # type: ignore[operator]
        return "" if met else f"leaves nothing out, for here it is {over.text}"
    if any(value in over for value in values):
        return ""
    return f"leaves nothing out, for here it is one of {', '.join(map(said, over))}"
