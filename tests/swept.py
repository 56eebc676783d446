"""Small plans to sweep, and customers that raise or kill where a point says so."""

import os
import signal
from typing import Any

from experiments.design import load_experiment
from experiments.planning.plan import Plan
from sim.customer import Customer

RAISING, KILLING, HANGING = 0.77, 0.88, 0.99
"""Failure probabilities at which a `Fragile` customer raises, kills its process, or never returns."""


def a_plan(
    seeds: int = 3,
    points: Any = None,
    people: int = 60,
    days: int = 20,
    policies: tuple[str, ...] = ("none", "fast"),
    degree: int = 8,
) -> Plan:
    settings = {
        "seeds": seeds, "market.people": people, "days": days, "policies": list(policies),
        "network.degree": degree,
    }  # fmt: skip
    return Plan(load_experiment("bakery", settings), points=points)


def failing(*probabilities: float) -> list[dict[str, float]]:
    """Return points with these failure probabilities."""
    return [{"service.failure_probability": probability} for probability in probabilities]


class Fragile(Customer):
    """A customer whom Numba cannot compile, and who does not survive some failure probabilities."""

    def visit(self, today: int, world: Any, failure_probability: float) -> Any:
        if failure_probability == RAISING:
            raise ArithmeticError("nobody is left")
        if failure_probability == KILLING:
            os.kill(os.getpid(), signal.SIGKILL)
        while failure_probability == HANGING:
            pass
        return super().visit(today, world, failure_probability)


class Cheerful(Customer):
    """A customer whom Numba can compile, and who never leaves."""

    def stay(self, today: int, world: Any) -> bool:
        return True
