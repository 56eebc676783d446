"""`amends trace`: what it finds, what it writes, and what other lives of the worst cases change."""

import json
from pathlib import Path

import networkx as nx
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from calling import call, told
from test_worlds import of

from experiments.commands.trace import JSON
from experiments.laboratory.attribution import SOURCES
from experiments.laboratory.genealogy import TELLING, trace
from experiments.laboratory.stories import Stories, follow
from experiments.laboratory.stories_file import TellingsFile, tellings_in
from experiments.laboratory.stories_graph import first_hearings, graph_of, rows_in, write_graph
from experiments.laboratory.stories_worst import AT_ONCE, Counterfactuals, at_once, worst_of
from experiments.laboratory.trace_conclusion import conclude
from experiments.laboratory.trace_report import to_json
from sim.lives import Altered
from sim.policy import Policy
from sim.run import network_of, simulate
from sim.scenario import PolicyChange, load_scenario

SMALL = ["--set", "market.people=300", "--set", "service.failure_probability=0.1", "--days", "60"]
BAKERY = load_scenario(
    "bakery", {"market.people": 300, "service.failure_probability": 0.1}, days=60
)
NETWORK = network_of(BAKERY)


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Stories:
    return follow(BAKERY, NETWORK, tmp_path_factory.mktemp("t") / "tellings.parquet", worst=3)


def test_tellings_come_back_from_disk_as_they_went(tmp_path: Path) -> None:
    pages: list[np.ndarray] = []
    with TellingsFile(tmp_path / "t.parquet") as file:
        found = trace(BAKERY, NETWORK, lambda page: (pages.append(page), file.keep(page))[0])
    back = np.concatenate(list(tellings_in(tmp_path / "t.parquet")))
    assert back.dtype == TELLING
    assert back.tobytes() == np.concatenate(pages).tobytes()
    assert len(back) == found.tellings > 500


def test_chunks_become_row_groups_of_one_file(tmp_path: Path) -> None:
    page = np.zeros(10, TELLING)
    with TellingsFile(tmp_path / "t.parquet") as file:
        for day in range(4):
            page["day"] = day
            file.keep(page)
    assert pq.ParquetFile(tmp_path / "t.parquet").num_row_groups == 4


def test_an_answer_at_once_is_the_policy_of_that_day_made_better() -> None:
    later = Policy(compensation=0.7, agents=3, authority=0.1)
    scenario = BAKERY.model_copy(update={"policy_changes": (PolicyChange(day=30, policy=later),)})
    assert at_once(scenario, 29).compensation == BAKERY.policy.compensation
    changed = at_once(scenario, 30)
    assert changed.compensation == 0.7
    assert {name: getattr(changed, name) for name in AT_ONCE} == AT_ONCE


def test_other_lives_are_those_of_the_simulation(found: Stories) -> None:
    lives = Counterfactuals(BAKERY, NETWORK, found.outcome)
    case = found.worst.cases.iloc[0]
    person, day = int(case["person"]), int(case["day"])
    now = simulate(BAKERY, NETWORK, altered={person: Altered(day, "spared")})
    change = lives.change([(person, day)], "spared")
    assert change == found.worst.spared[0]
    assert change.reputation == now.final["reputation"] - found.outcome.final["reputation"]
    gained = now.totals["customers_kept"] - found.outcome.totals["customers_kept"]
    assert change.joiners - change.leavers == change.customers
    assert abs(gained) <= 1 + abs(change.customers)
    nothing = lives.change([(person, day + 1)], "spared")
    assert nothing == lives.change([], "spared")
    assert (nothing.reputation, nothing.customers, nothing.npv) == (0.0, 0, 0.0)


def test_sparing_the_worst_gives_back_about_what_its_stories_cost(found: Stories) -> None:
    """The tracing of one world and the difference of two worlds say the same, but for second thoughts."""
    cost = -found.worst.cases["points"].to_numpy()
    spared = np.array([change.reputation for change in found.worst.spared])
    assert (cost > 0.0).all()
    assert (spared > 0.0).all()
    assert spared.sum() == pytest.approx(cost.sum(), rel=0.6)
    assert found.worst.spared_together.reputation == pytest.approx(spared.sum(), rel=0.3)


def test_a_silent_failure_can_be_answered_too() -> None:
    """Proactive noticing reaches who would never complain."""
    silent = of(BAKERY, voice={"constant": -90.0}, policy={"proactive": 0.0})
    base = simulate(silent, NETWORK)
    failures = trace(silent, NETWORK, lambda page: None).failures
    assert not failures["heard"].any()
    early = failures[failures["severity"].argmax()]
    case = (int(early["person"]), int(early["day"]))
    change = Counterfactuals(silent, NETWORK, base).change([case], "treated")
    assert change.reputation != 0.0


