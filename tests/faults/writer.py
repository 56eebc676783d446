"""A process that keeps results, and that something befalls on the way."""

import ctypes
import os
import tempfile
import time
from multiprocessing.sharedctypes import Synchronized
from pathlib import Path

from experiments.engine.runner import Failure
from experiments.storage.durable import DiskError
from experiments.storage.store import Store
from tests.made_runs import KEYS, a_plan, pairs

PLAN = a_plan()
PAIRS = pairs(PLAN)
BATCHES = (PAIRS[:5], PAIRS[5:8], PAIRS[8:])

REFUSED = 3
"""Exit code where the disk refused, and it was told so."""

_ANY_TRACER = (0x59616D61, -1)


def work(path: Path, reported: "Synchronized[int] | None" = None) -> None:
    """Keep a failure, then three batches, and say after each that it is done."""
    with Store.open(path, PLAN.experiment, keys=KEYS, planned=len(PLAN)) as store:
        job = PAIRS[0][0]
        store.fail(job, Failure(job.policy, job.seed, "it failed", "somewhere"))
        for number, batch in enumerate(BATCHES, start=1):
            for each, _ in batch:
                store.claim(each.identity)
            store.add(batch)
            if reported is not None:
                reported.value = number


def writer(path: str, traced: "Synchronized[int]", reported: "Synchronized[int]") -> None:
    """Do the work once elsewhere, so that nothing is imported later; then wait for the tracer."""
    ctypes.CDLL(None).prctl(*_ANY_TRACER)
    with tempfile.TemporaryDirectory() as elsewhere:
        work(Path(elsewhere))
    traced.value = -1  # ready
    while traced.value < 0:
        time.sleep(0.01)
    try:
        work(Path(path), reported)
    except DiskError:
        os._exit(REFUSED)
    os._exit(0)
