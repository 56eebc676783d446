"""Any order of people within a phase gives the same bytes."""

import random
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from sim import world
from sim.policy import Policy
from sim.scenario import Scenario
from sim.ties import Bonds
from tests.lockstep import PHASES, Lived, entries, reorder, side_by_side
from tests.small_worlds import policies, scenarios, worlds

PLACES = ("case", "spare", "spare_too")
"""Columns that number places in lists, which are handed out in the order of asking."""


class Shuffler:
    """Puts all that a phase reads in a list into an order of its own."""

    def __init__(self, seed: int) -> None:
        self.luck = random.Random(seed)
        self.moved = 0

    def shuffled(self, items: Any) -> Any:
        order = list(range(len(items)))
        self.luck.shuffle(order)
        self.moved += order != sorted(order)
        return [items[i] for i in order] if isinstance(items, list) else items[order].copy()

    def __call__(self, lived: Lived, phase: str, today: int) -> None:
        state = lived.state
        books = state.books[0]
        if phase == "open_day":
            self.head(state.fresh, books["fresh"])
            self.head(state.referral.newcomers, books["newcomers"])
            self.head(state.referral.leavers, books["left"])
        elif phase == "visit_phase":
            reorder(state.visits, today, self.shuffled)
        elif phase == "voice_phase":
            self.head(state.opened, books["opened"])
        elif phase == "recover_phase":
            self.head(state.opened, books["opened"])
            reorder(state.answers, today, self.shuffled)
        elif phase == "tell_phase":
            reorder(state.tellings, today, self.shuffled)
        elif phase == "hear_phase":
            self.head(state.letters, books["letters"])
        elif phase == "decide_phase":
            self.head(state.guests, books["guests"])
            self.head(state.closed, books["closed"])
            self.head(state.referral.bereft, books["bereft"])

    def head(self, array: Any, count: int) -> None:
        array[:count] = self.shuffled(array[:count])


def assert_same_market(one: Lived, other: Lived, when: str) -> None:
    """Assert that people, books and series are the same bytes, and the same things lie ahead."""
    for name in one.state.people.dtype.names:
        if name not in PLACES:
            left, right = one.state.people[name], other.state.people[name]
            assert left.tobytes() == right.tobytes(), f"{name}, {when}"
    waiting = one.state.people["case"] >= 0
    assert (waiting == (other.state.people["case"] >= 0)).all(), when
    for part in ("books", "series"):
        for name in getattr(one.state, part).dtype.names:
            left, right = getattr(one.state, part)[name], getattr(other.state, part)[name]
            assert left.tobytes() == right.tobytes(), f"{part}.{name}, {when}"
    for name, left, right in (
        ("word", one.state.referral.word, other.state.referral.word),
        *zip(Bonds._fields, one.state.referral.bonds, other.state.referral.bonds, strict=True),
    ):
        assert left.tobytes() == right.tobytes(), f"{name}, {when}"
    if when == "founded" or PHASES.index(when.split()[-1]) < PHASES.index("recover_phase"):
        # What the desk will make of today's cases is not yet written where others stood before.
        return
    for name in one.state.cases.dtype.names:
        left = one.state.cases[name][one.state.people["case"][waiting]]
        right = other.state.cases[name][other.state.people["case"][waiting]]
        assert left.tobytes() == right.tobytes(), f"case.{name}, {when}"
    assert np.sort(one.state.agents).tobytes() == np.sort(other.state.agents).tobytes(), when


@worlds(100)
@given(
    scenarios(),
    st.integers(0, 2**32),
    st.dictionaries(st.integers(0, 5), policies, max_size=1),
)
def test_the_order_of_people_within_a_phase_does_not_matter(
    scenario: Scenario, seed: int, treated: dict[int, Policy]
) -> None:
    one, other = Lived(scenario, treated=treated), Lived(scenario, treated=treated)
    for when in side_by_side(one, other, Shuffler(seed)):
        assert_same_market(one, other, when)


def test_a_crowd_in_any_order() -> None:
    """Hundreds of people, who all talk, fail, queue and hear at once."""
    scenario = Scenario(
        market=world.Market(people=400, need=0.2),
        service=world.Service(visits_per_month=15, failure_probability=0.3),
        talk=world.Talk(retold=0.6),
        policy=Policy(ease=5, agents=3, handling_hours=2, authority=0.2, compensation=0.3),
        outages=(world.Outage(day=10, share=0.7), world.Outage(day=20, share=0.7, groups=20)),
        days=30,
    )
    shuffler = Shuffler(1)
    one, other = Lived(scenario), Lived(scenario)
    for when in side_by_side(one, other, shuffler):
        assert_same_market(one, other, when)
    assert shuffler.moved > 6 * scenario.days
    assert one.state.books["letters"][0] > 50


def test_a_desk_for_one_beside_a_firm_without_limit() -> None:
    """A treated group may have a desk of its own: it serves in order of arrival, whoever comes first."""
    scenario = Scenario(
        market=world.Market(people=60, customers=1.0),
        service=world.Service(visits_per_month=30, failure_probability=1.0),
        voice=world.Voice(constant=5.0),
        talk=world.Talk(enabled=False),
        days=5,
    )
    desk = Policy(agents=1, handling_hours=5)
    treated = dict.fromkeys(range(40), desk)
    one, other = Lived(scenario, treated=treated), Lived(scenario, treated=treated)
    for when in side_by_side(one, other, Shuffler(2)):
        assert_same_market(one, other, when)


def test_buckets_are_read_as_they_are_written() -> None:
    """The shuffling above is worth nothing if it misses what is there."""
    lived = Lived(Scenario(market=world.Market(people=300, customers=1.0)))
    planned = lived.state.people["planned"]
    assert sorted(entries(lived.state.visits, 3)) == np.flatnonzero(planned == 3).tolist()
