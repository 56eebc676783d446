"""The model: a market of people who are served, failed, answered, and who talk.

>>> from sim import load_scenario, simulate
>>> outcome = simulate(load_scenario("bakery", days=14))  # doctest: +SKIP
>>> outcome.final["reputation"]  # doctest: +SKIP
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sim.customer import Customer
    from sim.errors import InputError
    from sim.model import ReputationModel
    from sim.network import Network
    from sim.outcome import Outcome
    from sim.policy import Policy
    from sim.run import simulate
    from sim.scenario import Scenario, load_policy, load_scenario
    from sim.world import World

# Made on first use: the numbers behind a run are heavy to import, a message about a file is not.
_HOMES = {
    "Customer": "sim.customer",
    "InputError": "sim.errors",
    "Network": "sim.network",
    "Outcome": "sim.outcome",
    "Policy": "sim.policy",
    "ReputationModel": "sim.model",
    "Scenario": "sim.scenario",
    "World": "sim.world",
    "load_policy": "sim.scenario",
    "load_scenario": "sim.scenario",
    "simulate": "sim.run",
}

__all__ = [
    "Customer", "InputError", "Network", "Outcome", "Policy", "ReputationModel", "Scenario",
    "World", "load_policy", "load_scenario", "simulate",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'sim' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
