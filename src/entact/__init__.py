"""entact runs studies of MDMA-assisted therapy, from the protocol through every session to the result."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from entact.cohort import rehearse
    from entact.course import fold, may
    from entact.protocol import load_study

__version__ = "0.1.0"
__all__ = ["__version__", "fold", "load_study", "may", "rehearse"]

# Rooms are loaded on first use, so that `import entact.analysis` brings in no other room.
_ROOM_OF = {
    "load_study": "entact.protocol",
    "fold": "entact.course",
    "may": "entact.course",
    "rehearse": "entact.cohort",
}


def __getattr__(name: str) -> object:
    """Return a public function from the room that holds it."""
    if name not in _ROOM_OF:
        raise AttributeError(f"module 'entact' has no attribute {name!r}")
    return getattr(import_module(_ROOM_OF[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
