"""How policies are judged over uncertain assumptions."""

from typing import Annotated, Literal

from pydantic import AfterValidator, model_validator

from experiments.sections.keys import Faults
from experiments.sections.outcome import OutcomeName, directed
from experiments.sections.ranges import Ranges
from sim.parameters import Section, parameter

Criterion = Literal["p90_regret", "max_regret", "mean_regret"]


class Robust(Section):
    """Which policy to choose where the assumptions are uncertain, and what would overturn it."""

    outcome: Annotated[OutcomeName, AfterValidator(directed)] | None = parameter(
        None, "what the policies are to be good at; the first of `outcomes` unless named",
        unit="name", sure="choice",
    )  # fmt: skip
    threshold: float = parameter(
        0.0, "regret up to which a policy is as good as the best; beyond it, it is overturned",
        unit="unit of the outcome", low=0, sure="choice",
    )  # fmt: skip
    criterion: Criterion = parameter(
        "p90_regret", "what the recommended policy has least of: the regret exceeded at a tenth of "
        "the points, the greatest or the mean", unit="name", sure="choice",
        source="McPhail et al. 2018; the greatest: Savage 1951",
    )  # fmt: skip
    ranges: Ranges | None = parameter(
        None, "the assumptions to vary, each from low to high or by a distribution, by dotted key; "
        "the experiment's `design` unless given", unit="section", sure="choice",
    )  # fmt: skip
    samples: int = parameter(
        128, "at how many points of a Latin hypercube over `ranges`, where they are given",
        unit="points", low=2, high=2**20, sure="choice", source="McKay, Beckman & Conover 1979",
    )  # fmt: skip

    @model_validator(mode="after")
    def _whose(self) -> "Robust":
        if self.ranges is None and self.samples != type(self).model_fields["samples"].default:
            Faults().refuse(
                ("samples",), self.samples,
                "is for nothing: samples say how many points to take of `ranges`, which are not given",
            )  # fmt: skip
        return self
