"""The customer: what one person does and feels, in the words of the field.

Each behaviour reads and writes only the customer's own attributes and takes everything else as
arguments. So one text is performed in two ways: on a `Customer`, a Mesa agent whose attributes are
its row of the population, and compiled, where `self` is that row itself. To change a behaviour,
subclass `Customer` and override the method.
"""

from typing import Any, NamedTuple

import mesa
import numpy as np

from sim import rules
from sim.compiled import compiled
from sim.draws import Purpose, beta, uniform, uniforms
from sim.normal import normal_quantile
from sim.population import CLOSED, CUSTOMER, LAPSED, SERVED, STATUS_NAMES
from sim.ties import STRONG, WEAK, by_layers, friend_of, team_of


class Visit(NamedTuple):
    """What a visit was like. `felt` is transaction satisfaction; it and `tellings` (the mean number
    of stories told) and `valence` describe an ordinary visit, the four before them a failure."""

    failed: bool
    severity: float
    type: float
    control: float
    stability: float
    felt: float
    tellings: float
    valence: float


class Closing(NamedTuple):
    """How an incident ended: `net` satisfaction lost, `pleased` with the answer, and the mean number
    of bad and good stories that come of it, with the valence of the good ones."""

    net: float
    pleased: float
    delighted: float
    felt: float
    bad: float
    good: float
    good_valence: float


class Telling(NamedTuple):
    """Whom a story is told: a row, or -1 for nobody; along which kind of tie (`sim.ties`); and the
    `luck` in (0, 1) that decides whether it is passed on."""

    listener: int
    tie: int
    luck: float


@compiled
def recall(person: Any, today: int, world: Any) -> None:
    """Let failures, expectations of recovery and gratitude fade up to `today`."""
    days = today - person.recalled_on
    if days > 0:
        person.failure_memory *= rules.fade(days, world.loss.memory_half_life)
        person.recovery_expectation *= rules.fade(days, world.recovery.expectation_half_life)
        person.gratitude *= rules.fade(days, world.recovery.gratitude_half_life)
        person.recalled_on = today


@compiled
def opinion_on(person: Any, today: int, world: Any) -> float:
    """Return in logits what stories have left of an opinion by `today`."""
    days = today - person.heard_on
    fades = world.lookup.fades
    left = fades[days] if days < len(fades) else rules.fade(days, world.talk.opinion_half_life)
    limit = world.talk.opinion_limit
    return float(rules.clip(person.opinion, -limit, limit) * left)


@compiled
def intention_on(person: Any, today: int, world: Any) -> float:
    """Return the intention in (0, 1) to buy again, of a person that has recalled up to `today`."""
    return rules.intention(
        person.satisfaction,
        person.failure_memory,
        person.gratitude,
        opinion_on(person, today, world),
        world.loyalty,
    )


@compiled
def chance_to_buy(
    opinion: float, satisfaction: float, lapsed: bool, stars: float, world: Any
) -> float:
    """Return the chance that an aware person who is no customer, but in need, buys."""
    thinks = rules.attitude(opinion, satisfaction, lapsed, world.loyalty)
    return rules.buying_probability(thinks, stars, world.market, world.reviews)


@compiled
def be_served(person: Any, quality: float, world: Any) -> Visit:
    """Feel an ordinary visit of the given `quality` against what was expected, and learn from it."""
    gap = quality - person.expectation
    felt = rules.transaction_satisfaction(gap, world.appraisal, world.lookup.powers)
    person.expectation += world.appraisal.expectation_learning * gap
    person.satisfaction += world.appraisal.satisfaction_learning * (felt - person.satisfaction)
    talk = world.talk
    # Both kinds are read before one is chosen: kernels then choose without branches.
    often, fondly, seldom, kindly = (
        talk.delight, talk.delight_valence, talk.ordinary, talk.ordinary_valence
    )  # fmt: skip
    delighted = quality >= world.delight_from
    return Visit(
        False, 0.0, 0.0, 0.0, 0.0, felt, often if delighted else seldom,
        fondly if delighted else kindly,
    )  # fmt: skip


@compiled
def close(person: Any, case: Any, gain: float, pleased: float, today: int, world: Any) -> Closing:
    """End an incident that gave `gain` of satisfaction back; `pleased` is -1 where nobody answered."""
    lost = rules.satisfaction_lost(case.severity, case.attribution, world.loss)
    person.satisfaction = rules.clip(case.before - lost + gain, -1.0, 1.0)
    person.failure_memory += 1.0
    person.moment = CLOSED
    net = max(0.0, case.before - person.satisfaction)
    return Closing(
        net,
        pleased,
        rules.delighted_probability(pleased, world.justice),
        -net if net > 0.0 else person.satisfaction,
        rules.failure_tellings(net, world.talk),
        rules.recovery_tellings(pleased, case.delay, world.talk),
        world.talk.recovered_valence * pleased,
    )


