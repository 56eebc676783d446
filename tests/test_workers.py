"""Workers: the same bits from any of them, and when one dies only the culprit is blamed."""

import concurrent.futures
import threading
import time
import warnings
from collections import Counter
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
import swept
from hypothesis import given, settings
from hypothesis import strategies as st
from swept import a_plan, failing

from experiments.engine.executors import MOST_JOBS, batch_size
from experiments.engine.flow import Flow
from experiments.engine.network_cache import Networks, network_key
from experiments.engine.remote import work
from experiments.engine.runner import Failure, Run, perform
from experiments.engine.sending import Batch, batch_of
from experiments.engine.worker import Death
from experiments.planning.plan import Job
from sim import performers
from sim.compiled import model_version
from sim.errors import InputError


def digests(results: Iterator[tuple[Job, Run | Failure]]) -> dict[str, str]:
    """Return the digest of each run by its identity; nothing may have failed."""
    return {job.identity: result.digest for job, result in results if isinstance(result, Run)}


@pytest.fixture(scope="module")
def serial() -> dict[str, str]:
    plan = a_plan()
    found = digests(perform(plan.jobs(), workers=1))
    assert len(found) == len(plan)
    return found


def test_two_threads_and_reversed_order_give_the_same_bits(serial: dict[str, str]) -> None:
    assert digests(perform(reversed(list(a_plan().jobs())), workers=2)) == serial


def test_a_failed_run_leaves_the_others_alone() -> None:
    """A world that cannot be, between others that can: 7 ties each among 6 people."""
    points = [{"network.degree": degree} for degree in (2, 6, 4)]
    plan = a_plan(2, points, people=6, degree=2)
    results = list(perform(plan.jobs(), workers=2))
    assert len(results) == len(plan)
    for job, result in results:
        assert (result.policy, result.seed) == (job.policy, job.seed)
        if job.point["network.degree"] == 6:
            assert isinstance(result, Failure)
            assert "network.degree = 6 must be less than market.people = 6" in result.error
            assert "Traceback" in result.traceback and isinstance(result.cause, InputError)
        else:
            assert isinstance(result, Run)


def test_processes_replace_a_worker_that_dies_and_blame_the_culprit_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Behaviour in plain Python goes to processes; one point of it raises, another kills."""
    # Known from before, since finding it out takes a compiler some twenty seconds.
    monkeypatch.setitem(performers._COMPILABLE, swept.Fragile, False)
    points = failing(0.05, swept.RAISING, 0.1, swept.KILLING, 0.2)
    plan = a_plan(1, points, people=20, days=5, policies=("none",))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that agents perform
        results = list(perform(plan.jobs(), workers=1, customer=swept.Fragile))
    assert len(results) == len({job.identity for job, _ in results}) == len(plan)
    for job, result in results:
        where = job.point["service.failure_probability"]
        if where == swept.RAISING:
            assert isinstance(result, Failure) and result.error == "ArithmeticError: nobody is left"
            assert "in visit" in result.traceback
        elif where == swept.KILLING:
            assert isinstance(result, Failure)
            assert result.error.startswith("the worker died: A worker process")
            assert "SIGKILL(-9)" in result.error
        else:
            assert isinstance(result, Run)
    # Where nothing happens to it, a fragile customer is a customer like any other.
    whole = digests(perform(plan.jobs(), workers=1))
    fragile = digests(iter(results))
    assert fragile == {identity: whole[identity] for identity in fragile} and len(fragile) == 3


# The flow through a door, with doors that die on cue.


class Loss(Exception):
    """What a door's futures end in when its worker dies."""


class Door:
    """A door whose one worker dies of some jobs, and now and then of none.

    When it dies, everything under way is lost, as in a pool of processes.
    """

    deaths = (Loss,)

    def __init__(self, poison: set[int], strikes: set[int], size: int, ahead: int) -> None:
        self.poison, self.strikes = poison, strikes
        self.batch, self.most = size, ahead
        self.under_way: list[Any] = []
        self.submitted = self.largest = 0
        self.ran: list[int] = []

    def size(self, pace: float) -> int:
        return self.batch

    def ahead(self, pace: float) -> int:
        return self.most

    def submit(self, jobs: tuple[Any, ...]) -> Any:
        future = Future(self, jobs)
        self.under_way.append(future)
        self.largest = max(self.largest, len(self.under_way))
        return future

    def check(self) -> None:
        """Work off the oldest batch, while nobody does anything else."""
        if not self.under_way:
            return
        self.submitted += 1
        dead = self.submitted in self.strikes
        first = self.under_way[0]
        if dead or any(job.seed in self.poison for job in first.jobs):
            lost, self.under_way = self.under_way, []
            for future in lost:
                future.end(Loss("killed. Everything is lost"))
            return
        self.under_way.pop(0)
        self.ran += [job.seed for job in first.jobs]
        first.end(None)


