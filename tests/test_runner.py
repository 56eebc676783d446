"""Experiments: read with good errors, run in any order with one result, stopped at once."""

import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from experiments.design import Experiment, load_experiment
from experiments.engine.network_cache import MOST_NETWORKS
from experiments.engine.runner import RunError, run_experiment
from sim.errors import InputError
from sim.policy import Policy
from sim.scenario import Scenario, load_policy
from sim.shipped import shipped


def an_experiment(policies: int = 3, seeds: int = 4, **scenario: object) -> Experiment:
    return Experiment(
        name="test",
        scenario=Scenario(**scenario),  # type: ignore[arg-type]
        policies={f"p{i}": Policy(ease=float(i)) for i in range(policies)},
        baseline="p0",
        seeds=tuple(range(5, 5 + seeds)),
    )


def an_outcome(scenario: Scenario, network: object) -> SimpleNamespace:
    return SimpleNamespace(
        final={"reputation": scenario.seed + scenario.policy.ease},
        totals={"visits": 3},
        ratios={"good_to_bad": None},
        series_array=np.array([[0.0, scenario.seed]]),
        columns=("day", "reputation"),
        seconds=0.001,
        ties=SimpleNamespace(people=30, ties=120),
        digest="d",
    )


class Builder:
    """Builds networks that are just their seed, and counts how often, and how many are alive."""

    def __init__(self) -> None:
        self.built: Counter[int] = Counter()

    def __call__(self, scenario: Scenario) -> SimpleNamespace:
        self.built[scenario.seed] += 1
        return SimpleNamespace(seed=scenario.seed)


@pytest.mark.parametrize("workers", [1, 2, 5])
def test_results_come_in_order_whatever_the_threads_do(workers):
    turn = np.random.default_rng(workers)
    waits = {(i, seed): turn.random() / 200 for i in range(3) for seed in range(5, 9)}

    def simulate(scenario, network):
        assert network.seed == scenario.seed
        time.sleep(waits[int(scenario.policy.ease), scenario.seed])
        return an_outcome(scenario, network)

    builder = Builder()
    seen = []
    runs = run_experiment(
        an_experiment(),
        workers=workers,
        progress=lambda done, total: seen.append((done, total)),
        simulate=simulate,
        network_of=builder,
    )
    expected = [(f"p{i}", seed, seed + i) for i in range(3) for seed in range(5, 9)]
    assert [(run.policy, run.seed, run.values["reputation"]) for run in runs] == expected
    assert np.isnan(runs[0].values["good_to_bad"])
    assert builder.built == dict.fromkeys(range(5, 9), 1)
    assert seen == [(done, 12) for done in range(1, 13)]


def test_as_many_runs_are_under_way_as_there_are_workers():
    together = threading.Barrier(3, timeout=30)

    def simulate(scenario, network):
        together.wait()
        return an_outcome(scenario, network)

    assert len(run_experiment(
        an_experiment(policies=3, seeds=2), workers=3, simulate=simulate, network_of=Builder()
    )) == 6  # fmt: skip


def test_a_network_from_a_file_is_read_once_for_all(tmp_path):
    file = tmp_path / "friends.txt"
    file.write_text("1 2\n2 3\n")
    experiment = an_experiment(network={"file": str(file)})
    builder = Builder()
    networks = []

    def simulate(scenario, network):
        networks.append(network)
        return an_outcome(scenario, network)

    run_experiment(experiment, workers=2, simulate=simulate, network_of=builder)
    assert sum(builder.built.values()) == 1
    assert len(networks) == 12 and all(network is networks[0] for network in networks)


def test_networks_are_let_go_but_for_the_last_few():
    alive, most = set(), []
    lock = threading.Lock()

    class Tie:
        def __init__(self, seed):
            self.seed = seed
            with lock:
                alive.add(seed)
                most.append(len(alive))

        def __del__(self):
            with lock:
                alive.discard(self.seed)

    run_experiment(
        an_experiment(policies=2, seeds=90),
        workers=2,
        simulate=an_outcome,
        network_of=lambda scenario: Tie(scenario.seed),
    )
    assert max(most) <= MOST_NETWORKS + 2
    assert not alive


