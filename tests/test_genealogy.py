"""Stories followed: nothing is changed by looking, everything adds up, and each has one source."""

from collections import Counter

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from small_worlds import scenarios, worlds
from test_worlds import of

from experiments.laboratory import genealogy
from experiments.laboratory.attribution import Attribution
from experiments.laboratory.genealogy import FAILURE, TELLING, Array, Traced, origins_of, trace
from experiments.laboratory.lives import failed_on, what_failed
from experiments.laboratory.stories_reach import Reach, Reproduction
from sim.lives import Altered
from sim.population import CUSTOMER
from sim.run import Run, network_of, simulate
from sim.scenario import Scenario, load_scenario

BAKERY = load_scenario(
    "bakery", {"market.people": 400, "service.failure_probability": 0.1}, days=90
)


def traced(scenario: Scenario, **otherwise: dict[int, Altered]) -> tuple[Traced, Array]:
    pages: list[Array] = [np.zeros(0, TELLING)]
    found = trace(scenario, network_of(scenario), pages.append, **otherwise)
    return found, np.concatenate(pages)


@given(scenarios())
@worlds(15)
def test_looking_changes_no_bit_and_every_point_has_its_source(scenario: Scenario) -> None:
    found, tellings = traced(scenario)
    outcome = found.run.outcome()
    assert outcome.digest == simulate(scenario).digest
    bad = tellings["valence"] < 0.0
    assert (~bad).sum() == outcome.totals["good_stories"] == outcome.totals["good_heard"]
    assert bad.sum() == outcome.totals["bad_stories"] == outcome.totals["bad_heard"]
    assert len(found.failures) == outcome.totals["failures"]
    assert found.failures["heard"].sum() == (
        (outcome.totals["complaints"] or 0) + (outcome.totals["noticed"] or 0)
    )
    share = Attribution(found)
    for page in np.array_split(tellings, 7):
        share.add(page)
    reputation = outcome.final["reputation"]
    if reputation is None:
        return
    told = share.origins["points"].sum()
    assert 50.0 + told + share.experience + share.forgotten == pytest.approx(reputation, abs=1e-9)
    assert 50.0 + sum(share.sources.values()) == pytest.approx(reputation, abs=1e-9)
    assert share.origins["tellings"].sum() == len(tellings) == found.tellings


@pytest.fixture(scope="module")
def bakery() -> tuple[Traced, Array]:
    return traced(BAKERY)


def test_what_is_left_of_tellings_is_what_people_think(bakery: tuple[Traced, Array]) -> None:
    """Nothing else makes an opinion: without a limit in reach, nothing is left over but rounding."""
    wide = of(BAKERY, talk={"opinion_limit": 8.0, "influence": 0.1})
    found, tellings = traced(wide)
    share = Attribution(found)
    share.add(tellings)
    assert np.abs(share.opinion).max() > 0.05
    np.testing.assert_allclose(share.remembered, share.opinion, atol=1e-6)


def test_parts_of_an_attitude_share_its_points_in_proportion(bakery: tuple[Traced, Array]) -> None:
    """Aumann & Shapley for a function of a sum: the mean derivative along the way, by quadrature."""
    found, _ = bakery
    share = Attribution(found)
    attitude = share.lived + share.opinion
    aware = found.run.state.people["aware_from"] <= found.run.now
    nodes, weights = np.polynomial.legendre.leggauss(40)
    along = 1.0 / (1.0 + np.exp(-np.outer(attitude, (nodes + 1.0) / 2.0)))
    slope = (along * (1.0 - along)) @ (weights / 2.0)
    expected = np.where(aware, 100.0 * slope / aware.sum(), 0.0)
    # Reputation is measured by a table of the logistic function, off by 2e-7 at the most.
    np.testing.assert_allclose(share.weight, expected, rtol=1e-5)


