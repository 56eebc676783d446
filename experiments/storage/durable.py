"""Files that are there whole or not at all, and whose names tell whether their bytes are theirs.

A file is written under a temporary name beside its place, flushed to the disk and only then
renamed, and the folder is flushed too: when the call returns it is there to stay, and whenever the
program is killed it is either complete or absent. A results file is named after the SHA-256 of its
bytes, so that a bit that has flipped, or an end that is missing, can never pass for a result.
"""

import errno
import hashlib
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

DIGITS = 32
"""Hex digits of the SHA-256 in a name: two files share one by chance once in 2**64 files."""

TEMPORARY = ".writing-"
"""How the name of an unfinished file begins; readers of Parquet folders pass over a leading dot."""

_CANNOT_FLUSH = {errno.EINVAL, errno.ENOTSUP, errno.EACCES, errno.EPERM, errno.EISDIR}
"""Errors by which a file system says that folders are nothing to flush."""


class DiskError(RuntimeError):
    """The disk refused: it is full, broken or not to be written. What was finished is kept."""


class Damaged(Exception):
    """A file that does not hold what its name says, or that says nothing."""


@contextmanager
def disk(path: Path) -> Iterator[None]:
    """Turn an error of the operating system about `path` into one message with its remedy."""
    try:
        yield
    except OSError as error:
        raise _refusal(path, error) from error


def _refusal(path: Path, error: OSError) -> DiskError:
    return DiskError(f"{path}: {reason(error)}; {remedy(error)}")


def reason(error: OSError) -> str:
    """Return what the operating system said, in its words."""
    return error.strerror or str(error)


def remedy(error: OSError) -> str:
    """Return what a user can do about a disk that refused."""
    what = {
        errno.ENOSPC: "free some space",
        errno.EDQUOT: "free some space",
        errno.EROFS: "make the disk writable, or choose another folder",
        errno.EACCES: "get the right to write there, or choose another folder",
        errno.EPERM: "get the right to write there, or choose another folder",
        errno.ENAMETOOLONG: "choose a shorter name",
    }.get(error.errno or 0, "look after the disk")
    return f"{what} and start the same command again: what is done is kept"


def put(folder: Path, name: str, data: bytes) -> None:
    """Write a file so that it is on the disk, whole, when this returns.

    Raises
    ------
    DiskError
        If it could not be; nothing of the file is there then, under its own name or another.
    """
    with disk(folder / name):
        temporary = folder / f"{TEMPORARY}{os.getpid()}-{secrets.token_hex(8)}"
        try:
            _write(temporary, data)
            os.replace(temporary, folder / name)
        except BaseException:
            with suppress(OSError):
                os.unlink(temporary)
            raise
        flush_folder(folder)


def _write(path: Path, data: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
    try:
        left = memoryview(data)
        while left:
            left = left[os.write(descriptor, left) :]
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def flush_folder(folder: Path) -> None:
    """Make sure that the names in a folder are on the disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in _CANNOT_FLUSH:
            raise
    finally:
        os.close(descriptor)


def name_of(data: bytes, ending: str) -> str:
    """Return the name that a file with these bytes has."""
    return hashlib.sha256(data).hexdigest()[:DIGITS] + ending


def take(path: Path) -> bytes:
    """Return the bytes of a file that is named after them.

    Raises
    ------
    Damaged
        If they are not those that were written. They are hashed as they were read, so what is
        parsed is what was checked.
    FileNotFoundError
        If it is not there.
    """
    data = load(path)
    if name_of(data, path.suffix) != path.name:
        raise Damaged(f"holds {len(data):,} bytes that are not those that were written")
    return data


def load(path: Path) -> bytes:
    """Return the bytes of a file.

    Raises
    ------
    Damaged
        If the disk cannot read what it holds.
    FileNotFoundError
        If it is not there.
    DiskError
        If it may not be read.
    """
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise
    except OSError as error:
        if error.errno == errno.EIO:
            raise Damaged(f"cannot be read ({reason(error)})") from error
        raise _refusal(path, error) from error


def remove(path: Path) -> None:
    """Remove a file, if it is there."""
    with disk(path), suppress(FileNotFoundError):
        os.unlink(path)


def sweep_up(folder: Path) -> None:
    """Remove the unfinished files of programs that were killed; nobody may be writing there."""
    with disk(folder):
        left = [name for name in os.listdir(folder) if name.startswith(TEMPORARY)]
    for name in left:
        remove(folder / name)
