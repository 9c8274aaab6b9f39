"""How far each visit is: one cell for every form and act, for one visit and for all of a participant."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo
from typing import Final, Literal, get_args, get_type_hints

from django.utils.translation import gettext, gettext_lazy

from entact.conduct.forms.page import ABSENT
from entact.conduct.forms.place import Place, form_at, is_of_each, items_in, own_place, placed, visit_address
from entact.conduct.language.codes import code_words
from entact.conduct.reader import Folded
from entact.conduct.sight import SeenCourse
from entact.conduct.stops import begun_status
from entact.conduct.words import moment, time_words, title_of_form, title_of_visit, window, words
from entact.course import Course, Due
from entact.course.entry.effective import Effective
from entact.course.found.attested import standing_signatures
from entact.course.found.verified import verified_in
from entact.course.kinds import KINDS
from entact.course.kinds.asked import ASKED_NONE, AskedNone
from entact.course.kinds.query import QueryState, queries_of
from entact.course.state.encounter import UNSCHEDULED, EncounterState
from entact.course.state.form import VITALS
from entact.protocol import CompiledForm

Status = Literal[
    "not_due",
    "due",
    "overdue",
    "partly",
    "complete",
    "none_entered",
    "asked_none",
    "not_done",
    "query",
    "verified",
    "signed",
    "frozen",
    "unreachable",
]

# Lists of which an entry is only made when there is one: that there was none is said by itself.
NONE_OF: Final = get_args(get_type_hints(AskedNone)["of"])

# Nothing is asked of whoever does not come to them, which is not to say that they took place.
_ONE_AFTER_ANOTHER: Final = frozenset({"enrolment", "randomisation", "assignment"})

# A sign for each, so that nobody needs the colour; the words stand beside it for who hears the page.
SIGNS: Final[Mapping[Status, str]] = {
    "not_due": "·",
    "due": "○",
    "overdue": "!",
    "partly": "◐",
    "complete": "●",
    "none_entered": "∅",
    "asked_none": "⊙",
    "not_done": "⊘",
    "query": "?",
    "verified": "☑",
    "signed": "✓",
    "frozen": "❄",
    "unreachable": "–",
}
STATUS_WORDS: Final[Mapping[Status, str]] = {
    "not_due": gettext_lazy("not due yet"),
    "due": gettext_lazy("due"),
    "overdue": gettext_lazy("overdue"),
    "partly": gettext_lazy("partly filled in"),
    "complete": gettext_lazy("complete"),
    "none_entered": gettext_lazy("none entered"),
    "asked_none": gettext_lazy("asked: none"),
    "not_done": gettext_lazy("not done"),
    "query": gettext_lazy("open query"),
    "verified": gettext_lazy("verified"),
    "signed": gettext_lazy("signed"),
    "frozen": gettext_lazy("frozen"),
    "unreachable": gettext_lazy("no longer reachable"),
}


@dataclass(frozen=True)
class Cell:
    """One form or act at one visit: how far it is, and where it is filled in: a form, or a kind of entry."""

    name: str
    title: str
    status: Status
    form: str = ""
    time: str = ""
    repeat: int = 1
    visit: str = ""
    kind: str = ""
    to_verify: bool = False
    asks_none: bool = False  # whether it can be said that there was nothing to enter

    @property
    def time_words(self) -> str:
        """The time within the visit as people say it."""
        return time_words(self.time)

    @property
    def sign(self) -> str:
        """The sign of its status."""
        return SIGNS[self.status]

    @property
    def words(self) -> str:
        """Its status as people say it."""
        return str(STATUS_WORDS[self.status])


@dataclass(frozen=True)
class VisitShown:
    """One visit: its name in addresses, when it is due or took place, and its cells.

    Attributes:
        encounter: the last one, or the one that would begin. state: not begun, under way, ended, missed.
        more: what this participant's forms are beyond those planned (of an unscheduled visit, all of them).
    """

    address: str
    encounter: str
    title: str
    state: str
    when: str
    window: str
    kind: str
    cells: tuple[Cell, ...]
    more: tuple[tuple[str, str], ...] = ()

    @property
    def state_words(self) -> str:
        """The state as people say it."""
        return code_words(self.state)


@dataclass(frozen=True)
class Matrix:
    """A participant's forms by visit: a row for each form, a column for each visit that can still be or was.

    Attributes:
        rows: title, and a cell or None for each visit.
    """

    visits: tuple[VisitShown, ...]
    rows: tuple[tuple[str, tuple[Cell | None, ...]], ...]


class Visits:
    """The visits of one participant, as a role sees them.

    Args:
        at: now. zone: the site's clock. to_verify: entries that a monitor is to verify; of nobody else's.
        person, enters: who looks, and which forms they fill in: of those that each answers for themselves
            they are shown their own alone.
    """

    def __init__(
        self,
        folded: Folded,
        seen: SeenCourse,
        at: datetime,
        zone: tzinfo,
        to_verify: frozenset[str] = frozenset(),
        person: str = "",
        enters: Callable[[str], bool] = lambda form: False,
    ) -> None:
        self.to_verify = to_verify
        self.person, self.enters = person, enters
        self.course: Course = folded.course
        self.seen, self.at, self.zone = seen, at, zone
        self.filled: dict[Place, list[Effective]] = {}
        for one in self.course.effective:
            form = _form_of(one)
            if form is not None and one.id in seen.entries:
                self.filled.setdefault(placed(form, one), []).append(one)
        self.dues = {due.visit: due for due in self.course.due(at)}
        self.open: dict[str, list[QueryState]] = {}
        for query in queries_of(self.course):
            if query.status != "closed" and query.entry in seen.entries:
                self.open.setdefault(query.about, []).append(query)
        closed = {
            (query.rule, query.about, query.item)
            for query in queries_of(self.course)
            if query.status == "closed" and query.rule
        }
        # What cannot be so: what is only unusual, or not answered yet, is no question.
        self.doubted = {
            one.entry
            for one in seen.findings(at, folded.beside)
            if one.holds
            and one.rule == "item"
            and not one.message.startswith(ABSENT)
            and (one.rule, one.entry, one.item) not in closed
        }
        self.signed = standing_signatures(self.course).keys()
        self.verified = {name for name, one in verified_in(self.course).items() if one.whole}

    def all(self) -> Iterator[VisitShown]:
        """Every visit that the role sees, planned ones in the order of the schedule, then the others."""
        for name in self.course.release.visits_of(self.course.population, self.course.tracks):
            if self.seen.sight.sees_visit(name):
                held = [one for one in self.course.encounters.values() if one.visit == name]
                for encounter in [one.id for one in held] or [f"{name}#1"]:
                    yield self.one(encounter)
        for one in self.course.encounters.values():
            if one.visit == UNSCHEDULED:
                yield self.one(one.id)

    def matrix(self) -> Matrix:
        """All forms and acts by visit."""
        visits = tuple(self.all())
        titles: dict[str, str] = {}
        for visit in visits:
            for cell in visit.cells:
                titles.setdefault(cell.name, cell.title)
        rows = []
        for name, title in titles.items():
            found = [_worst([cell for cell in visit.cells if cell.name == name]) for visit in visits]
            rows.append((title, tuple(found)))
        return Matrix(visits, tuple(rows))

    def _state(self, held: EncounterState | None) -> str:
        if held is None or held.status != "started":
            return "not_begun" if held is None else held.status
        return begun_status(self.course, self.seen.sight, held.visit)

    def one(self, encounter: str) -> VisitShown:
        """One visit."""
        name = encounter.partition("#")[0]
        visits = self.course.release.visits
        held, due, visit = self.course.encounters.get(encounter), self.dues.get(name), visits.get(name)
        repeat = encounter.partition("#")[2]
        title = title_of_visit(name, visits) + (f" ({repeat})" if repeat != "1" else "")
        cells = tuple(self._cells(encounter, held, due))
        planned = {cell.name for cell in cells}
        return VisitShown(
            address=visit_address(encounter),
            encounter=encounter,
            title=title,
            state=self._state(held),
            when=_when(held, self.zone),
            window=window(due, self.zone) if due is not None else "",
            kind=visit.kind if visit is not None else UNSCHEDULED,
            cells=cells,
            more=tuple(
                (form, title_of_form(compiled))
                for form, compiled in self.course.release.forms.items()
                if form not in planned and self.seen.sight.sees_form(form)
            )
            if visit is None
            else (),
        )

    def _cells(self, encounter: str, held: EncounterState | None, due: Due | None) -> Iterator[Cell]:
        visit = self.course.release.visits.get(encounter.partition("#")[0])
        forms = self.course.release.forms
        timed: dict[str, list[str]] = {}
        for reading in visit.timed if visit is not None else ():
            timed.setdefault(reading.do, []).extend(reading.at)
        met = set()
        for name in dict.fromkeys(visit.activities) if visit is not None else ():
            if not self.seen.sight.sees_activity(name):
                continue
            form = VITALS if name == "vital_signs" else name
            if form not in forms:
                status = self._of_act(name, encounter, held, due)
                kind = next((one.name for one in KINDS.values() if one.activity == name), "")
                asks_none = name in NONE_OF and held is not None and held.status in ("started", "ended")
                yield Cell(
                    name,
                    gettext(words(name)),
                    status,
                    visit=visit_address(encounter),
                    kind=kind,
                    asks_none=asks_none and status in ("due", "overdue", "none_entered"),
                )
                continue
            title = title_of_form(forms[form])
            for time in timed.get(name) or [""]:
                place = Place(form, encounter, time or None)
                if self._is_own(form):
                    place = own_place(self.course, place, self.person)
                met.add(place)
                status, waits = self._of_form(place, held, due), self._waits(place)
                yield Cell(name, title, status, form, time, place.repeat, place.visit, to_verify=waits)
        for place in self._also(encounter):
            if (
                place not in met
                and not self._is_own(place.form)
                and place.form in forms
                and self.seen.sight.sees_form(place.form)
            ):
                title, status = title_of_form(forms[place.form]), self._of_form(place, held, due)
                time, waits = place.timepoint or "", self._waits(place)
                yield Cell(
                    place.form, title, status, place.form, time, place.repeat, place.visit, to_verify=waits
                )

    def _is_own(self, form: str) -> bool:
        """Whether whoever looks answers a form for themselves, and is shown nobody else's answers."""
        return is_of_each(self.course, form) and self.enters(form)

    def _waits(self, place: Place) -> bool:
        """Whether something that stands there is to be verified."""
        return any(one.id in self.to_verify for one in self.filled.get(place, ()))

    def _also(self, encounter: str) -> Iterator[Place]:
        """Where forms were filled in at a visit, planned or not."""
        return (place for place in self.filled if place.encounter == encounter)

    def _of_form(self, place: Place, held: EncounterState | None, due: Due | None) -> Status:
        filled = self.filled.get(place, [])
        if not filled:
            return self._blank(held, due)
        last = filled[-1]
        if any(one.id in self.open or one.id in self.doubted for one in filled):
            return "query"
        if place.encounter in self.course.frozen or "" in self.course.frozen:
            return "frozen"
        if last.id in self.signed:
            return "signed"
        if last.id in self.verified:
            return "verified"
        if last.data.get("status") == "not_done":
            return "not_done"
        form = form_at(self.course, place, last)
        around = self.course.values(place.encounter, self.at)
        return "partly" if form is None or _is_partly(form, items_in(last), around) else "complete"

    def _of_act(self, name: str, encounter: str, held: EncounterState | None, due: Due | None) -> Status:
        kind = next((one for one in KINDS.values() if one.activity == name), None)
        if kind is not None and kind.done is not None and held is not None:
            if not kind.done(self.course, encounter):
                return self._blank(held, due)
            if name in _ONE_AFTER_ANOTHER and getattr(self.course, name) is None:
                return "unreachable" if held.status == "ended" else "not_due"
            return "complete"
        if kind is not None and kind.done is None and held is not None:
            # An entry is only made when there is one: without any, nobody knows whether one was asked for.
            own = [
                one
                for one in self.course.effective
                if one.entry.encounter == encounter and one.id in self.seen.entries
            ]
            if any(one.entry.kind == kind.name for one in own) and held.status == "ended":
                return "complete"
            if any(one.entry.kind == ASKED_NONE.name and one.data.get("of") == name for one in own):
                return "asked_none"
            if held.status == "ended":
                return "none_entered"
        return self._blank(held, due)

    def _blank(self, held: EncounterState | None, due: Due | None) -> Status:
        """Nothing stands there."""
        if held is not None and held.status == "started" and self._has_died():
            return "unreachable"
        if held is not None:
            return {"missed": "not_done", "ended": "overdue"}.get(held.status, "due")  # type: ignore[return-value]
        if due is None or not self.seen.sight.sees_status:
            return "not_due"
        known: dict[str, Status] = {
            "due": "due",
            "missed": "overdue",
            "not_reachable": "unreachable",
        }
        return known.get(due.status, "not_due")

    def _has_died(self) -> bool:
        """Whether the participant has died, as far as the role may know."""
        return self.seen.sight.sees_status and self.course.died is not None


