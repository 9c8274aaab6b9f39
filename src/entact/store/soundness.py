"""What of the database beside the chains is not as it should be: rules, powers, lists, keys, and its mark."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

import msgspec
from django.db import connection

from entact.course.entry import read
from entact.store import guards, models, roles, server
from entact.store.anchor import Anchor
from entact.store.comparison import behind, differences, participants_listed
from entact.store.custody import problem_of_keychain
from entact.store.erasure import erased
from entact.store.error import StoreError
from entact.store.identity import identities
from entact.store.renewal import stale

SAMPLE = 25  # participants whose rows for lists are compared each time, chosen anew


@dataclass(frozen=True)
class Soundness:
    """What was looked at beside the chains, and what did not hold.

    Attributes:
        faults: in words. compared, participants: for how many participants the rows for lists were compared,
            of how many. anchored: when the last anchor was put where, by place.
    """

    faults: tuple[str, ...]
    compared: int
    participants: int
    anchored: dict[str, datetime]


def _allocator(held: roles.Connection) -> Iterator[str]:
    """What the allocator may do too much or too little, where the server has a role for it."""
    role = server.allocator_role()
    if roles.exists(held, role):
        found = roles.powers(held, role, roles.ALLOCATOR)
        yield from (f"the allocator may do too much: {one}" for one in found.excess)
        yield from (f"the allocator lacks {one}" for one in found.lacking)


def look(
    *, deep: bool = False, anchors: Iterable[Anchor] = (), lists: bool = True, keys: bool = True
) -> Soundness:
    """Looks at all that holds up the record beside its chains. Call it outside a transaction.

    Finds a trigger or a key that is gone, off or changed, an application that may do too much or too little,
    rows for lists that somebody rewrote (of those compared) or that are behind (of all), identities and keys
    that are missing or do not open, and a database that is not the installation that was anchored.

    Args:
        deep: compares the rows of all participants, and opens every identity; else of some, chosen anew.
        anchors: as kept outside the database. lists: whether rows for lists are compared at
            all. keys: whether keys and identities are asked for, which who shows pages need not reach.
    Source: 21 CFR 11.10(a), (d), (g).
    """
    connection.ensure_connection()
    held = connection.connection
    role = server.application_role()
    found = roles.powers(held, role)
    names = participants_listed()
    number = 0 if not lists else len(names) if deep else min(SAMPLE, len(names))
    chosen = random.SystemRandom().sample(names, number)
    faults = [
        *guards.lost(held),
        *(f"the application may do too much: {one}" for one in found.excess),
        *(f"the application lacks {one}" for one in found.lacking),
        *_allocator(held),
        *roles.left_behind(held, role),
        *(differences(sorted(chosen)) if lists else ()),
        *(behind(name) for name in (sorted({*stale()} - {*chosen}) if lists else ())),
        *(_keys() if keys else ()),
        *(_identities(deep) if keys else ()),
        *_installation(anchors),
    ]
    return Soundness(tuple(faults), len(chosen), len(names), anchored())


def anchored() -> dict[str, datetime]:
    """When the last anchor was put where, by place."""
    return dict(models.Anchored.objects.order_by("place").values_list("place", "at"))


def _keys() -> Iterator[str]:
    try:
        problem = problem_of_keychain()
    except StoreError as error:
        problem = str(error)
    if problem is not None:
        yield problem


def _identities(deep: bool) -> Iterator[str]:
    """Each identity that an entry tells of is kept, and no other; those of the erased are gone."""
    told = {pair for text in _identity_lines() if (pair := _of_identity(text)) is not None}
    kept = set(models.Identity.objects.values_list("participant", "site"))
    rows = [(*pair, pair in told, pair in kept) for pair in sorted(told | kept)]
    gone = erased() if rows else {}
    for participant, site, is_told, is_kept in rows:
        if is_told and not is_kept and participant not in gone:
            yield f"the identity of {participant} at {site} is missing: an entry says that it was kept"
        elif is_kept and not is_told:
            yield f"the identity of {participant} at {site} came from nowhere: no entry tells of it"
    for site in sorted({site for _, site in kept}) if deep else ():
        try:
            identities(site)
        except StoreError as error:
            yield str(error)


def _identity_lines() -> Iterator[str]:
    return models.Line.objects.filter(kind="identity").values_list("text", flat=True).iterator()


def _of_identity(text: str) -> tuple[str, str] | None:
    """Whose identity an entry tells of, and at which site; None where it cannot be read."""
    try:
        entry = read(text)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None
    return entry.ledger, str(entry.data.get("site", ""))


def _installation(anchors: Iterable[Anchor]) -> Iterator[str]:
    own = models.Installation.objects.first()
    if own is None:
        return
    for anchor in anchors:
        if (anchor.study, anchor.environment) != (own.study, own.environment):
            yield (
                f"the anchor of {anchor.at} is of {anchor.study}, {anchor.environment}; "
                f"this database says that it is of {own.study}, {own.environment}"
            )
        elif anchor.installation not in (None, str(own.mark)):
            yield f"the anchor of {anchor.at} is of another installation: the mark of this one was changed"
