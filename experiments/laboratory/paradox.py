"""The recovery paradox, customer by customer: is one better off failed and recovered than never?

Studies compare different people (de Matos, Henrique & Rossi 2007; Magnini et al. 2007). Here each
customer lives three times in the same world, and the effect of its failure is the difference.
"""

from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from functools import cached_property, partial
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from experiments.design import Experiment
from experiments.engine.network_cache import shared_networks
from experiments.engine.runner import Failure, Progress, perform
from experiments.laboratory.lives import FOLLOWED
from experiments.laboratory.three_lives import LIVES, Examined, disturbance, spell_of, three_lives
from experiments.methods import statistics
from experiments.planning.plan import Plan
from experiments.sections.paradox import Paradox as Asked
from sim.errors import InputError
from sim.population import signed
from sim.worth import values_of

EFFECTS = ("satisfaction", "intention", "staying", "visits", "spending", "good_stories",
           "bad_stories", "neighbours")  # fmt: skip
"""What a failure has an effect on: satisfaction (-1 to 1), intention (chance), staying (share of
customers), visits, spending (money), stories told, and the neighbours' reputation above everybody's
(points)."""

BINS = (0.0, 0.15, 0.25, 0.35, 0.45, 0.6, 1.0)
"""Ends of the bins of severity; mild failures in narrower ones, where the sign turns."""

MILD = 0.25
"""Failures up to this severity are called mild, the others severe (Magnini et al. 2007 find the
paradox after mild ones)."""

THIRDS = (0.0, 0.4, 0.6, 1.0)
"""Ends of the bins of controllability and stability, both drawn from Beta(3, 3)."""

_FAILURE = ["seed", "row", "day"]
"""What tells a failure from the others: the world, the person, the day."""

_ASKED = ("satisfaction", "intention")
"""Effects on states, which are compared on the day on which one asks; the others at the end."""


@dataclass(frozen=True)
class Examination:
    """What became of the failures that were examined.

    Attributes
    ----------
    experiment : Experiment
        What was run.
    asked : Paradox
        How the failures were chosen and followed.
    failures : DataFrame
        A row a failure: where (`policy`, the point's keys, `seed`, `row`, `day`), what it was like
        (`severity`, `type`, `control`, `stability`, `earlier`, `heard`), and each effect: of the
        failure with its answer (`satisfaction`, ...: the life as it was less the life without the
        failure) and of the answer alone (`answer_satisfaction`, ...: less the life without answer).
    curves : mapping of str to mapping of str to array [lives, FOLLOWED, 3, days]
        By policy and point in words, and by `mild` and `severe`: mean and 95% interval of each life
        over time, after first failures that were answered.
    days : array
        The days of the curves, counted from the failure.
    disturbance : DataFrame
        A row a failure that was examined alone too, a column an effect: by how much the effect
        differs when failures are examined together.
    """

    experiment: Experiment
    asked: Asked
    failures: pd.DataFrame
    curves: Mapping[str, Mapping[str, np.ndarray[Any, np.dtype[Any]]]]
    days: np.ndarray[Any, np.dtype[Any]]
    disturbance: pd.DataFrame

    @property
    def examined(self) -> int:
        """How many failures were examined."""
        return len(self.failures)

    @cached_property
    def heard(self) -> pd.DataFrame:
        """The failures that the firm learnt of, and so could answer."""
        return self.failures[self.failures["heard"]]

    @property
    def first(self) -> pd.DataFrame:
        """Of these, each customer's first failure."""
        return self.heard[self.heard["earlier"] == 0]

    def mean(self, values: "pd.Series[Any]") -> statistics.Interval:
        """Return mean, low and high of a value for each of some failures under some answers.

        The same failure meets every policy and point, so it counts once: as its mean over these.
        """
        once = [self.failures.loc[values.index, name] for name in _FAILURE]
        return statistics.mean_interval(values.groupby(once).mean().to_numpy(np.float64))

    @cached_property
    def better_off(self) -> dict[str, statistics.Interval]:
        """Share of answered failures after which a customer is better off than without, by effect.

        Word of mouth is better where more good stories less bad ones are told.
        """
        frame = self.heard
        gains = {
            "satisfaction": frame["satisfaction"],
            "intention": frame["intention"],
            "word_of_mouth": talk_of(frame),
            "staying": frame["staying"],
            "visits": frame["visits"],
        }
        return {name: self.mean((gain > 0).astype(float)) for name, gain in gains.items()}

    def effects(self, *by: str, of: str = "", only: pd.DataFrame | None = None) -> pd.DataFrame:
        """Return means and 95% intervals of each effect of answered failures, in groups.

        The same failure meets every policy and point, so what is pooled over these counts once: as
        the mean of its effects.

        Parameters
        ----------
        *by
            Columns of `failures`, or `severity_bin`.
        of
            `"answer_"` for the effects of the answer alone.
        only
            Some of the failures instead.
        """
        names = [of + name for name in EFFECTS]
        rows = []
        frame = self.heard if only is None else only
        for key, group in frame.groupby(list(by), observed=True):
            each = group.groupby(_FAILURE)[names].mean()
            found = dict(zip(by, key, strict=True)) | {"failures": len(each)}
            interval = statistics.mean_interval(each.to_numpy(np.float64).T)
            for i, name in enumerate(EFFECTS):
                for part in interval._fields:
                    found[f"{name}_{part}"] = getattr(interval, part)[i]
            rows.append(found)
        return pd.DataFrame(rows)


