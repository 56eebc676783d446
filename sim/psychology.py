"""How people take service, failure and recovery: the parameters behind the rules, by subject."""

from sim.parameters import Section, parameter


class Appraisal(Section):
    """How an ordinary visit is felt against what was expected."""

    ordinary: float = parameter(
        0.50, "transaction satisfaction of a visit that meets expectation", unit="satisfaction",
        low=-1, high=1,
    )  # fmt: skip
    loss_aversion: float = parameter(
        2.25, "how much more a shortfall of quality is felt than an equal surplus", unit="ratio",
        low=1, high=5, sure="estimate",
        source="Tversky & Kahneman 1992; meta-analysis of Brown et al. 2024: 1.955",
    )  # fmt: skip
    curvature: float = parameter(
        0.88, "exponent of the value of a gap in quality", unit="exponent", low=0.1, high=1,
        sure="estimate", source="Tversky & Kahneman 1992",
    )  # fmt: skip
    expectation_learning: float = parameter(
        0.1, "share of a gap in quality by which expectation moves", unit="share a visit",
        low=0, high=1,
    )  # fmt: skip
    satisfaction_learning: float = parameter(
        0.2, "weight of the latest visit in cumulative satisfaction", unit="share a visit",
        low=0, high=1,
    )  # fmt: skip
    delighted_share: float = parameter(
        0.15, "share of ordinary visits whose quality delights", unit="share of visits",
        low=0, high=0.99,
    )  # fmt: skip


class Loss(Section):
    """What a failure takes from satisfaction, and whom it is laid to."""

    scale: float = parameter(
        1.23, "loss of satisfaction at severity 1, fully attributed to the firm",
        unit="satisfaction", low=0, high=4, sure="fitted",
        source="fitted to TARP's repurchase table, which is harsh on small failures",
    )  # fmt: skip
    severity_exponent: float = parameter(
        0.275, "how the loss grows with severity", unit="exponent", low=0.01, high=3,
        sure="fitted", source="fitted to TARP's repurchase table",
    )  # fmt: skip
    base_attribution: float = parameter(
        0.5, "attribution of a failure that nobody controls and nobody expects again",
        unit="share of the loss", low=0, high=1,
        source="form after Van Vaerenbergh et al. 2014; Magnini et al. 2007",
    )  # fmt: skip
    control_weight: float = parameter(
        0.5, "attribution added when the firm could have prevented the failure",
        unit="share of the loss", low=0, high=1, source="form after Van Vaerenbergh et al. 2014",
    )  # fmt: skip
    stability_weight: float = parameter(
        0.5, "attribution added when the failure is expected to come again",
        unit="share of the loss", low=0, high=1, source="form after Van Vaerenbergh et al. 2014",
    )  # fmt: skip
    memory_weight: float = parameter(
        0.6, "how fast remembered failures make a new one look like the rule",
        unit="per failure remembered", low=0, high=5, source="form after Magnini et al. 2007",
    )  # fmt: skip
    memory_half_life: float = parameter(
        90.0, "half-life of remembered failures", unit="days", low=1, high=10_000
    )


class Voice(Section):
    """Who complains, and who suffers in silence (Hirschman 1970)."""

    constant: float = parameter(
        -5.2, "log-odds of complaining about the smallest failure when it is not made easy",
        unit="logits", low=-20, high=20, sure="fitted",
        source="26 silent for each complaint; Goodman & Newman; TARP",
    )  # fmt: skip
    severity: float = parameter(
        4.75, "how much likelier a complaint is at severity 1 than at 0", unit="logits",
        low=0, high=20, sure="fitted", source="Goodman & Newman: 70% at severity 1, 3% at .1",
    )  # fmt: skip
    ease: float = parameter(
        1.1, "how much likelier a complaint is for each unit of ease", unit="logits per unit",
        low=0, high=20, sure="fitted", source="Goodman & Newman; TARP",
    )  # fmt: skip


