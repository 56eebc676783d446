"""A sweep that is killed a hundred times, and sweeps that share a folder.

Not collected by the ordinary tests; `make faults` runs it.
"""

import json
import os
import random
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from experiments.storage import claims, folder, shelf
from experiments.storage.results import open_results
from experiments.storage.verifying import verify
from tests.calling import source

KILLS = int(os.environ.get("AMENDS_KILLS", "100"))
"""How many kills; fewer to try whether the test itself works."""

BEGINNING, OPENED = 0.1, 0.3
"""Shares of kills that come while a sweep is still beginning, and before it has kept anything new. All
others come after it has: within `LATER` seconds, in which it goes on writing every two."""

BEGIN, LATER = 4.0, 4.0

DESIGN = """
name: killed
scenario: bakery
set: {market.people: 5000, days: 365}
policies: [none, slow, bakery, fast, fast-generous]
seeds: 25
outcomes: [reputation]
design: {grid: {service.failure_probability: [0.02, 0.05], policy.ease: [1.0, 2.0]}}
"""
"""Five policies at four points in 25 worlds: 500 runs."""


def sweep(design: Path, out: Path, *more: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", "experiments.cli", "sweep", str(design), "--out", str(out),
         "--workers", "2", "--json", *more],
        env=source(), text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        start_new_session=True,
    )  # fmt: skip


def kill(process: "subprocess.Popen[str]") -> bool:
    """Kill a process and all that it started; tell whether it was alive."""
    alive = process.poll() is None
    if alive:
        os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    return alive


def wait_for_work(process: "subprocess.Popen[str]", out: Path) -> None:
    """Wait until a sweep has opened its folder, or is over."""
    lock = str(out / claims.NAME)
    while process.poll() is None:
        with suppress(OSError):
            if lock in {os.readlink(each) for each in Path(f"/proc/{process.pid}/fd").iterdir()}:
                return
        time.sleep(0.01)


def wait_for_news(process: "subprocess.Popen[str]", out: Path, known: set[str]) -> None:
    """Wait until a sweep has kept something that was not there before, or is over."""
    while process.poll() is None and kept(out) <= known:
        time.sleep(0.01)


def kept(out: Path) -> set[str]:
    """Return the names of the files in which runs are kept."""
    return set(folder.names(out / folder.RUNS))


def let_work(process: "subprocess.Popen[str]", out: Path, luck: random.Random) -> None:
    """Wait for a random time to kill a sweep: mostly while it adds to what was there before."""
    known, share = kept(out), luck.random()
    if share < BEGINNING:
        time.sleep(luck.uniform(0, BEGIN))
        return
    wait_for_work(process, out)
    if share < OPENED:
        time.sleep(luck.uniform(0, shelf.FLUSH_SECONDS))
        return
    wait_for_news(process, out, known)
    time.sleep(luck.uniform(0, LATER))


def ended(process: "subprocess.Popen[str]") -> dict[str, Any]:
    out, err = process.communicate()
    assert process.returncode == 0, err
    found: dict[str, Any] = json.loads(out)
    return found


def rows(out: Path) -> dict[str, tuple[int, float]]:
    """Return how often each run is there, and how long it took: done again, it would take otherwise."""
    found: dict[str, tuple[int, float]] = {}
    if (out / folder.RUNS).exists():
        for batch in folder.good_batches(out, _never):
            for row in batch.runs.select(["identity", "seconds"]).to_pylist():
                times, _ = found.get(row["identity"], (0, 0.0))
                found[row["identity"]] = times + 1, row["seconds"]
    return found


def _never(path: Path, why: str) -> None:
    raise AssertionError(f"{path} {why}")


@pytest.fixture(scope="module")
def design(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("design") / "killed.yaml"
    path.write_text(DESIGN)
    return path


@pytest.fixture(scope="module")
def whole(design: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What the sweep comes to when it is left in peace, and how long it then takes."""
    folder = tmp_path_factory.mktemp("whole")
    ended(sweep(design, folder / "first", "--seeds", "1"))  # which may have to compile the model
    return ended(sweep(design, folder / "sweep"))


def test_a_hundred_kills(design: Path, whole: dict[str, Any], tmp_path: Path) -> None:
    """Of all sweeps that were killed, each comes to the same digest, and does nothing twice."""
    luck, kills, sweeps, useful = random.Random(1), 0, 0, 0
    while kills < KILLS:
        out, before = tmp_path / f"sweep-{sweeps}", dict[str, tuple[int, float]]()
        while kills < KILLS:
            process = sweep(design, out)
            let_work(process, out, luck)
            if not kill(process):
                break
            kills += 1
            after = rows(out)
            assert before.items() <= after.items()  # nothing lost, nothing done again
            useful += len(after) - len(before) > 0
            before = after
        made = ended(sweep(design, out))
        assert made["skipped"] >= len(before)
        assert made["done"] + made["skipped"] == made["runs"] == whole["runs"]
        assert made["digest"] == whole["digest"]
        after = rows(out)
        assert before.items() <= after.items() and len(after) == whole["runs"]
        assert {times for times, _ in after.values()} == {1}
        assert verify(out).wrong == []
        sweeps += 1
        print(f"{kills} kills of {sweeps} sweeps, {useful} with new runs kept", file=sys.stderr)
    assert useful > KILLS / 2


@pytest.mark.parametrize("killed", [False, True, True, True])
def test_two_sweeps_in_a_folder_do_every_run_once(
    design: Path, whole: dict[str, Any], tmp_path: Path, killed: bool
) -> None:
    out = tmp_path / "sweep"
    one, two = sweep(design, out), sweep(design, out)
    if killed:
        wait_for_work(two, out)
        time.sleep(random.Random(str(tmp_path)).uniform(0, 0.9) * whole["seconds"])
        kill(two)
        made = [ended(one)]
        assert made[0]["done"] + made[0]["skipped"] == whole["runs"]
    else:
        made = [ended(one), ended(two)]
        assert sum(each["done"] for each in made) == whole["runs"]
    assert {each["digest"] for each in made} == {whole["digest"]}
    after = rows(out)
    assert len(after) == whole["runs"] and {times for times, _ in after.values()} == {1}
    assert len(open_results(out).runs) == whole["runs"]
