"""Means over what was drawn: intervals cover the truth, over points and over worlds at a time."""

import math
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
import scipy.stats

from experiments.methods.drawn import (
    WORLDS,
    Source,
    combined,
    drawn_mean,
    levelled,
    paired_difference,
    running_mean,
)

KEY, OTHER = "policy.delay", "talk.failure"


def along(x: np.ndarray, y: np.ndarray) -> pd.DataFrame:
    return pd.DataFrame({KEY: x, "seed": 1, "reputation": y})


def test_a_running_mean_is_over_a_fifth_of_the_values() -> None:
    x = np.arange(50.0)[::-1]
    across, band = running_mean(along(x, 2 * x + 1), KEY, [WORLDS], "reputation")
    assert len(across) == 41
    assert across[0] == pytest.approx(np.arange(10).mean())
    assert band.mean == pytest.approx(2 * across + 1)
    noisy = np.repeat(2 * x + 1, 3) + np.tile([-1, 0, 1], 50)
    twice = running_mean(along(np.repeat(x, 3), noisy), KEY, [WORLDS], "reputation")
    assert twice[0] == pytest.approx(across) and twice[1].mean == pytest.approx(band.mean)
    assert len(running_mean(along(x[:5], x[:5]), KEY, [WORLDS], "reputation")[0]) == 0


def test_with_one_source_of_luck_the_interval_is_students() -> None:
    values = np.random.default_rng(1).normal(size=12)
    known = scipy.stats.ttest_1samp(values, 0).confidence_interval()
    points = pd.DataFrame({KEY: np.arange(12.0), "seed": 1, "reputation": values})
    worlds = pd.DataFrame({KEY: 1.0, "seed": np.arange(12), "reputation": values})
    for runs in (points, worlds):
        found = drawn_mean(runs, [(KEY,), WORLDS], "reputation")
        assert (float(found.low), float(found.high)) == pytest.approx(tuple(known))


def test_degrees_of_freedom_are_satterthwaites() -> None:
    found = combined(np.array(0.0), [Source(np.array(2.0), np.array(11)),
                                     Source(np.array(1.0), np.array(3))])  # fmt: skip
    freedom = 9 / (4 / 10 + 1 / 2)
    assert float(found.high) == pytest.approx(scipy.stats.t.ppf(0.975, freedom) * math.sqrt(3))


def test_what_cannot_be_told_has_no_interval_and_what_never_varies_a_sure_one() -> None:
    one = drawn_mean(along(np.array([2.0]), np.array([5.0])), [(KEY,), WORLDS], "reputation")
    assert float(one.mean) == 5.0 and math.isnan(one.low)
    none = drawn_mean(along(np.empty(0), np.empty(0)), [(KEY,), WORLDS], "reputation")
    assert math.isnan(float(none.mean[0]))
    alike = drawn_mean(along(np.arange(5.0), np.full(5, 3.0)), [(KEY,), WORLDS], "reputation")
    assert (float(alike.low), float(alike.high)) == (3.0, 3.0)


def crossed(generator: np.random.Generator, luck: float, own: float) -> pd.DataFrame:
    """Return 40 points in 4 worlds: all of it luck, around 0, but for a slope along the key."""
    points, worlds = 40, 4
    x = generator.random(points)
    point, world = generator.normal(size=points), luck * generator.normal(size=worlds)
    both = own * generator.normal(size=(points, worlds))
    y = (x - 0.5)[:, None] + point[:, None] + world + both
    return pd.DataFrame({
        KEY: np.repeat(x, worlds), "seed": np.tile(np.arange(worlds), points),
        "reputation": y.ravel(), "luck": np.tile(world, points),
    })  # fmt: skip


def covered(
    trials: int, luck: float, own: float, told: Callable[[pd.DataFrame], tuple[float, float, float]]
) -> int:
    hits = 0
    for trial in range(trials):
        low, high, truth = told(crossed(np.random.default_rng(trial), luck, own))
        hits += low <= truth <= high
    return hits


@pytest.mark.parametrize(("luck", "own"), [(0.0, 0.0), (0.3, 0.3), (2.0, 0.5), (0.0, 2.0)])
def test_intervals_cover_what_they_say_whichever_luck_is_the_larger(
    luck: float, own: float
) -> None:
    def whole(runs: pd.DataFrame) -> tuple[float, float, float]:
        found = drawn_mean(runs, [(KEY,), WORLDS], "reputation")
        return float(found.low), float(found.high), 0.0

    def window(runs: pd.DataFrame) -> tuple[float, float, float]:
        across, band = running_mean(runs, KEY, [WORLDS], "reputation")
        return band.low[9], band.high[9], across[9] - 0.5

    trials = 250
    least = scipy.stats.binom.ppf(0.001, trials, 0.95)
    assert covered(trials, luck, own, whole) >= least
    assert covered(trials, luck, own, window) >= least


