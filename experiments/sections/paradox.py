"""The section `paradox` of an experiment file: which failures to examine, and for how long."""

from typing import Annotated

from pydantic import AfterValidator, model_validator

from sim.parameters import Section, parameter

WEEK = 7


def _ascending(values: tuple[float, ...]) -> tuple[float, ...]:
    if not values or any(not 0.0 <= value <= 365.0 for value in values):
        raise ValueError("must be a list of numbers from 0 up, at least one")
    if list(values) != sorted(set(values)):
        raise ValueError("must be in ascending order, none twice")
    return values


def _weeks(days: int) -> int:
    if days % WEEK:
        raise ValueError(f"must be whole weeks, such as {max(WEEK, days // WEEK * WEEK)} days")
    return days


Ascending = Annotated[tuple[float, ...], AfterValidator(_ascending)]
Weeks = Annotated[int, AfterValidator(_weeks)]


class Paradox(Section):
    """Three lives of the same customers: failed and answered, never answered, never failed."""

    share: float = parameter(
        0.1, "share of the failures of each world that are examined, one a customer at most; more "
        "are quicker, and disturb each other more", unit="share", low=0.0001, high=1,
        sure="choice",
    )  # fmt: skip
    compensation: Ascending = parameter(
        (0.0, 0.1, 0.25, 0.5, 1.0), "what is given, where the experiment has no design of its own",
        unit="share of the price", sure="choice",
    )  # fmt: skip
    delays: Ascending = parameter(
        (0.0, 3.0, 8.0), "when it is given, where the experiment has no design of its own",
        unit="days", sure="choice",
    )  # fmt: skip
    asked_after: Weeks = parameter(
        28, "days after the failure on which satisfaction and intention are compared", unit="days",
        low=7, high=3650, sure="choice",
    )  # fmt: skip
    followed_for: Weeks = parameter(
        119, "days after the failure over which visits, stories and staying are compared",
        unit="days", low=7, high=3650, sure="choice",
    )  # fmt: skip
    alone: int = parameter(
        40, "failures that are examined once more one at a time, to measure how far those examined "
        "together disturb each other", unit="failures", low=0, high=10_000, sure="choice",
    )  # fmt: skip

    @model_validator(mode="after")
    def _asked_while_followed(self) -> "Paradox":
        if self.asked_after > self.followed_for:
            raise ValueError(
                f"asked_after = {self.asked_after} must be at most followed_for = "
                f"{self.followed_for} days"
            )
        return self
