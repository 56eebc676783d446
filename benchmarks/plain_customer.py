"""A customer as a plain Mesa agent, written from the model's description alone.

It shares no line with the fast model, only the parameters, so that the two can be checked
against each other. The section names in the comments are those of the model description.
"""

import math
from typing import NamedTuple

import mesa

from benchmarks.plain_desk import Case

PROSPECT, CUSTOMER, LAPSED = "prospect", "customer", "lapsed"


def logistic(x):
    """Return the share that log-odds of `x` stand for."""
    return 1 / (1 + math.exp(-x))


def clip(x, low, high):
    """Return `x`, or the bound that it lies beyond."""
    return max(low, min(high, x))


class Fading:
    """A value that halves every `half_life` days, brought up to date when it is touched."""

    __slots__ = ("day", "half_life", "value")

    def __init__(self, half_life):
        self.half_life = half_life
        self.value = 0.0
        self.day = 0

    def at(self, day):
        """Return what is left of the value on a day."""
        if self.value == 0:
            return 0.0
        return self.value * 0.5 ** ((day - self.day) / self.half_life)

    def set(self, value, day):
        """Replace the value."""
        self.value = value
        self.day = day


class Story(NamedTuple):
    """What is told: how good it is, how often it was passed on, and who lived it when."""

    valence: float
    hop: int
    origin: tuple[int, int]


