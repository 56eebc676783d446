"""Where the results of a sweep go while it is at work: into memory, or a folder some at a time."""

import time
from collections.abc import Iterable

from experiments.engine.runner import Failure, Run
from experiments.planning.plan import Job
from experiments.storage.batches import Pair
from experiments.storage.results import open_results
from experiments.storage.store import Store

FLUSH_SECONDS = 2.0
FLUSH_RUNS = 4096
FLUSH_BYTES = 2**25
"""Runs go to the folder when the first of them has waited so long, or when there are so many."""
FLUSH_SHARE = 0.01
"""Of the time that a sweep has been at work, a file may wait so much longer: a hundred files in the
first minutes and some five hundred in ten hours, so that the folder of a long sweep opens as quickly."""


class Memory:
    """Results that are kept in memory."""

    def __init__(self, pairs: list[Pair]) -> None:
        self.pairs = pairs

    def wanted(self, job: Job) -> bool | None:
        """Return whether a run is to be done now; None if it is in other hands."""
        return True

    def plan(self, runs: int, asked: Iterable[str]) -> None:
        """Do nothing: nobody looks from outside."""

    def value(self, job: Job, outcome: str) -> float:
        """Return an outcome of a run that was done before: there is none."""
        raise KeyError(job.identity)

    def keep(self, job: Job, run: Run) -> None:
        """Take a result."""
        self.pairs.append((job, run))

    def fail(self, job: Job, failure: Failure) -> None:
        """Do nothing more: the sweep tells of it."""

    def look(self) -> None:
        """Do nothing: nothing waits."""

    flush = look

    def finish(self) -> None:
        """Put the runs in order, by cell and seed."""
        self.pairs.sort(key=lambda pair: (pair[0].cell, pair[0].seed))


class Shelf:
    """Results on their way to a folder, some at a time."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.waiting: list[Pair] = []
        self.bytes = 0
        self.begun = time.monotonic()
        self.since = 0.0
        self.values: dict[str, float] = {}

    def wanted(self, job: Job) -> bool | None:
        """Claim a run: False if it is done, None if another sweep is at it."""
        if self.store.claim(job.identity):
            return True
        return False if job.identity in self.store.finished else None

    def plan(self, runs: int, asked: Iterable[str]) -> None:
        """Write down how many runs there are to be; see `Store.plan`."""
        self.store.plan(runs, asked)

    def value(self, job: Job, outcome: str) -> float:
        """Return an outcome of a run that was done before."""
        if job.identity not in self.values:
            runs = open_results(self.store.path).runs
            self.values = dict(zip(runs["identity"], runs[outcome].astype(float), strict=True))
        return self.values[job.identity]

    def keep(self, job: Job, run: Run) -> None:
        """Take a result; it is on the disk after some seconds."""
        if not self.waiting:
            self.since = time.monotonic()
        self.waiting.append((job, run))
        self.bytes += run.series.nbytes
        self.look()

    def fail(self, job: Job, failure: Failure) -> None:
        """Keep the record of a run that failed."""
        self.store.fail(job, failure)

    def look(self) -> None:
        """Write what has waited for long enough."""
        now = time.monotonic()
        if self.waiting and (
            now - self.since > max(FLUSH_SECONDS, FLUSH_SHARE * (now - self.begun))
            or len(self.waiting) >= FLUSH_RUNS
            or self.bytes >= FLUSH_BYTES
        ):
            self.flush()

    def flush(self) -> None:
        """Write what waits."""
        self.store.add(self.waiting)
        self.waiting, self.bytes = [], 0

    def finish(self) -> None:
        """Write all that waits."""
        self.flush()

    def close(self) -> None:
        """Keep what there is, also after an error or Ctrl-C, and give all claims back."""
        try:
            self.flush()
        finally:
            self.store.close()
