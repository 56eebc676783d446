"""Sensitivity: indices and tornadoes of functions of which all is known, with and without luck."""

from collections.abc import Callable, Sequence
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from experiments import plots
from experiments.analyses.sensitivity import Sensitivity, Study, analyse
from experiments.analyses.sensitivity_report import pictures, report
from experiments.design import Experiment, load_experiment
from experiments.methods import indices
from experiments.methods.indices import Index
from experiments.methods.samples import distinct, samples
from experiments.planning.plan import Plan
from sim.errors import InputError
from tests.calling import call, done, told
from tests.picture_texts import overlapping, texts

Function = Callable[[np.ndarray], np.ndarray]
"""From points [points, keys], each key from 0 to 1, to values."""

KEYS = ("talk.weak_ties", "talk.weak_influence", "talk.hop_decay", "market.customers")
"""Parameters from 0 to 1, which stand for the arguments of a function."""

SMALL = ("market.people=200", "days=40")


def ishigami(u: np.ndarray) -> np.ndarray:
    """Ishigami & Homma 1990, with 7 and 0.1."""
    x = np.pi * (2 * u - 1)
    return np.sin(x[:, 0]) + 7 * np.sin(x[:, 1]) ** 2 + 0.1 * x[:, 2] ** 4 * np.sin(x[:, 0])


ISHIGAMI = {"first": (0.3139, 0.4424, 0.0), "total": (0.5576, 0.4424, 0.2437)}
WEIGHTS = np.array([4.0, 2.0, 1.0, 0.0])


def linear(u: np.ndarray) -> np.ndarray:
    return u @ WEIGHTS


def experiment(keys: Sequence[str], samples: int, seeds: int = 4, *more: str) -> Experiment:
    ranges = ", ".join(f"{key}: [0, 1]" for key in keys)
    section = (
        f"{{samples: {samples}, seeds: {seeds}, outcomes: [reputation], ranges: {{{ranges}}}}}"
    )
    policies = ("policies=[none, fast]", "seeds=6")
    return load_experiment("bakery", [*policies, f"sensitivity={section}", *more])


def world(
    difference: Function, level: Function, luck: float = 0.0
) -> Callable[[Plan], pd.DataFrame]:
    """Return what performs a plan: `none` is at a level, and `fast` above it by a difference.

    Luck is drawn anew for every point and world under `fast`, and for every world under both, which
    the difference must not see.
    """

    def perform(plan: Plan) -> pd.DataFrame:
        rows = []
        for seed in plan.seeds:
            shared = np.random.default_rng(seed).normal() * 10
            for cell, (point, policy) in enumerate(product(plan.points, plan.policies)):
                at = np.array([list(point.values())], dtype=float)
                value = level(at)[0] + shared
                if policy == "fast":
                    key = [seed, *np.round(at[0] * 1e9).astype(np.int64)]
                    value += difference(at)[0]
                    value += luck * np.random.default_rng(key).normal() if luck else 0.0
                rows.append({"cell": cell, "policy": policy, "seed": seed, "reputation": value})
        return pd.DataFrame(rows).sample(frac=1, random_state=0)

    return perform


def nothing(u: np.ndarray) -> np.ndarray:
    return np.full(len(u), 50.0)


def studied(result: Sensitivity, policy: str, baseline: str | None) -> Study:
    (study,) = (s for s in result.studies if (s.policy, s.baseline) == (policy, baseline))
    return study


def values(found: Sequence[Index]) -> list[float]:
    return [index.value if index.value is not None else np.nan for index in found]


def test_the_indices_of_ishigamis_function_are_known():
    result = analyse(experiment(KEYS[:3], 256, 2), world(ishigami, linear_of(3)))
    found = studied(result, "fast", "none").indices
    assert values(found.first) == pytest.approx(ISHIGAMI["first"], abs=0.1)
    assert values(found.total) == pytest.approx(ISHIGAMI["total"], abs=0.1)
    assert found.luck == pytest.approx(0.0, abs=1e-12)
    assert found.variance == pytest.approx(13.845, rel=0.1)


def linear_of(count: int) -> Function:
    return lambda u: u @ WEIGHTS[:count]


