"""Lines of the record as one reader may see them, with what each changed."""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from threading import Lock
from typing import Any, Final

import msgspec
from django.utils.translation import gettext

from entact import store
from entact.conduct.reader import PARTICIPANT
from entact.conduct.sight import Sight
from entact.course import Line, read
from entact.course.disclosure import Disclosure, class_named
from entact.course.entry import CORRECTED_TIME, Kept
from entact.course.kinds import KINDS, SITE_KINDS, STUDY_KINDS, SYSTEM_KINDS, UNPARSED
from entact.course.kinds.enrolment import ELIGIBILITY
from entact.course.kinds.kind import UNSURE, Kind
from entact.course.trail import NAMING, Change, Step, entries_signed, trail
from entact.protocol import Study
from entact.store import lists, models
from entact.store.lists.arrivals import ArrivalKey, Arrived, arrivals

PER_PAGE: Final = 50
BATCH: Final = 200
AT_MOST: Final = 4_000  # lines that one page looks at: then it says how far it came, and goes on
LEDGERS: Final = 100  # whose trails are kept in memory

_KINDS: Final[Mapping[str, Mapping[str, Kind]]] = {
    "participant": KINDS,
    "study": STUDY_KINDS,
    "site": SITE_KINDS,
    "system": SYSTEM_KINDS,
}
_DECISION: Final = frozenset({"decision", "signed", CORRECTED_TIME})  # without the criteria one by one


@dataclass(frozen=True)
class Wanted:
    """What somebody looks for; empty is everything.

    Attributes:
        who: wrote. kind: of entry. item: that was said or changed. ledger: of one participant. since, until:
            when it arrived, the end not with it. after_signature: what changed what had been signed.
    """

    who: str = ""
    kind: str = ""
    item: str = ""
    ledger: str = ""
    since: datetime | None = None
    until: datetime | None = None
    after_signature: bool = False

    def fits(self, step: Step, changes: Sequence[Change]) -> bool:
        """Whether a line, of which the reader sees these changes, is looked for."""
        entry = step.entry
        return (
            self.who in ("", entry.by)
            and self.kind in ("", entry.kind)
            and (not self.item or any(one.item == self.item for one in changes))
            and (not self.after_signature or step.after_signature)
        )

    @property
    def holding(self) -> tuple[str, ...]:
        """Texts that stand in every line that fits, as its canonical text has them."""
        texts = [f'"by":{_text(self.who)}'] if self.who else []
        texts += ['"replaces":"'] if self.after_signature else []
        return tuple(texts)


@dataclass(frozen=True)
class Row:
    """One line as a reader may see it: whose ledger, its number and hash, and what it changed.

    Attributes:
        number, site: of the participant; empty of other ledgers. corrects: an entry that is seen.
    """

    ledger: str
    number: str
    site: str
    line: Line
    step: Step
    changes: tuple[Change, ...]
    reason: str

    @property
    def entry(self) -> Kept:
        """The entry."""
        return self.step.entry

    @property
    def title(self) -> str:
        """What people call its kind."""
        kind = _kind(self.entry)
        return (
            gettext(kind.title)
            if kind is not None
            else gettext("As received")
            if self.entry.kind == UNPARSED
            else ""
        )


@dataclass(frozen=True)
class Found:
    """A page of the trail.

    Attributes:
        further: where the next one begins, if there is more. stopped: it is so only because few lines fit.
        broken: ledgers of which a line cannot be read.
    """

    rows: tuple[Row, ...]
    further: ArrivalKey | None
    stopped: bool
    broken: tuple[str, ...]


