"""Filled-in forms across participants, with what has been attested of each, as one reader may see them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.utils.translation import gettext

from entact.conduct.forms.place import placed
from entact.conduct.reader import Folded, Reader, Standing
from entact.conduct.words import moment, time_words, title_of_form, title_of_visit, words
from entact.course.entry import Kept, instant
from entact.course.entry.effective import Effective
from entact.course.found.attested import standing_signatures
from entact.course.found.verified import verified_in
from entact.course.kinds import KINDS
from entact.course.kinds.query import queries_of
from entact.course.state.progress import zone_of
from entact.store import lists
from entact.store.lists.filled import FilledKey, filled

PER_PAGE: Final = 25
BATCH: Final = 50
AT_MOST: Final = 1_000  # entries that one page looks at: then it says so, and goes on
STATES: Final = ("query", "unverified", "unsigned", "not_frozen")
FORM_KINDS: Final = frozenset(name for name, kind in KINDS.items() if kind.form is not None)


@dataclass(frozen=True)
class Looked:
    """What is looked for: a form, a visit, a site, what is still to be done, and what changed since when."""

    form: str = ""
    visit: str = ""
    site: str = ""
    state: str = ""
    since: datetime | None = None


@dataclass(frozen=True)
class Row:
    """One filled-in form: whose, where, when, by whom, and what has been attested of it."""

    key: str
    number: str
    site: str
    entry: str
    encounter: str
    form: str
    form_title: str
    visit: str
    visit_title: str
    timepoint: str
    repeat: int
    when: str
    by: str
    queries: int
    verified: bool
    signed: bool
    frozen: bool
    changed: str
    seq: int

    @property
    def time_words(self) -> str:
        """The time within the visit as people say it."""
        return time_words(self.timepoint)

    @property
    def marks(self) -> list[tuple[str, str]]:
        """A sign and a word for each thing that was attested, for who cannot tell colours."""
        found = [("?", gettext("open query"))] if self.queries else []
        found += [("☑", gettext("verified"))] if self.verified else []
        found += [("✓", gettext("signed"))] if self.signed else []
        return found + ([("❄", gettext("frozen"))] if self.frozen else [])

    def is_in(self, state: str) -> bool:
        """Whether it is in one of the states that a listing can be narrowed to."""
        known = {"query": self.queries > 0, "unverified": not self.verified, "unsigned": not self.signed}
        return known.get(state, not self.frozen if state == "not_frozen" else True)


@dataclass(frozen=True)
class Listing:
    """One page. further: where the next one begins; stopped: few forms fit, and there may be more."""

    rows: tuple[Row, ...]
    further: FilledKey | None
    stopped: bool


def list_forms(
    reader: Reader,
    looked: Looked,
    after: FilledKey | None = None,
    told_before: dict[str, _Told] | None = None,
) -> Listing:
    """A page of the forms that are looked for, by site and number.

    Args:
        told_before: by ledger, what the page before has read; afterwards what this one has.
    """
    kept = {} if told_before is None else told_before
    rows: list[Row] = []
    seen, more = 0, True
    while more and seen < AT_MOST:
        batch = filled(
            FORM_KINDS,
            form=looked.form or None if looked.form != "vital_signs" else None,
            visit=looked.visit or None,
            site=looked.site or None,
            sites=reader.sites,
            since=looked.since,
            after=after,
            limit=BATCH,
        )
        more, seen = len(batch) == BATCH, seen + len(batch)
        people = {one.ledger: one for one in lists.participants_of(list({one.ledger for one in batch}))}
        folded = reader.folded(list(people))
        told = {
            name: kept[name]
            if name in kept and kept[name].folded == one  # nobody has written to it since
            else _Told(reader, Standing.of(people[name]), one)
            for name, one in folded.items()
            if isinstance(one, Folded)
        }
        kept.clear()
        kept |= told
        for one in batch:
            after = one.key
            row = told[one.ledger].rows.get(one.entry) if one.ledger in told else None
            if row is not None and _fits(row, looked, told[one.ledger]):
                rows.append(row)
                if len(rows) == PER_PAGE:
                    return Listing(tuple(rows), after, False)
    return Listing(tuple(rows), after if more else None, more)


def all_forms(reader: Reader, looked: Looked) -> Iterator[Row]:
    """Every form that is looked for, page by page."""
    after: FilledKey | None = None
    told: dict[str, _Told] = {}
    while True:
        listing = list_forms(reader, looked, after, told)
        yield from listing.rows
        after = listing.further
        if after is None:
            return


class _Told:
    """The forms of one participant as they stand, for one reader."""

    def __init__(self, reader: Reader, standing: Standing, folded: Folded) -> None:
        self.folded = folded
        course = folded.course
        seen = folded.seen_by(reader.sight)
        zone = zone_of(course, reader.at)
        signed, verified = standing_signatures(course), verified_in(course)
        asked: dict[str, int] = {}
        for query in queries_of(course):
            if query.status != "closed" and query.entry in seen.entries:
                asked[query.about] = asked.get(query.about, 0) + 1
        arrived = {one.id: one.received_at for one in course.entries if isinstance(one, Kept)}
        numbers = {one.id: one.seq for one in course.entries if isinstance(one, Kept)}
        self.changed: dict[str, datetime] = {}
        self.rows: dict[str, Row] = {}
        for one in course.effective:
            form = form_of(one)
            if form is None or one.id not in seen.entries:
                continue
            place = placed(form, one)
            visit = place.encounter.partition("#")[0]
            last = max((one.id, *one.corrections), key=lambda name: numbers.get(name, 0))
            at = instant(arrived[last]) if last in arrived else one.at
            self.changed[one.id] = at
            compiled = course.release.forms.get(form)
            known = verified.get(one.id)
            self.rows[one.id] = Row(
                key=standing.key,
                number=standing.number,
                site=standing.site,
                entry=one.id,
                encounter=place.encounter,
                form=form,
                form_title=title_of_form(compiled) if compiled is not None else words(form),
                visit=place.visit,
                visit_title=title_of_visit(visit, course.release.visits),
                timepoint=place.timepoint or "",
                repeat=place.repeat,
                when=moment(one.at, zone),
                by=one.entry.by,
                queries=asked.get(one.id, 0),
                verified=known is not None and known.whole,
                signed=one.id in signed,
                frozen=place.encounter in course.frozen or "" in course.frozen,
                changed=moment(at, zone),
                seq=max(numbers.values(), default=0),
            )


def form_of(effective: Effective) -> str | None:
    """The form that an entry holds; None of one that holds none."""
    kind = KINDS.get(effective.entry.kind)
    return kind.form(effective.data) if kind is not None and kind.form is not None else None


def _fits(row: Row, looked: Looked, told: _Told) -> bool:
    by_form = looked.form in ("", row.form)
    since = looked.since is None or told.changed[row.entry] >= looked.since
    return by_form and since and row.is_in(looked.state)
