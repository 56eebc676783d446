"""How far a sweep has come, from its folder alone; also while it is at work."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from experiments.storage import folder


@dataclass(frozen=True)
class Status:
    """What a folder of results holds.

    Attributes
    ----------
    name : str
        The experiment.
    planned, done : int
        How many runs there are to be, by the last plan, and how many are there.
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
    failures: list[dict[str, Any]]
    damaged: list[str]
    set_aside: list[str]
    versions: dict[str, str]


def status_of(path: Path) -> Status:
    """Return how far the sweep in a folder has come. Series are not read, only looked for.

    Raises
    ------
    InputError
        If it is no folder of results.
    """
    record = folder.read_manifest(path)
    damaged: list[str] = []

    def tell(file: Path, why: str) -> None:
        damaged.append(f"{file} {why}")

    done: set[str] = set()
    for batch in folder.good_batches(path, tell, ["identity"]):
        if batch.series.exists():
            done.update(batch.runs.column("identity").to_pylist())
        else:
            tell(batch.series, "is not there")
    failed = folder.failures(path, done)
    return Status(
        record["experiment"]["name"],
        max(record["planned"], len(done) + len(failed)),
        len(done),
        failed,
        damaged,
        folder.names(path / folder.SET_ASIDE, ""),
        record["versions"],
    )
