"""Claims about one customer: controlled incidents, facts, and three lives of the same customers."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from experiments.cases.assumptions import Assumption
from experiments.cases.claims import Tried
from experiments.cases.readings import Reading, estimated
from experiments.cases.runs import beside
from experiments.design import Experiment
from experiments.evidence.evidence import Fact
from experiments.evidence.incidents import Bench
from experiments.planning.designs import changed
from experiments.sections.claim import Claim, Moment, ThreeLives, Trial
from experiments.sections.paradox import Paradox
from sim.errors import InputError
from sim.events import Event, Silence, Wait

_MONTH = 30


def incident(experiment: Experiment, trial: Trial, assumptions: Sequence[Assumption]) -> Tried:
    """Measure a controlled incident under every assumption; it is exact."""
    asked = trial.incident
    assert asked is not None
    found = {}
    for each in assumptions:
        bench = Bench(changed(experiment.scenario, each.point))
        value = _moment(bench, asked.of, asked.quantity)
        if asked.than is not None:
            value -= _moment(bench, asked.than, asked.quantity)
        if asked.beyond is not None:
            one, other = (_moment(bench, each, asked.quantity) for each in asked.beyond)
            value = abs(value) - abs(one - other)
        found[each] = Reading(value)
    unit = "tellings" if asked.quantity.endswith("tellings") else ""
    return Tried(trial, found, unit)


def _moment(bench: Bench, moment: Moment, quantity: str) -> float:
    events = list(_events(moment)) or [Event(wait=Wait(days=0))]
    return float(bench.rows(*events)[-1][quantity] or 0.0)


def _events(moment: Moment) -> Iterator[Event]:
    if moment.failure is None:
        return
    end = Event(silence=Silence()) if moment.answer is None else Event(answer=moment.answer)
    for _ in range(moment.earlier):
        yield from (Event(failure=moment.failure), end, Event(wait=Wait(days=_MONTH)))
    yield from (Event(failure=moment.failure), end)


class Laboratory:
    """Three lives of the customers of a case, lived once for each policy and then asked.

    Parameters
    ----------
    experiment : Experiment
        The case's.
    workers : int, optional
        Threads.
    """

    def __init__(self, experiment: Experiment, workers: int | None = None) -> None:
        self.experiment = experiment
        self.workers = workers
        self._examined: dict[tuple[str, float, int, Assumption], Any] = {}

    def try_(self, trial: Trial, assumptions: Sequence[Assumption]) -> Tried:
        """Measure the mean effect of a failure and its answer on the customer itself."""
        asked = trial.lives
        assert asked is not None
        return Tried(
            trial,
            {each: self._effect(asked, each) for each in assumptions if self._matters(asked, each)},
            "",
        )

    def _matters(self, asked: ThreeLives, assumption: Assumption) -> bool:
        """Tell whether an assumption can make a difference to an effect.

        What is told moves nobody's satisfaction, nor anybody's intention where opinions do not count
        for it.
        """
        told = any(key.startswith("talk.") for key in assumption.point)
        own = asked.effect in ("satisfaction", "intention")
        return not (told and own and self.experiment.scenario.loyalty.opinion == 0.0)

    def _effect(self, asked: ThreeLives, assumption: Assumption) -> Reading:
        examined = self._of(asked, assumption)
        heard = examined.first if asked.first else examined.heard
        low, high = asked.severity
        chosen = heard[(heard["severity"] > low) & (heard["severity"] <= high)]
        return estimated(chosen[asked.effect].to_numpy(float))

    def _of(self, asked: ThreeLives, assumption: Assumption) -> Any:
        """Return the examination of a policy, made when it is first asked for."""
        from experiments.laboratory.paradox import examine

        key = (asked.of, asked.share, asked.seeds, assumption)
        if key not in self._examined:
            policy = self.experiment.policies[asked.of]
            alone = replace(
                self.experiment,
                scenario=changed(
                    self.experiment.scenario,
                    {**assumption.point, **beside(self.experiment, asked.of)},
                ),
                policies={asked.of: policy},
                baseline=asked.of,
                seeds=self.experiment.seeds[: asked.seeds],
                paradox=Paradox(
                    share=asked.share,
                    compensation=(policy.compensation,),
                    delays=(policy.delay,),
                    alone=0,
                ),  # fmt: skip
            )
            self._examined[key] = examine(alone, workers=self.workers)
        return self._examined[key]


def facts(trials: Sequence[Trial], seeds: int | None, workers: int | None) -> Mapping[str, Fact]:
    """Measure the facts that are asked for, by id and row: `C4` is its first row, `C4.2` the second."""
    wanted = {trial.fact.partition(".")[0] for trial in trials if trial.fact is not None}
    if not wanted:
        return {}
    from experiments.evidence.facts import measure_facts

    found: dict[str, Fact] = {}
    count: dict[str, int] = {}
    for fact in measure_facts(seeds, workers=workers, ids=wanted):
        count[fact.id] = count.get(fact.id, 0) + 1
        found[f"{fact.id}.{count[fact.id]}"] = fact
        found.setdefault(fact.id, fact)
    for trial in trials:
        if trial.fact is not None and trial.fact not in found:
            raise InputError(
                f"case.claims: fact = {trial.fact} is not among the facts: see `amends facts`"
            )
    return found


def trials_of(claims: Sequence[Claim]) -> list[Trial]:
    """Return all measurements of claims."""
    return [trial for claim in claims for trial in claim.tests]
