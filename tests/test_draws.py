"""Keyed draws: the published generator, the right distributions, and no key asked two questions."""

import ast
import math
import random
import sys
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

import sim
from sim import draws, random_graphs, world
from sim.compiled import kernel
from sim.draws import (
    Purpose,
    beta,
    days_until,
    exponential,
    gamma,
    gap_scale,
    geometric,
    normal,
    philox,
    uniform,
    uniforms,
    words,
)
from sim.model import ReputationModel
from sim.network import build_network
from sim.policy import Policy
from sim.population import PERSON, Rows, found_people, signed
from sim.referral import found_bonds
from sim.scenario import Scenario
from sim.setting import interpreted, new_setting
from sim.ties import new_bonds

# Random123 1.14, tests/kat_vectors, philox2x64: rounds, counter, key, answer.
KNOWN_ANSWERS = [
    (7, "0000000000000000 0000000000000000", "0000000000000000",
     "b41da69fbfefc666 511e9ce1a5534056"),
    (7, "ffffffffffffffff ffffffffffffffff", "ffffffffffffffff",
     "a4696cc04462015d 724782dae17169e9"),
    (7, "243f6a8885a308d3 13198a2e03707344", "a4093822299f31d0",
     "98ed1534392bf372 67528b1568882fd5"),
    (10, "0000000000000000 0000000000000000", "0000000000000000",
     "ca00a0459843d731 66c24222c9a845b5"),
    (10, "ffffffffffffffff ffffffffffffffff", "ffffffffffffffff",
     "65b021d60cd8310f 4d02f3222f86df20"),
    (10, "243f6a8885a308d3 13198a2e03707344", "a4093822299f31d0",
     "0a5e742c2997341c b0f883d38000de5d"),
]  # fmt: skip

FROZEN = {
    "STATUS": 1, "AWARE": 2, "TENURE": 3, "VISIT_RATE": 4, "ADVERT": 5, "VISIT_GAP": 6,
    "NEED_GAP": 7, "VISIT": 8, "SEVERITY": 9, "TYPE": 10, "CONTROL": 11, "STABILITY": 12,
    "OUTAGE": 13, "COMPLAIN": 14, "NOTICE": 15, "ARRIVAL": 16, "HANDLING": 17, "ESCALATION": 18,
    "UNRESOLVED": 19, "DELIGHT": 20, "LEAVE": 21, "BUY": 22, "REVIEW": 23, "TELLINGS": 24,
    "TELLING_DAY": 25, "TELLING": 26, "NETWORK": 27, "EXAMINED": 28,
    "VALUE": 29,
    "BROUGHT": 30, "FOLLOW": 31,
}  # fmt: skip

RETIRED = {"REVIEW"}
"""Drawn for no more; their numbers are not given away."""

OUTSIDE = {"EXAMINED"}
"""What no run draws for: analyses do."""


def looked_up(key: tuple[int, ...]) -> bool:
    """Tell whether a key stands for one fact about many events, which each of them looks up.

    What a person's visits are worth, and whether an outage hits a group, of all who are in it.
    """
    return key[3] == Purpose.VALUE or (key[3] == Purpose.OUTAGE and key[4] == 1)


DRAWING = {"words", "uniform", "uniforms", "normal", "exponential", "gamma", "beta"}


def _hex(text: str) -> list[int]:
    """Return 64-bit words as the signed numbers with the same bits."""
    return [signed(int(word, 16)) for word in text.split()]


@kernel
def _philox_compiled(question: Any, rounds: int, answer: Any) -> None:
    answer[0], answer[1] = philox(question[0], question[1], question[2], rounds)


@kernel
def _drawn_compiled(keys: Any, found: Any) -> None:
    for i in range(len(keys)):
        seed, person, day, purpose, n, tag = keys[i]
        found[i, 0] = uniform(seed, person, day, purpose, n, tag)
        found[i, 1], found[i, 2] = uniforms(seed, person, day, purpose, n, tag)
        found[i, 3] = normal(seed, person, day, purpose, n)
        found[i, 4] = exponential(seed, person, day, purpose, n, tag)
        found[i, 5] = gamma(seed, person, day, purpose, 0.3 + n % 7, 1)
        found[i, 6] = beta(seed, person, day, purpose, 2.0, 4.0)
        found[i, 7] = geometric(found[i, 0], found[i, 4])
        found[i, 8] = days_until(found[i, 0], gap_scale(found[i, 6]))


