"""A scenario turned into what the performers read: records of numbers for a `Setting`."""

import math
from collections.abc import Sequence
from statistics import NormalDist
from types import SimpleNamespace
from typing import Any

import numpy as np

from sim.lookup import fade_table, liking_table, power_table, promoter_table
from sim.parameters import Section, numbers, record_type
from sim.policy import Policy
from sim.population import Rows, signed
from sim.rules import leaving_after_visit
from sim.state import Setting, Tables
from sim.world import Outage, World

SECTIONS = (
    "market", "service", "appraisal", "loss", "voice", "justice", "recovery", "loyalty", "survey", "talk",
    "reviews", "money", "colleagues", "referral",
)  # fmt: skip


def _records(kind: type[Section], sections: Sequence[Section]) -> np.ndarray[Any, np.dtype[Any]]:
    if not sections:
        return np.zeros(0, record_type(kind))
    return np.concatenate([numbers(section) for section in sections])


def _lookup(world: World) -> Any:
    """Return the record of the tables that behaviours read."""
    tables = {
        "fades": fade_table(world.talk.opinion_half_life),
        "powers": power_table(world.appraisal.curvature),
    }
    record = np.zeros(1, [(name, "f8", table.shape) for name, table in tables.items()])
    for name, table in tables.items():
        record[name] = table
    return record[0]


def new_setting(world: World, seed: int, people: int, measure_every: int) -> Setting:
    """Return the setting of a run for compiled code.

    Parameters
    ----------
    world : World
        The world.
    seed : int
        The seed, 0 to 2**64 - 1.
    people : int
        How many people there are.
    measure_every : int
        Days between rows of the series.
    """
    spread = world.service.quality_spread
    ordinary = 1.0 - world.appraisal.delighted_share
    delights = spread > 0.0 and ordinary < 1.0
    return Setting(
        seed=signed(seed),
        people=people,
        measure_every=measure_every,
        delight_from=spread * NormalDist().inv_cdf(ordinary) if delights else math.inf,
        most_leaving=leaving_after_visit(-1.0, world.loyalty),
        lookup=_lookup(world),
        **{name: numbers(getattr(world, name))[0] for name in SECTIONS},
    )


def new_tables(world: World, policies: Sequence[Policy], change_days: Sequence[int]) -> Tables:
    """Return what a run looks up: `change_days[i]` is when `policies[i + 1]` comes into force."""
    return Tables(
        _records(Policy, policies),
        np.array(change_days, np.int64),
        _records(Outage, world.outages),
        promoter_table(world.survey.noise),
        liking_table(),
    )


def interpreted(setting: Setting) -> Setting:
    """Return the same setting for plain Python, its records seen through rows."""
    views: dict[str, Any] = {
        name: Rows(np.atleast_1d(getattr(setting, name)))[0] for name in SECTIONS
    }
    tables = SimpleNamespace(**{name: setting.lookup[name] for name in setting.lookup.dtype.names})
    return setting._replace(lookup=tables, **views)
