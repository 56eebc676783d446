"""Three lives of the same customers: alike where the failure can do nothing, and signed as facts say."""

import numpy as np
import pandas as pd
import pytest
from calling import call, told
from scipy.special import stdtrit
from test_worlds import of

from experiments.design import load_experiment
from experiments.laboratory.lives import FOLLOWED
from experiments.laboratory.paradox import EFFECTS, Examination, examine, plan_of
from experiments.laboratory.paradox_conclusion import conclude
from experiments.laboratory.paradox_report import to_json
from experiments.laboratory.three_lives import Examined, disturbance, spell_of, three_lives
from experiments.planning.plan import Job
from experiments.sections.paradox import Paradox
from sim.history import History
from sim.lives import Altered
from sim.run import network_of, simulate
from sim.scenario import load_scenario

ASKED = Paradox(share=1.0, asked_after=14, followed_for=42, alone=3)
BAKERY = load_scenario(
    "bakery", {"market.people": 600, "service.failure_probability": 0.1}, days=120
)


ANSWER = ("fix", "compensation", "apology", "empathy", "follow_up", "updates")
"""Levers of an answer that a history knows too."""


def lives(asked: Paradox = ASKED, **sections: dict[str, object]) -> Examined:
    scenario = of(BAKERY, **sections)
    return three_lives(Job(scenario), network_of(scenario), asked)


def test_lives_are_the_same_to_the_bit_until_the_failure() -> None:
    # Without talk: before its own failure, a life is touched by those of others.
    found = lives(talk={"enabled": False}, reviews={"enabled": False})
    before = spell_of(ASKED).days < 0
    assert len(found.failures) > 20
    own = found.looks[:, : FOLLOWED.index("neighbours"), :, before]
    for life in own[1:]:
        assert life.tobytes() == own[0].tobytes()
    after = found.looks[:, FOLLOWED.index("satisfaction")][..., ~before]
    assert len(np.unique(after, axis=0)) == len(after)


def test_where_nobody_complains_an_answer_changes_nothing() -> None:
    found = lives(voice={"constant": -90.0}, policy={"proactive": 0.0})
    assert len(found.failures) > 20
    assert not found.heard.any()
    answered, unanswered, spared = found.looks[..., spell_of(ASKED).days >= 0]
    assert answered.tobytes() == unanswered.tobytes() != spared.tobytes()


def test_without_consequences_the_three_lives_are_the_same_to_the_bit() -> None:
    found = lives(
        voice={"constant": -90.0},
        policy={"proactive": 0.0},
        loss={"scale": 0.0},
        appraisal={"satisfaction_learning": 0.0},
        loyalty={"failures": 0.0, "discount": 0.0, "ordinary_leaving": 0.0},
        talk={"enabled": False},
        reviews={"enabled": False},
    )
    assert len(found.failures) > 20
    for life in found.looks[1:]:
        assert life.tobytes() == found.looks[0].tobytes()


def satisfaction_left(severity: float) -> float:
    """Return by how much the best answer to a first failure leaves satisfaction above before."""
    answer = {"fix": 1.0, "compensation": 0.5, "apology": 1.0, "empathy": 1.0, "follow_up": 1.0}
    events = ({"failure": {"severity": severity}}, {"answer": {**answer, "delay": 0.0}})
    rows = History.model_validate({"events": events}).rows()
    return float(rows[-1]["satisfaction"] - rows[0]["satisfaction"])


def test_signs_agree_with_a_single_customer() -> None:
    """C12: after a mild first failure the best answer leaves more satisfaction, after a bad one less."""
    best = {
        "delay": 0.0, "compensation": 0.5, "apology": 1.0, "empathy": 1.0, "follow_up": 1.0,
        "unresolved": 0.0, "ease": 9.0, "fix": 1.0,
    }  # fmt: skip
    soon = Paradox(share=1.0, asked_after=7, followed_for=14)
    found = lives(soon, policy=best)
    first = found.heard & (found.failures["earlier"] == 0)
    at = list(spell_of(soon).days).index(0)
    effect = (found.looks[0] - found.looks[2])[FOLLOWED.index("satisfaction"), :, at]
    severity = found.failures["severity"]
    mild, bad = first & (severity <= 0.15), first & (severity >= 0.4)
    assert min(mild.sum(), bad.sum()) > 10
    assert np.sign(effect[mild].mean()) == np.sign(satisfaction_left(0.1)) == 1
    assert np.sign(effect[bad].mean()) == np.sign(satisfaction_left(0.6)) == -1


