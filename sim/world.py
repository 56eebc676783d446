"""The world that the firm and its customers live in: market, service, talk, reviews, money."""

from typing import Literal

from pydantic import field_validator

from sim.parameters import Section, parameter
from sim.psychology import Appraisal, Justice, Loss, Loyalty, Recovery, Survey, Voice


class Market(Section):
    """The people, and how they come to buy."""

    people: int = parameter(
        5000, "people in the market; a network read from a file sets this itself", unit="people",
        low=1, high=100_000_000, sure="choice",
    )  # fmt: skip
    customers: float = parameter(
        0.5, "share who are customers at the start", unit="share", low=0, high=1, sure="choice"
    )
    aware: float = parameter(
        0.8, "share of the others who know of the firm at the start", unit="share", low=0, high=1,
        sure="choice",
    )  # fmt: skip
    tenure: float = parameter(
        1095.0, "longest time that somebody has been a customer at the start; drawn uniformly",
        unit="days", low=0, high=100_000,
    )  # fmt: skip
    advertising: float = parameter(
        0.002, "chance that advertising makes somebody aware", unit="chance a day", low=0, high=1
    )
    need: float = parameter(
        0.01, "chance that somebody who is no customer needs such a service", unit="chance a day",
        low=0, high=1,
    )  # fmt: skip
    buy_constant: float = parameter(
        -0.8, "log-odds of buying when in need, with a neutral attitude and ordinary stars",
        unit="logits", low=-10, high=10,
    )  # fmt: skip
    stars_weight: float = parameter(
        0.1, "weight of a star above the starting stars in buying", unit="logits per star",
        low=0, high=5, sure="estimate", source="Luca 2016: one star, 5 to 9% of revenue",
    )  # fmt: skip


class Service(Section):
    """How often people come, and how often it goes wrong."""

    visits_per_month: float = parameter(
        2.0, "mean visits of a customer in 30.4 days", unit="visits", low=0.001, high=30.0,
        sure="choice",
    )  # fmt: skip
    visits_shape: float = parameter(
        2.0, "evenness of custom: shape of the gamma distribution of visit rates across people",
        unit="shape", low=0.05, high=1000, source="form: the NBD of Ehrenberg 1959",
    )  # fmt: skip
    failure_probability: float = parameter(
        0.03, "chance that a visit fails", unit="chance a visit", low=0, high=1, sure="fitted",
        source="half of customers have a problem in a year (National Customer Rage Study 2013)",
    )  # fmt: skip
    learning: float = parameter(
        0.0, "how much each cause of failure that the firm hears of or notices lowers the chance of the next: a "
        "factor of exp(-this)", unit="per cause known", low=0, high=1, source="form after Johnston & Michel 2008",
    )  # fmt: skip
    failure_floor: float = parameter(
        0.0, "the chance of failure that learning cannot go below", unit="chance a visit",
        low=0, high=1,
    )  # fmt: skip
    quality: float = parameter(
        0.0, "mean quality of an ordinary visit; 0 is the ordinary house, against which delight is "
        "measured", unit="quality", low=-2, high=2, sure="choice",
    )  # fmt: skip
    quality_spread: float = parameter(
        0.15, "standard deviation of the quality of an ordinary visit", unit="quality",
        low=0, high=2,
    )  # fmt: skip
    severity_a: float = parameter(
        2.0, "first parameter of the beta distribution of severity", unit="shape",
        low=0.1, high=100,
    )  # fmt: skip
    severity_b: float = parameter(
        4.0, "second parameter of the beta distribution of severity", unit="shape",
        low=0.1, high=100,
    )  # fmt: skip
    cause_shape: float = parameter(
        3.0, "both parameters of the beta distributions of controllability and stability",
        unit="shape", low=0.1, high=100,
    )  # fmt: skip
    outcome_share: float = parameter(
        0.6, "share of failures of outcome; the others are failures of process", unit="share",
        low=0, high=1, source="distinction of Smith, Bolton & Wagner 1999",
    )  # fmt: skip


