"""One text, two performances: plain Python, and the same function compiled by Numba.

`compiled` marks a function that both may call: in Python it stays what it is, and within a kernel
Numba compiles it into its caller. `kernel` makes the compiled entry itself. Kernels are kept on
disk under a digest of the whole model's source, because Numba by itself notices only changes to
the file of the entry and would go on running rules that have since been rewritten.
"""

import hashlib
import os
import tempfile
import threading
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import numba
import platformdirs
from numba.extending import register_jitable

_SETTING_UP = threading.Lock()

Function = TypeVar("Function", bound=Callable[..., Any])


def compiled(function: Function) -> Function:
    """Let `function` be called from kernels as well as from Python, where it is unchanged."""
    # A wrapper for C, which nobody calls, would hold the whole function once more, at each level.
    marked: Function = register_jitable(forceinline=True, no_cfunc_wrapper=True)(function)
    return marked


def apart(function: Function) -> Function:
    """Let kernels call `function` instead of taking it in: for what is seldom done in a busy place.

    Its arguments should be few and small: a whole setting costs more to hand over than it saves.
    """
    marked: Function = register_jitable(no_cfunc_wrapper=True)(function)
    return marked


@cache
def model_version() -> str:
    """Return the digest (16 hex digits) of the model's own source: what a result depends on."""
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


@cache
def cache_folder() -> str:
    """Return a folder that can be written for compiled kernels of this version of the model."""
    chosen = os.environ.get("NUMBA_CACHE_DIR")
    for base in (chosen, platformdirs.user_cache_dir("amends"), tempfile.gettempdir()):
        if not base:
            continue
        folder = Path(base) / f"kernels-{model_version()}"
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError:
            continue
        if os.access(folder, os.W_OK):
            return str(folder)
    return tempfile.mkdtemp(prefix="amends-kernels-")


def kernel(function: Function, keep: bool = True) -> Function:
    """Compile `function`, without the interpreter's lock; `keep` stores the result on disk."""
    with _SETTING_UP:
        before = numba.config.CACHE_DIR
        numba.config.CACHE_DIR = cache_folder()
        try:
            made: Function = numba.njit(
                cache=keep, nogil=True, error_model="numpy", no_cfunc_wrapper=True
            )(function)
            return made
        finally:
            numba.config.CACHE_DIR = before
