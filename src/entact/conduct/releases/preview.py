"""What a release would do to each participant, folded of their entries in memory: nothing is written.

Each is folded as things are, as if their site had approved the release now, and as if they had consented to
it now as well.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.utils.translation import gettext

from entact.conduct.language.codes import code_words
from entact.conduct.reader import Folded, Reader, Standing
from entact.conduct.releases.changes import Changed, changes_of
from entact.conduct.sight import SeenCourse, Sight
from entact.conduct.words import plainly, title_of_visit, window
from entact.course import Course, fold
from entact.course.entry import Entry
from entact.course.instants import BEGINNING
from entact.course.state.progress import zone_of
from entact.course.state.reconsent import THROUGH
from entact.protocol import Release, Study
from entact.protocol.amendment import differences
from entact.protocol.load import amend
from entact.store import lists

AT_MOST: Final = 100  # participants that one preview folds; it says where there are more
_BATCH: Final = 25
_OVER: Final = ("done", "not_reachable")  # a visit of which no window matters any more
# Of the newest release at once, whoever has consented to what: they apply to nobody who takes part.
_OF_STUDY: Final = frozenset({"supply", "periodic_reports"})
_NOBODY: Final = "00000000-0000-7000-8000-000000000000"


@dataclass(frozen=True)
class Effect:
    """What is otherwise than it is now.

    Attributes:
        changes: places of the study file that come to apply: gates, visits, forms. visits: title, window now
            and then. found, gone: findings, in words; what becomes missing is among those that are found.
    """

    changes: tuple[str, ...]
    visits: tuple[tuple[str, str, str], ...]
    found: tuple[str, ...]
    gone: tuple[str, ...]

    @property
    def is_any(self) -> bool:
        """Whether anything is."""
        return bool(self.changes or self.visits or self.found or self.gone)


@dataclass(frozen=True)
class Touched:
    """One participant, whom a release touches once the site has approved it, or once they consent to it."""

    key: str
    number: str
    site: str
    at_approval: Effect
    at_consent: Effect

    @property
    def is_any(self) -> bool:
        """Whether it touches them at all."""
        return self.at_approval.is_any or self.at_consent.is_any

    @property
    def is_seen(self) -> bool:
        """Whether a visit or a finding becomes another: all that a release can do to who is through."""
        return any(one.visits or one.found or one.gone for one in (self.at_approval, self.at_consent))

    @property
    def visits(self) -> int:
        """How many windows become others."""
        return len(self.at_approval.visits) + len(self.at_consent.visits)

    @property
    def found(self) -> int:
        """How much is found that was not."""
        return len(self.at_approval.found) + len(self.at_consent.found)


@dataclass(frozen=True)
class Preview:
    """What a release changes, and whom it touches.

    Attributes:
        id: of the release. changes: each place, what stood there and stands now, and for whom.
        touched: who is. looked: how many were looked at. broken: how many of them cannot be read.
        more: whether there are more than were looked at.
    """

    id: str
    label: str
    before: str
    reason: str
    changes: tuple[Changed, ...]
    touched: tuple[Touched, ...]
    looked: int
    broken: int
    more: bool


def preview(reader: Reader, raw: bytes, file: str) -> Preview:
    """What the release in a study file would do.

    Args:
        raw: the bytes of the file, which amends the newest release. file: its name, for problems.
    Raises:
        StudyError: when it is no amendment of the newest release that can be used, with each place.
        ValueError: when it is of another study.
    """
    study = amend(reader.study, {file: raw})
    newest, before = study.newest, reader.study.newest
    rows = lists.participants(sites=reader.sites, limit=AT_MOST + 1)
    touched, broken = [], 0
    sight = Sight(study, reader.sight.role)
    for first in range(0, min(len(rows), AT_MOST), _BATCH):
        batch = rows[first : min(first + _BATCH, AT_MOST)]
        folded = reader.folded([row.ledger for row in batch])
        for row in batch:
            one = folded.get(row.ledger)
            if not isinstance(one, Folded):
                broken += 1
                continue
            found = _touched(Standing.of(row), one.course, study, sight, reader.at)
            through = one.course.status in THROUGH
            touched += [found] if (found.is_seen if through else found.is_any) else []
    amendment = newest.file.amendment
    return Preview(
        newest.id,
        newest.file.release,
        before.file.release,
        amendment.reason if amendment is not None else "",
        changes_of(before, newest),
        tuple(touched),
        min(len(rows), AT_MOST),
        broken,
        len(rows) > AT_MOST,
    )


def _touched(standing: Standing, course: Course, study: Study, sight: Sight, at: datetime) -> Touched:
    approved = _approved(study, course.site or "", at)
    entries = list(course.entries)
    after = fold(approved, entries)
    then = fold(approved, [*entries, consent]) if (consent := _consent(course, study.newest, at)) else after
    return Touched(
        standing.key,
        standing.number,
        standing.site,
        _effect(course, after, sight, at),
        _effect(after, then, sight, at),
    )


def _approved(study: Study, site: str, at: datetime) -> Study:
    """The study as if a site had approved its newest release just now."""
    known = [one for one in dict(study.approvals).get(site, ()) if one[0] <= at]
    before = known or [(BEGINNING, study.releases[-2].id)]  # where nothing is known of a site
    return study.approved(site, [*before, (at, study.newest.id)])


def _consent(course: Course, release: Release, at: datetime) -> Entry | None:
    """The consent that is in force, as if it were given to a release now; None of who is not asked for it."""
    if course.consent is None or not course.consent.given or course.status in THROUGH:
        return None
    given = next((one for one in course.effective if one.id == course.consent.entry), None)
    if given is None:
        return None
    when = at.isoformat()
    return Entry(
        **{
            **{name: getattr(given.entry, name) for name in Entry.__struct_fields__},
            "id": _NOBODY,
            "release": release.id,
            "occurred_at": when,
            "recorded_at": when,
            "data": dict(given.data),
            "replaces": None,
            "reason": None,
        }
    )


def _effect(before: Course, after: Course, sight: Sight, at: datetime) -> Effect:
    places = [one for one in differences(before.release.data, after.release.data) if not one.only_explains]
    if before.site_release(at) != after.site_release(at):  # gates and alerts follow the site's
        at_site = differences(before.site_release(at).data, after.site_release(at).data)
        places += [one for one in at_site if one.place[0] in ("gates", "alerts") and not one.only_explains]
    old, new = _found(before, sight, at), _found(after, sight, at)
    return Effect(
        tuple(dict.fromkeys(one.field for one in places if one.place[0] not in _OF_STUDY)),
        tuple(_windows(before, after, sight, at)),
        tuple(said for name, said in new.items() if name not in old),
        tuple(said for name, said in old.items() if name not in new),
    )


def _found(course: Course, sight: Sight, at: datetime) -> dict[str, str]:
    seen, zone, release = SeenCourse(sight, course), zone_of(course, at), course.release
    return {
        one.id: f"{code_words(one.rule)}: {plainly(one.message, release.visits, zone, release.forms)}"
        for one in seen.findings(at)
        if one.holds and one.entry != _NOBODY
    }


def _windows(before: Course, after: Course, sight: Sight, at: datetime) -> Iterator[tuple[str, str, str]]:
    zone = zone_of(after, at)
    dues = [{one.visit: one for one in course.due(at)} for course in (before, after)]
    waits = {name for course in dues for name, one in course.items() if one.status not in _OVER}
    shown = [
        {name: window(one, zone) for name, one in course.items() if name in waits and sight.sees_visit(name)}
        for course in dues
    ]
    for name in dict.fromkeys((*shown[0], *shown[1])):
        old, new = shown[0].get(name), shown[1].get(name)
        if old != new:
            visits = after.release.visits if name in after.release.visits else before.release.visits
            yield title_of_visit(name, visits), _say(old), _say(new)


def _say(text: str | None) -> str:
    return gettext("not planned") if text is None else text or gettext("not known yet")
