"""What an examination of failures found: in words, as JSON, and as a folder of tables and pictures."""

from collections.abc import Collection
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from experiments.laboratory.lives import FOLLOWED, Array
from experiments.laboratory.paradox import EFFECTS, MILD, Examination
from experiments.laboratory.paradox_conclusion import conclude, count_of
from experiments.methods.statistics import Interval, mean_interval
from experiments.networks import portable
from experiments.wording import figure

if TYPE_CHECKING:
    from experiments.output import ResultsFolder

SHARES = {
    "satisfaction": "satisfaction", "intention": "intention to buy again",
    "word_of_mouth": "word of mouth", "visits": "visits", "staying": "staying",
}  # fmt: skip
"""In what a customer can be better off, in words."""

_PARTS = ("mean", "low", "high")

NAMES = ("as it was answered", "never answered", "never failed")
"""The three lives, in words."""


def to_json(found: Examination) -> dict[str, Any]:
    """Return the result as plain data."""
    return {
        "name": found.experiment.name,
        "failures_examined": found.examined,
        "failures_answered": len(found.heard),
        "better_off_share": float(found.better_off["satisfaction"].mean)
        if len(found.heard)
        else None,
        "better_off": {
            name: dict(zip(_PARTS, map(float, interval), strict=True))
            for name, interval in (found.better_off if len(found.heard) else {}).items()
        },
        "effects": _records(found.effects("severity_bin", "compensation")),
        "map": _records(found.effects("severity_bin", "compensation", "delay")),
        "answer_effects": _records(found.effects("severity_bin", "compensation", of="answer_")),
        "disturbance": {name: float(found.disturbance[name].abs().mean()) for name in FOLLOWED}
        if len(found.disturbance)
        else {},
        "disturbance_of_means": {
            name: dict(zip(_PARTS, map(float, each), strict=True))
            for name, each in disturbed(found).items()
        },
        "conclusion": conclude(found),
    }


def _records(table: pd.DataFrame) -> list[dict[str, Any]]:
    records = []
    for row in table.to_dict("records"):
        low, high = map(float, str(row["severity_bin"]).split(" to "))
        record: dict[str, Any] = {"severity": [low, high], "generosity": row["compensation"]}
        if "delay" in row:
            record["delay"] = row["delay"]
        record["failures"] = row["failures"]
        for name in EFFECTS:
            record[name] = {part: row[f"{name}_{part}"] for part in ("mean", "low", "high")}
        records.append(record)
    return records


def disturbed(found: Examination) -> dict[str, Interval]:
    """Return by how much the mean of each effect differs, with its 95% interval, when failures are
    examined together; nothing where fewer than two were examined alone."""
    if len(found.disturbance) < 2:
        return {}
    apart = mean_interval(found.disturbance.to_numpy(np.float64).T)
    return {name: Interval(*(part[i] for part in apart)) for i, name in enumerate(FOLLOWED)}


def show(found: Examination) -> None:
    """Show the effects by severity on the screen."""
    from rich.text import Text

    from experiments.tables import console, table

    shown = {"satisfaction": 2, "intention": 2, "staying": 2, "good_stories": 1, "bad_stories": 1}
    first = found.first.assign(everything="all")
    groups = [found.effects(by, only=first) for by in ("severity_bin", "everything")]
    rows = []
    for row in (row for group in groups for row in group.to_dict("records")):
        cells = [str(row.get("severity_bin", "all")), f"{row['failures']:,}"]
        for effect, places in shown.items():
            mean, low, high = (figure(float(row[f"{effect}_{part}"]), places) for part in _PARTS)
            cells.append(f"{mean}\n{'-' if low == 'nan' else f'{low}, {high}'}")
        rows.append(cells)
    screen = console()
    if rows:
        screen.print(
            "Effect of a first failure that was answered: the same customers' lives with it less those "
            "without\nit, in the mean; below each mean the ends of its 95% interval"
        )
        heads = [each.replace("_", " ") for each in ("severity", "failures", *shown)]
        screen.print(table(heads, rows))
    screen.print(Text(conclude(found), style="bold"))


def write(folder: "ResultsFolder", found: Examination) -> None:
    """Write all that there is to keep of an examination."""
    from experiments.plots import save

    folder.table("failures", found.failures.astype({"severity_bin": "string"}))
    groups = {"severity_bin": ("severity_bin",), "repeated": ("repeated",), "delay": ("delay",),
              "compensation": ("compensation",), "apology": ("apology",),
              "control": ("control_bin",), "stability": ("stability_bin",),
              "map": ("severity_bin", "compensation", "delay")}  # fmt: skip
    for name, by in groups.items():
        if len(found.heard):
            table = found.effects(*by).astype(dict.fromkeys(by, "string"))
            folder.table(f"effects-by-{name.replace('_', '-')}", table)
    drawn = pictures(found)
    for name, picture in drawn.items():
        save(picture, folder.path, name)
    folder.text("report.md", report(found, drawn))
    experiment = found.experiment
    folder.provenance = {
        "result": {"conclusion": conclude(found), "failures_examined": found.examined},
        "experiment": experiment.resolved()
        | {"scenario": portable(experiment.scenario, folder.target).resolved()},
    }


