"""What the model says on held-out findings about markets and about many customers."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from experiments.design import Experiment
from experiments.engine.runner import Failure, RunError, perform
from experiments.laboratory.genealogy import trace
from experiments.laboratory.lives import EVERY
from experiments.laboratory.paradox import examine, talk_of
from experiments.methods.statistics import Array, Interval, fieller, mean_interval
from experiments.planning.plan import Job, Plan
from experiments.sections.paradox import Paradox
from sim.outcome import Outcome
from sim.policy import Policy
from sim.run import simulate
from sim.scenario import Scenario

WORLDS = 4
"""Worlds at most for what is measured in runs of its own."""

UNKNOWN = Interval(*np.full(3, np.nan))

LAUNCH = {"market.customers": 0.01, "market.aware": 0.0, "market.advertising": 0.0}
"""A new firm that is known by word of mouth alone."""

FIRMS = 24
"""Firms over which NPS is correlated with growth."""


def markets(
    scenario: Scenario, seeds: Sequence[int], workers: int | None
) -> dict[str, float | Interval]:
    """Return the model's answers by the ids of `experiments.evidence.held_out.HELD_OUT`."""
    some = tuple(seeds[:WORLDS])
    return {
        **_paradox(scenario, some, workers),
        "H25": _weak_ties(scenario, some, workers),
        "H26": _passed_on(scenario, some, workers),
        "H28": _growth(scenario, some[:2], workers),
    }


def _paradox(
    scenario: Scenario, seeds: Sequence[int], workers: int | None
) -> Mapping[str, Interval]:
    """H1 to H4: three lives of customers who are invited to complain, and answered at best."""
    best = Policy(
        fix=1.0, compensation=0.5, delay=0.0, apology=1.0, empathy=1.0, follow_up=1.0,
        unresolved=0.0, ease=4.0,
    )  # fmt: skip
    asked = Paradox(compensation=(0.5,), delays=(0.0,), alone=0)
    if scenario.days <= asked.followed_for + 2 * EVERY:
        return dict.fromkeys(("H1", "H2", "H3", "H4"), UNKNOWN)
    found = examine(
        Experiment("best", scenario, {"best": best}, "best", tuple(seeds), paradox=asked),
        workers=workers,
    )
    first = found.first
    effects = (
        first["satisfaction"], first["intention"], first["staying"], talk_of(first),
    )  # fmt: skip
    return {f"H{i}": found.mean(effect) for i, effect in enumerate(effects, start=1)}


def _weak_ties(scenario: Scenario, seeds: Sequence[int], workers: int | None) -> Interval:
    """H25: who knows a new firm after half a year, by weak ties alone and by strong ones alone."""
    points = [LAUNCH | {"talk.weak_ties": share} for share in (1.0, 0.0)]
    half = scenario.model_copy(update={"days": min(scenario.days, 182)})
    lived = _lived(half, points, seeds, workers)
    aware = np.array([[each.rows["aware"][-1] for each in cell] for cell in lived], np.float64)
    with np.errstate(invalid="ignore", divide="ignore"):
        return fieller(aware[0], aware[1])


def _passed_on(scenario: Scenario, seeds: Sequence[int], workers: int | None) -> Interval:
    """H26: the share of bad stories heard that were passed on, for the same share of good ones."""

    def counted(job: Job, network: Any) -> Array:
        counts = np.zeros((2, 2))

        def keep(tellings: Any) -> None:
            np.add.at(counts, ((tellings["valence"] < 0.0) * 1, (tellings["hop"] > 0) * 1), 1.0)

        trace(job.scenario, network, keep)
        return counts

    ((*worlds,),) = _lived(scenario, [{}], seeds, workers, counted)
    counts = np.array(worlds)
    with np.errstate(invalid="ignore", divide="ignore"):
        good, bad = np.moveaxis(counts[..., 1] / counts.sum(axis=-1), -1, 0)
        return fieller(bad, good)


def _growth(scenario: Scenario, seeds: Sequence[int], workers: int | None) -> Interval:
    """H28: correlation with growth of NPS among all who know the firm, less of NPS of customers.

    Firms differ in how often they fail, how slowly they answer and how many customers they have.
    NPS is that at half-time; growth is revenue after it for revenue before it.
    """
    numbers = np.arange(1, FIRMS + 1)[:, None] * np.array([0.8192, 0.6711, 0.5497])
    points = [
        {
            "service.failure_probability": 0.005 * 24.0**u,
            "policy.delay": round(20.0 * v, 3),
            "market.customers": 0.1 + 0.5 * w,
        }
        for u, v, w in (numbers % 1.0).tolist()
    ]
    lived = _lived(scenario, points, seeds, workers)
    gaps = []
    for world in zip(*lived, strict=True):
        known = np.array([_half_time(each.rows) for each in world])
        with np.errstate(invalid="ignore", divide="ignore"):
            related = np.corrcoef(known.T)
        gaps.append(related[2, 0] - related[2, 1])
    return mean_interval(np.array(gaps))


def _half_time(rows: Any) -> tuple[float, float, float]:
    """Return both NPS at half-time and how revenue grew from the first half to the second."""
    middle = len(rows) // 2
    before, whole = rows["revenue"][middle], rows["revenue"][-1]
    with np.errstate(invalid="ignore", divide="ignore"):
        return rows["nps_aware"][middle], rows["nps"][middle], whole / before - 1.0


def _outcome(job: Job, network: Any) -> Outcome:
    return simulate(job.scenario, network)


def _lived(
    scenario: Scenario, points: Sequence[Any], seeds: Sequence[int], workers: int | None,
    make: Callable[[Job, Any], Any] = _outcome,
) -> list[list[Any]]:  # fmt: skip
    """Run a scenario at points, and return what is made of it, by point and world."""
    name = scenario.policy_name
    design = Experiment(scenario.name, scenario, {name: scenario.policy}, name, tuple(seeds))
    plan = Plan(design, points=points)
    found: dict[tuple[int, int], Any] = {}
    for job, made in perform(plan.jobs(), workers=workers, make=make):
        if isinstance(made, Failure):
            raise RunError(name, job.seed, made.error) from made.cause
        found[job.cell, job.seed] = made
    return [[found[cell, seed] for seed in seeds] for cell in range(plan.cell_count)]
