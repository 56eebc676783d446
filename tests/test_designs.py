"""Designs: their points are what they say, and what is wrong in one is told with its place."""

import itertools
import math
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.stats
from calling import call
from designing import VALUES, at, design, designs, levels, other_value, single_keys
from hypothesis import given, settings
from hypothesis import strategies as st

from experiments.compare import compare
from experiments.design import load_experiment
from experiments.planning.designs import Design, changed
from experiments.planning.plan import Plan
from experiments.sections.designs import MOST_POINTS
from experiments.sections.distributions import SHAPES, Distribution
from experiments.sections.keys import parameter_of, parameters
from experiments.sweep import sweep
from sim.errors import InputError
from sim.scenario import Scenario

SHARES = np.array([0.0, 1e-9, 0.1, 0.25, 0.5, 0.77, 0.999, 1 - 1e-12])


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path / "e.yaml"


def loaded(file: Path, text: str, *changes: str) -> Design:
    file.write_text(f"scenario: bakery\nseeds: 2\ndesign: {text}\n")
    found = load_experiment(file.name if Path.cwd() == file.parent else file, changes).design
    assert found is not None
    return found


# Points


@given(
    st.lists(st.sampled_from(sorted(VALUES)), min_size=1, max_size=5, unique=True).flatmap(levels)
)
def test_a_grid_is_the_product_of_its_values_the_last_key_running_fastest(
    values: dict[str, list[Any]],
) -> None:
    found = design({"grid": values})
    expected = [dict(zip(values, row, strict=True)) for row in itertools.product(*values.values())]
    assert list(found.points) == expected
    assert len(found) == len(expected)
    assert found.keys == tuple(values)
    assert set(found.varied) == {key for key, each in values.items() if len(each) > 1}


@given(designs())
def test_points_by_number_are_the_points_in_turn(data: dict[str, Any]) -> None:
    points = design(data).points
    listed = list(points)
    assert len(points) == len(listed)
    assert [points[i] for i in range(len(points))] == listed
    assert [points[i] for i in range(-len(points), 0)] == listed
    assert points[1::2] == listed[1::2]
    for outside in (len(points), -len(points) - 1):
        with pytest.raises(IndexError):
            points[outside]


@given(st.data())
def test_nested_designs_are_combined_each_with_each(data: st.DataObject) -> None:
    names = data.draw(
        st.lists(st.sampled_from(sorted(VALUES)), min_size=3, max_size=5, unique=True)
    )
    cuts = (names[:1], names[1:2], names[2:])
    parts = [data.draw(designs(keys, deep=False)) for keys in cuts]
    found = design({"nested": parts})
    each = [list(design(part).points) for part in parts]
    assert list(found.points) == [{**a, **b, **c} for a, b, c in itertools.product(*each)]
    assert len(found) == math.prod(map(len, each))


def test_lists_of_the_same_length_go_side_by_side() -> None:
    found = design({"zip": {"policy.delay": [0, 2, 2], "policy.fix": [1, 0.5, 0]}})
    assert [tuple(point.values()) for point in found.points] == [(0, 1), (2, 0.5), (2, 0)]
    assert found.levels == {"policy.delay": (0.0, 2.0), "policy.fix": (1.0, 0.5, 0.0)}


def test_what_is_fixed_is_set_at_every_point_and_varies_nowhere() -> None:
    found = design({"grid": {"policy.delay": [0, 2]}, "fixed": {"days": 30, "policy.fix": 1}})
    assert all((point["days"], point["policy.fix"]) == (30, 1.0) for point in found.points)
    assert len(found) == 2
    assert found.keys == ("policy.delay", "days", "policy.fix")
    assert found.varied == ("policy.delay",)


@given(designs(), st.data())
def test_an_exclusion_leaves_out_the_points_that_it_matches_and_no_others(
    data: dict[str, Any], draw: st.DataObject
) -> None:
    whole = design(data)
    entries = []
    for point in draw.draw(st.lists(st.sampled_from(list(whole.points)), min_size=1, max_size=3)):
        keys = draw.draw(st.lists(st.sampled_from(whole.keys), min_size=1, unique=True))
        entries.append(
            {key: draw.draw(st.sampled_from([point[key], [point[key]]])) for key in keys}
        )
    left = [
        point
        for point in whole.points
        if not any(
            all(point[k] == (v[0] if isinstance(v, list) else v) for k, v in entry.items())
            for entry in entries
        )
    ]
    found = design({**data, "exclude": entries})
    assert list(found.points) == left
    assert len(found) == len(left)