def test_the_indices_of_a_linear_function_are_its_squared_weights():
    result = analyse(experiment(KEYS, 64), world(linear, nothing))
    found = studied(result, "fast", "none").indices
    shares = WEIGHTS**2 / (WEIGHTS**2).sum()
    assert values(found.total) == pytest.approx(shares, abs=0.03)
    assert values(found.first) == pytest.approx(shares, abs=0.1)
    for index, share in zip(found.first + found.total, [*shares, *shares], strict=True):
        assert index.low - 1e-9 <= share <= index.high + 1e-9


def test_what_both_policies_share_drops_out_of_the_difference_and_not_of_the_level():
    def first(u: np.ndarray) -> np.ndarray:
        return 3 * u[:, 0]

    def second(u: np.ndarray) -> np.ndarray:
        return 5 * u[:, 1]

    result = analyse(experiment(KEYS[:2], 64), world(first, second))
    assert values(studied(result, "fast", "none").indices.total) == pytest.approx([1, 0], abs=0.05)
    assert values(studied(result, "none", None).indices.total) == pytest.approx([0, 1], abs=0.05)
    total = values(studied(result, "fast", None).indices.total)
    assert total == pytest.approx([9 / 34, 25 / 34], abs=0.06)


def test_without_luck_the_estimates_are_salibs_own():
    from SALib.analyze import sobol

    keys = ["a", "b", "c"]
    points = indices.sample(keys, 64, True, 5)
    values_ = ishigami(points)
    problem = {"num_vars": 3, "names": keys, "bounds": [[0, 1]] * 3}
    own = indices.estimate(values_[:, None], 3, second_order=True)
    theirs = sobol.analyze(problem, values_, calc_second_order=True, seed=1, num_resamples=1000)
    assert values(own.first) == pytest.approx(theirs["S1"], abs=1e-9)
    assert values(own.total) == pytest.approx(theirs["ST"], abs=1e-9)
    pairs = [theirs["S2"][i, j] for i, j in own.second]
    assert [index.value for index in own.second.values()] == pytest.approx(pairs, abs=1e-9)
    halves = [(index.high - index.low) / 2 for index in own.first]
    assert halves == pytest.approx(theirs["S1_conf"], rel=0.15)


def test_luck_is_not_read_as_influence_and_its_share_is_told():
    luck, spread = 4.0, linear(indices.sample(KEYS, 256, False, 1)).std()
    generator = np.random.default_rng(3)
    points = indices.sample(KEYS, 256, False, 1)
    exact = linear(points)
    noisy = exact[:, None] + luck * generator.normal(size=(len(points), 6))
    found = indices.estimate(noisy, 4)
    shares = WEIGHTS**2 / (WEIGHTS**2).sum()
    plain = indices.estimate(noisy.mean(axis=1)[:, None], 4)
    taken = values(plain.total)[3]
    assert taken > 0.3, "the average over the worlds reads luck as influence"
    assert values(found.total) == pytest.approx(shares, abs=0.15)
    assert found.luck == pytest.approx(luck**2 / (luck**2 + spread**2), abs=0.05)


def test_the_luck_that_is_alike_at_all_points_changes_no_index():
    points = indices.sample(KEYS, 32, False, 1)
    exact = linear(points)[:, None]
    alike = exact + 100 * np.random.default_rng(0).normal(size=(1, 5))
    found, sure = indices.estimate(alike, 4), indices.estimate(exact + np.zeros((1, 5)), 4)
    assert values(found.total) == pytest.approx(values(sure.total), abs=1e-9)
    assert found.luck > 0.9 and sure.luck == 0


def test_intervals_cover_the_true_indices():
    """Of 100 experiments with luck, the worst of eight indices is covered in 90 or more."""
    shares = WEIGHTS**2 / (WEIGHTS**2).sum()
    truth = [*shares, *shares]
    covered = np.zeros(8)
    for repeat in range(100):
        points = indices.sample(KEYS, 64, False, repeat)
        luck = np.random.default_rng(repeat).normal(size=(len(points), 6)) * 1.3
        found = indices.estimate(linear(points)[:, None] + luck, 4, resamples=200)
        both = found.first + found.total
        covered += [i.low - 1e-9 <= t <= i.high + 1e-9 for i, t in zip(both, truth, strict=True)]
    assert covered.min() >= 90


