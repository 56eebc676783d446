"""What a worker does: it takes jobs, shares networks between them, and keeps what counts of each run.

Of a run only its figures and its series are kept, so that memory does not grow with the number of
people times the number of runs.
"""

import math
import threading
import time
import traceback
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from experiments.engine.network_cache import Networks, shared_networks
from experiments.engine.patience import overlong
from experiments.planning.plan import Job
from sim.errors import InputError
from sim.scenario import Scenario

if TYPE_CHECKING:
    from sim.customer import Customer
    from sim.run import Performer

PATIENCE = 30
"""Days that a kernel lives through before it looks whether it shall stop; of a million people about
half a second."""


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


class Death(Failure):
    """A run during which its process died, by its doing or not."""


class TooLong(RuntimeError):
    """A run took longer than it may."""


Result = Run | Failure
Finished = tuple[list[Result], float]
"""What comes of a batch: its results in order, and the seconds that its runs took."""


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
    limit : float
        Seconds that a run may take; it is seen to only every `PATIENCE` days of the run.
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
        limit: float = math.inf,
    ) -> None:
        self.kind = kind
        self.performer = performer
        self.keep_going = keep_going
        self.make = make
        self.limit = limit
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
        began = time.monotonic()
        for day in (*range(PATIENCE, scenario.days, PATIENCE), scenario.days):
            if self.stopped.is_set():
                break
            run.advance(day)
            if time.monotonic() - began > self.limit and day < scenario.days:
                raise TooLong(overlong(self.limit))
        return run.outcome()

    def prepare(self, scenario: Scenario) -> bool:
        """Do what only the first run of a process takes: compile, or fetch what is compiled.

        No behaviour of a class of one's own is called. What cannot be made fails in its run.
        Returns whether there was anything to do.
        """
        if (self.kind, self.performer) in _PREPARED:
            return False
        _PREPARED.add((self.kind, self.performer))
        with suppress(Exception):
            self.networks.of(scenario)
            small = in_miniature(scenario)
            run = self._begun(small, self.networks.of(small))
            if self.kind is None:
                run.advance(1)
        return True

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


_PREPARED: set[object] = set()
"""Classes of customers, and who performs them, that this process is prepared for."""


def in_miniature(scenario: Scenario) -> Scenario:
    """Return a scenario with two people who do not know each other, and otherwise the same."""
    from sim.world import Network

    market = scenario.market.model_copy(update={"people": 2})
    return scenario.model_copy(update={"market": market, "network": Network(kind="none")})


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
    spoken = isinstance(error, InputError | TooLong)
    said = str(error) if spoken else f"{type(error).__name__}: {error}"
    return Failure(job.policy, job.seed, said, "".join(traceback.format_exception(error)), error)
