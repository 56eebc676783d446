"""The doors to the workers of this machine: threads of this process, or processes.

Each is a `concurrent.futures` executor with what else must be known of it: how many batches are
worth having under way, how large a batch should be, which runs are being made, and what can be done
about one that does not end.
"""

import os
import sys
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from math import isfinite
from typing import TYPE_CHECKING

from experiments.engine.nursery import Nursery
from experiments.engine.patience import AtWork, Key, Patience
from experiments.engine.sending import batch_of
from experiments.engine.worker import Bench, Finished
from experiments.planning.plan import Job

if TYPE_CHECKING:
    from sim.customer import Customer
    from sim.run import Performer

THREADS = "amends"
"""How the names of threads begin that make runs, or wait for processes that do."""

COMPILED_HANGS = (
    "Compiled behaviours cannot be ended in a thread: should it hang, press Ctrl-C, and start the "
    "same command with --processes, where such a run is ended and put on record."
)

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
    performer: "Performer" = "compiled"

    def __init__(self, bench: Bench, workers: int) -> None:
        self.bench = bench
        self.workers = workers
        self.remedy = COMPILED_HANGS if bench.kind else None if isfinite(bench.limit) else ""
        self._at_work = AtWork()
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix=THREADS)

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
        made = []
        for job in jobs:
            with self._at_work.on(job):
                made.append(self.bench.run(job))
        return [one for one in made if one is not None], time.perf_counter() - began

    def at_work(self) -> dict[Key, float]:
        """Return the runs that are being made, and the seconds that each has taken so far."""
        return self._at_work.seconds()

    def check(self) -> None:
        """Do nothing: threads do not get lost."""

    def close(self, in_haste: bool) -> None:
        """End the threads; in haste, without waiting for the last runs to notice."""
        if in_haste:
            self.bench.stopped.set()
        self._pool.shutdown(wait=not in_haste, cancel_futures=True)


class Processes:
    """Processes of this machine, for behaviours that need the interpreter; a thread waits for each."""

    deaths: tuple[type[BaseException], ...] = ()
    remedy = None

    def __init__(self, kind: bytes | None, workers: int, patience: Patience) -> None:
        self.kind = kind
        self.workers = workers
        self.patience = patience
        self.performer: Performer = "compiled"
        self._nursery = Nursery()
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix=THREADS)

    def size(self, pace: float) -> int:
        """Return how many jobs make a batch."""
        return batch_size(pace)

    def ahead(self, pace: float) -> int:
        """Return how many batches to have under way: one for each worker, and one to follow."""
        return 2 * self.workers

    def submit(self, jobs: tuple[Job, ...]) -> "Future[Finished]":
        """Queue a batch."""
        batch = batch_of(jobs, self.kind, self.performer)
        limit = self.patience.limit
        return self._pool.submit(
            self._nursery.work, batch, lambda rest, number: limit(rest.jobs[number])
        )

    def at_work(self) -> dict[Key, float]:
        """Return the runs that are being made, and the seconds that each has taken so far."""
        return self._nursery.at_work.seconds()

    def check(self) -> None:
        """Do nothing: processes that end are replaced."""

    def close(self, in_haste: bool) -> None:
        """End the processes; in haste, without waiting for their last runs."""
        if in_haste:
            self._nursery.close()
        self._pool.shutdown(wait=True, cancel_futures=True)
        self._nursery.close()


def leave(code: int, patience: float = 10.0) -> None:
    """End this process, also where a compiled run hangs in a thread, for which Python would wait.

    Returns, for Python to end it as usual, once no thread is at a run any longer.
    """
    until = time.monotonic() + patience
    for thread in threading.enumerate():
        if thread.name.startswith(THREADS):
            thread.join(max(0.0, until - time.monotonic()))
            if thread.is_alive():
                sys.stdout.flush()
                sys.stderr.flush()
                os._exit(code)


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
