"""What a role may see: the study file's blinding table, as questions about entries, rules and findings.

Whatever a role does not see is not rendered, and neither is what follows from it. When it is not clear what
an entry is about, it is hidden.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from copy import copy
from datetime import datetime
from functools import cached_property

from entact.conduct.error import ConductError
from entact.course import AlertEpisode, Course, Finding, findings
from entact.course.disclosure import (
    CRITERIA,
    SCHEDULE,
    Disclosure,
    Names,
    alert_named,
    answers_named,
    class_named,
    form_named,
    gate_named,
    own_alone_named,
    visit_named,
)
from entact.course.kinds.blinding import guessers_at
from entact.course.kinds.kind import ALLOCATION, UNSURE
from entact.protocol import Release, Study
from entact.protocol.core_alerts import CORE_ALERTS
from entact.protocol.rule import Rule
from entact.protocol.study.arms import Period

PARTICIPANT = "participant"

DOSING, EVENTS, GUESSES = "dosing", "adverse_events", "guesses"

# No study file has to name it: gives roles to people, and sees nobody by that.
OWNER, NEVER = "owner", "never"

_CLASS_OF_CALL = {"given": DOSING, "elapsed": DOSING, "doses": DOSING, "present": SCHEDULE}


class Sight:
    """What one role may see of one study, over all of its releases: what one of them hides, stays hidden.

    Args:
        study: all releases. role: a name of its roles. period: how far the study is: what is hidden until the
            lock is seen once it is locked, and the allocation once its list is opened after that.
    Attributes:
        role, title: the role's name, and what the study file says of it.
        hidden: class of data -> until when. Who is asked for a guess sees none until the lock, whatever the
            study file says: whoever knows a colleague's has none of their own.
        own_alone: forms that each of this role answers for themselves: until the lock a person sees their own
            answers, and no colleague's.
        person: whose own answers are seen; nobody's where none is said (`of`).
    Raises:
        ConductError: when the study has no such role, or it is the participants' own.
    """

    def __init__(self, study: Study, role: str, period: Period = "running") -> None:
        require_role(study, role)
        self.role = role
        self.title = next(
            (one.file.roles[role] for one in reversed(study.releases) if role in one.file.roles), role
        )
        self.hidden: dict[str, str] = {} if period == "unblinded" else {ALLOCATION: "lock"}
        self.hidden |= dict.fromkeys(_classes(study), NEVER) if role == OWNER else {}
        if period == "running" and any(role in _guessers(release) for release in study.releases):
            self.hidden[GUESSES] = "lock"
        for release in study.releases:
            for row in release.file.blinding:
                if row.role == role:
                    self.hidden.update(dict.fromkeys(row.hides(period), row.until))
        if period == "locked" and self.hidden.get(ALLOCATION) != NEVER:
            self.hidden[ALLOCATION] = "unblinding"
        self.releases = study.releases
        self.own_alone = frozenset(
            name
            for release in study.releases
            for name in release.of_each
            if period == "running" and release.forms[name].form.by == role
        )
        self.person = ""
        self.sees_everything = set(self.hidden) <= {ALLOCATION} and not self.own_alone
        self._disclosure = Disclosure(study.releases)
        self._own: dict[str, Sight] = {}
        self._seen: dict[Names, bool] = {}

    def of(self, person: str) -> Sight:
        """The same, of one person: of what each answers for themselves they see their own answers."""
        if not self.own_alone:
            return self
        own = self._own.get(person)
        if own is None:
            own = copy(self)
            own.__dict__.pop("hidden_names", None)
            own.person, own._seen = person, {}
            self._own[person] = own
        return own

    @cached_property
    def hidden_names(self) -> Names:
        """All that the role does not see, under the names by which entries and findings tell of it."""
        return frozenset(self._hidden_names())

    def sees_names(self, names: Names) -> bool:
        """Whether all that an entry or a finding tells of is visible (see `entact.course.disclosure`)."""
        seen = self._seen.get(names)
        if seen is None:
            seen = self.hidden_names.isdisjoint(names) and not any(map(self._is_anothers, names))
            self._seen[names] = seen
        return seen

    def _is_anothers(self, name: str) -> bool:
        """Whether a name is of what another person answered for themselves."""
        return any(
            name.startswith(answers_named(form, "")) and name != answers_named(form, self.person)
            for form in self.own_alone
        )

    def _hidden_names(self) -> Iterator[str]:
        yield from map(class_named, self.hidden)
        yield from (own_alone_named(form, self.person) for form in self.own_alone)
        for release in self.releases:
            yield from (form_named(name) for name in release.file.all_forms if not self.sees_form(name))
            yield from (visit_named(name) for name in release.visits if not self.sees_visit(name))
            yield from (alert_named(name) for name in release.alerts if not self.sees_alert(name))
            yield from (gate_named(name) for name in release.gates if not self.sees_gate(name))
        yield from (alert_named(name) for name in CORE_ALERTS if not self.sees_alert(name))
        if not self.sees_criteria:
            yield CRITERIA
        if not self.sees_everything:
            yield UNSURE

    @property
    def sees_schedule(self) -> bool:
        """Whether there is anything to show at all: the pages follow the schedule."""
        return self.sees(SCHEDULE)

    @property
    def sees_status(self) -> bool:
        """Whether it may be told who is in treatment and who stopped: dosing and events are behind that."""
        return self.sees(SCHEDULE, DOSING, EVENTS)

    @cached_property
    def sees_criteria(self) -> bool:
        """Whether criteria may be shown one by one: with one hidden, the others would give it away."""
        compiled = (one for release in self.releases for one in release.criteria.values())
        return self.sees(SCHEDULE) and all(one.rule is None or self.sees_rule(one.rule) for one in compiled)

    @cached_property
    def classes_seen(self) -> frozenset[str]:
        """The classes of data of the study that are visible."""
        return (
            frozenset(one for release in self.releases for one in _classes_of(release)) - self.hidden.keys()
        )

    def sees(self, *classes: str) -> bool:
        """Whether all these classes of data are visible."""
        return not any(one in self.hidden for one in classes)

    def sees_form(self, name: str) -> bool:
        """Whether a form is visible: in every release that has it; one that none has is not."""
        classes = [
            release.file.all_forms[name].data_class
            for release in self.releases
            if name in release.file.all_forms
        ]
        return self.sees(*classes) if classes else self.sees_everything

    def sees_activity(self, name: str) -> bool:
        """Whether what is planned under this name, a form or an activity of the engine's own, is visible."""
        return self.sees_names(self._disclosure.of_activity(name))

    def sees_visit(self, name: str) -> bool:
        """Whether it may be known that somebody has this visit: of a track that opens with an arm that was
        told, or with the assignment, only by the roles that are told."""
        return all(self.role in release.told_of.get(name, (self.role,)) for release in self.releases)

    def sees_rule(self, rule: Rule) -> bool:
        """Whether everything that a rule is computed from is visible; its own form's items are with it."""
        forms = {name.split(".")[-2] for name in rule.names if "." in name}
        if not all(map(self.sees_form, forms)) or not self.own_alone.isdisjoint(forms):
            return False
        return all(self.sees(_CLASS_OF_CALL.get(call.function, ALLOCATION)) for call in rule.calls)

    def sees_gate(self, name: str) -> bool:
        """Whether all that a gate asks is visible, in every release; who is let in is schedule too."""
        if not self.sees_schedule:
            return False
        for release in self.releases:
            gate = release.gates.get(name)
            if gate is None:
                continue
            rules = [one.rule for one in gate.requirements]
            rules += [gate.applies_when] if gate.applies_when is not None else []
            if not all(self.sees_rule(rule) for rule in rules):
                return False
        return True

    def sees_alert(self, name: object) -> bool:
        """Whether all that an alert is computed from is visible; one that no release has is not."""
        if name in CORE_ALERTS:  # all of them are about doses
            return self.sees(DOSING)
        alerts = [release.alerts[name] for release in self.releases if name in release.alerts]
        known = [rule for one in alerts for rule in (one.rule, one.rearm, *one.worse) if rule is not None]
        return all(self.sees_rule(rule) for rule in known) if known else self.sees_everything


