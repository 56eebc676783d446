"""Published models: their limits, their values, and the same bits from the same seed."""

import itertools
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from experiments.cli import amends
from experiments.commands import replicate as command
from experiments.laboratory import replicate_grid
from experiments.laboratory.replicate import (
    REPLICAS,
    SUMMARY,
    Published,
    Verdict,
    replicate,
    verdicts,
)
from experiments.laboratory.replicate_report import conclude
from experiments.replicas import bass, kernels
from sim.errors import InputError

TALK, NEWS, BASS = (REPLICAS[name] for name in ("talk-of-the-network", "bad-news", "bass"))


def run(replica: Any, seed: int = 1, **values: float) -> dict[str, float]:
    found: dict[str, float] = replica.run(replica.parameters(**values), seed)
    return found


def reached(chances: Any) -> float:
    """Return the share that somebody with such a chance in each step ends up adopting."""
    return float(1.0 - np.prod(1.0 - np.asarray(chances)))


class TestTalkOfTheNetwork:
    def test_who_is_sure_to_adopt_does_so_in_the_first_step(self) -> None:
        # It ends as soon as the step is over, in which everybody has had a turn.
        assert run(TALK, a=1) == {"steps_to_95": 1.0, "adopters": 3000.0}

    def test_nobody_begins_without_advertising(self) -> None:
        assert run(TALK, a=0, people=50, steps=40) == {"steps_to_95": math.inf, "adopters": 0.0}

    def test_without_ties_the_time_is_geometric(self) -> None:
        a, people, runs = 0.01, 3000, 20
        found = replicate(TALK, TALK.parameters(s=1, w=1, a=a, people=people), runs)
        # The step t at which 1 - (1 - a)^t passes 95%, and the spread of that order statistic.
        expected = math.log(0.05) / math.log(1.0 - a)
        spread = math.sqrt(0.95 * 0.05 / people) / (0.05 * a)
        mean = found.values["steps_to_95"].mean()
        assert abs(mean - 0.5 - expected) < 4 * spread / math.sqrt(runs) + 0.5

    def test_a_group_that_cannot_resist_adopts_with_its_first(self) -> None:
        # In the step in which the first adopts, those after it in the order do; the others next.
        found = run(TALK, s=40, w=1, a=0.01, bs=1, people=40)
        alone = run(TALK, s=1, w=1, a=0.01, bs=1, people=40)
        assert found["adopters"] >= 38
        assert found["steps_to_95"] < alone["steps_to_95"] / 4

    @pytest.mark.parametrize("values", [{"s": 40}, {"s": 29, "w": 29}, {"s": 3000, "w": 100}])
    def test_fewer_people_than_a_group(self, values: dict[str, int]) -> None:
        for people in (2, 7, 28, 30):
            found = run(TALK, people=people, a=0.01, **values)
            assert math.ceil(0.95 * people - 1e-9) <= found["adopters"] <= people

    def test_every_tie_and_every_chance_makes_it_faster(self) -> None:
        def mean(**values: float) -> float:
            found = replicate(TALK, TALK.parameters(people=600, **values), 6)
            return float(found.values["steps_to_95"].mean())

        base = {"s": 5, "w": 5, "a": 0.001, "bw": 0.005, "bs": 0.01}
        more = {"s": 29, "w": 29, "a": 0.01, "bw": 0.03, "bs": 0.1}
        times = [mean(**base), *(mean(**base | {name: more[name]}) for name in more)]
        assert all(time < 0.9 * times[0] for time in times[1:])