@pytest.mark.parametrize(
    ("talk", "gone"),
    [
        ({"ordinary": 0.0}, {"ordinary_visits"}),
        ({"delight": 0.0}, {"delight"}),
        ({"bad_stories": False}, {"failures"}),
        ({"recovered": 0.0}, {"recoveries"}),
        ({"enabled": False}, {"ordinary_visits", "delight", "failures", "recoveries", "limit"}),
    ],
)
def test_a_source_that_is_stopped_gives_nothing(talk: dict[str, object], gone: set[str]) -> None:
    found, tellings = traced(of(BAKERY, talk=talk))
    share = Attribution(found)
    share.add(tellings)
    assert {name for name, points in share.sources.items() if points == 0.0} == gone
    of_failures = share.sources["failures"] + share.sources["recoveries"]
    origins = share.origins
    assert origins.loc[origins["failure"], "points"].sum() == pytest.approx(of_failures, abs=1e-9)
    assert share.sources["failures"] <= 0.0 <= share.sources["recoveries"]


def test_failures_are_as_they_were_drawn(bakery: tuple[Traced, Array]) -> None:
    found, _ = bakery
    assert len(found.failures) > 100
    for failure in found.failures[::10]:
        severity, kind, *_ = what_failed(found.run, int(failure["person"]), int(failure["day"]))
        assert (failure["severity"], failure["type"]) == (severity, kind)
    run, rows = Run(BAKERY, network_of(BAKERY)).begin(), []
    for today in range(BAKERY.days):
        run.advance(today + 1)
        rows += [(row, today) for row in failed_on(run, today).tolist()]
    assert found.failures[["person", "day"]].tolist() == rows


def test_changes_of_opinion_are_those_of_the_run() -> None:
    """One listener's opinion, followed day by day, is moved by its tellings and by nothing else."""
    scenario = of(BAKERY, talk={"opinion_half_life": 10_000.0, "opinion_limit": 8.0})
    run = Run(scenario, network_of(scenario)).begin()
    for today in range(20):
        before = run.state.people["opinion"].copy()
        customer = run.state.people["status"] == CUSTOMER
        run.advance(today + 1)
        page = genealogy._told(run, today, customer)
        moved = np.bincount(page["listener"], page["change"], len(before))
        np.testing.assert_allclose(run.state.people["opinion"] - before, moved, atol=0.01)


def test_tellings_are_handed_on_in_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(genealogy, "CHUNK", 200)
    pages: list[Array] = []
    found = trace(BAKERY, network_of(BAKERY), pages.append)
    longest = pd.Series(np.concatenate(pages)["day"]).value_counts().max()
    assert len(pages) > 10
    assert max(map(len, pages)) < 200 + longest
    assert sum(map(len, pages)) == found.tellings


def test_a_failure_that_does_not_happen_takes_only_its_own_stories_with_it() -> None:
    """Where talk moves nobody's deeds, two worlds differ in what one person tells, and its echo.

    Nobody buys for the first time or leaves, the firm learns nothing, and reviews are off: then
    others live the same days. What is gone or new began with the one whose failure was spared, on
    that day or later in its life; all else is told by the same people, to the same, on the same
    days.
    """
    closed = of(
        BAKERY,
        market={"need": 0.0, "advertising": 0.0},
        loyalty={"discount": 0.0, "ordinary_leaving": 0.0},
        service={"learning": 0.0, "failure_probability": 0.1},
        reviews={"enabled": False},
    )
    found, before = traced(closed)
    share = Attribution(found)
    share.add(before)
    reach = Reach(found)
    reach.add(before)
    worst = reach.table(share).iloc[0]
    person, day = int(worst["person"]), int(worst["day"])
    _, after = traced(closed, altered={person: Altered(day, "spared")})
    # Counted, for somebody may tell the same person twice on a day.
    was, now = Counter(before.tolist()), Counter(after.tolist())
    changed = np.array([*(was - now).elements(), *(now - was).elements()], TELLING)
    assert (changed["origin_person"] == person).all()
    assert (changed["origin_day"] >= day).all()
    gone = np.array([*(was - now).elements()], TELLING)
    of_it = (before["origin_person"] == person) & (before["origin_day"] == day)
    assert of_it.sum() > 5
    assert ((gone["origin_day"] == day).sum()) == of_it.sum()
    assert (gone["hop"] > 0).any()


