"""A gain in parts: games whose solution is known, people made by hand, and real worlds."""

from collections.abc import Callable
from itertools import permutations
from typing import Any

import numpy as np
import pandas as pd
import pytest
from calling import call, done, told
from hypothesis import given
from hypothesis import strategies as st

from experiments.design import Experiment, load_experiment
from experiments.laboratory.decompose import OWN, Decomposition, Gain, analyse, split
from experiments.laboratory.decompose_report import report
from experiments.laboratory.joining import VALUES, Brought, Custom, brought, custom
from experiments.laboratory.market import GAIN, examine, summary
from experiments.laboratory.switches import NEEDS, PARTS, SWITCHES, acting, point_of, value_of
from experiments.methods.shapley import Coalition, coalitions, orders, shapley
from experiments.planning.plan import Plan
from experiments.sweep import sweep
from sim import simulate
from sim.population import NEVER
from sim.run import network_of
from sim.scenario import load_scenario

SMALL = {"market.people": 150, "days": 60, "seeds": 3, "service.failure_probability": 0.2}
WORTHS = st.lists(st.integers(-1000, 1000), min_size=16, max_size=16)


def game(values: list[int], parts: tuple[str, ...] = PARTS) -> Callable[[Coalition], float]:
    """Return a game in which each set of parts has some worth of its own."""
    return lambda on: float(values[sum(2**i for i, part in enumerate(parts) if part in on)])


def test_retelling_needs_telling_so_that_there_are_twelve_sets_and_six_orders() -> None:
    assert len(coalitions(PARTS, NEEDS)) == 12
    assert len(orders(PARTS, NEEDS)) == 6
    assert not any(
        "retelling" in each and "telling" not in each for each in coalitions(PARTS, NEEDS)
    )


@given(WORTHS)
def test_shares_add_up_to_the_whole(values: list[int]) -> None:
    worth = game(values)
    shares = shapley(worth, PARTS, NEEDS)
    assert sum(shares.values()) == pytest.approx(worth(frozenset(PARTS)) - worth(frozenset()))


@given(WORTHS)
def test_without_needs_it_is_the_mean_over_all_orders(values: list[int]) -> None:
    worth = game(values)
    shares = shapley(worth, PARTS, {})
    for part in PARTS:
        added = []
        for order in permutations(PARTS):
            before = frozenset(order[: order.index(part)])
            added.append(worth(before | {part}) - worth(before))
        assert shares[part] == pytest.approx(np.mean(added))


@given(WORTHS)
def test_a_part_that_changes_nothing_gets_exactly_nothing(values: list[int]) -> None:
    worth = game(values)
    shares = shapley(lambda on: worth(on - {"reviews"}), PARTS, NEEDS)
    assert shares["reviews"] == 0.0


@given(WORTHS)
def test_parts_that_are_alike_get_the_same(values: list[int]) -> None:
    worth = game(values)
    swap = {"reviews": "learning", "learning": "reviews"}

    def alike(on: Coalition) -> float:
        return worth(on) + worth(frozenset(swap.get(part, part) for part in on))

    shares = shapley(alike, PARTS, NEEDS)
    assert shares["reviews"] == pytest.approx(shares["learning"])


@given(WORTHS, WORTHS)
def test_shares_of_a_sum_are_the_sums_of_shares(one: list[int], other: list[int]) -> None:
    first, second = game(one), game(other)
    both = shapley(lambda on: first(on) + second(on), PARTS, NEEDS)
    for part in PARTS:
        apart = shapley(first, PARTS, NEEDS)[part] + shapley(second, PARTS, NEEDS)[part]
        assert both[part] == pytest.approx(apart)


@given(WORTHS)
def test_telling_and_retelling_get_together_what_talk_as_one_part_gets(values: list[int]) -> None:
    worth = game(values)

    def as_one(on: Coalition) -> float:
        return worth(on | ({"retelling"} if "telling" in on else set()))

    apart = shapley(worth, PARTS, NEEDS)
    whole = shapley(as_one, ("telling", "reviews", "learning"), {})
    assert apart["telling"] + apart["retelling"] == pytest.approx(whole["telling"])
    assert apart["reviews"] == pytest.approx(whole["reviews"])