class TestBadNews:
    def test_advertising_that_reaches_everybody_leaves_nothing_to_say(self) -> None:
        found = run(NEWS, advertising=1, fading=1)
        assert found == {"steps_to_95": 1.0, "adopters": 3000.0, "npv": 3000.0}

    def test_without_dissatisfied_people_nobody_rejects(self) -> None:
        assert run(NEWS, d=0) == run(NEWS, d=0, m=25)
        assert run(NEWS, d=0)["adopters"] > 2950

    def test_where_all_are_dissatisfied_only_advertising_wins_anybody(self) -> None:
        alone = run(NEWS, d=1, qs=0, qw=0)
        assert run(NEWS, d=1, m=5)["adopters"] <= alone["adopters"]

    def test_without_ties_only_advertising_is_left(self) -> None:
        share = reached(0.005 * 0.9 ** np.arange(1, 501))
        found = replicate(NEWS, NEWS.parameters(group=1, weak=0), 30)
        spread = math.sqrt(3000 * share * (1 - share) / 30)
        assert abs(found.values["adopters"].mean() - 3000 * share) < 4 * spread

    def test_money_that_waits_is_worth_less(self) -> None:
        now, later = (run(NEWS, steps=60, discount_rate=rate) for rate in (0, 0.5))
        assert now["npv"] == now["adopters"] == later["adopters"]
        assert 0.6 * now["npv"] < later["npv"] < now["npv"]

    def test_worse_news_costs_adopters(self) -> None:
        few, many = (
            replicate(NEWS, NEWS.parameters(people=900, d=d), 10).values["adopters"].mean()
            for d in (0.4, 0.05)
        )
        assert few < 0.7 * many

    def test_fewer_people_than_a_clique(self) -> None:
        for people in (2, 5, 10):
            assert 0 <= run(NEWS, people=people)["adopters"] <= people


class TestBass:
    def test_the_curve_is_approached_as_people_and_steps_grow(self) -> None:
        found = replicate(BASS, BASS.parameters(people=50_000, steps_a_year=120, steps=3600), 2)
        # Half a step of lag at the steepest, 0.13 a year, and luck of the first adopters.
        assert found.values["gap"].max() < 0.01

    def test_without_imitation_it_is_exponential(self) -> None:
        people, p = 20_000, 0.2
        found = replicate(BASS, BASS.parameters(p=p, q=0, people=people, steps_a_year=12), 10)
        expected = 12 * bass.time_to(0.95, p, 0.0)
        assert expected == pytest.approx(12 * math.log(20) / p)
        spread = math.sqrt(0.95 * 0.05 / people) / (0.05 * p / 12)
        mean = found.values["steps_to_95"].mean()
        assert abs(mean - 0.5 - expected) < 4 * spread / math.sqrt(10) + 0.5

    def test_share_and_time_are_inverse(self) -> None:
        for goal in (0.01, 0.5, 0.95):
            assert bass.share(bass.time_to(goal, 0.03, 0.38), 0.03, 0.38) == pytest.approx(goal)


@pytest.mark.parametrize("name", ["talk", "news", "bass"])
def test_a_kernel_does_what_its_text_says(name: str) -> None:
    small: dict[str, Any] = {
        "talk": (40, 6, 4, 0.01, 0.02, 0.05, 7, 500, np.arange(40), np.zeros(40, np.bool_)),
        "news": (40, 9, 3, 0.3, 2.0, 0.2, 0.05, 0.05, 0.9, 60, 7, np.zeros(40, np.int8),
                 np.zeros(60, np.int64)),
        "bass": (40, 0.1, 0.4, 12, 60, 7, np.zeros(40, np.bool_), np.zeros(60, np.int64)),
    }  # fmt: skip
    texts: dict[str, Any] = {
        "talk": kernels._talk, "news": kernels._news, "bass": kernels._bass,
    }  # fmt: skip
    one, other = (
        [x.copy() if isinstance(x, np.ndarray) else x for x in small[name]] for _ in range(2)
    )
    if name == "talk":
        other[8] = list(range(40))  # Python's own numbers, in which draws are exact
    assert getattr(kernels, name)(*one) == texts[name](*other)
    for made, told in zip(one, other, strict=True):
        assert np.array_equal(made, told)
    assert any(isinstance(x, np.ndarray) and x.any() and x.dtype != np.int64 for x in one)


@pytest.mark.parametrize("replica", REPLICAS.values(), ids=list(REPLICAS))
def test_the_same_seed_is_the_same_run_among_however_many(replica: Any) -> None:
    settings = replica.parameters(people=200)
    few, many = replicate(replica, settings, 3, 5, workers=1), replicate(replica, settings, 6, 5)
    later = replicate(replica, settings, 3, 8, workers=2)
    for name in few.values:
        assert np.array_equal(few.values[name], many.values[name][:3])
        assert np.array_equal(later.values[name], many.values[name][3:])
    assert len(set(many.values["adopters"])) > 1 or len(set(many.values["steps_to_95"])) > 1


def test_groups_are_whole_where_there_are_enough_people() -> None:
    for people, size in itertools.product((1, 2, 5, 17, 30), (1, 2, 5, 17, 40)):
        for person in range(people):
            first, last = kernels.group_of(person, size, people)
            assert first <= person < last <= people
            assert last - first == min(size, people)


