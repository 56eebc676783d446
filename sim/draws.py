"""Keyed draws: every random number of a run, by the name of what it decides.

A number is not taken from a stream but looked up: Philox4x32-10, a counter-based generator
(Salmon, Moraes, Dror & Shaw 2011, "Parallel random numbers: as easy as 1, 2, 3"), encrypts the
counter *(person, day, purpose and n, tag)* under the seed as key. Whoever asks the same question
gets the same answer, in any order, on any thread, under any policy: two policies meet the same
world, and a comparison shows the policy alone.
"""

import math
from enum import IntEnum

from sim.compiled import compiled


class Purpose(IntEnum):
    """What a draw decides. Append only: a number once given keeps its meaning for ever."""

    STATUS = 1
    AWARE = 2
    TENURE = 3
    VISIT_RATE = 4
    ADVERT = 5
    VISIT_GAP = 6
    NEED_GAP = 7
    FAILURE = 8
    QUALITY = 9
    SEVERITY = 10
    TYPE = 11
    CONTROL = 12
    STABILITY = 13
    OUTAGE = 14
    COMPLAIN = 15
    NOTICE = 16
    ARRIVAL = 17
    HANDLING = 18
    ESCALATION = 19
    UNRESOLVED = 20
    DELIGHT = 21
    LEAVE = 22
    BUY = 23
    REVIEW = 24
    TELLINGS = 25
    TELLING_DAY = 26
    LISTENER = 27
    RETELLING = 28
    NETWORK = 29


_LOW = 0xFFFFFFFF
_UNIT = 2.0**-52


@compiled
def philox(c0: int, c1: int, c2: int, c3: int, k0: int, k1: int) -> tuple[int, int, int, int]:
    """Encrypt a counter of four 32-bit words under a key of two: Philox4x32-10.

    Returns four independent, uniform 32-bit words. Checked against the known answers that
    Random123 publishes.

    >>> [hex(int(word)) for word in philox(0, 0, 0, 0, 0, 0)]
    ['0x6627e8d5', '0xe169c58d', '0xbc57ac4c', '0x9b00dbd8']
    """
    for _ in range(10):
        first = c0 * 0xD2511F53
        second = c2 * 0xCD9E8D57
        c0 = ((second >> 32) ^ c1 ^ k0) & _LOW
        c1 = second & _LOW
        c2 = ((first >> 32) ^ c3 ^ k1) & _LOW
        c3 = first & _LOW
        k0 = (k0 + 0x9E3779B9) & _LOW
        k1 = (k1 + 0xBB67AE85) & _LOW
    return c0, c1, c2, c3


@compiled
def words(
    seed: int, person: int, day: int, purpose: int, n: int, tag: int
) -> tuple[int, int, int, int]:
    """Four uniform 32-bit words at a key: `n` < 2**24 counts within a purpose, `tag` < 2**32
    tells apart what else may happen to one person on one day (the stories it passes on)."""
    return philox(
        person & _LOW,
        day & _LOW,
        (purpose << 24) | (n & 0xFFFFFF),
        tag & _LOW,
        seed & _LOW,
        (seed >> 32) & _LOW,
    )


@compiled
def uniform(seed: int, person: int, day: int, purpose: int, n: int = 0, tag: int = 0) -> float:
    """Return a number in the open interval (0, 1), of 52 random bits."""
    a, b, _, _ = words(seed, person, day, purpose, n, tag)
    return (((a >> 6) << 26 | b >> 6) + 0.5) * _UNIT


@compiled
def uniforms(
    seed: int, person: int, day: int, purpose: int, n: int = 0, tag: int = 0
) -> tuple[float, float]:
    """Return two independent numbers in (0, 1) for the price of one; the first is `uniform`'s."""
    a, b, c, d = words(seed, person, day, purpose, n, tag)
    return (
        (((a >> 6) << 26 | b >> 6) + 0.5) * _UNIT,
        (((c >> 6) << 26 | d >> 6) + 0.5) * _UNIT,
    )


@compiled
def normal(seed: int, person: int, day: int, purpose: int, n: int = 0) -> float:
    """Return a standard normal number (Box & Muller 1958)."""
    u, v = uniforms(seed, person, day, purpose, n)
    return math.sqrt(-2.0 * math.log(u)) * math.cos(2.0 * math.pi * v)


@compiled
def exponential(seed: int, person: int, day: int, purpose: int, n: int = 0, tag: int = 0) -> float:
    """Return an exponential number with mean 1."""
    return -math.log(uniform(seed, person, day, purpose, n, tag))


@compiled
def geometric(u: float, mean: float) -> int:
    """Turn a uniform number into a count 0, 1, 2, ... that is geometric with `mean`, at most 30,000.

    >>> [geometric(u, 1.0) for u in (0.9, 0.4, 0.2)]
    [0, 1, 2]
    """
    if u * (1.0 + mean) >= mean:
        return 0
    return min(30_000, int(math.log(u) / math.log(mean / (1.0 + mean))))


@compiled
def gap_scale(chance: float) -> float:
    """Return what `days_until` needs to know of a `chance` a day; a million days stand for never."""
    if chance >= 1.0:
        return 0.0
    return 1e6 if chance < 1e-6 else -1.0 / math.log(1.0 - chance)


@compiled
def days_until(u: float, scale: float) -> int:
    """Turn a uniform number into a waiting time of 1, 2, ... days when each day has the same chance.

    >>> [days_until(u, gap_scale(0.5)) for u in (0.9, 0.4, 0.2)]
    [1, 2, 3]
    """
    return 1 + int(-math.log(u) * scale)


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