@pytest.mark.parametrize(("given", "delay"), [(0.0, 0.0), (0.5, 0.0), (0.5, 5.0)])
def test_every_failure_does_what_the_history_of_one_customer_says(
    given: float, delay: float
) -> None:
    """The same case, severity and all, as `amends customer` tells it: the same effect, and sign.

    Ordinary visits teach nobody anything here, and nobody leaves or comes: satisfaction then stays
    where it was, and all that is left is the first failure and its answer.
    """
    levers = {
        "delay": delay, "compensation": given, "apology": 1.0, "empathy": 1.0, "follow_up": 1.0,
        "unresolved": 0.0, "ease": 9.0, "fix": 1.0, "proactive": 0.0, "updates": 0.0,
    }  # fmt: skip
    asked = Paradox(share=1.0, asked_after=7, followed_for=14)
    still = of(
        BAKERY,
        policy=levers,
        market={"customers": 1.0},
        appraisal={"satisfaction_learning": 0.0},
        loyalty={"discount": 0.0, "ordinary_leaving": 0.0},
        service={"failure_probability": 0.03},
    )
    network = network_of(still)
    found = three_lives(Job(still), network, asked)
    people = simulate(still, network).population
    at = list(spell_of(asked).days).index(7)
    effect = (found.looks[0] - found.looks[2])[FOLLOWED.index("satisfaction"), :, at]
    # Who waits for an answer may miss another failure, which it meets where it was spared this one.
    failures = found.failures
    spared = {int(each["row"]): Altered(int(each["day"]), "spared") for each in failures}
    others = simulate(still, network, altered=spared).population["failures"]
    rows = failures["row"]
    first = np.flatnonzero(found.heard & (people["failures"][rows] == 1) & (others[rows] == 0))
    own = ("severity", "type", "control", "stability")
    told = []
    for place in first:
        failure = found.failures[place]
        history = History.model_validate(
            {
                "customer": {"tenure": int(failure["day"] - people["since"][failure["row"]])},
                "events": (
                    {"failure": {name: float(failure[name]) for name in own}},
                    {"answer": {**{name: levers[name] for name in ANSWER}, "delay": delay}},
                ),
            }
        ).rows()
        told.append(history[-1]["satisfaction"] - history[0]["satisfaction"])
    assert len(told) > 40
    np.testing.assert_allclose(effect[first], told, atol=1e-12)
    assert set(np.sign(told)) == {-1.0, 1.0}


def test_the_paradox_in_word_of_mouth_rests_on_the_tellings_of_a_recovery() -> None:
    """As `experiments.evidence.misfits` says: half as many, less than half the gain; none, a loss."""
    best = {
        "delay": 0.0, "compensation": 0.5, "apology": 1.0, "empathy": 1.0, "follow_up": 1.0,
        "unresolved": 0.0, "ease": 4.0, "fix": 1.0,
    }  # fmt: skip
    gains = []
    for told_of in (17.0, 8.0, 0.0):
        found = lives(policy=best, talk={"recovered": told_of})
        effect = (found.looks[0] - found.looks[2])[:, found.heard, -1]
        good, bad = (effect[FOLLOWED.index(name)] for name in ("good_stories", "bad_stories"))
        gains.append(float((good - bad).mean()))
    most, fewer, none = gains
    assert most > 5.0
    assert 0.0 < fewer < 0.5 * most
    assert none < 0.0


def test_a_second_failure_harms_more_than_the_first() -> None:
    found = lives(
        Paradox(share=1.0, asked_after=7, followed_for=14), service={"failure_probability": 0.3}
    )
    effect = (found.looks[0] - found.looks[2])[FOLLOWED.index("satisfaction"), :, -1]
    first = found.failures["earlier"] == 0
    heard = found.heard
    assert min((first & heard).sum(), (~first & heard).sum()) > 20
    assert effect[~first & heard].mean() < effect[first & heard].mean()


SMALL = ["market.people=300", "days=120", "seeds=2", "paradox.compensation=[0,0.5]",
         "paradox.delays=[0]", "paradox.share=0.5", "paradox.followed_for=42",
         "paradox.alone=4"]  # fmt: skip


@pytest.fixture(scope="module")
def found() -> Examination:
    return examine(load_experiment("recovery-paradox", SMALL), workers=2)