def _form_of(effective: Effective) -> str | None:
    kind = KINDS.get(effective.entry.kind)
    return kind.form(effective.data) if kind is not None and kind.form is not None else None


def _is_partly(form: CompiledForm, items: Mapping[str, object], around: Mapping[str, object]) -> bool:
    """Whether an item that is asked has no answer, nor a word on why it has none."""
    found = form.read(items, around)
    asked = [name for name, item in form.items.items() if item.required and item.is_entered]
    return any(items.get(name) is None and form.is_asked(name, found.values, around) for name in asked)


_RANK: Final[tuple[Status, ...]] = (
    *("query", "overdue", "partly", "due", "not_due", "unreachable", "not_done"),
    *("none_entered", "asked_none", "complete", "verified", "signed", "frozen"),
)


def _worst(cells: list[Cell]) -> Cell | None:
    """Of several times at one visit the one that needs a look first."""
    worst = min(cells, key=lambda one: _RANK.index(one.status), default=None)
    waits = any(one.to_verify for one in cells)
    return replace(worst, to_verify=waits) if worst is not None and waits else worst


def _when(held: EncounterState | None, zone: tzinfo) -> str:
    began = None if held is None else held.started or held.ended
    if held is None or began is None:
        return ""
    ended = (
        gettext(" to {time}").format(time=format(held.ended.astimezone(zone), "%H:%M"))
        if held.ended is not None
        else ""
    )
    return f"{moment(began, zone)}{ended}"
