"""Scenario discovery: planted boxes are found, and what is said of a box is what it is."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom

from experiments.methods.discovery import FEWEST, describe
from experiments.methods.prim import (
    Box,
    Range,
    fit,
    quasi_p_values,
    significant,
    threshold,
    trajectory,
)

NAMES = list("abcdefgh")


def points(seed: int, number: int = 256, columns: int = 8) -> pd.DataFrame:
    """Return points spread evenly over the unit cube."""
    draws = np.random.default_rng(seed).random((number, columns))
    return pd.DataFrame(draws, columns=NAMES[:columns])


def noisy(truth: np.ndarray, share: float, seed: int) -> np.ndarray:
    """Return which points are of interest, with a share of them told wrongly."""
    return truth ^ (np.random.default_rng(1000 + seed).random(len(truth)) < share)


@pytest.mark.parametrize("seed", range(3))
def test_a_planted_corner_is_found_in_spite_of_noise(seed: int) -> None:
    table = points(seed)
    corner = ((table.a < 0.4) & (table.c > 0.5)).to_numpy()
    found = describe(table, noisy(corner, 0.03, seed))
    assert found is not None
    assert {(limit.column, limit.comparison) for limit in found.limits} == {("a", "<"), ("c", ">")}
    at = {limit.column: limit.threshold for limit in found.limits}
    assert at["a"] == pytest.approx(0.4, abs=0.06)
    assert at["c"] == pytest.approx(0.5, abs=0.06)
    assert min(found.fit.coverage, found.fit.density) > 0.75
    assert min(found.held_out.coverage, found.held_out.density) > 0.65


def test_a_slice_between_two_ends_is_found() -> None:
    table = points(1)
    found = describe(table, ((table.b > 0.3) & (table.b < 0.6)).to_numpy())
    assert found is not None
    assert [(limit.column, limit.comparison) for limit in found.limits] == [("b", ">"), ("b", "<")]
    for limit, end in zip(found.limits, (0.3, 0.6), strict=True):
        assert limit.low is not None and limit.high is not None
        assert limit.low <= end <= limit.high


def test_words_and_truth_values_are_limited_to_some_of_them() -> None:
    table = points(2, columns=3)
    generator = np.random.default_rng(3)
    table["kind"] = generator.choice(["random", "small_world", "complete", "none"], len(table))
    table["talk"] = generator.random(len(table)) < 0.5
    truth = (table.kind.isin(["random", "none"]) & ~table.talk).to_numpy()
    found = describe(table, noisy(truth, 0.02, 4))
    assert found is not None
    assert {limit.column: set(limit.values) for limit in found.limits} == {
        "kind": {"random", "none"},
        "talk": {False},
    }
    assert all(limit.threshold is None and limit.comparison == "in" for limit in found.limits)


def test_nothing_is_found_where_there_is_nothing() -> None:
    """Pure noise gives a description in few of many trials, as a test at 5% may."""
    told = 0
    for seed in range(24):
        table = points(seed, 96, 4)
        told += describe(table, np.random.default_rng(seed + 500).random(96) < 0.25) is not None
    assert told <= binom.ppf(0.999, 24, 0.05)


def test_too_few_points_have_nothing_in_common() -> None:
    table = points(1)
    first = (np.arange(len(table)) < FEWEST - 1).astype(bool)
    assert describe(table, first) is None
    assert describe(table, ~first) is None


def test_of_equal_descriptions_the_one_in_plain_words_is_taken() -> None:
    table = points(1, columns=3)
    table["seen"] = 1 - table.a
    interest = (table.a < 0.3).to_numpy()
    for plain in ("a", "seen"):
        found = describe(table, interest, [plain])
        assert found is not None
        assert [limit.column for limit in found.limits] == [plain]


def test_a_trajectory_is_nested_and_counts_are_right() -> None:
    table = points(7, 200, 3)
    interest = noisy(((table.a < 0.5) & (table.b < 0.5)).to_numpy(), 0.1, 7)
    columns = {str(name): table[name].to_numpy() for name in table}
    path = trajectory(columns, interest)
    assert path[0].limits == {}
    before = np.ones(len(table), dtype=bool)
    for box in path[:-1]:
        within = box.contains(columns)
        assert not (within & ~before).any()
        assert within.sum() >= 0.04 * len(table)
        before = within
        measured = fit(within, interest)
        assert measured.coverage == (within & interest).sum() / interest.sum()
        assert measured.density == interest[within].mean()


def test_quasi_p_is_a_binomial_tail() -> None:
    """By hand: ten points in the box, nine of interest; without the limit 12 of 20 are."""
    table = {"x": np.arange(40.0), "y": np.repeat([0.0, 1.0], 20)}
    interest = np.zeros(40, dtype=bool)
    interest[:9] = True
    interest[10:13] = True
    box = Box({"x": Range(high=9.5), "y": Range(high=0.5)})
    chances = quasi_p_values(box, table, interest)
    # Without y the box is the same ten points, of which nine: binomial(10, 0.9) from 9 up.
    assert chances["y"] == pytest.approx(binom.sf(8, 10, 0.9))
    by_hand = sum(binom.pmf(k, 10, 12 / 20) for k in (9, 10))
    assert chances["x"] == pytest.approx(by_hand)
    assert significant(box, table, interest) == Box({"x": Range(high=9.5)})


@given(
    st.lists(st.tuples(st.integers(0, 9), st.booleans()), min_size=1, max_size=30), st.booleans()
)
def test_a_threshold_errs_least(pairs: list[tuple[int, bool]], up: bool) -> None:
    values = np.array([float(value) for value, _ in pairs])
    interest = np.array([flag for _, flag in pairs])

    def errors(cut: float) -> int:
        beyond = values > cut if up else values < cut
        return int((beyond != interest).sum())

    found = threshold(values, interest, up)
    assert not ((values > found.below) & (values < found.above)).any()
    cut = (max(found.below, -1.0) + min(found.above, 10.0)) / 2
    assert errors(cut) == min(errors(step - 0.5) for step in range(11))


def test_thresholds_of_all_or_nothing_are_infinite() -> None:
    values = np.arange(5.0)
    none, everything = np.zeros(5, dtype=bool), np.ones(5, dtype=bool)
    assert threshold(values, none, up=True) == (4.0, np.inf)
    assert threshold(values, everything, up=True) == (-np.inf, 0.0)
    assert threshold(values, none, up=False) == (-np.inf, 0.0)
    assert threshold(values, everything, up=False) == (4.0, np.inf)


def test_the_interval_of_a_threshold_covers_it() -> None:
    """Interest is more likely than not below 0.4, and noise blurs it: 16 trials of 95%."""
    covered = 0
    for seed in range(16):
        table = points(seed, 128, 3)
        luck = np.random.default_rng(seed + 2000).normal(0, 0.08, len(table))
        found = describe(table, (table.a + luck < 0.4).to_numpy())
        assert found is not None
        (limit,) = [limit for limit in found.limits if limit.column == "a"]
        assert limit.low is not None and limit.high is not None
        covered += limit.low <= 0.4 <= limit.high
    assert covered >= binom.ppf(0.001, 16, 0.95)
