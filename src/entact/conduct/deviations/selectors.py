"""Deviations across participants, as one reader may see them: reported, or by what was done itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from django.utils.translation import gettext

from entact.conduct.access.called import people_called
from entact.conduct.entries.address import told_at
from entact.conduct.language.codelists import called_code
from entact.conduct.reader import Folded, Reader, Standing
from entact.conduct.sight import SeenCourse
from entact.conduct.words import moment, title_of_visit, told, value
from entact.course.course import Course
from entact.course.kinds.checks import OVERRIDDEN, requirement_of
from entact.course.kinds.stopping import DEVIATION
from entact.course.state.progress import zone_of
from entact.course.state.stopping import DeviationState
from entact.store import lists
from entact.store.lists.filled import FilledKey, filled

PER_PAGE: Final = 25
AT_MOST: Final = 1_000  # entries that one page looks at: then it goes on behind them


@dataclass(frozen=True)
class Looked:
    """What is looked for: at a site, of a category, of an importance; all of them where it is empty."""

    site: str = ""
    category: str = ""
    importance: str = ""


@dataclass(frozen=True)
class Row:
    """One deviation: whose, where, when and of what kind, and who reported it.

    Attributes:
        visit: in words; empty outside visits. encounter, category, importance: as the record has them.
        by: as people call them: who reported it, or did what departs by itself. reporter: as entries do.
        address: of the page where it stands. note: why it is one though nobody reported it, in words.
    """

    key: str
    number: str
    site: str
    entry: str
    encounter: str
    visit: str
    when: str
    category: str
    importance: str
    by: str
    reporter: str
    address: str
    note: str

    @property
    def category_words(self) -> str:
        """The category as people call it."""
        return category_words(self.category)

    @property
    def importance_words(self) -> str:
        """The importance as people call it."""
        return called_code(DEVIATION.name, "importance", self.importance)

    @property
    def is_major(self) -> bool:
        """Whether it touches safety, rights or the result."""
        return self.importance == "major"


@dataclass(frozen=True)
class Log:
    """One page of the log. further: where the next one begins; None where there is none."""

    rows: tuple[Row, ...]
    further: FilledKey | None


def list_deviations(reader: Reader, looked: Looked, after: FilledKey | None = None) -> Log:
    """A page of the deviations that are looked for, by site and number, as they stand after corrections."""
    rows: list[Row] = []
    names = people_called()
    looked_at, more = 0, True
    while more and looked_at < AT_MOST:
        batch = filled(
            (DEVIATION.name,),
            departing=True,
            site=looked.site or None,
            sites=reader.sites,
            after=after,
            limit=PER_PAGE,
        )
        more, looked_at = len(batch) == PER_PAGE, looked_at + len(batch)
        people = {one.ledger: one for one in lists.participants_of(list({one.ledger for one in batch}))}
        seen: dict[tuple[str, str], list[Row]] = {}  # one entry may depart in two ways
        for name, folded in reader.folded(list(people)).items():
            if isinstance(folded, Folded):
                for row in _rows_of(reader, Standing.of(people[name]), folded, names):
                    seen.setdefault((name, row.entry), []).append(row)
        for one in batch:
            after = one.key
            rows += [row for row in seen.get((one.ledger, one.entry), ()) if _fits(row, looked)]
            if len(rows) >= PER_PAGE:
                return Log(tuple(rows), after)
    return Log(tuple(rows), after if more else None)


def all_deviations(reader: Reader, looked: Looked) -> Iterator[Row]:
    """Every deviation that is looked for, page by page."""
    after: FilledKey | None = None
    while True:
        log = list_deviations(reader, looked, after)
        yield from log.rows
        after = log.further
        if after is None:
            return


def _rows_of(reader: Reader, standing: Standing, folded: Folded, names: dict[str, str]) -> Iterator[Row]:
    """The deviations of one participant that the reader sees."""
    course = folded.course
    seen, zone = folded.seen_by(reader.sight), zone_of(course, reader.at)
    entries = {one.id: one for one in course.effective}
    for one in course.deviations:
        if not sees_deviation(seen, one):
            continue
        visit = (one.encounter or "").partition("#")[0]
        by = entries[one.entry].entry.by
        yield Row(
            key=standing.key,
            number=standing.number,
            site=standing.site,
            entry=one.entry,
            encounter=one.encounter or "",
            visit=title_of_visit(visit, course.release.visits)
            if visit and reader.sight.sees_visit(visit)
            else "",
            when=moment(one.at, zone),
            category=one.category,
            importance=one.importance,
            by=names.get(by, by),
            reporter=by,
            address=told_at(standing.key, entries[one.entry]),
            note="" if entries[one.entry].entry.kind == DEVIATION.name else _note(course, one),
        )


def sees_deviation(seen: SeenCourse, deviation: DeviationState) -> bool:
    """Whether a role sees a deviation: a requirement set aside, only where it sees what the gate asks."""
    if deviation.entry not in seen.entries:
        return False
    if deviation.category != OVERRIDDEN:
        return True
    basis = next((one.entry.basis for one in seen.course.effective if one.id == deviation.entry), None)
    return seen.sight.sees_gate(str((basis or {}).get("gate")))


def category_words(category: str) -> str:
    """The category of a deviation as people call it."""
    if category == OVERRIDDEN:  # nobody reports it so
        return gettext("requirement set aside")
    return called_code(DEVIATION.name, "category", category) or value(category)


def _note(course: Course, deviation: DeviationState) -> str:
    if deviation.category != OVERRIDDEN:
        return gettext("done of a new version without consent to it")
    basis = next((one.entry.basis for one in course.effective if one.id == deviation.entry), None) or {}
    codes = basis.get("overridden")
    release = course.site_release(deviation.at)
    asked = [(code, requirement_of(release, code)) for code in (codes if isinstance(codes, dict) else ())]
    return " · ".join(code if one is None else told(one.otherwise) for code, one in asked)


def _fits(row: Row, looked: Looked) -> bool:
    return looked.category in ("", row.category) and looked.importance in ("", row.importance)
