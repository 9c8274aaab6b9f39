"""The kinds of entry, by theme: payload, reducer and all else that is known of each (`kind.Kind`).

A kind is found where it is declared: every module of this folder is looked through, and none is listed.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from pkgutil import iter_modules
from typing import Final

from entact.course.kinds.kind import Kind, by_name

UNPARSED: Final = "unparsed"  # what could not be read at all: data {"received": sealed text}


def _declared() -> Iterator[Kind]:
    for found in iter_modules(__path__):
        module = import_module(f"{__name__}.{found.name}")
        yield from (value for value in vars(module).values() if isinstance(value, Kind))


_ALL: Final = tuple(_declared())
KINDS: Final = by_name(_ALL, "participant")
STUDY_KINDS: Final = by_name(_ALL, "study")
SITE_KINDS: Final = by_name(_ALL, "site")
SYSTEM_KINDS: Final = by_name(_ALL, "system")

NESTED: Final[dict[str, str]] = {name: kind.nested for name, kind in KINDS.items() if kind.nested is not None}