class TrailReader:
    """Who reads, and as what.

    Args:
        sight: what the role sees; None for who has the record itself, at the command line.
        sites: whose participants; None for all.
    """

    def __init__(self, study: Study, sight: Sight | None, sites: frozenset[str] | None = None) -> None:
        self.study, self.sight, self.sites = study, sight, sites

    @property
    def sees_everything(self) -> bool:
        """Whether numbers of lines and whole texts may be shown: gaps would count what is hidden."""
        return self.sight is None or (self.sight.sees_everything and self.sites is None)

    def page(self, wanted: Wanted, before: ArrivalKey | None = None) -> Found:
        """What arrived last of what is looked for."""
        rows: list[Row] = []
        broken: set[str] = set()
        looked, more = 0, True
        while more and len(rows) <= PER_PAGE and looked < AT_MOST:
            batch = arrivals(
                ledgers=[wanted.ledger] if wanted.ledger else None,
                sites=self.sites,
                kinds=[wanted.kind] if wanted.kind else None,
                since=wanted.since,
                until=wanted.until,
                holding=wanted.holding,
                before=before,
                limit=BATCH,
            )
            more, looked = len(batch) == BATCH, looked + len(batch)
            places = {one.ledger: one.place for one in batch}
            trails = _trails.of(self.study, {one.ledger: one.head for one in batch}, places)
            people = {one.ledger: one for one in lists.participants_of([*places])}
            broken |= {name for name, told in trails.items() if told.is_broken}
            for one in batch:
                before = one.key
                row = self._row(one, trails, people, wanted)
                if row is not None:
                    rows.append(row)
                    if len(rows) == PER_PAGE:
                        return Found(tuple(rows), before, False, tuple(sorted(broken)))
        return Found(tuple(rows), before if more else None, more, tuple(sorted(broken)))

    def all(self, wanted: Wanted) -> Iterator[Row]:
        """Everything that is looked for, ledger by ledger in order of arrival: one is in memory at a time."""
        people = {one.ledger: one for one in lists.everybody()}
        chains: Iterable[tuple[str, list[Line]]]
        chains = [(wanted.ledger, list(store.lines(wanted.ledger)))] if wanted.ledger else store.chains()
        for ledger, lines in chains:
            person = people.get(ledger)
            if not self._shows(ledger, person.site if person is not None else None):
                continue
            told = Trail(self.study, ledger, lines)
            for line in lines:
                row = self._seen(told, line.seq, person)
                at = row.entry.received_at if row is not None else ""
                if row is not None and _within(at, wanted) and wanted.fits(row.step, row.changes):
                    yield row

    def _shows(self, ledger: str, site: str | None) -> bool:
        if self.sites is None:
            return True
        return site in self.sites or ledger.removeprefix("site:") in self.sites

    def _row(
        self, one: Arrived, trails: Mapping[str, Trail], people: Mapping[str, Any], wanted: Wanted
    ) -> Row | None:
        told = trails.get(one.ledger)
        row = None if told is None else self._seen(told, one.seq, people.get(one.ledger))
        return row if row is not None and wanted.fits(row.step, row.changes) else None

    def _seen(self, told: Trail, seq: int, person: Any) -> Row | None:
        """A line as it is shown; None of one that the reader may not see, or that cannot be read."""
        line, step = told.lines[seq], told.steps.get(seq)
        if step is None:
            return None
        if self.sight is not None and not self.sight.sees_names(told.names(step.entry)):
            return None
        changes = step.changes if self.sight is None else tuple(self._changes(told, step))
        shows_reason = self.sight is None or self.sight.sees_status
        return Row(
            ledger=told.ledger,
            number=person.number if person is not None else "",
            site=person.site if person is not None else told.ledger.partition("site:")[2],
            line=line,
            step=step,
            changes=changes,
            reason=(step.entry.reason or "") if shows_reason else "",
        )

    def _changes(self, told: Trail, step: Step) -> Iterator[Change]:
        """The changes of a line, without what only others may see of it."""
        sight, entry = self.sight, step.entry
        assert sight is not None
        for one in step.changes:
            if entry.kind == ELIGIBILITY.name and not sight.sees_criteria and one.item not in _DECISION:
                continue
            if entry.kind in NAMING and one.item in _BOUND:
                continue
            if entry.kind in NAMING and one.item == "entries":
                named = entries_signed(entry.data)
                seen = [name for name in named if sight.sees_names(told.disclosure.of_entry(name))]
                yield Change("entries", None, seen)
                continue
            yield one


def kinds_shown(sight: Sight) -> list[tuple[str, str]]:
    """The kinds of entry that a role may meet in the trail, by what they are called."""
    found: dict[str, str] = {}
    for kinds in _KINDS.values():
        for name, kind in kinds.items():
            told = frozenset(class_named(one) for one in kind.tells if one != UNSURE)
            if sight.sees_names(told) and (sight.sees_everything or UNSURE not in kind.tells):
                found.setdefault(name, gettext(kind.title))
    return sorted(found.items(), key=lambda one: one[1].casefold())


_BOUND: Final = frozenset({"versions", "hashes", "last"})


class Trail:
    """One ledger with what each line changed and tells of."""

    def __init__(self, study: Study, ledger: str, lines: Sequence[Line]) -> None:
        self.ledger = ledger
        self.lines = {line.seq: line for line in lines}
        self.disclosure = Disclosure(study.releases)
        entries = list(_readable(lines))
        self.is_broken = len(entries) < len(lines)
        self.of_person = ledger.startswith(PARTICIPANT)
        if self.of_person:
            for entry in entries:
                self.disclosure.add(entry)
        self.steps = {step.entry.seq: step for step in trail(entries)}

    def names(self, entry: Kept) -> frozenset[str]:
        """What a line tells of."""
        if self.of_person:
            return self.disclosure.of_entry(entry.id)
        kind = _kind(entry)
        tells = frozenset({UNSURE}) if kind is None else kind.tells
        return frozenset(UNSURE if told == UNSURE else class_named(told) for told in tells)


def _readable(lines: Sequence[Line]) -> Iterator[Kept]:
    for line in lines:
        with suppress(msgspec.DecodeError, ValueError):
            yield read(line.text)


class _TrailsKept:
    """The trails looked at last, by the head of their ledger."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[str, str], tuple[Study, Trail]] = OrderedDict()
        self._lock = Lock()

    def of(self, study: Study, heads: Mapping[str, str], places: Mapping[str, int]) -> dict[str, Trail]:
        """The trails of some ledgers: one query for those that are not yet in memory."""
        with self._lock:
            known = {name: self._kept.get((name, head)) for name, head in heads.items()}
        found = {name: one[1] for name, one in known.items() if one is not None and one[0] == study}
        absent = {places[name]: name for name in heads if name not in found}
        for place, lines in _lines(absent).items():
            name = absent[place]
            found[name] = Trail(study, name, lines)
            with self._lock:
                self._kept[name, heads[name]] = study, found[name]
                while len(self._kept) > LEDGERS:
                    self._kept.popitem(last=False)
        return found


_trails: Final = _TrailsKept()


def _lines(places: Collection[int]) -> dict[int, list[Line]]:
    found: dict[int, list[Line]] = {}
    if places:
        rows = models.Line.objects.filter(ledger_id__in=list(places)).order_by("ledger_id", "seq")
        for place, *line in rows.values_list("ledger_id", "seq", "hash", "text"):
            found.setdefault(place, []).append(Line(*line))
    return found


def _kind(entry: Kept) -> Kind | None:
    return _KINDS.get(entry.ledger.partition(":")[0], {}).get(entry.kind)


def _within(received_at: str, wanted: Wanted) -> bool:
    at = datetime.fromisoformat(received_at)
    return (wanted.since is None or wanted.since <= at) and (wanted.until is None or at < wanted.until)


def _text(value: str) -> str:
    """A text as it stands in canonical JSON."""
    return json.dumps(value, ensure_ascii=False)
