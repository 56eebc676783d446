"""Keyed draws: every random number of a run, by the name of what it decides.

A number is not taken from a stream but looked up: Philox2x64-7, a counter-based generator
(Salmon, Moraes, Dror & Shaw 2011, "Parallel random numbers: as easy as 1, 2, 3"), encrypts the
counter *(person, day, purpose and n, tag)* under the seed as key. Whoever asks the same question
gets the same answer, in any order, on any thread, under any policy: two policies meet the same
world, and a comparison shows the policy alone.
"""

import math
from enum import IntEnum

from sim.compiled import compiled
from sim.intrinsics import parted, wide_product, wrapping_sum
from sim.normal import normal_quantile


class Purpose(IntEnum):
    """What a draw decides. Append only: a number once given keeps its meaning for ever."""

    STATUS = 1
    AWARE = 2
    TENURE = 3
    VISIT_RATE = 4
    ADVERT = 5
    VISIT_GAP = 6
    NEED_GAP = 7
    VISIT = 8
    SEVERITY = 9
    TYPE = 10
    CONTROL = 11
    STABILITY = 12
    OUTAGE = 13
    COMPLAIN = 14
    NOTICE = 15
    ARRIVAL = 16
    HANDLING = 17
    ESCALATION = 18
    UNRESOLVED = 19
    DELIGHT = 20
    LEAVE = 21
    BUY = 22
    REVIEW = 23
    TELLINGS = 24
    TELLING_DAY = 25
    TELLING = 26
    NETWORK = 27
    EXAMINED = 28
    VALUE = 29
    BROUGHT = 30
    FOLLOW = 31


ROUNDS = 7
"""Rounds of encryption: six pass all tests of randomness that the authors tried, and one more."""

_LOW = 0xFFFFFFFF
_BITS = 0xFFFFFFFFFFFFF
_UNIT = 2.0**-52
_LOG2 = (1.221602278380189, -4.107219629593301, 6.022324301673631, -3.13623206541308)
"""A polynomial through log2 at Chebyshev's nodes of [.5, 1], off by .0009 at the most."""
_MULTIPLIER = 0xD2B74407B1CE6E93 - (1 << 64)
_WEYL = 0x9E3779B97F4A7C15 - (1 << 64)


@compiled
def philox(c0: int, c1: int, key: int, rounds: int = ROUNDS) -> tuple[int, int]:
    """Encrypt a counter of two 64-bit words under a key of one: Philox2x64.

    Returns two independent, uniform words, written as signed numbers. Checked against the known
    answers that Random123 publishes.

    >>> [hex(word % 2**64) for word in philox(0, 0, 0, 10)]
    ['0xca00a0459843d731', '0x66c24222c9a845b5']
    """
    for _ in range(rounds):
        high, low = wide_product(_MULTIPLIER, c0)
        c0 = high ^ key ^ c1
        c1 = low
        key = wrapping_sum(key, _WEYL)
    return c0, c1


@compiled
def words(seed: int, person: int, day: int, purpose: int, n: int, tag: int) -> tuple[int, int]:
    """Return two uniform 64-bit words at a key.

    `n` < 2**24 counts within a purpose; `tag` < 2**32 tells apart what else may happen to one
    person on one day (the stories it passes on).
    """
    who = ((person & _LOW) << 31 << 1) | (day & _LOW)
    return philox(
        wrapping_sum(who, 0), (purpose << 56) | ((n & 0xFFFFFF) << 32) | (tag & _LOW), seed
    )


@compiled
def uniform(seed: int, person: int, day: int, purpose: int, n: int = 0, tag: int = 0) -> float:
    """Return a number in the open interval (0, 1), of 52 random bits."""
    word, _ = words(seed, person, day, purpose, n, tag)
    return (((word >> 12) & _BITS) + 0.5) * _UNIT


