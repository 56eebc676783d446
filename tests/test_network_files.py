"""Ties from files: every usual way to write them, and one clear sentence for every wrong one."""

import gzip
from pathlib import Path

import networkx as nx
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from networks import rows

from sim import network_files
from sim.errors import InputError
from sim.network import Network, read_network

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"


def read(folder: Path, content: str | bytes, name: str = "ties.txt") -> Network:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return read_network(path)


TRIANGLE = [[1, 2], [0, 2], [0, 1]]


@pytest.mark.parametrize(
    "content",
    [
        "1 2\n2 3\n3 1\n",
        "1\t2\n2\t3\n3\t1",
        "1,2\n2, 3\n3 ,1\n",
        "1;2\r\n2;3\r\n3;1\r\n",
        "1 2\r2 3\r3 1\r",
        "\ufeff1 2\n2 3\n3 1\n",
        "# a comment\n% another\n\n  1   2  \n\n2 3 # aside\n   # indented\n3 1\n",
        "1 2\n% in the middle\n2 3\n3 1\n",
        "1 2 0.5\n2 3 0.25\n3 1 7\n",
        "1 2\n2 3 0.25\n3 1 x y z\n",
        "1\t2\n2 3\n3 1\n",
        "source,target\n1,2\n2,3\n3,1\n",
        "Source,Target,Weight\n1,2,a\n2,3,b\n3,1,c\n",
        "id,to,kind,from\n9,2,x,1\n8,3,x,2\n7,1,x,3\n",
        "a person,a friend\n1,2\n2,3\n3,1\n",
        "person friend\n1 2\n2 3 extra\n3 1\n",
        '"source","target"\n"1","2"\n"2","3"\n"3","1"\n',
        "+1 02\n2 3\n003 1\n",
    ],
)
def test_the_same_triangle_in_many_hands(tmp_path, content):
    network = read(tmp_path, content)
    assert rows(network) == TRIANGLE
    assert network.labels == (1, 2, 3)


@pytest.mark.parametrize(
    ("content", "labels", "lists"),
    [
        ("10 9\n-1 10\n", (-1, 9, 10), [[2], [2], [0, 1]]),
        ("carl anna\nanna bert\n", ("carl", "anna", "bert"), [[1], [0, 2], [1]]),
        ("10 9\nx 10\n", ("10", "9", "x"), [[1, 2], [0], [0]]),
        ("source,target\nanna,bert\n", ("anna", "bert"), [[1], [0]]),
        ("anna,bert\n1,2\ncarl,2\n", ("anna", "bert", "1", "2", "carl"), None),
        ("Jean Valjean\tCosette\nCosette\tMarius\n", ("Jean Valjean", "Cosette", "Marius"), None),
        ('"Valjean, Jean",Cosette\n', ("Valjean, Jean", "Cosette"), [[1], [0]]),
        ("C# F#\n", ("C#", "F#"), [[1], [0]]),
        ("1 2.0\n", ("1", "2.0"), [[1], [0]]),
        ("1 1e3\n", ("1", "1e3"), [[1], [0]]),
        (f"5 {10**30}\n{10**30} 4\n", (4, 5, 10**30), [[2], [2], [0, 1]]),
        (f"1 {2**63}\n", (1, 2**63), [[1], [0]]),
        ("Ωmega ñandú\n", ("Ωmega", "ñandú"), [[1], [0]]),
        ("7 7\n", (7,), [[]]),
    ],
)
def test_people_stand_by_number_or_else_as_they_come(tmp_path, content, labels, lists):
    network = read(tmp_path, content)
    assert network.labels == labels
    assert lists is None or rows(network) == lists


def test_what_was_done_in_reading_is_said(tmp_path):
    network = read(tmp_path, "a,b\n1,2\n2,1\n1,2\n3,3\n2,3\n")
    assert network.notes == (
        "took line 1, 'a,b', for a header",
        "dropped 1 self-loop and 2 repeated ties",
    )
    assert rows(network) == [[1], [0, 2], [1]]
    network = read(tmp_path, "1 2 0.5\n")
    assert network.notes == ("ignored what follows the first two columns, such as '0.5'",)
    assert read(tmp_path, "1 2\n").notes == ()


