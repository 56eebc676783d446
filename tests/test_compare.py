"""Comparisons: what is computed of known runs, what is said of it, and what leaves as JSON."""

import json
from types import SimpleNamespace

import numpy as np
import pytest

from experiments.compare import Comparison, compare, summarise
from experiments.design import Experiment, load_experiment
from experiments.engine.runner import Run
from experiments.methods.statistics import fieller, mean_interval
from experiments.outcomes import MEASURES
from sim import simulate
from sim.errors import InputError
from sim.policy import Policy
from sim.scenario import Scenario

ESTIMATE = {
    "mean", "low", "high", "difference", "difference_low", "difference_high", "best_probability",
}  # fmt: skip
NOISE = (0.3, -0.2, 0.1, -0.4, 0.5, -0.3)
LUCK = (9.0, -7.0, 4.0, -2.0, 0.0, 5.0)


def compared(
    samples: dict[str, dict[str, list[float]]],
    baseline: str = "none",
    shown: str = "reputation",
) -> Comparison:
    """Compare policies of which the outcomes in each world are known."""
    seeds = len(next(iter(next(iter(samples.values())).values())))
    experiment = Experiment(
        name="test",
        scenario=Scenario(),
        policies={name: Policy() for name in samples},
        baseline=baseline,
        seeds=tuple(range(1, seeds + 1)),
        outcomes=tuple(shown.split()),
    )
    usual = dict.fromkeys(
        ("recovery_cost", "answers", "leavers", "customers_kept", "margin", "reputation"), 0.0
    )
    series = np.array([[0.0, 50.0], [7.0, 51.0]])
    runs = [
        Run(
            policy,
            seed,
            {**usual, **{name: row[i] for name, row in outcomes.items()}},
            series + i,
            ("day", "reputation"),
            0.01,
            people=30,
            ties=120,
        )
        for policy, outcomes in samples.items()
        for i, seed in enumerate(experiment.seeds)
    ]
    return summarise(experiment, runs)


def reputation(**shifts: float) -> Comparison:
    """Compare policies by reputation: shared luck, own noise, and a shift of each."""
    return compared(
        {
            name: {
                "reputation": [
                    50 + shift + luck + NOISE[(world + turn) % 6] for world, luck in enumerate(LUCK)
                ]
            }
            for turn, (name, shift) in enumerate(shifts.items())
        }
    )


def test_a_clear_winner_is_called_the_best_with_its_difference_and_chance():
    comparison = reputation(none=0.0, slow=2.0, bakery=9.0)
    estimate = comparison.policies["bakery"]["reputation"]
    assert estimate.best_probability > 0.99
    pairs = comparison.samples("reputation")
    difference = mean_interval(pairs[2] - pairs[0])
    assert estimate[3:6] == pytest.approx([float(part) for part in difference])
    sentence = comparison.conclusion
    assert sentence.startswith("bakery is best at reputation: 9.0")
    assert "points above none (95% interval" in sentence
    assert "the best of the three is over 99%" in sentence
    assert "times narrower than as many independent seeds" in sentence
    assert comparison.narrowing["bakery"]["reputation"] > 5


def test_a_close_race_is_not_decided():
    sentence = reputation(none=0.0, slow=8.0, fast=8.02).conclusion
    assert "is not decided" in sentence
    assert "cannot be told apart from" in sentence and "with 6 seeds" in sentence
    assert "none (95% interval" in sentence
    assert "apart from none" not in sentence


def test_policies_that_do_the_very_same_are_said_to():
    row = [50.0, 60.0, 55.0]
    same = compared({"none": {"reputation": row}, "fast": {"reputation": row}})
    assert "Every policy came to the same reputation in every world" in same.conclusion
    assert same.policies["fast"]["reputation"].best_probability == 0.5
    higher = [value + 5 for value in row]
    twins = compared(
        {
            "none": {"reputation": row},
            "a": {"reputation": higher},
            "b": {"reputation": higher},
        }
    )
    assert twins.conclusion.startswith("a and b are equally good and best at reputation")
    assert "5.00 points above none" in twins.conclusion


