"""The assumptions under which every answer is given again: those that nobody knows well."""

from dataclasses import dataclass, field

from experiments.planning.plan import Point


@dataclass(frozen=True)
class Assumption:
    """A setting of the world in which everything is run once more.

    Attributes
    ----------
    name : str
        Short, for tables and pictures.
    said : str
        After "if", in a sentence.
    kept : str
        After "only if", of a claim that fails here: what has to be so instead.
    point : Point
        What is set.
    """

    name: str
    said: str
    kept: str
    point: Point = field(compare=False)


AS_IT_IS = Assumption("as it is", "nothing is changed", "nothing is changed", {})

ASSUMPTIONS = (
    AS_IT_IS,
    Assumption(
        "tells 8", "a quickly recovered customer tells 8 and not 17",
        "a quickly recovered customer tells 17 and not 8", {"talk.recovered": 8.0},
    ),
    Assumption(
        "discount 0.2", "only a fifth of what people intend is acted on",
        "more than a fifth of what people intend is acted on", {"loyalty.discount": 0.2},
    ),
    Assumption(
        "discount 1", "all who intend to leave do",
        "not all who intend to leave do", {"loyalty.discount": 1.0},
    ),
    Assumption(
        "negativity 1", "bad news moves no more than good",
        "bad news moves more than good", {"talk.negativity": 1.0},
    ),
    Assumption(
        "negativity 2", "bad news moves twice as much as good",
        "bad news moves less than twice as much as good", {"talk.negativity": 2.0},
    ),
)  # fmt: skip
"""The first is the case as it is; each other changes one thing: no study is known behind the 17, the
discount is the gap between what people say and do, and negativity is put at 1 to 2."""
