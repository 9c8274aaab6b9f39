"""Saving a listing under a name, for oneself or for whoever has the same role there; and taking it back.

A name is free words: it is shown to nobody of another role or site, who may not see what it tells of.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext

from entact.conduct.access.models import Account
from entact.conduct.listings.models import SavedListing
from entact.conduct.permissions import EVERYWHERE, Person

ASKED: Final = ("form", "visit", "site", "state", "since")  # what of an address is kept
LAST: Final = "last"  # as `since`: the last day before today on which the reader was here
MOST, LONGEST = 50, 80


@dataclass(frozen=True)
class Saved:
    """A saved listing as its reader sees it; `by`: whose it is, empty of one's own."""

    id: int
    title: str
    address: str
    by: str
    is_shared: bool


def asked_in(said: Mapping[str, str]) -> str:
    """What of an address is looked for, as a query."""
    return urlencode({name: said[name][:200] for name in ASKED if said.get(name)})


def saved_for(person: Person) -> list[Saved]:
    """One's own listings, and those that others of one's roles share."""
    seen = Q(account__name=person.identity)
    for site, role in _held(person):
        seen |= Q(role=role) if site == EVERYWHERE else Q(role=role, site=site)
    rows = SavedListing.objects.filter(seen).select_related("account").order_by("title", "id")
    return [
        Saved(
            row.pk,
            row.title,
            f"?{row.asked}",
            "" if row.account.name == person.identity else row.account.title,
            bool(row.role),
        )
        for row in rows
    ]


def save(person: Person, title: str, asked: str, *, shared: bool) -> str | None:
    """Saves a listing, in the place of one's own of the same name; why not, where it cannot be."""
    title = " ".join(title.replace("\0", "").split())
    if not title or len(title) > LONGEST:
        return gettext("Say what the listing is called, in {longest} characters at most.").format(
            longest=LONGEST
        )
    site, role = _held(person)[0] if shared else ("", "")
    with transaction.atomic():
        account = Account.objects.select_for_update().get(name=person.identity)
        mine = account.saved_listings
        if not mine.filter(title=title).exists() and mine.count() >= MOST:
            return gettext("You have {most} listings already: remove one first.").format(most=MOST)
        mine.update_or_create(title=title, defaults={"asked": asked, "role": role, "site": site})
    return None


def remove(person: Person, number: str) -> bool:
    """Removes one of one's own listings; whether there was one."""
    if not (number.isascii() and number.isdecimal() and len(number) < 16):
        return False
    gone, _ = SavedListing.objects.filter(account__name=person.identity, pk=int(number)).delete()
    return bool(gone)


def _held(person: Person) -> list[tuple[str, str]]:
    """Each role of a person with the site of it, those at every site first."""
    return sorted((site, role) for site, roles in person.roles.items() for role in roles)
