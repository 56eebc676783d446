"""What cannot be analysed is refused where it was written: file, line, key, value, bound, remedy."""

from pathlib import Path

import pytest
from calling import call

BASE = """name: small
scenario: bakery
set: {market.people: 60, days: 21}
policies: [none, slow, fast]
baseline: none
seeds: 3
"""
"""Six lines; what is asked for follows from line 7 on."""

SENSITIVITY = """sensitivity:
  ranges: {talk.influence: [0.4, 1.4], service.failure_probability: [0.01, 0.08]}
  samples: 8
"""
ROBUST = """robust:
  ranges: {talk.influence: [0.4, 1.4], service.failure_probability: [0.01, 0.08]}
  samples: 8
"""
OPTIMISE = """optimise:
  levers: {policy.delay: [0, 10]}
  like: fast
"""
BREAK_EVEN = """break_even:
  lever: policy.compensation
  range: [0, 1]
"""
TALK = "talk.influence: [0.4, 1.4]"
ALONE = ("[none, slow, fast]", "[none]")
OWN = ("policies: [none, slow, fast]\nbaseline: none\n", "")


def refused(folder: Path, command: str, text: str, *options: str) -> str:
    """Return what a command says of an experiment, which must leave nothing behind."""
    file = folder / "x.yaml"
    file.write_text(text)
    result = call(command, str(file), *options, "--out", str(folder / "out"))
    assert result.exit_code == 2, result.output
    assert result.stdout == "" and "Traceback" not in result.stderr
    assert sorted(path.name for path in folder.iterdir()) == ["x.yaml"]
    said = [line for line in result.stderr.splitlines() if not line.startswith("Compiling")]
    return "\n".join(said).replace(str(file), "x.yaml").removeprefix("Error: ")