def test_an_exclusion_inside_a_nested_design_is_of_its_points_alone() -> None:
    found = design({
        "nested": [
            {"grid": {"policy.delay": [0, 1], "policy.fix": [0, 1]},
             "exclude": [{"policy.delay": 1, "policy.fix": [0, 1]}]},
            {"list": [{"days": 3}, {"days": 4}]},
        ],
        "exclude": [{"days": 4, "policy.fix": 1}],
    })  # fmt: skip
    assert [tuple(point.values()) for point in found.points] == [(0, 0, 3), (0, 0, 4), (0, 1, 3)]


def test_a_billion_points_are_counted_and_found_at_once() -> None:
    keys = ("policy.delay", "talk.half_life", "voice.severity")
    found = design({"grid": {key: [1 + i / 1000 for i in range(1000)] for key in keys}})
    assert len(found) == MOST_POINTS
    number = 123_456_789
    assert tuple(found.points[number].values()) == pytest.approx((1.123, 1.456, 1.789))
    assert tuple(found.points[-1].values()) == pytest.approx((1.999, 1.999, 1.999))


# Samples

RANGES: dict[str, Any] = {
    "service.failure_probability": [0.01, 0.08],
    "talk.half_life": {"log_uniform": [1, 30]},
    "talk.recovered": {"normal": [12, 4], "low": 1},
    "talk.failure": {"triangular": [5, 14, 20]},
    "money.margin": {"beta": [2, 4], "low": 0.2, "high": 0.8},
}
CDF = {
    "service.failure_probability": scipy.stats.uniform(0.01, 0.07),
    "talk.half_life": scipy.stats.loguniform(1, 30),
    "talk.recovered": scipy.stats.truncnorm((1 - 12) / 4, (100 - 12) / 4, 12, 4),
    "talk.failure": scipy.stats.triang(9 / 15, 5, 15),
    "money.margin": scipy.stats.beta(2, 4, 0.2, 0.6),
}


def drawn(kind: str, samples: int, seed: int = 1, **more: Any) -> list[dict[str, Any]]:
    data = {kind: {"samples": samples, "ranges": RANGES, "seed": seed}, **more}
    return [dict(point) for point in design(data).points]


@settings(max_examples=20)
@given(st.sampled_from(["lhs", "sobol"]), st.integers(0, 8), st.integers(0, 2**32 - 1))
def test_each_of_as_many_equally_likely_slices_as_points_is_met_once(
    kind: str, power: int, seed: int
) -> None:
    samples = 2**power if kind == "sobol" else 3 * 2**power - 1
    points = drawn(kind, samples, seed)
    for key, known in CDF.items():
        slices = np.floor(known.cdf([point[key] for point in points]) * samples + 1e-9)
        assert sorted(slices.astype(int)) == list(range(samples)), key


@pytest.mark.parametrize("kind", ["sobol", "random"])
def test_more_points_begin_with_the_points_of_fewer(kind: str) -> None:
    assert drawn(kind, 64)[:16] == drawn(kind, 16)


@pytest.mark.parametrize("kind", ["lhs", "sobol", "random"])
def test_the_same_seed_draws_the_same_points_and_another_draws_others(kind: str) -> None:
    assert drawn(kind, 16, 3) == drawn(kind, 16, 3)
    assert not {str(point) for point in drawn(kind, 16, 3)} & {str(p) for p in drawn(kind, 16, 4)}


def test_random_points_are_independent_draws_of_their_distributions() -> None:
    points = drawn("random", 4096)
    for key, known in CDF.items():
        values = [point[key] for point in points]
        assert scipy.stats.kstest(values, known.cdf).pvalue > 0.001, key
    ranks = scipy.stats.spearmanr([list(point.values()) for point in points]).statistic
    assert np.abs(ranks[np.triu_indices(len(RANGES), 1)]).max() < 4.5 / math.sqrt(4096)


def distribution(key: str, given: Any) -> Distribution:
    return design({"lhs": {"samples": 1, "ranges": {key: given}}}).ranges[key]


