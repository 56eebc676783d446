"""A customer of one's own in an experiment: where its class comes from, and what tells it apart.

A class that overrides a behaviour changes what a run comes to, so its source is part of the
identity of every run that it takes part in.
"""

import hashlib
import importlib.util
import inspect
import sys
from functools import lru_cache
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from sim.errors import InputError, nearest

if TYPE_CHECKING:
    from sim.customer import Customer


def load_customer(text: str) -> "type[Customer]":
    """Return the class that `FILE.py:CLASS` names.

    Raises
    ------
    InputError
        If there is no such file or class, the file cannot be run, or the class is no `Customer`.
    """
    from sim.customer import Customer

    file, colon, name = text.rpartition(":")
    if not colon or not file or not name.isidentifier():
        raise InputError(
            f"--customer {text} must be FILE.py:CLASS, a file and a class in it, e.g. "
            "patient.py:Patient"
        )
    module = _run(Path(file), text)
    found = getattr(module, name, None)
    if not (isinstance(found, type) and issubclass(found, Customer)):
        raise InputError(f"--customer {text}: {_no_customer(module, found, name)}")
    return found


def source_digest(kind: "type[Customer]") -> str:
    """Return the SHA-256 of the source that a class of customers comes from, as hex.

    Of the whole file, where there is one, since a behaviour may use what stands beside it.
    """
    sources = []
    for each in kind.__mro__:
        if each.__module__.partition(".")[0] == "sim" or each.__module__ in _LIBRARIES:
            break
        sources.append(f"{each.__qualname__}\0{_source(each)}")
    return hashlib.sha256("\0".join(sources).encode()).hexdigest()


def label(kind: "type[Customer] | None") -> str | None:
    """Return the name of a class of customers and what tells its source apart; None for none."""
    return f"{kind.__name__} {source_digest(kind)[:16]}" if kind else None


_DIGEST = "__amends_digest__"
"""Attribute of a module that was loaded from a file: what the file was when it was loaded."""

_LIBRARIES = frozenset({"builtins", "mesa", "mesa.agent"})


def _source(kind: type[Any]) -> str:
    """Return the text of the module of a class; of a class typed into an interpreter, its code."""
    module = sys.modules.get(kind.__module__)
    if module is not None and hasattr(module, _DIGEST):
        return str(getattr(module, _DIGEST))
    try:
        if module is not None and getattr(module, "__file__", None):
            return inspect.getsource(module)
        return inspect.getsource(kind)
    except (OSError, TypeError):
        return "\0".join(
            f"{name}{part.__code__.co_code.hex()}{part.__code__.co_consts!r}{part.__code__.co_names}"
            for name, part in sorted(vars(kind).items())
            if inspect.isfunction(part)
        )


def _run(file: Path, text: str) -> ModuleType:
    """Run a file as a module of its own, once for each content."""
    try:
        source = file.read_bytes()
    except OSError as error:
        raise InputError(f"--customer {text}: {file} cannot be read: {error.strerror}") from None
    try:
        return _module(str(file.resolve()), hashlib.sha256(source).hexdigest())
    except Exception as error:
        raise InputError(
            f"--customer {text}: {file} cannot be run: {type(error).__name__}: {error}"
        ) from error


@lru_cache(maxsize=16)
def _module(file: str, digest: str) -> ModuleType:
    name = f"amends_customer_{digest[:16]}"
    spec = importlib.util.spec_from_file_location(name, file)
    if spec is None or spec.loader is None:
        raise ImportError("it is no Python file; its name must end in .py")
    module = importlib.util.module_from_spec(spec)
    module.__dict__[_DIGEST] = digest
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


def _no_customer(module: ModuleType, found: object, name: str) -> str:
    from sim.customer import Customer

    if found is not None:
        return f"{name} must be a class made from sim.Customer: class {name}(Customer): ..."
    classes = [
        key
        for key, value in vars(module).items()
        if isinstance(value, type) and issubclass(value, Customer) and value is not Customer
    ]
    meant = nearest(name, classes)
    hint = f"did you mean {meant}?" if meant else f"it has {', '.join(classes) or 'no customers'}"
    return f"the file has no class {name}; {hint}"
