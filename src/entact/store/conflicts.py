"""Two versions of one id: shown side by side; another than the first is followed where a person decides."""

from __future__ import annotations

from typing import NamedTuple

import msgspec
from django.db import transaction

from entact.course.entry import Entry, Kept, as_sent, read
from entact.course.entry.correction import as_they_stand
from entact.course.entry.effective import hold_each
from entact.course.entry.versions import DECIDED, in_order_of_arrival, version_digest
from entact.course.personal import REASONS
from entact.store import acts, models
from entact.store.appending import append
from entact.store.derived import PARTICIPANT
from entact.store.error import StoreError
from entact.store.index import storable
from entact.store.signature import Signer, require_holder
from entact.store.versions import ids_used_again


class Version(NamedTuple):
    """One version: its digest, who sent it, when it arrived, and whether it is the one that stands."""

    digest: str
    by: str
    role: str
    kind: str
    arrived: str
    stands: bool


class Conflict(NamedTuple):
    """An id with several versions in one ledger; `differ` are fields and items in which they do."""

    ledger: str
    entry: str
    versions: tuple[Version, ...]
    differ: tuple[str, ...]


def conflicts() -> list[Conflict]:
    """Every id of which a ledger has several versions, decided ones too."""
    found = []
    for one in ids_used_again():
        for ledger, count in one.versions:
            versions = _versions(ledger, one.entry) if count > 1 else ()
            if len(versions) > 1:
                found.append(_conflict(ledger, versions))
    return found


def decide_conflict(ledger: str, entry: str, follow: str, reason: str, signer: Signer) -> None:
    """A person decides which version of an id is followed.

    Args:
        follow: its digest, or the beginning of it. reason: a code.
    Raises:
        StoreError: when there is no such conflict or version, or the study's ledger does not know the signer.
    """
    if reason not in REASONS:
        raise StoreError(f"a decision has a reason, one of {', '.join(sorted(REASONS))}")
    if not ledger.startswith(PARTICIPANT):
        raise StoreError(f"{ledger} is no participant: of what is signed or sealed the first always stands")
    with transaction.atomic():
        acts.one_at_a_time()
        holder = require_holder(signer)
        versions = _versions(ledger, entry)
        if len(versions) < 2:
            raise StoreError(f"{ledger} has no two versions of {entry}: there is nothing to decide")
        named = [one for one in map(version_digest, versions) if follow and one.startswith(follow)]
        if len(named) != 1:
            known = ", ".join(version_digest(one)[:12] for one in versions)
            raise StoreError(f"{follow!r} names {len(named)} versions of {entry}; they are {known}")
        made = acts.entry_of(
            acts.here(),
            DECIDED,
            {"follow": named[0]},
            by=signer.person,
            role=holder.role,
            ledger=ledger,
            reason=reason,
        )
        decision = msgspec.structs.replace(made, about=versions[0].id)
        append(decision, received_at=acts.now(), authenticated=signer.prove(decision))


def _versions(ledger: str, entry: str) -> tuple[Kept, ...]:
    found = models.Line.objects.filter(ledger__name=ledger, entry_id=storable(entry)).order_by("seq")
    return in_order_of_arrival(read(text) for text in found.values_list("text", flat=True))


def _conflict(ledger: str, versions: tuple[Kept, ...]) -> Conflict:
    followed = _followed(ledger, versions)
    told = tuple(
        Version(version_digest(one), one.by, one.role, one.kind, one.received_at, one == followed)
        for one in versions
    )
    first, *others = map(as_sent, versions)
    differ = {name for other in others for name in _differing(first, other)}
    return Conflict(ledger, first.id, told, tuple(sorted(differ)))


def _followed(ledger: str, versions: tuple[Kept, ...]) -> Kept:
    """The version that stands: the first, but where a decision says otherwise."""
    found = models.Line.objects.filter(ledger__name=ledger).order_by("seq").values_list("text", flat=True)
    if not ledger.startswith(PARTICIPANT):
        return versions[0]
    standing, _, _ = as_they_stand(hold_each(map(read, found)), {}, decisions=True)
    return next((one for one in versions if any(one == other.entry for other in standing)), versions[0])


def _differing(one: Entry, other: Entry) -> list[str]:
    fields = [name for name in Entry.__struct_fields__ if getattr(one, name) != getattr(other, name)]
    items = [f"data.{name}" for name in one.data | other.data if one.data.get(name) != other.data.get(name)]
    return [*(name for name in fields if name != "data"), *items]
