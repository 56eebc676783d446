"""Scenarios and policies: how they are put together, and what is said when they cannot be."""

import os
import random
import re
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim import memory
from sim.errors import MOST_SHOWN, InputError
from sim.policy import Policy
from sim.reading import read_document
from sim.scenario import Scenario, check_memory, load_policy, load_scenario
from sim.shipped import shipped
from sim.world import Market, Network, Referral

Made = TypeVar("Made")


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def wrote(content: str | bytes, path: str = "t.yaml") -> str:
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def told(*arguments: object, **named: object) -> str:
    """Return the message with which a scenario is refused."""
    with pytest.raises(InputError) as caught:
        load_scenario(*arguments, **named)  # type: ignore[arg-type]
    return str(caught.value)


def test_a_file_is_named_after_itself_unless_it_has_a_name() -> None:
    assert load_scenario(wrote("days: 3\n", "mine.yaml")).name == "mine"
    assert load_scenario(wrote("name: ours\n", "mine.yaml")).name == "ours"


def test_the_policy_is_a_shipped_name_a_path_or_levers() -> None:
    wrote("name: my own\nfix: 0.5\n", "sub/own.yaml")
    wrote("policy: own.yaml\n", "sub/s.yaml")
    wrote("fix: 0.25\n", "unnamed.yaml")
    for text, name, fix in (
        ("policy: courier-blamer", "courier-blamer", 0.2),
        ("policy: ./sub/own.yaml", "my own", 0.5),
        ("policy: unnamed.yaml", "unnamed", 0.25),
        ("policy: {fix: 0.75}", "custom", 0.75),
        ("policy: {fix: 0.75}\npolicy_name: gentle", "gentle", 0.75),
        ("days: 3", "default", 1.0),
    ):
        scenario = load_scenario(wrote(text))
        assert (scenario.policy_name, scenario.policy.fix) == (name, fix)
    assert load_scenario("sub/s.yaml").policy_name == "my own", "relative to the scenario's folder"
    assert load_scenario("sub/s.yaml", policy="unnamed.yaml").policy.fix == 0.25, "to the shell's"
    assert load_policy("sub/own.yaml") == ("my own", Policy(fix=0.5))


def test_levers_set_on_a_named_policy_change_it_and_mark_its_name() -> None:
    path = wrote("policy: fast\n")
    changed = load_scenario(path, ["policy.compensation=0.5"])
    assert changed.policy == load_policy("fast")[1].model_copy(update={"compensation": 0.5})
    assert changed.policy_name == "fast (changed)"
    assert load_scenario(path, ["policy.compensation=0.1"]).policy_name == "fast"
    assert load_scenario(path, ["policy.delay=1", "policy=slow"]).policy_name == "slow (changed)"
    assert load_scenario(path, ["policy.delay=1"], policy="slow").policy.delay == 1
    assert load_scenario(path, policy=Policy(fix=0.5)).policy_name == "custom"
    named = wrote("policy: {fix: 0}\npolicy_name: mine\n", "named.yaml")
    assert load_scenario(named, policy="slow").policy_name == "slow"


def test_policies_change_on_a_day() -> None:
    path = wrote("policy_changes:\n- {day: 9, policy: slow}\n- {day: 5, policy: {fix: 0}}\n")
    first, second = load_scenario(path, ["policy_changes.0.policy.delay=1"]).policy_changes
    assert (first.day, first.policy.delay, first.policy.apology) == (9, 1, 0.5)
    assert (second.day, second.policy) == (5, Policy(fix=0.0))


def test_options_go_before_the_file_and_set_before_options() -> None:
    path = wrote("days: 3\nseed: 5\n")
    scenario = load_scenario(path, ["market.people=70"], days=9, seed=2**64 - 1)
    assert (scenario.days, scenario.seed, scenario.market.people) == (9, 2**64 - 1, 70)
    assert load_scenario(path, ["market.people=70", "market={aware: 0}"]).market.people == 70
    assert load_scenario(path, {"market.people": 80, "talk.enabled": False}).market.people == 80


