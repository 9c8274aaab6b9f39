"""One participant's timeline: visits in order, each with its window and with what was entered in it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, tzinfo

from django.utils.translation import gettext, gettext_lazy

from entact.conduct.access.called import people_called
from entact.conduct.account import Accounts
from entact.conduct.alerts import alerts_to_answer
from entact.conduct.chart import draw_session
from entact.conduct.forms.condition import with_condition
from entact.conduct.forms.place import release_of, visit_address
from entact.conduct.language.codes import code_words, item_title
from entact.conduct.reader import Folded, Reader, Standing
from entact.conduct.record.opened import Opener
from entact.conduct.sight import DOSING
from entact.conduct.statement import Fact
from entact.conduct.stops import (
    BETWEEN,
    EVERYTHING,
    OVER,
    DueShown,
    FindingShown,
    Reading,
    Stop,
    Timeline,
    begun_status,
    choose_written,
)
from entact.conduct.words import (
    day,
    moment,
    plainly,
    time_words,
    title_of_form,
    title_of_scope,
    title_of_visit,
    told,
    value,
    window,
    words,
)
from entact.course import Course, Due, Finding
from entact.course.entry.effective import Effective
from entact.course.kinds.form import form_of
from entact.course.state.encounter import EncounterState
from entact.course.state.form import VITALS, Answers
from entact.course.state.progress import zone_of
from entact.protocol import CompiledForm, Release
from entact.protocol.words.label import begun

CLOSED = Opener()
OF_ANSWERS = {
    "item": gettext_lazy("answer"),
    "unusual": gettext_lazy("unusual answer"),
}  # rules about one answer, as they are called
OPEN = "open"  # what a role is told of a visit that has not taken place, when it may not know why


def tell(
    reader: Reader, standing: Standing, folded: Folded, opener: Opener = CLOSED, opened: str = EVERYTHING
) -> Timeline:
    """The timeline of one participant, as the reader's role may see it.

    Args:
        opener: opens sealed texts. opened: what of a long one is written out (see `choose_written`).
    """
    return _Telling(reader, standing, folded, opener).tell(opened)


class _Telling:
    def __init__(self, reader: Reader, standing: Standing, folded: Folded, opener: Opener) -> None:
        self.reader = reader
        self.standing = standing
        self.course: Course = folded.course
        self.sight = reader.sight
        self.seen = folded.seen_by(reader.sight)
        self.zone: tzinfo = zone_of(self.course, reader.at)
        self.found = self.seen.findings(reader.at, folded.beside)
        self.by_entry: dict[str, list[str]] = {}
        for one in self.found:
            if one.holds:
                self.by_entry.setdefault(one.entry, []).append(self._plainly(one))
        self.accounts = Accounts(folded, self.seen, self.zone, self.by_entry, opener, people_called())
        self.inside: dict[int, list[Effective]] = {}

    def tell(self, opened: str) -> Timeline:
        visits = self.course.release.visits
        sees = self.sight.sees_visit
        dues = {due.visit: due for due in self.course.due(self.reader.at) if sees(due.visit)}
        encounters = {name: one for name, one in self.course.encounters.items() if sees(one.visit)}
        stops = {name: self._held(one, dues.get(one.visit)) for name, one in encounters.items()}
        held = {one.visit for one in encounters.values()}
        ahead, unreachable = [], []
        for due in dues.values():
            if due.visit in held or (due.status != "missed" and self._is_over()):
                continue
            if due.status == "not_reachable" and self.sight.sees_status:
                unreachable.append(title_of_visit(due.visit, visits))
            else:
                ahead.append(self._ahead(due))
        past = [*stops.values(), *(stop for stop in ahead if stop.status == "missed")]
        between = self._fill(stops)
        past = sorted([*past, *self._gathered(past, between)], key=lambda stop: stop.order)
        self._count(past, opened)
        choose_written(past, opened)
        self._write(past, {id(stop): encounters[name] for name, stop in stops.items()})
        behind = [entry for stop in past if not stop.written for entry in self._inside(stop)]
        unwritten = {name for one in behind for name in (one.id, *one.corrections)}
        return Timeline(
            standing=self.standing,
            facts=tuple(self._facts()),
            due=tuple(self._due(encounters.values(), dues, held)),
            stops=(*past, *(stop for stop in ahead if stop.status != "missed")),
            unreachable=tuple(unreachable),
            findings=tuple(self._finding(one, unwritten) for one in self.found),
            alerts=tuple(alerts_to_answer(self.seen)),
            withdrawn=tuple(self.accounts.withdrawn()),
            zone=str(self.zone),
        )

    def _due(
        self, encounters: Iterable[EncounterState], dues: dict[str, Due], held: set[str]
    ) -> Iterable[DueShown]:
        """Visits that were not ended, those that are due, and the next after them."""
        visits = self.course.release.visits
        for one in encounters:
            if one.status == "started":
                since = (
                    gettext("since {when}").format(when=moment(one.started, self.zone))
                    if one.started is not None
                    else ""
                )
                title = title_of_visit(one.visit, visits)
                yield DueShown(
                    title, begun_status(self.course, self.sight, one.visit), since, visit_address(one.id)
                )
        if not self.sight.sees_status or self._is_over():
            return
        ahead = [one for one in dues.values() if one.visit not in held and one.status in ("due", "expected")]
        ahead.sort(key=lambda one: _instant(one.closes or one.latest or one.earliest, self.zone))
        now = [one for one in ahead if one.status == "due"]
        for due in [*now, *[one for one in ahead if one.status == "expected"][:1]]:
            by = window(due, self.zone) or gettext("its days are not known yet")
            address = visit_address(f"{due.visit}#1")
            yield DueShown(title_of_visit(due.visit, visits), due.status, by, address)

    def _is_over(self) -> bool:
        """Whether nothing more can be due, as far as the role may know."""
        return self.sight.sees_status and self.course.status in OVER

    def _facts(self) -> Iterable[Fact]:
        course = self.course
        if course.erased is not None and course.erased.entry in self.seen.entries:
            when = moment(course.erased.at, self.zone)
            yield Fact(gettext("Erased"), gettext("what is personal, {when}").format(when=when))
        yield Fact(gettext("Site"), self.standing.site or gettext("unknown"))
        if self.sight.sees_status:
            yield Fact(gettext("Status"), code_words(course.status))
        if course.consent is not None:
            said = gettext("version {version}: {scopes}")
            yield Fact(
                gettext("Consent"),
                said.format(
                    version=course.consent.version,
                    scopes=_agreed_to(course.consent.scopes, course.release.file.consent),
                ),
            )
        if course.randomisation is not None:
            yield Fact(
                gettext("Randomised"),
                gettext("{when}, number {number}").format(
                    when=moment(course.randomisation.at, self.zone), number=course.randomisation.number
                ),
            )
        yield Fact(gettext("Release"), course.release.file.release)

    def _held(self, encounter: EncounterState, due: Due | None) -> Stop:
        """A visit that began, ended or was missed."""
        began = encounter.started or encounter.ended
        so_far = begun_status(self.course, self.sight, encounter.visit)
        status = {"started": so_far, "ended": "done"}.get(encounter.status, encounter.status)
        stop = self._stop(
            encounter.visit, status, due, _time(began, due, self.zone) or self._closed(encounter)
        )
        stop.contact = code_words(encounter.contact)
        if encounter.visit not in self.course.release.visits or encounter.id.partition("#")[2] not in (
            "",
            "1",
        ):
            stop.title = f"{stop.title} ({encounter.id.partition('#')[2]})"
        if began is not None:
            stop.when = moment(began, self.zone)
            if encounter.ended is not None and encounter.ended != began:
                same_day = encounter.ended.astimezone(self.zone).date() == began.astimezone(self.zone).date()
                ended = encounter.ended.astimezone(self.zone)
                stop.when += (
                    gettext(" to {ended}").format(ended=format(ended, "%H:%M"))
                    if same_day
                    else gettext(" to {when}").format(when=moment(ended, self.zone))
                )
        return stop

    def _chart(self, stop: Stop, encounter: str) -> None:
        """Draws vital signs and doses of a visit, and writes the former as a table."""
        readings = [
            one for one in self.course.vitals if one.encounter == encounter and one.entry in self.seen.entries
        ]
        if readings:
            doses = [one for one in self.course.doses if one.encounter == encounter]
            stop.chart = draw_session(readings, doses if self.sight.sees(DOSING) else ())
            stop.columns, stop.readings = self._table(readings)

    def _closed(self, encounter: EncounterState) -> datetime:
        """When it was noted that an encounter did not take place."""
        times = (one.at for one in self.course.effective if one.id in (encounter.closed, encounter.entry))
        return next(times, datetime.min.replace(tzinfo=UTC))

    def _ahead(self, due: Due) -> Stop:
        """A visit that has not taken place."""
        status = due.status if self.sight.sees_status or due.status == "missed" else OPEN
        last = due.closes or due.latest or due.earliest
        return self._stop(due.visit, status, due, _instant(last, self.zone))

    def _stop(self, name: str, status: str, due: Due | None, order: datetime) -> Stop:
        visits = self.course.release.visits
        visit = visits.get(name)
        stop = Stop(title_of_visit(name, visits), status, order)
        if due is not None:
            stop.window = window(due, self.zone)
            stop.target = day(due.target) if due.target is not None else ""
        if visit is not None:
            stop.kind = visit.kind
            hidden = [one for one in dict.fromkeys(visit.activities) if not self.sight.sees_activity(one)]
            stop.hidden = [self._title_of_activity(one) for one in hidden]
        return stop

    def _title_of_activity(self, name: str) -> str:
        form = self.course.release.forms.get(name)
        return title_of_form(form) if form is not None else item_title(name)

    def _fill(self, stops: dict[str, Stop]) -> list[Effective]:
        """Puts every entry that is seen into its encounter; returns those that belong to none."""
        between: list[Effective] = []
        for effective in self.course.effective:
            if effective.id in self.seen.entries:
                stop = stops.get(effective.entry.encounter or "") or self._around(effective.at, stops)
                (between if stop is None else self._inside(stop)).append(effective)
        return between

    def _inside(self, stop: Stop) -> list[Effective]:
        """The entries of a stop."""
        return self.inside.setdefault(id(stop), [])

    def _count(self, stops: Sequence[Stop], opened: str) -> None:
        """Says of each stop how much is in it, whether that needs a look, and whether it was asked for."""
        look = self.by_entry.keys() | {one.entry for one in self.course.alerts if self.seen.sees_alert(one)}
        for stop in stops:
            entries = self._inside(stop)
            stop.count = len(entries)
            stop.needs_look = any(one.id in look for one in entries)
            stop.is_corrected = any(one.corrections for one in entries)
            stop.is_asked = any(opened in (one.id, *one.corrections) for one in entries)

    def _write(self, stops: Sequence[Stop], encounters: Mapping[int, EncounterState]) -> None:
        """Writes the entries of each stop that is written out; what is found of a visit is its own."""
        charted = {one.entry for one in self.course.vitals}
        for stop in stops:
            encounter = encounters.get(id(stop))
            if encounter is not None and stop.written:
                self._chart(stop, encounter.id)
            entries = self._inside(stop)
            stop.opens = "" if stop.written else entries[0].id
            for effective in entries:
                is_visit = effective.entry.kind == "encounter" and encounter is not None
                if is_visit:
                    stop.flags += self.by_entry.get(effective.id, [])
                if not stop.written:
                    continue
                write = self.accounts.write_plainly if is_visit else self.accounts.write
                account = write(effective)
                plain = not (account.corrections or account.findings or account.alerts)
                if effective.id in charted and stop.readings and plain:
                    continue  # it is a row of the table already
                stop.readings = tuple(
                    replace(one, anchor="") if one.anchor == account.anchor else one for one in stop.readings
                )  # links lead to where all is said
                stop.accounts.append(account)

    def _around(self, at: datetime, stops: dict[str, Stop]) -> Stop | None:
        """The encounter that was under way at a time."""
        for encounter in self.course.encounters.values():
            began, ended = encounter.started, encounter.ended
            if began is not None and ended is not None and began <= at <= ended:
                return stops[encounter.id]
        return None

    def _gathered(self, past: Sequence[Stop], between: Iterable[Effective]) -> list[Stop]:
        """What was entered outside visits, one stop for each gap between two of them."""
        starts = sorted(stop.order for stop in past)
        gaps: dict[int, Stop] = {}
        for effective in between:
            gap = sum(start <= effective.at for start in starts)
            if gap not in gaps:
                gaps[gap] = Stop(gettext("Between visits"), BETWEEN, effective.at)
            self._inside(gaps[gap]).append(effective)
        return list(gaps.values())

    def _table(self, readings: Sequence[Answers]) -> tuple[tuple[str, ...], tuple[Reading, ...]]:
        form = self.course.release.forms.get(VITALS)
        said = dict.fromkeys(name for one in readings for name in one.items)
        names = [*(name for name in form.items if name in said)] if form is not None else [*said]
        names += [name for name in said if name not in names]  # what the form no longer has
        rows = tuple(
            Reading(
                self.accounts.anchor_of(one.entry),
                f"{one.at.astimezone(self.zone):%H:%M}",
                time_words(one.timepoint or ""),
                tuple(value(one.items.get(name)) for name in names),
                self.accounts.places_of(one.entry),
            )
            for one in readings
        )
        return tuple(begun(code_words(name)) for name in names), rows

    def _finding(self, found: Finding, unwritten: set[str]) -> FindingShown:
        anchor = self.accounts.anchor_of(found.entry) if found.entry else ""
        said, of_item = self._plainly(found), self._item_of(found)
        rule = str(OF_ANSWERS.get(found.rule) or code_words(found.rule))
        opens = found.entry if found.entry in unwritten else ""
        return FindingShown(f"{of_item} {said}" if of_item else said, rule, anchor, found.holds, opens)

    def _item_of(self, found: Finding) -> str:
        """Form and item that an answer's finding is about, for a list in which neither stands beside it."""
        of_answer = self._form_of(found)
        if of_answer is None:
            return ""
        form = of_answer[1]
        item = form.items.get(found.item.partition(".")[0])
        title = item.title if item is not None else ""
        return f"{title_of_form(form)}: {told(title) if title else words(found.item)}"

    def _form_of(self, found: Finding) -> tuple[Release, CompiledForm] | None:
        """The form that an answer's finding is about, and its release; None of other findings."""
        entry = next((one for one in self.course.effective if one.id == found.entry), None)
        if found.rule not in OF_ANSWERS or entry is None:
            return None
        release = release_of(self.course, entry)
        form = release.forms.get(form_of(entry) or "")
        return None if form is None else (release, form)

    def _plainly(self, found: Finding) -> str:
        release, of_answer = self.course.release, self._form_of(found)
        message = with_condition(found.message, *of_answer, found.item) if of_answer else found.message
        return plainly(message, release.visits, self.zone, release.forms)


def _agreed_to(scopes: Mapping[str, bool], asked_for: Mapping[str, str]) -> str:
    """What a consent allows of all that is asked for, in few words: what it does not allow, by name."""
    given = [name for name, yes in scopes.items() if yes]
    lacking = [title_of_scope(name, asked_for) for name in {**asked_for, **scopes} if name not in given]
    if not given:
        return gettext("nothing")
    return (
        gettext("all but {scopes}").format(scopes="; ".join(lacking))
        if lacking
        else gettext("everything it asks for")
    )


def _time(began: datetime | None, due: Due | None, zone: tzinfo) -> datetime | None:
    if began is not None:
        return began
    last = (due.closes or due.latest or due.earliest) if due is not None else None
    return None if last is None else _instant(last, zone)


def _instant(when: datetime | date | None, zone: tzinfo) -> datetime:
    if when is None:
        return datetime.max.replace(tzinfo=UTC)
    return when if isinstance(when, datetime) else datetime.combine(when, time.min, zone)
