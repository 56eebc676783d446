"""One customer's history: by hand, beside a whole run, and what is said of a wrong file."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.customer import Closing, Customer, Visit, recall
from sim.draws import Purpose, uniforms
from sim.errors import InputError
from sim.events import Answer, Event
from sim.history import History, load_history
from sim.model import ReputationModel
from sim.normal import normal_quantile
from sim.policy import Policy
from sim.population import Rows
from sim.scenario import Scenario, load_policy
from sim.setting import interpreted
from sim.shipped import shipped

ISSUE = """\
customer: {satisfaction: 0.45}
events:
  - failure: {severity: 0.15, type: 0.5, control: 0.5, stability: 0.5}
  - answer: {fix: 1, compensation: 0.1, apology: 0.5, empathy: 0.5, delay: 8}
  - visit: {quality: 0.05}
  - wait: {days: 30}
  - failure: {severity: 0.3}
  - silence
"""

KEYS = {
    "event", "satisfaction", "failure_memory", "recovery_expectation", "complaint_satisfaction",
    "intention", "complain_probability", "delighted_probability", "good_tellings", "bad_tellings",
}  # fmt: skip

Rowed = dict[str, Any]


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def wrote(text: str, name: str = "h.yaml") -> str:
    Path(name).write_text(text, encoding="utf-8")
    return f"./{name}"


def rows(text: str, *overrides: str) -> list[Rowed]:
    return load_history(wrote(text), overrides).rows()


def told(text: str, *overrides: str) -> list[str]:
    """Return the lines with which a history is refused."""
    with pytest.raises(InputError) as caught:
        load_history(wrote(text), overrides)
    return str(caught.value).splitlines()


def lived(*events: Any, **sections: Any) -> list[Rowed]:
    return History.model_validate({"events": events, **sections}).rows()


def logistic(x: float) -> float:
    return 1 / (1 + math.exp(-x))


# By hand


def test_the_example_of_the_issue_by_hand() -> None:
    got = rows(ISSUE)
    assert [row["event"] for row in got] == [
        "start", "failure", "answer", "visit", "wait", "failure", "silence",
    ]  # fmt: skip
    assert all(set(row) >= KEYS for row in got)
    start, failed, answered, visited, waited, again, silent = got

    assert start["satisfaction"] == 0.45
    assert start["intention"] == pytest.approx(logistic(0.8 + 4 * 0.45))
    loss = 1.23 * 0.15**0.275  # attribution 0.5 + 0.25 + 0.25
    assert failed["satisfaction"] == pytest.approx(0.45 - loss)
    assert failed["complain_probability"] == pytest.approx(logistic(-5.2 + 4.75 * 0.15))
    assert failed["complaint_satisfaction"] is None

    given = 2 * (1 - math.exp(-1.6 * (0.5 + 0.1 / (0.2 + 0.8 * 0.15)))) - 1
    process = 2 * math.exp(-8 / 6) - 1
    treated = 2 * (0.05 + 0.35 * 0.5 + 0.35 * 0.5) - 1
    pleased = math.tanh(1.6 * (0.42 * given + 0.26 * process + 0.32 * treated))
    after = 0.45 - loss + 0.37 + 0.32 * 0.15 + 0.44 * pleased
    assert pleased > 0
    assert answered["complaint_satisfaction"] == pytest.approx(pleased)
    assert answered["satisfaction"] == pytest.approx(after)
    assert answered["delighted_probability"] == pytest.approx(logistic(4 * (pleased - 0.3)))
    assert (answered["failure_memory"], answered["recovery_expectation"]) == (1.0, 0.25)
    assert answered["intention"] == pytest.approx(logistic(0.8 + 4 * after - 0.2))
    assert answered["bad_tellings"] == pytest.approx(14 * (0.45 - after) ** 1.4)
    quick = math.exp(-8 / 6)
    assert answered["good_tellings"] == pytest.approx(17 * math.sqrt(pleased / 0.8) * quick)
    assert answered["day"] == 8

    felt = 0.5 + 0.05**0.88
    assert visited["satisfaction"] == pytest.approx(after + 0.2 * (felt - after))
    assert visited["expectation"] == pytest.approx(0.1 * 0.05)
    assert (visited["good_tellings"], visited["bad_tellings"]) == (0.25, 0.0)
    assert visited["delighted_probability"] == 0.0

    memory = 0.5 ** (30 / 90)
    assert waited["failure_memory"] == pytest.approx(memory)
    assert waited["recovery_expectation"] == pytest.approx(0.25 * 0.5 ** (30 / 180))
    assert waited["satisfaction"] == visited["satisfaction"]

    blamed = 0.5 + 0.25 + 0.5 * (1 - 0.5 * math.exp(-0.6 * memory))
    second = visited["satisfaction"] - 1.23 * 0.3**0.275 * blamed
    assert again["satisfaction"] == pytest.approx(second)
    assert silent["satisfaction"] == pytest.approx(second)
    assert silent["failure_memory"] == pytest.approx(1 + memory)
    net = visited["satisfaction"] - second
    assert silent["bad_tellings"] == pytest.approx(14 * net**1.4)
    assert (silent["good_tellings"], silent["complaint_satisfaction"]) == (0.0, None)


def test_stories_move_opinion_and_are_passed_on() -> None:
    told_by = {"valence": -0.5, "tie": "weak", "hop": 1}
    got = lived({"story": told_by}, {"wait": {"days": 30}}, {"story": {"valence": 0.8}})
    change = 0.9 * -0.5 * 0.5 * 0.6 * 1.3 * 0.25  # weak, passed on once, bad news, to a customer
    assert got[1]["opinion"] == pytest.approx(change)
    assert got[2]["opinion"] == pytest.approx(change / 2)
    assert got[3]["opinion"] == pytest.approx(change / 2 + 0.9 * 0.8 * 0.5)
    assert got[1]["bad_tellings"] == pytest.approx(0.3 * 0.6 * 1.3)
    assert (got[1]["good_tellings"], got[3]["bad_tellings"]) == (0.0, 0.0)
    assert got[3]["good_tellings"] == pytest.approx(0.3)
    assert got[3]["intention"] == got[0]["intention"]
    swayed = lived({"story": {"valence": 0.8}}, loyalty={"opinion": 0.25})
    opinion = 0.9 * 0.8 * 0.5
    assert swayed[1]["intention"] == pytest.approx(logistic(2.6 + 0.25 * opinion))


def test_an_answer_takes_the_levers_of_the_policy_unless_it_has_its_own() -> None:
    levers = {"delay": 4.0, "compensation": 0.3, "apology": 0.8, "empathy": 0.2, "follow_up": 1.0,
              "options": 0.7}  # fmt: skip
    failure = {"failure": {"severity": 0.5}}
    plain = lived(failure, "answer", policy=levers)
    assert plain == lived(failure, {"answer": levers | {"fix": 1.0}})
    assert plain[-1]["day"] == 4
    own = lived(failure, {"answer": {"delay": 1.5}}, policy=levers)
    assert own == lived(failure, {"answer": levers | {"delay": 1.5}})
    assert own[-1]["day"] == 1


def test_an_answer_knows_no_luck_queue_or_authority() -> None:
    failure = {"failure": {"severity": 0.5}}
    certain = {"delay": 2.0, "compensation": 0.3}
    luck = {"unresolved": 1.0, "agents": 3, "handling_hours": 900.0, "authority": 0.0}
    assert lived(failure, "answer", policy=certain | luck) == lived(
        failure, "answer", policy=certain
    )


def test_a_policy_that_does_not_answer_closes_the_case_after_30_days() -> None:
    got = lived({"failure": {"severity": 0.5}}, "answer", policy=load_policy("none")[1])
    assert got[-1]["day"] == 30
    assert got[-1]["complaint_satisfaction"] < -0.8
    assert got[-1]["delighted_probability"] is None


def test_an_answer_comes_when_it_is_waited_for() -> None:
    failure, wait = {"failure": {"severity": 0.5}}, {"wait": {"days": 3}}
    waited = lived(failure, wait, "answer")
    assert waited[-1] == lived(failure, {"answer": {"delay": 3.0}})[-1]
    assert lived(failure, wait, {"answer": {"delay": 8.0}})[-1]["day"] == 8
    assert waited[2]["satisfaction"] == waited[1]["satisfaction"]


def test_regulars_are_more_patient_and_who_is_noticed_is_pleased() -> None:
    def pleased(answer: dict[str, Any], tenure: int = 0) -> float:
        got = lived({"failure": {"severity": 0.5}}, {"answer": answer}, customer={"tenure": tenure})
        value: float = got[-1]["complaint_satisfaction"]
        return value

    assert pleased({"delay": 3.0}, 366) == pleased({"delay": 0.0}, 0)
    assert pleased({"delay": 3.0}, 365) == pleased({"delay": 3.0}, 0) < pleased({"delay": 0.0})
    assert pleased({"noticed": True}) == pleased({"noticed": 1.0}) > pleased({})


def test_who_does_not_talk_tells_nothing() -> None:
    got = rows(ISSUE, "talk.enabled=false")
    assert {(row["good_tellings"], row["bad_tellings"]) for row in got} == {(0.0, 0.0)}
    without = rows(ISSUE, "talk.bad_stories=false")
    assert [row["bad_tellings"] for row in without] == [0.0] * 7
    assert without[2]["good_tellings"] > 0


def test_delight_is_told_five_times() -> None:
    (_, delighted) = lived({"visit": {"quality": 0.16}})
    assert (delighted["delighted_probability"], delighted["good_tellings"]) == (1.0, 5.0)
    (_, ordinary) = lived({"visit": {"quality": 0.15}})
    assert (ordinary["delighted_probability"], ordinary["good_tellings"]) == (0.0, 0.25)


def test_a_visit_is_as_good_as_the_house_unless_it_says_otherwise() -> None:
    house = {"quality": 0.3}
    left_out = lived("visit", service=house)
    assert left_out == lived({"visit": {"quality": 0.3}}, service=house)
    assert left_out[1]["delighted_probability"] == 1.0
    assert lived({"visit": {"quality": 0.0}}, service=house) == lived("visit")


def test_the_start_is_as_said() -> None:
    customer = {
        "satisfaction": -0.2, "failure_memory": 2.0, "recovery_expectation": 0.5,
        "expectation": 0.1, "opinion": 0.75, "gratitude": 0.4,
    }  # fmt: skip
    (start, later) = lived({"wait": {"days": 90}}, customer=customer)
    assert {key: start[key] for key in customer} == customer
    assert later["failure_memory"] == pytest.approx(1.0)
    assert later["gratitude"] == pytest.approx(0.4 * 0.5**1.5)
    assert later["opinion"] == pytest.approx(0.75 / 8)
    assert lived({"wait": {"days": 0}}, loyalty={"start": 0.3})[0]["satisfaction"] == 0.3


# Beside a whole run


class Diarist(Customer):
    """A customer who keeps a diary of what happens to it, as the events of a history."""

    diary: list[Any]
    states: list[tuple[float, ...]]
    endings: list[Closing]
    last: int
    tenure_at_start: int

    def note(self, today: int, event: Any) -> None:
        if not hasattr(self, "diary"):
            self.diary, self.states, self.endings, self.last = [], [], [], 0
        if isinstance(event, dict) and ("visit" in event or "failure" in event):
            self.diary.append({"wait": {"days": today - self.last}})
            self.states.append(())
        self.last = today
        self.diary.append(event)
        self.states.append((self.satisfaction,))

    def visit(self, today: int, world: Any, failure_probability: float) -> Visit:
        was = super().visit(today, world, failure_probability)
        if not was.failed:
            noise = normal_quantile(uniforms(world.seed, self.row, today, Purpose.VISIT)[1])
            quality = world.service.quality + world.service.quality_spread * noise
            self.note(today, {"visit": {"quality": quality}})
        return was

    def suffer(self, case: Any, control: float, stability: float, today: int, world: Any) -> None:
        super().suffer(case, control, stability, today, world)
        cause = {"severity": case.severity, "type": case.type}
        self.note(today, {"failure": cause | {"control": control, "stability": stability}})

    def endure(self, case: Any, today: int, world: Any) -> Closing:
        ended = super().endure(case, today, world)
        self.note(today, "silence")
        self.endings.append(ended)
        return ended

    def judge(self, case: Any, today: int, world: Any) -> Closing:
        ended = super().judge(case, today, world)
        self.note(today, {"answer": {"noticed": case.noticed}})
        self.endings.append(ended)
        return ended


def life(seed: int, policy: Policy) -> tuple[Scenario, Diarist, ReputationModel]:
    """Let one customer live alone for two years, failed often and never leaving."""
    scenario = Scenario.model_validate(
        {
            "market": {"people": 1, "customers": 1.0},
            "network": {"kind": "none"},
            "service": {"failure_probability": 0.3, "visits_per_month": 6.0, "quality": 0.1},
            "loyalty": {"discount": 0.0, "ordinary_leaving": 0.0, "gratitude": 0.3},
            "policy": policy,
            "seed": seed,
            "days": 730,
        }
    )
    model = ReputationModel(scenario, customer=Diarist, performer="agents")
    since = int(model.columns["since"][0])
    model.run.advance(scenario.days)
    person = model.people[0]
    person.tenure_at_start = -since
    return scenario, person, model


ANSWERS = Policy(
    delay=4.0, compensation=0.2, compensation_per_severity=0.3, apology=0.6, empathy=0.7,
    follow_up=0.5, updates=0.4, options=0.6, excuse=0.1, ease=3.0, proactive=0.4,
)  # fmt: skip


@pytest.mark.parametrize(
    ("seed", "policy"),
    [(1, ANSWERS), (6, ANSWERS), (3, load_policy("none")[1]), (5, Policy(delay=0.0, ease=4.0))],
)
def test_a_history_agrees_with_a_whole_run_to_the_bit(seed: int, policy: Policy) -> None:
    scenario, person, model = life(seed, policy)
    history = History.model_validate(
        {
            "customer": {"tenure": person.tenure_at_start},
            "events": tuple(person.diary),
            "policy": policy,
            "loyalty": scenario.loyalty,
        }
    )
    got = history.rows()[1:]
    kinds = {row["event"] for row in got}
    assert kinds == {"wait", "visit", "failure", "silence", "answer"}
    lasting = [(row, state) for row, state in zip(got, person.states, strict=True) if state]
    assert [row["satisfaction"] for row, _ in lasting] == [state[0] for _, state in lasting]
    closed = [row for row in got if row["event"] in ("silence", "answer")]
    assert [(row["good_tellings"], row["bad_tellings"]) for row in closed] == [
        (ended.good, ended.bad) for ended in person.endings
    ]
    assert got[-1]["day"] == person.last

    seen: Any = Rows(model.columns.copy())[0]
    recall(seen, person.last, interpreted(model.run.setting))
    for name in ("failure_memory", "recovery_expectation", "gratitude", "expectation"):
        assert got[-1][name] == getattr(seen, name), name


# Properties


EVENTS = st.lists(
    st.one_of(
        st.builds(lambda q: [{"visit": {"quality": q}}], st.floats(-1, 1)),
        st.builds(lambda d: [{"wait": {"days": d}}], st.integers(0, 400)),
        st.builds(lambda v: [{"story": {"valence": v}}], st.floats(-1, 1)),
        st.builds(lambda s: [{"failure": {"severity": s}}, "silence"], st.floats(0, 1)),
        st.builds(
            lambda s, d, c: [
                {"failure": {"severity": s}},
                {"answer": {"delay": d, "compensation": c}},
            ],
            st.floats(0, 1), st.floats(0, 40), st.floats(0, 3),
        ),
    ),
    min_size=1,
    max_size=12,
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(EVENTS)
def test_whatever_happens_every_value_is_in_its_range(groups: list[list[Any]]) -> None:
    events = [event for group in groups for event in group]
    got = lived(*events)
    assert len(got) == len(events) + 1
    for row in got:
        assert -1 <= row["satisfaction"] <= 1
        assert 0 < row["intention"] < 1
        assert 0 <= row["recovery_expectation"] <= 0.8
        assert 0 <= row["gratitude"] <= 1
        assert row["failure_memory"] >= 0
        assert min(row["good_tellings"], row["bad_tellings"]) >= 0
        assert (row["complaint_satisfaction"] is None) == (row["event"] != "answer")
        assert (row["complain_probability"] is None) == (row["event"] != "failure")
        assert np.isfinite([value for value in row.values() if isinstance(value, float)]).all()
    assert [row["day"] for row in got] == sorted(row["day"] for row in got)


@settings(max_examples=30, deadline=None)
@given(st.floats(0, 1), st.floats(0, 30), st.floats(0.01, 20))
def test_a_later_answer_is_never_better(severity: float, delay: float, later: float) -> None:
    failure = {"failure": {"severity": severity}}
    soon, late = (
        lived(failure, {"answer": {"delay": days}})[-1] for days in (delay, delay + later)
    )
    assert late["satisfaction"] <= soon["satisfaction"]
    assert late["complaint_satisfaction"] <= soon["complaint_satisfaction"]


# Files


@pytest.mark.parametrize("name", shipped("histories"))
def test_shipped_histories_run_by_name(name: str) -> None:
    history = load_history(name)
    assert len(history.rows()) == len(history.events) + 1
    assert history.name.replace(" ", "-") == name


def test_the_shipped_histories_teach_what_they_say() -> None:
    quick = load_history("recovered-quickly").rows()
    assert quick[3]["satisfaction"] > quick[1]["satisfaction"] > quick[2]["satisfaction"]
    assert quick[3]["good_tellings"] > 15 > quick[3]["bad_tellings"] + 14
    silence = load_history("silence").rows()
    assert silence[1]["complain_probability"] < 0.1
    assert silence[2]["bad_tellings"] > 10
    twice = load_history("second-failure").rows()
    first, second = (twice[at]["satisfaction"] - twice[at + 1]["satisfaction"] for at in (0, 3))
    assert second > first
    gained = [twice[at]["satisfaction"] - twice[at - 1]["satisfaction"] for at in (2, 5)]
    assert gained[1] < gained[0]
    assert twice[2]["complaint_satisfaction"] == twice[5]["complaint_satisfaction"]


def test_values_are_set_on_top() -> None:
    soon = rows(ISSUE, "events.1.answer.delay=0", "customer.satisfaction=0.1")
    assert soon[0]["satisfaction"] == 0.1
    assert soon[2]["day"] == 0
    by_mapping = load_history(
        wrote(ISSUE), {"events.1.answer.delay": 0, "customer.satisfaction": 0.1}
    )
    assert by_mapping.rows() == soon
    stable = rows(ISSUE, "loss.scale=0")
    assert stable[1]["satisfaction"] == 0.45


def test_a_policy_goes_by_name_and_levers_on_top() -> None:
    text = "policy: bakery\nevents:\n  - failure: {severity: 0.5}\n  - answer\n"
    assert rows(text) == lived(
        {"failure": {"severity": 0.5}}, "answer", policy=load_policy("bakery")[1]
    )
    eager = rows(text, "policy.ease=0", "policy=fast")
    assert eager[1]["complain_probability"] == pytest.approx(logistic(-5.2 + 4.75 * 0.5))
    assert eager[2] == rows(text, "policy=fast")[2]


def test_everything_wrong_is_told_with_its_line() -> None:
    text = """\
