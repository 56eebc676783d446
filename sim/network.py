"""Strong ties, who knows whom, as compressed lists of neighbours.

The builders are the field's named graphs, written as compiled kernels so that a million people
take a fraction of a second. Every choice is a keyed draw, so that a seed means one network
wherever it is built.
"""

import math
from collections.abc import Hashable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import networkx as nx
import numpy as np

from sim import random_graphs, world
from sim.errors import InputError
from sim.network_files import Ties, graph_ties, read_ties
from sim.possible_ties import impossible

# How many standard deviations of room are left for ties; who needs more draws them a second time.
_SPREADS = 6.0

Graph: TypeAlias = nx.Graph
"""What users may pass instead, and get on request."""

Offsets = random_graphs.Offsets
Persons = random_graphs.Persons


@dataclass(frozen=True, eq=False)
class Network:
    """Who is tied to whom: undirected, without loops or doubles.

    The neighbours of person `i` are `neighbours[offsets[i]:offsets[i + 1]]`, ascending.

    Attributes
    ----------
    offsets : numpy.ndarray
        int64[people + 1], from 0 to twice the number of ties.
    neighbours : numpy.ndarray
        int32[2 * ties], every tie once from either end.
    labels : tuple or None
        What each person is called in the file or graph that the ties come from; None for
        generated networks, where people are called by their number.
    notes : tuple of str
        What was done to the ties that the user should hear of.
    """

    offsets: Offsets
    neighbours: Persons
    labels: tuple[Hashable, ...] | None = None
    notes: tuple[str, ...] = ()

    @property
    def people(self) -> int:
        """Number of people, those without ties included."""
        return len(self.offsets) - 1

    @property
    def ties(self) -> int:
        """Number of ties, each counted once."""
        return len(self.neighbours) // 2

    @property
    def mean_degree(self) -> float:
        """Mean number of ties of a person."""
        return len(self.neighbours) / self.people

    @property
    def nbytes(self) -> int:
        """Bytes of memory in the two arrays."""
        return self.offsets.nbytes + self.neighbours.nbytes

    def to_networkx(self) -> Any:
        """Return a `networkx.Graph`; its nodes are the labels, or else the people's numbers."""
        graph = nx.Graph()
        names = range(self.people) if self.labels is None else self.labels
        graph.add_nodes_from(names)
        owners = np.repeat(np.arange(self.people, dtype=np.int32), np.diff(self.offsets))
        once = owners < self.neighbours
        ties = zip(owners[once].tolist(), self.neighbours[once].tolist(), strict=True)
        graph.add_edges_from((names[one], names[other]) for one, other in ties)
        return graph

    @classmethod
    def from_networkx(cls, graph: Any) -> "Network":
        """Take the ties of any NetworkX graph; people are its nodes in the graph's order.

        Directed ties become mutual; loops and repeated ties are dropped and counted in `notes`.

        Raises
        ------
        InputError
            If the graph has no nodes.
        """
        ties = graph_ties(graph)
        if not ties.labels:
            raise InputError("the network has no nodes; wanted at least one")
        return _simple(ties)


def network_for(spec: world.Network, people: int, seed: int, folder: Path | None = None) -> Network:
    """Read the network that a scenario names, or build it.

    Parameters
    ----------
    spec
        The scenario's `network`; a `file` goes before a `kind`.
    people
        Number of people for generated kinds; a file or a real network sets its own.
    seed
        The seed of the run.
    folder
        What a relative `file` is relative to; the current folder if None.
    """
    if spec.file is None:
        return build_network(spec, people, seed)
    return read_network((folder or Path()) / spec.file)


def read_network(path: str | Path) -> Network:
    """Read ties from an edge list, csv, GraphML or GEXF file, or one of these gzipped.

    Edge lists hold two ids a line, parted by white space, commas or semicolons; further columns,
    blank lines and comments after `#` or `%` are passed over, and a header is recognised. People
    are in ascending order of id if all ids are whole numbers, else in order of first appearance.
    `notes` also tell what looks like no ties: a header among them, or columns without common ids.

    Raises
    ------
    InputError
        If the file is missing, empty or malformed, with file, line, what was found and wanted.
    """
    return _simple(read_ties(Path(path)))


