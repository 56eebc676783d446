"""The results of a sweep as tables: from its folder, or as they come from the runner.

Reading changes nothing in the folder and takes no lock, so it may be done while a sweep is at work.
Each file is checked before it is believed; a damaged one is named in a warning and left out.
"""

import math
import os
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from experiments.extras import extra
from experiments.storage import batches, folder
from experiments.storage.batches import PLACE, Pair
from experiments.storage.durable import Damaged
from sim.errors import InputError


class _Part(NamedTuple):
    """The summary rows of a batch that count, and what reads their series."""

    runs: pa.Table
    series: Callable[[], pa.Table]
    whole: bool
    """Whether all rows of the series count too."""


class Results:
    """What came of a sweep.

    Attributes
    ----------
    experiment : dict
        The experiment, resolved; empty where the results were made without one.
    keys : tuple of str
        The keys that the design varied, each a column of `runs`.
    """

    def __init__(
        self,
        parts: Sequence[_Part],
        *,
        experiment: Mapping[str, Any] | None = None,
        keys: Sequence[str] = (),
        failures: Sequence[Mapping[str, Any]] = (),
    ) -> None:
        self.experiment: dict[str, Any] = dict(experiment or {})
        self.keys = tuple(keys)
        self._failures = failures
        self._parts = list(parts)

    @classmethod
    def of(
        cls,
        pairs: Sequence[Pair],
        *,
        experiment: Mapping[str, Any] | None = None,
        keys: Sequence[str] | None = None,
        failures: Sequence[Mapping[str, Any]] = (),
    ) -> Self:
        """Return the results of runs that are in memory.

        Parameters
        ----------
        pairs
            Each run with its job.
        experiment
            What was run, as `Experiment.resolved()` gives it.
        keys
            The keys that the design varied; those that the points name unless given.
        failures
            Records of runs that failed.
        """
        found = dict.fromkeys(key for job, _ in pairs for key in job.point)
        columns = tuple(found if keys is None else keys)
        batches.check_keys(columns)
        kept = list({job.identity: (job, run) for job, run in pairs}.values())
        parts = (
            [_Part(batches.runs_table(kept, columns), lambda: batches.series_table(kept), True)]
            if kept
            else []
        )
        return cls(_once(parts), experiment=experiment, keys=columns, failures=failures)

    @cached_property
    def runs(self) -> Any:
        """A DataFrame with a row for each run, by cell and seed.

        Columns `identity`, `cell`, `policy`, `seed`, one for each of `keys` (missing where a point
        does not set it), every outcome (missing where undefined), `digest` of the whole outcome,
        `people`, `ties`, and `seconds` in the kernel.
        """
        return self._table.to_pandas()

    @property
    def series(self) -> Any:
        """A DataFrame with a row for each run and measuring day, in the order of `runs`.

        It is read anew each time and may be large: `series_parts` gives it piece by piece.
        """
        tables = list(self._series())
        if not tables:
            return pa.table(
                {name: [] for name in ("identity", "policy", "seed", "day")}
            ).to_pandas()
        table = pa.concat_tables(tables)
        rank = pc.index_in(table.column("identity"), self._table.column("identity"))
        order = np.argsort(rank.to_numpy(), kind="stable")
        return table.take(pa.array(order)).to_pandas()

    def series_parts(self) -> Iterator[Any]:
        """Return DataFrames that make up the series, one batch of runs after another."""
        return (table.to_pandas() for table in self._series())

    @property
    def failures(self) -> Any:
        """A DataFrame of the runs that failed: `identity`, `policy`, `seed`, `point`, `error`, `traceback`."""
        import pandas as pd

        columns = ["identity", "policy", "seed", "point", "error", "traceback"]
        return pd.DataFrame(list(self._failures), columns=columns)

    @cached_property
    def digest(self) -> str:
        """SHA-256 over the content of the runs, whatever their order, files and workers."""
        identities: list[str] = []
        rows: list[bytes] = []
        for part in self._parts:
            identities += part.runs.column("identity").to_pylist()
            rows += batches.fingerprints(part.runs)
        return batches.digest(identities, rows)

    def select(self, cells: Mapping[str, int]) -> "Results":
        """Return the runs of a plan alone.

        Parameters
        ----------
        cells
            Identity of each run, and the number of its cell in the plan.
        """
        chosen = []
        for part in self._parts:
            places = [cells.get(each) for each in part.runs.column("identity").to_pylist()]
            mask = pa.array([place is not None for place in places])
            numbers = pa.array([place for place in places if place is not None], pa.int64())
            at = part.runs.schema.get_field_index("cell")
            runs = part.runs.filter(mask).set_column(at, "cell", numbers)
            if runs.num_rows:
                whole = part.whole and runs.num_rows == part.runs.num_rows
                chosen.append(_Part(runs, part.series, whole))
        failures = [each for each in self._failures if each["identity"] in cells]
        return Results(chosen, experiment=self.experiment, keys=self.keys, failures=failures)

    def to_xarray(self) -> Any:
        """Return the outcomes as an `xarray.Dataset`.

        Where the design is a product, its dimensions are the keys, `policy` and `seed`, a limit
        that is set to none being infinite; where it is not, there is one dimension `run` that
        these label.

        Raises
        ------
        InputError
            If xarray is not installed: it comes with `amends[analysis]`.
        """
        xarray = extra("xarray", "analysis")
        labels = [*self.keys, "policy", "seed"]
        frame = self.runs.drop(columns=[name for name in PLACE if name not in labels])
        numbers = [key for key in self.keys if frame[key].dtype.kind == "f"]
        limits = frame.fillna(dict.fromkeys(numbers, math.inf))
        if _is_product(limits, labels):
            dataset = xarray.Dataset.from_dataframe(limits.set_index(labels))
        else:
            dataset = xarray.Dataset.from_dataframe(frame.rename_axis("run")).set_coords(labels)
        return _described(dataset)

    @cached_property
    def _table(self) -> pa.Table:
        if not self._parts:
            return pa.table({name: pa.array([], kind) for name, kind in PLACE.items()})
        table = pa.concat_tables([part.runs for part in self._parts]).combine_chunks()
        return table.sort_by(
            [(name, "ascending") for name in ("cell", "policy", "seed", "identity")]
        )

    def _series(self) -> Iterator[pa.Table]:
        for part in self._parts:
            try:
                table = part.series()
            except Damaged as damage:
                warnings.warn(str(damage), stacklevel=3)
                continue
            if not part.whole:
                chosen = part.runs.column("identity").combine_chunks()
                table = table.filter(pc.is_in(table.column("identity"), chosen))
            yield table


