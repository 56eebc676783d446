"""The search for policies that reach more for less: propose a generation, run it, learn, repeat.

The proposals are Optuna's: a scrambled Sobol sequence first, so that no corner is forgotten, and
then its tree-structured Parzen estimator for several objectives (Ozaki, Tanigaki, Watanabe &
Onishi 2020, Multiobjective tree-structured Parzen estimator for computationally expensive
optimization problems). Of what was tried on this model within some hundred trials it came nearer
to the frontier than NSGA-II did in twice as many.

A generation has a fixed size and is told in its order, so that the same seed proposes the same
policies, however many workers ran the ones before and in whatever order they ended.
"""

import math
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from experiments.extras import extra
from experiments.methods.statistics import Array
from experiments.planning.plan import Point
from experiments.wording import decimals

if TYPE_CHECKING:
    from experiments.sections.distributions import Distribution

GENERATION = 16
"""Trials that are proposed at once, before anything is learnt of them."""

SPREAD = 32
"""Trials of the Sobol sequence, before anything is learnt at all: a power of 2 (Sobol 1967)."""

HALVINGS = 30
"""How often an interval of shares is halved; a billionth of it is then left."""

FIGURES = 3
"""Figures in which a lever's range is proposed: delays up to 10 days to a tenth of a day."""

Evaluate = Callable[[Sequence[Point]], tuple[Array, Array]]
"""Return spend and objective [points] of some settings of the levers; NaN where undefined."""


@dataclass(frozen=True)
class Trial:
    """A setting of the levers that was tried.

    Attributes
    ----------
    levers : mapping of str to bool, int, float or str
        By dotted key.
    spend, objective : float
        Means over the worlds of the search; NaN if the outcome was undefined or a run failed.
    """

    levers: Point
    spend: float
    objective: float

    @property
    def known(self) -> bool:
        """Whether both are known."""
        return math.isfinite(self.spend) and math.isfinite(self.objective)


def search(
    ranges: "Mapping[str, Distribution]",
    evaluate: Evaluate,
    *,
    direction: int,
    trials: int,
    seed: int = 0,
    budget: float = math.inf,
    known: Sequence[Point] = (),
) -> list[Trial]:
    """Try settings of the levers, each generation where the ones before it did well.

    Parameters
    ----------
    ranges : mapping of str to Distribution
        The levers and what they may be set to.
    evaluate : callable
        See `Evaluate`; called with `GENERATION` settings at a time.
    direction : int
        1 if more of the objective is better, -1 if less is. Less spend always is.
    trials : int
        How many.
    seed : int
        Luck of the search.
    budget : float
        Spend above which a setting is infeasible: it is learnt from, and avoided.
    known : sequence of mapping
        Settings to begin with, brought into the ranges where they lie outside.

    Returns
    -------
    list of Trial
        In their order. Those above the budget are among them.
    """
    made: list[Trial] = []
    with _silence():
        study = _study(direction, seed)
        for shares in (*_shares(known, ranges), *_spread(len(ranges), seed)):
            study.enqueue_trial(dict(zip(ranges, shares, strict=True)))
        while len(made) < trials:
            asked = [study.ask() for _ in range(min(GENERATION, trials - len(made)))]
            points = [_point(trial, ranges) for trial in asked]
            values = np.stack(evaluate(points), axis=1)
            for trial, point, (spend, objective) in zip(asked, points, values, strict=True):
                made.append(Trial(point, float(spend), float(objective)))
                _tell(study, trial, made[-1], budget)
    return made


def _study(direction: int, seed: int) -> Any:
    optuna = extra("optuna", "analysis")

    def over_budget(trial: Any) -> list[float]:
        return [trial.user_attrs["over_budget"]]

    sampler = optuna.samplers.TPESampler(
        n_startup_trials=SPREAD, constant_liar=True, seed=seed % 2**32, constraints_func=over_budget
    )
    towards = "maximize" if direction > 0 else "minimize"
    return optuna.create_study(directions=["minimize", towards], sampler=sampler)


def _spread(levers: int, seed: int) -> list[list[float]]:
    """Return the first points of a scrambled Sobol sequence, as shares of each lever's range."""
    from scipy.stats import qmc

    sequence = qmc.Sobol(levers, rng=np.random.default_rng(seed))
    shares: list[list[float]] = sequence.random(SPREAD).tolist()
    return shares


def _shares(points: Sequence[Point], ranges: "Mapping[str, Distribution]") -> Iterator[list[float]]:
    """Return settings as shares of each lever's distribution; not those that are no choice of it."""
    for point in points:
        shares = [_share(point[key], each) for key, each in ranges.items()]
        known = [share for share in shares if share is not None]
        if len(known) == len(shares):
            yield known


def _share(value: Any, given: "Distribution") -> float | None:
    """Return the share of a distribution that lies below a value, by halving."""
    if given.values is not None:
        places = [i for i, each in enumerate(given.values) if each == value]
        return (places[0] + 0.5) / len(given.values) if places else None
    if value is None:
        return None
    low, high = 0.0, 1.0
    if value <= given.ends[0] or value >= given.ends[1]:
        return low if value <= given.ends[0] else high
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        low, high = (low, middle) if given.ppf([middle])[0] >= value else (middle, high)
    return high


def _point(trial: Any, ranges: "Mapping[str, Distribution]") -> Point:
    """Return the setting that a trial stands for: every lever at a share of its distribution."""
    shares = {key: trial.suggest_float(key, 0.0, 1.0) for key in ranges}
    return {key: _rounded(each.ppf([shares[key]])[0], each) for key, each in ranges.items()}


def _rounded(value: Any, given: "Distribution") -> Any:
    if not isinstance(value, float) or given.values is not None:
        return value
    low, high = given.ends
    scale = abs(value) if given.kind == "log_uniform" else high - low
    return min(max(round(value, decimals(scale, FIGURES)), low), high)


def _tell(study: Any, trial: Any, made: Trial, budget: float) -> None:
    if made.known:
        trial.set_user_attr("over_budget", max(0.0, made.spend - budget))
        study.tell(trial, [made.spend, made.objective])
    else:
        study.tell(trial, state=extra("optuna", "analysis").trial.TrialState.FAIL)


@contextmanager
def _silence() -> Iterator[None]:
    """Keep Optuna from writing log lines and from warning that its constraints are new."""
    logging = extra("optuna", "analysis").logging
    before = logging.get_verbosity()
    logging.set_verbosity(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", module="optuna")
            warnings.filterwarnings("ignore", category=FutureWarning)
            yield
    finally:
        logging.set_verbosity(before)
