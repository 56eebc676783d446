"""A sweep: all runs of a plan, done once, kept as they come, and gone on with where it was left.

It stands on `perform`, which does the runs, and on the store, which keeps them. What is kept
already is not run again, so that starting a sweep once more is to resume it. Several sweeps may be
at work in one folder: each run is claimed before it is begun.
"""

import threading
import time
from array import array
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from experiments.extent import check_runs, check_size, jobs_of, part
from experiments.plan import Job, Plan
from experiments.plugin import source_digest
from experiments.results import Results, open_results
from experiments.runner import Failure, Progress, Result, Run, perform
from experiments.store import Store

if TYPE_CHECKING:
    from sim.customer import Customer

MOST_TOLD = 100
"""Failures kept in memory; the folder keeps them all."""

FLUSH_SECONDS = 2.0
FLUSH_RUNS = 4096
FLUSH_BYTES = 2**25
"""Runs go to the folder when the first of them has waited so long, or when there are so many."""

_LOOK_AGAIN = 0.5
"""Seconds between two looks at runs that another sweep is at."""


@dataclass
class Sweep:
    """What became of a sweep.

    Attributes
    ----------
    plan : Plan
        What was asked for.
    folder : Path or None
        Where the runs are kept; None for those kept in memory.
    runs : int
        How many runs there are to be, in this shard.
    done, skipped, failed : int
        Runs done now, runs found done already or done by another sweep, and runs that failed.
    seconds : float
        Time from beginning to end.
    stopped : bool
        Whether it was stopped before its end.
    failures : list of (Job, Failure)
        The first `MOST_TOLD` of them.
    set_aside : list of str
        What was found damaged in the folder, in words; its runs were done again.
    """

    plan: Plan
    folder: Path | None
    runs: int
    done: int = 0
    skipped: int = 0
    failed: int = 0
    seconds: float = 0.0
    stopped: bool = False
    failures: list[tuple[Job, Failure]] = field(default_factory=list)
    set_aside: list[str] = field(default_factory=list)
    cells: dict[str, int] = field(default_factory=dict, repr=False)
    """The identity of each run that is there, and the number of its cell."""
    pairs: list[tuple[Job, Run]] = field(default_factory=list, repr=False)
    """The runs, where they are kept in memory."""

    @cached_property
    def results(self) -> Results:
        """The runs of the plan, and no others that the folder may hold."""
        if self.folder is not None:
            return open_results(self.folder).select(self.cells)
        resolved = self.plan.experiment.resolved()
        return Results.of(self.pairs, experiment=resolved, keys=keys_of(self.plan))

    @cached_property
    def digest(self) -> str:
        """SHA-256 over the content of all results, whatever their order, files and workers."""
        return self.results.digest if self.folder is None else open_results(self.folder).digest

    @property
    def complete(self) -> bool:
        """Whether every run is there."""
        return self.done + self.skipped == self.runs


def sweep(
    plan: Plan,
    folder: Path | None = None,
    *,
    workers: int | None = None,
    processes: bool = False,
    cluster: str | None = None,
    customer: "type[Customer] | None" = None,
    shard: tuple[int, int] = (1, 1),
    progress: Progress | None = None,
    failed: Callable[[Job, Failure], None] | None = None,
    stopped: threading.Event | None = None,
    network_of: Callable[[Any], Any] | None = None,
) -> Sweep:
    """Do all runs of a plan that are not done yet.

    Parameters
    ----------
    plan : Plan
        What to run.
    folder : Path, optional
        Where to keep the runs, and to look for those done already; in memory if None.
    workers, processes, cluster, customer, stopped, network_of
        See `experiments.runner.perform`.
    shard : (int, int)
        Which part of how many to do, counted from 1: parts are equally large, have nothing in
        common, and together are the whole.
    progress : callable, optional
        Called in this thread with how many runs are there or have failed, and of how many.
    failed : callable, optional
        Called with each run that fails.

    Raises
    ------
    InputError
        Before anything is run: more runs than anybody sees the end of, more people than there is
        memory for, a folder with other results, a cluster that does not answer.
    experiments.durable.DiskError
        If results cannot be kept; what was kept before is there.

    Examples
    --------
    >>> from experiments.design import load_experiment
    >>> plan = Plan(load_experiment("bakery", ["seeds=2", "market.people=200", "days=30"]))
    >>> swept = sweep(plan)
    >>> swept.runs, swept.done, swept.failed
    (10, 10, 0)
    """
    begun = time.perf_counter()
    span = part(len(plan), shard)
    if cluster is None:
        workers = check_size(plan, workers)
    check_runs(plan)
    made = Sweep(plan, folder, len(span))
    with ExitStack() as opened:
        shelf: _Shelf | _Memory = _Memory(made)
        if folder is not None:
            shelf = opened.enter_context(closing(_Shelf(made, _store(plan, folder, customer))))
        work = _Work(made, shelf, stopped or threading.Event(), progress, failed)
        work.how = {
            "workers": workers, "processes": processes, "cluster": cluster, "customer": customer,
            "network_of": network_of,
        }  # fmt: skip
        work.do(plan, span)
    made.seconds = time.perf_counter() - begun
    return made


