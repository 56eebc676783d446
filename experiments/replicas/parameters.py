"""The parameters of the rebuilt models, with the values of the publications as defaults."""

from sim.parameters import Section, parameter


class TalkOfTheNetwork(Section):
    """Goldenberg, Libai & Muller 2001; the middle of their 3^5 cells."""

    s: int = parameter(
        17, "people in a group, all tied to each other; s - 1 strong ties each", unit="people",
        low=1, high=3000, sure="estimate",
    )  # fmt: skip
    w: int = parameter(
        17, "weak ties and oneself: w - 1 people drawn anew at each step", unit="people",
        low=1, high=3000, sure="estimate",
    )  # fmt: skip
    a: float = parameter(
        0.0005, "chance of adopting by advertising", unit="a step", low=0, high=1, sure="estimate"
    )
    bw: float = parameter(
        0.005, "chance of adopting by one weak tie", unit="a step", low=0, high=1, sure="estimate"
    )
    bs: float = parameter(
        0.01, "chance of adopting by one strong tie", unit="a step", low=0, high=1, sure="estimate"
    )
    people: int = parameter(3000, "people", unit="people", low=2, high=1_000_000, sure="estimate")
    steps: int = parameter(
        10_000, "steps after which a run ends in any case", unit="steps", low=1, high=1_000_000,
        sure="choice",
    )  # fmt: skip


class BadNews(Section):
    """Goldenberg, Libai, Moldovan & Muller 2007, as implemented anew by Dawid et al. 2025."""

    d: float = parameter(
        0.15, "share who are dissatisfied once they have adopted", unit="share", low=0, high=1,
        sure="estimate",
    )  # fmt: skip
    m: float = parameter(
        2.0, "how much likelier bad news is to be told than good", unit="factor", low=0, high=25,
        sure="estimate",
    )  # fmt: skip
    qs: float = parameter(
        0.04, "chance that a strong tie signals", unit="a step", low=0, high=1, sure="estimate"
    )
    qw: float = parameter(
        0.001, "chance that a weak tie signals", unit="a step", low=0, high=1, sure="estimate"
    )
    people: int = parameter(3000, "people", unit="people", low=2, high=1_000_000, sure="estimate")
    group: int = parameter(
        9, "people in a clique, all tied to each other", unit="people", low=1, high=1000,
        sure="estimate",
    )  # fmt: skip
    weak: int = parameter(
        8, "weak ties, drawn anew at each step", unit="ties", low=0, high=1000, sure="estimate"
    )
    advertising: float = parameter(
        0.005, "chance of adopting by advertising before it fades", unit="a step", low=0, high=1,
        sure="estimate",
    )  # fmt: skip
    fading: float = parameter(
        0.9, "what is left of advertising from step to step", unit="share", low=0, high=1,
        sure="estimate",
    )  # fmt: skip
    steps: int = parameter(500, "steps", unit="steps", low=1, high=100_000, sure="estimate")
    discount_rate: float = parameter(
        0.1, "by how much less an adopter counts who comes a year later; an adopter is worth 1",
        unit="a year", low=0, high=1,
    )  # fmt: skip
    steps_a_year: int = parameter(
        52, "steps in a year, for discounting", unit="steps", low=1, high=1000
    )


class Bass(Section):
    """Bass 1969; the coefficients are the means that Sultan, Farley & Lehmann (1990) report."""

    p: float = parameter(
        0.03, "innovation: chance of adopting by oneself", unit="a year", low=1e-6, high=1,
        sure="estimate",
    )  # fmt: skip
    q: float = parameter(
        0.38, "imitation: the same by all others, once they all have adopted", unit="a year",
        low=0, high=5, sure="estimate",
    )  # fmt: skip
    people: int = parameter(3000, "people", unit="people", low=2, high=1_000_000, sure="choice")
    steps_a_year: int = parameter(
        12, "steps in a year; more of them come nearer to the curve", unit="steps", low=1,
        high=10_000, sure="choice",
    )  # fmt: skip
    steps: int = parameter(
        360, "steps after which a run ends", unit="steps", low=1, high=100_000, sure="choice"
    )
