"""One run: a scenario founded, lived through day by day, and what comes of it."""

import time
import warnings
from collections.abc import Mapping
from typing import Any, Literal

import numpy as np

from sim.customer import Customer
from sim.lives import Altered
from sim.network import Graph, Network, network_for
from sim.outcome import Brought, Outcome
from sim.performers import Performance, by_agents, by_kernels, can_be_compiled
from sim.policy import Policy
from sim.population import PERSON, Rows, aligned, found_people, signed
from sim.referral import found_bonds
from sim.scenario import Scenario, check_memory
from sim.setting import interpreted, new_setting, new_tables
from sim.state import State, Ties, grow, new_state
from sim.ties import Layers

Performer = Literal["compiled", "agents"]


def network_of(scenario: Scenario, network: Network | Graph | None = None) -> Network:
    """Return the strong ties of a scenario, or those given instead of them."""
    if network is None:
        return network_for(scenario.network, scenario.market.people, signed(scenario.seed))
    if isinstance(network, Network):
        return network
    return Network.from_networkx(network)


class Run:
    """A run in progress.

    Parameters
    ----------
    scenario : Scenario
        What to run.
    network : Network, optional
        Strong ties, where they are not to be made as the scenario says.
    kind : type of Customer
        The class whose behaviours are performed.
    performer : {"compiled", "agents"}
        Who performs. What cannot be compiled is performed by agents, and a warning says so.
    agents : sequence of Customer, optional
        Where agents are to be had, by row; needed when they perform.
    treated : mapping from row to Policy, optional
        A single other policy for some people, as in a field experiment.
    altered : mapping from row to Altered, optional
        People one of whose failures goes otherwise.
    """

    def __init__(
        self,
        scenario: Scenario,
        network: Network,
        kind: type[Customer] = Customer,
        performer: Performer = "compiled",
        agents: Any = None,
        treated: Mapping[int, Policy] | None = None,
        altered: Mapping[int, Altered] | None = None,
    ) -> None:
        people = network.people
        self.scenario = scenario
        self.network = network
        self.kind = kind
        self.agents = agents
        self.today = 0
        self.now = 0
        self.seconds = 0.0
        self.setting = new_setting(scenario, scenario.seed, people, scenario.measure_every)
        self.state = self._founded(people, treated or {})
        for row, life in (altered or {}).items():
            self.state.people["altered"][row] = life.mark
        layered = scenario.colleagues.share > 0.0 or scenario.referral.enabled
        layers = Layers(self.state.referral.bonds) if layered else None
        self.ties = Ties(network.offsets, network.neighbours, layers)
        self.compiled = performer == "compiled" and self._compiles()
        self.performance: Performance = by_kernels(kind) if self.compiled else by_agents()

    def _compiles(self) -> bool:
        """Tell whether the behaviours can be compiled, and say so aloud if not."""
        if can_be_compiled(self.kind, self.state, 0, 0, self.setting, self.ties):
            return True
        warnings.warn(
            f"{self.kind.__name__} is performed by agents, which is slower: "
            "Numba cannot compile one of its behaviours",
            stacklevel=4,
        )
        return False

    def begin(self) -> "Run":
        """Plan everybody's first own day, and measure the market as it is; once, before all else."""
        self._perform("found")
        return self

    def _founded(self, count: int, treated: Mapping[int, Policy]) -> State:
        """Return the state of the first morning."""
        scenario, setting = self.scenario, self.setting
        people = aligned(count, PERSON)
        found_people(people, setting.seed, setting.market, setting.service, setting.loyalty)
        changes = sorted(scenario.policy_changes, key=lambda change: change.day)
        policies = [scenario.policy, *(change.policy for change in changes)]
        for row, policy in treated.items():
            if policy not in policies[len(changes) + 1 :]:
                policies.append(policy)
            people["policy"][row] = policies.index(policy, len(changes) + 1)
        tables = new_tables(scenario, policies, [change.day for change in changes])
        referral = scenario.referral
        state = new_state(people, tables, referral.enabled)
        if referral.enabled and referral.at_start > 0.0:
            ties, bonds = self.network, state.referral.bonds
            found_bonds(
                people, ties.offsets, ties.neighbours, bonds, setting.seed, referral.at_start
            )
        state.books["failure_probability"] = scenario.service.failure_probability
        return state

    def _views(self) -> tuple[Any, Any]:
        """Return state and setting as the performer reads them."""
        if self.compiled:
            return self.state, self.setting
        tables = self.state.tables
        views: dict[str, Any] = {
            name: Rows(getattr(self.state, name))
            for name in ("books", "cases", "stories", "letters", "series")
        }
        state = self.state._replace(
            people=self.agents,
            tables=tables._replace(policies=Rows(tables.policies), outages=Rows(tables.outages)),
            **views,
        )
        return state, interpreted(self.setting)

    def _perform(self, part: str, *arguments: Any, ties: bool = False) -> Any:
        """Perform a part of the schedule."""
        state, setting = self._views()
        more = (self.ties,) if ties else ()
        return getattr(self.performance, part)(state, *arguments, setting, *more)

    def advance(self, until: int) -> None:
        """Live through the days up to, and not including, `until`."""
        began = time.perf_counter()
        while self.today < until:
            self.now = self.today
            goal = until if self.compiled else self.today + 1
            reached = self._perform("live_until", self.today, goal, ties=True)
            if reached < goal:
                outage = any(outage.day == reached for outage in self.scenario.outages)
                self.state = grow(self.state, reached, outage)
            self.today = reached
            self.now = max(self.now, reached - 1)
        self.seconds += time.perf_counter() - began

    def measured(self) -> Any:
        """Return the raw series up to now, with a last row for today."""
        books = self.state.books
        rows = int(books["rows"][0])
        if self.state.series["day"][rows - 1] != self.today:
            if rows == len(self.state.series):
                self.state = grow(self.state, self.today, False)
            self._perform("measure", self.now, self.today)
            self.state.books["rows"] -= 1
            rows += 1
        return self.state.series[:rows]

    def outcome(self, final: bool = False) -> Outcome:
        """Return what has come of the run so far; unless it is `final`, the run may go on."""
        rows = np.array(self.measured())
        people = self.state.people if final else self.state.people.copy()
        brought = None
        if self.scenario.referral.enabled:
            brought_by = self.state.referral.bonds.brought_by
            brought = Brought(brought_by.copy(), int(self.state.books["followers"][0]))
        return Outcome(self.scenario, self.network, people, rows, self.seconds, brought)


