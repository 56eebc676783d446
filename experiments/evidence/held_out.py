"""Findings that nothing in the model was fitted to, with the bands in which its answer has to lie.

Bands were written down before anything was measured, and stay as they are: a finding that is
missed is a known misfit, and no reason to move a number. Where the source gives a direction alone,
the band is a sign. `by_rule` marks what a rule of the model says by itself because this finding, or
one like it, was its source: such a finding can hardly fail, and speaks for nothing but the program.
"""

from typing import NamedTuple


class Finding(NamedTuple):
    """A published finding.

    Attributes
    ----------
    fact, source, target : str
        In words: what was found, by whom, and what was published.
    low, high : float
        The band in which the model's answer has to lie.
    strict : bool
        Whether the ends of the band lie outside it, as 0 does where a sign is asked for.
    by_rule : bool
        Whether a rule of the model says so by itself.
    """

    fact: str
    source: str
    target: str
    low: float
    high: float
    strict: bool = False
    by_rule: bool = False


MATOS = "de Matos, Henrique & Rossi 2007"
TWICE = "Maxham & Netemeyer 2002"
MAGNINI = "Magnini, Ford, Markowski & Honeycutt 2007"
ORSINGHER = "Orsingher, Valentini & de Angelis 2010"
MATCHING = "Smith, Bolton & Wagner 1999"
REFUNDS = "Haesevoets, Van Hiel, Pandelaere, Bostyn & De Cremer 2017"
WIRTZ = "Wirtz & Mattila 2004"

HELD_OUT = {
    "H1": Finding(
        "effect of a first failure, recovered as well as can be, on satisfaction four weeks later",
        MATOS, "above zero", 0.0, 2.0, strict=True,
    ),
    "H2": Finding(
        "the same effect on the intention to buy again", MATOS, "none", -1.0, 0.0,
    ),
    "H3": Finding(
        "the same effect on the share who are still customers after 17 weeks", MATOS, "none",
        -1.0, 0.0,
    ),
    "H4": Finding(
        "the same effect on good stories less bad ones, in stories told", MATOS, "none",
        -50.0, 0.0,
    ),
    "H5": Finding(
        "satisfaction after a second failure less that after the first, both mild and recovered as "
        "well as can be, 60 days apart", TWICE, "lower: no paradox the second time", -2.0, 0.0, strict=True,
    ),
    "H6": Finding(
        "the same of the intention to buy again", TWICE, "lower", -1.0, 0.0, strict=True
    ),
    "H7": Finding(
        "satisfaction after the best recovery: of a failure that the firm could not have prevented, "
        "less that of one that it could", MAGNINI, "higher", 0.0, 2.0, strict=True, by_rule=True,
    ),
    "H8": Finding(
        "satisfaction after the best recovery: of a failure not expected to come again, less that of "
        "one that is", MAGNINI, "higher", 0.0, 2.0, strict=True, by_rule=True,
    ),
    "H9": Finding(
        "complaint satisfaction gained from the worst to the best of what is given, less that of "
        "treatment", ORSINGHER, "distributive justice counts most", 0.0, 2.0, strict=True,
        by_rule=True,
    ),
    "H10": Finding(
        "the same of treatment, less that of an answer at once and not after 10 days", ORSINGHER,
        "procedural justice counts least", 0.0, 2.0, strict=True, by_rule=True,
    ),
    "H11": Finding(
        "complaint satisfaction when 150% of the price is given, less that with 100%", REFUNDS,
        "higher", 0.0, 2.0, strict=True,
    ),
    "H12": Finding(
        "complaint satisfaction when 300% of the price is given, less that with 150%", REFUNDS,
        "lower", -2.0, 0.0, strict=True, by_rule=True,
    ),
    "H13": Finding(
        "what half the price adds to complaint satisfaction, after a failure of outcome less after "
        "one of process", MATCHING, "more", 0.0, 2.0, strict=True, by_rule=True,
    ),
    "H14": Finding(
        "what an apology adds to complaint satisfaction, after a failure of process less after one of "
        "outcome", MATCHING, "more", 0.0, 2.0, strict=True, by_rule=True,
    ),
    "H15": Finding(
        "complaint satisfaction when the firm comes first, less when the customer has to complain",
        MATCHING, "higher", 0.0, 2.0, strict=True, by_rule=True,
    ),
    "H16": Finding(
        "what a quarter of the price adds to complaint satisfaction when the process is mixed (late "
        "with an apology, or at once without), less when it is poor (late and without)", WIRTZ,
        "more: given a poor process, compensation does nothing", 0.0, 2.0, strict=True,
    ),
    "H17": Finding(
        "the same, less when the process is good (at once and with an apology)", WIRTZ,
        "more: given a good process, compensation does nothing", 0.0, 2.0, strict=True,
    ),
    "H18": Finding(
        "intention to buy again of those who complained in vain, less that of the silent",
        "National Customer Rage Study 2015", "6 to 11 points lower", -0.11, -0.06,
    ),
    "H19": Finding(
        "share delighted by a recovery of money alone", "National Customer Rage Study 2015", "37%",
        0.32, 0.42,
    ),
    "H20": Finding(
        "share delighted by a recovery of money and an apology",
        "National Customer Rage Study 2015", "73%", 0.68, 0.78,
    ),
    "H21": Finding(
        "share of the price from which a failure of mean severity, put right at once, leaves a "
        "customer more satisfied than before",
        "Edström, Nylander, Molin, Ahmadi & Sörqvist 2022", "80%", 0.70, 0.90,
    ),
    "H22": Finding(
        "share of failed and unanswered customers who tell more than 20 people", "TARP", "13%",
        0.08, 0.18,
    ),
    "H23": Finding(
        "intention to buy again after an answer that insults, less that after silence",
        "Bitner, Booms & Tetreault 1990", "lower", -1.0, 0.0, strict=True, by_rule=True,
    ),
    "H24": Finding(
        "intention to buy again after a small failure: answered at once with a tenth of the price, "
        "less answered after 10 days with all of it", "practitioner article",
        "higher: speed before generosity", 0.0, 1.0, strict=True,
    ),
    "H25": Finding(
        "people who know a new firm after half a year when all stories go along weak ties, for each "
        "who does when all go along strong ones", "Goldenberg, Libai & Muller 2001", "1 or more",
        1.0, 100.0,
    ),
    "H26": Finding(
        "share of bad stories that are heard second-hand or later, for the same share of good ones",
        "Hornik, Shaanan Satchi, Cesareo & Pastore 2015", "more than 1", 1.0, 100.0, strict=True,
        by_rule=True,
    ),
    "H27": Finding(
        "demand gained by one more star, among those who think nothing of the firm", "Luca 2016",
        "5 to 9% of revenue", 0.05, 0.09, by_rule=True,
    ),
    "H28": Finding(
        "how much better NPS among all who know the firm is correlated with the growth of its "
        "revenue to come than NPS among customers, over different firms",
        "Baehre, O'Dwyer, O'Malley & Lee 2021", "better", 0.0, 2.0, strict=True,
    ),
}  # fmt: skip
"""The findings by id."""
