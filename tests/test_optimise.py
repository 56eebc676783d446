"""The search for the most for the money: what is known of the frontier, of luck, and of costs."""

import json
import warnings
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from experiments.analyses.optimisation import Optimisation, Option, Promise, Reached
from experiments.analyses.optimise import optimise, runs_at_most
from experiments.design import Experiment, load_experiment
from experiments.methods.frontier import nondominated, thinned
from experiments.methods.search import GENERATION, SPREAD, Trial, search
from experiments.planning.plan import Plan
from experiments.sections.optimise import Cost
from experiments.sweep import sweep
from sim.errors import InputError
from sim.policy import Policy
from tests.calling import call, done, told

LEVERS = ("compensation", "apology", "proactive", "follow_up")
WEIGHTS = np.array([3.0, 2.0, 1.0, 0.0])
"""What a lever is worth: the square root of its value times this; and its value is what it costs.
The last costs and is worth nothing."""

RANGES = {f"policy.{lever}": [0, 1] for lever in LEVERS}
PEOPLE = 100


def experiment(*changes: str, levers: dict[str, Any] = RANGES) -> Experiment:
    """Return the bakery's policies fast (to begin with), none and bakery, and a search."""
    return load_experiment(
        "bakery",
        ["policies=[fast, none, bakery]", "baseline=fast", "seeds=6",
         f"optimise={json.dumps({'levers': levers})}", *changes],
    )  # fmt: skip


class World:
    """A world made of a formula: spend is the sum of the levers, reputation of their roots.

    With luck, each setting has its own in each world, and each world its own for all settings.
    """

    def __init__(self, luck: float = 0.0, luck_of_all: float = 0.0, number: int = 0) -> None:
        self.luck, self.luck_of_all, self.number = luck, luck_of_all, number
        self.plans: list[Plan] = []

    def __call__(self, plan: Plan) -> Any:
        self.plans.append(plan)
        rows = []
        for cell in plan.cells():
            values = levers_of(cell.scenario.policy)
            for seed in plan.seeds:
                key = [self.number, seed, *(values * 1e6).astype(int).tolist()]
                own = np.random.default_rng(key).normal(0, 1)
                shared = np.random.default_rng([self.number, seed]).normal(0, 1)
                rows.append({
                    "cell": cell.number, "seed": seed, "people": PEOPLE,
                    "recovery_cost": values.sum() * PEOPLE * cell.scenario.days / 365,
                    "reputation": true_gain(values) + self.luck * own + self.luck_of_all * shared,
                })  # fmt: skip
        return pd.DataFrame(rows)


def levers_of(policy: Policy) -> Any:
    return np.array([getattr(policy, lever) for lever in LEVERS], dtype=float)


def true_gain(values: Any) -> float:
    return float(50 + WEIGHTS @ np.sqrt(values))


def true_value(option: Option) -> float:
    return true_gain(np.array(list(option.levers.values()), dtype=float))


def best_at(spend: float) -> float:
    """Return the most that can be reached: each lever by the square of its weight (Lagrange)."""
    return 50 + float(np.sqrt(spend * (WEIGHTS @ WEIGHTS)))


points = st.lists(
    st.tuples(st.integers(0, 6), st.integers(0, 6) | st.just(float("nan"))), min_size=1, max_size=25
)


@given(points)
def test_the_frontier_is_what_nothing_dominates(pairs):
    spend, gain = np.array(pairs, dtype=float).T
    known = np.isfinite(gain)
    by_definition = {
        i
        for i in range(len(pairs))
        if known[i]
        and not any(
            known[j]
            and spend[j] <= spend[i]
            and gain[j] >= gain[i]
            and (spend[j] < spend[i] or gain[j] > gain[i])
            for j in range(len(pairs))
        )
    }
    found = nondominated(spend, gain).tolist()
    assert set(found) == by_definition
    assert len(found) == len(by_definition)
    assert spend[found].tolist() == sorted(spend[found].tolist())


@given(st.lists(st.floats(0, 100), min_size=1, max_size=60), st.integers(2, 20))
def test_thinning_keeps_both_ends_and_no_more_than_asked(spend, most):
    along = np.sort(np.array(spend))
    kept = thinned(along, most).tolist()
    assert kept == sorted(set(kept))
    assert (kept[0], along[kept[-1]]) == (0, along[-1])
    assert len(kept) <= most
    assert len(kept) == len(spend) or len(spend) > most


