"""A folder of results: nothing reported done is lost, nothing damaged is believed, whatever breaks."""

import errno
import itertools
import json
import os
import random
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pyarrow as pa
import pyarrow.dataset as ds
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from experiments.engine.runner import Failure
from experiments.sections.keys import _fields
from experiments.storage import batches, claims, durable, folder, manifest, store
from experiments.storage.batches import Pair
from experiments.storage.durable import DiskError
from experiments.storage.results import Results, open_results
from experiments.storage.store import Store
from sim.errors import InputError
from sim.policy import Policy
from sim.scenario import Scenario
from tests.calling import call, source
from tests.made_runs import KEYS, a_plan, an_experiment, pairs

PLAN = a_plan()
PAIRS = pairs(PLAN)
WHOLE = Results.of(PAIRS, keys=KEYS).digest
"""What twelve runs come to, wherever they are kept."""


@pytest.fixture(autouse=True)
def quick_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Flushing is left to the tests of real faults (`make faults`); here it would only take time."""
    monkeypatch.setattr(os, "fsync", os.fstat)


def opened(path: Path, **changes: Any) -> Store:
    return Store.open(path, PLAN.experiment, **{"keys": KEYS, "planned": len(PLAN), **changes})


def filled(path: Path, size: int = 4) -> Path:
    """Make a folder of all runs, some to a file."""
    with opened(path) as kept:
        for start in range(0, len(PAIRS), size):
            kept.add(PAIRS[start : start + size])
    return path


def files(path: Path) -> list[Path]:
    return sorted(each for each in path.rglob("*") if each.is_file())


def identities(some: Sequence[Pair]) -> set[str]:
    return {job.identity for job, _ in some}


def finish(path: Path) -> str:
    """Go on with a folder as a sweep does, and return the digest of the whole."""
    with opened(path) as kept:
        todo = [pair for pair in PAIRS if kept.claim(pair[0].identity)]
        kept.add(todo)
        assert kept.finished == identities(PAIRS)
        return kept.digest


# What is kept.


def test_what_was_added_is_there_when_the_folder_is_opened_again(tmp_path: Path) -> None:
    path = filled(tmp_path / "deep" / "sweep")
    with opened(path) as kept:
        assert kept.finished == identities(PAIRS)
        assert kept.set_aside == [] and kept.failures == []
        assert not any(kept.claim(identity) for identity in identities(PAIRS))
        assert kept.digest == WHOLE
    with Store.open(path) as kept:
        assert kept.manifest["experiment"]["name"] == "made"
        assert kept.manifest["planned"] == 12
        assert kept.manifest["files"] == [
            str(each.relative_to(path)) for each in files(path) if each.suffix == ".parquet"
        ]


@settings(max_examples=15)
@given(st.permutations(range(12)), st.sets(st.integers(1, 11)))
def test_the_digest_does_not_depend_on_order_or_files(
    tmp_path_factory: pytest.TempPathFactory, order: list[int], cuts: set[int]
) -> None:
    path = tmp_path_factory.mktemp("sweep")
    with opened(path) as kept:
        for start, end in itertools.pairwise([0, *sorted(cuts), 12]):
            kept.add([PAIRS[i] for i in order[start:end]])
        assert kept.digest == WHOLE


def _with(run: Any = None, job: Any = None) -> list[Pair]:
    changed = replace(PAIRS[5][0], **(job or {})), replace(PAIRS[5][1], **(run or {}))
    return [*PAIRS[:5], changed, *PAIRS[6:]]


def test_the_digest_is_of_all_that_counts_and_of_nothing_else() -> None:
    values = PAIRS[5][1].values
    counts = [
        _with(run={"digest": "0" * 64}),
        _with(run={"people": 61}),
        _with(run={"ties": 241}),
        _with(run={"values": {**values, "nps": 0.125}}),
        _with(run={"values": {**values, "nps": float("nan"), "stars": 0.5}}),
        _with(run={"values": {**values, "nps": 0.0, "stars": 0.5}}),
        _with(job={"point": {"policy.delay": 3.0}}),
        PAIRS[1:],
    ]
    found = [Results.of(some, keys=KEYS).digest for some in counts]
    assert len({WHOLE, *found}) == len(counts) + 1
    assert Results.of(_with(run={"seconds": 9.0}, job={"cell": 99}), keys=KEYS).digest == WHOLE
    zero, minus = ({**values, "nps": zero} for zero in (0.0, -0.0))
    assert len({Results.of(_with(run={"values": v})).digest for v in (zero, minus)}) == 2


def test_every_number_comes_back_to_the_bit(tmp_path: Path) -> None:
    results = open_results(filled(tmp_path))
    rows = {row["identity"]: row for row in results.runs.to_dict("records")}
    for job, run in PAIRS:
        row = rows[job.identity]
        assert (row["policy"], row["seed"], row["cell"]) == (job.policy, job.seed, job.cell)
        for name, value in run.values.items():
            assert float(row[name]).hex() == value.hex()
        mine = results.series[results.series["identity"] == job.identity]
        assert mine[list(run.columns)].to_numpy().tobytes() == run.series.tobytes()


def test_a_run_that_is_there_twice_counts_once(tmp_path: Path) -> None:
    path = filled(tmp_path)
    with opened(path) as kept:
        kept.add(PAIRS[2:9])
        kept.add([*PAIRS[:1], *PAIRS[:1]])
        assert kept.digest == WHOLE
    results = open_results(path)
    assert len(results.runs) == 12 and len(results.series) == 36
    assert results.digest == WHOLE


def _plainly(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the rows by identity, with None for each kind of nothing that there is."""
    ordered = frame.sort_values("identity").astype(object)
    return ordered.where(ordered.notna(), None).to_dict("records")