def simulate(
    scenario: Scenario,
    network: Network | Graph | None = None,
    performer: Performer = "compiled",
    customer: type[Customer] = Customer,
    treated: Mapping[int, Policy] | None = None,
    altered: Mapping[int, Altered] | None = None,
) -> Outcome:
    """Run a scenario to its end.

    Parameters
    ----------
    scenario : Scenario
        What to run; `load_scenario` reads one.
    network : Network or networkx.Graph, optional
        Strong ties instead of the scenario's own; it sets the number of people.
    performer : {"compiled", "agents"}
        Compiled code, or Mesa agents in plain Python: the same bytes, some hundred times slower.
    customer : type of Customer
        A class of your own that overrides a behaviour.
    treated : mapping from row to Policy, optional
        People who meet a policy of their own.
    altered : mapping from row to Altered, optional
        People one of whose failures did not happen, or was not answered: a counterfactual life.

    Returns
    -------
    Outcome
        Series, final population and figures.

    Raises
    ------
    InputError
        If the network cannot be made, or the memory does not suffice.
    """
    if network is None:
        check_memory(scenario)
    ties = network_of(scenario, network)
    if performer == "agents" or customer is not Customer:
        from sim.model import ReputationModel

        model = ReputationModel(
            scenario, ties, customer, performer, treated=treated, altered=altered
        )
        model.run.advance(scenario.days)
        return model.run.outcome(final=True)
    run = Run(scenario, ties, treated=treated, altered=altered).begin()
    run.advance(scenario.days)
    return run.outcome(final=True)
