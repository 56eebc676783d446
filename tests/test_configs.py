"""The shipped scenarios and policies are what their names promise, and teach."""

import re
from collections.abc import Callable
from typing import Any

import pytest

from experiments.design import Experiment, load_experiment
from experiments.planning.plan import Plan
from experiments.sections.designs import KINDS, SAMPLED
from experiments.sweep import sweep
from sim.policy import Policy
from sim.scenario import load_policy, load_scenario
from sim.shipped import shipped

REFERENCE = {
    "none": Policy(answers=False, ease=2),
    "slow": Policy(delay=10, compensation=0.1, apology=0.5, empathy=0.5, unresolved=0.3, ease=2),
    "fast": Policy(delay=0, compensation=0.1, apology=0.7, empathy=0.7, unresolved=0.15, ease=2),
    "slow-generous": Policy(
        delay=10, compensation=1, apology=0.5, empathy=0.5, unresolved=0.3, ease=2
    ),
    "fast-generous": Policy(
        delay=0, compensation=0.5, apology=0.7, empathy=0.7, unresolved=0.15, ease=2
    ),
    "courier-blamer": Policy(
        delay=20, fix=0.2, compensation=0, apology=0.1, empathy=0.1, excuse=1, ease=2
    ),
    "bakery": Policy(
        delay=0, compensation=0.25, apology=1, empathy=0.9, follow_up=1, proactive=0.3, ease=3,
        unresolved=0.05,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", REFERENCE)
def test_a_reference_policy_has_the_numbers_of_the_model_description(name: str) -> None:
    assert load_policy(name) == (name, REFERENCE[name])


def test_the_bakery_is_as_described() -> None:
    scenario = load_scenario("bakery")
    assert (scenario.name, scenario.days, scenario.seed) == ("bakery", 365, 1)
    assert (scenario.market.people, scenario.market.customers, scenario.market.aware) == (
        5000, 0.5, 0.8,
    )  # fmt: skip
    assert (scenario.network.kind, scenario.network.degree, scenario.network.rewiring) == (
        "small_world", 8, 0.1,
    )  # fmt: skip
    assert scenario.service.visits_per_month == 2
    assert scenario.service.failure_probability == 0.03
    assert (scenario.talk.enabled, scenario.talk.weak_ties) == (True, 0.35)
    assert (scenario.money.price, scenario.money.margin, scenario.money.discount_rate) == (
        8, 0.5, 0.1,
    )  # fmt: skip
    assert (scenario.policy_name, scenario.policy) == load_policy("bakery")


def test_the_neutral_world_leaves_everything_else_at_its_default() -> None:
    scenario = load_scenario("neutral")
    assert (scenario.market.people, scenario.market.customers, scenario.days) == (5000, 0.5, 365)
    assert scenario.policy == Policy(
        delay=5, compensation=0.15, apology=0.6, empathy=0.6, unresolved=0.3, ease=0
    )
    plain = type(scenario)()
    for section in type(scenario).model_fields:
        if section not in ("name", "policy", "policy_name"):
            assert getattr(scenario, section) == getattr(plain, section)


def test_the_hotel_has_a_desk_with_a_limit_that_binds_after_the_worst_failures() -> None:
    hotel = load_scenario("hotel")
    assert hotel.policy.agents > 0
    assert hotel.policy.authority is not None
    least = hotel.policy.compensation * hotel.money.price
    most = least + hotel.policy.compensation_per_severity * hotel.money.price
    assert least < hotel.policy.authority < most
    text = shipped("scenarios")["hotel"].read_text()
    assert "invented" in text


def test_the_limit_of_the_grand_hotel_lies_above_all_that_is_ever_given() -> None:
    hotel = load_scenario("grand-hotel")
    assert (hotel.policy_name, hotel.policy) == load_policy("five-steps")
    most = hotel.policy.compensation + hotel.policy.compensation_per_severity
    assert most * hotel.money.price <= 400 < (hotel.policy.authority or 0) == 2000
    assert "invented" in shipped("scenarios")["grand-hotel"].read_text()


def test_the_silent_majority_is_silent_because_complaining_takes_a_letter() -> None:
    assert load_scenario("silent-majority").policy.ease == 0
    assert "invented" in shipped("scenarios")["silent-majority"].read_text()


LOAD: dict[str, Callable[..., Any]] = {
    "scenarios": load_scenario, "policies": load_policy, "experiments": load_experiment,
}  # fmt: skip


@pytest.mark.parametrize("kind", LOAD)
def test_every_shipped_file_loads_and_begins_with_sentences(kind: str) -> None:
    files = shipped(kind)
    assert files
    for name, path in files.items():
        made = LOAD[kind](name)
        called = made[0] if isinstance(made, tuple) else made.name
        assert called == name or kind == "experiments"
        comment = []
        for line in path.read_text().splitlines():
            if not line.startswith("#"):
                break
            comment.append(line)
        assert len(comment) >= 3, "a file begins by saying what it is, and why"
        assert len(re.findall(r'\.(?="?(\s|$))', "\n".join(comment))) >= 2


def small(name: str) -> Experiment:
    """Return a shipped experiment made small enough to be run by a test."""
    experiment = load_experiment(name)
    rule = experiment.precision or experiment.select_best
    changes = ["seeds=10" if rule else "seeds=1", "days=60"]
    if rule:
        changes.append(f"{'precision' if experiment.precision else 'select_best'}.at_most=10")
    if experiment.design is None or "market.people" not in experiment.design.keys:
        changes.append("market.people=150")
    if experiment.design is not None:
        section = experiment.design.section
        parts = {f"design.nested.{i}": part for i, part in enumerate(section.nested or ())}
        changes += [
            f"{where}.{part.kind}.samples=4"
            for where, part in {"design": section, **parts}.items()
            if part.kind in SAMPLED
        ]
    return load_experiment(name, changes)


@pytest.mark.parametrize("name", shipped("experiments"))
def test_every_shipped_experiment_runs(name: str) -> None:
    experiment = small(name)
    swept = sweep(Plan(experiment))
    assert swept.complete and not swept.failed
    for outcome in experiment.outcomes:
        if outcome in swept.results.runs:
            assert swept.results.runs[outcome].notna().any(), outcome


def test_there_is_a_shipped_example_of_each_kind_of_design() -> None:
    designs = [load_experiment(name).design for name in shipped("experiments")]
    sections = [design.section for design in designs if design is not None]
    assert {section.kind for section in sections} == set(KINDS)
    parts = [*sections, *(part for each in sections for part in each.nested or ())]
    assert any(part.fixed for part in parts) and any(part.exclude for part in parts)
