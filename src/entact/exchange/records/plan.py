"""What becomes of the rows about one participant: new entries, what is there already, and what disagrees.

Nothing that is in the record is changed by it: where the two say different things, that is told and left to
people. Forms are made of rows, and what is kept as a list: events and medicines. Whatever a gate decides is
no row of another system.

Source: ICH E6(R3) 4.2.5.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec

from entact.course import Course, Entry, uuid7
from entact.course.entry import canonical
from entact.course.entry.effective import VOID, Effective
from entact.course.held import held_against
from entact.course.kinds import KINDS, NESTED
from entact.course.kinds.encounter import Encounter
from entact.course.kinds.imported import IMPORTED, Imported
from entact.course.personal import unsealed
from entact.course.state.encounter import visit_of
from entact.course.state.form import VITALS
from entact.exchange.records.answers import answer_of
from entact.exchange.records.cells import Lists, add_cell, definition_of, is_cell, rows_of
from entact.exchange.records.list_rows import said_in_list, told_at
from entact.exchange.records.lists import entry_of, is_list, is_same
from entact.exchange.records.mapping import Goes
from entact.exchange.records.row import Own, Row, Version
from entact.exchange.records.times import changed_at, filled_in_at
from entact.exchange.records.told import Outcome, Planned, Taking, Told, items_of, row_text
from entact.protocol.form import CompiledForm

_TAIL: Final = 14  # an id from here on is drawn, and does not hang on the time
NOWHERE: Final = "no visit"
UNTOLD: Final = "taken over: the source gives no reason for this change"


def plan(rows: Iterable[Row], course: Course, taking: Taking) -> Planned:
    """What becomes of the rows about a participant whose course this is."""
    return _Planning(course, taking).plan(rows)


class _Planning:
    def __init__(self, course: Course, taking: Taking) -> None:
        self.course, self.taking, self.mapping = course, taking, taking.mapping
        self.done = Planned()
        self.known = {one.id[_TAIL:]: one for one in course.entries}
        self.standing = {one.id: one for one in course.effective}
        consent = course.consent
        self.release = course.site_release(taking.now)
        if consent is not None:
            self.release = next(
                (one for one in course.study.releases if one.id == consent.release), self.release
            )
        self.taken: dict[tuple[str, str, str | None, int, str], str] = {}
        self.times: dict[str, list[datetime]] = {}
        noted = course.noted.get(IMPORTED.name, [])
        self.own = {one.about for one in noted if one.said.system == self.mapping.source}

    def plan(self, rows: Iterable[Row]) -> Planned:
        """Every row, then the visits that are not there yet."""
        for row in rows:
            self._row(row)
        visits = [one for encounter in self.times for one in self._visit(encounter)]
        self.done.entries[:0] = visits
        return self.done

    def _row(self, row: Row) -> None:
        if is_list(self.release, row.form):
            self._listed(row)
            return
        form = self.release.forms.get(row.form)
        filled = self.mapping.forms.get(row.form)
        encounter = self._encounter(row, filled.visit if filled is not None else "")
        if form is None:
            self._problem(row.place, f"the release {self.release.file.release} has no form {row.form!r}")
            return
        if encounter is None:
            return
        lists: Lists = {}
        versions = [(one, self._answers(one, form, lists)) for one in row.versions]
        if not any(items for _, items in versions):
            return
        own = row.own or Own("", "", row.repeat)
        timepoint = (filled.timepoint if filled is not None else "") or own.timepoint or None
        place = (row.form, encounter, timepoint, own.repeat)
        first = self.taken.setdefault((*place, own.at), row.place)
        if first != row.place:
            self._problem(
                row.place, f"{row.form} at {encounter} is what {first} says too; tell the two apart by visit"
            )
            return
        at = self._time(row, encounter)
        if at is not None:
            self._versions(row, versions, place, at)

    def _listed(self, row: Row) -> None:
        """A row of a list: one event or medicine, which belongs to no visit."""
        versions = []
        before = len(self.done.problems)
        for one in row.versions:
            said, problems = said_in_list(one, row.form, self.release, self.mapping, self.taking.zone)
            versions.append((one, said))
            self.done.problems += problems
        if len(self.done.problems) > before or not any(said for _, said in versions):
            return
        try:
            begun = (versions[0][0], entry_of(row.form, versions[0][1]))
            at = told_at(row, self.course, self.mapping, self.taking.zone, self.taking.now)
        except ValueError as problem:
            self._problem(row.place, f"{row.form}: {problem}")
            return
        self._versions(row, [begun, *versions[1:]], (row.form, None, None, row.repeat), at)

    def _encounter(self, row: Row, always: str) -> str | None:
        said = always or self.mapping.visits.get(row.event)
        if said is None:
            return None  # which is said of the file as a whole
        visit, mark, first = said.partition("#")
        return f"{visit}#{row.event_repeat + (int(first) - 1 if mark else 0)}"

    def _answers(self, version: Version, form: CompiledForm, lists: Lists) -> dict[str, Any]:
        """What one version says; of a list of rows, of which it may have changed a cell, the whole."""
        found = {}
        for item, cell in version.cells.items():
            goes = self.mapping.items.get(cell.name) or Goes(to=f"{form.name}.{item}")
            definition = definition_of(form.items, item)
            if definition is None:
                self._problem(cell.place, f"{cell.name}: {form.name} has no item {item!r} in this release")
                continue
            try:
                answer = answer_of(cell, definition, goes, self.mapping, self.taking.zone)
            except ValueError as problem:
                if self.mapping.unreadable == "refuse":
                    self._problem(cell.place, f"{cell.name}: {problem}")
                    continue
                answer = list(cell.ticked) if cell.ticked is not None else cell.text
            if answer is not None and is_cell(item):
                name = add_cell(item, answer, lists)
                found[name] = rows_of(lists[name])
            elif answer is not None:
                found[item] = answer
        return found

    def _time(self, row: Row, encounter: str) -> datetime | None:
        try:
            return filled_in_at(row, encounter, self.course, self.taking)
        except ValueError as problem:
            self._problem(row.place, f"{row.form}: {problem}")
            return None

    def _versions(
        self,
        row: Row,
        versions: Sequence[tuple[Version, dict[str, Any]]],
        place: tuple[str, str | None, str | None, int],
        at: datetime,
    ) -> None:
        name, encounter, _, _ = place
        base = previous = ""
        for number, (version, items) in enumerate(versions, start=1):
            made = self._entry(row, number, version, items, place, at, previous, base)
            kept = self.known.get(made.id[_TAIL:])
            if kept is not None:
                outcome, why, differ = self._again(kept, made)
            elif number == 1 and encounter is None:
                outcome, why, differ = self._first_of_list(made, items)
            elif number == 1:
                outcome, why, differ = self._first(made, _by_now(versions), row)
            else:
                outcome, why, differ = self._later(base, previous)
            self.done.told.append(Told(version.place, name, encounter or NOWHERE, outcome, why, differ))
            if outcome not in ("new", "there"):
                return  # nothing is put on top of what is in dispute
            self.done.rows.append(row_text(_named(row, number), encounter, version.removed, items))
            if outcome == "new":
                self._keep(made, row, number, version)
                if number == 1 and encounter is not None:
                    self.times.setdefault(encounter, []).append(at)
            previous = kept.id if kept is not None else made.id
            base = base or previous

    def _again(self, kept: Entry, made: Entry) -> tuple[Outcome, str, tuple[str, ...]]:
        """What was taken in before: the same, or the source says something else by now."""
        then, now = items_of(kept, self.taking.key), items_of(made, self.taking.key)
        differ = _differing(then, now)
        if kept.encounter != made.encounter:
            return "conflict", f"was taken in at {kept.encounter}", differ
        if differ or kept.kind != made.kind:
            return "conflict", "the source says something else than when it was taken in", differ
        return "there", "", ()

    def _first(self, made: Entry, items: Mapping[str, Any], row: Row) -> tuple[Outcome, str, tuple[str, ...]]:
        """A row that was never taken in, and says this by now: new, unless people filled in that form."""
        where = (made.encounter, made.timepoint, made.repeat)
        form = made.data.get("form", VITALS)
        disputed: list[tuple[str, tuple[str, ...]]] = []  # of several at one place one may be the same
        for one in self.course.effective:
            entry, kind = one.entry, KINDS.get(one.entry.kind)
            if kind is None or kind.form is None or kind.form(one.data) != form:
                continue
            if (entry.encounter, entry.timepoint, entry.repeat) == where:
                differ = tuple(
                    name for name in _differing(self._plain(one), items) if name not in row.withheld
                )
                if not differ:
                    return "typed", f"{entry.by} entered the same here", ()
                disputed.append((entry.by, differ))
        if disputed:
            return "conflict", f"{disputed[0][0]} entered it here", disputed[0][1]
        held = held_against(self.course, made.kind, made.encounter, None, self.taking.locked)
        if held is not None:
            return "held", held, ()
        visit = visit_of(made.encounter)
        begun = made.encounter in self.course.encounters
        if not begun and visit in self.release.visits and self.release.visits[visit].kind == "dosing":
            self._problem(
                row.place,
                f"{made.encounter} is a session with a dose that is not in the record: people enter it first",
            )
        return "new", "", ()

    def _first_of_list(self, made: Entry, items: Mapping[str, Any]) -> tuple[Outcome, str, tuple[str, ...]]:
        """A row that was never taken in: new, unless people entered the same event or medicine."""
        for one in self.course.effective:
            entry = one.entry
            if entry.kind != made.kind or entry.about is not None or one.id in self.own:
                continue
            theirs = self._plain(one)
            if is_same(made.kind, theirs, items):
                differ = _differing(theirs, items)
                if differ:
                    return "conflict", f"{entry.by} entered it here", differ
                return "typed", f"{entry.by} entered the same here", ()
        held = held_against(self.course, made.kind, None, None, self.taking.locked)
        return ("held", held, ()) if held is not None else ("new", "", ())

    def _later(self, base: str, previous: str) -> tuple[Outcome, str, tuple[str, ...]]:
        """A change that the source made: new, unless people changed or withdrew the same here."""
        if base not in self.standing:
            return (
                ("conflict", "it was withdrawn here", ()) if base[_TAIL:] in self.known else ("new", "", ())
            )
        last = self.standing[base].corrections
        if previous != (last[-1] if last else base) and previous[_TAIL:] in self.known:
            return "conflict", "it was changed here since", ()
        held = held_against(self.course, self.standing[base].entry.kind, None, base, self.taking.locked)
        return ("held", held, ()) if held is not None else ("new", "", ())

    def _plain(self, one: Effective) -> dict[str, Any]:
        nested = NESTED.get(one.entry.kind)
        said = one.data if nested is None else one.data.get(nested, {})
        return {
            name: unsealed(value, self.taking.key, one.origins.get(name, one.id), name)
            for name, value in said.items()
            if value is not None
        }

    def _entry(
        self,
        row: Row,
        number: int,
        version: Version,
        items: Mapping[str, Any],
        place: tuple[str, str | None, str | None, int],
        at: datetime,
        previous: str,
        base: str,
    ) -> Entry:
        form, encounter, timepoint, repeat = place
        bare = form == VITALS or encounter is None  # a list: the entry holds what the row says, and no form
        kind = "vital_signs" if form == VITALS else form if encounter is None else "form"
        kind = VOID if version.removed else kind
        data: dict[str, Any] = {}
        if not version.removed:
            data = dict(items) if bare else {"form": form, "items": dict(items)}
        reason = None
        if number > 1:
            reason = version.reason or UNTOLD
            at = changed_at(version, at, self.taking)
        return self._made(
            kind,
            data,
            at,
            (*_named(row, number), "entry"),
            encounter=encounter,
            timepoint=timepoint,
            repeat=repeat,
            replaces=previous or None,
            reason=reason,
        )

    def _keep(self, made: Entry, row: Row, number: int, version: Version) -> None:
        said = Imported(
            file=self.taking.file,
            system=self.mapping.source,
            place=version.place.replace(" ", ":"),
            record=row.record,
            event=row.event,
            form=row.form,
            event_repeat=row.event_repeat,
            repeat=row.repeat,
            version=number,
            at=version.at,
            entered=version.entered,
            by=version.by,
        )
        note = self._made(
            IMPORTED.name,
            msgspec.to_builtins(said),
            datetime.fromisoformat(made.occurred_at),
            (*_named(row, number), "note"),
            encounter=made.encounter,
            about=made.id,
        )
        self.done.entries += [made, note]

    def _visit(self, encounter: str) -> Iterable[Entry]:
        """The beginning and end of a visit that the record does not have; what a gate decides stays open."""
        if encounter in self.course.encounters:
            return
        times, kind = self.times[encounter], KINDS["encounter"]
        reason = "source_document"
        for status, at in (("started", min(times)), ("ended", max(times))):
            at += timedelta(milliseconds=status == "ended")
            made = self._made(
                kind.name, {"status": status}, at, (encounter, status), encounter=encounter, reason=reason
            )
            payload = msgspec.convert(made.data, Encounter)
            if kind.gated_act(self.course, made, payload, at) is None:
                yield made

    def _made(
        self, kind: str, data: dict[str, Any], at: datetime, named: tuple[Any, ...], **fields: Any
    ) -> Entry:
        """An entry whose id says to whoever has the participant's key which row it is of; to nobody else."""
        text = canonical([self.mapping.source, *named])
        drawn = hmac.new(self.taking.key, text, hashlib.sha256).digest()[:10]
        ledger = next(iter(self.course.entries)).ledger
        return Entry(
            id=uuid7(at, int.from_bytes(drawn)),
            ledger=ledger,
            kind=kind,
            release=self.release.id,
            environment=self.taking.environment,
            occurred_at=at.isoformat(),
            recorded_at=self.taking.now.astimezone(self.taking.zone).isoformat(),
            by=self.taking.by,
            role=self.taking.role,
            source="imported",
            data=data,
            **fields,
        )

    def _problem(self, place: str, text: str) -> None:
        self.done.problems.append(f"{place}: {text}")


def _named(row: Row, number: int) -> tuple[Any, ...]:
    return row.record, row.event, row.event_repeat, row.form, row.repeat, number


def _by_now(versions: Sequence[tuple[Version, Mapping[str, Any]]]) -> dict[str, Any]:
    """What the source says after all its changes; nothing where it took the form back."""
    found: dict[str, Any] = {}
    for version, items in versions:
        found = {} if version.removed else {**found, **items}
    return found


def _differing(one: Mapping[str, Any], other: Mapping[str, Any]) -> tuple[str, ...]:
    names = one.keys() | other.keys()
    return tuple(sorted(name for name in names if one.get(name) != other.get(name)))
