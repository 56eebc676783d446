"""What a worker does: it takes jobs, shares networks between them, and keeps what counts of each run.

Of a run only its figures and its series are kept, so that memory does not grow with the number of
people times the number of runs.
"""

import threading
import time
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from experiments.engine.network_cache import Networks, shared_networks
from experiments.planning.plan import Job, checksum
from sim.compiled import model_version
from sim.errors import InputError
from sim.scenario import Scenario

if TYPE_CHECKING:
    from sim.customer import Customer
    from sim.run import Performer

PATIENCE = 30
"""Days that a kernel lives through before it looks whether it shall stop; of a million people about
half a second."""


LARGE = 10**8
"""Bytes of a run from which on a worker of another machine looks whether it has them."""


@dataclass(frozen=True, slots=True)
class Run:
    """What is kept of one policy in one world."""

    policy: str
    seed: int
    values: Mapping[str, float]
    """Outcomes by name: levels at the end, totals and ratios; NaN where undefined."""
    series: NDArray[np.float64]
    """One row per measuring day, one column per name in `columns`."""
    columns: tuple[str, ...]
    seconds: float
    """Time in the kernel."""
    people: int
    ties: int
    """Size of the network."""
    digest: str = ""
    """SHA-256 of the final population and the series, as hex."""


@dataclass(frozen=True, slots=True)
class Failure:
    """A run that came to nothing, and why."""

    policy: str
    seed: int
    error: str
    """Kind and message of the error, on one line or several."""
    traceback: str
    """Where it happened; empty where the worker died and could not tell."""
    cause: BaseException | None = field(default=None, compare=False, repr=False)
    """The error itself, where it happened in this process."""


Result = Run | Failure


class Bench:
    """Where the runs of a process are made, one at a time or several at once in threads.

    Parameters
    ----------
    kind : type of Customer, optional
        Whose behaviours are performed; the model's own by default.
    performer : {"compiled", "agents"}
        Who performs them.
    simulate, network_of : callable, optional
        What makes an outcome of a scenario (and `network=`), and a network of a scenario; the
        model's own by default. Both are called from several threads at once.
    stopped : threading.Event, optional
        Set from outside, it ends runs within `PATIENCE` days of theirs.
    keep_going : bool
        Whether to begin further runs after one has failed; else `stopped` is set then.
    make : callable, optional
        What is made of a job and its network instead of a `Run`.
    """

    def __init__(
        self,
        kind: "type[Customer] | None" = None,
        simulate: Callable[..., Any] | None = None,
        network_of: Callable[[Any], Any] | None = None,
        stopped: threading.Event | None = None,
        keep_going: bool = True,
        performer: "Performer" = "compiled",
        make: Callable[[Job, Any], Any] | None = None,
    ) -> None:
        self.kind = kind
        self.performer = performer
        self.keep_going = keep_going
        self.make = make
        self.simulate = simulate or self._simulate
        self.networks = Networks(network_of) if network_of else shared_networks()
        self.stopped = stopped or threading.Event()

    def run(self, job: Job) -> Result | None:
        """Make a run; None if it was stopped before its end."""
        if self.stopped.is_set():
            return None
        try:
            if job.fault:
                raise InputError(job.fault)
            made = (self.make or self._run)(job, self.networks.of(job.scenario))
            return None if self.stopped.is_set() else made
        except Exception as error:
            if not self.keep_going:
                self.stopped.set()
            return failure(job, error)

    def _run(self, job: Job, network: Any) -> Result:
        return kept(job, self.simulate(job.scenario, network=network))

    def _simulate(self, scenario: Scenario, network: Any) -> Any:
        """Run a scenario as `sim.simulate` does, but look up now and then whether to stop."""
        run = self._begun(scenario, network)
        for day in (*range(PATIENCE, scenario.days, PATIENCE), scenario.days):
            if self.stopped.is_set():
                break
            run.advance(day)
        return run.outcome()

    def _begun(self, scenario: Scenario, network: Any) -> Any:
        """Return a run on its first morning."""
        if self.kind is None:
            import sim.run

            return sim.run.Run(scenario, network).begin()
        from sim.model import ReputationModel

        model = ReputationModel(scenario, network, self.kind, self.performer)
        run: Any = model.run
        run.model = model  # which its agents know only weakly
        return run


def kept(job: Job, outcome: Any) -> Run:
    """Return what is kept of the outcome of a job."""
    values = {**outcome.final, **outcome.totals, **outcome.ratios}
    return Run(
        job.policy,
        job.seed,
        {name: np.nan if value is None else float(value) for name, value in values.items()},
        np.array(outcome.series_array, dtype=np.float64),
        tuple(outcome.columns),
        float(outcome.seconds),
        int(outcome.ties.people),
        int(outcome.ties.ties),
        str(outcome.digest),
    )


def failure(job: Job, error: BaseException) -> Failure:
    """Return the record of a run that ended in an error; the user's errors speak for themselves."""
    said = str(error) if isinstance(error, InputError) else f"{type(error).__name__}: {error}"
    return Failure(job.policy, job.seed, said, "".join(traceback.format_exception(error)), error)


@dataclass(frozen=True)
class Batch:
    """Jobs on their way to another process, and what it must have in common with this one."""

    jobs: tuple[Job, ...]
    model: str
    """Version of the model."""
    files: Mapping[str, str]
    """SHA-256 of the networks' files by path."""
    kind: bytes | None = None
    """The class of customers, as cloudpickle has it."""
    performer: "Performer" = "compiled"
    """Who performs: whether a class can be compiled need be found out but once."""


def batch_of(jobs: tuple[Job, ...], kind: bytes | None, performer: "Performer") -> Batch:
    """Pack jobs for another process."""
    files = {job.scenario.network.file for job in jobs}
    sums = {file: checksum(file) for file in files if file is not None}
    return Batch(jobs, model_version(), sums, kind, performer)


def work(batch: Batch) -> tuple[list[Result], float]:
    """Make the runs of a batch in this process; return them, and the seconds that it took.

    Raises
    ------
    InputError
        If this process has another version of the model.
    """
    if batch.model != model_version():
        raise InputError(unlike(model_version(), batch.model))
    began = time.perf_counter()
    kind = None if batch.kind is None else _kind(batch.kind)
    bench = Bench(kind, performer=batch.performer)
    return [_made(bench, job, batch.files) for job in batch.jobs], time.perf_counter() - began


def unlike(theirs: str, ours: str, who: str = "a worker") -> str:
    """Return what to say of a worker whose model is another one."""
    return (
        f"{who} has model {theirs} and not {ours}, so its results would be of another model: "
        "install the same version of amends there"
    )


def _made(bench: Bench, job: Job, files: Mapping[str, str]) -> Result:
    file = job.scenario.network.file
    try:
        if file is not None and checksum(file) != files[file]:
            raise InputError(
                f"network.file = {file} is another file here than where jobs come from"
            )
    except (OSError, InputError) as error:
        return _sendable(failure(job, error))
    made = bench.run(job)
    assert made is not None  # nobody stops the bench of a batch
    return _sendable(made)


def _sendable(result: Result) -> Result:
    if isinstance(result, Run):
        return result
    return Failure(result.policy, result.seed, result.error, result.traceback)


@lru_cache(maxsize=4)
def _kind(pickled: bytes) -> "type[Customer]":
    """Return a class of customers: always the same for the same bytes, so that it is compiled once."""
    import pickle

    try:
        found: type[Customer] = pickle.loads(pickled)
    except Exception as error:
        raise InputError(
            f"a worker cannot load the class of customers ({type(error).__name__}: {error}): "
            "install there what its file imports"
        ) from None
    return found
