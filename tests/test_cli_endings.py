"""How the command line ends: what it refuses, in which words, and with which exit code."""

import os
import signal
import subprocess
from pathlib import Path

import pytest
import yaml

from tests.calling import PROGRAM, call, ended, source


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Every test stands in an empty folder of its own."""
    place = tmp_path / "here"
    place.mkdir()
    monkeypatch.chdir(place)
    return place


# What is refused.

REFUSED = {
    "unknown command": (["rum"], "Did you mean 'run'"),
    "no command of that sort": (["zzz"], "There are run, customer"),
    "no argument": (["run"], "SCENARIO"),
    "unknown option": (["run", "bakery", "--sed", "3"], "--seed"),
    "no number": (["run", "bakery", "--seed", "x"], "--seed"),
    "unknown scenario": (["run", "bakeri"], "did you mean bakery"),
    "unknown policy": (["run", "bakery", "--policy", "slwo"], "slow"),
    "unknown experiment": (["compare", "bakeri"], "did you mean bakery"),
    "missing file": (["run", "./none.yaml"], "does not exist"),
    "missing history": (["customer", "./none.yaml"], "does not exist"),
    "a folder": (["run", "./"], "is a folder"),
    "unknown key": (["run", "bakery", "--set", "market.peple=3"], "did you mean people"),
    "wrong type": (["run", "bakery", "--set", "days=soon"], "days = soon"),
    "out of range": (["run", "bakery", "--set", "policy.compensation=14"], "at most 3"),
    "not a number": (["run", "bakery", "--set", "money.price=.nan"], "money.price"),
    "no key": (["run", "bakery", "--set", "days"], "key=value"),
    "bad days": (["run", "bakery", "--days", "0"], "at least 1"),
    "bad seed": (["run", "bakery", "--seed", "-1"], "at least 0"),
    "no seeds": (["compare", "bakery", "--seeds", "0"], "--seeds 0"),
    "no workers": (["compare", "bakery", "--workers", "0"], "--workers"),
    "unknown baseline": (["compare", "bakery", "--set", "baseline=fats"], "fast"),
    "unknown outcome": (["compare", "bakery", "--set", "outcomes=[reputaton]"], "reputation"),
    "no such baseline": (
        ["compare", "bakery", "--set", "baseline=nobody"],
        "must be one of the policies (none, slow, fast, fast-generous, bakery)",
    ),
    "guessed outcome": (
        ["compare", "bakery", "--set", "outcomes=[delay]"], "did you mean mean_delay",
    ),
    "outcome by its words": (
        ["compare", "bakery", "--set", "outcomes=[who_left]"], "did you mean leavers? All: ",
    ),
    "outcome unlike any": (
        ["compare", "bakery", "--set", "outcomes=[xyzzy]"], "there are reputation, ",
    ),
    "missing network": (["run", "bakery", "--network", "none.txt"], "none.txt"),
    "too many people": (["run", "bakery", "--set", "market.people=100000000"], "GB"),
    "unknown schema": (["schema", "policies"], "policy"),
}  # fmt: skip

FILES = {
    "broken": ("days: [3", "broken.yaml:1"),
    "twice": ("days: 3\ndays: 4\n", "twice.yaml:2"),
    "list": ("- 1\n", "must hold keys"),
    "empty": ("", "is empty"),
    "bomb": ("a: &a [1, 1]\nb: [*a, *a]\n", "bomb.yaml:"),
    "unknown": ("name: x\nmarkt: {people: 3}\n", "unknown.yaml:2: "),
}


def refused(words: str, *arguments: str) -> None:
    """Check that a call is refused with one plain message, and leaves nothing behind."""
    before = set(Path().rglob("*"))
    result = call(*arguments)
    assert result.exit_code == 2, result.output
    assert words in " ".join(result.stderr.split())
    assert "Traceback" not in result.output
    assert "\x1b" not in result.output
    assert result.stdout == ""
    assert set(Path().rglob("*")) == before


@pytest.mark.parametrize("why", REFUSED)
def test_what_cannot_be_is_refused_with_one_message(why: str) -> None:
    arguments, words = REFUSED[why]
    refused(words, *arguments)
    if arguments[0] in ("run", "compare"):
        refused(words, *arguments, "--json", "--out", "results/new")


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("command", ["run", "compare", "customer"])
def test_files_that_are_wrong_are_refused_with_their_line(
    elsewhere: Path, command: str, name: str
) -> None:
    content, words = FILES[name]
    (elsewhere / f"{name}.yaml").write_text(content)
    refused(words, command, f"./{name}.yaml")


@pytest.mark.parametrize(
    "arguments",
    [["run", "bakery"], ["compare", "bakery"], ["schema"]],
    ids=["run", "compare", "schema"],
)
def test_a_place_for_results_is_checked_before_anything_is_run(
    elsewhere: Path, arguments: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*_: object, **__: object) -> None:
        raise AssertionError("it ran")

    monkeypatch.setattr("sim.run.simulate", never)
    monkeypatch.setattr("experiments.compare.compare", never)
    (elsewhere / "thesis").mkdir()
    (elsewhere / "thesis" / "thesis.txt").write_text("years of work")
    refused("thesis is not empty", *arguments, "--out", "thesis")
    refused("thesis.txt is a file", *arguments, "--out", "thesis/thesis.txt")
    refused("cannot be written", *arguments, "--out", "thesis/thesis.txt/below")
    refused("a folder that you are in", *arguments, "--out", ".")


def test_a_network_that_is_wrong_is_refused_and_leaves_no_folder(elsewhere: Path) -> None:
    (elsewhere / "empty.txt").write_text("# nobody\n")
    refused("empty.txt", "run", "bakery", "--network", "empty.txt", "--out", "a")
    refused("empty.txt", "compare", "bakery", "--network", "empty.txt", "--out", "a")


# How it ends.


def test_a_refusal_looks_the_same_to_the_shell() -> None:
    result = ended("run", "bakery", "--days", "0", "--out", "a", stdout=subprocess.PIPE)
    assert result.returncode == 2
    assert result.stderr.startswith("Error: --days 0: days = 0 must be at least 1 (days)")
    assert result.stderr.count("\n") == 1
    assert result.stdout == ""


@pytest.mark.parametrize("arguments", [["list"], ["--help"], ["schema"]])
def test_a_reader_that_goes_away_is_no_error(arguments: list[str]) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    result = ended(*arguments, stdout=writing)
    os.close(writing)
    assert result.returncode == 1
    assert result.stderr == ""


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="the system has no full device")
@pytest.mark.parametrize("arguments", [["list"], ["--help"]])
def test_a_full_disk_is_told_in_one_line(arguments: list[str]) -> None:
    with open("/dev/full", "w") as full:
        result = ended(*arguments, stdout=full)
    assert result.returncode == 1
    assert result.stderr == "Error: the output cannot be written: No space left on device\n"


def test_a_terminal_that_knows_only_ascii_is_no_error(elsewhere: Path) -> None:
    scenario = yaml.safe_dump({"name": "Bäckerei", "days": 3, "market": {"people": 20}})
    (elsewhere / "s.yaml").write_text(scenario)
    result = ended("run", "./s.yaml", "--performer", "agents", stdout=subprocess.PIPE,
                   env={"PYTHONIOENCODING": "ascii"})  # fmt: skip
    assert result.returncode == 0
    assert "B?ckerei" in result.stdout


def test_ctrl_c_leaves_nothing_and_says_so_to_the_shell(elsewhere: Path) -> None:
    """Interrupt a run once its folder has been begun; it would last for many minutes."""
    arguments = ["run", "bakery", "--performer", "agents", "--days", "3000", "--out", "results/a"]
    with subprocess.Popen(
        [*PROGRAM, *arguments], env=source(), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        while not list(elsewhere.glob("results/.a.*")):
            assert process.poll() is None
        process.send_signal(signal.SIGINT)
        output, errors = process.communicate()
    assert process.returncode == 130
    assert output == b""
    assert errors.endswith(b"\nInterrupted.\n")
    assert b"Traceback" not in errors
    assert list(elsewhere.iterdir()) == []


def test_the_first_compilation_is_announced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from experiments.commands import options

    monkeypatch.setattr("sim.compiled.cache_folder", lambda: str(tmp_path / "kernels"))
    (tmp_path / "kernels").mkdir()
    options.announce_compilation()
    assert "Compiling" in capsys.readouterr().err
    (tmp_path / "kernels" / "day.live_until-1.nbi").touch()
    options.announce_compilation()
    assert capsys.readouterr().err == ""