def test_the_glove_game_has_the_solution_of_the_textbooks() -> None:
    """One left glove, two right ones; a pair is worth 1: 2/3 to the left one, 1/6 to each other."""
    worth = {
        frozenset(on): float("left" in on and len(on) > 1)
        for on in [(), ("left",), ("one",), ("two",), ("left", "one"), ("left", "two"),
                   ("one", "two"), ("left", "one", "two")]
    }  # fmt: skip
    shares = shapley(worth, ("left", "one", "two"), {})
    assert shares["left"] == pytest.approx(2 / 3)
    assert shares["one"] == shares["two"] == pytest.approx(1 / 6)


def gain_of(on: Coalition, seed: int) -> float:
    """Gains of which all is known: each part alone, one pair, and luck in telling."""
    alone = {"telling": 2.0 + 0.1 * seed, "retelling": 1.0, "reviews": 0.5, "learning": 0.0}
    return 3.0 + sum(alone[part] for part in on) + 0.4 * ({"telling", "reviews"} <= on)


def made_up(plan: Plan) -> pd.DataFrame:
    """Return runs in which the policy is better than the baseline by `gain_of`."""
    rows = []
    for job in plan.jobs():
        on = frozenset(part for part in PARTS if _is_on(part, job.scenario))
        value = 50.0 + job.seed * 7.0
        value += gain_of(on, job.seed) if job.policy == "bakery" else 0.0
        rows.append({"cell": job.cell, "seed": job.seed, "npv_per_person": value})
    return pd.DataFrame(rows).sample(frac=1, random_state=0)


def _is_on(part: str, scenario: Any) -> bool:
    key, off = SWITCHES[part]
    return bool(value_of(scenario, key) != off)


def experiment(**more: Any) -> Experiment:
    settings = {**SMALL, "outcomes": ["npv_per_person"], **more}
    return load_experiment("worth-of-talk", settings)


def test_a_runner_of_which_all_is_known_gives_the_known_parts() -> None:
    silent = {"market.people": 20, "days": 1}
    result = analyse(experiment(**silent), made_up)
    gain = result.gains["npv_per_person"]
    seeds = np.array(result.experiment.seeds)
    # What telling and reviews do only together goes to each in half.
    expected = {OWN: 3.0, "telling": 2.2 + 0.1 * seeds, "retelling": 1.0, "reviews": 0.7,
                "learning": 0.0}  # fmt: skip
    for part, values in expected.items():
        assert gain.parts[part] == pytest.approx(np.broadcast_to(values, len(seeds))), part
    assert gain.total == pytest.approx(6.9 + 0.1 * seeds)
    telling = gain.estimate("telling")
    assert telling.mean == pytest.approx(2.4)
    assert telling.high - telling.low == pytest.approx(2 * 4.302653 * 0.1 / np.sqrt(3))
    assert telling.share == pytest.approx(2.4 / 7.1)


def test_a_world_that_lacks_a_run_is_left_out_of_all_parts() -> None:
    def perform(plan: Plan) -> pd.DataFrame:
        return made_up(plan).iloc[1:]

    result = analyse(experiment(**{"market.people": 20, "days": 1}), perform)
    gain = result.gains["npv_per_person"]
    assert result.failed == 1
    lost = np.isnan(gain.total)
    assert lost.sum() == 1
    assert all((np.isnan(values) == lost).all() for values in gain.parts.values())
    assert "failed" in " ".join(result.notes)


@pytest.fixture(scope="module")
def real() -> Decomposition:
    chosen = load_experiment(
        "worth-of-talk", {**SMALL, "service.learning": 0.01, "outcomes": ["npv_per_person", "nps"]}
    )
    return analyse(chosen, lambda plan: sweep(plan, workers=2).results.runs, workers=2)


