"""Optimise: which levers to search, what pulling them costs, and how much may be spent."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, WithJsonSchema, model_validator

from experiments.sections.keys import Faults
from experiments.sections.outcome import OneRuns, directed
from experiments.sections.ranges import Ranges
from sim.parameters import Section, parameter
from sim.policy import Policy

CHARGED = "cost_per_contact"
"""The lever of a policy through which costs are charged: one contact for each answer."""

PRICES = frozenset(name for name in Policy.model_fields if name.startswith(("cost_", "wage_")))
"""Levers that say what something costs; pulling them changes nothing but the bill."""


class Cost(Section):
    """What a lever adds to the cost of each answer."""

    each: float = parameter(
        ..., "added to the cost of an answer for each unit of the lever beyond where it is free",
        unit="money", low=0, high=1e6, sure="choice",
    )  # fmt: skip
    above: float | None = parameter(
        None, "the lever is free up to here, and what lies above costs; 0 unless given",
        unit="unit of the lever", sure="choice",
    )  # fmt: skip
    below: float | None = parameter(
        None, "instead: the lever is free from here up, and what lies below costs (a shorter delay)",
        unit="unit of the lever", sure="choice",
    )  # fmt: skip

    @model_validator(mode="after")
    def _one_side(self) -> "Cost":
        if self.below is not None and self.above is not None:
            raise ValueError("has both above and below; keep one")
        return self

    def of(self, value: float) -> float:
        """Return what a value of the lever adds to the cost of each answer, in money.

        >>> Cost(each=0.05, below=10.0).of(8.0), Cost(each=0.4).of(0.5), Cost(each=0.4).of(-1.0)
        (0.1, 0.2, 0.0)
        """
        beyond = value - (self.above or 0.0) if self.below is None else self.below - value
        return self.each * max(0.0, beyond)


def _spelled_out(value: Any) -> Any:
    """Return `{each: 0.4}` for 0.4."""
    if isinstance(value, (dict, Cost)):
        return value
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise ValueError("must be a number, or a section such as {each: 0.05, below: 10}")
    if value < 0:
        raise ValueError(
            "must be at least 0; where less of the lever costs more, write {each: 0.05, below: 10}"
        )
    return {"each": float(value)}


_COST_SCHEMA = {"anyOf": [{"type": "number", "minimum": 0}, Cost.model_json_schema()]}

CostOf = Annotated[Cost, BeforeValidator(_spelled_out), WithJsonSchema(_COST_SCHEMA)]


def _levers(given: Mapping[str, Any]) -> Mapping[str, Any]:
    """Refuse keys that are no levers, and prices."""
    faults = Faults()
    for key, value in given.items():
        section, _, name = key.partition(".")
        if faults.parameter((key,), key, value) is None:
            continue
        if section != "policy":
            text = "is no lever of the policy, and no firm can choose it; set it under `set`"
            faults.add((key,), value, text)
        elif name in PRICES:
            faults.add((key,), value, "says what something costs; it is no lever to be pulled")
    faults.tell()
    return given


def _priced(costs: Mapping[str, Cost]) -> Mapping[str, Cost]:
    """Refuse costs of what comes in no amounts."""
    faults = Faults()
    for key, cost in _levers(costs).items():
        field = Policy.model_fields[key.partition(".")[2]]
        if field.annotation not in (int, float):
            text = "comes in no amounts, so that no unit of it can cost anything"
            faults.add((key,), cost, text)
    faults.tell()
    return costs


class Optimise(Section):
    """The search for the policies that reach the most for what they spend."""

    levers: Annotated[Ranges, AfterValidator(_levers)] = parameter(
        ..., "the levers to search and their ranges, `policy.delay: [0, 10]`; in a distribution the "
        "likelier values are tried more often", unit="unit of the key", sure="choice",
    )  # fmt: skip
    like: str | None = parameter(
        None, "the policy that has all other levers, and that gains are told from; the baseline "
        "unless named", unit="name", sure="choice",
    )  # fmt: skip
    costs: Annotated[Mapping[str, CostOf], AfterValidator(_priced)] = parameter(
        {}, "what a unit of a lever adds to the cost of each answer, under every policy: "
        "`policy.apology: 0.4`, or `policy.delay: {each: 0.05, below: 10}`", unit="money",
        sure="choice",
    )  # fmt: skip
    objective: Annotated[OneRuns, AfterValidator(directed)] = parameter(
        "reputation", "what to reach, against what recovery costs", unit="name", sure="choice"
    )
    budget: float | None = parameter(
        None, "what recovery may cost at most, wages and all; no limit if empty",
        unit="money per person in the market and year", low=0, high=1e12, sure="choice",
    )  # fmt: skip
    trials: int = parameter(
        256, "settings of the levers to try", unit="trials", low=2, high=100_000, sure="choice"
    )
    worlds: int = parameter(
        4, "worlds that each trial is run in; the best are run again in those of `seeds`, which the "
        "search has not seen", unit="worlds", low=1, high=10_000, sure="choice",
    )  # fmt: skip
    shortlist: int = parameter(
        15, "policies of the search's frontier that are run again, at most", unit="policies",
        low=2, high=1000, sure="choice",
    )  # fmt: skip
    seed: int = parameter(
        0, "the luck of the search: another number tries others", unit="number",
        low=0, high=2**32 - 1, sure="choice",
    )  # fmt: skip

    def cost_of_answer(self, policy: Policy) -> float:
        """Return what the levers of a policy add to the cost of each answer, in money."""
        return sum(
            cost.of(float(getattr(policy, key.partition(".")[2])))
            for key, cost in self.costs.items()
        )
