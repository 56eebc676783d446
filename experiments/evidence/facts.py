"""The facts that are known, each measured now and held against its band.

Those used for calibration (C1 to C14) the model must meet. Those about one customer (C1-C5, C7, C8,
C12-C14) come from controlled single incidents: a new customer at the satisfaction people start
with, a first failure whose type, control and stability are middling unless said otherwise. Facts
about a market (C6, C9-C11) come from a year of the neutral scenario, over several seeds. Bands and
sources are fixed here. `experiments.evidence.held_out` has the findings that nothing was fitted to.
"""

from collections.abc import Iterable, Iterator, Mapping

import numpy as np

from experiments.design import Experiment
from experiments.engine.runner import Progress, run_experiment
from experiments.evidence.evidence import CALIBRATION, HELD_OUT, Fact, Use, held_against
from experiments.evidence.held_out import HELD_OUT as FINDINGS
from experiments.evidence.held_out_customers import customers, star
from experiments.evidence.held_out_markets import markets
from experiments.evidence.incidents import (
    BEST,
    MAJOR,
    MINOR,
    QUICK,
    SATISFYING,
    UNSATISFYING,
    Bench,
    answer,
)
from experiments.evidence.misfits import KNOWN_MISFITS
from experiments.methods.statistics import Array, Interval, fieller, mean_interval
from sim.errors import InputError
from sim.events import Answer, Event, Visit
from sim.reading import Override
from sim.scenario import Scenario, load_scenario

__all__ = ["FINDINGS", "KINDS", "KNOWN_MISFITS", "SCENARIO", "SEEDS", "Fact", "measure_facts"]

KINDS: Mapping[str, Use] = {"calibration": CALIBRATION, "held-out": HELD_OUT}
"""What facts were used for, as options of the command line name it."""

SCENARIO = "neutral"
"""The shipped scenario in which the facts about a market are measured."""

SEEDS = 20
"""Worlds to measure in. Complaints are so rare in the neutral scenario (some 80 a year) that C6 has
a standard error of 3 in a single world, and of 0.6 in so many."""


def measure_facts(
    seeds: int | None = None,
    *,
    seed: int | None = None,
    overrides: Iterable[str | Override] = (),
    workers: int | None = None,
    progress: Progress | None = None,
    used_for: Use | None = None,
    ids: Iterable[str] = (),
) -> list[Fact]:
    """Measure every fact now.

    Parameters
    ----------
    seeds : int, optional
        In how many worlds to measure facts about a market; `SEEDS` unless given. What needs runs of
        its own is measured in the first few of them.
    seed : int, optional
        The first of them, instead of the scenario's.
    overrides
        What to set otherwise in the scenario. Its psychology holds in the single incidents too.
    workers : int, optional
        Threads; by default one for each processor.
    progress : callable, optional
        Told how many of the neutral runs are done.
    used_for : str, optional
        `calibration` or `held out`, for those facts alone.
    ids : iterable of str, optional
        Those facts alone; where all of them are about one customer, no world is run.

    Returns
    -------
    list of Fact
        By id: those used for calibration, then those held out.

    Raises
    ------
    InputError
        If something is set that cannot be.
    """
    scenario = load_scenario(SCENARIO, overrides, seed=seed)
    count = SEEDS if seeds is None else seeds
    if count < 1 or scenario.seed + count > 2**64:
        raise InputError(f"seeds = {count} must be at least 1, and all seeds below 2**64")
    luck = tuple(range(scenario.seed, scenario.seed + count))
    bench = Bench(scenario)
    wanted = frozenset(ids)
    facts: list[Fact] = []
    if used_for != HELD_OUT:
        facts += [*_incidents(bench), *_tellings(bench), *_delights(bench), *_limits(bench)]
        facts += _complaints(bench)
        if wanted and wanted <= {fact.id for fact in facts}:
            return [fact for fact in facts if fact.id in wanted]
        facts += _markets(_years(scenario, luck, workers, progress))
    if used_for != CALIBRATION and not (wanted and wanted.isdisjoint(FINDINGS)):
        facts += _held_out(scenario, bench, luck, workers)
    facts = [fact for fact in facts if not wanted or fact.id in wanted]
    return sorted(facts, key=lambda fact: (fact.used_for, fact.number))