def test_others_read_the_folders_as_one_table(tmp_path: Path) -> None:
    """Batches whose points set different keys have the same columns; what is no result is passed over."""
    path = tmp_path / "sweep"
    with opened(path) as kept:
        for pair in PAIRS:
            kept.add([pair])
        (path / "runs" / f"{durable.TEMPORARY}1-2").write_bytes(b"half a file")
        expected = open_results(path).runs
        for kind, rows in (("runs", 12), ("series", 36)):
            frames = [
                pd.read_parquet(path / kind),
                ds.dataset(path / kind).to_table().to_pandas(),
                duckdb.sql(f"select * from '{path}/{kind}/*.parquet'").df(),
            ]
            for frame in frames:
                assert len(frame) == rows
                if kind == "runs":
                    assert _plainly(frame) == _plainly(expected)
            schemas = {pa.parquet.read_schema(each) for each in (path / kind).glob("*.parquet")}
            assert len({schema.remove_metadata() for schema in schemas}) == 1


def test_a_parameters_column_has_the_parameters_type() -> None:
    example = Scenario(outages=({"day": 1},), policy_changes=({"day": 2},)).model_dump()
    for key in _fields():
        value: Any = example
        for part in key.split("."):
            value = value[int(part)] if part.isdecimal() else value[part]
        with suppress(ValueError):  # of names and the seed, which no design varies
            kind = batches.key_type(key)
            assert pa.array([None, value], kind).to_pylist() == [None, value]
            if value is not None:
                assert kind == {bool: pa.bool_(), int: pa.int64(), float: pa.float64()}.get(
                    type(value), pa.string()
                )


def test_a_key_that_would_hide_a_column_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="seed cannot be varied by a design"):
        opened(tmp_path, keys=("seed",))
    assert not files(tmp_path)


# Runs that fail.


def test_a_failed_run_is_kept_with_all_that_makes_it_and_gone_when_it_succeeds(
    tmp_path: Path,
) -> None:
    job = PAIRS[3][0]
    with opened(tmp_path) as kept:
        assert kept.claim(job.identity)
        kept.fail(job, Failure(job.policy, job.seed, "ValueError: too odd", "in rules.py, line 3"))
        assert job.identity not in kept.finished
        (record,) = kept.failures
        assert record["error"] == "ValueError: too odd"
        assert record["point"] == dict(job.point)
        assert Scenario.model_validate_json(json.dumps(record["scenario"])) == job.scenario
    assert open_results(tmp_path).failures["traceback"].tolist() == ["in rules.py, line 3"]
    with opened(tmp_path) as kept:
        assert kept.claim(job.identity)
        kept.add(PAIRS)
        assert kept.failures == []
    assert open_results(tmp_path).failures.empty


