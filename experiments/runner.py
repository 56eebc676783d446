"""Running jobs: one door, behind which are threads, processes or a cluster.

Threads by default, because the kernels release the interpreter's lock: nothing is copied between
processes, and the runs of a world share one network. Jobs are made and handed out as they are
needed and results are passed on as they come, so memory does not grow with the number of runs.
"""

import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import CancelledError, Future
from contextlib import closing
from itertools import chain, islice
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any

from experiments import executors
from experiments.design import Experiment
from experiments.executors import ClusterLost, Door, Finished, cores
from experiments.plan import Job, Plan
from experiments.worker import Bench, Failure, Networks, Result, Run
from sim.errors import InputError
from sim.memory import available_memory
from sim.scenario import Scenario

if TYPE_CHECKING:
    from sim.customer import Customer

__all__ = [
    "ClusterLost", "Failure", "Networks", "Progress", "Result", "Run", "RunError", "cores",
    "perform", "run_experiment",
]  # fmt: skip

Progress = Callable[[int, int], None]
"""Called in the caller's thread with how many runs are done, and of how many."""

_LOOK = 0.25
"""Seconds after which one who waits for a result looks whether to go on waiting."""


class RunError(RuntimeError):
    """A run failed; the cause is the exception it is raised from."""

    def __init__(self, policy: str, seed: int, cause: BaseException | str) -> None:
        self.policy = policy
        self.seed = seed
        said = cause if isinstance(cause, str) else f"{type(cause).__name__}: {cause}"
        super().__init__(f"the run of policy {policy} with seed {seed} failed: {said}")


