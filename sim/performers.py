"""The two performers of the day: compiled, and by agents.

A performance binds the schedule of `sim.day` and its phases to behaviours. Their functions are
re-made from their own code with other behaviours under the same names, so that nothing is written
twice: plain Python
calls the method of the agent in question; compiled code calls the method's text on the record
itself. The bindings of `Customer` as it stands are kept on disk, those of a subclass are not.
"""

import threading
import types
from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

import numba

from sim import day, recovering, telling, visiting
from sim.compiled import compiled, kernel
from sim.customer import BEHAVIOURS, Customer
from sim.measures import measure

SCHEDULE = (
    "fail", "strike", "be_a_guest", "visit_phase", "voice_phase", "answer", "recover_phase",
    "write_letter", "tell_phase", "hear_phase", "settle", "decide_phase", "live", "live_until",
)  # fmt: skip
"""The functions of the schedule that depend on behaviours, callees first."""

_NAMES = {
    name: value
    for module in (visiting, recovering, telling, day)
    for name, value in vars(module).items()
}


_BINDING = threading.Lock()


class Performance(NamedTuple):
    """What can be performed: `found` puts first days into the calendar, `live_until` lives days,
    `phases` are those of one day, one by one, and `measure` writes a row of the series."""

    found: Callable[..., None]
    live_until: Callable[..., int]
    phases: tuple[Callable[..., None], ...]
    measure: Callable[..., None]


def _bound(behaviours: dict[str, Callable[..., Any]], mark: bool) -> dict[str, Any]:
    """Return the names of the schedule, its functions re-made over other behaviours."""
    names: dict[str, Any] = {**_NAMES, **behaviours}
    for name in SCHEDULE:
        made = types.FunctionType(_NAMES[name].__code__, names, name)
        names[name] = compiled(made) if mark else made
    return names


def _performance(names: dict[str, Any], finish: Callable[[Any], Any]) -> Performance:
    return Performance(
        finish(day.found_calendar),
        finish(names["live_until"]),
        tuple(finish(names[phase.__name__]) for phase in day.PHASES),
        finish(measure),
    )


def _method(name: str) -> Callable[..., Any]:
    """Return a function that calls the method of that name of whichever agent it is given."""

    def perform(agent: Any, *arguments: Any) -> Any:
        return getattr(agent, name)(*arguments)

    return perform


_BOUND: dict[type[Customer], Performance] = {}
_COMPILABLE: dict[type[Customer], bool] = {Customer: True}


@cache
def by_agents() -> Performance:
    """Return the performance in plain Python, by agents of any class."""
    return _performance(_bound({name: _method(name) for name in BEHAVIOURS}, False), lambda f: f)


def by_kernels(kind: type[Customer] = Customer) -> Performance:
    """Return the performance compiled, with the behaviours of a class of customers.

    Compilation itself waits for the first call; `can_be_compiled` tells whether it will succeed.
    """
    with _BINDING:
        if kind not in _BOUND:
            _BOUND[kind] = _bound_to_kernels(kind)
        return _BOUND[kind]


def _bound_to_kernels(kind: type[Customer]) -> Performance:
    changed: dict[str, Callable[..., Any]] = {
        name: compiled(
            types.FunctionType(
                method.__code__, method.__globals__, name, method.__defaults__, method.__closure__
            )
        )
        for name in BEHAVIOURS
        if (method := getattr(kind, name)) is not getattr(Customer, name)
    }
    if not changed:
        return _performance(_NAMES, kernel)
    return _performance(_bound(changed, True), lambda f: kernel(f, keep=False))


def can_be_compiled(kind: type[Customer], *arguments: Any) -> bool:
    """Tell whether the behaviours of a class can be compiled, by compiling a run's days with them.

    `arguments` are those of `live_until`. Whatever goes wrong in compiling plain Python (it need
    not be an error of Numba's own) means no; the answer is remembered.
    """
    if kind not in _COMPILABLE:
        signature = tuple(numba.typeof(argument) for argument in arguments)
        compiler: Any = by_kernels(kind).live_until
        try:
            compiler.compile(signature)
            _COMPILABLE[kind] = True
        except Exception:
            _COMPILABLE[kind] = False
    return _COMPILABLE[kind]
