"""Versions of one entry: the first to arrive stands; another is followed only where a person decided so.

An id is made once, where the entry is made. When it arrives a second time with other content, somebody
changed what was written, or two devices made the same id: which of the two is true cannot be told from the
text. So nothing that is sent later takes the place of what was there. The order of arrival is in the chain.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypeVar

from entact.course.entry.entry import Entry, Kept, as_sent, canonical, digest, proved_by_person

DECIDED = "conflict_decided"

E = TypeVar("E", bound=Entry)


def version_digest(entry: Entry) -> str:
    """Digest of what was sent, by which one version of an id is told from another."""
    return digest(canonical(sent(entry)))


def sent(entry: Entry) -> Entry:
    """An entry without what a server added on arrival."""
    return as_sent(entry) if isinstance(entry, Kept) else entry


def in_order_of_arrival(versions: Iterable[E]) -> tuple[E, ...]:
    """The different versions among entries with one id, the first to arrive first.

    Args:
        versions: kept ones count by their number; what no server has numbered yet comes after them, as given.
    """
    arrived = sorted(versions, key=lambda one: one.seq if isinstance(one, Kept) else float("inf"))
    different: dict[str, E] = {}
    for one in arrived:
        different.setdefault(version_digest(one), one)
    return tuple(different.values())


def first_versions(entries: Iterable[E]) -> Iterator[E]:
    """The first of each id.

    Args:
        entries: of one ledger, in order of arrival.
    """
    seen: set[str] = set()
    for entry in entries:
        if entry.id not in seen:
            seen.add(entry.id)
            yield entry


def chosen(decision: Entry, follow: object, versions: Iterable[E]) -> E | str:
    """The version that a decision says to follow, or why the decision is not followed.

    Args:
        decision: the entry. follow: what it says, corrections merged. versions: of the id that it is about.
    """
    if not (decision.reason or "").strip():
        return "a decision between versions has a reason"
    if not proved_by_person(decision):
        return f"nobody showed that {decision.by} decided this"
    for version in versions:
        if version_digest(version) == follow:
            return version
    return f"no version of {decision.about} has this digest"