def workers_for(scenario: Scenario) -> int:
    """Return as many workers as there are processors, and memory for what each of them runs."""
    have, need = available_memory(), scenario.memory_estimate()
    return cores() if have is None else max(1, min(cores(), have // max(1, need)))


def perform(
    jobs: Iterable[Job],
    *,
    workers: int | None = None,
    processes: bool = False,
    cluster: str | None = None,
    customer: "type[Customer] | None" = None,
    stopped: threading.Event | None = None,
    keep_going: bool = True,
    idle: Callable[[], None] | None = None,
    simulate: Callable[..., Any] | None = None,
    network_of: Callable[[Any], Any] | None = None,
    make: Callable[[Job, Any], Any] | None = None,
) -> Generator[tuple[Job, Result], None, None]:
    """Do jobs, and yield each with what came of it, in the order in which they end.

    Results depend neither on the number nor on the kind of workers. A job that fails yields a
    `Failure`, and the others go on. Where a worker dies, the jobs that were under way are tried
    again one by one; the one with which a worker dies once more is the culprit, and fails.

    Parameters
    ----------
    jobs : iterable of Job
        What to do; jobs that follow each other should share a world. It is read as workers
        become free.
    workers : int, optional
        Threads or processes; by default as many as there are processors, and memory for the first
        job. A cluster has its own.
    processes : bool
        Processes instead of threads. They are also taken where `customer` cannot be compiled.
    cluster : str, optional
        A Dask cluster instead: the address of its scheduler, or the scheduler's file.
    customer : type of Customer, optional
        A class of one's own that overrides a behaviour.
    stopped : threading.Event, optional
        Set from outside, it ends the matter within a second or so: runs under way are dropped.
    keep_going : bool
        Whether to begin further runs after one has failed.
    idle : callable, optional
        Called now and then while nothing has ended.
    simulate, network_of : callable, optional
        See `experiments.worker.Bench`; for threads only.
    make : callable, optional
        What to make of a job and its network instead of a `Run`; for threads only.

    Raises
    ------
    InputError
        If there is no such cluster, or its workers have another version of the model.
    ClusterLost
        If the cluster went away.
    """
    coming = iter(jobs)
    first = next(coming, None)
    if first is None:
        return
    stopped = stopped or threading.Event()
    count = workers or workers_for(first.scenario)
    door: Door
    if cluster is not None:
        door = executors.Cluster(cluster, executors.pickled(customer))
    elif processes or not _can_be_compiled(customer, first.scenario):
        door = executors.Processes(executors.pickled(customer), count)
    else:
        door = executors.Threads(
            Bench(customer, simulate, network_of, stopped, keep_going, make), count
        )
    yield from _Flow(chain([first], coming), door, stopped, idle).results()


def _can_be_compiled(kind: "type[Customer] | None", scenario: Scenario) -> bool:
    """Tell whether runs with a class of customers can be compiled, by founding a small one."""
    if kind is None:
        return True
    from sim.model import ReputationModel
    from sim.world import Network

    market = scenario.market.model_copy(update={"people": 2})
    alone = Network(kind="none")
    small = scenario.model_copy(update={"market": market, "network": alone})
    return ReputationModel(small, customer=kind).run.compiled


class _Flow:
    """Jobs on their way through a door: a bounded number under way, and none lost."""

    def __init__(
        self,
        jobs: Iterator[Job],
        door: Door,
        stopped: threading.Event,
        idle: Callable[[], None] | None = None,
    ) -> None:
        self.jobs = jobs
        self.door = door
        self.stopped = stopped
        self.idle = idle
        self.ended: SimpleQueue[Future[Finished]] = SimpleQueue()
        self.under_way: dict[Future[Finished], tuple[Job, ...]] = {}
        self.suspects: deque[Job] = deque()
        self.alone = False
        self.pace = 0.0
        """Seconds that a run takes, lately."""

    def results(self) -> Iterator[tuple[Job, Result]]:
        """Yield what comes of each job."""
        orderly = False
        try:
            self.fill()
            while self.under_way:
                ended = self.next_ended()
                if ended is not None:
                    yield from self.unpack(ended)
                    self.fill()
                elif self.stopped.is_set():
                    break
            orderly = not self.stopped.is_set()
        finally:
            self.door.close(in_haste=not orderly)

    def fill(self) -> None:
        """Hand out jobs while there is room; suspects of a worker's death one by one, and alone."""
        if self.stopped.is_set():
            for future in self.under_way:
                future.cancel()
        elif self.suspects:
            if not self.under_way:
                self.alone = True
                self.submit((self.suspects.popleft(),))
        else:
            self.alone = False
            size, ahead = self.door.size(self.pace), self.door.ahead(self.pace)
            while len(self.under_way) < ahead:
                batch = tuple(islice(self.jobs, size))
                if not batch:
                    break
                self.submit(batch)

    def submit(self, batch: tuple[Job, ...]) -> None:
        if self.door.broken:
            self.door.renew()
        try:
            future = self.door.submit(batch)
        except self.door.deaths:  # before anybody has noticed
            self.door.broken = True
            self.suspects.extend(batch)
            return
        self.under_way[future] = batch
        future.add_done_callback(self.ended.put)

    def next_ended(self) -> "Future[Finished] | None":
        """Wait for a batch to end; None after a moment without."""
        try:
            return self.ended.get(timeout=_LOOK)
        except Empty:
            self.door.check()
            if self.idle is not None:
                self.idle()
            return None

    def unpack(self, ended: "Future[Finished]") -> Iterator[tuple[Job, Result]]:
        """Yield the results of a batch; suspect its jobs, if its worker died."""
        batch = self.under_way.pop(ended)
        try:
            results, seconds = ended.result()
        except CancelledError:
            if not self.stopped.is_set():
                raise ClusterLost("the cluster has dropped what it was to do") from None
            return
        except self.door.deaths as death:
            self.door.broken = True
            if self.alone:
                (job,) = batch
                yield job, Failure(job.policy, job.seed, f"the worker died: {_said(death)}", "")
            else:
                self.suspects.extend(batch)
            return
        now = seconds / len(batch)
        self.pace = now if self.pace == 0.0 else 0.8 * self.pace + 0.2 * now
        yield from zip(batch, results, strict=len(results) > 0)


def _said(death: BaseException) -> str:
    """Return the first sentence of what is known of a death."""
    return " ".join(str(death).split()).split(". ")[0] or type(death).__name__


def run_experiment(
    experiment: Experiment,
    *,
    workers: int | None = None,
    progress: Progress | None = None,
    simulate: Callable[..., Any] | None = None,
    network_of: Callable[[Any], Any] | None = None,
) -> list[Run]:
    """Run every policy with every seed, at the experiment's own point.

    Parameters
    ----------
    experiment : Experiment
        What to run.
    workers : int, optional
        Threads; by default as many as there are processors, and memory for. The result does not
        depend on it.
    progress : callable, optional
        See `Progress`.
    simulate, network_of : callable, optional
        See `experiments.worker.Bench`.

    Returns
    -------
    list of Run
        By policy in the order of the experiment, then by seed.

    Raises
    ------
    InputError
        If a run could not be made from what the user gave, such as a broken network file.
    RunError
        For any other failure. Runs that have not begun are then dropped, as after Ctrl-C.
    """
    plan = Plan(experiment, points=[{}])
    runs: dict[tuple[str, int], Run] = {}
    made = perform(
        plan.jobs(), workers=workers, keep_going=False, simulate=simulate, network_of=network_of
    )
    with closing(made):
        for job, result in made:
            if isinstance(result, Failure):
                raise _raised(result)
            runs[job.policy, job.seed] = result
            if progress is not None:
                progress(len(runs), len(plan))
    return [runs[policy, seed] for policy in experiment.policies for seed in experiment.seeds]


def _raised(failure: Failure) -> Exception:
    """Return the error to raise for a failed run: the user's own as it is, any other with its run."""
    if isinstance(failure.cause, InputError):
        return failure.cause
    error = RunError(failure.policy, failure.seed, failure.cause or failure.error)
    error.__cause__ = failure.cause
    return error
