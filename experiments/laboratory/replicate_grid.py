"""The time to 95% over the whole grid of the talk of the network, regressed on its parameters."""

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from experiments.engine.runner import Progress
from experiments.laboratory.replicate import REPLICAS, replicate
from sim.errors import InputError
from sim.parameters import Section

LEVELS: Mapping[str, Sequence[float]] = {
    "s": (5, 17, 29), "w": (5, 17, 29), "a": (0.0005, 0.005, 0.01), "bw": (0.005, 0.01, 0.015),
    "bs": (0.01, 0.04, 0.07),
}  # fmt: skip
"""The grid of 3^5 cells of the regression of Goldenberg, Libai & Muller (2001)."""


def regression(
    runs: int = 3,
    seed: int = 1,
    workers: int | None = None,
    base: Section | None = None,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Regress the time to 95% on the five parameters, standardised, over the full grid.

    Parameters
    ----------
    runs, seed, workers
        As for `replicate`; the same seeds in every cell.
    base : Section, optional
        Parameters other than the five, such as `people`.
    progress : callable, optional
        Told how many cells are done, of how many.

    Returns
    -------
    dict
        `model`, `cells`, `runs`, `seed`, `r_squared`, and `coefficients`: standardised, by
        parameter, of an ordinary least squares regression with a constant.

    Raises
    ------
    InputError
        If 95% are never reached in some cell.
    """
    replica = REPLICAS["talk-of-the-network"]
    cells = list(itertools.product(*LEVELS.values()))
    times = []
    for cell in cells:
        settings = (base or replica.parameters()).model_copy(
            update=dict(zip(LEVELS, cell, strict=True))
        )
        found = replicate(replica, settings, runs, seed, workers)
        times.append(float(found.values["steps_to_95"].mean()))
        if progress is not None:
            progress(len(times), len(cells))
    if not np.isfinite(times).all():
        raise InputError("steps must be more: in some cells 95% never adopt in so many")
    table = np.array(cells, dtype=np.float64)
    x = (table - table.mean(axis=0)) / table.std(axis=0)
    y = np.array(times)
    z = (y - y.mean()) / y.std()
    coefficients, residual, _, _ = np.linalg.lstsq(x, z, rcond=None)
    return {
        "model": replica.name,
        "cells": len(cells),
        "runs": runs,
        "seed": seed,
        "r_squared": float(1.0 - residual[0] / len(z)),
        "coefficients": dict(zip(LEVELS, map(float, coefficients), strict=True)),
    }
