"""What later changes did to entries that were signed, frozen, or the last before an unblinding."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from entact.course.entry import Entry, Kept, canonical, digest, line_of
from entact.course.entry.arrival import LAST, Arrival, arrival
from entact.course.kinds import KINDS
from entact.course.state.encounter import visit_of

if TYPE_CHECKING:
    from entact.course.course import Course
    from entact.course.entry.effective import Effective
    from entact.course.state.attestation import SignatureState, UnblindingState
    from entact.course.state.unblinding import PlannedUnblindingState


CHANGED_AFTER_LOCK = "changed_after_lock"
_ATTESTING = frozenset(name for name, kind in KINDS.items() if kind.attests)
# What somebody saw, heard or was told of a participant.
_OBSERVED = frozenset(name for name, kind in KINDS.items() if kind.with_participant or kind.dated)


def version_of(effective: Effective) -> str:
    """Digest of an entry as it stands, corrections merged: what a signature is bound to."""
    return digest(canonical([effective.id, effective.at.isoformat(), effective.data]))


def standing_signatures(course: Course) -> dict[str, SignatureState]:
    """By entry the last signature that covers it as it stands."""
    named = {name for one in course.signatures for name in one.versions}
    versions = {one.id: version_of(one) for one in course.effective if one.id in named}
    return {
        name: one
        for one in course.signatures
        for name, version in one.versions.items()
        if versions.get(name) == version
    }


def found_in_signatures(course: Course) -> Iterator[tuple[str, str, str, str]]:
    """Signatures of what is not as it was signed: rule, entry, item and message."""
    if not course.signatures:
        return
    standing = {effective.id: effective for effective in course.effective}
    for signature in course.signatures:
        if course.arrival_of(signature.entry) > course.known_until:
            continue  # this course is as it was before a correction, and nobody had signed it then
        for entry, version in signature.versions.items():
            found = standing.get(entry)
            if found is None or version_of(found) != version:
                what = "no longer stands" if found is None else "is not what was signed"
            elif not _is_line(found.entry, signature.hashes.get(entry)):
                what = "is not the line of the record that was signed"
            else:
                continue
            message = f"{entry}, signed by {signature.by}, {what}"
            yield "signature_broken", signature.entry, entry, message


def _is_line(entry: Entry, signed: str | None) -> bool:
    """Whether an entry is the line with that hash; of what no server has kept that is not known."""
    return signed is None or not isinstance(entry, Kept) or entry.format < 2 or line_of(entry).hash == signed


def found_after_freezes(course: Course) -> Iterator[tuple[str, str, str, str]]:
    """What was frozen and changed later: rule, entry, item and message.

    Later is what arrived later, whatever time it claims: nothing is entered unseen by dating it back.
    """
    told: set[tuple[str | None, str]] = set()
    for freeze in sorted(course.freezes, key=lambda one: course.arrival_of(one.entry)):
        message = f"entered after {freeze.encounter or 'the participant'} was frozen"

        def concerns(source: Entry, frozen: str | None = freeze.encounter) -> bool:
            return frozen in (None, source.encounter) and source.kind not in _ATTESTING

        until = LAST if freeze.taken_back is None else course.arrival_of(freeze.taken_back)
        for name in _changes_after(course, course.arrival_of(freeze.entry), concerns):
            if course.arrival_of(name) < until and (freeze.encounter, name) not in told:
                told.add((freeze.encounter, name))
                yield "changed_after_freeze", name, freeze.entry, message


def found_after_lock(course: Course, lock: str, last: int) -> Iterator[tuple[str, str, str, str]]:
    """What came once the study was locked: rule, entry, item and message; later as above.

    Args:
        lock: name of the lock in force. last: number of the last line of this ledger that it covers.
    """
    message = f"came after the study was locked ({lock}), and is not in what was locked"

    def concerns(source: Entry) -> bool:
        return source.kind not in _ATTESTING

    for name in _changes_after(course, (float(last), 0.0), concerns):
        yield CHANGED_AFTER_LOCK, name, lock, message


def found_after_unblindings(course: Course) -> Iterator[tuple[str, str, str, str]]:
    """What should not have come after an arm was told: rule, entry, item and message; later as above."""
    if course.told is not None:
        yield from _planned_unblinding(course, course.told)
    for unblinding in course.unblindings:
        yield from _emergency(course, unblinding)


def _planned_unblinding(course: Course, told: PlannedUnblindingState) -> Iterator[tuple[str, str, str, str]]:
    """What of the blinded part was still open, or came, once the arm was told."""
    plan, visits = course.release.file.unblinding, course.release.visits
    if plan is None:
        return
    blinded = {name for name, visit in visits.items() if visit.epoch == plan.epoch}
    then = course.arrival_of(told.entry)
    frozen = {
        one.encounter
        for one in course.freezes
        if course.arrival_of(one.entry) < then
        and (one.taken_back is None or course.arrival_of(one.taken_back) > then)
    }
    for encounter in course.encounters.values():
        begun = encounter.entry or encounter.closed
        if encounter.visit not in blinded or encounter.status == "missed" or course.arrival_of(begun) > then:
            continue
        if None not in frozen and encounter.id not in frozen:
            message = f"the arm was told before {encounter.id} was frozen"
            yield "unblinded_before_freeze", told.entry, encounter.id, message

    def concerns(source: Entry) -> bool:
        return visit_of(source.encounter) in blinded and source.kind not in _ATTESTING

    for name in _changes_after(course, then, concerns):
        message = "is of the blinded part, and came once the arm was told"
        yield "changed_after_unblinding", name, told.entry, message


def _emergency(course: Course, unblinding: UnblindingState) -> Iterator[tuple[str, str, str, str]]:
    """What came after an emergency unblinding and says that it is from before it."""
    before = {one.id for one in course.effective if one.at <= unblinding.at}

    def concerns(source: Entry) -> bool:
        return source.id in before and source.kind in _OBSERVED

    for name in _changes_after(course, course.arrival_of(unblinding.entry), concerns):
        message = "says that it is from before the emergency unblinding, and came after it"
        yield "changed_after_unblinding", name, unblinding.entry, message


def _changes_after(course: Course, then: Arrival, concerns: Callable[[Entry], bool]) -> Iterator[str]:
    """Entries in force that arrived after another: sources, corrections, withdrawals of what was there.

    Args:
        then: when the other arrived.
        concerns: whether a source, and with it what corrects and withdraws it, is looked at.
    """
    for one in course.effective:
        if concerns(one.entry):
            yield from (name for name in (one.id, *one.corrections) if course.arrival_of(name) > then)
    for withdrawal, withdrawn, source in course.withdrawals():
        if concerns(source) and arrival(withdrawal) > then >= arrival(withdrawn):
            yield withdrawal.id
