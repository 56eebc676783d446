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


@pytest.fixture(autouse=True)
def no_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Show results as where no terminal says how wide it is; workers of pytest-xdist do say."""
    monkeypatch.delenv("COLUMNS", raising=False)
