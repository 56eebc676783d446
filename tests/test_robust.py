"""Policies under uncertain assumptions: regrets are what they are called, thresholds are found."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from calling import call
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import binom, binomtest, ttest_rel

from experiments.analyses.assumptions import crossed
from experiments.analyses.robust import asked, judged, robust
from experiments.analyses.robust_conclusion import said
from experiments.analyses.robustness import Robustness
from experiments.design import load_experiment
from experiments.methods.regret import SUMMED, Regrets, at_most, wilson
from experiments.sweep import sweep
from sim.errors import InputError

whole = st.integers(-50, 50).map(float)
samples = st.tuples(st.integers(1, 6), st.integers(2, 4), st.integers(2, 5)).flatmap(
    lambda shape: arrays(np.float64, shape, elements=whole)
)


@given(samples)
def test_at_every_point_somebody_wins_without_regret(values: np.ndarray) -> None:
    regrets = Regrets(values)
    assert regrets.wins.sum(axis=1) == pytest.approx(1.0)
    assert (regrets.regret.min(axis=1) == 0).all()
    assert (regrets.regret >= 0).all()
    best = values.mean(axis=2).max(axis=1, keepdims=True)
    assert regrets.regret == pytest.approx(best - values.mean(axis=2), abs=1e-9)
    assert not regrets.beaten[regrets.wins > 0].any()


@given(samples, st.data())
def test_what_all_policies_share_is_no_regret(values: np.ndarray, data: st.DataObject) -> None:
    """The level of a world, and of a set of assumptions, is nobody's merit."""
    points, _, seeds = values.shape
    shared = data.draw(arrays(np.float64, (points, 1, seeds), elements=whole))
    one, other = Regrets(values), Regrets(values + shared)
    assert (one.regret == other.regret).all()
    assert (one.open == other.open).all()
    assert (one.wins == other.wins).all()


@given(samples, st.data())
def test_a_world_in_which_a_policy_is_undefined_counts_for_none(
    values: np.ndarray, data: st.DataObject
) -> None:
    more = data.draw(arrays(np.float64, (*values.shape[:2], 1), elements=whole))
    more[:, 0] = np.nan
    longer = Regrets(np.concatenate((values, more), axis=2))
    assert (longer.regret == Regrets(values).regret).all()
    assert (longer.open == Regrets(values).open).all()


def test_policies_equal_in_every_world_share_the_win_and_leave_it_open() -> None:
    luck = np.random.default_rng(1).random((4, 1, 5))
    regrets = Regrets(np.concatenate((luck, luck, luck - 0.3), axis=1))
    assert (regrets.wins == [0.5, 0.5, 0.0]).all()
    assert regrets.open.all()
    assert (regrets.beaten == [False, False, True]).all()


def test_a_lead_is_open_just_where_a_paired_test_says_so() -> None:
    """With two policies the test is Student's; with three its level is halved."""
    values = np.random.default_rng(2).normal(size=(200, 3, 5))
    values[:, 0] += 0.8
    two = Regrets(values[:, :2])
    p = ttest_rel(values[:, 0], values[:, 1], axis=1).pvalue
    assert (two.open == (p > 0.05)).all()
    assert 20 < two.open.sum() < 180
    three = Regrets(values)
    best = three.regret.argmin(axis=1)
    for point in range(200):
        others = [k for k in range(3) if k != best[point]]
        leads = [ttest_rel(values[point, best[point]], values[point, k]).pvalue for k in others]
        assert three.open[point] == (max(leads) > 0.05 / 2)


def test_the_wrong_policy_is_seldom_called_the_winner_of_a_point() -> None:
    """Four policies, of which the first is the best by next to nothing: at most 2.5% err."""
    values = np.random.default_rng(3).normal(size=(4000, 4, 4))
    values[:, 0] += 1e-9
    regrets = Regrets(values)
    wrong = ~regrets.open & (regrets.regret[:, 0] > 0)
    assert wrong.sum() <= binom.ppf(0.999, 4000, 0.025)


def test_shares_and_their_bounds_are_those_of_the_textbook() -> None:
    for met, number in ((0, 20), (7, 50), (50, 50)):
        expected = binomtest(met, number).proportion_ci(method="wilson")
        assert wilson(met / number, number) == pytest.approx((expected.low, expected.high))
        bound = binomtest(met, number, alternative="less").proportion_ci(0.95, method="exact")
        assert at_most(met, number) == pytest.approx(bound.high)
    assert at_most(0, 1000) == pytest.approx(3 / 1000, rel=0.01)


