"""What a sweep found, in one paragraph: who wins where, and the best and the worst of it all."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from experiments.methods.factors import drawn_correlations
from experiments.methods.selection import SelectionRule
from experiments.methods.statistics import Array, Sampling, mean_interval
from experiments.methods.stopping import sampling
from experiments.outcomes import MEASURES, Measure
from experiments.planning.designs import described
from experiments.planning.points import Point
from experiments.wording import amount, listed

if TYPE_CHECKING:
    from experiments.planning.plan import Plan
    from experiments.sweep import Sweep

_MOST_TOLD = 3
"""Policies whose rank correlations are told."""

_MANY = 20
"""Cells from which on the best of them is likely to be a lucky one."""


def conclude(sweep: "Sweep") -> str:
    """Say what a sweep found about its first outcome; empty where no run has it."""
    outcome = sweep.plan.experiment.outcomes[0]
    runs = sweep.results.runs
    if outcome not in runs:
        return ""
    found = Found(sweep.plan, outcome, samples(sweep.plan, runs, outcome))
    rule = sweep.rounds.rule
    asked = isinstance(rule, SelectionRule) and rule.outcome == outcome
    drawn = goes_with(sweep.plan, runs, MEASURES[outcome])
    parts = ("" if asked else found.winners(), drawn, found.text(), sweep.rounds.text)
    return " ".join(filter(None, parts))


def goes_with(plan: "Plan", runs: Any, measure: Measure) -> str:
    """Say with which of the keys that were drawn an outcome goes most, and how sure that is."""
    design = plan.experiment.design
    if design is None or not design.ranges or plan.points is not design.points:
        return ""
    ranks = drawn_correlations(runs.dropna(subset=[measure.name]), design, measure.name)
    ranks = ranks[ranks["key"].isin(design.varied) & ranks["rho"].notna()]
    if ranks.empty:
        return ""
    # Where all are in order there is no interval, and no doubt.
    beyond = ranks[(ranks["low"] > 0) | (ranks["high"] < 0) | (ranks["rho"].abs() > 1 - 1e-9)]
    keys = list(dict.fromkeys(beyond["key"]))
    if not keys:
        return (
            f"With none of the keys drawn does {measure.label} go more than chance explains (Spearman's "
            "rank correlations, 95% intervals)."
        )
    rows = ranks[ranks["key"] == keys[0]]
    several = len(plan.policies) > 1
    told = [
        f"{row.rho:.2f}{f' under {row.policy}' if several else ''}"
        + (f", 95% interval {row.low:.2f} to {row.high:.2f}" if row.low == row.low else "")
        for row in rows.itertuples()
    ]
    also = f"; more than chance explains with {listed(keys[1:])} too" if keys[1:] else ""
    return (
        f"Of the keys drawn, {measure.label} goes most with {keys[0]} (Spearman's rank correlation "
        f"{'; '.join(told[:_MOST_TOLD])}){also}."
    )


def samples(plan: "Plan", runs: Any, outcome: str) -> Array:
    """Return an outcome as an array [points, policies, worlds]; NaN where undefined or not run.

    Parameters
    ----------
    plan : Plan
    runs : DataFrame
        With columns `cell`, `seed` and the outcome.
    outcome : str
    """
    seeds, world = np.unique(runs["seed"].to_numpy(), return_inverse=True)
    values = np.full((plan.cell_count, len(seeds)), np.nan)
    values[runs["cell"].to_numpy(), world] = runs[outcome].to_numpy(dtype=np.float64)
    return values.reshape(len(plan.points), len(plan.policies), len(seeds))


class Found:
    """What was found about one outcome.

    Parameters
    ----------
    plan : Plan
    outcome : str
    values : array [points, policies, worlds]
    """

    def __init__(self, plan: "Plan", outcome: str, values: Array) -> None:
        self.plan = plan
        self.measure = MEASURES[outcome]
        self.values = values
        self.sampling: Sampling = sampling(plan.experiment)
        self.mean, self.low, self.high = mean_interval(values, self.sampling)
        self.toward = self.measure.direction or 1
        self.known = np.isfinite(self.mean)

    def text(self) -> str:
        """Say where the outcome was best and worst, and what speaks against relying on it."""
        if not self.known.any():
            return f"The {self.measure.label} is undefined in every run."
        parts = [self.extremes()]
        if np.isfinite(self.values).sum(axis=-1).max() < 2:
            parts.append("One world cannot tell any of this from luck; run more seeds.")
        elif self.known.sum() >= _MANY and self.measure.direction:
            parts.append(
                f"The best of {int(self.known.sum()):,} is likely to have been lucky, too: before "
                "you rely on it, run it again with fresh seeds."
            )
        return " ".join(parts)

    def winners(self) -> str:
        """Say which policy is best at how many points, and at how many of these it is clear."""
        policies = self.plan.policies
        if len(policies) < 2 or not self.measure.direction:
            return ""
        leaders, clear = self.leaders()
        decided = leaders[leaders >= 0]
        if not len(decided):
            return ""
        order = sorted(range(len(policies)), key=lambda i: -int((decided == i).sum()))
        counts = {i: (int((leaders == i).sum()), int(clear[leaders == i].sum())) for i in order}
        label = self.measure.label
        if len(decided) == 1:
            name, sure = policies[order[0]], counts[order[0]][1]
            return f"{name} is best at {label}." if sure else (
                f"{name} leads at {label}, but not beyond what luck explains."
            )  # fmt: skip
        told = [
            f"{policies[i]} at {'all of them' if wins == len(decided) else f'{wins:,}'} "
            f"({'clearly' if wins == sure else f'clearly at {sure:,}'})"
            for i, (wins, sure) in counts.items()
            if wins
        ]
        return (
            f"Of {len(decided):,} points, the best policy at {label} is {listed(told)}. Clearly "
            "means that the 95% interval of its difference from each other policy leaves out 0."
        )

    def leaders(self) -> tuple[Any, Any]:
        """Return for each point the number of its best policy, and whether that is clear.

        -1 where fewer than two policies have a value. Policies are ranked by their differences in
        common worlds, so that lucky first worlds of one that was run no more do not count for it.
        """
        counts = np.isfinite(self.values).sum(axis=-1)
        anchor = counts.argmax(axis=1)
        points = np.arange(len(self.values))
        apart = mean_interval(self.values - self.values[points, anchor][:, None]).mean
        standing = np.where(np.isfinite(apart), self.toward * apart, -np.inf)
        leaders = standing.argmax(axis=1)
        lead = self.toward * (self.values[points, leaders][:, None] - self.values)
        low = mean_interval(lead, self.sampling).low
        rivals = np.isfinite(apart)
        rivals[points, leaders] = False
        clear = np.where(rivals, low > 0, True).all(axis=1)
        return np.where(rivals.any(axis=1), leaders, -1), clear

    def extremes(self) -> str:
        """Say where the outcome was at its best and at its worst."""
        ranked = np.where(self.known, self.toward * self.mean, np.nan).reshape(-1)
        best, worst = int(np.nanargmax(ranked)), int(np.nanargmin(ranked))
        label = self.measure.label[:1].upper() + self.measure.label[1:]
        level = (self.mean, self.low, self.high)
        if best == worst:
            return f"{label} came to {self._amount(level, best)} {self._place(best)}."
        first, last = ("best", "worst") if self.measure.direction else ("highest", "lowest")
        values = self.values.reshape(-1, self.values.shape[-1])
        apart = mean_interval(self.toward * (values[best] - values[worst]), self.sampling)
        return (
            f"{label} was {first} {self._place(best)}, {self._amount(level, best)}, and {last} "
            f"{self._place(worst)}, {self._amount(level, worst)}; in the same worlds they differ by "
            f"{self._amount(apart, 0)}."
        )

    def _amount(self, interval: Sequence[Array], cell: int) -> str:
        parts = (float(np.reshape(part, -1)[cell]) for part in interval)
        return amount(self.measure, *(part if np.isfinite(part) else None for part in parts))

    def _place(self, cell: int) -> str:
        at, which = divmod(cell, len(self.plan.policies))
        under = f"under {self.plan.policies[which]}"
        place = described(_rounded(self.plan.points[at]))
        return f"{under} at {place}" if place else under


def _rounded(point: Point) -> Point:
    """Return a point in as many figures as are read: where it was drawn, there are more."""
    return {
        key: float(f"{value:.3g}") if isinstance(value, float) else value
        for key, value in point.items()
    }