def keys_of(plan: Plan) -> tuple[str, ...]:
    """Return the keys that the points of a plan set, in order of first appearance."""
    design = getattr(plan.experiment, "design", None)
    if design is not None and plan.points is design.points:
        return tuple(design.keys)
    return tuple(dict.fromkeys(key for point in plan.points for key in point))


def _store(plan: Plan, folder: Path, customer: "type[Customer] | None") -> Store:
    who = f"{customer.__name__} {source_digest(customer)[:16]}" if customer else None
    return Store.open(folder, plan.experiment, keys=keys_of(plan), customer=who, planned=len(plan))


class _Memory:
    """Results that are kept in memory."""

    def __init__(self, made: Sweep) -> None:
        self.made = made

    def wanted(self, job: Job) -> bool | None:
        """Return whether a run is to be done now; None if it is in other hands."""
        return True

    def keep(self, job: Job, run: Run) -> None:
        self.made.pairs.append((job, run))

    def fail(self, job: Job, failure: Failure) -> None:
        """Do nothing more: the sweep tells of it."""

    def look(self) -> None:
        """Do nothing: there is nothing to flush."""

    def finish(self) -> None:
        self.made.pairs.sort(key=lambda pair: (pair[0].cell, pair[0].seed))


class _Shelf:
    """Results on their way to a folder, some at a time."""

    def __init__(self, made: Sweep, store: Store) -> None:
        self.made = made
        self.store = store
        self.waiting: list[tuple[Job, Run]] = []
        self.bytes = 0
        self.since = 0.0

    def wanted(self, job: Job) -> bool | None:
        """Claim a run: False if it is done, None if another sweep is at it."""
        if self.store.claim(job.identity):
            return True
        return False if job.identity in self.store.finished else None

    def keep(self, job: Job, run: Run) -> None:
        """Take a result; it is on the disk after some seconds."""
        if not self.waiting:
            self.since = time.monotonic()
        self.waiting.append((job, run))
        self.bytes += run.series.nbytes
        self.look()

    def fail(self, job: Job, failure: Failure) -> None:
        self.store.fail(job, failure)

    def look(self) -> None:
        """Write what has waited for long enough."""
        if self.waiting and (
            time.monotonic() - self.since > FLUSH_SECONDS
            or len(self.waiting) >= FLUSH_RUNS
            or self.bytes >= FLUSH_BYTES
        ):
            self.flush()

    def flush(self) -> None:
        self.store.add(self.waiting)
        self.waiting, self.bytes = [], 0

    def finish(self) -> None:
        self.flush()
        self.made.set_aside = list(self.store.set_aside)

    def close(self) -> None:
        """Keep what there is, also after an error or Ctrl-C, and give all claims back."""
        try:
            self.flush()
        finally:
            self.store.close()


class _Work:
    """The runs of a sweep being done, and counted."""

    how: dict[str, Any]

    def __init__(
        self,
        made: Sweep,
        shelf: _Shelf | _Memory,
        stopped: threading.Event,
        progress: Progress | None,
        failed: Callable[[Job, Failure], None] | None,
    ) -> None:
        self.made = made
        self.shelf = shelf
        self.stopped = stopped
        self.progress = progress
        self.failed = failed
        self.digest = ""
        self.busy = array("q")
        """Numbers of the runs that another sweep is at."""

    def do(self, plan: Plan, span: range) -> None:
        """Do the runs with these numbers, and then those that others did not do after all."""
        customer = self.how["customer"]
        self.digest = source_digest(customer) if customer else ""
        self.perform(zip(span, jobs_of(plan, span), strict=True))
        while self.busy and not self.stopped.wait(_LOOK_AGAIN):
            numbers, self.busy = self.busy, array("q")
            again = ((n, next(jobs_of(plan, range(n, n + 1)))) for n in numbers)
            self.perform(again)
        self.made.stopped = self.stopped.is_set()
        self.shelf.finish()

    def perform(self, numbered: Iterable[tuple[int, Job]]) -> None:
        results = perform(
            self.wanted(numbered), stopped=self.stopped, idle=self.shelf.look, **self.how
        )
        with closing(results):
            for job, result in results:
                self.take(job, result)

    def wanted(self, numbered: Iterable[tuple[int, Job]]) -> Iterator[Job]:
        """Yield the jobs that are to be done now."""
        for number, plain in numbered:
            job = replace(plain, customer=self.digest) if self.digest else plain
            wanted = self.shelf.wanted(job)
            if wanted:
                yield job
            elif wanted is None:
                self.busy.append(number)
            else:
                self.made.skipped += 1
                self.there(job)

    def take(self, job: Job, result: Result) -> None:
        """Keep the result of a job."""
        if isinstance(result, Failure):
            self.made.failed += 1
            self.shelf.fail(job, result)
            if len(self.made.failures) < MOST_TOLD:
                self.made.failures.append((job, result))
            if self.failed is not None:
                self.failed(job, result)
            self.tell()
        else:
            self.made.done += 1
            self.shelf.keep(job, result)
            self.there(job)

    def there(self, job: Job) -> None:
        self.made.cells[job.identity] = job.cell
        self.tell()

    def tell(self) -> None:
        if self.progress is not None:
            made = self.made
            self.progress(made.done + made.skipped + made.failed, made.runs)