@pytest.mark.parametrize("bad", [("p0", 5), ("p2", 6), ("p1", 8)])
def test_a_failing_run_is_named_and_the_rest_is_dropped(bad):
    policy, seed = bad
    ran = []

    def simulate(scenario, network):
        ran.append((scenario.policy_name, scenario.seed))
        if (scenario.policy_name, scenario.seed) == bad:
            raise ZeroDivisionError("nobody is left")
        return an_outcome(scenario, network)

    with pytest.raises(RunError, match=f"policy {policy} with seed {seed} failed: Zero") as caught:
        run_experiment(an_experiment(seeds=200), workers=1, simulate=simulate, network_of=Builder())
    assert isinstance(caught.value.__cause__, ZeroDivisionError)
    assert ran[-1] == bad and len(ran) == 3 * (seed - 5) + int(policy[1]) + 1


def test_a_broken_network_is_the_users_error_not_a_failed_run():
    def network_of(scenario):
        raise InputError("friends.txt:3: one id where two are wanted")

    with pytest.raises(InputError, match=r"friends\.txt:3"):
        run_experiment(an_experiment(), workers=2, simulate=an_outcome, network_of=network_of)


def test_an_interrupt_stops_all_runs_that_have_not_begun():
    begun = []

    def simulate(scenario, network):
        begun.append(scenario.seed)
        return an_outcome(scenario, network)

    def progress(done, total):
        raise KeyboardInterrupt

    before = threading.active_count()
    with pytest.raises(KeyboardInterrupt):
        run_experiment(
            an_experiment(seeds=2000), workers=1, simulate=simulate, network_of=Builder(),
            progress=progress,
        )  # fmt: skip
    for _ in range(200):
        if threading.active_count() <= before:
            break
        time.sleep(0.01)
    stopped_at = len(begun)
    time.sleep(0.05)
    assert len(begun) == stopped_at < 6000


def test_runs_share_nothing_that_a_thread_could_spoil():
    """Two experiments at once, in the same process, give what each gives alone."""
    with ThreadPoolExecutor(2) as pool:
        both = [
            pool.submit(
                run_experiment, an_experiment(seeds=n), workers=2, simulate=an_outcome,
                network_of=Builder(),
            )
            for n in (6, 9)
        ]  # fmt: skip
    assert [len(future.result()) for future in both] == [18, 27]


BAKERY = Path("configs/experiments/bakery.yaml")


def write(folder: Path, text: str) -> Path:
    file = folder / "mine.yaml"
    file.write_text(text, encoding="utf-8")
    return file


@pytest.mark.parametrize("name", sorted(shipped("experiments")))
def test_shipped_experiments_load(name):
    experiment = load_experiment(name)
    assert experiment.baseline in experiment.policies
    sections = ("design", "sensitivity", "robust", "optimise", "break_even", "paradox")
    if all(getattr(experiment, section) is None for section in sections):
        assert len(experiment.policies) >= 2 and len(experiment.seeds) == 20


def test_the_bakery_experiment_is_what_its_file_says():
    experiment = load_experiment("bakery")
    assert experiment.name == "bakery, five ways to answer"
    assert list(experiment.policies) == [
        "none",
        "slow",
        "fast",
        "fast-generous",
        "bakery",
    ]
    assert experiment.policies["fast"] == load_policy("fast")[1]
    assert experiment.scenario.market.people == 3000
    assert experiment.seeds == tuple(range(1, 21))
    assert experiment.outcomes == ("reputation", "nps", "npv_per_person")
    one = experiment.scenario_of("slow", 7)
    assert (one.policy_name, one.seed) == ("slow", 7)
    assert one.policy == experiment.policies["slow"]
    again = Scenario.model_validate(one.model_dump())
    assert again == one


def test_inline_policies_take_levers_from_another():
    experiment = load_experiment("inviting-complaints")
    fast = load_policy("fast")[1]
    assert experiment.policies["asked for"] == fast.model_copy(update={"ease": 4})
    assert experiment.policies["by letter"] == fast.model_copy(update={"ease": 0})


def test_what_is_set_on_top_goes_where_it_belongs():
    experiment = load_experiment(
        "bakery",
        [
            "market.people=500",
            "days=30",
            "seeds=[9, 4]",
            "policies=[fast, slow]",
            "baseline=slow",
        ],
    )
    assert experiment.scenario.market.people == 500 and experiment.scenario.days == 30
    assert experiment.seeds == (9, 4)
    assert list(experiment.policies) == ["fast", "slow"] and experiment.baseline == "slow"
    assert load_experiment("bakery", ["set.market.people=70"]).scenario.market.people == 70
    assert load_experiment("bakery", {"market.people": 71}).scenario.market.people == 71
    assert load_experiment("bakery", ["seed=3", "seeds=2"]).seeds == (3, 4)
    assert load_experiment("bakery", seed=11).seeds == tuple(range(11, 31))
    assert load_experiment("bakery", ["seeds=[9, 4]"], seed=5).seeds == (5, 6)
    assert load_experiment("bakery", days=9).scenario.days == 9


