"""Two runs of one scenario lived side by side, phase by phase, and what there is to compare."""

import inspect
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from sim import day
from sim.calendar import BLOCK, Calendar, new_calendar, new_pool
from sim.customer import Customer
from sim.day import outage_on
from sim.model import ReputationModel
from sim.performers import Performance, by_agents, by_kernels
from sim.policy import Policy
from sim.population import Rows
from sim.run import Run, network_of
from sim.scenario import Scenario
from sim.state import fits, grow

_ARGUMENTS = [tuple(inspect.signature(phase).parameters) for phase in day.PHASES]
PHASES = tuple(phase.__name__ for phase in day.PHASES)


class Lived:
    """A run that is lived phase by phase.

    Parameters
    ----------
    scenario
        What to run.
    performer
        Who performs.
    network
        Strong ties, instead of the scenario's own.
    customer
        The class of the people.
    treated
        People with a policy of their own.
    cramped
        Whether to begin with hardly any room, so that the state must grow.
    """

    def __init__(
        self,
        scenario: Scenario,
        performer: Any = "compiled",
        network: Any = None,
        customer: type[Customer] = Customer,
        treated: Mapping[int, Policy] | None = None,
        cramped: bool = False,
    ) -> None:
        ties = network_of(scenario, network)
        if performer == "agents":
            self.model = ReputationModel(scenario, ties, customer, performer, treated=treated)
            self.run = self.model.run
        else:
            self.run = Run(scenario, ties, customer, treated=treated).begin()
        if cramped:
            cramp(self.run)
        self.performance: Performance = (
            by_agents() if performer == "agents" else by_kernels(customer)
        )

    @property
    def state(self) -> Any:
        return self.run.state

    def make_room(self, today: int) -> None:
        """Let the state grow until whatever may happen today has room."""
        while True:
            state = self.state._replace(
                people=Rows(self.state.people), books=Rows(self.state.books)
            )
            outages = self.state.tables._replace(outages=Rows(self.state.tables.outages))
            outage = outage_on(today, outages)
            if fits(state, today, outage):
                return
            self.run.state = grow(self.run.state, today, outage)

    def perform(self, place: int, today: int) -> None:
        """Live through the phase at a place in the order of the day."""
        state, setting = self.run._views()
        have = {"state": state, "today": today, "world": setting, "network": self.run.ties}
        self.performance.phases[place](*(have[name] for name in _ARGUMENTS[place]))

    def close(self, today: int) -> None:
        """Let the run know that a day is over."""
        self.run.now, self.run.today = today, today + 1


def side_by_side(
    one: Lived, other: Lived, before: Callable[[Lived, str, int], None] | None = None
) -> Iterator[str]:
    """Live two runs through all days, and stop after each phase to have them compared.

    `before` is called with the other run, the name of a phase and the day, before each phase.
    """
    yield "founded"
    for today in range(one.run.scenario.days):
        for lived in (one, other):
            lived.make_room(today)
        for place, name in enumerate(PHASES):
            one.perform(place, today)
            if before is not None:
                before(other, name, today)
            other.perform(place, today)
            yield f"day {today}, after {name}"
        for lived in (one, other):
            lived.close(today)


def leaves(state: Any) -> list[np.ndarray[Any, Any]]:
    """Return every array of a state, always in the same order."""
    if isinstance(state, np.ndarray):
        return [state]
    return [leaf for part in state for leaf in leaves(part)]


def paths(state: Any, path: str = "state") -> list[str]:
    """Return where each of the `leaves` stands."""
    if isinstance(state, np.ndarray):
        return [path]
    names = [(name, getattr(state, name)) for name in state._fields]
    return [leaf for name, part in names for leaf in paths(part, f"{path}.{name}")]


def difference(one: Any, other: Any) -> str:
    """Return where two states are not the same bytes, or nothing; padding is no content."""
    for i, (left, right) in enumerate(zip(leaves(one), leaves(other), strict=True)):
        if left.dtype != right.dtype or left.shape != right.shape:
            return f"{paths(one)[i]}: {left.dtype}{left.shape} and {right.dtype}{right.shape}"
        for name in left.dtype.names or (...,):
            if left[name].tobytes() != right[name].tobytes():
                rows = np.flatnonzero(left[name] != right[name])[:5]
                return f"{paths(one)[i]}.{name}{rows}: {left[name][rows]} and {right[name][rows]}"
    return ""


def cramp(run: Run) -> None:
    """Take from a run nearly all the room that it has not yet used."""
    state = run.state
    run.state = state._replace(
        cases=state.cases[:1].copy(),
        stories=state.stories[:1].copy(),
        letters=state.letters[:1].copy(),
        guests=state.guests[:1].copy(),
        answered=state.answered[:1].copy(),
        told=state.told[:1].copy(),
        fresh=state.fresh[:1].copy(),
        opened=state.opened[:1].copy(),
        closed=state.closed[:1].copy(),
        series=state.series[:2].copy(),
        case_places=new_pool(1),
        story_places=new_pool(1),
        answers=new_calendar(0),
        tellings=new_calendar(0),
    )


def entries(calendar: Calendar, day_: int) -> list[int]:
    """Return what stands under a day of a calendar, in the order in which it is read."""
    return [int(calendar.entries[place]) for place in _places(calendar, day_)]


def reorder(calendar: Calendar, day_: int, order: Callable[[list[int]], list[int]]) -> None:
    """Put what stands under a day of a calendar into another order."""
    places = _places(calendar, day_)
    for place, entry in zip(places, order(entries(calendar, day_)), strict=True):
        calendar.entries[place] = entry


def _places(calendar: Calendar, day_: int) -> list[tuple[int, int]]:
    slot = day_ % len(calendar.first)
    count = int(calendar.number[slot])
    block = int(calendar.first[slot])
    size = (count - 1) % BLOCK + 1
    places = []
    while block >= 0:
        places += [(block, place) for place in range(size)]
        size = BLOCK
        block = int(calendar.following[block])
    assert len(places) == count
    return places
