"""Batches of jobs on their way to other processes, which must have the same model, files and customers."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING

from experiments.engine.worker import Bench, Failure, Result, Run, failure
from experiments.planning.plan import Job, checksum
from sim.compiled import model_version
from sim.errors import InputError

if TYPE_CHECKING:
    from sim.customer import Customer
    from sim.run import Performer


@dataclass(frozen=True)
class Batch:
    """Jobs on their way to another process, and what it must have in common with this one."""

    jobs: tuple[Job, ...]
    model: str
    """Version of the model."""
    files: Mapping[str, str]
    """SHA-256 of the networks' files by path."""
    kind: bytes | None = None
    """The class of customers, as cloudpickle has it."""
    performer: "Performer" = "compiled"
    """Who performs: whether a class can be compiled need be found out but once."""
    limits: tuple[float, ...] = ()
    """Seconds that each of the runs may take."""
    sender: str = ""
    """Whose batch it is, among those who share the workers."""

    def after(self, count: int) -> "Batch":
        """Return the batch without the first jobs."""
        return replace(self, jobs=self.jobs[count:], limits=self.limits[count:])


def batch_of(
    jobs: tuple[Job, ...],
    kind: bytes | None,
    performer: "Performer",
    limits: tuple[float, ...] = (),
    sender: str = "",
) -> Batch:
    """Pack jobs for another process."""
    files = {job.scenario.network.file for job in jobs}
    sums = {file: checksum(file) for file in files if file is not None}
    return Batch(jobs, model_version(), sums, kind, performer, limits, sender)


def bench_for(batch: Batch) -> Bench:
    """Return a bench for a batch in this process.

    Raises
    ------
    InputError
        If this process has another version of the model, or cannot load the class of customers.
    """
    if batch.model != model_version():
        raise InputError(unlike(model_version(), batch.model))
    kind = None if batch.kind is None else _kind(batch.kind)
    return Bench(kind, performer=batch.performer)


def unlike(theirs: str, ours: str, who: str = "a worker") -> str:
    """Return what to say of a worker whose model is another one."""
    return (
        f"{who} has model {theirs} and not {ours}, so its results would be of another model: "
        "install the same version of amends there"
    )


def made_by(bench: Bench, job: Job, files: Mapping[str, str]) -> Result:
    """Return what comes of a job of a batch, in a form that can be sent; `files` are the batch's."""
    file = job.scenario.network.file
    try:
        if file is not None and checksum(file) != files[file]:
            raise InputError(
                f"network.file = {file} is another file here than where jobs come from"
            )
    except (OSError, InputError) as error:
        return _sendable(failure(job, error))
    made = bench.run(job)
    assert made is not None  # nobody stops the bench of a batch
    return _sendable(made)


def _sendable(result: Result) -> Result:
    if isinstance(result, Run):
        return result
    return Failure(result.policy, result.seed, result.error, result.traceback)


@lru_cache(maxsize=4)
def _kind(pickled: bytes) -> "type[Customer]":
    """Return a class of customers: always the same for the same bytes, so that it is compiled once."""
    import pickle

    try:
        found: type[Customer] = pickle.loads(pickled)
    except Exception as error:
        raise InputError(
            f"a worker cannot load the class of customers ({type(error).__name__}: {error}): "
            "install there what its file imports"
        ) from None
    return found