# Damage.


def _damage(luck: random.Random, path: Path, truncate: bool) -> None:
    data = bytearray(path.read_bytes())
    if truncate:
        del data[luck.randrange(len(data)) :]
    else:
        at = luck.randrange(8 * len(data))
        data[at // 8] ^= 1 << at % 8
    path.write_bytes(data)


@pytest.mark.filterwarnings("ignore:.*it is left out")
@pytest.mark.parametrize("chance", range(60))
def test_a_flipped_bit_or_a_lost_end_is_never_read(tmp_path: Path, chance: int) -> None:
    path = filled(tmp_path)
    truth = {row["identity"]: row for row in open_results(path).runs.to_dict("records")}
    luck = random.Random(chance)
    victim = luck.choice([each for each in files(path) if each.name != claims.NAME])
    _damage(luck, victim, truncate=chance % 6 == 0)
    if victim.suffix == ".parquet":
        results = open_results(path)
        lost = 4 if victim.parent.name == "runs" else 0
        assert len(results.runs) == 12 - lost and len(results.series) == 36 - 3 * 4
        for row in results.runs.to_dict("records"):
            assert all(repr(row[key]) == repr(truth[row["identity"]][key]) for key in row)
    else:
        with pytest.raises(InputError, match="is no longer what was written"):
            open_results(path)
    with opened(path) as kept:
        assert kept.set_aside and kept.set_aside[0].startswith(str(victim))
        assert not victim.exists() or victim.suffix == ".json"
        assert (path / "set-aside" / victim.name).exists()
        assert len(kept.finished) == (8 if victim.suffix == ".parquet" else 12)
    assert finish(path) == WHOLE
    with opened(path) as kept:
        assert kept.set_aside == []


def test_a_folder_without_its_manifest_is_made_whole(tmp_path: Path) -> None:
    path = filled(tmp_path)
    (path / manifest.NAME).unlink()
    with pytest.raises(InputError, match="is no folder of results"):
        open_results(path)
    assert finish(path) == WHOLE
    assert open_results(path).digest == WHOLE


def test_good_files_of_something_else_are_refused(tmp_path: Path) -> None:
    other = a_plan(days=99)
    with Store.open(tmp_path / "other", other.experiment, keys=KEYS) as kept:
        kept.add(pairs(other))
    path = filled(tmp_path / "ours")
    for each in files(tmp_path / "other" / "runs"):
        (path / "runs" / each.name).write_bytes(each.read_bytes())
    with pytest.raises(InputError, match="results of another experiment or model version"):
        opened(path)


# Whatever fails, and whenever.


class Killed(BaseException):
    """The end of a process, as far as it can be had within one."""


CALLS = ("open", "write", "fsync", "replace", "unlink", "mkdir")


class Fault:
    """Lets the operating system fail at its N-th call."""

    def __init__(self, patch: pytest.MonkeyPatch, at: int, error: int | None) -> None:
        self.at, self.error, self.calls = at, error, 0
        for name in CALLS:
            patch.setattr(os, name, self.failing(getattr(os, name), name))

    def failing(self, call: Callable[..., Any], name: str) -> Callable[..., Any]:
        def attempt(*arguments: Any, **options: Any) -> Any:
            if name == "open" and not arguments[1] & os.O_CREAT:
                return call(*arguments, **options)
            self.calls += 1
            if self.calls < self.at:
                return call(*arguments, **options)
            if self.calls == self.at and name == "write":
                call(arguments[0], arguments[1][: len(arguments[1]) // 2])
            if self.error is None:
                raise Killed  # and so does whatever is tried afterwards
            if self.calls > self.at:
                return call(*arguments, **options)
            raise OSError(self.error, os.strerror(self.error))

        return attempt


def _work(path: Path, reported: set[str]) -> None:
    """Add runs batch by batch, one of them after it failed, and tell which are done."""
    with opened(path) as kept:
        job = PAIRS[0][0]
        kept.fail(job, Failure(job.policy, job.seed, "it failed", ""))
        for some in (PAIRS[:5], PAIRS[5:]):
            kept.add(some)
            reported |= identities(some)


@pytest.mark.parametrize("error", [errno.ENOSPC, None])
def test_whatever_call_fails_nothing_is_lost_and_nothing_half_read(
    tmp_path: Path, error: int | None
) -> None:
    count = 0
    for at in itertools.count(1):
        path, reported = tmp_path / str(at), set[str]()
        with pytest.MonkeyPatch.context() as patch:
            fault = Fault(patch, at, error)
            try:
                _work(path, reported)
            except DiskError as refused:
                assert str(path) in str(refused)
                assert "start the same command again" in str(refused)
            except Killed:
                pass
        if fault.calls < at:
            break
        count += 1
        with opened(path) as kept:
            assert reported <= kept.finished
            assert kept.set_aside == []
            assert not list(path.rglob(f"{durable.TEMPORARY}*"))
        assert finish(path) == WHOLE
    assert count > 30


def test_a_full_disk_is_one_message_and_exit_code_1(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = filled(tmp_path / "sweep")

    def full(descriptor: int, data: Any) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(os, "write", full)
        ended = call("merge", str(path), "--out", str(tmp_path / "whole"))
    assert ended.exit_code == 1
    assert ended.stderr.count("\n") == 1
    assert "No space left on device; free some space and start the same command again" in (
        ended.stderr
    )
    assert call("merge", str(path), "--out", str(tmp_path / "whole")).exit_code == 0
    assert open_results(tmp_path / "whole").digest == WHOLE


# What is refused.


def _snapshot(path: Path) -> dict[str, bytes]:
    return {str(each): each.read_bytes() for each in files(path)}


def test_a_folder_of_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(InputError, match=r"is no folder of results, since it holds notes\.txt"):
        opened(tmp_path)
    assert [each.name for each in tmp_path.iterdir()] == ["notes.txt"]
    with pytest.raises(InputError, match="is a file"):
        opened(tmp_path / "notes.txt")
    for missing in (tmp_path / "no", tmp_path):
        with pytest.raises(InputError, match="name the folder that `amends sweep --out` wrote"):
            Store.open(missing)


def _other_levers() -> Any:
    return replace(PLAN.experiment, policies={"slow": Policy(delay=8.0)})


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"experiment": an_experiment(name="else")}, "the experiment made, and this sweep .* else"),
        ({"experiment": an_experiment(days=90)}, "with days = 365 where this sweep has 90"),
        ({"experiment": _other_levers()}, "name slow, with delay = 9.0 where this sweep has 8.0"),
        ({"keys": ("policy.ease",)}, "policy.delay, .* and this sweep varies policy.ease"),
        ({"keys": ()}, "and this sweep varies nothing"),
        ({"customer": "Patient 1234"}, "customers of the model, .* customers of Patient 1234"),
    ],
)
def test_a_sweep_of_something_else_is_refused_by_name(
    tmp_path: Path, changes: dict[str, Any], told: str
) -> None:
    path = filled(tmp_path)
    before = _snapshot(path)
    asked = {"experiment": PLAN.experiment, "keys": KEYS, **changes}
    with pytest.raises(InputError, match=told) as refused:
        Store.open(path, asked.pop("experiment"), **asked)
    assert str(path) in str(refused.value) and "choose another folder" in str(refused.value)
    assert _snapshot(path) == before


