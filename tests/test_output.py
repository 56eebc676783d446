"""A results folder is whole or absent, is never mixed with other files, and has no clock in it."""

import errno
import json
import math
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from experiments import output
from experiments.output import PROVENANCE, json_text, plain, results_folder
from sim.errors import InputError


def write(target: Path, command: str = "run", content: str = "one\n") -> output.ResultsFolder:
    with results_folder(target, command) as folder:
        folder.text("series.csv", content)
        folder.provenance = {"result": 1}
    return folder


def entries(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_a_result_stands_whole_with_the_checksum_of_each_file(tmp_path: Path) -> None:
    assert not write(tmp_path / "deep" / "result").replaced
    result = tmp_path / "deep" / "result"
    assert entries(result) == {"series.csv", PROVENANCE}
    record = json.loads((result / PROVENANCE).read_text())
    # sha256 of "one\n", from another program.
    assert record["files"] == {
        "series.csv": "2c8b08da5ce60398e1f19af0e5dccc744df274b826abe585eaba68c525434806"
    }
    assert record["command"] == "run"
    assert record["result"] == 1
    assert {"amends", "model", "python", "mesa", "numpy", "numba"} <= set(record["versions"])
    assert entries(tmp_path / "deep") == {"result"}


def test_the_same_run_gives_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a", "b"):
        with results_folder(tmp_path / name, "run") as folder:
            folder.table("t", pd.DataFrame({"x": [0.1, math.nan], "y": ["é", "b"]}))
    for name in entries(tmp_path / "a"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def test_tables_are_written_as_parquet_and_csv_alike(tmp_path: Path) -> None:
    frame = pd.DataFrame({"x": [0.1, 1e-300, math.nan], "n": [1, 2, 2**62]})
    with results_folder(tmp_path / "a", "run") as folder:
        folder.table("both", frame)
        folder.table("one", frame, csv=False)
    pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "a" / "both.parquet"), frame)
    pd.testing.assert_frame_equal(pd.read_csv(tmp_path / "a" / "both.csv"), frame)
    assert not (tmp_path / "a" / "one.csv").exists()


def test_an_earlier_result_is_replaced_as_a_whole(tmp_path: Path) -> None:
    with results_folder(tmp_path / "r", "run") as folder:
        folder.text("old.csv", "old\n")
    assert write(tmp_path / "r", content="new\n").replaced
    assert entries(tmp_path / "r") == {"series.csv", PROVENANCE}
    assert entries(tmp_path) == {"r"}


def test_an_empty_folder_and_litter_of_file_browsers_are_no_obstacle(tmp_path: Path) -> None:
    (tmp_path / "r").mkdir()
    (tmp_path / "r" / ".DS_Store").write_bytes(b"\0")
    assert not write(tmp_path / "r").replaced
    assert entries(tmp_path / "r") == {"series.csv", PROVENANCE}


def _foreign(folder: Path) -> str:
    folder.mkdir()
    (folder / "thesis.txt").write_text("years of work")
    return "is not empty"


def _file(folder: Path) -> str:
    folder.write_text("years of work")
    return "is a file"


def _other_command(folder: Path) -> str:
    write(folder, "compare")
    return "result of `amends compare`, not of `amends run`"


def _added(folder: Path) -> str:
    write(folder)
    (folder / "notes.txt").write_text("years of work")
    return "notes.txt, which amends did not write"


def _added_folder(folder: Path) -> str:
    write(folder)
    (folder / "notes").mkdir()
    return "notes, which amends did not write"


def _edited(folder: Path) -> str:
    write(folder)
    (folder / "series.csv").write_text("years of work")
    return "series.csv was changed"


def _broken_provenance(folder: Path) -> str:
    write(folder)
    (folder / PROVENANCE).write_text("{")
    return "is not empty"


def _odd_provenance(folder: Path) -> str:
    write(folder)
    (folder / PROVENANCE).write_text('{"command": 1, "files": {}}')
    return "is not empty"


REFUSED = [
    _foreign, _file, _other_command, _added, _added_folder, _edited, _broken_provenance,
    _odd_provenance,
]  # fmt: skip


