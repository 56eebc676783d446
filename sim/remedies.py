"""What was probably meant, where that can be told: the remedy at the end of an error message."""

import re
import types
import typing
from typing import Any, Literal, Union

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from sim.errors import nearest
from sim.strict_yaml import Key


def section_of(annotation: Any) -> type[BaseModel] | None:
    """Return the model that an annotation leads to, through optionals and tuples, if any."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    inner = (section_of(argument) for argument in typing.get_args(annotation))
    return next((model for model in inner if model), None)


def field_at(root: type[BaseModel], key: Key) -> tuple[type[BaseModel], FieldInfo | None]:
    """Return the model in which the last part of `key` stands, and its field, if there is one."""
    owner, field = root, None
    for part in key:
        if isinstance(part, int):
            continue
        owner = (section_of(field.annotation) if field else None) or owner
        field = owner.model_fields.get(part)
    return owner, field


def choices(annotation: Any) -> tuple[str, ...]:
    """Return the words that an annotation of literals allows."""
    if typing.get_origin(annotation) is Literal:
        return tuple(str(choice) for choice in typing.get_args(annotation))
    if typing.get_origin(annotation) in (Union, types.UnionType):
        return tuple(word for part in typing.get_args(annotation) for word in choices(part))
    return ()


def write_number(value: Any, *, whole: bool) -> str:
    """Return `write 0.5` where it is plain which number was meant, else nothing.

    >>> [write_number(value, whole=False) for value in ("50%", "0,5", "3", "many")]
    ['write 0.5', 'write 0.5', 'write 3, without quotes', '']
    """
    if isinstance(value, float) and whole and value.is_integer() and abs(value) < 1e15:
        return f"write {int(value)}"
    if not isinstance(value, str) or len(value) > 40:
        return ""
    text = value.strip()
    if re.fullmatch(r"[-+]?[0-9]+([.,][0-9]+)? ?%", text) and not whole:
        return f"write {float(text.rstrip('% ').replace(',', '.')) / 100:.12g}"
    if re.fullmatch(r"[-+]?[0-9]{1,3}([_ ',][0-9]{3})+(\.[0-9]+)?", text):
        return "write " + re.sub("[_ ',]", "", text)
    if re.fullmatch(r"[-+]?[0-9]+,[0-9]+", text):
        return f"write {text.replace(',', '.')}"
    if re.fullmatch(r"[-+]?[0-9]+(\.[0-9]+)?", text):
        return f"write {text}, without quotes"
    return ""


def write_boolean(value: Any) -> str:
    """Return `write true` or `write false` where it is plain which was meant."""
    word = str(value).strip().lower()
    if word in ("yes", "on", "y", "true", "1"):
        return "write true"
    return "write false" if word in ("no", "off", "n", "false", "0") else ""


def write_share(value: float) -> str:
    """Return `for 35% write 0.35` for a percentage where a share is wanted."""
    return f"for {value:g}% write {value / 100:.12g}" if 2 <= value <= 100 else ""


def known_key(root: type[BaseModel], key: Key) -> str:
    """Say where an unknown key belongs, which one was meant, or which there are.

    A key spelt exactly like one of another section belongs there, unless it stands within a part of a
    section that has one like it; else the nearest of its own section was meant; else of any.
    """
    name = str(key[-1])
    owner, _ = field_at(root, key)
    head, dot, rest = name.partition(".")
    if name.isdecimal():
        return "a comma parts keys; numbers are written with a point, as 0.5 or 1000"
    if dot and len(key) == 1 and head in root.model_fields:
        return f"write {head}: {{{rest}: ...}}; keys with dots are for --set"
    close = nearest(name, owner.model_fields)
    if close and len(key) > 2:
        return f"did you mean {close}?"
    others = _elsewhere(root, str(key[0]) if len(key) > 1 else "")
    if name in others:
        return others[name]
    if close:
        return f"did you mean {close}?"
    if close := nearest(name, others):
        return others[close]
    return f"the keys here are {', '.join(owner.model_fields)}"


def _elsewhere(root: type[BaseModel], here: str) -> dict[str, str]:
    """Return the keys outside the section `here`, each with words that say where it belongs."""
    known: dict[str, str] = {}
    for section, info in root.model_fields.items():
        model = section_of(info.annotation)
        if model is None or section == here or issubclass(model, root):
            continue
        many = typing.get_origin(info.annotation) is tuple
        for name in model.model_fields:
            full = f"{section}.0.{name}" if many else f"{section}.{name}"
            known.setdefault(name, f"{name} belongs to {section}: {full}")
    if here:
        for name in root.model_fields:
            known[name] = f"{name} stands at the top of the file, in no section"
    return known
