"""Comparing policies in the same worlds: what each outcome comes to, and how sure that is."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from experiments import networks
from experiments.conclusion import caveats, conclude
from experiments.design import Experiment
from experiments.engine.runner import Progress, Run, run_experiment
from experiments.extent import check_size
from experiments.methods.estimates import Estimate, Layout, Summary, yardstick
from experiments.methods.statistics import Array, Interval, Sampling, mean_interval
from experiments.methods.stopping import Rounds, Stand, rule_of, sampling, stand
from experiments.outcomes import MEASURES, RATIOS_OF_MEANS
from experiments.planning.plan import Job, Plan
from sim.errors import InputError, Problem

__all__ = ["Comparison", "Estimate", "compare", "summarise"]


@dataclass(frozen=True)
class Comparison:
    """The result of an experiment.

    Attributes
    ----------
    experiment : Experiment
        What was run.
    runs : tuple of Run
        By policy, then by seed.
    policies : mapping of str to mapping of str to Estimate
        By policy and outcome, in the order of the experiment and of `outcomes.MEASURES`.
    narrowing : mapping of str to mapping of str to (float or None)
        By policy and outcome, how many times narrower the shared worlds made the interval of the
        difference from the baseline than as many independent seeds would have. None where there
        is nothing to compare, or where the shared worlds left no noise at all.
    """

    experiment: Experiment
    runs: tuple[Run, ...]
    policies: Mapping[str, Mapping[str, Estimate]]
    narrowing: Mapping[str, Mapping[str, float | None]]

    @property
    def baseline(self) -> str:
        """Name of the policy that the others are compared with."""
        return self.experiment.baseline

    @property
    def yardstick(self) -> str:
        """Name of the policy that spend is held against: `none` where it takes part."""
        return yardstick(self.experiment)

    @property
    def seeds(self) -> tuple[int, ...]:
        """The worlds, in the order in which they were run."""
        return self._layout.seeds

    @property
    def worlds(self) -> dict[str, int]:
        """In how many of the worlds each policy was run: the first so many."""
        return self._layout.worlds

    @cached_property
    def _layout(self) -> Layout:
        return Layout(self.experiment, self.runs)

    @property
    def sampling(self) -> Sampling:
        """How it was decided how many worlds to run, on which all intervals depend."""
        return sampling(self.experiment)

    @cached_property
    def stand(self) -> Stand | None:
        """What the experiment's rule for the number of runs found; None without such a rule."""
        rule = rule_of(self.experiment)
        if rule is None:
            return None
        rows = zip(self.samples(rule.outcome), self.worlds.values(), strict=True)
        names = list(self.policies)
        values = [row[:count] for row, count in rows]
        return stand(rule, names, values, names.index(self.baseline))

    @property
    def outcomes(self) -> tuple[str, ...]:
        """Names of the outcomes to show, the most important first."""
        return self.experiment.outcomes

    @cached_property
    def conclusion(self) -> str:
        """What was found and how sure it is, in words."""
        return conclude(self)

    @cached_property
    def notes(self) -> tuple[str, ...]:
        """What is undefined, and why; and other things that a reader could stumble over."""
        return caveats(self)

    @property
    def people(self) -> int:
        """How many people there are in each world; a network from a file decides it."""
        return self.runs[0].people

    @property
    def ties(self) -> tuple[int, ...]:
        """How many ties there are, world by world."""
        return tuple({run.seed: run.ties for run in self.runs}.values())

    @property
    def network(self) -> str:
        """Which network was used, in words."""
        return networks.sentence(self.experiment.scenario, self.people, self.ties)

    def runs_of(self, policy: str) -> list[Run]:
        """Return the runs of a policy, by seed."""
        return [run for run in self.runs if run.policy == policy]

    def samples(self, outcome: str) -> Array:
        """Return an outcome as an array [policies, seeds]; NaN where undefined or not run."""
        return self._layout.samples(outcome)

    def standing(self, outcome: str) -> dict[str, float]:
        """Return a value for each policy by which they can be ranked, where the outcome is defined.

        The mean; where policies were run in different numbers of worlds, that of one that was run
        in all of them, and for each other the paired difference from it on top: the first worlds
        may have been lucky for all.
        """
        means = {name: by[outcome].mean for name, by in self.policies.items()}
        known = {name: mean for name, mean in means.items() if mean is not None}
        if len(set(self.worlds.values())) == 1 or outcome in RATIOS_OF_MEANS:
            return known
        values = dict(zip(self.policies, self.samples(outcome), strict=True))
        anchor = max(known, key=lambda name: self.worlds[name])
        return {
            name: known[anchor] + float(mean_interval(values[name] - values[anchor]).mean)
            for name in known
        }

    def to_json(self) -> dict[str, Any]:
        """Return the result as plain data, without NaN and infinity."""
        return {
            "name": self.experiment.name,
            "scenario": self.experiment.scenario.name,
            "baseline": self.baseline,
            "seeds": list(self.seeds),
            "outcomes": list(self.outcomes),
            "conclusion": self.conclusion,
            "notes": list(self.notes),
            "policies": {
                policy: {outcome: estimate._asdict() for outcome, estimate in estimates.items()}
                for policy, estimates in self.policies.items()
            },
            "crn": {policy: dict(ratios) for policy, ratios in self.narrowing.items()},
            **({} if self.stand is None else {"stopping": self.stand.to_json()}),
        }

    def runs_frame(self) -> Any:
        """Return a pandas DataFrame with a row per run: `policy`, `seed`, and every outcome."""
        import pandas as pd

        return pd.DataFrame(
            [{"policy": run.policy, "seed": run.seed, **run.values} for run in self.runs]
        )

    def summary_frame(self) -> Any:
        """Return a pandas DataFrame with a row per policy and outcome.

        Columns `policy`, `outcome`, those of `Estimate`, and `narrowing`.
        """
        import pandas as pd

        return pd.DataFrame(
            [
                {
                    "policy": policy,
                    "outcome": outcome,
                    **estimate._asdict(),
                    "narrowing": self.narrowing[policy][outcome],
                }
                for policy, estimates in self.policies.items()
                for outcome, estimate in estimates.items()
            ]
        ).astype(dict.fromkeys((*Estimate._fields, "narrowing"), "float64"))

    def series_frame(self) -> Any:
        """Return a pandas DataFrame with a row per run and measuring day.

        Columns `policy`, `seed`, `day` and those of a run's series.
        """
        import pandas as pd

        lengths = [len(run.series) for run in self.runs]
        frame = pd.DataFrame(
            np.concatenate([run.series for run in self.runs]),
            columns=list(self.runs[0].columns),
        )
        # Seeds reach beyond int64, so they are kept as unsigned numbers.
        seeds = np.array([run.seed for run in self.runs], np.uint64)
        frame.insert(0, "seed", np.repeat(seeds, lengths))
        names = np.array([run.policy for run in self.runs], object)
        frame.insert(0, "policy", np.repeat(names, lengths))
        return frame

    def mean_series(self, column: str) -> dict[str, Interval]:
        """Return a column of the series over time, as mean and interval over the seeds by policy."""
        at = self.runs[0].columns.index(column)
        return {
            policy: mean_interval(
                np.stack([run.series[:, at] for run in self.runs_of(policy)], axis=-1),
                self.sampling,
            )
            for policy in self.experiment.policies
        }


