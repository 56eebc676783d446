"""What makes a case of an experiment: a story, its questions, and the claims that are drawn from it."""

from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, model_validator

from experiments.sections.keys import parameter_of
from experiments.sections.outcome import OutcomeName, directed
from experiments.sections.settings import Fixed, Zip
from sim.events import Answer, Failure
from sim.outcome import COLUMNS
from sim.parameters import Section, parameter
from sim.policy import Policy

Sentence = Annotated[str, AfterValidator(lambda text: " ".join(text.split()))]
"""Text over several lines of a file, read as one."""

Better = Annotated[OutcomeName, AfterValidator(directed)]


def _some(values: Any) -> Any:
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
        if self.day is not None and outcome not in COLUMNS:
            raise ValueError(
                f"day = {self.day} asks for a day, and {outcome} is told of the whole run alone; leave "
                "day out"
            )


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


class Levers(Section):
    """Which of the things in which two policies differ does it: each alone, and all but each."""

    base: str = parameter(..., "the policy to begin with", unit="name", sure="choice")
    full: str = parameter(..., "the policy that does everything", unit="name", sure="choice")
    parts: dict[str, tuple[str, ...]] = parameter(
        ..., "names of the parts, and the levers that belong to each; or dotted keys of the world that "
        "`with_policy` sets for one of the two", unit="section", sure="choice",
    )  # fmt: skip

    @model_validator(mode="after")
    def _levers(self) -> "Levers":
        for name, levers in self.parts.items():
            for lever in levers:
                if "." in lever:
                    parameter_of(lever)
                elif lever not in Policy.model_fields:
                    raise ValueError(f"parts: {name}: {lever} is not a lever of the policy")
        if len(self.parts) < 2:
            raise ValueError("parts must be two or more, to tell which of them does it")
        return self


class Curve(Section):
    """How an outcome goes along a lever: from where on does more of it not help?"""

    policy: str = parameter(..., "the policy whose lever is moved", unit="name", sure="choice")
    key: str = parameter(..., "the key, dotted: `policy.authority`", unit="name", sure="choice")
    values: tuple[float, ...] = parameter(
        ..., "its values, rising; differences are from the first", unit="unit of the key",
        sure="choice",
    )  # fmt: skip

    @model_validator(mode="after")
    def _rising(self) -> "Curve":
        about = parameter_of(self.key)
        if not about.number:
            raise ValueError("key takes no numbers, so there is nothing to go along")
        if len(self.values) < 3 or sorted(set(self.values)) != list(self.values):
            raise ValueError("values must be three or more, and rise")
        for value in self.values:
            about.checked(int(value) if about.whole else value)
        return self


class Way(Section):
    """One way to spend more: a policy of which one lever is moved, step by step."""

    name: Sentence = parameter(..., "what it is called", unit="text", sure="choice")
    policy: str = parameter(..., "the policy to begin with", unit="name", sure="choice")
    key: str = parameter(..., "the lever, dotted", unit="name", sure="choice")
    values: tuple[float, ...] = parameter(
        ..., "its values, each dearer than the one before", unit="unit of the key", sure="choice"
    )
    also: Zip | None = parameter(
        None, "what goes along, by dotted key, with a value for each of these: what it costs, such as "
        "`policy.cost_per_contact: [0.2, 0.4]`", unit="section", sure="choice",
    )  # fmt: skip

    @model_validator(mode="after")
    def _steps(self) -> "Way":
        about = parameter_of(self.key)
        if not about.number:
            raise ValueError("key takes no numbers, so there is nothing to turn up")
        if not self.values:
            raise ValueError("values must be one or more")
        for value in self.values:
            try:
                about.checked(int(value) if about.whole else value)
            except ValueError as error:
                raise ValueError(f"values: {self.key} = {value:g} {error}") from None
        for key, levels in (self.also or {}).items():
            if len(levels) != len(self.values):
                raise ValueError(
                    f"also: {key} must have as many values as {self.key}: {len(self.values)}, and "
                    f"has {len(levels)}"
                )
        return self


class Ways(Section):
    """Ways to spend, compared at equal spend on recovery."""

    start: str = parameter(
        ..., "the policy from which spend and gain are counted", unit="name", sure="choice"
    )
    ways: Annotated[tuple[Way, ...], AfterValidator(_some)] = parameter(
        ..., "the ways", unit="section", sure="choice"
    )


