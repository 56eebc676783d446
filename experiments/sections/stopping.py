"""How many runs: until an interval is narrow enough, or until the best is known."""

from typing import Annotated

from pydantic import AfterValidator, ValidationInfo, WithJsonSchema

from experiments.outcomes import MEASURES
from experiments.sections.outcome import OneRuns, directed
from sim.parameters import Section, parameter

LEAST_SEEDS = 10
"""Worlds to begin with at least: from fewer, nobody can tell how much results vary."""


def _positive(value: float, info: ValidationInfo) -> float:
    """Refuse what is not a size, in the unit of the outcome it is a size of."""
    if value > 0:
        return value
    outcome = info.data.get("outcome")
    unit = MEASURES[outcome].unit if outcome else ""
    raise ValueError(f"must be more than 0{f' {unit}' if unit else ''}")


Size = Annotated[
    float,
    AfterValidator(_positive),
    WithJsonSchema({"type": "number", "exclusiveMinimum": 0}),
]
"""A size in the unit of the outcome named beside it."""


class Precision(Section):
    """Add worlds until the paired intervals are as narrow as asked."""

    outcome: OneRuns = parameter(
        ..., "the outcome whose intervals are to be narrow", unit="name", sure="choice"
    )
    half_width: Size = parameter(
        ..., "half the width of the 95% interval that will do: of each policy's difference from "
        "the baseline, or of the mean where there is but one policy",
        unit="unit of the outcome", sure="choice",
    )  # fmt: skip
    at_most: int = parameter(
        1000, "worlds to run at most, even if an interval is still wider", unit="worlds",
        low=LEAST_SEEDS, high=100_000, sure="choice",
    )  # fmt: skip


class SelectBest(Section):
    """Add worlds only where it is still open which policy is the best."""

    outcome: Annotated[OneRuns, AfterValidator(directed)] = parameter(
        ..., "the outcome to be best at", unit="name", sure="choice"
    )
    indifference: Size = parameter(
        ..., "the smallest difference worth detecting", unit="unit of the outcome", sure="choice",
    )  # fmt: skip
    confidence: float = parameter(
        0.95, "the chance of choosing the best, wherever it leads by the indifference or more",
        unit="probability", low=0.5, high=0.9999, sure="choice",
    )  # fmt: skip
    at_most: int = parameter(
        10_000, "worlds to run at most for a policy, even if the best is still open",
        unit="worlds", low=LEAST_SEEDS, high=100_000, sure="choice",
    )  # fmt: skip


def check_rules(
    precision: Precision | None, select_best: SelectBest | None, seeds: int, alternatives: int
) -> None:
    """Refuse rules that contradict each other, or what the experiment begins with.

    Parameters
    ----------
    precision, select_best
        The rules that are given.
    seeds
        How many worlds the experiment begins with.
    alternatives
        How many policies there are; 0 if more may come from elsewhere.

    Raises
    ------
    ValueError
        Naming the key that is to blame first.
    """
    if precision is not None and select_best is not None:
        raise ValueError(
            "precision and select_best are two rules for one thing: keep precision to make "
            "intervals narrow, or select_best to find the best with fewer runs"
        )
    rule = precision or select_best
    if rule is None:
        return
    name = "precision" if precision is not None else "select_best"
    if seeds < LEAST_SEEDS:
        raise ValueError(
            f"seeds = {seeds} must be at least {LEAST_SEEDS} with {name}: from the first worlds it "
            "is judged how much results vary; leave seeds out to begin with 20"
        )
    if rule.at_most < seeds:
        raise ValueError(
            f"{name}.at_most = {rule.at_most} must be at least seeds = {seeds}, the worlds to "
            "begin with"
        )
    if select_best is not None and alternatives == 1:
        raise ValueError("select_best needs two policies or more to choose from, and there is one")
