"""A process from which those branch off that make runs.

To start a process that knows the model takes seconds, to fork one that does takes hundredths. So
whoever wants processes starts a stem, once, and has it fork them. A stem runs no code of the user's,
has no threads, and ends with the process that started it.
"""

import gc
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING, Any

from experiments.engine.child import Child, serve
from experiments.engine.worker import Bench
from sim.scenario import Scenario

if TYPE_CHECKING:
    from sim.run import Performer

_PROGRAM = """
import signal, sys
signal.signal(signal.SIGINT, signal.SIG_IGN)
sys.path[:] = {path!r}
from experiments.engine.stem import grow
grow({control})
"""
"""What a stem runs. Ctrl-C is left to its parent, and what it prints goes to stderr."""


class Stem:
    """A process that forks others; for several threads."""

    def __init__(self) -> None:
        ours, theirs = socket.socketpair()
        with theirs:
            program = _PROGRAM.format(path=sys.path, control=theirs.fileno())
            self._process = subprocess.Popen(
                [sys.executable, "-u", "-c", program],
                pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL, stdout=2,
            )  # fmt: skip
        self._guard = threading.Lock()
        self._files = ours
        self._control: Connection[Any, Any] = Connection(os.dup(ours.fileno()))

    @property
    def alive(self) -> bool:
        """Whether it can be asked for something."""
        return self._process.poll() is None

    def child(self, scenario: Scenario, performer: "Performer") -> Child:
        """Fork a process that makes runs; it begins with one of a scenario, by a performer.

        Raises
        ------
        EOFError
            If the stem has ended.
        """
        answers, theirs = socket.socketpair()
        traces = tempfile.TemporaryFile()  # noqa: SIM115
        with theirs:
            pid = self._asked("fork", (scenario, performer), theirs.fileno(), traces.fileno())
        return Child(pid, Connection(answers.detach()), traces, self._ended)

    def close(self) -> None:
        """End the stem at once; what it has forked ends soon after."""
        self._process.kill()
        self._process.wait()
        with self._guard:
            self._control.close()
            self._files.close()

    def _ended(self, pid: int, wait: float) -> int | None:
        """Return the exit code of a forked process, which is ended after so many seconds.

        None if nobody knows, since the stem has ended.
        """
        try:
            return int(self._asked("end", (pid, wait)))
        except EOFError:
            return None

    def _asked(self, what: str, about: object, *files: int) -> Any:
        with self._guard:
            try:
                self._control.send((what, about))
                if files:
                    socket.send_fds(self._files, [b"+"], files)
                return self._control.recv()
            except OSError:
                raise EOFError from None


def grow(descriptor: int) -> None:
    """Fork processes until nobody asks for any; the body of a stem."""
    channel = socket.socket(fileno=descriptor)
    channel.set_inheritable(False)
    control: Connection[Any, Any] = Connection(os.dup(descriptor))
    while True:
        try:
            what, about = control.recv()
        except (EOFError, OSError):
            return
        if what == "end":
            control.send(_exit_code(*about))
            continue
        _, files, *_ = socket.recv_fds(channel, 1, 2)
        _prepare(*about)
        pid = os.fork()
        if pid == 0:
            control.close()
            channel.close()
            _branch(files)
        for each in files:
            os.close(each)
        control.send(pid)


def _prepare(scenario: Scenario, performer: "Performer") -> None:
    """Do once what the model itself takes at first, so that no fork has to."""
    from sim.customer import Customer

    if Bench(Customer if performer == "agents" else None, performer=performer).prepare(scenario):
        gc.collect()
        gc.freeze()  # so that forks go on sharing what is there


def _branch(files: list[int]) -> None:
    code = 1
    try:
        serve(*files)
        code = 0
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(code)  # and not through what the stem would do at its end


def _exit_code(pid: int, wait: float) -> int:
    """Return the exit code of a forked process; end it if it has not ended after some seconds."""
    until = time.monotonic() + wait
    while True:
        ended, status = os.waitpid(pid, os.WNOHANG)
        if ended:
            return os.waitstatus_to_exitcode(status)
        if time.monotonic() >= until:
            os.kill(pid, signal.SIGKILL)
        time.sleep(0.002)
