"""Which networks there can be: no more ties for each than there are others, and the like.

Apart from the making of networks, so that a scenario can be refused where it was written.
"""

from typing import NamedTuple

from sim import world
from sim.strict_yaml import Key

MOST_COMPLETE = 20_000
"""The most people who can all know each other: their ties take 1.6 GB, and four times that for
twice as many."""

_REAL = ("karate_club", "les_miserables", "florentine_families", "davis_southern_women")


class Impossible(NamedTuple):
    """Why there is no such network, and the key to blame first."""

    key: Key
    text: str


def impossible(spec: world.Network, people: int) -> Impossible | None:
    """Tell why a network of that kind cannot be built among so many people, or None if it can."""
    if spec.file is not None or spec.kind in (*_REAL, "none"):
        return None
    if spec.kind == "complete":
        return _too_complete(people)
    degree = spec.degree
    if spec.kind in ("small_world", "scale_free") and degree % 2:
        return Impossible(
            ("network", "degree"),
            f"network.degree = {degree} must be even where network.kind = {spec.kind} "
            f"(half of the ties are of one's own making; take {degree - 1} or {degree + 1})",
        )
    if degree > people - 1:
        return Impossible(
            ("network", "degree"),
            f"network.degree = {degree} must be less than market.people = {people} "
            "(nobody has more ties than there are others; lower the one or raise the other)",
        )
    if spec.kind == "communities" and degree > 0:
        return _too_close(spec, people)
    return None


def _too_complete(people: int) -> Impossible | None:
    if people <= MOST_COMPLETE:
        return None
    return Impossible(
        ("market", "people"),
        f"market.people = {people} must be at most {MOST_COMPLETE} where network.kind = "
        f"complete ({4e-9 * people * (people - 1):.1f} GB of ties; take another kind)",
    )


def _too_close(spec: world.Network, people: int) -> Impossible | None:
    """Tell why there are no such communities."""
    size = min(people, spec.community_size)
    inside, outside = spec.degree * (1.0 - spec.bridging), spec.degree * spec.bridging
    if people // size == 1 and outside > 0.0:
        return Impossible(
            ("network", "community_size"),
            f"network.community_size = {spec.community_size} must be at most {people // 2} where "
            f"market.people = {people} and network.bridging = {spec.bridging} (ties out of a "
            "community need a second one; or set bridging to 0)",
        )
    asked = f"network.degree = {spec.degree} with network.bridging = {spec.bridging} asks for"
    if inside > size - 1:
        return Impossible(
            ("network", "degree"),
            f"{asked} {inside:g} ties inside the community and must ask for at most {size - 1} (all "
            f"others of network.community_size = {spec.community_size}; lower degree or raise "
            "bridging or community_size)",
        )
    elsewhere = people - -(-people // (people // size))
    if outside > elsewhere:
        return Impossible(
            ("network", "degree"),
            f"{asked} {outside:g} ties out of the community and must ask for at most {elsewhere} "
            "(all who are elsewhere; lower either)",
        )
    return None
