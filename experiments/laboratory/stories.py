"""Every story of one world followed from its source: the run, its tellings on disk, what they did."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from experiments.laboratory.attribution import Attribution
from experiments.laboratory.genealogy import TELLING, Array, trace
from experiments.laboratory.stories_file import TellingsFile, tellings_in
from experiments.laboratory.stories_reach import Reach, Reproduction
from experiments.laboratory.stories_worst import Change, Counterfactuals, worst_of
from sim.outcome import Outcome
from sim.scenario import Scenario

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Worst:
    """The failures that cost reputation most, and what other lives would have changed.

    Attributes
    ----------
    cases : pandas.DataFrame
        Rows of the table of failures, worst first.
    answered, spared : sequence of Change
        By case: had it been answered at once and in full; had it not happened.
    answered_together, spared_together : Change or None
        All of them at once; `None` where there are none.
    """

    cases: pd.DataFrame
    answered: Sequence[Change]
    spared: Sequence[Change]
    answered_together: Change | None
    spared_together: Change | None


@dataclass(frozen=True)
class Stories:
    """What became of the stories of one world.

    Attributes
    ----------
    scenario, outcome
        What was run, and what came of it.
    sources : dict
        Points of reputation by source (`experiments.laboratory.attribution.SOURCES`); from 50 they add up to it.
    turned : dict
        Decisions to buy that stories turned, in people, by source of stories.
    decisions : int
        How many decisions to buy or not there were.
    expected : float
        How many to buy were to be expected of these, as people thought.
    failures : pandas.DataFrame
        A row a failure, worst first: see `Reach.table`.
    origins : pandas.DataFrame
        A row an event that was told of: see `Attribution.origins`.
    reproduction : pandas.DataFrame
        See `Reproduction.table`.
    worst : Worst
        The failures that did most harm.
    tree : structured array
        The tellings of the very worst, dtype `TELLING`; empty where there is none.
    """

    scenario: Scenario
    outcome: Outcome
    sources: dict[str, float]
    turned: dict[str, float]
    decisions: int
    expected: float
    failures: pd.DataFrame
    origins: pd.DataFrame
    reproduction: pd.DataFrame
    worst: Worst
    tree: Array

    @property
    def good(self) -> int:
        """Tellings of good stories."""
        return int(self.outcome.totals["good_stories"] or 0)

    @property
    def bad(self) -> int:
        """Tellings of bad stories."""
        return int(self.outcome.totals["bad_stories"] or 0)

    def rate(self, story: str) -> Any:
        """Return the row of the reproduction of "good" or "bad" stories over all hops."""
        table = self.reproduction
        return table[(table["story"] == story) & table["hop"].isna()].iloc[0]


def follow(
    scenario: Scenario, network: Any, file: Path, worst: int = 5, progress: Progress | None = None
) -> Stories:
    """Run a scenario, keep its tellings in a file, and trace what they did to their source.

    Parameters
    ----------
    scenario, network
        What to run, and on which ties.
    file : Path
        The Parquet file for the tellings, a row each, by day; columns are those of `TELLING`.
    worst : int
        How many of the failures that did most harm to live otherwise.
    progress : callable, optional
        Told how many of the runs are done.
    """
    advance = progress or (lambda done, total: None)
    with TellingsFile(file) as tellings:
        traced = trace(scenario, network, tellings.keep)
    attribution, reach, reproduction = Attribution(traced), Reach(traced), Reproduction(traced)
    for page in tellings_in(file):
        for each in (attribution, reach, reproduction):
            each.add(page)
    failures = reach.table(attribution)
    if network.labels is not None:
        failures.insert(1, "label", [str(network.labels[row]) for row in failures["person"]])
    cases = worst_of(failures, worst)
    runs = 1 + (2 * len(cases) + 2 if len(cases) else 0)
    advance(1, runs)
    outcome = traced.run.outcome(final=True)
    found = _worst(
        Counterfactuals(scenario, network, outcome), cases, lambda done: advance(done, runs)
    )
    return Stories(
        scenario, outcome, dict(attribution.sources), dict(attribution.turned),
        len(traced.decisions), attribution.decided.expected, failures, attribution.origins,
        reproduction.table(), found, story_of(file, cases),
    )  # fmt: skip


def _worst(lives: Counterfactuals, cases: pd.DataFrame, advance: Callable[[int], None]) -> Worst:
    keys = list(zip(cases["person"].tolist(), cases["day"].tolist(), strict=True))
    changes: dict[str, list[Change]] = {"treated": [], "spared": []}
    together: dict[str, Change | None] = {"treated": None, "spared": None}
    done = 1
    for what in ("treated", "spared"):
        for key in keys:
            changes[what].append(lives.change([key], what))
            advance(done := done + 1)
        if keys:
            together[what] = lives.change(keys, what)
            advance(done := done + 1)
    return Worst(
        cases, changes["treated"], changes["spared"], together["treated"], together["spared"]
    )


def story_of(file: Path, cases: pd.DataFrame) -> Array:
    """Return the tellings, in a file, of the first of some cases; none where there is no case."""
    if cases.empty:
        return np.zeros(0, TELLING)
    person, day = int(cases["person"].iloc[0]), int(cases["day"].iloc[0])
    return np.concatenate(
        [
            page[(page["origin_person"] == person) & (page["origin_day"] == day)]
            for page in tellings_in(file)
        ]
    )
