"""Who else has a form open: said to both, so that nobody is surprised by what the other enters."""

from __future__ import annotations

from hashlib import sha256
from typing import Final

from django.core.cache import cache
from django.utils import timezone
from django.utils.translation import ngettext

from entact.conduct.forms.place import Place
from entact.conduct.words import listing

STAYS: Final = 45  # seconds without a word of the page, after which nobody is there any more


def here(ledger: str, place: Place, identity: str, name: str, *, leaves: bool = False) -> list[str]:
    """Notes that somebody has a form open, or leaves it; the names of the others, in order.

    It is kept beside the sessions, not in the record, and is gone by itself.
    """
    key = "open-" + sha256(f"{ledger} {place}".encode()).hexdigest()
    now = timezone.now().timestamp()
    found: dict[str, tuple[str, float]] = cache.get(key) or {}
    known = {one: (said, at) for one, (said, at) in found.items() if now - at < STAYS}
    known.pop(identity, None)
    others = sorted(said for said, _ in known.values())
    if not leaves:
        known[identity] = name, now
    cache.set(key, known, STAYS)
    return others


def said_of_others(others: list[str]) -> str:
    """What is said of them on the page; empty where nobody else is there."""
    if not others:
        return ""
    return ngettext(
        "{names} has this form open too. What both change is asked, not overwritten.",
        "{names} have this form open too. What both change is asked, not overwritten.",
        len(others),
    ).format(names=listing(others))