@pytest.mark.parametrize("make", REFUSED)
def test_what_somebody_else_wrote_is_never_touched(
    tmp_path: Path, make: Callable[[Path], str]
) -> None:
    target = tmp_path / "r"
    words = make(target)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    with pytest.raises(InputError) as refusal, results_folder(target, "run"):
        raise AssertionError("the run must not begin")
    assert words in str(refusal.value)
    assert str(target) in str(refusal.value)
    after = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    assert after == before


@pytest.mark.parametrize("name", [".", ".."])
def test_the_folder_one_is_in_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "a" / "b")
    with pytest.raises(InputError, match="a folder that you are in"):
        write(Path(name))
    assert entries(tmp_path / "a") == {"b"}


def test_a_mount_point_is_refused_before_the_run() -> None:
    with pytest.raises(InputError, match=r"/proc is a mount point.* --out /proc/results"):
        write(Path("/proc"))


def test_a_place_that_cannot_be_written_is_refused_before_the_run(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="cannot be written"):
        write(tmp_path / "file" / "below" / "r")
    with pytest.raises(InputError, match="cannot be written"):
        write(tmp_path / "deep" / ("x" * 300))
    assert entries(tmp_path) == {"file"}


@pytest.mark.parametrize("error", [ValueError("model"), KeyboardInterrupt(), OSError(5, "disk")])
def test_after_a_failure_nothing_is_left(tmp_path: Path, error: BaseException) -> None:
    def fail() -> None:
        with results_folder(tmp_path / "a" / "r", "run") as folder:
            folder.text("half.csv", "half")
            raise error

    with pytest.raises(type(error)) as raised:
        fail()
    assert raised.value is error
    assert entries(tmp_path) == set()


def test_a_failure_leaves_the_earlier_result(tmp_path: Path) -> None:
    write(tmp_path / "r", content="earlier\n")
    with pytest.raises(ValueError, match="broken"), results_folder(tmp_path / "r", "run"):
        raise ValueError("broken")
    assert (tmp_path / "r" / "series.csv").read_text() == "earlier\n"
    assert entries(tmp_path) == {"r"}


def attempt(target: Path) -> InputError | None:
    """Write a new result, and return the refusal if there was one."""
    try:
        write(target, content="new\n")
    except InputError as error:
        return error
    return None


@pytest.mark.parametrize("failing", ["fsync", "rename"])
@pytest.mark.parametrize("earlier", [False, True])
def test_whichever_disk_operation_fails_the_folder_is_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failing: str, earlier: bool
) -> None:
    """Fail the n-th operation, for every n, until a run comes through."""
    owner = os if failing == "fsync" else Path
    real = getattr(owner, failing)
    for nth in range(20):
        target = tmp_path / str(nth) / "r"
        if earlier:
            write(target, content="earlier\n")
        calls = iter(range(100))

        def fails(*arguments: object, nth: int = nth, calls: object = calls) -> object:
            if next(calls) == nth:  # type: ignore[call-overload]
                raise OSError(errno.ENOSPC, "No space left on device")
            return real(*arguments)

        with monkeypatch.context() as patch:
            patch.setattr(owner, failing, fails)
            failed = isinstance(attempt(target), InputError)
        if target.exists():
            content = (target / "series.csv").read_text()
            assert entries(target) == {"series.csv", PROVENANCE}
            assert content == ("earlier\n" if earlier and failed else "new\n")
            assert entries(target.parent) == {"r"}
        else:
            assert failed
            assert not earlier
            assert not target.parent.exists()
        if not failed and next(calls) <= nth:
            break
    else:
        raise AssertionError("no run ever came through")
    assert nth >= (2 if failing == "fsync" else 1)


NUMBERS = st.floats() | st.integers() | st.text() | st.booleans() | st.none()
VALUES = st.recursive(
    NUMBERS, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=20
)


@given(VALUES)
def test_json_is_strict_whatever_comes(value: object) -> None:
    def refuse(name: str) -> None:
        raise AssertionError(f"{name} is not JSON")

    assert json.loads(json_text(value), parse_constant=refuse) == plain(value)


def test_numbers_of_numpy_become_numbers_of_json() -> None:
    value = {
        "a": np.float64(0.1), "b": np.int64(3), "c": np.bool_(True), "d": np.array([1.0, np.inf]),
        "e": (np.nan,), "f": np.float32("nan"),
    }  # fmt: skip
    expected = {"a": 0.1, "b": 3, "c": True, "d": [1.0, None], "e": [None], "f": None}
    assert json.loads(json_text(value)) == expected
