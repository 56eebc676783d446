"""YAML read strictly, and the messages about what is not."""

import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim import strict_yaml
from sim.errors import MOST_SHOWN, InputError, Place, Problem, printable
from sim.parameters import Section, parameter
from sim.reading import LARGEST, Document, Override, parse_override, read_document
from sim.validation import validate


def told(path: Path | str) -> str:
    """Return the message with which a file is refused."""
    with pytest.raises(InputError) as caught:
        read_document(path)
    return str(caught.value)


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def wrote(content: str | bytes) -> str:
    raw = content.encode() if isinstance(content, str) else content
    Path("t.yaml").write_bytes(raw)
    return "t.yaml"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e6", 1e6), ("1E-3", 1e-3), (".5", 0.5), ("5.", 5.0), ("+3", 3), ("-0.25", -0.25),
        ("010", 10), ("0o10", 8), ("0xFF", 255), ("no", "no"), ("off", "off"), ("yes", "yes"),
        ("Y", "Y"), ("true", True), ("FALSE", False), ("null", None), ("~", None), ("", None),
        ("1_000", "1_000"), ("12:30", "12:30"), ("2024-01-01", "2024-01-01"), ("none", "none"),
        ("'3'", "3"), ('"true"', "true"), (".inf", math.inf), ("-.INF", -math.inf), ("1e", "1e"),
    ],
)  # fmt: skip
def test_plain_values_mean_what_yaml_1_2_says(text: str, value: object) -> None:
    found = read_document(wrote(f"key: {text}\n")).data["key"]
    assert found == value
    assert type(found) is type(value)


def test_nan_is_read_as_a_number_so_that_validation_can_refuse_it() -> None:
    assert math.isnan(read_document(wrote("key: .nan")).data["key"])


def test_every_value_knows_its_line_and_column() -> None:
    document = read_document(wrote("# a comment\na: 1\n\nb:\n  c: [1, 2]\n  d:\n    - {e: 3}\n"))
    at = {key: (place.line, place.column) for key, place in document.places.items()}
    assert at[("a",)] == (2, 1)
    assert at[("b",)] == (4, 1)
    assert at[("b", "c")] == (5, 3)
    assert at[("b", "c", 1)] == (5, 10)
    assert at[("b", "d", 0, "e")] == (7, 8)
    assert document.place(("b", "x", "y")).line == 4


