"""What an entry or a finding tells of, as names that a reader has to be allowed to see, whoever that is.

The study file says what a role does not see. That is asked on two sides: pages show what a role may see, and
lists leave out the rest in the database. Both ask here, so that they cannot differ. When it is not clear what
an entry is about, it tells of something `unsure`, which only those see who see everything.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from copy import copy
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from entact.course.entry.effective import VOID
from entact.course.entry.versions import DECIDED
from entact.course.gates.core import ACTS
from entact.course.kinds import KINDS
from entact.course.kinds.kind import ALLOCATION, BY_ALERT, BY_ENTRY, BY_FORM, BY_GATE, UNSURE, Kind
from entact.course.state.encounter import visit_of
from entact.protocol.core_alerts import CORE_ALERTS

if TYPE_CHECKING:
    from entact.course.entry import Entry
from entact.protocol.release import Release

CRITERIA: Final = "criteria"  # of eligibility, one by one
SCHEDULE: Final = "schedule"
ANSWERS: Final = "answers:"  # begins what one person answered on a form that each of several answers
OWN_ALONE: Final = "own_alone:"  # begins what is hidden of a form of which a person sees their own answers

Names = frozenset[str]

_ACTIVITIES = {kind.activity: kind for kind in KINDS.values() if kind.activity is not None}
_BY_WHAT = frozenset({BY_FORM, BY_ALERT, BY_GATE})  # classes that depend on what an entry is about


def class_named(name: str) -> str:
    """The name of a class of data (`dosing`)."""
    return f"class:{name}"


def form_named(name: str) -> str:
    """The name of what is asked on a form."""
    return f"form:{name}"


def visit_named(name: str) -> str:
    """The name of having a visit."""
    return f"visit:{name}"


def alert_named(name: str) -> str:
    """The name of what an alert is computed from."""
    return f"alert:{name}"


def gate_named(name: str) -> str:
    """The name of all that a gate asks."""
    return f"gate:{name}"


def answers_named(form: str, person: str) -> str:
    """The name of what one person answered on a form that each of several answers for themselves."""
    return f"{ANSWERS}{form}:{person}"


def own_alone_named(form: str, person: str) -> str:
    """What is hidden from a person: of a form that each answers, the answers of everybody but them."""
    return f"{OWN_ALONE}{form}:{person}"


class _Family(NamedTuple):
    """An entry with all that corrects, withdraws or decides it: they are seen together or not at all.

    Attributes:
        members: their ids, those too that have not arrived. names: what those that have say of themselves.
        about: entries that have to be seen as well.
    """

    members: frozenset[str]
    names: Names
    about: frozenset[str]


class Disclosure:
    """What the entries of one ledger tell of, and what is found in them.

    Args:
        releases: all of the study's: what one of them knows is known.
    Attributes:
        turns: how often what was said of entries and findings became another; unchanged, it still holds.
    """

    def __init__(self, releases: Iterable[Release]) -> None:
        self.turns = 0
        self._releases = tuple(releases)
        self._visits = {name for release in self._releases for name in release.visits}
        told_of = {name for release in self._releases for name in release.told_of}
        self._known_to_all = frozenset(map(visit_named, self._visits - told_of))
        self._forms = {name for release in self._releases for name in release.file.all_forms}
        self._of_each = {name for release in self._releases for name in release.of_each}
        self._gates = {name for release in self._releases for name in release.gates}
        self._alerts = {name for release in self._releases for name in release.alerts} | CORE_ALERTS.keys()
        self._kinds: dict[str, frozenset[tuple[str, str]]] = {}  # of each entry's versions, with the form
        self._families: dict[str, _Family] = {}
        self._awaited: set[str] = set()  # what has to be seen too, and may not have arrived
        self._known: dict[tuple[str, str], Names] = {}  # findings, by id and message
        self._told: dict[str, Names] = {}  # what entries tell of that somebody has asked for

    def copied(self) -> Disclosure:
        """The same, to which more can be added while this one stays as it is."""
        more = copy(self)
        more._kinds, more._families = dict(self._kinds), dict(self._families)
        more._awaited, more._known, more._told = set(self._awaited), dict(self._known), dict(self._told)
        return more

    @property
    def entries(self) -> Iterable[str]:
        """The ids of all entries."""
        return self._kinds.keys()

    def add(self, entry: Entry) -> None:
        """Takes an entry into account, or one more version of it."""
        joined = {entry.id}
        if entry.replaces is not None:
            joined.add(entry.replaces)
        if entry.kind == DECIDED and entry.about is not None:
            joined.add(entry.about)
        # A finding that stands may be about this entry already: by its family, or because it names it.
        if len(joined) > 1 or entry.id in self._families or self._is_named(entry.id):
            self._known.clear()
            self._told.clear()
            self.turns += 1
        self._told.pop(entry.id, None)  # asked for before it was there
        form = entry.data.get("form")
        told = entry.kind, form if isinstance(form, str) else ""
        self._kinds[entry.id] = self._kinds.get(entry.id, frozenset()) | {told}
        names, about = set(self._of_entry(entry)), set[str]()
        kind = KINDS.get(entry.kind)
        if kind is not None and kind.tells & {BY_ALERT, BY_ENTRY}:
            named = entry.data.get("entry") if BY_ENTRY in kind.tells else None
            about = {one for one in (entry.about, named) if isinstance(one, str)}
            if not about and entry.replaces is None:
                names.add(UNSURE)
            self._awaited |= about
        self._join(joined, names, about)

    def kind_of(self, entry: str) -> tuple[str, str]:
        """Kind and form of an entry; of versions that differ in that, and of what is unknown, nothing."""
        told = self._kinds.get(entry, frozenset())
        return next(iter(told)) if len(told) == 1 else ("", "")

    def of_entry(self, entry: str) -> Names:
        """What an entry tells of, with all its versions, corrections and what it answers."""
        names = self._told.get(entry)
        if names is None:
            names = self._told[entry] = frozenset(self._of_families(entry))
        return names

    def hidden_with(self, entry: str) -> Names:
        """What an entry tells of, but visits of which everybody knows: by the rest it is hidden or seen."""
        return self.of_entry(entry) - self._known_to_all

    def _of_families(self, entry: str) -> set[str]:
        names: set[str] = set()
        waiting, met = [entry], set()
        while waiting:
            family = self._families.get(waiting.pop())
            if family is None:
                names.add(UNSURE)
            elif id(family) not in met:
                met.add(id(family))
                names |= family.names
                waiting += family.about
                if not family.members <= self._kinds.keys():
                    names.add(UNSURE)
        return names

    def of_finding(self, finding: str, rule: str, entry: str, item: str, message: str) -> Names:
        """What a finding tells of: its entry, and all that it names.

        Args:
            finding, rule, entry, item, message: as it says them.
        """
        known = self._known.get((finding, message))
        if known is None:
            known = frozenset(self._of_finding(rule, entry, item, message))
            self._known[finding, message] = known
        return known

    def of_activity(self, name: str) -> Names:
        """What is told by having something planned under this name: a form, or an activity of the engine."""
        return frozenset(self._of_activity(name))

    def of_alert(self, alert: object) -> str:
        """What an alert tells of."""
        return alert_named(alert) if isinstance(alert, str) and alert in self._alerts else UNSURE

    def _is_named(self, entry: str) -> bool:
        named = any(entry in message or entry in finding for finding, message in self._known)
        return named or entry in self._awaited

    def _join(self, members: set[str], names: set[str], about: set[str]) -> None:
        """Makes one family of some entries, and of those that they are of."""
        for known in {id(known): known for one in members if (known := self._families.get(one))}.values():
            members |= known.members
            names |= known.names
            about |= known.about
        family = _Family(frozenset(members), frozenset(names), frozenset(about))
        for one in members:
            self._families[one] = family

    def _of_entry(self, entry: Entry) -> Iterator[str]:
        visit = visit_of(entry.encounter)
        if visit in self._visits:
            yield visit_named(visit)
        if entry.kind == VOID:
            if entry.replaces is None:
                yield UNSURE
            return
        if entry.kind == DECIDED:  # it is seen with the entry of which it decides
            if entry.about is None:
                yield UNSURE
            return
        kind = KINDS.get(entry.kind)
        if kind is None:
            yield UNSURE
            return
        form = kind.form(entry.data) if kind.form is not None and entry.replaces is None else None
        if form in self._of_each:
            yield answers_named(form, entry.by)
        by_source = entry.replaces is not None and not _says_of_what(kind, entry.data)
        yield from self._of_kind(kind, entry.data, kind.tells - _BY_WHAT if by_source else kind.tells)

    def _of_kind(self, kind: Kind, data: Mapping[str, Any], tells: Iterable[str]) -> Iterator[str]:
        for told in tells:
            if told == BY_FORM:
                form = kind.form(data) if kind.form is not None else None
                yield form_named(form) if form in self._forms else UNSURE
            elif told == BY_ALERT:
                yield self.of_alert(data.get("alert"))
            elif told == BY_GATE:
                yield from self._of_gate(str(data.get("requirement")).partition(".")[0])
            elif told == BY_ENTRY:  # `about` of its family; its item may name what is not there
                yield from self._named(str(data.get("item") or ""))
            else:
                yield UNSURE if told == UNSURE else class_named(told)
        if kind.tells_more is not None:
            yield from map(class_named, kind.tells_more(data))

    def _of_gate(self, name: str) -> Iterator[str]:
        yield class_named(SCHEDULE)  # who is let in is schedule, whatever is asked
        if name in self._gates:
            yield gate_named(name)

    def _of_activity(self, name: str) -> Iterator[str]:
        kind = _ACTIVITIES.get(name)
        if name in self._forms:
            yield form_named(name)
        elif kind is None:
            yield UNSURE
        elif ALLOCATION in kind.tells:  # that it is planned, and took place, tells nobody's arm
            yield class_named(SCHEDULE)
        else:
            yield from self._of_kind(kind, {}, kind.tells)

    def _of_finding(self, rule: str, entry: str, item: str, message: str) -> Iterator[str]:
        if entry:
            yield from self.of_entry(entry)
        if rule.startswith("criterion") or rule == "unknown_criterion":
            yield CRITERIA
            return
        if rule == "activity_missing":
            yield from self._of_activity(item)
        if rule == "reading_missing":
            yield from self._of_activity(item.partition(" ")[0])
        if "gate" in rule or "override" in rule:
            for name, _ in self._kinds.get(entry, ()):
                for act in KINDS[name].acts if name in KINDS else ():
                    yield from self._of_gate(ACTS[act].gate)
        if rule.startswith("alert"):
            yield self.of_alert(item)
        told = f"{item} {message}"
        yield from self._named(told)
        for other in self._kinds:
            if other in told and other != entry:
                yield from self.of_entry(other)

    def _named(self, text: str) -> Iterator[str]:
        """The forms and visits that a text names."""
        yield from (form_named(name) for name in self._forms if name in text)
        yield from (visit_named(name) for name in self._visits if name in text)


def _says_of_what(kind: Kind, data: Mapping[str, Any]) -> bool:
    """Whether a correction says itself what form it is of, what alert it answers or gate it is about."""
    if BY_FORM in kind.tells:
        return kind.form is None or kind.form(data) is not None or "form" in data
    if BY_GATE in kind.tells:
        return "requirement" in data
    return BY_ALERT not in kind.tells or "alert" in data