def test_a_hearing_brings_what_the_model_says() -> None:
    """The estimate is not biased by the end of the run: .3 good, .39 bad, then .6 of that a hop."""
    scenario = of(
        BAKERY,
        market={"people": 2000},
        service={"failure_probability": 0.4},
        talk={"half_life": 30.0, "weak_ties": 0.0},
    )
    found, tellings = traced(scenario)
    rates = Reproduction(found)
    rates.add(tellings)
    table = rates.table()
    first = table[table["hop"] == 0].set_index("story")
    assert (first["tellings"] - first["exposed"] > 0.2 * first["tellings"]).all()
    for story, expected in (("good", 0.3), ("bad", 0.3 * 1.3)):
        row = first.loc[story]
        width = (row["high"] - row["low"]) / 2.0
        assert abs(row["reproduction"] - expected) < 2.0 * width
        assert width < 0.2 * expected
        naive = row["passed_on"] / row["tellings"]
        assert naive < expected - 2.0 * width


def test_the_end_of_the_run_cuts_off_as_stories_fall_on_days(bakery: tuple[Traced, Array]) -> None:
    """The k-th whole day after the hearing holds tellings of times k - 1 to k (`sim.stories.plan`)."""
    found, _ = bakery
    seen = Reproduction(found).seen
    times = np.random.default_rng(1).exponential(BAKERY.talk.half_life / np.log(2.0), 200_000)
    for heard in (0, 60, 80, 88, 89):
        told_on = heard + 1 + np.floor(times)
        share = float((told_on < BAKERY.days).mean())
        assert seen[heard] == pytest.approx(share, abs=0.006)
    assert seen[89] == 0.0 < seen[88]


def test_reach_counts_other_people_once(bakery: tuple[Traced, Array]) -> None:
    found, tellings = bakery
    share, reach = Attribution(found), Reach(found)
    for page in np.array_split(tellings, 5):
        share.add(page)
        reach.add(page)
    table = reach.table(share)
    assert len(table) == len(found.failures)
    assert table["points"].is_monotonic_increasing
    for row in table.iloc[::40].itertuples():
        own = tellings[
            (tellings["origin_person"] == row.person) & (tellings["origin_day"] == row.day)
        ]
        assert row.tellings == row.good + row.bad == len(own)
        assert row.reached == len(set(own["listener"].tolist()) - {row.person})
        assert row.moved == pytest.approx(np.abs(own["change"]).sum())
    assert table["tellings"].sum() + share.origins.query("~failure")["tellings"].sum() == len(
        tellings
    )


def test_a_world_without_failures_or_talk_is_traced_too() -> None:
    for sections in ({"service": {"failure_probability": 0.0}}, {"talk": {"enabled": False}}):
        found, tellings = traced(of(BAKERY, **sections))
        share, reach, rates = Attribution(found), Reach(found), Reproduction(found)
        for each in (share, reach, rates):
            each.add(tellings)
        table = reach.table(share)
        assert len(table) == len(found.failures)
        assert table["points"].dtype == float
        assert found.failures.dtype == FAILURE
        rates.table()
        assert sum(share.sources.values()) + 50.0 == pytest.approx(
            found.run.outcome().final["reputation"], abs=1e-9
        )


def test_each_event_has_a_number_of_its_own() -> None:
    person, day = np.array([0, 0, 1, 2_000_000_000]), np.array([0, 1, 0, 999_999])
    assert len(set(origins_of(person, day).tolist())) == 4
