"""What a search for the most for the money found and how sure it is, in words."""

import math
from typing import TYPE_CHECKING

from experiments.outcomes import Measure
from experiments.sections.keys import parameter_of, said
from experiments.wording import amount, count, listed, percent

if TYPE_CHECKING:
    from experiments.analyses.optimisation import Estimate, Optimisation, Option

SPEND = Measure("spend", "spend", "money", -1, "cost of recovery per person in the market and year")
"""What is spent, as an outcome to be worded."""

_CHARGED = {
    "compensation": "", "compensation_per_severity": "", "agents": "wage_per_agent_day",
    "follow_up": "cost_per_follow_up", "proactive": "cost_per_noticing", "ease": "cost_per_contact",
    "answers": "cost_per_contact", "authority": "cost_per_contact",
}  # fmt: skip
"""Levers that the model charges by itself: always, or where the policy puts that price on them."""


_NOTHING = 1e-9
"""Differences below this are rounding."""


def levers(option: "Option") -> str:
    """Return the levers of an option in words: `delay 0.4 days, compensation 0.05 and ease 3.6`."""
    parts = []
    for key, value in option.levers.items():
        days = " days" if parameter_of(key).unit == "days" else ""
        parts.append(f"{key.partition('.')[2].replace('_', ' ')} {said(value)}{days}")
    return listed(parts)


def conclude(result: "Optimisation") -> str:
    """Say what to choose within the budget, what it is worth, and how much of it was luck."""
    best = result.recommended
    if best is None:
        return (
            f"None of what the search found keeps to the budget of {_money(result)} in worlds that "
            "it had not seen, and none of the policies does: raise the budget a little."
        )
    return " ".join(
        filter(None, (_choice(result, best), _over_start(result, best), _rivals(result),
                      _optimism(result)))
    )  # fmt: skip


def _money(result: "Optimisation") -> str:
    return f"{result.section.budget:g} per person and year"


def _choice(result: "Optimisation", best: "Option") -> str:
    label, allowed = result.measure.label, len(result.chances)
    within = f"Within {_money(result)}, " if result.section.budget is not None else ""
    what = best.name or f"a policy with {levers(best)}"
    chance = result.chances[best]
    sure = (
        "; in the only world that was run, which cannot tell it from luck"
        if math.isnan(chance)
        else f"; the chance that it is the best of the {count(allowed)} that "
        f"{'the budget allows' if within else 'were run again'} is {percent(chance)}"
        if allowed > 1
        else ""
    )
    text = (
        f"{within}{what} is best at {label}: {_amount(result.measure, best.objective)} for "
        f"{_amount(SPEND, best.spend)}{'' if within else ' per person and year'}{sure}."
    )
    return text if best.name and not within else text[:1].upper() + text[1:]


def _over_start(result: "Optimisation", best: "Option") -> str:
    """Say by how much the choice is above the policy from which the search started."""
    start = result.start
    if best is start:
        return "That is the policy from which the search started."
    gained = result.difference(best, start)
    if math.isnan(gained.mean):
        return ""
    spent = _amount(SPEND, start.spend).partition(" (")[0]
    return f"That is {_apart(result.measure, gained)} {start.name}, which spends {spent}."


def _rivals(result: "Optimisation") -> str:
    """Say what the frontier reaches with what each policy spends, and what reaches more."""
    parts, cheaper, beyond = [], [], []
    for name, option in result.named.items():
        found = result.instead_of(name).for_no_more
        if found is None:
            cheaper.append(name)
        elif option.spend.mean > result.budget and result.gain(option) > result.gain(found[0]):
            spent = _amount(SPEND, option.spend).partition(" (")[0]
            over = result.difference(option, found[0])
            above = f"{_apart(result.measure, over)} what the budget buys"
            beyond.append(f"{name} is {above}, at {spent} per person and year.")
        elif not math.isnan(found[1].mean):
            parts.append(f"{_apart(result.measure, found[1])} {name}")
    return " ".join(
        [
            *_sentence("With no more money than each spends, the frontier comes to", parts),
            *beyond,
            *_sentence("Nothing on the frontier is as cheap as", cheaper),
        ]
    )