def test_another_version_of_the_model_is_refused_by_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = filled(tmp_path)
    theirs = json.loads((path / manifest.NAME).read_text())["versions"]["model"]
    for module in (manifest, store):
        monkeypatch.setattr(module, "model_version", lambda: "0123456789abcdef")
    with pytest.raises(InputError) as refused:
        opened(path)
    assert theirs in str(refused.value) and "0123456789abcdef" in str(refused.value)
    assert len(open_results(path).runs) == 12  # which may be read all the same


def test_a_folder_grows_by_worlds_points_and_policies(tmp_path: Path) -> None:
    path = filled(tmp_path)
    more = an_experiment(seeds=3)
    with Store.open(path, more, keys=(*reversed(KEYS),), planned=18) as kept:
        assert len(kept.finished) == 12
        assert kept.manifest["planned"] == 18
        assert kept.manifest["experiment"]["seeds"] == [1, 2, 3]
        kept.add(pairs(a_plan(seeds=3)))
    assert open_results(path).digest == Results.of(pairs(a_plan(seeds=3)), keys=KEYS).digest


# Several sweeps at once.

OTHER = """
import sys
from pathlib import Path
from experiments.storage.store import Store
from tests.made_runs import KEYS, a_plan, pairs

made = pairs(a_plan())
with Store.open(sys.argv[1], a_plan().experiment, keys=KEYS) as kept:
    for line in sys.stdin:
        what, *which = line.split()
        if what == "claim":
            print(sum(kept.claim(made[int(i)][0].identity) for i in which), flush=True)
        elif what == "add":
            kept.add([made[int(i)] for i in which])
            print(len(which), flush=True)
"""