@compiled
def uniforms(
    seed: int, person: int, day: int, purpose: int, n: int = 0, tag: int = 0
) -> tuple[float, float]:
    """Return two independent numbers in (0, 1) for the price of one; the first is `uniform`'s."""
    a, b = words(seed, person, day, purpose, n, tag)
    return (((a >> 12) & _BITS) + 0.5) * _UNIT, (((b >> 12) & _BITS) + 0.5) * _UNIT


@compiled
def name_of(u: float) -> int:
    """Return the last 32 random bits of a uniform number, to tell apart what came of it."""
    return int(u * 4503599627370496.0) & _LOW


@compiled
def normal(seed: int, person: int, day: int, purpose: int, n: int = 0) -> float:
    """Return a standard normal number."""
    return normal_quantile(uniform(seed, person, day, purpose, n))


@compiled
def exponential(seed: int, person: int, day: int, purpose: int, n: int = 0, tag: int = 0) -> float:
    """Return an exponential number with mean 1."""
    return -math.log(uniform(seed, person, day, purpose, n, tag))


@compiled
def any_of(u: float, mean: float) -> bool:
    """Tell whether `geometric` turns a uniform number into a count above 0."""
    return u * (1.0 + mean) < mean


@compiled
def geometric(u: float, mean: float) -> int:
    """Turn a uniform number into a count 0, 1, 2, ... that is geometric with `mean`, at most 30,000.

    >>> [geometric(u, 1.0) for u in (0.9, 0.4, 0.2)]
    [0, 1, 2]
    """
    if not any_of(u, mean):
        return 0
    q = mean / (1.0 + mean)
    if u >= q * q:
        return 1
    return min(30_000, int(math.log(u) / math.log(q)))


@compiled
def gap_scale(chance: float) -> float:
    """Return what `days_until` needs to know of a `chance` a day; a million days stand for never."""
    if chance >= 1.0:
        return 0.0
    return 1e6 if chance < 1e-6 else -1.0 / math.log(1.0 - chance)


@compiled
def days_until(u: float, scale: float) -> int:
    """Turn a uniform number into a waiting time of 1, 2, ... days when each day has the same chance.

    A logarithm that is right to .001 is enough, save near the turn of a day: then an exact one is
    taken, so that the day is always that of `1 + int(-log(u) * scale)`.

    >>> [days_until(u, gap_scale(0.5)) for u in (0.9, 0.4, 0.2)]
    [1, 2, 3]
    """
    m, exponent = parted(u)
    log2 = exponent + (((_LOG2[0] * m + _LOG2[1]) * m + _LOG2[2]) * m + _LOG2[3])
    wait = -0.6931471805599453 * scale * log2
    days = int(wait)
    margin = 0.001 * scale
    if not margin < wait - days < 1.0 - margin:
        days = int(-math.log(u) * scale)
    return 1 + days


@compiled
def gamma(seed: int, person: int, day: int, purpose: int, shape: float, first: int = 0) -> float:
    """Return a gamma number of the given `shape` and scale 1 (Marsaglia & Tsang 2000).

    Tries are counted in `n` from `first`, two for each: rejected ones shift no other draw.
    """
    boost = 1.0
    if shape < 1.0:
        boost = math.exp(math.log(uniform(seed, person, day, purpose, first)) / shape)
        shape += 1.0
        first += 1
    d = shape - 1.0 / 3.0
    c = 1.0 / math.sqrt(9.0 * d)
    for i in range(1000):
        x = normal(seed, person, day, purpose, first + 2 * i)
        v = 1.0 + c * x
        if v <= 0.0:
            continue
        v = v * v * v
        u = uniform(seed, person, day, purpose, first + 2 * i + 1)
        if math.log(u) < 0.5 * x * x + d - d * v + d * math.log(v):
            return boost * d * v
    return boost * d


@compiled
def beta(seed: int, person: int, day: int, purpose: int, a: float, b: float) -> float:
    """Return a beta(a, b) number in (0, 1), as the share of one gamma number in two."""
    x = gamma(seed, person, day, purpose, a, 0)
    y = gamma(seed, person, day, purpose, b, 4096)
    return x / (x + y)