def test_one_seed_says_nothing_about_chance():
    comparison = compared({"none": {"reputation": [50.0]}, "fast": {"reputation": [61.0]}})
    estimate = comparison.policies["fast"]["reputation"]
    assert estimate == (61.0, None, None, 11.0, None, None, None)
    assert "one seed cannot tell that from luck" in comparison.conclusion
    assert "11.0 points above none" in comparison.conclusion
    assert "interval" not in comparison.conclusion


def test_one_policy_has_nothing_to_be_compared_with():
    sentence = reputation(none=0.0).conclusion
    assert sentence.startswith("Only none was run")
    assert "points (95% interval" in sentence


def test_a_baseline_that_is_best_is_said_to_be():
    sentence = reputation(none=0.0, courier=-6.0, slow=-3.0).conclusion
    assert sentence.startswith("none, the baseline, is best at reputation: 3.0")
    assert "above slow" in sentence


def test_lower_is_better_where_it_is():
    rows = {"none": [300.0, 320.0, 310.0], "bakery": [200.0, 222.0, 209.0]}
    comparison = compared({n: {"leavers": row} for n, row in rows.items()}, shown="leavers")
    assert comparison.conclusion.startswith("bakery is best at customers lost: 99")
    assert "customers below none (95% interval 9" in comparison.conclusion


def test_other_outcomes_are_told_in_one_sentence_more():
    luck, noise = np.array(LUCK), np.array(NOISE)
    comparison = compared(
        {
            "none": {"reputation": luck, "nps": luck, "stars": luck, "npv_per_person": luck},
            "cheap": {
                "reputation": luck + 3 + noise, "nps": luck + 3 + noise,
                "stars": luck - noise, "npv_per_person": luck + 9 + noise,
            },
            "bakery": {
                "reputation": luck + 9 - noise, "nps": luck + 9 - noise,
                "stars": luck + noise, "npv_per_person": luck + 1 + noise,
            },
        },
        shown="reputation nps npv_per_person stars visits",
    )  # fmt: skip
    assert (
        " bakery is also best at net promoter score; cheap is best at net present value per "
        "person; no policy is clearly the best at stars. "
    ) in comparison.conclusion


def test_an_outcome_that_is_neither_good_nor_bad_has_no_best():
    rows = {"none": [3.0, 4.0, 5.0], "asked": [30.0, 44.0, 51.0]}
    comparison = compared({n: {"complaints": row} for n, row in rows.items()}, shown="complaints")
    assert comparison.policies["asked"]["complaints"].best_probability is None
    assert "neither better nor worse" in comparison.conclusion


def test_wider_is_said_where_shared_worlds_hurt():
    luck = np.array(LUCK)
    comparison = compared({"none": {"reputation": luck}, "odd": {"reputation": 60 - luck}})
    assert comparison.narrowing["odd"]["reputation"] < 1
    assert "times wider than" in comparison.conclusion


def test_cost_per_customer_saved_and_return_are_ratios_of_means_with_fiellers_interval():
    cost = {"none": [0.0, 0.0, 0.0, 0.0], "fast": [100.0, 120.0, 90.0, 110.0]}
    left = {"none": [50.0, 60.0, 40.0, 55.0], "fast": [30.0, 35.0, 22.0, 30.0]}
    margin = {
        "none": [900.0, 950.0, 910.0, 930.0],
        "fast": [1150.0, 1210.0, 1100.0, 1190.0],
    }
    comparison = compared(
        {
            name: {"recovery_cost": cost[name], "customers_kept": [100.0 - x for x in left[name]], "margin": margin[name],
                   "answers": [0.0] * 4 if name == "none" else [20.0, 24.0, 18.0, 22.0]}
            for name in cost
        }
    )  # fmt: skip
    fast, none = comparison.policies["fast"], comparison.policies["none"]
    spent = np.array(cost["fast"])
    saved = np.array(left["none"]) - np.array(left["fast"])
    assert fast["cost_per_customer_saved"][:3] == pytest.approx(
        [float(x) for x in fieller(spent, saved)]
    )
    assert fast["cost_per_customer_saved"].mean == pytest.approx(420 / 88)
    assert fast["cost_per_customer_saved"].best_probability > 0.99
    gained = np.array(margin["fast"]) - np.array(margin["none"]) - spent
    assert fast["return_on_recovery_spend"][:3] == pytest.approx(
        [float(x) for x in fieller(gained, spent)]
    )
    # The baseline against itself is undefined.
    for name in ("cost_per_customer_saved", "return_on_recovery_spend"):
        assert set(none[name]) == {None}
    assert comparison.notes == ()


