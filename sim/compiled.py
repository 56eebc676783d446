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
from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic, overload, register_jitable

_SETTING_UP = threading.Lock()

Function = TypeVar("Function", bound=Callable[..., Any])


def compiled(function: Function) -> Function:
    """Let `function` be called from kernels as well as from Python, where it is unchanged."""
    marked: Function = register_jitable(forceinline=True)(function)
    return marked


@cache
def model_version() -> str:
    """Return the digest (16 hex digits) of the model's own source: what a result depends on."""
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


@cache
def _cache_folder() -> str:
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
        numba.config.CACHE_DIR = _cache_folder()
        try:
            made: Function = numba.njit(cache=keep, nogil=True, error_model="numpy")(function)
            return made
        finally:
            numba.config.CACHE_DIR = before


def _without_owners(context: Any, builder: Any, kind: Any, value: Any) -> Any:
    """Return an array, or a tuple of such, that does not count who refers to it."""
    if isinstance(kind, types.Array):
        array = cgutils.create_struct_proxy(kind)(context, builder, value)
        array.meminfo = cgutils.get_null_value(array.meminfo.type)
        array.parent = cgutils.get_null_value(array.parent.type)
        return array._getvalue()
    if isinstance(kind, types.BaseTuple):
        for i, part in enumerate(kind):
            inner = _without_owners(context, builder, part, builder.extract_value(value, i))
            value = builder.insert_value(value, inner, i)
    return value


@intrinsic
def _borrowed(_typing: Any, value: Any) -> Any:
    def generate(context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        return _without_owners(context, builder, value, arguments[0])

    return value(value), generate


def borrowed(state: Any) -> Any:
    """Return `state`, a tuple of arrays, as it is.

    In compiled code its arrays are then passed about without counting references to them, which
    would cost more than the model itself; the caller of the kernel keeps them alive.
    """
    return state


@overload(borrowed, jit_options={"forceinline": True})
def _borrowed_in_kernels(state: Any) -> Any:
    def borrow(state: Any) -> Any:
        return _borrowed(state)

    return borrow


@intrinsic
def _prefetched(typing: Any, records: Any, index: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        array = cgutils.create_struct_proxy(signature.args[0])(context, builder, arguments[0])
        place = cgutils.get_item_pointer(
            context, builder, signature.args[0], array, [arguments[1]], wraparound=False
        )
        byte = ir.IntType(8).as_pointer()
        flag = ir.IntType(32)
        hint = builder.module.declare_intrinsic(
            "llvm.prefetch", [byte], ir.FunctionType(ir.VoidType(), [byte, flag, flag, flag])
        )
        builder.call(hint, [builder.bitcast(place, byte), flag(0), flag(3), flag(1)])
        return context.get_dummy_value()

    return types.void(records, types.intp), generate


def prefetch(records: Any, index: int) -> None:
    """Have the first cache line of a record read ahead of its use; means nothing when interpreted."""


@overload(prefetch, jit_options={"forceinline": True})
def _prefetch_in_kernels(records: Any, index: Any) -> Any:
    def ahead(records: Any, index: Any) -> Any:
        _prefetched(records, index)

    return ahead