@pytest.mark.parametrize(("rounds", "counter", "key", "answer"), KNOWN_ANSWERS)
def test_philox_gives_the_published_known_answers(
    rounds: int, counter: str, key: str, answer: str
) -> None:
    question = [*_hex(counter), *_hex(key)]
    assert list(philox(*question, rounds)) == _hex(answer)
    compiled = np.zeros(2, np.int64)
    _philox_compiled(np.array(question, np.int64), rounds, compiled)
    assert compiled.tolist() == _hex(answer)


def test_draws_are_made_by_as_many_rounds_as_were_published() -> None:
    assert philox(0, 0, 0) == philox(0, 0, 0, 7)


def test_compiled_and_interpreted_draws_are_the_same_bits() -> None:
    luck = random.Random(20)
    keys = [
        (
            signed(luck.getrandbits(64)), luck.getrandbits(31), luck.getrandbits(31),
            luck.choice(list(Purpose)).value, luck.getrandbits(24), luck.getrandbits(32),
        )
        for _ in range(1000)
    ]  # fmt: skip
    found = np.zeros((len(keys), 9))
    _drawn_compiled(np.array(keys, np.int64), found)
    for key, row in zip(keys, found, strict=True):
        seed, person, day, purpose, n, tag = key
        first, second = uniforms(*key)
        drawn = exponential(*key)
        share = beta(seed, person, day, purpose, 2.0, 4.0)
        plain = [
            uniform(*key), first, second, normal(*key[:5]), drawn,
            gamma(seed, person, day, purpose, 0.3 + n % 7, 1), share,
            geometric(uniform(*key), drawn), days_until(uniform(*key), gap_scale(share)),
        ]  # fmt: skip
        assert row.tolist() == plain


def test_every_part_of_a_key_matters() -> None:
    key = (1, 2, 3, 4, 5, 6)
    near = [key] + [(*key[:i], key[i] + step, *key[i + 1 :]) for i in range(6) for step in (1, -1)]
    assert len({words(*k) for k in near}) == len(near)
    assert words(1, 2, 3, 4, 5, 6) != words(1 + 2**32, 2, 3, 4, 5, 6)


def test_the_meaning_of_every_number_is_frozen() -> None:
    """Numbers are never changed and never used again: a new purpose is added here, at the end."""
    assert {purpose.name: purpose.value for purpose in Purpose} == FROZEN


def _purposes(tree: ast.AST) -> set[str]:
    return {
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == "Purpose"
    }


def _call_sites() -> dict[str, list[str]]:
    """Return by purpose the places in the model's source that draw for it."""
    sites = defaultdict(list)
    for path in sorted(Path(sim.__file__).parent.glob("*.py")):
        if path.name == "draws.py":
            continue
        tree = ast.parse(path.read_text())
        # A constant that stands for a purpose.
        alias = {
            node.targets[0].id: purposes.pop()
            for node in tree.body
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
            and len(purposes := _purposes(node.value)) == 1
        }  # fmt: skip
        for call in ast.walk(tree):
            if not (isinstance(call, ast.Call) and isinstance(call.func, ast.Name)):
                continue
            if call.func.id not in DRAWING:
                continue
            place = f"{path.name}:{call.lineno}"
            names = {a.id for a in call.args if isinstance(a, ast.Name)} & set(alias)
            purposes = set().union(*map(_purposes, call.args)) | {alias[name] for name in names}
            assert len(purposes) == 1, f"{place} draws for {purposes or 'no purpose named there'}"
            sites[purposes.pop()].append(place)
    return dict(sites)


@given(st.floats(2.0**-53, 1.0, exclude_max=True), st.floats(0.01, 1e6))
def test_a_rough_logarithm_gives_the_exact_day(u: float, scale: float) -> None:
    assert days_until(u, scale) == 1 + int(-math.log(u) * scale)


def test_every_purpose_is_drawn_for_at_exactly_one_place() -> None:
    sites = _call_sites()
    networks = sites.pop("NETWORK")
    assert {place.split(":")[0] for place in networks} == {"random_graphs.py"}
    assert set(sites) == set(FROZEN) - {"NETWORK"} - RETIRED - OUTSIDE
    assert {name: places for name, places in sites.items() if len(places) > 1} == {}


class Recorder:
    """Answers draws as `words` does, and remembers who asked for which key."""

    def __init__(self) -> None:
        self.asked: Counter[tuple[int, ...]] = Counter()
        self.askers: dict[tuple[int, ...], set[str]] = defaultdict(set)
        self.genuine = draws.words

    def __call__(self, *key: int) -> tuple[int, int]:
        frame = sys._getframe(1)
        while frame.f_code.co_filename == draws.__file__:
            frame = frame.f_back
        self.asked[key] += 1
        self.askers[key].add(f"{Path(frame.f_code.co_filename).name}:{frame.f_lineno}")
        return self.genuine(*key)

    def check(self) -> None:
        """Assert that no key was asked two questions, nor about any event twice."""
        assert self.asked, "nothing was drawn"
        assert {key: who for key, who in self.askers.items() if len(who) > 1} == {}
        twice = {key for key, n in self.asked.items() if n > 1}
        assert {key for key in twice if not looked_up(key)} == set()


