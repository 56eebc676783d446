"""Results as tables, and the commands that look after a folder of them."""

import json
import shutil
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

import experiments
from experiments.engine.runner import Failure, Run, perform
from experiments.planning.plan import Plan
from experiments.storage import batches, durable, folder, manifest, verifying
from experiments.storage.batches import Pair
from experiments.storage.merging import merge
from experiments.storage.results import Results, open_results
from experiments.storage.store import Store
from experiments.storage.verifying import job_of, verify
from sim.errors import InputError
from tests.calling import call, done, told
from tests.made_runs import KEYS, OUTCOMES, a_plan, a_run, an_experiment, pairs

PLAN = a_plan()
PAIRS = pairs(PLAN)

GRID = [
    {"policy.delay": delay, "talk.enabled": talk} for delay in (0.0, 2.0, 8.0) for talk in (True, False)
]  # fmt: skip


def kept(path: Path, some: list[Pair], plan: Plan = PLAN, size: int = 3) -> Path:
    keys = tuple(dict.fromkeys(key for point in plan.points for key in point))
    with Store.open(path, plan.experiment, keys=keys, planned=len(plan)) as store:
        for start in range(0, len(some), size):
            store.add(some[start : start + size])
    return path


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of runs that were run."""
    plan = a_plan(**{"market": {"people": 60}, "days": 21})
    some = [pair for pair in perform(plan.jobs(), workers=1) if isinstance(pair[1], Run)]
    return kept(tmp_path_factory.mktemp("sweep") / "real", some, plan)  # type: ignore[arg-type]


@pytest.fixture
def copy(real: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(real, tmp_path / "copy"))


# Tables.


def test_runs_have_their_place_their_point_their_outcomes_and_their_making() -> None:
    frame = Results.of(PAIRS, keys=KEYS).runs
    assert list(frame.columns) == [
        "identity", "cell", "policy", "seed", *KEYS, *OUTCOMES, "digest", "people", "ties",
        "seconds",
    ]  # fmt: skip
    assert frame["cell"].tolist() == [cell for cell in range(6) for _ in range(2)]
    assert frame["seed"].tolist() == [1, 2] * 6
    assert frame["policy"].tolist() == ["slow", "slow", "fast", "fast"] * 3
    delays = frame["policy.delay"].tolist()
    assert delays[:8] == [0.0] * 4 + [2.0] * 4 and np.isnan(delays[8:]).all()
    assert frame["talk.enabled"].tolist() == [None] * 8 + [False] * 4


def test_a_folder_and_the_memory_give_the_same_tables(tmp_path: Path) -> None:
    here = experiments.open_results(kept(tmp_path, PAIRS[::-1]))
    there = Results.of(PAIRS, experiment=PLAN.experiment.resolved(), keys=KEYS)
    assert here.digest == there.digest and here.keys == there.keys
    assert here.runs.drop(columns="seconds").equals(there.runs.drop(columns="seconds"))
    assert here.series.equals(there.series)
    assert here.experiment["name"] == "made" == there.experiment["name"]


def test_series_follow_the_order_of_runs_and_come_in_parts(tmp_path: Path) -> None:
    results = open_results(kept(tmp_path, PAIRS))
    series = results.series
    assert series["identity"].tolist() == results.runs["identity"].repeat(3).tolist()
    assert series["day"].tolist() == [0, 7, 14] * 12
    assert sum(len(part) for part in results.series_parts()) == len(series)


def test_series_are_read_only_when_they_are_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = kept(tmp_path, PAIRS)
    taken: list[str] = []
    take = durable.take
    monkeypatch.setattr(durable, "take", lambda p: (taken.append(p.parent.name), take(p))[1])
    results = open_results(path)
    assert len(results.runs) == 12 and results.digest and not results.failures.size
    assert "series" not in taken
    next(results.series_parts())
    assert taken.count("series") == 1


def test_of_a_plan_alone(tmp_path: Path) -> None:
    results = open_results(kept(tmp_path, PAIRS))
    chosen = {job.identity: 7 - i for i, (job, _) in enumerate(PAIRS[2:5])}
    some = results.select({**chosen, "0" * 64: 1})
    assert some.runs["identity"].tolist() == [job.identity for job, _ in PAIRS[4:1:-1]]
    assert some.runs["cell"].tolist() == [5, 6, 7]
    assert set(some.series["identity"]) == set(chosen) and len(some.series) == 9
    assert some.digest == Results.of(PAIRS[2:5], keys=KEYS).digest
    assert some.keys == results.keys


def test_nothing_is_a_table_of_nothing(tmp_path: Path) -> None:
    for results in (Results.of([]), open_results(kept(tmp_path, []))):
        assert len(results.runs) == 0 and len(results.series) == 0
        assert len(results.digest) == 64
        assert results.select({}).runs.empty


def test_importing_experiments_stays_light() -> None:
    import subprocess

    code = "import experiments, sys; print({'pandas', 'pyarrow', 'numpy'} & set(sys.modules))"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout == "set()\n"
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        _ = experiments.nothing


# Labelled arrays.


def test_a_product_has_its_keys_as_dimensions() -> None:
    results = Results.of(pairs(a_plan(points=GRID)))
    cube = results.to_xarray()
    assert dict(cube.sizes) == {"policy.delay": 3, "talk.enabled": 2, "policy": 2, "seed": 2}
    for row in results.runs.to_dict("records"):
        place = {key: row[key] for key in ("policy.delay", "talk.enabled", "policy", "seed")}
        assert float(cube["reputation"].sel(place)) == pytest.approx(row["reputation"], nan_ok=True)
        assert str(cube["digest"].sel(place).item()) == row["digest"]
    assert cube["nps"].attrs["units"] == "points"


def test_no_limit_is_an_infinite_one() -> None:
    points = [{"policy.authority": limit} for limit in (None, 0.5)]
    cube = Results.of(pairs(a_plan(points=points))).to_xarray()
    assert cube["policy.authority"].values.tolist() == [0.5, np.inf]
    assert cube["digest"].isnull().sum() == 0


@pytest.mark.parametrize("some", [PAIRS, pairs(a_plan(points=GRID))[1:]])
def test_what_is_no_product_has_one_dimension(some: list[Pair]) -> None:
    results = Results.of(some)
    rows = results.to_xarray()
    assert dict(rows.sizes) == {"run": len(some)}
    assert rows["policy"].values.tolist() == results.runs["policy"].tolist()
    assert {"policy", "seed", *results.keys} <= set(rows.coords)


def test_without_xarray_it_is_said_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "xarray", None)
    with pytest.raises(InputError, match=r"pip install 'amends\[analysis\]'"):
        Results.of(PAIRS).to_xarray()


# Jobs again from their rows.


@pytest.mark.parametrize("authority", [0.3, None])
def test_a_row_gives_back_its_job(authority: float | None) -> None:
    """An empty column says that a key was not set, or that it was set to nothing."""
    experiment = an_experiment(policy={"authority": authority})
    plan = Plan(replace(experiment, policies={"mine": experiment.scenario.policy}), a_plan().points)
    rows = Results.of(pairs(plan), keys=KEYS)._table.to_pylist()
    record = manifest.manifest_of(plan.experiment, KEYS, None, 0)
    again = [job_of(manifest.experiment_of(record), KEYS, row) for row in rows]
    assert {job.identity for job in again} == {job.identity for job in plan.jobs()}
    with pytest.raises(InputError, match="have changed since"):
        job_of(manifest.experiment_of(record), KEYS, {**rows[0], "seed": 99})


# Status.


def test_status_counts_what_is_there(tmp_path: Path) -> None:
    path = kept(tmp_path, PAIRS[:9])
    with Store.open(path, PLAN.experiment, keys=KEYS) as store:
        for job, _ in PAIRS[8:11]:  # one of which is done
            store.fail(job, Failure(job.policy, job.seed, "ValueError: too odd", "in rules.py"))
    (broken := next((path / "runs").iterdir())).write_bytes(b"")
    found = told("status", str(path))
    assert list(found) == [
        "experiment", "planned", "done", "beside", "failed", "failures", "damaged", "set_aside",
        "versions",
    ]  # fmt: skip
    assert (found["planned"], found["done"], found["experiment"]) == (12, 6, "made")
    assert found["failed"] == len(found["failures"]) >= 2
    assert set(found["failures"][0]) == {"identity", "policy", "seed", "point", "error"}
    assert [str(broken) in each for each in found["damaged"]] == [True]
    said = done("status", str(path)).output
    assert "made: 6 of 12 runs are done" in said
    assert "failed: " in said and "ValueError: too odd" in said
    assert "Start the same sweep again" in said


@pytest.mark.parametrize("damage", ["flipped", "cut", "gone"])
def test_status_does_not_count_runs_whose_series_is_damaged(tmp_path: Path, damage: str) -> None:
    path = kept(tmp_path, PAIRS)
    victim = min((path / "series").iterdir())
    if damage == "flipped":
        _flip(victim)
    elif damage == "cut":
        victim.write_bytes(victim.read_bytes()[:-5])
    else:
        victim.unlink()
    found = told("status", str(path))
    assert (found["planned"], found["done"]) == (12, 9)
    assert [str(victim) in each for each in found["damaged"]] == [True]
    assert "Start the same sweep again" in done("status", str(path)).output


def test_status_says_that_nothing_is_amiss(real: Path) -> None:
    assert done("status", str(real)).output.startswith("made: 12 of 12 runs are done, 0 failed\n")
    assert "again" not in done("status", str(real)).output


# Verify.


def test_verify_repeats_runs_to_the_same_bits(real: Path) -> None:
    found = told("verify", str(real), "--runs", "12")
    assert found == {
        "runs": 12, "files": 8, "repeated": 12, "digest": open_results(real).digest, "wrong": [],
    }  # fmt: skip
    assert "nothing wrong" in done("verify", str(real), "--runs", "3", "--seed", "5").output


def test_verify_chooses_by_its_seed(real: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[frozenset[str]] = []
    repeat = verifying._repeat

    def noted(path: Path, chosen: dict[str, Path], *rest: Any) -> None:
        asked.append(frozenset(chosen))
        repeat(path, {}, *rest)

    monkeypatch.setattr(verifying, "_repeat", noted)
    for seed in (1, 1, 2):
        verify(real, 3, seed)
    assert asked[0] == asked[1] != asked[2]


def _forged(path: Path, column: str, change: Any) -> None:
    """Write a file anew with another value in it, and a name that fits."""
    victim = min((path / "runs").iterdir())
    batch = folder.batch(victim)
    rows = batch.runs.to_pylist()
    rows[0][column] = change(rows[0][column])
    data = batches.to_bytes(pa.Table.from_pylist(rows, batch.runs.schema), batch.metadata)
    victim.unlink()
    (path / "runs" / durable.name_of(data, ".parquet")).write_bytes(data)


@pytest.mark.parametrize("column", ["reputation", "digest", "people"])
def test_verify_notices_a_result_that_the_model_does_not_give(copy: Path, column: str) -> None:
    _forged(copy, column, lambda value: value + (value if column == "digest" else 1))
    ended = call("verify", str(copy), "--runs", "12", "--json")
    assert ended.exit_code == 1
    found = json.loads(ended.stdout)
    assert found["repeated"] == 11
    assert any(f"came to something else: {column}" in each for each in found["wrong"])


def test_verify_notices_a_run_of_another_identity(copy: Path) -> None:
    _forged(copy, "seed", lambda seed: seed + 50)
    assert any("cannot be made again" in each for each in verify(copy, 12).wrong)


def _flip(path: Path) -> None:
    data = path.read_bytes()
    path.write_bytes(data[:9] + bytes([data[9] ^ 1]) + data[10:])


def _foreign(path: Path) -> None:
    batch = folder.batch(path)
    data = batches.to_bytes(batch.runs, {**batch.metadata, "base": "another"})
    (path.parent / durable.name_of(data, ".parquet")).write_bytes(data)


@pytest.mark.parametrize(
    ("kind", "damage", "told"),
    [
        ("runs", _flip, "not those that were written"),
        ("series", _flip, "not those that were written"),
        ("runs", Path.unlink, "is gone, though the manifest lists it"),
        ("series", Path.unlink, "is not there"),
        ("runs", _foreign, "of another experiment"),
    ],
)
def test_verify_names_each_file_that_is_wrong(
    copy: Path, kind: str, damage: Any, told: str
) -> None:
    victim = min((copy / kind).iterdir())
    damage(victim)
    found = verify(copy)
    assert any(told in each and f"/{kind}/" in each for each in found.wrong)
    ended = call("verify", str(copy))
    assert ended.exit_code == 1 and told in ended.output


def test_verify_notices_two_results_of_one_run(copy: Path) -> None:
    victim = min((copy / "runs").iterdir())
    before = victim.read_bytes()
    _forged(copy, "reputation", lambda value: value + 1)
    victim.write_bytes(before)
    assert any("is there twice, with different results" in each for each in verify(copy).wrong)


def test_verify_refuses_what_it_cannot_repeat(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(manifest, "model_version", lambda: "0123456789abcdef")
    assert verify(copy).wrong == []
    with pytest.raises(InputError, match="0123456789abcdef"):
        verify(copy, 1)
    monkeypatch.undo()
    from sim.customer import Customer

    class Patient(Customer):
        pass

    with pytest.raises(InputError, match="name theirs by --customer"):
        verify(copy, 1, customer=Patient)


# Merge.


def test_shards_merge_to_the_whole(tmp_path: Path) -> None:
    whole = open_results(kept(tmp_path / "whole", PAIRS)).digest
    parts = [PAIRS[:5], PAIRS[4:9], PAIRS[9:]]
    shards = [str(kept(tmp_path / str(i), part)) for i, part in enumerate(parts)]
    with Store.open(tmp_path / "0", PLAN.experiment, keys=KEYS) as store:
        for job, _ in (PAIRS[4], PAIRS[11]):
            store.fail(job, Failure(job.policy, job.seed, "ValueError: too odd", ""))
    before = {each: each.read_bytes() for i in "012" for each in (tmp_path / i).rglob("*.parquet")}
    out = tmp_path / "out"
    found = told("merge", *shards, "--out", str(out))
    assert found == {
        "runs": 12, "added": 12, "twice": 1, "failed": 0, "digest": whole, "damaged": [],
    }  # fmt: skip
    assert len(list((out / "runs").iterdir())) == 1
    assert verify(out).wrong == []
    again = told("merge", *shards, "--out", str(out))
    assert (again["added"], again["twice"], again["digest"]) == (0, 13, whole)
    assert before == {each: each.read_bytes() for each in before}


def test_a_merge_of_many_runs_makes_files_of_some(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("experiments.storage.merging.ROWS", 5)
    path = kept(tmp_path / "many", PAIRS, size=1)
    merged = merge([path], tmp_path / "few")
    assert merged.digest == open_results(path).digest
    assert sorted(len(b.runs) for b in folder.good_batches(tmp_path / "few", print)) == [2, 5, 5]
    assert len(open_results(tmp_path / "few").series) == 36


def test_a_merge_names_what_it_leaves_out(tmp_path: Path) -> None:
    path = kept(tmp_path / "one", PAIRS)
    one, two, *_ = folder.good_batches(path, print)
    victims = one.path, two.series
    for victim in victims:
        _flip(victim)
    ended = call("merge", str(path), "--out", str(tmp_path / "out"))
    assert ended.exit_code == 1
    assert all(f"left out: {victim}" in ended.output for victim in victims)
    assert "holds 6 runs" in ended.output
    assert len(open_results(tmp_path / "out").runs) == 6


@pytest.mark.parametrize(
    ("plan", "told"),
    [
        (Plan(an_experiment(name="else"), a_plan().points), "holds runs of the experiment made"),
        (a_plan(days=90), "days = 365 where .*two has 90"),
        (a_plan(points=GRID), "varies policy.delay, talk.enabled"),
    ],
)
def test_what_does_not_belong_together_is_not_merged(tmp_path: Path, plan: Plan, told: str) -> None:
    one = kept(tmp_path / "one", PAIRS)
    two = kept(tmp_path / "two", pairs(plan), plan)
    with pytest.raises(InputError, match=told) as refused:
        merge([one, two], tmp_path / "out")
    assert "merge folders of one experiment only" in str(refused.value)
    assert not (tmp_path / "out").exists()
    with pytest.raises(InputError, match="name another"):
        merge([one], one)


def test_another_version_of_the_model_is_not_merged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = kept(tmp_path / "one", PAIRS)
    monkeypatch.setattr(manifest, "model_version", lambda: "0123456789abcdef")
    ended = call("merge", str(path), "--out", str(tmp_path / "out"))
    assert ended.exit_code == 2 and "0123456789abcdef" in ended.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("command", ["status", "verify"])
def test_what_is_no_folder_of_results_is_told(command: str, tmp_path: Path) -> None:
    for place in (tmp_path, tmp_path / "none"):
        ended = call(command, str(place))
        assert ended.exit_code == 2
        assert "name the folder that `amends sweep --out` wrote" in ended.stderr


def test_what_is_drawn_is_the_same_again() -> None:
    assert a_run(PAIRS[0][0]).digest == PAIRS[0][1].digest
