"""Policies under uncertain assumptions: which is regretted least, and what would overturn it.

Every policy is run at every point of a design over the assumptions, in the same worlds. The policy
to choose is the one of which one would have to regret least (`experiments.regret`); what the points
have in common at which another does better is found by scenario discovery
(`experiments.discovery`). Robust decision making has both (Lempert, Groves, Popper & Bankes 2006,
Management Science 52: 514-528).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from experiments.assumptions import Crossed, crossed
from experiments.design import Experiment
from experiments.discovery import Description, constant, describe, undefined
from experiments.outcomes import MEASURES, Measure
from experiments.regret import QUANTILE, Regrets, none_in, wilson
from experiments.robust_conclusion import OBSERVABLES, conclude, notes, said
from experiments.runner import Progress
from experiments.sections.robust import Criterion, Robust
from experiments.statistics import Array
from sim.errors import InputError


class Standing(NamedTuple):
    """How a policy does over all points.

    Regrets are in the unit of the outcome. A win is the highest mean; equals share it. The
    interval of the share of wins holds both the luck of the worlds, by which some points are open,
    and that of the points, where they are a sample.
    """

    mean_regret: float
    p90_regret: float
    max_regret: float
    win_share: float
    win_low: float
    win_high: float
    beats_baseline_share: float | None


@dataclass(frozen=True)
class Robustness:
    """The result of an experiment over uncertain assumptions.

    Attributes
    ----------
    over : Crossed
        What was run: policies x assumptions.
    section : Robust
        What was asked; its outcome is named.
    assumptions : DataFrame
        A row per point, a column per key that was varied.
    observables : DataFrame
        A row per point: what could be observed there under the baseline, by outcome; means of all
        worlds.
    regrets : Regrets
        Of the points and the policies, in the order of the two above.
    left_out : int
        Points at which the outcome was undefined, or of which runs failed.
    """

    over: Crossed
    section: Robust
    assumptions: pd.DataFrame
    observables: pd.DataFrame
    regrets: Regrets
    left_out: int = 0

    @property
    def experiment(self) -> Experiment:
        """The experiment."""
        return self.over.plan.experiment

    @property
    def policies(self) -> tuple[str, ...]:
        """Names of the policies."""
        return self.over.policies

    @property
    def baseline(self) -> str:
        """Name of the policy under which is observed what can be, and that others are to beat."""
        return self.policies[self.over.baseline]

    @property
    def sampled(self) -> bool:
        """Whether the assumptions were drawn from ranges; else shares of points are no chances."""
        return bool(self.over.design.ranges)

    @property
    def measure(self) -> Measure:
        """The outcome."""
        assert self.section.outcome is not None
        return MEASURES[self.section.outcome]

    @property
    def criterion(self) -> Criterion:
        """By which regret the policy was chosen."""
        return self.section.criterion

    @property
    def points(self) -> int:
        """How many points there are, those left out not counted."""
        return len(self.assumptions)

    @cached_property
    def standings(self) -> dict[str, Standing]:
        """How each policy does over all points."""
        return {name: self._standing(i) for i, name in enumerate(self.policies)}

    def _standing(self, policy: int) -> Standing:
        regrets = self.regrets
        own = regrets.regret[:, policy]
        surely = ~regrets.open & ~regrets.beaten[:, policy]
        low, high = float(surely.mean()), float((~regrets.beaten[:, policy]).mean())
        if self.sampled:
            low, high = wilson(low, self.points)[0], wilson(high, self.points)[1]
        beats = regrets.regret[:, self.over.baseline] > own
        return Standing(
            float(own.mean()),
            float(np.quantile(own, QUANTILE)),
            float(own.max()),
            float(regrets.wins[:, policy].mean()),
            low,
            high,
            None if policy == self.over.baseline else float(beats.mean()),
        )

    def least(self, criterion: Criterion) -> str:
        """Return the policy with the least regret of a kind; of equals the least mean regret."""
        return min(
            self.policies,
            key=lambda name: (getattr(self.standings[name], criterion), self.standings[name]),
        )

    @property
    def recommended(self) -> str:
        """The policy with the least regret by the criterion."""
        return self.least(self.criterion)

    @cached_property
    def overturned(self) -> "np.ndarray[Any, np.dtype[np.bool_]]":
        """At which points another policy does better than the recommended one [points]."""
        return self.regrets.overturned(self.policies.index(self.recommended))

    @cached_property
    def description(self) -> Description | None:
        """What those points have in common, in assumptions or in what can be observed."""
        table = pd.concat([self.assumptions, self.observables], axis=1)
        return self._described(table, tuple(map(str, self.observables)))

    @cached_property
    def in_assumptions(self) -> Description | None:
        """What those points have in common, in assumptions alone."""
        return self._described(self.assumptions, ())

    def _described(self, table: pd.DataFrame, plain: Sequence[str]) -> Description | None:
        useless = {*constant(table), *undefined(table, self.observables.columns)}
        redraw = self.regrets.redrawing(self.policies.index(self.recommended))
        kept = table.drop(columns=[name for name in table if name in useless])
        if kept.empty:
            return None
        return describe(kept, self.overturned, plain, redraw)

    @property
    def could_lose(self) -> float | None:
        """The share of points that may overturn the policy though none was met; else None."""
        return none_in(self.points) if self.sampled and not self.overturned.any() else None

    @cached_property
    def instead(self) -> str | None:
        """The policy that is best most often where the recommended one is overturned."""
        wins = self.regrets.wins[self.overturned].sum(axis=0)
        return self.policies[int(wins.argmax())] if wins.sum() else None

    @cached_property
    def conclusion(self) -> str:
        """What was found and how sure it is, in words."""
        return conclude(self)

    @cached_property
    def notes(self) -> tuple[str, ...]:
        """What else a reader has to know."""
        return notes(self)

    def to_json(self) -> dict[str, Any]:
        """Return the result as plain data, without NaN and infinity."""
        found = self.description
        return {
            "recommended": self.recommended,
            "criterion": self.criterion,
            "outcome": self.measure.name,
            "points": self.points,
            "policies": {name: one._asdict() for name, one in self.standings.items()},
            "open_share": float(self.regrets.open.mean()),
            "overturned_share": float(self.overturned.mean()),
            "overturned_by": _limits(found),
            "coverage": found.fit.coverage if found else None,
            "density": found.fit.density if found else None,
            "could_lose": self.could_lose,
            "conclusion": self.conclusion,
        }

    def points_frame(self) -> pd.DataFrame:
        """Return a row per point: assumptions, observables, regrets, the best, whether open."""
        regret = {
            f"regret {name}": self.regrets.regret[:, i] for i, name in enumerate(self.policies)
        }
        best = [self.policies[i] for i in self.regrets.regret.argmin(axis=1)]
        return pd.concat(
            [
                self.assumptions,
                self.observables.add_suffix(f" under {self.baseline}"),
                pd.DataFrame({**regret, "best": best, "open": self.regrets.open}),
            ],
            axis=1,
        )


def _limits(found: Description | None) -> list[dict[str, Any]]:
    return [
        {
            "key": limit.column, "comparison": limit.comparison,
            "threshold": list(limit.values) if limit.values else limit.threshold,
            "low": limit.low, "high": limit.high, "words": said(limit),
        }
        for limit in (found.limits if found else ())
    ]  # fmt: skip


def robust(
    experiment: Experiment,
    folder: Path | None = None,
    *,
    workers: int | None = None,
    progress: Progress | None = None,
) -> Robustness:
    """Run an experiment's policies over its assumptions, and judge them.

    Parameters
    ----------
    experiment : Experiment
        With a `robust` section that has ranges, or a `design`.
    folder : Path, optional
        Where runs are kept, and found again.
    workers, progress
        See `experiments.sweep.sweep`.

    Raises
    ------
    InputError
        If there is nothing to compare: one policy, one seed, nothing varied.
    """
    from experiments.sweep import sweep

    section = asked(experiment)
    over = crossed(experiment, section)
    swept = sweep(over.plan, folder, workers=workers, progress=progress)
    return judged(over, section, swept.results.runs)


def asked(experiment: Experiment) -> Robust:
    """Return what is asked of an experiment, its outcome named; refuse what cannot be told."""
    section = experiment.robust or Robust()
    outcome = section.outcome or experiment.outcomes[0]
    if MEASURES[outcome].direction == 0:
        raise InputError(
            f"robust.outcome = {outcome} is neither good nor bad by itself, so that no policy can "
            "be best at it; name another, e.g. reputation"
        )
    if len(experiment.policies) < 2:
        raise InputError("policies must be two or more: there is nothing to regret with one")
    if len(experiment.seeds) < 2:
        raise InputError("seeds = 1 must be at least 2: one world cannot tell a lead from luck")
    return section.model_copy(update={"outcome": outcome})


def judged(over: Crossed, section: Robust, runs: pd.DataFrame) -> Robustness:
    """Judge policies by runs that were made.

    Parameters
    ----------
    over : Crossed
        What the numbers of the cells mean.
    section : Robust
        What is asked, its outcome named.
    runs : DataFrame
        As in `experiments.results.Results`: columns `cell`, `seed` and a column per outcome.
    """
    assert section.outcome is not None
    if section.outcome not in runs:
        raise InputError(
            f"robust.outcome = {section.outcome} is no outcome of a single run; name another, e.g. "
            "npv_per_person, which holds costs and gains"
        )
    reached = over.samples(runs, section.outcome)
    whole = np.isfinite(reached).all(axis=1).sum(axis=1) >= 2
    kept = np.flatnonzero(whole).tolist()
    if not kept:
        raise InputError(
            f"robust.outcome = {section.outcome} is undefined at every point; name another"
        )
    seen = {
        name: _means(over.samples(runs, name)[kept, over.baseline])
        for name in OBSERVABLES
        if name in runs and name != section.outcome
    }
    return Robustness(
        over,
        section,
        over.table(kept),
        pd.DataFrame(seen, index=range(len(kept))),
        Regrets(reached[kept] * MEASURES[section.outcome].direction, section.threshold),
        int((~whole).sum()),
    )


def _means(values: Array) -> Array:
    """Return means over the seeds that are known; NaN where none is."""
    known = np.isfinite(values).sum(axis=1)
    total = np.nansum(values, axis=1)
    return np.where(known > 0, total / np.maximum(known, 1), np.nan)
