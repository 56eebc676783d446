"""What kernels do below the level of Python: each has its meaning in Python beside it."""

import math
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic, overload


def _without_owners(context: Any, builder: Any, kind: Any, value: Any) -> Any:
    """Return an array, or a tuple of such, that does not count who refers to it."""
    if isinstance(kind, types.Array):
        array = cgutils.create_struct_proxy(kind)(context, builder, value)
        array.meminfo = cgutils.get_null_value(array.meminfo.type)
        array.parent = cgutils.get_null_value(array.parent.type)
        return array._getvalue()
    if isinstance(kind, types.containers.BaseTuple):
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


def _signed(word: int) -> int:
    word &= 0xFFFFFFFFFFFFFFFF
    return word - (1 << 64) if word >> 63 else word


def wrapping_sum(a: int, b: int) -> int:
    """Return the sum of two signed 64-bit words, wrapped round to one."""
    return _signed(a + b)


@overload(wrapping_sum, jit_options={"forceinline": True})
def _sum_in_kernels(a: Any, b: Any) -> Any:
    def add(a: Any, b: Any) -> Any:
        return a + b

    return add


def wide_product(a: int, b: int) -> tuple[int, int]:
    """Return the high and the low word of the unsigned product of two 64-bit words.

    Words are written as signed numbers, as kernels hold them.
    """
    product = (a & 0xFFFFFFFFFFFFFFFF) * (b & 0xFFFFFFFFFFFFFFFF)
    return _signed(product >> 64), _signed(product)


@intrinsic
def _wide_product(_typing: Any, a: Any, b: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        wide, word = ir.IntType(128), ir.IntType(64)
        left, right = (builder.zext(argument, wide) for argument in arguments)
        product = builder.mul(left, right)
        high = builder.trunc(builder.lshr(product, wide(64)), word)
        halves = [high, builder.trunc(product, word)]
        return context.make_tuple(builder, signature.return_type, halves)

    pair: Any = types.Tuple((types.int64, types.int64))
    return pair(types.int64, types.int64), generate


@overload(wide_product, jit_options={"forceinline": True})
def _product_in_kernels(a: Any, b: Any) -> Any:
    def multiply(a: Any, b: Any) -> Any:
        return _wide_product(a, b)

    return multiply


def parted(x: float) -> tuple[float, int]:
    """Return m in [.5, 1) and e with x = m * 2**e, for a positive number that is not minute."""
    return math.frexp(x)


@intrinsic
def _parted(_typing: Any, x: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        word = ir.IntType(64)
        bits = builder.bitcast(arguments[0], word)
        exponent = builder.sub(builder.lshr(bits, word(52)), word(1022))
        half = builder.or_(builder.and_(bits, word(2**52 - 1)), word(1022 << 52))
        parts = [builder.bitcast(half, ir.DoubleType()), exponent]
        return context.make_tuple(builder, signature.return_type, parts)

    pair: Any = types.Tuple((types.float64, types.int64))
    return pair(types.float64), generate


@overload(parted, jit_options={"forceinline": True})
def _parted_in_kernels(x: Any) -> Any:
    def part(x: Any) -> Any:
        return _parted(x)

    return part
