"""What is said of a sweep whose runs are known."""

import re

import numpy as np
import pandas as pd
import pytest

from experiments.analyses.sweep_conclusion import Found, conclude, goes_with, samples
from experiments.design import load_experiment
from experiments.methods.statistics import mean_interval
from experiments.outcomes import MEASURES
from experiments.planning.plan import Plan
from experiments.sweep import sweep

POINTS = [{"service.failure_probability": share} for share in (0.01, 0.05, 0.09)]


def a_plan(points: list[dict[str, float]] = POINTS, **asked: object) -> Plan:
    settings = {"market.people": 60, "days": 20, "policies": ["none", "fast"], **asked}
    return Plan(load_experiment("bakery", settings), points=points)


def values(*leads: float, worlds: int = 12, noise: float = 0.1) -> np.ndarray:
    """Return [points, 2, worlds]: the second policy leads by so much at each point."""
    generator = np.random.default_rng(1)
    luck = 3.0 * generator.standard_normal(worlds)
    own = noise * generator.standard_normal((len(leads), 2, worlds))
    level = 50.0 + luck - 10.0 * np.arange(len(leads))[:, None, None]
    return level + own + np.array([[[0.0], [lead]] for lead in leads])


def test_the_winner_at_each_point_and_where_it_is_clear() -> None:
    found = Found(a_plan(), "reputation", values(2.0, 0.01, -2.0))
    leaders, clear = found.leaders()
    assert leaders[0] == 1 and leaders[2] == 0 and list(clear[[0, 2]]) == [True, True]
    assert not clear[1]
    text = found.winners()
    assert text.startswith("Of 3 points, the best policy at reputation is ")
    first, second = (2, 1) if leaders[1] else (1, 2)
    assert f"fast at {first} " in text and f"none at {second} " in text
    everywhere = Found(a_plan(), "reputation", values(2.0, 3.0, 4.0)).winners()
    assert "is fast at all of them (clearly)" in everywhere


def test_lower_is_better_where_it_is() -> None:
    found = Found(a_plan(), "leavers", values(2.0, 2.0, 2.0))
    assert "is none at all of them (clearly)" in found.winners()
    assert (
        "Customers lost was best under none at service.failure_probability = 0.09" in found.text()
    )


def test_best_and_worst_are_told_with_the_paired_difference() -> None:
    known = values(2.0, 2.0, 2.0)
    text = Found(a_plan(), "reputation", known).text()
    assert "best under fast at service.failure_probability = 0.01, 5" in text
    assert "worst under none at service.failure_probability = 0.09, " in text
    apart = mean_interval(known[0, 1] - known[2, 0])
    assert f"they differ by {float(apart.mean):.3f} points (95% interval" in text
    assert "fresh seeds" not in text


def test_the_best_of_many_is_not_trusted() -> None:
    many = [{"policy.delay": delay / 2} for delay in range(12)]
    text = Found(a_plan(many), "reputation", values(*[0.0] * 12)).text()
    assert "The best of 24 is likely to have been lucky" in text


def test_one_world_is_told_apart_from_knowledge() -> None:
    found = Found(a_plan(), "reputation", values(2.0, 2.0, 2.0, worlds=1))
    assert "One world cannot tell" in found.text()
    assert not found.leaders()[1].any() and "fast at all of them (clearly at 0)" in found.winners()


def test_what_is_undefined_or_neither_good_nor_bad_has_no_winner() -> None:
    known = values(2.0, 2.0, 2.0)
    known[:, 0] = np.nan
    assert Found(a_plan(), "reputation", known).winners() == ""
    assert "undefined in every run" in Found(a_plan(), "reputation", known * np.nan).text()
    neutral = Found(a_plan(), "complaints", values(2.0, 2.0, 2.0))
    assert neutral.winners() == "" and "highest under fast" in neutral.text()
    assert Found(a_plan([{}]), "reputation", values(2.0)).winners() == "fast is best at reputation."


