"""Holding a folder of results against what was written, and against the model itself."""

import itertools
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from experiments.design import Experiment
from experiments.engine.plugin import label, source_digest
from experiments.engine.runner import Failure, Progress, perform
from experiments.planning.plan import Job, Plan
from experiments.storage import batches, folder, manifest
from experiments.storage.durable import Damaged
from experiments.storage.folder import RUNS, SERIES, SET_ASIDE, Batch
from sim.errors import InputError

if TYPE_CHECKING:
    from sim.customer import Customer


@dataclass
class Verification:
    """What was checked, and what is wrong.

    Attributes
    ----------
    runs, files : int
        Runs whose results are good, and files that were read.
    repeated : int
        Runs that were done once more and came to the same bits.
    digest : str
        SHA-256 over the content of the good results.
    wrong : list of str
        What is wrong, each with the name of its file or run.
    """

    runs: int = 0
    files: int = 0
    repeated: int = 0
    digest: str = ""
    wrong: list[str] = field(default_factory=list)

    def tell(self, path: Path, why: str) -> None:
        """Add a file that is not as it should be."""
        self.wrong.append(f"{path} {why}")


def verify(
    path: Path,
    runs: int = 0,
    seed: int = 1,
    *,
    customer: "type[Customer] | None" = None,
    workers: int | None = None,
    progress: Progress | None = None,
) -> Verification:
    """Check every file of a folder of results, and repeat some runs.

    Nothing in the folder is changed.

    Parameters
    ----------
    path
        The folder.
    runs
        How many runs to repeat, chosen at random.
    seed
        The luck of that choice.
    customer
        The class of customers that the runs were made with, if they were.

    Raises
    ------
    InputError
        If it is no folder of results; or if runs are to be repeated and are of another version of
        the model, or of other customers.
    """
    record = folder.read_manifest(path)
    found = Verification()
    rows = _Rows(record, found)
    for batch in folder.good_batches(path, found.tell):
        rows.check(batch)
    found.files = sum(len(folder.names(path / kind)) for kind in (RUNS, SERIES))
    rows.finish(path)
    if runs:
        manifest.check_model(record, path)
        _repeat(path, _chosen(rows.places, runs, seed), record, found, customer, workers, progress)
    return found


class _Rows:
    """The rows of a folder's batches, as they are checked."""

    def __init__(self, record: Mapping[str, Any], found: Verification) -> None:
        self.record = record
        self.found = found
        self.base = manifest.base(record)
        self.schemas: dict[str, pa.Schema] = {}
        self.identities: list[str] = []
        self.prints: list[bytes] = []
        self.places: dict[str, Path] = {}
        """Of each run with good series, the file of its summary row."""

    def check(self, batch: Batch) -> None:
        found = self.found
        origin = batch.metadata.get("model"), batch.metadata.get("base")
        if origin != (self.record["versions"]["model"], self.base):
            found.tell(batch.path, "holds results of another experiment or model version")
            return
        try:
            series = folder.series(batch.series)
        except Damaged as damage:
            found.tell(batch.series, str(damage))
            return
        self.fits(RUNS, batch.path, batch.runs)
        self.fits(SERIES, batch.series, series)
        identities = batch.runs.column("identity").to_pylist()
        if {*identities} - {*pc.unique(series.column("identity")).to_pylist()}:
            found.tell(batch.series, f"lacks runs that {batch.path.name} has")
        self.identities += identities
        self.prints += batches.fingerprints(batch.runs)
        self.places |= dict.fromkeys(identities, batch.path)

    def fits(self, kind: str, path: Path, table: pa.Table) -> None:
        if not self.schemas.setdefault(kind, table.schema).equals(table.schema):
            self.found.tell(path, "has other columns than the files beside it")

    def finish(self, path: Path) -> None:
        """Look for what is missing, and for runs that are there twice and differ."""
        for name in self.record["files"]:
            aside = path / SET_ASIDE / Path(name).name
            if not (path / name).exists() and not aside.exists():
                self.found.tell(path / name, "is gone, though the manifest lists it")
        there: dict[str, bytes] = {}
        for identity, row in zip(self.identities, self.prints, strict=True):
            if there.setdefault(identity, row) != row:
                self.found.wrong.append(f"run {identity} is there twice, with different results")
        self.found.runs = len(there)
        self.found.digest = batches.digest(self.identities, self.prints)