customer: {satisfaction: 45%, tenur: 3}
policy: fats
events:
  - failure: {severity: 15}
  - silense
  - failur: {severity: .3}
  - visit: {quality: .1}
    wait: {days: 3}
  - failure
  - silence: {a: 1}
  - answer: {unresolved: .3, delay: -1}
  - 3
  - story: {valence: .nan, tie: strnog}
"""
    lines = told(text)
    expected = (
        (1, "customer.satisfaction = 45% must be a number from -1 to 1", "write 0.45"),
        (1, "customer.tenur = 3 is not a key of customer", "did you mean tenure?"),
        (2, "policy = fats is not among the shipped policies", "did you mean fast?"),
        (4, "events.0.failure.severity = 15 must be at most 1", "for 15% write 0.15"),
        (5, "events.1 = silense must be one of the events", "did you mean silence?"),
        (6, "events.2.failur = {...} is not a key of events.2", "did you mean failure?"),
        (7, "events.3", "holds visit and wait; write one event after each `- `"),
        (9, "events.4 = failure needs its severity", "write `- failure: {severity: ...}`"),
        (10, "events.5.silence", "silence has no keys; write `- silence`"),
        (11, "events.6.answer.unresolved = .3 is not a key", "belongs to policy"),
        (11, "events.6.answer.delay = -1 must be at least 0", "days"),
        (12, "events.7 = 3 must be a section", "visit, failure, answer, silence"),
        (13, "events.8.story.valence = .nan must be a number from -1 to 1", "worst"),
        (13, "events.8.story.tie = strnog must be one of strong, weak", "did you mean strong?"),
    )
    for line, (number, start, remedy) in zip(lines, expected, strict=True):
        assert line.startswith(f"h.yaml:{number}: {start}") or line.startswith(
            f"./h.yaml:{number}: {start}"
        ), line
        assert remedy in line


def test_events_that_cannot_happen_are_told_with_their_line() -> None:
    text = """\
