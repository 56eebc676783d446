"""The results folder of a decomposition: its picture, tidy tables, and a page."""

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from experiments import plots
from experiments.grids import UNKNOWN, Grid, intervals
from experiments.laboratory.decompose_conclusion import WORDS
from experiments.laboratory.joining import COUNTS, VALUES
from experiments.laboratory.market import GAIN
from experiments.laboratory.switches import WORD_OF_MOUTH
from experiments.outcomes import MEASURES
from experiments.plots.panels import measured
from experiments.report import as_it_stands, cells, write_experiment
from experiments.wording import figure

if TYPE_CHECKING:
    from experiments.laboratory.decompose import Decomposition, Gain
    from experiments.laboratory.market import Market
    from experiments.output import ResultsFolder

_MOST_PANELS = 3
"""Outcomes in a picture; more cannot be read on a page."""

_CUSTOMERS = {
    "only_with": "would not have come", "sooner": "came sooner", "days": "by how many days",
    "same_day": "came on the same day", "later": "came later", "only_without": "kept away",
}  # fmt: skip
_VALUE = {
    "acceleration": "acceleration", "expansion": "expansion", "staying": "staying",
    "total": "all word of mouth",
}  # fmt: skip


def write(folder: "ResultsFolder", result: "Decomposition") -> None:
    """Write all that there is to keep of a decomposition."""
    folder.table("parts", parts_frame(result))
    folder.table("worlds", worlds_frame(result))
    if result.market is not None:
        folder.table("market", market_frame(result.market))
    plots.save(picture(result), folder.path, "decompose")
    folder.text("report.md", report(result))
    folder.provenance = {
        "result": {"conclusion": result.conclusion, "notes": list(result.notes)},
        "policy": result.policy,
        "experiment": write_experiment(folder, result.experiment).resolved(),
    }


def parts_frame(result: "Decomposition") -> pd.DataFrame:
    """Return a row per outcome and part; `total` is the whole difference."""
    rows = []
    for name, gain in result.gains.items():
        for part, names in {**{each: (each,) for each in gain.parts}, "total": ()}.items():
            rows.append({"outcome": name, "part": part, **gain.estimate(*names)._asdict()})
    return pd.DataFrame(rows)


def worlds_frame(result: "Decomposition") -> pd.DataFrame:
    """Return a row per outcome, part and world."""
    seeds = np.array(result.experiment.seeds, np.uint64)
    frames = [
        pd.DataFrame({"outcome": name, "part": part, "seed": seeds, "value": values})
        for name, gain in result.gains.items()
        for part, values in {**gain.parts, "total": gain.total}.items()
    ]
    made: pd.DataFrame = pd.concat(frames, ignore_index=True)
    return made


def market_frame(market: "Market") -> pd.DataFrame:
    """Return a row per policy, and the difference between them, and quantity."""
    rows = [
        {"policy": of, "quantity": name, **market.estimate(of, name)._asdict()}
        for of in (market.policy, market.baseline, GAIN)
        for name in (*COUNTS, "days", *VALUES, "total")
    ]
    return pd.DataFrame(rows)


def grids(result: "Decomposition", *outcomes: str) -> list[Grid]:
    """Return the tables: each outcome (those named, if any) by part, and the market."""
    made = [_parts_grid(result, result.gains[name]) for name in outcomes or result.gains]
    return made + ([] if result.market is None else _market_grids(result.market))


def _parts_grid(result: "Decomposition", gain: "Gain") -> Grid:
    measure = MEASURES[gain.outcome]
    unit = f" ({measure.unit})" if measure.unit else ""
    named = {WORDS[part]: (part,) for part in gain.parts}
    groups = {**named, "word of mouth in all": WORD_OF_MOUTH, "the whole gain": ()}
    found = [gain.estimate(*names) for names in groups.values()]
    known = [[None if value != value else value for value in each] for each in found]
    values = intervals([each[:3] for each in known])
    shares = intervals([[None if v is None else 100 * v for v in each[3:]] for each in known])
    rows = [
        (word, *value, share if share == UNKNOWN else f"{share}%", ends)
        for word, value, (share, ends) in zip(groups, values, shares, strict=True)
    ]
    rows[-1] = (*rows[-1][:3], UNKNOWN, UNKNOWN)
    title = f"{measure.label}{unit}: gain of {result.policy} over {result.baseline}"
    heads = ("part", "brings", "95% interval", "share", "95% interval")
    return Grid(title[:1].upper() + title[1:], heads, rows)


