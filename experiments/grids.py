"""The tables of a comparison as text, for the screen and for the page alike."""

from collections.abc import Iterable, Mapping, Sequence
from statistics import median_low
from typing import TYPE_CHECKING, NamedTuple

from experiments.outcomes import MEASURES
from experiments.wording import decimals, figure, percent
from sim.policy import Policy

if TYPE_CHECKING:
    from experiments.compare import Comparison, Estimate

UNKNOWN = "-"


class Grid(NamedTuple):
    """A table: its title, the heads of its columns, and its cells, row by row."""

    title: str
    heads: Sequence[str]
    rows: Sequence[Sequence[str]]


def number(value: float | None, figures: int = 4) -> str:
    """Return a number in so many figures; a whole one whole.

    >>> [number(value) for value in (1234567.0, 0.12345, 3.14159, None)]
    ['1,234,567', '0.1235', '3.142', '-']
    """
    if value is None or value != value:
        return UNKNOWN
    if float(value).is_integer():
        return figure(float(value), 0)
    return figure(float(value), decimals(abs(float(value)), figures))


def intervals(estimates: Sequence[Sequence[float | None]]) -> list[tuple[str, str]]:
    """Return values and their intervals, all with as many decimals as most of them deserve.

    >>> intervals([(12.3456, 11.98, 12.71), (3.0, 1.0, 5.0), (None, None, None)])
    [('12.3', '12.0 to 12.7'), ('3.0', '1.0 to 5.0'), ('-', '-')]
    """
    deserved = []
    for mean, low, high in estimates:
        if low is not None and high is not None and high > low:
            deserved.append(decimals((high - low) / 2, 2))
        elif mean is not None and not float(mean).is_integer():
            deserved.append(decimals(abs(mean), 3))
    places = median_low(deserved) if deserved else 0
    return [
        (
            UNKNOWN if mean is None else figure(mean, places),
            UNKNOWN if low is None or high is None
            else f"{figure(low, places)} to {figure(high, places)}",
        )
        for mean, low, high in estimates
    ]  # fmt: skip


def outcome_grid(comparison: "Comparison", outcome: str) -> Grid:
    """Return the table of one outcome, a row per policy."""
    measure = MEASURES[outcome]
    unit = f" ({measure.unit})" if measure.unit else ""
    over = f"over {comparison.baseline}"
    return Grid(
        measure.label[:1].upper() + measure.label[1:] + unit,
        ("policy", "mean", "95% interval", over, "95% interval", "best"),
        _outcome_rows(comparison, outcome),
    )


def _outcome_rows(comparison: "Comparison", outcome: str) -> list[tuple[str, ...]]:
    """Return, per policy, its name, mean, interval, difference, interval, chance to be best."""
    estimates = [by[outcome] for by in comparison.policies.values()]
    nothing = (None, None, None)
    levels = intervals([one[:3] for one in estimates])
    beyond = intervals([
        nothing if policy == comparison.baseline else one[3:6]
        for policy, one in zip(comparison.policies, estimates, strict=True)
    ])  # fmt: skip
    best = [
        UNKNOWN if one.best_probability is None else percent(one.best_probability)
        for one in estimates
    ]
    columns = zip(comparison.policies, levels, beyond, best, strict=True)
    return [(policy, *level, *more, chance) for policy, level, more, chance in columns]


def levers_grid(policies: Mapping[str, Policy]) -> Grid:
    """Return the table of the levers in which policies differ, a row per lever."""
    rows = []
    for name, field in Policy.model_fields.items():
        values = [getattr(policy, name) for policy in policies.values()]
        if any(value != values[0] for value in values):
            extra = field.json_schema_extra
            unit = extra.get("unit", "") if isinstance(extra, dict) else ""
            meaning = f"{name} ({unit}): {field.description}"
            rows.append((meaning, *map(_lever, values)))
    return Grid("What the policies do differently", ("lever", *policies), rows)


def _lever(value: bool | float | None) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return UNKNOWN if value is None else f"{value:g}"


HARDLY = "hardly any more was spent"

_NEARLY = 0.05
"""Share of what was spent below which a difference in spend is hardly any."""

_SPEND = ("recovery_cost", "cost_per_recovery", "cost_per_customer_saved",
         "return_on_recovery_spend")  # fmt: skip


def spend_grid(comparison: "Comparison") -> Grid:
    """Return the table of what recovery cost and what it brought, a row per policy."""
    return Grid(
        f"Money spent on recovery; the last two columns against {comparison.yardstick}, with 95% "
        "intervals",
        ("policy", "spent in all", "per answer", "per customer saved", "return on spend"),
        _spend_rows(comparison),
    )


def _spend_rows(comparison: "Comparison") -> list[tuple[str, ...]]:
    """Return, per policy, its name, spend, cost per answer and per customer saved, return."""
    columns = [
        [value for value, _ in intervals([(by[name].mean, None, None) for by in _each(comparison)])]
        for name in _SPEND[:2]
    ]
    for name in _SPEND[2:]:
        # Ratios of one policy can be a thousand times those of the next: each has its own decimals.
        pairs = [intervals([by[name][:3]])[0] for by in _each(comparison)]
        columns.append([value if ends == UNKNOWN else f"{value} ({ends})" for value, ends in pairs])
    columns[-1] = [
        HARDLY if cell != UNKNOWN and _hardly_more(comparison, policy) else cell
        for policy, cell in zip(comparison.policies, columns[-1], strict=True)
    ]
    return list(zip(comparison.policies, *columns, strict=True))


def _each(comparison: "Comparison") -> Iterable[Mapping[str, "Estimate"]]:
    return comparison.policies.values()


def _hardly_more(comparison: "Comparison", policy: str) -> bool:
    """Tell whether a policy spends nearly what the baseline does; a return on that says nothing."""
    own, other = (
        comparison.policies[name]["recovery_cost"].mean or 0.0
        for name in (policy, comparison.baseline)
    )
    return abs(own - other) < _NEARLY * own
