"""Strong ties: sound for every spec, the same for a seed, and distributed as the theory says."""

import hashlib
import itertools
import math
from collections import Counter

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from sim import random_graphs, world
from sim.errors import InputError
from sim.network import MOST_COMPLETE, Network, build_network, network_for

GENERATED = ["small_world", "scale_free", "random", "complete", "communities", "none"]
KEYED = ["small_world", "scale_free", "random", "communities"]
REAL = {
    "karate_club": (34, 78),
    "les_miserables": (77, 254),
    "florentine_families": (15, 20),
    "davis_southern_women": (18, 139),
}
# A result that chance gives once in ten thousand; the seeds are fixed, so it does so always or never.
UNLIKELY = 1e-4
SIGMAS = 4.0


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


@settings(max_examples=300, deadline=None)
@given(built())
def test_every_network_is_undirected_simple_and_ascending(case):
    spec, people, seed = case
    network = build_network(spec, people, seed)
    assert_sound(network, people)
    assert content(network) == content(build_network(spec, people, seed))
    half = spec.degree // 2
    exact = {
        "small_world": people * half,
        "scale_free": (people - half) * half,
        "complete": people * (people - 1) // 2,
        "none": 0,
    }
    assert network.ties == exact.get(spec.kind, network.ties)


@settings(max_examples=60, deadline=None)
@given(built())
def test_compiled_and_interpreted_builders_agree(case):
    spec, people, seed = case
    compiled = build_network(spec, people, seed)
    with pytest.MonkeyPatch.context() as patch:
        for name in ("compress", "complete", "small_world", "scale_free", "planted_partition"):
            patch.setattr(random_graphs, name, getattr(random_graphs, name).py_func)
        assert content(build_network(spec, people, seed)) == content(compiled)


@pytest.mark.parametrize("kind", KEYED)
def test_no_two_draws_share_a_key(kind, monkeypatch):
    keys: list[tuple[int, ...]] = []

    def recorded(draw):
        def asked(seed, person, day, purpose, n=0, tag=0):
            keys.append((seed, person, day, purpose, n, tag))
            return draw(seed, person, day, purpose, n, tag)

        return asked

    for name in ("small_world", "scale_free", "planted_partition"):
        monkeypatch.setattr(random_graphs, name, getattr(random_graphs, name).py_func)
    for name in ("uniform", "uniforms"):
        monkeypatch.setattr(random_graphs, name, recorded(getattr(random_graphs, name)))
    build(60, kind=kind, degree=10, rewiring=0.7, community_size=15, bridging=0.3)
    assert len(keys) > 200
    assert len(set(keys)) == len(keys)


@pytest.mark.parametrize("kind", KEYED)
def test_another_seed_gives_another_network(kind):
    assert len({content(build(200, seed, kind=kind)) for seed in (*range(20), 2**40)}) == 21


@pytest.mark.parametrize(
    ("kind", "digest"),
    [
        ("small_world", "10f479cb83cb5e18"),
        ("scale_free", "dab683c21156e873"),
        ("random", "c6daf10e26976ece"),
        ("communities", "39169996cdff92c8"),
    ],
)
def test_a_seed_means_one_network_for_ever(kind, digest):
    assert hashlib.sha256(content(build(500, 7, kind=kind))).hexdigest()[:16] == digest


@pytest.mark.parametrize("kind", GENERATED)
def test_tiny_markets_are_built_or_refused_in_words(kind):
    outcomes = Counter()
    for people, degree, size, bridging in itertools.product(
        range(1, 8), range(8), (2, 3, 7), (0.0, 0.5, 1.0)
    ):
        spec = {"degree": degree, "community_size": size, "bridging": bridging}
        try:
            network = build(people, kind=kind, **spec)
        except InputError as error:
            outcomes["refused"] += 1
            assert str(error).startswith(("network.degree = ", "network.community_size = "))
        else:
            outcomes["built"] += 1
            assert_sound(network, people)
    assert outcomes["built"] >= 100
    assert (outcomes["refused"] == 0) == (kind in ("complete", "none"))


# -- exact distributions ------------------------------------------------------------------------


