"""Claims on runs, so that two sweeps on one folder never do the same run.

A claim is a lock of the operating system on one byte of one file, at a place that the run's
identity gives. The kernel takes it back when the process ends, however it ends, so that no claim
outlives its sweep. Closing any descriptor of the file would drop all locks of the process, so there
is one descriptor for each folder in a process, and nothing else opens the file. The length of the
file counts how often results were added: whoever has a claim sees by it whether to look for them.
"""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from experiments.storage.durable import disk, reason
from sim.errors import InputError

try:
    import fcntl
except ImportError:  # pragma: no cover - not a POSIX system
    fcntl = None  # type: ignore[assignment]

NAME = "claims.lock"

_PLACES = 2**60
"""Claims lie below this byte; 15 hex digits of an identity."""
_PRESENT = _PLACES
"""The byte that every sweep at work in the folder shares."""
_MANIFEST = _PLACES + 1
"""The byte of whoever reads or writes the manifest to change it."""


class Claims:
    """The claims of this process on the runs of a folder; use `claims_of`."""

    def __init__(self, path: Path) -> None:
        if fcntl is None:
            raise InputError(_no_locks(path, "this system has none"))
        self._path = path
        self._mine: set[int] = set()
        self._guard = threading.Lock()
        self.users = 0
        with disk(path):
            self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o666)
        self.alone = self._lock(_PRESENT, fcntl.LOCK_EX | fcntl.LOCK_NB)
        """Whether no other process was at work in the folder; it keeps out until `settle`."""

    def settle(self) -> None:
        """Let other processes work in the folder too."""
        self._lock(_PRESENT, fcntl.LOCK_SH)
        self.alone = False

    def take(self, identity: str) -> bool:
        """Claim a run; False if somebody has it, in this process or another."""
        place = _place(identity)
        with self._guard:
            if place in self._mine or not self._lock(place, fcntl.LOCK_EX | fcntl.LOCK_NB):
                return False
            self._mine.add(place)
            return True

    def drop(self, identity: str) -> None:
        """Give a claim back, if there is one."""
        place = _place(identity)
        with self._guard:
            if place in self._mine:
                self._lock(place, fcntl.LOCK_UN)
                self._mine.remove(place)

    def additions(self) -> int:
        """Return how often results were added to the folder by whomever."""
        return os.fstat(self._descriptor).st_size

    def added(self) -> None:
        """Count that results were added."""
        with disk(self._path):
            os.write(self._descriptor, b"+")

    @contextmanager
    def manifest(self) -> Iterator[None]:
        """Keep others from the manifest for the length of a block."""
        self._lock(_MANIFEST, fcntl.LOCK_EX)
        try:
            yield
        finally:
            self._lock(_MANIFEST, fcntl.LOCK_UN)

    def close(self) -> None:
        """Give all claims back."""
        os.close(self._descriptor)

    def _lock(self, place: int, how: int) -> bool:
        try:
            fcntl.lockf(self._descriptor, how, 1, place)
        except (BlockingIOError, PermissionError):
            return False
        except OSError as error:
            raise InputError(_no_locks(self._path, reason(error))) from error
        return True


_OPEN: dict[tuple[int, int], Claims] = {}
OPENING = threading.RLock()
"""Held while a folder is opened, so that no two threads find themselves alone in it."""


@contextmanager
def claims_of(folder: Path) -> Iterator[Claims]:
    """Open the claims of a folder, once in a process however many use them."""
    with OPENING:
        claims = _opened(folder)
        claims.users += 1
    try:
        yield claims
    finally:
        with OPENING:
            claims.users -= 1
            if not claims.users:
                _OPEN.pop(next(key for key, value in _OPEN.items() if value is claims))
                claims.close()


def _opened(folder: Path) -> Claims:
    with disk(folder):
        status = os.stat(folder)
    key = status.st_dev, status.st_ino
    if key not in _OPEN:
        _OPEN[key] = Claims(folder / NAME)
    return _OPEN[key]


def _place(identity: str) -> int:
    return int(identity[:15], 16)


def _no_locks(path: Path, why: str) -> str:
    return (
        f"{path} cannot be locked ({why}), and without locks two sweeps could do the same run: "
        "choose a folder on a local disk, or on a network disk with POSIX locks (NFS 4, or Lustre "
        "mounted with -o flock)"
    )
