"""The command line as its users meet it: what programs and people read, and what is kept."""

import json
import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest

from experiments import tables
from experiments.cli import COMMANDS, amends
from experiments.output import PROVENANCE
from sim.shipped import shipped
from tests.calling import SMALL, call, done, source, told

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
FACT = "id fact source low high value holds used_for by_rule"

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


def keys(value: dict[str, Any]) -> set[str]:
    return set(value)


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
    arguments = ("facts", "--seeds", "2", "--set", "market.people=1000", "--set", "days=90")
    rows = told(*arguments)
    for kind, ids in (("calibration", range(1, 15)), ("held out", range(1, 29))):
        chosen = [row for row in rows if row["used_for"] == kind]
        assert {row["id"] for row in chosen} == {f"{kind[0].upper()}{i}" for i in ids}
    for row in rows:
        assert keys(row) == set(FACT.split())
        known = row["value"] is not None
        assert row["holds"] == (known and row["low"] <= row["value"] <= row["high"])
    shown = done(*arguments, "--only", "calibration").stdout
    (some,) = (sum(row["holds"] for row in rows[:28]),)
    assert f"{some} of 28 hold." in shown
    assert "Held out" not in shown
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
    assert f"Digest: {told('run', 'bakery', *SMALL)['digest']}\n" in shown


def test_the_summary_tells_how_satisfaction_moved() -> None:
    columns = ("reputation", "satisfaction", "customers")
    rows = [(50.0, 0.45, 30), (50.01, 0.412, 31)]
    series = pd.DataFrame(rows, columns=list(columns))
    totals = {"failures": 0, "complaints": 0, "answers": 0, "recovery_cost": 0, "revenue": 0}
    said = tables.told(SimpleNamespace(series=series, totals=totals))  # type: ignore[arg-type]
    assert said.startswith(
        "Reputation stayed at 50.0 (50 is neutral), the satisfaction of customers fell from 0.45 "
        "to 0.41 (0 is neutral), and the customers went from 30 to 31."
    )
    gone = series.assign(satisfaction=float("nan"))
    said = tables.told(SimpleNamespace(series=gone, totals=totals))  # type: ignore[arg-type]
    assert "the satisfaction of customers is unknown" in said


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
        "report.md", "scenario.yaml", "experiment.yaml", PROVENANCE,
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


def test_a_warning_of_our_own_is_a_plain_line(monkeypatch: pytest.MonkeyPatch) -> None:
    import warnings

    from experiments import cli

    monkeypatch.setattr(warnings, "formatwarning", warnings.formatwarning)
    cli._say_plainly()
    ours, theirs = "/x/experiments/engine/patience.py", "/x/numpy/core.py"
    assert warnings.formatwarning("slow", UserWarning, ours, 3) == "slow\n"
    assert "core.py:3" in warnings.formatwarning("slow", UserWarning, theirs, 3)
    assert "RuntimeWarning" in warnings.formatwarning("odd", RuntimeWarning, ours, 3)