class Talk(Section):
    """Word of mouth: who tells what to whom, and what it does."""

    enabled: bool = parameter(True, "whether people talk at all", unit="yes or no", sure="choice")
    bad_stories: bool = parameter(
        True, "whether bad stories are told", unit="yes or no", sure="choice"
    )
    retelling: bool = parameter(
        True, "whether stories are passed on by those who heard them", unit="yes or no",
        sure="choice",
    )  # fmt: skip
    weak_ties: float = parameter(
        0.35, "share of tellings that go to somebody drawn from the whole market", unit="share",
        low=0, high=1, source="form: Goldenberg, Libai & Muller 2001",
    )  # fmt: skip
    ordinary: float = parameter(
        0.25, "mean tellings of an ordinary visit", unit="tellings", low=0, high=100
    )
    ordinary_valence: float = parameter(
        0.4, "valence of a story of an ordinary visit", unit="valence", low=-1, high=1
    )
    delight: float = parameter(
        5.0, "mean tellings of a delightful visit", unit="tellings", low=0, high=100,
        sure="estimate", source="practitioner article: the delighted tell 5",
    )  # fmt: skip
    delight_valence: float = parameter(
        0.8, "valence of a story of a delightful visit", unit="valence", low=-1, high=1
    )
    failure: float = parameter(
        14.0, "mean tellings of a failure that cost one whole unit of satisfaction",
        unit="tellings", low=0, high=200, sure="fitted",
        source="TARP: the failed tell 11, and 16 when it is bad",
    )  # fmt: skip
    failure_exponent: float = parameter(
        1.4, "how tellings grow with the satisfaction lost", unit="exponent", low=0.1, high=5,
        sure="fitted", source="TARP: the failed tell 11, and 16 when it is bad",
    )  # fmt: skip
    recovered: float = parameter(
        17.0, "mean tellings of a quick recovery at complaint satisfaction .8; no study of the 17 "
        "is known: re-run rankings with 8", unit="tellings", low=0, high=100, sure="estimate",
        source="practitioner article: the quickly recovered tell up to 17",
    )  # fmt: skip
    recovered_reference: float = parameter(
        0.8, "complaint satisfaction at which that many are told", unit="satisfaction",
        low=0.01, high=1,
    )  # fmt: skip
    recovered_patience: float = parameter(
        6.0, "days of delay after which a recovery is told 1/e times as often", unit="days",
        low=0.1, high=365,
    )  # fmt: skip
    recovered_valence: float = parameter(
        0.7, "valence of a story of recovery at complaint satisfaction 1", unit="valence",
        low=-1, high=1,
    )  # fmt: skip
    half_life: float = parameter(
        7.0, "time within which half of a story's tellings happen", unit="days", low=0.1, high=365
    )
    influence: float = parameter(
        0.9, "change of opinion from a first-hand story of valence 1 by a strong tie",
        unit="logits", low=0, high=8,
    )  # fmt: skip
    weak_influence: float = parameter(
        0.5, "influence of a weak tie compared with a strong one", unit="ratio", low=0, high=1
    )
    negativity: float = parameter(
        1.3, "how much more a bad story moves than a good one", unit="ratio", low=1, high=2,
        source="negativity bias; vary 1 to 2",
    )  # fmt: skip
    customers_good: float = parameter(
        0.5, "influence of good stories on customers, who know the firm themselves", unit="ratio",
        low=0, high=1,
    )  # fmt: skip
    customers_bad: float = parameter(
        0.25, "influence of bad stories on customers, who know the firm themselves", unit="ratio",
        low=0, high=1,
    )  # fmt: skip
    opinion_half_life: float = parameter(
        30.0, "half-life of an opinion formed by stories", unit="days", low=1, high=10_000
    )
    opinion_limit: float = parameter(
        4.0, "largest opinion, good or bad", unit="logits", low=0, high=8
    )
    retold: float = parameter(
        0.3, "mean number of people to whom a listener passes on a first-hand story",
        unit="tellings", low=0, high=0.9,
    )  # fmt: skip
    retold_negativity: float = parameter(
        1.3, "how much more often bad stories are passed on", unit="ratio", low=1, high=2
    )
    hop_decay: float = parameter(
        0.6, "what each hop leaves of a story's influence and of its being passed on",
        unit="ratio", low=0, high=1,
    )  # fmt: skip
    hops: int = parameter(
        4, "how many times a story can be passed on", unit="hops", low=0, high=100
    )


