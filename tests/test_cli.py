"""The command line as its users meet it: what it prints, what it refuses, and how it ends."""

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pandas as pd
import pytest
import yaml
from click.testing import CliRunner, Result

from experiments.cli import COMMANDS, amends
from experiments.output import PROVENANCE
from experiments.schemas import SCHEMAS, schema
from sim.shipped import shipped

PROGRAM = [sys.executable, "-m", "experiments.cli"]
SMALL = ["--set", "market.people=60", "--days", "21"]

RUN = {
    "": "scenario policy seed days people digest seconds final totals ratios",
    "final": "reputation reputation_noncustomers nps stars satisfaction customer_share",
    "totals": "visits failures complaints answers first_contact_share mean_delay good_stories "
    "bad_stories leavers joiners revenue recovery_cost npv_per_person",
    "ratios": "silent_per_complaint good_to_bad yearly_retention problem_share",
}
CUSTOMER = (
    "event satisfaction failure_memory recovery_expectation complaint_satisfaction intention "
    "complain_probability delighted_probability good_tellings bad_tellings"
)
ESTIMATE = "mean low high difference difference_low difference_high best_probability"
FACT = "id fact source low high value holds"

HISTORY = """
customer: {satisfaction: 0.45}
events:
  - failure: {severity: 0.15, type: 0.5, control: 0.5, stability: 0.5}
  - answer: {fix: 1, compensation: 0.1, apology: 0.5, empathy: 0.5, delay: 8}
  - visit: {quality: 0.05}
  - wait: {days: 30}
  - failure: {severity: 0.3}
  - silence
"""


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Every test stands in an empty folder of its own."""
    place = tmp_path / "here"
    place.mkdir()
    monkeypatch.chdir(place)
    return place


def call(*arguments: str) -> Result:
    return CliRunner().invoke(amends, arguments, prog_name="amends")


def done(*arguments: str) -> Result:
    result = call(*arguments)
    assert result.exit_code == 0, result.output
    return result


def told(*arguments: str) -> Any:
    """Return the JSON that a command writes, which must be strict and alone on stdout."""

    def refuse(name: str) -> None:
        raise AssertionError(f"{name} is not JSON")

    return json.loads(done(*arguments, "--json").stdout, parse_constant=refuse)


def keys(value: dict[str, Any]) -> set[str]:
    return set(value)


def source() -> dict[str, str]:
    """Return an environment in which the program is found from any folder."""
    root = str(Path(__file__).resolve().parent.parent)
    return {**os.environ, "PYTHONPATH": root}


# What other programs read.


def test_run_tells_exactly_what_is_agreed() -> None:
    result = told("run", "bakery", *SMALL, "--seed", "7", "--policy", "slow")
    assert keys(result) == set(RUN[""].split())
    for part in ("final", "totals", "ratios"):
        assert keys(result[part]) == set(RUN[part].split())
    assert (result["scenario"], result["policy"]) == ("bakery", "slow")
    assert (result["seed"], result["days"], result["people"]) == (7, 21, 60)
    assert len(result["digest"]) == 64


def test_what_is_undefined_is_null() -> None:
    result = told("run", "bakery", *SMALL, "--set", "service.failure_probability=0")
    assert result["ratios"]["silent_per_complaint"] is None
    assert result["totals"]["mean_delay"] is None


def test_customer_tells_a_row_for_the_start_and_one_for_each_event(elsewhere: Path) -> None:
    (elsewhere / "history.yaml").write_text(HISTORY)
    rows = told("customer", "history.yaml")
    assert [row["event"] for row in rows] == [
        "start", "failure", "answer", "visit", "wait", "failure", "silence",
    ]  # fmt: skip
    assert all(keys(row) == set(CUSTOMER.split()) for row in rows)
    worse = told("customer", "history.yaml", "--set", "events.0.failure.severity=0.9")
    assert worse[1]["satisfaction"] < rows[1]["satisfaction"]
    assert told("customer", "history.yaml", "--seed", "3") == rows


def test_compare_tells_exactly_what_is_agreed() -> None:
    arguments = ("compare", "bakery", *SMALL, "--seeds", "3")
    result = told(*arguments, "--seed", "5")
    assert keys(result) == {"baseline", "policies", "seeds", "conclusion"}
    assert result["baseline"] == "none"
    assert result["seeds"] == [5, 6, 7]
    assert list(result["policies"]) == ["none", "slow", "fast", "fast-generous", "bakery"]
    for outcomes in result["policies"].values():
        assert {"reputation", "nps", "npv_per_person", "cost_per_customer_saved"} <= set(outcomes)
        assert all(keys(estimate) == set(ESTIMATE.split()) for estimate in outcomes.values())
    assert told(*arguments, "--seed", "5", "--workers", "1") == result


def test_facts_tell_a_row_for_each() -> None:
    arguments = ("facts", "--seeds", "2", "--set", "market.people=100", "--set", "days=60")
    rows = told(*arguments)
    assert {row["id"] for row in rows} == {f"C{i}" for i in range(1, 13)}
    for row in rows:
        assert keys(row) == set(FACT.split())
        assert row["holds"] == (row["low"] <= row["value"] <= row["high"])
    shown = done(*arguments).stdout
    assert f"{sum(row['holds'] for row in rows)} of {len(rows)} hold." in shown
    assert "Known misfits" in shown


def test_both_performers_tell_the_same() -> None:
    one, other = (
        told("run", "bakery", *SMALL, "--performer", performer)
        for performer in ("compiled", "agents")
    )
    one.pop("seconds")
    other.pop("seconds")
    assert one == other


# What people read.


def test_run_shows_outcomes_with_their_units_and_a_sentence() -> None:
    shown = done("run", "bakery", *SMALL).stdout
    for words in ("reputation", "points", "net promoter score", "days", "Reputation "):
        assert words in shown
    assert "\x1b" not in shown


def test_compare_shows_the_conclusion_and_what_it_cost() -> None:
    shown = " ".join(done("compare", "bakery", *SMALL, "--seeds", "2").stdout.split())
    for words in ("fast-generous", "95% interval", "per customer saved", "return on spend"):
        assert words in shown
    conclusion = told("compare", "bakery", *SMALL, "--seeds", "2")["conclusion"]
    assert conclusion in shown


def test_names_are_shown_as_they_are_written() -> None:
    odd = "[bold]x[/bold] $1 $2"
    policies = f'policies=[{{name: "{odd}"}}, {{name: b, delay: 3}}]'
    arguments = ("compare", "bakery", *SMALL, "--seeds", "2", "--set", policies)
    shown = done(*arguments, "--set", f'baseline="{odd}"', "--out", "r").stdout
    assert odd in shown
    assert "\\[bold\\]x\\[/bold\\] $1 $2" in Path("r/report.md").read_text()


def test_list_shows_every_shipped_file() -> None:
    shown = done("list").stdout
    found = told("list")
    for kind in ("scenarios", "policies", "experiments"):
        assert [entry["name"] for entry in found[kind]] == list(shipped(kind))
        for entry in found[kind]:
            assert entry["name"] in shown
            assert len(entry["description"]) > 10
            assert not entry["description"].startswith("#")


@pytest.mark.parametrize("command", COMMANDS)
def test_help_teaches(command: str) -> None:
    shown = done(command, "--help").stdout
    assert "Examples:" in shown
    assert f"amends {command}" in shown
    assert max(map(len, shown.splitlines())) <= 80
    overview = done("--help").stdout
    (line,) = (line for line in overview.splitlines() if line.startswith(f"  {command} "))
    assert line.endswith(".")
    assert not line.endswith("...")


@pytest.mark.parametrize("command", COMMANDS)
def test_the_examples_in_the_help_can_be_typed(command: str) -> None:
    known = amends.get_command(amends.make_context("amends", ["list"]), command)
    assert known is not None
    lines = [line.strip() for line in done(command, "--help").stdout.splitlines()]
    examples = [line for line in lines[lines.index("Examples:") :] if line.startswith("amends ")]
    assert len(examples) >= 2
    for example in examples:
        words = re.split(" {3}| > ", example)[0].split()
        assert words[1] in COMMANDS
        if words[1] == command:
            known.make_context(command, words[2:])


def test_version() -> None:
    assert done("--version").stdout.startswith("amends ")


def test_help_imports_nothing_heavy() -> None:
    program = (
        "import sys\n"
        "from experiments.cli import main\n"
        "sys.argv = ['amends', '--help']\n"
        "try:\n    main()\nexcept SystemExit as ending:\n    assert not ending.code\n"
        "heavy = {'numpy', 'pandas', 'numba', 'mesa', 'matplotlib', 'pydantic', 'rich', 'scipy'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True, env=source(), capture_output=True)


# Results folders.


def test_a_results_folder_of_a_run_can_be_run_again() -> None:
    first = told("run", "bakery", *SMALL, "--policy", "slow", "--seed", "9", "--out", "a")
    assert {path.name for path in Path("a").iterdir()} == {
        "series.parquet", "series.csv", "people.parquet", "run.png", "run.svg", "scenario.yaml",
        PROVENANCE,
    }  # fmt: skip
    again = told("run", "./a/scenario.yaml", "--out", "b")
    assert again["digest"] == first["digest"]
    for path in Path("a").iterdir():
        assert (Path("b") / path.name).read_bytes() == path.read_bytes()
    series = pd.read_parquet("a/series.parquet")
    assert series["day"].tolist() == [0, 7, 14, 21]
    pd.testing.assert_frame_equal(pd.read_csv("a/series.csv"), series)
    people = pd.read_parquet("a/people.parquet")
    assert len(people) == 60
    assert (people["status"] == "customer").sum() == series["customers"].iloc[-1]
    record = json.loads(Path("a", PROVENANCE).read_text())
    assert record["result"]["digest"] == first["digest"]
    assert record["scenario"]["seed"] == 9


def test_a_run_on_a_network_from_a_file_can_be_run_again(elsewhere: Path) -> None:
    (elsewhere / "friends.txt").write_text("1 2\n2 3\n3 1\n3 3\n1 2\n")
    first = call("run", "bakery", "--days", "21", "--network", "friends.txt", "--out", "a",
                 "--json")  # fmt: skip
    assert json.loads(first.stdout)["people"] == 3
    assert "loop" in first.stderr
    again = told("run", "a/scenario.yaml")
    assert again["digest"] == json.loads(first.stdout)["digest"]
    assert "loop" in call("compare", "bakery", "--days", "7", "--network", "friends.txt",
                          "--seeds", "2").stderr  # fmt: skip


def test_a_results_folder_of_a_comparison_holds_it_all() -> None:
    arguments = ("compare", "bakery", *SMALL, "--seeds", "2", "--out", "deep/r")
    result = done(*arguments)
    assert "Results are in deep/r" in result.stderr
    names = {path.name for path in Path("deep/r").iterdir()}
    assert names == {
        "report.md", PROVENANCE,
        *(f"{name}.{kind}" for name in ("summary", "runs", "series")
          for kind in ("parquet", "csv")),
        *(f"{name}.{kind}" for name in ("reputation", "differences", "spend")
          for kind in ("png", "svg")),
    }  # fmt: skip
    report = Path("deep/r/report.md").read_text()
    for picture in ("reputation.png", "differences.png", "spend.png"):
        assert f"({picture})" in report
    record = json.loads(Path("deep/r", PROVENANCE).read_text())
    assert record["result"]["conclusion"].split(";")[0].split(":")[0] in report.replace("\\", "")
    assert len(pd.read_parquet("deep/r/runs.parquet")) == 10
    before = {path.name: path.read_bytes() for path in Path("deep/r").iterdir()}
    assert "Replaced the earlier result in deep/r" in done(*arguments).stderr
    assert {path.name: path.read_bytes() for path in Path("deep/r").iterdir()} == before


def test_one_policy_and_one_seed_can_be_compared_and_kept() -> None:
    done("compare", "bakery", *SMALL, "--seeds", "1", "--set", "policies=[slow]", "--set",
         "baseline=slow", "--out", "r")  # fmt: skip
    assert not Path("r/differences.png").exists()
    assert "differences.png" not in Path("r/report.md").read_text()


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


def ended(*arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*PROGRAM, *arguments], env={**source(), **options.pop("env", {})}, text=True,
        stderr=subprocess.PIPE, **options,
    )  # fmt: skip


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

    monkeypatch.setattr("sim.compiled._cache_folder", lambda: str(tmp_path / "kernels"))
    (tmp_path / "kernels").mkdir()
    options.announce_compilation()
    assert "Compiling" in capsys.readouterr().err
    (tmp_path / "kernels" / "live.nbi").touch()
    options.announce_compilation()
    assert capsys.readouterr().err == ""


# Schemas.

KINDS = {"scenario": "scenarios", "policy": "policies", "experiment": "experiments"}


@pytest.mark.parametrize("kind", KINDS)
def test_schemas_are_valid_and_accept_every_shipped_file(kind: str) -> None:
    jsonschema.Draft202012Validator.check_schema(schema(kind))
    check = jsonschema.Draft202012Validator(schema(kind))
    files = shipped(KINDS[kind])
    assert files
    for path in files.values():
        check.validate(yaml.safe_load(path.read_text()))
    assert json.loads(done("schema", kind).stdout) == schema(kind)


WRONG = {
    "scenario": [{"markt": {}}, {"days": 0}, {"days": "x"}, {"policy": {"fix": 2}}, {"policy": 3}],
    "policy": [{"fix": 2}, {"fixx": 1}, {"name": 3}],
    "experiment": [
        {"scenario": "bakery"},
        {"scenario": "bakery", "policies": []},
        {"scenario": "bakery", "policies": ["slow"], "seeds": 0},
        {"scenario": "bakery", "policies": [{"name": "a", "fix": 2}]},
    ],
}
RIGHT = {
    "scenario": [
        {}, {"policy": "./mine.yaml"}, {"policy": {"fix": 1, "authority": None}},
        {"policy_changes": [{"day": 3, "policy": "slow"}, {"day": 5, "policy": {"delay": 1}}]},
        {"outages": [{"day": 3, "share": 0.5}]},
    ],
    "policy": [{}, {"name": "x", "fix": 0.5}],
    "experiment": [
        {"scenario": "bakery", "policies": ["slow", {"name": "x", "like": "slow", "ease": 4}]},
        {"scenario": "./a.yaml", "policies": ["a.yaml"], "seeds": [1, 5], "set": {"days": 3}},
    ],
}  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_schemas_tell_right_from_wrong(kind: str) -> None:
    check = jsonschema.Draft202012Validator(schema(kind))
    for right in RIGHT[kind]:
        check.validate(right)
    for wrong in WRONG[kind]:
        assert not check.is_valid(wrong), wrong


def test_schemas_say_meaning_unit_and_default() -> None:
    days = schema("scenario")["properties"]["days"]
    assert days["description"] == "how long it runs [days]"
    assert (days["default"], days["unit"], days["minimum"]) == (365, "days", 1)
    for kind in SCHEMAS:
        for part in (schema(kind), *schema(kind).get("$defs", {}).values()):
            for name, field in part["properties"].items():
                assert field.get("description") or "$ref" in field or field["type"] == "array", name


def test_schemas_are_written_to_a_folder() -> None:
    done("schema", "--out", "schemas")
    for kind in SCHEMAS:
        assert json.loads(Path(f"schemas/{kind}.schema.json").read_text()) == schema(kind)
    assert keys(json.loads(done("schema").stdout)) == set(SCHEMAS)