@pytest.mark.parametrize("key", RANGES)
def test_a_distribution_is_scipys(key: str) -> None:
    over = distribution(key, RANGES[key])
    values = over.ppf(SHARES)
    assert values == pytest.approx(CDF[key].ppf(SHARES), rel=1e-9)
    low, high = over.ends
    assert values == sorted(values)
    assert all(low <= value <= high for value in values)


@settings(max_examples=60)
@given(st.integers(0, 40), st.integers(1, 12), st.integers(1, 30))
def test_whole_numbers_are_each_equally_likely(low: int, span: int, times: int) -> None:
    over = distribution("policy.agents", [low, low + span])
    count = (span + 1) * times
    values = over.ppf((np.arange(count) + 0.5) / count)
    assert all(type(value) is int for value in values)
    numbers, counts = np.unique(values, return_counts=True)
    assert numbers.tolist() == list(range(low, low + span + 1))
    assert set(counts.tolist()) == {times}
    assert (over.ppf([0.0]), over.ppf([1 - 1e-16, 1.0])) == ([low], [low + span] * 2)


@pytest.mark.parametrize(
    ("given", "known"),
    [
        ({"log_uniform": [1, 9]}, scipy.stats.loguniform(0.5, 9.5)),
        ({"normal": [4, 2], "low": 1, "high": 9}, scipy.stats.truncnorm(-1.75, 2.75, 4, 2)),
        ({"triangular": [1, 3, 9]}, scipy.stats.triang(2.5 / 9, 0.5, 9)),
        ({"beta": [1, 1], "low": 1, "high": 9}, scipy.stats.uniform(0.5, 9)),
    ],
)
def test_a_whole_number_stands_for_half_a_step_to_either_side(given: Any, known: Any) -> None:
    shares = (np.arange(200_000) + 0.5) / 200_000
    numbers, counts = np.unique(
        distribution("policy.agents", given).ppf(shares), return_counts=True
    )
    assert numbers.tolist() == list(range(1, 10))
    assert counts / 200_000 == pytest.approx(np.diff(known.cdf(np.arange(0.5, 10))), abs=2e-5)


def test_it_is_the_parameter_that_decides_what_is_a_whole_number() -> None:
    days = distribution("policy.delay", [1, 3]).ppf([0.3])
    agents = distribution("policy.agents", [1, 3]).ppf([0.3])
    assert (days, agents) == ([1.6], [1])
    assert [type(value) for value in (*days, *agents)] == [float, int]


def test_a_choice_gives_each_value_as_often_and_as_the_scenario_holds_it() -> None:
    over = distribution("policy.authority", {"choice": [None, 5, 2.5]})
    assert over.ppf([0, 0.32, 0.34, 0.66, 0.67, 1]) == [None, None, 5.0, 5.0, 2.5, 2.5]
    assert over.values == (None, 5.0, 2.5)
    words = distribution("network.kind", {"choice": ["none", "complete"]})
    assert words.ppf([0.49, 0.51]) == ["none", "complete"]


def test_a_normal_is_cut_off_at_the_bounds_of_its_parameter() -> None:
    over = distribution("policy.fix", {"normal": [0.9, 0.5]})
    assert over.ends == (0, 1)
    assert over.ppf([0.0, 1.0]) == [0.0, 1.0]


@pytest.mark.parametrize(
    ("key", "given", "text"),
    [
        ("service.failure_probability", [0.01, 0.08], "uniform from 0.01 to 0.08"),
        ("market.people", {"log_uniform": [300, 12000]}, "log-uniform from 300 to 12,000"),
        ("policy.delay", {"normal": [7, 2.5]},
         "normal with mean 7 and standard deviation 2.5, from 0 to 3,650"),
        ("policy.delay", {"triangular": [0, 1, 9]}, "triangular from 0 to 9, likeliest 1"),
        ("policy.fix", {"beta": [2, 4]}, "beta(2, 4) from 0 to 1"),
        ("talk.enabled", {"choice": [True, False]}, "one of true, false, each as likely"),
        ("policy.authority", {"choice": [None, 5]}, "one of empty, 5, each as likely"),
    ],
)  # fmt: skip
def test_a_distribution_says_what_it_is(key: str, given: Any, text: str) -> None:
    assert distribution(key, given).text == text


