"""How far a sweep has come, from its folder alone; also while it is at work."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from experiments.storage import folder
from experiments.storage.durable import Damaged


@dataclass(frozen=True)
class Status:
    """What a folder of results holds.

    Attributes
    ----------
    name : str
        The experiment.
    planned, done : int
        How many runs the last sweep asked for, as far as it knew, and how many of them are there.
    beside : int
        Runs that are there although the last sweep did not ask for them.
    failures : list of dict
        Records of the runs that failed and have not been done since.
    damaged : list of str
        Files that are not what was written, and what is wrong with them.
    set_aside : list of str
        Names of damaged files that were put aside by a sweep.
    versions : dict
        What made the results: see `experiments.output.versions`.
    """

    name: str
    planned: int
    done: int
    beside: int
    failures: list[dict[str, Any]]
    damaged: list[str]
    set_aside: list[str]
    versions: dict[str, str]


def status_of(path: Path) -> Status:
    """Return how far the sweep in a folder has come.

    A run is there if its summary row can be read and the file of its series is what was written.

    Raises
    ------
    InputError
        If it is no folder of results.
    """
    record = folder.read_manifest(path)
    damaged: list[str] = []

    def tell(file: Path, why: str) -> None:
        damaged.append(f"{file} {why}")

    there: set[str] = set()
    with ThreadPoolExecutor(folder.READERS) as pool:
        batches = pool.map(_checked, folder.good_batches(path, tell, ["identity"]))
        for batch, damage in batches:
            if damage:
                tell(batch.series, damage)
            else:
                there.update(batch.runs.column("identity").to_pylist())
    beside = min(record.get("beside", 0), len(there))
    done = len(there) - beside
    return Status(
        record["experiment"]["name"],
        max(record["planned"], done),
        done,
        beside,
        folder.failures(path, there),
        damaged,
        folder.names(path / folder.SET_ASIDE, ""),
        record["versions"],
    )


def _checked(batch: folder.Batch) -> tuple[folder.Batch, str]:
    """Return a batch, and what is wrong with its series."""
    try:
        folder.check_series(batch.series)
    except Damaged as damage:
        return batch, str(damage)
    return batch, ""