class Justice(Section):
    """How fair an answer feels (Tax, Brown & Chandrashekaran 1998)."""

    distributive: float = parameter(
        0.42, "weight of what is given", unit="weight", low=0, high=1, sure="estimate",
        source="Orsingher, Valentini & de Angelis 2010",
    )  # fmt: skip
    procedural: float = parameter(
        0.26, "weight of how soon and smoothly it comes", unit="weight", low=0, high=1,
        sure="estimate", source="Orsingher, Valentini & de Angelis 2010",
    )  # fmt: skip
    interactional: float = parameter(
        0.32, "weight of how the customer is treated", unit="weight", low=0, high=1,
        sure="estimate", source="Orsingher, Valentini & de Angelis 2010",
    )  # fmt: skip
    matching: float = parameter(
        0.6, "how much more what is given counts after an outcome failure, and treatment after a "
        "process failure", unit="share", low=0, high=1,
        source="form after Smith, Bolton & Wagner 1999",
    )  # fmt: skip
    need_base: float = parameter(
        0.2, "compensation that makes up for the smallest failure", unit="share of the price",
        low=0.01, high=3,
    )  # fmt: skip
    need_severity: float = parameter(
        0.8, "compensation needed on top of that at severity 1", unit="share of the price",
        low=0, high=10,
    )  # fmt: skip
    saturation: float = parameter(
        1.6, "how soon more of it counts for less", unit="per need met", low=0.01, high=10
    )
    fix_weight: float = parameter(
        0.5, "what putting the thing right is worth, in needs met", unit="needs", low=0, high=5
    )
    overpay_penalty: float = parameter(
        0.35, "what compensation beyond the threshold takes away", unit="per share of the price",
        low=0, high=5, source="sign after Haesevoets et al. 2017",
    )  # fmt: skip
    overpay_threshold: float = parameter(
        1.5, "compensation from which on a minority is repelled", unit="share of the price",
        low=0, high=10, source="sign after Haesevoets et al. 2017",
    )  # fmt: skip
    patience: float = parameter(
        6.0, "days beyond the zone of tolerance in which procedural justice falls to 1/e",
        unit="days", low=0.1, high=365,
    )  # fmt: skip
    zone_of_regulars: float = parameter(
        3.0, "zone of tolerance of customers of more than a year; it is 0 for newer ones",
        unit="days", low=0, high=365, source="form after Hogreve, Bilstein & Mandl 2017",
    )  # fmt: skip
    regular_after: float = parameter(
        365.0, "time as a customer after which one counts as a regular", unit="days", low=0,
        high=100_000,
    )  # fmt: skip
    updates_weight: float = parameter(
        0.3, "share of the wait that honest updates take away", unit="share", low=0, high=1
    )
    options_weight: float = parameter(
        0.3, "share of what is missing to full procedural justice that a free choice among remedies "
        "makes up", unit="share", low=0, high=1, source="form: decision control, Thibaut & Walker "
        "1975; Tax, Brown & Chandrashekaran 1998",
    )  # fmt: skip
    courtesy: float = parameter(
        0.05, "interactional justice of a bare answer", unit="justice", low=0, high=1
    )
    empathy: float = parameter(
        0.35, "interactional justice of full empathy", unit="justice", low=0, high=1
    )
    apology: float = parameter(
        0.35, "interactional justice of a full, sincere apology", unit="justice", low=0, high=1
    )
    follow_up: float = parameter(
        0.15, "interactional justice of asking again afterwards", unit="justice", low=0, high=1
    )
    noticed: float = parameter(
        0.15, "interactional justice of coming first, before the customer complains",
        unit="justice", low=0, high=1,
    )  # fmt: skip
    excuse: float = parameter(
        0.4, "interactional justice lost to a defensive excuse or blame put elsewhere",
        unit="justice", low=0, high=1,
    )  # fmt: skip
    sharpness: float = parameter(
        1.6, "slope from justice to complaint satisfaction", unit="per unit of justice",
        low=0.01, high=10,
    )  # fmt: skip
    delight_slope: float = parameter(
        4.0, "slope of the chance to be delighted by a recovery", unit="logits", low=0, high=50,
        sure="fitted", source="SOCAP: 58% delighted with something given, 40% without",
    )  # fmt: skip
    delight_centre: float = parameter(
        0.30, "complaint satisfaction at which half are delighted", unit="satisfaction",
        low=-1, high=1, sure="fitted", source="SOCAP: 58% with something given, 40% without",
    )  # fmt: skip


