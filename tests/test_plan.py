"""Plans: every run once, in its order, made when it is its turn, and known by what it depends on."""

import itertools
import shutil
import tracemalloc
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from designing import at, design, designs, other_value, single_keys
from hypothesis import given, settings
from hypothesis import strategies as st

from experiments.design import Experiment, load_experiment
from experiments.planning import plan as plan_module
from experiments.planning.designs import changed, described
from experiments.planning.plan import Job, Plan, Point
from experiments.sections.keys import parameter_of
from experiments.sweep import sweep
from sim.errors import InputError
from sim.policy import Policy
from sim.scenario import Scenario

POLICIES = {"slow": Policy(delay=9.0), "fast": Policy(delay=0.0, apology=0.7)}


def experiment(seeds: Sequence[int] = (1, 2), **more: Any) -> Experiment:
    return Experiment("e", Scenario(days=9), POLICIES, "slow", tuple(seeds), **more)


# Order


@settings(max_examples=40)
@given(designs(), st.lists(st.integers(0, 99), min_size=1, max_size=3, unique=True))
def test_a_plan_is_points_times_policies_times_seeds_seed_by_seed(
    data: dict[str, Any], seeds: list[int]
) -> None:
    found = design(data)
    plan = Plan(experiment(seeds, design=found))
    jobs = list(plan)
    expected = list(itertools.product(seeds, found.points, POLICIES))
    assert [(job.seed, dict(job.point), job.policy) for job in jobs] == expected
    assert len(plan) == len(jobs) == plan.cell_count * len(seeds)
    assert [plan[i] for i in range(len(plan))] == jobs
    assert [cell.number for cell in plan.cells()] == list(range(plan.cell_count))
    for job in jobs:
        cell = plan.cell(job.cell)
        assert (cell.policy, cell.point) == (job.policy, job.point)
    for outside in (-1, len(plan)):
        with pytest.raises(IndexError):
            plan[outside]


def test_without_a_design_there_is_one_point_at_which_nothing_is_set() -> None:
    plan = Plan(experiment())
    assert [(dict(job.point), job.policy, job.seed) for job in plan] == [
        ({}, "slow", 1), ({}, "fast", 1), ({}, "slow", 2), ({}, "fast", 2),
    ]  # fmt: skip
    assert plan[1].scenario == experiment().scenario_of("fast", 1)


def test_points_policies_and_seeds_may_be_others_than_the_experiments() -> None:
    points: list[Point] = [{"days": 3}, {"days": 5}]
    made = experiment(design=design({"grid": {"policy.fix": [0, 1]}}))
    plan = Plan(made, points, ["fast"], [7])
    assert [(job.scenario.days, job.policy, job.seed) for job in plan] == [
        (3, "fast", 7), (5, "fast", 7),
    ]  # fmt: skip


def test_levers_of_a_point_are_set_on_top_of_every_policy() -> None:
    plan = Plan(experiment(seeds=(1,), design=design({"grid": {"policy.delay": [3]}})))
    slow, fast = plan
    assert (slow.scenario.policy.delay, slow.scenario.policy.apology) == (3, 0)
    assert (fast.scenario.policy.delay, fast.scenario.policy.apology) == (3, 0.7)
    assert (slow.policy, fast.policy) == ("slow", "fast")


@settings(max_examples=40)
@given(designs())
def test_the_scenario_of_a_job_has_its_point_set_and_nothing_else(data: dict[str, Any]) -> None:
    made = experiment(design=design(data))
    for job in Plan(made):
        resolved, base = job.scenario.resolved(), made.scenario_of(job.policy, job.seed).resolved()
        for key, value in job.point.items():
            assert at(resolved, key) == value
            section, _, name = key.rpartition(".")
            (at(resolved, section) if section else resolved)[name] = at(base, key)
        assert resolved == base


# Size


def test_a_billion_runs_are_counted_at_once_and_made_one_by_one() -> None:
    keys = ("policy.delay", "talk.half_life", "voice.severity")
    levels = {key: [1 + i / 100 for i in range(100)] for key in keys}
    plan = Plan(experiment(range(500), design=design({"grid": levels})))
    assert len(plan) == 1_000_000_000
    assert next(iter(plan)).seed == 0
    last = plan[len(plan) - 1]
    assert (last.policy, last.seed) == ("fast", 499)
    assert tuple(last.point.values()) == pytest.approx((1.99, 1.99, 1.99))


def test_memory_does_not_grow_with_the_number_of_cells() -> None:
    levels = {"policy.delay": [i / 100 for i in range(3000)], "policy.fix": [0, 0.5, 1]}
    jobs = Plan(experiment(design=design({"grid": levels}))).jobs()
    tracemalloc.start()
    try:
        for _ in itertools.islice(jobs, 2 * plan_module._CELLS_KEPT):
            pass
        before, _ = tracemalloc.get_traced_memory()
        for _ in itertools.islice(jobs, 4 * plan_module._CELLS_KEPT):
            pass
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert after < 1.1 * before < 2**25


