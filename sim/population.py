"""The population as columns: what is kept of each person, case, story and letter, and its founding.

Each kind is a NumPy structured array, on which compiled code reads and writes fields of a record as
attributes; `Rows` gives interpreted code the same view.
"""

import math
from typing import Any

import numpy as np

from sim.compiled import compiled, kernel
from sim.draws import Purpose, days_until, gamma, gap_scale, uniform

Array = np.ndarray[Any, np.dtype[Any]]

PROSPECT, CUSTOMER, LAPSED = 0, 1, 2
STATUS_NAMES = ("prospect", "customer", "lapsed")

QUIET, SERVED, CLOSED, WAITING = 0, 1, 2, 3
"""What a person's day has brought that may make it leave: nothing, an ordinary visit, the close of
an incident; or that it waits for an answer, and neither visits nor leaves."""

NEVER = 2_000_000_000
NO_CASE = -1
MONTH = 30.4

PERSON = np.dtype(
    [
        *((name, "i4") for name in ("row", "heard_on", "aware_from")),
        *((name, "i1") for name in ("status", "moment", "policy", "founding")),
        *((name, "f8") for name in ("opinion", "satisfaction", "expectation", "visit_scale")),
        *((name, "i4") for name in ("planned", "visit_day", "visit_count", "visits")),
        *(
            (name, "f8")
            for name in ("failure_memory", "recovery_expectation", "gratitude", "visit_rate")
        ),
        *(
            (name, "i4")
            for name in (
                "recalled_on", "since", "case", "failures", "failed_on", "need_day", "need_count",
                "altered",
            )
        ),
    ],
    align=True,
)  # fmt: skip
"""One person: 128 bytes, two cache lines; what an ordinary day touches lies in the first.

Days are numbered from 0. `planned` is the day for which the person stands in the calendar,
`visit_day` and `need_day` are the next days of the two fixed sequences on which it could visit or
need the service, `visit_scale` turns a draw into a gap between visits, `policy` is above 0 only for
people who are treated by a policy of their own, `founding` marks the customers of the first day,
and `altered` a failure that goes otherwise (`sim.lives`).
"""

CASE = np.dtype(
    [
        (name, "i4") for name in ("person", "opened", "due", "answered")
    ]
    + [
        (name, "f8")
        for name in (
            "arrival", "severity", "type", "attribution", "before", "noticed", "delay", "fix",
            "compensation", "apology", "empathy", "excuse", "follow_up", "updates", "options",
        )
    ],
    align=True,
)  # fmt: skip
"""One open case: the failure, satisfaction before it, and the answer that it will get."""

STORY = np.dtype(
    [
        ("teller", "i4"), ("day", "i4"), ("keyed", "i4"), ("drawn", "i4"),
        ("origin_person", "i4"), ("origin_day", "i4"), ("tag", "i8"), ("valence", "f8"),
        ("told", "i2"), ("count", "i2"), ("hop", "i1"),
    ],
    align=True,
)  # fmt: skip
"""One story that somebody has still to tell since its `day`: `told` of `count` tellings are over.
Its luck is `keyed` on the day of its event; `drawn` counts the waiting times drawn so far."""

LETTER = np.dtype(
    [
        ("teller", "i4"), ("listener", "i4"), ("origin_person", "i4"), ("origin_day", "i4"),
        ("valence", "f8"), ("luck", "f8"), ("onward", "f8"), ("hop", "i1"), ("tie", "i1"),
    ],
    align=True,
)  # fmt: skip
"""One telling of today, on its way from teller to listener along a kind of `tie` (`sim.ties`)."""


class Rows:
    """A structured array for interpreted code: `rows[i].field` reads and writes, as in a kernel."""

    def __init__(self, array: Array) -> None:
        self.array = array

    def __len__(self) -> int:
        return len(self.array)

    def __getitem__(self, row: int) -> "Row":
        return Row(self.array, int(row))


class Row:
    """One record of a structured array, its fields as Python numbers."""

    __slots__ = ("_array", "_row")

    def __init__(self, array: Array, row: int) -> None:
        object.__setattr__(self, "_array", array)
        object.__setattr__(self, "_row", row)

    def __getattr__(self, name: str) -> Any:
        try:
            return self._array[name][self._row].item()
        except (ValueError, IndexError):
            raise AttributeError(name) from None

    def __setattr__(self, name: str, value: Any) -> None:
        self._array[name][self._row] = value


def aligned(count: int, kind: np.dtype[Any]) -> Array:
    """Return `count` zeroed records that begin on a cache line."""
    raw = np.zeros(count * kind.itemsize + 64, np.uint8)
    first = -raw.ctypes.data % 64
    return raw[first : first + count * kind.itemsize].view(kind)


@compiled
def next_visit(person: Any, today: int, seed: int) -> int:
    """Return the first day after `today` on which `person` could visit.

    Potential visits are one fixed sequence a person: the k-th gap is keyed on k alone.
    """
    while person.visit_day <= today:
        u = uniform(seed, person.row, person.visit_count, Purpose.VISIT_GAP)
        person.visit_day = min(NEVER, person.visit_day + days_until(u, person.visit_scale))
        person.visit_count += 1
    return int(person.visit_day)


@compiled
def next_need(person: Any, today: int, seed: int, chance: float) -> int:
    """Return the first day after `today` on which `person`, when no customer, needs the service."""
    scale = gap_scale(chance)
    while person.need_day <= today:
        u = uniform(seed, person.row, person.need_count, Purpose.NEED_GAP)
        person.need_day = min(NEVER, person.need_day + days_until(u, scale))
        person.need_count += 1
    return int(person.need_day)


@compiled
def found_person(person: Any, row: int, seed: int, market: Any, service: Any, loyalty: Any) -> None:
    """Give one person its start: status, tenure, awareness and visit rate, all keyed on its row."""
    person.row = row
    person.case = NO_CASE
    person.planned = -1
    person.visit_day = -1
    person.need_day = -1
    person.satisfaction = loyalty.start
    mean = service.visits_per_month / MONTH
    shape = service.visits_shape
    rate = gamma(seed, row, 0, Purpose.VISIT_RATE, shape) * mean / shape
    person.visit_rate = min(1.0, rate)
    person.visit_scale = gap_scale(person.visit_rate)
    if uniform(seed, row, 0, Purpose.STATUS) < market.customers:
        person.status = CUSTOMER
        person.founding = 1
        person.since = -int(math.floor(uniform(seed, row, 0, Purpose.TENURE) * market.tenure))
    elif uniform(seed, row, 0, Purpose.AWARE) >= market.aware:
        u = uniform(seed, row, 0, Purpose.ADVERT)
        person.aware_from = days_until(u, gap_scale(market.advertising)) - 1


def _found(people: Any, seed: int, market: Any, service: Any, loyalty: Any) -> None:
    for row in range(len(people)):
        found_person(people[row], row, seed, market, service, loyalty)


found_people = kernel(_found)
"""Found a whole population: `found_people(people, seed, market, service, loyalty)`."""


def signed(seed: int) -> int:
    """Return a seed of 0 to 2**64 - 1 as the signed number with the same bits."""
    return seed - 2**64 if seed >= 2**63 else seed