def talk_of(failures: pd.DataFrame) -> "pd.Series[Any]":
    """Return what failures did to word of mouth: good stories told less bad ones."""
    return failures["good_stories"] - failures["bad_stories"]


def examine(
    experiment: Experiment,
    *,
    workers: int | None = None,
    progress: Progress | None = None,
) -> Examination:
    """Live every world of an experiment thrice, and compare the lives.

    Parameters
    ----------
    experiment : Experiment
        Its policies at the points of its design, or of the section's own grid, in its worlds.
    workers : int, optional
        Threads.
    progress : callable, optional
        Told how many worlds are done, of how many.

    Raises
    ------
    InputError
        If a run could not be made from what the user gave.
    """
    asked = experiment.paradox or Asked()
    plan = plan_of(experiment, asked)
    spell, days = spell_of(asked), experiment.scenario.days
    if not spell.fits(spell.before, days):
        raise InputError(
            f"days = {days} must be more than {spell.before + spell.after} (days): lives are followed "
            f"from {spell.before} days before a failure to paradox.followed_for = {spell.after} after it"
        )
    found: dict[tuple[int, int], Examined] = {}
    made: Any = perform(plan.jobs(), workers=workers, make=partial(three_lives, asked=asked))
    with closing(made):
        for job, examined in made:
            if isinstance(examined, Failure):
                raise RuntimeError(examined.error) from examined.cause
            found[job.cell, job.seed] = examined
            if progress is not None:
                progress(len(found), len(plan))
    ordered = {key: found[key] for key in sorted(found)}
    return _Summary(plan, asked, ordered).examination()


def plan_of(experiment: Experiment, asked: Asked) -> Plan:
    """Return the worlds that are lived: the experiment's design, else generosity times delay."""
    if experiment.design is not None:
        return Plan(experiment)
    points = [
        {"policy.compensation": given, "policy.delay": delay}
        for delay in asked.delays
        for given in asked.compensation
    ]
    return Plan(experiment, points=points)