def test_every_kind_of_distribution_is_named() -> None:
    given = {"uniform": [1, 2], "log_uniform": [1, 2], "normal": [1, 1], "triangular": [0, 1, 2],
             "beta": [1, 1], "choice": [1, 2]}  # fmt: skip
    assert [distribution("policy.delay", {k: v}).kind for k, v in given.items()] == list(SHAPES)


# Keys


def test_every_key_of_world_and_policy_can_be_varied_and_changes_nothing_else() -> None:
    # Without ties, of which there can be too many for the people.
    scenario = Scenario.model_validate({"network": {"kind": "none"}})
    before = scenario.resolved()
    for key in single_keys():
        value = other_value(parameter_of(key), at(before, key))
        after = changed(scenario, design({"grid": {key: [value]}}).points[0]).resolved()
        assert at(after, key) == value != at(before, key), key
        section, _, name = key.rpartition(".")
        (at(after, section) if section else after)[name] = at(before, key)
        assert after == before, key


def test_entries_of_lists_are_keys_too() -> None:
    assert "outages.0.severity" in parameters()
    scenario = Scenario.model_validate({"outages": ({"day": 3}, {"day": 5})})
    point = design({"list": [{"outages.1.severity": 0.9, "outages.0.day": 4}]}).points[0]
    made = changed(scenario, point)
    assert [(outage.day, outage.severity) for outage in made.outages] == [(4, 0.5), (5, 0.9)]


def test_values_are_as_the_scenario_holds_them() -> None:
    found = design({"grid": {"policy.delay": [0, 2], "policy.agents": [0, 2]}})
    assert [type(value) for value in found.points[0].values()] == [float, int]


# Files


@given(designs())
def test_a_design_is_read_back_as_it_is_written(data: dict[str, Any]) -> None:
    found = design(data)
    again = design(found.resolved())
    assert again == found
    assert list(again.points) == list(found.points)


def test_an_experiment_with_a_design_is_read_back_as_it_is_written(file: Path) -> None:
    text = (
        "{nested: [{grid: {policy.delay: [0, 2], policy.authority: [null, 3]}, "
        "exclude: [{policy.delay: 2, policy.authority: null}]}, "
        "{sobol: {samples: 4, ranges: {talk.half_life: {normal: [7, 2]}, "
        "network.kind: {choice: [none, complete]}}}}], fixed: {days: 9}}"
    )
    loaded(file, text)
    one = load_experiment(file)
    Path("scenario.yaml").write_text(one.scenario.to_yaml())
    Path("again.yaml").write_text(one.to_yaml("scenario.yaml"))
    again = load_experiment("again.yaml")
    assert again.resolved() == one.resolved()
    assert again.design is not None and one.design is not None
    assert list(again.design.points) == list(one.design.points)
    assert [job.identity for job in Plan(again)] == [job.identity for job in Plan(one)]


def test_any_part_of_a_design_can_be_set_on_top(file: Path) -> None:
    text = "{sobol: {samples: 8, ranges: {policy.delay: [0, 9], talk.half_life: {normal: [7, 2]}}}}"
    found = loaded(
        file, text, "design.sobol.samples=4", "design.sobol.ranges.policy.delay=[1, 2]",
        "design.sobol.ranges.talk.half_life.normal.1=0.5", "design.sobol.ranges.talk.retold=[0, 0.5]",
        "design.fixed.policy.fix=0.5",
    )  # fmt: skip
    assert len(found) == 4
    assert {key: over.text for key, over in found.ranges.items()} == {
        "policy.delay": "uniform from 1 to 2",
        "talk.half_life": "normal with mean 7 and standard deviation 0.5, from 0.1 to 365",
        "talk.retold": "uniform from 0 to 0.5",
    }
    assert found.points[0]["policy.fix"] == 0.5
    nested = "{nested: [{grid: {policy.delay: [1]}}, {list: [{policy.fix: 0}, {policy.fix: 1}]}]}"
    found = loaded(
        file, nested, "design.nested.0.grid.policy.delay=[1, 2]",
        "design.nested.1.list.1.policy.fix=0.5", "design.exclude=[{policy.delay: 2}]",
    )  # fmt: skip
    assert [tuple(point.values()) for point in found.points] == [(1, 0), (1, 0.5)]
    whole = loaded(file, nested, "design={grid: {policy.delay: [3]}}")
    assert [dict(point) for point in whole.points] == [{"policy.delay": 3.0}]