def _held_out(
    scenario: Scenario, bench: Bench, luck: tuple[int, ...], workers: int | None
) -> Iterator[Fact]:
    """Every finding that was held out."""
    found: dict[str, float | Interval] = {
        **customers(bench),
        **markets(scenario, luck, workers),
        "H27": star(scenario),
    }
    for id, finding in FINDINGS.items():
        yield held_against(id, *finding[:5], found[id], finding.strict, finding.by_rule)


def _incidents(bench: Bench) -> Iterator[Fact]:
    """C1 and C2: who intends to buy again."""
    keeps = "practitioner article; TARP"
    yield held_against(
        "C1", "intention to buy again after a small complaint settled at once", keeps, "95%",
        0.90, 0.98, bench.failed(MINOR, QUICK)["intention"],
    )  # fmt: skip
    yield held_against(
        "C1", "the same, settled after 8 days", keeps, "70%",
        0.62, 0.78, bench.failed(MINOR, SATISFYING)["intention"],
    )  # fmt: skip
    table: tuple[tuple[str, Answer | None, float, float], ...] = (
        ("said nothing", None, 0.37, 0.09),
        ("complained, not satisfied", UNSATISFYING, 0.46, 0.19),
        ("complained, satisfied", SATISFYING, 0.70, 0.54),
        ("complained, satisfied quickly", QUICK, 0.95, 0.82),
    )
    for told, response, *published in table:
        for kind, severity, target in zip(
            ("minor", "major"), (MINOR, MAJOR), published, strict=True
        ):
            yield held_against(
                "C2", f"intention to buy again after a {kind} failure: {told}", "TARP",
                f"{target:.0%}", round(target - 0.08, 2), min(1.0, round(target + 0.08, 2)),
                bench.failed(severity, response)["intention"],
            )  # fmt: skip


def _tellings(bench: Bench) -> Iterator[Fact]:
    """C3 to C5: how many are told."""
    delightful = bench.rows(Event(visit=Visit(quality=1.0)))[-1]
    yield held_against(
        "C3", "tellings of a delighted customer", "practitioner article", "5", 4.0, 6.0,
        delightful["good_tellings"],
    )  # fmt: skip
    yield held_against(
        "C4", "tellings of a failed customer who is not answered", "practitioner article; TARP", "11", 9.5, 12.5,
        bench.unanswered_tellings(),
    )  # fmt: skip
    yield held_against(
        "C4", "the same when it is bad (severity 0.6 and more)", "TARP", "16", 13.5, 18.5,
        bench.unanswered_tellings(above=0.6),
    )  # fmt: skip
    for what, severity, response in (
        ("at once after a major failure", MAJOR, QUICK),
        ("at once and as well as can be after a minor one", MINOR, BEST),
    ):
        yield held_against(
            "C5", f"tellings of a customer recovered {what}", "practitioner article", "up to 17",
            15.0, 19.0, bench.failed(severity, response)["good_tellings"],
        )  # fmt: skip


def _delights(bench: Bench) -> Iterator[Fact]:
    """C7: what a small gift does."""
    for what, given, target in (("something", 0.12, 0.58), ("nothing", 0.0, 0.40)):
        response = answer(0.7, fix=1.0, compensation=given, delay=3.0)
        yield held_against(
            "C7", f"share delighted by a recovery when {what} is given", "SOCAP", f"{target:.0%}",
            round(target - 0.05, 2), round(target + 0.05, 2),
            bench.failed(0.3, response)["delighted_probability"],
        )  # fmt: skip