def record(monkeypatch: pytest.MonkeyPatch) -> Recorder:
    """Record from now on; every kernel that is still to be called must have been compiled before."""
    recorder = Recorder()
    monkeypatch.setattr(draws, "words", recorder)
    return recorder


def _eventful_world() -> Scenario:
    return Scenario(
        market=world.Market(people=60, need=0.1, advertising=0.02, aware=0.5),
        service=world.Service(visits_per_month=8, failure_probability=0.3),
        talk=world.Talk(retold=0.9, hop_decay=0.8, half_life=3.0),
        reviews=world.Reviews(base=0.3),
        outages=(world.Outage(day=12, share=0.5), world.Outage(day=30, share=0.5, groups=6)),
        money=world.Money(value_spread=0.5),
        referral=world.Referral(enabled=True, follow=0.5, at_start=0.5),
        colleagues=world.Colleagues(share=0.2),
        policy=Policy(
            agents=2, handling_hours=10, compensation=0.4, authority=0.2, unresolved=0.3,
            proactive=0.5, ease=3,
        ),
        days=60,
    )  # fmt: skip


def test_a_run_asks_for_no_key_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    """By agents, of the whole life of a world in which everything that can happen does."""
    scenario = _eventful_world()
    model = ReputationModel(scenario, performer="agents")
    recorder = record(monkeypatch)
    # Founding is compiled under both performers; here it is done again in plain Python.
    setting = interpreted(new_setting(scenario, scenario.seed, 60, 7))
    people = Rows(np.zeros(60, PERSON))
    found_people.py_func(people, setting.seed, setting.market, setting.service, setting.loyalty)
    for row in range(60):
        assert people[row].visit_rate == model.columns["visit_rate"][row]
    bonds, again, ties = model.run.ties.layers.bonds, new_bonds(60), model.network
    found_bonds.py_func(people, ties.offsets, ties.neighbours, again, setting.seed, 0.5)
    assert (bonds.brought_by >= 0).sum() > 5
    assert [part.tobytes() for part in bonds] == [part.tobytes() for part in again]
    model.run.advance(scenario.days)
    recorder.check()
    used = {Purpose(key[3]).name for key in recorder.asked} | {"VISIT_GAP", "NEED_GAP"}
    assert used == set(FROZEN) - {"NETWORK"} - RETIRED - OUTSIDE


