"""A process that makes runs for another one, which may end it at any of them.

Runs are sent in batches and answered one by one and in order. So whoever sent them knows which run a
process is at, how long it has been at it, and, should the process die, during which run it died.
"""

import faulthandler
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError
from contextlib import AbstractContextManager, suppress
from functools import partial
from multiprocessing.connection import Connection
from typing import IO, Any

from experiments.engine.patience import overlong
from experiments.engine.sending import Batch, bench_for, made_by
from experiments.engine.worker import Death, Failure, Result
from experiments.planning.plan import Job
from sim.errors import InputError

_READY = "ready"

_LOOK = 0.1
"""Seconds after which one who waits for an answer looks whether to go on waiting."""

_FIRST = 300.0
"""Seconds beside its limit for a first run, for which there may be something to compile."""

_TRACE = 1.0
"""Seconds in which a process has to say where it is, before it is ended."""


class _Overlong(Exception):
    """An answer was not there after so many seconds."""


class Child:
    """A process that makes runs, forked from a stem.

    Parameters
    ----------
    pid
        Its number.
    answers
        The connection to it.
    traces
        The file into which it writes where it is.
    ended
        What waits for its end so many seconds, ends it if need be, and returns its exit code if
        that is known.
    """

    def __init__(
        self,
        pid: int,
        answers: "Connection[Any, Any]",
        traces: IO[bytes],
        ended: Callable[[int, float], int | None],
    ) -> None:
        self._pid = pid
        self._answers = answers
        self._traces = traces
        self._ended = ended
        self.alive = True
        """Whether it can be given work, as far as is known."""

    def work(
        self,
        batch: Batch,
        limit: Callable[[int], float],
        at: Callable[[Job], AbstractContextManager[None]],
        given_up: Callable[[], bool],
    ) -> Iterator[tuple[Result, float]]:
        """Yield what comes of the jobs of a batch, in order, and the seconds that each took.

        If the process dies or has to be ended, the run that it was at comes last. If it has ended
        before a run could be sent to it, nothing comes.

        Parameters
        ----------
        limit
            Seconds that the job of a number may take, as far as is known by now.
        at
            A block in which a job is done.
        given_up
            Whether nobody wants the results any longer.

        Raises
        ------
        InputError
            If it has another version of the model, or cannot load the class of customers.
        CancelledError
            If it was given up.
        """
        if not self._sent(batch):
            return
        job = batch.jobs[0]
        try:
            self._heard(lambda: limit(0) + _FIRST, given_up)  # that it is ready
            for number, job in enumerate(batch.jobs):
                since = time.monotonic()
                with at(job):
                    result = self._heard(partial(limit, number), given_up)
                yield result, time.monotonic() - since
        except EOFError:
            code, traces = self.end(_TRACE)
            yield Death(job.policy, job.seed, f"A worker process {_in_words(code)}", traces), 0.0
        except _Overlong as most:
            self._ask_where()
            _, traces = self.end()
            yield Failure(job.policy, job.seed, overlong(most.args[0]), traces), 0.0

    def kill(self) -> None:
        """End the process at once; who waits for its answer is told."""
        if self.alive:
            with suppress(ProcessLookupError):
                os.kill(self._pid, signal.SIGKILL)

    def end(self, wait: float = 0.0) -> tuple[int | None, str]:
        """Let the process go, by force after some seconds.

        Returns
        -------
        int or None
            Its exit code, as far as it is known.
        str
            Where it was, as far as it told.
        """
        self.alive = False
        code = self._ended(self._pid, wait)
        self._answers.close()
        with self._traces as traces:
            traces.seek(0)
            return code, traces.read().decode(errors="replace")

    def _sent(self, batch: Batch) -> bool:
        """Send a batch; False if the process has ended before."""
        try:
            self._answers.send(batch)
        except OSError:
            self.end()
            return False
        return True

    def _heard(self, limit: Callable[[], float], given_up: Callable[[], bool]) -> Any:
        """Return the next answer.

        Raises
        ------
        EOFError
            If the process has ended.
        """
        since = time.monotonic()
        while not self._answers.poll(_LOOK):
            if given_up():
                self.end()
                raise CancelledError
            if time.monotonic() - since > (most := limit()):
                raise _Overlong(most)
        try:
            answer = self._answers.recv()
        except OSError:
            raise EOFError from None
        if isinstance(answer, InputError):
            raise answer
        return answer

    def _ask_where(self) -> None:
        """Let the process write down where it is, and wait until it has."""
        with suppress(ProcessLookupError):
            os.kill(self._pid, signal.SIGUSR1)
        until = time.monotonic() + _TRACE
        while time.monotonic() < until and not os.fstat(self._traces.fileno()).st_size:
            time.sleep(0.01)
        time.sleep(0.05)  # in which it writes the rest


def _in_words(code: int | None) -> str:
    """Return how a process ended.

    >>> _in_words(7), _in_words(-9), _in_words(None)
    ('ended with EXIT(7)', 'was ended by SIGKILL(-9)', 'ended')
    """
    if code is None:
        return "ended"
    if code >= 0:
        return f"ended with EXIT({code})"
    name = next((each.name for each in signal.Signals if each == -code), "signal ")
    return f"was ended by {name}({code})"


def serve(answers: int, traces: int) -> None:
    """Make the runs of batches until nobody sends any; the body of a child.

    Parameters
    ----------
    answers, traces
        Descriptors: of a connection, and of a file for where it is when it dies or is asked.
    """
    faulthandler.enable(traces, all_threads=False)
    faulthandler.register(signal.SIGUSR1, traces, all_threads=False)
    threading.Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()
    connection: Connection[Any, Any] = Connection(answers)
    while True:
        try:
            batch: Batch = connection.recv()
        except (EOFError, OSError):
            return
        _answer(connection, batch)


def _answer(connection: "Connection[Any, Any]", batch: Batch) -> None:
    try:
        bench = bench_for(batch)
    except InputError as error:
        connection.send(error)
        return
    bench.prepare(batch.jobs[0].scenario)
    connection.send(_READY)
    for job in batch.jobs:
        connection.send(made_by(bench, job, batch.files))


def _end_with(parent: int) -> None:
    """End this process once its parent has ended, whatever it is at."""
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1})  # it is for the other thread
    while os.getppid() == parent:
        time.sleep(0.5)
    os._exit(1)
