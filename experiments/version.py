"""The version of the program."""

from functools import cache
from importlib import metadata


@cache
def version() -> str:
    """Return the version of amends as installed; `source` where it runs without being installed."""
    try:
        return metadata.version("amends")
    except metadata.PackageNotFoundError:
        return "source"
