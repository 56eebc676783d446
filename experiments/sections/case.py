"""What makes a case of an experiment: a story, its questions, and the claims that are drawn from it."""

from collections.abc import Iterator
from typing import Annotated

from pydantic import AfterValidator, model_validator

from experiments.sections.claim import Claim
from experiments.sections.contrast import Named, Sentence, some
from experiments.sections.keys import parameter_of
from experiments.sections.outcome import OutcomeName, directed
from experiments.sections.settings import Fixed, Zip
from sim.parameters import Section, parameter
from sim.policy import Policy

Better = Annotated[OutcomeName, AfterValidator(directed)]


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
    ways: Annotated[tuple[Way, ...], AfterValidator(some)] = parameter(
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
    questions: Annotated[tuple[Question, ...], AfterValidator(some)] = parameter(
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
