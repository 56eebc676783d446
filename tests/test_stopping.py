"""How many runs: coverage and selection of known truth, exact courses, honest words, same bits."""

import json
from collections.abc import Callable
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from experiments.compare import compare
from experiments.design import Experiment, load_experiment
from experiments.methods.chances import best_of_unequal, best_probability
from experiments.methods.precision import PrecisionRule, Reached
from experiments.methods.selection import Selected, SelectionRule
from experiments.methods.statistics import Sampling, fieller, mean_interval
from experiments.methods.stopping import Rounds
from experiments.planning.plan import Plan
from experiments.sweep import sweep
from sim.errors import InputError
from tests.calling import call, done

Noise = Callable[[np.random.Generator, tuple[int, ...]], np.ndarray]

EXPERIMENTS = 1_000
ERROR = np.sqrt(0.95 * 0.05 / EXPERIMENTS)
"""Standard error of a share of .95 in so many experiments: .0069."""


def normal(generator: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    return generator.standard_normal(shape)


def skewed(generator: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """Return noise of skewness .71: what paired differences in the shipped experiments have."""
    return (generator.gamma(8.0, 1.0, shape) - 8.0) / np.sqrt(8.0)


def run_to_precision(rule: PrecisionRule, values: np.ndarray) -> Reached:
    """Give a rule the worlds that it wants until it wants no more."""
    names = [f"p{i}" for i in range(len(values))]
    run = rule.first
    while True:
        stand = rule.stand(names, list(values[:, :run]), 0)
        if stand.wanted[0] == run:
            return stand
        run = stand.wanted[0]


@pytest.mark.parametrize(
    ("noise", "first", "half_width"), [(normal, 20, 0.5), (normal, 10, 0.3), (skewed, 20, 0.4)]
)
def test_intervals_cover_though_the_results_decided_how_many_worlds(
    noise: Noise, first: int, half_width: float
) -> None:
    """Of three policies, in shared worlds: each difference, and an outcome that nobody asked for."""
    generator = np.random.default_rng(7)
    rule = PrecisionRule("reputation", half_width, first, 1000)
    covered = np.zeros(3)
    for _ in range(EXPERIMENTS):
        own = noise(generator, (3, 1000)) * np.array([[0.3], [0.9], [1.4]])
        values = own + 3.0 * noise(generator, (1, 1000)) + np.array([[0.0], [1.0], [5.0]])
        stand = run_to_precision(rule, values)
        assert stand.settled and max(stand.half_widths.values()) <= half_width
        other = values[2] + generator.standard_normal(1000)
        asked = np.array([values[1] - values[0], values[2] - values[0], other])
        low, high = mean_interval(asked[:, : stand.worlds[0]], rule.sampling)[1:]
        covered += (low <= [1.0, 5.0, 5.0]) & (high >= [1.0, 5.0, 5.0])
    assert (covered / EXPERIMENTS > 0.95 - 3 * ERROR).all(), covered


def test_to_stop_where_students_interval_happens_to_be_narrow_would_not_cover() -> None:
    """The trap that the rule avoids, and that the test above could see."""
    generator = np.random.default_rng(1)
    values = generator.standard_normal((2 * EXPERIMENTS, 100))
    missed, left = 0, values
    for run in range(5, 101):
        mean, low, high = mean_interval(left[:, :run])
        stops = high - mean <= 0.5
        missed += int(((low > 0) | (high < 0))[stops].sum())
        left = left[~stops]
    assert len(left) == 0 and missed / len(values) > 0.05 + 3 * ERROR


def test_steins_interval_is_as_wide_as_published() -> None:
    """Of the variance of the first stage alone, and of its quantile; or Student's, if wider."""
    values = np.random.default_rng(2).standard_normal(80)
    for first in (10, 40):
        mean, low, high = mean_interval(values, Sampling(first))
        stein = stats.t.ppf(0.975, first - 1) * values[:first].std(ddof=1) / np.sqrt(80)
        student = stats.t.ppf(0.975, 79) * values.std(ddof=1) / np.sqrt(80)
        assert high - mean == pytest.approx(max(stein, student))
        assert mean - low == pytest.approx(high - mean)
    assert [*map(float, mean_interval(values, Sampling(80)))] == [
        *map(float, mean_interval(values))
    ]


def test_the_second_stage_is_as_large_as_stein_says() -> None:
    values = np.random.default_rng(4).standard_normal((2, 400))
    rule = PrecisionRule("reputation", 0.3, 20, 400)
    difference = (values[1] - values[0])[:20]
    wanted = (stats.t.ppf(0.975, 19) * difference.std(ddof=1) / 0.3) ** 2
    stand = rule.stand(("a", "b"), list(values[:, :20]), 0)
    assert stand.wanted == (int(np.ceil(wanted)),) * 2 and not stand.settled


def test_precision_stops_at_the_most_that_is_allowed_and_says_so() -> None:
    values = np.random.default_rng(4).standard_normal((3, 100))
    values[1] = values[0] + 1.0
    stand = run_to_precision(PrecisionRule("reputation", 0.01, 20, 60), values)
    assert stand.worlds == (60,) * 3 and not stand.settled
    assert "the most that were allowed" in stand.text and "still wider for p2" in stand.text
    assert "0.01 points" in stand.text


def test_an_outcome_that_is_undefined_asks_for_no_worlds() -> None:
    values = np.random.default_rng(4).standard_normal((3, 200))
    values[1] = np.nan
    values[2, ::2] = np.nan
    stand = run_to_precision(PrecisionRule("mean_delay", 0.5, 20, 200), values)
    assert stand.undefined == ("p1",) and stand.settled and 40 < stand.worlds[0] < 100
    assert "undefined for p1" in stand.text
    nothing = PrecisionRule("mean_delay", 0.5, 20, 200).stand(
        ("a", "b"), [values[0, :20], values[1, :20]], 0
    )
    assert nothing.wanted == nothing.worlds and not nothing.settled
    json.dumps(nothing.to_json())


def shared(
    generator: np.random.Generator, means: list[float], own: list[float], luck: float
) -> np.ndarray:
    """Return values of policies in shared worlds; `own` and `luck` are standard deviations."""
    shape = (len(means), 1500)
    noise = np.array(own)[:, None] * generator.standard_normal(shape)
    return np.array(means)[:, None] + noise + luck * generator.standard_normal((1, 1500))


SLIPPAGE = [0.0, 0.0, 0.0, 0.0, 1.0]
TRUTHS: dict[str, tuple[list[float], list[float], float]] = {
    "all others just the indifference behind": (SLIPPAGE, [2.0] * 5, 0.0),
    "the same, in worlds that are shared": (SLIPPAGE, [1.5] * 5, 6.0),
    "the best varies least": (SLIPPAGE, [3.0, 2.5, 2.0, 1.5, 0.5], 2.0),
    "the best varies most": (SLIPPAGE, [0.5, 0.5, 1.0, 1.0, 3.0], 2.0),
    "each one step behind the next": ([0.0, 1.0, 2.0, 3.0, 4.0], [2.5] * 5, 2.0),
    "two policies": ([0.0, 1.0], [2.0, 2.0], 1.0),
}


@pytest.mark.parametrize("truth", TRUTHS)
def test_the_best_is_chosen_as_often_as_promised(truth: str) -> None:
    means, own, luck = TRUTHS[truth]
    generator = np.random.default_rng(3)
    rule = SelectionRule("reputation", 1, 1.0, 0.95, 10, 1500)
    names = [str(mean) for mean in range(len(means))]
    right, runs = 0, 0.0
    for _ in range(EXPERIMENTS):
        stand = rule.stand(names, list(shared(generator, means, own, luck)))
        assert stand.settled and len(stand.chosen) == 1
        right += stand.chosen == (names[-1],)
        last = stand.dropped[-1].worlds
        runs += (sum(drop.worlds for drop in stand.dropped) + last) / (len(names) * last)
    assert right / EXPERIMENTS > 0.95 - 3 * ERROR
    if truth == "each one step behind the next":
        assert runs / EXPERIMENTS < 0.75, "a quarter and more is saved"


def literal(
    values: np.ndarray, delta: float, alpha: float, first: int
) -> tuple[list[int], dict[int, int]]:
    """Select as the paper has it, world by world: who is left, and after how many others went."""
    count, worlds = values.shape
    eta = 0.5 * ((2 * alpha / (count - 1)) ** (-2 / (first - 1)) - 1)
    h2 = 2 * eta * (first - 1)
    variance = (values[:, None, :first] - values[None, :, :first]).var(axis=2, ddof=1)
    left, gone = list(range(count)), {}
    for r in range(first, worlds + 1):
        mean = values[:, :r].mean(axis=1)
        old = list(left)
        for i in old:
            for other in old:
                width = max(0.0, delta / (2 * r) * (h2 * variance[i, other] / delta**2 - r))
                if mean[i] < mean[other] - width:
                    left = [each for each in left if each != i]
                    gone[i] = r
        if len(left) == 1:
            break
    return left, gone


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.integers(2, 5), st.integers(5, 15), st.sampled_from([1, -1]))
def test_the_course_is_the_papers_however_worlds_come(
    seed: int, count: int, first: int, direction: int
) -> None:
    generator = np.random.default_rng(seed)
    values = shared(generator, list(generator.normal(size=count)), [1.0] * count, 1.0)[:, :400]
    rule = SelectionRule("reputation", direction, 0.7, 0.9, first, 400)
    names = [str(i) for i in range(count)]
    left, gone = literal(direction * values, 0.7, 0.1, first)
    run = [first] * count
    while True:
        stand = rule.stand(names, [row[:most] for row, most in zip(values, run, strict=True)])
        if stand.wanted == tuple(run):
            break
        run = list(stand.wanted)
    assert {drop.name: drop.worlds for drop in stand.dropped} == {
        str(i): r for i, r in gone.items()
    }
    assert stand.settled == (len(left) == 1) and stand.left == tuple(map(str, left))
    whole = rule.stand(names, list(values))
    assert (whole.dropped, whole.chosen) == (stand.dropped, stand.chosen)


def test_twins_are_chosen_together_and_end_the_matter() -> None:
    values = shared(np.random.default_rng(3), [0.0, 5.0, 5.0], [1.0] * 3, 1.0)
    values[2] = values[1]
    rule = SelectionRule("reputation", 1, 0.5, 0.95, 20, 1500)
    stand = rule.stand(("slow", "fast", "quick"), list(values[:, :20]))
    assert stand.settled and stand.chosen == ("fast", "quick") and stand.wanted == (20,) * 3
    assert "fast and quick are chosen" in stand.text and "the same" in stand.text
    # A difference without any noise is seen at once.
    values[2] = values[1] + 1e-3
    assert rule.stand(("slow", "fast", "quick"), list(values[:, :20])).chosen == ("quick",)


def test_nothing_is_claimed_where_it_stays_open() -> None:
    values = shared(np.random.default_rng(3), [0.0, 0.0, -20.0], [3.0] * 3, 0.0)
    rule = SelectionRule("reputation", 1, 0.5, 0.95, 20, 100)
    stand = rule.stand(("slow", "fast", "none"), [values[0, :100], values[1, :100], values[2, :28]])
    assert not stand.settled and stand.chosen == () and stand.wanted == stand.worlds
    assert [drop.name for drop in stand.dropped] == ["none"]
    assert "Nothing is chosen" in stand.text and "cannot be ruled out" in stand.text
    assert "It was chosen" not in stand.text
    json.dumps(stand.to_json(), allow_nan=False)


def test_worlds_in_which_something_is_undefined_do_not_count() -> None:
    values = shared(np.random.default_rng(3), [0.0, 0.5, 3.0, 0.0], [2.0] * 4, 1.0)
    values[1, ::3] = np.nan
    values[3] = np.nan
    rule = SelectionRule("mean_delay", 1, 0.5, 0.95, 20, 1500)
    stand = rule.stand("abcd", list(values))
    kept = np.isfinite(values[1])
    same = rule.stand("abc", list(values[:3, kept]))
    assert stand.chosen == same.chosen == ("c",) and "d after 20 (undefined in all)" in stand.text
    assert len(stand.dropped) == 3
    none = rule.stand("ab", [values[3]] * 2)
    assert not none.settled or none.chosen == ()
    assert "undefined for all" in none.text


@pytest.mark.parametrize("first", [10, 20])
def test_intervals_that_hold_for_good_hold_whenever_one_stops(first: int) -> None:
    """At many numbers of worlds at once, up to 500; so also where a policy was dropped."""
    generator = np.random.default_rng(first)
    values = generator.standard_normal((EXPERIMENTS, 500))
    held = np.ones(EXPERIMENTS, bool)
    student = np.ones(EXPERIMENTS, bool)
    for run in np.unique(np.geomspace(first, 500, 100).astype(int)):
        _, low, high = mean_interval(values[:, :run], Sampling(first, anytime=True))
        held &= (low <= 0) & (high >= 0)
        _, low, high = mean_interval(values[:, :run])
        student &= (low <= 0) & (high >= 0)
    assert held.mean() > 0.95 - 3 * ERROR
    assert student.mean() < 0.8, "Student's interval would be left sooner or later"


def test_intervals_cover_where_the_best_was_chosen() -> None:
    """The differences of two that are alike, one of which is dropped when it happens to lie behind."""
    generator = np.random.default_rng(9)
    rule = SelectionRule("reputation", 1, 1.0, 0.95, 10, 1500)
    covered = student = 0
    for _ in range(EXPERIMENTS):
        values = shared(generator, [0.0, 0.0], [3.0, 3.0], 1.0)
        stand = rule.stand("ab", list(values))
        difference = (values[1] - values[0])[: stand.dropped[0].worlds]
        _, low, high = mean_interval(difference, rule.sampling)
        covered += low <= 0 <= high
        _, low, high = mean_interval(difference)
        student += low <= 0 <= high
    assert covered / EXPERIMENTS > 0.95 - 3 * ERROR
    assert student / EXPERIMENTS < 0.95 - 3 * ERROR, "Student's would not"


@pytest.mark.parametrize("sampling", [Sampling(12), Sampling(12, anytime=True)])
def test_a_ratio_is_compatible_where_the_mean_is(sampling: Sampling) -> None:
    generator = np.random.default_rng(8)
    under = 5.0 + generator.standard_normal(60)
    over = 2.0 * under + generator.standard_normal(60)
    _, low, high = fieller(over, under, sampling)
    for ratio in (low, high):
        ends = mean_interval(over - ratio * under, sampling)[1:]
        assert min(abs(end) for end in ends) == pytest.approx(0.0, abs=1e-9)


def test_chances_with_unequal_worlds_agree_with_those_of_equal_ones() -> None:
    generator = np.random.default_rng(6)
    values = shared(generator, [0.0, 0.4, 0.6], [1.0] * 3, 2.0)[:, :40]
    equal = best_probability(values, 1)
    assert best_of_unequal(values, (40, 40, 40), 1) == pytest.approx(equal, abs=0.01)
    values[0, 12:] = np.nan
    assert best_of_unequal(values, (12, 40, 40), 1).sum() == pytest.approx(1.0)
    far = values - np.array([[9.0], [0.0], [0.0]])
    chances = best_of_unequal(far, (12, 40, 40), 1)
    assert chances == pytest.approx([0.0, *best_probability(values[1:], 1)], abs=0.01)
    alone = best_probability(np.stack([values[0, :12], values[2, :12]]), 1)
    two = best_of_unequal(values[[0, 2]], (12, 40), 1)
    assert two == pytest.approx(alone, abs=0.01)
    twins = best_of_unequal(values[[0, 2, 2, 0]], (12, 40, 40, 12), 1)
    assert twins[0] == twins[3] and twins[1] == twins[2] and twins.sum() == pytest.approx(1)


# Rounds: which jobs are asked for.


def an_experiment(**asked: object) -> Experiment:
    small = {"market.people": 40, "days": 20, "seeds": 10}
    return load_experiment("bakery", {**small, **asked})


def lived(rounds: Rounds, outcome: Callable[[str, int], float]) -> list[list[tuple[str, int]]]:
    """Go through the rounds with a known outcome; return policy and seed of each round's jobs."""
    course = []
    for jobs in rounds:
        made = [(job.policy, job.seed, job.cell) for job in jobs]
        # In another order than asked for, as workers would.
        for policy, seed, cell in sorted(made, key=lambda job: hash(job[:2])):
            rounds.tell(cell, seed, outcome(policy, seed))
        course.append([(policy, seed) for policy, seed, _ in made])
    return course


def a_value(policy: str, seed: int) -> float:
    luck = np.random.default_rng(seed).normal()
    own = np.random.default_rng([seed, len(policy)]).normal()
    return luck + 0.3 * own + {"bakery": 3.0, "fast": 2.8, "fast-generous": 2.6}.get(policy, 0.0)


def test_without_a_rule_there_is_one_round_of_all_runs() -> None:
    rounds = Rounds(Plan(an_experiment()))
    (only,) = lived(rounds, a_value)
    assert len(only) == rounds.jobs == rounds.most == 50 and rounds.text == ""


def test_worlds_follow_each_other_and_only_open_ones_get_more() -> None:
    experiment = an_experiment(select_best={"outcome": "reputation", "indifference": 0.1}, seed=100)
    rounds = Rounds(Plan(experiment))
    first, *later = lived(rounds, a_value)
    assert first == [(p, 100 + s) for s in range(10) for p in experiment.policies]
    assert later, "three of them are close"
    asked = [job for course in (first, *later) for job in course]
    assert len(asked) == len(set(asked)) == rounds.jobs <= rounds.most
    for policy in experiment.policies:
        seeds = [seed for name, seed in asked if name == policy]
        assert seeds == list(range(100, 100 + len(seeds)))
    (stand,) = rounds.stands
    assert isinstance(stand, Selected) and stand.chosen == ("bakery",)
    assert {policy for policy, _ in later[0]} <= {"bakery", "fast", "fast-generous"}
    assert stand.worlds[0] == 10 < max(stand.worlds)
    assert rounds.text == stand.text
    assert rounds.to_json()[0]["worlds"]["none"] == 10


def test_a_list_of_seeds_is_gone_on_with_after_its_highest() -> None:
    seeds = [7, 90, 3, 11, 12, 13, 14, 15, 16, 17]
    asked = {"outcome": "reputation", "half_width": 0.1}
    rounds = Rounds(Plan(an_experiment(seeds=seeds, precision=asked)))
    first, second, *_ = lived(rounds, a_value)
    assert [seed for policy, seed in first if policy == "none"] == seeds
    assert [seed for policy, seed in second if policy == "none"][:3] == [91, 92, 93]


def test_levers_are_alternatives_and_the_world_is_a_setting() -> None:
    points = [
        {"policy.delay": delay, "service.failure_probability": share}
        for delay in (0.0, 5.0)
        for share in (0.02, 0.05)
    ]
    best = an_experiment(select_best={"outcome": "nps", "indifference": 0.5})
    chosen = Rounds(Plan(best, points=points, policies=["slow", "fast"]))
    assert [group.setting for group in chosen.groups] == [
        {"service.failure_probability": 0.02}, {"service.failure_probability": 0.05},
    ]  # fmt: skip
    assert chosen.groups[0].names == (
        "slow (delay 0.0)", "fast (delay 0.0)", "slow (delay 5.0)", "fast (delay 5.0)",
    )  # fmt: skip
    assert chosen.groups[1].cells == (2, 3, 6, 7)
    narrow = an_experiment(precision={"outcome": "nps", "half_width": 0.5}, baseline="fast")
    each = Rounds(Plan(narrow, points=points, policies=["slow", "fast"]))
    assert [group.setting for group in each.groups] == points
    assert {group.baseline for group in each.groups} == {1}
    lived(each, lambda policy, seed: a_value(policy, seed))
    assert "In 4 of 4 settings" in each.text


def test_a_sweep_runs_what_the_rule_wants_and_goes_on_as_it_would_have(tmp_path) -> None:
    experiment = an_experiment(
        select_best={"outcome": "npv_per_person", "indifference": 0.3, "at_most": 60},
        policies=["none", "slow", "fast", "bakery"],
    )
    whole = sweep(Plan(experiment), workers=2)
    runs = whole.results.runs
    (stand,) = whole.rounds.stands
    assert dict(runs.groupby("policy").size()) == dict(zip(stand.names, stand.worlds, strict=True))
    # Half of it is there already, from a sweep of fixed seeds; and all of it the second time.
    sweep(Plan(an_experiment(policies=["none", "slow", "fast", "bakery"])), tmp_path / "a")
    again = sweep(Plan(experiment), tmp_path / "b")
    assert again.rounds.stands == whole.rounds.stands and again.digest == whole.digest
    third = sweep(Plan(experiment), tmp_path / "b")
    assert third.done == 0 and third.skipped == third.runs == len(runs)
    assert third.rounds.stands == whole.rounds.stands


# Comparisons.


def simulated(scenario: object, network: object) -> SimpleNamespace:
    """Return an outcome that is known: `a_value` as reputation, and as money the other way round."""
    value = a_value(scenario.policy_name, scenario.seed)
    return SimpleNamespace(
        final={"reputation": 50 + value, "nps": -value},
        totals={"customers_kept": 60 + value, "recovery_cost": 5.0, "margin": 100 + value,
                "answers": 3, "npv_per_person": -value},
        ratios={"good_to_bad": None},
        series_array=np.array([[0.0, 50.0], [7.0, 50 + value]]),
        columns=("day", "reputation"), seconds=0.001, digest="",
        ties=SimpleNamespace(people=30, ties=120),
    )  # fmt: skip


def compared(**asked: object):
    return compare(an_experiment(**asked), simulate=simulated, network_of=lambda scenario: None)


def test_a_comparison_says_what_was_chosen_dropped_and_saved() -> None:
    comparison = compared(select_best={"outcome": "reputation", "indifference": 0.1})
    stand = comparison.stand
    assert isinstance(stand, Selected) and comparison.worlds["none"] == 10
    most = max(comparison.worlds.values())
    assert len(comparison.seeds) == most == comparison.worlds["bakery"]
    text = comparison.conclusion
    assert text.startswith("bakery is chosen as the best at reputation: 3.")
    assert "Kim and Nelson (2001)" in text and "at least 95%" in text and "0.1 points" in text
    assert "none and slow after 10" in text
    assert f"It took {len(comparison.runs)} runs in {most} worlds" in text
    assert "not decided" not in text
    assert (
        f"Not all policies were run in all {most} worlds: none in the first 10"
        in comparison.notes[0]
    )
    found = json.loads(json.dumps(comparison.to_json(), allow_nan=False))
    assert found["stopping"]["chosen"] == ["bakery"]
    assert found["stopping"]["worlds"] == comparison.worlds


def test_means_are_of_own_worlds_and_differences_of_common_ones() -> None:
    comparison = compared(
        select_best={"outcome": "reputation", "indifference": 0.1}, baseline="fast"
    )
    none, fast = (
        [run.values["reputation"] for run in comparison.runs_of(p)] for p in ("none", "fast")
    )
    assert len(none) == 10 < len(fast)
    estimate = comparison.policies["none"]["reputation"]
    assert estimate.mean == pytest.approx(np.mean(none))
    assert estimate.difference == pytest.approx(np.mean(none) - np.mean(fast[:10]))
    sure = mean_interval(np.array(none) - np.array(fast[:10]), Sampling(10, anytime=True))
    assert estimate[3:6] == pytest.approx([float(part) for part in sure])
    chances = [by["reputation"].best_probability for by in comparison.policies.values()]
    assert sum(chances) == pytest.approx(1.0)
    # The lucky first worlds of a policy that was dropped must not put it ahead.
    ranked = comparison.standing("reputation")
    assert max(ranked, key=lambda name: ranked[name]) == "bakery"
    frame = comparison.series_frame()
    assert frame.groupby("policy")["seed"].nunique().to_dict() == comparison.worlds


def test_precision_of_a_comparison() -> None:
    comparison = compared(precision={"outcome": "reputation", "half_width": 0.1})
    stand = comparison.stand
    assert isinstance(stand, Reached) and stand.settled
    assert set(comparison.worlds.values()) == {len(comparison.seeds)} and len(comparison.seeds) > 10
    for policy in ("slow", "fast", "bakery"):
        estimate = comparison.policies[policy]["reputation"]
        assert estimate.difference_high - estimate.difference <= 0.1
    assert "Stein's two-stage procedure (1945)" in comparison.conclusion
    assert "0.1 points or less" in comparison.conclusion


def test_an_open_end_is_told_in_the_conclusion() -> None:
    asked = {"outcome": "nps", "indifference": 0.001, "at_most": 20}
    comparison = compared(
        select_best=asked,
        outcomes=["nps", "reputation"],
        policies=["fast", "bakery"],
        baseline="fast",
    )
    assert comparison.conclusion.startswith("Nothing is chosen as the best at net promoter score")
    assert "chance" not in comparison.conclusion.partition("reputation")[0]


def test_a_comparison_can_be_run_again_from_its_folder(tmp_path) -> None:
    asked = "select_best={outcome: npv_per_person, indifference: 0.3, at_most: 40}"
    small = ["--set", "market.people=60", "--set", "policies=[none, slow, bakery]", "--days", "30"]
    done("compare", "bakery", *small, "--set", asked, "--seeds", "12", "--out", str(tmp_path / "a"))
    again = done(
        "compare", str(tmp_path / "a" / "experiment.yaml"), "--out", str(tmp_path / "b"), "--json"
    )
    for name in ("runs.csv", "summary.csv", "series.csv"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()
    told = json.loads(again.stdout)["stopping"]
    kept = json.loads((tmp_path / "b" / "provenance.json").read_text())["result"]["stopping"]
    assert told == kept and told["procedure"].endswith("Kim and Nelson (2001)")


# What may stand in a file.

WRONG = {
    "precision={outcome: reputation, half_width: 0}":
        "precision.half_width = 0 must be more than 0 points",
    "precision={outcome: reputation, half_width: 1, at_most: 12}":
        "precision.at_most = 12 must be at least seeds = 20",
    "precision={outcome: return_on_recovery_spend, half_width: 1}":
        "is a ratio of means over all worlds, which no single run has",
    "select_best={outcome: complaints, indifference: 1}":
        "is neither good nor bad by itself",
    "select_best={outcome: reputation, indifference: 0.1, confidence: 1}":
        "select_best.confidence = 1 must be at most 0.9999",
    "select_best={outcome: reputation}": "select_best.indifference is missing",
}  # fmt: skip


@pytest.mark.parametrize("setting", WRONG)
def test_a_rule_that_cannot_be_kept_is_refused_with_its_remedy(setting: str) -> None:
    with pytest.raises(InputError) as caught:
        load_experiment("bakery", [setting])
    assert WRONG[setting] in str(caught.value) and setting[:8] in str(caught.value)


def test_rules_that_contradict_the_rest_are_refused() -> None:
    narrow, best = (
        "precision={outcome: nps, half_width: 1}",
        "select_best={outcome: nps, indifference: 1}",
    )
    for settings_, said in (
        ([narrow, best], "two rules for one thing"),
        ([narrow, "seeds=5"], "seeds = 5 must be at least 10"),
        ([best, "policies=[slow]", "baseline=slow"], "needs two policies or more"),
    ):
        with pytest.raises(InputError, match=said):
            load_experiment("bakery", settings_)
    with pytest.raises(InputError, match="leaves no room"):
        Rounds(Plan(load_experiment("bakery", [narrow], seed=2**64 - 100)))


@pytest.mark.parametrize("command", ["robust", "sensitivity", "break-even", "optimise"])
def test_analyses_that_need_the_same_worlds_everywhere_refuse_a_rule(command: str) -> None:
    narrow = "precision={outcome: reputation, half_width: 1}"
    found = call(command, "bakery", "--set", narrow)
    assert found.exit_code == 2
    assert "--set precision=null" in " ".join(found.stderr.split())
