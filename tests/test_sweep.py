"""Sweeps: every run once, the same digest by whatever way, and nothing lost on the way."""

import json
import signal
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from calling import PROGRAM, call, done, source, told
from hypothesis import given
from hypothesis import strategies as st
from swept import a_plan, failing

from experiments import open_results
from experiments.commands.sweep import JSON
from experiments.commands.watching import Pace, line
from experiments.design import load_experiment
from experiments.engine.plugin import load_customer, source_digest
from experiments.extent import MOST_RUNS, extent, part
from experiments.planning.plan import Plan
from experiments.storage.merging import merge
from experiments.storage.status import status_of
from experiments.sweep import Sweep, sweep
from sim.customer import Customer
from sim.errors import InputError

EASY = failing(0.02, 0.3)


@pytest.fixture(scope="module")
def plain() -> Sweep:
    return sweep(a_plan(3, EASY), workers=1)


# The same, by whatever way.


def test_a_folder_holds_what_memory_holds(tmp_path: Path, plain: Sweep) -> None:
    made = sweep(a_plan(3, EASY), tmp_path / "a", workers=2)
    assert (made.runs, made.done, made.skipped, made.failed) == (12, 12, 0, 0)
    assert made.complete and not made.stopped
    assert made.digest == plain.digest
    columns = ["cell", "policy", "seed", "service.failure_probability", "reputation", "digest"]
    assert made.results.runs[columns].equals(plain.results.runs[columns])
    assert open_results(tmp_path / "a").digest == plain.digest


def test_two_processes_give_the_same(plain: Sweep) -> None:
    assert sweep(a_plan(3, EASY), workers=2, processes=True).digest == plain.digest


def test_shards_put_together_are_the_whole(tmp_path: Path, plain: Sweep) -> None:
    shards = [tmp_path / f"{i}" for i in (1, 2, 3)]
    made = [sweep(a_plan(3, EASY), shard, shard=(i + 1, 3)) for i, shard in enumerate(shards)]
    assert [(each.runs, each.done) for each in made] == [(4, 4)] * 3
    assert merge(shards, tmp_path / "whole").digest == plain.digest


def test_what_is_done_is_not_done_again(tmp_path: Path, plain: Sweep) -> None:
    """Stop half-way, go on; and add a world, of which alone the runs are done."""
    stopped = threading.Event()

    def enough(made: Sweep) -> None:
        if made.done >= 5:
            stopped.set()

    half = sweep(a_plan(3, EASY), tmp_path / "a", workers=1, watch=enough, stopped=stopped)
    assert half.stopped and not half.complete and 5 <= half.done < 12
    rest = sweep(a_plan(3, EASY), tmp_path / "a")
    assert (rest.done, rest.skipped, rest.complete) == (12 - half.done, half.done, True)
    assert rest.digest == plain.digest
    again = sweep(a_plan(3, EASY), tmp_path / "a")
    assert (again.done, again.skipped) == (0, 12)
    more = sweep(a_plan(4, EASY), tmp_path / "a")
    assert (more.done, more.skipped) == (4, 12)


def test_an_error_on_the_way_keeps_what_was_done(tmp_path: Path) -> None:
    """As Ctrl-C does where nobody has asked to be told of it."""

    def progress(ended: int, _: int) -> None:
        if ended == 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        sweep(a_plan(3, EASY), tmp_path / "a", workers=1, progress=progress)
    assert len(open_results(tmp_path / "a").runs) == 5
    assert sweep(a_plan(3, EASY), tmp_path / "a").skipped == 5


def test_two_sweeps_on_one_folder_share_the_runs(tmp_path: Path) -> None:
    plan = a_plan(60, people=20, days=5)
    with ThreadPoolExecutor(2) as pool:
        both = [pool.submit(sweep, plan, tmp_path / "a", workers=1) for _ in range(2)]
        made = [each.result() for each in both]
    assert sum(each.done for each in made) == len(plan)
    assert all(each.complete and each.runs == len(plan) for each in made)
    assert made[0].digest == made[1].digest == sweep(plan).digest


def test_results_are_of_the_plan_alone_with_its_own_cells(tmp_path: Path, plain: Sweep) -> None:
    """A folder may hold the runs of other plans; an analysis sees its own."""
    sweep(a_plan(2, failing(0.3, 0.02, 0.1)), tmp_path / "a")
    made = sweep(a_plan(3, EASY), tmp_path / "a")
    assert (made.done, made.skipped) == (4, 8)
    assert made.results.digest == plain.digest != made.digest
    assert made.results.runs[["cell", "seed"]].equals(plain.results.runs[["cell", "seed"]])