def test_a_network_file_is_found_from_where_it_was_written() -> None:
    wrote("1 2\n", "sub/friends.txt")
    wrote("1 2\n", "here.txt")
    wrote("network: {file: friends.txt}\n", "sub/s.yaml")
    assert load_scenario("sub/s.yaml").network.file == os.path.abspath("sub/friends.txt")
    moved = load_scenario("sub/s.yaml", network="here.txt")
    assert moved.network.file == os.path.abspath("here.txt")
    said = told("sub/s.yaml", network="sub/frinds.txt")
    assert said == (
        "--network sub/frinds.txt: network.file = 'sub/frinds.txt' does not exist; "
        "did you mean sub/friends.txt?"
    )
    assert told(wrote("network: {file: hree.txt}")) == (
        "t.yaml:1: network.file = hree.txt does not exist; did you mean here.txt?"
    )


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("market:\n  peple: 3", "t.yaml:2: market.peple = 3 is not a key of market; did you mean "
         "people?"),
        ("people: 3", "t.yaml:1: people = 3 is not a key of this file; people belongs to market: "
         "market.people"),
        ("market: {price: 3}", "market.price = 3 is not a key of market; price belongs to money: "
         "money.price"),
        ("market: {days: 3}", "market.days = 3 is not a key of market; days stands at the top of "
         "the file, in no section"),
        ("market.people: 3", "market.people = 3 is not a key of this file; write market: {people: "
         "...}; keys with dots are for --set"),
        ("policy: {follow-up: 1}", "policy.follow-up = 1 is not a key of policy; did you mean "
         "follow_up?"),
        ("days: 0", "t.yaml:1: days = 0 must be at least 1 (days): how long it runs"),
        ("days: 100001", "days = 100001 must be at most 100000 (days): how long it runs"),
        ("days: 1e3", "days = 1e3 must be a whole number from 1 to 100000 (days): how long it "
         "runs; write 1000"),
        ("market: {customers: 0,5}", "market.5 = (empty) is not a key of market; a comma parts "
         "keys; numbers are written with a point, as 0.5 or 1000"),
        ("seed: -1", "seed = -1 must be at least 0 (number)"),
        ("seed: 18446744073709551616", "must be at most 18446744073709551615 (number)"),
        ("name: 3", 'name = 3 must be text: what it is called in reports; write "3", in quotes'),
        ("name: ''", "name = '' must be 1 to 200 printable characters on one line"),
        ("\n\npolicy: {compensation: 14}", "t.yaml:3: policy.compensation = 14 must be at most 3 "
         "(share of the price; 1 is a full refund): what is given on top"),
        ("policy: fats", "t.yaml:1: policy = fats is not among the shipped policies; did you mean "
         "fast? (there are bakery, bend-the-rules, "),
        ("policy: bakery.yaml", "policy = bakery.yaml does not exist; the shipped policy goes by "
         "its name alone, bakery"),
        ("policy: 3", "policy = 3 must be the name of a policy (bakery, "),
        ("policy:", "policy = (empty) must be the name of a policy (bakery, "),
        ("policy: {name: bakery}", "policy.name = bakery is not a lever; a shipped policy is taken "
         "by `policy: bakery`"),
        ("policy_changes: [{policy: fats}]", "policy_changes.0.policy = fats is not among"),
        ("policy_changes: fast", "policy_changes = fast must be a list: in square brackets, or"),
        ("policy_changes: [{day: 1}, {day: 1}]", "has two changes on the same day; keep the one"),
        ("\noutages: [{day: 1}, {day: 1}]", "t.yaml:2: outages: two fall on the same day; join"),
        ("\noutages:\n- day: 1\n- shre: 1", "t.yaml:4: outages.1.shre = 1 is not a key of "
         "outages.1; did you mean share?"),
        ("network: {kind: small-world}", "network.kind = small-world must be one of small_world, "),
        ("network: {kind: small-world}", "; did you mean small_world?"),
        ("network: {file: .}", "network.file = . is a folder; name a file in it"),
        ("network: small_world", "network = small_world must be a section with keys of its own "
         "(kind, file, degree, rewiring, ...)"),
        ("market:", "market = (empty) must be a section with keys of its own (people, customers, "
         "aware, tenure, ...); give it a key or leave it out"),
        ("talk: {enabled: off}", "talk.enabled = off must be true or false: whether people talk at "
         "all; write false"),
    ],
)  # fmt: skip
def test_a_wrong_scenario_is_told_with_place_bound_and_remedy(content: str, message: str) -> None:
    said = told(wrote(content))
    assert message in said
    assert said.startswith("t.yaml:")
    assert "\n" not in said


