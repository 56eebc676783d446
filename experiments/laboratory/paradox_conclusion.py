"""Whether the recovery paradox holds, where, and what the literature says of it, in words."""

from experiments.laboratory.paradox import MILD, Examination, talk_of
from experiments.methods.statistics import Interval
from experiments.wording import figure, listed, percent


def conclude(found: Examination) -> str:
    """Say in a paragraph whether the paradox holds, where, and how sure that is."""
    if not len(found.heard):
        return (
            "No failure that was examined came to the firm's ears, so nothing can be said of "
            "recovery; ask for complaints (policy.ease), examine more (paradox.share), or run "
            "more worlds (seeds)."
        )
    better = found.better_off
    said = [
        f"Of the failures that the firm learnt of and answered ({count_of(found)}), "
        f"{percent(float(better['satisfaction'].mean))} left the customer more satisfied "
        f"{found.asked.asked_after} days later than the same customer would have been without "
        f"the failure, and {percent(float(better['intention'].mean))} with a higher intention to "
        f"buy again; {percent(float(better['staying'].mean))} kept a customer who would otherwise "
        "have left.",
        _where(found), _literature(found),
    ]  # fmt: skip
    return " ".join(part for part in said if part)


def count_of(found: Examination) -> str:
    """Return how many answered failures were examined, and how often."""
    heard = found.heard
    distinct = len(heard.groupby(["seed", "row", "day"]))
    if distinct == len(heard):
        return f"{distinct:,} examined"
    return f"{distinct:,} examined, under {len(heard) / distinct:.0f} answers each"


def _where(found: Examination) -> str:
    """Say what first failures did to satisfaction, the mild and the severe."""
    first = found.first
    mild = first["severity"] <= MILD
    said = [
        f"{name} (severity {ends} {MILD}) by {_said(found.mean(first.loc[some, 'satisfaction']), 3)}"
        for name, some, ends in (("a mild one", mild, "up to"), ("a severe one", ~mild, "above"))
        if some.any()
    ]
    return f"First failures changed satisfaction: {', '.join(said)}." if said else ""


def _said(effect: Interval, places: int) -> str:
    """Return a mean effect with its interval."""
    mean, low, high = (figure(float(end), places) for end in effect)
    plus = "+" if float(effect.mean) > 0.0 and mean.strip("0.,") else ""
    return f"{plus}{mean} ({low} to {high})"


def _literature(found: Examination) -> str:
    """Hold mean effects of first failures against what studies find, and say on what they rest."""
    first = found.first
    if len(first) < 2:
        return ""
    effects = {
        "satisfaction": found.mean(first["satisfaction"]),
        "intention": found.mean(first["intention"]),
        "word of mouth": found.mean(talk_of(first)),
    }
    signs = [f"{_sign(effect)} in {name}" for name, effect in effects.items()]
    talk = _said(effects["word of mouth"], 1).replace(" (", ", ").rstrip(")")
    gains = {name: float(effect.low) > 0.0 for name, effect in effects.items()}
    agrees = [name for name, gain in gains.items() if gain == (name == "satisfaction")]
    said = (
        "De Matos et al. (2007) find a gain in satisfaction on average, and none in intention and "
        f"word of mouth. Over all first failures the mean effect here is {listed(signs)} (good stories "
        f"less bad ones: {talk}): the model agrees in {listed(agrees) if agrees else 'none of these'}."
    )
    told = found.experiment.scenario.talk.recovered
    if not gains["word of mouth"] or not told:
        return said
    fewer = 8 if told > 8 else 0
    return (
        f"{said} The gain in word of mouth rests on the {told:g} to whom a quick recovery is told, "
        f"behind which no study is known; --set talk.recovered={fewer} shows what is left of it."
    )


def _sign(effect: Interval) -> str:
    low, high = float(effect.low), float(effect.high)
    return "above zero" if low > 0.0 else "below zero" if high < 0.0 else "near zero"
