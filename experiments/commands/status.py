"""`amends status`: how far a sweep has come."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from experiments.commands import options

if TYPE_CHECKING:
    from experiments.storage.status import Status

JSON = (
    "experiment", "planned", "done", "beside", "failed", "failures", "damaged", "set_aside",
    "versions",
)  # fmt: skip
"""The keys of the JSON, on which other programs rely."""

FAILURE = ("identity", "policy", "seed", "point", "error")
"""The keys of a failure in the JSON."""

SHOWN = 10


@click.command("status")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@options.json_option
def command(folder: Path, as_json: bool) -> None:
    """See how far a sweep has come.

    DIR is the folder that `amends sweep --out DIR` writes. You may look while it is at work: it is
    only read. You learn how many runs are done of how many, which failed and why, which files are
    damaged, and which versions made them.

    \b
    Examples:
      amends status results/levers
      amends status results/levers --json

    Not finished? Start the same sweep again: it goes on where it was left. In doubt about what the
    files say? `amends verify DIR` looks into each, and can repeat runs.
    """
    from experiments.storage.status import status_of

    status = status_of(folder)
    if as_json:
        values = {
            "experiment": status.name,
            "planned": status.planned,
            "done": status.done,
            "beside": status.beside,
            "failed": len(status.failures),
            "failures": [{key: each[key] for key in FAILURE} for each in status.failures],
            "damaged": status.damaged,
            "set_aside": status.set_aside,
            "versions": status.versions,
        }
        options.print_json({key: values[key] for key in JSON})
    else:
        for line in _lines(folder, status):
            click.echo(line)


def _lines(folder: Path, status: "Status") -> list[str]:
    made = status.versions
    lines = [
        f"{status.name}: {status.done:,} of {status.planned:,} runs are done, "
        f"{len(status.failures):,} failed",
        f"made by amends {made['amends']}, model {made['model']}, Python {made['python']}, "
        f"{made['machine']}",
    ]
    if status.beside:
        lines.append(f"beside these, {_runs(status.beside)} that the last sweep did not ask for")
    for each in status.failures[:SHOWN]:
        last = each["error"].strip().splitlines()[-1]
        lines.append(f"failed: {each['policy']}, seed {each['seed']}{_at(each['point'])}: {last}")
    if status.failures:
        more = len(status.failures) - SHOWN
        said = f"and {more:,} more; whole" if more > 0 else "whole"
        lines.append(f"{said} tracebacks are in {folder / 'failures'}")
    lines += [f"damaged: {each}" for each in status.damaged]
    if status.set_aside:
        lines.append(f"set aside as damaged: {len(status.set_aside)} in {folder / 'set-aside'}")
    if status.done < status.planned:
        lines.append("Start the same sweep again to do the others.")
    return lines


def _runs(number: int) -> str:
    return "1 run" if number == 1 else f"{number:,} runs"


def _at(point: dict[str, object]) -> str:
    from experiments.planning.designs import described

    return f", {described(point)}" if point else ""  # type: ignore[arg-type]
