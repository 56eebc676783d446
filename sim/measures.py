"""What is measured of a market: reputation, satisfaction, net promoter score, stars, by the day."""

import math
from typing import Any, NamedTuple

from sim import rules
from sim.compiled import compiled
from sim.customer import opinion_on
from sim.lookup import held, promotes
from sim.population import CUSTOMER, LAPSED, PROSPECT


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

    `known` and `everybody` are sums of logistic(attitude), looked up, over customers and over the aware,
    `promoters` and `all_promoters` of the expected net promoter share.
    """
    lapsed = customers = aware = strangers = 0
    satisfaction = known = everybody = promoters = all_promoters = 0.0
    loyalty, survey = world.loyalty, world.survey
    people = state.people
    promoters_at, likings = state.tables.promoters, state.tables.likings
    for row in range(len(people)):
        person = people[row]
        # Ones and zeros instead of branches, which nobody could foretell.
        is_customer = 1 if person.status == CUSTOMER else 0
        customers += is_customer
        lapsed += 1 if person.status == LAPSED else 0
        if person.aware_from > today:
            continue
        experienced = person.status != PROSPECT
        satisfied = person.satisfaction
        opinion = opinion_on(person, today, world)
        holds_it = held(rules.attitude(opinion, satisfied, experienced, loyalty), likings)
        warmth, hearsay = survey.satisfaction * satisfied, survey.opinion * opinion
        promotes_it = promotes(survey.centre + (warmth if experienced else hearsay), promoters_at)
        aware += 1
        strangers += 1 - is_customer
        everybody += holds_it
        known += is_customer * holds_it
        all_promoters += promotes_it
        promoters += is_customer * promotes_it
        satisfaction += is_customer * satisfied
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
