"""Intervals that cover, chances that are calibrated, and symmetries that hold exactly."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import stats

from experiments.methods.chances import best_probability, best_ratio_probability
from experiments.methods.statistics import (
    fieller,
    mean_interval,
    narrowing,
    posterior_means,
)

EXPERIMENTS = 2_000
# With coverage .95 and 2,000 experiments the standard error of a share is .0049. Four of them.
FROM, TO = 0.95 - 0.0195, 0.95 + 0.0195


def shared_worlds(
    generator: np.random.Generator, means: list[float], seeds: int, luck: float = 3.0
) -> np.ndarray:
    """Return samples [policies, seeds] with a large common part and small noise of their own."""
    world = luck * generator.standard_normal(seeds)
    own = generator.standard_normal((len(means), seeds))
    return np.asarray(means)[:, None] + world + own


@pytest.mark.parametrize("seeds", [2, 5, 20])
def test_mean_intervals_cover_the_true_mean_as_often_as_they_say(seeds):
    samples = np.random.default_rng(seeds).normal(7.0, 3.0, (EXPERIMENTS, seeds))
    interval = mean_interval(samples)
    assert FROM < np.mean((interval.low <= 7.0) & (interval.high >= 7.0)) < TO


@pytest.mark.parametrize("seeds", [3, 10])
def test_paired_differences_cover_and_are_narrower_than_unpaired_ones(seeds):
    generator = np.random.default_rng(seeds)
    pairs = np.array([shared_worlds(generator, [0.0, 1.0], seeds) for _ in range(EXPERIMENTS)])
    interval = mean_interval(pairs[:, 1] - pairs[:, 0])
    assert FROM < np.mean((interval.low <= 1.0) & (interval.high >= 1.0)) < TO
    # Variances 9 + 1 each against 1 + 1, and up to twice the degrees of freedom when unpaired.
    freedom = stats.t.ppf(0.975, 2 * (seeds - 1)) / stats.t.ppf(0.975, seeds - 1)
    ratio = float(np.median(narrowing(pairs[:, 1], pairs[:, 0])))
    assert ratio == pytest.approx(freedom * np.sqrt(20 / 2), rel=0.1)


@pytest.mark.parametrize(("seeds", "true"), [(5, 4.0), (20, -2.5)])
def test_fieller_intervals_cover_the_true_ratio(seeds, true):
    generator = np.random.default_rng(seeds)
    bottom = generator.normal(5.0, 1.0, (EXPERIMENTS, seeds))
    top = true * bottom + generator.normal(0.0, 3.0, (EXPERIMENTS, seeds))
    interval = fieller(top, bottom)
    covered = (interval.low <= true) & (interval.high >= true)
    unbounded = np.isnan(interval.low)
    assert unbounded.mean() < 0.01
    assert FROM < np.mean(covered | unbounded) < TO


def test_fieller_by_hand():
    """Its ends are the ratios at which the paired t test is just significant."""
    top, bottom = np.array([3.0, 5.0, 4.0, 7.0]), np.array([1.0, 2.0, 2.5, 2.0])
    interval = fieller(top, bottom)
    assert interval.mean == pytest.approx(top.mean() / bottom.mean())
    for end in (float(interval.low), float(interval.high)):
        assert stats.ttest_1samp(top - end * bottom, 0.0).pvalue == pytest.approx(0.05)


def test_fieller_gives_no_interval_where_the_denominator_may_be_zero():
    interval = fieller(np.array([1.0, 2.0, 3.0]), np.array([-1.0, 2.0, 0.5]))
    assert np.isfinite(interval.mean)
    assert np.isnan(interval.low) and np.isnan(interval.high)


def test_mean_interval_against_scipy():
    sample = np.array([2.0, 3.5, 1.0, 8.0, 4.0])
    low, high = stats.t.interval(0.95, 4, sample.mean(), stats.sem(sample))
    assert mean_interval(sample) == pytest.approx((sample.mean(), low, high))


def test_one_seed_has_a_mean_and_no_interval():
    mean, low, high = mean_interval(np.array([[4.0], [5.0]]))
    assert list(mean) == [4.0, 5.0]
    assert np.isnan(low).all() and np.isnan(high).all()
    assert np.isnan(best_probability(np.array([[4.0], [5.0]]), 1)).all()
    assert np.isnan(narrowing(np.array([4.0]), np.array([5.0])))
    assert np.isnan(fieller(np.array([4.0]), np.array([5.0])).low)


def test_undefined_runs_are_left_out_and_nothing_at_all_is_undefined():
    mean, low, high = mean_interval(np.array([[1.0, np.nan, 3.0, np.inf], [np.nan] * 4]))
    expected = mean_interval(np.array([1.0, 3.0]))
    assert (mean[0], low[0], high[0]) == tuple(expected)
    assert np.isnan([mean[1], low[1], high[1]]).all()


def test_no_noise_gives_an_interval_of_no_width():
    assert mean_interval(np.full(7, 0.1)) == (0.1, 0.1, 0.1)
    assert np.isinf(narrowing(np.array([1.0, 2.0, 4.0]), np.array([2.0, 3.0, 5.0])))
    assert np.isnan(narrowing(np.ones(3), np.ones(3)))


def test_independent_samples_are_not_narrowed():
    generator = np.random.default_rng(3)
    one, other = generator.normal(size=(2, 4_000))
    assert narrowing(one, other) == pytest.approx(1.0, abs=0.05)
    assert narrowing(one, -one) == pytest.approx(np.sqrt(0.5), rel=0.01)


def test_of_two_policies_the_chance_is_that_of_the_paired_t_test():
    samples = shared_worlds(np.random.default_rng(1), [0.0, 0.4], 8)
    one_sided = stats.ttest_rel(samples[1], samples[0], alternative="less").pvalue
    assert best_probability(samples, 1) == pytest.approx([1 - one_sided, one_sided])
    assert best_probability(samples, -1) == pytest.approx([one_sided, 1 - one_sided])


def test_posterior_means_have_students_interval_and_the_pairs_correlation():
    samples = shared_worlds(np.random.default_rng(5), [0.0, 1.0, 2.0, 3.0, 4.0, 5.0], 5)
    draws = posterior_means(samples)
    for values, drawn in (
        (samples[2], draws[:, 2]),
        (samples[4] - samples[1], draws[:, 4] - draws[:, 1]),
    ):
        mean, low, high = mean_interval(values)
        assert np.median(drawn) == pytest.approx(mean, abs=0.02 * (high - low))
        assert np.quantile(drawn, 0.025) == pytest.approx(low, abs=0.04 * (high - low))
        assert np.quantile(drawn, 0.975) == pytest.approx(high, abs=0.04 * (high - low))


def test_best_of_three_against_the_exact_orthant():
    """Equal means and exchangeable noise: each is best with a chance of a third."""
    noise = np.array([[1.0, -0.5, -0.5], [-0.5, 1.0, -0.5], [-0.5, -0.5, 1.0]])
    assert best_probability(noise, 1) == pytest.approx([1 / 3] * 3, abs=0.01)


def test_the_chance_to_be_best_is_calibrated():
    """When true means are drawn at random, of the policies given p a share p is truly the best."""
    generator = np.random.default_rng(11)
    given_chance, was_best = [], []
    for _ in range(400):
        true = 1.5 * generator.standard_normal(4)
        chances = best_probability(shared_worlds(generator, list(true), 8), 1)
        given_chance.extend(chances)
        was_best.extend(true == true.max())
    chance, best = np.array(given_chance), np.array(was_best)
    for low, high in ((0.0, 0.1), (0.1, 0.4), (0.4, 0.6), (0.6, 0.9), (0.9, 1.0)):
        inside = (chance >= low) & (chance <= high)
        expected, found = chance[inside].mean(), best[inside].mean()
        error = np.sqrt(chance[inside] @ (1 - chance[inside])) / inside.sum()
        assert abs(found - expected) < 4 * error + 0.02


def test_a_policy_that_is_undefined_takes_no_part():
    samples = np.array([[np.nan] * 3, [1.0, 2.0, 3.0], [5.0, np.nan, 7.5]])
    chances = best_probability(samples, 1)
    assert np.isnan(chances[0])
    assert chances[1:] == pytest.approx(best_probability(samples[1:][:, [0, 2]], 1))
    assert chances[2] > 0.9


def test_equals_share_their_chance():
    row = np.array([1.0, 2.0, 4.0])
    assert list(best_probability(np.array([row, row]), 1)) == [0.5, 0.5]
    thirds = best_probability(np.array([row + 10, row, row + 10]), 1)
    assert list(thirds) == [0.5, 0.0, 0.5]
    assert list(best_probability(np.array([row]), -1)) == [1.0]


def test_best_ratio_needs_a_positive_denominator():
    generator = np.random.default_rng(2)
    noise = 0.1 * generator.standard_normal((3, 10))
    costs = np.array([[10.0], [30.0], [-5.0]]) + noise
    saved = np.array([[5.0], [10.0], [-2.0]]) + noise[::-1]
    assert best_ratio_probability(costs, saved, -1) == pytest.approx([1.0, 0.0, 0.0], abs=0.01)
    assert best_ratio_probability(costs, saved, 1) == pytest.approx([0.0, 1.0, 0.0], abs=0.01)
    assert best_ratio_probability(costs, -np.abs(saved), 1) == pytest.approx([0, 0, 0], abs=0.01)


samples_of_policies = hnp.arrays(
    np.float64,
    st.tuples(st.integers(1, 5), st.integers(2, 12)),
    elements=st.integers(-1000, 1000).map(lambda value: value / 8),
)


@settings(max_examples=60, deadline=None)
@given(samples_of_policies, st.integers(-64, 64), st.randoms(use_true_random=False))
def test_shift_and_order_of_seeds_change_nothing_else(samples, shift, random):
    order = list(range(samples.shape[1]))
    random.shuffle(order)
    before, after = mean_interval(samples), mean_interval(samples[:, order] + shift)
    for one, other in zip(before, after, strict=True):
        assert other == pytest.approx(one + shift, abs=1e-9)
    chances = best_probability(samples, 1)
    assert best_probability(samples[:, order] + shift, 1) == pytest.approx(chances, abs=0.02)
    assert best_probability(-samples, -1) == pytest.approx(chances)
    assert chances.sum() == pytest.approx(1.0)


@settings(max_examples=60, deadline=None)
@given(samples_of_policies, st.sampled_from([0.25, 2.0, 16.0]))
def test_the_unit_of_measurement_changes_nothing_else(samples, unit):
    before, after = mean_interval(samples), mean_interval(unit * samples)
    for one, other in zip(before, after, strict=True):
        assert other == pytest.approx(unit * one, abs=1e-9)
    assert best_probability(unit * samples, 1) == pytest.approx(best_probability(samples, 1))


@settings(max_examples=40, deadline=None)
@given(samples_of_policies, st.randoms(use_true_random=False))
def test_the_order_of_policies_changes_nothing(samples, random):
    order = list(range(len(samples)))
    random.shuffle(order)
    # Sorting the kinds makes even the draws the same whatever the order.
    assert best_probability(samples[order], 1) == pytest.approx(best_probability(samples, 1)[order])


def test_the_global_generators_are_left_alone():
    samples = shared_worlds(np.random.default_rng(1), [0.0, 0.1, 0.2], 5)
    np.random.seed(1)
    before = np.random.get_state()
    first = best_probability(samples, 1)
    assert all(np.array_equal(x, y) for x, y in zip(before, np.random.get_state(), strict=True))
    np.random.seed(2)
    assert list(best_probability(samples, 1)) == list(first)