def test_lucky_worlds_of_a_policy_that_was_run_no_more_do_not_count() -> None:
    known = values(1.0)
    order = known[0, 0].argsort()[::-1]
    known = known[:, :, order]
    known[0, 0, 3:] = np.nan
    found = Found(a_plan([{}]), "reputation", known)
    assert found.mean[0, 0] > found.mean[0, 1] and found.leaders()[0][0] == 1


def test_runs_find_their_place_whatever_their_order() -> None:
    plan = a_plan(seeds=3)
    rows = [
        {"cell": cell, "seed": seed, "reputation": 10.0 * cell + seed}
        for cell in range(6)
        for seed in (3, 1, 2)
        if (cell, seed) != (4, 3)
    ]
    found = samples(plan, pd.DataFrame(rows).sample(frac=1, random_state=1), "reputation")
    assert found.shape == (3, 2, 3)
    assert found[1, 1].tolist() == [31.0, 32.0, 33.0]
    assert np.isnan(found[2, 0, 2]) and found[2, 0, 0] == 41.0


@pytest.mark.parametrize("rule", [None, "precision", "select_best"])
def test_the_conclusion_of_a_sweep_of_the_model_itself(rule: str | None) -> None:
    asked: dict[str, dict[str, object]] = {
        "precision": {"outcome": "reputation", "half_width": 0.5, "at_most": 30},
        "select_best": {"outcome": "reputation", "indifference": 1.0, "at_most": 30},
    }
    plan = a_plan(seeds=10, **({rule: asked[rule]} if rule else {}))
    text = conclude(sweep(plan))
    assert "Reputation was best under" in text
    assert ("the best policy at reputation" in text) == (rule != "select_best")
    assert ("Stein" in text, "Kim and Nelson" in text) == (
        rule == "precision",
        rule == "select_best",
    )
    assert "nan" not in text


def drawn(effect: float, policies: tuple[str, ...] = ("none", "fast")) -> str:
    """Return what is said of 24 points drawn, at which talk does something and negativity nothing."""
    design = {
        "lhs": {"samples": 24, "ranges": {"talk.failure": [5, 20], "talk.negativity": [1, 2]}}
    }
    settings = {"market.people": 60, "days": 20, "policies": list(policies), "design": design}
    plan = Plan(load_experiment("bakery", {**settings, "baseline": policies[0]}))
    noise = np.random.default_rng(4).normal(size=(len(plan.points), len(policies), 3))
    runs = pd.DataFrame([
        {"policy": policy, "seed": seed, **point,
         "reputation": effect * float(point["talk.failure"]) * (i + 1) + noise[at, i, seed]}
        for at, point in enumerate(plan.points)
        for i, policy in enumerate(policies)
        for seed in range(3)
    ])  # fmt: skip
    return goes_with(plan, runs, MEASURES["reputation"])


def test_of_keys_that_were_drawn_the_strongest_is_told_with_its_interval() -> None:
    text = drawn(-1.0)
    assert text.startswith("Of the keys drawn, reputation goes most with talk.failure (Spearman's")
    assert re.search(r"-0\.9\d under none, 95% interval -\d\.\d\d to -0\.\d\d; -\d", text)
    assert "under fast" in text and "talk.negativity" not in text
    assert "under" not in drawn(-1.0, ("fast",))


def test_where_chance_explains_it_all_no_key_is_named() -> None:
    assert drawn(0.0).startswith("With none of the keys drawn does reputation go more than chance")
    plan = a_plan()
    assert goes_with(plan, pd.DataFrame(), MEASURES["reputation"]) == ""


def test_a_point_that_was_drawn_is_told_in_as_many_figures_as_are_read() -> None:
    points = [{"service.failure_probability": 0.012345678}, {"service.failure_probability": 0.05}]
    text = Found(a_plan(points), "reputation", values(2.0, 2.0)).text()
    assert "service.failure_probability = 0.0123, " in text
