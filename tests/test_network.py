"""Strong ties: sound for every spec, from any graph, and refused in words where there are none."""

import itertools
from collections import Counter

import networkx as nx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from networks import GENERATED, assert_sound, build, built, content, rows

from sim import world
from sim.errors import InputError
from sim.network import Network, build_network, network_for
from sim.possible_ties import MOST_COMPLETE

REAL = {
    "karate_club": (34, 78),
    "les_miserables": (77, 254),
    "florentine_families": (15, 20),
    "davis_southern_women": (18, 139),
}


@settings(max_examples=300)
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
@settings(max_examples=30)
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
