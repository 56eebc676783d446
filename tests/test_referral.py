"""Referral: who brings whom, what goes along the bond, and who follows whom out."""

import random
from collections import Counter
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from experiments.commands.run import summary
from experiments.laboratory.attribution import Attribution
from experiments.laboratory.genealogy import TELLING, trace
from sim import load_scenario, simulate, world
from sim.lives import Altered
from sim.model import ReputationModel
from sim.outcome import REFERRED
from sim.population import CUSTOMER, LAPSED, PROSPECT, QUIET, Rows
from sim.run import Run, network_of
from sim.scenario import Scenario
from sim.state import fits, grow
from sim.ties import REFERRAL, STRONG, WEAK, bonded_to, bring, new_bonds

BUSY = load_scenario(
    "bakery",
    {
        "market.people": 800,
        "market.need": 0.05,
        "service.failure_probability": 0.1,
        "referral": {"enabled": True, "follow": 0.5, "at_start": 0.5},
    },
    days=90,
)


def of(scenario: Scenario, **sections: dict[str, Any]) -> Scenario:
    """Return a scenario with some parameters of some sections changed."""
    changed = {
        name: getattr(scenario, name).model_copy(update=keys) for name, keys in sections.items()
    }
    return scenario.model_copy(update=changed)


def ancestry(brought_by: Any, row: int) -> list[int]:
    found = []
    while brought_by[row] >= 0:
        row = int(brought_by[row])
        found.append(row)
    return found


# The lists of whom one has brought.


@given(st.lists(st.integers(-1, 40), min_size=1, max_size=40), st.randoms())
def test_lists_are_the_same_in_whatever_order_they_are_made(
    choices: list[int], luck: random.Random
) -> None:
    """A person is brought by one of a lower row here; each list is complete and in order."""
    people = len(choices)
    bonds = new_bonds(people)
    for row, choice in enumerate(choices):
        bonds.brought_by[row] = min(choice, row - 1)
    rows = np.flatnonzero(bonds.brought_by >= 0).tolist()
    luck.shuffle(rows)
    for row in rows:
        bring(bonds, row)
    for row in range(people):
        brought = np.flatnonzero(bonds.brought_by == row).tolist()
        listed, at = [], int(bonds.first[row])
        while at >= 0:
            listed.append(at)
            at = int(bonds.following[at])
        assert listed == brought and bonds.number[row] == len(brought)
        bringer = int(bonds.brought_by[row])
        others = ([bringer] if bringer >= 0 else []) + brought
        draws = Counter(
            bonded_to(bonds, row, (i + 0.5) / (10 * len(others))) for i in range(10 * len(others))
        )
        assert draws == dict.fromkeys(others, 10)
        assert bonded_to(bonds, row, 1.0) == (others[-1] if others else -1)


# Off, and on without effect.


def test_switched_off_it_changes_nothing() -> None:
    off = of(BUSY, referral={"enabled": False})
    plain = BUSY.model_copy(update={"referral": world.Referral()})
    outcome = simulate(off)
    assert outcome.digest == simulate(plain).digest != simulate(BUSY).digest
    assert "followers" not in outcome.totals and "brought_by" not in outcome.people
    run = Run(off, network_of(off))
    assert [len(part) for part in (*run.state.referral.bonds, *run.state.referral[1:])] == [0] * 8


def test_bonds_change_nothing_where_nobody_is_bonded() -> None:
    quiet = of(BUSY, market={"need": 0.0}, referral={"at_start": 0.0, "share": 0.0})
    assert simulate(quiet).digest == simulate(of(quiet, referral={"enabled": False})).digest


# Who is brought by whom.


def test_some_of_the_first_customers_were_brought_by_a_friend_of_longer_standing() -> None:
    scenario = of(BUSY, referral={"at_start": 0.6})
    run = Run(scenario, network_of(scenario)).begin()
    people, brought_by = run.state.people, run.state.referral.bonds.brought_by
    ties = run.network
    could = brought = 0
    for row in np.flatnonzero(people["status"] == CUSTOMER).tolist():
        friends = ties.neighbours[ties.offsets[row] : ties.offsets[row + 1]]
        elders = friends[
            (people["status"][friends] == CUSTOMER)
            & (people["since"][friends] < people["since"][row])
        ]
        could += len(elders) > 0
        if brought_by[row] >= 0:
            brought += 1
            assert brought_by[row] in elders
    assert abs(brought / could - 0.6) < 4 * np.sqrt(0.24 / could)
    assert (brought_by[people["status"] != CUSTOMER] == -1).all()


