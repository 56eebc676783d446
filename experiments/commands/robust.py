"""`amends robust`: which policy to choose where assumptions are uncertain, and what overturns it."""

from pathlib import Path

import click

from experiments.commands import options

JSON = (
    "recommended", "criterion", "policies", "open_share", "overturned_by", "coverage", "density",
    "conclusion",
)  # fmt: skip
"""The keys of the JSON, on which other programs rely."""


@click.command("robust")
@click.argument("experiment")
@options.seeds_option
@options.runs_option
@options.workers_option
@options.network_option
@options.days_option
@options.seed_option
@options.set_option
@options.out_option
@options.json_option
def command(
    experiment: str, seeds: int | None, runs: Path | None, workers: int | None,
    network: str | None, days: int | None, seed: int | None, settings: tuple[str, ...],
    out: Path | None, as_json: bool,
) -> None:  # fmt: skip
    """Learn which policy survives doubt, and what overturns it.

    Every policy is run under many sets of assumptions, in the same worlds. EXPERIMENT is a shipped
    name (see `amends list`) or a YAML file with a `design` over what is uncertain, or with a
    section of its own:

    \b
      robust:
        outcome: npv_per_person
        samples: 128
        ranges:
          service.failure_probability: [0.01, 0.08]
          voice.constant: [-7, -2]

    You get the regret of each policy (how far it falls short of the best, point by point), how
    often each is the best, and the policy to choose: by default the one whose regret at the 90th
    percentile is the least, which one bad point does not decide. Then the points are sought at
    which another does better, and what they have in common is told in words, with thresholds and
    their intervals: "fast wins unless fewer than 11% of the failed complain".

    \b
    Examples:
      amends robust what-would-overturn-it
      amends robust what-would-overturn-it --runs results/runs --out results/why
      amends robust what-would-overturn-it --set robust.criterion=max_regret
      amends robust what-would-overturn-it --set robust.outcome=reputation

    \b
    With --out, the folder holds
      report.md                  the conclusion, tables and pictures on a page
      regret.png, .svg           the regret of each policy at every point
      overturned.png, .svg       where another policy does better, if anywhere
      points, summary            tidy tables, as Parquet and CSV
      experiment.yaml            judge it again for the same results; its
                                 scenario stands beside it, in scenario.yaml
      provenance.json            what was run, by which version

    With --runs, runs are kept in a folder: what a sweep of the same experiment has done is not
    done again, and another outcome or criterion is judged at once.
    """
    from experiments.analyses.robust import robust
    from experiments.design import load_experiment
    from sim.reading import assigned, parse_override

    changes = [parse_override(setting) for setting in settings]
    if seeds is not None:
        changes.append(assigned("seeds", seeds, f"--seeds {seeds}"))
    chosen = load_experiment(experiment, changes, days=days, seed=seed, network=network)
    options.tell_ignored(chosen.scenario, settings)
    with options.out_folder(out, "robust") as folder:
        options.announce_compilation()
        with options.progress("runs") as advance:
            result = robust(
                chosen, runs, workers=workers, progress=advance,
                network_of=options.network_aloud(),
            )  # fmt: skip
        if folder is not None:
            from experiments.analyses.robust_report import write_robustness

            write_robustness(folder, result)
    if as_json:
        options.print_json(result.to_json())
    else:
        from experiments.analyses.robust_report import show_robustness

        show_robustness(result)
    if folder is not None and out is not None:
        options.written(folder, out)
