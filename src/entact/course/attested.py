"""What later changes did to entries that were signed or frozen."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from entact.course.entry import canonical, digest
from entact.course.kinds import KINDS

if TYPE_CHECKING:
    from entact.course.course import Course
    from entact.course.entry.effective import Effective


_ATTESTING = frozenset(name for name, kind in KINDS.items() if kind.attests)


def version_of(effective: Effective) -> str:
    """Digest of an entry as it stands, corrections merged: what a signature is bound to."""
    return digest(canonical([effective.id, effective.at.isoformat(), effective.data]))


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
            if freeze.encounter not in (None, one.entry.encounter) or one.entry.kind in _ATTESTING:
                continue
            changes = [one.id, *one.corrections]
            late = [name for name in changes if course.key_of(name) > freeze.key]
            for name in late:
                message = f"entered after {freeze.encounter or 'the participant'} was frozen"
                yield "changed_after_freeze", name, freeze.entry, message