def test_a_frontier_that_is_known_is_found():
    result = optimise(experiment("optimise.trials=192", "optimise.budget=1.5"), World())
    reached = np.array([(option.spend.mean, option.objective.mean) for option in result.frontier])
    reached = reached[reached[:, 0] > 0]
    possible = np.array([best_at(spend) for spend in reached[:, 0]])
    share = (reached[:, 1] - 50) / (possible - 50)
    assert (share <= 1 + 1e-9).all()
    assert share.mean() > 0.93
    assert share[-1] > 0.96, "where the budget ends the search has looked most closely"
    assert result.optimism == pytest.approx(0, abs=1e-9), "without luck, nothing is overstated"
    assert result.recommended is result.frontier[-1]


def missed(settings: Any) -> float:
    """Return the area between the best possible frontier up to a spend of 1.5 and that of some."""
    spend, gain = settings.sum(axis=1), np.array([true_gain(row) for row in settings])
    steps = np.linspace(0, 1.5, 301)
    best = [max(gain[spend <= step], default=50.0) for step in steps]
    return float(np.mean([best_at(step) for step in steps] - np.array(best)))


def test_guided_trials_come_nearer_than_blind_ones():
    guided = optimise(experiment("optimise.trials=160", "optimise.budget=1.5"), World())
    settings = np.array([list(trial.levers.values()) for trial in guided.trials], dtype=float)
    blind = np.random.default_rng(1).random((20, 160, len(LEVERS)))
    assert missed(settings) < min(missed(each) for each in blind) / 2


def test_an_objective_of_which_less_is_better_is_lowered():
    def perform(plan):
        runs = World()(plan)
        return runs.assign(leavers=-runs["reputation"])

    asked = experiment("optimise.objective=leavers", "optimise.trials=96", "optimise.budget=1.5")
    same = experiment("optimise.trials=96", "optimise.budget=1.5")
    less, more = optimise(asked, perform), optimise(same, World())
    assert [option.levers for option in less.frontier] == [
        option.levers for option in more.frontier
    ]
    assert less.recommended.levers == more.recommended.levers
    assert less.instead_of("bakery").for_no_more[1].mean == pytest.approx(
        -more.instead_of("bakery").for_no_more[1].mean
    )
    assert "below fast" in less.conclusion


def test_what_the_search_promises_is_overstated_and_what_is_reported_is_not():
    """Over many searches: winners were lucky where they won, and nowhere else."""
    asked = experiment("optimise.trials=32", "optimise.worlds=2")
    promised, reported, optimism = [], [], []
    for number in range(60):
        result = optimise(asked, World(luck=1.0, luck_of_all=2.0, number=number))
        start = result.start
        truth = np.array([true_value(option) - true_value(start) for option in result.found])
        worlds = np.array([option.objective.mean for option in result.found])
        search = np.array([option.promised.objective for option in result.found])
        promised.append((search - start.promised.objective - truth).mean())
        reported.append((worlds - start.objective.mean - truth).mean())
        optimism.append(result.optimism)

    def off_by(errors):
        return np.mean(errors) / (np.std(errors, ddof=1) / np.sqrt(len(errors)))

    assert off_by(promised) > 4
    assert abs(off_by(reported)) < 3
    assert off_by(optimism) > 4
    assert np.allclose(np.array(promised) - np.array(reported), optimism)


def test_the_worlds_of_the_search_are_never_those_of_the_report():
    few, many = World(), World()
    result = optimise(experiment("optimise.trials=4", "seeds=[3, 100005, 9]"), few)
    other = optimise(experiment("optimise.trials=4", "seeds=[3, 100005]"), many)
    assert not set(result.search_worlds) & {3, 100_005, 9}
    assert result.search_worlds == other.search_worlds == (100_003, 100_004, 100_006, 100_007)
    assert result.trials == other.trials, "more worlds to report do not change the search"
    searched = [plan.seeds for plan in few.plans if len(plan.points) > 1 and plan.seeds[0] > 9]
    assert searched == [result.search_worlds]
    assert few.plans[-1].seeds == (3, 100_005, 9)


def test_nothing_above_the_budget_is_recommended():
    result = optimise(experiment("optimise.budget=0.4", "optimise.trials=96"), World(luck=0.5))
    assert all(option.promised.spend <= 0.4 for option in result.found)
    assert result.recommended.spend.mean <= 0.4
    assert all(option.spend.mean <= 0.4 for option in result.chances)
    assert sum(result.chances.values()) == pytest.approx(1)
    bakery = result.named["bakery"]
    assert bakery.spend.mean > 0.4
    assert bakery not in result.chances
    free = optimise(experiment("optimise.trials=96"), World(luck=0.5))
    kept, loose = (
        np.mean([trial.spend <= 0.4 for trial in each.trials[SPREAD + 3 :]])
        for each in (result, free)
    )
    assert kept > 0.5 > 3 * loose, "the search looks where it may spend"


