"""What to run and what to conclude: experiments, their statistics and the command line."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from experiments.storage.results import open_results as open_results

__all__ = ["open_results"]


def __getattr__(name: str) -> Any:
    """Import what the package offers when it is asked for, so that importing it stays light."""
    if name in __all__:
        from experiments.storage import results

        return getattr(results, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
