"""The tables of a frontier: as text for the screen and the page, and as data."""

from collections.abc import Iterator, Sequence
from math import isfinite
from statistics import median_low
from typing import TYPE_CHECKING, Any

from experiments.grids import UNKNOWN, Grid
from experiments.sections.keys import parameter_of, said
from experiments.wording import decimals, figure

if TYPE_CHECKING:
    from experiments.analyses.optimisation import Estimate, Optimisation, Option

SPENT = "spent"
"""Head of the column of spend: money per person in the market and year."""


def _plus_minus(found: "Sequence[Estimate]", sign: bool = False) -> list[str]:
    """Return means with half the width of their 95% intervals, all with as many decimals."""
    half = [(each.high - each.low) / 2 for each in found]
    deserved = [decimals(width, 2) for width in half if width > 0]
    rough = [decimals(abs(each.mean), 3) for each in found if isfinite(each.mean)]
    places = median_low(deserved or rough or [0])
    return [
        ("+" if sign and each.mean > 0 else "") + figure(each.mean, places)
        + (f" \u00b1 {figure(width, places)}" if isfinite(width) else "")
        if isfinite(each.mean)
        else UNKNOWN
        for each, width in zip(found, half, strict=True)
    ]  # fmt: skip


def frontier_grid(result: "Optimisation") -> Grid:
    """Return the frontier, a row per policy on it."""
    names = [key.partition(".")[2] for key in result.section.levers]
    rows = [
        (
            _mark(result, option, str(number)),
            *cells,
            *(said(value) for value in option.levers.values()),
        )
        for number, (option, cells) in enumerate(
            zip(result.frontier, _reached(result.frontier), strict=True), 1
        )
    ]
    return Grid(
        f"The frontier: {result.measure.label}{_unit(result)} against money spent per person and "
        "year, and the levers; after \u00b1 half of the 95% interval",
        ("", SPENT, result.measure.label, *names),
        rows,
    )


def rivals_grid(result: "Optimisation") -> Grid:
    """Return the experiment's own policies, and what the frontier has instead of each."""
    options = list(result.named.values())
    rivals = [result.instead_of(option.name) for option in options]
    more = _instead(result, [rival.for_no_more for rival in rivals])
    less = _instead(result, [rival.for_as_much for rival in rivals])
    rows = [
        (_mark(result, option, option.name), *cells, *instead)
        for option, cells, *instead in zip(options, _reached(options), more, less, strict=True)
    ]
    return Grid(
        "The policies of the experiment at the same costs; what the frontier has more for no more "
        "money, and the money that it needs more for no less [its number]",
        ("policy", SPENT, result.measure.label, "for no more money", "for no less"),
        rows,
    )


def _mark(result: "Optimisation", option: "Option", name: str) -> str:
    """Return a name with a star where it is recommended, and in brackets beyond the budget."""
    if option is result.recommended:
        return f"{name} *"
    return name if option.spend.mean <= result.budget else f"({name})"


def _reached(options: "Sequence[Option]") -> list[tuple[str, str]]:
    """Return what options spend and reach, as text."""
    spent = _plus_minus([option.spend for option in options])
    return list(zip(spent, _plus_minus([option.objective for option in options]), strict=True))


def _instead(
    result: "Optimisation", found: "Sequence[tuple[Option, Estimate] | None]"
) -> Iterator[str]:
    """Return differences as text, each with the number of its policy on the frontier."""
    said_all = iter(_plus_minus([each[1] for each in found if each is not None], sign=True))
    for each in found:
        if each is None:
            yield UNKNOWN
        else:
            yield f"{next(said_all)} [{result.frontier.index(each[0]) + 1}]"


def _unit(result: "Optimisation") -> str:
    return f" ({result.measure.unit})" if result.measure.unit else ""


def costs_grid(result: "Optimisation") -> Grid:
    """Return what the levers were said to cost."""
    rows = []
    for key, cost in result.section.costs.items():
        unit = parameter_of(key).unit
        side = f"above {cost.above or 0:g}" if cost.below is None else f"below {cost.below:g}"
        rows.append((key.partition(".")[2], f"{cost.each:g}", f"{unit}, {side}"))
    return Grid(
        "What the levers add to the cost of each answer, under every policy",
        ("lever", "money", "for each"),
        rows,
    )


def levers_grid(result: "Optimisation") -> Grid:
    """Return the levers that were searched: what they are, and their ranges."""
    rows = [
        (
            key.partition(".")[2],
            each.text,
            f"{parameter_of(key).meaning} ({parameter_of(key).unit})",
        )
        for key, each in result.section.levers.items()
    ]
    return Grid("The levers", ("lever", "searched", "what it is"), rows)


def options_frame(result: "Optimisation") -> Any:
    """Return a pandas DataFrame with a row per policy that was run again.

    Columns `policy` (empty for those found), `number` on the frontier (missing for those not on
    it), one for each lever, `spend` and `objective` with their ends, the search's values, and the
    chance to be best.
    """
    import pandas as pd

    number = {option: i for i, option in enumerate(result.frontier, 1)}
    rows = [
        {
            "policy": option.name,
            "number": number.get(option),
            **option.levers,
            **_columns("spend", option.spend),
            **_columns("objective", option.objective),
            "search_spend": option.promised.spend,
            "search_objective": option.promised.objective,
            "best_probability": result.chances.get(option),
        }
        for option in (*result.found, *result.named.values())
    ]
    kinds = {"number": "Int64", "best_probability": "float64"}
    return pd.DataFrame(rows).astype(kinds)


def _columns(name: str, found: "Estimate") -> dict[str, float]:
    return {name: found.mean, f"{name}_low": found.low, f"{name}_high": found.high}


def trials_frame(result: "Optimisation") -> Any:
    """Return a pandas DataFrame with a row per trial: a column per lever, `spend`, `objective`."""
    import pandas as pd

    return pd.DataFrame(
        [
            {**trial.levers, "spend": trial.spend, "objective": trial.objective}
            for trial in result.trials
        ]
    )
