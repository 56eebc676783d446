"""Break-even: crossings of curves of which all is known, how sure they are, and how they are told."""

import re
from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from experiments import plots
from experiments.analyses.break_even import BreakEven, analyse
from experiments.analyses.break_even_report import picture, report
from experiments.design import Experiment, load_experiment
from experiments.methods.crossings import Crossing, Curve, refined
from experiments.planning.plan import Plan
from sim.errors import InputError
from tests.calling import call, done, told
from tests.picture_texts import overlapping, texts

Gain = Callable[[float, int], float]
"""What a policy gains over the baseline at a value of the lever, in a world."""


def experiment(lever: str = "policy.compensation", reach: str = "[0, 2]", *more: str) -> Experiment:
    section = f"break_even={{lever: {lever}, range: {reach}}}"
    return load_experiment("bakery", ["policies=[none, fast]", "seeds=12", section, *more])


def world(gain: Gain, lever: str = "policy.compensation", outcome: str = "npv_per_person") -> Any:
    """Return what performs a plan: `none` at a level of each world's own, and `fast` above it."""

    def perform(plan: Plan) -> pd.DataFrame:
        rows = []
        for seed in plan.seeds:
            shared = 50.0 + np.random.default_rng(seed).normal() * 10
            for cell, (point, policy) in enumerate(product(plan.points, plan.policies)):
                more = gain(float(point[lever]), seed) if policy == "fast" else 0.0
                rows.append({"cell": cell, "policy": policy, "seed": seed, outcome: shared + more})
        return pd.DataFrame(rows).sample(frac=1, random_state=0)

    return perform


def luck(seed: int, size: float = 0.1) -> float:
    return size * float(np.random.default_rng([seed, 1]).normal())


def quadratic(root: float) -> Gain:
    """A gain that is positive from -0.5 to the root, with luck of the world's own."""
    return lambda v, seed: (v + 0.5) * (root - v) + luck(seed, 0.3)


def found(gain: Gain, *arguments: str, **keywords: str) -> BreakEven:
    return analyse(experiment(*arguments), world(gain, **keywords))


def test_a_root_is_found_to_less_than_what_luck_leaves_open():
    result = found(lambda v, seed: (v + 0.5) * (1.3 - v) + luck(seed))
    (crossing,) = result.crossings
    assert crossing.low < 1.3 < crossing.high
    assert not crossing.rises
    assert crossing.error < (crossing.high - crossing.low) / 4
    assert result.conclusion.startswith(
        "Along policy.compensation (share of the price) from 0 to 2"
    )
    assert (
        "fast pays up to 1.3" in result.conclusion and "beyond, none is better" in result.conclusion
    )


def test_a_root_without_luck_is_found_to_a_ten_thousandth_of_the_range():
    (crossing,) = found(lambda v, seed: np.expm1(1.2345 - v)).crossings
    assert crossing.value == pytest.approx(1.2345, abs=1e-5)
    assert crossing.error <= 2e-4
    assert crossing.low == pytest.approx(1.2345, abs=1e-5)
    assert crossing.high == pytest.approx(1.2345, abs=1e-5)


def test_intervals_of_a_crossing_cover_it_in_95_of_100_experiments():
    """1,000 experiments of ten worlds; 95% less three standard errors is 93%, and more, 97%."""
    covered = 0
    for repeat in range(1000):
        generator = np.random.default_rng(repeat)
        shift, slope = generator.normal(size=(2, 10)) * [[0.3], [0.5]]

        def evaluate(at: Any, shift: Any = shift, slope: Any = slope) -> np.ndarray:
            v = np.asarray(at)[:, None]
            return (v + 0.5) * (1.37 - v) + shift + slope * (v - 0.5)

        (crossing,) = refined(evaluate, np.linspace(0, 2, 6).tolist()).crossings()
        low = -np.inf if crossing.low is None else crossing.low
        high = np.inf if crossing.high is None else crossing.high
        covered += low <= 1.37 <= high
    assert 930 <= covered <= 970