events:
  - answer: {fix: 1}
  - failure: {severity: .15}
  - visit
  - failure: {severity: .3}
  - wait: {days: 3}
  - silence
  - failure: {severity: .3}
  - wait: {days: 3}
  - answer: {delay: 2}
  - silence
"""
    expected = (
        (2, "events.0.answer: there is no open failure; put a failure before this answer"),
        (4, "events.2.visit: the failure before is still open; put answer or silence before"),
        (5, "events.3.failure: the failure before is still open; put answer or silence before"),
        (7, "events.5.silence: who says nothing gets over it the same day; put the wait after"),
        (10, "events.8.answer.delay = 2 is less than the 3 days waited since the failure; wait"),
        (11, "events.9.silence: there is no open failure; put a failure before this silence"),
    )
    for line, (number, start) in zip(told(text), expected, strict=True):
        assert line.removeprefix("./").startswith(f"h.yaml:{number}: {start}"), line


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("name: a\n", "events is missing"),
        ("events: []\n", "events: must hold at least one event, such as"),
        ("events: silence\n", "events = silence must be a list"),
        ("events: [{}]\n", "events.0: holds no event"),
        ("events: [{wait: {days: 100000}}]\nmarket: {people: 3}\n", "market = {...} is not a key"),
        ("events: [{failure: {severity: 0.5}}, {answer: {delay: yes}}]\n", "delay = yes must be"),
        (
            "policy: none\nevents: [{failure: {severity: 0.5}}, {answer: {fix: 1}}]\n",
            "events.1.answer.fix = 1 has no effect: the policy does not answer",
        ),
        (
            "events: [" + "wait: {days: 100000}, " * 11 + "visit]\n",
            "events: last 1,100,000 days; the most is 1,000,000",
        ),
    ],
)
def test_other_mistakes(text: str, said: str) -> None:
    (line,) = told(text)
    assert said in line


def test_a_missing_file_and_an_unknown_name() -> None:
    for name, said in (
        ("recoverd-quickly", "did you mean recovered-quickly?"),
        ("./mine.yaml", "does not exist"),
        ("silence.yaml", "the shipped history goes by its name alone, silence"),
    ):
        with pytest.raises(InputError, match=said.replace("?", r"\?")):
            load_history(name)


def test_a_history_made_in_python_is_checked_too() -> None:
    with pytest.raises(InputError, match="there is no open failure"):
        History(events=(Event(answer=Answer()),)).rows()
