"""How long a run may take: when one that takes long is told of, and when it is ended.

A behaviour of one's own may never return. Of the model's own runs each ends, since all its loops are
over days and people. Nobody can tell a run that never ends from one that takes long, so the bound
that is drawn where nobody set one is far beyond what finished runs lead to expect.
"""

import math
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

from experiments.planning.plan import Job
from experiments.wording import duration
from sim.errors import InputError

if TYPE_CHECKING:
    from experiments.engine.worker import Death

Key = tuple[int, int]
"""Cell and seed of a run: which one it is among those under way."""

Tell = Callable[[str], None]
"""Called with a line for the user."""

LEAST = 1.0
"""Seconds that a limit can be at least."""

UNKNOWN = 86_400.0
"""Seconds after which a run is ended while none has finished: a day."""

FLOOR = 3600.0
"""Seconds before which no run is ended unless the user says so: an hour."""

TIMES = 100.0
"""How many times as long a run may take as one of its size would, by the slowest finished one."""

SLOW, TIMES_SLOW = 10.0, 10.0
"""A run is told of after so many seconds, and so many times what it would take by the slowest one."""

SLOW_UNKNOWN = 60.0
"""Seconds after which a run is told of while none has finished."""

_DEATHS_TOLD = 5


def key_of(job: Job) -> Key:
    """Return which run a job is among those under way."""
    return job.cell, job.seed


def checked(limit: float | None) -> float | None:
    """Return a limit for runs in seconds, as the user gave it.

    Raises
    ------
    InputError
        If it is under a second, or no number. Infinity means that runs are never ended.
    """
    if limit is not None and not limit >= LEAST:
        raise InputError(
            f"--run-limit {limit:g} must be at least {LEAST:g} (seconds after which a run is ended "
            "and put on record as failed; inf for never)"
        )
    return limit


def overlong(limit: float) -> str:
    """Return what is put on record of a run that was ended."""
    return (
        f"the run took longer than {duration(limit)} and was ended; where it should take so long, "
        "give it more time: --run-limit SECONDS"
    )


class AtWork:
    """The runs that are being made in this process or for it, and since when; for any thread."""

    def __init__(self) -> None:
        self._since: dict[tuple[str, Key], float] = {}

    @contextmanager
    def on(self, job: Job, sender: str = "") -> Iterator[None]:
        """Take down that a job is being done for the length of a block."""
        at = sender, key_of(job)
        self._since[at] = time.monotonic()
        try:
            yield
        finally:
            self._since.pop(at, None)

    def seconds(self, sender: str = "") -> dict[Key, float]:
        """Return how long each run of a sender has taken so far."""
        now = time.monotonic()
        found = self._since.copy().items()
        return {key: now - since for (whose, key), since in found if whose == sender}


class Patience:
    """What is known of how long runs take.

    Parameters
    ----------
    limit : float, optional
        Seconds after which a run is ended, as the user set it. Otherwise `TIMES` as long as a run
        of its size would take by the slowest one that finished, and never less than `FLOOR`; while
        none has finished, `UNKNOWN`. The size is the memory of a run times its days.
    tell : callable, optional
        What is called with a line on each run that takes long, or during which a process died; a
        warning otherwise.
    """

    def __init__(self, limit: float | None = None, tell: Tell | None = None) -> None:
        self.asked = checked(limit)
        self.tell: Tell = tell or _warn
        self.finished = 0
        self.longest = 0.0
        """Seconds of the longest run that finished."""
        self._pace = 0.0
        self._next: dict[Key, float] = {}
        """Seconds after which runs that were told of are told of again."""
        self._deaths = 0

    def note(self, job: Job, seconds: float) -> None:
        """Take down how long a run took that finished."""
        self.finished += 1
        self.longest = max(self.longest, seconds)
        self._pace = max(self._pace, seconds / _size(job))

    def limit(self, job: Job) -> float:
        """Return the seconds after which a run is ended."""
        if self.asked is not None:
            return self.asked
        return max(FLOOR, TIMES * self._expected(job)) if self.finished else UNKNOWN

    def look(
        self, at_work: Mapping[Key, float], jobs: Mapping[Key, Job], remedy: str | None
    ) -> None:
        """Tell of a run that takes long, and again whenever it has taken twice as long.

        Parameters
        ----------
        at_work
            The runs that are being made, and the seconds that each has taken so far.
        jobs
            The jobs under way.
        remedy
            What the user can do about a run that does not end; None where it will be ended.
        """
        self._next = {key: due for key, due in self._next.items() if key in at_work}
        late = []
        for key in at_work.keys() & jobs.keys():
            seconds, job = at_work[key], jobs[key]
            if seconds >= max(self._slow(job), self._next.get(key, 0.0)):
                self._next[key] = 2 * seconds
                late.append((seconds, key))
        if late:
            seconds, key = max(late)
            self.tell(self._words(seconds, jobs[key], len(late) - 1, remedy))

    def died(self, job: Job, death: "Death") -> None:
        """Tell of a process that died, the first few times."""
        self._deaths += 1
        if self._deaths <= _DEATHS_TOLD:
            last = "; further deaths are not told of" if self._deaths == _DEATHS_TOLD else ""
            self.tell(
                f"{death.error} during the run of {job.title}, which is tried once more, alone, "
                f"when the others are done{last}"
            )

    def _expected(self, job: Job) -> float:
        return self._pace * _size(job)

    def _slow(self, job: Job) -> float:
        """Return the seconds after which a run is told of: at the latest half-way to its end."""
        slow = max(SLOW, TIMES_SLOW * self._expected(job)) if self.finished else SLOW_UNKNOWN
        return min(slow, self.limit(job) / 2)

    def _words(self, seconds: float, job: Job, others: int, remedy: str | None) -> str:
        known = "none has finished yet"
        if self.finished:
            of = "the only finished run" if self.finished == 1 else "the longest of those finished"
            known = f"{of} took {duration(self.longest)}"
        more = f", and {others:,} more take long too" if others else ""
        if remedy is None and math.isfinite(limit := self.limit(job)):
            remedy = f"It is ended after {duration(limit)}, and the others go on (--run-limit)."
        said = f"The run of {job.title} has taken {duration(seconds)} so far{more}; {known}."
        return f"{said} {remedy}" if remedy else said


def _size(job: Job) -> int:
    """Return what the time of a run goes with, roughly."""
    return max(1, job.scenario.memory_estimate() * job.scenario.days)


def _warn(text: str) -> None:
    warnings.warn(text, stacklevel=2)
