"""SERVQUAL gaps applied: what a survey makes of the keys that a file gives."""

import math
from collections.abc import Mapping
from typing import Any, NamedTuple, get_args

from experiments.planning.designs import changed
from experiments.sections.keys import parameter_of
from experiments.sections.servqual import Movement, Servqual
from experiments.wording import listed
from sim.errors import InputError, nearest
from sim.policy import Policy
from sim.reading import Document
from sim.scenario import Scenario

_OF_POLICY = "policy."


class Moved(NamedTuple):
    """What a gap made of a key.

    Attributes
    ----------
    dimension : str
    gap : float
        Perceived less expected, in points of the 7-point scale.
    key : str
        Dotted.
    before, after : float
        Without the gap, as the file has it, and with it.
    """

    dimension: str
    gap: float
    key: str
    before: float
    after: float


class Survey(NamedTuple):
    """What a survey has made of a policy and its world.

    Attributes
    ----------
    policy : str
        The one that it describes.
    moved : tuple of Moved
        By dimension, in the order of the mapping.
    """

    policy: str
    moved: tuple[Moved, ...]


def surveyed(
    document: Document,
    servqual: Servqual,
    scenario: Scenario,
    policies: Mapping[str, Policy],
    baseline: str,
) -> tuple[Scenario, dict[str, Policy], Survey]:
    """Return scenario and policies with the keys moved by the gaps of a survey, and what was moved.

    Raises
    ------
    InputError
        At the line of a gap that moves nothing, or of a policy that is not there.
    """
    name = servqual.policy or baseline
    if name not in policies:
        meant = nearest(name, policies)
        hint = f"; did you mean {meant}?" if meant else ""
        text = f"must be one of the policies ({', '.join(policies)}){hint}"
        raise InputError(document.problem(("servqual", "policy"), text))
    moving = _Moving(document, servqual, scenario, policies[name], name)
    moved = tuple(moving.moved())
    return moving.scenario, {**policies, name: moving.policy}, Survey(name, moved)


class _Moving:
    """A survey on its way into the policy that it describes, and into its world."""

    def __init__(
        self, document: Document, servqual: Servqual, scenario: Scenario, policy: Policy, name: str
    ) -> None:
        self.document, self.servqual = document, servqual
        self.scenario, self.policy, self.name = scenario, policy, name

    def moved(self) -> list[Moved]:
        """Move what every gap moves."""
        found: list[Moved] = []
        for dimension in get_args(Movement.model_fields["dimension"].annotation):
            gap = getattr(self.servqual, dimension)
            if gap == 0.0:
                continue
            acting = [self.move(each, gap) for each in self.servqual.movements
                      if each.dimension == dimension and self.idle(each) is None]  # fmt: skip
            if not acting:
                raise InputError(
                    self.document.problem(("servqual", dimension), self.why(dimension))
                )
            found += acting
        return found

    def idle(self, movement: Movement) -> str | None:
        """Return why a movement would do nothing, if that is so."""
        key, value = movement.key, self.value(movement.key)
        if value is None:
            return f"{key} is empty"
        desk = {
            "policy.delay": self.policy.agents > 0,
            "policy.handling_hours": self.policy.agents == 0,
        }
        if desk.get(key):
            return f"{key} does not act with agents = {self.policy.agents}"
        if movement.form == "log" and value == 0.0:
            return f"{key} is 0, and so is every share of it: take form: linear"
        return None

    def why(self, dimension: str) -> str:
        """Say why a gap moves nothing."""
        idle = [
            str(self.idle(each)) for each in self.servqual.movements if each.dimension == dimension
        ]
        if not idle:
            return "moves nothing: the mapping has no entry for it; add one"
        return f'moves nothing in "{self.name}": {listed(idle)}; change that, or the mapping'

    def value(self, key: str) -> float | None:
        """Return what a key stands at."""
        if key.startswith(_OF_POLICY):
            found: Any = getattr(self.policy, key.removeprefix(_OF_POLICY))
        else:
            found = self.scenario
            for part in key.split("."):
                found = found[int(part)] if part.isdecimal() else getattr(found, part)
        return None if found is None else float(found)

    def move(self, movement: Movement, gap: float) -> Moved:
        """Move a key as far as a gap does."""
        key, before = movement.key, self.value(movement.key)
        assert before is not None
        by = movement.per_point * gap
        after = before * math.exp(-by) if movement.form == "log" else before + by
        low, high = parameter_of(key).bounds
        after = float(min(max(after, low), high))
        if key.startswith(_OF_POLICY):
            lever = key.removeprefix(_OF_POLICY)
            self.policy = self.policy.model_copy(update={lever: after})
        else:
            self.scenario = changed(self.scenario, {key: after})
        return Moved(movement.dimension, gap, key, before, after)