def test_the_chance_of_a_choice_tells_a_clear_one_from_a_toss_up() -> None:
    generator = np.random.default_rng(4)
    luck = generator.normal(size=(40, 2, 8))
    toss_up = Regrets(luck - luck.mean(axis=(0, 2), keepdims=True))
    clear = Regrets(luck + np.array([2.0, 0.0])[:, None])
    for summed in SUMMED:
        assert clear.least_chances(summed)[0] > 0.99
        chances = toss_up.least_chances(summed)
        assert chances.sum() == pytest.approx(1.0)
        assert 0.1 < chances[0] < 0.9


RANGES = (
    "robust={outcome: npv_per_person, samples: 96, ranges: {voice.constant: [-7, -1], "
    "talk.influence: [0.2, 1.6]}}"
)


def fake(
    seed: int, threshold: float, changes: Sequence[str] = (), noise: float = 0.03
) -> Robustness:
    """Judge a made-up world: fast wins unless fewer than `threshold` of the failed complain."""
    settings = ["seeds=6", "policies=[none, fast, slow]", RANGES, *changes]
    experiment = load_experiment("bakery", settings)
    over = crossed(experiment, asked(experiment))
    generator = np.random.default_rng(seed)
    worlds = generator.normal(0, noise, 6)
    rows = []
    for at, point in enumerate(over.points):
        voice = 1 / (1 + np.exp(-(float(point["voice.constant"]) + 3)))  # type: ignore[arg-type]
        for world in range(6):
            lead = voice - threshold + worlds[world] + generator.normal(0, noise)
            for policy, value in enumerate((-1.0, lead, 0.0)):
                cell = at * 3 + policy
                rows.append((cell, world + 1, 5.0 + value, voice + generator.normal(0, 0.002)))
    names = ["cell", "seed", "npv_per_person", "share_of_voice"]
    return judged(over, asked(experiment), pd.DataFrame(rows, columns=names))


def test_the_assumption_that_overturns_a_policy_is_told_in_words() -> None:
    result = fake(1, 0.11)
    assert result.recommended == "fast"
    assert result.description is not None
    (limit,) = result.description.limits
    assert (limit.column, limit.comparison) == ("share_of_voice", "<")
    assert limit.low is not None and limit.high is not None
    assert limit.low <= 0.11 <= limit.high
    assert said(limit).startswith("fewer than ")
    assert "% of the failed complain (95% interval " in said(limit)
    assert f"fast wins unless {said(limit)}, as seen under none." in result.conclusion
    assert "mostly slow" in result.conclusion
    (spoken,) = result.to_json()["overturned_by"]
    assert spoken["words"] == said(limit)
    assert spoken["low"] <= spoken["threshold"] <= spoken["high"]
    assert result.in_assumptions is not None
    (own,) = result.in_assumptions.limits
    assert own.column == "voice.constant"
    assert own.low is not None and own.high is not None
    assert own.low <= np.log(0.11 / 0.89) - 3 <= own.high


def test_the_interval_of_the_told_threshold_covers_the_truth() -> None:
    """The luck of the worlds is the same at every point, and still the interval holds."""
    trials, covered = 8, 0
    for seed in range(trials):
        found = fake(seed, 0.3, noise=0.1).description
        assert found is not None
        (limit,) = found.limits
        truth = 0.3 if limit.column == "share_of_voice" else np.log(0.3 / 0.7) - 3
        assert limit.low is not None and limit.high is not None
        covered += limit.low <= truth <= limit.high
    assert covered >= binom.ppf(0.001, trials, 0.95)


def test_where_nothing_overturns_it_the_share_that_might_is_bounded() -> None:
    result = fake(1, -0.5)
    assert not result.overturned.any()
    assert result.description is None
    assert result.could_lose == pytest.approx(1 - 0.05 ** (1 / 96))
    assert "nothing that was tried overturns it: at none of 96 points" in result.conclusion
    assert "below 3.1% (95%)" in result.conclusion
    spoken = result.to_json()
    assert spoken["overturned_by"] == [] and spoken["coverage"] is None
    assert spoken["policies"]["fast"]["win_share"] == 1.0


