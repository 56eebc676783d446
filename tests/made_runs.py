"""Runs that were never run: of real jobs, with results drawn from what the jobs are."""

import random
import struct
from collections.abc import Sequence
from typing import Any

import numpy as np

from experiments.design import Experiment
from experiments.engine.runner import Run
from experiments.outcomes import MEASURES
from experiments.planning.plan import Job, Plan, Point
from experiments.storage.batches import Pair
from sim.policy import Policy
from sim.scenario import Scenario

OUTCOMES = tuple(name for name in MEASURES if name != "return_on_recovery_spend")[:12]
COLUMNS = ("day", "reputation", "visits")

POINTS: tuple[Point, ...] = (
    {"policy.delay": 0.0, "service.failure_probability": 0.01},
    {"policy.delay": 2, "policy.authority": None},
    {"policy.authority": 0.5, "talk.enabled": False, "market.people": 40},
)
"""Points that set different keys: numbers, whole numbers, a switch, and no limit."""

KEYS = tuple(dict.fromkeys(key for point in POINTS for key in point))


def an_experiment(seeds: int = 2, name: str = "made", **scenario: Any) -> Experiment:
    return Experiment(
        name=name,
        scenario=Scenario(**scenario),
        policies={"slow": Policy(delay=9.0), "fast": Policy(delay=0.0)},
        baseline="slow",
        seeds=tuple(range(1, seeds + 1)),
    )


def a_plan(seeds: int = 2, points: Sequence[Point] = POINTS, **scenario: Any) -> Plan:
    return Plan(an_experiment(seeds, **scenario), points)


def a_run(job: Job) -> Run:
    """Return what always comes of a job: any float there is, some undefined.

    It does not depend on the version of the model, as the job's identity does.
    """
    luck = random.Random(f"{job.policy} {job.seed} {dict(job.point)} {job.scenario.days}")

    def number() -> float:
        return luck.choice([luck.uniform(-1, 1), 0.0, -0.0, 3.0, np.nan, _any_float(luck)])

    series = [[float(day), number(), number()] for day in range(0, 21, 7)]
    return Run(
        policy=job.policy,
        seed=job.seed,
        values={name: number() for name in OUTCOMES},
        series=np.array(series),
        columns=COLUMNS,
        seconds=random.random(),
        people=60,
        ties=240,
        digest=luck.randbytes(32).hex(),
    )


def _any_float(luck: random.Random) -> float:
    value: float = struct.unpack("<d", luck.randbytes(8))[0]
    return 0.5 if np.isnan(value) else value


def pairs(plan: Plan) -> list[Pair]:
    return [(job, a_run(job)) for job in plan.jobs()]