class Reviews(Section):
    """Public stars, which strangers read before they buy."""

    enabled: bool = parameter(
        True, "whether reviews are written and read", unit="yes or no", sure="choice"
    )
    base: float = parameter(
        0.02, "chance of a review after an experience that is neither good nor bad",
        unit="chance", low=0, high=1,
    )  # fmt: skip
    extremity: float = parameter(
        0.15, "how much likelier a review is of the best and the worst", unit="chance",
        low=0, high=1, source="form: reviewers are those with extreme experiences",
    )  # fmt: skip
    reply_gain: float = parameter(
        0.12, "what the firm's reply adds to a review's stars", unit="stars", low=0, high=2,
        sure="estimate", source="Proserpio & Zervas 2017",
    )  # fmt: skip
    start: float = parameter(
        3.5, "stars before the first review, and the ordinary level that buyers compare with",
        unit="stars", low=1, high=5,
    )  # fmt: skip


class Money(Section):
    """What a visit is worth, and what tomorrow's money is worth today."""

    price: float = parameter(
        1.0, "price of a visit, in the mean over people", unit="money", low=0.000001, high=1e9,
        sure="choice",
    )  # fmt: skip
    value_spread: float = parameter(
        0.0, "how much people differ in what a visit of theirs is worth: standard deviation of its "
        "logarithm; at 1 a tenth of them bring about four tenths of the money", unit="logarithm of the price",
        low=0, high=3, source="form: mean spending differs between people, independently of how often "
        "they come, Fader, Hardie & Lee 2005; lognormal here",
    )  # fmt: skip
    margin: float = parameter(
        0.5, "share of the price that is left after the cost of serving", unit="share of the price",
        low=-1, high=1, sure="choice",
    )  # fmt: skip
    discount_rate: float = parameter(
        0.1, "yearly rate at which later money counts for less", unit="per year", low=0, high=10,
        sure="choice",
    )  # fmt: skip


class Network(Section):
    """Strong ties: who knows whom. Name a builder, or read a file."""

    kind: Literal[
        "small_world", "scale_free", "random", "complete", "communities", "none",
        "karate_club", "les_miserables", "florentine_families", "davis_southern_women",
    ] = parameter(
        "small_world", "how the ties are made, or one of NetworkX's real networks",
        unit="name", sure="choice",
    )  # fmt: skip
    file: str | None = parameter(
        None, "a file of ties to read instead: edge list, csv, GraphML or GEXF; relative to the "
        "scenario's own folder", unit="path", sure="choice",
    )  # fmt: skip
    degree: int = parameter(
        8, "mean number of strong ties of a person (small_world and scale_free: even)",
        unit="ties", low=0, high=10_000, sure="choice",
    )  # fmt: skip
    rewiring: float = parameter(
        0.1, "share of a small world's ties that lead anywhere", unit="share", low=0, high=1,
        source="Watts & Strogatz 1998", sure="choice",
    )  # fmt: skip
    community_size: int = parameter(
        50, "people in a community", unit="people", low=2, high=1_000_000, sure="choice"
    )
    bridging: float = parameter(
        0.1, "share of ties that lead out of one's community", unit="share", low=0, high=1,
        sure="choice",
    )  # fmt: skip


