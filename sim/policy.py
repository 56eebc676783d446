"""The recovery policy: the strategist's levers, and what pulling each of them costs."""

from sim.parameters import Section, parameter


class Policy(Section):
    """What the firm does about a failure. The default answers at once, puts it right, and no more."""

    answers: bool = parameter(
        True, "whether complaints are answered at all; if not, a case closes after "
        "`unanswered_days` as if met with nothing", unit="yes or no", sure="choice",
    )  # fmt: skip
    delay: float = parameter(
        0.0, "time from the complaint to the answer, when the desk has no limit", unit="days",
        low=0, high=3650, sure="choice",
    )  # fmt: skip
    agents: int = parameter(
        0, "people at the recovery desk; 0 means as many as are needed, and then `delay` holds",
        unit="agents", low=0, high=100_000, sure="choice",
    )  # fmt: skip
    handling_hours: float = parameter(
        1.0, "mean time that a case takes an agent (exponential); the desk works round the clock",
        unit="hours", low=0.001, high=8760, sure="choice",
    )  # fmt: skip
    fix: float = parameter(
        1.0, "how far the thing itself is put right", unit="share", low=0, high=1, sure="choice"
    )
    compensation: float = parameter(
        0.0, "what is given on top", unit="share of the price; 1 is a full refund", low=0, high=3,
        sure="choice",
    )  # fmt: skip
    compensation_per_severity: float = parameter(
        0.0, "what is given on top of that at severity 1, in proportion to severity",
        unit="share of the price", low=0, high=3, sure="choice",
    )  # fmt: skip
    apology: float = parameter(
        0.0, "how full and sincere the apology is", unit="share", low=0, high=1, sure="choice"
    )
    empathy: float = parameter(
        0.0, "how much it is felt that somebody understands", unit="share", low=0, high=1,
        sure="choice",
    )  # fmt: skip
    excuse: float = parameter(
        0.0, "how much the answer defends itself or puts the blame elsewhere", unit="share",
        low=0, high=1, sure="choice",
    )  # fmt: skip
    follow_up: float = parameter(
        0.0, "how surely somebody asks afterwards whether all is well", unit="share",
        low=0, high=1, sure="choice",
    )  # fmt: skip
    updates: float = parameter(
        0.0, "how well the customer is kept informed while waiting", unit="share", low=0, high=1,
        sure="choice",
    )  # fmt: skip
    options: float = parameter(
        0.0, "how far the customer may choose among remedies", unit="share", low=0, high=1,
        sure="choice",
    )  # fmt: skip
    proactive: float = parameter(
        0.0, "chance that the firm notices a failure nobody complained about, and opens the case",
        unit="chance", low=0, high=1, sure="choice",
    )  # fmt: skip
    ease: float = parameter(
        0.0, "how easy complaining is made: 0 a formal letter, 1.2 an easy front line, 4 asked for",
        unit="ease", low=0, high=6, sure="choice",
    )  # fmt: skip
    replies: float = parameter(
        0.0, "share of reviews that the firm replies to in public", unit="share", low=0, high=1,
        sure="choice",
    )  # fmt: skip
    authority: float | None = parameter(
        None, "compensation that the front line may give by itself; more is escalated; empty means "
        "any amount", unit="money", low=0, high=1e9, sure="choice",
    )  # fmt: skip
    escalation_days: float = parameter(
        7.0, "mean of the exponential delay of an escalated case", unit="days", low=0, high=365
    )
    unanswered_days: float = parameter(
        30.0, "time after which a complaint that nobody answers is given up", unit="days",
        low=0, high=3650,
    )  # fmt: skip
    unresolved: float = parameter(
        0.0, "chance that a case is not resolved: hardly put right, nothing given, later and colder "
        "(`recovery.unresolved_fix`, `_delay`, `_warmth`)", unit="chance", low=0, high=1, sure="choice",
    )  # fmt: skip
    cost_per_contact: float = parameter(
        0.1, "cost of one contact with a customer about a case", unit="share of the price",
        low=0, high=1000,
    )  # fmt: skip
    cost_per_follow_up: float = parameter(
        0.0, "cost of one full follow-up", unit="share of the price", low=0, high=1000
    )
    cost_per_noticing: float = parameter(
        0.0, "cost of each case that the firm opens by itself", unit="share of the price",
        low=0, high=1000,
    )  # fmt: skip
    wage_per_agent_day: float = parameter(
        0.0, "wage of an agent at the desk", unit="money a day", low=0, high=1e9
    )
