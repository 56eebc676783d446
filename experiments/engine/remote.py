"""What a worker of a cluster does with a batch, and what it can be asked meanwhile."""

import math
import time

from experiments.engine.nursery import Nursery
from experiments.engine.sending import Batch, bench_for, made_by
from experiments.engine.worker import Finished

NURSERY = Nursery()
"""The processes of this one in which behaviours run that need the interpreter."""

_GIVEN_UP: set[str] = set()
"""Senders that do not want their results any longer."""


def work(batch: Batch) -> Finished:
    """Do a batch; return its results in order, and the seconds that its runs took.

    Compiled runs are made here, in this thread. Behaviours in plain Python may hang, or take their
    process with them, so they are performed in a process of their own, which can be ended.

    Raises
    ------
    InputError
        If this process has another version of the model, or cannot load the class of customers.
    """
    bench = bench_for(batch)
    if batch.performer == "agents":
        return NURSERY.work(
            batch, lambda rest, number: rest.limits[number], lambda: batch.sender in _GIVEN_UP
        )
    bench.limit = min(batch.limits, default=math.inf)
    if math.isfinite(bench.limit):
        bench.prepare(batch.jobs[0].scenario)
    began, results = time.monotonic(), []
    for job in batch.jobs:
        with NURSERY.at_work.on(job, batch.sender):
            results.append(made_by(bench, job, batch.files))
    return results, time.monotonic() - began


def at_work(sender: str) -> dict[tuple[int, int], float]:
    """Return the runs of a sender that this worker is at, and the seconds that each has taken."""
    return NURSERY.at_work.seconds(sender)


def give_up(sender: str) -> None:
    """End the processes that are at runs of a sender, who has gone."""
    _GIVEN_UP.add(sender)