@pytest.mark.parametrize("kind", ["small_world", "scale_free", "random", "communities"])
def test_a_network_asks_for_no_key_twice(kind: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    spec = world.Network(kind=kind, degree=6, rewiring=0.8, community_size=10, bridging=0.3)
    compiled = build_network(spec, 40, 3)
    recorder = record(monkeypatch)
    for name in ("small_world", "scale_free", "planted_partition"):
        monkeypatch.setattr(random_graphs, name, getattr(random_graphs, name).py_func)
    assert build_network(spec, 40, 3).neighbours.tolist() == compiled.neighbours.tolist()
    recorder.check()
    assert {key[3] for key in recorder.asked} == {Purpose.NETWORK}


SAMPLE = 8000
ONE_IN_MANY = 1e-3
"""Chance at which a test of a right generator fails; keys are fixed, so it does so always or never."""


def test_uniform_numbers_are_uniform() -> None:
    drawn = np.array([uniform(1, person, 5, Purpose.VISIT) for person in range(SAMPLE)])
    counts = np.histogram(drawn, bins=64, range=(0, 1))[0]
    assert stats.chisquare(counts).pvalue > ONE_IN_MANY
    # The lowest bits that count, too.
    low = (drawn * 2**52).astype(np.int64) % 64
    assert stats.chisquare(np.bincount(low, minlength=64)).pvalue > ONE_IN_MANY
    assert drawn.min() > 0 and drawn.max() < 1


@pytest.mark.parametrize("part", range(6))
def test_neighbouring_keys_give_independent_numbers(part: int) -> None:
    """Chi-square of pairs at keys that differ by one in seed, person, day, purpose, n or tag."""
    start = [11, 1, 1, Purpose.REVIEW.value, 1, 1]
    other = 1 if part != 1 else 2
    table = np.zeros((8, 8))
    for i in range(SAMPLE // 2):
        key = list(start)
        key[other] += i
        beside = list(key)
        beside[part] += 1
        table[int(8 * uniform(*key)), int(8 * uniform(*beside))] += 1
    assert stats.chisquare(table.ravel()).pvalue > ONE_IN_MANY


def test_the_two_numbers_of_a_key_are_independent() -> None:
    table = np.zeros((8, 8))
    for person in range(SAMPLE):
        first, second = uniforms(2, person, 0, Purpose.TELLING)
        table[int(8 * first), int(8 * second)] += 1
    assert stats.chisquare(table.ravel()).pvalue > ONE_IN_MANY


CONTINUOUS = {
    "normal": (lambda i: normal(3, i, 1, Purpose.VISIT), stats.norm()),
    "exponential": (lambda i: exponential(3, i, 1, Purpose.HANDLING), stats.expon()),
    "gamma 2": (lambda i: gamma(3, i, 0, Purpose.VISIT_RATE, 2.0), stats.gamma(2.0)),
    "gamma 0.5": (lambda i: gamma(3, i, 0, Purpose.VISIT_RATE, 0.5), stats.gamma(0.5)),
    "beta 2 4": (lambda i: beta(3, i, 1, Purpose.SEVERITY, 2.0, 4.0), stats.beta(2, 4)),
    "beta 3 3": (lambda i: beta(3, i, 1, Purpose.CONTROL, 3.0, 3.0), stats.beta(3, 3)),
    "beta .5 .7": (lambda i: beta(3, i, 1, Purpose.CONTROL, 0.5, 0.7), stats.beta(0.5, 0.7)),
}


@pytest.mark.parametrize("name", CONTINUOUS)
def test_continuous_draws_follow_their_law(name: str) -> None:
    draw, law = CONTINUOUS[name]
    drawn = np.array([draw(i) for i in range(SAMPLE // 2)])
    assert stats.kstest(drawn, law.cdf).pvalue > ONE_IN_MANY
    assert abs(drawn.mean() - law.mean()) < 3.3 * law.std() / math.sqrt(len(drawn))


def _pooled(drawn: np.ndarray, law: Any, highest: int) -> float:
    """Return the p-value of counts up to `highest`, all above it taken together."""
    first = int(law.support()[0])
    counts = [int((drawn == k).sum()) for k in range(first, highest + 1)]
    chances = [float(law.pmf(k)) for k in range(first, highest + 1)]
    counts.append(len(drawn) - sum(counts))
    chances.append(1 - sum(chances))
    return float(stats.chisquare(counts, len(drawn) * np.array(chances)).pvalue)


@pytest.mark.parametrize(("mean", "highest"), [(0.25, 3), (5.0, 20), (16.0, 50)])
def test_counts_are_geometric_with_the_mean_given(mean: float, highest: int) -> None:
    law = stats.geom(1 / (1 + mean), loc=-1)
    us = [uniform(4, person, 0, Purpose.TELLINGS) for person in range(SAMPLE)]
    drawn = np.array([geometric(u, mean) for u in us])
    assert _pooled(drawn, law, highest) > ONE_IN_MANY
    assert abs(drawn.mean() - mean) < 3.3 * law.std() / math.sqrt(SAMPLE)


def test_a_sixth_of_those_who_tell_eleven_tell_over_twenty() -> None:
    """A consequence of the geometric law: .1735, the sixth that practitioners report."""
    assert abs((11 / 12) ** 20 - 1 / 6) < 0.01
    us = [uniform(4, person, 0, Purpose.TELLINGS) for person in range(SAMPLE)]
    share = sum(geometric(u, 11.0) >= 20 for u in us) / SAMPLE
    assert abs(share - (11 / 12) ** 20) < 3.3 * math.sqrt(0.17 * 0.83 / SAMPLE)


@pytest.mark.parametrize(("chance", "highest"), [(0.5, 8), (0.066, 60)])
def test_waiting_times_are_those_of_a_daily_chance(chance: float, highest: int) -> None:
    us = [uniform(5, 7, k, Purpose.VISIT_GAP) for k in range(SAMPLE)]
    drawn = np.array([days_until(u, gap_scale(chance)) for u in us])
    assert _pooled(drawn, stats.geom(chance), highest) > ONE_IN_MANY


def test_certain_and_impossible_chances() -> None:
    assert days_until(0.3, gap_scale(1.0)) == 1
    assert days_until(2.0**-53, gap_scale(1.0)) == 1
    assert days_until(0.3, gap_scale(0.0)) > 1_000_000
    assert geometric(0.3, 0.0) == 0
    assert geometric(2.0**-53, 1e6) == 30_000
