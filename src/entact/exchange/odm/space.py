"""The names of elements in ODM 1.3 and 2.0."""

from __future__ import annotations

from typing import Final

ODM: Final = "http://www.cdisc.org/ns/odm/v1.3"
ODM2: Final = "http://www.cdisc.org/ns/odm/v2.0"


def tag(name: str) -> str:
    """The name of an element in the space of ODM 1.3."""
    return f"{{{ODM}}}{name}"