def test_in_real_worlds_parts_add_up_and_the_rest_is_the_world_without_talk(
    real: Decomposition,
) -> None:
    assert real.acting == PARTS
    for gain in real.gains.values():
        assert sum(gain.parts.values()) == pytest.approx(gain.total, rel=1e-12, abs=1e-12)
    scenario = real.experiment.scenario
    point = point_of(scenario, frozenset(), PARTS)
    runs = sweep(Plan(real.experiment, [point])).results.runs
    by_policy = runs.pivot(index="seed", columns="policy", values="npv_per_person")
    own = real.gains["npv_per_person"].parts[OWN]
    assert own == pytest.approx((by_policy["bakery"] - by_policy["none"]).to_numpy(), rel=1e-12)
    plain = sweep(Plan(real.experiment)).results.runs
    whole = plain.pivot(index="seed", columns="policy", values="npv_per_person")
    total = real.gains["npv_per_person"].total
    assert total == pytest.approx((whole["bakery"] - whole["none"]).to_numpy(), rel=1e-12)


def test_where_nobody_talks_all_is_its_own_doing() -> None:
    silent = experiment(**{"talk.enabled": False, "reviews.enabled": False, "service.learning": 0})
    result = analyse(silent, lambda plan: sweep(plan).results.runs)
    gain = result.gains["npv_per_person"]
    assert result.acting == () and result.market is None
    assert gain.parts[OWN].tobytes() == gain.total.tobytes()
    for part in PARTS:
        assert tuple(gain.estimate(part))[:3] == (0.0, 0.0, 0.0)
    assert "Worth exactly nothing" in result.notes[0]


def test_a_part_that_is_on_and_without_effect_is_worth_exactly_nothing() -> None:
    chosen = experiment(**{"talk.retold": 0, "reviews.base": 0, "reviews.extremity": 0})
    result = split(chosen, lambda plan: sweep(plan).results.runs)
    assert result.acting == PARTS
    parts = result.gains["npv_per_person"].parts
    assert (parts["retelling"] == 0.0).all() and (parts["reviews"] == 0.0).all()
    assert (parts["telling"] != 0.0).any()


def test_what_is_not_asked_for_is_left_aside() -> None:
    more = {"design": {"grid": {"talk.retold": [0, 0.3]}},
            "precision": {"outcome": "npv_per_person", "half_width": 1}}  # fmt: skip
    chosen = load_experiment("worth-of-talk", {**SMALL, "seeds": 10, "days": 1, **more})
    result = split(chosen, made_up)
    assert "Left aside, of the experiment: design and precision." in result.notes


def test_retelling_does_not_act_where_nobody_tells() -> None:
    scenario = load_scenario("bakery", {"talk.enabled": False})
    assert acting(scenario) == ("reviews",)


# Nobody is like another: 0 a customer of the first day, 1 sooner, 2 later, 3 the same day, 4 only
# with word of mouth, 5 only without it, 6 never.
FOUNDING = np.array([True] + [False] * 6)
TALKED = Custom(
    FOUNDING, np.array([0, 10, 50, 30, 40, NEVER, NEVER], np.int32),
    np.array([9.0, 7.0, 3.0, 5.0, 4.0, 0.0, 0.0]),
)  # fmt: skip
SILENT = Custom(
    FOUNDING, np.array([0, 35, 20, 30, NEVER, 15, NEVER], np.int32),
    np.array([8.0, 4.0, 4.5, 4.5, 0.0, 6.0, 0.0]),
)  # fmt: skip


def test_people_are_matched_one_by_one() -> None:
    found = brought(TALKED, SILENT)
    assert found[:5] == (1, 1, 1, 1, 1)
    assert found.days == 25
    assert found.acceleration == pytest.approx((7 - 4 + 3 - 4.5) / 7)
    assert found.expansion == pytest.approx((4 - 6) / 7)
    assert found.staying == pytest.approx((9 - 8 + 5 - 4.5) / 7)


