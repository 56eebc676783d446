"""How large a sweep is: what it asks for, whether that is sane, and what it will take."""

import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from experiments.costs import CELL, ROW, would_take
from experiments.engine.patience import Tell
from experiments.engine.runner import Failure, Result, Run, Workforce, memory_of, workers_for
from experiments.methods.stopping import Rounds
from experiments.planning.plan import Job, Plan
from experiments.storage import batches
from experiments.storage.batches import Pair
from sim.errors import InputError, Problem
from sim.memory import available_memory
from sim.scenario import Scenario, check_memory

if TYPE_CHECKING:
    from sim.customer import Customer

MOST_RUNS = 50_000_000
"""Runs in a sweep at most: thousands of hours even of the smallest."""

_SAMPLES = 5
_PATIENCE = 15.0
"""Timed runs for an estimate: so many, spread over the design, or as fit into so many seconds."""


def part(runs: int, shard: tuple[int, int]) -> range:
    """Return the numbers of the runs in a shard; they follow each other, so share their worlds."""
    which, many = shard
    if not 1 <= which <= many:
        raise InputError(
            f"shard = {which}/{many} must be a part and the number of parts, such as 1/3, 2/3 and "
            "3/3"
        )
    return range(runs * (which - 1) // many, runs * which // many)


def check_size(plan: Plan, workers: int | None, what: str = "a sweep") -> int:
    """Return how many workers to take; `what` is done is for the message alone.

    Raises
    ------
    InputError
        If there are more runs than anybody sees the end of, or there is not the memory for the
        largest of them by so many workers; with what it would take.
    """
    check_runs(plan)
    biggest = largest(plan)
    check_memory(biggest, plan.experiment.named_at("market.people"))
    have, need = available_memory(), memory_of(biggest)
    if have is not None and need > have:
        text = (
            f"market.people = {biggest.market.people} needs about {need / 1e9:,.1f} GB of memory in "
            f"{what}, and {have / 1e9:,.1f} GB are available (take fewer people, or run a single "
            "world with `amends run`, which needs half of that)"
        )
        raise InputError(Problem(plan.experiment.named_at("market.people"), text))
    if workers is not None and have is not None and workers * need > have:
        raise InputError(
            f"workers = {workers} need about {workers * need / 1e9:,.1f} GB of memory at "
            f"{need / 1e9:,.1f} GB each, and {have / 1e9:,.1f} GB are available: take at most "
            f"{have // need}"
        )
    return workers or workers_for(biggest)


def check_cluster(plan: Plan, have: int | None) -> None:
    """Refuse runs that take more memory than any worker of a cluster may take."""
    biggest = largest(plan)
    need = memory_of(biggest)
    if have is not None and need > have:
        raise InputError(
            f"market.people = {biggest.market.people} needs about {need / 1e9:,.1f} GB of memory in "
            f"a sweep, and no worker of the cluster may take more than {have / 1e9:,.1f} GB (take "
            "fewer people, or start workers with a higher --memory-limit)"
        )


def check_runs(plan: Plan) -> None:
    """Refuse a sweep of more runs than anybody sees the end of, before any is made."""
    runs = Rounds(plan).most
    if runs <= MOST_RUNS:
        return
    text = (
        f"{runs:,} runs ({len(plan.points):,} points of the design x {len(plan.policies):,} "
        f"policies x {runs * len(plan.seeds) // len(plan):,} seeds) "
        f"{would_take(runs, plan.experiment.scenario)}; there may be {MOST_RUNS:,}: vary fewer keys, "
        "take fewer values or seeds, or a sampled design (lhs, sobol)"
    )
    raise InputError(Problem(plan.experiment.place(), text))


def keys_of(plan: Plan) -> tuple[str, ...]:
    """Return the keys that the points of a plan set, in order of first appearance."""
    design = plan.experiment.design
    if design is not None and plan.points is design.points:
        return tuple(design.keys)
    return tuple(dict.fromkeys(key for point in plan.points for key in point))


def largest(plan: Plan) -> Scenario:
    """Return the scenario of the plan whose runs take the most memory."""
    if not any(key.startswith(("market.people", "network.")) for key in keys_of(plan)):
        return plan.experiment.scenario
    scenarios = (plan.cell(i * len(plan.policies)).scenario for i in range(len(plan.points)))
    return max(scenarios, key=lambda scenario: scenario.memory_estimate())


@dataclass(frozen=True)
class Extent:
    """What a sweep will take, roughly.

    Attributes
    ----------
    runs, workers : int
    at_most : int
        Runs at most, where the results decide how many there are to be.
    seconds : float
        From beginning to end, with so many workers.
    memory, disk : int
        Bytes at the peak, and in the folder of results.
    timed : int
        Runs that were timed for it.
    """

    runs: int
    at_most: int
    workers: int
    seconds: float
    memory: int
    disk: int
    timed: int


def extent(
    plan: Plan,
    workers: int,
    span: range,
    customer: "type[Customer] | None" = None,
    *,
    processes: bool = False,
    run_limit: float | None = None,
    tell: Tell | None = None,
) -> Extent:
    """Estimate what a part of a plan takes, by timing a few of its runs.

    `customer`, `processes`, `run_limit` and `tell` are those of `experiments.engine.runner.perform`.

    Raises
    ------
    InputError
        If all of these runs failed.
    """
    begun = time.perf_counter()
    made: Result | None = None
    times, pairs = [], []
    force = Workforce(
        workers=1, processes=processes, customer=customer, run_limit=run_limit, tell=tell
    )
    with force:
        # The first run may have to compile the model, and is done twice.
        for turn, job in enumerate(_spread(plan, span)):
            before = time.perf_counter()
            ((_, made),) = force.perform([job])
            if turn and isinstance(made, Run):
                times.append(time.perf_counter() - before)
                pairs.append((job, made))
            if turn and time.perf_counter() - begun > _PATIENCE:
                break
    if isinstance(made, Failure) and not pairs:
        raise InputError(f"none of the runs that were tried came to an end: {made.error}")
    runs = len(span)
    each = sum(times) / max(1, len(times))
    most = Rounds(plan).most if len(span) == len(plan) else runs
    return Extent(
        runs,
        most,
        workers,
        runs * each / max(1, min(workers, runs)),
        _resident() + workers * memory_of(largest(plan)),
        int(runs * _bytes_each(pairs, keys_of(plan))),
        len(times),
    )


def _bytes_each(pairs: list[Pair], keys: Sequence[str]) -> float:
    """Return the bytes on disk that one more run takes in a file of many."""
    if not pairs:
        return 0.0

    def size(some: list[Pair]) -> int:
        tables = batches.runs_table(some, keys), batches.series_table(some)
        return sum(len(batches.to_bytes(table, {})) for table in tables)

    more = len(pairs) - 1
    if not more:
        return ROW + CELL * float(pairs[0][1].series.size)
    return (size(pairs) - size(pairs[:1])) / more


def _spread(plan: Plan, span: range) -> Iterator[Job]:
    """Return some jobs evenly spread over a part of the plan, after the first of them."""
    count = min(_SAMPLES, len(span))
    numbers = [span[(2 * i + 1) * len(span) // (2 * count)] for i in range(count)]
    for number in (*numbers[:1], *numbers):
        yield plan[number]


def _resident() -> int:
    """Return the bytes of memory that this process has taken at its peak."""
    if sys.platform == "win32":
        return 0
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else 1024 * peak
