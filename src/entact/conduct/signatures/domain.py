"""Signing entries as they stand: those that nobody has signed so, each bound to its version and line."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256

from django.utils.translation import gettext

from entact.conduct.asking import Asked
from entact.conduct.record.door import turn_of
from entact.conduct.sight import SeenCourse
from entact.course import Course
from entact.course.entry import Authenticated
from entact.course.entry.effective import Effective
from entact.course.found.attested import standing_signatures, version_of
from entact.course.kinds import KINDS
from entact.course.state.attestation import SignatureState
from entact.store.error import StoreError
from entact.store.signing import sign_entries


@dataclass(frozen=True)
class Scope:
    """What is signed at once: one entry, one visit, or everything, where neither is said."""

    encounter: str | None = None
    entry: str | None = None

    def holds(self, effective: Effective) -> bool:
        """Whether an entry is of it."""
        by_visit = self.encounter is None or effective.entry.encounter == self.encounter
        return by_visit and self.entry in (None, effective.id)


@dataclass(frozen=True)
class Unsigned:
    """An entry that no signature covers as it stands; `before` is the last that covered an earlier one."""

    effective: Effective
    before: SignatureState | None


def unsigned_in(course: Course, seen: SeenCourse, scope: Scope) -> list[Unsigned]:
    """What is to be signed: entries that the role sees and that say something of the participant."""
    return list(_unsigned(course, seen, scope))


def _unsigned(course: Course, seen: SeenCourse, scope: Scope) -> Iterator[Unsigned]:
    covered = standing_signatures(course)
    before = {name: one for one in course.signatures for name in one.versions}
    for one in course.effective:
        kind = KINDS.get(one.entry.kind)
        if kind is None or kind.attests or one.id not in seen.entries or not scope.holds(one):
            continue
        if one.id not in covered:
            yield Unsigned(one, before.get(one.id))


def digest_of(unsigned: list[Unsigned]) -> str:
    """What tells one page of things to sign from another: exactly what is seen is signed."""
    versions = [version_of(one.effective) for one in unsigned]
    return sha256(" ".join(versions).encode()).hexdigest()


def sign(
    asked: Asked,
    scope: Scope,
    expected: str,
    meaning: str,
    role: str,
    authenticated: Authenticated,
    name: str,
) -> int | str:
    """Signs what the page showed, and nothing else; how many entries, or why nothing was signed.

    Args:
        expected: digest of what the page showed. authenticated: with what was shown once more. name: the
            person's own, which stands beside the signature.
    """
    ledger = asked.participant.ledger
    with turn_of(ledger):
        now = asked.again()
        unsigned = unsigned_in(now.course, now.seen, scope)
        if digest_of(unsigned) != expected:
            return gettext(
                "What is to be signed has changed since you opened this page: look again, then sign."
            )
        try:
            sign_entries(
                ledger,
                [one.effective.id for one in unsigned],
                meaning,
                by=asked.person.identity,
                role=role,
                received_at=asked.now.isoformat(),
                authenticated=authenticated,
                name=name,
            )
        except StoreError as error:
            return gettext("Nothing was signed: {error}.").format(error=error)
    return len(unsigned)
