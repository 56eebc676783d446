"""Pictures of results: for print and for screens, for the colour-blind, and with every unit said.

Each function takes tidy tables and returns a figure; `save` writes it as PNG and SVG. Nothing is
told by colour alone: lines carry their names at their ends and differ in dash, points in shape.
Figures are made without pyplot, so that nothing global changes, and without a date, so that the
same numbers give the same bytes.
"""

from experiments.plots.break_even import break_even
from experiments.plots.cases import along, at_equal_spend, under_assumptions
from experiments.plots.curves import one_run, over_time
from experiments.plots.decompose import waterfall
from experiments.plots.frontier import frontier, levers_along
from experiments.plots.policies import against_spend, forest
from experiments.plots.style import save
from experiments.plots.tornado import shares, tornado

__all__ = [
    "against_spend",
    "along",
    "at_equal_spend",
    "break_even",
    "forest",
    "frontier",
    "levers_along",
    "one_run",
    "over_time",
    "save",
    "shares",
    "tornado",
    "under_assumptions",
    "waterfall",
]
