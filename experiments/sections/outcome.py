"""The name of an outcome, as a value in an experiment file."""

import difflib
from typing import Annotated

from pydantic import AfterValidator

from experiments.outcomes import MEASURES, RATIOS_OF_MEANS
from sim.errors import nearest


def _outcome(name: str) -> str:
    if name in MEASURES:
        return name
    meant = nearest(name, MEASURES)
    hint = f"did you mean {meant}?" if meant else _likely(name)
    raise ValueError(f"is not an outcome; {hint}")


def _likely(name: str) -> str:
    """Return which outcomes may be meant, by their names, words and meanings, and then all."""
    wanted = name.lower().replace("-", "_").split("_")
    close = difflib.get_close_matches(name, MEASURES, 2, 0.5)
    said = [
        known
        for known, measure in MEASURES.items()
        if any(
            len(word) > 3 and word in f"{known} {measure.label} {measure.meaning}"
            for word in wanted
        )
    ]
    guesses = list(dict.fromkeys([*close, *said]))[:3]
    hint = f"did you mean {' or '.join(guesses)}? All: " if guesses else "there are "
    return hint + ", ".join(MEASURES)


def directed(name: str) -> str:
    """Refuse an outcome of which more is neither good nor bad."""
    if MEASURES[name].direction == 0:
        raise ValueError("is neither good nor bad by itself, so nothing can be best at it")
    return name


def of_one_run(name: str) -> str:
    """Refuse an outcome that no single run has."""
    if name in RATIOS_OF_MEANS:
        raise ValueError(
            "is a ratio of means over all worlds, which no single run has; take what it is made "
            "of, such as npv_per_person, customers_kept or recovery_cost"
        )
    return name


OutcomeName = Annotated[str, AfterValidator(_outcome)]
"""The name of an outcome in `experiments.outcomes.MEASURES`."""

OneRuns = Annotated[OutcomeName, AfterValidator(of_one_run)]
"""The same, of an outcome that every single run has."""
