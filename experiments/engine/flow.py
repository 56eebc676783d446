"""Jobs on their way through a door: handed out as there is room, and none lost.

Where a process dies, the run that it was at is suspected of it. Of a cluster's worker it is the whole
batch, since nobody knows more. Suspects are tried again when all others are done: one by one, with
nothing else under way, so that what they lack is neither memory nor luck. Only a run during which a
process dies once more is blamed.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, Future
from itertools import islice
from queue import Empty, SimpleQueue

from experiments.engine.cluster import Cluster, ClusterLost
from experiments.engine.executors import Processes, Threads
from experiments.engine.patience import Patience, key_of
from experiments.engine.worker import Death, Failure, Finished, Result
from experiments.planning.plan import Job

Door = Threads | Processes | Cluster

_LOOK = 0.25
"""Seconds after which one who waits for a result looks whether to go on waiting."""

_WATCH = 0.5
"""Seconds between two looks at the runs that are being made."""


class Flow:
    """Jobs on their way through a door: a bounded number under way, and none lost.

    Parameters
    ----------
    jobs, door, stopped
        What to do, by whom, and whether to stop.
    idle : callable, optional
        Called now and then while nothing comes.
    patience : Patience, optional
        What tells of runs that take long, and of deaths; nobody does unless given.
    """

    def __init__(
        self,
        jobs: Iterator[Job],
        door: Door,
        stopped: threading.Event,
        idle: Callable[[], None] | None = None,
        patience: Patience | None = None,
    ) -> None:
        self.jobs = jobs
        self.door = door
        self.stopped = stopped
        self.idle = idle
        self.patience = patience
        self.ended: SimpleQueue[Future[Finished]] = SimpleQueue()
        self.under_way: dict[Future[Finished], tuple[Job, ...]] = {}
        self.suspects: deque[Job] = deque()
        self.alone = False
        self.pace = 0.0
        """Seconds that a run takes, lately."""
        self.looked = time.monotonic()

    def results(self) -> Iterator[tuple[Job, Result]]:
        """Yield what comes of each job."""
        self.fill()
        while self.under_way:
            ended = self.next_ended()
            self.watch()
            if ended is not None:
                yield from self.unpack(ended)
                self.fill()
            elif self.stopped.is_set():
                break

    def fill(self) -> None:
        """Hand out jobs while there is room; after the last, suspects one by one, and alone."""
        if self.stopped.is_set():
            for future in self.under_way:
                future.cancel()
            return
        size, ahead = self.door.size(self.pace), self.door.ahead(self.pace)
        while len(self.under_way) < ahead:
            batch = tuple(islice(self.jobs, size))
            if not batch:
                break
            self.alone = False
            self.submit(batch)
        if not self.under_way and self.suspects:
            self.alone = True
            self.submit((self.suspects.popleft(),))

    def submit(self, batch: tuple[Job, ...]) -> None:
        future = self.door.submit(batch)
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

    def watch(self) -> None:
        """Look now and then whether a run takes long."""
        now = time.monotonic()
        if self.patience is not None and now - self.looked > _WATCH:
            self.looked = now
            jobs = {key_of(job): job for batch in self.under_way.values() for job in batch}
            self.patience.look(self.door.at_work(), jobs, self.door.remedy)

    def unpack(self, ended: "Future[Finished]") -> Iterator[tuple[Job, Result]]:
        """Yield the results of a batch but those that a worker's death leaves in doubt."""
        batch = self.under_way.pop(ended)
        try:
            results, seconds = ended.result()
        except CancelledError:
            if not self.stopped.is_set():
                raise ClusterLost(
                    "the cluster was lost: its scheduler has ended, or the way to it"
                ) from None
            return
        except self.door.deaths as death:
            if self.alone:
                (job,) = batch
                yield job, Failure(job.policy, job.seed, f"the worker died: {_said(death)}", "")
            else:
                self.suspects.extend(batch)
            return
        self.note(batch, results, seconds / len(batch))
        for job, result in zip(batch, results, strict=len(results) > 0):
            if not isinstance(result, Death):
                yield job, result
            elif self.alone:
                yield job, _culprit(result)
            else:
                self.suspects.append(job)
                if self.patience is not None:
                    self.patience.died(job, result)

    def note(self, batch: tuple[Job, ...], results: list[Result], each: float) -> None:
        """Take down how many seconds each run of a batch took."""
        if each > 0.0:
            self.pace = each if self.pace == 0.0 else 0.8 * self.pace + 0.2 * each
        if self.patience is not None:
            for job, result in zip(batch, results, strict=False):
                if not isinstance(result, Failure):
                    self.patience.note(job, each)


def _culprit(death: Death) -> Failure:
    """Return the record of a run that has taken its process with it twice."""
    said = (
        f"the worker died: {death.error}; this run had been the last one of a process before, and "
        "now nothing else was under way"
    )
    return Failure(death.policy, death.seed, said, death.traceback)


def _said(death: BaseException) -> str:
    """Return what is known of a death: the first sentence, and what the process ended with."""
    sentences = " ".join(str(death).split()).split(". ")
    codes = [each for each in sentences[1:] if "exit code" in each]
    return "; ".join((sentences[0], *codes)).rstrip(".") or type(death).__name__