@given(st.integers(0, 2**32))
def test_matching_is_antisymmetric_and_leaves_nobody_out(seed: int) -> None:
    luck = np.random.default_rng(seed)
    founding = luck.random(30) < 0.3

    def life() -> Custom:
        joined = np.where(luck.random(30) < 0.4, NEVER, luck.integers(1, 6, 30)).astype(np.int32)
        worth = np.where(founding | (joined < NEVER), luck.random(30), 0.0)
        return Custom(founding, np.where(founding, 0, joined).astype(np.int32), worth)

    one, other = life(), life()
    there, back = brought(one, other), brought(other, one)
    whole = sum(getattr(there, name) for name in VALUES)
    assert whole == pytest.approx((one.worth - other.worth).sum() / 30)
    assert (there.sooner, there.only_with) == (back.later, back.only_without)
    for name in VALUES:
        assert getattr(there, name) == pytest.approx(-getattr(back, name))


def test_a_person_is_followed_from_its_first_day_and_by_all_it_spends() -> None:
    # Where answers cost nothing, the margins of all people are the firm's present value.
    free = {"policy.compensation": 0, "policy.cost_per_contact": 0, "money.discount_rate": 0.4}
    scenario = load_scenario("bakery", {"market.people": 300, **free}, days=90)
    ties = network_of(scenario)
    found, outcome = custom(scenario, ties), simulate(scenario, ties)
    people = outcome.population
    assert found.worth.sum() / 300 == pytest.approx(outcome.totals["npv_per_person"], rel=1e-9)
    won = (found.joined < NEVER) & ~found.founding
    assert won.sum() > 20
    assert (people["since"][won] >= found.joined[won]).all()
    never_left = won & (people["status"] == 1) & (people["since"] == found.joined)
    assert never_left.sum() > 0.8 * won.sum()
    # Who left and came back counts from the first day, so those won are at most those joining.
    assert won.sum() <= outcome.totals["joiners"]
    assert ((found.worth > 0) == (people["visits"] > 0)).all()


def test_without_consequences_of_talk_nobody_is_moved() -> None:
    numb = experiment(**{
        "talk.influence": 0, "reviews.base": 0, "reviews.extremity": 0, "market.aware": 1.0,
        "days": 40,
    })  # fmt: skip
    market = examine(numb, "bakery")
    assert market is not None
    for of in ("bakery", "none"):
        for name in ("sooner", "later", "only_with", "only_without", *VALUES):
            assert (market.worlds[of][name] == 0.0).all(), name
        assert (market.worlds[of]["same_day"] > 0).all()


def test_what_word_of_mouth_brings_in_parts_is_what_it_brings(real: Decomposition) -> None:
    market = real.market
    assert market is not None
    quiet = {"talk.enabled": False, "reviews.enabled": False}
    margins = {}
    for name, changes in (("with", {}), ("without", quiet)):
        chosen = load_experiment("worth-of-talk", {
            **SMALL, "service.learning": 0.01, "money.discount_rate": 0.0, **changes})  # fmt: skip
        margins[name] = sweep(Plan(chosen, policies=["bakery"])).results.runs["margin"].mean()
        if name == "with":
            undiscounted = examine(chosen, "bakery")
    assert undiscounted is not None
    gained = (margins["with"] - margins["without"]) / 150
    assert undiscounted.estimate("bakery", "total").mean == pytest.approx(gained)


def test_shares_of_acceleration_and_expansion() -> None:
    chosen = experiment()
    plan = Plan(chosen, [{}], ("none", "bakery"))
    found = {}
    for seed in plan.seeds:
        found["none", seed] = Brought(1, 0, 0, 1, 0, 5.0, 0.5, 1.0, 0.1)
        found["bakery", seed] = Brought(2, 0, 0, 6, 0, 5.0, 1.0 + 0.01 * seed, 3.0, 0.2)
    market = summary(plan, "bakery", found)
    assert market.share("bakery", "expansion").mean == pytest.approx(3 / 4.02)
    both = [market.share("bakery", name).mean for name in VALUES[:2]]
    assert sum(both) == pytest.approx(1.0)
    assert market.estimate(GAIN, "only_with").mean == 5
    assert market.estimate(GAIN, "expansion").mean == pytest.approx(2.0)


