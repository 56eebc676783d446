"""`amends merge`: several folders of results into one."""

from pathlib import Path

import click

from experiments.commands import options

JSON = ("runs", "added", "twice", "failed", "digest", "damaged")
"""The keys of the JSON, on which other programs rely."""


@click.command("merge")
@click.argument(
    "folders", metavar="DIR...", type=click.Path(path_type=Path), nargs=-1, required=True
)
@click.option(
    "--out", type=click.Path(path_type=Path), metavar="DIR", required=True,
    help="The folder to put them into: new, or one of the same experiment.",
)  # fmt: skip
@options.json_option
@click.pass_context
def command(ctx: click.Context, folders: tuple[Path, ...], out: Path, as_json: bool) -> None:
    """Put the shards of a sweep into one folder.

    Each DIR is a folder that `amends sweep --out DIR` wrote, on this machine or on another. They
    must be of the same experiment and the same version of the model; worlds, points and policies
    may differ. A run that is in several of them is taken once. The sources are left as they are.
    The digest of the whole is that of the sweep done in one. The exit code is 1 if damaged files
    had to be left out.

    \b
    Examples:
      amends sweep levers.yaml --shard 1/2 --out left      on one machine
      amends sweep levers.yaml --shard 2/2 --out right     on another
      amends merge left right --out results/levers

    Something missing in the whole? Start the sweep with --out results/levers: it does only what is
    not there.
    """
    from experiments.storage.merging import merge

    merged = merge(folders, out)
    if as_json:
        options.print_json({key: getattr(merged, key) for key in JSON})
    else:
        for each in merged.damaged:
            click.echo(f"left out: {each}")
        click.echo(
            f"{out} holds {merged.runs:,} runs: {merged.added:,} added, {merged.twice:,} were "
            f"there already, {merged.failed:,} failed\ndigest {merged.digest}"
        )
    if merged.damaged:
        ctx.exit(1)
