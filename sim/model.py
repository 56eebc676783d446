"""The model as Mesa knows it: `ReputationModel`, and its people as an AgentSet."""

import math
import weakref
from collections.abc import Iterator, Mapping
from typing import Any

import mesa
from mesa.agent import AgentSet

from sim.customer import Customer
from sim.lives import Altered
from sim.network import Graph, Network
from sim.outcome import Outcome
from sim.policy import Policy
from sim.population import PERSON
from sim.run import Performer, Run, network_of
from sim.scenario import Scenario, load_scenario
from sim.state import LEVELS

FIXED = "the people of a market are fixed; work on a selection: model.agents.select(...)"

_COLUMNS = frozenset(PERSON.names or ())


class People(AgentSet):  # type: ignore[misc]
    """The people of a model as an AgentSet that makes each agent when it is first asked for.

    Membership is fixed: people come and go as customers, not as agents. Reading a column for
    everybody (`get`, `agg`) makes no agents at all.
    """

    def __init__(self, model: "ReputationModel", kind: type[Customer], count: int) -> None:
        self._model = weakref.ref(model)
        self._kind = kind
        self._count = count
        self._made: dict[int, Customer] = {}
        self.random = model.random

    @property
    def _agents(self) -> Any:
        return weakref.WeakKeyDictionary(dict.fromkeys(self))

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[Customer]:
        return (self[row] for row in range(self._count))

    def __contains__(self, agent: object) -> bool:
        return isinstance(agent, Customer) and self._made.get(agent.row) is agent

    def __getitem__(self, item: Any) -> Any:
        if isinstance(item, slice):
            return [self[row] for row in range(*item.indices(self._count))]
        row = int(item)
        if not -self._count <= row < self._count:
            raise IndexError(f"there is no person {row}; there are {self._count}")
        row %= self._count
        agent = self._made.get(row)
        if agent is None:
            model = self._model()
            agent = self._made[row] = self._kind(model, row)
        return agent

    def get(
        self, attr_names: Any, handle_missing: Any = "error", default_value: Any = None
    ) -> list[Any]:
        """Return an attribute of everybody, as a list in the order of rows."""
        model = self._model()
        if isinstance(attr_names, str) and model is not None and attr_names in _COLUMNS:
            values: list[Any] = model.columns[attr_names].tolist()
            return values
        found: list[Any] = super().get(attr_names, handle_missing, default_value)
        return found

    def _fixed(self, *_: Any, **__: Any) -> Any:
        raise TypeError(FIXED)

    add = discard = remove = _update = _fixed

    def shuffle(self, inplace: bool = False) -> AgentSet:
        """Return everybody in random order, as a selection."""
        return self._fixed() if inplace else super().shuffle()

    def sort(self, key: Any, ascending: bool = False, inplace: bool = False) -> AgentSet:
        """Return everybody in order of `key`, as a selection."""
        return self._fixed() if inplace else super().sort(key, ascending)

    def select(
        self,
        filter_func: Any = None,
        at_most: float = math.inf,
        inplace: bool = False,
        agent_type: Any = None,
    ) -> AgentSet:
        """Return those who are asked for, as a selection."""
        if inplace:
            self._fixed()
        return super().select(filter_func, at_most, False, agent_type)


class ReputationModel(mesa.Model):  # type: ignore[misc]
    """A market as a Mesa model: a step is a day, the agents are its people.

    Parameters
    ----------
    scenario : Scenario or str
        What to run: a scenario, a shipped name or a path.
    network : Network or networkx.Graph, optional
        Strong ties instead of the scenario's own.
    customer : type of Customer
        The class of the people: a subclass may override any behaviour.
    performer : {"compiled", "agents"}
        Who lives through a day. A subclass that Numba cannot compile is performed by agents.
    treated : mapping from row to Policy, optional
        People who meet a policy of their own.
    altered : mapping from row to Altered, optional
        People one of whose failures goes otherwise.
    seed : int, optional
        Instead of the scenario's.
    **kwargs
        Any key of the scenario, with two underscores for the dot: `market__people=500`,
        `policy="fast"`.

    Examples
    --------
    >>> model = ReputationModel("bakery", market__people=200)
    >>> model.step()
    >>> len(model.agents.select(lambda person: person.standing == "customer")) > 50
    True
    """

    def __init__(
        self,
        scenario: Scenario | str = "bakery",
        network: Network | Graph | None = None,
        customer: type[Customer] = Customer,
        performer: Performer = "compiled",
        *,
        treated: Mapping[int, Policy] | None = None,
        altered: Mapping[int, Altered] | None = None,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        if isinstance(scenario, str):
            keys = {key.replace("__", "."): value for key, value in kwargs.items()}
            scenario = load_scenario(scenario, keys, seed=seed)
        elif kwargs or seed is not None:
            raise TypeError("settings go with the name of a scenario; change the Scenario itself")
        # Mesa's own generator, for what a user adds; the model's draws are keyed on the seed.
        super().__init__(rng=scenario.seed)
        ties = network_of(scenario, network)
        self.settings = scenario
        self.people = People(self, customer, ties.people)
        self.run = Run(scenario, ties, customer, performer, self.people, treated, altered)
        self.run.begin()

    def step(self) -> None:
        """Live through one day."""
        self.run.advance(self.run.today + 1)
        self.running = self.run.today < self.settings.days

    @property
    def agents(self) -> People:
        """Everybody in the market."""
        return self.people

    @property
    def agent_types(self) -> list[type]:
        """The class of the people."""
        return [self.people._kind]

    @property
    def agents_by_type(self) -> dict[type, Any]:
        """Everybody, under their class."""
        return {self.people._kind: self.people}

    def register_agent(self, agent: Any) -> None:
        """Refuse: nobody enters a market but by its scenario."""
        raise TypeError(FIXED)

    deregister_agent = register_agent

    def remove_all_agents(self) -> None:
        """Refuse: nobody leaves a market; who leaves the firm lapses."""
        raise TypeError(FIXED)

    @property
    def columns(self) -> Any:
        """The population, a NumPy structured array of dtype `sim.population.PERSON`."""
        return self.run.state.people

    @property
    def today(self) -> int:
        """The day that is being lived through, or was last."""
        return self.run.now

    @property
    def network(self) -> Network:
        """The strong ties."""
        return self.run.network

    @property
    def outcome(self) -> Outcome:
        """What has come of the model so far."""
        return self.run.outcome()

    def level(self, name: str) -> float:
        """Return a level as it stands now: `reputation`, `satisfaction`, `nps`, ... (`sim.state.LEVELS`).

        For a DataCollector: `model_reporters={"reputation": lambda m: m.level("reputation")}`.
        """
        if name not in LEVELS:
            raise KeyError(f"{name!r} is none of {', '.join(LEVELS)}")
        return float(self.run.measured()[name][-1])