def test_paths_start_from_the_experiments_own_folder(tmp_path, monkeypatch):
    (tmp_path / "town.yaml").write_text("name: town\nmarket: {people: 60}\npolicy: none\n")
    (tmp_path / "kind.yaml").write_text("apology: 1\n")
    (tmp_path / "friends.txt").write_text("1 2\n2 3\n")
    write(
        tmp_path,
        "scenario: town.yaml\nset: {network.file: friends.txt}\n"
        "policies: [none, ./kind.yaml, {name: own, like: kind.yaml, fix: 0.5}]\n",
    )
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    experiment = load_experiment("../mine.yaml")
    assert experiment.scenario.name == "town" and experiment.scenario.market.people == 60
    assert experiment.scenario.network.file == str(tmp_path / "friends.txt")
    assert list(experiment.policies) == ["none", "kind", "own"]
    assert experiment.policies["own"] == Policy(apology=1.0, fix=0.5)
    assert experiment.baseline == "none" and experiment.name == "mine"


GOOD = "scenario: bakery\npolicies: [none, fast]\n"


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("policies: [none]\n", 1, "scenario is missing"),
        ("scenario: bakery\npolicies: []\n", 2, "policies"),
        ("scenario: bakerry\npolicies: [none]\n", 1, "did you mean bakery?"),
        ("scenario: away.yaml\npolicies: [none]\n", 1, "does not exist"),
        (GOOD + "baseline: fats\n", 3, "baseline = fats must be one of the policies (none, fast); did you mean fast?"),
        (GOOD + "seeds: 0\n", 3, "seeds = 0 must be how many worlds"),
        (GOOD + "seeds: yes\n", 3, "seeds = yes must be how many worlds"),
        (GOOD + "seeds: [1, 2, 1]\n", 3, "a seed twice"),
        (GOOD + "seeds: [1, -2]\n", 3, "must be how many worlds"),
        (GOOD + "outcomes: [nps,\n  reputatoin]\n", 4, "did you mean reputation?"),
        (GOOD + "outcmes: [nps]\n", 3, "did you mean outcomes?"),
        (GOOD + "set: {market.peopel: 5}\n", 3, "did you mean people?"),
        (GOOD + "set:\n  market.people: -5\n", 4, "market.people = -5 must be at least 1"),
        (GOOD + "set: {policy.ease: 4}\n", 3, "policy.ease has no effect here"),
        (GOOD + "set: 3\n", 3, "set = 3"),
        ("scenario: bakery\npolicies: [none, none]\n", 2, "must have different names"),
        ("scenario: bakery\npolicies:\n  - none\n  - fasst\n", 4, "did you mean fast?"),
        ("scenario: bakery\npolicies:\n  - none\n  - mine2.yaml\n", 4, "does not exist"),
        ("scenario: bakery\npolicies:\n  - {name: a, compensation: 14}\n", 3, "must be at most 3"),
        ("scenario: bakery\npolicies:\n  - {name: a, compensatoin: 1}\n", 3, "did you mean compens"),
        ("scenario: bakery\npolicies:\n  - {fix: 1}\n", 3, "name is missing"),
        ("scenario: bakery\npolicies:\n  - {name: a, like: fsat}\n", 3, "did you mean fast?"),
        ("scenario: bakery\npolicies:\n  - 7\n", 3, "policies.0 = 7"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_with_file_line_key_and_remedy(
    tmp_path, monkeypatch, text, line, said
):
    write(tmp_path, text)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError) as caught:
        load_experiment("mine.yaml")
    message = str(caught.value)
    assert said in message
    assert f"mine.yaml:{line}:" in message
    assert len(caught.value.problems) == 1


def test_all_that_is_wrong_is_told_at_once(tmp_path):
    file = write(
        tmp_path,
        "scenario: bakery\nset: {days: 0}\npolicies: [none, fasst]\nbaseline: none\nseeds: 0\n",
    )
    with pytest.raises(InputError) as caught:
        load_experiment(file, ["markt.people=3", "outcomes=[npss]", "policy.fix=0"])
    lines = str(caught.value).splitlines()
    assert len(lines) == 6
    for said in (
        "days = 0",
        "fasst",
        "seeds = 0",
        "did you mean market?",
        "did you mean nps?",
    ):
        assert sum(said in line for line in lines) == 1
    assert sum("--set" in line for line in lines) == 3