@given(
    root=st.floats(0.05, 0.95), tilt=st.floats(0.1, 50), worlds=st.integers(2, 6),
    noise=st.floats(0, 0.2),
)  # fmt: skip
def test_a_crossing_lies_within_its_interval_and_between_points_of_other_signs(
    root: float, tilt: float, worlds: int, noise: float
):
    shift = np.linspace(-noise, noise, worlds)

    def evaluate(at: Any) -> np.ndarray:
        return np.tanh(tilt * (np.asarray(at)[:, None] - root)) + shift

    curve = refined(evaluate, [0.0, 0.3, 0.7, 1.0])
    (crossing,) = curve.crossings()
    assert crossing.rises
    assert abs(crossing.value - root) <= crossing.error + 1e-12
    assert crossing.low is None or crossing.low <= crossing.value
    assert crossing.high is None or crossing.high >= crossing.value
    assert (np.diff(curve.at) > 0).all()


def test_the_worlds_are_shared_by_all_points_and_cancel():
    """The level of a world differs by 10 from the next; the difference knows nothing of it."""
    result = found(lambda v, seed: 0.01 * (0.7 - v))
    (crossing,) = result.crossings
    assert crossing.value == pytest.approx(0.7, abs=1e-5)
    assert crossing.high - crossing.low < 1e-3


def test_a_stretch_that_pays_within_noise_alone_is_not_called_sure():
    within = found(lambda v, seed: 0.05 * (1.0 - v) + luck(seed, 0.5))
    assert len(within.crossings) == 1
    assert "That it pays is nowhere sure: zero lies within the 95% band" in within.conclusion
    sure = found(lambda v, seed: 1.0 - v + luck(seed, 0.01))
    assert "nowhere sure" not in sure.conclusion
    less = found(lambda v, seed: v - 1.0 + luck(seed, 0.01), outcome="leavers")
    assert "nowhere sure" not in less.conclusion


def test_no_crossing_is_told_in_words():
    always = found(lambda v, seed: 1 + v + luck(seed))
    assert always.crossings == ()
    assert "fast pays everywhere, compared with none." in always.conclusion
    assert "It does best at 2," in always.conclusion
    never = found(lambda v, seed: -1 - v + luck(seed))
    assert "fast does not pay anywhere, compared with none." in never.conclusion
    unsure = found(lambda v, seed: 0.05 * luck(1, 1) ** 2 + v + luck(seed))
    assert "but not surely" in unsure.conclusion
    same = found(lambda v, seed: 0.0)
    assert "fast makes no difference to none anywhere." in same.conclusion
    assert same.crossings == ()


def test_several_crossings_are_told_with_what_lies_between():
    def gain(v: float, seed: int) -> float:
        return float(-(v - 0.3) * (v - 0.9) * (v - 1.6) + luck(seed, 0.01))

    result = found(gain)
    assert [round(c.value, 1) for c in result.crossings] == [0.3, 0.9, 1.6]
    assert [c.rises for c in result.crossings] == [False, True, False]
    assert "pays up to 0.3" in result.conclusion
    assert re.search(r"and between (0\.9|0\.89)\d* \(", result.conclusion)
    assert "elsewhere, none is better" in result.conclusion


def test_crossings_that_luck_may_have_made_are_said_to_be_one_doubt():
    def gain(v: float, seed: int) -> float:
        return float(0.02 * np.sin(3 * np.pi * v + 0.5) + luck(seed, 1.0))

    mean = float(np.mean([luck(seed, 1.0) for seed in range(1, 13)]))
    result = found(lambda v, seed: gain(v, seed) - mean)
    assert len(result.crossings) > 1
    assert "cannot be told apart" in result.conclusion


def test_an_interval_that_does_not_end_within_the_range_says_so():
    result = found(lambda v, seed: 1.9 - v + luck(seed, 0.5))
    (crossing,) = result.crossings
    assert crossing.low is not None and crossing.high is None
    assert "to beyond the range)" in result.conclusion


def test_touching_zero_is_no_crossing_and_staying_there_is_one():
    at = np.array([0.0, 1.0, 2.0, 3.0, 4.0])

    def curve(*means: float) -> Curve:
        return Curve(at, np.array(means)[:, None] + np.array([[-0.01, 0.01]]) * 0)

    assert curve(1, 0, 1, 1, 1).crossings() == ()
    assert curve(0, 0, 0, 0, 0).crossings() == ()
    assert curve(0, 1, 2, 3, 4).crossings() == ()
    assert curve(1, 0, 0, 0, -1).crossings() == (Crossing(2.0, 1.0, 3.0, False, 1.0),)