@pytest.mark.parametrize("end", ["\r\n", "\r", "\n"])
def test_line_ends_of_any_system_and_a_byte_order_mark_are_fine(end: str) -> None:
    document = read_document(wrote(b"\xef\xbb\xbf" + f"a: 1{end}b: x{end}".encode()))
    assert document.data == {"a": 1, "b": "x"}
    assert document.place(("b",)).line == 2


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("a: 1\nb: 2\na: 3\n", "t.yaml:3: a is given twice, first on line 1; keep one of the two"),
        ("m: {x: 1, x: 2}", "t.yaml:1: m.x is given twice, first on line 1; keep one of the two"),
        ("a: 1\nb: &x 2\n", "t.yaml:2: &x is an anchor; leave it out"),
        ("a: 1\nb: *x\n", "t.yaml:2: *x is an alias; write the value out instead"),
        ("a: !!python/name:os.system 1", "t.yaml:1: !!python/name:os.system is a tag; leave"),
        ("a: !!str 1", "t.yaml:1: !!str is a tag; leave it out, plain values suffice"),
        ("a: 1\n!x b: 1", "t.yaml:2: !x is a tag"),
        ("a: 1\n---\nb: 1\n", "t.yaml:2: a second YAML document starts here; keep one"),
        ("{[1, 2]: 3}", "t.yaml:1: a key must be a word, not a list or a section"),
        ("a:\n\tb: 1\n", "t.yaml:2: not valid YAML: a tab cannot indent in YAML; use spaces"),
        ("a: [1, 2\nb: 3\n", "t.yaml:2: not valid YAML: the bracket opened on line 1 is not"),
        ("a: 1\nb: 'x\n", "t.yaml:2: not valid YAML: the quote opened here is not closed"),
        ("a: b: c\n", "t.yaml:1: not valid YAML: a `:` stands where no key can be; indent"),
        ("a: 1\nfoo\nb: 2\n", "t.yaml:2: not valid YAML: a key must be followed by `: `"),
        ("a: {b: 1}\n  c: 2\n", "t.yaml:2: not valid YAML: "),
        ("a: @x", "t.yaml:1: not valid YAML: a value cannot begin with this character; put the"),
        ("", "t.yaml: the file is empty; it must hold keys, such as `name: mine`"),
        ("# only a comment\n", "t.yaml: the file is empty"),
        ("- 1\n- 2\n", "t.yaml:1: the file must hold keys, such as `name: mine`, not a list"),
        ("hello", "t.yaml:1: the file must hold keys, such as `name: mine`, not the single value"),
        ("a: 1\nb: \x00", "t.yaml:2: holds the control character '\\x00'; is this a text file?"),
        ("a: 1\nb: \x1b[2J", "t.yaml:2: holds the control character '\\x1b'"),
        ("a: " + "9" * 5000, "has 5000 digits; no number here is that long"),
        (b"a: 1\nb: \xff\n", "t.yaml:2: the text is not UTF-8 (byte 0xff); save it as UTF-8"),
        ("a: 1".encode("utf-16"), "t.yaml:1: the text looks like UTF-16 (byte 0xff); save it"),
        (b"#" * (LARGEST + 1), "t.yaml: the file is larger than 1 MiB; is it a configuration"),
    ],
)  # fmt: skip
def test_what_is_not_plain_yaml_is_refused_with_line_and_remedy(
    content: str | bytes, message: str
) -> None:
    said = told(wrote(content))
    assert message in said
    assert "\n" not in said


@pytest.mark.parametrize(
    "bomb",
    ["a: " + "[" * 100_000, "a: " + "{a: " * 50_000, "- " * 5000, "[" * 30 + "]" * 30]
    + ["\n".join(" " * i + "a:" for i in range(400))],
)
def test_a_bracket_bomb_gives_a_message(bomb: str) -> None:
    assert "nested more than 20 deep; is a bracket opened that should not be?" in told(wrote(bomb))