def test_nobody_saved_is_null_and_said():
    cost = {"none": [0.0] * 3, "bad": [10.0, 12.0, 11.0], "so-so": [10.0, 12.0, 11.0]}
    left = {
        "none": [50.0, 60.0, 40.0],
        "bad": [70.0, 85.0, 66.0],
        "so-so": [49.0, 55.0, 44.0],
    }
    comparison = compared(
        {
            n: {"recovery_cost": cost[n], "customers_kept": [100.0 - x for x in left[n]]}
            for n in cost
        }
    )
    assert comparison.policies["bad"]["cost_per_customer_saved"][:3] == (
        None,
        None,
        None,
    )
    vague = comparison.policies["so-so"]["cost_per_customer_saved"]
    assert vague.mean == pytest.approx(33 / 2) and vague.low is None
    first, second = comparison.notes
    assert "undefined for bad: no customers were saved compared with none" in first
    assert "no bounds for so-so" in second


def test_a_change_of_policy_in_the_scenario_is_pointed_out():
    experiment = load_experiment(
        "bakery",
        {"policy_changes": [{"day": 20, "policy": "fast"}], "seeds": 2, "market.people": 30},
    )
    comparison = compare(experiment, simulate=fake_simulate, network_of=lambda scenario: None)
    assert "changes the policy on day 20" in comparison.notes[0]


def test_undefined_outcomes_leave_as_null():
    nan = float("nan")
    comparison = compared(
        {
            "none": {"mean_delay": [nan, nan, nan], "good_to_bad": [1.0, nan, 2.0]},
            "fast": {"mean_delay": [0.0, 0.5, 0.25], "good_to_bad": [3.0, 4.0, 5.5]},
        },
        shown="mean_delay good_to_bad",
    )
    text = json.dumps(comparison.to_json(), allow_nan=False)
    found = json.loads(text)["policies"]
    assert set(found["none"]["mean_delay"].values()) == {None}
    assert found["fast"]["mean_delay"]["best_probability"] == 1.0
    assert found["fast"]["good_to_bad"]["difference"] == pytest.approx(2.75)
    assert found["none"]["good_to_bad"]["mean"] == 1.5


def test_json_has_the_keys_that_others_read():
    comparison = reputation(none=0.0, fast=3.0)
    found = json.loads(json.dumps(comparison.to_json(), allow_nan=False))
    assert found["baseline"] == "none"
    assert found["seeds"] == [1, 2, 3, 4, 5, 6]
    assert found["conclusion"] == comparison.conclusion
    assert list(found["policies"]) == ["none", "fast"]
    assert all(set(estimate) == ESTIMATE for estimate in found["policies"]["fast"].values())
    assert found["crn"]["fast"]["reputation"] == comparison.narrowing["fast"]["reputation"]