def _guessers(release: Release) -> set[str]:
    """Who is asked for a guess of the treatment at any visit."""
    asked = (one for one in release.visits.values() if "guess" in one.activities)
    return {guesser for one in asked for guesser in guessers_at(one.by, one.kind)}


def _classes(study: Study) -> Iterator[str]:
    """All classes of data that a study has."""
    for release in study.releases:
        yield from _classes_of(release)


def _classes_of(release: Release) -> Iterator[str]:
    yield from (SCHEDULE, DOSING, EVENTS, GUESSES)
    yield from (form.data_class for form in release.file.all_forms.values())


def require_role(study: Study, role: str) -> None:
    """Refuses a role that the study does not have, and the participants' own, who would see each other.

    Raises:
        ConductError: with the roles that may be named.
    """
    known = sorted({name for release in study.releases for name in release.file.roles} - {PARTICIPANT})
    if role == PARTICIPANT:
        raise ConductError(
            "a participant has no pages here, which show all participants; name a role of the staff"
        )
    if role not in known and role != OWNER:
        raise ConductError(f"the study {study.name} has no role {role!r}; its roles are {', '.join(known)}")


class SeenCourse:
    """What a role sees of one course.

    An entry and all its corrections are seen together or not at all; so is one that is kept in two versions.

    Args:
        sight: the role's. course: folded. disclosure: of the same entries and releases, where it is there.
    Attributes:
        entries: ids of the entries that are seen.
    """

    def __init__(self, sight: Sight, course: Course, disclosure: Disclosure | None = None) -> None:
        self.sight = sight
        self.course = course
        if disclosure is None:
            disclosure = Disclosure(sight.releases)
            for entry in course.entries:
                disclosure.add(entry)
        self._disclosure = disclosure
        self.entries = frozenset(
            entry for entry in self._disclosure.entries if sight.sees_names(self._disclosure.of_entry(entry))
        )

    def findings(self, at: datetime, more: Iterable[Finding] = ()) -> list[Finding]:
        """What is found in the course at a time and may be seen; those that no longer hold are among them.

        Args:
            more: what is found in it beside others.
        """
        return [one for one in (*more, *findings(self.course, at)) if self.sees_finding(one)]

    def sees_finding(self, found: Finding) -> bool:
        """Whether a finding is about what is seen, and about nothing else."""
        names = self._disclosure.of_finding(found.id, found.rule, found.entry, found.item, found.message)
        return self.sight.sees_names(names)

    def sees_alert(self, raised: AlertEpisode) -> bool:
        """Whether an alert is computed from what is seen, and was raised by it."""
        return raised.entry in self.entries and self.sight.sees_alert(raised.alert)
