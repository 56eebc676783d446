"""What a run reads and writes: the setting, which stays, and the state, which moves.

Both are named tuples of arrays and records, so that one text of the day serves both performers:
kernels get the arrays themselves, interpreted code the same arrays seen through `Rows` and agents.
"""

from typing import Any, NamedTuple

import numpy as np

from sim.calendar import (
    RING,
    Calendar,
    Pool,
    free_places,
    grown,
    grown_calendar,
    grown_pool,
    has_room,
    new_calendar,
    new_pool,
)
from sim.compiled import compiled
from sim.population import CASE, LETTER, STORY, Rows
from sim.ties import Bonds, Layers, new_bonds

Array = np.ndarray[Any, np.dtype[Any]]

COUNTS = (
    "visits", "failures", "complaints", "noticed", "silent", "answers", "first_contacts",
    "delighted", "escalations", "good_stories", "bad_stories", "good_heard", "bad_heard",
    "leavers", "joiners", "reviews",
)  # fmt: skip
"""What is counted from the start of a run on, in whole numbers."""

_BOOKED = ("delay", "compensation", "contacts_cost", "follow_ups_cost", "noticing_cost")
_EARNED = ("revenue", "margin", "wages", "present_value")

SUMS = _BOOKED + _EARNED
"""What is summed from the start of a run on: days of delay, money."""

BOOKS = np.dtype(
    [(name, "i8") for name in COUNTS + _BOOKED]
    + [(name, "f8") for name in _EARNED]
    + [
        (name, "i8")
        for name in (
            "stars", "policy", "guests", "letters", "fresh", "fresh_tellings", "opened", "closed",
             "rows", "beyond_price", "followers", "newcomers", "left", "forsaken", "bereft",
        )
    ]
    + [(name, "f8") for name in ("failure_probability", "balance")],
    align=True,
)  # fmt: skip
"""What the firm knows and owns: counts; sums, in millionths of a day or of the price where people
add to them in any order; hundredths of stars; the policy in force; the chance of failure that is
left after learning; what was earned up to yesterday; what visits brought beyond the price, in millionths
of it; the fill of the day's lists; and of referral, how many have followed their bringer, the fill of
its lists, and how many may follow tomorrow."""

LEVELS = (
    "day", "prospects", "customers", "lapsed", "aware", "satisfaction", "reputation",
    "reputation_noncustomers", "nps", "nps_aware", "mean_stars",
)  # fmt: skip
"""What is measured as it stands on a measuring day."""

SERIES = np.dtype([(name, "f8") for name in LEVELS + COUNTS + SUMS])
"""A row of the raw series; counts and sums are running totals there."""


class Setting(NamedTuple):
    """The world as kernels read it: the seed, the number of people, the greatest chance to leave
    after an ordinary visit, a record of the tables that behaviours read, and a record per section.

    Holds no arrays, which compiled code would count references to at each turn."""

    seed: int
    people: int
    measure_every: int
    delight_from: float
    most_leaving: float
    lookup: Any
    market: Any
    service: Any
    appraisal: Any
    loss: Any
    voice: Any
    justice: Any
    recovery: Any
    loyalty: Any
    survey: Any
    talk: Any
    reviews: Any
    money: Any
    colleagues: Any
    referral: Any


class Tables(NamedTuple):
    """What a run looks up: the policies (the firm's first, those it changes to, and one to treat
    single people by), the days of the changes, the outages, expected net promoter shares, and
    liking by attitude."""

    policies: Any
    changes: Array
    outages: Any
    promoters: Array
    likings: Array


class Ties(NamedTuple):
    """Strong ties as compressed neighbour lists, and the other layers, if there are any."""

    offsets: Any
    neighbours: Any
    layers: Layers | None = None


class Referral(NamedTuple):
    """What referral needs, empty where there is none: by row the last `word` of a customer that spoke
    well of the firm, as (day << 32) | teller or -1; and lists of yesterday's `newcomers`, who were
    brought, of yesterday's `leavers`, and of the `bereft`, who may follow them today."""

    bonds: Bonds
    word: Array
    newcomers: Array
    leavers: Array
    bereft: Array


def new_referral(people: int) -> Referral:
    """Return referral among so many people before its first day."""
    lists = (np.zeros(people, np.int32) for _ in range(3))
    return Referral(new_bonds(people), np.full(people, -1, np.int64), *lists)


