"""What runs take, roughly, to tell hours from years before any is made."""

from sim.scenario import Scenario

TYPICAL = 1.5e-8
"""Seconds that a person's day takes on a processor of today."""

RUN = 0.003
"""Seconds that a run takes beside its kernel: founding, summing up, keeping."""

ROW, CELL = 700, 3
"""Bytes on disk of a run's summary row, and of each number of its series."""


def would_take(runs: int, scenario: Scenario) -> str:
    """Return in words what so many runs of a scenario would take.

    >>> would_take(2 * 10**9, Scenario())
    'would take about 16,875 hours of a processor and 15,980 GB of disk'
    """
    hours = runs * (RUN + TYPICAL * scenario.market.people * scenario.days) / 3600
    disk = runs * (ROW + CELL * numbers(scenario))
    return f"would take about {hours:,.0f} hours of a processor and {disk / 1e9:,.0f} GB of disk"


def numbers(scenario: Scenario) -> int:
    """Return about how many numbers the series of a run holds."""
    return 45 * (2 + scenario.days // scenario.measure_every)
