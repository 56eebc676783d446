"""What an experiment over uncertain assumptions came to: regrets, the choice, what overturns it."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import pandas as pd

from experiments.analyses.assumptions import Crossed
from experiments.analyses.robust_conclusion import conclude, notes, said
from experiments.design import Experiment
from experiments.methods.discovery import Description, describe
from experiments.methods.prim import Mask
from experiments.methods.regret import SUMMED, Regrets, at_most, wilson
from experiments.outcomes import MEASURES, Measure
from experiments.sections.robust import Criterion, Robust


class Standing(NamedTuple):
    """How a policy does over all points.

    Regrets are in the unit of the outcome. A win is the highest mean; equals share it. The
    interval of the share of wins holds both the luck of the worlds, by which some points are open,
    and that of the points, where they are a sample; so do those of the mean regret and of the
    90th percentile. The greatest regret is that of the points that were tried, and has none.
    """

    mean_regret: float
    p90_regret: float
    max_regret: float
    win_share: float
    win_low: float
    win_high: float
    beats_baseline_share: float | None
    mean_low: float
    mean_high: float
    p90_low: float
    p90_high: float


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
        return self.over.sampled

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
            float(SUMMED["mean_regret"](own)),
            float(SUMMED["p90_regret"](own)),
            float(SUMMED["max_regret"](own)),
            float(regrets.wins[:, policy].mean()),
            low,
            high,
            None if policy == self.over.baseline else float(beats.mean()),
            *(
                float(end[policy])
                for summed in ("mean_regret", "p90_regret")
                for end in regrets.interval(summed)
            ),
        )

    def least(self, criterion: Criterion) -> str:
        """Return the policy with the least regret of a kind; of equals the least mean regret."""
        return min(
            self.policies,
            key=lambda name: (
                getattr(self.standings[name], criterion), self.standings[name].mean_regret
            ),
        )  # fmt: skip

    @property
    def recommended(self) -> str:
        """The policy with the least regret by the criterion."""
        return self.least(self.criterion)

    @cached_property
    def sureness(self) -> float:
        """The chance that this policy is chosen, if points and worlds are drawn anew."""
        chosen = self.regrets.least_chances(self.criterion)
        return float(chosen[self.policies.index(self.recommended)])

    @cached_property
    def overturned(self) -> Mask:
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
        redraw = self.regrets.overturning(self.policies.index(self.recommended))
        told = (table.nunique(dropna=False) > 1) & ~table.isna().any()
        kept = table.loc[:, told]
        if kept.empty:
            return None
        return describe(kept, self.overturned, plain, redraw)

    @property
    def could_lose(self) -> float | None:
        """The share of points that may overturn the policy, at 95%, though none was met; else None.

        Points at which its lead is within noise count as met; None, too, where all are.
        """
        if not self.sampled or self.overturned.any():
            return None
        own = self.policies.index(self.recommended)
        surely = ~self.regrets.open & ~self.regrets.beaten[:, own]
        bound = at_most(int((~surely).sum()), self.points)
        return bound if bound < 1 else None

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
            "recommended_chance": self.sureness,
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
