"""The tree of one story, and the same as a graph for other programs (GraphML, node-link JSON)."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np

from experiments.laboratory.genealogy import Array
from sim.ties import STRONG, TIE_NAMES


@dataclass(frozen=True)
class Hearer:
    """One person in the tree of a story, by the telling from which it first heard it.

    Attributes
    ----------
    person : int
        Row.
    day : int
        When it first heard the story; for the first teller, when it happened.
    teller : int
        Place of the teller in the tree; -1 for the first teller.
    hops : int
        Tellings from the event to this person: 0 for whom it befell, 1 for who heard it from that
        person.
    tie : int
        Along which kind of tie (`sim.ties`); for the first teller, no matter.
    bad : bool
        Whether as a bad story.
    """

    person: int
    day: int
    teller: int
    hops: int
    tie: int
    bad: bool


def first_hearings(tellings: Array) -> list[Hearer]:
    """Return the tree of a story: everybody once, where it was first heard, tellers before hearers.

    Parameters
    ----------
    tellings
        Those of one origin, dtype `experiments.laboratory.genealogy.TELLING`, by day.
    """
    if not len(tellings):
        return []
    root = int(tellings["origin_person"][0])
    tree = [Hearer(root, int(tellings["origin_day"][0]), -1, 0, STRONG, False)]
    places = {root: 0}
    for telling in tellings:
        listener, teller = int(telling["listener"]), places[int(telling["teller"])]
        if listener in places:
            continue
        places[listener] = len(tree)
        tree.append(
            Hearer(
                listener,
                int(telling["day"]),
                teller,
                tree[teller].hops + 1,
                int(telling["tie"]),
                bool(telling["valence"] < 0.0),
            )  # fmt: skip
        )
    return tree


def graph_of(tellings: Array, labels: Any = None) -> Any:
    """Return a story as a directed multigraph of people: an edge a telling, from teller to listener.

    Nodes carry `hops` and `day` of the first hearing, `heard` (how often), `moved` (the sum of
    changes of opinion, in logits) and `label` where the network has names; edges `day`, `hop`,
    `tie`, `valence` and `change`.
    """
    graph = nx.MultiDiGraph()
    for hearer in first_hearings(tellings):
        name = {} if labels is None else {"label": str(labels[hearer.person])}
        graph.add_node(hearer.person, hops=hearer.hops, day=hearer.day, heard=0, moved=0.0, **name)
    for telling in tellings:
        listener = int(telling["listener"])
        graph.nodes[listener]["heard"] += 1
        graph.nodes[listener]["moved"] += float(telling["change"])
        graph.add_edge(
            int(telling["teller"]), listener, day=int(telling["day"]), hop=int(telling["hop"]),
            tie=TIE_NAMES[telling["tie"]], valence=float(telling["valence"]),
            change=float(telling["change"]),
        )  # fmt: skip
    return graph


def write_graph(graph: Any, folder: Path, name: str) -> None:
    """Write a graph as `name`.graphml and, node and link, as `name`.json."""
    nx.write_graphml_xml(graph, folder / f"{name}.graphml")
    data = nx.node_link_data(graph, edges="links")
    (folder / f"{name}.json").write_text(
        json.dumps(data, indent=1, allow_nan=False) + "\n", encoding="utf-8", newline="\n"
    )


def rows_in(tree: list[Hearer]) -> Array:
    """Return a height for each in a tree, so that branches lie beside each other and do not cross.

    Who passed the story on to nobody new has a row of its own; who did lies in the middle of those
    it told.
    """
    told: list[list[int]] = [[] for _ in tree]
    for place, hearer in enumerate(tree):
        if hearer.teller >= 0:
            told[hearer.teller].append(place)
    heights = np.zeros(len(tree))
    row = 0
    waiting = [(0, False)] if tree else []
    while waiting:
        place, opened = waiting.pop()
        if opened:
            heights[place] = float(np.mean([heights[child] for child in told[place]]))
        elif told[place]:
            waiting.append((place, True))
            waiting.extend((child, False) for child in reversed(told[place]))
        else:
            heights[place] = row
            row += 1
    return heights
