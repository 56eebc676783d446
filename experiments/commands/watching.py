"""Watching a sweep: how far it is, how fast, what failed; and stopping it without losing anything."""

import signal
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from experiments.sweep import Sweep

    Watch = Callable[[Sweep], None]

LINE_SECONDS = 10.0
"""Time between two lines where there is no terminal."""

_BAR_SECONDS = 0.1
_WINDOW = 30.0
"""Seconds over which the rate is taken."""


class Pace:
    """The rate at which a sweep goes on, and the time that it still takes."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._marks = deque([(now(), 0)])

    def note(self, ended: int) -> None:
        """Take down how many runs have ended by now."""
        now = self._now()
        self._marks.append((now, ended))
        while len(self._marks) > 2 and now - self._marks[1][0] > _WINDOW:
            self._marks.popleft()

    @property
    def rate(self) -> float:
        """Runs a second, lately."""
        (began, few), (now, many) = self._marks[0], self._marks[-1]
        return (many - few) / (now - began) if now > began else 0.0

    def left(self, runs: int) -> str:
        """Return in words how long so many runs take."""
        from experiments.wording import duration

        return duration(runs / self.rate) if self.rate else "?"


def line(made: "Sweep", pace: Pace) -> str:
    """Return how far a sweep is, on one line."""
    ended = made.done + made.skipped + made.failed
    said = f"{ended:,} of {made.runs:,} runs"
    if pace.rate:
        said += f", {figure(pace.rate)} a second, {pace.left(made.runs - ended)} left"
    return said + (f", {made.failed:,} failed" if made.failed else "")


def figure(rate: float) -> str:
    """Return a rate with as many digits as mean something."""
    return f"{rate:,.0f}" if rate >= 10 else f"{rate:.2g}"


@contextmanager
def watching() -> "Iterator[Watch]":
    """Show on stderr how far a sweep is: a bar on a terminal, else a line now and then."""
    if sys.stderr.isatty():
        with _bar() as watch:
            yield watch
        return
    pace, said = Pace(), [time.monotonic()]

    def tell(made: "Sweep") -> None:
        now = time.monotonic()
        if now - said[0] >= LINE_SECONDS:
            said[0] = now
            pace.note(made.done + made.failed)
            click.echo(line(made, pace), err=True)

    yield tell


@contextmanager
def _bar() -> "Iterator[Watch]":
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn

    columns = (BarColumn(), TextColumn("{task.description}"))
    pace, shown = Pace(), [0.0]
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("runs", total=None)

        def show(made: "Sweep") -> None:
            now = time.monotonic()
            if now - shown[0] >= _BAR_SECONDS:
                shown[0] = now
                pace.note(made.done + made.failed)
                ended = made.done + made.skipped + made.failed
                bar.update(task, completed=ended, total=made.runs, description=line(made, pace))

        yield show


class Stop:
    """Whether a sweep was asked to stop, and by which signal."""

    def __init__(self) -> None:
        self.event = threading.Event()
        self.signal = 0

    @property
    def exit_code(self) -> int:
        """What a shell expects of a program that ended on a signal."""
        return 128 + self.signal


@contextmanager
def stoppable() -> Iterator[Stop]:
    """Let Ctrl-C, or the signal to terminate, stop in good order; a second Ctrl-C stops at once."""
    stop = Stop()

    def ask(number: int, frame: FrameType | None) -> None:
        if stop.event.is_set() and number == signal.SIGINT:
            raise KeyboardInterrupt
        stop.signal = number
        stop.event.set()

    if threading.current_thread() is not threading.main_thread():
        yield stop
        return
    before = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
