"""The doors to the workers: threads of this process, processes of this machine, a cluster.

Each is a `concurrent.futures` executor with what else must be known of it: how many batches are
worth having under way, how large a batch should be, and by which errors one tells that a worker
has died.
"""

import os
import signal
import threading
import time
from collections.abc import Callable
from concurrent.futures import BrokenExecutor, Executor, Future, ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

from experiments.plan import Job
from experiments.worker import Bench, Result, batch_of, unlike, work
from sim.compiled import model_version
from sim.errors import InputError

if TYPE_CHECKING:
    from sim.customer import Customer

Finished = tuple[list[Result], float]
"""What comes of a batch: its results in order, and the seconds that it took."""

BATCH_SECONDS = 1.0
"""Work in a batch that goes to another process: much more than what the journey costs, and little
enough to lose."""

MOST_JOBS = 200
"""Jobs in a batch at most."""

QUEUE_SECONDS = 0.5
"""Work that waits for each thread, so that it has some while the one who hands it out is busy."""

LOST_AFTER = 20.0
"""Seconds without a scheduler or without any worker after which a cluster is given up."""

CONNECT = 8.0
"""Seconds to wait for a cluster's scheduler, and then for its first worker."""


class ClusterLost(RuntimeError):
    """The cluster went away on the way; what is done is done."""


def cores() -> int:
    """Return how many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def batch_size(pace: float) -> int:
    """Return how many jobs to send to another process at once, where each takes `pace` seconds."""
    return max(1, min(round(BATCH_SECONDS / pace), MOST_JOBS)) if pace else 1


class Threads:
    """Threads of this process, for compiled runs: they release the interpreter's lock, and nothing
    is copied."""

    deaths: tuple[type[BaseException], ...] = ()
    broken = False

    def __init__(self, bench: Bench, workers: int) -> None:
        self.bench = bench
        self.workers = workers
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="amends")

    def size(self, pace: float) -> int:
        """Return how many jobs make a batch: one, since handing it over costs nothing."""
        return 1

    def ahead(self, pace: float) -> int:
        """Return how many batches to have under way, where a job takes `pace` seconds."""
        waiting = round(QUEUE_SECONDS / pace) if pace else 4
        return self.workers * (1 + max(1, min(waiting, 32)))

    def submit(self, jobs: tuple[Job, ...]) -> "Future[Finished]":
        """Queue a batch."""
        return self._pool.submit(self._work, jobs)

    def _work(self, jobs: tuple[Job, ...]) -> Finished:
        began = time.perf_counter()
        made = [self.bench.run(job) for job in jobs]
        return [one for one in made if one is not None], time.perf_counter() - began

    def renew(self) -> None:
        """Do nothing: threads do not die."""

    def check(self) -> None:
        """Do nothing: threads do not get lost."""

    def close(self, in_haste: bool) -> None:
        """End the threads; in haste, without waiting for the last runs to notice."""
        if in_haste:
            self.bench.stopped.set()
        self._pool.shutdown(wait=not in_haste, cancel_futures=True)


class Processes:
    """Processes of this machine, for behaviours that need the interpreter."""

    deaths: tuple[type[BaseException], ...] = (BrokenExecutor,)

    def __init__(self, kind: bytes | None, workers: int) -> None:
        self.kind = kind
        self.workers = workers
        self.broken = False
        self._pool = self._new_pool()

    def _new_pool(self) -> Executor:
        from loky import ProcessPoolExecutor

        pool: Executor = ProcessPoolExecutor(
            self.workers, initializer=_begin_worker, initargs=(os.getpid(),)
        )
        return pool

    def size(self, pace: float) -> int:
        """Return how many jobs make a batch."""
        return batch_size(pace)

    def ahead(self, pace: float) -> int:
        """Return how many batches to have under way: one for each worker, and one to follow."""
        return 2 * self.workers

    def submit(self, jobs: tuple[Job, ...]) -> "Future[Finished]":
        """Queue a batch."""
        return self._pool.submit(work, batch_of(jobs, self.kind))

    def renew(self) -> None:
        """Replace the pool after a worker has died, which has ended all its batches."""
        self._pool.shutdown(wait=False, kill_workers=True)  # type: ignore[call-arg]
        self._pool = self._new_pool()
        self.broken = False

    def check(self) -> None:
        """Do nothing: a pool tells by itself that it is broken."""

    def close(self, in_haste: bool) -> None:
        """End the processes; in haste, by killing them."""
        self._pool.shutdown(wait=True, kill_workers=in_haste)  # type: ignore[call-arg]


def _begin_worker(parent: int) -> None:
    """Leave Ctrl-C to the parent, and end with it, however it ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(0.5)
        os._exit(1)

    if hasattr(os, "getppid") and os.getppid() == parent:
        threading.Thread(target=watch, daemon=True).start()