def test_the_budget_is_that_of_the_experiments_worlds_though_those_of_the_search_are_dearer():
    def perform(plan):
        runs = World()(plan)
        return runs.assign(
            recovery_cost=runs["recovery_cost"] * np.where(runs["seed"] > 1000, 1.25, 1.0)
        )

    result = optimise(experiment("optimise.budget=0.8", "optimise.trials=96"), perform)
    assert all(found.spend.mean <= 0.8 + 1e-9 for found in result.found)
    assert max(found.promised.spend for found in result.found) > 0.8
    assert result.recommended.spend.mean > 0.7


def test_a_budget_that_nothing_keeps_to_is_refused_with_the_least_that_was_spent():
    levers = {"policy.compensation": [0.5, 1.0]}
    asked = experiment("optimise.budget=0.1", "optimise.trials=8", levers=levers)
    with pytest.raises(InputError, match=r"budget = 0.1 is less than the 1.\d+ .*6 settings"):
        optimise(asked, World())


def test_more_is_never_run_than_was_announced():
    asked = experiment("optimise.trials=48", "optimise.shortlist=5")
    world = World()
    optimise(asked, world)
    assert sum(map(len, world.plans)) <= runs_at_most(asked)


def test_each_policy_has_something_on_the_frontier_that_costs_no_more():
    result = optimise(experiment("optimise.trials=64", "optimise.shortlist=4"), World())
    found = result.instead_of("fast").for_no_more
    assert found[0].spend.mean <= result.named["fast"].spend.mean
    assert found[1].mean >= 0, "the search began with fast itself"


def test_a_run_that_failed_takes_its_setting_out_and_no_other():
    def perform(plan):
        runs = World()(plan)
        high = [cell.number for cell in plan.cells() if levers_of(cell.scenario.policy)[0] > 0.7]
        return runs[~(runs["cell"].isin(high) & (runs["seed"] == plan.seeds[0]))]

    result = optimise(experiment("optimise.trials=64"), perform)
    unknown = [trial for trial in result.trials if not trial.known]
    assert unknown
    assert all(trial.levers["policy.compensation"] > 0.7 for trial in unknown)
    assert any("trials were left out" in note for note in result.notes)


TOWN = ("seeds=3", "market.people=60", "set.days=30", "service.failure_probability=0.3")


@pytest.fixture(scope="module")
def small() -> Experiment:
    """A search in a world of the model itself, small enough to be run three times."""
    return experiment(
        *TOWN, "optimise.trials=40", "optimise.worlds=2",
        "optimise.budget=4",
        levers={"policy.delay": [0, 9], "policy.compensation": [0, 1], "policy.agents": [0, 3]},
    )  # fmt: skip


def performing(folder: Path | None = None, workers: int = 1, plans: int = 1000) -> Any:
    """Return what runs plans in the model, and is interrupted after so many of them."""
    left = iter(range(plans))

    def perform(plan: Plan) -> Any:
        if next(left, None) is None:
            raise KeyboardInterrupt
        return sweep(plan, folder, workers=workers).results.runs

    return perform


def test_the_result_does_not_depend_on_workers_nor_on_interruptions(small, tmp_path):
    one = optimise(small, performing(workers=1)).to_json()
    two = optimise(small, performing(workers=2)).to_json()
    assert json.dumps(one) == json.dumps(two)
    with pytest.raises(KeyboardInterrupt):
        optimise(small, performing(tmp_path / "runs", plans=5))
    resumed = optimise(small, performing(tmp_path / "runs", workers=2)).to_json()
    assert json.dumps(resumed) == json.dumps(one)
    assert all(isinstance(trial["levers"]["policy.agents"], int) for trial in one["trials"])


