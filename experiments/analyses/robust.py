"""Policies under uncertain assumptions: which is regretted least, and what would overturn it.

Every policy is run at every point of a design over the assumptions, in the same worlds. The policy
to choose is the one of which one would have to regret least (`experiments.methods.regret`); what the points
have in common at which another does better is found by scenario discovery
(`experiments.methods.discovery`). Robust decision making has both (Lempert, Groves, Popper & Bankes 2006,
Management Science 52: 514-528).
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from experiments.analyses.assumptions import Crossed, crossed
from experiments.analyses.robust_conclusion import OBSERVABLES
from experiments.analyses.robustness import Robustness
from experiments.design import Experiment
from experiments.engine.runner import Progress
from experiments.methods.regret import Regrets
from experiments.methods.statistics import Array
from experiments.methods.stopping import refuse_rules
from experiments.outcomes import MEASURES, RATIOS_OF_MEANS
from experiments.planning.designs import described
from experiments.sections.robust import Robust
from sim.errors import InputError, Problem
from sim.strict_yaml import Key


def robust(
    experiment: Experiment,
    folder: Path | None = None,
    *,
    workers: int | None = None,
    progress: Progress | None = None,
    network_of: Callable[[Any], Any] | None = None,
) -> Robustness:
    """Run an experiment's policies over its assumptions, and judge them.

    Parameters
    ----------
    experiment : Experiment
        With a `robust` section that has ranges, or a `design`.
    folder : Path, optional
        Where runs are kept, and found again.
    workers, progress, network_of
        See `experiments.sweep.sweep`.

    Raises
    ------
    InputError
        If there is nothing to compare: one policy, one seed, nothing varied; or if no run came
        to an end.
    """
    from experiments.sweep import sweep

    refuse_rules(experiment)
    section = asked(experiment)
    over = crossed(experiment, section)
    if len(over.policies) < 2:
        text = "policies must be two or more: there is nothing to regret with one"
        raise InputError(Problem(experiment.place(("policies",)), text))
    swept = sweep(over.plan, folder, workers=workers, progress=progress, network_of=network_of)
    if swept.failed == swept.runs:
        job, failure = swept.failures[0]
        text = f"every run failed; the first, at {described(job.point)}: {failure.error}"
        raise InputError(Problem(experiment.place(("robust",)), text))
    return judged(over, section, swept.results.runs)


def asked(experiment: Experiment) -> Robust:
    """Return what is asked of an experiment, its outcome named; refuse what cannot be told."""
    section = experiment.robust or Robust()
    outcome = section.outcome or experiment.outcomes[0]
    key = _outcome_key(section)
    if MEASURES[outcome].direction == 0:
        text = (
            "is neither good nor bad by itself, so that no policy can be best at it; name another, "
            "e.g. robust: {outcome: reputation}"
        )
        raise experiment.fault(key, text)
    if outcome in RATIOS_OF_MEANS:
        text = (
            "is no outcome of a single run; name another, e.g. robust: {outcome: npv_per_person}, "
            "which holds costs and gains"
        )
        raise experiment.fault(key, text)
    if len(experiment.seeds) < 2:
        text = "seeds = 1 must be at least 2: one world cannot tell a lead from luck"
        raise InputError(Problem(experiment.place(("seeds",)), text))
    return section.model_copy(update={"outcome": outcome})


def _outcome_key(section: Robust) -> Key:
    """Return where the outcome was named: in the section, or else as the first of all."""
    return ("outcomes", 0) if section.outcome is None else ("robust", "outcome")


def judged(over: Crossed, section: Robust, runs: pd.DataFrame) -> Robustness:
    """Judge policies by runs that were made.

    Parameters
    ----------
    over : Crossed
        What the numbers of the cells mean.
    section : Robust
        What is asked, its outcome named.
    runs : DataFrame
        As in `experiments.storage.results.Results`: columns `cell`, `seed` and a column per outcome.
    """
    assert section.outcome is not None
    reached = over.samples(runs, section.outcome)
    whole = np.isfinite(reached).all(axis=1).sum(axis=1) >= 2
    kept = np.flatnonzero(whole).tolist()
    if not kept:
        experiment = over.plan.experiment
        key = _outcome_key(experiment.robust or Robust())
        raise experiment.fault(key, "is undefined at every point; name another")
    seen = {
        name: _means(over.samples(runs, name)[kept, over.baseline])
        for name in OBSERVABLES
        if name in runs and name != section.outcome
    }
    return Robustness(
        over,
        section,
        over.table(kept),
        pd.DataFrame(seen, index=range(len(kept))),
        Regrets(
            reached[kept] * MEASURES[section.outcome].direction,
            section.threshold,
            sampled=over.sampled,
        ),
        int((~whole).sum()),
    )


def _means(values: Array) -> Array:
    """Return means over the seeds that are known; NaN where none is."""
    known = np.isfinite(values).sum(axis=1)
    total = np.nansum(values, axis=1)
    return np.where(known > 0, total / np.maximum(known, 1), np.nan)
