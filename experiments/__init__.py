"""What to run and what to conclude.

From below: `sections` (the parts of an experiment file), `planning` and `design` (all runs that it asks
for), `engine` (threads, processes, a cluster), `storage` (a folder of runs), `methods` (statistics, each
from its publication), `compare` and `sweep`, `plots`, `tables` and `report`, then the questions asked of
many runs: `analyses` (what matters, what would overturn it, what pays), `laboratory` (the paradox,
stories and their sources, published models) and `evidence` (facts). `commands` are those of `amends`.
"""

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
