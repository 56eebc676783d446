"""The model against a second program of it, written apart: they must agree in distribution.

`benchmarks/plain_mesa.py` shares no rule, no draw and no network with `sim`. Each world below is run
many times by both, and every figure's mean is compared, world by world and over all worlds. All
seeds are fixed, so that a test passes always or never; the bound was set beforehand at one error in
ten thousand for all comparisons together. Slips of some hundredths show that it would be seen.
"""

import math
from collections.abc import Mapping
from functools import cache
from typing import Any

import numpy as np
import pytest
from scipy import stats

from benchmarks.plain_mesa import run_plain, small_world
from sim import load_scenario, simulate
from sim.outcome import COSTS
from sim.policy import Policy
from sim.scenario import PolicyChange, Scenario
from sim.world import Outage

Figures = Mapping[str, np.ndarray[Any, np.dtype[Any]]]

PLAIN_SEEDS, OUR_SEEDS = range(1, 31), range(1001, 1121)

EAGER = {
    "market.need": 0.03, "service.visits_per_month": 6, "service.visits_shape": 20,
    "service.failure_probability": 0.1,
}  # fmt: skip
"""More happens, and to all alike, so that a short time shows as much as a long one."""

DEAR = {
    "compensation": 0.25, "compensation_per_severity": 0.3, "cost_per_contact": 0.3,
    "cost_per_follow_up": 0.2, "cost_per_noticing": 0.1,
}  # fmt: skip


def world(
    people: int, days: int, policy: str | Policy, change: dict[str, Any] | None = None, **more: Any
) -> Scenario:
    overrides = {"market.people": people, **(change or {})}
    scenario = load_scenario("neutral", overrides, policy=policy, days=days)
    return scenario.model_copy(update={"measure_every": days, **more})


def bakery(**levers: Any) -> Policy:
    policy = load_scenario("bakery").policy
    return Policy(**{**policy.model_dump(), **levers})


DESK = bakery(
    agents=1, handling_hours=8.0, authority=0.35, escalation_days=4.0, unresolved=0.3,
    wage_per_agent_day=0.5, updates=0.5, options=0.6, excuse=0.3, replies=0.5, proactive=0.1, **DEAR,
)  # fmt: skip

WORLDS: dict[str, Scenario] = {
    "neutral": world(300, 365, load_scenario("neutral").policy),
    "bakery": world(300, 150, bakery(**DEAR), EAGER),
    "desk": world(
        300, 150, DESK, EAGER,
        policy_changes=(PolicyChange(day=100, policy=DESK.model_copy(update={"agents": 3})),),
    ),
    "outage": world(
        300, 90, bakery(agents=2, handling_hours=6, authority=0.3, escalation_days=2.0, **DEAR),
        {**EAGER, "service.learning": 0.01, "money.value_spread": 0.5},
        outages=(
            Outage(day=20, share=0.6, severity=0.7, type=0.0, control=0.8, stability=0.7),
            Outage(day=50, share=0.6, severity=0.4, groups=30),
        ),
    ),
    "learning": world(
        300, 150, bakery(ease=2.0), {**EAGER, "service.learning": 0.01,
        "service.failure_floor": 0.02, "service.failure_probability": 0.2},
    ),
    "nobody answers": world(300, 150, Policy(answers=False, ease=4.0), EAGER),
    "nobody talks": world(300, 150, "slow-generous", {**EAGER, "talk.enabled": False}),
    "other talk": world(
        300, 150, "fast",
        {**EAGER, "market.aware": 0.2, "market.advertising": 0.01, "talk.weak_ties": 0.8,
         "service.quality": 0.1, "talk.hops": 2, "talk.retold": 0.8, "talk.opinion_limit": 1.0, "talk.negativity": 2.0,
         "loyalty.opinion": 0.25, "loyalty.gratitude": 0.3, "reviews.extremity": 0.5,
         "service.visits_shape": 0.5, "network.degree": 4, "network.rewiring": 1.0},
    ),
}  # fmt: skip

MEASURED = (
    "reputation", "reputation_noncustomers", "nps", "nps_aware", "stars", "satisfaction",
    "customer_share", "visits", "failures", "complaints", "noticed", "answers",
    "first_contact_share", "mean_delay", "good_stories", "bad_stories", "leavers", "joiners",
    *COSTS, "npv_per_person", "silent_per_complaint", "good_to_bad", "yearly_retention",
    "problem_share",
)  # fmt: skip

RATES = (
    ("failures", "visits"), ("complaints", "failures"), ("good_stories", "visits"),
    ("bad_stories", "failures"), ("leavers", "visits"), ("compensation", "answers"),
)  # fmt: skip
"""Divided, two figures lose what luck they share, and show smaller errors."""

FEELINGS = (
    "satisfaction", "expectation", "failure_memory", "recovery_expectation", "opinion", "gratitude",
)  # fmt: skip
"""What everybody feels at the end: its mean over all people, and how it spreads among them."""

COMPARISONS = (len(WORLDS) + 1) * (len(MEASURED) + len(RATES) + 2 * len(FEELINGS))
LIKELY_ENOUGH = 1e-4 / COMPARISONS
"""Bonferroni's bound: about five standard errors."""


