"""The lock of the whole study: what is still open in it, and the manifests that persons sign with keys."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from typing import Final

from django.urls import reverse
from django.utils.translation import gettext

from entact.conduct.locks.domain import checklist, point_titles
from entact.conduct.locks.page import MOST, Line
from entact.conduct.permissions import permissions_of
from entact.conduct.reader import Reader, Standing
from entact.course.entry import instant
from entact.course.fold import Broken
from entact.course.signed.cut import Cuts, Manifest
from entact.store import lists, stale
from entact.store.after_lock import moved_since_lock
from entact.store.cut import confirm_unlock, known_cuts, make_cut, request_unlock
from entact.store.error import StoreError
from entact.store.lists.participants import Key
from entact.store.lists.unsettled import groups_told, unsettled
from entact.store.signature import Signer, open_key_file, require_own_passphrase, signing_folder

BATCH: Final = 50
_PERSON: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")


@dataclass(frozen=True)
class Study:
    """The study before its lock: how many are locked of how many, what is open in sum, and its cuts."""

    participants: int
    locked: int
    points: tuple[Line, ...]
    broken: int
    cuts: Cuts

    @property
    def is_open(self) -> bool:
        """Whether something is still open that a lock would leave so."""
        return self.locked < self.participants or any(one.count for one in self.points) or self.broken > 0


def study_now(reader: Reader) -> Study:
    """Everybody as far as the role may know, as the rows for lists say it; nobody is folded of whom they do.

    Who is folded: of whom no row could be made of the newest entry, and of whom something came after a lock.
    """
    apart = dict.fromkeys((*stale(), *moved_since_lock()))
    rows = unsettled(
        reader.at,
        hidden=reader.sight.hidden_names,
        unsigned=_groups(reader, signable=True),
        uncoded=_groups(reader),
        sites=reader.sites,
        apart=[*apart],
        limit=MOST,
    )
    found = _Found(rows.participants, rows.locked)
    for name, title in point_titles().items() if rows.participants else ():
        point = rows.points.get(name)
        found.points[title] = _Sum() if point is None else _Sum(point.held, point.participants, point.first)
    return _with_folded(found, reader, [*apart])


def study_folded(reader: Reader) -> Study:
    """The same from everybody's entries, whatever the rows for lists say: what a lock may rest on."""
    return _with_folded(_Found(0, 0), reader, [one.ledger for one in lists.everybody()])


def study_before_lock(reader: Reader) -> Study:
    """The same at the moment of a lock: that nothing is open the entries themselves have to say."""
    now = study_now(reader)
    return now if now.is_open else study_folded(reader)


def _groups(reader: Reader, *, signable: bool = False) -> list[str]:
    """The groups of entries that are seen; of those that are to be signed, by somebody who signs too."""
    table = permissions_of(reader.study)
    signing = [table.blinded[role] for role in table.roles_for("sign")]
    return [
        group
        for group, tells in groups_told().items()
        if reader.sight.sees_names(tells)
        and (not signable or any(sight.sees_names(tells) for sight in signing))
    ]


@dataclass
class _Sum:
    """One point: how much is open, of how many that may be named, and the first of them."""

    count: int = 0
    participants: int = 0
    first: Sequence[tuple[Key, str, int]] = ()


@dataclass
class _Found:
    """What is known of everybody so far."""

    participants: int
    locked: int
    broken: int = 0
    points: dict[str, _Sum] = field(default_factory=dict)


def _with_folded(found: _Found, reader: Reader, ledgers: Sequence[str]) -> Study:
    """The study with some participants more, whose courses are folded."""
    for first in range(0, len(ledgers), BATCH):
        rows = {one.ledger: one for one in lists.participants_of(ledgers[first : first + BATCH])}
        found.participants += len(rows)
        for ledger, folded in reader.folded([*rows]).items():
            if isinstance(folded, Broken):
                found.broken += 1
                continue
            found.locked += "" in folded.course.frozen
            for point in checklist(folded, reader):
                _add(found.points.setdefault(point.title, _Sum()), reader, rows[ledger], point.count)
    return Study(found.participants, found.locked, tuple(_lines(found)), found.broken, known_cuts())


def _add(of: _Sum, reader: Reader, row: lists.ParticipantRow, count: int) -> None:
    of.count += count
    if count and reader.sees_site(row.site):
        of.participants += 1
        of.first = sorted([*of.first, (row.key, row.ledger, count)])[:MOST]


def _lines(found: _Found) -> Iterator[Line]:
    named = {ledger for point in found.points.values() for _, ledger, _ in point.first}
    standing = {one.ledger: Standing.of(one) for one in lists.participants_of([*named])}
    for title, point in found.points.items():
        links = [
            (f"{standing[ledger].number} ({count})", reverse("lock", args=[standing[ledger].key]))
            for _, ledger, count in point.first
        ]
        yield Line(title, point.count, tuple(links), max(point.participants - MOST, 0))


def signer_of(person: str, passphrase: str, *, alone: bool = False) -> Signer:
    """The person with the key that lies on the server.

    Args:
        alone: the passphrase must open no other key, because two persons are asked for.
    Raises:
        StoreError: when there is no such key, or the passphrase is another.
    """
    if _PERSON.fullmatch(person) is None:
        raise StoreError(
            gettext("{person} cannot be the name of a person who signs with a key").format(
                person=repr(person)
            )
        )
    path = signing_folder() / f"{person}.key"
    try:
        signer = open_key_file(path, passphrase)
        if alone:
            require_own_passphrase(path.parent, person, passphrase)
    except StoreError as error:  # where keys lie on the server is no page's to say
        raise StoreError(str(error).replace(f"{path.parent}/", "")) from error
    if signer.person != person:
        raise StoreError(
            gettext("the key is that of {person}, not of {person_2}").format(
                person=signer.person, person_2=person
            )
        )
    return signer


def next_name(cuts: Cuts) -> str:
    """A name that is free, for what is locked or unlocked next."""
    taken = {*cuts.manifests, *(one.name for one in cuts.asked.values())}
    return next(name for number in count(1) if (name := f"lock-{number}") not in taken)


def waiting(cuts: Cuts, at: datetime) -> list[Manifest]:
    """What one person asked for and a second can still confirm: of one name what was asked last."""
    return [
        one
        for one in {one.name: one for one in cuts.asked.values()}.values()
        if one.name not in cuts.manifests
        and cuts.locked is not None
        and one.previous == cuts.locked.digest
        and instant(one.expires or "") >= at
    ]


def change_lock(what: str, name: str, reason: str, person: str, passphrase: str) -> None:
    """Cuts, locks, asks to unlock or to lock again, or confirms what somebody else asked.

    Args:
        what: `cut`, `lock`, `ask`, `again` or `confirm`. name: of the manifest.
    Raises:
        StoreError: when it may not be, with what would be right.
    """
    signer = signer_of(person, passphrase, alone=what in ("ask", "again", "confirm"))
    if what in ("cut", "lock"):
        make_cut(name, signer, lock=what == "lock", reason=reason if what == "lock" else "")
    elif what in ("ask", "again"):
        request_unlock(name, reason, signer, lock=what == "again")
    elif what == "confirm":
        confirm_unlock(name, signer)
    else:
        raise StoreError(gettext("nothing that can be asked for was asked for"))