def test_every_failure_meets_every_answer(found: Examination) -> None:
    each = found.failures.groupby(["seed", "row", "day"])["compensation"].agg(list)
    shares = each.apply(lambda given: sorted(given) == [0.0, 0.5])
    # Who has left, or waits for another answer, under one policy is not failed that day.
    assert shares.mean() > 0.8
    assert found.failures["severity_bin"].notna().all()


def test_what_is_pooled_over_answers_counts_once(found: Examination) -> None:
    apart = found.effects("severity_bin", "compensation")
    pooled = found.effects("severity_bin")
    assert pooled["failures"].sum() < apart["failures"].sum()
    distinct = found.heard.groupby(["seed", "row", "day"])["satisfaction"].mean()
    width = stdtrit(len(distinct) - 1, 0.975) * distinct.std() / np.sqrt(len(distinct))
    low, high = found.better_off["satisfaction"][1:]
    assert 0 <= low < high <= 1
    everything = found.effects("policy")
    assert everything["satisfaction_mean"].iloc[0] == pytest.approx(distinct.mean())
    found_width = everything["satisfaction_high"] - everything["satisfaction_mean"]
    assert found_width.iloc[0] == pytest.approx(width, rel=1e-9)


def test_failures_examined_together_hardly_disturb_each_other(found: Examination) -> None:
    assert set(found.disturbance) == set(FOLLOWED)
    assert len(found.disturbance) == 4
    size = float(found.failures["satisfaction"].abs().mean())
    told = to_json(found)["disturbance"]
    assert set(told) == set(FOLLOWED)
    assert told["satisfaction"] < 0.02 * size
    means = to_json(found)["disturbance_of_means"]
    assert means["neighbours"]["low"] < means["neighbours"]["high"]


def test_what_changes_for_everybody_is_not_laid_to_a_single_failure(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Where all talk is to strangers, what many failures do reaches everybody's neighbours alike."""
    scenario = of(BAKERY, talk={"weak_ties": 1.0})
    asked = Paradox(share=1.0, asked_after=14, followed_for=42, alone=40)
    job, network = Job(scenario), network_of(scenario)

    def apart() -> tuple[float, float]:
        together = three_lives(job, network, asked)
        found = disturbance(job, network, asked, together)[:, FOLLOWED.index("neighbours")]
        return float(found.mean()), float(found.std() / np.sqrt(len(found)))

    mean, error = apart()
    assert abs(mean) < 3.0 * error
    monkeypatch.setattr("experiments.laboratory.lives.everybody", lambda *_: 0.0)
    laid, error = apart()
    assert abs(laid) > 6.0 * error


def test_the_result_is_the_same_on_any_number_of_threads(found: Examination) -> None:
    again = examine(load_experiment("recovery-paradox", SMALL), workers=1)
    pd.testing.assert_frame_equal(again.failures, found.failures, check_exact=True)


def test_json_and_words(found: Examination) -> None:
    result = to_json(found)
    assert result["failures_examined"] == len(found.failures)
    assert 0 < result["better_off_share"] < 1
    for record in result["effects"]:
        assert record["severity"][0] < record["severity"][1]
        for name in EFFECTS:
            assert record[name].keys() == {"mean", "low", "high"}
    assert "more satisfied 28 days later" in conclude(found)


def test_a_design_decides_what_is_varied() -> None:
    experiment = load_experiment(
        "recovery-paradox",
        [*SMALL, "design={grid: {policy.apology: [0, 1], policy.delay: [0, 5]}}"],
    )
    plan = plan_of(experiment, experiment.paradox)
    assert [dict(point) for point in plan.points][1] == {"policy.apology": 0, "policy.delay": 5}


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ("paradox.asked_after=30", "must be whole weeks"),
        ("paradox.asked_after=63", "must be at most followed_for"),
        ("paradox.delays=[3, 1]", "ascending order"),
        ("paradox.share=0", "paradox.share = 0 must be"),
    ],
)
def test_what_is_wrong_is_said(setting: str, words: str) -> None:
    result = call("paradox", "recovery-paradox", *(f"--set={each}" for each in [*SMALL, setting]))
    assert result.exit_code == 2
    assert words in result.stderr


def test_command_writes_json_and_a_folder(tmp_path) -> None:
    settings = [f"--set={each}" for each in SMALL]
    folder = tmp_path / "o"
    result = told("paradox", "recovery-paradox", *settings, "--out", str(folder))
    assert result["failures_examined"] > 20
    names = {path.name for path in folder.iterdir()}
    assert {"report.md", "map_satisfaction.png", "lives.png", "failures.parquet"} <= names
