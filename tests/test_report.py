"""The page of a comparison stands alone: what was compared, in which words, and what still moves."""

from types import SimpleNamespace

import numpy as np
import pytest

from experiments.compare import Comparison, compare
from experiments.conclusion import findings
from experiments.design import load_experiment
from experiments.grids import HARDLY, levers_grid, spend_grid
from experiments.report import report
from experiments.trends import slopes, still_moving
from sim.scenario import Scenario

DAYS = np.arange(0.0, 365.0, 7.0)


def market(drift: float = 0.0, noise: float = 0.0, spend: tuple[float, ...] = (100.0, 104.0)):
    """Return what stands for the model: a reputation that drifts by so much a day, and noise."""

    def simulate(scenario: Scenario, network: object) -> SimpleNamespace:
        fast = scenario.policy_name == "fast"
        luck = np.random.default_rng([scenario.seed, fast])
        walk = 50 + drift * DAYS * (1 + 0.01 * (scenario.seed % 3)) + noise * luck.normal(size=53)
        reputation = walk + 3 * fast + luck.normal() / 10
        return SimpleNamespace(
            final={"reputation": reputation[-1]},
            totals={"customers_kept": 40 + 20 * fast + luck.normal(), "answers": 10,
                    "recovery_cost": spend[fast], "margin": 900 + 90 * fast + luck.normal()},
            ratios={"cost_per_recovery": spend[fast] / 10}, series_array=np.stack([DAYS, reputation], axis=1),
            columns=("day", "reputation"), seconds=0.0,
            ties=SimpleNamespace(people=30, ties=120 + scenario.seed),
            digest="d",
        )  # fmt: skip

    return simulate


def compared(simulate, *settings: str, seeds: int = 6) -> Comparison:
    experiment = load_experiment(
        "bakery", ["policies=[none, fast]", "outcomes=[reputation]", f"seeds={seeds}", *settings]
    )
    return compare(experiment, simulate=simulate, network_of=lambda scenario: None)


def test_slopes_are_those_of_a_straight_line():
    days = np.array([3.0, 10.0, 17.0, 24.0])
    lines = np.stack([2.0 - 0.5 * days, 7.0 + 0.25 * days, np.ones(4)], axis=1)
    assert slopes(days, lines) == pytest.approx([-0.5, 0.25, 0.0])


@pytest.mark.parametrize("drift", [-0.02, 0.03])
def test_levels_that_move_are_said_to_with_direction_and_size(drift: float):
    sentence = still_moving(compared(market(drift)))
    assert sentence.startswith("Levels still move at the end: from day 273 to day 364 reputation")
    change = f"{91 * drift * 1.01:+.1f}"
    assert f"{change} under none and {change} under fast" in sentence


def test_levels_at_rest_are_not_said_to_move():
    assert still_moving(compared(market(noise=0.5))) == ""
    assert still_moving(compared(market())) == ""


def test_of_one_world_nobody_can_tell_whether_levels_move():
    assert still_moving(compared(market(0.5), seeds=1)) == ""


def test_of_a_short_series_nobody_can_tell_whether_levels_move():
    comparison = compared(market(0.5))
    for run in comparison.runs:
        object.__setattr__(run, "series", run.series[:8])  # the last quarter has two days
    assert still_moving(comparison) == ""


def test_the_levers_that_differ_are_told_and_no_other():
    grid = levers_grid(compared(market()).experiment.policies)
    rows = {row[0].partition(" (")[0]: row[1:] for row in grid.rows}
    assert rows["answers"] == ("no", "yes")
    assert rows["compensation"] == ("0", "0.1")
    assert "fix" not in rows and "ease" not in rows
    same = compared(market(), "policies=[{name: none}, {name: fast}]")
    assert levers_grid(same.experiment.policies).rows == []
    assert "What the policies do differently" not in report(same)


def test_a_lever_that_is_not_set_is_no_number():
    policies = "policies=[{name: none}, {name: fast, authority: 0.5}]"
    (row,) = levers_grid(compared(market(), policies).experiment.policies).rows
    assert row[1:] == ("-", "0.5")


def test_the_headline_is_the_finding_and_the_conclusion_has_all():
    comparison = compared(market(noise=0.1))
    found, narrowed = findings(comparison)
    assert "independent seeds" in narrowed and "independent seeds" not in found
    assert comparison.conclusion == f"{found} {narrowed}"
    page = report(comparison)
    bold = next(line for line in page.splitlines() if line.startswith("**"))
    assert bold == f"**{found}**"
    assert narrowed[1:] in page
    assert "121 to 126 ties" in page


@pytest.mark.parametrize(
    ("spend", "said"),
    [((100.0, 104.0), True), ((100.0, 106.0), False), ((0.0, 500.0), False)],
)
def test_a_return_on_hardly_any_spend_is_not_told(spend: tuple[float, float], said: bool):
    row = spend_grid(compared(market(spend=spend))).rows[1]
    assert (row[-1] == HARDLY) == said
    assert spend_grid(compared(market(spend=spend))).rows[0][-1] == "-"


def test_a_return_on_less_spend_is_undefined():
    assert spend_grid(compared(market(spend=(100.0, 98.0)))).rows[1][-1] == "-"


def test_a_small_ratio_has_decimals_beside_a_large_one():
    seeds = range(1, 7)
    shift = {"none": (0.0, 60.0), "slow": (5000.0, 50.0), "fast": (24.0, 40.0)}

    def simulate(scenario, network):
        outcome = market()(scenario, network)
        cost, left = shift[scenario.policy_name]
        outcome.totals |= {
            "recovery_cost": 500 + cost,
            "customers_kept": 100 - left - scenario.seed % 3 / 10,
        }
        return outcome

    settings = ("policies=[none, slow, fast]", f"seeds={list(seeds)}")
    rows = spend_grid(compared(simulate, *settings)).rows
    saved = {row[0]: row[3].partition(" (")[0] for row in rows}
    assert saved == {"none": "-", "slow": "500", "fast": "1.20"}


def test_the_words_of_the_tables_are_explained():
    page = report(compared(market(0.02)))
    for word in (
        "shared worlds",
        "95% interval",
        "best",
        *spend_grid(compared(market())).heads[1:],
    ):
        assert f"- **{word}**: " in page
    assert "Levels still move at the end" in page
    assert "Levels still move" not in report(compared(market()))
