"""`amends verify`: are the results in a folder those that were written, and those of the model?"""

from pathlib import Path

import click

from experiments.commands import options

JSON = ("runs", "files", "repeated", "digest", "wrong")
"""The keys of the JSON, on which other programs rely."""


@click.command("verify")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option(
    "--runs", type=click.IntRange(0), default=0, metavar="K",
    help="Repeat K runs, chosen at random, and compare every bit.",
)  # fmt: skip
@click.option("--seed", type=int, default=1, show_default=True, help="The luck of that choice.")
@click.option(
    "--customer", metavar="FILE.py:CLASS", help="Whose customers the runs were made with."
)
@click.option("--workers", type=click.IntRange(1), help="Threads; all processors by default.")
@options.json_option
@click.pass_context
def command(
    ctx: click.Context, folder: Path, runs: int, seed: int, customer: str | None,
    workers: int | None, as_json: bool,
) -> None:  # fmt: skip
    """Check every byte of a sweep's results.

    DIR is the folder that `amends sweep --out DIR` writes. The name of each file holds the SHA-256
    of its bytes, so that a flipped bit or a lost end is found; and any run can be made again from
    the manifest, which must give the same bits. Nothing in the folder is changed. The exit code is
    1 if anything is wrong.

    \b
    Examples:
      amends verify results/levers
      amends verify results/levers --runs 20
      amends verify results/levers --runs 20 --seed 2    another twenty

    Is something damaged? Start the same sweep again: it sets such files aside and does their runs
    anew.
    """
    from experiments.storage.verifying import verify

    kind = None
    if customer is not None:
        from experiments.engine.plugin import load_customer

        kind = load_customer(customer)
    if runs:
        options.announce_compilation()
    with options.progress("runs") as advance:
        found = verify(folder, runs, seed, customer=kind, workers=workers, progress=advance)
    if as_json:
        options.print_json({key: getattr(found, key) for key in JSON})
    else:
        for each in found.wrong:
            click.echo(f"wrong: {each}")
        again = f", {found.repeated:,} repeated to the same bits" if runs else ""
        click.echo(
            f"{found.runs:,} runs in {found.files:,} files are good{again}; "
            f"{len(found.wrong) or 'nothing'} wrong\ndigest {found.digest}"
        )
    if found.wrong:
        ctx.exit(1)
