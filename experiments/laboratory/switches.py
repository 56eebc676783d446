"""The parts of what a policy gains that can be switched off, and the keys that do it."""

from typing import Any

from experiments.methods.shapley import Coalition
from experiments.planning.plan import Point
from sim.scenario import Scenario

SWITCHES: dict[str, tuple[str, Any]] = {
    "telling": ("talk.enabled", False),
    "retelling": ("talk.retelling", False),
    "reviews": ("reviews.enabled", False),
    "learning": ("service.learning", 0.0),
}
"""By part, the key that switches it off, and what it is then set to."""

PARTS = tuple(SWITCHES)

WORD_OF_MOUTH = ("telling", "retelling", "reviews")
"""The parts by which people learn of each other's experience."""

NEEDS = {"retelling": "telling"}
"""What nobody tells cannot be passed on."""


def acting(scenario: Scenario) -> tuple[str, ...]:
    """Return the parts that are switched on in a scenario."""
    on = [part for part, (key, off) in SWITCHES.items() if value_of(scenario, key) != off]
    return tuple(part for part in on if NEEDS.get(part, part) in on)


def value_of(scenario: Scenario, key: str) -> Any:
    """Return what a dotted key is set to."""
    section, _, name = key.partition(".")
    return getattr(getattr(scenario, section), name)


def point_of(scenario: Scenario, on: Coalition, parts: tuple[str, ...]) -> Point:
    """Return the point of a design at which of `parts` those `on` are at work, and no others."""
    point: dict[str, Any] = {}
    for part in parts:
        key, off = SWITCHES[part]
        point[key] = value_of(scenario, key) if part in on else off
    return point