def test_what_a_lever_costs_is_charged_by_the_model_and_changes_nothing_else(small):
    """Fast answers every case by one contact: each adds a tenth of 2 days and .7 of an apology."""
    scenario = small.scenario_of("fast", 1)
    priced = load_experiment(
        "bakery",
        ["policies=[fast, none]", "baseline=fast", *TOWN,
         "optimise={levers: {policy.ease: [0, 4]}, trials: 2, worlds: 1}",
         "optimise.costs.policy.delay={each: 0.1, below: 2}", "optimise.costs.policy.apology=0.5"],
    )  # fmt: skip
    kept: list[Any] = []

    def perform(plan):
        kept.append(sweep(plan, workers=1).results.runs)
        return kept[-1]

    optimise(priced, perform)
    dear = kept[0].set_index("seed").loc[[1, 2, 3]]
    cheap = sweep(Plan(small, [{}], ["fast"])).results.runs.set_index("seed")
    cases = cheap["contacts_cost"] / (scenario.money.price * scenario.policy.cost_per_contact)
    assert cases.min() > 0
    extra = dear["recovery_cost"] - cheap["recovery_cost"]
    assert np.allclose(extra, cases * (0.1 * 2 + 0.5 * 0.7), rtol=1e-6)
    assert (dear["reputation"] == cheap["reputation"]).all()
    assert (dear["npv_per_person"] < cheap["npv_per_person"]).all()
    never = kept[1].set_index("seed")
    assert (never["recovery_cost"] == 0).all(), "who never answers has nothing to pay for"


@pytest.mark.parametrize(
    ("cost", "value", "money"),
    [(Cost(each=0.5), 0.6, 0.3), (Cost(each=0.5, above=1.0), 0.6, 0.0),
     (Cost(each=0.5, above=1.0), 3.0, 1.0), (Cost(each=0.5, below=2.0), 0.5, 0.75),
     (Cost(each=0.5, below=2.0), 5.0, 0.0)],
)  # fmt: skip
def test_a_cost_is_counted_from_where_the_lever_is_free(cost, value, money):
    assert cost.of(value) == pytest.approx(money)


BASE = {
    "scenario": "bakery",
    "policies": ["fast", "none"],
    "optimise": {"levers": {"policy.delay": [0, 10]}},
}


@pytest.mark.parametrize(
    ("section", "said"),
    [
        ({}, "optimise.levers is missing"),
        ({"levers": {}}, "optimise.levers"),
        (
            {"levers": {"market.people": [1, 2]}},
            "optimise.levers.market.people = [1, 2]: this is no lever of the policy",
        ),
        ({"levers": {"policy.cost_per_contact": [0, 1]}}, "says what something costs"),
        ({"levers": {"policy.speed": [0, 1]}}, "policy.speed"),
        ({"levers": {"policy.delay": [9, 2]}}, "rising"),
        ({"levers": {"policy.fix": [0, 2]}}, "at most 1"),
        ({"costs": {"policy.delay": -0.1}}, "write {each: 0.05, below: 10}"),
        ({"costs": {"policy.delay": {"each": 1, "above": 1, "below": 2}}}, "keep one"),
        ({"costs": {"policy.answers": 1}}, "comes in no amounts"),
        ({"costs": {"policy.wage_per_agent_day": 1}}, "says what something costs"),
        ({"objective": "failures"}, "neither good nor bad"),
        ({"objective": "reputatoin"}, "did you mean reputation"),
        ({"objective": "cost_per_customer_saved"}, "is a ratio of means over all worlds"),
        ({"budget": -1}, "at least 0"),
        ({"trials": 1}, "at least 2"),
        ({"like": "fats"}, "did you mean fast"),
    ],
)
def test_a_wrong_section_is_refused_with_its_line_and_a_remedy(tmp_path, section, said):
    whole = section if section == {} else {**BASE["optimise"], **section}
    file = tmp_path / "wrong.yaml"
    file.write_text(yaml.safe_dump({**BASE, "optimise": whole}, sort_keys=False))
    result = call("optimise", str(file))
    assert result.exit_code == 2
    assert said in result.output
    assert f"{file}:" in result.output
    assert "Traceback" not in result.output


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (["optimise.like=none"], "starts from none, which never answers"),
        (
            ["optimise.objective=mean_delay"],
            "optimise.objective = mean_delay is undefined in every run of fast",
        ),
        (["optimise.costs.policy.apology=100000"], "lower them"),
    ],
)
def test_a_search_that_cannot_be_is_refused_before_it_begins(changes, said):
    world = World()
    with pytest.raises(InputError, match=said):
        optimise(experiment(*changes), world)
    assert len(world.plans) <= 3


def test_without_a_section_the_message_shows_one():
    result = call("optimise", "bakery")
    assert result.exit_code == 2
    assert "has no section `optimise`; write one" in result.output


def test_optuna_is_silent_and_left_as_it_was(capfd):
    import optuna

    before = optuna.logging.get_verbosity()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        optimise(experiment("optimise.trials=40"), World())
    assert capfd.readouterr() == ("", "")
    assert optuna.logging.get_verbosity() == before