@pytest.mark.parametrize("window", [0, 10, 90])
def test_a_newcomer_was_brought_by_the_customer_who_told_last(window: int) -> None:
    """Followed from outside: by the letters of each day, and who was a customer on it."""
    scenario = of(BUSY, referral={"window": window, "at_start": 0.0})
    run = Run(scenario, network_of(scenario)).begin()
    word: dict[int, tuple[int, int]] = {}
    expected = np.full(800, -1)
    for today in range(scenario.days):
        before = run.state.people["status"].copy()
        run.advance(today + 1)
        for letter in run.state.letters[: int(run.state.books["letters"][0])]:
            if letter["valence"] > 0 and before[letter["teller"]] == CUSTOMER:
                heard = (today, int(letter["teller"]))
                listener = int(letter["listener"])
                word[listener] = max(word.get(listener, heard), heard)
        bought = (before == PROSPECT) & (run.state.people["status"] == CUSTOMER)
        for row in np.flatnonzero(bought).tolist():
            if row in word and today - word[row][0] <= window:
                expected[row] = word[row][1]
    outcome = run.outcome()
    assert (outcome.people["brought_by"] == expected).all()
    assert outcome.totals["referred"] == (expected >= 0).sum() > (0 if window == 0 else 20)
    assert outcome.totals["brought_at_start"] == 0
    assert (outcome.totals["joiners"] or 0) > (expected >= 0).sum()


def test_nobody_descends_from_itself() -> None:
    brought_by = simulate(BUSY.model_copy(update={"days": 365})).people["brought_by"].to_numpy()
    assert max(len(ancestry(brought_by, row)) for row in range(800)) > 3


# What goes along the bond.


def test_a_story_between_two_who_are_bonded_counts_as_such_by_whatever_tie() -> None:
    run = Run(BUSY, network_of(BUSY)).begin()
    kinds: Counter[int] = Counter()
    for today in range(BUSY.days):
        # Who buys today is tied to its bringer tomorrow.
        bringers = run.state.referral.bonds.brought_by.copy()
        run.advance(today + 1)
        for letter in run.state.letters[: int(run.state.books["letters"][0])]:
            one, other = int(letter["teller"]), int(letter["listener"])
            bonded = bringers[one] == other or bringers[other] == one
            assert (letter["tie"] == REFERRAL) == bonded
            kinds[int(letter["tie"])] += 1
    assert min(kinds[tie] for tie in (STRONG, WEAK, REFERRAL)) > 100