def test_the_words_agree_with_the_numbers(real: Decomposition) -> None:
    text = real.conclusion
    total = real.gains["npv_per_person"].estimate()
    assert f"{abs(total.mean):.2f}" in text or f"{abs(total.mean):.1f}" in text
    assert "would not have come within 60 days" in text
    market = real.market
    assert market is not None
    known = not np.isnan(market.share("bakery", "expansion").mean)
    assert ("is expansion of the market" in text) == known
    assert text in report(real)


def test_a_loss_is_told_as_one() -> None:
    def swapped(plan: Plan) -> pd.DataFrame:
        runs = made_up(plan)
        runs["npv_per_person"] *= -1
        return runs

    result = analyse(experiment(**{"market.people": 20, "days": 1}), swapped)
    assert "bakery is 7.10 below none" in result.conclusion
    assert "(95% interval 6.85 to 7.35)" in result.conclusion


def test_the_share_of_nothing_is_unknown() -> None:
    values = np.array([-1.0, 1.0, 0.5, -0.5])
    gain = Gain("reputation", np.zeros(4), values, {OWN: values / 2, "telling": values / 2})
    estimate = gain.estimate("telling")
    assert np.isfinite(estimate.low) and np.isnan(estimate.share)


ASKED = ["--set=market.people=150", "--set=service.failure_probability=0.2", "--seeds=2",
         "--days=30"]  # fmt: skip


def test_command_writes_json_and_a_folder_and_goes_on_from_its_runs(tmp_path: Any) -> None:
    folder, runs = tmp_path / "o", tmp_path / "runs"
    result = told("decompose", "worth-of-talk", *ASKED, "--out", str(folder), "--runs", str(runs))
    assert (result["baseline"], result["policy"]) == ("none", "bakery")
    for by in result["outcomes"].values():
        assert by["parts"].keys() == {OWN, *PARTS}
        parts = sum(part["mean"] for part in by["parts"].values())
        assert parts == pytest.approx(by["total"]["mean"], abs=1e-9)
        assert by["parts"]["telling"].keys() >= {"mean", "low", "high", "share"}
    assert result["market"]["policy"]["customers"]["only_with"].keys() == {"mean", "low", "high"}
    names = {path.name for path in folder.iterdir()}
    assert {"report.md", "decompose.png", "decompose.svg", "parts.csv", "market.parquet",
            "worlds.csv", "experiment.yaml", "provenance.json"} <= names  # fmt: skip
    parts = pd.read_csv(folder / "worlds.csv").pivot_table(
        index=["outcome", "seed"], columns="part", values="value"
    )
    apart = parts.drop(columns="total").sum(axis=1)
    assert apart.to_numpy() == pytest.approx(parts["total"].to_numpy(), abs=1e-9)
    again = told("decompose", str(folder / "experiment.yaml"), "--runs", str(runs))
    assert again["outcomes"] == result["outcomes"] and again["market"] == result["market"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["bakery"], "say which policy is to be held against the baseline none"),
        (["bakery", "--policy", "fats"], "did you mean fast?"),
        (["bakery", "--policy", "none"], "must be one of the policies beside the baseline"),
        (["worth-of-talk", "--set", "outcomes=[return_on_recovery_spend]"], "cannot be split"),
        (["worth-of-talk", "--set", "policies=[none]"], "there is no policy to hold against none"),
    ],
)
def test_what_is_wrong_is_said(arguments: list[str], words: str) -> None:
    result = call("decompose", *arguments)
    assert result.exit_code == 2
    assert words in " ".join(result.stderr.split())


def test_a_policy_is_chosen_among_several() -> None:
    text = done("decompose", "bakery", "--policy", "fast", *ASKED).stdout
    assert "fast is" in " ".join(text.split())
