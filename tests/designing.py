"""Designs for tests: random ones, and ways to make one from plain data."""

from typing import Any

from hypothesis import strategies as st

from experiments.planning.designs import Design
from experiments.sections.designs import DesignSection
from experiments.sections.keys import Parameter, Scalar, parameter_of, parameters
from sim.strict_yaml import Key

VALUES: dict[str, st.SearchStrategy[Scalar]] = {
    "policy.delay": st.integers(0, 50).map(float),
    "policy.agents": st.integers(0, 9),
    "service.failure_probability": st.sampled_from([0.0, 0.01, 0.03, 0.2]),
    "talk.hops": st.integers(0, 6),
    "talk.enabled": st.booleans(),
    "network.kind": st.sampled_from(["none", "complete", "random", "small_world"]),
    "policy.authority": st.none() | st.just(5.0),
    "days": st.integers(1, 40),
}
"""Some keys of every type, and values that each may have."""


def design(data: Any) -> Design:
    """Return the design that plain data describe, as a file would."""
    return Design(DesignSection.model_validate(_tuples(data)))


def _tuples(data: Any) -> Any:
    if isinstance(data, dict):
        return {key: _tuples(value) for key, value in data.items()}
    return tuple(map(_tuples, data)) if isinstance(data, (list, tuple)) else data


@st.composite
def levels(draw: Any, keys: list[str], longest: int = 3) -> dict[str, list[Scalar]]:
    """Return a list of distinct values for each key."""
    return {
        key: draw(st.lists(VALUES[key], min_size=1, max_size=longest, unique=True)) for key in keys
    }


@st.composite
def designs(draw: Any, keys: list[str] | None = None, deep: bool = True) -> dict[str, Any]:
    """Return plain data of any design with listed values, exclusions left out."""
    names = keys or draw(
        st.lists(st.sampled_from(sorted(VALUES)), min_size=2, max_size=4, unique=True)
    )
    if deep and len(names) > 3 and draw(st.booleans()):
        cut = draw(st.integers(1, len(names) - 1))
        parts = [draw(designs(names[:cut], False)), draw(designs(names[cut:], False))]
        return {"nested": parts}
    values = draw(levels(names))
    kind = draw(st.sampled_from(["grid", "list"]))
    if kind == "grid":
        return {"grid": values}
    longest = max(map(len, values.values()))
    rows = [{key: each[i % len(each)] for key, each in values.items()} for i in range(longest)]
    return {"list": rows}


def other_value(parameter: Parameter, value: Any) -> Scalar:
    """Return a value that a parameter may have, other than the one given."""
    if isinstance(value, bool):
        return not value
    if parameter.number:
        low, high = parameter.bounds
        return parameter.checked(int(low) if value == high else int(high))
    return "complete" if value != "complete" else "none"


def single_keys() -> list[str]:
    """Return every key of a scenario without outages, but for the network's file."""
    return [key for key in parameters() if ".0." not in key and key != "network.file"]


def at(data: Any, key: str) -> Any:
    """Return what stands at a dotted key."""
    path: Key = tuple(key.split("."))
    for part in path:
        data = data[int(part) if str(part).isdecimal() else part]
    return data


__all__ = [
    "VALUES",
    "at",
    "design",
    "designs",
    "levels",
    "other_value",
    "parameter_of",
    "single_keys",
]