def compare(
    experiment: Experiment,
    *,
    workers: int | None = None,
    progress: Progress | None = None,
    simulate: Callable[..., Any] | None = None,
    network_of: Callable[[Any], Any] | None = None,
) -> Comparison:
    """Run an experiment and compare its policies; see `run_experiment` for the parameters.

    Where the experiment has a rule for the number of runs (`precision`, `select_best`), worlds are
    added round by round until it says that they are enough.

    Raises
    ------
    InputError
        If the experiment has a design, or there is not the memory for its runs.

    Examples
    --------
    >>> from experiments.design import load_experiment
    >>> experiment = load_experiment("bakery", ["seeds=2", "market.people=200", "days=30"])
    >>> sorted(compare(experiment).policies)
    ['bakery', 'fast', 'fast-generous', 'none', 'slow']
    """
    if experiment.design is not None:
        text = (
            f"{experiment.name}: compare runs one setting of the world, and this experiment has a "
            f"`design` with {len(experiment.design):,} points: use `amends sweep`"
        )
        raise InputError(Problem(experiment.place(("design",)), text))
    plan = Plan(experiment, points=[{}])
    workers = check_size(plan, workers, "a comparison")
    rounds = Rounds(plan)
    order = {policy: i for i, policy in enumerate(experiment.policies)}
    runs: list[Run] = []
    for jobs in rounds:
        made = run_experiment(
            _part(experiment, list(jobs)),
            workers=workers,
            progress=_counting(progress, len(runs), rounds.jobs),
            simulate=simulate,
            network_of=network_of,
        )
        for run in made:
            rounds.tell(order[run.policy], run.seed, run.values.get(rounds.outcome or "", np.nan))
        runs += made
    return summarise(experiment, sorted(runs, key=lambda run: order[run.policy]))


def _part(experiment: Experiment, jobs: Sequence[Job]) -> Experiment:
    """Return the part of an experiment that these jobs are: some policies in some worlds."""
    policies = dict.fromkeys(job.policy for job in jobs)
    return replace(
        experiment,
        policies={policy: experiment.policies[policy] for policy in policies},
        seeds=tuple(dict.fromkeys(job.seed for job in jobs)),
    )


def _counting(progress: Progress | None, before: int, total: int) -> Progress | None:
    """Return what counts the runs of earlier rounds, too."""
    return None if progress is None else lambda done, _: progress(before + done, total)


def summarise(experiment: Experiment, runs: Sequence[Run]) -> Comparison:
    """Compare the runs of an experiment, by policy and then by seed."""
    summary = Summary(experiment, runs)
    wanted = {*runs[0].values, *RATIOS_OF_MEANS, *experiment.outcomes}
    names = [name for name in MEASURES if name in wanted]
    estimates = {name: summary.estimates(name) for name in names}
    narrowings = {name: summary.narrowing(name) for name in names}
    policies = list(enumerate(experiment.policies))
    return Comparison(
        experiment,
        tuple(runs),
        {p: {name: estimates[name][i] for name in names} for i, p in policies},
        {p: {name: narrowings[name][i] for name in names} for i, p in policies},
    )