@given(runs=st.integers(0, 500), many=st.integers(1, 40))
def test_shards_are_disjoint_complete_and_even(runs: int, many: int) -> None:
    shards = [part(runs, (which, many)) for which in range(1, many + 1)]
    assert [number for shard in shards for number in shard] == list(range(runs))
    assert max(map(len, shards)) - min(map(len, shards)) <= 1


# Rules for the number of runs.


def precise(seeds: int = 10) -> Plan:
    settings = {
        "market.people": 60, "days": 20, "policies": ["none", "fast"], "seeds": seeds,
        "precision.outcome": "reputation", "precision.half_width": 0.08, "precision.at_most": 60,
    }  # fmt: skip
    return Plan(load_experiment("bakery", settings))


def test_worlds_are_added_until_enough_is_known_also_by_one_who_resumes(tmp_path: Path) -> None:
    whole = sweep(precise())
    assert whole.runs == whole.done > 20 and whole.rounds.stands
    stopped = threading.Event()

    def enough(made: Sweep) -> None:
        if made.done >= 22:
            stopped.set()

    sweep(precise(), tmp_path / "a", workers=1, watch=enough, stopped=stopped)
    rest = sweep(precise(), tmp_path / "a")
    assert rest.skipped >= 22 and rest.runs == whole.runs
    assert rest.digest == whole.digest
    assert rest.rounds.to_json() == whole.rounds.to_json()


def test_rules_and_shards_do_not_go_together() -> None:
    with pytest.raises(InputError, match="cannot be done in shards"):
        sweep(precise(), shard=(1, 2))


# How many runs there are to be, as the folder tells.


def standing(path: Path) -> tuple[int, int, int]:
    found = status_of(path)
    return found.planned, found.done, found.beside


def test_fewer_runs_asked_for_are_fewer_runs_to_be(tmp_path: Path) -> None:
    """Seeds, points and policies may become fewer; what is no longer asked for stays, beside."""
    path = tmp_path / "a"
    sweep(a_plan(3, EASY), path)
    assert standing(path) == (12, 12, 0)
    sweep(a_plan(2, EASY), path)
    assert standing(path) == (8, 8, 4)
    sweep(a_plan(3, failing(0.3)), path)
    assert standing(path) == (6, 6, 6)
    sweep(a_plan(1, failing(0.02, 0.4), policies=("none",)), path)
    assert standing(path) == (2, 2, 11)
    assert "2 of 2 runs are done, 0 failed\n" in done("status", str(path)).stdout
    assert "11 runs that the last sweep did not ask for" in done("status", str(path)).stdout
    sweep(a_plan(4, failing(0.02, 0.3, 0.4)), path)
    assert standing(path) == (24, 24, 0)


def test_while_it_is_at_work_a_sweep_knows_what_is_missing_of_fewer_runs(tmp_path: Path) -> None:
    """Half of a large plan is there, and now a small one is begun that has other runs too."""
    path, seen = tmp_path / "a", list[tuple[int, int, int]]()
    sweep(a_plan(3, EASY), path, shard=(1, 2))
    assert standing(path) == (12, 6, 0)

    def look(made: Sweep) -> None:
        seen.append(standing(path))

    sweep(a_plan(1, failing(0.02, 0.4)), path, workers=1, watch=look)
    assert seen[0] == (4, 2, 4) and standing(path) == (4, 4, 4)


def test_a_rule_tells_in_each_round_how_many_runs_there_are_to_be(tmp_path: Path) -> None:
    path, seen = tmp_path / "a", list[tuple[int, int, int]]()

    def look(made: Sweep) -> None:
        if made.done == 20:
            seen.append(standing(path))
        if made.done == 22:
            seen.append(standing(path))

    whole = sweep(precise(), path, workers=1, watch=look)
    assert seen[0][0] == 20 and seen[1][0] > 20
    assert standing(path) == (whole.runs, whole.runs, 0)
    easy = Plan(
        load_experiment(
            "bakery",
            {
                "market.people": 60, "days": 20, "policies": ["none", "fast"], "seeds": 10,
                "precision.outcome": "reputation", "precision.half_width": 5.0,
                "precision.at_most": 60,
            },
        )
    )  # fmt: skip
    assert sweep(easy, path).runs == 20
    assert standing(path) == (20, 20, whole.runs - 20)
    sweep(precise(), path)
    assert standing(path) == (whole.runs, whole.runs, 0)