def first_hand_between_pairs(share: float) -> int:
    """Count what pairs, each with a bond and no other tie, tell each other of what befell them."""
    scenario = of(
        BUSY,
        network={"kind": "none"},
        talk={"weak_ties": 0.0},
        market={"need": 0.0},
        referral={"share": share, "at_start": 0.0, "follow": 0.0},
    )
    run = Run(scenario, network_of(scenario)).begin()
    for row in range(1, 800, 2):
        run.state.referral.bonds.brought_by[row] = row - 1
        bring(run.state.referral.bonds, row)
    heard = 0
    for today in range(scenario.days):
        run.advance(today + 1)
        letters = run.state.letters[: int(run.state.books["letters"][0])]
        assert (letters["tie"] == REFERRAL).all()
        assert (letters["teller"] // 2 == letters["listener"] // 2).all()
        heard += int((letters["hop"] == 0).sum())
    return heard


def test_a_share_of_what_is_told_to_friends_goes_along_the_bond() -> None:
    whole, part = first_hand_between_pairs(1.0), first_hand_between_pairs(0.25)
    assert whole > 1000
    assert abs(part - 0.25 * whole) < 4 * np.sqrt(whole * 0.25 * 0.75)
    assert first_hand_between_pairs(0.0) == 0


def test_changes_of_opinion_are_known_exactly_with_all_kinds_of_tie() -> None:
    scenario = of(
        BUSY,
        talk={"opinion_limit": 8.0, "influence": 0.1},
        colleagues={"share": 0.3, "influence": 0.7},
    )
    pages = [np.zeros(0, TELLING)]
    found = trace(scenario, network_of(scenario), pages.append)
    share = Attribution(found)
    share.add(np.concatenate(pages))
    assert found.run.outcome().digest == simulate(scenario).digest
    assert set(np.concatenate(pages)["tie"].tolist()) == {0, 1, 2, 3}
    assert np.abs(share.opinion).max() > 0.05
    np.testing.assert_allclose(share.remembered, share.opinion, atol=1e-6)


# Who follows whom out.


def asked_and_followed(scenario: Scenario) -> tuple[int, int]:
    """Live through a scenario, and count who was left behind and free to go, and who went."""
    run = Run(scenario, network_of(scenario)).begin()
    bonds = run.state.referral.bonds
    people = run.state.people
    left = np.zeros(0, np.int64)
    asked = 0
    for today in range(scenario.days):
        before, bringers = people["status"].copy(), bonds.brought_by.copy()
        followers = int(run.state.books["followers"][0])
        run.advance(today + 1)
        bereft = np.isin(bringers, left) & (before == CUSTOMER) & (people["moment"] == QUIET)
        bereft &= people["since"] < today
        gone = bereft & (people["status"] == LAPSED)
        staying = bereft & (people["status"] == CUSTOMER)
        new = int(run.state.books["followers"][0]) - followers
        # Of those who are gone, some left of their own accord.
        assert new <= gone.sum()
        asked += int(staying.sum()) + new
        left = np.flatnonzero((before == CUSTOMER) & (people["status"] == LAPSED))
    return asked, int(run.state.books["followers"][0])


@pytest.mark.parametrize("chance", [0.0, 0.4, 1.0])
def test_who_is_left_behind_follows_with_the_chance_that_is_set(chance: float) -> None:
    scenario = of(
        BUSY,
        loyalty={"ordinary_slope": 0.0, "ordinary_leaving": 0.1},
        referral={"follow": chance, "at_start": 1.0},
    )
    asked, followed = asked_and_followed(scenario)
    assert asked > 100
    assert abs(followed - chance * asked) <= 4 * np.sqrt(asked * chance * (1 - chance))


def test_there_is_room_for_all_who_may_follow() -> None:
    run = Run(BUSY, network_of(BUSY)).begin()
    run.state.books["forsaken"] = 100_000
    viewed = run.state._replace(books=Rows(run.state.books))
    assert not fits(viewed, 0, False)
    grown = grow(run.state, 0, False)
    assert fits(grown._replace(books=Rows(grown.books)), 0, False)
    assert grown.referral.bonds.brought_by is run.ties.layers.bonds.brought_by


@pytest.mark.parametrize("performer", ["compiled", "agents"])
def test_a_line_of_referrals_falls_one_by_one(performer: Any) -> None:
    """Everybody brought the next; the first leaves; with a chance of 1 another leaves on each day."""
    line = Scenario(
        market=world.Market(people=9, customers=1.0),
        network=world.Network(kind="none"),
        service=world.Service(visits_per_month=0.001),
        loyalty=BUSY.loyalty.model_copy(update={"ordinary_slope": 0.0}),
        referral=world.Referral(enabled=True, follow=1.0),
        days=9,
    )
    model = ReputationModel(line, performer=performer)
    state = model.run.state
    for row in range(1, 9):
        state.referral.bonds.brought_by[row] = row - 1
        bring(state.referral.bonds, row)
    state.people["status"][0] = LAPSED
    state.referral.leavers[0], state.books["left"], state.books["forsaken"] = 0, 1, 1
    for today in range(8):
        model.step()
        left = np.flatnonzero(model.columns["status"] == LAPSED).tolist()
        assert left == list(range(today + 2))
    assert model.outcome.totals["followers"] == model.outcome.totals["leavers"] == 8


def test_who_follows_waits_for_its_next_need() -> None:
    """As whoever leaves otherwise: for the day on which it may come back."""
    scenario = of(BUSY, referral={"follow": 1.0}, loyalty={"ordinary_slope": 0.0})
    run = Run(scenario, network_of(scenario)).begin()
    people = run.state.people
    for today in range(scenario.days):
        run.advance(today + 1)
        lapsed = people[people["status"] == LAPSED]
        assert (lapsed["planned"] == lapsed["need_day"]).all()
        assert (lapsed["need_day"] > today).all()
    assert run.state.books["followers"][0] > 20


def test_another_life_of_one_touches_only_its_own_line_where_nobody_talks() -> None:
    silent = of(
        BUSY,
        market={"need": 0.0},
        talk={"enabled": False},
        reviews={"enabled": False},
        referral={"at_start": 1.0, "follow": 1.0},
        loyalty={"ordinary_slope": 0.0},
    )
    base = simulate(silent)
    people, brought_by = base.population, base.people["brought_by"].to_numpy()
    hurt = 0
    for row in np.unique(brought_by[brought_by >= 0]).tolist():
        if people["status"][row] != LAPSED or people["failures"][row] == 0:
            continue
        other = simulate(silent, altered={row: Altered(int(people["failed_on"][row]), "spared")})
        unlike = np.flatnonzero(other.population["status"] != people["status"]).tolist()
        assert all(row in (one, *ancestry(brought_by, one)) for one in unlike)
        hurt += len(set(unlike) - {row})
    assert hurt > 5


# Seen from outside.


def test_agents_know_who_brought_them() -> None:
    model = ReputationModel(BUSY)
    for _ in range(30):
        model.step()
    brought_by = model.outcome.people["brought_by"]
    row = int(np.flatnonzero(brought_by >= 0)[0])
    agent = model.agents[row]
    assert agent.brought_by is model.agents[int(brought_by[row])]
    assert agent in agent.brought_by.brought
    first = int(np.flatnonzero(brought_by < 0)[0])
    assert model.agents[first].brought_by is None
    plain = ReputationModel(of(BUSY, referral={"enabled": False}))
    assert plain.agents[row].brought_by is None and plain.agents[row].brought == []


def test_what_came_of_it_is_counted() -> None:
    outcome = simulate(BUSY)
    brought_by, founding = outcome.people["brought_by"], outcome.people["customer_at_start"]
    assert outcome.totals["brought_at_start"] == ((brought_by >= 0) & founding).sum() > 50
    assert outcome.totals["referred"] == ((brought_by >= 0) & ~founding).sum() > 50
    told = summary(outcome)["totals"]
    assert {name: told[name] for name in REFERRED} == {
        name: outcome.totals[name] for name in REFERRED
    }
    assert not set(REFERRED) & set(
        summary(simulate(of(BUSY, referral={"enabled": False})))["totals"]
    )
    assert 0 < (outcome.totals["followers"] or 0) < (outcome.totals["leavers"] or 0)
