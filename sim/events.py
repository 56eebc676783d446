"""The events of one customer's history: what each of them is, and in which order they can happen."""

import copy
from collections.abc import Iterator, Sequence
from typing import Any, Literal

from pydantic import field_validator, model_validator

from sim.errors import nearest
from sim.parameters import Section, parameter
from sim.policy import Policy
from sim.remedies import section_of
from sim.strict_yaml import Key

LONGEST = 1_000_000
"""Days that a history may last."""


def _lever(name: str) -> Any:
    """Return a lever of the policy as the key of a single answer; left out, the policy's holds."""
    field = copy.copy(Policy.model_fields[name])
    field.default = None
    return field


class Start(Section):
    """The customer as the history begins: a new one, unless something else is said."""

    satisfaction: float | None = parameter(
        None, "cumulative satisfaction; left out, loyalty.start (0.45)", unit="satisfaction",
        low=-1, high=1, sure="choice",
    )  # fmt: skip
    expectation: float = parameter(
        0.0, "expected quality of an ordinary visit", unit="quality", low=-10, high=10,
        sure="choice",
    )  # fmt: skip
    failure_memory: float = parameter(
        0.0, "failures remembered", unit="failures", low=0, high=1000, sure="choice"
    )
    recovery_expectation: float = parameter(
        0.0, "what a complaint is expected to bring", unit="satisfaction", low=0, high=1,
        sure="choice",
    )  # fmt: skip
    opinion: float = parameter(
        0.0, "what stories have made the customer think of the firm", unit="logits",
        low=-8, high=8, sure="choice",
    )  # fmt: skip
    gratitude: float = parameter(
        0.0, "debt felt after an unexpectedly good recovery", unit="gratitude", low=0, high=1,
        sure="choice",
    )  # fmt: skip
    tenure: int = parameter(
        0, "how long it has been a customer", unit="days", low=0, high=100_000, sure="choice"
    )


class Visit(Section):
    """An ordinary visit."""

    quality: float | None = parameter(
        None, "quality of the service; left out, service.quality (0, the ordinary)", unit="quality",
        low=-10, high=10, sure="choice",
    )  # fmt: skip


class Failure(Section):
    """A visit that fails."""

    severity: float = parameter(..., "how bad it is", unit="severity", low=0, high=1, sure="choice")
    type: float = parameter(
        0.5, "1 a failure of outcome, 0 a failure of process", unit="share", low=0, high=1,
        sure="choice",
    )  # fmt: skip
    control: float = parameter(
        0.5, "how far the firm could have prevented it", unit="share", low=0, high=1,
        sure="choice",
    )  # fmt: skip
    stability: float = parameter(
        0.5, "how far it is expected to come again", unit="share", low=0, high=1, sure="choice"
    )


class Answer(Section):
    """The answer to the failure before it; levers that are left out are those of `policy`."""

    delay: float | None = _lever("delay")
    fix: float | None = _lever("fix")
    compensation: float | None = _lever("compensation")
    compensation_per_severity: float | None = _lever("compensation_per_severity")
    apology: float | None = _lever("apology")
    empathy: float | None = _lever("empathy")
    excuse: float | None = _lever("excuse")
    follow_up: float | None = _lever("follow_up")
    updates: float | None = _lever("updates")
    options: float | None = _lever("options")
    noticed: float = parameter(
        0.0, "1 if the firm came first, before the customer complained", unit="share",
        low=0, high=1, sure="choice",
    )  # fmt: skip

    @field_validator("noticed", mode="before")
    @classmethod
    def _yes_or_no(cls, value: Any) -> Any:
        return float(value) if isinstance(value, bool) else value

    def levers(self) -> dict[str, float]:
        """Return the levers of the policy that are set for this answer alone."""
        return self.model_dump(exclude_none=True, exclude={"noticed"})


class Silence(Section):
    """The failure before it is borne in silence; it has no keys."""

    @model_validator(mode="before")
    @classmethod
    def _no_keys(cls, value: Any) -> Any:
        if isinstance(value, dict) and value:
            raise ValueError("silence has no keys; write `- silence`")
        return value


class Wait(Section):
    """Time in which nothing happens."""

    days: int = parameter(..., "how long", unit="days", low=0, high=100_000, sure="choice")


