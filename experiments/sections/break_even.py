"""Break-even: along which lever, from where to where, and at which outcome."""

from typing import Annotated

from pydantic import AfterValidator, model_validator

from experiments.sections.keys import Faults, parameter_of
from experiments.sections.outcome import OneRuns, directed
from sim.parameters import Section, parameter


def _lever(key: str) -> str:
    if not parameter_of(key).number:
        raise ValueError("takes no numbers, so there is nothing to go along")
    return key


class BreakEven(Section):
    """Where along a lever a policy stops being better than the baseline, or begins to be."""

    lever: Annotated[str, AfterValidator(_lever)] = parameter(
        ..., "the key to go along: of the policy (`policy.compensation`), which leaves the baseline "
        "as it is, or of the world, for both alike", unit="name", sure="choice",
    )  # fmt: skip
    range: tuple[int | float, int | float] = parameter(
        ..., "the lever's least and greatest value", unit="unit of the lever", sure="choice"
    )
    outcome: Annotated[OneRuns, AfterValidator(directed)] = parameter(
        "npv_per_person", "what has to pay", unit="name", sure="choice"
    )
    policy: str | None = parameter(
        None, "the policy that is held against the baseline; needs to be said where there are "
        "several", unit="name", sure="choice",
    )  # fmt: skip
    points: int = parameter(
        9, "values of the lever to begin with, evenly spread; more are added near a crossing",
        unit="points", low=3, high=1000, sure="choice",
    )  # fmt: skip

    @model_validator(mode="after")
    def _within_bounds(self) -> "BreakEven":
        low, high = self.range
        faults, about = Faults(), parameter_of(self.lever)
        if not low < high:
            faults.refuse(("range",), self.range, "range must rise: [least, greatest]")
        for i, end in enumerate(self.range):
            faults.value(("range", i), about, int(end) if about.whole and end == int(end) else end)
        faults.tell()
        return self
