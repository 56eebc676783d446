"""Results say on which network they stand, and can be had again from what they keep."""

import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from experiments.networks import ignored, portable, record
from experiments.output import PROVENANCE
from sim.scenario import Scenario
from tests.calling import SMALL, call, done, told

TIES = "1 2\n2 3\n3 1\n3 4\n"


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Every test stands in a folder of its own, with a file of ties."""
    place = tmp_path / "here"
    place.mkdir()
    (place / "friends.txt").write_text(TIES)
    monkeypatch.chdir(place)
    return place


def kept(folder: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(Path(folder, PROVENANCE).read_text())
    return found


def contents(folder: str) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in Path(folder).iterdir()}


ON_FILE = ("--network", "friends.txt", "--days", "21")


@pytest.mark.parametrize("command", ["run", "compare"])
def test_the_network_is_named_on_the_screen_and_on_record(command: str) -> None:
    seeds = ("--seeds", "2") if command == "compare" else ()
    shown = done(command, "bakery", *ON_FILE, *seeds, "--out", "r").stdout
    assert "Network: friends.txt, 4 people, 4 ties\n" in shown
    checksum = hashlib.sha256(TIES.encode()).hexdigest()
    expected = {"file": "friends.txt", "sha256": checksum, "people": 4, "ties": 4}
    assert kept("r")["network"] == expected
    if command == "compare":
        assert "Network: friends.txt, 4 people, 4 ties." in Path("r/report.md").read_text()
    made = done(command, "bakery", *SMALL, *seeds, "--out", "r").stdout
    assert "Network: small_world, 60 people, 240 ties\n" in made
    assert kept("r")["network"] == {"kind": "small_world", "people": 60, "ties": 240}


def test_a_changed_file_shows_in_the_checksum() -> None:
    scenario = Scenario.model_validate({"network": {"file": "friends.txt"}})
    before = record(scenario, 4, [4])
    Path("friends.txt").write_text(TIES + "4 1\n")
    assert record(scenario, 4, [4])["sha256"] != before["sha256"]


@pytest.mark.parametrize("setting", ["market.people=100", "network.kind=random"])
def test_what_a_file_decides_is_not_set_in_silence(setting: str) -> None:
    said = call("run", "bakery", *ON_FILE, "--set", setting).stderr
    assert f"{setting.partition('=')[0]} has no effect" in said
    assert "has no effect" not in call("run", "bakery", *SMALL, "--set", setting).stderr


def test_only_keys_that_the_file_decides_are_ignored() -> None:
    scenario = Scenario.model_validate({"network": {"file": "friends.txt"}})
    keys = [("network", "file"), ("days",), ("set", "market", "people"), ("market", "need")]
    assert ignored(scenario, keys) == ["market.people"]


def test_a_run_and_its_network_can_be_moved_together(elsewhere: Path, tmp_path: Path) -> None:
    first = told("run", "bakery", *ON_FILE, "--out", "results/a")
    assert "../../friends.txt" in Path("results/a/scenario.yaml").read_text()
    shutil.move(elsewhere, tmp_path / "there")
    again = told("run", str(tmp_path / "there" / "results" / "a" / "scenario.yaml"))
    assert again["digest"] == first["digest"]


def test_a_network_from_elsewhere_keeps_its_absolute_path(elsewhere: Path, tmp_path: Path) -> None:
    outside = tmp_path / "friends.txt"
    outside.write_text(TIES)
    scenario = Scenario.model_validate({"network": {"file": str(outside)}})
    assert portable(scenario, elsewhere / "r") == scenario
    inside = Scenario.model_validate({"network": {"file": str(elsewhere / "friends.txt")}})
    assert portable(inside, tmp_path / "r") == inside
    assert portable(inside, elsewhere / "r").network.file == "../friends.txt"


POLICIES = "policies=[none, {name: 'no: 1', like: fast, ease: 4, authority: 0.1}]"


@pytest.mark.parametrize(
    "arguments",
    [
        (*SMALL, "--seeds", "3"),
        (*SMALL, "--seed", str(2**64 - 2), "--seeds", "2", "--set", POLICIES),
        (*ON_FILE, "--set", "seeds=[5, 3]", "--set", "outcomes=[leavers, stars]"),
        (*SMALL, "--set", "policy_changes=[{day: 5, policy: slow}]", "--set", "baseline=fast"),
    ],
    ids=["plain", "far seeds and own policies", "network", "changes"],
)
def test_a_comparison_can_be_run_again_to_the_byte(arguments: tuple[str, ...]) -> None:
    done("compare", "bakery", *arguments, "--out", "results/a")
    done("compare", "results/a/experiment.yaml", "--out", "results/b")
    assert contents("results/a") == contents("results/b")


def test_what_is_set_on_top_of_a_kept_experiment_acts() -> None:
    done("compare", "bakery", *SMALL, "--seeds", "2", "--out", "a")
    again = told("compare", "a/experiment.yaml", "--set", "baseline=slow", "--days", "14")
    assert again["baseline"] == "slow"
    assert again["seeds"] == [1, 2]
    assert yaml.safe_load(Path("a/scenario.yaml").read_text())["days"] == 21