# What is refused before it starts.


def test_a_billion_runs_are_refused_with_the_estimate(tmp_path: Path) -> None:
    plan = a_plan(1, [{}])
    seeds = tuple(range(100_000))
    many = Plan(plan.experiment, [{}] * 5000, plan.policies, seeds)
    with pytest.raises(InputError) as caught:
        sweep(many, tmp_path / "a")
    said = str(caught.value)
    assert "1,000,000,000 runs (5,000 points of the design x 2 policies x 100,000 seeds)" in said
    assert "hours" in said and "GB of disk" in said and f"{MOST_RUNS:,}" in said
    assert not list(tmp_path.iterdir())


def test_people_beyond_memory_are_refused_at_the_biggest_point(tmp_path: Path) -> None:
    plan = a_plan(1, [{"market.people": 60}, {"market.people": 99_000_000}])
    with pytest.raises(InputError, match=r"market.people = 99000000 needs about \d+\.\d GB"):
        sweep(plan, tmp_path / "a")
    assert not list(tmp_path.iterdir())


def test_a_rule_that_may_ask_for_a_billion_runs_is_refused_too() -> None:
    settings = [
        "policies=[none, fast, slow]", "precision=null", "market.people=60",
        "select_best={outcome: reputation, indifference: 0.001, at_most: 10000}",
        "design={lhs: {samples: 40000, ranges: {service.failure_probability: [0.01, 0.08]}}}",
    ]  # fmt: skip
    with pytest.raises(InputError, match=r"1,200,000,000 runs .* x 10,000 seeds\) would take"):
        sweep(Plan(load_experiment("bakery", settings)))


def test_a_sweep_takes_more_memory_than_a_run(monkeypatch: Any) -> None:
    """What the world before has left is still there while the next is made."""
    plan = a_plan(1, [{"market.people": 4000}])
    monkeypatch.setattr("experiments.extent.available_memory", lambda: 1_500_000)
    monkeypatch.setattr("sim.memory.available_memory", lambda: 1_500_000)
    with pytest.raises(InputError, match="market.people = 4000 needs about .* in a sweep"):
        sweep(plan)


def test_more_workers_than_there_is_memory_for_are_refused(monkeypatch: Any) -> None:
    plan = a_plan(1, [{"market.people": 60}, {"market.people": 4000}])
    monkeypatch.setattr("experiments.extent.available_memory", lambda: 7_000_000)
    monkeypatch.setattr("experiments.engine.runner.available_memory", lambda: 7_000_000)
    monkeypatch.setattr("sim.memory.available_memory", lambda: 7_000_000)
    with pytest.raises(InputError, match="workers = 4 need .* take at most 3"):
        sweep(plan, workers=4)
    assert extent(plan, 3, part(len(plan), (1, 1))).workers == 3


# A customer of one's own.

OWN = "from sim import Customer\n\n\nclass Same(Customer):\n    pass\n"


def test_another_customer_is_another_run(tmp_path: Path, plain: Sweep) -> None:
    """Even one who behaves the same: the source is part of the identity."""
    file = tmp_path / "own.py"
    file.write_text(OWN)
    same = load_customer(f"{file}:Same")
    assert load_customer(f"{file}:Same") is same and issubclass(same, Customer)
    made = sweep(a_plan(3, EASY), customer=same)
    ours, theirs = plain.results.runs, made.results.runs
    assert list(ours["digest"]) == list(theirs["digest"])
    assert not set(ours["identity"]) & set(theirs["identity"])
    file.write_text(OWN + "# changed\n")
    assert source_digest(load_customer(f"{file}:Same")) != source_digest(same)


