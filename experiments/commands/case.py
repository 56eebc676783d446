"""`amends case`: a story of the practitioner literature, and the answer to its question."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from experiments.commands import options

if TYPE_CHECKING:
    from experiments.cases.case import CaseResult

JSON = ("name", "title", "summary", "seeds", "runs", "questions", "ranking", "claims")
"""The keys of the JSON of a case, on which other programs rely."""


@click.command("case")
@click.argument("name", required=False)
@click.option("--all", "every", is_flag=True, help="Every case, one after the other.")
@click.option(
    "--table",
    "as_table",
    is_flag=True,
    help="Write the claims alone, each with its verdict, as a table in Markdown.",
)
@options.seeds_option
@options.workers_option
@options.days_option
@options.seed_option
@options.set_option
@options.out_option
@options.json_option
def command(
    name: str | None, every: bool, as_table: bool, seeds: int | None, workers: int | None,
    days: int | None, seed: int | None, settings: tuple[str, ...], out: Path | None, as_json: bool,
) -> None:  # fmt: skip
    """Start from a story, and get its questions answered.

    Without a NAME, the cases are listed. A case is an experiment that comes with a story, with
    questions of its own and with the claims that its authors draw from it. You get the answer to
    each question with its 95% interval, the order of the policies, and a verdict on each claim: it
    holds, holds only if something is so, or does not hold. Everything is run under six assumptions,
    for three numbers that nobody knows well: whether a quickly recovered customer tells 17 or 8,
    how much of what people intend they do (0.35, 0.2 or 1), and how much more bad news moves than
    good (1.3, 1 or 2 times). An answer that hangs on one of them says so first.

    \b
    Examples:
      amends case
      amends case bakery
      amends case grand-hotel --out results/grand-hotel
      amends case ./my-firm.yaml       a copy of a case, with numbers of your own
      amends case --all --table        every claim of the literature, tried

    \b
    With --out, the folder holds
      report.md                     the page: story, claims, questions, answers
      policies.png, .svg            each policy, under every assumption
      question-1.png, .svg, ...     what each answer rests on
      assumptions.png, .svg         the answers under other assumptions
      estimates, claims             tidy tables, as Parquet and CSV
      experiment.yaml               the case again; its scenario stands beside it
      provenance.json               what was run, by which version
    """
    if name is None and not every:
        _list(as_json)
        return
    names = _names(name, every)
    if out is not None and every:
        raise click.UsageError("--out takes one case, not --all: call them one by one.")
    with options.out_folder(out, "case") as folder:
        options.announce_compilation()
        results = [_solved(each, seeds, workers, days, seed, settings) for each in names]
        if folder is not None:
            from experiments.cases.page import write_case

            write_case(folder, results[0])
    _show(results, as_table, as_json, every)
    if folder is not None and out is not None:
        options.written(folder, out)


def _names(name: str | None, every: bool) -> list[str]:
    from sim.shipped import shipped

    if every and name is not None:
        raise click.UsageError("give the NAME of a case or --all, not both.")
    return list(shipped("cases")) if name is None else [name]


def _solved(
    name: str, seeds: int | None, workers: int | None, days: int | None, seed: int | None,
    settings: tuple[str, ...],
) -> "CaseResult":  # fmt: skip
    from experiments.cases.case import solve
    from experiments.design import load_experiment
    from sim.reading import assigned, parse_override

    changes = [parse_override(setting) for setting in settings]
    if seeds is not None:
        changes.append(assigned("seeds", seeds, f"--seeds {seeds}"))
    chosen = load_experiment(name, changes, days=days, seed=seed, kind="cases")
    options.tell_ignored(chosen.scenario, settings)
    with options.progress(Path(name).stem) as advance:
        return solve(
            Path(name).stem, chosen, workers=workers, progress=advance,
            network_of=options.network_aloud(),
        )  # fmt: skip


def _show(results: Sequence["CaseResult"], as_table: bool, as_json: bool, every: bool) -> None:
    """Write the results to standard output."""
    if as_json:
        found = [{key: each.to_json()[key] for key in JSON} for each in results]
        options.print_json(found if every else found[0])
    elif as_table:
        from experiments.cases.page import claims_table

        click.echo(claims_table([claim for each in results for claim in each.judged]))
    else:
        from experiments.cases.screen import show_case

        for each in results:
            show_case(each)


def _list(as_json: bool) -> None:
    """Show the cases, each with what it asks."""
    from experiments.cases.screen import listed, show_cases

    if as_json:
        options.print_json(listed())
    else:
        show_cases(listed())
