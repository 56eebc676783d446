"""What matters: which assumptions a result hangs on, and which of them alone would overturn it.

Two ways of asking, in the same worlds. Sobol' indices move all assumptions at once and say how much
of the variance each is behind, alone and together with others. A tornado moves one at a time from
the middle of its range to either end, and says what becomes of the outcome there. Both are asked of
each outcome under each policy, and of the difference between a policy and the baseline, for which
what is shared by both drops out.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from experiments.analyses.tornado import Bar, Level, Span, bar_row, one_at_a_time, span_of, tornado
from experiments.design import Experiment
from experiments.methods import indices
from experiments.methods.indices import Index, Indices
from experiments.methods.samples import Perform, distinct, samples
from experiments.methods.statistics import Array
from experiments.planning.plan import Plan, Point
from experiments.planning.trying import refuse_impossible
from experiments.sections.sensitivity import Sensitivity as Section
from sim.errors import InputError, Problem

if TYPE_CHECKING:
    from experiments.sections.distributions import Distribution


@dataclass(frozen=True)
class Study:
    """What one quantity hangs on: an outcome under a policy, or its difference from the baseline.

    Attributes
    ----------
    baseline : str or None
        The policy from which the difference is taken; None for the outcome itself.
    middle : Level
        The quantity with every assumption in the middle of its range.
    bars : tuple of Bar
        A bar per key, the largest swing first.
    """

    outcome: str
    policy: str
    baseline: str | None
    indices: Indices
    middle: Level
    bars: tuple[Bar, ...]


@dataclass(frozen=True)
class Sensitivity:
    """The result of a sensitivity analysis.

    Attributes
    ----------
    spans : mapping of str to Span
        By key, in the order of the experiment file.
    studies : tuple of Study
        By outcome: the differences from the baseline by policy, then the levels by policy.
    worlds : int
        Worlds at each point of the sample; the tornado has all the experiment's.
    failed : int
        Runs that failed, and whose values are missing.
    runs : mapping of str to DataFrame
        The runs of the `sample` and of the `tornado`.
    """

    experiment: Experiment
    spans: Mapping[str, Span]
    studies: tuple[Study, ...]
    samples: int
    worlds: int
    failed: int
    runs: Mapping[str, Any]

    @property
    def keys(self) -> tuple[str, ...]:
        """The assumptions."""
        return tuple(self.spans)

    @property
    def told(self) -> Study:
        """The study that the conclusion tells: the leader's difference at the first outcome."""
        from experiments.outcomes import MEASURES

        outcome = self.studies[0].outcome
        first = [s for s in self.studies if s.outcome == outcome and s.baseline is not None]
        sign = MEASURES[outcome].direction or 1
        return max(first or self.studies[:1], key=lambda s: sign * (s.middle.mean or 0.0))

    def beside(self, study: Study) -> list[Study]:
        """Return the studies of the same policies, one per outcome."""
        return [s for s in self.studies if (s.policy, s.baseline) == (study.policy, study.baseline)]

    @cached_property
    def conclusion(self) -> str:
        """What was found and how sure it is, in words."""
        from experiments.analyses.sensitivity_conclusion import conclude

        return conclude(self)

    @cached_property
    def notes(self) -> tuple[str, ...]:
        """What is undefined, and why; and other things that a reader could stumble over."""
        from experiments.analyses.sensitivity_conclusion import notes

        return notes(self)

    def to_json(self) -> dict[str, Any]:
        """Return the result as plain data, without NaN and infinity."""
        return {
            "name": self.experiment.name,
            "scenario": self.experiment.scenario.name,
            "baseline": self.experiment.baseline,
            "samples": self.samples,
            "worlds": self.worlds,
            "seeds": list(self.experiment.seeds),
            "ranges": {key: span._asdict() for key, span in self.spans.items()},
            "studies": [self._study_json(study) for study in self.studies],
            "conclusion": self.conclusion,
            "notes": list(self.notes),
        }

    def _study_json(self, study: Study) -> dict[str, Any]:
        found = study.indices
        return {
            "outcome": study.outcome,
            "policy": study.policy,
            "baseline": study.baseline,
            "mean": found.mean,
            "variance": found.variance,
            "luck": found.luck,
            "undefined": found.reason or None,
            "indices": index_rows(self.keys, found),
            "interactions": interaction_rows(self.keys, found),
            "middle": study.middle._asdict(),
            "tornado": [bar_row(bar, self.spans[bar.key]) for bar in study.bars],
        }


def index_rows(keys: Sequence[str], found: Indices) -> list[dict[str, Any]]:
    """Return a row per key: `key, s1, s1_low, s1_high, st, st_low, st_high`."""
    names = ("s1", "s1_low", "s1_high", "st", "st_low", "st_high")
    return [
        {"key": key, **dict(zip(names, (*first, *total), strict=True))}
        for key, first, total in zip(keys, found.first, found.total, strict=True)
    ]


def interaction_rows(keys: Sequence[str], found: Indices) -> list[dict[str, Any]]:
    """Return a row per pair of keys: `key, with, s2, s2_low, s2_high`."""
    return [
        {"key": keys[i], "with": keys[j], "s2": s.value, "s2_low": s.low, "s2_high": s.high}
        for (i, j), s in found.second.items()
    ]