def test_a_class_without_a_file_is_known_by_its_code() -> None:
    made: list[Any] = []
    for leaves in (True, False):
        names: dict[str, Any] = {"Customer": Customer, "__name__": "nowhere"}
        text = f"class Own(Customer):\n    def stay(self, today, world):\n        return {leaves}\n"
        exec(text, names)
        made.append(source_digest(names["Own"]))
    assert made[0] != made[1]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("own.py", "must be FILE.py:CLASS"),
        (":Same", "must be FILE.py:CLASS"),
        ("none.py:Same", "cannot be read: No such file"),
        ("own.txt:Same", "its name must end in .py"),
        ("own.py:Sam", "did you mean Same?"),
        ("own.py:NUMBER", "must be a class made from sim.Customer"),
        ("wrong.py:Same", "SyntaxError"),
    ],
)
def test_a_customer_that_cannot_be_had_is_refused(
    tmp_path: Path, monkeypatch: Any, text: str, said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("own.py", "own.txt"):
        Path(name).write_text(OWN + "NUMBER = 3\n")
    Path("wrong.py").write_text("class\n")
    before = set(Path().iterdir())
    result = call("sweep", "bakery", *SMALL, "--customer", text)
    assert result.exit_code == 2 and said in result.stderr and "Traceback" not in result.output
    assert {path for path in Path().iterdir() if path.name != "__pycache__"} == before


# The command.

SMALL = ["--set", "market.people=60", "--days", "20", "--set", "policies=[none, fast]"]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: Any) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_json_says_what_was_done(here: Path) -> None:
    first = told("sweep", "bakery", *SMALL, "--seeds", "3")
    assert tuple(first) == JSON
    assert (first["runs"], first["done"], first["skipped"], first["failed"]) == (6, 6, 0, 0)
    assert first["out"] == "results/sweep-bakery"
    again = told("sweep", "bakery", *SMALL, "--seeds", "3", "--workers", "1")
    assert (again["done"], again["skipped"], again["digest"]) == (0, 6, first["digest"])
    other = told("sweep", "bakery", *SMALL, "--seeds", "3", "--out", "b", "--shard", "1/2")
    assert (other["runs"], other["out"]) == (3, "b")


def test_the_screen_shows_policies_and_points_and_where_the_runs_are(here: Path) -> None:
    Path("mine.yaml").write_text(
        "scenario: bakery\npolicies: [none, fast]\nseeds: 2\n"
        "set: {market.people: 60, days: 20}\n"
        "design: {grid: {service.failure_probability: [0.02, 0.3]}}\n"
    )
    result = done("sweep", "mine.yaml")
    assert "The runs are kept in results/sweep-mine" in result.stderr
    for said in ("reputation", "none", "fast", "0.02", "0.3", "±", "8 of 8 runs", "Digest: "):
        assert said in result.stdout
    assert Path("results/sweep-mine/pictures/factors.png").stat().st_size > 10_000
    before = "8 of 8 runs are done, 8 of them before"
    assert before in done("sweep", "mine.yaml").stdout


def test_a_dry_run_tells_and_makes_nothing(here: Path) -> None:
    found = told("sweep", "bakery", *SMALL, "--dry-run", "--workers", "2", "--shard", "1/2")
    assert (found["runs"], found["points"], found["policies"], found["seeds"]) == (20, 1, 2, 20)
    assert found["workers"] == 2 and found["timed"] == 5
    assert found["seconds"] > 0 and found["memory"] > 10**7 and found["disk"] > 10_000
    assert "what a sweep would take" in done("sweep", "bakery", *SMALL, "--dry-run").stdout
    assert not list(here.iterdir())


def test_the_estimate_of_the_disk_is_near(tmp_path: Path) -> None:
    plan = a_plan(100, people=300, days=365)
    guess = extent(plan, 2, part(len(plan), (1, 1)))
    sweep(plan, tmp_path / "a")
    found = sum(f.stat().st_size for f in (tmp_path / "a").rglob("*.parquet"))
    assert 0.5 < guess.disk / found < 2


