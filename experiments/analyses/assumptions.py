"""The runs of a plan as policies x assumptions: what one decides, and what one has to take.

Of what a design varies, keys of the world are assumptions. Keys of the policy are levers where the
design lists their values: each combination of them makes another policy of every policy of the
experiment. Where they are drawn from a range they are assumptions too, such as how long an answer
really takes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from experiments.design import Experiment
from experiments.methods.samples import samples
from experiments.methods.statistics import Array
from experiments.planning.designs import Design, described
from experiments.planning.plan import Plan, Point
from experiments.planning.trying import refuse_impossible
from experiments.sections.designs import DesignSection, LatinHypercube
from experiments.sections.robust import Robust
from sim.errors import InputError, Problem


@dataclass(frozen=True)
class Crossed:
    """A plan in which every policy is run under every set of assumptions.

    Attributes
    ----------
    plan : Plan
    design : Design
        What the points of the plan are.
    policies : tuple of str
        Names of the policies, with their levers where the design lists some.
    baseline : int
        Which of them is the baseline; with levers, the first of its kind.
    points : tuple of Point
        The assumptions.
    cells : array [points, policies] of int
        Numbers of the cells of the plan.
    """

    plan: Plan
    design: Design
    policies: tuple[str, ...]
    baseline: int
    points: tuple[Point, ...]
    cells: NDArray[np.int64]

    @property
    def sampled(self) -> bool:
        """Whether assumptions were drawn from ranges, so that others might have been."""
        return bool(self.design.ranges)

    def samples(self, runs: Any, outcome: str) -> Array:
        """Return an outcome as an array [points, policies, seeds]; see `experiments.methods.samples`."""
        found = samples(self.plan, runs, outcome)
        return found.reshape(-1, found.shape[-1])[self.cells]

    def table(self, kept: Sequence[int]) -> pd.DataFrame:
        """Return the assumptions of some points, a row each; what never varies is left out."""
        varied = [key for key in self.design.varied if key in self.points[0]]
        return pd.DataFrame([[self.points[i][key] for key in varied] for i in kept], columns=varied)


def crossed(experiment: Experiment, section: Robust) -> Crossed:
    """Return the runs that are needed: over the section's own ranges, or over the design.

    Raises
    ------
    InputError
        If no assumption varies, or not every policy has a run under every set of assumptions.
    """
    design = _design(experiment, section)
    plan = Plan(experiment, points=design.points)
    levers = [
        key for key in design.varied if key.startswith("policy.") and key not in design.ranges
    ]
    if set(design.varied) <= set(levers):
        text = (
            f"the design of {experiment.name} varies levers alone ({', '.join(levers)}), and no "
            "assumption; add ranges of what is uncertain: robust: {ranges: "
            "{service.failure_probability: [0.01, 0.08]}}"
        )
        raise InputError(Problem(experiment.place(("design",)), text))
    held = [{key: point[key] for key in levers} for point in design.points]
    taken = [
        {key: value for key, value in point.items() if key not in levers} for point in design.points
    ]
    which, sets = _numbered(taken)
    lever, choices = _numbered(held)
    number = np.full((len(sets), len(choices)), -1, dtype=np.int64)
    number[which, lever] = np.arange(len(taken))
    if (number < 0).any():
        text = (
            f"the design of {experiment.name} has not every policy under the same assumptions; "
            f"cross {', '.join(levers)} with the others: nested: [{{grid: ...}}, {{lhs: ...}}]"
        )
        raise InputError(Problem(experiment.place(("design",)), text))
    own = len(plan.policies)
    cells = number[:, :, None] * own + np.arange(own)
    names = tuple(
        f"{policy} ({_levers(choice)})" if choice else policy
        for choice in choices
        for policy in plan.policies
    )
    baseline = plan.policies.index(experiment.baseline)
    return Crossed(plan, design, names, baseline, tuple(sets), cells.reshape(len(sets), -1))


def _levers(choice: Point) -> str:
    return described({key.removeprefix("policy."): value for key, value in choice.items()})


def _design(experiment: Experiment, section: Robust) -> Design:
    if section.ranges is None:
        if experiment.design is None:
            text = (
                f"the experiment {experiment.name} has no assumptions to vary; give it a design, or "
                "robust: {ranges: {service.failure_probability: [0.01, 0.08]}}"
            )
            raise InputError(Problem(experiment.place(("robust",)), text))
        return experiment.design
    sampled = LatinHypercube(samples=section.samples, ranges=section.ranges)
    design = Design(DesignSection(lhs=sampled))
    refuse_impossible(experiment, design.points, ("robust", "ranges"))
    return design


def _numbered(points: Sequence[Point]) -> tuple[NDArray[np.int64], list[Point]]:
    """Return for each point the number of its kind, and the kinds in the order they are met."""
    known: dict[tuple[Any, ...], int] = {}
    numbers = [known.setdefault(tuple(point.values()), len(known)) for point in points]
    found = np.array(numbers, dtype=np.int64)
    return found, [points[i] for i in np.unique(found, return_index=True)[1]]
