"""Processes that make runs, kept from one batch to the next, and replaced when they end."""

import threading
from collections.abc import Callable
from concurrent.futures import CancelledError

from experiments.engine.child import Child
from experiments.engine.patience import AtWork
from experiments.engine.sending import Batch
from experiments.engine.stem import Stem
from experiments.engine.worker import Finished, Result

_TRIES = 3
"""Times that a stem is started anew, should it have ended."""


class WorkersLost(RuntimeError):
    """There is nobody to do the work; what is done is done."""


class Nursery:
    """Processes that make runs: as many as batches are done at a time. For several threads.

    Attributes
    ----------
    at_work : AtWork
        The runs that they are at.
    """

    def __init__(self) -> None:
        self.at_work = AtWork()
        self._guard = threading.Lock()
        self._stem: Stem | None = None
        self._idle: list[Child] = []
        self._all: set[Child] = set()
        self._closed = False

    def work(
        self,
        batch: Batch,
        limit: Callable[[Batch, int], float],
        given_up: Callable[[], bool] = lambda: False,
    ) -> Finished:
        """Do a batch, by more than one process if need be; wait for it.

        Parameters
        ----------
        batch
            What to do.
        limit
            Seconds that the job of a number in a batch may take, as far as is known by now. A run
            that takes longer is a failure, and its process is ended.
        given_up
            Whether nobody wants the results any longer.

        Raises
        ------
        InputError, CancelledError
            See `Child.work`.
        WorkersLost
            If no process can be started.
        """
        results: list[Result] = []
        seconds = 0.0
        while len(results) < len(batch.jobs):
            rest = batch.after(len(results))
            child = self._taken(rest)
            try:
                for result, took in child.work(
                    rest,
                    lambda number, rest=rest: limit(rest, number),  # type: ignore[misc]
                    lambda job: self.at_work.on(job, batch.sender),
                    lambda: self._closed or given_up(),
                ):
                    results.append(result)
                    seconds += took
            finally:
                self._give_back(child)
        return results, seconds

    def close(self) -> None:
        """End all processes, whatever they are at."""
        with self._guard:
            self._closed = True
            for child in self._all:
                child.kill()
            if self._stem is not None:
                self._stem.close()
            while self._idle:
                self._idle.pop().end()

    def _taken(self, batch: Batch) -> Child:
        """Return a process that waits for work, or a new one that begins with a batch."""
        with self._guard:
            if self._idle:
                return self._idle.pop()
        for _ in range(_TRIES):
            stem = self._living_stem()
            try:
                child = stem.child(batch.jobs[0].scenario, batch.performer)
            except EOFError:
                continue
            with self._guard:
                self._all.add(child)
            return child
        raise WorkersLost("processes for runs cannot be started, or end at once: see above")

    def _living_stem(self) -> Stem:
        with self._guard:
            if self._closed:
                raise CancelledError
            if self._stem is None or not self._stem.alive:
                self._stem = Stem()
            return self._stem

    def _give_back(self, child: Child) -> None:
        with self._guard:
            if child.alive:
                self._idle.append(child)
            else:
                self._all.discard(child)