def test_points_at_which_all_is_undefined_are_passed_over():
    at = np.array([0.0, 1.0, 2.0, 3.0])
    curve = Curve(at, np.array([[1.0, 1.2], [np.nan] * 2, [-1.0, -1.2], [-2.0, -2.0]]))
    (crossing,) = curve.crossings()
    assert crossing.value == 1.0
    assert curve.best(1) == 0


def test_where_it_is_best_and_what_is_as_good():
    result = found(lambda v, seed: 1 - (v - 0.8) ** 2 + luck(seed) * (1 + v))
    best = result.to_json()["best"]
    assert best["value"] == pytest.approx(0.8, abs=0.15)
    assert best["as_good_from"] <= best["value"] <= best["as_good_to"]
    less = found(
        lambda v, seed: (v - 0.8) ** 2 - 0.5, "policy.compensation", "[0, 2]",
        "break_even.outcome=leavers", outcome="leavers",
    )  # fmt: skip
    assert less.to_json()["best"]["value"] == pytest.approx(0.8, abs=0.1)
    assert "does better at customers lost between 0.09" in less.conclusion


def test_a_lever_of_the_policy_moves_it_alone_and_the_baseline_runs_once():
    plans: list[Plan] = []
    perform = world(quadratic(1.2))

    def watched(plan: Plan) -> pd.DataFrame:
        plans.append(plan)
        return perform(plan)

    analyse(experiment(), watched)
    baseline = [plan for plan in plans if "none" in plan.policies]
    assert len(baseline) == 1 and len(baseline[0]) == 12
    assert baseline[0].points == [{"policy.compensation": 0.0}], "its own value: nothing changes"
    places = [
        point["policy.compensation"] for p in plans if p not in baseline for point in p.points
    ]
    assert len(places) == len(set(places)), "no point is run twice"
    assert len(places) > 9


def test_a_key_of_the_world_moves_for_both():
    result = analyse(
        experiment("money.margin", "[0, 1]"),
        world(lambda v, seed: v - 0.4 + luck(seed, 0.01), "money.margin"),
    )
    assert re.search(r"fast pays from (0\.4|0\.39)", result.conclusion)
    assert "below, none is better" in result.conclusion
    assert result.notes == ()


def test_whole_numbers_stay_whole():
    perform = world(lambda v, seed: 3.4 - v + luck(seed, 0.01), "policy.agents")
    asked: list[Any] = []

    def watched(plan: Plan) -> pd.DataFrame:
        asked.extend(point["policy.agents"] for point in plan.points)
        return perform(plan)

    result = analyse(experiment("policy.agents", "[1, 30]"), watched)
    assert all(isinstance(value, int) for value in asked)
    assert {3.0, 4.0} <= set(result.curve.at)
    assert "fast pays up to 3 (95% interval 3 to 3)" in result.conclusion


def test_one_world_gives_no_intervals_and_says_so():
    perform = world(quadratic(1.2))
    result = analyse(experiment("policy.compensation", "[0, 2]", "seeds=1"), perform)
    (crossing,) = result.crossings
    assert crossing[1:3] == (None, None)
    assert any("One world" in note for note in result.notes)
    report(result)


