"""Runs that never end: told of early, ended when they have taken too long, and the others go on."""

import json
import math
import os
import signal
import subprocess
import sys
import threading
import time
import warnings
from pathlib import Path
from typing import Any

import pytest
import swept
from calling import call, source
from swept import a_plan, failing

from experiments.engine import patience
from experiments.engine.executors import COMPILED_HANGS, Threads
from experiments.engine.flow import Flow
from experiments.engine.nursery import Nursery, WorkersLost
from experiments.engine.patience import FLOOR, TIMES, UNKNOWN, Patience, key_of
from experiments.engine.plugin import load_customer
from experiments.engine.runner import Failure, Run, perform
from experiments.engine.sending import batch_of
from experiments.engine.worker import Bench
from experiments.storage.results import open_results
from experiments.sweep import sweep
from sim import performers
from sim.errors import InputError

HANGS = """
import os

from sim import Customer


class Stubborn(Customer):
    def visit(self, today, world, failure_probability):
        while failure_probability == 0.99:
            pass
        if failure_probability == 0.88:
            os._exit(4)
        return super().visit(today, world, failure_probability)
"""


@pytest.fixture
def fragile(monkeypatch: pytest.MonkeyPatch) -> type[swept.Fragile]:
    """Known from before not to compile, since finding it out takes a compiler some twenty seconds."""
    monkeypatch.setitem(performers._COMPILABLE, swept.Fragile, False)
    return swept.Fragile


# What is really performed.


def test_a_run_that_never_ends_is_told_of_and_ended_and_the_others_are_done(
    fragile: type[swept.Fragile], tmp_path: Path
) -> None:
    points = failing(0.05, swept.HANGING, 0.1, 0.2, swept.HANGING + 1e-9)
    plan = a_plan(1, points, people=20, days=5, policies=("none",))
    said: list[str] = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that agents perform
        made = sweep(
            plan, tmp_path / "a", workers=2, customer=fragile, run_limit=1.5, tell=said.append
        )
    assert (made.runs, made.done, made.failed) == (5, 4, 1)
    ((job, failure),) = made.failures
    assert job.point == {"service.failure_probability": swept.HANGING}
    assert failure.error.startswith("the run took longer than 2 s and was ended; ")
    assert "--run-limit SECONDS" in failure.error
    assert "in visit" in failure.traceback and "swept.py" in failure.traceback
    (record,) = open_results(tmp_path / "a").failures.to_dict("records")
    assert record["error"] == failure.error and "in visit" in record["traceback"]
    (line,) = said
    assert line.startswith(
        f"The run of policy none, seed 1, service.failure_probability = {swept.HANGING} has taken "
    )
    assert "finished took under a second. It is ended after 2 s" in line


def test_who_is_innocent_of_a_death_has_its_run(fragile: type[swept.Fragile]) -> None:
    """One run kills its process, whatever is tried; and one process is killed from outside."""
    points: list[dict[str, float]] = [*failing(0.05, swept.KILLING, 0.1), {"market.people": 1000}]
    plan = a_plan(1, points, people=20, days=5, policies=("none",))
    struck, said = threading.Event(), list[str]()

    class Struck(Nursery):
        def work(self, batch: Any, *arguments: Any) -> Any:
            last = batch.jobs[-1]
            if last.point == points[-1] and not struck.is_set():
                threading.Thread(target=self.strike, args=(key_of(last),)).start()
            return super().work(batch, *arguments)

        def strike(self, key: Any) -> None:
            while key not in self.at_work.seconds():
                time.sleep(0.001)
            struck.set()
            for child in self._all:
                child.kill()

    with pytest.MonkeyPatch.context() as patch, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        patch.setattr("experiments.engine.executors.Nursery", Struck)
        results = list(perform(plan.jobs(), workers=1, customer=fragile, tell=said.append))
    assert struck.is_set() and len(results) == len(plan)
    blamed = [job.point for job, result in results if isinstance(result, Failure)]
    assert blamed == failing(swept.KILLING)
    assert len(said) == 2 and "market.people = 1,000, which is tried once more, alone" in said[1]
    assert all("A worker process was ended by SIGKILL(-9) during the run of" in s for s in said)


