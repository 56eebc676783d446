"""A batch of runs as two tables: a summary row for each run, and the rows of their series.

The columns of both are the same in every batch of a folder, in order and type, so that pandas,
DuckDB and Arrow read a folder as one table. What is undefined is null.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, get_args

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from experiments.engine.runner import Run
from experiments.outcomes import MEASURES
from experiments.planning.plan import Job
from experiments.sections.keys import parameter_of
from sim.errors import InputError

Pair = tuple[Job, Run]

SCHEMA = "1"
"""Version of the columns and of the metadata."""

PLACE = {"identity": pa.string(), "cell": pa.int64(), "policy": pa.string(), "seed": pa.uint64()}
"""Columns that say which run a row is of."""

MAKING = {
    "digest": pa.string(), "people": pa.int64(), "ties": pa.int64(), "seconds": pa.float64(),
}  # fmt: skip
"""Columns that say how a run was made."""

PASSING = ("cell", "seconds")
"""Columns that are no part of the result: they depend on the plan and on the machine."""

_TYPES: dict[Any, pa.DataType] = {bool: pa.bool_(), int: pa.int64(), float: pa.float64()}


def key_type(key: str) -> pa.DataType:
    """Return the type of the column of a point's key: that of the parameter which it sets."""
    annotation = parameter_of(key).field.annotation
    kinds = (annotation, *get_args(annotation))
    return next((_TYPES[kind] for kind in kinds if kind in _TYPES), pa.string())


def runs_table(pairs: Sequence[Pair], keys: Sequence[str]) -> pa.Table:
    """Return a row for each run: its place, one column a key of its point, outcomes, its making."""
    jobs, runs = [job for job, _ in pairs], [run for _, run in pairs]
    columns: dict[str, Any] = {
        "identity": [job.identity for job in jobs],
        "cell": [job.cell for job in jobs],
        "policy": [job.policy for job in jobs],
        "seed": [job.seed for job in jobs],
    }
    types = dict(PLACE)
    for key in keys:
        columns[key] = [job.point.get(key) for job in jobs]
        types[key] = key_type(key)
    for name in _outcomes(runs):
        values = [run.values[name] for run in runs]
        columns[name] = pa.array(np.array(values, np.float64), from_pandas=True)
        types[name] = pa.float64()
    for name in MAKING:
        columns[name] = [getattr(run, name) for run in runs]
    return pa.table(columns, pa.schema({**types, **MAKING}.items()))


def _outcomes(runs: Sequence[Run]) -> list[str]:
    """Return the outcomes of the runs in the order in which they are listed everywhere."""
    names = runs[0].values.keys()
    return [*(n for n in MEASURES if n in names), *sorted(n for n in names if n not in MEASURES)]


def series_table(pairs: Sequence[Pair]) -> pa.Table:
    """Return a row for each run and measuring day."""
    lengths = [len(run.series) for _, run in pairs]
    names = pairs[0][1].columns
    numbers = np.concatenate([run.series for _, run in pairs]).T
    columns: dict[str, Any] = {
        "identity": _repeated([job.identity for job, _ in pairs], lengths),
        "policy": _repeated([job.policy for job, _ in pairs], lengths),
        "seed": np.repeat(np.array([job.seed for job, _ in pairs], np.uint64), lengths),
    }
    for name, column in zip(names, numbers, strict=True):
        columns[name] = pa.array(np.ascontiguousarray(column), from_pandas=True)
    return pa.table(columns)


def _repeated(texts: list[str], lengths: list[int]) -> pa.Array:
    return pa.array(texts, pa.string()).take(np.repeat(np.arange(len(texts)), lengths))


def to_bytes(table: pa.Table, metadata: Mapping[str, str]) -> bytes:
    """Return a table as the bytes of a Parquet file, with checksums of its pages."""
    sink = pa.BufferOutputStream()
    repeating = [name for name in ("identity", "policy") if _repeats(table, name)]
    with pq.ParquetWriter(
        sink,
        table.schema,
        compression="zstd",
        use_dictionary=repeating,
        write_page_checksum=True,
        write_statistics=["policy", "seed"],
        store_schema=False,
    ) as writer:
        writer.write_table(table)
        writer.add_key_value_metadata({f"amends.{key}": text for key, text in metadata.items()})
    data: bytes = sink.getvalue().to_pybytes()
    return data


def _repeats(table: pa.Table, name: str) -> bool:
    """Return whether a column is worth a dictionary: each run has its identity but once."""
    return name != "identity" or "digest" not in table.column_names


def read(data: bytes, columns: list[str] | None = None) -> pa.Table:
    """Return the table, or some columns of it, that a Parquet file's bytes hold."""
    return told(data, columns)[1]


def told(data: bytes, columns: list[str] | None = None) -> tuple[dict[str, str], pa.Table]:
    """Return what a file says of itself (`schema`, `model`, `base`, `series`), and its table."""
    file = pq.ParquetFile(pa.BufferReader(data), page_checksum_verification=True)
    said = {
        key.decode().removeprefix("amends."): text.decode()
        for key, text in (file.metadata.metadata or {}).items()
        if key.startswith(b"amends.")
    }
    return said, file.read(columns=columns, use_threads=False)


def check_keys(keys: Iterable[str]) -> None:
    """Refuse a point's key that would be taken for another column of the table."""
    for key in keys:
        if key in {**PLACE, **MAKING, **MEASURES}:
            raise InputError(
                f"{key} cannot be varied by a design: its values would stand in a column of the "
                "results that already means something else"
            )


def fingerprints(table: pa.Table) -> list[bytes]:
    """Return the SHA-256 of each row's content: names and values of all columns but `PASSING`."""
    names = sorted(set(table.column_names) - set(PASSING))
    kinds = [[name, str(table.schema.field(name).type)] for name in names]
    heading = hashlib.sha256(json.dumps(kinds).encode()).digest()
    parts = [_bytes(table.column(name).combine_chunks()) for name in names]
    rows = np.ascontiguousarray(np.concatenate(parts, axis=1)) if parts else np.empty((0, 0))
    return [hashlib.sha256(heading + row.tobytes()).digest() for row in rows]


def _bytes(column: pa.Array) -> NDArray[np.uint8]:
    """Return a column as bytes [rows, width]: whether a value is there, and the value."""
    there = column.is_valid().to_numpy(zero_copy_only=False).astype(np.uint8)[:, None]
    if pa.types.is_string(column.type):
        words = column.dictionary_encode()
        known = [hashlib.sha256(word.encode()).digest() for word in words.dictionary.to_pylist()]
        table = np.frombuffer(b"".join(known), np.uint8).reshape(-1, 32)
        at = words.indices.fill_null(0).to_numpy(zero_copy_only=False)
        values = table[at] if len(table) else np.zeros((len(column), 32), np.uint8)
    else:
        plain = column.fill_null(False if pa.types.is_boolean(column.type) else 0)
        numbers = plain.to_numpy(zero_copy_only=False)
        little = np.ascontiguousarray(numbers.astype(numbers.dtype.newbyteorder("<")))
        values = little.view(np.uint8).reshape(len(column), -1)
    return np.concatenate([there, values * there], axis=1)


def digest(identities: Iterable[str], rows: Iterable[bytes]) -> str:
    """Return the SHA-256 of rows by their fingerprints, each run once, whatever their order."""
    content = dict(zip(identities, rows, strict=True))
    return hashlib.sha256(b"".join(content[identity] for identity in sorted(content))).hexdigest()
