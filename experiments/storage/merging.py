"""Putting folders of results together into one: the shards of a sweep, or what machines did apart."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from experiments.storage import folder, manifest
from experiments.storage.durable import Damaged
from experiments.storage.store import Store
from sim.errors import InputError

ROWS = 5_000
"""Runs in a file at most, where many small files are put together."""

BYTES = 2**26
"""Bytes of series in a file, before they are compressed, after which the next is begun."""


class Merged(NamedTuple):
    """What a merging came to."""

    runs: int
    """Runs in the folder now."""
    added: int
    twice: int
    """Runs found that were in the folder already, from before or from another source."""
    failed: int
    digest: str
    damaged: tuple[str, ...]
    """Files that were left out, and why."""


def merge(sources: Sequence[Path], out: Path) -> Merged:
    """Put the results of several folders into one.

    Parameters
    ----------
    sources
        Folders of results of the same experiment. They are left as they are.
    out
        The folder to put them into: new, or of the same experiment.

    Raises
    ------
    InputError
        If they are of different experiments or models; nothing is written then.
    DiskError
        If `out` cannot be written; the same call goes on with it later.
    """
    wanted = _joined(sources)
    if out.resolve() in [source.resolve() for source in sources]:
        raise InputError(f"--out {out} is one of the folders to merge: name another")
    with Store.of(out, wanted) as store:
        before = len(store.finished)
        work = _Merging(store)
        for source in sources:
            work.take(source)
        work.write()
        for record in work.failures:
            if record["identity"] not in store.finished:
                store.add_failure(record)
        return Merged(
            len(store.finished),
            len(store.finished) - before,
            work.twice,
            len(store.failures),
            store.digest,
            (*store.set_aside, *work.damaged),
        )


def _joined(sources: Sequence[Path]) -> dict[str, Any]:
    """Return the manifest of all; refuse sources that do not belong together."""
    if not sources:
        raise InputError("there is nothing to merge: name the folders of a sweep's shards")
    records = [folder.read_manifest(source) for source in sources]
    whole = records[0]
    for record, source in zip(records, sources, strict=True):
        manifest.check_model(record, source)
        whole = manifest.joined(
            whole, record, sources[0], str(source), "merge folders of one experiment only"
        )
    return {**whole, "files": []}


class _Merging:
    """Batches on their way from several folders to one, each run once."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.twice = 0
        self.damaged: list[str] = []
        self.failures: list[dict[str, Any]] = []
        self.runs: list[pa.Table] = []
        self.series: list[pa.Table] = []
        self.waiting: set[str] = set()

    def take(self, source: Path) -> None:
        """Take the good batches of a folder."""
        for runs, series in self.good(source):
            identities = runs.column("identity").to_pylist()
            new = {*identities} - self.store.finished - self.waiting
            self.twice += len(identities) - len(new)
            if not new:
                continue
            self.runs.append(_only(runs, new))
            self.series.append(_only(series, new))
            self.waiting |= new
            if len(self.waiting) >= ROWS or sum(each.nbytes for each in self.series) >= BYTES:
                self.write()
        self.failures += folder.failures(source)

    def good(self, source: Path) -> Iterator[tuple[pa.Table, pa.Table]]:
        for batch in folder.good_batches(source, self.tell):
            try:
                yield batch.runs, folder.series(batch.series)
            except Damaged as damage:
                self.tell(batch.series, str(damage))

    def tell(self, path: Path, why: str) -> None:
        self.damaged.append(f"{path} {why}")

    def write(self) -> None:
        """Write what waits."""
        if self.runs:
            self.store.add_tables(pa.concat_tables(self.runs), pa.concat_tables(self.series))
        self.runs, self.series, self.waiting = [], [], set()


def _only(table: pa.Table, identities: set[str]) -> pa.Table:
    chosen = pa.array(sorted(identities), pa.string())
    return table.filter(pc.is_in(table.column("identity"), chosen))
