"""What is to be signed, as it reads."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext

from entact.conduct.access.called import people_called
from entact.conduct.asking import Asked
from entact.conduct.attested import meaning_words
from entact.conduct.entries.address import address_of
from entact.conduct.forms.place import release_of
from entact.conduct.signatures.domain import Unsigned
from entact.conduct.statement import Tell, state
from entact.conduct.words import moment, title_of_visit


@dataclass(frozen=True)
class ToSign:
    """One entry: what it is, when, who signed an earlier version of it, and where it stands."""

    title: str
    when: str
    by: str
    before: str
    address: str


@dataclass(frozen=True)
class Signature:
    """One signature as it reads; `changed` is how many of the entries that it covers stand otherwise now."""

    words: str
    when: str
    entries: int
    changed: int


def by_visit(asked: Asked, unsigned: list[Unsigned]) -> list[tuple[str, list[ToSign]]]:
    """The entries by visit, in the order of time."""
    found: dict[str, list[ToSign]] = {}
    visits, names = asked.course.release.visits, people_called()
    for one in unsigned:
        entry = one.effective.entry
        visit, _, number = (entry.encounter or "").partition("#")
        title = title_of_visit(visit, visits) if visit else gettext("Outside visits")
        title += f" ({number})" if number not in ("", "1") else ""
        tell = Tell(asked.course, release_of(asked.course, one.effective), asked.seen.sight, asked.zone)
        what, _, _ = state(tell, one.effective)
        when = moment(one.effective.at, asked.zone)
        before = ""
        if one.before is not None:
            before = gettext("changed since {by} signed it, {when}").format(
                by=names.get(one.before.by, one.before.by), when=moment(one.before.at, asked.zone)
            )
        by, address = names.get(entry.by, entry.by), address_of(asked.participant.key, one.effective)
        found.setdefault(title, []).append(ToSign(what, when, by, before, address))
    return list(found.items())


def signatures_made(asked: Asked, standing: dict[str, str]) -> list[Signature]:
    """Every signature of the participant of which the role sees something.

    Args:
        standing: of each entry that is seen the version that stands.
    """
    found = []
    for one in reversed(asked.course.signatures):
        seen = [name for name in one.versions if name in asked.seen.entries]
        if seen:
            changed = sum(standing.get(name) != one.versions[name] for name in seen)
            who = f"{one.name} ({one.by})" if one.name not in ("", one.by) else one.by
            said = f"{who}: {meaning_words(one.meaning)}"
            found.append(Signature(said, moment(one.at, asked.zone), len(seen), changed))
    return found