def fit(counts: Counter, chances: dict) -> float:
    """P-value of counts under given chances, which must name every outcome."""
    assert set(counts) <= set(chances)
    assert math.isclose(sum(chances.values()), 1.0)
    total = sum(counts.values())
    return float(
        stats.chisquare(
            [counts[outcome] for outcome in chances],
            [total * chance for chance in chances.values()],
        ).pvalue
    )


@pytest.mark.parametrize(
    ("spec", "inside", "outside"),
    [
        ({"kind": "random", "degree": 1}, 1 / 3, 1 / 3),
        ({"kind": "random", "degree": 2}, 2 / 3, 2 / 3),
        ({"kind": "communities", "community_size": 2, "degree": 1, "bridging": 0.5}, 0.5, 0.25),
    ],
)
def test_every_graph_of_four_people_comes_as_often_as_it_should(spec, inside, outside):
    everybody = list(itertools.combinations(range(4), 2))
    chance = {pair: inside if pair in ((0, 1), (2, 3)) else outside for pair in everybody}
    chances = {
        frozenset(pair for pair, tied in zip(everybody, graph, strict=True) if tied): math.prod(
            chance[pair] if tied else 1 - chance[pair]
            for pair, tied in zip(everybody, graph, strict=True)
        )
        for graph in itertools.product((False, True), repeat=6)
    }
    counts = Counter(pairs(build(4, seed, **spec)) for seed in range(20_000))
    assert fit(counts, chances) > UNLIKELY


def test_every_preferential_tree_of_four_people_comes_as_often_as_it_should():
    chances = {}
    for second in (0, 1):
        ends = [0, 1, 2, second]
        for third in range(3):
            tree = frozenset({(0, 1), (second, 2), (third, 3)})
            chances[tree] = 0.5 * ends.count(third) / 4
    counts = Counter(
        pairs(build(4, seed, kind="scale_free", degree=2)) for seed in range(10_000)
    )
    assert fit(counts, chances) > UNLIKELY


@pytest.mark.parametrize("degree", [2, 8])
def test_degrees_of_a_scale_free_network_follow_their_law(degree):
    # Bollobás, Riordan, Spencer & Tusnády 2001: 2m(m+1) / (k(k+1)(k+2)).
    half, most = degree // 2, 60
    found = degrees(build(100_000, 3, kind="scale_free", degree=degree))
    law = {k: 2 * half * (half + 1) / (k * (k + 1) * (k + 2)) for k in range(half, most)}
    law[most] = half * (half + 1) / (most * (most + 1))
    counts = Counter(np.minimum(found, most)[half:].tolist())
    assert fit(counts, law) > UNLIKELY


def test_degrees_of_a_random_network_are_binomial():
    people, degree = 50_000, 8
    network = build(people, 3, kind="random", degree=degree)
    law = stats.binom(people - 1, degree / (people - 1))
    chances = {k: float(law.pmf(k)) for k in range(1, 18)}
    chances[0], chances[18] = float(law.cdf(0)), float(law.sf(17))
    assert fit(Counter(np.minimum(degrees(network), 18).tolist()), chances) > UNLIKELY
    expected = people * degree / 2
    assert abs(network.ties - expected) < SIGMAS * math.sqrt(expected)