def test_threads_hold_compiled_runs_to_a_limit_that_was_set() -> None:
    short, long = a_plan(1, people=60, days=20), a_plan(1, people=2000, days=100_000)
    jobs = [*short.jobs(), *long.jobs()]
    began = time.monotonic()
    results = list(perform(jobs, workers=2, run_limit=1, tell=lambda _: None))
    assert time.monotonic() - began < 60  # alone, the long ones would take minutes
    ended = {job.scenario.days: result for job, result in results}
    assert isinstance(ended[20], Run)
    assert isinstance(ended[100_000], Failure)
    assert "longer than 1 s and was ended" in ended[100_000].error
    assert len(results) == len(jobs)


def test_the_command_says_so_and_its_exit_code_tells(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("own.py").write_text(HANGS)
    monkeypatch.setitem(performers._COMPILABLE, load_customer("own.py:Stubborn"), False)
    Path("mine.yaml").write_text(
        "scenario: bakery\npolicies: [none]\nseeds: 1\nset: {days: 5, market.people: 20}\n"
        "design: {grid: {service.failure_probability: [0.05, 0.99, 0.88, 0.2]}}\n"
    )
    result = call(
        "sweep", "mine.yaml", "--customer", "own.py:Stubborn", "--run-limit", "2", "--out", "a",
        "--json",
    )  # fmt: skip
    assert result.exit_code == 3 and "Traceback" not in result.output
    found = json.loads(result.stdout)
    assert (found["runs"], found["done"], found["failed"]) == (4, 2, 2)
    assert "has taken 1 s so far; the longest of those finished took" in result.stderr
    assert "EXIT(4) during the run of policy none, seed 1" in result.stderr
    assert "2 of 4 runs failed" in result.stderr
    assert "failure_probability = 0.99: the run took longer than 2 s" in result.stderr
    assert "failure_probability = 0.88: the worker died: A worker process ended" in result.stderr
    records = {path.stem: json.loads(path.read_text()) for path in Path("a/failures").iterdir()}
    assert {each["scenario"]["service"]["failure_probability"] for each in records.values()} == {
        0.99, 0.88,
    }  # fmt: skip


@pytest.mark.parametrize("limit", ["0.5", "-3", "nan", "soon"])
def test_a_limit_that_cannot_be_is_refused(limit: str) -> None:
    result = call("sweep", "bakery", f"--run-limit={limit}", "--out", "nowhere")
    assert result.exit_code == 2 and "--run-limit" in result.stderr
    if limit != "soon":
        assert f"--run-limit {limit} must be at least 1 (seconds after which" in result.stderr
        with pytest.raises(InputError, match="must be at least 1"):
            sweep(a_plan(1), run_limit=float(limit))
    assert not Path("nowhere").exists()


def test_stopping_does_not_wait_for_a_run_that_hangs(fragile: type[swept.Fragile]) -> None:
    plan = a_plan(1, failing(swept.HANGING), people=20, days=5, policies=("none",))
    stopped = threading.Event()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        made = perform(
            plan.jobs(), workers=1, customer=fragile, stopped=stopped, tell=hung(stopped)
        )
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(patience, "SLOW_UNKNOWN", 0.5)
            assert list(made) == []


def hung(stopped: threading.Event) -> Any:
    def tell(line: str) -> None:
        assert "none has finished yet. It is ended after 1 day" in line
        stopped.set()

    return tell


def test_processes_end_with_whoever_started_them(tmp_path: Path) -> None:
    """Killed outright, a sweep leaves no process behind, not even one that hangs."""
    (tmp_path / "own.py").write_text(HANGS)
    program = f"""
import sys
from experiments.engine.plugin import load_customer
from experiments.engine.runner import perform
from sim import performers
sys.path.insert(0, {str(Path(__file__).parent)!r})
from swept import a_plan, failing
kind = load_customer("own.py:Stubborn")
performers._COMPILABLE[kind] = False
for _ in perform(a_plan(1, failing(0.99), 20, 5, ("none",)).jobs(), workers=1, customer=kind):
    pass
"""
    began = time.monotonic()
    with subprocess.Popen(
        [sys.executable, "-c", program], cwd=tmp_path, env=source(), start_new_session=True,
        stderr=subprocess.DEVNULL,
    ) as process:  # fmt: skip
        while len(family(process.pid)) < 3:  # itself, the stem, and the run
            assert process.poll() is None and time.monotonic() - began < 60
            time.sleep(0.05)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        until = time.monotonic() + 10
        while family(process.pid) and time.monotonic() < until:
            time.sleep(0.05)
        left = family(process.pid)
        for each in left:
            os.kill(each, signal.SIGKILL)
    assert left == []


def family(session: int) -> list[int]:
    """Return the processes of a session that are alive."""
    found = []
    for each in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = each.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[3]) == session and fields[0] != "Z":
            found.append(int(each.parent.name))
    return found