def test_without_optuna_the_message_says_how_to_get_it(monkeypatch):
    import importlib

    real = importlib.import_module

    def absent(name, *rest):
        if name == "optuna":
            raise ModuleNotFoundError("No module named 'optuna'", name="optuna")
        return real(name, *rest)

    monkeypatch.setattr(importlib, "import_module", absent)
    with pytest.raises(InputError, match=r"optuna.*pip install 'amends\[analysis\]'"):
        optimise(experiment(), World())


def test_a_search_begins_with_the_policies_and_proposes_values_that_can_be_kept():
    asked = experiment(
        levers={"policy.delay": [0, 20], "policy.agents": [0, 5], "policy.ease": {"choice": [1, 2]},
                "policy.handling_hours": {"log_uniform": [0.01, 10]}},
    )  # fmt: skip
    seen: list[Any] = []

    def evaluate(settings):
        seen.append(settings)
        return np.ones(len(settings)), np.ones(len(settings))

    known = [{"policy.delay": 7.0, "policy.agents": 3, "policy.ease": 2.0,
              "policy.handling_hours": 1.0},
             {"policy.delay": 99.0, "policy.agents": 0, "policy.ease": 1.0,
              "policy.handling_hours": 0.001},
             {"policy.delay": 1.0, "policy.agents": 1, "policy.ease": 3.0,
              "policy.handling_hours": 1.0}]  # fmt: skip
    trials = search(
        asked.optimise.levers, evaluate, direction=1, trials=GENERATION + 3, known=known
    )
    assert [len(settings) for settings in seen] == [GENERATION, 3]
    assert trials[0].levers == known[0]
    assert list(trials[1].levers.values()) == [20.0, 0, 1, 0.01], "brought into the ranges"
    assert trials[2].levers["policy.delay"] != 1.0, "what is no choice of a lever is left out"
    for trial in trials:
        assert trial.levers["policy.delay"] == round(trial.levers["policy.delay"], 1)
        assert isinstance(trial.levers["policy.agents"], int)
        assert trial.levers["policy.ease"] in (1, 2)


def option(name: str, spend: list[float], objective: list[float], **levers: float) -> Option:
    return Option(
        name,
        {f"policy.{key}": value for key, value in levers.items()},
        Promise(float(np.mean(spend)), float(np.mean(objective)) + 0.5),
        Reached(np.array(spend), np.array(objective)),
    )


def result_of(found: list[Option], named: list[Option], budget: float | None = 2.0) -> Optimisation:
    asked = experiment("seeds=3", *([f"optimise.budget={budget}"] if budget else []),
                       levers={"policy.compensation": [0, 0.8]})  # fmt: skip
    return Optimisation(
        asked, asked.optimise, (Trial({}, 1.0, 2.0),), tuple(found),
        {each.name: each for each in named}, (100_001,),
    )  # fmt: skip


FAST = option("fast", [1.0, 1.1, 0.9], [54.0, 57.0, 51.0], compensation=0.1)
CHEAP = option("", [0.5, 0.6, 0.4], [54.5, 57.6, 51.4], compensation=0.0)
LOST = option("", [0.7, 0.8, 0.6], [54.0, 57.0, 51.0], compensation=0.3)
DEAR = option("", [1.5, 1.6, 1.4], [57.0, 60.1, 53.9], compensation=0.8)
BEYOND = option("bakery", [3.0, 3.1, 2.9], [64.0, 67.0, 61.2], compensation=0.25)


def test_policies_are_held_against_what_costs_no_more_world_by_world():
    result = result_of([CHEAP, LOST, DEAR], [FAST, BEYOND])
    assert result.frontier == (CHEAP, DEAR), "LOST spends more than CHEAP and reaches less"
    rival = result.instead_of("fast")
    assert rival.for_no_more[0] is CHEAP
    assert rival.for_no_more[1].mean == pytest.approx(0.5)
    assert rival.for_no_more[1].high - rival.for_no_more[1].low < 1, "paired: luck is taken out"
    assert rival.for_as_much[0] is CHEAP
    assert rival.for_as_much[1].mean == pytest.approx(-0.5)
    assert result.instead_of("bakery").for_as_much is None
    assert result.recommended is DEAR
    assert result.optimism == pytest.approx(0), "luck that the start shares is no optimism"