def test_tables_are_tidy():
    comparison = reputation(none=0.0, fast=3.0)
    runs = comparison.runs_frame()
    assert len(runs) == 12 and list(runs.columns[:2]) == ["policy", "seed"]
    summary = comparison.summary_frame()
    assert len(summary) == 2 * len(comparison.policies["none"])
    assert summary["best_probability"].dtype == np.float64
    row = summary[(summary.policy == "fast") & (summary.outcome == "reputation")].iloc[0]
    assert row["difference"] == comparison.policies["fast"]["reputation"].difference
    series = comparison.series_frame()
    assert list(series.columns) == ["policy", "seed", "day", "reputation"]
    assert len(series) == 12 * 2
    assert series.iloc[-1].tolist() == ["fast", 6, 12.0, 56.0]
    assert comparison.mean_series("reputation")["fast"].mean == pytest.approx([52.5, 53.5])


def fake_simulate(scenario: Scenario, network: object) -> SimpleNamespace:
    """Return an outcome that depends on the policy, the seed and the network alone."""
    level = scenario.seed % 7 + 3.0 * scenario.policy.compensation
    return SimpleNamespace(
        final={"reputation": 50 + level, "nps": level},
        totals={"leavers": 40 - level, "customers_kept": 60 + level, "recovery_cost": scenario.policy.compensation,
                "margin": 100 + level, "answers": 3, "npv_per_person": level},
        ratios={"good_to_bad": None},
        series_array=np.array([[0.0, 50.0], [7.0, 50 + level]]),
        columns=("day", "reputation"),
        seconds=0.001,
        ties=SimpleNamespace(people=30, ties=120),
        digest="d",
    )  # fmt: skip


def test_a_shipped_experiment_from_file_to_conclusion():
    experiment = load_experiment("bakery", ["seeds=4", "market.people=50", "baseline=slow"])
    comparison = compare(experiment, simulate=fake_simulate, network_of=lambda scenario: None)
    assert comparison.baseline == "slow" and comparison.seeds == (1, 2, 3, 4)
    assert comparison.policies["fast-generous"]["nps"].difference == pytest.approx(3 * 0.4)
    assert comparison.conclusion.startswith("fast-generous is best at reputation: 1.20 points")
    json.dumps(comparison.to_json(), allow_nan=False)


def test_a_shipped_experiment_with_the_model_itself():
    experiment = load_experiment(
        "bakery", ["seeds=3", "market.people=150", "days=40", "policies=[none, bakery]"]
    )
    comparison = compare(experiment, workers=2)
    # Every outcome of a run is known by name and direction, and every such name is an outcome.
    assert set(comparison.runs[0].values) | {
        "cost_per_customer_saved", "return_on_recovery_spend",
    } == set(MEASURES)  # fmt: skip
    for policy in experiment.policies:
        for seed, run in zip(experiment.seeds, comparison.runs_of(policy), strict=True):
            outcome = simulate(experiment.scenario_of(policy, seed))
            assert run.values["reputation"] == outcome.final["reputation"]
            assert run.values["visits"] == outcome.totals["visits"]
            assert np.array_equal(run.series, outcome.series_array, equal_nan=True)
            assert run.columns == tuple(outcome.series.columns)
    json.dumps(comparison.to_json(), allow_nan=False)


def test_threads_do_not_show_in_the_result():
    experiment = load_experiment("inviting-complaints", ["seeds=2", "market.people=80", "days=35"])
    one, many = compare(experiment, workers=1), compare(experiment, workers=4)
    assert one.to_json() == many.to_json()
    assert one.series_frame().equals(many.series_frame())


def test_more_people_than_a_comparison_has_memory_for_are_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What the world before has left is still there while the next is made."""
    for module in ("experiments.extent", "experiments.engine.runner", "sim.memory"):
        monkeypatch.setattr(f"{module}.available_memory", lambda: 1_500_000)
    experiment = load_experiment("bakery", {"market.people": 4000, "seeds": 2})
    with pytest.raises(InputError, match="market.people = 4000 needs about .* in a comparison"):
        compare(experiment)
    small = load_experiment("bakery", {"market.people": 60, "days": 7, "seeds": 2})
    assert compare(small, workers=2).seeds == (1, 2)
    with pytest.raises(InputError, match="workers = 1000 need .* take at most"):
        compare(small, workers=1000)
