"""The lock of the whole study: what is still open in it, and the manifests that persons sign with keys."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from typing import Final

from django.urls import reverse
from django.utils.translation import gettext

from entact.conduct.locks.domain import checklist
from entact.conduct.locks.page import MOST, Line
from entact.conduct.reader import Reader, Standing
from entact.course.entry import instant
from entact.course.fold import Broken
from entact.course.signed.cut import Cuts, Manifest
from entact.store import lists
from entact.store.cut import confirm_unlock, known_cuts, make_cut, request_unlock
from entact.store.error import StoreError
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
    """Everybody, participant by participant, as far as the role may know."""
    standing = {one.ledger: Standing.of(one) for one in lists.everybody()}
    ledgers, locked, broken = [*standing], 0, 0
    counts: dict[str, int] = {}
    links: dict[str, list[tuple[str, str]]] = {}
    for first in range(0, len(ledgers), BATCH):
        for ledger, folded in reader.folded(ledgers[first : first + BATCH]).items():
            if isinstance(folded, Broken):
                broken += 1
                continue
            locked += "" in folded.course.frozen
            for point in checklist(folded, reader):
                counts[point.title] = counts.get(point.title, 0) + point.count
                of = standing[ledger]
                if point.count and (reader.sites is None or of.site in reader.sites):
                    link = f"{of.number} ({point.count})", reverse("lock", args=[of.key])
                    links.setdefault(point.title, []).append(link)
    points = tuple(
        Line(title, count, tuple(found[:MOST]), max(len(found) - MOST, 0))
        for title, count in counts.items()
        for found in [links.get(title, [])]
    )
    return Study(len(ledgers), locked, points, broken, known_cuts())


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
    except StoreError as error:  # where keys lie on the server is no page's to say
        raise StoreError(str(error).replace(str(path), path.name)) from error
    if signer.person != person:
        raise StoreError(
            gettext("the key is that of {person}, not of {person_2}").format(
                person=signer.person, person_2=person
            )
        )
    if alone:
        require_own_passphrase(path.parent, person, passphrase)
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