class State(NamedTuple):
    """All that moves in a run. `guests`, `answered` and `told` list the people, cases and stories
    whose day is today, `opened` the cases opened today, `closed` the people whose incident ended
    today, `fresh` the stories that came to be told since the morning, and `agents` when each agent
    at the desk is free."""

    tables: Tables
    people: Any
    books: Any
    cases: Any
    stories: Any
    letters: Any
    guests: Array
    answered: Array
    told: Array
    opened: Array
    closed: Array
    case_places: Pool
    story_places: Pool
    visits: Calendar
    answers: Calendar
    tellings: Calendar
    fresh: Array
    agents: Array
    series: Any
    referral: Referral


def new_state(people: Array, tables: Tables, referral: bool = False) -> State:
    """Return the state of a run that has not begun, for a founded population, with referral or not.

    Arrays are sized generously; memory that is not touched costs nothing.
    """
    count = len(people)
    cases = count // 8 + 64
    stories = count + count // 2 + 1024
    agents = int(tables.policies["agents"].max())
    return State(
        tables=tables,
        people=people,
        books=np.zeros(1, BOOKS),
        cases=np.zeros(cases, CASE),
        stories=np.zeros(stories, STORY),
        letters=np.zeros(count // 4 + 256, LETTER),
        guests=np.zeros(count + 64, np.int32),
        answered=np.zeros(cases, np.int32),
        told=np.zeros(stories, np.int32),
        opened=np.zeros(cases, np.int32),
        closed=np.zeros(cases, np.int32),
        case_places=new_pool(cases),
        story_places=new_pool(stories),
        visits=new_calendar(2 * count),
        answers=new_calendar(cases),
        tellings=new_calendar(2 * stories),
        fresh=np.zeros(stories, np.int32),
        agents=np.zeros(agents),
        series=np.zeros(64, SERIES),
        referral=new_referral(count if referral else 0),
    )


@compiled
def needs(state: Any, today: int, outage: bool) -> tuple[int, int, int]:
    """Return how many cases, stories and letters today can need at the most."""
    slot = today % RING
    cases = int(state.visits.number[slot])
    if outage:
        cases += len(state.people)
    letters = int(state.tellings.number[slot]) + int(state.books[0].fresh_tellings)
    stories = 2 * cases + 2 * int(state.answers.number[slot]) + letters
    return cases, stories, letters


@compiled
def own_days(state: Any, today: int) -> int:
    """Return how many people, at the most, look for their next own day today, incidents apart."""
    return int(state.visits.number[today % RING]) + int(state.books[0].forsaken)


@compiled
def fits(state: Any, today: int, outage: bool) -> bool:
    """Tell whether whatever may happen today has room."""
    cases, stories, letters = needs(state, today, outage)
    closings = cases + int(state.answers.number[today % RING])
    return (
        free_places(state.case_places) >= cases
        and len(state.guests) >= int(state.visits.number[today % RING])
        and len(state.answered) >= closings
        and len(state.told) >= letters
        and len(state.fresh) >= stories
        and len(state.opened) >= cases
        and len(state.closed) >= closings
        and free_places(state.story_places) >= stories
        and len(state.letters) >= letters
        and has_room(state.visits, own_days(state, today) + closings)
        and has_room(state.answers, closings)
        and has_room(state.tellings, letters)
        and int(state.books[0].rows) + 2 <= len(state.series)
    )


def grow(state: State, today: int, outage: bool) -> State:
    """Return the state with at least twice the room that today can need, contents kept."""
    viewed = state._replace(books=Rows(state.books))
    cases, stories, letters = (2 * need for need in needs(viewed, today, outage))
    slot = today % RING
    closings = cases + 2 * int(state.answers.number[slot])
    more_cases = len(state.cases) + cases
    full = int(state.books["rows"][0]) + 2 > len(state.series)
    rows = len(state.series) * (2 if full else 1)
    more_stories = len(state.stories) + stories
    return state._replace(
        cases=grown(state.cases, more_cases, int(state.case_places.mark[1])),
        stories=grown(state.stories, more_stories, int(state.story_places.mark[1])),
        letters=grown(state.letters, max(len(state.letters), letters)),
        guests=grown(state.guests, max(len(state.guests), 2 * int(state.visits.number[slot]))),
        answered=grown(state.answered, max(len(state.answered), closings)),
        told=grown(state.told, max(len(state.told), letters)),
        fresh=grown(state.fresh, max(len(state.fresh), stories)),
        opened=grown(state.opened, max(len(state.opened), cases)),
        closed=grown(state.closed, max(len(state.closed), closings)),
        case_places=grown_pool(state.case_places, more_cases),
        story_places=grown_pool(state.story_places, more_stories),
        visits=grown_calendar(state.visits, 2 * own_days(viewed, today) + closings),
        answers=grown_calendar(state.answers, closings),
        tellings=grown_calendar(state.tellings, letters),
        series=grown(state.series, rows),
    )
