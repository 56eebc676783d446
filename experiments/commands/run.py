"""`amends run`: one run of a scenario."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from experiments.commands import options

if TYPE_CHECKING:
    from experiments.output import ResultsFolder
    from sim import Outcome, Scenario
    from sim.run import Performer

FINAL = ("reputation", "reputation_noncustomers", "nps", "stars", "satisfaction", "customer_share")
TOTALS = (
    "visits", "failures", "complaints", "answers", "first_contact_share", "mean_delay",
    "good_stories", "bad_stories", "leavers", "joiners", "revenue", "recovery_cost",
    "npv_per_person",
)  # fmt: skip
RATIOS = ("silent_per_complaint", "good_to_bad", "yearly_retention", "problem_share")
"""The outcomes in the JSON, on which other programs rely."""


@click.command("run")
@click.argument("scenario")
@click.option("--policy", metavar="NAME|FILE", help="Answer failures by this policy instead.")
@options.network_option
@options.days_option
@click.option(
    "--performer", type=click.Choice(["compiled", "agents"]), default="compiled",
    show_default=True,
    help="Compiled code, or Mesa agents in plain Python: the same results, many times slower.",
)  # fmt: skip
@options.seed_option
@options.set_option
@options.out_option
@options.json_option
def command(
    scenario: str, policy: str | None, network: str | None, days: int | None,
    performer: "Performer", seed: int | None, settings: tuple[str, ...], out: Path | None,
    as_json: bool,
) -> None:  # fmt: skip
    """Run one scenario, and see what becomes of the firm.

    SCENARIO is a shipped name (see `amends list`) or a YAML file. What comes out is one world with
    one seed: enough to see what happens and why. To learn which policy is better, use
    `amends compare`, which runs several in the same worlds.

    \b
    Examples:
      amends run bakery
      amends run bakery --policy none --days 730
      amends run bakery --set talk.enabled=false --set market.people=20000
      amends run bakery --network friends.txt --out results/friends

    \b
    With --out, the folder holds
      series.parquet, .csv   a row per measuring day
      people.parquet         everybody as they are at the end
      run.png, .svg          reputation, stories and customers over time
      scenario.yaml          all parameters; run it again for the same digest
      provenance.json        what was run, on which network, by which version

    Look next at one customer's mind: `amends customer --help`.
    """
    from sim.run import simulate
    from sim.scenario import load_scenario

    chosen = load_scenario(scenario, settings, policy, days, seed, network)
    options.tell_ignored(chosen, settings)
    with options.out_folder(out, "run") as folder:
        options.announce_compilation()
        ties = options.network_aloud()(chosen)
        outcome = simulate(chosen, network=ties, performer=performer)
        if folder is not None:
            _write(folder, chosen, outcome)
    if folder is not None and out is not None:
        options.written(folder, out)
    if as_json:
        options.print_json(summary(outcome))
    else:
        from experiments.tables import show_run

        show_run(outcome)


def summary(outcome: "Outcome") -> dict[str, Any]:
    """Return what `--json` writes."""
    scenario = outcome.scenario
    return {
        "scenario": scenario.name,
        "policy": scenario.policy_name,
        "seed": scenario.seed,
        "days": scenario.days,
        "people": outcome.ties.people,
        "digest": outcome.digest,
        "seconds": outcome.seconds,
        "final": {name: outcome.final[name] for name in FINAL},
        "totals": {name: outcome.totals[name] for name in (*TOTALS, *outcome.kept_of_referral)},
        "ratios": {name: outcome.ratios[name] for name in RATIOS},
    }


def _write(folder: "ResultsFolder", scenario: "Scenario", outcome: "Outcome") -> None:
    from experiments import networks, plots

    folder.table("series", outcome.series)
    folder.table("people", outcome.people, csv=False)
    kept = networks.portable(scenario, folder.target)
    folder.text("scenario.yaml", kept.to_yaml())
    title = (
        f"{scenario.name} under the policy {scenario.policy_name}{networks.upon(scenario)}: "
        f"one world (seed {scenario.seed})"
    )
    plots.save(plots.one_run(outcome.series, title), folder.path, "run")
    result = {name: value for name, value in summary(outcome).items() if name != "seconds"}
    ties = outcome.ties
    folder.provenance = {
        "result": result,
        "network": networks.record(scenario, ties.people, [ties.ties]),
        "scenario": kept.resolved(),
    }