def test_a_weak_contact_is_anybody_else() -> None:
    drawn = {kernels.somebody_else(3, 6, 1, step, n) for step in range(40) for n in range(5)}
    assert drawn == {0, 1, 2, 4, 5}


def test_published_values_are_met() -> None:
    for replica in REPLICAS.values():
        for each in verdicts(replica):
            assert each.holds, (replica.name, each.published, each.ours, each.interval)


def test_another_rule_would_not_meet_them() -> None:
    # Had s and w counted contacts without oneself, the smallest cell would take a tenth less.
    (first, *_) = TALK.published
    other = replicate(TALK, TALK.parameters(s=6, w=6), 30)
    assert not Verdict(first, other).holds
    tame = replicate(NEWS, NEWS.parameters(m=1), 30)
    assert not Verdict(NEWS.published[0], tame).holds


def test_a_verdict_on_a_single_run_and_on_a_median() -> None:
    found = replicate(TALK, TALK.parameters(people=100, a=0.05), 40)
    times = found.values["steps_to_95"]
    low, high = Verdict(Published({}, "steps_to_95", "mean", 1.0), found).interval
    assert low < times.min() and times.max() < high
    for value, holds in ((low + 0.1, True), (high + 0.1, False), (low - 0.1, False)):
        assert Verdict(Published({}, "steps_to_95", "mean", value), found).holds is holds
    median = float(np.median(times))
    for factor, holds in ((1.0, True), (1.0 / 1.029, True), (1.0 / 1.04, False)):
        told = Published({}, "steps_to_95", "median", median * factor, 0.03)
        assert Verdict(told, found).holds is holds


def test_too_few_runs_judge_nothing() -> None:
    for replica, runs, enough in ((TALK, 1, False), (TALK, 2, True), (NEWS, 99, False)):
        settings = replica.parameters(people=20)
        told = Verdict(replica.published[-1], replicate(replica, settings, runs))
        assert told.enough is enough
        said = conclude([told])
        assert ("1 published values" if enough else "0 of 0 published values") in said
        assert ("too few runs to judge by" in said) is not enough
    never = replicate(TALK, TALK.parameters(people=20, a=0), 30)
    assert not Verdict(TALK.published[0], never).enough


def test_never_is_no_number() -> None:
    found = replicate(TALK, TALK.parameters(people=20, a=0.05, steps=12), 30)
    times = found.values["steps_to_95"]
    assert np.isinf(times).any()
    assert found.summary("steps_to_95")["mean"] is None
    json.dumps(found.to_json(), allow_nan=False)


def test_no_runs_and_seeds_out_of_range_are_refused() -> None:
    with pytest.raises(InputError, match="runs = 0"):
        replicate(BASS, BASS.parameters(), 0)
    for seed in (-1, 2**63):
        with pytest.raises(InputError, match=f"seed = {seed}"):
            replicate(BASS, BASS.parameters(), 1, seed)


def test_the_regression_finds_what_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    def linear(settings: Any, seed: int) -> dict[str, float]:
        return {"steps_to_95": 100.0 - settings.s - 2.0 * settings.w, "adopters": 1.0}

    fake = TALK.__class__(**{**vars(TALK), "run": linear})
    monkeypatch.setitem(REPLICAS, TALK.name, fake)
    found = replicate_grid.regression(1)
    assert tuple(found) == command.REGRESSION
    assert (found["cells"], found["r_squared"]) == (243, pytest.approx(1.0))
    weights = found["coefficients"]
    assert weights == pytest.approx(
        {"s": -1 / math.sqrt(5), "w": -2 / math.sqrt(5), "a": 0, "bw": 0, "bs": 0}
    )


def invoked(*arguments: str) -> Any:
    return CliRunner().invoke(amends, ["replicate", *arguments])