def test_problems_of_a_scenario_and_of_its_policy_are_told_in_one_go() -> None:
    wrote("name: p\ncompensation: 14\n\nfollowup: 3\n", "p.yaml")
    path = wrote("days: 0\npolicy: p.yaml\nnetwork: {file: no.txt}\ntlak: {}\n")
    lines = told(path, ["market.people=0"]).splitlines()
    assert [line.split(": ")[0] for line in lines] == [
        "t.yaml:1", "t.yaml:3", "t.yaml:4", "--set market.people=0", "p.yaml:2", "p.yaml:4",
    ]  # fmt: skip
    assert (
        lines[5] == "p.yaml:4: policy.followup = 3 is not a key of policy; did you mean follow_up?"
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"overrides": ["market.people=0"]}, "--set market.people=0: market.people = 0 must be at "
         "least 1 (people)"),
        ({"overrides": ["market.peple=1"]}, "--set market.peple=1: market.peple = 1 is not a key "
         "of market; did you mean people?"),
        ({"overrides": ["policy.compensation=14"]}, "--set policy.compensation=14: "
         "policy.compensation = 14 must be at most 3 (share of the price"),
        ({"overrides": ["policy=fats"]}, "--set policy=fats: policy = fats is not among the"),
        ({"overrides": ["outages.0.day=3"]}, "--set outages.0.day=3: outages = {...} must be a "
         "list"),
        ({"policy": "fats"}, "--policy fats: policy = fats is not among the shipped policies; did"),
        ({"policy": "./no.yaml"}, "--policy ./no.yaml: policy = ./no.yaml does not exist"),
        ({"days": 0}, "--days 0: days = 0 must be at least 1 (days): how long it runs"),
        ({"seed": -1}, "--seed -1: seed = -1 must be at least 0 (number)"),
        ({"overrides": {"market.people": 0}}, "overrides: market.people: market.people = 0 must"),
    ],
)  # fmt: skip
def test_a_wrong_argument_is_told_by_its_own_name(
    arguments: dict[str, object], message: str
) -> None:
    said = told(wrote("policy: fast\n"), **arguments)
    assert said.startswith(message)
    assert "\n" not in said


def test_a_scenario_that_is_not_there_is_told_with_the_nearest() -> None:
    assert told("bakry").startswith(
        "scenario = bakry is not among the shipped scenarios; did you mean bakery? (there are "
    )
    assert told("bakery.yaml").endswith("the shipped scenario goes by its name alone, bakery")
    wrote("days: 3", "mine/s.yaml")
    assert "write ./mine for what is here under that name" in told("mine")
    assert told("./mine") == "mine: is a folder; name a file in it: s.yaml"
    assert told("mine/x.yaml") == "mine/x.yaml: does not exist; did you mean mine/s.yaml?"


