"""The order of a case's policies, under every assumption."""

from collections.abc import Mapping, Sequence
from functools import cached_property
from itertools import combinations
from typing import Any

import numpy as np

from experiments.cases.assumptions import AS_IT_IS, Assumption
from experiments.cases.changes import Changes
from experiments.cases.readings import ABOVE, BELOW, Reading, estimated
from experiments.cases.runs import Runs, cell_of
from experiments.methods.statistics import Array
from experiments.outcomes import MEASURES, Measure


class Ranking:
    """The policies of a case by its first outcome that is better high or low.

    Parameters
    ----------
    runs : Runs
    assumptions : tuple of Assumption
    """

    def __init__(self, runs: Runs, assumptions: tuple[Assumption, ...]) -> None:
        self.experiment = runs.experiment
        self.assumptions = assumptions
        named = (MEASURES[name] for name in self.experiment.outcomes)
        self.measure: Measure = next(one for one in named if one.direction)
        self._values = {
            each: {
                policy: runs.samples(cell_of(self.experiment, policy), each, self.measure.name)
                for policy in self.experiment.policies
            }
            for each in assumptions
        }

    def order(self, assumption: Assumption) -> list[str]:
        """Return the policies, the best first, by their means."""
        return best_first(self._values[assumption], self.measure)

    def difference(self, policy: str, assumption: Assumption) -> Reading:
        """Return the paired difference of a policy from the baseline."""
        values = self._values[assumption]
        return estimated(values[policy] - values[self.experiment.baseline])

    def level(self, policy: str, assumption: Assumption) -> Reading:
        """Return what a policy comes to."""
        return estimated(self._values[assumption][policy])

    @cached_property
    def changes(self) -> Changes:
        """Which pairs of policies change places under another assumption."""
        return Changes({each: self._pairs(each) for each in self.assumptions})

    def _pairs(self, assumption: Assumption) -> Mapping[str, str]:
        """Return which policy of each pair is better, as far as that is sure."""
        found = better_of(self._values[assumption], self.order(AS_IT_IS), self.measure)
        return {
            f"the better of {one} and {other}": better for (one, other), better in found.items()
        }

    def to_json(self) -> dict[str, Any]:
        """Return the ranking as plain data."""
        return {
            "outcome": self.measure.name,
            "baseline": self.experiment.baseline,
            "order": {each.name: self.order(each) for each in self.assumptions},
            "differences": {
                each.name: {
                    policy: self.difference(policy, each)._asdict()
                    for policy in self.experiment.policies
                }
                for each in self.assumptions
            },
            "changes": self.changes.said,
        }


def better_of(
    values: Mapping[str, Array], policies: Sequence[str], measure: Measure
) -> dict[tuple[str, str], str]:
    """Return the better policy of each pair, as far as that is sure; else nothing."""
    found = {}
    for one, other in combinations(policies, 2):
        side = estimated(measure.direction * (values[one] - values[other])).side()
        found[one, other] = {ABOVE: one, BELOW: other}.get(side, "")
    return found


def best_first(values: Mapping[str, Array], measure: Measure) -> list[str]:
    """Return policies by their means, the best first."""
    return sorted(values, key=lambda name: -measure.direction * float(np.nanmean(values[name])))