class PlainCustomer(mesa.Agent):
    """A person in the market: a prospect, a customer or a lapsed customer."""

    def __init__(self, model):
        super().__init__(model)
        world, random = model.world, self.random
        market, service = world.market, world.service
        self.status = CUSTOMER if random.random() < market.customers else PROSPECT
        self.aware = self.status == CUSTOMER or random.random() < market.aware
        self.customer_since = -random.uniform(0, market.tenure)
        self.satisfaction = world.loyalty.start
        self.expectation = 0.0
        self.failure_memory = Fading(world.loss.memory_half_life)
        self.recovery_expectation = Fading(world.recovery.expectation_half_life)
        self.gratitude = Fading(world.recovery.gratitude_half_life)
        self.opinion = Fading(world.talk.opinion_half_life)
        mean_rate = service.visits_per_month / 30.4
        shape = service.visits_shape
        spread = world.money.value_spread
        self.value = random.lognormvariate(-spread * spread / 2, spread) if spread else 1.0
        self.visit_rate = min(1.0, random.gammavariate(shape, mean_rate / shape))
        self.case = None
        self.event = None  # what the customer decides upon today: "served" or "closed"
        self.friends = []
        self.heard = []
        self.tellings = {}  # day -> stories to tell on it
        self.founder = self.status == CUSTOMER
        self.ever_failed = False

    # -- 1. visit -----------------------------------------------------------------------------

    def visit(self):
        """Be served, well or badly, if today is a day to come."""
        if self.status != CUSTOMER or self.case is not None:
            return
        model = self.model
        outage = model.outage
        if outage is not None and model.is_hit(self):
            self.fail(outage.severity, outage.type, outage.control, outage.stability)
            self.case.shared_cause = outage.groups > 0
            return
        if self.random.random() >= self.visit_rate:
            return
        model.count("visits")
        model.earn_visit(self.value)
        if self.random.random() < model.failure_probability:
            service, beta = model.world.service, self.random.betavariate
            self.fail(
                beta(service.severity_a, service.severity_b),
                1.0 if self.random.random() < service.outcome_share else 0.0,
                beta(service.cause_shape, service.cause_shape),
                beta(service.cause_shape, service.cause_shape),
            )
        else:
            self.be_served()

    def be_served(self):
        """Compare an ordinary visit with what was expected, and perhaps talk about it."""
        model, appraisal, talk = self.model, self.model.world.appraisal, self.model.world.talk
        service = model.world.service
        quality = self.random.gauss(service.quality, service.quality_spread)
        gap = quality - self.expectation
        self.expectation += appraisal.expectation_learning * gap
        value = abs(gap) ** appraisal.curvature
        if gap < 0:
            value *= -appraisal.loss_aversion
        felt = clip(appraisal.ordinary + value, -1, 1)
        self.satisfaction += appraisal.satisfaction_learning * (felt - self.satisfaction)
        origin = (self.unique_id, model.today)
        if quality > model.delight_threshold:
            self.plan_to_tell(talk.delight, Story(talk.delight_valence, 0, origin))
        else:
            self.plan_to_tell(talk.ordinary, Story(talk.ordinary_valence, 0, origin))
        model.review(felt)
        self.event = "served"

    def fail(self, severity, kind, control, stability):
        """Suffer a failure: the loss falls today."""
        loss, day = self.model.world.loss, self.model.today
        memory = self.failure_memory.at(day)
        lasting = 1 - (1 - stability) * math.exp(-loss.memory_weight * memory)
        attribution = (
            loss.base_attribution + loss.control_weight * control + loss.stability_weight * lasting
        )
        size = loss.scale * severity**loss.severity_exponent * attribution
        self.case = Case(self, severity, kind, size, self.satisfaction, day)
        self.satisfaction = clip(self.satisfaction - size, -1, 1)
        self.ever_failed = True
        self.model.count("failures")
        self.model.failed.append(self)

    # -- 2. voice -----------------------------------------------------------------------------

    def voice(self):
        """Complain, be found by the firm, or close the matter in silence."""
        model, voice, case = self.model, self.model.world.voice, self.case
        odds = voice.constant + voice.severity * case.severity + voice.ease * model.policy.ease
        if self.random.random() < logistic(odds):
            model.count("complaints")
            model.learn(case)
            model.desk.take(case)
        elif self.random.random() < model.policy.proactive:
            case.noticed = True
            model.count("noticed")
            model.spend("noticing_cost", model.policy.cost_per_noticing * model.world.money.price)
            model.learn(case)
            model.desk.take(case)
        else:
            self.close(complaint_satisfaction=None)

    # -- 3. recover ---------------------------------------------------------------------------

    def justice(self, case):
        """Return how satisfied the answer leaves one with the handling of the complaint."""
        rules = self.model.world.justice
        need = rules.need_base + rules.need_severity * case.severity
        met = rules.fix_weight * case.fix + case.compensation / need
        excess = max(0.0, case.compensation - rules.overpay_threshold)
        distributive = (
            2 * (1 - math.exp(-rules.saturation * met) - rules.overpay_penalty * excess) - 1
        )
        regular = case.opened - self.customer_since > 365
        wait = max(0.0, case.delay - (rules.zone_of_regulars if regular else 0))
        felt_wait = wait * (1 - rules.updates_weight * case.updates)
        procedural = 2 * math.exp(-felt_wait / rules.patience) - 1
        procedural += (1 - procedural) * rules.options_weight * case.options
        warmth = rules.courtesy + rules.empathy * case.empathy + rules.apology * case.apology
        warmth += rules.follow_up * case.follow_up - rules.excuse * case.excuse
        if case.noticed and case.answered:
            warmth += rules.noticed
        interactional = 2 * clip(warmth, 0, 1) - 1
        match = rules.matching * (case.type - 0.5)
        weights = (
            rules.distributive * (1 + match),
            rules.procedural,
            rules.interactional * (1 - match),
        )
        parts = (distributive, procedural, interactional)
        mean = sum(w * p for w, p in zip(weights, parts, strict=True)) / sum(weights)
        return math.tanh(rules.sharpness * mean)

    def judge(self, case):
        """Take the answer, or the end of waiting for one, and close the case."""
        rules, day = self.model.world.recovery, self.model.today
        satisfied = self.justice(case)
        expected = self.recovery_expectation.at(day)
        surprise = satisfied - expected
        felt = surprise if surprise >= 0 else rules.disconfirmation_aversion * surprise
        gain = rules.base_gain + rules.severity_gain * case.severity
        gain += rules.disconfirmation_gain * felt
        if satisfied < rules.insult_threshold:
            gain -= rules.insult
        self.satisfaction = clip(case.satisfaction_before - case.loss + gain, -1, 1)
        if satisfied > 0:
            raised = min(rules.expectation_limit, expected + rules.expectation_step)
            self.recovery_expectation.set(raised, day)
        grown = self.gratitude.at(day) + rules.gratitude_step * max(0.0, surprise)
        self.gratitude.set(clip(grown, 0, 1), day)
        self.close(complaint_satisfaction=satisfied)

    def close(self, complaint_satisfaction):
        """Put a failure behind one: remember it, tell of it, perhaps write a review."""
        model, talk, case, day = self.model, self.model.world.talk, self.case, self.model.today
        self.failure_memory.set(self.failure_memory.at(day) + 1, day)
        net = max(0.0, case.satisfaction_before - self.satisfaction)
        origin = (self.unique_id, case.opened)
        if talk.bad_stories and net > 0:
            bad = Story(-min(1.0, net), 0, origin)
            self.plan_to_tell(talk.failure * net**talk.failure_exponent, bad)
        if complaint_satisfaction is not None and complaint_satisfaction > 0:
            mean = talk.recovered * math.sqrt(complaint_satisfaction / talk.recovered_reference)
            mean *= math.exp(-case.delay / talk.recovered_patience)
            good = Story(talk.recovered_valence * complaint_satisfaction, 0, origin)
            self.plan_to_tell(mean, good)
        model.review(-net if net > 0 else self.satisfaction)
        self.case = None
        self.event = "closed"

    # -- 4. tell ------------------------------------------------------------------------------

    def plan_to_tell(self, mean, story):
        """Draw how often a story will be told, and on which days."""
        model = self.model
        talk = model.world.talk
        if not talk.enabled or mean <= 0:
            return
        draw = 1 - self.random.random()
        times = int(math.log(draw) / math.log(mean / (1 + mean)))
        for _ in range(times):
            wait = self.random.expovariate(math.log(2) / talk.half_life)
            day = model.today + max(1, math.ceil(wait))
            self.tellings.setdefault(day, []).append(story)

    def tell(self):
        """Tell each story that is due today to a friend, or to anybody in the market."""
        model = self.model
        for story in self.tellings.pop(model.today, ()):
            weak = self.random.random() < model.world.talk.weak_ties
            if weak:
                listener = self.random.choice(model.people)
            else:
                listener = self.random.choice(self.friends) if self.friends else self
            if listener is self:
                continue
            model.count("bad_stories" if story.valence < 0 else "good_stories")
            if not listener.heard:
                model.listeners.append(listener)
            listener.heard.append((story, weak))

    # -- 5. hear ------------------------------------------------------------------------------

    def hear(self):
        """Let today's stories change one's opinion, and perhaps pass them on."""
        talk, day = self.model.world.talk, self.model.today
        change = 0.0
        for story, weak in self.heard:
            bad = story.valence < 0
            left = talk.hop_decay**story.hop
            moved = talk.influence * story.valence * left
            moved *= talk.weak_influence if weak else 1
            moved *= talk.negativity if bad else 1
            if self.status == CUSTOMER:
                moved *= talk.customers_bad if bad else talk.customers_good
            change += moved
            if talk.retelling and story.hop < talk.hops:
                mean = talk.retold * left * (talk.retold_negativity if bad else 1)
                self.plan_to_tell(mean, story._replace(hop=story.hop + 1))
        self.heard.clear()
        self.aware = True
        limit = talk.opinion_limit
        self.opinion.set(clip(self.opinion.at(day) + change, -limit, limit), day)

    # -- 6. decide ----------------------------------------------------------------------------

    def decide(self):
        """Leave, stay, become aware, buy for the first time, or come back."""
        if self.status == CUSTOMER:
            if self.event is not None:
                if self.random.random() < self.leaving_chance():
                    self.status = LAPSED
                    self.model.count("leavers")
                self.event = None
            return
        market = self.model.world.market
        if not self.aware:
            self.aware = self.random.random() < market.advertising
        if self.aware and self.random.random() < market.need:
            extra = market.stars_weight * (self.model.stars - self.model.world.reviews.start)
            if self.random.random() < logistic(market.buy_constant + self.attitude() + extra):
                self.status = CUSTOMER
                self.customer_since = self.model.today
                self.model.count("joiners")

    def leaving_chance(self):
        """Return the chance to leave after what happened today."""
        loyalty = self.model.world.loyalty
        if self.event == "closed":
            return loyalty.discount * (1 - self.intention())
        fondness = self.satisfaction - loyalty.start
        return loyalty.ordinary_leaving * math.exp(-loyalty.ordinary_slope * fondness)

    def intention(self):
        """Return the share of a survey's scale on which one intends to buy again."""
        loyalty, day = self.model.world.loyalty, self.model.today
        return logistic(
            loyalty.constant
            + loyalty.satisfaction * self.satisfaction
            - loyalty.failures * self.failure_memory.at(day)
            + loyalty.gratitude * self.gratitude.at(day)
            + loyalty.opinion * self.opinion.at(day)
        )

    def attitude(self):
        """Return what one thinks of the firm all told, in logits."""
        loyalty, opinion = self.model.world.loyalty, self.opinion.at(self.model.today)
        if self.status == PROSPECT:
            return opinion
        return opinion + loyalty.attitude * (self.satisfaction - loyalty.start)
