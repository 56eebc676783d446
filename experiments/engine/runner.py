"""Running jobs: one door, behind which are threads, processes or a cluster.

Threads by default, because the kernels release the interpreter's lock: nothing is copied between
processes, and the runs of a world share one network. Jobs are made and handed out as they are
needed and results are passed on as they come, so memory does not grow with the number of runs.
"""

import math
import threading
import warnings
from collections.abc import Callable, Generator, Iterable
from contextlib import closing
from itertools import chain
from typing import TYPE_CHECKING, Any

from experiments.design import Experiment
from experiments.engine import executors
from experiments.engine.cluster import Cluster, ClusterLost
from experiments.engine.executors import cores
from experiments.engine.flow import Door, Flow
from experiments.engine.nursery import WorkersLost
from experiments.engine.patience import Patience, Tell
from experiments.engine.worker import Bench, Failure, Result, Run, in_miniature
from experiments.planning.plan import Job, Plan
from sim.errors import InputError
from sim.memory import available_memory
from sim.scenario import Scenario

if TYPE_CHECKING:
    from sim.customer import Customer

__all__ = [
    "ClusterLost", "Failure", "Progress", "Result", "Run", "RunError", "cores",
    "WorkersLost", "Workforce", "perform", "run_experiment",
]  # fmt: skip

Progress = Callable[[int, int], None]
"""Called in the caller's thread with how many runs are done, and of how many."""


class RunError(RuntimeError):
    """A run failed; the cause is the exception it is raised from."""

    def __init__(self, policy: str, seed: int, cause: BaseException | str) -> None:
        self.policy = policy
        self.seed = seed
        said = cause if isinstance(cause, str) else f"{type(cause).__name__}: {cause}"
        super().__init__(f"the run of policy {policy} with seed {seed} failed: {said}")


_BESIDE = 2
"""How many times the memory of a run a worker takes: it also holds what the last run came to, and the
network of the world before until the next is made. Of a million people 453 bytes each were measured,
where the run itself is put at 250."""


def memory_of(scenario: Scenario) -> int:
    """Return the bytes that a worker takes for runs of a scenario, roughly."""
    return _BESIDE * scenario.memory_estimate()


def workers_for(scenario: Scenario) -> int:
    """Return as many workers as there are processors, and memory for what each of them runs."""
    have, need = available_memory(), memory_of(scenario)
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
    run_limit: float | None = None,
    tell: Tell | None = None,
    idle: Callable[[], None] | None = None,
    simulate: Callable[..., Any] | None = None,
    network_of: Callable[[Any], Any] | None = None,
    make: Callable[[Job, Any], Any] | None = None,
) -> Generator[tuple[Job, Result], None, None]:
    """Do jobs, and yield each with what came of it, in the order in which they end.

    Results depend neither on the number nor on the kind of workers. A job that fails yields a
    `Failure`, and the others go on. Where a worker dies, the job that it was at is tried again after
    all others and alone; if a worker dies of it once more it is the culprit, and fails. So does a
    job that takes longer than it may: its process is ended. A thread cannot be ended, but the
    model's own runs end by themselves, since all their loops are over days and people; only a class
    of one's own that is compiled can hang there, and is told of.

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
    run_limit : float, optional
        Seconds that a run may take, 1 or more. By default an hour, or 100 times as long as a run of
        its size would take by the slowest one that finished, whichever is longer; and a day while
        none has finished. Compiled runs have a limit only if one is given, to which they are held
        every 30 days of theirs.
    tell : callable, optional
        What is called with a line on a run that takes long, or a worker that died; a warning unless
        given.
    idle : callable, optional
        Called now and then while nothing has ended.
    simulate, network_of : callable, optional
        See `experiments.engine.worker.Bench`; for threads only.
    make : callable, optional
        What to make of a job and its network instead of a `Run`; for threads only.

    Raises
    ------
    InputError
        If there is no such cluster, or its workers have another version of the model.
    WorkersLost
        If the cluster went away, or processes cannot be started.
    """
    force = Workforce(
        workers=workers, processes=processes, cluster=cluster, customer=customer, stopped=stopped,
        keep_going=keep_going, run_limit=run_limit, tell=tell, simulate=simulate,
        network_of=network_of, make=make,
    )  # fmt: skip
    with force:
        yield from force.perform(jobs, idle)


class Workforce:
    """Workers that stay for several calls; use it in a `with` block. See `perform`."""

    def __init__(
        self,
        *,
        workers: int | None = None,
        processes: bool = False,
        cluster: str | None = None,
        customer: "type[Customer] | None" = None,
        stopped: threading.Event | None = None,
        keep_going: bool = True,
        run_limit: float | None = None,
        tell: Tell | None = None,
        simulate: Callable[..., Any] | None = None,
        network_of: Callable[[Any], Any] | None = None,
        make: Callable[[Job, Any], Any] | None = None,
    ) -> None:
        self.workers = workers
        self.processes = processes
        self.customer = customer
        self.stopped = stopped or threading.Event()
        self.patience = Patience(run_limit, tell)
        self._bench = Bench(
            customer, simulate, network_of, self.stopped, keep_going, make=make,
            limit=math.inf if run_limit is None else run_limit,
        )  # fmt: skip
        self._door: Door | None = None
        self._ready = False
        if cluster is not None:
            self._door = Cluster(cluster, executors.pickled(customer), self.patience)

    def perform(
        self, jobs: Iterable[Job], idle: Callable[[], None] | None = None
    ) -> Generator[tuple[Job, Result], None, None]:
        """Do jobs; see `perform`."""
        coming = iter(jobs)
        first = next(coming, None)
        if first is not None:
            door = self._opened(first.scenario)
            flow = Flow(chain([first], coming), door, self.stopped, idle, self.patience)
            yield from flow.results()

    @property
    def cluster_memory(self) -> int | None:
        """The bytes that a run may take on the cluster; None if there is none, or it has no limit."""
        return self._door.memory if isinstance(self._door, Cluster) else None

    def _opened(self, scenario: Scenario) -> Door:
        """Return the door, opened when the first job comes."""
        if self._ready and self._door is not None:
            return self._door
        compiled = _can_be_compiled(self.customer, scenario)
        if self._door is None:
            count = self.workers or workers_for(scenario)
            if self.processes or not compiled:
                kind = executors.pickled(self.customer)
                self._door = executors.Processes(kind, count, self.patience)
            else:
                if math.isfinite(self._bench.limit):
                    self._bench.prepare(scenario)  # so that no run is held to what compiling takes
                self._door = executors.Threads(self._bench, count)
        self._door.performer = "compiled" if compiled else "agents"
        self._ready = True
        return self._door

    def __enter__(self) -> "Workforce":
        """Return the workers."""
        return self

    def __exit__(self, error: type[BaseException] | None, *_: object) -> None:
        """Let the workers go; after an error, or if stopped, without waiting for them."""
        if self._door is not None:
            self._door.close(in_haste=error is not None or self.stopped.is_set())


def _can_be_compiled(kind: "type[Customer] | None", scenario: Scenario) -> bool:
    """Tell whether runs with a class of customers can be compiled, by founding a small one."""
    if kind is None:
        return True
    from sim.model import ReputationModel

    small = in_miniature(scenario)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of what is said here in one line
        compiled = ReputationModel(small, customer=kind).run.compiled
    if not compiled:
        warnings.warn(
            f"Numba cannot compile {kind.__name__}: it is performed in plain Python, by processes "
            "and much more slowly",
            stacklevel=5,
        )
    return compiled


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
        See `experiments.engine.worker.Bench`.

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
