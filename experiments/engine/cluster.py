"""A Dask cluster behind the same door as threads and processes.

The scheduler hands batches out, and hands them out again where a worker is lost. Workers must have
this version of the model; that is looked up before the first run, and by each batch again.
"""

import math
import threading
import time
import uuid
from collections.abc import Callable
from concurrent.futures import Executor, Future
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from experiments.engine import remote
from experiments.engine.executors import batch_size
from experiments.engine.nursery import WorkersLost
from experiments.engine.patience import Key, Patience
from experiments.engine.sending import batch_of, unlike
from experiments.engine.worker import Finished
from experiments.extras import extra
from experiments.planning.plan import Job
from sim import compiled
from sim.compiled import model_version
from sim.errors import InputError

if TYPE_CHECKING:
    from sim.run import Performer

CONNECT = 6.0
"""Seconds to wait for a cluster's scheduler, and then for its first worker."""

LOST_AFTER = 20.0
"""Seconds without a scheduler or without any worker after which a cluster is given up."""

ASK = 10.0
"""Seconds between two questions to the workers, which runs they are at."""

_LOOK = 1.0
"""Seconds for which what is known of the workers is good enough."""

_GOODBYE = 2.0
"""Seconds in which workers should have been told that nobody wants their results."""

_COMPILED_HANGS = (
    "Compiled behaviours cannot be ended: should it hang, press Ctrl-C, and restart its worker."
)


class ClusterLost(WorkersLost):
    """The cluster went away on the way; what is done is done."""


class Cluster:
    """A Dask cluster, behind the same door.

    Parameters
    ----------
    where
        Address of its scheduler (`tcp://host:8786`), or the scheduler's file.
    kind
        The class of customers, as cloudpickle has it.
    patience
        What knows how long a run may take.

    Raises
    ------
    InputError
        If there is no such cluster, it has no workers, or they have another version of the model.
    """

    def __init__(self, where: str, kind: bytes | None, patience: Patience | None = None) -> None:
        self.where = where
        self.kind = kind
        self.patience = patience or Patience()
        self.performer: Performer = "compiled"
        distributed = extra("distributed", "cluster")
        self.deaths: tuple[type[BaseException], ...] = (distributed.KilledWorker,)
        self._client = _connected(distributed, where)
        self._pool: Executor = self._client.get_executor(pure=False)
        self._missed: float | None = None
        self._looked = 0.0
        self._known: dict[str, Any] = {}
        self._name = uuid.uuid4().hex
        self._asking: threading.Thread | None = None
        self._asked = time.monotonic()
        self._at_work: dict[Key, float] = {}
        try:
            self._versions()
        except BaseException:
            self._client.close(timeout=2)
            raise

    @property
    def memory(self) -> int | None:
        """The bytes that the largest worker may take; None where one of them has no limit."""
        limits = [worker["memory_limit"] for worker in self._workers().values()]
        return max(limits) if limits and all(limits) else None

    def size(self, pace: float) -> int:
        """Return how many jobs make a batch."""
        return batch_size(pace)

    def ahead(self, pace: float) -> int:
        """Return how many batches to have under way: one for each thread of a worker, and one more."""
        threads: int = sum(worker["nthreads"] for worker in self._workers().values())
        return max(2, 2 * threads)

    def submit(self, jobs: tuple[Job, ...]) -> "Future[Finished]":
        """Queue a batch."""
        limits = tuple(self._limit(job) for job in jobs)
        batch = batch_of(jobs, self.kind, self.performer, limits, self._name)
        return self._pool.submit(remote.work, batch)

    def _limit(self, job: Job) -> float:
        """Return the seconds that a run may take; compiled ones, which do end, if somebody says so."""
        if self.performer == "agents":
            return self.patience.limit(job)
        return math.inf if self.patience.asked is None else self.patience.asked

    @property
    def remedy(self) -> str | None:
        """What the user can do about a run that does not end; None where it will be ended."""
        if self.performer == "agents" or (self.kind is None and self.patience.asked is not None):
            return None
        return _COMPILED_HANGS if self.kind else ""

    def at_work(self) -> dict[Key, float]:
        """Return the runs that are being made, and the seconds that each has taken so far.

        Workers are asked now and then, without waiting for their answer; nothing is known between.
        """
        found, self._at_work = self._at_work, {}
        asking = self._asking is not None and self._asking.is_alive()
        if not asking and time.monotonic() - self._asked > ASK:
            self._asked = time.monotonic()
            self._asking = self._aside(self._ask)
        return found

    def _ask(self) -> None:
        answers = self._client.run(remote.at_work, self._name, on_error="ignore")
        self._at_work = {key: taken for each in answers.values() for key, taken in each.items()}

    def _aside(self, what: Callable[[], None]) -> threading.Thread:
        """Do something with the workers while nobody waits: one of them may not answer."""

        def do() -> None:
            with suppress(Exception):  # of a cluster that is going away, which `check` tells of
                what()

        thread = threading.Thread(target=do, daemon=True)
        thread.start()
        return thread

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
        """Let go of the cluster; batches that are still there are taken back."""
        if self._client.status == "running":
            if in_haste:
                goodbye = partial(self._client.run, remote.give_up, self._name, on_error="ignore")
                self._aside(goodbye).join(_GOODBYE)
            self._pool.shutdown(wait=not in_haste)
        self._client.close(timeout=5)

    def _lost(self, what: str) -> str:
        return (
            f"the cluster at {self.where} {what}; start workers with a nanny, which replaces those "
            "that die (`dask worker` does so by itself)"
        )

    def _workers(self) -> dict[str, Any]:
        """Return the workers, as they were a moment ago."""
        now = time.monotonic()
        if now - self._looked > _LOOK and self._client.status == "running":
            self._known = self._client.scheduler_info(n_workers=-1)["workers"]
            self._looked = now
        return self._known

    def _versions(self) -> None:
        """Refuse workers that would give other results, by name."""
        try:
            self._client.wait_for_workers(1, timeout=CONNECT)
        except TimeoutError:
            raise InputError(
                f"--cluster {self.where} has a scheduler and no workers: start some, e.g. "
                f"`dask worker {self.where}`"
            ) from None
        found = self._client.run(compiled.model_version, on_error="return")
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
    schemes = distributed.comm.registry.backends
    if file is None and where.partition("://")[0] not in schemes:
        raise InputError(f"--cluster {where} must begin with one of {', '.join(schemes)}, and ://")
    to = {"address": where} if file is None else {"scheduler_file": str(file)}
    try:
        return distributed.Client(**to, timeout=CONNECT, set_as_default=False)
    except (OSError, ValueError, KeyError, TypeError, ImportError) as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise InputError(
            f"--cluster {where} does not answer ({reason}): is `dask scheduler` running there, and "
            "is its port open?"
        ) from None