def test_an_alias_bomb_is_refused_at_its_first_anchor() -> None:
    lines = ["a0: &a0 [x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 12)]
    assert told(wrote("\n".join(lines))) == "t.yaml:1: &a0 is an anchor; leave it out"


def test_depth_that_configurations_have_is_read() -> None:
    nested = "[" * 19 + "]" * 19
    assert read_document(wrote(f"a: {nested}")).data["a"] != []


def test_a_missing_file_names_its_neighbour(tmp_path: Path) -> None:
    wrote("a: 1")
    assert told("tt.yaml") == "tt.yaml: does not exist; did you mean t.yaml?"
    assert told("no/t.yaml") == "no/t.yaml: does not exist: there is no folder 'no'"
    assert "does not exist; looked in" in told("something-else")


def test_a_folder_names_the_files_in_it() -> None:
    wrote("a: 1")
    Path("sub").mkdir()
    Path("sub/x.yaml").touch()
    assert told("sub") == "sub: is a folder; name a file in it: x.yaml"


def test_a_name_that_cannot_be_a_file_is_refused() -> None:
    for name in ("a\x00b", "x" * 5000, "\ud800"):
        assert "\n" not in told(name)


def test_parsing_is_the_same_without_the_c_library(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "a: {b: [1, 2.5, 'x'], c: no}\nd:\n  - e: |\n      text\n"
    place = Place("t", 1, 1)
    fast = strict_yaml.parse(text, place)
    monkeypatch.setattr(strict_yaml, "_LOADER", strict_yaml.yaml.SafeLoader)
    assert strict_yaml.parse(text, place) == fast
    for broken in ("a: [1", "a: 'x", "a: b: c", "a:\n\tb: 1", "a: @x", "foo\nb: 1", "- a\nb: 1"):
        with pytest.raises(InputError, match="not valid YAML: .*(;|closed|differently|followed)"):
            strict_yaml.parse(broken, place)


words = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x7f"), max_size=12)
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**30), 10**30)
    | st.floats(allow_nan=False, allow_infinity=False) | words
    | st.sampled_from(["no", "1e6", "0o7", "010", "~", "null", "1_0", ".nan", "-", "a: b", "#x"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
    max_leaves=8,
)  # fmt: skip


@given(st.dictionaries(words, values, max_size=4))
def test_what_is_written_is_read_back(data: dict[str, object]) -> None:
    assert strict_yaml.parse(strict_yaml.write(data), Place("t", 1, 1))[0] == data


def override(text: str, content: str = "a: {b: 1}\nlist: [{x: 1}, {x: 2}]\nempty:\n") -> Document:
    return read_document(wrote(content)).overridden(parse_override(text))


@pytest.mark.parametrize(
    ("text", "key", "value"),
    [
        ("a.b=2", ("a", "b"), 2),
        ("a.c=no", ("a", "c"), "no"),
        ("new.deep.key=1e3", ("new", "deep", "key"), 1e3),
        ("list.1.x=[1, 2]", ("list", 1, "x", 1), 2),
        ("empty.x=true", ("empty", "x"), True),
        ("a={c: 'x=y'}", ("a", "c"), "x=y"),
        ("a.b=", ("a", "b"), None),
    ],
)
def test_an_override_sets_one_value(text: str, key: tuple[str | int, ...], value: object) -> None:
    changed = override(text)
    assert changed.value(key, "absent") == value
    assert str(changed.place(key)) == f"--set {text}"


def test_an_override_leaves_the_document_that_it_is_set_on() -> None:
    document = read_document(wrote("a: {b: 1, c: 2}"))
    changed = document.overridden(parse_override("a={d: 1}"))
    assert document.data == {"a": {"b": 1, "c": 2}}
    assert changed.data == {"a": {"d": 1}}
    assert ("a", "b") not in changed.places


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a.b", "must be key=value, such as `market.people=3000`"),
        ("=1", "must be key=value"),
        ("a..b=1", "must be key=value"),
        ("a.b.c=1", "a.b.c cannot be set: a.b is 1, not a section"),
        ("list.2.x=1", "list.2 cannot be set: list is a list with entries 0 to 1"),
        ("list.-1.x=1", "list.-1 cannot be set: list is a list with entries 0 to 1"),
        ("list.x=1", "list.x cannot be set: list is a list with entries 0 to 1"),
        ("a=[1", "not valid YAML: the bracket opened is not closed"),
        ("a=*x", "*x is an alias; write the value out instead"),
        ("a=!!int 3", "!!int is a tag"),
    ],
)
def test_an_override_that_cannot_be_names_itself(text: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        override(text)
    assert str(caught.value).startswith(f"--set {text}: ")
    assert message in str(caught.value)


def test_what_an_experiment_sets_keeps_its_line() -> None:
    document = read_document(wrote("name: x\nset:\n  a.b: 3\n  list.0: {y: 1}\n"))
    first, second = document.overrides()
    assert first == Override(("a", "b"), 3, {(): document.places[("set", "a.b")]})
    assert first.places[()].line == 3
    assert second.places[("y",)].line == 4


class Inner(Section):
    share: float = parameter(0.5, "how much", unit="share", low=0, high=1)
    count: int = parameter(3, "how many", unit="things", low=1, high=9)
    switch: bool = parameter(True, "whether", unit="yes or no")
    word: str = parameter("x", "what it is called", unit="text")


class Outer(Section):
    inner: Inner = Inner()
    many: tuple[Inner, ...] = ()
    needed: int


@pytest.mark.parametrize(
    ("given_value", "message"),
    [
        ("share: 1.5", "inner.share = 1.5 must be at most 1 (share): how much"),
        ("share: 35", "inner.share = 35 must be at most 1 (share): how much; for 35% write 0.35"),
        ("share: -1", "inner.share = -1 must be at least 0 (share): how much"),
        ("share: 35%", "inner.share = 35% must be a number from 0 to 1 (share): how much; "
         "write 0.35"),
        ("share: '0,5'", "inner.share = '0,5' must be a number from 0 to 1 (share): how much; "
         "write 0.5"),
        ("share: '.5'", "inner.share = '.5' must be a number from 0 to 1"),
        ("share: true", "inner.share = true must be a number from 0 to 1 (share): how much"),
        ("share: .nan", "inner.share = .nan must be a number from 0 to 1 (share): how much"),
        ("share: .inf", "inner.share = .inf must be "),
        ("share: 1e999", "inner.share = 1e999 must be "),
        ("share: [1]", "inner.share = [...] must be a number"),
        ("share:", "inner.share = (empty) must be a number"),
        ("count: 3.0", "inner.count = 3.0 must be a whole number from 1 to 9 (things): how many; "
         "write 3"),
        ("count: '3'", "inner.count = '3' must be a whole number from 1 to 9 (things): how many; "
         "write 3, without quotes"),
        ("count: 1_000", "; write 1000"),
        ("count: false", "inner.count = false must be a whole number"),
        ("switch: no", "inner.switch = no must be true or false: whether; write false"),
        ("switch: 1", "inner.switch = 1 must be true or false: whether; write true"),
        ("word: 2024", "inner.word = 2024 must be text: what it is called; "
         'write "2024", in quotes'),
        ("shaer: 1", "inner.shaer = 1 is not a key of inner; did you mean share?"),
        ("qqq: 1", "inner.qqq = 1 is not a key of inner; the keys here are share, count, switch"),
        ("needed: 1", "inner.needed = 1 is not a key of inner; needed stands at the top"),
    ],
)  # fmt: skip
def test_a_wrong_value_is_told_with_bound_meaning_and_remedy(
    given_value: str, message: str
) -> None:
    document = read_document(wrote(f"needed: 1\ninner:\n  {given_value}\n"))
    with pytest.raises(InputError) as caught:
        validate(Outer, document)
    assert f"t.yaml:3: {message}" in str(caught.value) or (
        message.startswith("; ") and message in str(caught.value)
    )
    assert "\n" not in str(caught.value)


def test_all_problems_are_told_at_once_in_the_order_of_lines() -> None:
    document = read_document(wrote("many:\n  - {count: 0}\n  - share: 2\nshare: 1\ninner: 5\n"))
    with pytest.raises(InputError) as caught:
        validate(Outer, document)
    assert str(caught.value).splitlines() == [
        "t.yaml:1: needed is missing",
        "t.yaml:2: many.0.count = 0 must be at least 1 (things): how many",
        "t.yaml:3: many.1.share = 2 must be at most 1 (share): how much; for 2% write 0.02",
        "t.yaml:4: share = 1 is not a key of this file; share belongs to inner: inner.share",
        "t.yaml:5: inner = 5 must be a section with keys of its own (share, count, switch, word, "
        "...)",
    ]


def test_good_data_becomes_the_object() -> None:
    document = read_document(wrote("needed: 3\ninner: {share: 1}\nmany: [{count: 2}, {}]\n"))
    made = validate(Outer, document)
    assert made == Outer(needed=3, inner=Inner(share=1.0), many=(Inner(count=2), Inner()))


def test_what_the_user_wrote_is_shown_short_and_harmless() -> None:
    document = read_document(wrote('needed: "\\e[2J' + "x" * 500 + '"\n"a\\nb": 1\n'))
    with pytest.raises(InputError) as caught:
        validate(Outer, document)
    first, second = str(caught.value).splitlines()
    assert "\x1b" not in first
    assert "x" * 60 not in first
    assert "a\\nb = 1 is not a key" in second


def test_a_flood_of_problems_is_cut() -> None:
    error = InputError(*(Problem(Place("f", i), "is wrong") for i in range(1, 101)))
    lines = str(error).splitlines()
    assert len(lines) == MOST_SHOWN + 1
    assert lines[-1] == f"... and {100 - MOST_SHOWN} more problems like these"


@given(st.text())
def test_printable_text_is_one_line_and_encodes(text: str) -> None:
    assert printable(text).isprintable()
    printable(text).encode()
