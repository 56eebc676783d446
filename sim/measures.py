"""What is measured of a market: reputation, satisfaction, net promoter score, stars, by the day."""

import math
from functools import cache
from statistics import NormalDist
from typing import Any, NamedTuple

import numpy as np

from sim import rules
from sim.compiled import compiled
from sim.customer import opinion_left
from sim.population import CUSTOMER, LAPSED, PROSPECT

Array = np.ndarray[Any, np.dtype[Any]]

_LOWEST, _HIGHEST, _STEPS = -50.0, 60.0, 64


@cache
def promoter_table(spread: float) -> Array:
    """Return the expected net promoter share by the mean of an answer, in steps of 1/64 from -50.

    An answer is `round(clip(mean + Normal(0, spread), 0, 10))`; 9 and 10 promote, 0 to 6 detract. Taken
    in expectation over the noise, a survey of everybody needs no draws and adds no noise.
    """
    noise = NormalDist(0.0, spread)
    means = np.arange(int((_HIGHEST - _LOWEST) * _STEPS) + 2) / _STEPS + _LOWEST
    table = np.array([noise.cdf(m - 8.5) - noise.cdf(6.5 - m) for m in means.tolist()])
    table.flags.writeable = False
    return table


@cache
def fade_table(half_life: float) -> Array:
    """Return what is left of an opinion after 0, 1, 2, ... 511 days: a look-up for each person."""
    table = np.array([rules.fade(day, half_life) for day in range(512)])
    table.flags.writeable = False
    return table


@compiled
def promotes(mean: float, table: Any) -> float:
    """Return the chance to promote less the chance to detract; between steps it is interpolated."""
    place = (rules.clip(mean, _LOWEST, _HIGHEST) - _LOWEST) * _STEPS
    step = int(place)
    low = float(table[step])
    return low + (place - step) * (float(table[step + 1]) - low)


@compiled
def stars_of(books: Any, reviews: Any) -> float:
    """Return the running mean of all stars, or the start before the first review."""
    if books.reviews == 0:
        return float(reviews.start)
    return float(books.stars / 100.0 / books.reviews)


@compiled
def share(total: float, count: int) -> float:
    """Return total / count, or not-a-number for nobody."""
    return total / count if count > 0 else math.nan


class Poll(NamedTuple):
    """What a pass over everybody finds: numbers of people, and sums over them."""

    customers: int
    lapsed: int
    aware: int
    strangers: int
    satisfaction: float
    known: float
    everybody: float
    promoters: float
    all_promoters: float


@compiled
def poll(state: Any, today: int, world: Any) -> Poll:
    """Ask everybody at the end of `today`, in the order of rows, so that sums round alike anywhere.

    `known` and `everybody` are sums of logistic(attitude) over customers and over the aware,
    `promoters` and `all_promoters` of the expected net promoter share.
    """
    lapsed = customers = aware = strangers = 0
    satisfaction = known = everybody = promoters = all_promoters = 0.0
    talk, loyalty, survey = world.talk, world.loyalty, world.survey
    people = state.people
    table, fades = state.tables.promoters, state.tables.fades
    for row in range(len(people)):
        person = people[row]
        # Ones and zeros instead of branches, which nobody could foretell.
        is_customer = 1 if person.status == CUSTOMER else 0
        customers += is_customer
        lapsed += 1 if person.status == LAPSED else 0
        if person.aware_from > today:
            continue
        experienced = person.status != PROSPECT
        days = today - person.heard_on
        left = fades[days] if days < len(fades) else rules.fade(days, talk.opinion_half_life)
        opinion = opinion_left(person, left, talk)
        held = rules.logistic(rules.attitude(opinion, person.satisfaction, experienced, loyalty))
        warmth = survey.satisfaction * person.satisfaction
        feeling = warmth if experienced else survey.opinion * opinion
        promotes_it = promotes(survey.centre + feeling, table)
        aware += 1
        strangers += 1 - is_customer
        everybody += held
        known += is_customer * held
        all_promoters += promotes_it
        promoters += is_customer * promotes_it
        satisfaction += is_customer * person.satisfaction
    return Poll(
        customers, lapsed, aware, strangers, satisfaction, known, everybody, promoters,
        all_promoters,
    )  # fmt: skip


@compiled
def measure(state: Any, today: int, elapsed: int, world: Any) -> None:
    """Write a row of the series: levels as they stand at the end of `today`, and running totals.

    Reputation is 100 times the mean of logistic(attitude) over the aware people; 50 is neutral.
    """
    found = poll(state, today, world)
    books = state.books[0]
    line = state.series[books.rows]
    line.day = elapsed
    line.prospects = len(state.people) - found.customers - found.lapsed
    line.customers = found.customers
    line.lapsed = found.lapsed
    line.aware = found.aware
    line.satisfaction = share(found.satisfaction, found.customers)
    line.reputation = 100.0 * share(found.everybody, found.aware)
    line.reputation_noncustomers = 100.0 * share(found.everybody - found.known, found.strangers)
    line.nps = 100.0 * share(found.promoters, found.customers)
    line.nps_aware = 100.0 * share(found.all_promoters, found.aware)
    line.mean_stars = stars_of(books, world.reviews)
    copy_totals(line, books, world.money.price)
    books.rows += 1


@compiled
def copy_totals(line: Any, books: Any, price: float) -> None:
    """Copy the running totals of the books into a row of the series, costs in money."""
    line.visits = books.visits
    line.failures = books.failures
    line.complaints = books.complaints
    line.noticed = books.noticed
    line.silent = books.silent
    line.answers = books.answers
    line.first_contacts = books.first_contacts
    line.delighted = books.delighted
    line.escalations = books.escalations
    line.good_stories = books.good_stories
    line.bad_stories = books.bad_stories
    line.good_heard = books.good_heard
    line.bad_heard = books.bad_heard
    line.leavers = books.leavers
    line.joiners = books.joiners
    line.reviews = books.reviews
    line.delay = rules.whole(books.delay)
    line.revenue = books.revenue
    line.margin = books.margin
    line.compensation = rules.whole(books.compensation) * price
    line.contacts_cost = rules.whole(books.contacts_cost) * price
    line.follow_ups_cost = rules.whole(books.follow_ups_cost) * price
    line.noticing_cost = rules.whole(books.noticing_cost) * price
    line.wages = books.wages
    line.present_value = books.present_value
