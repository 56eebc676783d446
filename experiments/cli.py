"""The command line `amends`: its commands, and how each kind of ending looks to the shell.

Commands are found by name and imported when called, and they in turn import the model only when
they run, so that `amends --help` answers at once.
"""

import errno
import importlib
import os
import sys
from typing import Any

import click

COMMANDS = (
    "run", "customer", "compare", "case",
    "sweep", "status", "verify", "merge",
    "sensitivity", "robust", "optimise", "break-even",
    "paradox", "trace", "decompose",
    "replicate", "facts", "schema", "list",
)  # fmt: skip
"""The commands in the order in which a newcomer meets them; each is a module of its name."""

INTERRUPTED = 130
"""Exit code after Ctrl-C: 128 and the number of the signal, as shells have it."""

UNWRITABLE = 1
"""Exit code when the output could not be written; in silence where the reader went away, as when
it is piped to `head` (click and rich end so too)."""


class Refusal(click.ClickException):
    """Input that cannot be used; shown as one message, with exit code 2."""

    exit_code = 2


class Amends(click.Group):
    """The group of all commands, and the one place where errors become messages."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of the commands, without importing any."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the module of a command, and return the command."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = importlib.import_module(_module(cmd_name)).command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command, or say which was meant."""
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            import difflib

            close = difflib.get_close_matches(args[0], COMMANDS, 1)
            hint = f"Did you mean {close[0]!r}?" if close else f"There are {', '.join(COMMANDS)}."
            raise click.UsageError(f"No such command {args[0]!r}. {hint}", error.ctx) from None

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; turn refused input into a message and Ctrl-C into its exit code."""
        try:
            return super().invoke(ctx)
        except (KeyboardInterrupt, click.Abort):
            click.echo("\nInterrupted.", err=True)
            ctx.exit(INTERRUPTED)
        except (click.ClickException, click.exceptions.Exit, OSError):
            raise
        except Exception as error:
            from experiments.storage.durable import DiskError
            from sim.errors import InputError

            if isinstance(error, InputError):
                raise Refusal(str(error)) from None
            if isinstance(error, DiskError):
                raise click.ClickException(str(error)) from None
            raise


def _module(command: str) -> str:
    return f"experiments.commands.{command.replace('-', '_')}"


def _version(ctx: click.Context, _: click.Parameter, asked: bool) -> None:
    if asked:
        from experiments.version import version

        click.echo(f"amends {version()}")
        ctx.exit()


@click.command(cls=Amends, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--version", is_flag=True, is_eager=True, expose_value=False, callback=_version,
    help="Show the version and leave.",
)  # fmt: skip
def amends() -> None:
    """Which answer to a failure does a firm the most good?

    amends simulates the customers of a firm one by one: they buy, are failed now and then,
    complain or suffer in silence, judge the answer they get, tell others, and stay or leave.

    \b
    First steps:
      amends list                      what is there to try
      amends run bakery                one year of a bakery
      amends compare bakery            five ways to answer, in the same worlds
      amends customer HISTORY.yaml     what goes on in one customer

    A scenario, policy or experiment is either a name that `amends list` shows or a path to a
    YAML file of your own.
    """


def main() -> None:
    """Run `amends` as a program of its own."""
    for stream in (sys.stdout, sys.stderr):
        # A terminal that knows only ASCII gets a question mark, not a traceback.
        stream.reconfigure(errors="replace")  # type: ignore[union-attr]
    _say_plainly()
    try:
        code = _run()
        sys.stdout.flush()
    except KeyboardInterrupt:
        code = INTERRUPTED
    except OSError as error:
        if error.filename is not None or error.errno not in (errno.EPIPE, errno.ENOSPC, errno.EIO):
            raise
        # Point stdout nowhere, so that Python's own flush at exit does not fail again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if error.errno != errno.EPIPE:
            click.echo(f"Error: the output cannot be written: {error.strerror}", err=True)
        code = UNWRITABLE
    if "experiments.engine.executors" in sys.modules:
        from experiments.engine.executors import leave

        leave(code)
    sys.exit(code)


def _say_plainly() -> None:
    """Let what is told to users as a warning of amends' own stand there without file and line."""
    import warnings

    usual = warnings.formatwarning

    def plain(
        message: Warning | str, category: type[Warning], filename: str, lineno: int,
        line: str | None = None,
    ) -> str:  # fmt: skip
        if category is UserWarning and f"{os.sep}experiments{os.sep}" in filename:
            return f"{message}\n"
        return usual(message, category, filename, lineno, line)

    warnings.formatwarning = plain


def _run() -> int:
    try:
        amends.main(prog_name="amends")
    except SystemExit as ending:
        return ending.code if isinstance(ending.code, int) else int(ending.code is not None)
    return 0


if __name__ == "__main__":
    main()
