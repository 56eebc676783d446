"""Controlled single incidents: one customer, one failure, one answer, and what comes of it."""

from collections.abc import Callable
from functools import cache
from typing import Any

from scipy.special import roots_jacobi

from sim import rules
from sim.events import Answer, Event, Failure, Silence
from sim.history import History
from sim.scenario import Scenario

MINOR, MAJOR = 0.15, 0.85
"""Severity of a small and of a large failure."""


def answer(warm: float, **levers: float) -> Answer:
    """Return an answer whose apology and empathy are alike."""
    return Answer(apology=warm, empathy=warm, **levers)


UNSATISFYING = answer(0.5, fix=0.2, compensation=0.0, delay=10.0)
SATISFYING = answer(0.5, fix=1.0, compensation=0.1, delay=8.0)
QUICK = answer(0.9, fix=1.0, compensation=0.25, delay=0.0)
BEST = answer(1.0, fix=1.0, compensation=0.5, delay=0.0, follow_up=1.0)


class Bench:
    """Where a new customer goes through one controlled incident.

    Parameters
    ----------
    scenario : Scenario
        Whose psychology, service and talk hold; its market, policy and seed have no part.
    """

    def __init__(self, scenario: Scenario) -> None:
        shared = set(History.model_fields) & set(type(scenario).model_fields)
        self.world = {name: getattr(scenario, name) for name in shared - {"name", "policy"}}
        self._silent_tellings = cache(self._told_in_silence)

    def rows(self, *events: Event) -> list[dict[str, Any]]:
        """Return the rows of a history (`sim.history.History.rows`)."""
        return History(events=events, **self.world).rows()

    def failed(
        self, severity: float, response: Answer | None = None, **cause: float
    ) -> dict[str, Any]:
        """Return the customer once a first failure has been answered, or borne in silence."""
        end = Event(silence=Silence()) if response is None else Event(answer=response)
        return self.rows(Event(failure=Failure(severity=severity, **cause)), end)[-1]

    def unanswered_tellings(self, above: float = 0.0) -> float:
        """Return the mean bad tellings of silent failures as they occur, severity above a bound.

        By Gauss-Jacobi quadrature over the beta distributions that a run draws failures from.
        """
        return self._unanswered(lambda mean: mean, above)

    def unanswered_over(self, many: int) -> float:
        """Return the share of silent failures, as they occur, of which more than `many` are told.

        Tellings are geometric, so that one with mean m goes beyond n with chance (m/(1+m))^(n+1).
        """
        return self._unanswered(lambda mean: (mean / (1.0 + mean)) ** (many + 1))

    def _unanswered(self, told: Callable[[float], float], above: float = 0.0) -> float:
        return sum(weight * told(mean) for weight, mean in self._silent_tellings(above))

    def _told_in_silence(self, above: float) -> list[tuple[float, float]]:
        """Return weights and mean bad tellings of silent failures as they occur."""
        service = self.world["service"]
        causes = beta_nodes(4, service.cause_shape, service.cause_shape)
        return [
            (
                weight * share * part,
                self.failed(severity, control=control, stability=stability)["bad_tellings"],
            )
            for severity, weight in beta_nodes(12, service.severity_a, service.severity_b, above)
            for control, share in causes
            for stability, part in causes
        ]

    def complaining(self, ease: float, severity: float | None = None) -> float:
        """Return the chance that a failure is complained about; one as they occur, if not said."""
        voice, service = self.world["voice"], self.world["service"]
        nodes = (
            beta_nodes(24, service.severity_a, service.severity_b)
            if severity is None
            else [(severity, 1.0)]
        )
        return sum(
            weight * rules.complaint_probability(each, ease, voice) for each, weight in nodes
        )


def beta_nodes(count: int, a: float, b: float, above: float = 0.0) -> list[tuple[float, float]]:
    """Return values and weights that stand for a beta(a, b) distribution, given a value `above`.

    >>> [(round(x, 3), round(w, 3)) for x, w in beta_nodes(2, 1, 1)]
    [(0.211, 0.5), (0.789, 0.5)]
    """
    nodes, weights = roots_jacobi(count, b - 1.0, 0.0 if above else a - 1.0)
    values = above + (1.0 - above) * (1.0 + nodes) / 2.0
    if above:
        weights = weights * values ** (a - 1.0)
    return list(zip(values.tolist(), (weights / weights.sum()).tolist(), strict=True))
