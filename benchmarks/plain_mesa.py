"""The whole model as a plain, idiomatic Mesa program: a peer to time, a witness to check against.

Run it with `python benchmarks/plain_mesa.py --people 1000 --days 365 --seeds 3`.
"""

import math
import sys
import time
from collections import Counter
from pathlib import Path
from statistics import NormalDist, mean, stdev

import click
import mesa
import networkx as nx
import pandas as pd

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))  # so that it also runs as a script

from benchmarks.plain_customer import (
    CUSTOMER,
    LAPSED,
    PROSPECT,
    PlainCustomer,
    logistic,
)
from benchmarks.plain_desk import PlainDesk
from sim.scenario import load_scenario

COSTS = ("compensation", "contacts_cost", "follow_ups_cost", "noticing_cost", "wages")
COUNTS = (
    "visits", "failures", "complaints", "noticed", "answers", "first_contacts",
    "good_stories", "bad_stories", "leavers", "joiners",
)  # fmt: skip
STATES = (
    "day", "prospects", "customers", "lapsed", "aware", "satisfaction", "reputation",
    "reputation_noncustomers", "nps", "nps_aware", "stars",
)  # fmt: skip
ANSWER_NOISE = NormalDist(0, 1.2)


class PlainModel(mesa.Model):
    """A market, day by day.

    Parameters
    ----------
    scenario : Scenario
        World, policy, and for how long.
    graph : networkx.Graph
        The strong ties; one person for each node.
    seed : int
        Seed of all that happens.
    """

    def __init__(self, scenario, graph, seed):
        super().__init__(rng=seed)
        self.world = scenario
        self.measure_every = scenario.measure_every
        self.last_day = scenario.days
        self.today = 0
        self.counts = Counter()
        self.ledger = Counter()
        self.total_delay = 0.0
        self.cash_today = self.npv = 0.0
        self.stars, self.reviews = scenario.reviews.start, 0
        service = scenario.service
        self.failure_probability = service.failure_probability
        self.delight_threshold = service.quality_spread * NormalDist().inv_cdf(
            1 - scenario.appraisal.delighted_share
        )
        self.changes = {change.day: change.policy for change in scenario.policy_changes}
        self.outages = {outage.day: outage for outage in scenario.outages}
        self.policy = scenario.policy
        self.desk = PlainDesk(self)
        self.desk.staff(self.policy.agents)
        self.failed, self.listeners = [], []
        self.people = list(PlainCustomer.create_agents(self, graph.number_of_nodes()))
        for place, person in enumerate(self.people):
            person.place = place
        person_of = dict(zip(graph, self.people, strict=True))
        for node, person in person_of.items():
            person.friends = [person_of[other] for other in graph[node] if other != node]
        self.datacollector = mesa.DataCollector(
            model_reporters={name: lambda m, name=name: m.states[name] for name in STATES}
            | {name: lambda m, name=name: m.counts[name] for name in COUNTS}
        )
        self.measure()

    def step(self):
        """Live through one day."""
        self.begin_outage()
        if self.today in self.changes:
            self.policy = self.changes[self.today]
            self.desk.staff(self.policy.agents)
        self.spend("wages", self.policy.agents * self.policy.wage_per_agent_day)

        self.agents.do("visit")
        for person in self.failed:
            person.voice()
        self.failed.clear()
        self.desk.recover()
        if self.world.talk.enabled:
            self.agents.do("tell")
            for person in self.listeners:
                person.hear()
            self.listeners.clear()
        self.agents.do("decide")

        yearly = 1 + self.world.money.discount_rate
        self.npv += self.cash_today * yearly ** (-(self.today + 1) / 365)
        self.cash_today = 0.0
        if self.steps % self.measure_every == 0 or self.steps == self.last_day:
            self.measure()
        self.today += 1

    def begin_outage(self):
        """Let today's outage, if there is one, choose the groups that it hits."""
        self.outage = self.outages.get(self.today)
        self.cause_known = False
        self.hit = set()
        if self.outage is not None and self.outage.groups:
            groups = range(self.outage.groups)
            self.hit = {group for group in groups if self.random.random() < self.outage.share}

    def is_hit(self, person):
        """Tell whether today's outage hits a person: by itself, or with its group."""
        if not self.outage.groups:
            return self.random.random() < self.outage.share
        return person.place * self.outage.groups // len(self.people) in self.hit

    # -- what the whole firm keeps ------------------------------------------------------------

    def count(self, what, times=1):
        """Count an event."""
        self.counts[what] += times

    def earn_visit(self, value):
        """Take what a visit is worth, given as a multiple of the price."""
        money = self.world.money
        self.ledger["revenue"] += value * money.price
        self.ledger["margin"] += value * money.price * money.margin
        self.cash_today += value * money.price * money.margin

    def spend(self, kind, amount):
        """Pay for recovery."""
        self.ledger[kind] += amount
        self.cash_today -= amount

    def learn(self, case):
        """Let a failure that the firm hears of make the next one rarer, once for each cause."""
        if case.shared_cause and self.cause_known:
            return
        self.cause_known = self.cause_known or case.shared_cause
        service, now = self.world.service, self.failure_probability
        better = now * math.exp(-service.learning)
        self.failure_probability = max(min(service.failure_floor, now), better)

    def review(self, felt):
        """Perhaps have a review written about an experience, and reply to it."""
        reviews = self.world.reviews
        chance = reviews.base + reviews.extremity * felt * felt
        if reviews.enabled and self.random.random() < chance:
            given = min(5, max(1, round(3 + 2 * felt)))
            if self.random.random() < self.policy.replies:
                given += reviews.reply_gain
            before = self.stars if self.reviews else 0.0
            self.reviews += 1
            self.stars = before + (given - before) / self.reviews

    # -- 7. measure ---------------------------------------------------------------------------

    def measure(self):
        """Take stock of everybody, and write it down."""
        status = Counter(person.status for person in self.people)
        customers = [person for person in self.people if person.status == CUSTOMER]
        aware = [person for person in self.people if person.aware]
        regard = [(p.status == CUSTOMER, 100 * logistic(p.attitude())) for p in aware]
        self.states = {
            "day": self.steps,
            "prospects": status[PROSPECT],
            "customers": status[CUSTOMER],
            "lapsed": status[LAPSED],
            "aware": len(aware),
            "satisfaction": average(person.satisfaction for person in customers),
            "reputation": average(value for _, value in regard),
            "reputation_noncustomers": average(value for known, value in regard if not known),
            "nps": average(self.promotion(person) for person in customers),
            "nps_aware": average(self.promotion(person) for person in aware),
            "stars": self.stars,
        }
        self.datacollector.collect(self)

    def promotion(self, person):
        """Return 100 x (chance to be a promoter - chance to be a detractor)."""
        if person.status == PROSPECT:
            answer = 6.6 + 2 * person.opinion.at(self.today)
        else:
            answer = 6.6 + 4 * person.satisfaction
        return 100 * (1 - ANSWER_NOISE.cdf(8.5 - answer) - ANSWER_NOISE.cdf(6.5 - answer))

    def outcome(self):
        """Return what became of the run, under the names that `simulate` uses."""
        counts, states = self.counts, self.states
        answers, founders = counts["answers"], [p for p in self.people if p.founder]
        stayed = average(person.status == CUSTOMER for person in founders)
        keys = ("reputation", "reputation_noncustomers", "nps", "nps_aware", "stars")
        final = {key: states[key] for key in (*keys, "satisfaction")}
        final["customer_share"] = states["customers"] / len(self.people)
        totals = {key: counts[key] for key in COUNTS if key != "first_contacts"}
        totals["first_contact_share"] = ratio(counts["first_contacts"], answers)
        totals["mean_delay"] = ratio(self.total_delay, answers)
        totals |= {key: self.ledger[key] for key in ("revenue", "margin", *COSTS)}
        totals["recovery_cost"] = sum(self.ledger[key] for key in COSTS)
        totals["npv_per_person"] = self.npv / len(self.people)
        unvoiced = counts["failures"] - counts["complaints"]
        ratios = {
            "silent_per_complaint": ratio(unvoiced, counts["complaints"]),
            "good_to_bad": ratio(counts["good_stories"], counts["bad_stories"]),
            "yearly_retention": None if stayed is None else stayed ** (365 / self.last_day),
            "problem_share": average(person.ever_failed for person in founders),
        }
        return {"final": final, "totals": totals, "ratios": ratios}

    def final_people(self):
        """Return what everybody feels on the last day, a row a person."""
        fading = ("failure_memory", "recovery_expectation", "opinion", "gratitude")
        rows = [
            {"satisfaction": person.satisfaction, "expectation": person.expectation}
            | {name: getattr(person, name).at(self.today - 1) for name in fading}
            for person in self.people
        ]
        return pd.DataFrame(rows)