def test_processes_that_cannot_be_started_end_the_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("experiments.engine.stem._PROGRAM", "raise SystemExit(4)")
    with pytest.raises(WorkersLost, match="cannot be started"):
        list(perform(a_plan(1).jobs(), workers=1, processes=True))


def test_a_process_of_another_model_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """As when somebody edits the model while a sweep is at work."""
    monkeypatch.setattr("experiments.engine.sending.model_version", lambda: "0123456789abcdef")
    batch = batch_of(tuple(a_plan(1).jobs()), None, "compiled")
    nursery = Nursery()
    try:
        with pytest.raises(InputError, match="and not 0123456789abcdef"):
            nursery.work(batch, lambda rest, number: 10.0)
    finally:
        nursery.close()


# When it is told, and when it is ended.


def test_the_limit_is_a_day_at_first_and_then_far_beyond_what_others_took() -> None:
    small, large = (next(a_plan(1, people=people).jobs()) for people in (100, 1_000_000))
    known = Patience()
    assert known.limit(small) == known.limit(large) == UNKNOWN
    known.note(small, 0.5)
    assert known.limit(small) == FLOOR
    assert known.limit(large) == pytest.approx(TIMES * 0.5 * 10_000)
    known.note(small, 100.0)
    known.note(small, 1.0)
    assert known.limit(small) == pytest.approx(TIMES * 100.0) and known.longest == 100.0
    assert Patience(5.0).limit(large) == 5.0 and Patience(math.inf).limit(large) == math.inf


def test_a_slow_run_is_told_of_once_and_then_at_twice_the_time() -> None:
    one, other = a_plan(2, policies=("none",)).jobs()
    jobs = {key_of(job): job for job in (one, other)}
    said: list[str] = []
    known = Patience(tell=said.append)

    def look(*seconds: float) -> int:
        before = len(said)
        known.look(dict(zip(jobs, seconds, strict=False)), jobs, None)
        return len(said) - before

    assert [look(at) for at in (30, 59, 61, 62, 121, 123, 200)] == [0, 0, 1, 0, 0, 1, 0]
    assert said[0] == (
        "The run of policy none, seed 1 has taken 1 min 1 s so far; none has finished yet. It is "
        "ended after 1 day, and the others go on (--run-limit)."
    )
    assert look() == 0 and look(61, 70) == 1
    assert "seed 2 has taken 1 min 10 s so far, and 1 more take long too;" in said[-1]
    known.note(one, 0.2)
    known.look({}, jobs, None)
    assert [look(at) for at in (9, 11)] == [0, 1]
    assert "the only finished run took under a second. It is ended after 1 h" in said[-1]
    known.note(one, 2.0)
    known.look({}, jobs, None)
    assert [look(at) for at in (19, 21)] == [0, 1]
    assert "the longest of those finished took 2 s" in said[-1]


def test_a_compiled_behaviour_that_hangs_is_told_of_with_what_can_be_done() -> None:
    """A thread cannot be ended; the program leaves without it when it is stopped."""
    released, said = threading.Event(), list[str]()

    def hang(*_: Any, **__: Any) -> Any:
        released.wait(60)
        raise InterruptedError

    job = next(a_plan(1).jobs())
    bench = Bench(swept.Cheerful, simulate=hang)
    known = Patience(2.0, said.append)
    flow = Flow(iter([job]), Threads(bench, 1), bench.stopped, patience=known)
    known.tell = lambda line: (said.append(line), released.set())  # type: ignore[assignment,func-returns-value]
    ((_, result),) = flow.results()
    flow.door.close(in_haste=False)
    assert isinstance(result, Failure)
    (line,) = said
    assert line.endswith(COMPILED_HANGS)


@pytest.mark.parametrize("name", ["amends_0", "another"])
def test_a_program_leaves_without_a_thread_that_hangs(name: str) -> None:
    program = (
        "import threading, time\n"
        "from experiments.engine.executors import leave\n"
        f"threading.Thread(target=time.sleep, args=(3,), name={name!r}).start()\n"
        "print('told', end='')\n"
        "leave(7, 0.3)\n"
        "print(' and waited', end='')"
    )
    ended = subprocess.run([sys.executable, "-c", program], env=source(), capture_output=True)
    if name == "another":
        assert (ended.returncode, ended.stdout) == (0, b"told and waited")
    else:
        assert (ended.returncode, ended.stdout) == (7, b"told")