def ranked(keys: Sequence[str], found: Sequence[Index]) -> list[tuple[str, Index]]:
    """Return keys with their indices, the largest first."""
    pairs = zip(keys, found, strict=True)
    return sorted(pairs, key=lambda pair: -(pair[1].value or 0.0))


def analyse(experiment: Experiment, perform: Perform) -> Sensitivity:
    """Run what is needed, and say what the outcomes hang on.

    Parameters
    ----------
    experiment : Experiment
        With a section `sensitivity`, or with a design that has ranges.
    perform : callable
        See `experiments.methods.samples.Perform`. It is called twice: with the sample, in some of the
        experiment's worlds, and with the tornado's few points, in all of them.

    Raises
    ------
    InputError
        If no ranges are given.
    """
    return _Analysis(experiment, perform).result()


class _Analysis:
    """A sensitivity analysis under way."""

    def __init__(self, experiment: Experiment, perform: Perform) -> None:
        self.experiment, self.perform = experiment, perform
        self.section: Section = experiment.sensitivity or Section()
        self.ranges = _ranges(experiment, self.section)
        self.keys = tuple(self.ranges)
        self.policies = _policies(experiment, self.section)
        self.outcomes = self.section.outcomes or _of_single_runs(experiment)
        self.worlds = experiment.seeds[: self.section.seeds]

    def result(self) -> Sensitivity:
        spans = {key: span_of(given) for key, given in self.ranges.items()}
        sampled, ends = self.sample(), one_at_a_time(spans)
        given = ("sensitivity", "ranges") if self.section.ranges else ("design",)
        for points in (ends, sampled):
            refuse_impossible(self.experiment, points, given, self.policies)
        sample = _Part(self, sampled, self.worlds)
        moved = _Part(self, ends, self.experiment.seeds)
        studies = tuple(
            self.study(outcome, policy, baseline, sample.of(outcome), moved.of(outcome))
            for outcome in self.outcomes
            for policy, baseline in self.pairs()
        )
        return Sensitivity(
            self.experiment, spans, studies, self.section.samples, len(self.worlds),
            sample.failed + moved.failed, {"sample": sample.runs, "tornado": moved.runs},
        )  # fmt: skip

    def sample(self) -> list[Point]:
        """Return Saltelli's sample, each key by its own distribution."""
        second = self.section.second_order
        cube = indices.sample(self.keys, self.section.samples, second, self.experiment.seeds[0])
        columns = [self.ranges[key].ppf(cube[:, i]) for i, key in enumerate(self.keys)]
        return [dict(zip(self.keys, row, strict=True)) for row in zip(*columns, strict=True)]

    def pairs(self) -> list[tuple[str, str | None]]:
        """Return what is studied of each outcome: differences first, then levels."""
        baseline = self.experiment.baseline
        others = [policy for policy in self.policies if policy != baseline]
        return [(policy, baseline) for policy in others] + [
            (policy, None) for policy in self.policies
        ]

    def study(
        self, outcome: str, policy: str, baseline: str | None, sampled: Array, moved: Array
    ) -> Study:
        """Study one quantity in its arrays [points, policies, worlds]."""
        at = self.policies.index(policy)
        values, apart = sampled[:, at], moved[:, at]
        if baseline is not None:
            other = self.policies.index(baseline)
            values, apart = values - sampled[:, other], apart - moved[:, other]
        found = indices.estimate(values, len(self.keys), self.section.second_order)
        middle, bars = tornado(self.keys, apart, baseline is not None)
        return Study(outcome, policy, baseline, found, middle, bars)


class _Part:
    """The runs at some points, of which those that are alike are run once."""

    def __init__(self, analysis: _Analysis, points: Sequence[Point], seeds: Sequence[int]) -> None:
        different, self.which = distinct(points)
        self.plan = Plan(analysis.experiment, different, analysis.policies, seeds)
        self.runs = analysis.perform(self.plan)
        self.failed = len(self.plan) - len(self.runs)

    def of(self, outcome: str) -> Array:
        """Return an outcome as an array [points, policies, worlds]."""
        return samples(self.plan, self.runs, outcome)[self.which]


def _ranges(experiment: Experiment, section: Section) -> "Mapping[str, Distribution]":
    if section.ranges:
        return section.ranges
    design = getattr(experiment, "design", None)
    ranges: Mapping[str, Distribution] = getattr(design, "ranges", None) or {}
    if not ranges:
        text = (
            f"the experiment {experiment.name} says nothing of what is uncertain: give it ranges, "
            "such as `sensitivity: {ranges: {service.failure_probability: [0.01, 0.08]}}`"
        )
        raise InputError(Problem(experiment.place(("sensitivity",)), text))
    return ranges


def _of_single_runs(experiment: Experiment) -> tuple[str, ...]:
    """Return the experiment's outcomes, without those that no single run has."""
    from experiments.outcomes import RATIOS_OF_MEANS

    known = tuple(name for name in experiment.outcomes if name not in RATIOS_OF_MEANS)
    if not known:
        text = "is a ratio of means over all worlds, which no single run has; name another"
        raise experiment.fault(("outcomes", 0), text)
    return known


def _policies(experiment: Experiment, section: Section) -> tuple[str, ...]:
    """Return the policies to run, in the order of the experiment; the baseline is among them."""
    if section.policy is None:
        return tuple(experiment.policies)
    wanted = {section.policy, experiment.baseline}
    return tuple(policy for policy in experiment.policies if policy in wanted)
