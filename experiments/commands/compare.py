"""`amends compare`: several policies in the same worlds."""

from pathlib import Path

import click

from experiments.commands import options

JSON = ("baseline", "seeds", "conclusion", "policies")
"""The keys of the JSON, on which other programs rely; beside them `stopping`, where the experiment
has a rule for the number of worlds."""


@click.command("compare")
@click.argument("experiment")
@click.option(
    "--seeds", type=int, help="How many worlds (to begin with); more make the intervals narrower."
)
@click.option("--workers", type=click.IntRange(1), help="Threads; all processors by default.")
@options.network_option
@options.days_option
@options.seed_option
@options.set_option
@options.out_option
@options.json_option
def command(
    experiment: str, seeds: int | None, workers: int | None, network: str | None,
    days: int | None, seed: int | None, settings: tuple[str, ...], out: Path | None, as_json: bool,
) -> None:  # fmt: skip
    """Learn which policy is best, and how sure that is.

    Several policies are run in the same worlds. EXPERIMENT is a shipped name (see `amends list`)
    or a YAML file. Every seed is a world: the same
    people, friendships, failures and moods for every policy, so that a difference is the policy's
    doing. For each outcome you get means with 95% intervals, paired differences from the baseline
    policy, and the chance that each policy is the best; and what each customer saved has cost.
    How many worlds are enough can be left to a rule: precision runs them until the intervals of an
    outcome are narrow enough, select_best until it is known which policy is best at it.

    \b
    Examples:
      amends compare bakery
      amends compare bakery --seeds 50 --out results/bakery
      amends compare bakery --set baseline=slow --set market.people=20000
      amends compare bakery --set "precision={outcome: reputation, half_width: 0.5}"
      amends compare bakery --set "select_best={outcome: nps, indifference: 1}"

    \b
    With --out, the folder holds
      report.md                   the conclusion, tables and pictures on a page
      reputation.png, .svg        reputation over time with 95% bands
      differences.png, .svg       the paired differences with their intervals
      spend.png, .svg             reputation against what recovery cost
      summary, runs and series    tidy tables, as Parquet and CSV
      experiment.yaml             compare it again for the same results; its
                                  scenario stands beside it, in scenario.yaml
      provenance.json             what was run, on which network, by which version

    A result that surprises you? Run one of the policies alone (`amends run --help`) and look at
    its series, or switch something off: --set talk.enabled=false.
    """
    from experiments.compare import compare
    from experiments.design import load_experiment
    from sim.reading import assigned, parse_override

    changes = [parse_override(setting) for setting in settings]
    if seeds is not None:
        changes.append(assigned("seeds", seeds, f"--seeds {seeds}"))
    chosen = load_experiment(experiment, changes, days=days, seed=seed, network=network)
    options.tell_ignored(chosen.scenario, settings)
    with options.out_folder(out, "compare") as folder:
        options.announce_compilation()
        with options.progress("runs") as advance:
            comparison = compare(
                chosen, workers=workers, progress=advance, network_of=options.network_aloud()
            )
        if folder is not None:
            from experiments.report import write_comparison

            write_comparison(folder, comparison)
    if as_json:
        result = comparison.to_json()
        options.print_json({key: result[key] for key in (*JSON, "stopping") if key in result})
    else:
        from experiments.tables import show_comparison

        show_comparison(comparison)
    if folder is not None and out is not None:
        options.written(folder, out)