def test_the_worst_are_one_a_person_and_did_harm() -> None:
    table = pd.DataFrame({"person": [1, 1, 2, 3], "points": [-3.0, -2.0, -1.0, 0.0]})
    assert worst_of(table, 5)["person"].tolist() == [1, 2]
    assert worst_of(table, 1)["points"].tolist() == [-3.0]


def test_the_tree_holds_everybody_once_below_who_told_it_first(found: Stories) -> None:
    tree = first_hearings(found.tree)
    case = found.worst.cases.iloc[0]
    assert (tree[0].person, tree[0].day, tree[0].hops) == (case["person"], case["day"], 0)
    assert len({hearer.person for hearer in tree}) == len(tree) == case["reached"] + 1
    for hearer in tree[1:]:
        teller = tree[hearer.teller]
        assert hearer.hops == teller.hops + 1
        assert hearer.day > teller.day
        first = found.tree[found.tree["listener"] == hearer.person][0]
        assert (first["day"], first["teller"]) == (hearer.day, teller.person)
    heights = rows_in(tree)
    leaves = sorted(set(range(len(tree))) - {hearer.teller for hearer in tree})
    assert sorted(heights[leaves]) == list(range(len(leaves)))


def test_the_graph_can_be_read_back(found: Stories, tmp_path: Path) -> None:
    graph = graph_of(found.tree, [f"n{row}" for row in range(300)])
    assert graph.number_of_edges() == len(found.tree)
    write_graph(graph, tmp_path, "story")
    back = nx.read_graphml(tmp_path / "story.graphml", node_type=int, force_multigraph=True)
    linked = nx.node_link_graph(json.loads((tmp_path / "story.json").read_text()), edges="links")
    for other in (back, linked):
        assert dict(other.nodes(data=True)) == dict(graph.nodes(data=True))
        assert sorted(map(str, other.edges(data=True))) == sorted(map(str, graph.edges(data=True)))
    moved = sum(data["moved"] for _, data in graph.nodes(data=True))
    assert moved == pytest.approx(found.tree["change"].sum())


def test_json_adds_up(found: Stories) -> None:
    result = to_json(found)
    assert tuple(result) == JSON
    assert tuple(result["sources"]) == tuple(SOURCES)
    assert 50.0 + sum(result["sources"].values()) == pytest.approx(result["reputation"], abs=1e-9)
    assert result["tellings"] == result["good"] + result["bad"]
    assert [case["points"] for case in result["worst"]] == sorted(
        case["points"] for case in result["worst"]
    )
    assert "that did most harm" in conclude(found)


def test_command_writes_json_and_a_folder(tmp_path: Path) -> None:
    folder = tmp_path / "o"
    result = told("trace", "bakery", *SMALL, "--worst", "1", "--out", str(folder))
    assert len(result["worst"]) == 1
    assert result["digest"] == told("run", "bakery", *SMALL)["digest"]
    assert pq.ParquetFile(folder / "tellings.parquet").metadata.num_rows == result["tellings"]
    names = {path.name for path in folder.iterdir()}
    assert {
        "report.md", "sources.png", "worst.png", "story.png", "story.graphml", "story.json",
        "failures.parquet", "origins.parquet", "reproduction.csv", "worst.csv", "scenario.yaml",
        "provenance.json",
    } <= names  # fmt: skip


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ("talk.enabled=false", "nobody told anybody anything"),
        ("service.failure_probability=0", "No failure cost reputation anything"),
        ("talk.retelling=false", "of a bad one 0.00"),
    ],
)
def test_there_may_be_little_to_trace(setting: str, words: str) -> None:
    result = told("trace", "bakery", *SMALL, "--set", setting, "--worst", "1")
    assert words in result["conclusion"]


def test_a_folder_is_written_where_there_is_little_to_trace(tmp_path: Path) -> None:
    folder = tmp_path / "o"
    quiet = ("--set", "talk.enabled=false", "--out", str(folder))
    assert told("trace", "bakery", *SMALL, *quiet)["worst"] == []
    names = {path.name for path in folder.iterdir()}
    assert {"report.md", "sources.png", "tellings.parquet"} <= names
    assert not {"story.png", "worst.png", "story.json"} & names


def test_a_wrong_number_of_cases_is_refused() -> None:
    result = call("trace", "bakery", *SMALL, "--worst", "-1")
    assert result.exit_code == 2
    assert "Traceback" not in result.output