def test_more_people_than_memory_are_refused_at_their_line(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(memory, "available_memory", lambda: 2_000_000_000)
    assert told(wrote("days: 3\nmarket:\n  people: 100_000_000\n".replace("_", ""))) == (
        "t.yaml:3: market.people = 100000000 needs about 25.0 GB of memory, and 2.0 GB are "
        "available (at most about 8,000,000 people fit)"
    )
    complete = Scenario(network=Network(kind="complete"), market=Market(people=1_000_000))
    with pytest.raises(InputError, match="complete network ties everybody .* 22,000 people fit"):
        check_memory(complete)
    check_memory(Scenario(market=Market(people=8_000_000)))


def test_more_people_than_there_may_be_are_refused_with_what_they_would_need(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(memory, "available_memory", lambda: 2_000_000_000)
    said = told(wrote("days: 3\nmarket:\n  people: 1000000000\n"))
    assert said.startswith(
        "t.yaml:3: market.people = 1000000000 must be at most 100000000 (people)"
    )
    assert said.endswith(
        "; 1,000,000,000 people need about 250.0 GB of memory, and 2.0 GB are available"
    )
    monkeypatch.setattr(memory, "available_memory", lambda: None)
    assert told(wrote("market: {people: 1000000000}")).endswith(
        "people need about 250.0 GB of memory"
    )
    assert "need about" not in told(wrote("market: {people: 0}"))


def test_the_memory_of_a_machine_and_its_container_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrote("MemTotal: 9000 kB\nMemAvailable: 8000 kB\n", "meminfo")
    wrote("0::/box\n", "cgroup")
    for name, content in (("max", "5000000"), ("current", "3000000"), ("stat", "inactive_file 7")):
        wrote(content, f"groups/box/memory.{name}")
    monkeypatch.setattr(memory, "_MEMINFO", tmp_path / "meminfo")
    monkeypatch.setattr(memory, "_OWN_GROUPS", tmp_path / "cgroup")
    monkeypatch.setattr(memory, "_GROUPS", tmp_path / "groups")
    assert memory.available_memory() == 2_000_007
    wrote("max\n", "groups/box/memory.max")
    assert memory.available_memory() == 8000 * 1024


def test_the_memory_estimate_counts_people_and_ties() -> None:
    def estimate(people: int, **network: object) -> int:
        ties = Network.model_validate(network)
        return Scenario(market=Market(people=people), network=ties).memory_estimate()

    assert estimate(1000) == 250_000
    assert estimate(1000, degree=28) == 250_000 + 8 * 10_000
    assert estimate(1000, kind="complete") == 250_000 + 8 * 1000 * 991 // 2
    referral = Scenario(market=Market(people=1000), referral=Referral(enabled=True))
    assert referral.memory_estimate() == 286_000
    assert estimate(1000, file=wrote("1 2\n" * 100)) == 20 * 400


shares = st.floats(0, 1)
levers = st.builds(
    Policy, answers=st.booleans(), delay=st.floats(0, 3650), agents=st.integers(0, 9),
    fix=shares, compensation=st.floats(0, 3), authority=st.none() | st.floats(0, 1e9),
)  # fmt: skip
titles = st.text(min_size=1, max_size=200).filter(lambda t: t.isprintable() and bool(t.strip()))
scenarios = st.fixed_dictionaries(
    {
        "name": titles | st.sampled_from(["no", "1e6", "010", "null", "~", "a: b", "# x", "-"]),
        "days": st.integers(1, 100_000),
        "seed": st.integers(0, 2**64 - 1),
        "policy": levers,
        "policy_name": titles,
        "market": st.builds(Market, people=st.integers(9, 10_000), customers=shares),
        "policy_changes": st.lists(
            st.fixed_dictionaries({"day": st.integers(0, 9), "policy": levers}),
            max_size=2, unique_by=lambda change: change["day"],
        ).map(tuple),
        "outages": st.sampled_from([(), ({"day": 3, "severity": 0.1},), ({"day": 1}, {"day": 2})]),
    }
).map(Scenario.model_validate)  # fmt: skip


@given(scenarios)
@settings(max_examples=60, deadline=None)
def test_a_resolved_scenario_loads_again_as_an_equal_one(scenario: Scenario) -> None:
    assert load_scenario(wrote(scenario.to_yaml())) == scenario
    assert Scenario.model_validate_json(scenario.model_dump_json()) == scenario


SEEDS = (
    *(path.read_bytes() for path in shipped("scenarios").values()),
    b"outages:\n- {day: 3, severity: .5}\n- day: 9\npolicy_changes: [{day: 4, policy: slow}]\n",
    b"policy: fast\nnetwork: {file: t.yaml}\ntalk: {enabled: false, hops: 2}\nmoney:\n  price: 8\n",
)
PIECES = (
    b"\x00", b"\xff", b"\t", b"\r", b"[", b"]", b"{", b"}", b": ", b"- ", b"'", b'"', b"\n", b"#",
    b"&a ", b"*a", b"!!int ", b"<<: ", b"? ", b"|\n", b"---\n", b"%YAML 1.2\n", b"~",
    b"\xef\xbb\xbf",
    b".nan", b"-.inf", b"1e999", b"-1", b"99999999999999999999", b"0x1F", b"true", b"no", b"null",
    b"[]", b"{}", b"[[[[[[[[[[[[[[[[[[[[[[[[", b"policy", b"people: ", b"0.0.0",
    b"\xf0\x9f\x92\xa5",
    b'"\\ud800"', b'"\\0"', b"slow", b"./t.yaml", b"..", b"policy: t.yaml\n", b"\xe2\x80\xa8",
)  # fmt: skip
SETS = (
    "policy.delay=3", "outages.0.day=2", "policy_changes.0.policy.fix=0", "market={people: 9}", "x",
    "policy=fast", "policy=t.yaml", "network.file=..", "a.=1",
    "policy_changes=[{policy: ./t.yaml}]",
    "name=[", "policy=", "policy.x.y=1", "market.people.x=3", "seed=1e3", "\ud800=\ud800",
    "policy_name=",
)  # fmt: skip


def mutated(luck: random.Random) -> bytes:
    """Return a scenario file with some pieces put in, taken out, swapped or doubled."""
    raw = luck.choice(SEEDS)
    for _ in range(luck.randint(1, 4)):
        at, to = sorted(luck.randrange(len(raw) + 1) for _ in range(2))
        to = min(to, at + luck.choice((0, 1, 3, 40)))
        kind = luck.randrange(5)
        if kind == 0:
            raw = raw[:at] + luck.choice(PIECES) + raw[to:]
        elif kind == 1:
            raw = raw[:at] + raw[to:]
        elif kind == 2:
            raw = raw[:to] + raw[at:to] + raw[to:]
        elif kind == 3:
            raw = raw[:at] + bytes([luck.randrange(256)]) + raw[at + 1 :]
        else:
            lines = raw.split(b"\n")
            word = luck.choice(lines)
            name = word.split(b":")[0]
            lines[lines.index(word)] = name + b": " + luck.choice(PIECES)
            raw = b"\n".join(lines)
    return raw


def outcome(load: Callable[[], Made]) -> Made | InputError:
    """Return what was loaded, or the refusal; any other exception is a fault and gets through."""
    try:
        return load()
    except InputError as error:
        return error


def assert_readable(error: InputError) -> None:
    """Check that a message has one printable line a problem, each with a place."""
    said = str(error)
    lines = said.splitlines()
    assert lines
    assert len(lines) == min(len(error.problems), MOST_SHOWN + 1)
    assert all(
        line.isprintable() and line.startswith(("t.yaml", "--set ", "...")) for line in lines
    )
    assert "Traceback" not in said
    assert "Error" not in said
    said.encode()


@pytest.mark.parametrize("part", range(10))
def test_a_thousand_mangled_files_give_a_scenario_or_a_message(part: int) -> None:
    luck = random.Random(part)
    good = 0
    for _ in range(100):
        path = wrote(mutated(luck))
        overrides = luck.sample(SETS, luck.choice((0, 0, 0, 1, 2)))
        scenario = outcome(lambda p=path, o=overrides: load_scenario(p, o))
        if isinstance(scenario, Scenario):
            good += 1
            assert load_scenario(wrote(scenario.to_yaml(), "again.yaml")) == scenario
        else:
            assert_readable(scenario)
    assert 0 < good < 100, "the mangling is neither harmless nor always deadly"


def test_a_fuzzed_policy_file_is_told_too() -> None:
    luck = random.Random(99)
    raw = shipped("policies")["bakery"].read_bytes()
    for _ in range(100):
        at = luck.randrange(len(raw))
        path = wrote(raw[:at] + luck.choice(PIECES) + raw[at + luck.randrange(3) :])
        made = outcome(lambda p=path: load_policy(p))
        if isinstance(made, InputError):
            assert_readable(made)
            assert all(line.startswith("t.yaml") for line in str(made).splitlines())
        else:
            assert isinstance(made[1], Policy)


def test_documents_of_shipped_files_place_every_key() -> None:
    for path in shipped("scenarios").values():
        document = read_document(path)
        lines = path.read_text().splitlines()
        for key, place in document.places.items():
            if key and isinstance(key[-1], str):
                assert lines[place.line - 1][place.column - 1 :].startswith(key[-1])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "market: {people: 50}\nnetwork: {degree: 7}\n",
            "own.yaml:2: network.degree = 7 must be even",
        ),
        (
            "market: {people: 6}\n",
            "own.yaml:1: network.degree = 8 must be less than market.people = 6",
        ),
        (
            "market:\n  people: 30000\nnetwork: {kind: complete}\n",
            "own.yaml:2: market.people = 30000 must be at most 20000",
        ),
    ],
)
def test_impossible_networks_are_refused_where_they_were_written(tmp_path, text, message):
    path = tmp_path / "own.yaml"
    path.write_text(text)
    with pytest.raises(InputError, match=re.escape(message)):
        load_scenario(path)