def row(final: Any, totals: Any, ratios: Any, people: Any) -> dict[str, float]:
    """Return the figures of one run."""
    known = {**final, **totals, **ratios}
    told = {name: math.nan if known[name] is None else known[name] for name in MEASURED}
    rates = {
        f"{part} / {whole}": told[part] / told[whole] if told[whole] else math.nan
        for part, whole in RATES
    }
    felt = people[list(FEELINGS)].to_numpy()
    means = {f"mean {name}": mean for name, mean in zip(FEELINGS, felt.mean(0), strict=True)}
    spreads = {f"spread of {name}": sd for name, sd in zip(FEELINGS, felt.std(0), strict=True)}
    return {**told, **rates, **means, **spreads}


def figures(rows: list[dict[str, float]]) -> Figures:
    return {name: np.array([each[name] for each in rows]) for name in rows[0]}


@cache
def plain_figures(name: str) -> Figures:
    scenario = WORLDS[name]
    runs = (run_plain(scenario, small_world(scenario, seed), seed) for seed in PLAIN_SEEDS)
    return figures([row(run["final"], run["totals"], run["ratios"], run["people"]) for run in runs])


@cache
def our_figures(scenario: Scenario) -> Figures:
    runs = (simulate(scenario.model_copy(update={"seed": seed})) for seed in OUR_SEEDS)
    return figures([row(run.final, run.totals, run.ratios, run.people) for run in runs])


def by_chance(ours: Any, plain: Any) -> tuple[float, float]:
    """Return how many standard errors two samples lie apart, and how likely that is by chance.

    If the two programs agree, a figure has one distribution in both, hence one variance, which
    Student's test may pool.
    """
    ours, plain = ours[~np.isnan(ours)], plain[~np.isnan(plain)]
    assert (len(ours) > 20) == (len(plain) > 20), "a figure that only one of the two defines"
    if len(plain) <= 20 or np.ptp(np.concatenate([ours, plain])) == 0:
        return 0.0, 1.0
    found = stats.ttest_ind(ours, plain)
    return float(found.statistic), float(found.pvalue)


def disagreements(ours: Figures, plain: Figures) -> dict[str, str]:
    """Return the figures of one world in which two programs differ more than by chance."""
    found = {}
    for name, a in ours.items():
        b = plain[name]
        t, p = by_chance(a, b)
        if not p >= LIKELY_ENOUGH:
            found[name] = f"{np.nanmean(a):.5g} against {np.nanmean(b):.5g}: {t:.1f} errors apart"
    return found


def leanings(all_ours: Mapping[str, Figures]) -> dict[str, float]:
    """Return the figures that lean one way in all worlds together, in standard errors (Stouffer)."""
    found = {}
    for figure in next(iter(all_ours.values())):
        tested = [by_chance(o[figure], plain_figures(name)[figure]) for name, o in all_ours.items()]
        scores = [np.sign(t) * stats.norm.isf(p / 2) for t, p in tested if t != 0]
        together = float(np.sum(scores)) / max(1, len(scores)) ** 0.5
        if 2 * stats.norm.sf(abs(together)) < LIKELY_ENOUGH:
            found[figure] = together
    return found


@pytest.mark.parametrize("name", WORLDS)
def test_two_programs_written_apart_agree(name: str) -> None:
    assert disagreements(our_figures(WORLDS[name]), plain_figures(name)) == {}


def test_no_figure_leans_one_way_in_all_worlds() -> None:
    assert leanings({name: our_figures(scenario) for name, scenario in WORLDS.items()}) == {}


def changed(scenario: Scenario, key: str, factor: float) -> Scenario:
    """Return a scenario with one number multiplied."""
    section, name = key.split(".")
    part = getattr(scenario, section)
    part = part.model_copy(update={name: getattr(part, name) * factor})
    return scenario.model_copy(update={section: part})


@pytest.mark.parametrize(("name", "key", "factor", "figure"), [
    ("bakery", "loss.scale", 1.1, "reputation"),
    ("nobody answers", "voice.severity", 1.1, "complaints / failures"),
    ("learning", "service.learning", 1.1, "failures"),
    ("other talk", "talk.retold", 0.85, "bad_stories"),
    ("desk", "policy.authority", 1.1, "first_contact_share"),
    ("bakery", "service.visits_shape", 0.1, "spread of failure_memory"),
])  # fmt: skip
def test_a_slip_in_one_world_would_be_seen(name: str, key: str, factor: float, figure: str) -> None:
    slipped = our_figures(changed(WORLDS[name], key, factor))
    assert figure in disagreements(slipped, plain_figures(name))


@pytest.mark.parametrize(("key", "factor", "figure"), [
    ("service.visits_per_month", 1.04, "visits"),
    ("loss.scale", 1.04, "reputation"),
    ("market.need", 1.05, "joiners"),
])  # fmt: skip
def test_a_slip_of_some_hundredths_in_all_worlds_would_be_seen(
    key: str, factor: float, figure: str
) -> None:
    slipped = {name: our_figures(changed(each, key, factor)) for name, each in WORLDS.items()}
    assert figure in leanings(slipped)