def test_a_network_of_a_design_is_read_from_the_folder_of_its_file(file: Path) -> None:
    for name in ("one", "two"):
        (file.parent / f"{name}.txt").write_text("a b\n")
    found = loaded(file, "{grid: {network.file: [one.txt, two.txt]}}")
    assert [point["network.file"] for point in found.points] == [
        str(file.parent / "one.txt"), str(file.parent / "two.txt"),
    ]  # fmt: skip
    assert told(file, "{grid: {network.file: [one.txt, tow.txt]}}") == (
        "e.yaml:3: design.grid.network.file.1 = tow.txt does not exist; did you mean two.txt?"
    )


def test_without_policies_the_scenarios_own_is_the_only_one(file: Path) -> None:
    file.write_text("scenario: bakery\nset: {policy: fast, policy.ease: 3}\n")
    made = load_experiment(file, ["policy.delay=2"])
    assert list(made.policies) == [made.baseline] == ["fast (changed)"]
    levers = made.policies[made.baseline]
    assert (levers.delay, levers.ease, levers.apology) == (2, 3, 0.7)
    file.write_text("scenario: bakery\nbaseline: none\n")
    with pytest.raises(
        InputError, match="baseline = none must be the scenario's own policy, bakery"
    ):
        load_experiment(file)


def told(file: Path, text: str) -> str:
    with pytest.raises(InputError) as caught:
        loaded(file, text)
    return str(caught.value)