def test_what_only_two_do_together_is_their_interaction():
    points = indices.sample(["a", "b", "c"], 256, True, 2)
    joint = (points[:, 0] - 0.5) * (points[:, 1] - 0.5) * 12 + 0.5 * points[:, 2]
    found = indices.estimate(joint[:, None], 3, second_order=True)
    share = 1.0 / (1.0 + 0.25 / 12)
    assert found.second[0, 1].value == pytest.approx(share, abs=0.1)
    assert found.second[0, 2].value == pytest.approx(0.0, abs=0.1)
    assert values(found.first)[:2] == pytest.approx([0, 0], abs=0.1)


def test_an_outcome_that_is_the_same_everywhere_has_no_indices_and_says_so():
    result = analyse(experiment(KEYS[:2], 16), world(nothing, nothing))
    study = studied(result, "fast", "none")
    assert study.indices.reason == "it is the same whatever is assumed"
    assert study.indices.mean == 50.0
    assert "the same whatever is assumed" in result.conclusion
    assert all(bar.swing.mean == 0 for bar in study.bars)
    report(result)


def test_an_influence_lost_in_luck_is_not_named():
    points = indices.sample(KEYS, 16, False, 0)
    noise = np.random.default_rng(1).normal(size=(len(points), 4))
    found = indices.estimate(1e-3 * linear(points)[:, None] + noise, 4)
    assert "cannot be told from luck" in found.reason
    assert found.first[0] == Index(None, None, None)
    assert found.luck > 0.9


def test_rows_with_an_undefined_value_are_left_out_and_too_many_leave_nothing():
    points = indices.sample(KEYS, 64, False, 0)
    exact = linear(points)[:, None] + np.zeros((1, 2))
    some = exact.copy()
    some[: 5 * 6, 1] = np.nan
    found = indices.estimate(some, 4)
    assert found.rows == 59
    assert found == indices.estimate(exact[5 * 6 :], 4)
    most = exact.copy()
    most[:: 6 * 3] = np.nan
    most[1 :: 6 * 3] = np.nan
    most[: 40 * 6] = np.nan
    assert indices.estimate(most, 4).reason == "it is undefined in too many runs"


def test_the_tornado_of_a_linear_function_is_its_weights():
    result = analyse(experiment(KEYS, 16), world(lambda u: linear(u) - 3.0, nothing))
    study = studied(result, "fast", "none")
    assert study.middle.mean == pytest.approx(0.5)
    assert [bar.key for bar in study.bars] == list(KEYS)
    for bar, weight in zip(study.bars, WEIGHTS, strict=True):
        assert bar.swing.mean == pytest.approx(weight)
        assert bar.at_low.mean == pytest.approx(0.5 - weight / 2)
        assert bar.at_high.mean == pytest.approx(0.5 + weight / 2)
    assert [bar.overturned for bar in study.bars] == [("low",), ("low",), (), ()]
    assert [bar.surely for bar in study.bars] == [True, True, False, False]
    assert "any of these alone overturns it" in result.conclusion
    levels = studied(result, "fast", None)
    assert all(not bar.overturned for bar in levels.bars), "the sign of a level means nothing"


def test_a_sign_that_luck_may_have_changed_is_not_called_sure():
    noisy = world(lambda u: u[:, 0] - 0.45 + 0 * u[:, 1], nothing, luck=2.0)
    study = studied(analyse(experiment(KEYS[:2], 16), noisy), "fast", "none")
    assert not any(bar.surely for bar in study.bars)


def test_the_same_seed_gives_the_same_result_and_another_another_sample():
    perform = world(ishigami, linear_of(3), luck=1.0)
    one, same = (analyse(experiment(KEYS[:3], 16), perform).to_json() for _ in range(2))
    assert one == same
    other = analyse(experiment(KEYS[:3], 16, 4, "scenario=bakery", "seed=7"), perform).to_json()
    assert other["studies"] != one["studies"]


def test_points_that_are_alike_are_run_once():
    asked: list[Plan] = []
    perform = world(lambda u: u[:, 0], nothing)

    def counted(plan: Plan) -> pd.DataFrame:
        asked.append(plan)
        return perform(plan)

    whole = experiment(("talk.hops", KEYS[0]), 16, 2)
    result = analyse(whole, counted)
    found = studied(result, "fast", "none").indices
    assert len(asked[0].points) == len({tuple(point.items()) for point in asked[0].points})
    assert len(asked[0].points) < 16 * 4
    assert all(isinstance(point["talk.hops"], int) for point in asked[0].points)
    assert values(found.total)[1] == pytest.approx(0.0, abs=1e-9)
    points, which = distinct([{"a": 1}, {"a": 2}, {"a": 1}])
    assert (points, which.tolist()) == ([{"a": 1}, {"a": 2}], [0, 1, 0])


