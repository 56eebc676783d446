"""Results folders: written beside, made safe, then put in place as a whole.

A folder of results is either there, complete and of one run, or not there at all. It is written
under a hidden name beside its place, flushed to disk and only then renamed. Its `provenance.json`
says what made it and lists the checksum of each file, so that an earlier result can be told from
files that somebody wrote by hand: the first may be replaced, the second never. Nothing in it
depends on the clock or on the machine's name, so that the same run gives the same bytes.
"""

import errno
import hashlib
import json
import math
import os
import platform
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

from experiments.version import version
from sim.errors import InputError

PROVENANCE = "provenance.json"
PACKAGES = ("mesa", "numpy", "numba", "networkx", "scipy", "pandas", "pyarrow", "matplotlib")
"""Libraries on which the numbers or the pictures of a result depend."""

LITTER = {".DS_Store", "Thumbs.db", "desktop.ini"}
"""What file browsers leave behind, and nobody minds losing."""


def plain(value: Any) -> Any:
    """Return `value` as what JSON knows: NumPy's numbers as Python's, NaN and infinity as None."""
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (str, bool)) or value is None:
        return value
    if hasattr(value, "tolist"):
        return plain(value.tolist())
    if isinstance(value, Sequence):
        return [plain(item) for item in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value


def json_text(value: Any) -> str:
    """Return `value` as strict JSON (no NaN), indented, ending in a newline."""
    return json.dumps(plain(value), indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def versions() -> dict[str, str]:
    """Return the versions that a result depends on: of amends, its model, Python and libraries."""
    from sim.compiled import model_version

    return {
        "amends": version(),
        "model": model_version(),
        "python": platform.python_version(),
        "machine": f"{platform.system()} {platform.machine()}",
        **_packages(),
    }


@cache
def _packages() -> dict[str, str]:
    return {name: metadata.version(name) for name in PACKAGES}


class ResultsFolder:
    """A results folder in the making.

    Attributes
    ----------
    path
        Where to write now; a hidden folder beside the final place.
    target
        The final place.
    replaced
        Whether an earlier result of the same command stood there.
    """

    def __init__(self, path: Path, target: Path, replaced: bool) -> None:
        self.path = path
        self.target = target
        self.replaced = replaced
        self.provenance: dict[str, Any] = {}

    def text(self, name: str, content: str) -> None:
        """Write a text file, in UTF-8 and with plain newlines."""
        (self.path / name).write_text(content, encoding="utf-8", newline="\n")

    def table(self, name: str, frame: Any, csv: bool = True) -> None:
        """Write a pandas DataFrame as `name`.parquet and, unless told otherwise, `name`.csv."""
        frame.to_parquet(self.path / f"{name}.parquet", index=False)
        if csv:
            frame.to_csv(self.path / f"{name}.csv", index=False, lineterminator="\n")

    def _finish(self, command: str) -> None:
        files = {path.name: _checksum(path) for path in sorted(self.path.iterdir())}
        record = {"command": command, **self.provenance, "versions": versions(), "files": files}
        self.text(PROVENANCE, json_text(record))
        for path in self.path.iterdir():
            _flush(path)
        _flush(self.path)
        _put_in_place(self.path, self.target)


@contextmanager
def results_folder(target: Path, command: str) -> Iterator[ResultsFolder]:
    """Open a results folder, and put it in its place when the block ends without an error.

    Parameters
    ----------
    target
        Where the results shall stand. Missing folders above it are made. An empty folder, or an
        untouched earlier result of the same command, is replaced as a whole.
    command
        The command that writes, e.g. `run`.

    Raises
    ------
    InputError
        Before anything is run: `target` holds something else, or cannot be written.
    """
    place = _resolve(target)
    replaced = _check_replaceable(place, target, command)
    made = _missing_parents(place)
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        place.exists()  # which says now, and not after the run, if the name is too long
        hidden = Path(tempfile.mkdtemp(prefix=f".{place.name[:80]}.", dir=place.parent))
        hidden.chmod(0o777 & ~_umask())
    except OSError as error:
        _remove_empty(made)
        raise InputError(_unwritable(target, error)) from None
    folder = ResultsFolder(hidden, place, replaced)
    try:
        yield folder
        folder._finish(command)
    except OSError as error:
        shutil.rmtree(hidden, ignore_errors=True)
        _remove_empty(made)
        if str(hidden) in str(error.filename) or error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise InputError(_unwritable(target, error)) from error
        raise
    except BaseException:
        shutil.rmtree(hidden, ignore_errors=True)
        _remove_empty(made)
        raise


def _resolve(target: Path) -> Path:
    try:
        place = target.expanduser().resolve()
    except (OSError, RuntimeError, ValueError) as error:
        raise InputError(_unwritable(target, error)) from None
    if place.is_mount():
        raise InputError(
            f"--out {target} is a mount point, which cannot be replaced as a whole: name a folder "
            f"in it, e.g. --out {target / 'results'}"
        )
    if place == Path.cwd() or place in Path.cwd().parents:
        raise InputError(
            f"--out {target} is a folder that you are in; results stand in a folder of their own: "
            f"name one, e.g. --out {target / 'results'}"
        )
    return place


def _check_replaceable(place: Path, target: Path, command: str) -> bool:
    """Return whether an earlier result of `command` stands at `place`; refuse anything else."""
    if not place.exists():
        return False
    if not place.is_dir():
        raise InputError(f"--out {target} is a file; name a folder that does not exist yet")
    try:
        entries = {path.name: path for path in place.iterdir() if path.name not in LITTER}
    except OSError as error:
        raise InputError(f"--out {target} cannot be read: {error.strerror}") from None
    if not entries:
        return False
    remedy = "choose another folder, or move that one away"
    record = _provenance(entries.pop(PROVENANCE, None))
    if record is None:
        raise InputError(f"--out {target} is not empty, and no result of amends: {remedy}")
    if record["command"] != command:
        raise InputError(
            f"--out {target} holds a result of `amends {record['command']}`, not of "
            f"`amends {command}`: {remedy}"
        )
    for name, path in sorted(entries.items()):
        if name not in record["files"]:
            raise InputError(f"--out {target} holds {name}, which amends did not write: {remedy}")
        if _checksum(path) != record["files"][name]:
            raise InputError(f"--out {target}: {name} was changed since amends wrote it: {remedy}")
    return True


def _provenance(path: Path | None) -> dict[str, Any] | None:
    if path is None:
        return None
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    if not isinstance(record, dict) or not isinstance(record.get("files"), dict):
        return None
    return record if isinstance(record.get("command"), str) else None


def _checksum(path: Path) -> str:
    if not path.is_file():
        return ""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _flush(path: Path) -> None:
    """Make sure that a file, or the list of names in a folder, is on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError:
        # Some file systems cannot flush a folder; the files in it are what matters.
        if not path.is_dir():
            raise
    finally:
        os.close(descriptor)


def _put_in_place(hidden: Path, place: Path) -> None:
    """Rename `hidden` to `place`; what stood there is gone only once the new stands."""
    earlier: Path | None = None
    try:
        if place.exists():
            earlier = Path(tempfile.mkdtemp(prefix=f".{place.name[:80]}.", dir=place.parent))
            place.rename(earlier)
        hidden.rename(place)
    except OSError:
        if earlier is not None and place.exists():
            earlier.rmdir()
        elif earlier is not None:
            earlier.rename(place)
        raise
    _flush(place.parent)
    if earlier is not None:
        shutil.rmtree(earlier, ignore_errors=True)


def _missing_parents(place: Path) -> list[Path]:
    """Return the folders above `place` that do not exist yet, the deepest first."""
    return [parent for parent in place.parents if not parent.exists()]


def _remove_empty(folders: list[Path]) -> None:
    for folder in folders:
        with suppress(OSError):
            folder.rmdir()


def _umask() -> int:
    mask = os.umask(0o022)
    os.umask(mask)
    return mask


def _unwritable(target: Path, error: Exception) -> str:
    return f"--out {target} cannot be written: {getattr(error, 'strerror', None) or error}"
