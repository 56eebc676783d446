"""The outcomes of a run that are compared: name, words, unit, and which direction is better."""

from typing import NamedTuple


class Measure(NamedTuple):
    """What an outcome is called, in which unit it comes, and what of it is better."""

    name: str
    label: str
    unit: str
    direction: int
    """1 if higher is better, -1 if lower is, 0 if more is neither good nor bad by itself."""
    meaning: str


_MEASURES = (
    Measure("reputation", "reputation", "points", 1,
            "mean opinion of the firm among all who know it; 0 to 100, 50 is neutral"),
    Measure("reputation_noncustomers", "reputation among non-customers", "points", 1,
            "the same among those who know the firm and are not customers"),
    Measure("nps", "net promoter score", "points", 1,
            "share of customers who would recommend the firm less the share who would warn; "
            "-100 to 100"),
    Measure("nps_aware", "net promoter score among all who know the firm", "points", 1,
            "the same among all who know the firm; -100 to 100"),
    Measure("stars", "stars", "stars", 1, "running mean of all reviews; 1 to 5"),
    Measure("satisfaction", "satisfaction of customers", "", 1,
            "mean cumulative satisfaction of customers; -1 to 1"),
    Measure("customer_share", "share of customers", "", 1, "customers per person in the market"),
    Measure("visits", "visits", "visits", 1, "visits in the whole run"),
    Measure("failures", "failures", "failures", 0,
            "visits that failed; more customers meet more of them"),
    Measure("complaints", "complaints", "complaints", 0,
            "failures that were voiced; more are better where the alternative is silence"),
    Measure("noticed", "failures noticed", "cases", 0, "silent failures that the firm found"),
    Measure("silent", "failures in silence", "failures", -1,
            "failures neither voiced nor noticed"),
    Measure("answers", "answers", "answers", 0, "cases that were answered"),
    Measure("first_contacts", "answers at first contact", "answers", 1, "given within a day"),
    Measure("delighted", "delighted by the answer", "customers", 1,
            "answers that delighted whoever got them"),
    Measure("escalations", "escalations", "cases", -1,
            "answers beyond the authority of the front line"),
    Measure("share_of_voice", "share of failures complained about", "", 0,
            "complaints per failure"),
    Measure("first_contact_share", "share answered at first contact", "", 1,
            "answers at first contact, per answer"),
    Measure("mean_delay", "mean delay of an answer", "days", -1, "from complaint to answer"),
    Measure("good_stories", "good stories", "stories", 1, "good stories told"),
    Measure("bad_stories", "bad stories", "stories", -1, "bad stories told"),
    Measure("good_heard", "good stories heard", "stories", 1, "including those passed on"),
    Measure("bad_heard", "bad stories heard", "stories", -1, "including those passed on"),
    Measure("reviews", "reviews", "reviews", 0, "posted in public"),
    Measure("leavers", "customers lost", "customers", -1, "customers who left"),
    Measure("customers_kept", "first-day customers kept", "customers", 1,
            "customers of the first day who are customers at the end"),
    Measure("joiners", "customers won", "customers", 1, "people who became customers"),
    Measure("revenue", "revenue", "money", 1, "what was spent on all visits"),
    Measure("margin", "margin before recovery", "money", 1,
            "revenue times margin, before what recovery cost"),
    Measure("compensation", "compensation", "money", -1, "given to customers"),
    Measure("contacts_cost", "cost of contacts", "money", -1, "of answering"),
    Measure("follow_ups_cost", "cost of follow-ups", "money", -1, "of asking afterwards"),
    Measure("noticing_cost", "cost of noticing", "money", -1, "of finding silent failures"),
    Measure("wages", "wages of the desk", "money", -1, "of the agents"),
    Measure("recovery_cost", "cost of recovery", "money", -1, "of all kinds"),
    Measure("npv", "net present value", "money", 1,
            "margin less cost of recovery, discounted, of the whole run"),
    Measure("npv_per_person", "net present value per person", "money", 1,
            "margin less cost of recovery, discounted, per person in the market"),
    Measure("silent_per_complaint", "silent failures for each complaint", "", -1,
            "failures not voiced per complaint"),
    Measure("good_to_bad", "good stories for each bad one", "", 1, "stories told, good per bad"),
    Measure("yearly_retention", "yearly retention", "", 1,
            "share of the first day's customers who are customers at the end, at a yearly rate"),
    Measure("value_retention", "yearly retention of value", "", 1,
            "share of what the first day's customers would bring in a year that is still there at the "
            "end, at a yearly rate"),
    Measure("problem_share", "share who had a problem", "", -1,
            "customers of the first day who were failed during the run"),
    Measure("cost_per_recovery", "cost of an answer", "money", -1, "cost of recovery per answer"),
    Measure("cost_per_customer_saved", "cost per customer saved", "money", -1,
            "recovery spend beyond that of the policy none (else the baseline) per first-day customer "
            "kept beyond those it keeps, in the same worlds; a ratio of means"),
    Measure("return_on_recovery_spend", "return on recovery spend", "", 1,
            "margin gained over the policy none (else the baseline) less recovery spend beyond its, "
            "per unit of that spend, in the same worlds; a ratio of means"),
)  # fmt: skip

MEASURES = {measure.name: measure for measure in _MEASURES}
"""All outcomes that can be compared, by name."""

DEFAULT = ("reputation", "nps", "npv_per_person")
"""The outcomes that are shown unless an experiment names others."""

RATIOS_OF_MEANS = ("cost_per_customer_saved", "return_on_recovery_spend")
"""Outcomes that one run has not: they are relative to another policy's runs in the same worlds."""