def test_runs_that_failed_are_told():
    perform = world(quadratic(1.2))
    result = analyse(experiment(), lambda plan: perform(plan)[lambda runs: runs["seed"] != 3])
    assert result.failed == len(result.curve.at) + 1
    assert any("runs failed" in note for note in result.notes)


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("break_even.lever=policy.compensatoin", "did you mean policy.compensation?"),
        ("break_even.lever=policy.answers", "takes no numbers"),
        ("break_even.lever=policy", "is a whole policy"),
        ("break_even.range=[1, 0]", "range must rise"),
        ("break_even.range=[0, 4]", "break_even.range.1 = 4 must be at most 3 (share of the price"),
        ("break_even.range=[0]", "break_even.range.1 is missing"),
        ("break_even.range=[0, 1, 2]", "must have at most 2 entries, and has 3"),
        ("break_even.range=1", "range"),
        ("break_even.points=2", "must be at least 3"),
        ("break_even.outcome=npss", "did you mean nps?"),
        ("break_even.outcome=failures", "neither good nor bad"),
        ("break_even.outcome=cost_per_customer_saved", "which no single run has"),
        ("break_even.policy=frugal", "beside the baseline (generous)"),
    ],
)
def test_a_section_that_cannot_be_is_refused(setting: str, said: str):
    with pytest.raises(InputError) as refused:
        load_experiment("how-generous", [setting])
    assert said in str(refused.value)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "names no lever"),
        (("--lever", "policy.delay"), "break_even.range is missing"),
        (("--lever", "policy.delay", "--range", "0", "9"), "say which policy"),
        (("--lever", "policy.delay", "--range", "9", "0", "--policy", "fast"), "must rise"),
        (("--lever", "policy.delya", "--range", "0", "9"), "--lever policy.delya"),
    ],
)
def test_what_is_missing_is_asked_for(arguments: tuple[str, ...], said: str):
    result = call("break-even", "bakery", *arguments)
    assert result.exit_code == 2
    assert said in result.output


def test_a_real_analysis_from_the_command_line(tmp_path: Path):
    arguments = (
        "break-even", "how-generous", "--lever", "policy.delay", "--range", "0", "40",
        "--seeds", "3", "--days", "60", "--points", "3", "--set", "market.people=200",
    )  # fmt: skip
    runs = ("--runs", str(tmp_path / "runs"))
    result = told(*arguments, *runs, "--out", str(tmp_path / "out"))
    from experiments.commands.break_even import JSON

    assert tuple(result) == JSON
    assert (result["lever"], result["unit"], result["policy"]) == (
        "policy.delay", "days", "generous",
    )  # fmt: skip
    assert {"value", "mean", "low", "high"} == set(result["points"][0])
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert {"report.md", "break_even.png", "break_even.svg", "points.csv", "values.parquet",
            "experiment.yaml", "provenance.json"} <= names  # fmt: skip
    values = pd.read_parquet(tmp_path / "out" / "values.parquet")
    assert len(values) == 3 * len(result["points"])
    first = values.groupby("policy.delay")["difference"].mean()
    assert first.tolist() == pytest.approx([point["mean"] for point in result["points"]])
    again = told("break-even", str(tmp_path / "out" / "experiment.yaml"), *runs)
    assert again == result
    assert "difference" in done(*arguments).stdout


@pytest.mark.parametrize("root", [0.2, 1.0, 1.8])
@pytest.mark.parametrize("direction", [1, -1])
def test_the_picture_says_where_it_crosses_and_no_text_lies_over_another(
    root: float, direction: int, tmp_path: Path
):
    result = found(lambda v, seed: direction * (v - root) + luck(seed, 0.2))
    figure = picture(result)
    said = [text.get_text() for text in texts(figure)]
    assert "policy.compensation (share of the price)" in said
    assert any("(95% interval" in text for text in said)
    assert any("(money)" in text.replace("\n", " ") for text in said)
    assert {"pays", "does not pay"} & set(said)
    assert overlapping(figure) == []
    if root != 1.0:
        return
    for name in ("a", "b"):
        plots.save(picture(result), tmp_path, name)
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()
    assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()


@pytest.mark.parametrize("places", [(0.02,), (0.55,), (0.99,), (0.4, 0.6), (0.3, 0.5, 0.52, 0.98)])
def test_what_is_written_beside_crossings_stays_within_the_picture(places: tuple[float, ...]):
    at = np.linspace(0, 1, 11)
    points = pd.DataFrame({"value": at, "mean": 0.5 - at, "low": 0.2 - at, "high": 0.8 - at})
    said = "{}\n(its 95% interval goes beyond the range on both sides)"
    marks = [
        (place, None, None, bool(number % 2), said.format(place))
        for number, place in enumerate(places)
    ]
    signs = ("does no better at customers lost", "does better at customers lost")
    figure = plots.break_even(points, marks, "lever (days)", "difference", "title", "how", signs)
    assert overlapping(figure) == []
    (axes,) = figure.axes
    frame = axes.get_window_extent()
    for text in texts(figure):
        if "95%" in text.get_text():
            box = text.get_window_extent()
            assert frame.x0 - 1 <= box.x0 and box.x1 <= frame.x1 + 1
