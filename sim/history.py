"""The history of one customer: a list of events, and what each of them does to it.

The customer is a row of a population of one, and its events are the behaviours of `sim.customer`
performed on that row: what a history shows is what a run does. Where a run draws (whether somebody
complains, how often a story is told), a history shows the chance or the mean.
"""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import field_validator

from sim import rules
from sim.customer import Closing, Customer, be_served, intention_on, opinion_on, recall
from sim.desk import take_case
from sim.errors import InputError, Place, Problem, cut
from sim.events import (
    Answer,
    Event,
    Failure,
    Silence,
    Start,
    Story,
    Visit,
    Wait,
    answered_after,
    impossible,
)
from sim.parameters import Section, numbers, parameter
from sim.policy import Policy
from sim.population import CASE, CUSTOMER, LETTER, NO_CASE, PERSON, Rows, aligned
from sim.psychology import Appraisal, Justice, Loss, Loyalty, Recovery, Voice
from sim.reading import Document, Override, assigned, parse_override, read_document
from sim.scenario import Title, load_policy
from sim.setting import interpreted, new_setting
from sim.shipped import locate
from sim.state import BOOKS
from sim.strict_yaml import Key, dotted
from sim.ties import TIE_NAMES
from sim.validation import validate
from sim.world import Colleagues, Reviews, Service, Talk, World


class History(Section):
    """One customer, and what happens to it.

    The sections of the model (`appraisal` to `talk`) are those of a scenario. Of `policy`, `ease`
    gives the chance of complaining, and the levers are those of every answer that does not say
    otherwise; desk, authority and the luck of cases that stay unresolved have no part in a history.
    """

    name: Title = parameter("history", "what it is called", unit="text", sure="choice")
    customer: Start = Start()
    events: tuple[Event, ...] = parameter(
        ..., "what happens, in its order", unit="events", sure="choice"
    )
    policy: Policy = Policy()
    service: Service = Service()
    appraisal: Appraisal = Appraisal()
    loss: Loss = Loss()
    voice: Voice = Voice()
    justice: Justice = Justice()
    recovery: Recovery = Recovery()
    loyalty: Loyalty = Loyalty()
    talk: Talk = Talk()
    colleagues: Colleagues = Colleagues()
    reviews: Reviews = Reviews()

    @field_validator("events")
    @classmethod
    def _some(cls, events: tuple[Event, ...]) -> tuple[Event, ...]:
        if not events:
            raise ValueError("must hold at least one event, such as `- failure: {severity: 0.5}`")
        return events

    def rows(self) -> list[dict[str, Any]]:
        """Return a row for the start and one for each event.

        Returns
        -------
        list of dict
            `event`, and the customer as it then is, memories faded up to the day: `day`,
            `satisfaction`, `expectation`, `failure_memory`, `recovery_expectation`, `opinion`,
            `gratitude`, and its `intention` in (0, 1) to buy again. Of the event itself:
            `complaint_satisfaction` in (-1, 1) with an answer, `complain_probability` of a failure,
            `delighted_probability` of an answer or a visit (None for other events), and
            `good_tellings` and `bad_tellings`, the mean number of tellings to which it gives rise.

        Raises
        ------
        InputError
            If an event cannot happen where it stands, such as an answer to no failure.
        """
        wrong = impossible(self.events, self.policy)
        if wrong:
            raise InputError(*(_said(key, text) for key, text in wrong))
        life = _Life(self)
        return [life.row("start", {}), *(life.live(event) for event in self.events)]


