"""A session that is in a participant's hands shows what was handed over, and nothing else."""

from __future__ import annotations

from typing import Final

from django.http import HttpRequest

HANDED: Final = "handed"  # where a session says that it is, and with what
ROUTES_HANDED: Final = frozenset({"handed", "handed_look", "hand_back"})


def is_handed(request: HttpRequest) -> bool:
    """Whether a session is in a participant's hands."""
    return HANDED in request.session
