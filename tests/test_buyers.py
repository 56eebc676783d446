"""Buyers won and lost by stories: shares that add up, and what other worlds say of them."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from small_worlds import scenarios, worlds
from test_genealogy import BAKERY, traced
from test_worlds import of

from experiments.laboratory.attribution import Attribution
from experiments.laboratory.buyers import WON, Buyers
from experiments.laboratory.genealogy import Array, Traced
from sim import rules
from sim.customer import Customer, opinion_on
from sim.decisions import DECISION
from sim.model import ReputationModel
from sim.population import LAPSED, Rows, next_need
from sim.run import Run, network_of, simulate
from sim.scenario import Scenario

LIVELY = of(BAKERY, market={"need": 0.05, "aware": 0.3, "advertising": 0.005})


class Buyer(Customer):
    """Writes down each decision to buy or not, as the rules have it."""

    def buy(self, today: int, world: object, stars: float) -> bool:
        opinion = opinion_on(self, today, world)
        mine = world.loyalty.attitude * (self.satisfaction - world.loyalty.start)
        mine *= self.status == LAPSED
        odds = world.market, world.reviews
        self.model.__dict__.setdefault("decided", []).append(
            (
                self.row, today, self.status == LAPSED, opinion,
                rules.buying_probability(opinion + mine, stars, *odds),
                rules.buying_probability(mine, stars, *odds),
            )
        )  # fmt: skip
        return super().buy(today, world, stars)


@given(scenarios())
@worlds(12)
def test_every_decision_is_looked_at_as_it_was_taken(scenario: Scenario) -> None:
    found, tellings = traced(scenario)
    model = ReputationModel(scenario, customer=Buyer, performer="agents")
    model.run.advance(scenario.days)
    decided = sorted(model.__dict__.get("decided", []))
    taken = np.sort(found.decisions, order=["person", "day"])
    names = ["person", "day", "lapsed", "opinion", "chance", "without"]
    assert [tuple(row) for row in taken[names].tolist()] == decided
    shares = Attribution(found)
    for page in np.array_split(tellings, 5):
        shares.add(page)
    told = shares.origins["turned"].sum()
    limit = shares.turned["limit"]
    expected = sum(row[4] for row in decided)
    alone = taken["without"][taken["advertised"]].sum()
    assert told + limit == pytest.approx(expected - alone, abs=1e-9)
    assert shares.decided.expected == pytest.approx(expected, abs=1e-9)
    assert sum(shares.turned.values()) == pytest.approx(expected - alone, abs=1e-9)


@pytest.fixture(scope="module")
def lively() -> tuple[Traced, Array]:
    return traced(LIVELY)


def test_who_would_know_of_the_firm_without_stories_is_who_does_where_none_is_told(
    lively: tuple[Traced, Array],
) -> None:
    silent, _ = traced(of(LIVELY, talk={"enabled": False}))
    knows = silent.run.state.people["aware_from"]
    found, _ = lively
    for name, advertised in (("knew", True), ("heard of it", False)):
        some = found.decisions[found.decisions["advertised"] == advertised]
        assert len(some) > 20, name
        assert ((knows[some["person"]] <= some["day"]) == advertised).all()


def test_needs_to_come_are_those_of_somebody_who_never_buys(lively: tuple[Traced, Array]) -> None:
    found, _ = lively
    days: dict[int, list[int]] = {}
    for row in np.unique(found.decisions["person"]).tolist():
        person = Rows(found.run.state.people[row : row + 1].copy())[0]
        person.need_day, person.need_count, today = -1, 0, -1
        while (today := next_need(person, today, LIVELY.seed, LIVELY.market.need)) < LIVELY.days:
            days.setdefault(row, []).append(today)
    for taken in found.decisions:
        own = days[int(taken["person"])]
        assert taken["day"] in own
        assert taken["later"] == sum(day > taken["day"] for day in own)
    assert found.decisions["later"].max() > 5


def by_hand(found: Traced, tellings: Array) -> dict[str, Array]:
    """Return what each telling did, decision by decision as the definitions have it."""
    half_life = found.run.scenario.talk.opinion_half_life
    done = {name: np.zeros(len(tellings)) for name in WON}
    for taken in found.decisions:
        own = np.flatnonzero(
            (tellings["listener"] == taken["person"]) & (tellings["day"] <= taken["day"])
        )
        assert len(own) == taken["heard"]
        left = tellings["change"][own] * 0.5 ** ((taken["day"] - tellings["day"][own]) / half_life)
        opinion, chance, without = (float(taken[name]) for name in ("opinion", "chance", "without"))
        knew = bool(taken["advertised"])
        if opinion:
            done["turned"][own] += left * (chance - without) / opinion
        done["turned"][own] += 0.0 if knew else without / len(own)
        steep = chance * (1.0 - chance)
        moved = left * steep
        if len(own) == 1 and not knew:
            moved += chance - steep * opinion
        later = found.decisions[found.decisions["day"] >= taken["day"]]["chance"]
        moved *= (1.0 - later.mean()) ** taken["later"]
        done["buyers"][own] += moved
    return done


@pytest.mark.parametrize("half_life", [0.2, 30.0])
def test_each_telling_has_its_share_in_every_later_decision_of_its_listener(
    half_life: float,
) -> None:
    found, tellings = traced(of(LIVELY, talk={"opinion_half_life": half_life}))
    expected, shares = by_hand(found, tellings), Buyers(found).shares(tellings)
    for name in WON:
        assert np.abs(expected[name]).max() > 0.1
        np.testing.assert_allclose(shares[name], expected[name], atol=1e-12)


def test_without_talk_or_need_nobody_is_won() -> None:
    for sections in ({"talk": {"enabled": False}}, {"market": {"need": 0.0}}):
        found, tellings = traced(of(BAKERY, **sections))
        shares = Attribution(found)
        shares.add(tellings)
        assert set(shares.turned.values()) == {0.0}
        assert len(found.decisions) == 0 or "talk" in sections
        assert found.decisions.dtype == DECISION


def test_decisions_turned_are_the_buyers_that_talk_brings_where_each_decides_once() -> None:
    """With so rare a need nobody decides twice, and nothing stands in for a story: the share of all
    stories is then what two worlds differ by, but for the luck of who buys at its chance."""
    turned = gained = spread = 0.0
    for seed in range(1, 7):
        rare = of(
            BAKERY, market={"people": 3000, "need": 0.004, "aware": 0.4}, reviews={"enabled": False}
        ).model_copy(update={"seed": seed, "days": 50})
        found, _ = traced(rare)
        buyers = Buyers(found)
        silent = simulate(of(rare, talk={"enabled": False}))
        turned += buyers.turned
        gained += found.run.outcome().totals["joiners"] - silent.totals["joiners"]
        taken = found.decisions
        without = np.where(taken["advertised"], taken["without"], 0.0)
        spread += float(np.abs(taken["chance"] - without).sum())
    assert turned > 8.0 * math.sqrt(spread)
    assert abs(gained - turned) < 3.0 * math.sqrt(spread)


def joiners_untold(scenario: Scenario, network: object, person: int, day: int) -> float:
    """Return how many join in a world in which nobody tells of one failure, and all else is."""
    run = Run(scenario, network).begin()
    run.advance(day)
    for today in range(day, scenario.days):
        run.advance(today + 1)
        state = run.state
        fresh = state.fresh[: int(state.books["fresh"][0])]
        stories = state.stories[fresh]
        own = (stories["origin_person"] == person) & (stories["origin_day"] == day)
        state.stories["count"][fresh[own & (stories["hop"] == 0)]] = 0
        if state.people["case"][person] < 0:
            break
    run.advance(scenario.days)
    return float(run.outcome(final=True).totals["joiners"])


def test_buyers_of_a_failure_are_those_of_the_world_in_which_nobody_tells_of_it() -> None:
    """Single worlds differ by whole people and by luck, which averages out over some hundred failures.
    What was turned is too much: other stories stand in, and there is another need to come."""
    rows = []
    for seed in (1, 2):
        scenario = of(
            BAKERY, market={"people": 1000, "need": 0.02}, service={"failure_probability": 0.03}
        ).model_copy(update={"seed": seed, "days": 240})
        network = network_of(scenario)
        found, tellings = traced(scenario)
        shares = Attribution(found)
        shares.add(tellings)
        usual = float(found.run.outcome().totals["joiners"] or 0)
        table = shares.origins[shares.origins["failure"]].sort_values("buyers")
        for kind, some in (("lost", table.head(100)), ("won", table.tail(100))):
            for row in some.itertuples():
                gone = joiners_untold(scenario, network, int(row.person), int(row.day))
                rows.append((kind, row.turned, row.buyers, usual - gone))
    frame = pd.DataFrame(rows, columns=["kind", "turned", "buyers", "caused"])
    for kind, group in frame.groupby("kind"):
        caused = float(group["caused"].sum())
        spread = math.sqrt(float((group["caused"] ** 2).sum()))
        assert abs(caused) > 3.0 * spread, kind
        assert abs(group["buyers"].sum() - caused) < 3.0 * spread, kind
        assert abs(group["turned"].sum() - caused) > 6.0 * spread, kind