HEADER = "took line {}, 'person_a,person_b', for a tie, though neither id comes again; if it is a "
CHAIN = "anna,bert\nbert,carl\ncarl,dora\n"
VISITS = "".join(f"guest{i},dish{i % 6}\n" for i in range(9))
APART = "hardly any id stands in both columns (0 of {}); make sure that both hold people"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("person_a,person_b\n" + CHAIN, [HEADER.format(1)]),
        ("# mine\n\nperson_a,person_b\n" + CHAIN, [HEADER.format(3)]),
        ("person_a,person_b\n1,2\n2,carl\n", [HEADER.format(1)]),
        (VISITS, [APART.format(6)]),
        ("guest,dish\n" + VISITS, ["took line 1, 'guest,dish', for a tie", APART.format(7)]),
        (
            "source,target\n" + VISITS,
            ["took line 1, 'source,target', for a header", APART.format(6)],
        ),
        ("".join(f"{i};{i + 100}\n" for i in range(5)), [APART.format(5)]),
        ("".join(f"{i}\t{i + 100}\n" for i in range(5)), [APART.format(5)]),
    ],
)
def test_a_table_that_looks_like_no_ties_is_read_with_a_note(tmp_path, content, said):
    notes = read(tmp_path, content, "ties.csv").notes
    assert len(notes) == len(said)
    for note, start in zip(notes, said, strict=True):
        assert note.startswith(start)


@pytest.mark.parametrize(
    "content",
    [
        CHAIN,
        "anna,bert\n",
        "anna,bert\nbert,carl\n",
        "anna,bert\ndora,carl\ncarl,anna\n",
        "1,2\n3,4\n4,anna\n",
        "anna bert\ncarl dora\n",
        VISITS.replace(",", " "),
        "".join(f"{i},{i + 100}\n" for i in range(4)),
        "".join(f"hub,friend{i}\n" for i in range(50)),
        "".join(f"{i},{i + 1}\n" for i in range(50)),
    ],
)
def test_ordinary_ties_are_read_without_a_note(tmp_path, content):
    assert read(tmp_path, content, "ties.csv").notes == ()


def test_a_header_that_was_recognised_is_not_asked_for_again(tmp_path):
    (note,) = read(tmp_path, "source,target\nanna,bert\ncarl,dora\ndora,emil\n").notes
    assert note == "took line 1, 'source,target', for a header"


@given(st.integers(0, 2**32 - 1), st.sampled_from([" ", "\t", ",", " ; "]))
@settings(max_examples=40)
def test_any_graph_survives_an_edge_list(tmp_path_factory, seed, mark):
    graph = nx.gnm_random_graph(15, 30, seed=seed)
    graph.remove_nodes_from(list(nx.isolates(graph)))
    content = "\n".join(f"{other}{mark}{one}" for one, other in graph.edges)
    network = read(tmp_path_factory.mktemp("ties"), content)
    expected = Network.from_networkx(graph)
    assert network.labels == expected.labels
    assert rows(network) == rows(expected)


PIECES = st.sampled_from(["1", "2", "30", "-4", "a", "2.0", " ", "\t", ",", "\n", "#", "%", '"'])


@given(st.lists(PIECES, max_size=40).map("".join))
@example("1 2\n3 inf\n")
@example("1 2\n3 nan\n")
@example("1 2\n3 True\n")
@example("1 2\n3 1_0\n")
@example("1 2\n3 ٣\n")
@example("1 2\n3\n")
@settings(max_examples=500)
def test_the_fast_way_reads_nothing_that_the_exact_way_would_not(tmp_path_factory, content):
    data, path = content.encode(), Path("ties.txt")
    try:
        layout = network_files._layout(path, data)
    except InputError:
        return
    fast = network_files._integers(data, layout)
    if fast is not None:
        exact = network_files._exactly(path, data, layout)
        assert fast.tolist() == [[exact.labels[row] for row in pair] for pair in exact.pairs]


