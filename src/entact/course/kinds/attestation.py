"""What people attest about entries: signatures, freezes, emergency unblinding, and that identities are kept.

These are facts like all others. What a later change does to a signed or frozen entry is a finding: the change
is kept, and everybody sees that it came after.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from entact.course.entry.versions import DECIDED
from entact.course.kinds.kind import UNSURE, Kind
from entact.course.signed.erasure import ErasureNoted
from entact.course.state.attestation import ErasureState, FreezeState, SignatureState, UnblindingState

if TYPE_CHECKING:
    from entact.course.entry.effective import Effective
    from entact.course.state.state import State


class RecordSignature(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Kind `signature`: entries that a person signs as they stand, each with the digest of that version.

    `hashes` are those of their lines in the chain, in the same order, which bind also who entered them.
    `name` is the person's own, as it was printed beside the signature.

    Source: 21 CFR 11.50, 11.70: name and time are the entry's own, the meaning is a code.
    """

    meaning: str
    entries: list[str]
    versions: list[str]
    hashes: list[str] = []
    name: str = ""


class Freeze(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Kind `freeze`: an encounter (that of the entry), or all of a participant, should change no more."""

    of: str = "encounter"


class Unblinding(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Kind `unblinding`: who was told, why (a code), and by what means. Never what they were told."""

    recipient: str
    cause: str
    means: str = ""


class IdentityKept(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Kind `identity`: which direct identifiers a site keeps since then; never what they are."""

    site: str
    items: list[str]


class ConflictDecided(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Kind `conflict_decided`: which version of the entry that it is `about` is followed, by its digest.

    The entry's reason says why; without one, or where nobody showed who decided, the first version stands.
    """

    follow: str


def reduce_signature(course: State, effective: Effective, payload: RecordSignature) -> None:
    """Keeps the signature; one that names nothing, or not as many versions as entries, signs nothing."""
    count = len(payload.entries)
    if not count or count != len(payload.versions) or len(payload.hashes) not in (0, count):
        course.found("signs_nothing", effective.id, "entries", "one version for each entry that is signed")
        return
    versions = dict(zip(payload.entries, payload.versions, strict=True))
    hashes = dict(zip(payload.entries, payload.hashes, strict=False))
    by, name = effective.entry.by, payload.name or effective.entry.by
    state = SignatureState(effective.id, by, effective.at, payload.meaning, versions, hashes, name)
    course.signatures.append(state)


def reduce_freeze(course: State, effective: Effective, payload: Freeze) -> None:
    """Keeps every freeze: which of them was the first is told by their arrival."""
    encounter = effective.entry.encounter if payload.of == "encounter" else None
    if payload.of not in ("encounter", "participant") or (payload.of == "encounter" and encounter is None):
        course.found("freezes_nothing", effective.id, "of", "an encounter, or `participant`")
        return
    course.freezes.append(FreezeState(effective.id, encounter, effective.at))


def reduce_unblinding(course: State, effective: Effective, payload: Unblinding) -> None:
    """Keeps every one, in order of time: they are counted."""
    state = UnblindingState(effective.id, payload.recipient, payload.cause, effective.at)
    course.unblindings.append(state)


def reduce_identity(course: State, effective: Effective, payload: IdentityKept) -> None:
    """The latest list of each site."""
    course.identities[payload.site] = tuple(payload.items)


def reduce_erasure(course: State, effective: Effective, payload: ErasureNoted) -> None:
    """The first erasure counts; there is nothing left for a second one."""
    if course.erased is None:
        course.erased = ErasureState(effective.id, effective.at, payload.cause)


def reduce_decided(course: State, effective: Effective, payload: ConflictDecided) -> None:
    """Nothing here: a decision says which version of another entry is folded."""


SIGNATURE = Kind(
    name="signature",
    title="Signature",
    ways=("page sign",),
    payload=RecordSignature,
    reduce=reduce_signature,
    tells=frozenset({"schedule"}),  # who shows it leaves out what it names of the entries that are hidden
    free=frozenset({"name"}),
    needs_consent=False,
    in_encounter=False,
    with_participant=False,
    ended_by=frozenset(),
    attests=True,
)
FREEZE = Kind(
    name="freeze",
    title="Freeze",
    ways=("page lock",),
    payload=Freeze,
    reduce=reduce_freeze,
    tells=frozenset({"schedule"}),
    needs_consent=False,
    in_encounter=False,
    with_participant=False,
    ended_by=frozenset(),
    attests=True,
)
UNBLINDING = Kind(
    name="unblinding",
    title="Emergency unblinding",
    ways=("page emergency",),
    payload=Unblinding,
    reduce=reduce_unblinding,
    tells=frozenset({UNSURE}),
    needs_consent=False,
    in_encounter=False,
    with_participant=False,
    ended_by=frozenset(),
    attests=True,
)
IDENTITY = Kind(
    name="identity",
    title="Identity kept",
    ways=("command identity keep",),
    payload=IdentityKept,
    reduce=reduce_identity,
    tells=frozenset({"schedule"}),
    needs_consent=False,
    in_encounter=False,
    with_participant=False,
    ended_by=frozenset(),
    attests=True,
)
ERASURE = Kind(
    name="erasure",
    title="Erasure",
    ways=("command erase confirm",),
    payload=ErasureNoted,
    reduce=reduce_erasure,
    tells=frozenset({"dosing", "adverse_events"}),
    needs_consent=False,
    in_encounter=False,
    with_participant=False,
    ended_by=frozenset(),
    attests=True,
)
CONFLICT_DECIDED = Kind(
    name=DECIDED,
    title="Conflict decided",
    ways=("page versions", "command conflict decide"),
    payload=ConflictDecided,
    reduce=reduce_decided,
    tells=frozenset({UNSURE}),  # as much as the entry of which it decides
    needs_consent=False,
    in_encounter=False,
    with_participant=False,
    ended_by=frozenset(),
    attests=True,
)
