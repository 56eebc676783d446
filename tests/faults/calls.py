"""ENOSPC, EIO and SIGKILL at every system call by which results are written.

`strace` lets the kernel fail the N-th call of a kind, for every N that there is. Not collected by the
ordinary tests; `make faults` runs it.
"""

import multiprocessing
import re
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from experiments.storage import durable
from experiments.storage.results import Results, open_results
from experiments.storage.store import Store
from tests.calling import source
from tests.faults.writer import BATCHES, KEYS, PAIRS, PLAN, REFUSED, writer

pytestmark = pytest.mark.skipif(not shutil.which("strace"), reason="strace is not installed")

CALLS = "openat,write,pwrite64,fsync,fdatasync,rename,renameat,renameat2,unlink,unlinkat,mkdir"
WHOLE = Results.of(PAIRS, keys=KEYS).digest

_PROCESSES = multiprocessing.get_context("forkserver")
_PROCESSES.set_forkserver_preload(["tests.faults.writer"])


def traced(path: Path, log: Path, inject: str | None) -> tuple[int, int]:
    """Let the writer work under a tracer; return how it ended, and how many batches it reported."""
    waiting, reported = _PROCESSES.Value("i", 0), _PROCESSES.Value("i", 0)
    process = _PROCESSES.Process(target=writer, args=(str(path), waiting, reported))
    process.start()
    while waiting.value == 0:
        time.sleep(0.005)
    fault = ["-e", f"inject={inject}"] if inject else []
    options = ["-f", "-q", "-o", str(log), "-e", f"trace={CALLS},clock_nanosleep"]
    tracer = subprocess.Popen(["strace", *options, *fault, "-p", str(process.pid)])
    while "clock_nanosleep" not in (log.read_text() if log.exists() else ""):
        time.sleep(0.005)
        assert tracer.poll() is None
    waiting.value = 1
    process.join(60)
    tracer.wait(60)
    assert process.exitcode is not None
    return process.exitcode, reported.value


def injections() -> list[tuple[str, int]]:
    """Return every call that the writer makes, by name and number."""
    if not shutil.which("strace"):
        return []
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder, "log")
        assert traced(Path(folder, "sweep"), log, None) == (0, len(BATCHES))
        names = re.findall(r"^\d+ +(\w+)\(", log.read_text(), re.MULTILINE)
    counts = Counter(name for name in names if name != "clock_nanosleep")
    return [(name, n) for name, count in counts.items() for n in range(1, count + 1)]


@pytest.fixture(scope="module")
def every_call() -> list[tuple[str, int]]:
    found = injections()
    assert {"openat", "write", "fsync", "rename", "unlink"} <= {name for name, _ in found}
    return found


def check(path: Path, reported: int) -> None:
    """Nothing that was reported is lost, nothing is half there, and the rest can be done."""
    done = {job.identity for batch in BATCHES[:reported] for job, _ in batch}
    with Store.open(path, PLAN.experiment, keys=KEYS) as store:
        assert done <= store.finished
        assert store.set_aside == []
        assert not list(path.rglob(f"{durable.TEMPORARY}*"))
        for batch in BATCHES:
            store.add([pair for pair in batch if store.claim(pair[0].identity)])
    results = open_results(path)
    assert results.digest == WHOLE
    assert len(results.runs) == len(PAIRS) and results.failures.empty
    rows = sum(len(part) for part in results.series_parts())
    assert rows == sum(len(run.series) for _, run in PAIRS)


@pytest.mark.parametrize("fault", ["error=ENOSPC", "error=EIO", "signal=SIGKILL"])
def test_at_every_call(fault: str, every_call: list[tuple[str, int]], tmp_path: Path) -> None:
    ends: Counter[int] = Counter()
    for name, number in every_call:
        place = tmp_path / f"{name}-{number}"
        place.mkdir()
        inject = f"{name}:{fault}:when={number}"
        code, reported = traced(place / "sweep", place / "log", inject)
        ends[code] += 1
        if "SIGKILL" in fault:
            assert code == -signal.SIGKILL, inject
        else:
            assert "(INJECTED)" in (place / "log").read_text(), inject
            assert code in (0, REFUSED), inject
            assert (code == 0) <= (reported == len(BATCHES)), inject
        check(place / "sweep", reported)
        shutil.rmtree(place)
    print(f"{fault} at {len(every_call)} calls; exit codes {dict(ends)}", file=sys.stderr)


SWEEP = [
    sys.executable, "-m", "experiments.cli", "sweep", "bakery", "--set", "market.people=300",
    "--days", "60", "--seeds", "4", "--workers", "2", "--json",
]  # fmt: skip


@pytest.mark.parametrize("number", range(1, 13))
@pytest.mark.parametrize("error", ["ENOSPC", "EIO"])
def test_a_sweep_on_a_bad_disk_says_so_and_goes_on_later(
    tmp_path: Path, error: str, number: int
) -> None:
    """From its N-th flush on, the disk refuses everything: one message, exit code 1; then resumed."""
    command = [*SWEEP, "--out", str(tmp_path / "sweep")]
    inject = f"inject=fsync:error={error}:when={number}+"
    refused = subprocess.run(
        ["strace", "-f", "-q", "-o", "/dev/null", "-e", "trace=fsync", "-e", inject, *command],
        env=source(), text=True, capture_output=True,
    )  # fmt: skip
    if refused.returncode:
        assert refused.returncode == 1, refused.stderr
        assert refused.stderr.count("start the same command again: what is done is kept") == 1
        assert "Traceback" not in refused.stderr
    again = subprocess.run(command, env=source(), text=True, capture_output=True)
    assert again.returncode == 0, again.stderr
    assert len(open_results(tmp_path / "sweep").runs) == 20