class Future:
    def __init__(self, door: Door, jobs: tuple[Any, ...]) -> None:
        self.jobs, self.error, self.tell = jobs, None, []

    def add_done_callback(self, tell: Any) -> None:
        self.tell.append(tell)

    def end(self, error: Any) -> None:
        self.error = error
        for tell in self.tell:
            tell(self)

    def cancel(self) -> bool:
        return False

    def result(self) -> Any:
        if self.error:
            raise self.error
        return [f"done {job.seed}" for job in self.jobs], 0.1


@settings(max_examples=60)
@given(
    count=st.integers(0, 40),
    poison=st.sets(st.integers(0, 39), max_size=5),
    strikes=st.sets(st.integers(1, 12), max_size=2),
    size=st.integers(1, 7),
    ahead=st.integers(1, 5),
)
def test_no_job_is_lost_or_done_twice_whoever_dies(count, poison, strikes, size, ahead) -> None:
    """Strikes are deaths from outside: a job on its own is then blamed, and never two of them."""
    jobs = [SimpleNamespace(policy="p", seed=seed) for seed in range(count)]
    door = Door(poison, strikes, size, ahead)
    flow: Any = Flow(iter(jobs), door, threading.Event())  # type: ignore[arg-type]
    flow.ended = _Impatient(flow.ended, door)
    results = [(job.seed, result) for job, result in flow.results()]
    assert sorted(seed for seed, _ in results) == list(range(count))
    blamed = {seed for seed, result in results if isinstance(result, Failure)}
    assert poison & set(range(count)) <= blamed
    assert len(blamed - poison) <= len(strikes)
    assert door.largest <= ahead
    assert sorted(door.ran) == sorted(set(range(count)) - blamed)


class Exact:
    """A door whose workers tell during which job one of them died, as processes of this machine do."""

    deaths = ()
    remedy = None

    def __init__(self, poison: set[int], strikes: set[int], size: int, ahead: int) -> None:
        self.poison, self.strikes = poison, strikes
        self.batch, self.most = size, ahead
        self.waiting: list[tuple[Any, tuple[Any, ...]]] = []
        self.tried: list[int] = []
        self.lonely: set[int] = set()

    def size(self, pace: float) -> int:
        return self.batch

    def ahead(self, pace: float) -> int:
        return self.most

    def submit(self, jobs: tuple[Any, ...]) -> Any:
        future: Any = concurrent.futures.Future()
        self.waiting.append((future, jobs))
        return future

    def check(self) -> None:
        """Work off the oldest batch."""
        if not self.waiting:
            return
        alone = len(self.waiting) == 1
        future, jobs = self.waiting.pop(0)
        results = []
        for job in jobs:
            self.tried.append(job.seed)
            if alone and len(jobs) == 1:
                self.lonely.add(len(self.tried))
            dies = job.seed in self.poison or len(self.tried) in self.strikes
            death = Death("p", job.seed, "A worker process ended", "")
            results.append(death if dies else f"done {job.seed}")
        future.set_result((results, 0.1))


@settings(max_examples=60)
@given(
    count=st.integers(0, 40),
    poison=st.sets(st.integers(0, 39), max_size=5),
    strikes=st.sets(st.integers(1, 45), max_size=2),
    size=st.integers(1, 7),
    ahead=st.integers(1, 5),
)
def test_a_death_costs_no_other_run_a_second_try(count, poison, strikes, size, ahead) -> None:
    """Who is tried again are those during whose run a process died, and then with nobody beside."""
    jobs = [SimpleNamespace(policy="p", seed=seed) for seed in range(count)]
    door = Exact(poison, strikes, size, ahead)
    flow: Any = Flow(iter(jobs), door, threading.Event())  # type: ignore[arg-type]
    flow.ended = _Impatient(flow.ended, door)
    results = [(job.seed, result) for job, result in flow.results()]
    assert sorted(seed for seed, _ in results) == list(range(count))
    blamed = {seed for seed, result in results if isinstance(result, Failure)}
    assert poison & set(range(count)) <= blamed
    assert (
        len(blamed - poison) <= len(strikes) // 2
    )  # an innocent one would have to be struck twice
    died = {seed for at, seed in enumerate(door.tried, 1) if seed in poison or at in strikes}
    assert {seed for seed, tries in Counter(door.tried).items() if tries == 2} == died
    assert len(door.tried) == count + len(died)
    assert set(range(count + 1, len(door.tried) + 1)) <= door.lonely
    assert all(isinstance(result, Failure) or result == f"done {seed}" for seed, result in results)
    assert not any(isinstance(result, Death) for _, result in results)