def ratio(above, below):
    """Return a quotient, or None where there is nothing to divide by."""
    return above / below if below else None


def average(values):
    """Return the mean of some values, or None where there are none."""
    values = list(values)
    return ratio(math.fsum(values), len(values))


def run_plain(scenario, graph, seed):
    """Run a scenario on a graph of strong ties.

    Returns
    -------
    dict
        `final`, `totals` and `ratios` as in an `Outcome`; `series`, the state of every measuring
        day with counts since the start; `people`, what everybody feels at the end; `seconds` of
        CPU that the days took, set-up apart.
    """
    model = PlainModel(scenario, graph, seed)
    start = time.thread_time()
    for _ in range(scenario.days):
        model.step()
    seconds = time.thread_time() - start
    series = model.datacollector.get_model_vars_dataframe()
    mesa.Agent._ids.pop(model, None)  # else Mesa would keep every model that ever ran alive
    people = model.final_people()
    return {**model.outcome(), "series": series, "people": people, "seconds": seconds}


def small_world(scenario, seed):
    """Return NetworkX's own small world, with the scenario's degree and rewiring."""
    ties = scenario.network
    return nx.watts_strogatz_graph(scenario.market.people, ties.degree, ties.rewiring, seed=seed)


@click.command()
@click.option("--scenario", "name", default="neutral", show_default=True, help="What to run.")
@click.option("--people", default=1000, show_default=True, help="People in the market.")
@click.option("--days", default=365, show_default=True, help="Days to live through.")
@click.option("--seeds", default=3, show_default=True, help="Runs; seeds count from 1.")
def main(name, people, days, seeds):
    """Run a scenario, and print what became of it and how long it took."""
    scenario = load_scenario(name, {"market.people": people}, days=days)
    runs = [run_plain(scenario, small_world(scenario, s), s) for s in range(1, seeds + 1)]
    click.echo(f"{'':26}{'mean':>12}{'sd':>10}")
    for part in ("final", "totals", "ratios"):
        for key in runs[0][part]:
            show(key, [run[part][key] for run in runs])
    show("ns per person and day", [run["seconds"] / people / days * 1e9 for run in runs])


def show(name, values):
    """Print the mean of some runs and the standard deviation between them."""
    known = [value for value in values if value is not None]
    if known:
        spread = f"{stdev(known):10.3f}" if len(known) > 1 else ""
        click.echo(f"{name:26}{mean(known):12.3f}{spread}")


if __name__ == "__main__":
    main()
