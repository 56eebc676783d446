"""How many runs: until an interval is narrow enough, or until the best is known."""

from typing import Annotated

from pydantic import AfterValidator

from experiments.sections.outcome import OutcomeName, directed
from sim.parameters import Section, parameter


class Precision(Section):
    """Add worlds until the paired intervals are as narrow as asked."""

    outcome: OutcomeName = parameter(
        ..., "the outcome whose interval is to be narrow", unit="name", sure="choice"
    )
    half_width: float = parameter(
        ..., "half the width of the 95% interval of each difference from the baseline that will do",
        unit="unit of the outcome", low=1e-12, sure="choice",
    )  # fmt: skip
    at_most: int = parameter(
        1000, "worlds to run at most, even if the interval is still wider", unit="worlds",
        low=2, high=100_000, sure="choice",
    )  # fmt: skip


class SelectBest(Section):
    """Add worlds only where it is still open which policy is the best."""

    outcome: Annotated[OutcomeName, AfterValidator(directed)] = parameter(
        ..., "the outcome to be best at", unit="name", sure="choice"
    )
    indifference: float = parameter(
        ..., "the smallest difference worth detecting", unit="unit of the outcome", low=1e-12,
        sure="choice",
    )  # fmt: skip
    confidence: float = parameter(
        0.95, "the chance of choosing the best, wherever it leads by the indifference or more",
        unit="probability", low=0.5, high=0.9999, sure="choice",
    )  # fmt: skip
    at_most: int = parameter(
        10_000, "worlds to run at most for a policy, even if the best is still open",
        unit="worlds", low=2, high=100_000, sure="choice",
    )  # fmt: skip
