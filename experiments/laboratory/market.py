"""How word of mouth makes a market grow: by acceleration or by expansion, under either policy."""

from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from experiments.design import Experiment
from experiments.engine.runner import Failure, Progress, perform
from experiments.laboratory.joining import COUNTS, VALUES, Brought, brought, custom
from experiments.laboratory.switches import SWITCHES, WORD_OF_MOUTH, acting
from experiments.methods.statistics import Array, Interval, fieller, mean_interval
from experiments.planning.designs import changed
from experiments.planning.plan import Job, Plan, Point
from sim.errors import InputError

GAIN = "gain"
"""What word of mouth brings under the policy beyond what it brings under the baseline."""


class Ends(NamedTuple):
    """An estimate with its 95% interval over the worlds; NaN where there is none."""

    mean: float
    low: float
    high: float


@dataclass(frozen=True)
class Market:
    """What word of mouth (stories and reviews) brings under the policy and under the baseline.

    Attributes
    ----------
    policy, baseline : str
    days : int
        Length of the runs: who would have come after it counts as not coming.
    worlds : mapping of str to mapping of str to array [worlds]
        By policy, the fields of `experiments.laboratory.joining.Brought`; and under `gain` the difference
        between the two, world by world.
    """

    policy: str
    baseline: str
    days: int
    worlds: Mapping[str, Mapping[str, Array]]

    def estimate(self, of: str, name: str) -> Ends:
        """Return a field of `Brought`, or `total` of the three values, of a policy or the gain."""
        return _ends(mean_interval(self._samples(of, name)))

    def share(self, of: str, name: str) -> Ends:
        """Return the share of acceleration or expansion in what new customers bring.

        NaN where that cannot be told from 0.
        """
        both = self._samples(of, "acceleration") + self._samples(of, "expansion")
        found = _ends(fieller(self._samples(of, name), both))
        return found if np.isfinite(found.low) else Ends(*(float("nan"),) * 3)

    def _samples(self, of: str, name: str) -> Array:
        found = self.worlds[of]
        if name == "total":
            return np.asarray(sum(found[value] for value in VALUES))
        return found[name]

    def to_json(self) -> dict[str, Any]:
        """Return the result as plain data."""
        names = {"policy": self.policy, "baseline": self.baseline, GAIN: GAIN}
        return {"days": self.days} | {role: self._json(of) for role, of in names.items()}

    def _json(self, of: str) -> dict[str, Any]:
        counts = (*COUNTS, "days") if of != GAIN else COUNTS
        return {
            "customers": {name: self.estimate(of, name)._asdict() for name in counts},
            "value": {name: self.estimate(of, name)._asdict() for name in (*VALUES, "total")},
            "shares": {name: self.share(of, name)._asdict() for name in VALUES[:2]},
        }


def _ends(interval: Interval) -> Ends:
    return Ends(*map(float, interval))


def examine(
    experiment: Experiment,
    policy: str,
    *,
    workers: int | None = None,
    progress: Progress | None = None,
) -> Market | None:
    """Live every world with and without word of mouth, under policy and baseline, and match people.

    Parameters
    ----------
    experiment : Experiment
    policy : str
        The policy beside the baseline.
    workers : int, optional
        Threads.
    progress : callable, optional
        Told how many worlds are done, of how many.

    Returns
    -------
    Market or None
        None where nobody tells and nobody reviews.

    Raises
    ------
    InputError
        If a run could not be made from what the user gave.
    """
    silenced: Point = {
        key: off
        for part in acting(experiment.scenario)
        if part in WORD_OF_MOUTH
        for key, off in [SWITCHES[part]]
    }
    if not silenced:
        return None
    plan = Plan(experiment, [{}], (experiment.baseline, policy))
    found: dict[tuple[str, int], Brought] = {}
    made: Any = perform(plan.jobs(), workers=workers, make=partial(_both_lives, silenced=silenced))
    with closing(made):
        for job, result in made:
            if isinstance(result, Failure):
                raise _raised(result)
            found[job.policy, job.seed] = result
            if progress is not None:
                progress(len(found), len(plan))
    return summary(plan, policy, found)


def _both_lives(job: Job, network: Any, silenced: Point) -> Brought:
    talked = custom(job.scenario, network)
    return brought(talked, custom(changed(job.scenario, silenced), network))


def _raised(failure: Failure) -> Exception:
    if isinstance(failure.cause, InputError):
        return failure.cause
    return RuntimeError(failure.error)


def summary(plan: Plan, policy: str, found: Mapping[tuple[str, int], Brought]) -> Market:
    """Put the worlds together: `found` has what was brought, by policy and seed."""
    baseline = plan.experiment.baseline
    worlds = {
        name: {
            field: np.array([getattr(found[name, seed], field) for seed in plan.seeds])
            for field in Brought._fields
        }
        for name in (policy, baseline)
    }
    worlds[GAIN] = {
        field: worlds[policy][field] - worlds[baseline][field] for field in Brought._fields
    }
    return Market(policy, baseline, plan.experiment.scenario.days, worlds)
