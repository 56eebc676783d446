"""`amends trace`: every story of one world followed to its source."""

from contextlib import ExitStack
from pathlib import Path

import click

from experiments.commands import options

JSON = (
    "scenario", "policy", "seed", "days", "people", "digest", "tellings", "good", "bad",
    "failures", "reproduction", "reproduction_by_hop", "reputation", "sources",
    "decisions", "expected", "turned", "worst", "worst_together", "conclusion",
)  # fmt: skip
"""The keys of the JSON, on which other programs rely."""


@click.command("trace")
@click.argument("scenario")
@click.option("--policy", metavar="NAME|FILE", help="Answer failures by this policy instead.")
@click.option(
    "--worst", type=click.IntRange(0, 100), default=5, show_default=True,
    help="How many of the failures that did most harm to live again, otherwise.",
)  # fmt: skip
@options.network_option
@options.days_option
@options.seed_option
@options.set_option
@options.out_option
@options.json_option
def command(
    scenario: str, policy: str | None, worst: int, network: str | None, days: int | None,
    seed: int | None, settings: tuple[str, ...], out: Path | None, as_json: bool,
) -> None:  # fmt: skip
    """Trace a firm's reputation to the visits that made it.

    Every telling of one run is kept: who told whom, over which tie, how often the story had been
    passed on, where it began, and by how much it moved an opinion. Each point of reputation, and
    each decision to buy that stories turned, is then shared out among its sources, exactly: own
    experience, ordinary visits, delight, failures, recoveries. SCENARIO is a shipped name (see
    `amends list`) or a YAML file.

    The failures that cost most by the last day live again in the same world: once answered at once
    and in full (noticed even where the customer was silent), once not happened.

    \b
    Examples:
      amends trace bakery
      amends trace bakery --policy none --out results/stories
      amends trace bakery --set talk.retelling=false --worst 0
      amends trace hotel --network friends.graphml --json

    \b
    With --out, the folder holds
      report.md              the conclusion and the pictures on a page
      sources.png, .svg      where reputation and buyers come from
      worst.png, .svg        the worst failures, and what other lives bring
      story.png, .svg        the way of the worst one's story
      story.graphml, .json   the same for Gephi: people, and tellings between them
      tellings.parquet       a row a telling
      failures, origins      what each failure, each event told of, did
      reproduction           further tellings that a hearing brings, by hop
      worst                  the worst failures, and what other lives change
      scenario.yaml          all parameters
      provenance.json        what was run, by which version

    The run is the same to the bit as that of `amends run`. Tellings go to disk as they come; memory
    grows with people, events and decisions, not with tellings.
    """
    from sim.scenario import load_scenario

    chosen = load_scenario(scenario, settings, policy, days, seed, network)
    options.tell_ignored(chosen, settings)
    with ExitStack() as stack:
        folder = stack.enter_context(options.out_folder(out, "trace"))
        options.announce_compilation()
        from experiments.laboratory.stories import follow
        from experiments.laboratory.stories_file import place_for

        ties = options.network_aloud()(chosen)
        advance = stack.enter_context(options.progress("runs"))
        file = stack.enter_context(place_for(None if folder is None else folder.path))
        found = follow(chosen, ties, file, worst, advance)
        if folder is not None:
            from experiments.laboratory.trace_report import write

            write(folder, found)
    from experiments.laboratory.trace_report import show, to_json

    if as_json:
        options.print_json(to_json(found))
    else:
        show(found)
    if folder is not None and out is not None:
        options.written(folder, out)
