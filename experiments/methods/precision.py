"""Running worlds until intervals are narrow enough, without making them say more than they know.

To stop when an interval happens to be narrow is to stop when its variance happens to look small: it
then covers less often than it says. Stein's two-stage procedure (1945, A two-sample test for a
linear hypothesis whose power is independent of the variance, Annals of Mathematical Statistics 16,
243-258) does not do that. The first stage tells the variance, from which follows how many worlds are
needed, and the interval keeps to that variance; under normal noise it covers exactly.

Here the interval is also kept at least as wide as Student's from all worlds, and worlds are added
until that is narrow enough too. Noise with long tails often looks smaller than it is in few worlds,
and this mends it. It costs no coverage: under normal noise a mean is independent of all deviations
from it, so whatever stops by the deviations alone leaves at least Stein's coverage.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from experiments.methods.statistics import Array, Sampling, mean_interval
from experiments.outcomes import MEASURES
from experiments.wording import given, listed

PROCEDURE = "Stein's two-stage procedure (1945)"


@dataclass(frozen=True)
class PrecisionRule:
    """The rule: go on until half the width of each interval is `half_width` or less.

    Attributes
    ----------
    outcome : str
    half_width : float
        In the unit of the outcome.
    first : int
        Worlds of the first stage.
    at_most : int
        Worlds to stop at, narrow or not.
    """

    outcome: str
    half_width: float
    first: int
    at_most: int

    @property
    def sampling(self) -> Sampling:
        """How the intervals have to be made."""
        return Sampling(self.first)

    @property
    def promise(self) -> str:
        """What the rule does in every setting of several, in words."""
        measure = MEASURES[self.outcome]
        return (
            f"In each setting {PROCEDURE} adds worlds until the 95% interval of every difference in "
            f"{measure.label} reaches {given(measure, self.half_width)} or less to either side."
        )

    def stand(self, names: Sequence[str], rows: Sequence[Array], baseline: int) -> "Reached":
        """Return how things stand after some worlds.

        Parameters
        ----------
        names : sequence of str
            What the alternatives are called.
        rows : sequence of array [worlds run]
            The outcome of each, world by world; NaN where it was undefined.
        baseline : int
            The alternative from which differences are taken. Of a single one the level counts.
        """
        run = min(len(row) for row in rows)
        values = np.array([row[:run] for row in rows])
        several = len(rows) > 1
        compared = [i for i in range(len(rows)) if i != baseline or not several]
        samples = values[compared] - values[baseline] if several else values
        mean, _, high = mean_interval(samples, self.sampling)
        reach = high - mean
        return Reached(
            rule=self,
            names=tuple(names),
            baseline=names[baseline] if several else None,
            worlds=tuple(map(len, rows)),
            wanted=(self._wanted(samples, reach),) * len(rows),
            half_widths={names[i]: float(w) for i, w in zip(compared, reach, strict=True)},
            undefined=tuple(
                names[i]
                for i, sample in zip(compared, samples, strict=True)
                if not np.isfinite(sample).any()
            ),
        )

    def _wanted(self, samples: Array, reach: Array) -> int:
        """Return how many worlds are wanted in all, from what is known of the variances."""
        run: int = samples.shape[1]
        if run < self.first:
            return self.first
        finite = np.isfinite(samples).sum(axis=1)
        needed: int = run
        for count, half in zip(finite.tolist(), reach.tolist(), strict=True):
            if count > 0 and not half <= self.half_width:
                # The reach shrinks as the root of the count, and its quantile does not grow.
                ratio = half / self.half_width if math.isfinite(half) else math.sqrt(2.0)
                most = min(ratio * ratio, self.at_most / run)
                needed = max(needed, math.ceil(run * most), run + 1 + run // 20)
        return max(run, min(self.at_most, needed))


@dataclass(frozen=True)
class Reached:
    """How narrow the intervals became.

    Attributes
    ----------
    rule : PrecisionRule
    names : tuple of str
        The alternatives.
    baseline : str or None
        The one from which the differences are; None where the level of a single one was asked for.
    worlds, wanted : tuple of int
        Worlds run and worlds wanted, by alternative; the same where nothing more is to be done.
    half_widths : mapping of str to float
        Half the width of the interval of each difference; NaN where there is none.
    undefined : tuple of str
        Alternatives whose difference was undefined in every world.
    """

    rule: PrecisionRule
    names: tuple[str, ...]
    baseline: str | None
    worlds: tuple[int, ...]
    wanted: tuple[int, ...]
    half_widths: dict[str, float]
    undefined: tuple[str, ...]

    @property
    def settled(self) -> bool:
        """Whether each interval that can be had is narrow enough, and one can."""
        found = [half for name, half in self.half_widths.items() if name not in self.undefined]
        return bool(found) and all(half <= self.rule.half_width for half in found)

    @property
    def chosen(self) -> tuple[str, ...]:
        """Nothing: the rule makes intervals narrow, and chooses none."""
        return ()

    @cached_property
    def text(self) -> str:
        """What was reached, by which procedure and with how many runs, in words."""
        rule, run = self.rule, max(self.worlds)
        measure = MEASURES[rule.outcome]
        what = (
            f"each difference from {self.baseline} in {measure.label}"
            if self.baseline is not None
            else f"the {measure.label} of {self.names[0]}"
        )
        wanted = given(measure, rule.half_width)
        spent = f"{run:,} worlds ({sum(self.worlds):,} runs)"
        parts = []
        if len(self.undefined) == len(self.half_widths):
            return f"{what[:1].upper()}{what[1:]} was undefined in all {spent}."
        if self.settled:
            parts.append(f"After {spent} {what} is known to within {wanted} or less")
        else:
            wide = {n: h for n, h in self.half_widths.items() if not h <= rule.half_width}
            widest = listed([n for n in wide if n not in self.undefined])
            parts.append(
                f"After {spent}, the most that were allowed, {what} is not known to within "
                f"{wanted}: the interval is still wider for {widest}"
            )
        added = (
            "worlds were added to the first"
            if run > rule.first
            else "no worlds were added to the first"
        )
        parts.append(
            f"{added} {rule.first} by {PROCEDURE}, under which a 95% interval covers what it says "
            "although the results decided how many"
        )
        if self.undefined:
            parts.append(f"the {measure.label} was undefined for {listed(self.undefined)}")
        return "; ".join(parts) + "."

    def to_json(self) -> dict[str, Any]:
        """Return it as plain data."""
        return {
            "rule": "precision",
            "procedure": PROCEDURE,
            "outcome": self.rule.outcome,
            "half_width": self.rule.half_width,
            "settled": self.settled,
            "worlds": dict(zip(self.names, self.worlds, strict=True)),
            "half_widths": self.half_widths,
            "conclusion": self.text,
        }