class Story(Section):
    """A story that the customer hears."""

    valence: float = parameter(
        ..., "-1 the worst news, 1 the best", unit="valence", low=-1, high=1, sure="choice"
    )
    tie: Literal["strong", "weak", "colleague", "referral"] = parameter(
        "strong",
        "whether a friend tells it, a stranger, a colleague, or whoever brought the customer",
        unit="name",
        sure="choice",
    )
    hop: int = parameter(
        0, "how often it was passed on before; 0 is first-hand", unit="hops", low=0, high=100,
        sure="choice",
    )  # fmt: skip


class Event(Section):
    """One event: a single key, its kind. A bare word is an event without settings of its own."""

    visit: Visit | None = None
    failure: Failure | None = None
    answer: Answer | None = None
    silence: Silence | None = None
    wait: Wait | None = None
    story: Story | None = None

    @model_validator(mode="before")
    @classmethod
    def _in_words(cls, value: Any) -> Any:
        if isinstance(value, dict):
            return {kind: {} if what is None else what for kind, what in value.items()}
        if not isinstance(value, str):
            return value
        if value not in cls.model_fields:
            meant = nearest(value, cls.model_fields)
            hint = f"; did you mean {meant}?" if meant else ""
            raise ValueError(f"must be one of the events {', '.join(cls.model_fields)}{hint}")
        section = section_of(cls.model_fields[value].annotation)
        for name, field in section.model_fields.items() if section else ():
            if field.is_required():
                raise ValueError(f"needs its {name}; write `- {value}: {{{name}: ...}}`")
        return {value: {}}

    @model_validator(mode="after")
    def _one_event(self) -> "Event":
        kinds = [kind for kind in type(self).model_fields if getattr(self, kind) is not None]
        if len(kinds) != 1:
            held = f"holds {' and '.join(kinds)}" if kinds else "holds no event"
            raise ValueError(f"{held}; write one event after each `- `")
        return self

    @property
    def kind(self) -> str:
        """What happens: `visit`, `failure`, `answer`, `silence`, `wait` or `story`."""
        return next(kind for kind in type(self).model_fields if getattr(self, kind) is not None)

    @property
    def content(self) -> Any:
        """The section of that kind."""
        return getattr(self, self.kind)


def answered_after(answer: Answer, policy: Policy, waited: float) -> float:
    """Return the days from a failure to its answer; where none are set, at least those waited."""
    if not policy.answers:
        return policy.unanswered_days
    return max(policy.delay, waited) if answer.delay is None else answer.delay


def impossible(events: Sequence[Event], policy: Policy) -> list[tuple[Key, str]]:
    """Return the keys of events that cannot happen where they stand, each with the reason."""
    course = _Course(policy)
    wrong: list[tuple[Key, str]] = []
    for i, event in enumerate(events):
        found = course.take(event)
        wrong += [(("events", i, event.kind, *key), text) for key, text in found]
    if course.today > LONGEST:
        wrong.append((("events",), f"last {course.today:,} days; the most is {LONGEST:,}"))
    return wrong


class _Course:
    """The course of a history: the day it has come to, and since when a failure is open."""

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        self.today = 0
        self.opened: int | None = None

    def take(self, event: Event) -> Iterator[tuple[Key, str]]:
        """Let an event happen; yield what is wrong with that, by keys within the event."""
        kind = event.kind
        if kind in ("visit", "failure") and self.opened is not None:
            yield (), f"the failure before is still open; put answer or silence before this {kind}"
        elif kind == "failure":
            self.opened = self.today
        elif kind == "wait":
            self.today += event.content.days
        elif kind in ("answer", "silence"):
            if self.opened is None:
                yield (), f"there is no open failure; put a failure before this {kind}"
                return
            closes = self.answer if kind == "answer" else self.silence
            yield from closes(event.content, self.opened)
            self.opened = None

    def silence(self, _: Silence, opened: int) -> Iterator[tuple[Key, str]]:
        if self.today > opened:
            text = "who says nothing gets over it the same day; put the wait after the silence"
            yield (), text

    def answer(self, answer: Answer, opened: int) -> Iterator[tuple[Key, str]]:
        waited = self.today - opened
        delay = answered_after(answer, self.policy, waited)
        given = answer.levers()
        if given and not self.policy.answers:
            lever = next(iter(given))
            text = "has no effect: the policy does not answer; set policy.answers=true"
            yield (lever,), f"{given[lever]:g} {text}"
        if waited > delay:
            text = f"{delay:g} is less than the {waited} days waited since the failure"
            yield ("delay",), f"{text}; wait less, or leave the delay out"
        self.today = max(self.today, opened + int(delay))
