"""Networks that runs share: the last few used in a process, each made once."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from functools import lru_cache
from typing import Any

from experiments.planning.plan import checksum
from sim.scenario import Scenario

MOST_NETWORKS = 16
"""Networks kept for the runs to come, beside those in use."""

MOST_BYTES = 2**28
"""Memory that the kept networks may take, beyond the newest one."""


class Networks:
    """The last few networks that runs shared, each made by one thread while others wait for it.

    Parameters
    ----------
    build
        What makes the network of a scenario.
    most
        How many are kept.
    """

    def __init__(self, build: Callable[[Scenario], Any], most: int = MOST_NETWORKS) -> None:
        self._build = build
        self._most = most
        self._lock = threading.Lock()
        self._kept: OrderedDict[Hashable, Future[Any]] = OrderedDict()

    def of(self, scenario: Scenario) -> Any:
        """Return the network of a scenario, made now if it is not kept."""
        key = network_key(scenario)
        with self._lock:
            known = self._kept.get(key)
            if known is not None:
                self._kept.move_to_end(key)
            else:
                made = self._kept[key] = Future()
        return self._make(key, made, scenario) if known is None else known.result()

    def _make(self, key: Hashable, made: "Future[Any]", scenario: Scenario) -> Any:
        try:
            network = self._build(scenario)
        except BaseException as error:
            with self._lock:
                self._kept.pop(key, None)
            made.set_exception(error)
            raise
        made.set_result(network)
        with self._lock:
            self._let_go()
        return network

    def _let_go(self) -> None:
        """Drop the networks that were not asked for longest; never one that is being made."""
        ready = [key for key, made in self._kept.items() if made.done()]
        sizes = {key: getattr(self._kept[key].result(), "nbytes", 0) for key in ready}
        total = sum(sizes.values())
        for key in ready[:-1]:
            if len(self._kept) <= self._most and total <= MOST_BYTES:
                break
            total -= sizes[key]
            del self._kept[key]


def network_key(scenario: Scenario) -> Hashable:
    """Return what the strong ties of a scenario depend on."""
    file = scenario.network.file
    if file is not None:
        return file, checksum(file)
    return scenario.network, scenario.market.people, scenario.seed


@lru_cache(maxsize=1)
def shared_networks() -> Networks:
    """Return the networks of this process."""
    from sim.run import network_of

    return Networks(network_of)