def _market_grids(market: "Market") -> list[Grid]:
    people = f"People won within {market.days} days by what word of mouth did (95% intervals)"
    value = "What word of mouth brings, in discounted margin per person (95% intervals)"
    return [_market_grid(market, _CUSTOMERS, people, 0), _market_grid(market, _VALUE, value, 2)]


def _market_grid(market: "Market", words: dict[str, str], title: str, places: int) -> Grid:
    def cell(of: str, name: str) -> str:
        mean, low, high = (figure(value, places) for value in market.estimate(of, name))
        return UNKNOWN if mean == "nan" else mean if low == "nan" else f"{mean} ({low} to {high})"

    sides = (market.policy, market.baseline, GAIN)
    rows = [(word, *(cell(of, name) for of in sides)) for name, word in words.items()]
    heads = ("", f"under {market.policy}", f"under {market.baseline}", "difference")
    return Grid(title, heads, rows)


def picture(result: "Decomposition") -> Any:
    """Return the picture: a waterfall per outcome, and the market beneath."""
    steps = []
    for gain in list(result.gains.values())[:_MOST_PANELS]:
        at = float(np.nanmean(gain.baseline))
        for part in ("own", *result.acting):
            found = gain.estimate(part)
            steps.append({"quantity": measured(MEASURES[gain.outcome]), "part": WORDS[part],
                          "start": at, **dict(zip(("mean", "low", "high"), found, strict=False))})  # fmt: skip
            at += found.mean
    count = len(result.experiment.seeds)
    over = f"{count} shared worlds" if count > 1 else "one world"
    below = (
        f"Above, read downwards: from the level under {result.baseline} to that under "
        f"{result.policy} (diamonds), part by part; hatched: a loss; lines: 95% intervals of each "
        f"part over {over}. Below: the same people with word of mouth and without it, in the same "
        "world."
    )
    return plots.waterfall(
        pd.DataFrame(steps), _market_rows(result.market), (result.baseline, result.policy),
        f"{result.experiment.name}: what {result.policy} gains over {result.baseline}, and by what",
        below if result.market is not None else below.partition(" Below:")[0],
    )  # fmt: skip


def _market_rows(market: "Market | None") -> pd.DataFrame | None:
    if market is None:
        return None
    people = {name: _CUSTOMERS[name] for name in ("only_with", "sooner", "later", "only_without")}
    value = {name: _VALUE[name] for name in ("expansion", "acceleration", "staying")}
    panels = (("customers by word of mouth", "customers", people),
              ("what they bring", "discounted margin (money per person in the market)", value))  # fmt: skip
    return pd.DataFrame([
        {"panel": panel, "unit": unit, "row": word, "of": i, **market.estimate(of, name)._asdict()}
        for panel, unit, words in panels
        for name, word in words.items()
        for i, of in enumerate((market.policy, market.baseline))
    ])  # fmt: skip


def report(result: "Decomposition") -> str:
    """Return the page: the conclusion first, then the picture, then the tables (Markdown)."""
    scenario = result.experiment.scenario
    parts = [
        f"# {as_it_stands(result.experiment.name)}",
        f"**{as_it_stands(result.conclusion)}**",
        *(as_it_stands(note) for note in result.notes),
        f"{as_it_stands(result.policy)} against {as_it_stands(result.baseline)} in "
        f"{len(result.experiment.seeds)} shared worlds of the scenario "
        f"{as_it_stands(scenario.name)}, {scenario.days} days.",
        "![From the baseline to the policy, part by part, and how the market grows](decompose.png)",
    ]
    for grid in grids(result):
        parts += [f"## {as_it_stands(grid.title)}", cells(grid)]
    return "\n\n".join([*parts, "## How to read on", _READ_ON]) + "\n"


_READ_ON = (
    "Parts are switched off under both policies alike, in the same worlds. What several parts do "
    "only together is shared equally among them (Shapley 1953); retelling, which is nothing without "
    "telling, has all that it adds to it. So the parts add up to the whole gain, world by world "
    "(`worlds.csv`). *Acceleration* is what those bring who would have come anyway, on another "
    "day; *expansion* those who would not have come, less those who were kept away (Libai, Muller & "
    "Peres 2013); *staying* is what word of mouth changes of customers whose first day it does not "
    "move. A customer who leaves and comes back counts from the first day. Value is discounted "
    "margin before the cost of recovery. `amends decompose experiment.yaml`, in this folder, gives "
    "these results again; where it names several policies, with the same `--policy`."
)
