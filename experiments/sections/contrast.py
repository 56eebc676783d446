"""A comparison of two policies, or of two worlds, within a case."""

from collections.abc import Iterator
from typing import Annotated, Any

from pydantic import AfterValidator, model_validator

from experiments.sections.outcome import OutcomeName
from experiments.sections.settings import Fixed
from sim.outcome import COLUMNS
from sim.parameters import Section, parameter

Sentence = Annotated[str, AfterValidator(lambda text: " ".join(text.split()))]
"""Text over several lines of a file, read as one."""


COLUMNS_OF_A_DAY = frozenset(COLUMNS)
"""What has a place in the series."""


def some(values: Any) -> Any:
    """Refuse a list that holds nothing."""
    if not values:
        raise ValueError("must hold at least one")
    return values


class Contrast(Section):
    """An outcome under one policy, held against another in the same worlds."""

    of: str = parameter(..., "the policy", unit="name", sure="choice")
    than: str | None = parameter(
        None, "the policy that it is held against; left out, the level itself is told",
        unit="name", sure="choice",
    )  # fmt: skip
    outcome: OutcomeName | None = parameter(
        None, "what is compared; the first of the experiment's outcomes unless named", unit="name",
        sure="choice",
    )  # fmt: skip
    where: Fixed | None = parameter(
        None, "settings of the world for both, by dotted key", unit="section", sure="choice"
    )
    of_where: Fixed | None = parameter(
        None, "further settings for the first alone", unit="section", sure="choice"
    )
    than_where: Fixed | None = parameter(
        None, "further settings for the second alone", unit="section", sure="choice"
    )
    beyond: Fixed | None = parameter(
        None, "settings of the world for both: the same comparison made there is taken off, so that "
        "what is told is how much greater it is without them", unit="section", sure="choice",
    )  # fmt: skip
    per: OutcomeName | None = parameter(
        None, "an outcome under the first policy by which the difference is divided, as for the "
        "cost of one answer; a ratio of means", unit="name", sure="choice",
    )  # fmt: skip
    day: int | None = parameter(
        None, "the day on which it is measured, for outcomes with a place in the series; the last "
        "unless given", unit="day", low=0, high=100_000, sure="choice",
    )  # fmt: skip

    @model_validator(mode="after")
    def _whole(self) -> "Contrast":
        if self.than is None and self.than_where is not None:
            raise ValueError("than_where sets what only a second policy has: say which by `than`")
        if self.than is None and self.beyond is not None:
            raise ValueError("beyond takes one comparison off another: say with what by `than`")
        if self.per is not None and self.day is not None:
            raise ValueError("per and day cannot be together: a total is divided by a total")
        if self.outcome is not None:
            self.measured_on_a_day(self.outcome)
        return self

    def measured_on_a_day(self, outcome: str) -> None:
        """Refuse an outcome of the whole run where one of a day is asked for."""
        if self.day is not None and outcome not in COLUMNS_OF_A_DAY:
            raise ValueError(
                f"day = {self.day} asks for a day, and {outcome} is told of the whole run alone; leave "
                "day out"
            )


class Named(Contrast):
    """A comparison with a name of its own."""

    name: Sentence = parameter(..., "what is compared, in words", unit="text", sure="choice")
    outcomes: Annotated[tuple[OutcomeName, ...], AfterValidator(some)] | None = parameter(
        None, "several outcomes, each of which is compared, instead of one `outcome`; a `day` holds for "
        "those that have a place in the series", unit="name", sure="choice",
    )  # fmt: skip

    @model_validator(mode="after")
    def _one_or_several(self) -> "Named":
        if self.outcome is not None and self.outcomes is not None:
            raise ValueError("outcome and outcomes cannot be together: name all under outcomes")
        if self.outcomes is not None and not COLUMNS_OF_A_DAY.intersection(self.outcomes):
            self.measured_on_a_day(self.outcomes[0])
        return self

    def each(self, usual: str | None) -> Iterator["Named"]:
        """Return a comparison for each outcome; `usual` is what is compared unless one is named."""
        for outcome in self.outcomes or (self.outcome or usual,):
            day = None if self.outcomes and outcome not in COLUMNS_OF_A_DAY else self.day
            yield self.model_copy(update={"outcome": outcome, "outcomes": None, "day": day})
