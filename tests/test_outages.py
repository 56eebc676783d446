"""Outages with a common cause: whole groups fail on one day, and one cause is learnt from once."""

import math
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from scipy import stats

from experiments.laboratory.lives import what_failed
from sim import simulate, world
from sim.model import ReputationModel
from sim.policy import Policy
from sim.run import Run, network_of
from sim.scenario import Scenario
from sim.visiting import is_hit
from sim.world import Outage

ONE_IN_MANY = 1e-3
"""Chance at which a test of a right model fails; seeds are fixed, so it does so always or never."""

STILL = Scenario(
    market=world.Market(people=200, customers=1.0),
    service=world.Service(visits_per_month=0.001, failure_probability=0.3, learning=0.1),
    voice=Scenario().voice.model_copy(update={"constant": 20.0}),
    days=30,
)
"""A market in which hardly anybody comes, and everybody complains."""


def struck(*outages: Outage, **more: Any) -> Scenario:
    return STILL.model_copy(update={"outages": outages, **more})


def failed(scenario: Scenario) -> np.ndarray[Any, Any]:
    """Return by row how often each person failed beyond what it would have without outages."""
    usual = simulate(scenario.model_copy(update={"outages": ()}))
    return np.asarray(simulate(scenario).population["failures"] - usual.population["failures"])


def hits(outage: Outage, seed: int, people: int) -> list[bool]:
    where: Any = SimpleNamespace(seed=seed, people=people)
    return [is_hit(outage, row, where) for row in range(people)]


@pytest.mark.parametrize("groups", [1, 7, 40, 200])
def test_groups_are_hit_as_a_whole(groups: int) -> None:
    parts = np.arange(200) * groups // 200
    sizes = np.bincount(parts)
    assert len(sizes) == groups and sizes.max() - sizes.min() <= 1
    found = [failed(struck(Outage(day=5, share=0.5, groups=groups), seed=s)) for s in (1, 2, 3)]
    for each in found:
        assert set(each) <= {0, 1}
        for part in range(groups):
            assert len(set(each[parts == part])) == 1
    assert 0 < np.concatenate(found).mean() < 1 or groups == 1


def test_the_share_holds_in_the_mean_and_varies_the_more_the_fewer_groups() -> None:
    """Of g groups a binomial number is hit."""
    groups, share = 8, 0.3
    outage = Outage(day=3, share=share, groups=groups)
    counts = [sum(hits(outage, seed, groups)) for seed in range(600)]
    expected = stats.binom(groups, share).pmf(np.arange(groups + 1)) * len(counts)
    observed = np.bincount(counts, minlength=groups + 1)
    tail = expected < 5
    test = stats.chisquare(
        [*observed[~tail], observed[tail].sum()], [*expected[~tail], expected[tail].sum()]
    )
    assert test.pvalue > ONE_IN_MANY


def test_all_or_nobody_is_hit_where_the_share_says_so() -> None:
    for groups in (0, 1, 9):
        assert failed(struck(Outage(day=5, share=1.0, groups=groups))).all()
        assert not failed(struck(Outage(day=5, share=0.0, groups=groups))).any()


def test_more_groups_than_people_hit_each_for_itself() -> None:
    found = hits(Outage(day=3, share=0.5, groups=10_000_000), 4, 400)
    runs = 1 + np.count_nonzero(np.diff(found))
    assert stats.binomtest(sum(found), 400, 0.5).pvalue > ONE_IN_MANY
    assert stats.binomtest(int(runs), 400, 0.5).pvalue > ONE_IN_MANY


def test_groups_and_single_customers_have_luck_of_their_own() -> None:
    """A group's number is a person's row, and must not draw what that person draws."""
    alone, grouped = (hits(Outage(day=3, share=0.5, groups=g), 4, 300) for g in (0, 300))
    assert alone != grouped
    assert abs(np.corrcoef(alone, grouped)[0, 1]) < 0.2


def chance_after(scenario: Scenario) -> tuple[float, Any]:
    model = ReputationModel(scenario)
    model.run.advance(scenario.days)
    chance = float(model.run.state.books["failure_probability"][0])
    return chance, model.outcome.totals


def test_one_cause_is_learnt_from_once_however_many_complain() -> None:
    once, heard = chance_after(struck(Outage(day=5, share=0.5, groups=10)))
    assert heard["complaints"] == heard["failures"] > 20
    assert once == pytest.approx(0.3 * math.exp(-0.1))
    twice, _ = chance_after(
        struck(Outage(day=5, share=0.5, groups=10), Outage(day=9, share=0.5, groups=10))
    )
    assert twice == pytest.approx(0.3 * math.exp(-0.2))


def test_an_outage_without_groups_is_as_many_causes_as_are_heard_of() -> None:
    each, heard = chance_after(struck(Outage(day=5, share=0.1)))
    assert each == pytest.approx(0.3 * math.exp(-0.1 * heard["complaints"]))
    assert heard["complaints"] > 5


def test_failures_of_the_same_day_that_share_no_cause_count_by_themselves() -> None:
    """Half of the market is down; of the others, everybody comes on that day and fails."""
    busy = world.Service(
        visits_per_month=30.0, visits_shape=1000, failure_probability=1.0, learning=0.001
    )
    halves = Outage(day=0, share=0.5, groups=2)
    seed = next(s for s in range(1, 50) if sum(hits(halves, s, 2)) == 1)
    chance, heard = chance_after(struck(halves, seed=seed, service=busy, days=1))
    assert 50 < heard["visits"] < 101
    assert heard["complaints"] > heard["visits"]
    assert chance == pytest.approx(math.exp(-0.001 * (heard["visits"] + 1)))


def test_what_nobody_hears_of_teaches_nothing() -> None:
    silent = STILL.voice.model_copy(update={"constant": -20.0, "severity": 0.0})
    chance, heard = chance_after(struck(Outage(day=5, groups=4), voice=silent))
    assert heard["failures"] == 200 and heard["complaints"] == 0
    assert chance == 0.3


def test_a_noticed_outage_is_learnt_from_as_well() -> None:
    silent = STILL.voice.model_copy(update={"constant": -20.0, "severity": 0.0})
    watchful = Policy(proactive=1.0)
    chance, _ = chance_after(struck(Outage(day=5, groups=4), voice=silent, policy=watchful))
    assert chance == pytest.approx(0.3 * math.exp(-0.1))


def test_groups_of_a_small_world_are_neighbours() -> None:
    """On a ring of k ties, those of a group of n people lead out of it for k/2 at either end."""
    ring = STILL.model_copy(update={"network": world.Network(degree=8, rewiring=0.0)})
    ties = network_of(ring)
    parts = np.arange(200) * 10 // 200
    owner = np.repeat(np.arange(200), np.diff(ties.offsets))
    inside = (parts[owner] == parts[ties.neighbours]).mean()
    assert inside == pytest.approx(1 - 2 * (1 + 2 + 3 + 4) / (20 * 8))


def test_whoever_looks_a_failure_up_finds_the_outage_that_caused_it() -> None:
    scenario = struck(Outage(day=5, share=0.5, severity=0.77, control=0.1, groups=10))
    run = Run(scenario, network_of(scenario)).begin()
    run.advance(6)
    rows = np.flatnonzero(run.state.people["failed_on"] == 5)
    assert 0 < len(rows) < 200
    assert {what_failed(run, int(row), 5)[0] for row in rows} == {0.77}