class _Impatient:
    """A queue on which waiting takes no time: what is waited for is done meanwhile."""

    def __init__(self, queue: Any, door: Door | Exact) -> None:
        self.queue, self.door = queue, door

    def put(self, item: Any) -> None:
        self.queue.put(item)

    def get(self, timeout: float) -> Any:
        if self.queue.empty():
            self.door.check()
        return self.queue.get(timeout=0)


def test_jobs_are_asked_for_only_as_there_is_room() -> None:
    """However many there are, few are under way: memory does not grow with their number."""
    asked = 0

    def jobs() -> Iterator[Job]:
        nonlocal asked
        for job in a_plan(1000, people=20, days=1).jobs():
            asked += 1
            yield job

    results = perform(jobs(), workers=2)
    for done in range(1, 101):
        next(results)
        assert asked - done <= 2 * 33
    results.close()


def test_stopping_ends_a_long_run_within_its_month(monkeypatch) -> None:
    plan = a_plan(1, people=2000, days=100_000)
    stopped = threading.Event()
    threading.Timer(0.3, stopped.set).start()
    began = time.monotonic()
    assert list(perform(plan.jobs(), workers=2, stopped=stopped)) == []
    assert time.monotonic() - began < 30  # alone, the runs would take minutes


def test_a_batch_is_a_second_of_work() -> None:
    assert [batch_size(pace) for pace in (0.0, 0.01, 0.4, 7.0, 1e-6)] == [1, 100, 2, 1, MOST_JOBS]


def test_a_worker_with_another_model_is_refused() -> None:
    batch = batch_of(tuple(a_plan(1).jobs()), None, "compiled")
    other = Batch(batch.jobs, "0123456789abcdef", batch.files)
    with pytest.raises(InputError, match=f"{model_version()} and not 0123456789abcdef"):
        work(other)


def test_a_worker_whose_network_file_differs_does_not_run_it(tmp_path) -> None:
    file = tmp_path / "friends.txt"
    file.write_text("1 2\n2 3\n")
    plan = a_plan(1, [{"network.file": str(file)}])
    batch = batch_of(tuple(plan.jobs()), None, "compiled")
    file.write_text("1 2\n2 3\n3 4\n")
    results, _ = work(batch)
    assert all("is another file here" in result.error for result in results)  # type: ignore[union-attr]
    file.unlink()
    results, _ = work(batch)
    assert all("friends.txt" in result.error for result in results)  # type: ignore[union-attr]


def test_networks_depend_on_section_people_seed_and_the_content_of_a_file(tmp_path) -> None:
    (plan, other), file = (a_plan(2), a_plan(2, people=61)), tmp_path / "friends.txt"
    keys = {network_key(job.scenario) for each in (plan, other) for job in each.jobs()}
    assert len(keys) == 4  # two policies share each
    file.write_text("1 2\n")
    job = next(a_plan(1, [{"network.file": str(file)}]).jobs())
    before = network_key(job.scenario)
    file.write_text("1 2\n2 3\n")
    assert network_key(job.scenario) != before


def test_one_thread_builds_a_network_while_others_wait_for_it() -> None:
    scenario = next(a_plan(1).jobs()).scenario
    waiting, built = threading.Barrier(4, timeout=30), []

    def build(_: Any) -> object:
        time.sleep(0.02)
        built.append(object())
        return built[-1]

    networks, found = Networks(build), []

    def ask() -> None:
        waiting.wait()
        found.append(networks.of(scenario))

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(built) == 1 and found == built * 4


def test_a_network_that_cannot_be_built_fails_each_who_asks_and_is_tried_again() -> None:
    scenario = next(a_plan(1).jobs()).scenario
    faults = [OSError("gone"), OSError("gone")]

    def build(_: Any) -> str:
        if faults:
            raise faults.pop()
        return "ties"

    networks = Networks(build)
    for _ in range(2):
        with pytest.raises(OSError, match="gone"):
            networks.of(scenario)
    assert networks.of(scenario) == "ties"