def test_runs_that_failed_leave_their_rows_out_and_are_told():
    perform = world(linear, nothing)

    def lossy(plan: Plan) -> pd.DataFrame:
        runs = perform(plan)
        return runs[~((runs["cell"] == 0) & (runs["seed"] == 2))]

    result = analyse(experiment(KEYS, 64), lossy)
    assert result.failed == 2
    assert studied(result, "fast", "none").indices.rows == 63
    assert studied(result, "fast", None).indices.rows == 64
    assert any("2 runs failed" in note for note in result.notes)


def test_an_outcome_that_single_runs_do_not_have_is_undefined():
    plan = Plan(experiment(KEYS[:1], 16), [{}])
    runs = pd.DataFrame({"cell": [0, 1], "seed": [1, 1], "reputation": [1.0, 2.0]})
    assert np.isnan(samples(plan, runs, "cost_per_customer_saved")).all()
    assert samples(plan, runs, "reputation")[0, :, 0].tolist() == [1.0, 2.0]


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("sensitivity.samples=60", "must be a power of two, such as 32 or 64"),
        ("sensitivity.samples=4", "must be at least 8"),
        ("sensitivity.ranges={talk.weak_tie: [0, 1]}", "did you mean talk.weak_ties?"),
        ("sensitivity.ranges={talk.weak_ties: [0, 2]}", "must be at most 1"),
        ("sensitivity.ranges={talk.weak_ties: [1, 0]}", "rising"),
        ("sensitivity.ranges={talk.weak_ties: 0.5}", "[low, high]"),
        ("sensitivity.ranges={talk.enabled: [0, 1]}", "takes no numbers"),
        ("sensitivity.ranges={}", "must have keys"),
        ("sensitivity.policy=quiet", "beside the baseline (inviting)"),
        ("sensitivity.policy=invitng", "did you mean inviting?"),
        ("sensitivity.outcomes=[reputatoin]", "did you mean reputation?"),
        ("sensitivity.seeds=0", "must be at least 1"),
        ("sensitivity.second_order=3", "must be true or false"),
    ],
)
def test_a_section_that_cannot_be_is_refused(setting: str, said: str):
    with pytest.raises(InputError) as refused:
        load_experiment("what-matters", [setting])
    assert said in str(refused.value)
    assert setting.partition("=")[0] in str(refused.value)


def test_an_experiment_without_ranges_is_told_to_give_some():
    result = call("sensitivity", "bakery", "--json")
    assert result.exit_code == 2
    assert "give it ranges" in result.output


def test_the_ranges_of_the_design_are_taken_where_the_section_has_none():
    design = "design={sobol: {samples: 8, ranges: {talk.weak_ties: [0, 1]}}}"
    asked = load_experiment("bakery", ["policies=[none, fast]", "seeds=2", design])
    result = analyse(asked, world(lambda u: u[:, 0], nothing))
    assert result.keys == ("talk.weak_ties",)


def test_a_real_analysis_from_the_command_line(tmp_path: Path):
    arguments = (
        "sensitivity", "what-matters", "--samples", "8", "--seeds", "3", "--days", "60",
        "--set", "market.people=200", "--set", "sensitivity.seeds=2",
        "--set", "sensitivity.ranges={loyalty.discount: [0.2, 1], talk.hops: [0, 4]}",
    )  # fmt: skip
    found = told(*arguments, "--runs", str(tmp_path / "runs"), "--out", str(tmp_path / "out"))
    from experiments.commands.sensitivity import JSON

    assert tuple(found) == JSON
    assert [(s["outcome"], s["policy"], s["baseline"]) for s in found["studies"]] == [
        (outcome, policy, baseline)
        for outcome in ("npv_per_person", "reputation")
        for policy, baseline in (("inviting", "quiet"), ("quiet", None), ("inviting", None))
    ]
    first = found["studies"][0]
    assert {row["key"] for row in first["indices"]} == {"loyalty.discount", "talk.hops"}
    assert {"s1", "s1_low", "s1_high", "st", "st_low", "st_high"} < set(first["indices"][0])
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert {"report.md", "tornado.png", "shares.svg", "indices.parquet", "tornado.csv",
            "runs.parquet", "experiment.yaml", "scenario.yaml", "provenance.json"} <= names  # fmt: skip
    kept = pd.read_parquet(tmp_path / "out" / "tornado.parquet")
    assert len(kept) == 6 * 2
    again = told("sensitivity", str(tmp_path / "out" / "experiment.yaml"),
                 "--runs", str(tmp_path / "runs"))  # fmt: skip
    assert again["studies"] == found["studies"]
    shown = done(*arguments).stdout
    assert "with others" in shown and "Luck makes up" in shown.replace("\n", " ")


