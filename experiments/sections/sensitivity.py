"""Sensitivity: which assumptions are varied, how far, and at how many points."""

from typing import Annotated

from pydantic import AfterValidator

from experiments.sections.outcome import OneRuns
from experiments.sections.ranges import Ranges
from sim.parameters import Section, parameter


def _power_of_two(samples: int) -> int:
    if samples & (samples - 1):
        below = 1 << (samples.bit_length() - 1)
        raise ValueError(f"must be a power of two, such as {below} or {2 * below}")
    return samples


def _several(outcomes: tuple[str, ...] | None) -> tuple[str, ...] | None:
    if outcomes is not None and not outcomes:
        raise ValueError("must name at least one")
    return outcomes


class Sensitivity(Section):
    """Which assumptions matter, alone and together."""

    ranges: Ranges | None = parameter(
        None, "the assumptions to vary, each from low to high or by a distribution, by dotted key; "
        "those of the experiment's `design` unless given", unit="section", sure="choice",
    )  # fmt: skip
    samples: Annotated[int, AfterValidator(_power_of_two)] = parameter(
        64, "rows of the sample, a power of two; with k assumptions each has k + 2 points",
        unit="rows", low=8, high=65_536, sure="choice", source="Saltelli et al. 2010",
    )  # fmt: skip
    seeds: int = parameter(
        8, "worlds at each point of the sample, at most as many as the experiment has; the few "
        "points of the tornado are run in all of these", unit="worlds", low=1, high=100_000,
        sure="choice",
    )  # fmt: skip
    outcomes: Annotated[tuple[OneRuns, ...] | None, AfterValidator(_several)] = parameter(
        None, "what may hang on the assumptions; the experiment's `outcomes` unless given",
        unit="name", sure="choice",
    )  # fmt: skip
    policy: str | None = parameter(
        None, "the policy whose difference from the baseline is studied; every one unless given",
        unit="name", sure="choice",
    )  # fmt: skip
    second_order: bool = parameter(
        False, "whether to estimate what pairs of assumptions do only together; a row then has "
        "2 k + 2 points", unit="yes or no", sure="choice",
    )  # fmt: skip
