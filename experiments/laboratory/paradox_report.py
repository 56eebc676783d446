"""What an examination of failures found: in words, as JSON, and as a folder of tables and pictures."""

from typing import TYPE_CHECKING, Any

import pandas as pd

from experiments.laboratory.lives import FOLLOWED
from experiments.laboratory.paradox import EFFECTS, Examination
from experiments.networks import portable
from experiments.wording import figure, percent

if TYPE_CHECKING:
    from experiments.output import ResultsFolder

SHARES = {
    "satisfaction": "satisfaction", "intention": "intention to buy again",
    "word_of_mouth": "word of mouth (good less bad)", "visits": "visits", "staying": "staying",
}  # fmt: skip
"""In what a customer can be better off, in words."""

_PARTS = ("mean", "low", "high")

NAMES = ("as it was answered", "never answered", "never failed")
"""The three lives, in words."""

MILD = 0.25
"""Failures up to this severity are called mild, the others severe (Magnini et al. 2007 find the
paradox after mild ones)."""


def conclude(found: Examination) -> str:
    """Say in a paragraph whether the paradox holds, where, and how sure that is."""
    heard = found.heard
    if not len(heard):
        return (
            "No failure that was examined came to the firm's ears, so nothing can be said of "
            "recovery; ask for complaints (policy.ease), examine more (paradox.share), or run "
            "more worlds (seeds)."
        )
    better = found.better_off
    said = [
        f"Of the failures that the firm learnt of and answered ({count_of(found)}), "
        f"{percent(float(better['satisfaction'].mean))} left the customer more satisfied "
        f"{found.asked.asked_after} days later than the same customer would have been without "
        f"the failure; {percent(float(better['intention'].mean))} with a higher intention to buy "
        f"again; and {percent(float(better['staying'].mean))} kept a customer who would otherwise "
        "have left."
    ]
    return " ".join([*said, _where(found)])


def count_of(found: Examination) -> str:
    """Return how many answered failures were examined, and how often."""
    heard = found.heard
    distinct = len(heard.groupby(["seed", "row", "day"]))
    if distinct == len(heard):
        return f"{distinct:,} examined"
    return f"{distinct:,} examined, under {len(heard) / distinct:.0f} answers each"


def _where(found: Examination) -> str:
    """Say for which failures the mean effect on satisfaction is above zero."""
    parts = []
    for name, inside in (("mild", found.heard["severity"] <= MILD),
                         ("severe", found.heard["severity"] > MILD)):  # fmt: skip
        effects = found.effects("repeated", only=found.heard[inside & ~found.heard["repeated"]])
        if effects.empty:
            continue
        mean, low, high = (float(effects[f"satisfaction_{part}"].iloc[0]) for part in _PARTS)
        sign = "is above zero" if low > 0 else "is below zero" if high < 0 else "may be zero"
        parts.append(
            f"after a first failure that was {name} (severity {'up to' if name == 'mild' else 'above'} "
            f"{MILD}) the mean effect {sign}: {figure(mean, 3)} ({figure(low, 3)} to {figure(high, 3)})"
        )
    return (", and ".join(parts)[:1].upper() + ", and ".join(parts)[1:] + ".") if parts else ""


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
            name: dict(zip(("mean", "low", "high"), map(float, interval), strict=True))
            for name, interval in (found.better_off if len(found.heard) else {}).items()
        },
        "effects": _records(found.effects("severity_bin", "compensation")),
        "map": _records(found.effects("severity_bin", "compensation", "delay")),
        "answer_effects": _records(found.effects("severity_bin", "compensation", of="answer_")),
        "disturbance": dict(found.disturbance),
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