class _Summary:
    """What all worlds together tell."""

    def __init__(self, plan: Plan, asked: Asked, found: Mapping[tuple[int, int], Examined]) -> None:
        self.plan = plan
        self.asked = asked
        self.found = found
        self.spell = spell_of(asked)

    def examination(self) -> Examination:
        frames = [self.frame(cell, seed, each) for (cell, seed), each in self.found.items()]
        return Examination(
            self.plan.experiment,
            self.asked,
            pd.concat(frames, ignore_index=True),
            self.curves(),
            self.spell.days,
            self.disturbed(),
        )

    def frame(self, cell: int, seed: int, examined: Examined) -> pd.DataFrame:
        """Return a row for each failure of a world."""
        at = self.plan.cell(cell)
        policy = at.scenario.policy
        levers = {
            "compensation": policy.compensation, "delay": policy.delay, "apology": policy.apology,
            "empathy": policy.empathy,
        }  # fmt: skip
        failures = examined.failures
        frame = pd.DataFrame({name: failures[name] for name in failures.dtype.names or ()})
        frame.insert(0, "seed", np.full(len(failures), seed, np.uint64))
        for name, value in reversed({"policy": at.policy, **at.point, **levers}.items()):
            frame.insert(0, name, value)
        frame["heard"] = examined.heard
        frame["repeated"] = frame["earlier"] > 0
        for name, ends in (("severity", BINS), ("control", THIRDS), ("stability", THIRDS)):
            bins = pd.cut(frame[name], ends, include_lowest=True)
            frame[f"{name}_bin"] = bins.cat.rename_categories(_words(ends))
        money, rows = at.scenario.money, np.ascontiguousarray(failures["row"])
        worth = money.price * values_of(rows, signed(seed), money)
        for prefix, other in (("", "spared"), ("answer_", "unanswered")):
            for name, values in self.effects(examined, other, worth).items():
                frame[prefix + name] = values
        return frame

    def effects(self, examined: Examined, other: str, worth: Any) -> dict[str, Any]:
        """Return each effect on each failure's customer: the life as it was less another life.

        `worth` is what a visit of each is worth, in money.
        """
        apart = examined.looks[0] - examined.looks[LIVES.index(other)]
        asked = int(np.flatnonzero(self.spell.days == self.asked.asked_after)[0])
        by_name = {
            name: apart[i, :, asked if name in _ASKED else -1] for i, name in enumerate(FOLLOWED)
        }
        by_name["spending"] = worth * by_name["visits"]
        by_name["neighbours"] = 100.0 * by_name["neighbours"]
        return {name: by_name[name] for name in EFFECTS}

    def curves(self) -> dict[str, dict[str, np.ndarray[Any, np.dtype[Any]]]]:
        """Return how the three lives of customers go on, for each policy and point."""
        cells: dict[int, list[Examined]] = {}
        for (cell, _), examined in self.found.items():
            cells.setdefault(cell, []).append(examined)
        return {self.name(cell): _curves(worlds) for cell, worlds in cells.items()}

    def name(self, number: int) -> str:
        cell = self.plan.cell(number)
        said = ", ".join(f"{key.split('.')[-1]} {value}" for key, value in cell.point.items())
        return f"{cell.policy}: {said}" if said else cell.policy

    def disturbed(self) -> pd.DataFrame:
        """Measure in the first world how far the failures examined together disturb each other."""
        (cell, seed), together = next(iter(self.found.items()))
        job = self.plan.job(self.plan.cell(cell), seed)
        apart = disturbance(job, shared_networks().of(job.scenario), self.asked, together)
        frame = pd.DataFrame(apart, columns=list(FOLLOWED))
        frame["neighbours"] *= 100.0
        return frame


def _curves(worlds: list[Examined]) -> dict[str, np.ndarray[Any, np.dtype[Any]]]:
    """Return means and intervals of the lives of those who were failed for the first time and heard,
    after mild and after severe failures."""
    failures = np.concatenate([each.failures for each in worlds])
    first = np.concatenate([each.heard for each in worlds]) & (failures["earlier"] == 0)
    lives = np.moveaxis(np.concatenate([each.looks for each in worlds], axis=2), 2, -1)
    mild = failures["severity"] <= MILD
    return {
        name: np.stack(statistics.mean_interval(lives[..., first & some]), axis=2)
        for name, some in (("mild", mild), ("severe", ~mild))
        if (first & some).any()
    }


def _words(ends: tuple[float, ...]) -> list[str]:
    return [f"{low:g} to {high:g}" for low, high in pairwise(ends)]
