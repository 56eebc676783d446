"""What a visit is worth to the firm: customers differ in it as they do in how often they come.

A person's worth decides nothing that the person does, so it stands in no column: it is looked up by
its key whenever money is reckoned.
"""

from typing import Any

import numpy as np

from sim import rules
from sim.compiled import apart, kernel
from sim.draws import Purpose, normal
from sim.parameters import numbers
from sim.world import Money

Array = np.ndarray[Any, np.dtype[Any]]


@apart
def value_of(row: int, seed: int, money: Any) -> float:
    """Return what each visit of the person at a `row` is worth, as a multiple of the price."""
    if money.value_spread == 0.0:
        return 1.0
    return rules.visit_value(normal(seed, row, 0, Purpose.VALUE), money)


def _value(rows: Any, seed: int, money: Any, values: Any) -> None:
    for i in range(len(rows)):
        values[i] = value_of(rows[i], seed, money)


_fill = kernel(_value)


def values_of(rows: Array, seed: int, money: Money) -> Array:
    """Return what each visit of each of some people is worth, as a multiple of the price.

    Parameters
    ----------
    rows : array [people] of int
        Their places in the population.
    seed : int
        The seed of the run, as the setting has it (`sim.population.signed`).
    money : Money
        Of the world.

    Returns
    -------
    array [people]
        Above 0, with mean 1 over many people; 1 for everybody where `value_spread` is 0.
    """
    values = np.ones(len(rows))
    if money.value_spread > 0.0:
        _fill(rows, seed, numbers(money)[0], values)
    return values
