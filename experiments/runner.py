"""Running an experiment: every policy in every world, on all cores, in a fixed order.

Threads, because the kernels release the interpreter's lock: nothing is copied between processes,
and the policies of a seed share one network. Of each run only the summary and the series are kept,
so that memory does not grow with the number of people times the number of runs.
"""

import os
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from experiments.design import Experiment
from sim.errors import InputError
from sim.memory import available_memory
from sim.scenario import Scenario

Progress = Callable[[int, int], None]
"""Called in the caller's thread with how many runs are done, and of how many."""


_PATIENCE = 30
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


class RunError(RuntimeError):
    """A run failed; the cause is the exception it is raised from."""

    def __init__(self, policy: str, seed: int, cause: BaseException) -> None:
        self.policy = policy
        self.seed = seed
        super().__init__(
            f"the run of policy {policy} with seed {seed} failed: {type(cause).__name__}: {cause}"
        )


def cores() -> int:
    """Return how many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _threads(scenario: Scenario) -> int:
    """Return as many threads as there are processors, and memory for what each of them runs."""
    have, need = available_memory(), scenario.memory_estimate()
    return cores() if have is None else max(1, min(cores(), have // max(1, need)))


def run_experiment(
    experiment: Experiment,
    *,
    workers: int | None = None,
    progress: Progress | None = None,
    simulate: Callable[..., Any] | None = None,
    network_of: Callable[[Any], Any] | None = None,
) -> list[Run]:
    """Run every policy with every seed.

    Parameters
    ----------
    experiment : Experiment
        What to run.
    workers : int, optional
        Threads; by default as many as there are processors, and memory for. The result does not
        depend on it.
    progress : callable, optional
        See `Progress`.
    simulate, network_of : callable, optional
        What makes an outcome of a scenario (and `network=`), and a network of a scenario; the
        model's own by default. Both are called from several threads at once.

    Returns
    -------
    list of Run
        By policy in the order of the experiment, then by seed.

    Raises
    ------
    InputError
        If a run could not be made from what the user gave, such as a broken network file.
    RunError
        For any other failure. Runs that have not begun are then dropped, as after Ctrl-C.
    """
    plan = _Plan(experiment, simulate, network_of or _network_of)
    threads = workers or _threads(experiment.scenario)
    pool = ThreadPoolExecutor(threads, thread_name_prefix="amends")
    try:
        futures = plan.submit(pool, threads)
        for done, future in enumerate(as_completed(futures), start=1):
            future.result()
            if progress is not None:
                progress(done, len(futures))
    except BaseException:
        plan.stopped.set()
        raise
    finally:
        pool.shutdown(wait=not plan.stopped.is_set(), cancel_futures=True)
    return [plan.runs[policy, seed] for policy in experiment.policies for seed in experiment.seeds]


class _Plan:
    """The runs of one experiment on their way through a pool of threads."""

    def __init__(
        self,
        experiment: Experiment,
        simulate: Callable[..., Any] | None,
        network_of: Callable[[Any], Any],
    ) -> None:
        self.experiment = experiment
        self.simulate = simulate or self._simulate
        self.network_of = network_of
        self.stopped = threading.Event()
        self.runs: dict[tuple[str, int], Run] = {}

    def submit(self, pool: ThreadPoolExecutor, ahead: int) -> list[Future[None]]:
        """Queue all runs, seed by seed, each seed's network some seeds ahead of its runs.

        The queue is first in, first out, so a run that waits for its network waits for something
        already begun; and a network is let go with the last of its runs.
        """
        networks = self._networks(pool)
        waiting = list(islice(networks, ahead))
        futures: list[Future[None]] = []
        for seed in self.experiment.seeds:
            waiting += islice(networks, 1)
            network = waiting.pop(0)
            futures += [
                pool.submit(self._run, policy, seed, network) for policy in self.experiment.policies
            ]
        return futures

    def _networks(self, pool: ThreadPoolExecutor) -> Iterator[Future[Any]]:
        scenario = self.experiment.scenario
        shared = None
        for seed in self.experiment.seeds:
            if shared is None:
                network = pool.submit(self.network_of, scenario.model_copy(update={"seed": seed}))
                shared = network if scenario.network.file is not None else None
            yield shared or network

    def _run(self, policy: str, seed: int, network: Future[Any]) -> None:
        if self.stopped.is_set():
            return
        try:
            scenario = self.experiment.scenario_of(policy, seed)
            outcome = self.simulate(scenario, network=network.result())
            if not self.stopped.is_set():
                self.runs[policy, seed] = _kept(policy, seed, outcome)
        except InputError:
            self.stopped.set()
            raise
        except Exception as error:
            self.stopped.set()
            raise RunError(policy, seed, error) from error

    def _simulate(self, scenario: Scenario, network: Any) -> Any:
        """Run a scenario as `sim.simulate` does, but look up now and then whether to stop."""
        import sim.run

        run = sim.run.Run(scenario, network).begin()
        for day in (*range(_PATIENCE, scenario.days, _PATIENCE), scenario.days):
            if self.stopped.is_set():
                break
            run.advance(day)
        return run.outcome()


def _kept(policy: str, seed: int, outcome: Any) -> Run:
    values = {**outcome.final, **outcome.totals, **outcome.ratios}
    return Run(
        policy,
        seed,
        {name: np.nan if value is None else float(value) for name, value in values.items()},
        np.array(outcome.series_array, dtype=np.float64),
        tuple(outcome.columns),
        float(outcome.seconds),
        int(outcome.ties.people),
        int(outcome.ties.ties),
    )


def _network_of(scenario: Scenario) -> Any:
    from sim.run import network_of

    return network_of(scenario)
