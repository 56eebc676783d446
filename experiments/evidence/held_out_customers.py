"""What the model says on held-out findings about one customer: controlled single incidents."""

import math
from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import numpy as np
from scipy.optimize import brentq

from experiments.evidence.incidents import BEST, MAJOR, MINOR, UNSATISFYING, Bench, answer
from sim import rules
from sim.events import Answer, Event, Failure, Wait

MODERATE = 0.3
"""Severity where a finding names none."""


def customers(bench: Bench) -> dict[str, float]:
    """Return the model's answers by the ids of `experiments.evidence.held_out.HELD_OUT`."""
    return {
        **_second_failures(bench),
        **_attributions(bench),
        **_levers(bench),
        **_refunds(bench),
        **_matches(bench),
        **_processes(bench),
        **_complaints(bench),
        "H21": _threshold(bench),
        "H22": bench.unanswered_over(20),
    }


def _pleased(bench: Bench, response: Answer, severity: float = MODERATE, **cause: float) -> float:
    """Return complaint satisfaction with an answer."""
    return float(bench.failed(severity, response, **cause)["complaint_satisfaction"])


def _second_failures(bench: Bench) -> Mapping[str, float]:
    """H5 and H6: two mild failures, both recovered as well as can be, 60 days apart."""
    failed = (Event(failure=Failure(severity=MINOR)), Event(answer=BEST))
    rows = bench.rows(*failed, Event(wait=Wait(days=60)), *failed)
    first, second = rows[2], rows[5]
    return {
        "H5": second["satisfaction"] - first["satisfaction"],
        "H6": second["intention"] - first["intention"],
    }


def _attributions(bench: Bench) -> Mapping[str, float]:
    """H7 and H8: a mild failure that the firm could not have prevented, or that will not return."""

    def left(**cause: float) -> float:
        return float(bench.failed(MINOR, BEST, **cause)["satisfaction"])

    return {
        "H7": left(control=0.0) - left(control=1.0),
        "H8": left(stability=0.0) - left(stability=1.0),
    }


def _levers(bench: Bench) -> Mapping[str, float]:
    """H9, H10 and H15: each lever from its worst to its best, the others in the middle."""
    middle = {
        "fix": 0.5, "compensation": 0.25, "apology": 0.5, "empathy": 0.5, "delay": 5.0,
        "excuse": 0.0, "noticed": 0.0,
    }  # fmt: skip

    def gain(worst: Mapping[str, float], best: Mapping[str, float]) -> float:
        ends = (_pleased(bench, Answer(**(middle | dict(levers)))) for levers in (worst, best))
        low, high = ends
        return high - low

    given = gain({"fix": 0.0, "compensation": 0.0}, {"fix": 1.0, "compensation": 0.5})
    treated = gain({"apology": 0.0, "empathy": 0.0}, {"apology": 1.0, "empathy": 1.0})
    prompt = gain({"delay": 10.0}, {"delay": 0.0})
    return {
        "H9": given - treated,
        "H10": treated - prompt,
        "H15": gain({}, {"noticed": 1.0}),
    }


def _refunds(bench: Bench) -> Mapping[str, float]:
    """H11 and H12: refunds beyond the price, nothing else being put right."""

    def pleased(share: float) -> float:
        return _pleased(bench, answer(0.7, fix=0.0, compensation=share, delay=0.0), 0.5)

    return {"H11": pleased(1.5) - pleased(1.0), "H12": pleased(3.0) - pleased(1.5)}


def _matches(bench: Bench) -> Mapping[str, float]:
    """H13 and H14: what money and an apology do after failures of outcome (1) and process (0)."""

    def pleased(type: float, apology: float, share: float) -> float:
        response = Answer(
            fix=0.5, compensation=share, apology=apology, empathy=0.5, delay=3.0
        )  # fmt: skip
        return _pleased(bench, response, type=type)

    money = [pleased(type, 0.5, 0.5) - pleased(type, 0.5, 0.0) for type in (0.0, 1.0)]
    words = [pleased(type, 1.0, 0.25) - pleased(type, 0.0, 0.25) for type in (0.0, 1.0)]
    return {"H13": money[1] - money[0], "H14": words[0] - words[1]}


def _processes(bench: Bench) -> Mapping[str, float]:
    """H16 and H17: what a quarter of the price adds to a good, a mixed and a poor process."""

    def added(delay: float, apology: float) -> float:
        with_it, without = (
            Answer(fix=1.0, compensation=c, apology=apology, empathy=0.5, delay=delay)
            for c in (0.25, 0.0)
        )
        return _pleased(bench, with_it) - _pleased(bench, without)

    mixed = (added(10.0, 1.0) + added(0.0, 0.0)) / 2.0
    return {"H16": mixed - added(10.0, 0.0), "H17": mixed - added(0.0, 1.0)}


def _complaints(bench: Bench) -> Mapping[str, float]:
    """H18 to H20, H23 and H24: what a complaint leads to."""

    def intention(severity: float, response: Answer | None) -> float:
        return float(bench.failed(severity, response)["intention"])

    vain = [
        intention(severity, UNSATISFYING) - intention(severity, None) for severity in (MINOR, MAJOR)
    ]
    money, both = (
        answer(warm, fix=1.0, compensation=0.25, delay=3.0) for warm in (0.0, 1.0)
    )  # fmt: skip
    insult = answer(0.1, fix=0.2, compensation=0.0, delay=20.0, excuse=1.0)
    quick, generous = (
        answer(0.6, fix=1.0, compensation=share, delay=days)
        for share, days in ((0.1, 0.0), (1.0, 10.0))
    )
    return {
        "H18": sum(vain) / len(vain),
        "H19": bench.failed(MODERATE, money)["delighted_probability"],
        "H20": bench.failed(MODERATE, both)["delighted_probability"],
        "H23": intention(0.5, insult) - intention(0.5, None),
        "H24": intention(MINOR, quick) - intention(MINOR, generous),
    }


def _threshold(bench: Bench) -> float:
    """H21: the least share of the price that makes more than good; NaN if none does."""
    service = bench.world["service"]
    severity = service.severity_a / (service.severity_a + service.severity_b)
    before = bench.world["loyalty"].start

    def gained(share: float) -> float:
        response = answer(0.7, fix=1.0, compensation=share, delay=0.0)
        return float(bench.failed(severity, response)["satisfaction"] - before)

    shares = np.linspace(0.0, 1.5, 16).tolist()
    for low, high in pairwise(shares):
        if gained(low) <= 0.0 < gained(high):
            return float(brentq(gained, low, high))
    return math.nan


def star(scenario: Any) -> float:
    """H27: by which share one star more raises the chance to buy, given a neutral attitude."""
    market, reviews = scenario.market, scenario.reviews
    chances = [
        rules.buying_probability(0.0, reviews.start + more, market, reviews) for more in (0.0, 1.0)
    ]
    return chances[1] / chances[0] - 1.0