class Column:
    """An attribute of an agent that lives in a column of the population."""

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    def __get__(self, agent: Any, owner: type | None = None) -> Any:
        if agent is None:
            return self
        return agent.model.columns[self.name][agent.row].item()

    def __set__(self, agent: Any, value: Any) -> None:
        agent.model.columns[self.name][agent.row] = value


class Customer(mesa.Agent):
    """A person of the market: prospect, customer or lapsed customer.

    Made only when somebody asks for it; what it knows lives in the model's columns (see
    `sim.population.PERSON`). Attributes of your own that a subclass adds stay with the agent.

    Parameters
    ----------
    model : ReputationModel
        The model it belongs to.
    row : int
        Its row in the population, which keys all of its draws.
    """

    heard_on = Column()
    aware_from = Column()
    status = Column()
    moment = Column()
    policy = Column()
    founding = Column()
    opinion = Column()
    satisfaction = Column()
    expectation = Column()
    visit_scale = Column()
    planned = Column()
    visit_day = Column()
    visit_count = Column()
    visits = Column()
    failure_memory = Column()
    recovery_expectation = Column()
    gratitude = Column()
    visit_rate = Column()
    recalled_on = Column()
    since = Column()
    case = Column()
    failures = Column()
    failed_on = Column()
    need_day = Column()
    need_count = Column()
    altered = Column()

    def __init__(self, model: Any, row: int) -> None:
        # Not registered with Mesa, which would keep every model alive for ever.
        self.model = model
        self.row = row
        self.unique_id = row + 1
        self.pos = None

    def visit(self, today: int, world: Any, failure_probability: float) -> Visit:
        """Be served today, or failed."""
        service = world.service
        luck, quality = uniforms(world.seed, self.row, today, Purpose.VISIT)
        if luck < failure_probability:
            outcome = uniform(world.seed, self.row, today, Purpose.TYPE) < service.outcome_share
            shape = service.cause_shape
            return Visit(
                True,
                beta(
                    world.seed, self.row, today, Purpose.SEVERITY,
                    service.severity_a, service.severity_b,
                ),
                1.0 if outcome else 0.0,
                beta(world.seed, self.row, today, Purpose.CONTROL, shape, shape),
                beta(world.seed, self.row, today, Purpose.STABILITY, shape, shape),
                0.0,
                0.0,
                0.0,
            )  # fmt: skip
        self.moment = SERVED
        met = service.quality + service.quality_spread * normal_quantile(quality)
        return be_served(self, met, world)

    def suffer(self, case: Any, control: float, stability: float, today: int, world: Any) -> None:
        """Be failed: lay the failure to somebody, and lose satisfaction on the spot."""
        recall(self, today, world)
        case.before = self.satisfaction
        case.attribution = rules.attribution(control, stability, self.failure_memory, world.loss)
        lost = rules.satisfaction_lost(case.severity, case.attribution, world.loss)
        self.satisfaction = rules.clip(self.satisfaction - lost, -1.0, 1.0)
        self.failures += 1
        self.failed_on = today

    def complain(self, case: Any, today: int, world: Any, policy: Any) -> bool:
        """Decide whether to complain, or to suffer in silence."""
        chance = rules.complaint_probability(case.severity, policy.ease, world.voice)
        return uniform(world.seed, self.row, today, Purpose.COMPLAIN) < chance

    def endure(self, case: Any, today: int, world: Any) -> Closing:
        """Get over a failure that nobody hears of."""
        return close(self, case, 0.0, -1.0, today, world)

    def judge(self, case: Any, today: int, world: Any) -> Closing:
        """Judge the answer against what was expected of it, and close the incident."""
        recall(self, today, world)
        recovery = world.recovery
        pleased = rules.complaint_satisfaction(case, case.opened - self.since, world.justice)
        surprise = pleased - self.recovery_expectation
        gain = rules.satisfaction_regained(case.severity, surprise, recovery)
        if pleased < recovery.insult_threshold:
            gain -= recovery.insult
        if pleased > 0.0:
            raised = self.recovery_expectation + recovery.expectation_step
            self.recovery_expectation = min(recovery.expectation_limit, raised)
        felt = recovery.gratitude_step * max(0.0, surprise)
        self.gratitude = rules.clip(self.gratitude + felt, 0.0, 1.0)
        return close(self, case, gain, pleased, today, world)

    def tell(self, story: Any, n: int, world: Any, network: Any) -> Telling:
        """Choose who hears the n-th telling of a story: a neighbour, a colleague, or anybody."""
        u, luck = uniforms(world.seed, story.teller, story.keyed, Purpose.TELLING, n, story.tag)
        share = world.talk.weak_ties
        weak = u < share
        which = (u - (0.0 if weak else share)) / (share if weak else 1.0 - share)
        friend = friend_of(network, story.teller, which)
        anybody = min(int(which * world.people), world.people - 1)
        if anybody == story.teller:
            anybody = -1
        listener, tie = (anybody, WEAK) if weak else (friend, STRONG)
        listener, tie = by_layers(
            network.layers, network, story.teller, which, listener, tie, world
        )
        return Telling(listener, tie, luck)

    def hear(self, letter: Any, today: int, world: Any) -> float:
        """Hear a story; return the mean number of people to whom it is passed on."""
        talk = world.talk
        if self.heard_on < today:
            self.opinion = rules.grained(opinion_on(self, today, world), rules.OPINION_GRAIN)
            self.heard_on = today
        self.opinion += rules.opinion_change(
            letter.valence, letter.tie, letter.hop, self.status == CUSTOMER, talk, world.colleagues
        )
        if self.aware_from > today:
            self.aware_from = today
        return rules.retelling_mean(letter.valence, letter.hop, talk)

    def stay(self, today: int, world: Any) -> bool:
        """Decide, as a customer whose day brought something, whether to remain one."""
        closed = self.moment == CLOSED
        day = self.failed_on if closed else today
        luck = uniform(world.seed, self.row, day, Purpose.LEAVE)
        if closed:
            recall(self, today, world)
            intended = intention_on(self, today, world)
            return luck >= rules.leaving_after_incident(intended, world.loyalty)
        # The chance is worked out only for the few whose luck lies below the greatest that there is.
        if luck >= world.most_leaving:
            return True
        return luck >= rules.leaving_after_visit(self.satisfaction, world.loyalty)

    def follow(self, today: int, world: Any) -> bool:
        """Decide, as a customer whose bringer left yesterday, whether to leave as well."""
        chance = rules.following_probability(self.satisfaction, world.referral, world.loyalty)
        return uniform(world.seed, self.row, today, Purpose.FOLLOW) < chance

    def buy(self, today: int, world: Any, stars: float) -> bool:
        """Decide, as an aware non-customer in need today, whether to buy or to come back."""
        opinion = opinion_on(self, today, world)
        lapsed = self.status == LAPSED
        chance = chance_to_buy(opinion, self.satisfaction, lapsed, stars, world)
        return uniform(world.seed, self.row, today, Purpose.BUY) < chance

    @property
    def aware(self) -> bool:
        """Whether the person knows by today that the firm exists."""
        return bool(self.aware_from <= self.model.today)

    @property
    def standing(self) -> str:
        """Relation to the firm, in a word: prospect, customer or lapsed."""
        return STATUS_NAMES[self.status]

    @property
    def neighbours(self) -> list["Customer"]:
        """The customers to whom it has a strong tie."""
        ties = self.model.network
        rows = ties.neighbours[ties.offsets[self.row] : ties.offsets[self.row + 1]]
        return [self.model.people[int(row)] for row in rows]

    @property
    def colleagues(self) -> list["Customer"]:
        """The people in its team, in the order of rows, where there is such a layer of ties."""
        layer, people = self.model.settings.colleagues, self.model.people
        if not layer.share:
            return []
        return [
            people[row]
            for row in team_of(self.row, len(people), layer.team_size)
            if row != self.row
        ]

    @property
    def brought_by(self) -> "Customer | None":
        """Whoever brought it to the firm, where there is referral."""
        bonds = self.model.run.state.referral.bonds
        row = int(bonds.brought_by[self.row]) if len(bonds.brought_by) else -1
        return None if row < 0 else self.model.people[row]

    @property
    def brought(self) -> list["Customer"]:
        """Those whom it has brought to the firm, in the order of rows."""
        rows = np.flatnonzero(self.model.run.state.referral.bonds.brought_by == self.row)
        return [self.model.people[int(row)] for row in rows]


BEHAVIOURS = (
    "visit", "suffer", "complain", "endure", "judge", "tell", "hear", "stay", "buy",
    "follow",
)  # fmt: skip
"""The behaviours that a subclass may override, in the order of the day."""