def test_a_regret_below_the_threshold_overturns_nothing() -> None:
    keen = fake(1, 0.11, noise=0.0)
    lenient = replace(
        keen, section=keen.section.model_copy(update={"threshold": 0.06}),
        regrets=replace(keen.regrets, threshold=0.06),
    )  # fmt: skip
    assert keen.overturned.sum() > lenient.overturned.sum() > 0
    assert (lenient.overturned <= keen.overturned).all()
    assert "by more than 0.06" in lenient.conclusion


def test_each_criterion_recommends_what_has_least_of_it() -> None:
    """One policy is best but for a disaster at two points of a hundred."""
    steady, daring = np.full((100, 1, 3), 1.0), np.full((100, 1, 3), 2.0)
    daring[:2] = -100.0
    base = fake(1, 0.11)
    regrets = Regrets(np.concatenate((steady - 5, daring, steady), axis=1))
    points = pd.DataFrame({"talk.influence": np.linspace(0.2, 1.6, 100)})
    wanted = {"p90_regret": "fast", "mean_regret": "fast", "max_regret": "slow"}
    for criterion, chosen in wanted.items():
        section = base.section.model_copy(update={"criterion": criterion})
        result = replace(
            base, section=section, regrets=regrets, assumptions=points,
            observables=pd.DataFrame(index=points.index),
        )  # fmt: skip
        if criterion == "mean_regret":
            chosen = "slow"  # the disaster weighs 2 a point on average, being second only 1
        assert result.recommended == chosen
        assert result.least("max_regret") == "slow"


def _shares(result: Robustness) -> dict[str, tuple[float, float, float]]:
    return {
        name: (one.win_low, one.win_share, one.win_high) for name, one in result.standings.items()
    }


def test_shares_of_wins_add_up_and_lie_within_their_intervals() -> None:
    result = fake(5, 0.3, noise=0.1)
    shares = _shares(result)
    assert sum(share for _, share, _ in shares.values()) == pytest.approx(1.0)
    assert all(low <= share <= high for low, share, high in shares.values())
    assert result.standings["none"].beats_baseline_share is None
    # The assumption is spread evenly, so that the truth is known: fast wins above log-odds.
    truth = (-1 - (np.log(0.3 / 0.7) - 3)) / 6
    low, _, high = shares["fast"]
    assert low <= truth <= high


SMALL = """
name: small
scenario: bakery
set: {market.people: 150}
policies: [none, slow, fast]
baseline: none
seeds: 3
design: {lhs: {samples: 12, ranges: {service.failure_probability: [0.02, 0.3],
                                     talk.influence: {beta: [2, 2]}}}}
robust: {outcome: reputation}
"""


def small(folder: Path, text: str = SMALL) -> str:
    """Write an experiment, and return its path."""
    path = folder / "small.yaml"
    path.write_text(text)
    return str(path)


