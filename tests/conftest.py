"""What all tests share: Hypothesis tries the same examples every time, however slow the machine."""

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile(
    "reproducible",
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
settings.load_profile("reproducible")

_FIRST = (
    "test_performers", "test_factors", "test_plots", "test_prim", "test_drawn", "test_store",
    "test_random_graphs", "test_scenario", "test_docs", "test_peer", "test_notebooks",
)  # fmt: skip
"""Files to begin with. Compiling takes a minute: the first compiles all, the next need nothing of it,
so that a second worker does not compile the same meanwhile; the last take longest."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the files in an order in which workers of pytest-xdist do nothing twice."""
    place = {name: i for i, name in enumerate(_FIRST)}
    items.sort(key=lambda item: place.get(item.path.stem, len(place)))


@pytest.fixture(autouse=True)
def no_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Show results as where no terminal says how wide it is; workers of pytest-xdist do say."""
    monkeypatch.delenv("COLUMNS", raising=False)
