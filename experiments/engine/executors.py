"""The doors to the workers of this machine: threads of this process, or processes.

Each is a `concurrent.futures` executor with what else must be known of it: how many batches are
worth having under way, how large a batch should be, and by which errors one tells that a worker
has died.
"""

import os
import signal
import sys
import threading
import time
from concurrent.futures import BrokenExecutor, Executor, Future, ThreadPoolExecutor
from typing import TYPE_CHECKING

from experiments.engine.worker import Bench, Result, batch_of, work
from experiments.planning.plan import Job

if TYPE_CHECKING:
    from sim.customer import Customer
    from sim.run import Performer

Finished = tuple[list[Result], float]
"""What comes of a batch: its results in order, and the seconds that it took."""

BATCH_SECONDS = 1.0
"""Work in a batch that goes to another process: much more than what the journey costs, and little
enough to lose."""

MOST_JOBS = 200
"""Jobs in a batch at most."""

QUEUE_SECONDS = 0.5
"""Work that waits for each thread, so that it has some while the one who hands it out is busy."""


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
    performer: "Performer" = "compiled"

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
        self.performer: Performer = "compiled"
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
        return self._pool.submit(work, batch_of(jobs, self.kind, self.performer))

    def renew(self) -> None:
        """Replace the pool after a worker has died, which has ended all its batches."""
        self._pool.shutdown(wait=True, kill_workers=True)  # type: ignore[call-arg]
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


def pickled(kind: "type[Customer] | None") -> bytes | None:
    """Return a class of customers in a form that other processes can read.

    The code itself is sent, since they may not find the file that it stands in.
    """
    if kind is None:
        return None
    import cloudpickle

    module = sys.modules.get(kind.__module__)
    if module is None or module.__name__ in ("__main__", "sim.customer"):
        return bytes(cloudpickle.dumps(kind))
    cloudpickle.register_pickle_by_value(module)
    try:
        return bytes(cloudpickle.dumps(kind))
    finally:
        cloudpickle.unregister_pickle_by_value(module)
