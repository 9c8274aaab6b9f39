"""What a role may see: the study file's blinding table, as questions about entries, rules and findings.

Whatever a role does not see is not rendered, and neither is what follows from it. When it is not clear what
an entry is about, it is hidden.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from datetime import datetime
from functools import cached_property
from typing import Any

import msgspec

from entact.conduct.error import ConductError
from entact.course import AlertEpisode, Course, Entry, Finding, findings
from entact.course.entry.effective import VOID
from entact.course.entry.versions import DECIDED
from entact.course.gates.core import ACTS
from entact.course.kinds import KINDS
from entact.course.kinds.kind import ALLOCATION, BY_ALERT, BY_FORM, BY_GATE, UNSURE, Kind
from entact.course.state.encounter import visit_of
from entact.protocol import Study
from entact.protocol.rule import Rule

PARTICIPANT = "participant"

SCHEDULE, DOSING, EVENTS, GUESSES = "schedule", "dosing", "adverse_events", "guesses"

_BY_ACTIVITY = {kind.activity: kind for kind in KINDS.values() if kind.activity is not None}
_CLASS_OF_CALL = {"given": DOSING, "elapsed": DOSING, "doses": DOSING, "present": SCHEDULE}


class Sight:
    """What one role may see of one study, over all of its releases: what one of them hides, stays hidden.

    Args:
        study: all releases. role: a name of its roles.
    Attributes:
        role, title: the role's name, and what the study file says of it.
        hidden: class of data -> until when.
    Raises:
        ConductError: when the study has no such role, or it is the participants' own.
    """

    def __init__(self, study: Study, role: str) -> None:
        require_role(study, role)
        self.role = role
        self.title = next(one.file.roles[role] for one in reversed(study.releases) if role in one.file.roles)
        self.hidden = {ALLOCATION: "lock"}
        for release in study.releases:
            for row in release.file.blinding:
                if row.role == role:
                    self.hidden.update(dict.fromkeys(row.hidden, row.until))
        self.releases = study.releases
        self.sees_everything = set(self.hidden) == {ALLOCATION}

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

    def sees(self, *classes: str) -> bool:
        """Whether all these classes of data are visible."""
        return not any(one in self.hidden for one in classes)

    def sees_kind(self, kind: Kind, data: Mapping[str, Any]) -> bool:
        """Whether an entry of a kind is visible, by the classes of data that it tells something of."""
        if ALLOCATION in kind.tells:
            return False
        if self.sees_everything:
            return True
        if BY_FORM in kind.tells and not (kind.form is not None and self._sees_items(kind.form(data))):
            return False
        if BY_ALERT in kind.tells and not self.sees_alert(data.get("alert")):
            return False
        if BY_GATE in kind.tells and not self.sees_gate(str(data.get("requirement")).partition(".")[0]):
            return False
        more = kind.tells_more(data) if kind.tells_more is not None else ()
        return UNSURE not in kind.tells and self.sees(*kind.tells, *more)

    def _sees_items(self, form: str | None) -> bool:
        return form is not None and self.sees_form(form)

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
        if any(name in release.file.all_forms for release in self.releases):
            return self.sees_form(name)
        kind = _BY_ACTIVITY.get(name)
        if kind is None or ALLOCATION in kind.tells:  # that it is planned tells nobody's arm
            return self.sees_everything
        return self.sees_kind(kind, {})

    def sees_visit(self, name: str) -> bool:
        """Whether it may be known that somebody has this visit: of a track that opens with an arm that was
        told, only by the roles that are told."""
        for release in self.releases:
            visit, plan = release.visits.get(name), release.file.unblinding
            track = release.file.tracks.get(visit.track or "") if visit is not None else None
            told = plan is not None and self.role in plan.tells
            if track is not None and track.tells_the_arm and not told:
                return False
        return True

    def sees_rule(self, rule: Rule) -> bool:
        """Whether everything that a rule is computed from is visible."""
        if not all(self.sees_form(name.split(".")[-2]) for name in rule.names):
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
        alerts = [release.alerts[name] for release in self.releases if name in release.alerts]
        known = [rule for one in alerts for rule in (one.rule, one.rearm, *one.worse) if rule is not None]
        return all(self.sees_rule(rule) for rule in known) if known else self.sees_everything


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
    if role not in known:
        raise ConductError(f"the study {study.name} has no role {role!r}; its roles are {', '.join(known)}")


class SeenCourse:
    """What a role sees of one course.

    An entry and all its corrections are seen together or not at all; so is one that is kept in two versions.

    Args:
        sight: the role's. course: folded.
    Attributes:
        entries: ids of the entries that are seen.
    """

    def __init__(self, sight: Sight, course: Course) -> None:
        self.sight = sight
        self.course = course
        self._versions: dict[str, list[Entry]] = {}
        for entry in course.entries:
            self._versions.setdefault(entry.id, []).append(entry)
        self.entries = self._seen_entries()
        forms = {name for release in sight.releases for name in release.file.all_forms}
        visits = {name for release in sight.releases for name in release.visits}
        self._hidden_names = {name for name in forms if not sight.sees_form(name)}
        self._hidden_names |= {name for name in visits if not sight.sees_visit(name)}
        self._hidden_ids = self._versions.keys() - self.entries

    def findings(self, at: datetime, more: Iterable[Finding] = ()) -> list[Finding]:
        """What is found in the course at a time and may be seen; those that no longer hold are among them.

        Args:
            more: what is found in it beside others.
        """
        return [one for one in (*more, *findings(self.course, at)) if self.sees_finding(one)]

    def sees_finding(self, found: Finding) -> bool:
        """Whether a finding is about what is seen, and about nothing else."""
        if found.entry and found.entry not in self.entries:
            return False
        if found.rule.startswith("criterion") or found.rule == "unknown_criterion":
            return self.sight.sees_criteria
        if found.rule == "activity_missing" and not self.sight.sees_activity(found.item):
            return False
        if found.rule == "reading_missing" and not self.sight.sees_activity(found.item.partition(" ")[0]):
            return False
        if ("gate" in found.rule or "override" in found.rule) and not self._sees_gates_of(found.entry):
            return False
        if found.rule.startswith("alert_") and not self.sight.sees_alert(found.item):
            return False
        told = f"{found.item} {found.message}"
        return not any(name in told for name in (*self._hidden_names, *self._hidden_ids))

    def sees_alert(self, raised: AlertEpisode) -> bool:
        """Whether an alert is computed from what is seen, and was raised by it."""
        return raised.entry in self.entries and self.sight.sees_alert(raised.alert)

    def _sees_gates_of(self, entry: str) -> bool:
        kinds = [KINDS[one.kind] for one in self._versions.get(entry, ()) if one.kind in KINDS]
        return all(self.sight.sees_gate(ACTS[act].gate) for kind in kinds for act in kind.acts)

    def _seen_entries(self) -> frozenset[str]:
        seen: set[str] = set()
        for family in self._families():
            versions = [one for name in family for one in self._versions.get(name, ())]
            complete = len(family & self._versions.keys()) == len(family)
            if (complete or self.sight.sees_everything) and all(map(self._sees_kind, versions)):
                seen |= family & self._versions.keys()
        answers = {name for name in seen if any(_is_answer(one) for one in self._versions[name])}
        return frozenset(seen - {name for name in answers if not self._sees_answer(name, seen)})

    def _sees_answer(self, name: str, seen: Set[str]) -> bool:
        """Whether an answered alert is seen; so must be what raised it."""
        return self.sight.sees_everything or all(
            one.about in seen if one.about is not None else one.replaces is not None
            for one in self._versions[name]
        )

    def _sees_kind(self, entry: Entry) -> bool:
        if not self.sight.sees_visit(visit_of(entry.encounter)):
            return False
        if entry.kind == VOID:
            return self.sight.sees_everything or entry.replaces is not None
        if entry.kind == DECIDED:  # it is seen with the entry of which it decides
            return self.sight.sees_everything or entry.about is not None
        kind = KINDS.get(entry.kind)
        if kind is None:
            return self.sight.sees_everything
        if entry.replaces is not None and not _says_of_what(kind, entry.data):
            kind = msgspec.structs.replace(kind, tells=kind.tells - _BY_WHAT)  # its source says it
        return self.sight.sees_kind(kind, entry.data)

    def _families(self) -> list[set[str]]:
        """Entries with what they correct, withdraw or decide; what has not arrived counts too."""
        family_of: dict[str, set[str]] = {}
        for name, versions in self._versions.items():
            joined = {name, *(one.replaces for one in versions if one.replaces is not None)}
            joined |= {one.about for one in versions if one.kind == DECIDED and one.about is not None}
            for member in list(joined):
                joined |= family_of.get(member, set())
            for member in joined:
                family_of[member] = joined
        return list({id(family): family for family in family_of.values()}.values())


_BY_WHAT = frozenset({BY_FORM, BY_ALERT, BY_GATE})  # classes that depend on what an entry is about


def _says_of_what(kind: Kind, data: Mapping[str, Any]) -> bool:
    """Whether a correction says itself what form it is of, what alert it answers or gate it is about."""
    if BY_FORM in kind.tells:
        return kind.form is None or kind.form(data) is not None or "form" in data
    if BY_GATE in kind.tells:
        return "requirement" in data
    return BY_ALERT not in kind.tells or "alert" in data


def _is_answer(entry: Entry) -> bool:
    kind = KINDS.get(entry.kind)
    return kind is not None and BY_ALERT in kind.tells