class Colleagues(Section):
    """A second layer of ties: who works in one team hears of it there, whoever its friends are."""

    share: float = parameter(
        0.0, "share of the tellings to people one knows that go to a colleague; 0 is no such layer",
        unit="share", low=0, high=1, source="form: buying centre, Webster & Wind 1972; layers of one "
        "network, Kivelä et al. 2014", sure="choice",
    )  # fmt: skip
    team_size: int = parameter(
        5, "people in a team, at the most; everybody in it is everybody's colleague", unit="people",
        low=2, high=1_000_000,
    )  # fmt: skip
    influence: float = parameter(
        1.0, "influence of a colleague compared with a friend", unit="ratio", low=0, high=2
    )


class Referral(Section):
    """Newcomers are bound to whoever brought them: stories go between the two, and leaving does."""

    enabled: bool = parameter(
        False, "whether it is kept who brought whom", unit="yes or no", sure="choice"
    )
    window: int = parameter(
        30, "longest time from good news to a first purchase that it brings", unit="days",
        low=0, high=10_000,
    )  # fmt: skip
    share: float = parameter(
        0.1, "share of the tellings to friends that go to whom one brought, or by whom one was brought",
        unit="share", low=0, high=1,
    )  # fmt: skip
    follow: float = parameter(
        0.03, "chance to leave, once, after whoever brought one, at starting satisfaction",
        unit="chance", low=0, high=1, source="Nitzan & Libai 2011: a neighbour who leaves makes leaving "
        "80% likelier, most of all in the first month; Van den Bulte et al. 2018: those brought are "
        "the more loyal only while their referrer stays",
    )  # fmt: skip
    at_start: float = parameter(
        0.0, "share of the first day's customers whom a friend, a customer for longer, had brought, "
        "where they have one", unit="share", low=0, high=1, sure="choice",
    )  # fmt: skip


class Outage(Section):
    """A failure that hits many customers on one day."""

    day: int = parameter(0, "the day on which it happens", unit="day", low=0, high=1_000_000)
    share: float = parameter(
        1.0, "chance of each customer, or of each whole group, to be hit", unit="chance",
        low=0, high=1,
    )  # fmt: skip
    groups: int = parameter(
        0, "into how many equal parts the market falls, of which each is hit as a whole (racks, halls, "
        "regions) and of which one common cause is learnt; 0 hits customers each for itself",
        unit="groups", low=0, high=100_000_000, sure="choice",
    )  # fmt: skip
    severity: float = parameter(0.5, "how bad it is for each", unit="severity", low=0, high=1)
    type: float = parameter(
        1.0, "1 a failure of outcome, 0 a failure of process", unit="share", low=0, high=1
    )
    control: float = parameter(
        0.5, "how far the firm could have prevented it", unit="share", low=0, high=1
    )
    stability: float = parameter(
        0.5, "how far it is expected to come again", unit="share", low=0, high=1
    )


class World(Section):
    """All that is not policy. It does not change during a run, save for scheduled outages."""

    market: Market = Market()
    network: Network = Network()
    colleagues: Colleagues = Colleagues()
    referral: Referral = Referral()
    service: Service = Service()
    appraisal: Appraisal = Appraisal()
    loss: Loss = Loss()
    voice: Voice = Voice()
    justice: Justice = Justice()
    recovery: Recovery = Recovery()
    loyalty: Loyalty = Loyalty()
    survey: Survey = Survey()
    talk: Talk = Talk()
    reviews: Reviews = Reviews()
    money: Money = Money()
    outages: tuple[Outage, ...] = ()

    @field_validator("outages")
    @classmethod
    def _one_outage_a_day(cls, outages: tuple[Outage, ...]) -> tuple[Outage, ...]:
        days = [outage.day for outage in outages]
        if len(set(days)) < len(days):
            raise ValueError("two fall on the same day; join them into one")
        return outages