ONE = "policy.delay: [1, 2]"
WRONG = {
    "{grid: {policy.dely: [1]}}":
        "design.grid.policy.dely = [1]: this is not a key of world or policy; did you mean policy.delay?",
    "{fixed: {dlay: 3}, grid: {days: [3]}}":
        "design.fixed.dlay = 3 is not a key of world or policy; did you mean policy.delay?",
    "{grid: {half_life: [1]}}": "did you mean talk.half_life?",
    "{grid: {policy.delay: [0, 9999]}}":
        "design.grid.policy.delay.1 = 9999 must be at most 3650 (days): time from the complaint to "
        "the answer, when the desk has no limit",
    "{grid: {policy.fix: [35]}}": "design.grid.policy.fix.0 = 35 must be at most 1 (share): how far "
        "the thing itself is put right; for 35% write 0.35",
    "{grid: {policy.agents: [1.5]}}": "design.grid.policy.agents.0 = 1.5 must be a whole number",
    "{grid: {policy.delay: ['5']}}": "write 5, without quotes",
    "{grid: {policy.delay: [true]}}": "design.grid.policy.delay.0 = true must be a number",
    "{grid: {talk.enabled: [yes]}}": "design.grid.talk.enabled.0 = yes must be true or false",
    "{grid: {network.kind: [small_wrld]}}": "did you mean small_world?",
    "{grid: {outages.00.day: [1]}}": "this is not a key of world or policy",
    "{grid: {policy.delay: 3}}":
        "design.grid.policy.delay = 3 must be a list of values; a single one goes under `fixed`",
    "{grid: {policy.delay: [0, 2, 0]}}": "design.grid.policy.delay.2 = 0 is there twice",
    "{grid: {policy.delay: []}}": "design.grid.policy.delay: this must be a list of values",
    "{grid: {}}": "design.grid: this must have keys of world or policy",
    "{grid: 3}": "design.grid = 3 must have keys of world or policy",
    "{grid: {seed: [1, 2]}}": "how many worlds, or which, is said by `seeds`",
    "{grid: {name: [a]}}": "design.grid.name = [a]: this is a name, and changes nothing in a run",
    "{grid: {policy_name: [a]}}": "design.grid.policy_name = [a]: this is a name",
    "{grid: {policy: [fast]}}": "this is a whole policy; list policies under `policies`",
    "{grid: {network: [x]}}": "this is a section; set keys within it, such as network.kind",
    "{grid: {outages: [x]}}": "this is a section; set keys within it, such as outages.0.day",
    "{gird: {policy.delay: [1]}}": "design.gird = {...} is not a key of design; did you mean grid?",
    "{policy.delay: [1]}": "design: must have policy.delay within one of grid, zip, list, lhs, "
        "sobol, random, nested, or `fixed`",
    "{}": "design: must have one of grid, zip, list, lhs, sobol, random, nested",
    "{fixed: {policy.fix: 1}}": "design: must have one of grid, zip",
    "grid": "design = grid must be a section with keys of its own",
    f"{{grid: {{{ONE}}}, zip: {{policy.fix: [1]}}}}":
        "design: has both grid and zip; keep one, or combine all their points: nested: "
        "[{grid: ...}, {zip: ...}]",
    f"{{grid: {{{ONE}}}, fixed: {{policy.delay: 2}}}}":
        "design.fixed.policy.delay = 2 cannot be, for it varies under `grid`",
    f"{{nested: [{{grid: {{{ONE}}}}}, {{zip: {{{ONE}}}}}]}}":
        "design.nested.1: policy.delay is varied in a design above this one",
    f"{{nested: [{{grid: {{{ONE}}}}}]}}": "design.nested: must have two designs or more",
    f"{{nested: [{{grid: {{{ONE}}}}}, {{grid: {{policy.fix: [2]}}}}]}}":
        "design.nested.1.grid.policy.fix.0 = 2 must be at most 1",
    f"{{zip: {{{ONE}, policy.fix: [1]}}}}":
        "design.zip.policy.fix = [1]: this must have as many values as policy.delay: 2, and has 1; for "
        "every combination write grid",
    "{list: [{policy.delay: 1}, {policy.fix: 1}]}":
        "design.list.1: this must set the same keys as the first point; see policy.delay",
    "{list: [{policy.delay: 1}, {policy.delay: 1}]}": "design.list.1: this is there twice",
    "{list: {policy.delay: 1}}": "design.list: this must be a list of points",
    "{list: [3]}": "design.list.0 = 3 must have keys of world or policy",
    "{lhs: {samples: 0, ranges: {policy.fix: [0, 1]}}}": "design.lhs.samples = 0 must be at least 1",
    "{lhs: {samples: 9}}": "design.lhs.ranges is missing",
    "{lhs: {ranges: {policy.fix: [0, 1]}}}": "design.lhs.samples is missing",
    "{lhs: {samples: 9, sed: 1, ranges: {policy.fix: [0, 1]}}}": "did you mean seed?",
    "{sobol: {samples: 100, ranges: {policy.fix: [0, 1]}}}":
        "design.sobol.samples = 100 must be a power of two, for only then do Sobol points fill the "
        "space evenly; write 64 or 128",
    f"{{nested: [{{random: {{samples: 1000000, ranges: {{policy.fix: [0, 1]}}}}}}, "
    f"{{grid: {{policy.delay: [{', '.join(map(str, range(1001)))}]}}}}]}}":
        "design: has 1,001,000,000 points, which are more than 1,000,000,000",
    f"{{grid: {{{ONE}}}, exclude: [{{policy.delay: 3}}]}}":
        "design.exclude.0.policy.delay = 3 leaves nothing out, for here it is one of 1, 2",
    f"{{grid: {{{ONE}}}, exclude: [{{policy.fix: 1}}]}}":
        "design.exclude.0.policy.fix = 1 names no key of this design (policy.delay)",
    f"{{grid: {{{ONE}}}, exclude: [{{{ONE}}}]}}":
        "design: everything is excluded; no point is left",
    f"{{grid: {{{ONE}}}, exclude: [{{policy.delay: -1}}]}}":
        "design.exclude.0.policy.delay = -1 must be at least 0",
    "{lhs: {samples: 4, ranges: {policy.fix: [0, 1]}}, exclude: [{policy.fix: 1}]}":
        "takes any number in its range here",
    "{lhs: {samples: 4, ranges: {policy.agents: [0, 3]}}, exclude: [{policy.agents: 4}]}":
        "leaves nothing out, for here it is uniform from 0 to 3",
    "{grid: {outages.0.share: [1]}}":
        "design: at outages.0.share = 1: outages.0 cannot be set: outages is a list with no entries",
}  # fmt: skip


@pytest.mark.parametrize("text", WRONG)
def test_what_is_wrong_is_told_with_place_value_bound_and_remedy(file: Path, text: str) -> None:
    message = told(file, text)
    assert message.startswith("e.yaml:3: ") and "\n" not in message
    assert WRONG[text] in message