@given(st.one_of(st.binary(max_size=60), st.text('12ab \n,\t#%"\x00\r;é', max_size=60)))
@settings(max_examples=500)
def test_whatever_a_file_holds_it_is_read_or_refused_in_words(tmp_path_factory, content):
    folder = tmp_path_factory.getbasetemp()
    for name in ("fuzz.txt", "fuzz.graphml", "fuzz.gexf", "fuzz.csv.gz"):
        try:
            network = read(folder, content, name)
        except InputError as error:
            assert str(error).startswith(str(folder / name))
            assert str(error).isprintable()
        else:
            assert network.people == len(network.labels) > 0


@pytest.mark.parametrize(
    ("name", "content", "line", "words"),
    [
        ("ties.txt", "", 0, "is empty"),
        ("ties.txt", " \n\n", 0, "is empty"),
        ("ties.txt", "# a\n\n% b\n", 0, "only comments"),
        ("ties.csv", "source,target\n", 0, "a header and no ties"),
        ("ties.txt", "1 2\n\n# x\n3\n", 4, "found '3', one id; wanted two ids"),
        ("ties.txt", "anna bert\ncarl\n", 2, "found 'carl', one id"),
        ("ties.csv", "1,2\n,3\n", 2, "found ',3', one id"),
        ("ties.csv", "1,2\n3 4\n", 2, "found '3 4', one id"),
        ("ties.csv", "id,to,kind,from\n9,2,x\n", 2, "3 columns where the ids are columns 4 and 2"),
        ("ties.txt", b"1 2\n\x00\x01\n", 2, "control character 0x00"),
        ("ties.txt", b"a b\nc \x1b[2J\n", 2, "control character 0x1b"),
        ("ties.txt", b"a b\ncaf\xe9 d\n", 2, "0xe9, which is not UTF-8"),
        ("ties.txt", "1 2\n".encode("utf-16"), 1, "0xff, which is not UTF-8"),
        ("ties.txt", "x" * 5000, 1, "found 'xxx.*one id"),
        ("ties.graphml", "<graphml>\n<a></graphml>", 2, "not well-formed XML: mismatched tag"),
        ("ties.gexf", "1 2\n", 1, "not well-formed XML"),
        ("ties.gexf", "<gexf/>", 0, "cannot be read as gexf"),
        ("ties.graphml", "<graphml/>", 0, "cannot be read as graphml"),
        ("ties.txt.gz", b"1 2\n", 0, "not a whole gzip file"),
        ("ties.txt.gz", gzip.compress(b"1 2\n", mtime=0)[:-4], 0, "not a whole gzip file"),
        ("ties.txt.gz", gzip.compress(b"", mtime=0), 0, "is empty"),
        ("ties.txt.gz", gzip.compress(b"1 2\n3\n", mtime=0), 2, "found '3', one id"),
    ],
)
def test_a_fault_is_named_with_its_file_and_line(tmp_path, name, content, line, words):
    place = f"{tmp_path / name}:{line}: " if line else f"{tmp_path / name}: "
    with pytest.raises(InputError, match=words) as caught:
        read(tmp_path, content, name)
    assert str(caught.value).startswith(place)
    assert len(str(caught.value)) < len(place) + 200


def test_a_missing_file_a_folder_and_a_device(tmp_path):
    (tmp_path / "friends.txt").write_text("1 2\n")
    with pytest.raises(InputError, match=r"no such file; did you mean .*friends\.txt\?"):
        read_network(tmp_path / "freinds.txt")
    with pytest.raises(InputError, match=r"no such file$"):
        read_network(tmp_path / "zzz")
    with pytest.raises(InputError, match="no such folder as .*nowhere"):
        read_network(tmp_path / "nowhere" / "friends.txt")
    with pytest.raises(InputError, match="is a folder; wanted"):
        read_network(tmp_path)
    with pytest.raises(InputError, match="is not an ordinary file"):
        read_network("/dev/null")