def test_the_pictures_say_what_they_show_and_no_text_lies_over_another():
    def turning(u: np.ndarray) -> np.ndarray:
        return linear(u) - 3.0 + 8 * (u[:, 3] - 0.5) ** 2

    result = analyse(experiment(KEYS, 16), world(turning, nothing, luck=0.05))
    tornado, shares = pictures(result)
    said = [text.get_text() for text in texts(tornado)]
    assert set(KEYS) <= set(said)
    assert said.count("changes the verdict") == sum(bar.surely for bar in result.told.bars) > 0
    assert "difference (points)" in said
    assert "share of the variance" in [text.get_text() for text in texts(shares)]
    assert overlapping(tornado) == overlapping(shares) == []


ENDS = {
    "alike": ((5.0, 4.0, 6.0), (5.0, 4.0, 6.0)),
    "alike without noise": ((5.0, 5.0, 5.0), (5.0, 5.0, 5.0)),
    "next to each other": ((5.0, 4.0, 6.0), (5.001, 4.0, 6.001)),
    "on one side": ((7.0, 6.0, 8.0), (7.01, 6.1, 8.0)),
    "on the other": ((3.0, 2.0, 4.0), (2.99, 1.9, 4.1)),
    "far apart": ((1.0, 0.5, 1.5), (9.0, 8.0, 10.0)),
    "turned round": ((9.0, 8.0, 10.0), (1.0, 0.5, 1.5)),
    "one in the middle": ((5.0, 4.9, 5.1), (6.0, 3.0, 9.0)),
    "one world": ((5.0, np.nan, np.nan), (5.0, np.nan, np.nan)),
}
"""What a quantity may come to at the two ends of a range, 5 being the middle."""


@pytest.mark.parametrize("panels", [1, 3])
@pytest.mark.parametrize("words", [("0.01", "0.08"), ("small_world", "1,000,000")])
def test_the_ends_of_a_tornado_can_be_read_however_near_they_are(
    panels: int, words: tuple[str, str]
) -> None:
    rows = []
    for panel in range(panels):
        for key, (low, high) in ENDS.items():
            ends = dict(zip(("at_low", "at_low_low", "at_low_high"), low, strict=True))
            ends |= dict(zip(("at_high", "at_high_low", "at_high_high"), high, strict=True))
            rows.append({
                "label": f"outcome {panel}", "unit": "points", "zero": True, "key": key,
                "key_unit": "days", "low_value": words[0], "high_value": words[1],
                "overturned": True, **ends,
            })  # fmt: skip
    middles = {f"outcome {panel}": 5.0 for panel in range(panels)}
    figure = plots.tornado(pd.DataFrame(rows), middles, "title", "how it is read")
    written = texts(figure)
    said = [text.get_text() for text in written]
    assert said.count(words[0]) == said.count(words[1]) == panels * len(ENDS)
    assert overlapping(figure) == []
    for axes in figure.axes:
        frame = axes.get_window_extent()
        for text in axes.texts:
            if text.get_text() in words:
                box = text.get_window_extent()
                assert frame.x0 - 1 <= box.x0 and box.x1 <= frame.x1 + 1, text.get_text()


def test_an_undefined_share_is_said_to_be_so_in_the_picture():
    result = analyse(experiment(KEYS[:2], 16), world(nothing, nothing))
    _, shares = pictures(result)
    assert "undefined" in [text.get_text() for text in texts(shares)]