class Other:
    """Another sweep, in a process of its own."""

    def __init__(self, path: Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", OTHER, str(path)], env=source(), text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )  # fmt: skip

    def does(self, what: str) -> int:
        assert self.process.stdin and self.process.stdout
        self.process.stdin.write(f"{what}\n")
        self.process.stdin.flush()
        return int(self.process.stdout.readline())

    def end(self, how: signal.Signals = signal.SIGKILL) -> None:
        self.process.send_signal(how)
        self.process.communicate()


@pytest.fixture
def other(tmp_path: Path) -> Iterator[Other]:
    sweep = Other(tmp_path)
    yield sweep
    sweep.end()


def test_a_run_belongs_to_one_sweep_and_is_free_when_that_is_killed(
    tmp_path: Path, other: Other
) -> None:
    assert other.does("claim 0 1 2 3") == 4
    with opened(tmp_path) as kept:
        mine = [kept.claim(job.identity) for job, _ in PAIRS[:6]]
        assert mine == [False] * 4 + [True] * 2
        assert other.does("claim 4 5 6") == 1
        assert other.does("add 0 1") == 2
        assert not kept.claim(PAIRS[0][0].identity)
        assert kept.finished == identities(PAIRS[:2])  # seen without being asked to look
        kept.add(PAIRS[4:5])
        assert other.does("claim 4") == 0
        # What the other left half done while it was at work is left alone ...
        orphan = tmp_path / "series" / f"{'0' * 32}.parquet"
        orphan.write_bytes(b"not finished")
        with opened(tmp_path):
            assert orphan.exists()
        other.end()
        assert [kept.claim(job.identity) for job, _ in PAIRS[2:4]] == [True, True]
        assert not kept.claim(PAIRS[1][0].identity)
    with opened(tmp_path):
        assert not orphan.exists()  # ... until nobody is.
    assert finish(tmp_path) == WHOLE


def test_two_stores_in_a_process_do_not_take_each_others_claims(
    tmp_path: Path, other: Other
) -> None:
    one, two = opened(tmp_path), opened(tmp_path)
    assert one.claim(PAIRS[0][0].identity) and two.claim(PAIRS[1][0].identity)
    assert not two.claim(PAIRS[0][0].identity)
    two.close()
    two.close()
    assert other.does("claim 0") == 0  # closing a descriptor would have dropped it
    one.release(PAIRS[0][0].identity)
    assert other.does("claim 0") == 1
    one.close()
    assert other.does("claim 1") == 1


def test_a_file_system_without_locks_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def none(*_: Any) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(claims.fcntl, "lockf", none)
    with pytest.raises(InputError, match=r"cannot be locked \(No locks available\)"):
        opened(tmp_path)
    monkeypatch.setattr(claims, "fcntl", None)
    with pytest.raises(InputError, match="this system has none"):
        opened(tmp_path)


def test_reading_needs_no_right_to_write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = filled(tmp_path)
    before = _snapshot(path)
    for name in ("write", "replace", "unlink", "mkdir"):
        monkeypatch.setattr(os, name, None)
    results = open_results(path)
    assert len(results.runs) == 12 and len(results.series) == 36
    assert call("status", str(path)).exit_code == 0
    assert call("verify", str(path)).exit_code == 0
    assert _snapshot(path) == before


def test_what_is_not_a_results_file_is_no_result(tmp_path: Path) -> None:
    path = filled(tmp_path)
    data = b"PAR1 and something"
    name = durable.name_of(data, folder.ENDING)
    (path / "runs" / name).write_bytes(data)
    with opened(path) as kept:
        assert [name in each for each in kept.set_aside] == [True]
        assert kept.digest == WHOLE