def build_network(spec: world.Network, people: int, seed: int) -> Network:
    """Build a network of one of the named kinds.

    - `small_world`: a ring on which everybody knows `degree` / 2 people on either side, and each
      tie is led elsewhere with probability `rewiring` (Watts & Strogatz 1998).
    - `scale_free`: newcomers tie themselves to `degree` / 2 others with probability
      proportional to the ties these have (Barabási & Albert 1999), from a star on.
    - `random`: any two people are tied with the same probability (Gilbert 1959); degrees are
      binomial with mean `degree`.
    - `communities`: equal groups of `community_size` or barely more; any two of a group are tied
      with one probability and any two of different groups with another (Condon & Karp 2001), such
      that a person has `degree` ties in the mean, of which a share `bridging` leaves the group.
    - `complete`, `none`: everybody knows everybody, or nobody.
    - `karate_club`, `les_miserables`, `florentine_families`, `davis_southern_women`: real ones,
      which set the number of people; the women are tied who met at an event.

    Parameters
    ----------
    spec
        The kind and what it needs.
    people
        Number of people, at least 1; real networks set it themselves.
    seed
        All choices are keyed on it; the same seed gives the same bytes.

    Raises
    ------
    InputError
        If there is no such network, such as one with more ties for each than there are others.
    """
    if spec.kind in _REAL:
        graph = _REAL[spec.kind]()
        return Network.from_networkx(graph)
    problem = impossible(spec, people)
    if problem is not None:
        raise InputError(problem.text)
    if spec.kind == "complete":
        return Network(*random_graphs.complete(people))
    if spec.kind == "none" or spec.degree == 0:
        return Network(np.zeros(people + 1, np.int64), np.empty(0, np.int32))
    if spec.kind == "small_world":
        sources, targets = _empty(people * spec.degree // 2)
        random_graphs.small_world(
            seed, people, spec.degree // 2, float(spec.rewiring), sources, targets
        )
    elif spec.kind == "scale_free":
        sources, targets = _empty((people - spec.degree // 2) * (spec.degree // 2))
        random_graphs.scale_free(seed, spec.degree // 2, sources, targets)
    else:
        sources, targets = _grouped(spec, people, seed)
    return Network(*random_graphs.compress(people, sources, targets))


def _southern_women() -> Any:
    graph = nx.davis_southern_women_graph()
    return nx.bipartite.projected_graph(graph, graph.graph["top"])


_REAL = {
    "karate_club": nx.karate_club_graph,
    "les_miserables": nx.les_miserables_graph,
    "florentine_families": nx.florentine_families_graph,
    "davis_southern_women": _southern_women,
}


def _grouped(spec: world.Network, people: int, seed: int) -> tuple[Persons, Persons]:
    """Return the ties of equal groups; a random network is a single one without bridges."""
    grouped = spec.kind == "communities"
    groups = max(1, people // spec.community_size) if grouped else 1
    bridging = spec.bridging if grouped else 0.0
    size, larger = divmod(people, groups)
    together = larger * (size + 1) ** 2 + (groups - larger) * size**2
    apart = people * people - together
    outside = people * spec.degree * bridging / apart if apart else 0.0
    inside = spec.degree * (1.0 - bridging)
    expected = people * spec.degree / 2
    room = int(expected + _SPREADS * math.sqrt(expected))
    while True:
        sources, targets = _empty(room)
        ties = random_graphs.planted_partition(
            seed, people, groups, inside, outside, sources, targets
        )
        if ties <= room:
            return sources[:ties], targets[:ties]
        room = ties


def _empty(ties: int) -> tuple[Persons, Persons]:
    return np.empty(ties, np.int32), np.empty(ties, np.int32)


def _simple(ties: Ties) -> Network:
    """Drop loops and doubles, and say how many."""
    people = len(ties.labels)
    low, high = ties.pairs.min(axis=1), ties.pairs.max(axis=1)
    unlike = low != high
    loops = len(low) - int(unlike.sum())
    keys = np.sort(low[unlike] * people + high[unlike])  # np.unique hashes, which is slower
    keys = keys[np.diff(keys, prepend=-1) > 0]
    doubles = len(low) - loops - len(keys)
    notes = ties.notes
    if loops or doubles:
        notes += (f"dropped {_count(loops, 'self-loop')} and {_count(doubles, 'repeated tie')}",)
    sources, targets = (keys // people).astype(np.int32), (keys % people).astype(np.int32)
    return Network(*random_graphs.compress(people, sources, targets), ties.labels, notes)


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