BAD_RANGES = {
    "[0, 1, 2]": "this must be [low, high], rising; a single value goes under `fixed`",
    "[1, 0]": "this must be [low, high], rising",
    "[1, 1]": "a single value goes under `fixed`",
    "[0, 2]": ".1 = 2 must be at most 1 (share)",
    "[-1, 1]": ".0 = -1 must be at least 0",
    "[0, x]": "this must be [low, high], rising",
    "[0, .inf]": "this must be [low, high], rising",
    "0.5": "= 0.5 must be [low, high], or a section with one of uniform",
    "{unifrm: [0, 1]}": "did you mean uniform?",
    "{}": "this must be [low, high], or a section",
    "{beta: [1, 2], normal: [0, 1]}": "this has both normal and beta; keep one",
    "{uniform: [0, x]}": ".uniform = [0, x]: this must be [low, high], rising",
    "{log_uniform: [0, 1]}": ".log_uniform = [0, 1]: this must be [low, high], rising, both above 0",
    "{normal: [0.5, 0]}": "this must be [mean, standard deviation], the latter above 0",
    "{normal: [1.5, 1]}": ".normal.0 = 1.5 must be at most 1",
    "{normal: [0.5, 1], low: 0.6}": "the mean within the ends",
    "{normal: [0.5, 1], lo: 0}": ".lo = 0 is not a key of a normal distribution; it has low, high",
    "{normal: [0.5, 1], low: x}": ".low = x must be a number",
    "{triangular: [0, 2, 1]}": "this must be [least, likeliest, greatest], rising",
    "{beta: [0, 1]}": "this must be [a, b], two shapes above 0",
    "{beta: [2, 4], low: 0, high: 3}": ".high = 3 must be at most 1",
    "{choice: [1]}": "this must be [value, value, ...], two or more, each once",
    "{choice: [1, 1.0]}": "two or more, each once",
    "{choice: [1, 3]}": ".choice.1 = 3 must be at most 1",
}


@pytest.mark.parametrize("text", BAD_RANGES)
def test_a_range_that_is_none_is_told(file: Path, text: str) -> None:
    message = told(file, f"{{lhs: {{samples: 4, ranges: {{policy.fix: {text}}}}}}}")
    assert message.startswith("e.yaml:3: design.lhs.ranges.policy.fix")
    assert BAD_RANGES[text] in message


@pytest.mark.parametrize("key", ["talk.enabled", "network.kind"])
def test_what_takes_no_numbers_has_no_range(file: Path, key: str) -> None:
    message = told(file, f"{{lhs: {{samples: 4, ranges: {{{key}: [0, 1]}}}}}}")
    assert message.endswith("takes no numbers; write {choice: [one, another]}")


def test_all_that_is_wrong_is_told_in_one_go(file: Path) -> None:
    file.write_text(
        "scenario: bakery\ndesign:\n  nested:\n    - grid:\n        policy.dely: [1]\n"
        "        policy.fix: [0, 2]\n    - lhs: {samples: 0, ranges: {talk.hops: [0, 1.5]}}\n"
    )
    with pytest.raises(InputError) as caught:
        load_experiment("e.yaml")
    lines = str(caught.value).splitlines()
    assert [line.partition(" ")[0] for line in lines] == [
        "e.yaml:5:",
        "e.yaml:6:",
        *["e.yaml:7:"] * 2,
    ]


# Together

OUTAGES = "scenario: bakery\nset: {market.people: 30, outages: [{day: 1}, {day: 2}], days: 4}\n"


def test_values_that_cannot_be_together_are_told_with_their_point_before_anything_runs(
    file: Path,
) -> None:
    file.write_text(OUTAGES + "design: {grid: {outages.0.day: [1, 3], outages.1.day: [2, 3]}}\n")
    with pytest.raises(InputError) as caught:
        load_experiment("e.yaml")
    assert str(caught.value) == (
        "e.yaml:3: design: at outages.0.day = 3, outages.1.day = 3: outages: two fall on the same "
        "day; join them into one"
    )


