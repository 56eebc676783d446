"""Optimise: the policies that reach the most for what they spend, and what the rest would have.

Settings of the levers are searched in a few worlds (`experiments.methods.search`). What is best there is
partly lucky there, so the frontier of the search is run again in worlds that the search has not
seen, together with the experiment's own policies, and only what it comes to there is reported.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from experiments.analyses.optimisation import Optimisation, Option, Promise, Reached
from experiments.design import Experiment
from experiments.methods.frontier import nondominated, thinned
from experiments.methods.samples import Perform, samples
from experiments.methods.search import Trial, search
from experiments.methods.statistics import Array
from experiments.outcomes import MEASURES
from experiments.planning.experiment_file import MOST_SEEDS
from experiments.planning.plan import Plan, Point
from experiments.planning.trying import refuse_impossible
from experiments.sections.optimise import CHARGED, Optimise
from sim.errors import InputError, Problem
from sim.policy import Policy


def optimise(experiment: Experiment, perform: Perform) -> Optimisation:
    """Search for the policies of an experiment that reach the most for what they spend.

    Parameters
    ----------
    experiment : Experiment
        With a section `optimise`.
    perform : callable
        See `experiments.methods.samples.Perform`; called for each generation of the search, and then for
        what is run again.

    Raises
    ------
    InputError
        If there is no such section, the search has nothing to start from, or nothing that it tried
        came out within the budget.
    """
    return _Optimising(experiment, perform).result()


def runs_at_most(experiment: Experiment) -> int:
    """Return how many runs `optimise` makes at most."""
    section, named = section_of(experiment), len(experiment.policies)
    fresh = (section.shortlist + 2 * named + 2) * len(experiment.seeds)
    return (section.trials + named) * section.worlds + fresh


def section_of(experiment: Experiment) -> Optimise:
    """Return what is asked, or say how to ask."""
    if experiment.optimise is None:
        text = (
            f"{experiment.name} has no section `optimise`; write one, such as optimise: {{levers: "
            "{policy.delay: [0, 10], policy.compensation: [0, 1]}, budget: 0.5}"
        )
        raise InputError(Problem(experiment.place(), text))
    return experiment.optimise


class _Optimising:
    """A search under way."""

    def __init__(self, experiment: Experiment, perform: Perform) -> None:
        self.section = section_of(experiment)
        self.experiment = experiment
        # The search itself says how many runs it needs.
        self.plain = replace(experiment, precision=None, select_best=None)
        self.perform = perform
        self.like = self.section.like or experiment.baseline
        self.search_worlds = _unseen(experiment.seeds, self.section.worlds)

    def result(self) -> Optimisation:
        """Search, run the best again, and return both."""
        self.check_start()
        named = {name: self.named(name) for name in self.experiment.policies}
        self.check_objective(named[self.like])
        trials = self.trials()
        chosen = self.shortlist(trials, named)
        fresh = self.reached(self.like, [trial.levers for trial in chosen], self.experiment.seeds)
        found = [
            Option(
                "",
                trial.levers,
                Promise(trial.spend, trial.objective),
                Reached(spend, objective),
            )
            for trial, spend, objective in zip(chosen, *fresh, strict=True)
        ]
        found.sort(key=lambda option: option.spend.mean)
        return Optimisation(
            self.experiment, self.section, tuple(trials), tuple(found), named, self.search_worlds
        )

    def check_start(self) -> None:
        """Refuse a start under which no lever of an answer does anything."""
        answers = self.experiment.policies[self.like].answers
        if not answers and "policy.answers" not in self.section.levers:
            key = ("baseline",) if self.section.like is None else ("optimise", "like")
            text = (
                f"the search starts from {self.like}, which never answers, so that its levers do "
                "nothing: name another in `optimise.like`"
            )
            raise InputError(Problem(self.experiment.place(key), text))
        refuse_impossible(self.experiment, self.corners(), ("optimise", "levers"), [self.like])

    def corners(self) -> list[Point]:
        """Return each lever at either end, all others as the start has them; and all at once."""
        ends = {
            key: given.values or (given.ppf([0.0])[0], given.ppf([1.0])[0])
            for key, given in self.section.levers.items()
        }
        single = [{key: end} for key, pair in ends.items() for end in pair]
        together = [{key: pair[i] for key, pair in ends.items()} for i in (0, -1)]
        return [*single, *together]

    def check_objective(self, start: Option) -> None:
        """Refuse an objective that the start has in no world."""
        if not np.isfinite(start.worlds.objective).any():
            text = f"is undefined in every run of {self.like}: name another outcome"
            raise self.experiment.fault(("optimise", "objective"), text)

    def trials(self) -> list[Trial]:
        """Return all settings that the search tries."""

        def evaluate(points: Sequence[Point]) -> tuple[Array, Array]:
            spend, objective = self.reached(self.like, points, self.search_worlds)
            return spend.mean(axis=1), objective.mean(axis=1)

        budget = self.section.budget
        return search(
            self.section.levers,
            evaluate,
            direction=MEASURES[self.section.objective].direction,
            trials=self.section.trials,
            seed=self.section.seed,
            budget=np.inf if budget is None else budget,
            known=[self.levers_of(policy) for policy in self.experiment.policies.values()],
        )

    def shortlist(self, trials: Sequence[Trial], named: Mapping[str, Option]) -> list[Trial]:
        """Return the search's frontier within the budget, thinned, none of them twice.

        The worlds of the search may be dearer or cheaper than the experiment's for all alike, so
        the budget is held against spend at the ratio that the start had between the two.
        """
        different = {tuple(trial.levers.values()): trial for trial in trials if trial.known}
        known = list(different.values())
        spend = np.array([trial.spend for trial in known])
        objective = np.array([trial.objective for trial in known])
        budget = self.affordable(spend, named[self.like])
        spend[spend > budget] = np.nan
        front = nondominated(spend, MEASURES[self.section.objective].direction * objective)
        along = spend[front]
        # Among them is the dearest that each policy could pay for, to be held against it, and the
        # two dearest of all, lest the last should turn out a little too dear.
        held = {
            int(np.searchsorted(along, option.promised.spend, side="right")) - 1
            for option in named.values()
            if option.promised.spend >= along[0]
        }.union(range(len(along))[-2:])
        spread = thinned(along, max(2, self.section.shortlist - len(held)))
        return [known[front[i]] for i in sorted(held.union(spread.tolist()))]

    def affordable(self, spend: Array, start: Option) -> float:
        """Return the budget as it is in the worlds of the search, or say that nothing keeps to it."""
        if not len(spend):
            text = "all runs of the search failed, or had no defined outcome"
            raise InputError(Problem(self.experiment.place(("optimise",)), text))
        if self.section.budget is None:
            return np.inf
        dearer = start.promised.spend / start.spend.mean if start.promised.spend else 1.0
        budget = self.section.budget * dearer
        if spend.min() > budget:
            text = (
                f"is less than the {spend.min() / dearer:.3g} per person and year that the cheapest "
                f"of {len(spend)} settings spent: raise it, or let the levers reach further down"
            )
            raise self.experiment.fault(("optimise", "budget"), text)
        return budget

    def named(self, name: str) -> Option:
        """Run a policy of the experiment in the worlds of the search and in its own."""
        levers = self.levers_of(self.experiment.policies[name])
        both = self.reached(name, [levers], (*self.search_worlds, *self.experiment.seeds))
        cut = len(self.search_worlds)
        return Option(
            name,
            levers,
            Promise(*(float(values[0, :cut].mean()) for values in both)),
            Reached(*(values[0, cut:] for values in both)),
        )

    def levers_of(self, policy: Policy) -> Point:
        """Return the levers that are searched, as a policy has them."""
        return {key: getattr(policy, _lever(key)) for key in self.section.levers}

    def reached(self, like: str, points: Sequence[Point], seeds: Sequence[int]) -> Reached:
        """Run a policy with its levers at some points [points, worlds]; each point once."""
        at = {tuple(point.items()): point for point in points}
        priced = [self.priced(like, point) for point in at.values()]
        plan = Plan(self.plain, priced, [like], seeds)
        runs = self.perform(plan)
        years = self.experiment.scenario.days / 365.0
        people = samples(plan, runs, "people")
        spend = samples(plan, runs, "recovery_cost") / people / years
        objective = samples(plan, runs, self.section.objective)
        place = {point: i for i, point in enumerate(at)}
        order = [place[tuple(point.items())] for point in points]
        return Reached(spend[order, 0], objective[order, 0])

    def priced(self, like: str, point: Point) -> Point:
        """Return a point with what its levers cost, added to the cost of a contact."""
        if not self.section.costs:
            return point
        levers = {_lever(key): value for key, value in point.items()}
        policy = self.experiment.policies[like].model_copy(update=levers)
        return {**point, f"policy.{CHARGED}": self.contact(policy)}

    def contact(self, policy: Policy) -> float:
        """Return what a contact costs, in prices, with what the levers cost beside."""
        extra, price = self.section.cost_of_answer(policy), self.experiment.scenario.money.price
        most = next(m.le for m in Policy.model_fields[CHARGED].metadata if hasattr(m, "le"))
        if extra > (most - policy.cost_per_contact) * price:
            text = (
                f"optimise.costs add {extra:,.6g} to an answer, which is more than {most:,g} times "
                f"the price (money.price = {price:g}): lower them"
            )
            raise InputError(Problem(self.experiment.place(("optimise", "costs")), text))
        return policy.cost_per_contact + (extra / price if extra else 0.0)


def _lever(key: str) -> str:
    return key.partition(".")[2]


def _unseen(seeds: Sequence[int], count: int) -> tuple[int, ...]:
    """Return seeds of worlds that are not the experiment's, the same however many it has."""
    taken, first = set(seeds), min(seeds) + MOST_SEEDS
    numbers = ((first + i) % 2**64 for i in range(count + len(taken)))
    return tuple([number for number in numbers if number not in taken][:count])