def test_the_conclusion_says_what_to_choose_what_it_is_worth_and_what_lies_beyond():
    result = result_of([CHEAP, LOST, DEAR], [FAST, BEYOND])
    text = result.conclusion
    assert text.startswith("Within 2 per person and year, a policy with compensation 0.8 is best")
    assert "the chance that it is the best of the three that the budget allows is" in text
    assert "3.00 points (95% interval 2.75 to 3.25) above fast, which spends 1.00" in text
    assert "bakery is 7.07 points" in text
    assert "above what the budget buys, at 3.00 per person and year." in text
    assert any("ended where its ranges do at policy.compensation = 0.8" in n for n in result.notes)


def test_a_policy_of_ones_own_can_be_the_answer():
    result = result_of([CHEAP, DEAR], [FAST, BEYOND], budget=None)
    assert result.recommended is BEYOND
    assert result.conclusion.startswith("bakery is best at reputation")
    assert result.to_json()["recommended"]["policy"] == "bakery"


def test_a_budget_that_only_luck_kept_to_leaves_nothing_to_recommend():
    result = result_of([DEAR], [BEYOND, FAST], budget=0.8)
    assert result.recommended is None
    assert "None of what the search found keeps to the budget of 0.8" in result.conclusion
    assert result.to_json()["recommended"] is None


def test_one_world_gives_no_interval_and_no_chance():
    alone = option("fast", [1.0], [50.0], compensation=0.1)
    result = result_of([option("", [1.5], [53.0], compensation=0.3)], [alone])
    assert "cannot tell it from luck" in result.conclusion
    assert "nan" not in result.conclusion


def test_levers_that_nobody_pays_for_are_named():
    asked = experiment(levers={"policy.delay": [0, 10], "policy.compensation": [0, 1]})
    result = optimise(load(asked, "optimise.trials=4"), World())
    assert any("Nothing is charged here for delay" in note for note in result.notes)
    priced = load(asked, "optimise.trials=4", "optimise.costs.policy.delay={each: 1, below: 9}")
    assert not any("Nothing is charged" in note for note in optimise(priced, World()).notes)


def load(_: Experiment, *changes: str) -> Experiment:
    levers = {"policy.delay": [0, 10], "policy.compensation": [0, 1]}
    return experiment(*changes, levers=levers)


SMALL = ["--set", "market.people=80", "--days", "30", "--seeds", "3", "--set", "optimise.worlds=2"]


def test_the_command_writes_a_folder_from_which_the_same_comes_again(tmp_path):
    out, runs = tmp_path / "out", tmp_path / "runs"
    asked = ["optimise", "best-for-the-money", *SMALL, "--trials", "24", "--budget", "2"]
    first = told(*asked, "--out", str(out), "--runs", str(runs))
    assert first["recommended"]["spend"]["mean"] <= 2
    assert len(first["trials"]) == 24
    assert set(first["named"]) == {"none", "slow", "fast", "fast-generous", "bakery"}
    spends = [point["spend"]["mean"] for point in first["frontier"]]
    reached = [point["objective"]["mean"] for point in first["frontier"]]
    assert spends == sorted(spends)
    assert reached == sorted(reached)
    names = {path.name for path in out.iterdir()}
    assert {"report.md", "frontier.png", "levers.svg", "options.csv", "trials.parquet"} <= names
    page = (out / "report.md").read_text()
    assert first["conclusion"].partition(":")[0] in page
    again = told("optimise", str(out / "experiment.yaml"), "--runs", str(runs))
    assert again == first
    assert done(*asked, "--runs", str(runs)).stdout.count("\n") > 20


def test_levers_that_are_no_numbers_are_in_the_tables_and_not_in_the_picture(tmp_path):
    out = tmp_path / "out"
    done("optimise", "best-for-the-money", *SMALL, "--trials", "8", "--budget", "9", "--out",
         str(out), "--set", "optimise.levers={policy.answers: {choice: [true, false]}}",
         "--set", "optimise.costs={}")  # fmt: skip
    assert not (out / "levers.png").exists()
    assert "levers.png" not in (out / "report.md").read_text()
    table = pd.read_parquet(out / "options.parquet")
    assert set(table["policy.answers"]) == {True, False}


def test_the_page_stands_on_what_was_asked(tmp_path):
    from experiments.analyses.optimise_report import report

    result = result_of([CHEAP, DEAR], [FAST, BEYOND])
    page = report(result)
    assert "(bakery)" in page, "beyond the budget"
    assert "2 \\*" in page, "the second of the frontier is recommended"
    assert SimpleNamespace(**result.to_json()).conclusion == result.conclusion