PLACED = [
    ("sensitivity", "", "x.yaml: the experiment small says nothing of what is uncertain"),
    ("sensitivity", "sensitivity: {samples: 8}\n", "x.yaml:7: the experiment small says nothing"),
    ("sensitivity", SENSITIVITY + "  policy: fats\n",
     "x.yaml:10: sensitivity.policy = fats must be one of the policies beside the baseline (slow, "
     "fast); did you mean fast?"),
    ("sensitivity", SENSITIVITY + "  outcomes: [reputation, cost_per_customer_saved]\n",
     "x.yaml:10: sensitivity.outcomes.1 = cost_per_customer_saved is a ratio of means"),
    ("sensitivity", SENSITIVITY + "outcomes: [return_on_recovery_spend]\n",
     "x.yaml:10: outcomes.0 = return_on_recovery_spend is a ratio of means"),
    ("sensitivity", SENSITIVITY.replace(TALK, "network.degree: [2, 80]"),
     "x.yaml:8: sensitivity.ranges: at network.degree = 41, service.failure_probability = 0.045: "
     "network.degree = 41 must be even"),
    ("sensitivity", SENSITIVITY.replace("[0.4, 1.4]", "[1.4, 0.4]"),
     "x.yaml:8: sensitivity.ranges.talk.influence = [1.4, 0.4]: this must be [low, high], rising"),
    ("sensitivity", SENSITIVITY.replace(TALK, "network.kind: [0, 1]"),
     "x.yaml:8: sensitivity.ranges.network.kind = [0, 1]: this takes no numbers"),
    ("robust", "", "x.yaml: the experiment small has no assumptions to vary"),
    ("robust", "robust: {outcome: reputation}\n", "x.yaml:7: the experiment small has no assum"),
    ("robust", "robust: {samples: 64}\ndesign: {grid: {talk.influence: [0, 1]}}\n",
     "x.yaml:7: robust.samples = 64 is for nothing"),
    ("robust", ROBUST + "outcomes: [failures]\n", "x.yaml:10: outcomes.0 = failures is neither"),
    ("robust", ROBUST + "  outcome: cost_per_customer_saved\n",
     "x.yaml:10: robust.outcome = cost_per_customer_saved is no outcome of a single run"),
    ("robust", "design: {grid: {policy.delay: [0, 9]}}\n", "x.yaml:7: the design of small varies"),
    ("robust", "design: {zip: {policy.delay: [0, 9], talk.influence: [0, 1]}}\n",
     "x.yaml:7: the design of small has not every policy"),
    ("robust", ROBUST.replace(TALK, "outages.0.severity: [0.2, 0.4]"),
     "x.yaml:8: robust.ranges: at outages.0.severity = 0."),
    ("robust", ROBUST.replace("[0.4, 1.4]", "{choice: [a, b]}"),
     "x.yaml:8: robust.ranges.talk.influence.choice.0 = a must be a number"),
    ("optimise", "", "x.yaml: small has no section `optimise`"),
    ("optimise", OPTIMISE.replace("fast", "none"), "x.yaml:9: the search starts from none"),
    ("optimise", OPTIMISE.replace("  like: fast\n", ""), "x.yaml:5: the search starts from none"),
    ("optimise", OPTIMISE.replace("fast", "fats"), "x.yaml:9: optimise.like = fats must be one of"),
    ("optimise", OPTIMISE + "  costs: {policy.dealy: 1}\n",
     "x.yaml:10: optimise.costs.policy.dealy = 1 is not a key of world or policy; did you mean"),
    ("optimise", OPTIMISE + "  costs: {policy.answers: 1}\n",
     "x.yaml:10: optimise.costs.policy.answers = 1 comes in no amounts"),
    ("optimise", OPTIMISE + "  costs: {policy.delay: dear}\n",
     "x.yaml:10: optimise.costs.policy.delay = dear must be a number, or a section such as"),
    ("optimise", OPTIMISE + "  costs: {policy.delay: {each: 100000, below: 10}}\n",
     "x.yaml:10: optimise.costs add "),
    ("optimise", OPTIMISE + "  objective: cost_per_customer_saved\n",
     "x.yaml:10: optimise.objective = cost_per_customer_saved is a ratio of means"),
    ("optimise", OPTIMISE.replace("policy.delay", "market.people").replace("[0,", "[5,"),
     "x.yaml:8: optimise.levers.market.people = [5, 10]: this is no lever"),
    ("break-even", "", "x.yaml: the experiment small names no lever to go along"),
    ("break-even", BREAK_EVEN, "x.yaml:4: say which policy is to be held against the baseline none"),
    ("break-even", BREAK_EVEN + "  policy: fats\n", "x.yaml:10: break_even.policy = fats must be"),
    ("break-even", BREAK_EVEN.replace("[0, 1]", "[1, 0]"),
     "x.yaml:9: break_even.range = [1, 0]: range must rise"),
    ("break-even", BREAK_EVEN.replace("[0, 1]", "[0, 9]"),
     "x.yaml:9: break_even.range.1 = 9 must be at most 3 (share of the price"),
    ("break-even", BREAK_EVEN.replace("[0, 1]", "[0, 1, 2]"),
     "x.yaml:9: break_even.range = [...] must have at most 2 entries, and has 3"),
    ("break-even", BREAK_EVEN + "  policy: fast\n  outcome: return_on_recovery_spend\n",
     "x.yaml:11: break_even.outcome = return_on_recovery_spend is a ratio of means"),
    ("break-even", BREAK_EVEN.replace("policy.compensation", "network.degree")
     .replace("[0, 1]", "[2, 80]") + "  policy: fast\n",
     "x.yaml:9: break_even.range: at network.degree = "),
    ("compare", "design: {grid: {policy.delay: [0, 1]}}\n", "x.yaml:7: small: compare runs one"),
]  # fmt: skip


@pytest.mark.parametrize(("command", "asked", "said"), PLACED)
def test_what_a_file_asks_for_and_cannot_be_is_told_at_its_line(
    tmp_path: Path, command: str, asked: str, said: str
) -> None:
    assert refused(tmp_path, command, BASE + asked).startswith(said)