def test_of_too_many_points_to_be_tried_one_that_cannot_be_is_a_failed_run(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("experiments.planning.trying.MOST_TRIED", 3)
    file.write_text(
        OUTAGES + "seeds: 2\ndesign: {grid: {outages.0.day: [1, 3], outages.1.day: [2, 3]}}\n"
    )
    swept = sweep(Plan(load_experiment("e.yaml")))
    assert (swept.done, swept.failed) == (6, 2)
    assert all("two fall on the same day" in failure.error for _, failure in swept.failures)
    assert {job.point["outages.0.day"] for job, _ in swept.failures} == {3}


def test_points_beyond_memory_are_refused(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import sim.memory

    monkeypatch.setattr(sim.memory, "available_memory", lambda: 2**30)
    message = told(file, "{grid: {market.people: [100, 100000000]}}")
    assert message.startswith("e.yaml:3: market.people = 100000000 needs about 25.0 GB of memory")


HOURS = r"would take about [\d,]+ hours of a processor and [\d,]+ GB of disk"
BILLION = 2**30
RANGE = "ranges: {service.failure_probability: [0.01, 0.08]}"
LARGE = {
    **{
        f"{{{kind}: {{samples: {BILLION}, {RANGE}}}}}":
            rf"design.{kind}.samples = {BILLION} must be at most 1048576 \(points\): .*; "
            rf"1,073,741,824 points {HOURS}, or more"
        for kind in ("lhs", "sobol", "random")
    },
    f"{{nested: [{{random: {{samples: {BILLION}, {RANGE}}}}}, {{grid: {{policy.fix: [0, 1]}}}}]}}":
        rf"design.nested.0.random.samples = {BILLION} .*; 1,073,741,824 points {HOURS}",
    f"{{nested: [{{random: {{samples: 1000000, {RANGE}}}}}, {{grid: {{policy.delay: "
    f"{list(range(1001))}}}}}]}}":
        rf"design: has 1,001,000,000 points, .*; 1,001,000,000 points {HOURS}",
    f"{{grid: {{policy.fix: [0, 1]}}}}\nprecision: {{outcome: nps, half_width: 1, at_most: {BILLION}}}":
        rf"at_most = {BILLION} must be at most 100000 .*; 1,073,741,824 worlds {HOURS}",
    f"{{grid: {{market.people: [100, {BILLION}]}}}}":
        rf"design.grid.market.people.1 = {BILLION} must be at most 100000000 \(people\): .*; "
        r"1,073,741,824 people need about 268.4 GB of memory, and 1.1 GB are available",
    f"{{lhs: {{samples: 4, ranges: {{market.people: [100, {BILLION}]}}}}}}":
        r"people need about 268.4 GB of memory, and 1.1 GB are available",
    f"{{list: [{{policy.fix: 1}}]}}\nset: {{market.people: {BILLION}}}":
        r"people need about 268.4 GB of memory, and 1.1 GB are available",
}  # fmt: skip


@pytest.mark.parametrize("text", LARGE)
def test_what_is_too_much_is_refused_with_what_it_would_take(
    file: Path, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    import sim.memory

    monkeypatch.setattr(sim.memory, "available_memory", lambda: 2**30)
    message = told(file, text)
    assert re.match(r"e\.yaml:[34]: ", message) and "\n" not in message
    assert re.search(LARGE[text], message), message


def test_a_billion_worlds_are_refused_with_what_they_would_take(file: Path) -> None:
    file.write_text(f"scenario: bakery\npolicies: [none, fast]\nseeds: {BILLION}\n")
    said = rf"3: seeds = {BILLION} must be how many .*; 1,073,741,824 worlds x 2 policies {HOURS}"
    with pytest.raises(InputError, match=said):
        load_experiment(file)


def test_what_a_networks_file_decides_cannot_be_varied(file: Path) -> None:
    (file.parent / "ties.txt").write_text("a b\n")
    message = told(file, "{grid: {market.people: [10, 20]}}\nset: {network.file: ties.txt}")
    assert "market.people has no effect: people and ties are those of ties.txt" in message


def test_compare_refuses_a_design(file: Path) -> None:
    loaded(file, "{grid: {policy.delay: [1, 2]}}")
    with pytest.raises(InputError, match="use `amends sweep`"):
        compare(load_experiment("e.yaml"))
    result = call("compare", "e.yaml")
    assert (result.exit_code, "amends sweep" in result.stderr) == (2, True)