def pictures(found: Examination) -> dict[str, Any]:
    """Return the pictures by the name of their files."""
    from experiments.plots import paradox as plots

    if not len(found.first):
        return {}
    cells = found.effects("severity_bin", "compensation", "delay", only=found.first)
    drawn: dict[str, Any] = {}
    for name, words in (("satisfaction", "satisfaction (on a scale from -1 to 1)"),
                        ("intention", "intention to buy again (chance)")):  # fmt: skip
        table = cells.rename(columns={"compensation": "across", **{
            f"{name}_{part}": part for part in ("mean", "low", "high")}})  # fmt: skip
        drawn[f"map_{name}"] = plots.paradox_map(
            table, f"effect of the failure on {words}",
            f"{found.experiment.name}: a first failure, answered, against no failure; "
            f"{found.asked.asked_after} days later",
            "given back (share of the price)",
        )  # fmt: skip
    heard = found.heard
    mild = heard["severity"] <= MILD
    shares = pd.DataFrame(
        [{"label": SHARES[name], **found.better_off[name]._asdict()} for name in SHARES]
    )
    drawn["customers"] = plots.individual(
        {f"mild (severity up to {MILD})": heard.loc[mild, "satisfaction"].to_numpy(),
         f"severe (above {MILD})": heard.loc[~mild, "satisfaction"].to_numpy()},
        "effect on satisfaction (scale from -1 to 1)", shares,
        f"{found.experiment.name}: who is better off for having been failed?",
        f"Failures that the firm learnt of and answered: {count_of(found)}. On the right, 95% "
        "intervals count each failure once. Word of mouth: good stories told less bad ones.",
    )  # fmt: skip
    best = _best(found)
    panels = {
        "satisfaction": "satisfaction (-1 to 1)", "intention": "intention to buy again (chance)",
        "staying": "share still customers",
    }  # fmt: skip
    rows = {
        f"after a {name} first failure": {
            panel: (unit, _within(panel, lives[:, FOLLOWED.index(panel)]))
            for panel, unit in panels.items()
        }
        for name, lives in found.curves[best].items()
    }
    if rows:
        drawn["lives"] = plots.three_lives(
            found.days, rows, NAMES,
            f"{found.experiment.name}: three lives of the same customers ({best})",
        )  # fmt: skip
    return drawn


def _within(panel: str, lives: Array) -> Array:
    """Return curves with their bands held within what there can be."""
    low, high = (-1.0, 1.0) if panel == "satisfaction" else (0.0, 1.0)
    return np.clip(lives, low, high)


def _best(found: Examination) -> str:
    """Return the name of the cell under which answered customers end most satisfied."""
    at = FOLLOWED.index("satisfaction")

    def last(name: str) -> float:
        return sum(float(lives[0, at, 0, -1]) for lives in found.curves[name].values())

    return max(found.curves, key=last)


def report(found: Examination, drawn: Collection[str]) -> str:
    """Return a page that puts conclusion and the pictures that were drawn together."""
    titles = {
        "map_satisfaction": "Map of effects on satisfaction",
        "map_intention": "Map of effects on intention",
        "customers": "Effects customer by customer", "lives": "Three lives over time",
    }  # fmt: skip
    lines = [
        f"# {found.experiment.name}: better off failed and recovered?", "",
        conclude(found), "",
        f"{found.examined:,} times a failure was examined under an answer; {len(found.heard):,} of "
        "these the firm learnt of. Each customer lived three times in the same world: as it was "
        "answered, never answered, and never failed.", "",
        *(line for name, words in titles.items() if name in drawn
          for line in (f"![{words}]({name}.png)", "")),
    ]  # fmt: skip
    apart = disturbed(found)
    if apart:
        lines += [
            "## How far do they disturb each other?", "",
            "Failures examined in the same world can touch each other through talk. For "
            f"{len(found.disturbance)} of them, examined once more one at a time, an effect differed "
            "so:", "",
            "| effect | single effects, mean absolute | their mean, with its 95% interval |",
            "| --- | --- | --- |",
            *(f"| {name.replace('_', ' ')} | {figure(found.disturbance[name].abs().mean(), 3)} | "
              f"{figure(float(each.mean), 3)} "
              f"({figure(float(each.low), 3)} to {figure(float(each.high), 3)}) |"
              for name, each in apart.items()), "",
        ]  # fmt: skip
    return "\n".join(lines)
