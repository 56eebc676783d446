"""Claims of the literature, tried: what came out, and whether it holds.

A claim has one measurement or several. Each has to lie in a band, with its whole interval; and it is
made again under every assumption of `experiments.cases.assumptions`.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from experiments.cases.assumptions import AS_IT_IS, Assumption
from experiments.cases.readings import Reading, cells_of, measure_of, read
from experiments.cases.runs import Cell, Runs
from experiments.design import Experiment
from experiments.evidence.evidence import Fact
from experiments.grids import number
from experiments.sections.claim import Claim, Trial
from experiments.wording import listed

HOLDS, FAILS, OPEN = "holds", "does not hold", "not decided"


@dataclass(frozen=True)
class Tried:
    """One measurement of a claim, under every assumption that it was made under."""

    trial: Trial
    readings: Mapping[Assumption, Reading]
    unit: str

    def verdict(self, assumption: Assumption) -> str:
        """Return whether the measurement lies where the claim says; as it is where not made anew."""
        reading = self.readings.get(assumption, self.readings[AS_IT_IS])
        low, high = self.trial.band
        sides = [
            reading.side(bound) == wanted
            for bound, wanted in ((low, "above"), (high, "below")) if bound is not None
        ]  # fmt: skip
        against = [
            reading.side(bound) == unwanted
            for bound, unwanted in ((low, "below"), (high, "above")) if bound is not None
        ]  # fmt: skip
        if all(sides):
            return HOLDS
        exact = not reading.low < reading.high  # one customer, or the same in every world
        return FAILS if any(against) or exact else OPEN

    @property
    def came_out(self) -> str:
        """What was measured as it is, with its interval."""
        reading = self.readings[AS_IT_IS]
        unit = f" {self.unit}" if self.unit else ""
        if reading.mean != reading.mean:
            return f"{self.trial.said}: undefined"
        ends = "" if reading.low != reading.low else (
            f" ({number(reading.low, 3)} to {number(reading.high, 3)})"
        )  # fmt: skip
        return f"{self.trial.said}: {number(reading.mean, 3)}{unit}{ends}"


@dataclass(frozen=True)
class Judged:
    """A claim with its verdict.

    Attributes
    ----------
    claim : Claim
    case : str
        Name of the case on which it was tried.
    tried : sequence of Tried
        Its measurements; none where it cannot be tried.
    assumptions : sequence of Assumption
        Under which it was tried, the case as it is among them.
    """

    claim: Claim
    case: str
    tried: Sequence[Tried]
    assumptions: Sequence[Assumption]

    @property
    def command(self) -> str:
        """The command by which it is tried."""
        if self.tried and all(each.trial.fact for each in self.tried):
            return "amends facts"
        return f"amends case {self.case}" if self.tried else "none"

    @property
    def came_out(self) -> str:
        """What came out, as it is; several measurements are numbered."""
        if len(self.tried) == 1:
            return self.tried[0].came_out
        told = (f"({i}) {each.came_out}" for i, each in enumerate(self.tried, 1))
        return "; ".join(told) or f"{self.claim.untested}"

    @cached_property
    def verdict(self) -> str:
        """Whether the claim holds: in every measurement and under every assumption, or in which."""
        if not self.tried:
            return "not tried"
        by = {each: self._joint(each) for each in self.assumptions}
        if by[AS_IT_IS] == HOLDS:
            lost = [each.kept for each in self.assumptions if by[each] != HOLDS]
            return f"holds only if {'; and if '.join(lost)}" if lost else HOLDS
        found: dict[str, list[str]] = {HOLDS: [], FAILS: [], OPEN: []}
        for i, each in enumerate(self.tried, 1):
            found[each.verdict(AS_IT_IS)].append(f"({i})")
        held = found.pop(HOLDS)
        against = [f"{verdict} for {listed(which)}" for verdict, which in found.items() if which]
        if held:
            return f"holds only for {listed(held)}; {'; '.join(against)}"
        elsewhere = [each.said for each in self.assumptions if by[each] == HOLDS]
        if elsewhere:
            return f"holds only if {' or if '.join(elsewhere)}"
        if found[FAILS] and found[OPEN]:
            return "; ".join(against)
        return by[AS_IT_IS]

    def _joint(self, assumption: Assumption) -> str:
        verdicts = {each.verdict(assumption) for each in self.tried}
        return next(v for v in (FAILS, OPEN, HOLDS) if v in verdicts)


def cells(experiment: Experiment, claims: Sequence[Claim]) -> Iterator[Cell]:
    """Return the runs that claims need."""
    for claim in claims:
        for trial in claim.tests:
            if trial.contrast is not None:
                yield from cells_of(experiment, trial.contrast)


def tried_by_contrast(runs: Runs, trial: Trial, assumptions: Sequence[Assumption]) -> Tried:
    """Try a measurement on runs that were made."""
    assert trial.contrast is not None
    measure = measure_of(runs.experiment, trial.contrast)
    unit = (
        "" if measure.unit in ("", "money", measure.label) or trial.contrast.per else measure.unit
    )
    return Tried(trial, {each: read(runs, trial.contrast, each) for each in assumptions}, unit)


def tried_by_fact(trial: Trial, facts: Mapping[str, Fact]) -> Tried:
    """Try a claim on a fact that has been measured, which has a band of its own."""
    assert trial.fact is not None
    fact = facts[trial.fact]
    value = float("nan") if fact.value is None else fact.value
    ends = [float("nan") if end is None else end for end in (fact.value_low, fact.value_high)]
    banded = trial.model_copy(update={"above": fact.low, "below": fact.high})
    # A fact is held against its band by its value alone, as `amends facts` does.
    return _Fact(banded, {AS_IT_IS: Reading(value, *ends)}, "", fact.holds)


@dataclass(frozen=True)
class _Fact(Tried):
    holds: bool

    def verdict(self, assumption: Assumption) -> str:
        return HOLDS if self.holds else FAILS
