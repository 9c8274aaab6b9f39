"""A person decides which version of an entry is followed; the others stay where they are."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext

from entact.conduct.access.called import people_called
from entact.conduct.asking import Asked
from entact.conduct.record.door import Author, Held, compose, store_entry, turn_of
from entact.conduct.record.opened import Opener
from entact.conduct.statement import Fact, Tell, state
from entact.conduct.words import moment, role_words
from entact.course import Course, Entry, instant
from entact.course.entry.effective import Effective
from entact.course.entry.versions import DECIDED, in_order_of_arrival, version_digest
from entact.course.personal import REASONS


@dataclass(frozen=True)
class Version:
    """One version: its digest, what it says, by whom and when, and whether it is the one that is followed."""

    digest: str
    title: str
    facts: tuple[Fact, ...]
    by: str
    when: str
    note: str
    stands: bool


@dataclass(frozen=True)
class Conflict:
    """An entry of which there are several versions, the first to arrive first."""

    entry: str
    versions: tuple[Version, ...]

    @property
    def differs(self) -> frozenset[str]:
        """What the versions say otherwise, as it is called on the page."""
        said = [{(fact.label, fact.value) for fact in one.facts} for one in self.versions]
        by_all = [one for one in said[0] if all(one in other for other in said)]
        return frozenset(label for one in said for label, _ in one.difference(by_all))


def has_conflicts(course: Course) -> bool:
    """Whether an entry of somebody is there in several versions, decided or not."""
    return len({one.id for one in course.entries}) < len(course.entries)


def conflicts_of(asked: Asked, opener: Opener) -> list[Conflict]:
    """Every entry with several versions that whoever asks may see."""
    kept: dict[str, list[Entry]] = {}
    for entry in asked.course.entries:
        kept.setdefault(entry.id, []).append(entry)
    several = {name: in_order_of_arrival(found) for name, found in kept.items() if len(found) > 1}
    return [
        Conflict(name, tuple(_version(asked, one, opener) for one in versions))
        for name, versions in several.items()
        if len(versions) > 1 and name in asked.seen.entries
    ]


def _version(asked: Asked, entry: Entry, opener: Opener) -> Version:
    course = asked.course
    try:
        at = instant(entry.occurred_at)
        when = moment(at, asked.zone)
    except ValueError:
        at, when = asked.now, entry.occurred_at
    effective = Effective(entry, at, (at.timestamp(), entry.id), dict(entry.data))
    plain = Effective(entry, at, (at.timestamp(), entry.id), opener.data(effective))
    tell = Tell(course, course.release_of(entry), asked.reader.sight, asked.zone)
    title, facts, note = state(tell, plain)
    followed = next((one.entry for one in course.effective if one.id == entry.id), None)
    stands = followed is not None and version_digest(followed) == version_digest(entry)
    by = f"{people_called().get(entry.by, entry.by)}, {role_words(entry.role)}"
    return Version(version_digest(entry), title, tuple(facts), by, when, note, stands)


def decide(asked: Asked, entry: str, follow: str, reason: str, author: Author) -> str:
    """Follows one version of an entry; what stands against it, empty where it is decided.

    Args:
        follow: the version's digest. reason: a code.
    """
    if reason not in REASONS:
        return gettext("Say why this version is the one that is true.")
    ledger = asked.participant.ledger
    with turn_of(ledger):
        again = asked.again()
        known = {one.entry: one for one in conflicts_of(again, Opener())}
        if entry not in known or follow not in {one.digest for one in known[entry].versions}:
            return gettext("There is no such version any more: look at what is there now.")
        source = next(one for one in again.course.entries if one.id == entry)
        try:
            made = compose(
                again.course,
                again.reader,
                ledger,
                author,
                again.now,
                DECIDED,
                {"follow": follow},
                about=entry,
                encounter=source.encounter,
                reason=reason,
            )
        except Held as error:
            return str(error)
        store_entry(made, author, again.now)
    return ""