def test_a_file_that_unpacks_to_too_much_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(network_files, "LARGEST", 1000)
    read(tmp_path, gzip.compress(b"1 2\n" * 250, mtime=0), "ties.gz")
    with pytest.raises(InputError, match="more than 1,000 bytes"):
        read(tmp_path, gzip.compress(b"1 2\n" * 251, mtime=0), "ties.gz")


@pytest.mark.parametrize("suffix", ["graphml", "gexf", "GraphML", "graphml.gz", "gexf.gz"])
def test_graphml_and_gexf_as_networkx_writes_them(tmp_path, suffix):
    graph = nx.karate_club_graph()
    graph.add_node(99)
    graph.add_edge(5, 5)
    path = tmp_path / f"karate.{suffix}"
    write = nx.write_graphml if "graphml" in suffix.lower() else nx.write_gexf
    write(graph, path)
    network = read_network(path)
    expected = Network.from_networkx(graph)
    assert network.labels == tuple(graph)
    assert rows(network) == rows(expected)
    assert network.notes == ("dropped 1 self-loop and 0 repeated ties",)


def test_graphml_keeps_names_and_takes_arrows_as_mutual(tmp_path):
    graph = nx.DiGraph([("zoe", "anna"), ("anna", "zoe"), ("bert", "zoe")])
    nx.write_graphml(graph, tmp_path / "friends.graphml")
    network = read_network(tmp_path / "friends.graphml")
    assert network.labels == ("zoe", "anna", "bert")
    assert rows(network) == [[1, 2], [0], [0]]
    assert network.notes[0] == "took 3 directed ties as mutual"


@pytest.mark.parametrize("suffix", ["graphml", "gexf"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_an_entity_bomb_is_never_read(tmp_path, suffix, encoding):
    bomb = '<?xml version="1.0"?>\n\n<!DOCTYPE a [<!ENTITY a "&b;&b;">]>\n<a>&a;</a>'
    with pytest.raises(InputError, match=":3: found a DOCTYPE, .* delete it"):
        read(tmp_path, bomb.encode(encoding), f"bomb.{suffix}")


@pytest.mark.parametrize(
    ("tag", "lacks"),
    [("<node/>", "id"), ('<edge source="a"/>', "target"), ('<edge target="a"/>', "source")],
)
def test_a_tie_that_leads_nowhere_is_no_tie_to_none(tmp_path, tag, lacks):
    content = (
        '<graphml xmlns="http://graphml.graphdrawing.org/xmlns">\n'
        f'<graph edgedefault="undirected"><node id="a"/>\n{tag}</graph></graphml>'
    )
    with pytest.raises(InputError, match=f":3: found <{tag[1:5]}> without {lacks}"):
        read(tmp_path, content, "ties.graphml")


def test_a_large_edge_list_takes_the_fast_way(tmp_path, monkeypatch):
    ends = np.arange(30_000).reshape(-1, 2) * 7 % 10_007
    np.savetxt(tmp_path / "ties.txt", ends, fmt="%d", header="From\tTo", delimiter="\t")
    monkeypatch.setattr(network_files, "_exactly", None)
    assert read_network(tmp_path / "ties.txt").people == 10_007


def test_the_friendships_of_4039_people():
    path = SHARED / "facebook-ego.txt"
    if not path.exists():
        pytest.skip("facebook-ego.txt (SNAP ego-Facebook) is not beside this repository")
    network = read_network(path)
    assert (network.people, network.ties, network.notes) == (4039, 88234, ())
    assert network.labels == tuple(range(4039))
    graph = nx.read_edgelist(path, nodetype=int)
    assert {node: sorted(graph[node]) for node in graph} == dict(enumerate(rows(network)))