class Cluster:
    """A Dask cluster, behind the same door.

    Parameters
    ----------
    where
        Address of its scheduler (`tcp://host:8786`), or the scheduler's file.
    kind
        The class of customers, as cloudpickle has it.

    Raises
    ------
    InputError
        If there is no such cluster, it has no workers, or they have another version of the model.
    """

    def __init__(self, where: str, kind: bytes | None) -> None:
        from experiments.extras import extra

        self.where = where
        self.kind = kind
        self.broken = False
        distributed = extra("distributed", "cluster")
        self.deaths: tuple[type[BaseException], ...] = (distributed.KilledWorker,)
        self._client = _connected(distributed, where)
        self._pool: Executor = self._client.get_executor(pure=False)
        self._missed: float | None = None
        try:
            self._versions()
        except BaseException:
            self._client.close(timeout=2)
            raise

    def size(self, pace: float) -> int:
        """Return how many jobs make a batch."""
        return batch_size(pace)

    def ahead(self, pace: float) -> int:
        """Return how many batches to have under way: one for each thread of a worker, and one more."""
        threads: int = sum(worker["nthreads"] for worker in self._workers().values())
        return max(2, 2 * threads)

    def submit(self, jobs: tuple[Job, ...]) -> "Future[Finished]":
        """Queue a batch."""
        return self._pool.submit(work, batch_of(jobs, self.kind))

    def renew(self) -> None:
        """Do nothing: the scheduler goes on with the workers that are left."""

    def check(self) -> None:
        """Tell whether the cluster is still there.

        Raises
        ------
        ClusterLost
            If it has had no scheduler or no workers for a while.
        """
        there = self._client.status == "running"
        if there and self._workers():
            self._missed = None
            return
        self._missed = self._missed or time.monotonic()
        if time.monotonic() - self._missed > LOST_AFTER:
            raise ClusterLost(self._lost("has no workers left" if there else "does not answer"))

    def close(self, in_haste: bool) -> None:
        """Let go of the cluster; in haste, its batches are taken back."""
        self._pool.shutdown(wait=False, cancel_futures=in_haste)
        self._client.close(timeout=5)

    def _lost(self, what: str) -> str:
        return (
            f"the cluster at {self.where} {what}; start workers with a nanny, which replaces those "
            "that die (`dask worker` does so by itself)"
        )

    def _workers(self) -> dict[str, Any]:
        workers: dict[str, Any] = self._client.scheduler_info(n_workers=-1)["workers"]
        return workers

    def _versions(self) -> None:
        """Refuse workers that would give other results, by name."""
        try:
            self._client.wait_for_workers(1, timeout=CONNECT)
        except TimeoutError:
            raise InputError(
                f"--cluster {self.where} has a scheduler and no workers: start some, e.g. "
                f"`dask worker {self.where}`"
            ) from None
        found = self._client.run(model_version, on_error="return")
        wrong = [
            f"--cluster {self.where}: {_said(str(worker), version)}"
            for worker, version in sorted(found.items())
            if version != model_version()
        ]
        if wrong:
            raise InputError(*wrong)


def _said(worker: str, version: object) -> str:
    if isinstance(version, str):
        return unlike(version, model_version(), f"worker {worker}")
    return (
        f"worker {worker} cannot run amends ({type(version).__name__}: {version}); install the "
        "same version of amends there"
    )


def _connected(distributed: Any, where: str) -> Any:
    """Return a client of the cluster, or say within some seconds that there is none."""
    file = None if "://" in where else Path(where)
    if file is not None and not file.is_file():
        raise InputError(
            f"--cluster {where} is neither an address such as tcp://host:8786 nor the file that "
            "`dask scheduler --scheduler-file FILE` writes"
        )
    to = {"address": where} if file is None else {"scheduler_file": str(file)}
    try:
        return distributed.Client(**to, timeout=CONNECT, set_as_default=False)
    except (OSError, ValueError, KeyError, TypeError, ImportError) as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise InputError(
            f"--cluster {where} does not answer ({reason}): is `dask scheduler` running there, and "
            "is its port open?"
        ) from None


Door = Threads | Processes | Cluster
Opener = Callable[[], Door]


def pickled(kind: "type[Customer] | None") -> bytes | None:
    """Return a class of customers in a form that other processes can read."""
    if kind is None:
        return None
    import cloudpickle

    made: bytes = cloudpickle.dumps(kind)
    return made
