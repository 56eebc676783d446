"""How many runs: the rounds in which a plan is run, each decided by the results of those before.

Without a rule there is one round, of all runs. With one, the first round is the experiment's
`seeds`, and each further round adds the next worlds of the same sequence where they are wanted. What
is wanted depends on the results alone, neither on their order nor on who ran them, so that a sweep
that is resumed goes on as it would have gone on.
"""

import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from experiments.design import Experiment
from experiments.methods.precision import PrecisionRule, Reached
from experiments.methods.selection import Selected, SelectionRule
from experiments.methods.statistics import FIXED, Array, Sampling
from experiments.outcomes import MEASURES
from experiments.planning.designs import described
from experiments.planning.plan import Job, Plan, Point
from experiments.wording import listed
from sim.errors import InputError, Problem

_MOST_TOLD = 5
"""Settings in which nothing was reached that are named."""

Rule = PrecisionRule | SelectionRule
Stand = Reached | Selected


def rule_of(experiment: Experiment, first: int | None = None) -> Rule | None:
    """Return the rule that an experiment stops by, if it has one.

    `first` is how many worlds it begins with; the experiment's own number unless given.

    Raises
    ------
    InputError
        If there are too few worlds to begin with, or too few seeds for those that may follow.
    """
    first = len(experiment.seeds) if first is None else first
    rule = experiment.precision or experiment.select_best
    if rule is None:
        return None
    if first < 2:
        raise InputError("seeds = 1 cannot tell how much results vary: begin with 10 or more")
    if max(experiment.seeds) + rule.at_most >= 2**64:
        raise InputError(
            f"seed = {max(experiment.seeds)} leaves no room for {rule.at_most:,} worlds (at_most) "
            "below 2**64: begin lower"
        )
    if (asked := experiment.precision) is not None:
        return PrecisionRule(asked.outcome, asked.half_width, first, max(first, asked.at_most))
    if (best := experiment.select_best) is not None:
        return SelectionRule(
            best.outcome,
            MEASURES[best.outcome].direction,
            best.indifference,
            best.confidence,
            first,
            max(first, best.at_most),
        )
    return None


def sampling(experiment: Experiment) -> Sampling:
    """Return how intervals have to be made of an experiment's runs."""
    rule = rule_of(experiment)
    return FIXED if rule is None else rule.sampling


def refuse_rules(experiment: Experiment) -> None:
    """Refuse a rule for the number of worlds where an analysis needs the same worlds everywhere.

    Raises
    ------
    InputError
        With the setting that takes the rule out.
    """
    for name in ("precision", "select_best"):
        if getattr(experiment, name) is not None:
            text = (
                f"{name} is for `amends compare` and `amends sweep`: every setting of this analysis "
                f"is run in the same worlds, as many as `seeds` says; leave it out, or --set {name}=null"
            )
            raise InputError(Problem(experiment.place((name,)), text))


def stand(rule: Rule, names: Sequence[str], rows: Sequence[Array], baseline: int) -> Stand:
    """Return how things stand with some alternatives; see `stand` of the rules."""
    if isinstance(rule, PrecisionRule):
        return rule.stand(names, rows, baseline)
    return rule.stand(names, rows)


@dataclass(frozen=True)
class Group:
    """Alternatives that are weighed against each other: they meet the same worlds.

    Attributes
    ----------
    setting : Point
        What the design sets for all of them.
    cells : tuple of int
        Their cells in the plan.
    names : tuple of str
        What they are called: the policy, and what the design sets of it.
    baseline : int
        Which of them differences are taken from.
    """

    setting: Point
    cells: tuple[int, ...]
    names: tuple[str, ...]
    baseline: int


def groups(plan: Plan, rule: Rule) -> list[Group]:
    """Return the groups of a plan.

    For precision, the policies at each point of the design. For the choice of the best, all that
    can be chosen at each setting of the world: policies, with every setting of their levers.
    """
    together = isinstance(rule, SelectionRule)
    found: dict[tuple[tuple[str, Any], ...], list[tuple[int, str]]] = {}
    for at, point in enumerate(plan.points):
        levers = {key: value for key, value in point.items() if key.startswith("policy.")}
        world = {key: value for key, value in point.items() if key not in levers or not together}
        inside = found.setdefault(tuple(world.items()), [])
        for which, policy in enumerate(plan.policies):
            name = _named(policy, levers if together else {})
            inside.append((at * len(plan.policies) + which, name))
    first = plan.experiment.baseline
    baseline = plan.policies.index(first) if first in plan.policies else 0
    return [
        Group(
            dict(setting),
            tuple(cell for cell, _ in inside),
            tuple(name for _, name in inside),
            baseline,
        )
        for setting, inside in found.items()
    ]


def _named(policy: str, levers: Point) -> str:
    said = ", ".join(f"{key.removeprefix('policy.')} {value}" for key, value in levers.items())
    return f"{policy} ({said})" if said else policy


class _Again:
    """Jobs that are made anew each time that one goes through them."""

    def __init__(self, jobs: Callable[[], Iterator[Job]]) -> None:
        self._jobs = jobs

    def __iter__(self) -> Iterator[Job]:
        return self._jobs()