def test_failed_runs_are_listed_and_the_exit_code_tells(here: Path) -> None:
    for name, text in (("a", "1 2\n2 3\n"), ("b", "1 2\n1 3\n"), ("c", "1 2\nnobody\n")):
        Path(f"{name}.txt").write_text(text)
    Path("mine.yaml").write_text(
        "scenario: bakery\npolicies: [none]\nseeds: 2\nset: {days: 20}\n"
        "design: {grid: {network.file: [a.txt, b.txt, c.txt]}}\n"
    )
    result = call("sweep", "mine.yaml", "--json")
    assert result.exit_code == 3
    found = json.loads(result.stdout)
    assert (found["runs"], found["done"], found["failed"]) == (6, 4, 2)
    assert "2 of 6 runs failed" in result.stderr and "failures" in result.stderr
    assert "policy none, seed 1, network.file = " in result.stderr
    assert "c.txt:2: found 'nobody'" in result.stderr.replace("\n", "")
    assert "Traceback" not in result.output
    records = [json.loads(path.read_text()) for path in here.rglob("failures/*.json")]
    files = [record["scenario"]["network"]["file"] for record in records]
    assert [Path(file).name for file in files] == ["c.txt", "c.txt"]
    assert all("Traceback" in record["traceback"] for record in records)
    # They are tried again, and only they.
    again = json.loads(call("sweep", "mine.yaml", "--json").stdout)
    assert (again["done"], again["skipped"], again["failed"]) == (0, 4, 2)
    assert again["digest"] == found["digest"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--shard", "3/2"], "'3/2' must be a part and the number of parts"),
        (["--shard", "0/2"], "'0/2' must be a part"),
        (["--shard", "half"], "'half' must be a part"),
        (["--workers", "-1"], "--workers"),
        (["--workers", "0"], "--workers"),
        (["--seeds", "0"], "--seeds 0"),
        (["--cluster", "nowhere.json"], "neither an address such as tcp://host:8786"),
        (["--cluster", "ftp://there:1"], "must begin with one of"),
        (["--out", "a-file"], "a-file is a file"),
    ],
)
def test_what_cannot_be_is_refused(here: Path, arguments: list[str], said: str) -> None:
    Path("a-file").touch()
    result = call("sweep", "bakery", *SMALL, *arguments)
    assert result.exit_code == 2 and said in " ".join(result.stderr.split())
    assert "Traceback" not in result.output and result.stdout == ""
    assert [path.name for path in here.iterdir()] == ["a-file"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_and_keeps_and_the_same_command_goes_on(here: Path, number: int) -> None:
    arguments = ["sweep", "bakery", *SMALL, "--seeds", "4000", "--out", "a", "--json"]
    with subprocess.Popen(
        [*PROGRAM, *arguments], env=source(), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        while not list(here.glob("a/runs/*.parquet")):
            assert process.poll() is None
            time.sleep(0.02)
        process.send_signal(number)
        output, errors = process.communicate()
    assert (process.returncode, output) == (128 + number, b"")
    kept = len(open_results("a").runs)
    assert 0 < kept < 8000
    assert f"Stopped. {kept:,} of 8,000 runs are done and kept in a;".encode() in errors
    assert b"the same command goes on" in errors and b"Traceback" not in errors
    some = ["sweep", "bakery", *SMALL, "--out", "a", "--shard", "1/800", "--seeds", "4000"]
    assert told(*some)["skipped"] == 10


# Watching.


def test_the_rate_is_of_late_and_tells_how_much_longer() -> None:
    clock = iter([0.0, *(float(second) for second in range(1, 101))])
    pace = Pace(lambda: next(clock))
    for second in range(1, 101):
        pace.note(10 * second if second <= 50 else 500 + 2 * (second - 50))
    assert pace.rate == pytest.approx(2, rel=0.1)
    made = Sweep(a_plan(1), None, None, 1000, done=600, failed=3)  # type: ignore[arg-type]
    assert line(made, pace).startswith("603 of 1,000 runs, 2 a second, 3 min")
    assert line(made, pace).endswith("left, 3 failed")


def test_on_no_terminal_a_line_is_written_now_and_then(
    here: Path, monkeypatch: Any, capsys: Any
) -> None:
    monkeypatch.setattr("experiments.commands.watching.LINE_SECONDS", 0.0)
    result = call("sweep", "bakery", *SMALL, "--seeds", "2")
    assert "4 of 4 runs" in result.stderr and "\x1b" not in result.stderr


def test_a_folder_gone_on_with_at_other_points_has_a_cell_for_each(tmp_path: Path) -> None:
    first = sweep(a_plan(2, failing(0.02, 0.3)), tmp_path / "a")
    sweep(a_plan(2, failing(0.1, 0.02)), tmp_path / "a")
    runs = open_results(tmp_path / "a").runs
    points = runs.groupby("cell")[["policy", "service.failure_probability"]].nunique()
    assert (points == 1).all().all()
    assert runs["cell"].nunique() == 6
    again = sweep(a_plan(2, failing(0.02, 0.3)), tmp_path / "a").results.runs
    assert list(again["cell"]) == list(first.results.runs["cell"])
