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
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from experiments.engine.patience import Tell
from experiments.engine.plugin import label, source_digest
from experiments.engine.runner import Failure, Progress, Result, Run, Workforce
from experiments.extent import check_cluster, check_runs, check_size, keys_of, part
from experiments.methods.stopping import Rounds
from experiments.planning.plan import Job, Plan
from experiments.storage.results import Results, open_results
from experiments.storage.shelf import Memory, Shelf
from experiments.storage.store import Store
from sim.errors import InputError

if TYPE_CHECKING:
    from sim.customer import Customer

MOST_TOLD = 100
"""Failures kept in memory; the folder keeps them all."""

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
    rounds : Rounds
        How many worlds were run, where the results decided it, and why.
    runs : int
        How many runs there are to be, in this shard; more with each round.
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
    rounds: Rounds
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
    watch: Callable[["Sweep"], None] | None = None,
    stopped: threading.Event | None = None,
    run_limit: float | None = None,
    tell: Tell | None = None,
    network_of: Callable[[Any], Any] | None = None,
) -> Sweep:
    """Do all runs of a plan that are not done yet.

    Parameters
    ----------
    plan : Plan
        What to run.
    folder : Path, optional
        Where to keep the runs, and to look for those done already; in memory if None.
    workers, processes, cluster, customer, stopped, run_limit, tell, network_of
        See `experiments.engine.runner.perform`.
    shard : (int, int)
        Which part of how many to do, counted from 1: parts are equally large, have nothing in
        common, and together are the whole.
    progress : callable, optional
        Called in this thread with how many runs are there or have failed, and of how many.
    watch : callable, optional
        Called in this thread, whenever a run has ended, with the sweep as it then is.

    Raises
    ------
    InputError
        Before anything is run: more runs than anybody sees the end of, more people than there is
        memory for, a folder with other results, a cluster that does not answer.
    experiments.engine.runner.WorkersLost
        If the cluster went away, or processes cannot be started; what was kept is there.
    experiments.storage.durable.DiskError
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
    rounds = Rounds(plan)
    if rounds.rule is not None and shard != (1, 1):
        raise InputError(
            "a sweep that adds worlds until enough is known (precision, select_best) has to know "
            "of all its runs, and cannot be done in shards: give several machines one folder"
        )
    span = part(len(plan), shard)
    if cluster is None:
        workers = check_size(plan, workers)
    check_runs(plan)
    made = Sweep(plan, folder, rounds, len(span))
    force = Workforce(
        workers=workers, processes=processes, cluster=cluster, customer=customer, stopped=stopped,
        run_limit=run_limit, tell=tell, network_of=network_of,
    )  # fmt: skip
    with ExitStack() as opened:
        opened.enter_context(force)
        check_cluster(plan, force.cluster_memory)
        shelf: Shelf | Memory = Memory(made.pairs)
        if folder is not None:
            store = _store(plan, folder, customer)
            shelf = opened.enter_context(closing(Shelf(store)))
            made.set_aside = store.set_aside
        work = _Work(made, shelf, force, watch, progress)
        if made.rounds.rule is None:
            work.plan(len(plan), plan.jobs())
            work.do(plan[number] for number in span)
        else:
            for jobs in made.rounds:
                work.plan(made.rounds.jobs, jobs)
                work.do(jobs)
                if force.stopped.is_set():
                    break
        made.stopped = force.stopped.is_set()
        shelf.finish()
    made.seconds = time.perf_counter() - begun
    return made


def _store(plan: Plan, folder: Path, customer: "type[Customer] | None") -> Store:
    who = label(customer)
    return Store.open(folder, plan.experiment, keys=keys_of(plan), customer=who, planned=len(plan))


class _Work:
    """The runs of a sweep being done, and counted."""

    def __init__(
        self,
        made: Sweep,
        shelf: Shelf | Memory,
        force: Workforce,
        watch: Callable[[Sweep], None] | None,
        progress: Progress | None,
    ) -> None:
        self.made = made
        self.shelf = shelf
        self.force = force
        self.watch = watch
        self.progress = progress
        self.customer = source_digest(force.customer) if force.customer else ""
        self.busy = array("q"), array("Q")
        """Cells and seeds of the runs that another sweep is at."""

    def plan(self, runs: int, jobs: Iterable[Job]) -> None:
        """Write down how many runs there are to be: some jobs, beside those that are done."""
        self.shelf.plan(runs, chain(self.made.cells, (self.own(job).identity for job in jobs)))

    def own(self, job: Job) -> Job:
        """Return a job with the customers that do it."""
        return replace(job, customer=self.customer) if self.customer else job

    def do(self, jobs: Iterable[Job]) -> None:
        """Do some jobs, and then those of them that another sweep did not do after all."""
        self.perform(jobs)
        plan = self.made.plan
        while self.busy[0]:
            self.shelf.flush()  # or two sweeps could wait for each other's results
            if self.force.stopped.wait(_LOOK_AGAIN):
                break
            busy = zip(*self.busy, strict=True)
            self.busy = array("q"), array("Q")
            self.perform(plan.job(plan.cell(cell), seed) for cell, seed in busy)

    def perform(self, jobs: Iterable[Job]) -> None:
        if self.made.rounds.rule is not None:
            self.made.runs = self.made.rounds.jobs
        with closing(self.force.perform(self.wanted(jobs), self.shelf.look)) as results:
            for job, result in results:
                self.take(job, result)

    def wanted(self, jobs: Iterable[Job]) -> Iterator[Job]:
        """Yield the jobs that are to be done now."""
        for plain in jobs:
            if self.force.stopped.is_set():
                return
            job = self.own(plain)
            wanted = self.shelf.wanted(job)
            if wanted:
                yield job
            elif wanted is None:
                for kept, value in zip(self.busy, (job.cell, job.seed), strict=True):
                    kept.append(value)
            else:
                self.made.skipped += 1
                self.there(job, None)

    def take(self, job: Job, result: Result) -> None:
        """Keep the result of a job."""
        if isinstance(result, Failure):
            self.made.failed += 1
            self.shelf.fail(job, result)
            if len(self.made.failures) < MOST_TOLD:
                self.made.failures.append((job, result))
            self.tell()
        else:
            self.made.done += 1
            self.shelf.keep(job, result)
            self.there(job, result)

    def there(self, job: Job, run: Run | None) -> None:
        """Take note of a run that is there, now or since before."""
        made = self.made
        made.cells[job.identity] = job.cell
        outcome = made.rounds.outcome
        if outcome is not None:
            value = self.shelf.value(job, outcome) if run is None else run.values[outcome]
            made.rounds.tell(job.cell, job.seed, value)
        self.tell()

    def tell(self) -> None:
        made = self.made
        if self.watch is not None:
            self.watch(made)
        if self.progress is not None:
            self.progress(made.done + made.skipped + made.failed, made.runs)