def _limits(bench: Bench) -> Iterator[Fact]:
    """C8 and C12: how long an answer still holds, and where the recovery paradox ends."""
    waits = [
        bench.failed(MINOR, answer(0.7, fix=1.0, compensation=0.15, delay=float(days)))["intention"]
        for days in range(11)
    ]
    holds = "practitioner article"
    yield held_against(
        "C8", "intention to buy again when a small failure is answered after 10 days", holds,
        "an answer within 5 to 10 days still holds", 0.75, 1.0, waits[10],
    )  # fmt: skip
    yield held_against(
        "C8", "the change in it from a further day of delay, at the mildest, up to 10 days", holds, "it falls",
        -1.0, 0.0, max(np.diff(waits).tolist()), strict=True,
    )  # fmt: skip
    before = bench.world["loyalty"].start
    gains = {
        severity: bench.failed(severity, BEST)["satisfaction"] - before
        for severity in (0.05, 0.10, 0.15, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
    }
    paradox = "Magnini, Ford, Markowski & Honeycutt 2007"
    yield held_against(
        "C12", "satisfaction gained by the best recovery of a mild first failure (severity up to "
        "0.15), at the least", paradox, "above where it was", 0.0, 2.0,
        min(gain for severity, gain in gains.items() if severity <= 0.15), strict=True,
    )  # fmt: skip
    yield held_against(
        "C12", "the same after a serious one (severity 0.4 and more), at the most", paradox,
        "below where it was", -2.0, 0.0,
        max(gain for severity, gain in gains.items() if severity >= 0.4), strict=True,
    )  # fmt: skip


def _complaints(bench: Bench) -> Iterator[Fact]:
    """C13 and C14: who complains, once it is made easy."""
    yield held_against(
        "C13", "share of failures that are complained about when complaints are asked for",
        "target of calibration", "two thirds", 0.62, 0.72, bench.complaining(4.0),
    )  # fmt: skip
    for kind, severity, target in (("gravest", 1.0, 0.70), ("small", 0.1, 0.03)):
        yield held_against(
            "C14", f"the same of {kind} failures when it is easy to complain", "Goodman & Newman 2003",
            f"{target:.0%}", max(0.0, round(target - 0.05, 2)), round(target + 0.05, 2),
            bench.complaining(1.2, severity),
        )  # fmt: skip


def _years(
    scenario: Scenario, luck: tuple[int, ...], workers: int | None, progress: Progress | None
) -> dict[str, Array]:
    """Live a year of the neutral market in each world, and return outcomes over worlds."""
    name = scenario.policy_name
    design = Experiment(SCENARIO, scenario, {name: scenario.policy}, name, luck)
    runs = run_experiment(design, workers=workers, progress=progress)
    return {key: np.array([run.values[key] for run in runs]) for key in runs[0].values}


def _markets(values: Mapping[str, Array]) -> Iterator[Fact]:
    """C6 and C9 to C11: what a year of the neutral market shows, over seeds."""
    complaints = values["complaints"]
    yield held_against(
        "C6", "silent for each who complains, when nothing invites it", "TARP", "26", 22.0, 30.0,
        _ratio(values["failures"] - complaints, complaints),
    )  # fmt: skip
    yield held_against(
        "C9", "share of customers with a problem within a year",
        "National Customer Rage Study 2013", "half", 0.40, 0.60,
        mean_interval(values["problem_share"]),
    )  # fmt: skip
    yield held_against(
        "C10", "yearly retention of customers", "target of calibration", "80%", 0.75, 0.88,
        mean_interval(values["yearly_retention"]),
    )  # fmt: skip
    yield held_against(
        "C11", "good stories for each bad one", "East, Hammond & Wright 2007", "3", 2.0, 4.0,
        _ratio(values["good_stories"], values["bad_stories"]),
    )  # fmt: skip


def _ratio(numerator: Array, denominator: Array) -> Interval:
    """Estimate a ratio of sums over seeds, which a mean of ratios would overstate."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return fieller(numerator, denominator)
