"""Tellings kept on disk as they come, so that a long run needs no more memory than a short one."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from experiments.laboratory.genealogy import TELLING, Array
from sim.ties import TIE_NAMES

BATCH = 1 << 16
"""Tellings that are read at once."""

_NAMED = pa.dictionary(pa.int8(), pa.string())

_SCHEMA = pa.schema(
    [
        (name, _NAMED if name == "tie" else pa.from_numpy_dtype(kind[0]))
        for name, kind in (TELLING.fields or {}).items()
    ]
)


class TellingsFile:
    """A Parquet file of tellings, written chunk by chunk.

    Use it in a `with` block; `keep` is what `experiments.laboratory.genealogy.trace` wants.

    Parameters
    ----------
    path : Path
        The file to write.
    """

    def __init__(self, path: Path) -> None:
        self.writer: Any = pq.ParquetWriter(path, _SCHEMA)

    def __enter__(self) -> "TellingsFile":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:  # fmt: skip
        self.writer.close()

    def keep(self, tellings: Array) -> None:
        """Write some tellings."""
        columns = [pa.array(np.ascontiguousarray(tellings[field.name])) for field in _SCHEMA]
        tie = _SCHEMA.get_field_index("tie")
        columns[tie] = pa.DictionaryArray.from_arrays(columns[tie], list(TIE_NAMES))
        self.writer.write_table(pa.table(columns, schema=_SCHEMA))


def tellings_in(path: Path) -> Iterator[Array]:
    """Return the tellings of a file, in their order, some at a time, as arrays of dtype `TELLING`."""
    with pq.ParquetFile(path, read_dictionary=["tie"]) as file:
        for batch in file.iter_batches(BATCH):
            page = np.zeros(batch.num_rows, TELLING)
            for name in TELLING.names or ():
                if name != "tie":
                    page[name] = batch.column(name).to_numpy(zero_copy_only=False)
            ties = batch.column("tie")
            codes = [TIE_NAMES.index(word) for word in ties.dictionary.to_pylist()]
            page["tie"] = np.array(codes, np.int8)[ties.indices.to_numpy()]
            yield page


@contextmanager
def place_for(folder: Path | None) -> Iterator[Path]:
    """Return where tellings are kept: in a results folder, or until the end of the block."""
    if folder is not None:
        yield folder / "tellings.parquet"
        return
    with tempfile.TemporaryDirectory(prefix="amends-") as scratch:
        yield Path(scratch) / "tellings.parquet"
