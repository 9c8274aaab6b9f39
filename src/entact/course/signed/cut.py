"""A data cut: how far each ledger counts, signed. What comes later stays outside.

The manifest stands in the study's ledger as it was signed. A locked study gets another manifest only by an
unlock: a reason and the signatures of two persons.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

import msgspec

from entact.course.entry import Head, Kept, instant
from entact.course.entry.versions import first_versions
from entact.course.signed.signature import Signature, keyring, statement_of

Purpose = Literal["interim", "lock", "unlock"]

CUTS, ASKS, CONFIRMS = "cuts_data", "asks_for_unlock", "confirms_unlock"  # what the signatures mean
ASKS_LOCK, CONFIRMS_LOCK = "asks_for_lock", "confirms_lock"  # of one that locks again


class Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Kinds `cut` and `unlock_requested` (study): the heads of all ledgers at one moment, signed.

    Attributes:
        name: of the cut. purpose: `interim`, `lock`, or `unlock` of an earlier lock. Of a locked study two
            persons sign what takes the place of the lock, be it to unlock it or to lock it again.
        ledger, environment: of the study. release: newest at the time. at: when, RFC 3339.
        heads: number and hash of the last line of each ledger that counts.
        previous: digest of the manifest that one of two persons takes the place of. reason: why; of a lock
            with something still open. expires: until when a second person can confirm.
    """

    name: str
    purpose: Purpose
    ledger: str
    environment: str
    release: str
    at: str
    heads: dict[str, Head]
    previous: str | None = None
    reason: str | None = None
    expires: str | None = None
    format: int = 1
    signatures: list[Signature] = []

    @property
    def digest(self) -> str:
        """What is signed and what names this manifest for ever; the signatures are no part of it."""
        return statement_of("cut", self.ledger, self.environment, self)


def meanings(manifest: Manifest) -> tuple[str, str]:
    """What the signatures of who asks and of who confirms mean, of a manifest that takes another's place."""
    return (ASKS_LOCK, CONFIRMS_LOCK) if manifest.purpose == "lock" else (ASKS, CONFIRMS)


class UnlockConfirmed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Kind `unlock` (study): a second person signs the manifest that the entry with that id holds."""

    name: str
    request: str
    signatures: list[Signature] = []


class Cuts(msgspec.Struct, frozen=True):
    """What the study's ledger says of cuts.

    Attributes:
        manifests: those that count, by name, in order. asked: unlocks asked for, by the id of their entry.
        locked: the manifest in force of a locked study. problems: (entry, what is wrong) of the others.
    """

    manifests: dict[str, Manifest]
    asked: dict[str, Manifest]
    locked: Manifest | None
    problems: tuple[tuple[str, str], ...]


def cuts(entries: Iterable[Kept]) -> Cuts:
    """The manifests that count: signed by persons who may, each at its place in the study's ledger.

    Args:
        entries: of the study's ledger, in order of arrival.
    """
    kept = list(first_versions(entries))
    manifests: dict[str, Manifest] = {}
    asked: dict[str, Manifest] = {}
    locked: Manifest | None = None
    problems: list[tuple[str, str]] = []
    for entry in kept:
        if entry.kind not in ("cut", "unlock_requested", "unlock"):
            continue
        if entry.kind == "unlock":
            found = _confirmed(entry, kept, asked, locked)
        else:
            found = _signed(entry, kept, manifests, locked)
        if isinstance(found, str):
            problems.append((entry.id, found))
        elif entry.kind == "unlock_requested":
            asked.setdefault(entry.id, found)
        else:
            manifests[found.name] = found
            locked = locked if found.purpose == "interim" else found
    return Cuts(manifests, asked, locked, tuple(problems))


def _signed(
    entry: Kept, kept: list[Kept], manifests: dict[str, Manifest], locked: Manifest | None
) -> Manifest | str:
    try:
        manifest = msgspec.convert(entry.data, Manifest)
        if manifest.expires is not None:
            instant(manifest.expires)
    except (msgspec.ValidationError, ValueError) as error:
        return str(error)
    takes_place = entry.kind == "unlock_requested"
    if (manifest.ledger, manifest.environment) != (entry.ledger, entry.environment):
        return f"it is of {manifest.ledger}, {manifest.environment}"
    if manifest.name in manifests:
        return f"there is a cut {manifest.name!r} already"
    if manifest.purpose == ("interim" if takes_place else "unlock"):
        return f"a manifest to {manifest.purpose} is not entered as {entry.kind}"
    if takes_place and (not manifest.reason or not manifest.expires):
        return "an unlock has a reason and a time by which it is confirmed"
    if takes_place and (locked is None or manifest.previous != locked.digest):
        return "it does not follow the manifest that is locked"
    if manifest.purpose == "lock" and locked is not None and not takes_place:
        return f"the study is locked by {locked.name!r}: only what two persons sign takes its place"
    if len(manifest.signatures) != 1:
        return "a manifest is entered with one signature"
    ring = keyring(kept, before=entry.seq)
    meaning, signature = (meanings(manifest)[0] if takes_place else CUTS), manifest.signatures[0]
    problem = ring.problem(signature, manifest.digest, meaning, "unlock" if takes_place else "cut")
    return problem or manifest


def _confirmed(
    entry: Kept, kept: list[Kept], asked: dict[str, Manifest], locked: Manifest | None
) -> Manifest | str:
    try:
        payload = msgspec.convert(entry.data, UnlockConfirmed)
    except msgspec.ValidationError as error:
        return str(error)
    manifest = asked.get(payload.request)
    if manifest is None:
        return f"no request {payload.request} that counts stands before it"
    if locked is None or manifest.previous != locked.digest:
        return "another manifest took the place of the one that it unlocks"
    if len(payload.signatures) != 1:
        return "a confirmation has one signature"
    signature = payload.signatures[0]
    if signature.person == manifest.signatures[0].person:
        return f"{signature.person} asked for it: another person confirms it"
    if instant(entry.received_at) > instant(manifest.expires or ""):
        return f"the request had expired at {manifest.expires}"
    ring = keyring(kept, before=entry.seq)
    problem = ring.problem(signature, manifest.digest, meanings(manifest)[1], "unlock")
    if problem is not None:
        return problem
    return msgspec.structs.replace(manifest, signatures=[*manifest.signatures, signature])
