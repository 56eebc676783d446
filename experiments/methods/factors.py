"""What the keys of a design do to an outcome, as tables: by level, by point, and by rank."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from experiments.methods.statistics import mean_interval
from experiments.planning.designs import Design
from experiments.sections.designs import DesignSection
from experiments.sections.keys import parameter_of

_NORMAL = 1.96
"""Standard errors that a 95% interval of a normal estimate reaches to either side."""


def design_of(experiment: Mapping[str, Any]) -> Design | None:
    """Return the design of an experiment as `Experiment.resolved()` gives it, if it has one."""
    resolved = experiment.get("design")
    return None if resolved is None else Design(DesignSection.model_validate(_tuples(resolved)))


def _tuples(data: Any) -> Any:
    if isinstance(data, Mapping):
        return {key: _tuples(value) for key, value in data.items()}
    return tuple(map(_tuples, data)) if isinstance(data, list) else data


def quantity(key: str) -> str:
    """Return a key with its unit, for an axis: `policy.delay (days)`."""
    about = parameter_of(key)
    return f"{key} ({about.unit})" if about.told_in else key


def by_level(runs: pd.DataFrame, keys: Sequence[str], outcome: str) -> pd.DataFrame:
    """Return the mean of an outcome at each level of some keys, over all else, with its interval.

    Returns
    -------
    DataFrame
        Columns `policy`, the keys, `mean`, `low`, `high`, in the order of the runs. The interval
        (95%) is over worlds: of each, the mean over all other keys is taken first. NaN with one
        world. A level that is empty is None.
    """
    groups = ["policy", *keys]
    worlds = runs.groupby([*groups, "seed"], sort=False, dropna=False)[outcome].mean()
    table = worlds.unstack("seed")
    interval = mean_interval(table.to_numpy(dtype=float))
    made = table.index.to_frame(index=False)
    for key in keys:
        if made[key].isna().any():
            made[key] = made[key].astype(object).where(made[key].notna(), None)
    return made.assign(mean=interval.mean, low=interval.low, high=interval.high)


def by_point(runs: pd.DataFrame, keys: Sequence[str], outcome: str) -> pd.DataFrame:
    """Return the mean of an outcome over worlds at each point: `policy`, the keys, `mean`."""
    means = runs.groupby(["policy", *keys], sort=False, dropna=False)[outcome].mean()
    return means.rename("mean").reset_index()


def rank_correlations(points: pd.DataFrame, keys: Sequence[str]) -> pd.DataFrame:
    """Return Spearman's rank correlation (1904) of each key with the mean, under each policy.

    Returns
    -------
    DataFrame
        Columns `key`, `policy`, `rho`, `low`, `high`; keys by the strongest of theirs, the
        strongest first. NaN for keys that take no numbers. The interval (95%) is Bonett & Wright's
        (2000, Psychometrika 65: 23-28), as if the points were drawn independently; NaN where there
        are three or fewer, or where all are in order.
    """
    rows = []
    for key in keys:
        numeric = parameter_of(key).number
        for policy, part in points.groupby("policy", sort=False):
            pair = part[[key, "mean"]].dropna().astype(float) if numeric else part[:0]
            known = len(pair) > 2 and pair.nunique().min() > 1
            rho = pair[key].rank().corr(pair["mean"].rank()) if known else np.nan
            low, high = _rank_interval(rho, len(pair))
            rows.append({"key": key, "policy": policy, "rho": rho, "low": low, "high": high})
    table = pd.DataFrame(rows)
    strength = table["rho"].abs().groupby(table["key"]).max().fillna(-1.0)
    order = sorted(keys, key=lambda key: -strength[key])
    return table.set_index("key").loc[order].reset_index()


def drawn_correlations(runs: pd.DataFrame, design: Design, outcome: str) -> pd.DataFrame:
    """Return the rank correlations of all keys that a design draws, the strongest first.

    Each point that was drawn counts once, as the mean over the worlds and over all keys that its
    sample is crossed with.
    """
    tables = [rank_correlations(by_point(runs, keys, outcome), keys) for keys in design.drawn]
    ranks = pd.concat(tables, ignore_index=True)
    strength = ranks["rho"].abs().groupby(ranks["key"]).max().fillna(-1.0)
    order = sorted(strength.index, key=lambda key: -strength[key])
    made: pd.DataFrame = ranks.set_index("key").loc[order].reset_index()
    return made


def _rank_interval(rho: float, count: int) -> tuple[float, float]:
    """Return the interval of a rank correlation from so many pairs."""
    if count <= 3 or not abs(rho) < 1 - 1e-12:
        return np.nan, np.nan
    reach = _NORMAL * np.sqrt((1 + rho * rho / 2) / (count - 3))
    low, high = np.tanh([np.arctanh(rho) - reach, np.arctanh(rho) + reach])
    return float(low), float(high)