class TestCommand:
    def test_json_of_one_model(self) -> None:
        values = ("s=29", "w=29", "people=300", "runs=5")
        told = invoked(TALK.name, *itertools.chain(*(("--set", v) for v in values)), "--json")
        found = json.loads(told.stdout)
        assert set(found) == {*command.JSON, "steps_to_95", "adopters"}
        assert (found["model"], found["runs"], found["verdict"]) == (TALK.name, 5, None)
        assert (found["parameters"]["s"], found["parameters"]["people"]) == (29, 300)
        for measure in ("steps_to_95", "adopters"):
            assert tuple(found[measure]) == SUMMARY
            assert found[measure]["low"] <= found[measure]["median"] <= found[measure]["high"]

    def test_json_has_money_where_it_is_meant_and_a_verdict_where_one_is_known(self) -> None:
        found = json.loads(invoked("bad-news", "--runs", "2", "--json").stdout)
        assert found["npv"]["mean"] < found["adopters"]["mean"]
        assert found["steps_to_95"] == dict.fromkeys(SUMMARY)
        assert found["verdict"] is None, "two runs cannot be held against a median"
        found = json.loads(invoked(TALK.name, "--set", "w=5", "--runs", "3", "--json").stdout)
        assert tuple(found["verdict"]) == command.VERDICT
        assert found["verdict"]["published"] == 64

    @pytest.mark.parametrize(
        ("name", "values"),
        [
            (TALK.name, {"s": 5, "w": 29, "a": 0.001, "bw": 0.02, "bs": 0.07, "people": 400}),
            (TALK.name, {"s": 300, "w": 60, "a": 0.01, "bw": 0, "bs": 0, "people": 200}),
            (NEWS.name, {"d": 0.05, "m": 3.5, "qs": 0.1, "qw": 0, "people": 90, "steps": 50}),
            (BASS.name, {"p": 0.01, "q": 0.5}),
        ],
    )
    def test_every_named_parameter_can_be_set(self, name: str, values: dict[str, float]) -> None:
        words = [f"--set={key}={value}" for key, value in (values | {"runs": 3}).items()]
        found = json.loads(invoked(name, *words, "--json").stdout)
        assert found["runs"] == 3
        assert {key: found["parameters"][key] for key in values} == values
        money = {"npv"} if name == NEWS.name else set()
        assert {"steps_to_95", "adopters"} | money == set(found) - set(command.JSON)

    def test_json_of_all(self) -> None:
        found = json.loads(invoked("--json", "--runs", "2").stdout)
        assert [each["model"] for each in found] == [TALK.name] * 5 + [NEWS.name, BASS.name]

    def test_the_folder_holds_every_run(self, tmp_path: Path) -> None:
        told = invoked("--runs", "3", "--out", str(tmp_path / "all"))
        assert told.exit_code == 0
        runs = pd.read_csv(tmp_path / "all" / "runs.csv")
        assert runs["model"].value_counts().to_dict() == {TALK.name: 15, NEWS.name: 3, BASS.name: 3}
        assert set(runs["seed"]) == {1, 2, 3}
        assert (tmp_path / "all" / "replicas.png").stat().st_size > 10_000
        assert "published values are met" in (tmp_path / "all" / "report.md").read_text()
        one = invoked("bass", "--set", "q=0.5", "--runs", "2", "--out", str(tmp_path / "one"))
        assert one.exit_code == 0
        assert not (tmp_path / "one" / "replicas.png").exists(), "nothing was published of it"

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            (("bad-newz",), "did you mean bad-news"),
            (("--set", "s=5"), "--set needs the NAME"),
            (
                ("bad-news", "--set", "price=5"),
                "--set price=5: price is no parameter of this model; there are d, m, qs, qw",
            ),
            (("bass", "--set", "run=5"), "run is no parameter of this model; did you mean runs?"),
            (
                (TALK.name, "--set", "runs=0"),
                "--set runs=0: runs = 0 must be a whole number from 1",
            ),
            ((TALK.name, "--set", "bw=nan"), "bw = nan must be a number from 0 to 1"),
            (("bad-news", "--set", "d=2"), "at most 1"),
            ((TALK.name, "--set", "runs=2.5"), "runs = 2.5"),
            ((TALK.name, "--set", "people=1"), "at least 2"),
            (("bass", "--regression"), "--regression is of"),
            (("--regression", "--out", "x"), "--out keeps runs"),
            (("--regression", "--set", "s=5"), "the regression itself varies"),
            (("bass", "--seed", "-1"), "seed = -1"),
        ],
    )
    def test_errors(self, arguments: tuple[str, ...], message: str) -> None:
        told = invoked(*arguments)
        assert told.exit_code == 2
        assert message in " ".join(told.stderr.split())
        assert not told.stdout