# Identity


def identity(scenario: Scenario, point: Point | None = None) -> str:
    return Job(changed(scenario, point or {})).identity


def test_identity_changes_with_every_key_of_world_and_policy() -> None:
    scenario = Scenario.model_validate({"network": {"kind": "none"}})
    known = {identity(scenario)}
    for key in single_keys():
        value = other_value(parameter_of(key), at(scenario.resolved(), key))
        known.add(identity(scenario, {key: value}))
    assert len(known) == 1 + len(single_keys())


def test_identity_changes_with_seed_policy_customer_and_model(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    job = Job(Scenario())
    others = [
        Job(Scenario(seed=2)), Job(Scenario(policy_name="other")),
        Job(Scenario(policy=Policy(fix=0.5))), replace(job, customer="abc"),
    ]  # fmt: skip
    assert len({each.identity for each in (job, *others)}) == 5
    before = job.identity
    monkeypatch.setattr(plan_module, "model_version", lambda: "another")
    assert Job(Scenario()).identity != before


@settings(max_examples=30)
@given(designs(deep=False), st.randoms())
def test_identity_does_not_change_with_the_order_of_a_point_nor_with_the_plan(
    data: dict[str, Any], random: Any
) -> None:
    points = list(design(data).points)
    shuffled = []
    for point in points:
        keys = list(point)
        random.shuffle(keys)
        shuffled.append({key: point[key] for key in keys})
    random.shuffle(shuffled)
    made = experiment()
    one = {job.identity: dict(job.point) for job in Plan(made, points)}
    other = {
        job.identity: dict(job.point) for job in Plan(made, shuffled, ["fast", "slow"], (2, 1))
    }
    assert one == other
    assert len(one) == len(points) * len(POLICIES) * 2


def test_it_does_not_matter_for_identity_where_a_value_comes_from() -> None:
    plain = replace(experiment(), scenario=Scenario(days=4), policies={"slow": Policy(delay=2.0)})
    point = {"days": 4, "policy.delay": 2.0}
    ours = Plan(replace(experiment(), policies={"slow": POLICIES["slow"]}), [point])
    assert [job.identity for job in ours] == [job.identity for job in Plan(plain)]


def test_a_networks_file_counts_by_its_content_and_not_by_its_place(tmp_path: Path) -> None:
    one, moved, other = (tmp_path / name for name in ("one.txt", "moved.txt", "other.txt"))
    one.write_text("a b\nb c\n")
    shutil.copy(one, moved)
    other.write_text("a b\nb d\n")
    at_one, at_moved, at_other = (
        identity(Scenario(), {"network.file": str(path)}) for path in (one, moved, other)
    )
    assert at_one == at_moved != at_other
    one.write_text("a b\nb c\nc d\n")
    assert identity(Scenario(), {"network.file": str(one)}) not in (at_one, at_other)


def test_equal_jobs_give_equal_results_and_the_same_run_is_one_run() -> None:
    made = replace(experiment(), scenario=Scenario(days=9).model_copy(
        update={"market": Scenario().market.model_copy(update={"people": 40})}))  # fmt: skip
    first = sweep(Plan(made, [{"policy.delay": 1.0}, {"policy.delay": 2.0}]))
    second = sweep(Plan(made, [{"policy.delay": 2.0}, {"policy.delay": 1.0}]))
    assert first.digest == second.digest


# Points that cannot be


@pytest.mark.parametrize(
    ("point", "text"),
    [
        ({"policy.delay": -1.0}, "policy.delay = -1: policy.delay = -1.0 must be at least 0 (days)"),
        ({"policy.dely": 1.0}, "did you mean delay?"),
        ({"outages.2.day": 1}, "outages is a list with no entries"),
        ({"days": 2.5, "policy.fix": 1.0}, "at days = 2.5, policy.fix = 1: days = 2.5 must be a whole"),
    ],
)  # fmt: skip
def test_a_point_that_cannot_be_names_itself(point: Point, text: str) -> None:
    with pytest.raises(InputError) as caught:
        changed(Scenario(), point)
    assert str(caught.value).startswith(f"at {described(point)}: ")
    assert text in str(caught.value)
    cell = Plan(experiment(), [point]).cell(0)
    assert text in cell.fault
    job = next(Plan(experiment(), [point]).jobs())
    assert job.fault == cell.fault
    assert job.identity != next(Plan(experiment(), [{}]).jobs()).identity


def test_the_shipped_designs_say_how_many_runs_they_are() -> None:
    assert len(Plan(load_experiment("grid-speed-and-money"))) == 5 * 4 * 10
    assert len(Plan(load_experiment("nested-policies-and-uncertainties"))) == (3 * 2 - 1) * 12 * 3