@pytest.mark.parametrize(("luck", "own"), [(0.3, 0.3), (2.0, 0.5), (0.0, 2.0)])
def test_without_the_luck_that_all_share_intervals_cover_what_is_left(
    luck: float, own: float
) -> None:
    def window(runs: pd.DataFrame) -> tuple[float, float, float]:
        plain, _ = levelled(runs, [KEY], "reputation")
        across, band = running_mean(plain, KEY, [WORLDS], "reputation")
        shared = runs["luck"].mean()
        return band.low[9], band.high[9], across[9] - 0.5 + shared

    def level(runs: pd.DataFrame) -> tuple[float, float, float]:
        _, reach = levelled(runs, [KEY], "reputation")
        shared = runs["luck"].mean()
        return shared - reach, shared + reach, 0.0

    trials = 250
    least = scipy.stats.binom.ppf(0.001, trials, 0.95)
    assert covered(trials, luck, own, window) >= least
    if luck > 0:
        assert covered(trials, luck, own, level) >= least


def test_what_all_share_is_taken_out_and_nothing_else() -> None:
    runs = crossed(np.random.default_rng(5), 1.0, 0.3)
    plain, reach = levelled(runs, [KEY], "reputation")
    one, other = (frame.groupby(KEY)["reputation"].mean() for frame in (plain, runs))
    assert one.to_numpy() == pytest.approx(other.to_numpy())
    moved = runs.assign(reputation=runs["reputation"] + runs["seed"].map({0: 5, 1: -9, 2: 2, 3: 2}))
    again, wider = levelled(moved, [KEY], "reputation")
    assert again["reputation"].to_numpy() == pytest.approx(plain["reputation"].to_numpy())
    assert wider > reach
    single = runs[runs["seed"] == 0]
    same, unknown = levelled(single, [KEY], "reputation")
    assert same["reputation"].to_numpy() == pytest.approx(single["reputation"].to_numpy())
    assert math.isnan(unknown)


def test_leaving_out_one_kind_of_luck_would_be_too_sure() -> None:
    def points_alone(runs: pd.DataFrame) -> tuple[float, float, float]:
        found = drawn_mean(runs, [(KEY,)], "reputation")
        return float(found.low), float(found.high), 0.0

    assert covered(100, 2.0, 0.5, points_alone) < 50


def test_a_sample_crossed_with_another_counts_as_luck_too() -> None:
    generator = np.random.default_rng(2)
    x, z = np.arange(30.0), generator.normal(size=5) * 10
    runs = pd.DataFrame([
        {KEY: a, OTHER: b, "seed": 1, "reputation": b} for a in x for b in z
    ])  # fmt: skip
    _, alone = running_mean(runs, KEY, [WORLDS], "reputation")
    _, band = running_mean(runs, KEY, [WORLDS, (OTHER,)], "reputation")
    assert alone.low == pytest.approx(alone.high)
    known = scipy.stats.ttest_1samp(z, 0).confidence_interval()
    assert (band.low[0], band.high[0]) == pytest.approx(tuple(known))


def test_a_difference_is_of_twins_and_what_they_share_drops_out() -> None:
    generator = np.random.default_rng(3)
    shared = generator.normal(size=(12, 3)) * 50
    runs = pd.DataFrame([
        {"policy": "fast", KEY: delay, OTHER: float(point), "seed": world,
         "reputation": shared[point, world] - 0.5 * delay + (0.1 if point % 2 else -0.1) * delay}
        for point in range(12) for world in range(3) for delay in (0.0, 3.0, 14.0)
        if not (delay == 14.0 and point == 11)
    ])  # fmt: skip
    found = paired_difference(runs, KEY, (0.0, 14.0), [WORLDS, (OTHER,)], "reputation")
    own = np.array([-7.0 + (1.4 if point % 2 else -1.4) for point in range(11)])
    assert float(found.mean) == pytest.approx(own.mean())
    known = scipy.stats.ttest_1samp(own, 0).confidence_interval()
    assert (float(found.low), float(found.high)) == pytest.approx(tuple(known))
