"""What the tracing of stories found, in words."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from experiments.laboratory.attribution import SOURCES
from experiments.laboratory.stories import Stories
from experiments.laboratory.stories_worst import Change
from experiments.wording import count, decimals, figure, percent

_FROM = SOURCES | {"limit": "the limit on opinions and rounding"}


def conclude(found: Stories) -> str:
    """Say in a paragraph where reputation and buyers come from, how stories spread, and who did most
    harm."""
    world = f"In this one world (seed {found.scenario.seed})"
    if not len(found.origins):
        return f"{world} nobody told anybody anything, so there is no story to trace."
    reputation = found.outcome.final["reputation"]
    if reputation is None:
        return f"{world} nobody knows the firm at the end, so it has no reputation to trace."
    said = [
        f"{world} reputation ends at {figure(reputation, 2)} points. From 50, where nobody thinks "
        f"anything, {_extremes(found.sources)}.",
        _decisions(found), _spread(found), _harm(found),
    ]  # fmt: skip
    return " ".join(part for part in said if part)


def _extremes(points: Mapping[str, float]) -> str:
    """Say which source gave most points, and which took most."""
    most, least = max(points, key=points.__getitem__), min(points, key=points.__getitem__)
    gave = f"{_FROM[most]} gave most ({signed(points[most], 2)})"
    took = f"{_FROM[least]} took most ({signed(points[least], 2)})"
    parts = [gave] * (points[most] > 0.0) + [took] * (points[least] < 0.0)
    return " and ".join(parts) or "no source gave or took anything"


def _decisions(found: Stories) -> str:
    """Say how many decisions to buy stories turned."""
    if not found.decisions:
        return "Nobody who knew the firm had to decide whether to buy."
    turned = sum(found.turned.values())
    expected, more = (figure(each, decimals(each, 2)) for each in (found.expected, abs(turned)))
    return (
        f"Of {found.decisions:,} decisions whether to buy, {expected} were to be expected for the "
        f"firm, {more} {'more' if turned >= 0.0 else 'fewer'} than without any story."
    )


def _spread(found: Stories) -> str:
    """Say how often stories were told and passed on."""
    rows = [row for row in map(found.rate, ("good", "bad")) if row["exposed"] > 0]
    rates = [
        f"of a {row['story']} one {figure(row['reproduction'], 2)} (95% interval "
        f"{figure(row['low'], 2)} to {figure(row['high'], 2)})"
        for row in rows
    ]
    if not rates:
        return f"There were {found.good:,} good tellings and {found.bad:,} bad ones."
    highest = max(float(row["high"]) for row in rows)
    verdict = ": below one, so each story dies out" if highest < 1.0 else ""
    return (
        f"There were {found.good:,} good tellings and {found.bad:,} bad ones; a hearing brought "
        f"further tellings, {', '.join(rates)}{verdict}."
    )


def _harm(found: Stories) -> str:
    """Say what the worst cases did, and what another answer would have changed."""
    cases, worst = found.worst.cases, found.worst
    harmful = found.failures.loc[found.failures["points"] < 0.0, "points"]
    if not len(harmful):
        return "No failure cost reputation anything that is left on the last day."
    if worst.answered_together is None or worst.spared_together is None:
        return (
            f"The stories of {len(harmful):,} of the {len(found.failures):,} failures did harm "
            f"that is left on the last day, {points_in_words(-float(harmful.sum()))} in all."
        )
    lost = float(cases["points"].sum())
    buyers = float(cases["buyers"].sum())
    some = len(cases)
    which = "failure" if some == 1 else f"{count(some)} failures"
    it, they = ("it", "it") if some == 1 else ("all together", "they")
    return (
        f"The {which} that did most harm (of {len(found.failures):,}; {_heard(cases)}) cost "
        f"{points_in_words(-lost)} by "
        f"{'its' if some == 1 else 'their'} stories, {percent(lost / float(harmful.sum()))} of what "
        f"all harmful ones cost, and {_buyers(buyers)}; answered at once and in full, {it} would have brought "
        f"{_gain(worst.answered_together)}; had {they} not happened, "
        f"{_gain(worst.spared_together)}. {_most_buyers(found)}Another seed has other worst cases."
    )


def _buyers(won: float) -> str:
    """Say how many buyers were won, or lost."""
    if abs(won) < 0.05:
        return "hardly a buyer"
    return f"{'lost' if won < 0.0 else 'won'} {figure(abs(won), 1)} buyers"


def _heard(cases: pd.DataFrame) -> str:
    """Say of how many of some cases the firm heard."""
    heard, some = int(cases["heard"].sum()), len(cases)
    if some == 1:
        return f"the firm {'heard' if heard else 'never heard'} of it"
    return f"the firm heard of {'all' if heard == some else 'none' if not heard else count(heard)}"


def _most_buyers(found: Stories) -> str:
    """Say which failure lost most buyers, whenever it was."""
    row = found.failures.sort_values("buyers", kind="stable").iloc[0]
    if row["buyers"] > -0.05:
        return ""
    return (
        f"Most buyers over the whole run were lost by the story of {who(row)}, failed on day "
        f"{row['day']}: {figure(-row['buyers'], 1)}. "
    )


def signed(value: float, places: int) -> str:
    """Return a number with its sign; zero is neither."""
    text = figure(value, places)
    return f"+{text}" if value > 0.0 and text.strip("0.,") else text


def points_in_words(value: float) -> str:
    return f"{figure(value, max(2, decimals(abs(value), 2)))} points"


def _gain(change: Change) -> str:
    """Say what changed: reputation and customers."""
    people = change.customers
    customers = (
        "no more customers" if not people
        else f"{abs(people):,} {'more' if people > 0 else 'fewer'} "
        f"customer{'' if abs(people) == 1 else 's'}"
    )  # fmt: skip
    reputation = (
        "reputation undefined" if change.reputation is None else points_in_words(change.reputation)
    )
    return f"{reputation} and {customers}"


def who(row: Any) -> str:
    """Return what a person is called: by the network's file, or by its row."""
    return str(row["label"]) if "label" in row else f"person {row['person']}"
