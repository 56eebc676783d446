"""Jobs on their way through a door: handed out as there is room, and none lost.

Where a worker dies, nobody knows with which of the jobs that were under way. They are tried again
one by one, with nothing else under way, and only one with which a worker dies once more is blamed.
"""

import threading
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, Future
from itertools import islice
from queue import Empty, SimpleQueue

from experiments.engine.cluster import Cluster, ClusterLost
from experiments.engine.executors import Finished, Processes, Threads
from experiments.engine.worker import Failure, Result
from experiments.planning.plan import Job

Door = Threads | Processes | Cluster

_LOOK = 0.25
"""Seconds after which one who waits for a result looks whether to go on waiting."""


class Flow:
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
        self.fill()
        while self.under_way:
            ended = self.next_ended()
            if ended is not None:
                yield from self.unpack(ended)
                self.fill()
            elif self.stopped.is_set():
                break

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
        except self.door.deaths:  # of a worker that had nothing to do
            self.door.renew()
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

    def unpack(self, ended: "Future[Finished]") -> Iterator[tuple[Job, Result]]:
        """Yield the results of a batch; suspect its jobs, if its worker died."""
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
    """Return what is known of a death: the first sentence, and what the process ended with."""
    sentences = " ".join(str(death).split()).split(". ")
    codes = [each for each in sentences[1:] if "exit code" in each]
    return "; ".join((sentences[0], *codes)).rstrip(".") or type(death).__name__
