"""A sweep: all runs of a plan, done once, kept as they come, and gone on with where it was left.

It stands on `perform`, which does the runs, and on the store, which keeps them. What is kept
already is not run again, so that starting a sweep once more is to resume it.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from experiments.plan import Job, Plan
from experiments.plugin import source_digest
from experiments.runner import Failure, Progress, Run, perform, workers_for
from sim.errors import InputError
from sim.memory import available_memory
from sim.scenario import Scenario, check_memory

if TYPE_CHECKING:
    from sim.customer import Customer

Pair = tuple[Job, Run]

MOST_RUNS = 50_000_000
"""Runs in a sweep at most; of more nobody sees the end."""

MOST_TOLD = 100
"""Failures kept in memory; the folder keeps them all."""


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
        Runs done now, runs found done already, and runs that failed.
    seconds : float
        Time from beginning to end.
    stopped : bool
        Whether it was stopped before its end.
    failures : list of (Job, Failure)
        The first `MOST_TOLD` of them.
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
    pairs: list[Pair] = field(default_factory=list, repr=False)
    """The runs, where they are kept in memory."""

    @cached_property
    def results(self) -> Any:
        """The runs of the plan as `experiments.results.Results`."""
        from experiments.results import Results

        return Results.of(self.pairs)

    @property
    def digest(self) -> str:
        """SHA-256 over the content of the results, the same whatever the order or the workers."""
        found: str = self.results.digest
        return found

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
        Called now and then with how many runs are done, and of how many.
    failed : callable, optional
        Called with each run that fails.

    Raises
    ------
    InputError
        Before anything is run: more runs than can be sane, more people than there is memory for,
        a folder with other results, a cluster that does not answer.

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
    made = Sweep(plan, folder, len(span))
    digest = source_digest(customer) if customer else ""
    jobs = (replace(job, customer=digest) if digest else job for job in jobs_of(plan, span))
    stopped = stopped or threading.Event()
    results = perform(
        jobs, workers=workers, processes=processes, cluster=cluster, customer=customer,
        stopped=stopped, network_of=network_of,
    )  # fmt: skip
    with closing(results):
        for job, result in results:
            if isinstance(result, Failure):
                made.failed += 1
                if len(made.failures) < MOST_TOLD:
                    made.failures.append((job, result))
                if failed is not None:
                    failed(job, result)
            else:
                made.done += 1
                made.pairs.append((job, result))
            if progress is not None:
                progress(made.done + made.failed + made.skipped, made.runs)
    made.pairs.sort(key=lambda pair: (pair[0].cell, pair[0].seed))
    made.stopped = stopped.is_set()
    made.seconds = time.perf_counter() - begun
    return made


def part(runs: int, shard: tuple[int, int]) -> range:
    """Return the numbers of the runs in a shard, which follow each other, so share their worlds."""
    which, many = shard
    if not 1 <= which <= many:
        raise InputError(
            f"shard = {which}/{many} must be a part from 1 to the number of parts, e.g. 1/3, 2/3 "
            "and 3/3"
        )
    return range(runs * (which - 1) // many, runs * which // many)


def jobs_of(plan: Plan, span: range) -> Iterator[Job]:
    """Make the jobs of a plan with these numbers, in their order."""
    cells = len(plan) // max(1, len(plan.seeds))
    first = span.start // cells if cells else 0
    later = Plan(plan.experiment, plan.points, plan.policies, plan.seeds[first:])
    start = span.start - first * cells
    return islice(later.jobs(), start, start + len(span))


def check_size(plan: Plan, workers: int | None) -> int:
    """Return how many workers to take, or refuse what nobody sees the end of or has memory for."""
    if len(plan) > MOST_RUNS:
        raise InputError(
            f"{len(plan):,} runs are more than the {MOST_RUNS:,} that a sweep may have"
        )
    biggest = largest(plan)
    check_memory(biggest)
    fitting = workers_for(biggest)
    have, need = available_memory(), biggest.memory_estimate()
    if workers is not None and have is not None and workers * need > have:
        raise InputError(
            f"workers = {workers} at {need / 1e9:,.1f} GB each need more memory than the "
            f"{have / 1e9:,.1f} GB available: take at most {max(1, have // need)}"
        )
    return workers or fitting


def largest(plan: Plan) -> Scenario:
    """Return the scenario of the plan whose runs take the most memory."""
    keys = plan.points[0].keys() if len(plan.points) else ()
    if not any(key.startswith(("market.people", "network.")) for key in keys):
        return plan.experiment.scenario
    scenarios = (plan.cell(i * len(plan.policies)).scenario for i in range(len(plan.points)))
    return max(scenarios, key=lambda scenario: scenario.memory_estimate())
