"""Calling `amends` as its users do: within the process, and as a program of its own."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result

from experiments.cli import amends

PROGRAM = [sys.executable, "-m", "experiments.cli"]
SMALL = ["--set", "market.people=60", "--days", "21"]
"""A market so small, and a time so short, that it takes no time."""


def call(*arguments: str) -> Result:
    return CliRunner().invoke(amends, arguments, prog_name="amends")


def done(*arguments: str) -> Result:
    result = call(*arguments)
    assert result.exit_code == 0, result.output
    return result


def told(*arguments: str) -> Any:
    """Return the JSON that a command writes, which must be strict and alone on stdout."""

    def refuse(name: str) -> None:
        raise AssertionError(f"{name} is not JSON")

    return json.loads(done(*arguments, "--json").stdout, parse_constant=refuse)


def source() -> dict[str, str]:
    """Return an environment in which the program is found from any folder."""
    root = str(Path(__file__).resolve().parent.parent)
    return {**os.environ, "PYTHONPATH": root}


def ended(*arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
    """Run the program to its end; its messages are kept."""
    return subprocess.run(
        [*PROGRAM, *arguments], env={**source(), **options.pop("env", {})}, text=True,
        stderr=subprocess.PIPE, **options,
    )  # fmt: skip
