"""A life that goes otherwise in one failure, and in nothing that the failure did not cause."""

import numpy as np
import pytest
from test_worlds import LIVELY, QUIET_MARKET, columns, of

from sim import simulate
from sim.lives import Altered
from sim.run import Run, network_of
from sim.scenario import Scenario


def first_failures(scenario: Scenario, altered: dict[int, Altered] | None = None) -> dict[int, int]:
    """Return everybody's first failure: row and day."""
    run = Run(scenario, network_of(scenario), altered=altered).begin()
    found: dict[int, int] = {}
    for day in range(scenario.days):
        run.advance(day + 1)
        people = run.state.people
        for row in np.flatnonzero((people["failures"] > 0) & (people["failed_on"] == day)):
            found.setdefault(int(row), day)
    return found


def test_a_mark_on_a_day_without_a_failure_alters_nothing() -> None:
    usual = simulate(LIVELY)
    never = {row: Altered(LIVELY.days + 1, "spared") for row in range(50)}
    failed = first_failures(LIVELY)
    visits = {row: Altered(day - 1, "unanswered") for row, day in failed.items()}
    assert simulate(LIVELY, altered=never).digest == usual.digest
    assert simulate(LIVELY, altered=visits).digest == usual.digest


@pytest.mark.parametrize("what", ["spared", "unanswered"])
def test_one_altered_failure_changes_that_life_alone_where_nobody_talks(what: str) -> None:
    market = of(
        QUIET_MARKET,
        policy={"answers": True, "ease": 8.0, "compensation": 0.5, "apology": 1.0, "empathy": 1.0},
    )
    usual = simulate(market)
    row, day = next(iter(first_failures(market).items()))
    other = simulate(market, altered={row: Altered(day, what)})
    others = np.arange(len(usual.population)) != row
    assert columns(usual.population, others) == columns(other.population, others)
    assert usual.population["satisfaction"][row] != other.population["satisfaction"][row]


def test_whoever_is_spared_meets_the_same_visits_and_is_failed_later_if_at_all() -> None:
    market = of(QUIET_MARKET, loyalty={"discount": 0.0, "ordinary_leaving": 0.0})
    failed = first_failures(market)
    altered = {row: Altered(day, "spared") for row, day in failed.items()}
    later = first_failures(market, altered)
    assert len(failed) > 50
    assert set(later) <= set(failed)
    assert all(day > failed[row] for row, day in later.items())
    usual, spared = simulate(market), simulate(market, altered=altered)
    waiting = usual.people["waiting"] | spared.people["waiting"]
    days = np.array([each.population["visit_day"] for each in (usual, spared)])[:, ~waiting]
    assert (days[0] == days[1]).all()


def test_a_firm_that_never_answers_loses_nothing_by_not_answering_one() -> None:
    market = of(QUIET_MARKET, policy={"answers": False, "ease": 8.0})
    altered = {row: Altered(day, "unanswered") for row, day in first_failures(market).items()}
    assert len(altered) > 20
    assert simulate(market, altered=altered).digest == simulate(market).digest


@pytest.mark.parametrize("what", ["spared", "unanswered"])
def test_both_performers_live_altered_lives_alike(what: str) -> None:
    market = of(LIVELY, market={"people": 60})
    altered = {row: Altered(day, what) for row, day in first_failures(market).items()}
    compiled = simulate(market, altered=altered)
    by_agents = simulate(market, altered=altered, performer="agents")
    assert compiled.digest == by_agents.digest != simulate(market).digest


def test_one_failure_can_be_answered_otherwise_and_no_other_of_the_same_person() -> None:
    """A person who is treated for its first failure alone differs from one treated for good."""
    kind = LIVELY.policy.model_copy(
        update={"ease": 9.0, "delay": 0.0, "compensation": 1.0, "apology": 1.0, "empathy": 1.0}
    )
    failed = first_failures(QUIET_MARKET)
    treated = dict.fromkeys(failed, kind)
    once = {row: Altered(day, "treated") for row, day in failed.items()}
    never = {row: Altered(QUIET_MARKET.days, "treated") for row in failed}
    usual = simulate(QUIET_MARKET)
    for_good = simulate(QUIET_MARKET, treated=treated)
    for_once = simulate(QUIET_MARKET, treated=treated, altered=once)
    assert (
        columns(simulate(QUIET_MARKET, treated=treated, altered=never).population, slice(None))[
            "satisfaction"
        ]
        == columns(usual.population)["satisfaction"]
    )
    answers = [each.totals["answers"] for each in (usual, for_once, for_good)]
    assert answers[0] < answers[1] < answers[2]