@pytest.mark.parametrize(
    ("command", "asked", "change", "said"),
    [
        ("robust", ROBUST, ALONE, "x.yaml:4: policies must be two or more"),
        ("robust", ROBUST, OWN, "x.yaml: policies must be two or more"),
        ("sensitivity", SENSITIVITY + "precision: {outcome: nps, half_width: 1}\n",
         ("seeds: 3", "seeds: 20"), "x.yaml:10: precision is for `amends compare`"),
        ("robust", ROBUST.replace("samples: 8", "samples: 65536"), ("seeds: 3", "seeds: 100000"),
         "x.yaml: 19,660,800,000 runs"),
        ("robust", ROBUST, ("seeds: 3", "seeds: 1"), "x.yaml:6: seeds = 1 must be at least 2"),
        ("break-even", BREAK_EVEN, ALONE, "x.yaml:4: there is no policy to hold against none"),
        ("break-even", BREAK_EVEN + "  policy: fast\n", ALONE,
         "x.yaml:10: break_even.policy = fast must be one of the policies beside the baseline none, "
         "and there is none: add it to `policies`"),
        ("optimise", OPTIMISE, OWN,
         "x.yaml:7: optimise.like = fast must be one of the policies (bakery)"),
        ("sensitivity", SENSITIVITY + "  policy: fast\n", OWN,
         "x.yaml:8: sensitivity.policy = fast must be one of the policies beside the baseline "
         "bakery, and there is none"),
    ],
)  # fmt: skip
def test_an_experiment_that_lacks_something_is_told_where(
    tmp_path: Path, command: str, asked: str, change: tuple[str, str], said: str
) -> None:
    assert refused(tmp_path, command, BASE.replace(*change) + asked).startswith(said)


@pytest.mark.parametrize(
    ("command", "asked", "options", "said"),
    [
        ("sensitivity", SENSITIVITY, ("--policy", "fsat"),
         "--policy fsat: sensitivity.policy = 'fsat' must be one of"),
        ("sensitivity", SENSITIVITY, ("--samples", "12"), "--samples 12: sensitivity.samples = 12"),
        ("sensitivity", SENSITIVITY, ("--days", "-3"), "--days -3: days = -3 must be at least 1"),
        ("robust", ROBUST, ("--seeds", "1"), "--seeds 1: seeds = 1 must be at least 2"),
        ("robust", ROBUST, ("--set", "robust.ranges.talk.influence=[1, 0]"),
         "--set robust.ranges.talk.influence=[1, 0]: robust.ranges.talk.influence = [1, 0]: this"),
        ("optimise", OPTIMISE, ("--objective", "npss"), "--objective npss: optimise.objective = 'npss'"),
        ("break-even", BREAK_EVEN, ("--range", "1", "0"),
         "--range 1 0: break_even.range = [1.0, 0.0]: range must rise"),
        ("break-even", BREAK_EVEN, ("--range", "0", "nan"),
         "--range 0 nan: break_even.range.1 = nan must be a number"),
        ("break-even", BREAK_EVEN, ("--policy", "fats"), "--policy fats: break_even.policy = 'fats'"),
    ],
)  # fmt: skip
def test_what_an_option_asks_for_is_told_by_the_option(
    tmp_path: Path, command: str, asked: str, options: tuple[str, ...], said: str
) -> None:
    message = refused(tmp_path, command, BASE + asked, *options)
    assert message.startswith(said) and "\n" not in message


def test_what_only_runs_can_tell_is_placed_too(tmp_path: Path) -> None:
    dear = OPTIMISE.replace("policy.delay: [0, 10]", "policy.ease: [3, 4]") + "  trials: 4\n"
    dear += "  worlds: 1\n  budget: 0.00001\n"
    said = refused(tmp_path, "optimise", BASE.replace("60, days: 21", "200, days: 60") + dear)
    assert said.startswith("x.yaml:12: optimise.budget = 0.00001 is less than the ")
    quiet = BASE.replace("days: 21", "days: 3, service.failure_probability: 0")
    ranges = ROBUST.replace(", service.failure_probability: [0.01, 0.08]", "")
    said = refused(tmp_path, "robust", quiet + ranges + "  outcome: mean_delay\n")
    assert (
        said == "x.yaml:10: robust.outcome = mean_delay is undefined at every point; name another"
    )


def test_the_days_that_an_option_names_go_before_those_that_the_file_sets(tmp_path: Path) -> None:
    from experiments.design import load_experiment

    file = tmp_path / "x.yaml"
    file.write_text(BASE.replace("days: 21", "days: 21, seed: 5"))
    assert load_experiment(file).scenario.days == 21
    named = load_experiment(file, days=30, seed=9)
    assert (named.scenario.days, named.seeds) == (30, (9, 10, 11))
    assert named.scenario.market.people == 60