def _chosen(places: Mapping[str, Path], runs: int, seed: int) -> dict[str, Path]:
    names = random.Random(seed).sample(sorted(places), min(runs, len(places)))
    return {name: places[name] for name in names}


def _repeat(
    path: Path,
    chosen: Mapping[str, Path],
    record: Mapping[str, Any],
    found: Verification,
    customer: "type[Customer] | None",
    workers: int | None,
    progress: Progress | None,
) -> None:
    """Do some runs once more, and compare them to the bit."""
    experiment = manifest.experiment_of(record)
    source = _digest_of(customer, record, path)
    kept = dict(_kept(chosen))
    jobs = []
    for identity, (row, _) in kept.items():
        try:
            jobs.append(job_of(experiment, record["keys"], row, source))
        except InputError as error:
            found.wrong.append(f"run {identity} cannot be made again: {error}")
    for done, (job, run) in enumerate(perform(jobs, workers=workers, customer=customer), start=1):
        if isinstance(run, Failure):
            found.wrong.append(f"run {job.identity} failed when it was repeated: {run.error}")
            continue
        row, series = kept[job.identity]
        again = [(replace(job, cell=row["cell"]), run)]
        differing = _differing(
            [batches.runs_table(again, record["keys"]), pa.Table.from_pylist([row])],
            [batches.series_table(again), series],
        )
        if differing:
            found.wrong.append(f"run {job.identity} came to something else: {differing}")
        else:
            found.repeated += 1
        if progress is not None:
            progress(done, len(jobs))


def _kept(chosen: Mapping[str, Path]) -> Iterator[tuple[str, tuple[dict[str, Any], pa.Table]]]:
    """Read the rows of some runs, each file once."""
    for path in sorted({*chosen.values()}):
        batch = folder.batch(path)
        series = folder.series(batch.series)
        for row in batch.runs.to_pylist():
            if chosen.get(row["identity"]) == path:
                mine = pc.equal(series.column("identity"), row["identity"])
                yield row["identity"], (row, series.filter(mine))


def job_of(
    experiment: Experiment, keys: Sequence[str], row: Mapping[str, Any], customer: str = ""
) -> Job:
    """Return the job of a row of results.

    Raises
    ------
    InputError
        If the experiment has no such job: its identity would be another.
    """
    given = [key for key in keys if row[key] is not None]
    # A column that is empty says either that the point does not set the key, or that it sets it to
    # nothing ("no limit"); the identity tells which.
    empty = [key for key in keys if row[key] is None]
    for size in range(len(empty), -1, -1):
        for some in itertools.combinations(empty, size):
            point = {key: row[key] for key in keys if key in given or key in some}
            try:
                plan = Plan(experiment, [point], [row["policy"]], [row["seed"]])
                job = replace(plan.job(plan.cell(0), row["seed"]), customer=customer)
            except InputError:
                continue
            if job.identity == row["identity"]:
                return job
    raise InputError(
        "the manifest, the model's files of ties or its customers have changed since it was done"
    )


def _digest_of(customer: "type[Customer] | None", record: Mapping[str, Any], path: Path) -> str:
    theirs, ours = record["customer"], label(customer)
    if theirs != ours:
        raise InputError(
            f"{path} holds runs with customers of {theirs or 'the model'}, and these are of "
            f"{ours or 'the model'}: name theirs by --customer FILE.py:CLASS"
        )
    return source_digest(customer) if customer else ""


def _differing(summaries: list[pa.Table], series: list[pa.Table]) -> str:
    """Return in which columns a repeated run differs from what was kept; empty if in none."""
    again, before = summaries
    names = [name for name in again.column_names if name not in batches.PASSING]
    odd = [n for n in names if again.column(n).to_pylist() != before.column(n).to_pylist()]
    one, other = (_bits(table) for table in series)
    odd += [f"series {name}" for name in one if one[name] != other.get(name)]
    return ", ".join(odd)


def _bits(table: pa.Table) -> dict[str, bytes]:
    numbers = table.drop_columns(["identity", "policy", "seed"])
    return {
        name: np.ascontiguousarray(numbers.column(name).to_numpy()).tobytes()
        for name in numbers.column_names
    }