def _sentence(start: str, parts: list[str]) -> list[str]:
    """Return a sentence of parts, if there are any."""
    plain = all("(" not in part for part in parts)
    return [f"{start} {listed(parts) if plain else '; '.join(parts)}."] if parts else []


def _optimism(result: "Optimisation") -> str:
    """Say how much of what the search promised was luck."""
    over = result.optimism
    if math.isnan(over):
        return ""
    size = _amount_of(result.measure, abs(over))
    unseen = "than worlds that it had not seen bore out"
    if over > 0:
        return (
            f"On average the search promised {size} more over {result.start.name} {unseen}: so "
            "much was luck, and is not counted here."
        )
    return f"The search promised no more over {result.start.name} {unseen}."


def _apart(measure: Measure, difference: "Estimate") -> str:
    """Return `1.2 points above (95% interval 0.9 to 1.5)`, ready for a name to follow."""
    mean, low, high = difference
    if max(abs(mean), abs(low), abs(high)) < _NOTHING:
        return "the same as"
    if mean < 0:
        mean, low, high = -mean, -high, -low
    size, _, ends = amount(measure, mean, *_known(low, high)).partition(" (")
    side = "above" if difference.mean > 0 else "below"
    return f"{size} ({ends} {side}" if ends else f"{size} {side}"


def _amount(measure: Measure, found: "Estimate") -> str:
    return amount(measure, found.mean, *_known(found.low, found.high))


def _amount_of(measure: Measure, value: float) -> str:
    return amount(measure, value, None, None)


def _known(low: float, high: float) -> tuple[float | None, float | None]:
    return (None, None) if math.isnan(low) or math.isnan(high) else (low, high)


def notes(result: "Optimisation") -> tuple[str, ...]:
    """Say what is free, where the search met an end of its ranges, and what was left out."""
    return tuple(
        filter(None, (_free(result), _at_an_end(result), _left_out(result), _overruled(result)))
    )


def _free(result: "Optimisation") -> str:
    policy, costs = result.experiment.policies[result.start.name], result.section.costs
    free = []
    for key in result.section.levers:
        name = key.partition(".")[2]
        price = _CHARGED.get(name)
        charged = price == "" or (price is not None and getattr(policy, price) > 0)
        if not charged and key not in costs:
            free.append(name)
    if not free:
        return ""
    return (
        f"Nothing is charged here for {listed(free)}: a lever that is free is pulled as far as it "
        "helps. Say under `optimise.costs` what it costs."
    )


def _at_an_end(result: "Optimisation") -> str:
    """Name the levers of the choice at an end of their ranges, beyond which there is more."""
    best = result.recommended
    if best is None or best.name:
        return ""
    ended = []
    for key, given in result.section.levers.items():
        value, ends = best.levers[key], given.ends
        if given.values is None and value in ends and value not in given.parameter.bounds:
            ended.append(f"{key} = {said(value)}")
    if not ended:
        return ""
    return (
        f"The search ended where its ranges do at {listed(ended)}: a wider range may hold better."
    )


def _left_out(result: "Optimisation") -> str:
    unknown = sum(not trial.known for trial in result.trials)
    if not unknown:
        return ""
    return (
        f"{unknown} of {len(result.trials)} trials were left out: a run failed, or the "
        f"{result.measure.label} was undefined."
    )


def _overruled(result: "Optimisation") -> str:
    changes = result.experiment.scenario.policy_changes
    if not changes:
        return ""
    first = min(change.day for change in changes)
    return (
        f"The scenario changes the policy on day {first}: from then on all of them are the same, "
        "and at its own costs."
    )
