"""A sweep on a cluster: a real scheduler and two workers on the loopback interface, one of which dies."""

import os
import signal
import subprocess
import sys
import threading
import time
import warnings
from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import swept
from calling import call, source, told
from swept import a_plan, failing

from experiments.engine import cluster, patience
from experiments.engine.cluster import Cluster, ClusterLost
from experiments.engine.flow import Flow
from experiments.engine.runner import Failure
from experiments.planning.plan import Job
from experiments.sweep import Sweep, sweep
from sim import performers
from sim.compiled import model_version
from sim.errors import InputError

distributed = pytest.importorskip("distributed")

QUIET = ["--no-dashboard", "--host", "127.0.0.1"]


class Town:
    """A scheduler and its workers, each a process of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.file = folder / "scheduler.json"
        self.log = (folder / "log").open("wb")
        self.scheduler = self.start("scheduler", "--port", "0", "--scheduler-file", str(self.file))
        self.workers = [self.worker(), self.worker()]

    def start(self, what: str, *arguments: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", f"distributed.cli.dask_{what}", *QUIET, *arguments]
        return subprocess.Popen(command, env=source(), stdout=self.log, stderr=self.log)

    def worker(self) -> subprocess.Popen[bytes]:
        return self.start(
            "worker", "--scheduler-file", str(self.file), "--nthreads", "1", "--no-nanny",
            "--memory-limit", "0", "--local-directory", str(self.folder),
        )  # fmt: skip

    def wait(self) -> None:
        """Wait for the scheduler and both workers."""
        while not self.file.exists():
            assert self.scheduler.poll() is None
            time.sleep(0.05)
        with distributed.Client(scheduler_file=str(self.file), set_as_default=False) as client:
            client.wait_for_workers(2, timeout=120)

    def end(self) -> None:
        for process in (*self.workers, self.scheduler):
            process.kill()
            process.wait()
        self.log.close()


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    town = Town(tmp_path_factory.mktemp("town"))
    try:
        town.wait()
        yield town
    finally:
        town.end()


def test_the_cluster_gives_the_same_bits_although_a_worker_is_killed(
    town: Town, tmp_path: Path
) -> None:
    plan = a_plan(150, failing(0.02, 0.3), people=200, days=60)

    def kill(made: Sweep) -> None:
        if made.done == 100:
            os.kill(town.workers[0].pid, signal.SIGKILL)

    made = sweep(plan, tmp_path / "a", cluster=str(town.file), watch=kill)
    assert town.workers[0].wait(10) == -signal.SIGKILL
    assert (made.runs, made.done, made.failed) == (600, 600, 0)
    assert made.digest == sweep(plan).digest


def test_the_command_goes_on_with_the_worker_that_is_left(
    town: Town, tmp_path: Path, monkeypatch: Any
) -> None:
    """By the scheduler's address this time; a network's file, and one that is broken."""
    monkeypatch.chdir(tmp_path)
    Path("friends.txt").write_text("".join(f"{i} {i + 1}\n" for i in range(40)))
    Path("mine.yaml").write_text(
        "scenario: bakery\npolicies: [none, fast]\nseeds: 3\n"
        "set: {days: 20, network.file: friends.txt}\n"
    )
    address = distributed.Client(scheduler_file=str(town.file), set_as_default=False)
    with address as client:
        where = client.scheduler.address
    far = told("sweep", "mine.yaml", "--cluster", where, "--out", "far")
    near = told("sweep", "mine.yaml", "--out", "near")
    assert far["done"] == 6 and far["digest"] == near["digest"]
    Path("broken.txt").write_text("1 2\nnobody\n")
    Path("odd.yaml").write_text(
        "scenario: bakery\npolicies: [none]\nseeds: 1\nset: {days: 20}\n"
        "design: {list: [{network.file: friends.txt}, {network.file: broken.txt}]}\n"
    )
    result = call("sweep", "odd.yaml", "--cluster", str(town.file), "--json")
    assert result.exit_code == 3 and '"done": 1' in result.stdout
    assert "broken.txt:2: found 'nobody'" in result.stderr


def test_behaviours_that_hang_or_kill_harm_no_worker_of_the_cluster(
    town: Town, monkeypatch: Any
) -> None:
    """They run in processes beside the worker, which ends those that take too long."""
    monkeypatch.setitem(performers._COMPILABLE, swept.Fragile, False)
    monkeypatch.setattr(cluster, "ASK", 0.2)
    points = failing(0.05, swept.HANGING, 0.1, swept.KILLING, swept.RAISING, 0.2)
    plan = a_plan(1, points, people=20, days=5, policies=("none",))
    said: list[str] = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that agents perform
        made = sweep(
            plan, cluster=str(town.file), customer=swept.Fragile, run_limit=2, tell=said.append
        )
    assert (made.runs, made.done, made.failed) == (6, 3, 3)
    errors = {
        job.point["service.failure_probability"]: result.error for job, result in made.failures
    }
    assert "took longer than 2 s and was ended" in errors[swept.HANGING]
    assert errors[swept.KILLING].startswith(
        "the worker died: A worker process was ended by SIGKILL"
    )
    assert errors[swept.RAISING] == "ArithmeticError: nobody is left"
    assert any(f"probability = {swept.HANGING} has taken 1 s so far" in line for line in said)
    assert any("is tried once more, alone" in line for line in said)
    assert town.workers[1].poll() is None


def test_whoever_goes_leaves_nothing_that_hangs_on_the_cluster(
    town: Town, monkeypatch: Any
) -> None:
    monkeypatch.setitem(performers._COMPILABLE, swept.Fragile, False)
    monkeypatch.setattr(cluster, "ASK", 0.2)
    monkeypatch.setattr(patience, "SLOW_UNKNOWN", 0.5)
    plan = a_plan(1, failing(swept.HANGING), people=20, days=5, policies=("none",))
    stopped = threading.Event()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        sweep(
            plan, cluster=str(town.file), customer=swept.Fragile, stopped=stopped,
            tell=lambda _: stopped.set(),
        )  # fmt: skip
    assert stopped.is_set()
    # The only worker that is left is free again.
    assert sweep(a_plan(1, people=20, days=5), cluster=str(town.file)).complete


def test_people_beyond_the_memory_of_each_worker_are_refused(
    town: Town, tmp_path: Path, monkeypatch: Any
) -> None:
    door = Cluster(str(town.file), None)
    assert door.memory is None  # the workers here have no limit
    workers = door._workers()
    door.close(in_haste=False)
    limited = {name: {**worker, "memory_limit": 1_500_000} for name, worker in workers.items()}
    monkeypatch.setattr(Cluster, "_workers", lambda self: limited)
    with pytest.raises(InputError, match="people = 4000 needs about .* no worker of the cluster"):
        sweep(a_plan(1, people=4000), tmp_path / "a", cluster=str(town.file))
    assert not list(tmp_path.iterdir())


def test_a_worker_of_another_version_is_refused_by_name(town: Town, monkeypatch: Any) -> None:
    monkeypatch.setattr(cluster, "model_version", lambda: "0123456789abcdef")
    with pytest.raises(InputError) as caught:
        sweep(a_plan(1), cluster=str(town.file))
    said = str(caught.value)
    assert "worker tcp://127.0.0.1:" in said
    assert f"has model {model_version()} and not 0123456789abcdef" in said
    assert "install the same version" in said


def test_a_cluster_without_workers_is_lost_and_not_waited_for_in_vain(
    town: Town, tmp_path: Path, monkeypatch: Any
) -> None:
    """The last worker dies on the way; then there is a scheduler and nobody to work."""
    monkeypatch.setattr(cluster, "LOST_AFTER", 0.5)
    plan = a_plan(3000, people=200, days=60)

    def kill(made: Sweep) -> None:
        if made.done == 50:
            os.kill(town.workers[1].pid, signal.SIGKILL)

    with pytest.raises(ClusterLost, match="has no workers left; start workers with a nanny"):
        sweep(plan, tmp_path / "a", cluster=str(town.file), watch=kill)
    monkeypatch.setattr(cluster, "CONNECT", 0.5)
    with pytest.raises(InputError, match="has a scheduler and no workers: start some"):
        sweep(plan, tmp_path / "a", cluster=str(town.file))
    rest = sweep(a_plan(10, people=200, days=60), tmp_path / "a")
    assert rest.skipped == 20 and rest.complete


def test_no_scheduler_is_said_within_seconds(monkeypatch: Any) -> None:
    monkeypatch.setattr(cluster, "CONNECT", 0.5)
    for where, said in {
        "tcp://127.0.0.1:1": r"tcp://127\.0\.0\.1:1 does not answer .* is `dask scheduler` running",
        "tcp://127.0.0.1": "does not answer",
        "nowhere.json": "neither an address such as",
        "ftp://there:1": "must begin with one of",
    }.items():
        with pytest.raises(InputError, match=said):
            Cluster(where, None)


def test_the_poison_among_many_jobs_is_found(monkeypatch: Any) -> None:
    """The scheduler gives a batch up as the killer of workers; its jobs are then tried alone."""
    jobs = [SimpleNamespace(policy="p", seed=seed) for seed in range(50)]

    class Pool:
        """A scheduler that tells at once which batches kill."""

        deaths = (distributed.KilledWorker,)
        sent: list[int] = []

        def size(self, pace: float) -> int:
            return 7

        def ahead(self, pace: float) -> int:
            return 4

        def check(self) -> None:
            raise AssertionError("nothing is waited for")

        def submit(self, batch: tuple[Job, ...]) -> Any:
            future: Future[Any] = Future()
            self.sent += [job.seed for job in batch]
            if any(job.seed == 23 for job in batch):
                future.set_exception(
                    distributed.KilledWorker("work-1", SimpleNamespace(address="x"), 3)
                )
            else:
                future.set_result(([f"done {job.seed}" for job in batch], 0.1))
            return future

    pool = Pool()
    results = list(Flow(iter(jobs), pool, threading.Event()).results())  # type: ignore[arg-type]
    assert sorted(job.seed for job, _ in results) == list(range(50))
    (blamed,) = [job for job, result in results if isinstance(result, Failure)]
    assert blamed.seed == 23
    (reason,) = [result.error for _, result in results if isinstance(result, Failure)]
    assert reason.startswith("the worker died: Attempted to run task 'work-1' on 4 different work")
    assert len(pool.sent) == 50 + 7  # only its own batch is done once more


def test_a_scheduler_that_ends_takes_its_batches_with_it() -> None:
    class Pool:
        deaths = (distributed.KilledWorker,)

        def size(self, pace: float) -> int:
            return 1

        def ahead(self, pace: float) -> int:
            return 2

        def check(self) -> None:
            raise AssertionError("nothing is waited for")

        def submit(self, batch: tuple[Job, ...]) -> Any:
            future: Future[Any] = Future()
            future.cancel()
            future.set_running_or_notify_cancel()
            return future

    flow = Flow(iter(a_plan(1).jobs()), Pool(), threading.Event())  # type: ignore[arg-type]
    with pytest.raises(ClusterLost, match="its scheduler has ended, or the way to it"):
        list(flow.results())