class _Life:
    """A customer living through its history, on the one row of a population.

    The methods named after events perform them, and return what the row of the event tells beside
    the state of the customer.
    """

    def __init__(self, history: History) -> None:
        self.policy = history.policy
        sections = {name: getattr(history, name) for name in _SECTIONS}
        self.world: Any = interpreted(new_setting(World(**sections), 0, 1, 1))
        self.people = aligned(1, PERSON)
        self.person: Any = Rows(self.people)[0]
        self.case: Any = Rows(np.zeros(1, CASE))[0]
        self.today = 0
        start = history.customer
        for name in type(start).model_fields:
            if name in (PERSON.names or ()) and getattr(start, name) is not None:
                setattr(self.person, name, getattr(start, name))
        if start.satisfaction is None:
            self.person.satisfaction = history.loyalty.start
        self.person.since = -start.tenure
        self.person.status = CUSTOMER
        self.person.case = NO_CASE

    def live(self, event: Event) -> dict[str, Any]:
        perform = getattr(self, event.kind)
        return self.row(event.kind, perform(event.content))

    def row(self, event: str, told: dict[str, Any]) -> dict[str, Any]:
        # A copy recalls: whoever remembers in two steps rounds otherwise than in one.
        seen: Any = Rows(self.people.copy())[0]
        recall(seen, self.today, self.world)
        return {
            "event": event,
            "day": self.today,
            "satisfaction": seen.satisfaction,
            "expectation": seen.expectation,
            "failure_memory": seen.failure_memory,
            "recovery_expectation": seen.recovery_expectation,
            "opinion": opinion_on(seen, self.today, self.world),
            "gratitude": seen.gratitude,
            "complaint_satisfaction": None,
            "intention": intention_on(seen, self.today, self.world),
            "complain_probability": None,
            "delighted_probability": None,
            "good_tellings": 0.0,
            "bad_tellings": 0.0,
        } | told

    def tellings(self, good: float, bad: float) -> dict[str, Any]:
        talked = float(self.world.talk.enabled)
        return {"good_tellings": talked * good, "bad_tellings": talked * bad}

    def visit(self, visit: Visit) -> dict[str, Any]:
        quality = self.world.service.quality if visit.quality is None else visit.quality
        was = be_served(self.person, quality, self.world)
        delighted = float(quality >= self.world.delight_from)
        bad = was.valence < 0.0
        told = self.tellings(0.0 if bad else was.tellings, was.tellings if bad else 0.0)
        return {"delighted_probability": delighted} | told

    def failure(self, failure: Failure) -> dict[str, Any]:
        self.case.opened = self.today
        self.case.severity = failure.severity
        self.case.type = failure.type
        suffer: Any = Customer.suffer
        suffer(self.person, self.case, failure.control, failure.stability, self.today, self.world)
        ease = self.policy.ease
        chance = rules.complaint_probability(failure.severity, ease, self.world.voice)
        return {"complain_probability": chance}

    def silence(self, _: Silence) -> dict[str, Any]:
        endure: Any = Customer.endure
        return self.closed(endure(self.person, self.case, self.today, self.world))

    def answer(self, answer: Answer) -> dict[str, Any]:
        delay = answered_after(answer, self.policy, self.today - self.case.opened)
        certain = {"agents": 0, "authority": None, "unresolved": 0.0}
        policy = self.policy.model_copy(update=answer.levers() | certain | {"delay": delay})
        self.case.arrival = 0.0
        self.case.noticed = answer.noticed
        books = Rows(np.zeros(1, BOOKS))[0]
        take_case(self.case, Rows(numbers(policy))[0], None, books, self.world)
        self.today = self.case.due
        judge: Any = Customer.judge
        ended: Closing = judge(self.person, self.case, self.today, self.world)
        judged: dict[str, Any] = {"complaint_satisfaction": ended.pleased}
        if policy.answers:
            judged["delighted_probability"] = ended.delighted
        return judged | self.closed(ended)

    def closed(self, ended: Closing) -> dict[str, Any]:
        return self.tellings(ended.good, ended.bad)

    def wait(self, wait: Wait) -> dict[str, Any]:
        self.today += wait.days
        return {}

    def story(self, story: Story) -> dict[str, Any]:
        letter: Any = Rows(np.zeros(1, LETTER))[0]
        letter.valence = story.valence
        letter.hop = story.hop
        letter.tie = TIE_NAMES.index(story.tie)
        hear: Any = Customer.hear
        passed_on = hear(self.person, letter, self.today, self.world)
        bad = story.valence < 0.0
        return self.tellings(0.0 if bad else passed_on, passed_on if bad else 0.0)


_SECTIONS = tuple(name for name in World.model_fields if name in History.model_fields)


def load_history(
    name: str | os.PathLike[str], overrides: Iterable[str | Override] | Mapping[str, Any] = ()
) -> History:
    """Return a history, from a shipped name (`second-failure`) or a path.

    Parameters
    ----------
    name
        What holds a slash or ends in `.yaml` is a path.
    overrides
        What is set on top of the file: `"events.1.answer.delay=2"`, or a mapping from dotted keys
        to values.

    Raises
    ------
    InputError
        With everything that is wrong, if anything is.
    """
    if isinstance(overrides, Mapping):
        changes = [assigned(key, value, f"overrides: {key}") for key, value in overrides.items()]
    else:
        changes = [parse_override(o) if isinstance(o, str) else o for o in overrides]
    document = read_document(locate("histories", name, Place("")))
    if "name" not in document.data:
        document = document.overridden(assigned("name", Path(name).stem, document.source))
    document, problems = _assembled(document, changes)
    history = validate(History, document, problems)
    wrong = impossible(history.events, history.policy)
    if wrong:
        raise InputError(*(Problem(document.place(key), _said(key, text)) for key, text in wrong))
    return history


def _said(key: Key, text: str) -> str:
    """Return what is wrong with an event as `events.2.answer: ...`, or of a value as `... = ...`."""
    return f"{dotted(key)}{' =' if len(key) > 3 else ':'} {text}"


def _assembled(document: Document, changes: list[Override]) -> tuple[Document, list[Problem]]:
    """Return a document with all that is set on top, its policy opened, and what went wrong."""
    problems: list[Problem] = []
    opened = False
    for change in [*sorted(changes, key=lambda change: len(change.key)), None]:
        if not opened and (change is None or len(change.key) > 1):
            opened = True
            try:
                document = _with_policy(document)
            except InputError as error:
                problems += error.problems
                document = document.without(("policy",))
        if change is None:
            continue
        try:
            document = document.overridden(change)
        except InputError as error:
            problems += error.problems
    return document, problems


def _with_policy(document: Document) -> Document:
    """Return the document with the levers of a policy that is given by name or path."""
    key: Key = ("policy",)
    name = document.value(key)
    if not isinstance(name, str):
        return document
    place = document.place(key)
    path = locate("policies", name, place, "policy")
    read_document(path, Problem(place, f"policy = {cut(name)}"))
    _, policy = load_policy(Path(path))
    return document.overridden(Override(key, policy.model_dump(), {(): place}))