class Order(Section):
    """What is left of the order of the policies where something is otherwise."""

    said: Sentence = parameter(
        ..., "what is otherwise, as it goes on after `if`", unit="text", sure="choice"
    )
    where: Fixed = parameter(
        ...,
        "the settings of the world that make it so, by dotted key",
        unit="section",
        sure="choice",
    )


class Named(Contrast):
    """A comparison with a name of its own."""

    name: Sentence = parameter(..., "what is compared, in words", unit="text", sure="choice")
    outcomes: Annotated[tuple[OutcomeName, ...], AfterValidator(_some)] | None = parameter(
        None, "several outcomes, each of which is compared, instead of one `outcome`", unit="name",
        sure="choice",
    )  # fmt: skip

    @model_validator(mode="after")
    def _one_or_several(self) -> "Named":
        if self.outcome is not None and self.outcomes is not None:
            raise ValueError("outcome and outcomes cannot be together: name all under outcomes")
        for each in self.outcomes or ():
            self.measured_on_a_day(each)
        return self

    def each(self, usual: str | None) -> Iterator["Named"]:
        """Return a comparison for each outcome; `usual` is what is compared unless one is named."""
        for outcome in self.outcomes or (self.outcome or usual,):
            yield self.model_copy(update={"outcome": outcome, "outcomes": None})


class Question(Section):
    """A question of the case, and how it is answered."""

    ask: Sentence = parameter(..., "the question", unit="text", sure="choice")
    outcome: Better | None = parameter(
        None, "by what it is answered; the first of the experiment's outcomes unless named",
        unit="name", sure="choice",
    )  # fmt: skip
    levers: Levers | None = parameter(
        None, "which of the things done otherwise does it", unit="section", sure="choice"
    )
    curve: Curve | None = parameter(None, "how much is enough", unit="section", sure="choice")
    ways: Ways | None = parameter(
        None, "where money is better spent", unit="section", sure="choice"
    )
    order: Order | None = parameter(
        None, "what is left of the order of the policies where something is otherwise",
        unit="section", sure="choice",
    )  # fmt: skip
    contrasts: tuple[Named, ...] | None = parameter(
        None, "comparisons, each of which is told with its sign", unit="section", sure="choice"
    )
    note: Sentence | None = parameter(None, "what to make of it", unit="text", sure="choice")

    @model_validator(mode="after")
    def _one_kind(self) -> "Question":
        kinds = [name for name in KINDS if getattr(self, name) is not None]
        if len(kinds) != 1:
            raise ValueError(
                f"ask: must come with just one of {', '.join(KINDS)}, not "
                f"{' and '.join(kinds) or 'none'}"
            )
        return self

    @property
    def kind(self) -> str:
        """How it is answered: `levers`, `curve`, `ways`, `order` or `contrasts`."""
        return next(name for name in KINDS if getattr(self, name) is not None)


KINDS = ("levers", "curve", "ways", "order", "contrasts")


class Case(Section):
    """The story of a case, its questions, and the claims that are tried on it."""

    title: Sentence = parameter(..., "the title of its page", unit="text", sure="choice")
    story: tuple[Sentence, ...] = parameter(
        ..., "what happened, a paragraph each", unit="text", sure="choice"
    )
    invented: Sentence = parameter(
        ..., "which of its numbers are invented", unit="text", sure="choice"
    )
    questions: Annotated[tuple[Question, ...], AfterValidator(_some)] = parameter(
        ..., "what is asked", unit="section", sure="choice"
    )
    claims: tuple[Claim, ...] = parameter((), "what is tried", unit="section", sure="choice")
    with_policy: dict[str, Fixed] = parameter(
        {}, "what goes with a policy and is no lever of it, wherever it is run: by its name, settings of "
        "the world by dotted key", unit="section", sure="choice",
    )  # fmt: skip

    def policies(self) -> Iterator[str]:
        """Return every policy that is named, each as often as it is."""
        yield from self.with_policy
        for question in self.questions:
            if question.levers is not None:
                yield from (question.levers.base, question.levers.full)
            if question.curve is not None:
                yield question.curve.policy
            if question.ways is not None:
                yield question.ways.start
                yield from (way.policy for way in question.ways.ways)
            for contrast in question.contrasts or ():
                yield from filter(None, (contrast.of, contrast.than))
        for test in (test for claim in self.claims for test in claim.tests):
            if test.contrast is not None:
                yield from filter(None, (test.contrast.of, test.contrast.than))
            if test.lives is not None:
                yield test.lives.of
