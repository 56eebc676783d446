"""Running worlds until it is known which alternative is the best, and only those still in question.

By the procedure of Kim & Nelson (2001); see `experiments.methods.kim_nelson`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from experiments.methods.kim_nelson import Course
from experiments.methods.statistics import Array, Sampling
from experiments.outcomes import MEASURES
from experiments.wording import given, listed

PROCEDURE = "the fully sequential procedure of Kim and Nelson (2001)"


@dataclass(frozen=True)
class SelectionRule:
    """The rule: go on until all alternatives but one are dropped.

    Attributes
    ----------
    outcome : str
    direction : int
        1 if higher is better, -1 if lower is.
    indifference : float
        The smallest lead worth detecting, in the unit of the outcome.
    confidence : float
        The chance of choosing the best where it leads by that much.
    first : int
        Worlds of the first stage.
    at_most : int
        Worlds to stop at, decided or not.
    """

    outcome: str
    direction: int
    indifference: float
    confidence: float
    first: int
    at_most: int

    @property
    def sampling(self) -> Sampling:
        """How intervals have to be made where this rule decided how many worlds were run."""
        return Sampling(self.first, anytime=True)

    @property
    def promise(self) -> str:
        """What the rule does in every setting of several, in words."""
        return (
            f"In each setting {PROCEDURE} chooses the best with a probability of at least "
            f"{100 * self.confidence:g}% wherever it leads the others by {self.lead} or more."
        )

    @property
    def lead(self) -> str:
        """The indifference with its unit."""
        return given(MEASURES[self.outcome], self.indifference)

    def stand(self, names: Sequence[str], rows: Sequence[Array]) -> "Selected":
        """Return how things stand after some worlds.

        The whole course is gone through anew, world by world, so that the answer depends on the
        values alone, and not on how many of them came in one go.

        Parameters
        ----------
        names : sequence of str
            What the alternatives are called.
        rows : sequence of array [worlds run]
            The outcome of each, world by world from the first; NaN where it was undefined. A world
            in which it is undefined for an alternative still in question is passed over.
        """
        course = Course(
            [self.direction * np.asarray(row, np.float64) for row in rows],
            indifference=self.indifference,
            confidence=self.confidence,
            first=self.first,
            at_most=self.at_most,
        )
        course.run()
        return Selected(
            rule=self,
            names=tuple(names),
            worlds=tuple(map(len, rows)),
            wanted=course.wanted(),
            left=tuple(names[i] for i in course.open),
            leaders=tuple(names[i] for i in course.leaders()),
            dropped=tuple(
                Drop(names[out], None if by is None else names[by], worlds)
                for out, by, worlds in course.dropped
            ),
            settled=course.settled,
        )


@dataclass(frozen=True)
class Drop:
    """An alternative that was dropped: after how many worlds, and behind which other.

    `behind` is None where its outcome was undefined in every world of the first stage.
    """

    name: str
    behind: str | None
    worlds: int


@dataclass(frozen=True)
class Selected:
    """How far the choice has come.

    Attributes
    ----------
    rule : SelectionRule
    names : tuple of str
        The alternatives.
    worlds, wanted : tuple of int
        Worlds run and worlds wanted, by alternative; the same where nothing more is to be done.
    left : tuple of str
        Alternatives that were not dropped.
    leaders : tuple of str
        Those of them with the best mean.
    dropped : tuple of Drop
        The others, in the order in which they were dropped.
    settled : bool
        Whether it is decided.
    """

    rule: SelectionRule
    names: tuple[str, ...]
    worlds: tuple[int, ...]
    wanted: tuple[int, ...]
    left: tuple[str, ...]
    leaders: tuple[str, ...]
    dropped: tuple[Drop, ...]
    settled: bool

    @property
    def chosen(self) -> tuple[str, ...]:
        """The best, as far as it is decided; several that came to the very same; or none."""
        return self.leaders if self.settled else ()

    @property
    def text(self) -> str:
        """What was chosen, how sure that is, what was dropped when and what it took, in words."""
        return f"{self.choice} {self.grounds}"

    @property
    def grounds(self) -> str:
        """How sure the choice is, what was dropped when and what it took."""
        return f"{self._guarantee()} {self._drops()}"

    @cached_property
    def choice(self) -> str:
        """What was chosen."""
        label = MEASURES[self.rule.outcome].label
        if not self.left:
            return f"The {label} was undefined for all in the first {self.rule.first} worlds."
        if len(self.chosen) == 1:
            return f"{self.chosen[0]} is chosen as the best at {label}."
        if self.chosen:
            return (
                f"{listed(self.chosen)} are chosen as the best at {label}: they came to the same."
            )
        most = max(self.worlds)
        if not self.leaders:
            return (
                f"Nothing is chosen as the best at {label}: in {most:,} worlds, the most that were "
                "allowed, it was too seldom defined for all."
            )
        others = [name for name in self.left if name not in self.leaders]
        return (
            f"Nothing is chosen as the best at {label}: after {most:,} worlds, the most that were "
            f"allowed, {listed(self.leaders)} {'lead' if len(self.leaders) > 1 else 'leads'}, but "
            f"{listed(others) if others else 'luck'} cannot be ruled out."
        )

    def _guarantee(self) -> str:
        lead = self.rule.lead
        if not self.chosen:
            return f"More worlds may decide it (at_most), or a larger indifference than {lead}."
        return (
            f"It was chosen by {PROCEDURE}, which picks the best with a probability of at least "
            f"{100 * self.rule.confidence:g}% wherever it leads the others by {lead} or more; where it "
            "leads by less, nothing is promised."
        )

    def _drops(self) -> str:
        """Return what was dropped after how many worlds, and how many runs were spared."""
        after: dict[tuple[int, bool], list[str]] = {}
        for drop in self.dropped:
            after.setdefault((drop.worlds, drop.behind is None), []).append(drop.name)
        parts = [
            f"{listed(names)} after {worlds:,}{' (undefined in all)' if undefined else ''}"
            for (worlds, undefined), names in after.items()
        ]
        runs, most = sum(self.worlds), max(self.worlds)
        spent = f"It took {runs:,} runs in {most:,} worlds"
        spared = most * len(self.worlds) - runs
        spent += f", {spared:,} fewer than all in all of them would have." if spared else "."
        why = "as further behind another than the procedure allows"
        return f"Dropped {why}: {'; '.join(parts)} worlds. {spent}" if parts else spent

    def to_json(self) -> dict[str, Any]:
        """Return it as plain data."""
        return {
            "rule": "select_best",
            "procedure": PROCEDURE,
            "outcome": self.rule.outcome,
            "indifference": self.rule.indifference,
            "confidence": self.rule.confidence,
            "settled": self.settled,
            "chosen": list(self.chosen),
            "left": list(self.left),
            "dropped": [
                {"name": drop.name, "after_worlds": drop.worlds, "behind": drop.behind}
                for drop in self.dropped
            ],
            "worlds": dict(zip(self.names, self.worlds, strict=True)),
            "conclusion": self.text,
        }
