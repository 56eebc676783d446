"""The layout of a folder of results, and reading it without changing anything in it.

`manifest.json` says what the results are of. `runs/` holds the summary rows and `series/` the
series, a pair of files for each batch of runs; a runs file names the series file that belongs to
it, and is written after it. `failures/` holds a record for each run that failed, `set-aside/` what
was found damaged.
"""

import os
from collections import deque
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa

from experiments.output import LITTER
from experiments.storage import batches, claims, durable, manifest
from experiments.storage.durable import Damaged
from sim.errors import InputError

RUNS, SERIES, FAILURES, SET_ASIDE = "runs", "series", "failures", "set-aside"
FOLDERS = (RUNS, SERIES, FAILURES, SET_ASIDE)
ENDING = ".parquet"

READERS, _AHEAD = min(8, os.cpu_count() or 1), 32
"""Threads that read batches, and batches that they may be ahead of who takes them."""

Tell = Callable[[Path, str], None]
"""Called with a damaged file and what is wrong with it."""


class Batch(NamedTuple):
    """The summary rows of a batch, and the file of its series."""

    path: Path
    series: Path
    metadata: dict[str, str]
    runs: pa.Table


def make(path: Path) -> None:
    """Make a folder of results and those in it; refuse one that holds something else."""
    if path.exists() and not path.is_dir():
        raise InputError(f"{path} is a file; name a folder for the results")
    ours = {manifest.NAME, claims.NAME, *FOLDERS, *LITTER}
    with durable.disk(path):
        missing = [each for each in (path, *path.parents) if not each.exists()]
        path.mkdir(parents=True, exist_ok=True)
        there = {each.name for each in path.iterdir()}
        foreign = {n for n in there - ours if not n.startswith(durable.TEMPORARY)}
        if foreign and not there & {manifest.NAME, claims.NAME}:
            raise InputError(
                f"{path} is no folder of results, since it holds {min(foreign)}: name one that "
                "does not exist yet, or the folder of an earlier sweep"
            )
        for name in FOLDERS:
            (path / name).mkdir(exist_ok=True)
        for each in (path, *(made.parent for made in missing)):
            durable.flush_folder(each)


def names(folder: Path, ending: str = ENDING) -> list[str]:
    """Return the names of the finished files in a folder, sorted; none if it is not there."""
    with durable.disk(folder):
        try:
            found = os.listdir(folder)
        except FileNotFoundError:
            return []
    return sorted(n for n in found if n.endswith(ending) and not n.startswith("."))


def batch(path: Path, columns: list[str] | None = None) -> Batch:
    """Return a batch, its series unchecked.

    Raises
    ------
    Damaged
        If the file is not what was written.
    """
    data = durable.take(path)
    try:
        said, runs = batches.told(data, columns)
        return Batch(path, path.parent.parent / SERIES / said["series"], said, runs)
    except (pa.ArrowException, OSError, KeyError, ValueError) as error:
        raise Damaged(f"is no file of results ({error})") from error


def good_batches(folder: Path, tell: Tell, columns: list[str] | None = None) -> Iterator[Batch]:
    """Read every good batch in turn, some of them ahead; the others are told of."""
    paths = iter([folder / RUNS / name for name in names(folder / RUNS)])
    with ThreadPoolExecutor(READERS) as pool:
        coming = deque((path, pool.submit(batch, path, columns)) for path in islice(paths, _AHEAD))
        while coming:
            path, read = coming.popleft()
            try:
                yield read.result()
            except Damaged as damage:
                tell(path, str(damage))
            except FileNotFoundError:
                pass  # another sweep has just set it aside or put it together with others
            coming.extend((path, pool.submit(batch, path, columns)) for path in islice(paths, 1))


def check_series(path: Path) -> None:
    """Make sure that the series of a batch are there as they were written.

    Raises
    ------
    Damaged
        If not.
    """
    try:
        durable.take(path)
    except FileNotFoundError:
        raise Damaged("is not there") from None


def series(path: Path, columns: list[str] | None = None) -> pa.Table:
    """Return the series of a batch.

    Raises
    ------
    Damaged
        If the file is not what was written, or not there.
    """
    try:
        return batches.read(durable.take(path), columns)
    except FileNotFoundError:
        raise Damaged("is not there") from None
    except (pa.ArrowException, OSError) as error:
        raise Damaged(f"is no file of results ({error})") from error


def digest(folder: Path, tell: Tell) -> str:
    """Return the SHA-256 over the content of all good batches; see `batches.digest`."""
    identities: list[str] = []
    rows: list[bytes] = []
    for each in good_batches(folder, tell):
        identities += each.runs.column("identity").to_pylist()
        rows += batches.fingerprints(each.runs)
    return batches.digest(identities, rows)


def failures(folder: Path, done: Collection[str] = ()) -> list[dict[str, Any]]:
    """Return the records of runs that failed, by identity; those that cannot be read are left out.

    Parameters
    ----------
    folder
        The folder of results.
    done
        Identities of runs that have been done since.
    """
    found = []
    for name in names(folder / FAILURES, ".json"):
        if name.removesuffix(".json") in done:
            continue
        try:
            found.append(manifest.unsealed(folder / FAILURES / name))
        except (Damaged, FileNotFoundError):
            continue
    return found


def read_manifest(folder: Path) -> dict[str, Any]:
    """Return the manifest of a folder of results.

    Raises
    ------
    InputError
        If it is no such folder, if its manifest is damaged, or if its layout is unknown here.
    """
    path = folder / manifest.NAME
    if not folder.is_dir():
        what = "is a file, and not a folder of results" if folder.exists() else "does not exist"
        raise InputError(f"{folder} {what}: name the folder that `amends sweep --out` wrote")
    try:
        found = manifest.unsealed(path)
    except FileNotFoundError:
        raise InputError(
            f"{folder} is no folder of results, since it has no {manifest.NAME}: name the folder "
            "that `amends sweep --out` wrote"
        ) from None
    except Damaged as damage:
        raise InputError(
            f"{path} {damage}; start the same sweep again, which writes it anew and keeps the runs"
        ) from None
    manifest.check_layout(found, folder)
    return found