def test_levers_make_policies_and_the_rest_are_assumptions(tmp_path: Path) -> None:
    text = SMALL.replace(
        "design: {lhs", "design: {nested: [{grid: {policy.delay: [0, 9]}}, {lhs"
    ).replace("[2, 2]}}}}", "[2, 2]}}}}]}")
    experiment = load_experiment(small(tmp_path, text), ["days=30", "seeds=2"])
    over = crossed(experiment, asked(experiment))
    assert over.policies[:4] == (
        "none (delay = 0)", "slow (delay = 0)", "fast (delay = 0)", "none (delay = 9)",
    )  # fmt: skip
    assert over.cells.shape == (12, 6)
    assert sorted(over.cells.ravel()) == list(range(72))
    for row, point in zip(over.cells, over.points, strict=True):
        for number, name in zip(row, over.policies, strict=True):
            cell = over.plan.cell(int(number))
            assert name == f"{cell.policy} (delay = {cell.point['policy.delay']:g})"
            assert {**point, "policy.delay": cell.point["policy.delay"]} == dict(cell.point)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("design={grid: {policy.delay: [0, 9]}}", "varies levers alone"),
        ("design={zip: {policy.delay: [0, 9], talk.influence: [0, 1]}}", "not every policy under"),
        ("policies=[none]", "policies must be two or more"),
        ("seeds=1", "seeds = 1 must be at least 2"),
        ("robust={outcome: visit}", "is not an outcome"),
        ("robust={outcome: failures}", "is neither good nor bad"),
        ("robust={outcome: cost_per_customer_saved}", "is no outcome of a single run"),
        ("robust={samples: 64}", "samples say how many points to take of `ranges`"),
        ("robust={threshold: -1}", "threshold"),
    ],
)
def test_what_cannot_be_judged_is_refused(tmp_path: Path, change: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        robust(load_experiment(small(tmp_path), [change, "days=20", "market.people=60"]))


def test_an_experiment_without_assumptions_is_told_how_to_have_some() -> None:
    with pytest.raises(InputError, match="has no assumptions to vary.*ranges"):
        robust(load_experiment("bakery"))


def test_points_at_which_the_outcome_is_undefined_are_left_out_and_told(tmp_path: Path) -> None:
    experiment = load_experiment(small(tmp_path), ["days=20", "market.people=60"])
    section = asked(experiment)
    over = crossed(experiment, section)
    runs = sweep(over.plan).results.runs
    runs.loc[runs["cell"] == 4, "reputation"] = np.nan  # slow at the second point
    result = judged(over, section, runs)
    assert result.points == 11 and result.left_out == 1
    assert "1 points are left out" in " ".join(result.notes)
    runs["reputation"] = np.nan
    with pytest.raises(InputError, match="undefined at every point"):
        judged(over, section, runs)


def test_the_command_from_end_to_end(tmp_path: Path) -> None:
    path, out, runs = small(tmp_path), tmp_path / "out", tmp_path / "runs"
    asked_for = ["robust", path, "--days", "40", "--runs", str(runs), "--json"]
    first = call(*asked_for, "--out", str(out))
    said = json.loads(first.stdout)
    assert said["recommended"] in ("none", "slow", "fast")
    assert sum(one["win_share"] for one in said["policies"].values()) == pytest.approx(1.0)
    assert 0 <= said["open_share"] <= 1
    names = {file.name for file in out.iterdir()}
    assert {"report.md", "regret.png", "points.csv", "summary.parquet", "experiment.yaml"} <= names
    assert said["recommended"] in (out / "report.md").read_text()
    points = pd.read_parquet(out / "points.parquet")
    assert len(points) == 12
    assert points.filter(like="regret ").min(axis=1).eq(0).all()
    # Again from the kept runs, and from the folder of the report: the very same.
    assert json.loads(call(*asked_for).stdout) == said
    again = call("robust", str(out / "experiment.yaml"), "--json")
    assert json.loads(again.stdout) == said


def test_a_sweep_done_before_is_not_done_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    experiment = load_experiment(small(tmp_path), ["days=20", "market.people=60"])
    from experiments import sweep as sweeping

    done: list[Any] = []
    own = sweeping.sweep

    def counted(*arguments: Any, **keywords: Any) -> Any:
        done.append(own(*arguments, **keywords))
        return done[-1]

    monkeypatch.setattr(sweeping, "sweep", counted)
    fresh = robust(experiment, tmp_path / "runs")
    kept = robust(replace(experiment, outcomes=("nps",)), tmp_path / "runs")
    assert (done[0].done, done[0].skipped) == (108, 0)
    assert (done[1].done, done[1].skipped) == (0, 108)
    assert (fresh.regrets.regret == kept.regrets.regret).all()


def test_the_pictures_show_every_point_and_the_box(tmp_path: Path) -> None:
    result = fake(1, 0.11)
    from experiments.analyses.robust_report import _overturned, _strips

    (axes,) = _overturned(result).axes
    drawn = [line for line in axes.lines if not str(line.get_label()).startswith("_")]
    assert sum(len(line.get_xdata()) for line in drawn) == result.points
    assert axes.get_xlabel() == "Share of failures complained about under none (%)"
    (box,) = axes.patches
    left, right = axes.get_xlim()
    assert result.description is not None
    threshold = result.description.limits[0].threshold
    assert threshold is not None
    assert box.get_x() == left
    assert box.get_x() + box.get_width() == pytest.approx(100 * threshold)
    assert right > 90
    (axes,) = _strips(result).axes
    marks = [line for line in axes.lines if len(line.get_xdata()) == result.points]
    assert len(marks) == len(result.policies)
    assert _overturned(fake(1, -0.5)) is None


def test_one_assumption_alone_is_drawn_against_the_advantage() -> None:
    result = fake(2, 0.3)
    alone = replace(
        result, assumptions=result.assumptions[["voice.constant"]],
        observables=pd.DataFrame(index=result.assumptions.index),
    )  # fmt: skip
    from experiments.analyses.robust_report import _overturned

    (axes,) = _overturned(alone).axes
    assert axes.get_ylabel().startswith("Fast ahead of the best other")
    for line in axes.lines:
        name = str(line.get_label())
        if not name.startswith("_"):
            ahead = np.asarray(line.get_ydata(), dtype=float) > 0
            assert (ahead == name.startswith("fast")).all()


def test_two_policies_that_are_the_same_are_equally_good(tmp_path: Path) -> None:
    """One of them is the baseline, which does not beat itself."""
    text = SMALL.replace(
        "[none, slow, fast]", "[{name: one, like: fast}, {name: other, like: fast}]"
    )
    path = small(tmp_path, text.replace("baseline: none", "baseline: one"))
    result = robust(load_experiment(path, ["days=20", "market.people=60"]))
    assert result.recommended == "one"
    assert [one.win_share for one in result.standings.values()] == [0.5, 0.5]


def _true_regrets(u: np.ndarray, v: np.ndarray, apart: float) -> np.ndarray:
    """Return regrets of three policies whose merits are known, at assumptions u and v."""
    means = np.stack([0 * u, apart * (u - 0.3), 1.5 * apart * (v - 0.5)], axis=1)
    return means.max(axis=1, keepdims=True) - means


@pytest.mark.parametrize("apart", [1.0, 0.2, 0.0])
def test_the_interval_of_a_regret_covers_the_truth_be_policies_apart_or_alike(
    apart: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("experiments.methods.regret._DRAWS", 150)
    grid = (np.arange(400) + 0.5) / 400
    u, v = (each.ravel() for each in np.meshgrid(grid, grid))
    truth = {name: summed(_true_regrets(u, v, apart)) for name, summed in SUMMED.items()}
    trials, covered = 40, {"mean_regret": np.zeros(3), "p90_regret": np.zeros(3)}
    for trial in range(trials):
        generator = np.random.default_rng(trial)
        drawn = _true_regrets(*generator.random((2, 48)), apart)
        luck = generator.normal(0, 0.2, (1, 3, 6)) + generator.normal(0, 0.2, (48, 3, 6))
        found = Regrets(luck - drawn[..., None])
        for name, hits in covered.items():
            low, high = found.interval(name)
            assert (low <= SUMMED[name](found.regret)).all()
            assert (high >= SUMMED[name](found.regret)).all()
            hits += (low <= truth[name] + 1e-12) & (truth[name] <= high)
    least = binom.ppf(0.001, trials, 0.95)
    assert min(hits.min() for hits in covered.values()) >= least


def test_points_that_a_design_lists_are_not_drawn_anew() -> None:
    generator = np.random.default_rng(1)
    samples = generator.normal(size=(30, 2, 1)) * 10 + generator.normal(size=(1, 2, 5)) * 0.1
    drawn, listed = Regrets(samples), Regrets(samples, sampled=False)
    for name in ("mean_regret", "p90_regret"):
        wide, narrow = (np.diff(each.interval(name), axis=0) for each in (drawn, listed))
        assert (narrow < wide / 5).all()


def test_the_intervals_of_regrets_are_told_and_drawn() -> None:
    from experiments.analyses.robust_report import _strips
    from tests.picture_texts import overlapping, texts

    result = fake(1, 0.11)
    own = result.standings["fast"]
    assert own.p90_low <= own.p90_regret <= own.p90_high
    assert f"95% interval {own.p90_low:.3f} to {own.p90_high:.3f}, of net" in result.conclusion
    figure = _strips(result)
    said = " ".join(text.get_text() for text in texts(figure)).replace("\n", " ")
    assert "95% intervals, which hold the luck of the sets drawn and of the worlds" in said
    assert overlapping(figure) == []
    (axes,) = figure.axes
    ends = {tuple(np.asarray(line.get_xdata(), dtype=float)) for line in axes.lines
            if len(line.get_xdata()) == 2}  # fmt: skip
    for one in result.standings.values():
        assert (one.mean_low, one.mean_high) in ends
        assert (one.p90_low, one.p90_high) in ends