class Recovery(Section):
    """What an answer gives back, and what is expected of the next one."""

    base_gain: float = parameter(
        0.37, "satisfaction regained by being answered as expected", unit="satisfaction",
        low=0, high=2, sure="fitted", source="fitted to TARP's repurchase table",
    )  # fmt: skip
    severity_gain: float = parameter(
        0.32, "regained on top at severity 1, where there is more to win back",
        unit="satisfaction", low=0, high=2, sure="fitted",
        source="fitted to TARP's repurchase table",
    )  # fmt: skip
    disconfirmation_gain: float = parameter(
        0.44, "regained for each unit by which the answer exceeds what was expected of it",
        unit="satisfaction", low=0, high=2, sure="fitted",
        source="fitted to TARP's repurchase table",
    )  # fmt: skip
    disconfirmation_aversion: float = parameter(
        1.2, "how much more an answer below expectation counts than one above", unit="ratio",
        low=1, high=5, sure="fitted", source="fitted to TARP's repurchase table",
    )  # fmt: skip
    insult_threshold: float = parameter(
        -0.8, "complaint satisfaction below which the answer insults: a double deviation",
        unit="satisfaction", low=-1, high=1,
        source="form after Bitner, Booms & Tetreault 1990",
    )  # fmt: skip
    insult: float = parameter(
        0.25, "satisfaction lost to a double deviation", unit="satisfaction", low=0, high=2,
        source="form after Bitner, Booms & Tetreault 1990",
    )  # fmt: skip
    expectation_step: float = parameter(
        0.25, "how much a good answer raises what is expected of the next", unit="satisfaction",
        low=0, high=1,
    )  # fmt: skip
    expectation_limit: float = parameter(
        0.8, "the most that is ever expected of an answer", unit="satisfaction", low=0, high=1
    )
    expectation_half_life: float = parameter(
        180.0, "half-life of what is expected of an answer", unit="days", low=1, high=10_000
    )
    unresolved_fix: float = parameter(
        0.2, "how far the thing is put right at most where a case stays unresolved", unit="share",
        low=0, high=1,
    )  # fmt: skip
    unresolved_warmth: float = parameter(
        0.8, "what an unresolved case leaves of apology and empathy", unit="ratio", low=0, high=1
    )
    unresolved_delay: float = parameter(
        2.0, "how much longer an unresolved case takes", unit="ratio", low=1, high=100
    )
    first_contact: float = parameter(
        1.0, "longest delay that counts as settled at first contact", unit="days", low=0, high=365,
    )  # fmt: skip
    gratitude_step: float = parameter(
        0.5, "gratitude felt for each unit by which an answer exceeds expectation",
        unit="gratitude", low=0, high=2,
    )  # fmt: skip
    gratitude_half_life: float = parameter(
        60.0, "half-life of gratitude", unit="days", low=1, high=10_000
    )


class Loyalty(Section):
    """What people intend, and what they do."""

    constant: float = parameter(
        0.8, "log-odds of the intention to buy again at satisfaction 0", unit="logits",
        low=-10, high=10, sure="fitted", source="fitted to TARP's repurchase table",
    )  # fmt: skip
    satisfaction: float = parameter(
        4.0, "weight of satisfaction in the intention", unit="logits per unit", low=0, high=20,
        sure="fitted", source="fitted to TARP's repurchase table",
    )  # fmt: skip
    failures: float = parameter(
        0.2, "what each failure remembered takes from the intention", unit="logits per failure",
        low=0, high=5, sure="fitted", source="fitted to TARP's repurchase table",
    )  # fmt: skip
    gratitude: float = parameter(
        0.0, "weight of gratitude in the intention; 0.3 switches it on", unit="logits per unit",
        low=0, high=5,
    )  # fmt: skip
    opinion: float = parameter(
        0.0, "weight of what is heard from others in a customer's intention; 0.25 is an option",
        unit="logits per logit", low=0, high=2,
    )  # fmt: skip
    discount: float = parameter(
        0.35, "share of the intention to leave that is acted on after an incident", unit="share",
        low=0, high=1, source="the gap between intention and behaviour; vary .2 to 1",
    )  # fmt: skip
    ordinary_leaving: float = parameter(
        0.003, "chance to leave after an ordinary visit, at the satisfaction people start with",
        unit="chance a visit", low=0, high=1, sure="fitted",
        source="fitted to a yearly retention of 80%",
    )  # fmt: skip
    ordinary_slope: float = parameter(
        1.5, "how much satisfaction above the start lowers that chance", unit="per unit",
        low=0, high=20,
    )  # fmt: skip
    start: float = parameter(
        0.45, "satisfaction that customers start with, and the neutral point of attitude",
        unit="satisfaction", low=-1, high=1,
    )  # fmt: skip
    attitude: float = parameter(
        2.0, "weight of one's own satisfaction in attitude", unit="logits per unit", low=0, high=10
    )


class Survey(Section):
    """How likely people say they are to recommend the firm, from 0 to 10 (Reichheld 2003)."""

    centre: float = parameter(
        6.6, "mean answer at satisfaction 0, or of strangers without an opinion", unit="points",
        low=0, high=10,
    )  # fmt: skip
    satisfaction: float = parameter(
        4.0, "weight of satisfaction in the answer of who has been a customer",
        unit="points per unit", low=0, high=20,
    )  # fmt: skip
    opinion: float = parameter(
        2.0, "weight of opinion in the answer of who never was", unit="points per logit",
        low=0, high=20, source="form: Baehre et al. 2021, all potential customers are asked",
    )  # fmt: skip
    noise: float = parameter(
        1.2, "standard deviation of an answer around its mean", unit="points", low=0.01, high=10
    )
