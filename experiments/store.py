"""The folder in which a sweep keeps its results, and from which it goes on.

What `add` returned from is on the disk. Whenever a sweep is killed, each file is whole or absent;
a run counts as done when its summary row can be read and the file of its series is good. Files are
never changed, and those that are not what was written are set aside, so that their runs are done
again. Several sweeps may work in one folder at once: each run is claimed before it is begun.
"""

import os
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any, Protocol, Self

from experiments import batches, claims, durable, folder, manifest
from experiments.batches import Pair
from experiments.claims import claims_of
from experiments.design import Experiment
from experiments.durable import Damaged, disk
from experiments.folder import FAILURES, FOLDERS, RUNS, SERIES, SET_ASIDE
from experiments.plan import Job
from sim.compiled import model_version
from sim.errors import InputError


class Failure(Protocol):
    """What is kept of a run that failed: see `experiments.runner.Failure`."""

    @property
    def error(self) -> str: ...
    @property
    def traceback(self) -> str: ...


class Store:
    """A folder of results that can be added to; open it with `Store.open`, in a `with` block.

    Attributes
    ----------
    path : Path
    manifest : dict
        See `experiments.manifest`.
    finished : set of str
        Identities of the runs whose results are there and good.
    set_aside : list of str
        What was found damaged since the folder was opened, in words; its runs are not finished.
    """

    def __init__(self, path: Path, claimed: claims.Claims, leaving: ExitStack) -> None:
        self.path = path
        self.manifest: dict[str, Any] = {}
        self.finished: set[str] = set()
        self.set_aside: list[str] = []
        self._claims = claimed
        self._leaving = leaving
        self._schemas: dict[str, Any] = {}
        self._known: set[str] = set()
        self._seen = (0, 0)
        self._own = 0

    @classmethod
    def open(
        cls,
        path: str | os.PathLike[str],
        experiment: Experiment | None = None,
        *,
        keys: Sequence[str] = (),
        customer: str | None = None,
        planned: int = 0,
    ) -> Self:
        """Make a folder of results, or open one to go on with it.

        Parameters
        ----------
        path
            The folder. What is damaged in it is set aside, and what a killed sweep left
            unfinished is cleared away, unless another sweep is at work there.
        experiment
            What is run; None to open what is there.
        keys
            The keys that the design varies: a column each.
        customer
            What plugs in another behaviour of customers, if anything does.
        planned
            How many runs there are to be in all.

        Raises
        ------
        InputError
            If the folder holds something else, results of another model, or of an experiment
            whose runs do not fit into one table with these.
        DiskError
            If it cannot be read or written.
        """
        place = Path(path)
        wanted = experiment and manifest.manifest_of(experiment, keys, customer, planned)
        batches.check_keys(keys)
        if wanted:
            _make(place)
        else:
            folder.read_manifest(place)
        with ExitStack() as opening:
            store = cls(place, opening.enter_context(claims_of(place)), opening)
            with store._claims.manifest():
                store._agree(wanted)
            store._look(check_series=True)
            if store._claims.alone:
                store._tidy()
            store._claims.settle()
            store._leaving = opening.pop_all()
        return store

    def __enter__(self) -> Self:
        """Return the store."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the folder."""
        self.close()

    def close(self) -> None:
        """Give back all claims. What was added is there already."""
        self._leaving.close()

    def claim(self, identity: str) -> bool:
        """Claim a run for this sweep; False if it is finished, or another sweep is at it."""
        if identity in self.finished or not self._claims.take(identity):
            return False
        if self._marks() != self._seen:
            self._look()
        if identity in self.finished:
            self._claims.drop(identity)
            return False
        return True

    def release(self, *identities: str) -> None:
        """Give claims back; `add` and `fail` do it by themselves."""
        for identity in identities:
            self._claims.drop(identity)

    def add(self, pairs: Sequence[Pair]) -> None:
        """Keep the results of some runs, for good when this returns.

        Raises
        ------
        DiskError
            If they could not be written; nothing of them counts then.
        """
        if not pairs:
            return
        runs = batches.runs_table(pairs, self.manifest["keys"])
        self._write(runs, batches.series_table(pairs))
        for job, _ in pairs:
            durable.remove(self._failure(job.identity))
        self.release(*(job.identity for job, _ in pairs))

    def fail(self, job: Job, failure: Failure) -> None:
        """Keep the record of a run that failed. It is not finished, and may be tried again."""
        record = {
            "identity": job.identity,
            "policy": job.policy,
            "seed": job.seed,
            "point": dict(job.point),
            "error": failure.error,
            "traceback": failure.traceback,
            "scenario": job.scenario.resolved(),
            "versions": self.manifest["versions"],
        }
        path = self._failure(job.identity)
        durable.put(path.parent, path.name, manifest.sealed(record))
        self.release(job.identity)

    @property
    def failures(self) -> list[dict[str, Any]]:
        """The records of runs that failed and have not been finished since, by identity."""
        return folder.failures(self.path)

    @property
    def digest(self) -> str:
        """SHA-256 over the content of all results, whatever their order, files and workers."""
        return folder.digest(self.path, self._put_aside)

    def _write(self, runs: Any, series: Any) -> None:
        self._check_schema(RUNS, runs)
        self._check_schema(SERIES, series)
        said = {
            "schema": batches.SCHEMA,
            "model": model_version(),
            "base": manifest.base(self.manifest),
        }
        data = batches.to_bytes(series, said)
        said["series"] = durable.name_of(data, folder.ENDING)
        durable.put(self.path / SERIES, said["series"], data)
        data = batches.to_bytes(runs, said)
        name = durable.name_of(data, folder.ENDING)
        durable.put(self.path / RUNS, name, data)
        self._known.add(name)
        self.finished.update(runs.column("identity").to_pylist())
        self._claims.added()
        self._own += 1

    def _check_schema(self, kind: str, table: Any) -> None:
        """Refuse rows that would not fit into one table with those that are there."""
        there = self._schemas.setdefault(kind, table.schema)
        if not there.equals(table.schema):
            odd = sorted({*map(str, there)} ^ {*map(str, table.schema)})
            raise InputError(
                f"{self.path / kind} holds other columns than these runs have ({', '.join(odd)}): "
                "choose another folder"
            )

    def _agree(self, wanted: dict[str, Any] | None) -> None:
        """Read the manifest and let the experiment go on in it, or write the first one."""
        path = self.path / manifest.NAME
        try:
            there = manifest.unsealed(path) if path.exists() else None
        except Damaged as damage:
            there = None
            self._put_aside(path, str(damage))
        if there is None and wanted is None:
            folder.read_manifest(self.path)
        self.manifest = there or wanted or {}
        manifest.check_layout(self.manifest, self.path)
        manifest.check_model(self.manifest, self.path)
        if there and wanted:
            self.manifest = manifest.joined(there, wanted, self.path)
        if self.manifest != there:
            durable.put(self.path, manifest.NAME, manifest.sealed(self.manifest))

    def _marks(self) -> tuple[int, int]:
        """Return what changes when other sweeps add results: see `claims`."""
        return self._claims.additions() - self._own, os.stat(self.path / RUNS).st_mtime_ns

    def _look(self, check_series: bool = False) -> None:
        """Take up the results that were not known yet."""
        with disk(self.path):
            self._seen = self._marks()
            for name in folder.names(self.path / RUNS):
                if name not in self._known:
                    self._take_up(self.path / RUNS / name, check_series)

    def _take_up(self, path: Path, check_series: bool) -> None:
        try:
            batch = folder.batch(path, None if RUNS not in self._schemas else ["identity"])
        except Damaged as damage:
            self._put_aside(path, str(damage))
            return
        except FileNotFoundError:
            return
        self._check_origin(batch)
        if check_series:
            try:
                durable.take(batch.series)
            except (Damaged, FileNotFoundError) as damage:
                what = str(damage) if isinstance(damage, Damaged) else "is not there"
                self._put_aside(batch.series, what)
                self._put_aside(path, f"belongs to {batch.series.name}, which {what}")
                return
        self._schemas.setdefault(RUNS, batch.runs.schema.remove_metadata())
        self._known.add(path.name)
        self.finished.update(batch.runs.column("identity").to_pylist())

    def _check_origin(self, batch: folder.Batch) -> None:
        """Refuse good results of something else, which somebody has copied here."""
        theirs = batch.metadata.get("model"), batch.metadata.get("base")
        if theirs != (model_version(), manifest.base(self.manifest)):
            raise InputError(
                f"{batch.path} holds results of another experiment or model version "
                f"({batch.metadata.get('model')}; this is {model_version()}): move it away, or "
                "choose another folder"
            )

    def _put_aside(self, path: Path, why: str) -> None:
        """Move a damaged file where nobody reads it, and remember to say so."""
        self.set_aside.append(f"{path} {why}")
        self._known.discard(path.name)
        with disk(path), suppress(FileNotFoundError):
            os.replace(path, self.path / SET_ASIDE / path.name)

    def _tidy(self) -> None:
        """Clear away what killed sweeps left unfinished; only while no other is at work."""
        used = {durable.TEMPORARY}
        for path in (self.path, *(self.path / name for name in FOLDERS)):
            for left in path.glob(f"{durable.TEMPORARY}*"):
                durable.remove(left)
        for name in folder.names(self.path / RUNS):
            used.add(folder.batch(self.path / RUNS / name, ["identity"]).series.name)
        for name in folder.names(self.path / SERIES):
            if name not in used:
                durable.remove(self.path / SERIES / name)

    def _failure(self, identity: str) -> Path:
        return self.path / FAILURES / f"{identity}.json"


def _make(path: Path) -> None:
    """Make a folder of results and those in it; refuse one that holds something else."""
    if path.exists() and not path.is_dir():
        raise InputError(f"{path} is a file; name a folder for the results")
    ours = {manifest.NAME, claims.NAME, *FOLDERS, ".DS_Store", "Thumbs.db", "desktop.ini"}
    with disk(path):
        missing = [each for each in (path, *path.parents) if not each.exists()]
        path.mkdir(parents=True, exist_ok=True)
        there = {each.name for each in path.iterdir()}
        foreign = {n for n in there - ours if not n.startswith(durable.TEMPORARY)}
        if foreign and manifest.NAME not in there:
            raise InputError(
                f"{path} is no folder of results, since it holds {min(foreign)}: name one that "
                "does not exist yet, or the folder of an earlier sweep"
            )
        for name in FOLDERS:
            (path / name).mkdir(exist_ok=True)
        for each in (path, *(made.parent for made in missing)):
            durable.flush_folder(each)
