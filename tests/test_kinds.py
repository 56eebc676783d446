"""A file or name of one kind where another is wanted is met with the command that takes it."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from calling import call
from hypothesis import given
from hypothesis import strategies as st

from experiments.design import load_experiment
from experiments.planning.experiment_file import ExperimentFile
from sim.errors import InputError
from sim.history import History, load_history
from sim.parameters import Section
from sim.policy import Policy
from sim.scenario import Scenario, load_policy, load_scenario
from sim.shipped import another_kind, keys_of_kinds, shipped

MODELS: dict[str, type[Section]] = {
    "scenarios": Scenario,
    "policies": Policy,
    "experiments": ExperimentFile,
    "histories": History,
}
LOAD: dict[str, Callable[..., object]] = {
    "scenarios": load_scenario,
    "policies": load_policy,
    "experiments": load_experiment,
    "histories": load_history,
}
NOUNS = {
    "scenarios": "a scenario",
    "policies": "a policy",
    "experiments": "an experiment",
    "histories": "a history",
}
OTHERS = [(kind, other) for kind in MODELS for other in MODELS if kind != other]


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def told(kind: str, name: str) -> str:
    with pytest.raises(InputError) as caught:
        LOAD[kind](name)
    return str(caught.value)


def command(kind: str, other: str, name: str) -> str:
    if (kind, other) == ("experiments", "scenarios"):
        return f"amends compare bakery --set scenario={name}"
    return {
        "scenarios": f"amends run {name}",
        "policies": f"amends run bakery --policy {name}",
        "experiments": f"amends compare {name}",
        "histories": f"amends customer {name}",
    }[other]


@pytest.mark.parametrize("kind", MODELS)
def test_the_keys_of_each_kind_are_those_of_its_files(kind: str) -> None:
    assert keys_of_kinds()[kind] == set(MODELS[kind].model_fields) - {"name"}


@given(st.data(), st.sampled_from(sorted(MODELS)))
def test_keys_that_may_stand_in_a_file_never_make_it_another(
    data: st.DataObject, kind: str
) -> None:
    known = sorted(MODELS[kind].model_fields)
    keys = data.draw(st.lists(st.sampled_from(known), unique=True))
    assert another_kind(kind, keys) is None


@pytest.mark.parametrize(("kind", "other"), OTHERS)
def test_every_shipped_file_is_known_for_what_it_is(kind: str, other: str) -> None:
    for path in shipped(other).values():
        shutil.copy(path, "mine.yaml")
        wanted = command(kind, other, "mine.yaml")
        said = f"this looks like {NOUNS[other]}, not {NOUNS[kind]}; use `{wanted}`"
        assert told(kind, "mine.yaml") == f"mine.yaml: {said}"


@pytest.mark.parametrize(
    ("kind", "name", "other"),
    [
        ("scenarios", "none", "policies"),
        ("scenarios", "speed-or-money", "experiments"),
        ("scenarios", "second-failure", "histories"),
        ("experiments", "hotel", "scenarios"),
        ("experiments", "fast", "policies"),
        ("histories", "none", "policies"),
        ("histories", "bakery", "scenarios"),
        ("policies", "hotel", "scenarios"),
    ],
)
def test_a_shipped_name_of_another_kind_is_told_with_its_command(
    kind: str, name: str, other: str
) -> None:
    said = told(kind, name)
    assert f"= {name} is {NOUNS[other]}, not {NOUNS[kind]}; use `" in said
    assert said.endswith(f"use `{command(kind, other, name)}`")
    Path(name).mkdir()
    assert f"write ./{name} for what is here under that name" in told(kind, name)


def test_the_command_fits_a_shell_and_the_place_of_the_file() -> None:
    Path("my policies").mkdir()
    shutil.copy(shipped("policies")["fast"], "my policies/p.yaml")
    assert told("scenarios", "my policies/p.yaml").endswith("--policy 'my policies/p.yaml'`")
    assert told("histories", os.path.abspath("my policies/p.yaml")).startswith(
        "my policies/p.yaml: this looks like a policy, not a history; use `amends run bakery "
    )
    shutil.copy(shipped("histories")["silence"], "bare")
    assert told("scenarios", "./bare").endswith("use `amends customer ./bare`")
    with pytest.raises(InputError, match=r"`amends customer \./bare`"):
        load_scenario(Path("bare"))


def test_a_file_of_another_kind_in_a_file_or_an_option_is_told_at_its_place() -> None:
    Path("sub").mkdir()
    shutil.copy(shipped("scenarios")["hotel"], "sub/hotel.yaml")
    Path("sub/s.yaml").write_text("days: 3\npolicy: ./hotel.yaml\n")
    said = "looks like a scenario, not a policy; use `amends run sub/hotel.yaml`"
    assert told("scenarios", "sub/s.yaml") == f"sub/s.yaml:2: policy = ./hotel.yaml {said}"
    with pytest.raises(InputError) as caught:
        load_scenario("bakery", policy="sub/hotel.yaml")
    assert str(caught.value) == (f"--policy sub/hotel.yaml: policy = sub/hotel.yaml {said}")
    Path("sub/h.yaml").write_text("events: [visit]\npolicy: hotel\n")
    assert told("histories", "sub/h.yaml") == (
        "sub/h.yaml:2: policy = hotel is a scenario, not a policy; use `amends run hotel`"
    )
    Path("sub/e.yaml").write_text("policies: [none, ./hotel.yaml]\nscenario: bakery\n")
    assert f"sub/e.yaml:1: policies.1 = ./hotel.yaml {said}" in told("experiments", "sub/e.yaml")


@pytest.mark.parametrize(
    ("kind", "content", "said"),
    [
        ("scenarios", "days: 3\ncompensation: 1\n", "compensation belongs to policy"),
        ("scenarios", "market: {people: 9}\nevents: []\ndays: 3\n", "events = [] is not a key"),
        ("histories", "events: [visit]\nmarket: {people: 3}\n", "market = {...} is not a key"),
        ("policies", "fix: 1\ndays: 3\n", "policy.days = 3 is not a key"),
        ("experiments", "scenario: bakery\npolicy: none\n", "did you mean policies?"),
        ("scenarios", "apology: 1\napology: 1\n", "mine.yaml:2"),
    ],
)  # fmt: skip
def test_a_slip_in_a_file_of_the_right_kind_is_told_as_before(
    kind: str, content: str, said: str
) -> None:
    Path("mine.yaml").write_text(content)
    assert said in told(kind, "mine.yaml")
    assert "looks like" not in told(kind, "mine.yaml")


def test_a_scenario_can_come_through_a_pipe() -> None:
    reader, writer = os.pipe()
    os.write(writer, b"days: 3\n")
    os.close(writer)
    assert load_scenario(f"/dev/fd/{reader}").days == 3
    os.close(reader)


@pytest.mark.parametrize(
    "arguments", [("run", "none"), ("compare", "hotel"), ("customer", "./p.yaml")]
)
def test_the_commands_say_it_in_one_line_and_end_with_2(arguments: tuple[str, str]) -> None:
    shutil.copy(shipped("policies")["fast"], "p.yaml")
    result = call(*arguments)
    assert result.exit_code == 2
    assert len(result.stderr.splitlines()) == 1
    assert "; use `amends " in result.stderr
