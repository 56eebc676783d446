"""A claim of the literature, and the measurements on which it is tried."""

from typing import Literal

from pydantic import model_validator

from experiments.sections.contrast import Contrast, Sentence
from sim.events import Answer, Failure
from sim.parameters import Section, parameter

Quantity = Literal[
    "satisfaction", "intention", "complaint_satisfaction", "complain_probability",
    "delighted_probability", "good_tellings", "bad_tellings",
]  # fmt: skip


class Moment(Section):
    """One failure of one customer, and its answer; without one it is borne in silence.

    Without a failure, the customer as it was before anything happened.
    """

    failure: Failure | None = parameter(
        None, "the failure; left out, nothing happened", unit="section", sure="choice"
    )
    answer: Answer | None = parameter(
        None, "the answer; left out, nobody hears of the failure", unit="section", sure="choice"
    )
    earlier: int = parameter(
        0, "how often the same happened before, with the same answer, a month apart", unit="failures",
        low=0, high=20, sure="choice",
    )  # fmt: skip

    @model_validator(mode="after")
    def _something(self) -> "Moment":
        if self.failure is None and (self.answer is not None or self.earlier):
            raise ValueError("answer and earlier belong to a failure: say which")
        return self


class Incident(Section):
    """A controlled single incident, which is exact: one customer's state or chance."""

    quantity: Quantity = parameter(..., "what is measured", unit="name", sure="choice")
    of: Moment = parameter(..., "what happens", unit="section", sure="choice")
    than: Moment | None = parameter(
        None, "what it is held against; left out, the level itself is told", unit="section",
        sure="choice",
    )  # fmt: skip
    beyond: tuple[Moment, Moment] | None = parameter(
        None, "two others: the size of the difference is then told beyond the size of theirs",
        unit="section", sure="choice",
    )  # fmt: skip

    @model_validator(mode="after")
    def _two(self) -> "Incident":
        if self.beyond is not None and self.than is None:
            raise ValueError("beyond compares two differences: give the first its than")
        return self


class ThreeLives(Section):
    """The mean effect of answered failures on their own customers, against never having failed."""

    effect: Literal["satisfaction", "intention", "staying", "good_stories", "bad_stories"] = (
        parameter(..., "on what", unit="name", sure="choice")
    )
    of: str = parameter(..., "the policy that answers", unit="name", sure="choice")
    severity: tuple[float, float] = parameter(
        (0.0, 1.0), "from which severity up to which", unit="severity", sure="choice"
    )
    first: bool = parameter(False, "first failures alone", unit="yes or no", sure="choice")
    share: float = parameter(
        0.1, "share of the failures of each world that are examined, one a customer at most; more "
        "are surer, and disturb each other more through what is told", unit="share", low=0.0001,
        high=1, sure="choice",
    )  # fmt: skip
    seeds: int = parameter(
        4, "in how many of the experiment's worlds", unit="worlds", low=2, high=1000, sure="choice"
    )


class Trial(Section):
    """One measurement on which a claim is tried, and where it has to lie."""

    said: Sentence = parameter(
        ..., "what is measured, as the table has it", unit="text", sure="choice"
    )
    contrast: Contrast | None = parameter(
        None, "an outcome of runs, in shared worlds", unit="section", sure="choice"
    )
    incident: Incident | None = parameter(
        None, "one customer, one failure, one answer", unit="section", sure="choice"
    )
    lives: ThreeLives | None = parameter(
        None, "the same customers with and without their failure", unit="section", sure="choice"
    )
    fact: str | None = parameter(
        None, "the id of a fact of `amends facts`, which has a band of its own: `C4`, or `C4.2` for "
        "its second row", unit="name", sure="choice",
    )  # fmt: skip
    above: float | None = parameter(
        None, "the claim says: above this; above 0 unless one of the two is given",
        unit="unit of the outcome", sure="choice",
    )  # fmt: skip
    below: float | None = parameter(
        None, "the claim says: below this", unit="unit of the outcome", sure="choice"
    )

    @model_validator(mode="after")
    def _one_kind(self) -> "Trial":
        kinds = [
            k for k in ("contrast", "incident", "lives", "fact") if getattr(self, k) is not None
        ]
        if len(kinds) != 1:
            raise ValueError(
                "said: must come with just one of contrast, incident, lives and fact, not "
                f"{' and '.join(kinds) or 'none'}"
            )
        if self.fact is not None and (self.above, self.below) != (None, None):
            raise ValueError("fact has a band of its own: leave above and below out")
        return self

    @property
    def band(self) -> tuple[float | None, float | None]:
        """Between what it has to lie."""
        return (
            (0.0, None) if self.above is None and self.below is None else (self.above, self.below)
        )


class Claim(Section):
    """A claim of the literature, and the measurements on which it is tried."""

    claim: Sentence = parameter(..., "what is claimed", unit="text", sure="choice")
    of: Sentence = parameter(..., "who claims it", unit="text", sure="choice")
    tests: tuple[Trial, ...] = parameter(
        (), "on what it is tried; it holds if all of them come out", unit="section", sure="choice"
    )
    untested: Sentence | None = parameter(
        None, "why it cannot be tried here", unit="text", sure="choice"
    )
    note: Sentence | None = parameter(None, "what to make of it", unit="text", sure="choice")

    @model_validator(mode="after")
    def _tried_or_not(self) -> "Claim":
        if bool(self.tests) == (self.untested is not None):
            raise ValueError("claim: must have tests, or say by `untested` why it has none")
        return self