class Rounds:
    """The rounds of a plan, and what is decided between them.

    Attributes
    ----------
    plan : Plan
        What is to be run; its seeds are the first worlds.
    rule : PrecisionRule, SelectionRule or None
    groups : list of Group
        What the rule is applied to, one by one; empty without a rule.

    Examples
    --------
    Iterate over it, do the jobs of each round, and tell what came of them before the next:

    >>> from experiments.design import load_experiment
    >>> rounds = Rounds(Plan(load_experiment("bakery", {"seeds": 2})))
    >>> for jobs in rounds:
    ...     for job in jobs:
    ...         rounds.tell(job.cell, job.seed, 0.0)  # the outcome that `rounds.outcome` names
    >>> rounds.jobs, rounds.stands
    (10, [])
    """

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.rule = rule_of(plan.experiment, len(plan.seeds))
        self.groups = groups(plan, self.rule) if self.rule else []
        self.stands: list[Stand] = []
        self.jobs = 0
        """Jobs in all rounds so far."""
        self._run: dict[int, int] = {}
        """Worlds handed out, by cell."""
        self._values: dict[int, list[float]] = {}
        """The outcome by cell, world by world."""
        self._at = {seed: i for i, seed in enumerate(plan.seeds)}

    @property
    def outcome(self) -> str | None:
        """The outcome that has to be told of each run; None where nothing has to be told."""
        return self.rule.outcome if self.rule else None

    @property
    def most(self) -> int:
        """How many jobs there can be at most."""
        each = self.rule.at_most if self.rule else len(self.plan.seeds)
        return len(self.plan) // len(self.plan.seeds) * each

    def seed(self, world: int) -> int:
        """Return the seed of a world: those of the plan, and then the numbers after the highest."""
        seeds = self.plan.seeds
        return seeds[world] if world < len(seeds) else max(seeds) + 1 + world - len(seeds)

    def tell(self, cell: int, seed: int, value: float) -> None:
        """Take note of a run's outcome; NaN where it was undefined or the run failed."""
        if self.rule is None:
            return
        world = self._at.get(seed)
        if world is None:
            world = seed - max(self.plan.seeds) - 1 + len(self.plan.seeds)
        values = self._values[cell]
        if 0 <= world < len(values):
            values[world] = value

    def __iter__(self) -> Iterator[Iterable[Job]]:
        """Yield the jobs of each round, seed by seed; a run that was not told of is undefined.

        They are made anew each time that one goes through them.
        """
        if self.rule is None:
            self.jobs = len(self.plan)
            yield _Again(self.plan.jobs)
            return
        wanted = {cell: len(self.plan.seeds) for group in self.groups for cell in group.cells}
        while fresh := self._fresh(wanted):
            yield _Again(partial(self._jobs, fresh))
            wanted = self._decide()

    def _fresh(self, wanted: dict[int, int]) -> dict[int, range]:
        """Take up what is wanted beyond what was handed out: worlds by cell."""
        fresh = {}
        for cell, most in wanted.items():
            run = self._run.get(cell, 0)
            if most > run:
                fresh[cell] = range(run, most)
                self._run[cell] = most
                self._values.setdefault(cell, []).extend([math.nan] * (most - run))
        self.jobs += sum(map(len, fresh.values()))
        return fresh

    def _jobs(self, fresh: dict[int, range]) -> Iterator[Job]:
        first = min(worlds.start for worlds in fresh.values())
        last = max(worlds.stop for worlds in fresh.values())
        for world in range(first, last):
            for cell, worlds in fresh.items():
                if world in worlds:
                    yield self.plan.job(self.plan.cell(cell), self.seed(world))

    def _decide(self) -> dict[int, int]:
        """Let the rule look at every group again; return worlds wanted by cell."""
        assert self.rule is not None
        wanted: dict[int, int] = {}
        for number, group in enumerate(self.groups):
            before = self.stands[number] if number < len(self.stands) else None
            if before is not None and before.wanted == before.worlds:
                continue
            rows = [np.array(self._values[cell]) for cell in group.cells]
            now = stand(self.rule, group.names, rows, group.baseline)
            self.stands[number : number + 1] = [now]
            wanted.update(zip(group.cells, now.wanted, strict=True))
        return wanted

    @property
    def text(self) -> str:
        """What was decided, in one paragraph; empty without a rule."""
        if len(self.stands) <= 1:
            return "".join(stand.text for stand in self.stands)
        assert self.rule is not None
        settled = [stand for stand in self.stands if stand.settled]
        worlds = [max(stand.worlds) for stand in self.stands]
        parts = [
            f"{self.rule.promise} In {len(settled):,} of {len(self.stands):,} settings that was "
            f"reached, with {min(worlds):,} to {max(worlds):,} worlds"
        ]
        chosen = Counter(each for stand in settled for each in stand.chosen)
        if chosen:
            parts.append(listed([f"{name} in {count:,}" for name, count in chosen.most_common()]))
        opened = [
            described(group.setting)
            for group, stand in zip(self.groups, self.stands, strict=True)
            if not stand.settled
        ]
        if 0 < len(opened) <= _MOST_TOLD:
            parts.append(f"not at {listed(opened)}")
        return "; ".join(parts) + "."

    def to_json(self) -> list[dict[str, Any]]:
        """Return what was decided in each group, as plain data."""
        return [
            {"setting": dict(group.setting), **stand.to_json()}
            for group, stand in zip(self.groups, self.stands, strict=True)
        ]