def open_results(path: str | os.PathLike[str]) -> Results:
    """Return the results in a folder that `amends sweep` wrote.

    Raises
    ------
    InputError
        If it is no such folder.

    Warns
    -----
    UserWarning
        Naming each file that is damaged; its runs are left out.
    """
    place = Path(path)
    manifest = folder.read_manifest(place)
    parts = [
        _Part(batch.runs, _reader(batch.series), True)
        for batch in folder.good_batches(place, _warn)
    ]
    _check_columns(place, parts)
    done = {each for part in parts for each in part.runs.column("identity").to_pylist()}
    return Results(
        _renumbered(_once(parts), manifest["keys"]),
        experiment=manifest["experiment"],
        keys=manifest["keys"],
        failures=folder.failures(place, done),
    )


def _renumbered(parts: list[_Part], keys: Sequence[str]) -> list[_Part]:
    """Return the parts with a number of its own for each pair of policy and point.

    A folder may have been gone on with at other points, which are numbered from 0 again.
    """
    if not parts:
        return parts
    names = ["policy", *keys]
    table = pa.concat_tables([part.runs.select(["cell", *names]) for part in parts])
    frame = table.to_pandas()
    groups = frame.groupby(names, dropna=False, sort=False).ngroup()
    if (
        len({*zip(frame["cell"], groups, strict=True)})
        == groups.nunique()
        == frame["cell"].nunique()
    ):
        return parts
    made, start = [], 0
    for part in parts:
        numbers = pa.array(groups.iloc[start : start + part.runs.num_rows])
        start += part.runs.num_rows
        at = part.runs.schema.get_field_index("cell")
        numbers = numbers.cast(part.runs.schema.field("cell").type)
        made.append(part._replace(runs=part.runs.set_column(at, "cell", numbers)))
    return made


def _once(parts: Sequence[_Part]) -> list[_Part]:
    """Return the parts with every run in one of them only."""
    seen: set[str] = set()
    kept = []
    for part in parts:
        identities = part.runs.column("identity").to_pylist()
        new = set(identities) - seen
        if len(new) == len(identities):
            kept.append(part)
        elif new:
            chosen = pc.is_in(part.runs.column("identity"), pa.array(sorted(new)))
            kept.append(_Part(part.runs.filter(chosen), part.series, False))
        seen.update(new)
    return kept


def _check_columns(place: Path, parts: Sequence[_Part]) -> None:
    schemas = {tuple(part.runs.schema.names): part for part in parts}
    if len(schemas) > 1:
        raise InputError(
            f"{place / folder.RUNS} holds files with different columns, which amends did not write "
            "there together: `amends verify` names them"
        )


def _reader(path: Path) -> Callable[[], pa.Table]:
    def read() -> pa.Table:
        try:
            return folder.series(path)
        except Damaged as damage:
            raise Damaged(_left_out(path, str(damage))) from None

    return read


def _warn(path: Path, why: str) -> None:
    warnings.warn(_left_out(path, why), stacklevel=4)


def _left_out(path: Path, why: str) -> str:
    return f"{path} {why}; it is left out: start the same sweep again to do its runs anew"


def _is_product(frame: Any, labels: Sequence[str]) -> bool:
    """Tell whether there is one row for each combination of the labels, and each label is known."""
    if frame.empty or frame[labels].isna().any(axis=None) or frame.duplicated(labels).any():
        return False
    return len(frame) == math.prod(int(frame[label].nunique()) for label in labels)


def _described(dataset: Any) -> Any:
    """Give each outcome its unit and meaning, as xarray keeps them."""
    from experiments.outcomes import MEASURES

    for name, measure in MEASURES.items():
        if name in dataset:
            dataset[name].attrs = {"long_name": measure.label, "units": measure.unit}
    return dataset
