"""What a parameter is: a number with a meaning, a unit, a range, a default and a source.

Each parameter of the model stands once, as a field of a `Section`. The reference pages, the
schemas for editors and the error messages are made from it, and `numbers` turns a section into
the flat record that compiled code reads. Interpreted code reads the very same record.
"""

import math
from functools import cache
from typing import Any, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

Sureness = Literal["estimate", "fitted", "assumption", "choice"]
"""How sure a default is: a published estimate, fitted to a published table, assumed, or simply
what the user chooses (the size of a market)."""


def parameter(
    default: Any,
    meaning: str,
    *,
    unit: str,
    low: float | None = None,
    high: float | None = None,
    source: str = "",
    sure: Sureness = "assumption",
) -> Any:
    """Declare a parameter: `low` and `high` are inclusive bounds in `unit`."""
    return Field(
        default=default,
        ge=low,
        le=high,
        description=meaning,
        json_schema_extra={"unit": unit, "source": source, "sure": sure},
    )


class Section(BaseModel):
    """A named group of parameters: validated strictly, then never changed."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, strict=True, allow_inf_nan=False, validate_default=True
    )


_KINDS = {
    float: "f8",
    int: "i8",
    bool: "?",
    float | None: "f8",
}


@cache
def record_type(section: type[Section]) -> np.dtype[np.void]:
    """Return the flat NumPy record type of a section's numeric fields, in their order."""
    fields = [
        (name, _KINDS[field.annotation])  # type: ignore[index]
        for name, field in section.model_fields.items()
        if field.annotation in _KINDS
    ]
    return np.dtype(fields, align=True)


def numbers(section: Section) -> np.ndarray[Any, np.dtype[np.void]]:
    """Return a section as an array of one record; where `None` means no limit, infinity."""
    kind = record_type(type(section))
    row = np.zeros(1, kind)
    for name in kind.names or ():
        value = getattr(section, name)
        row[name] = math.inf if value is None else value
    return row
