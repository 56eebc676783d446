"""Libraries that only some commands need, and the message where one is missing."""

import importlib
from typing import Any

from sim.errors import InputError


def extra(module: str, name: str) -> Any:
    """Import a library that comes with the extra `name` of amends.

    Raises
    ------
    InputError
        With the command that installs it, if it is not there.
    """
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name is None or not module.startswith(error.name):
            raise
        raise InputError(
            f"this needs the library {module.partition('.')[0]}, which is not installed: pip install 'amends[{name}]'"
        ) from None