def test_rewired_ties_are_the_share_asked_for_and_lead_anywhere():
    people, degree, rewiring = 40_000, 6, 0.3
    ties = people * degree // 2
    network = build(people, 3, kind="small_world", degree=degree, rewiring=rewiring)
    apart = np.array([other - one for one, other in pairs(network)])
    far = apart[(apart > degree // 2) & (apart < people - degree // 2)]
    spread = math.sqrt(ties * rewiring * (1 - rewiring))
    assert abs(len(far) - ties * rewiring) < SIGMAS * spread
    # The way round to a person anywhere is uniform.
    way = np.minimum(far, people - far)
    assert stats.kstest(way, stats.uniform(0, people / 2).cdf).pvalue > UNLIKELY


# -- beside NetworkX's own generators -----------------------------------------------------------

REPLICATES = 12


def assert_alike(ours: list[float], theirs: list[float]) -> None:
    """Means differ by no more than the spread of the replicates explains."""
    error = math.sqrt((np.var(ours, ddof=1) + np.var(theirs, ddof=1)) / len(ours))
    assert abs(np.mean(ours) - np.mean(theirs)) <= SIGMAS * error + 1e-12


@pytest.mark.parametrize("rewiring", [0.0, 0.02, 0.1, 0.4, 1.0])
def test_small_worlds_cluster_and_reach_as_networkx_has_them(rewiring):
    people, degree = 300, 6
    spec = {"kind": "small_world", "degree": degree, "rewiring": rewiring}
    ours = [build(people, seed, **spec).to_networkx() for seed in range(REPLICATES)]
    theirs = [
        nx.watts_strogatz_graph(people, degree, rewiring, seed=seed) for seed in range(REPLICATES)
    ]
    for measure in (nx.average_clustering, reach, degree_variance):
        assert_alike([measure(graph) for graph in ours], [measure(graph) for graph in theirs])


def reach(graph: nx.Graph) -> float:
    """Mean length of the paths there are (a small world may fall apart)."""
    lengths = [
        length
        for _, found in nx.all_pairs_shortest_path_length(graph)
        for length in found.values()
        if length
    ]
    return float(np.mean(lengths))


def degree_variance(graph: nx.Graph) -> float:
    return float(np.var([degree for _, degree in graph.degree()]))


@pytest.mark.parametrize("degree", [4, 8])
def test_scale_free_networks_are_as_networkx_has_them(degree):
    spec = {"kind": "scale_free", "degree": degree}
    ours = [build(1000, seed, **spec).to_networkx() for seed in range(REPLICATES)]
    theirs = [nx.barabasi_albert_graph(1000, degree // 2, seed=i) for i in range(REPLICATES)]
    assert {graph.number_of_edges() for graph in ours + theirs} == {
        (1000 - degree // 2) * degree // 2
    }
    for measure in (
        nx.average_clustering,
        nx.degree_assortativity_coefficient,
        lambda graph: max(degree for _, degree in graph.degree()),
        lambda graph: sum(degree > 25 for _, degree in graph.degree()),
    ):
        assert_alike([measure(graph) for graph in ours], [measure(graph) for graph in theirs])


@pytest.mark.parametrize("bridging", [0.0, 0.1, 0.6])
def test_communities_hold_together_as_networkx_has_them(bridging):
    people, size, degree = 600, 20, 8
    inside = degree * (1 - bridging) / (size - 1)
    outside = degree * bridging / (people - size)
    groups = [set(range(first, first + size)) for first in range(0, people, size)]
    spec = {
        "kind": "communities", "community_size": size, "degree": degree, "bridging": bridging
    }  # fmt: skip
    ours = [build(people, seed, **spec).to_networkx() for seed in range(REPLICATES)]
    theirs = [
        nx.planted_partition_graph(people // size, size, inside, outside, seed=seed)
        for seed in range(REPLICATES)
    ]
    for measure in (
        lambda graph: nx.community.modularity(graph, groups),
        nx.Graph.number_of_edges,
        nx.average_clustering,
    ):
        assert_alike([measure(graph) for graph in ours], [measure(graph) for graph in theirs])


def test_communities_that_do_not_divide_evenly_keep_degree_and_bridging():
    people, size, degree, bridging = 50_039, 50, 8, 0.1
    network = build(
        people, kind="communities", community_size=size, degree=degree, bridging=bridging
    )
    groups = people // size
    group = np.arange(people) * groups // people
    assert set(np.bincount(group).tolist()) == {50, 51}
    owner = np.repeat(np.arange(people), degrees(network))
    leaving = int((group[owner] != group[network.neighbours]).sum()) / 2
    expected = people * degree / 2
    assert abs(network.ties - expected) < SIGMAS * math.sqrt(expected)
    assert abs(leaving - bridging * expected) < SIGMAS * math.sqrt(bridging * expected)


def test_cliques_are_communities_without_bridges():
    network = build(45, kind="communities", community_size=9, degree=8, bridging=0.0)
    assert network.to_networkx().edges == nx.caveman_graph(5, 9).edges


# -- the class, real networks, NetworkX graphs ---------------------------------------------------


def test_complete_and_empty_networks():
    assert rows(build(4, kind="complete")) == [[1, 2, 3], [0, 2, 3], [0, 1, 3], [0, 1, 2]]
    empty = build(4, kind="none")
    assert (empty.people, empty.ties, empty.mean_degree, empty.labels) == (4, 0, 0.0, None)


def test_size_in_memory_and_mean_degree():
    network = build(1000, kind="small_world", degree=8)
    assert network.nbytes == 8 * 1001 + 4 * 8 * 1000
    assert (network.ties, network.mean_degree) == (4000, 8.0)


@pytest.mark.parametrize("kind", REAL)
def test_real_networks_set_the_number_of_people(kind):
    network = build(5, kind=kind)
    assert (network.people, network.ties) == REAL[kind]
    assert_sound(network, REAL[kind][0])
    assert len(network.labels) == network.people


def test_southern_women_are_tied_who_met():
    graph = nx.davis_southern_women_graph()
    network = build(1, kind="davis_southern_women")
    for one, other in itertools.combinations(range(18), 2):
        met = set(graph[network.labels[one]]) & set(graph[network.labels[other]])
        assert (other in rows(network)[one]) == bool(met)


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=30, deadline=None)
def test_a_networkx_graph_comes_back_as_it_was(seed):
    graph = nx.gnp_random_graph(12, 0.3, seed=seed)
    graph = nx.relabel_nodes(graph, {node: ("person", 11 - node) for node in graph})
    network = Network.from_networkx(graph)
    assert_sound(network, 12)
    assert network.labels == tuple(graph)
    assert network.notes == ()
    back = network.to_networkx()
    assert list(back) == list(graph)
    assert nx.utils.graphs_equal(back, graph)


def test_directed_and_multiple_ties_become_simple_and_are_counted():
    arrows = nx.DiGraph([("a", "b"), ("b", "a"), ("b", "c"), ("c", "c")])
    network = Network.from_networkx(arrows)
    assert rows(network) == [[1], [0, 2], [1]]
    assert network.notes == (
        "took 4 directed ties as mutual",
        "dropped 1 self-loop and 1 repeated tie",
    )
    threads = nx.MultiGraph([(0, 1), (0, 1), (1, 0), (2, 2), (2, 2)])
    network = Network.from_networkx(threads)
    assert rows(network) == [[1], [0], []]
    assert network.notes == ("dropped 2 self-loops and 2 repeated ties",)


def test_a_graph_without_ties_and_one_without_nodes():
    network = Network.from_networkx(nx.empty_graph(3))
    assert (network.people, network.ties, network.notes) == (3, 0, ())
    with pytest.raises(InputError, match="has no nodes"):
        Network.from_networkx(nx.Graph())


def test_a_file_goes_before_a_kind(tmp_path):
    (tmp_path / "friends.txt").write_text("anna bert\n")
    spec = world.Network(kind="complete", file="friends.txt")
    assert network_for(spec, 9, 1, tmp_path).labels == ("anna", "bert")
    spec = world.Network(kind="complete", file=str(tmp_path / "friends.txt"))
    assert network_for(spec, 9, 1).people == 2
    assert network_for(world.Network(kind="complete"), 9, 1, tmp_path).people == 9


@pytest.mark.parametrize(
    ("people", "spec", "words"),
    [
        (50, {"kind": "small_world", "degree": 7}, "network.degree = 7 must be even .*6 or 8"),
        (50, {"kind": "scale_free", "degree": 7}, "network.degree = 7 must be even"),
        (8, {}, "network.degree = 8 must be less than market.people = 8 .*raise"),
        (8, {"kind": "random"}, "network.degree = 8 must be less than market.people = 8"),
        (
            MOST_COMPLETE + 1,
            {"kind": "complete"},
            "market.people = 20001 must be at most 20000 .*1.6 GB",
        ),
        (
            99,
            {"kind": "communities"},
            "network.community_size = 50 must be at most 49 .*market.people = 99 .*bridging to 0",
        ),
        (
            60,
            {"kind": "communities", "community_size": 5},
            "network.bridging = 0.1 asks for 7.2 ties inside .*at most 4 .*lower degree",
        ),
        (
            20,
            {"kind": "communities", "community_size": 10, "degree": 12, "bridging": 1.0},
            "network.bridging = 1.0 asks for 12 ties out .*at most 10",
        ),
    ],
)
def test_what_cannot_be_built_is_refused_with_a_remedy(people, spec, words):
    with pytest.raises(InputError, match=words):
        build(people, **spec)