def show(found: Examination) -> None:
    """Show the effects by severity on the screen."""
    from experiments.tables import console, table

    by_severity = found.effects("severity_bin", only=found.first)
    rows = []
    for row in by_severity.to_dict("records"):
        cells = [str(row["severity_bin"]), f"{row['failures']:,}"]
        for name in ("satisfaction", "intention", "staying", "good_stories", "bad_stories"):
            mean, low, high = (float(row[f"{name}_{part}"]) for part in ("mean", "low", "high"))
            places = 2 if "stories" not in name else 1
            cells.append(
                f"{figure(mean, places)} ({figure(low, places)} to {figure(high, places)})"
            )
        rows.append(cells)
    columns = ("severity", "failures", "satisfaction", "intention", "staying", "good stories",
               "bad stories")  # fmt: skip
    screen = console()
    screen.print(
        "Effect of a first failure that was answered, against no failure; means (95% interval):"
    )
    screen.print(table(columns, rows))
    screen.print(conclude(found))


def write(folder: "ResultsFolder", found: Examination) -> None:
    """Write all that there is to keep of an examination."""
    from experiments.plots import save

    folder.table("failures", found.failures.astype({"severity_bin": "string"}))
    groups = {"severity_bin": ("severity_bin",), "repeated": ("repeated",), "delay": ("delay",),
              "compensation": ("compensation",), "apology": ("apology",),
              "control": ("control_bin",), "stability": ("stability_bin",),
              "map": ("severity_bin", "compensation", "delay")}  # fmt: skip
    for name, by in groups.items():
        table = found.effects(*by)
        folder.table(
            f"effects-by-{name.replace('_', '-')}", table.astype(dict.fromkeys(by, "string"))
        )
    for name, drawn in pictures(found).items():
        save(drawn, folder.path, name)
    folder.text("report.md", report(found))
    experiment = found.experiment
    folder.provenance = {
        "result": {"conclusion": conclude(found), "failures_examined": found.examined},
        "experiment": experiment.resolved()
        | {"scenario": portable(experiment.scenario, folder.target).resolved()},
    }


def pictures(found: Examination) -> dict[str, Any]:
    """Return the pictures by the name of their files."""
    from experiments.plots import paradox as plots

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
        {f"mild (up to {MILD})": heard.loc[mild, "satisfaction"].to_numpy(),
         f"severe (above {MILD})": heard.loc[~mild, "satisfaction"].to_numpy()},
        "effect on satisfaction (scale from -1 to 1)", shares,
        f"{found.experiment.name}: who is better off for having been failed?",
    )  # fmt: skip
    best = _best(found)
    panels = {
        "satisfaction": "satisfaction (-1 to 1)", "intention": "intention to buy again (chance)",
        "staying": "share still customers",
    }  # fmt: skip
    drawn["lives"] = plots.three_lives(
        found.days,
        {name: (unit, found.curves[best][:, FOLLOWED.index(name)])
         for name, unit in panels.items()},
        NAMES, f"{found.experiment.name}: three lives of the same customers ({best})",
    )  # fmt: skip
    return drawn


def _best(found: Examination) -> str:
    """Return the name of the cell under which answered customers end most satisfied."""
    at = FOLLOWED.index("satisfaction")
    return max(found.curves, key=lambda name: float(found.curves[name][0, at, 0, -1]))


def report(found: Examination) -> str:
    """Return a page that puts conclusion, pictures and tables together."""
    lines = [
        f"# {found.experiment.name}: the recovery paradox", "", conclude(found), "",
        f"{found.examined:,} failures were examined, {len(found.heard):,} of which the firm learnt "
        "of. Each customer lived three times in the same world: as it was answered, never "
        "answered, and never failed.", "",
        "![Map of effects on satisfaction](map_satisfaction.png)", "",
        "![Map of effects on intention](map_intention.png)", "",
        "![Effects customer by customer](customers.png)", "",
        "![Three lives over time](lives.png)", "", "## How far is that disturbed?", "",
        "Failures examined in the same world can touch each other through talk. Examined one at a "
        "time instead, an effect differed in the mean by:", "",
        *(f"- {name.replace('_', ' ')}: {value:.2g}" for name, value in found.disturbance.items()),
    ]  # fmt: skip
    return "\n".join([*lines, ""])
