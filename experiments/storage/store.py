"""The folder in which a sweep keeps its results, and from which it goes on.

What `add` returned from is on the disk. Whenever a sweep is killed, each file is whole or absent;
a run counts as done when its summary row can be read and the file of its series is good. Files are
never changed, and those that are not what was written are set aside, so that their runs are done
again. Several sweeps may work in one folder at once: each run is claimed before it is begun.
"""

import os
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack, nullcontext, suppress
from pathlib import Path
from typing import Any, Self

import pyarrow as pa

from experiments.design import Experiment
from experiments.engine.runner import Failure
from experiments.planning.plan import Job
from experiments.storage import batches, claims, durable, folder, manifest
from experiments.storage.batches import Pair
from experiments.storage.claims import claims_of
from experiments.storage.durable import Damaged, DiskError, disk
from experiments.storage.folder import FAILURES, FOLDERS, RUNS, SERIES, SET_ASIDE
from sim.compiled import model_version
from sim.errors import InputError


class Store:
    """A folder of results that can be added to; open it with `Store.open`, in a `with` block.

    Attributes
    ----------
    path : Path
    manifest : dict
        See `experiments.storage.manifest`.
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
        self._series: set[str] = set()
        self._seen = (0, 0)
        self._own = 0
        self._open = True

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
            How many runs there are to be in all, where nothing is there yet; see `plan`.

        Raises
        ------
        InputError
            If the folder holds something else, results of another model, or of an experiment
            whose runs do not fit into one table with these.
        DiskError
            If it cannot be read or written.
        """
        batches.check_keys(keys)
        if experiment is None:
            return cls.of(path, None)
        return cls.of(path, manifest.manifest_of(experiment, keys, customer, planned))

    @classmethod
    def of(cls, path: str | os.PathLike[str], wanted: Mapping[str, Any] | None) -> Self:
        """Open a folder for what a manifest describes; see `open`."""
        place = Path(path)
        if wanted is None:
            folder.read_manifest(place)
        else:
            folder.make(place)
        with claims.OPENING, ExitStack() as opening:
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

    def __exit__(self, kind: object, *_: object) -> None:
        """Close the folder."""
        with suppress(DiskError) if kind else nullcontext():
            self.close()

    def close(self) -> None:
        """List the files in the manifest, and give back all claims."""
        with self._leaving:
            if self._open:
                self._open = False
                with self._claims.manifest():
                    self._agree(None)
                    self._keep({**self.manifest, "files": self._files()})

    def _files(self) -> list[str]:
        with disk(self.path):
            kinds = {name: folder.names(self.path / name) for name in (RUNS, SERIES)}
        return [f"{kind}/{name}" for kind, found in kinds.items() for name in found]

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

    def plan(self, runs: int, asked: Iterable[str]) -> None:
        """Write down how many runs there are to be, and how many are there that nobody asks for now.

        Parameters
        ----------
        runs
            How many there are to be, as far as is known.
        asked
            Their identities; read only if there are any results.
        """
        beside = 0
        if self.finished:
            beside = len(self.finished) - len({each for each in asked if each in self.finished})
        with self._claims.manifest():
            self._agree(None)
            self._keep({**self.manifest, "planned": runs, "beside": beside})

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
        each_once = list({job.identity: (job, run) for job, run in pairs}.values())
        if each_once:
            runs = batches.runs_table(each_once, self.manifest["keys"])
            self.add_tables(runs, batches.series_table(each_once))

    def add_tables(self, runs: pa.Table, series: pa.Table) -> None:
        """Keep results that are tables already: see `batches.runs_table` and `series_table`."""
        identities = runs.column("identity").to_pylist()
        self._write(runs, series)
        self.finished.update(identities)
        for name in folder.names(self.path / FAILURES, ".json"):
            if name.removesuffix(".json") in self.finished:
                durable.remove(self.path / FAILURES / name)
        self.release(*identities)

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
        self.add_failure(record)
        self.release(job.identity)

    def add_failure(self, record: Mapping[str, Any]) -> None:
        """Keep a record as `fail` makes it."""
        path = self._failure(record["identity"])
        durable.put(path.parent, path.name, manifest.sealed(record))

    @property
    def failures(self) -> list[dict[str, Any]]:
        """The records of runs that failed and have not been finished since, by identity."""
        return folder.failures(self.path, self.finished)

    @property
    def digest(self) -> str:
        """SHA-256 over the content of all results, whatever their order, files and workers."""
        return folder.digest(self.path, self._put_aside)

    def _write(self, runs: pa.Table, series: pa.Table) -> None:
        """Write a pair of files, the series first: once its summary is there, a run is done."""
        runs, series = self._fitting(RUNS, runs), self._fitting(SERIES, series)
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
        self._claims.added()
        self._own += 1

    def _fitting(self, kind: str, table: pa.Table) -> pa.Table:
        """Return rows in the order of columns in which the others are; refuse other columns."""
        there = self._schemas.setdefault(kind, table.schema)
        if {*there.names} == {*table.column_names}:
            table = table.select(there.names)
        if not there.equals(table.schema):
            odd = sorted({*map(str, there)} ^ {*map(str, table.schema)})
            raise InputError(
                f"{self.path / kind} holds other columns than these runs have ({', '.join(odd)}): "
                "choose another folder"
            )
        return table

    def _agree(self, wanted: Mapping[str, Any] | None) -> None:
        """Read the manifest and let the experiment go on in it, or write the first one."""
        path = self.path / manifest.NAME
        there = None
        try:
            there = manifest.unsealed(path)
        except FileNotFoundError:
            pass
        except Damaged as damage:
            self._put_aside(path, str(damage))
        found = there or wanted or self.manifest
        if not found:
            raise InputError(f"{path} is gone: start the same sweep again, which writes it anew")
        manifest.check_layout(found, self.path)
        manifest.check_model(found, self.path)
        self.manifest = dict(there or {})
        self._keep(manifest.joined(there, wanted, self.path) if there and wanted else found)

    def _keep(self, changed: Mapping[str, Any]) -> None:
        """Write the manifest, if it is not so already."""
        if changed != self.manifest:
            durable.put(self.path, manifest.NAME, manifest.sealed(changed))
            self.manifest = dict(changed)

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
        """Count the runs of a file as finished; set it aside if it or its series is damaged."""
        try:
            batch = folder.batch(path, ["identity"] if RUNS in self._schemas else None)
        except FileNotFoundError:
            return
        except Damaged as damage:
            self._put_aside(path, str(damage))
            return
        self._check_origin(batch)
        if check_series:
            try:
                folder.check_series(batch.series)
            except Damaged as damage:
                self._put_aside(batch.series, str(damage))
                self._put_aside(path, f"belongs to {batch.series.name}, which {damage}")
                return
        self._series.add(batch.series.name)
        self._schemas.setdefault(RUNS, batch.runs.schema.remove_metadata())
        self._known.add(path.name)
        self.finished.update(batch.runs.column("identity").to_pylist())

    def _check_origin(self, batch: folder.Batch) -> None:
        """Refuse good results of something else, which somebody has copied here."""
        theirs = batch.metadata.get("model"), batch.metadata.get("base")
        if theirs != (model_version(), manifest.base(self.manifest)):
            raise InputError(
                f"{batch.path} holds results of another experiment or model version "
                f"({theirs[0]}; this is {model_version()}): move it away, or choose another folder"
            )

    def _put_aside(self, path: Path, why: str) -> None:
        """Move a damaged file where nobody reads it, and remember to say so."""
        self.set_aside.append(f"{path} {why}")
        self._known.discard(path.name)
        with disk(path), suppress(FileNotFoundError):
            os.replace(path, self.path / SET_ASIDE / path.name)

    def _tidy(self) -> None:
        """Clear away what killed sweeps left unfinished; only while no other is at work."""
        with self._claims.manifest():  # which another may be about to write
            durable.sweep_up(self.path)
        for name in FOLDERS:
            durable.sweep_up(self.path / name)
        for name in folder.names(self.path / SERIES):
            if name not in self._series:
                durable.remove(self.path / SERIES / name)

    def _failure(self, identity: str) -> Path:
        return self.path / FAILURES / f"{identity}.json"
