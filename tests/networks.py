"""Networks for tests: built from any valid spec, and looked at as plain lists and sets."""

import itertools
import math

import numpy as np
from hypothesis import strategies as st

from sim import world
from sim.network import Network, build_network

GENERATED = ["small_world", "scale_free", "random", "complete", "communities", "none"]


def build(people: int, seed: int = 1, **spec: object) -> Network:
    return build_network(world.Network(**spec), people, seed)


def rows(network: Network) -> list[list[int]]:
    return [row.tolist() for row in np.split(network.neighbours, network.offsets[1:-1])]


def pairs(network: Network) -> frozenset[tuple[int, int]]:
    return frozenset(
        (one, other) for one, row in enumerate(rows(network)) for other in row if one < other
    )


def degrees(network: Network) -> np.ndarray:
    return np.diff(network.offsets)


def content(network: Network) -> bytes:
    return network.offsets.tobytes() + network.neighbours.tobytes()


def assert_sound(network: Network, people: int) -> None:
    assert network.offsets.dtype == np.int64
    assert network.neighbours.dtype == np.int32
    assert network.people == people
    assert network.offsets[0] == 0
    assert network.offsets[-1] == len(network.neighbours) == 2 * network.ties
    lists = rows(network)
    assert len(lists) == people
    for one, row in enumerate(lists):
        assert all(low < high for low, high in itertools.pairwise(row))
        assert one not in row
        assert all(0 <= other < people and one in lists[other] for other in row)


@st.composite
def built(draw: st.DrawFn) -> tuple[world.Network, int, int]:
    """A spec that can be built, a number of people and a seed."""
    kind = draw(st.sampled_from(GENERATED))
    people = draw(st.integers(1, 40))
    size = draw(st.integers(2, 41))
    bridging = draw(st.sampled_from([0.0, 0.1, 0.5, 1.0]))
    most = people - 1
    if kind == "communities":
        groups = max(1, people // size)
        bridging = bridging if groups > 1 else 0.0
        apart = people - math.ceil(people / groups)
        if bridging < 1.0:
            most = min(most, int((min(people, size) - 1) / (1.0 - bridging)))
        if bridging > 0.0:
            most = min(most, int(apart / bridging))
    degree = draw(st.integers(0, max(0, most)))
    if kind in ("small_world", "scale_free"):
        degree -= degree % 2
    spec = world.Network(
        kind=kind,
        degree=degree,
        rewiring=draw(st.sampled_from([0.0, 0.1, 1.0])),
        community_size=size,
        bridging=bridging,
    )
    return spec, people, draw(st.integers(0, 2**63 - 1))
