"""What people attest about entries: signatures, freezes, emergency unblinding, and that identities are kept.

These are facts like all others. What a later change does to a signed or frozen entry is a finding: the change
is kept, and everybody sees that it came after.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING

import msgspec

from entact.course.entry import canonical, digest

if TYPE_CHECKING:
    from entact.course.course import Course
    from entact.course.effective import Effective


class RecordSignature(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Kind `signature`: entries that a person signs as they stand, each with the digest of that version.

    Source: 21 CFR 11.50, 11.70: name and time are the entry's own, the meaning is a code.
    """

    meaning: str
    entries: list[str]
    versions: list[str]


class Freeze(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Kind `freeze`: an encounter (that of the entry), or all of a participant, should change no more."""

    of: str = "encounter"


class Unblinding(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Kind `unblinding`: who was told, and why (a code). Never what they were told."""

    recipient: str
    cause: str


class IdentityKept(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Kind `identity`: which direct identifiers a site keeps since then; never what they are."""

    site: str
    items: list[str]


class SignatureState(msgspec.Struct, frozen=True):
    """A signature: who, when, what it means, and the version of each entry that was signed.

    `key` is its place in the order of time.
    """

    entry: str
    by: str
    at: datetime
    key: tuple[float, str]
    meaning: str
    versions: dict[str, str]


class FreezeState(msgspec.Struct, frozen=True):
    """Since when an encounter (None: everything) should not change; `key` is its place in time."""

    entry: str
    encounter: str | None
    at: datetime
    key: tuple[float, str]


class UnblindingState(msgspec.Struct, frozen=True):
    """One emergency unblinding: who was told, why and when."""

    entry: str
    recipient: str
    cause: str
    at: datetime


def version_of(effective: Effective) -> str:
    """Digest of an entry as it stands, corrections merged: what a signature is bound to."""
    return digest(canonical([effective.id, effective.at.isoformat(), effective.data]))


def reduce_signature(course: Course, effective: Effective, payload: RecordSignature) -> None:
    """Keeps the signature; one that names nothing, or not as many versions as entries, signs nothing."""
    if not payload.entries or len(payload.entries) != len(payload.versions):
        course.found("signs_nothing", effective.id, "entries", "one version for each entry that is signed")
        return
    versions = dict(zip(payload.entries, payload.versions, strict=True))
    by, at, key = effective.entry.by, effective.at, effective.key
    course.signatures.append(SignatureState(effective.id, by, at, key, payload.meaning, versions))


def reduce_freeze(course: Course, effective: Effective, payload: Freeze) -> None:
    """The first freeze of an encounter counts."""
    encounter = effective.entry.encounter if payload.of == "encounter" else None
    if payload.of not in ("encounter", "participant") or (payload.of == "encounter" and encounter is None):
        course.found("freezes_nothing", effective.id, "of", "an encounter, or `participant`")
        return
    state = FreezeState(effective.id, encounter, effective.at, effective.key)
    course.frozen.setdefault(encounter or "", state)


def reduce_unblinding(course: Course, effective: Effective, payload: Unblinding) -> None:
    """Keeps every one, in order of time: they are counted."""
    state = UnblindingState(effective.id, payload.recipient, payload.cause, effective.at)
    course.unblindings.append(state)


def reduce_identity(course: Course, effective: Effective, payload: IdentityKept) -> None:
    """The latest list of each site."""
    course.identities[payload.site] = tuple(payload.items)


def broken(course: Course) -> Iterator[tuple[str, str, str, str]]:
    """Signatures and freezes that later changes broke: (rule, entry, item, message)."""
    if not course.signatures and not course.frozen:
        return
    standing = {effective.id: effective for effective in course.effective}
    for signature in course.signatures:
        if signature.key > course.known_until:
            continue  # this course is as it was before a correction, and nobody had signed it then
        for entry, version in signature.versions.items():
            found = standing.get(entry)
            if found is None or version_of(found) != version:
                what = "no longer stands" if found is None else "is not what was signed"
                yield (
                    "signature_broken",
                    signature.entry,
                    entry,
                    f"{entry}, signed by {signature.by}, {what}",
                )
    for freeze in course.frozen.values():
        for one in course.effective:
            if freeze.encounter not in (None, one.entry.encounter) or one.entry.kind in ATTESTING:
                continue
            changes = [one.id, *one.corrections]
            late = [name for name in changes if course.key_of(name) > freeze.key]
            for name in late:
                message = f"entered after {freeze.encounter or 'the participant'} was frozen"
                yield "changed_after_freeze", name, freeze.entry, message


ATTESTING = frozenset(
    {"signature", "freeze", "unblinding", "identity", "erasure"}
)  # what is said about entries
