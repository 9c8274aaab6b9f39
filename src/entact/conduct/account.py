"""One entry as it reads on a page: what it says, what was corrected, and where it stands in the ledger."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import tzinfo
from typing import Any

import msgspec
from django.utils.translation import gettext

from entact.conduct.language.codes import code_words, item_title
from entact.conduct.reader import Folded
from entact.conduct.record.opened import Opener
from entact.conduct.sight import SeenCourse, Sight
from entact.conduct.statement import Fact, Tell, items_of, state
from entact.conduct.words import moment, role_words, score, title_of_form, told, value, words
from entact.course import Course, Entry, instant
from entact.course.entry import CORRECTED_TIME
from entact.course.entry.effective import Effective
from entact.course.kinds import KINDS, NESTED
from entact.course.kinds.calls import calls_of
from entact.course.personal import REASONS
from entact.course.state.form import Answers
from entact.course.trail import NAMING
from entact.protocol import Release

SHOWN_AT_ONCE = 7  # facts beyond so many are folded away under their scores


@dataclass(frozen=True)
class Change:
    """One item of a correction."""

    label: str
    old: str
    new: str


@dataclass(frozen=True)
class Correction:
    """What a correction changed, when, by whom, why, and where it stands in the ledger."""

    anchor: str
    when: str
    by: str
    why: str
    changes: tuple[Change, ...]
    places: tuple[str, ...]


@dataclass(frozen=True)
class Account:
    """One entry: title, time, author, facts, scores, corrections, alerts, and its place in the ledger."""

    anchor: str
    kind: str
    title: str
    when: str
    by: str
    facts: tuple[Fact, ...]
    scores: tuple[Fact, ...] = ()
    note: str = ""
    corrections: tuple[Correction, ...] = ()
    alerts: tuple[str, ...] = ()
    findings: tuple[str, ...] = ()
    places: tuple[str, ...] = ()

    @property
    def small(self) -> bool:
        """Whether one line says it all."""
        kind = KINDS.get(self.kind)
        is_small = kind is not None and kind.small
        return is_small and not (self.corrections or self.findings or self.alerts)

    @property
    def folds(self) -> bool:
        """Whether there are so many facts that they are folded away."""
        return len(self.facts) > SHOWN_AT_ONCE


@dataclass
class Accounts:
    """Writes the accounts of one course, for one role.

    Args:
        folded: the course and its places in the ledger. seen: what the role sees of it.
        zone: the site's clock. found: messages of open findings by entry. opener: opens sealed texts for who
            may read them.
        names: what people are called, by how entries name them; as entries do, where it is not said.
    """

    folded: Folded
    seen: SeenCourse
    zone: tzinfo
    found: Mapping[str, Iterable[str]] = field(default_factory=dict)
    opener: Opener = field(default_factory=Opener)
    names: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        course = self.course
        self.answers: dict[str, Answers] = {
            one.entry: one for given in course.answers.values() for one in given
        }
        self.entries: dict[str, Entry] = {}
        for entry in course.entries:
            self.entries.setdefault(entry.id, entry)  # the first version, which stands

    @property
    def course(self) -> Course:
        """The course."""
        return self.folded.course

    @property
    def sight(self) -> Sight:
        """What the role may see."""
        return self.seen.sight

    def write(self, effective: Effective) -> Account:
        """The account of one entry as it stands; the caller has asked whether it is seen."""
        entry = effective.entry
        release = self._release(entry)
        plain = msgspec.structs.replace(effective, data=self.opener.data(effective))
        title, facts, note = state(Tell(self.course, release, self.sight, self.zone, self.names), plain)
        return Account(
            anchor=self._anchor(entry.id),
            kind=entry.kind,
            title=title,
            when=moment(effective.at, self.zone),
            by=self._author(entry),
            facts=tuple(facts),
            scores=tuple(self._scores(effective, release)),
            note=self._with_reason(entry, note),
            corrections=tuple(self._corrections(effective)),
            alerts=tuple(self._alerts(entry.id)),
            findings=tuple(self.found.get(entry.id, ())),
            places=self.places_of(entry.id),
        )

    def write_plainly(self, effective: Effective) -> Account:
        """The account of one entry without its findings, which the visit shows."""
        return replace(self.write(effective), findings=())

    def anchor_of(self, entry: str) -> str:
        """The place on the page of an entry, or of what it corrects; empty when it has none."""
        return self._anchor(entry) if entry in self.folded.versions else ""

    def withdrawn(self) -> list[Account]:
        """Entries that were withdrawn, without what they said: it may have been said of somebody else."""
        standing = {one.id for one in self.course.effective}
        found = []
        for entry in self.course.entries:
            if entry.kind != "void" or entry.id not in self.seen.entries or entry.replaces in standing:
                continue
            source = self.entries.get(entry.replaces or "")
            if source is None:
                continue
            title = gettext("{what} withdrawn").format(what=self._called(source))
            fact = Fact(gettext("Entered"), f"{_when(source, self.zone)}, {self._author(source)}")
            when = _when(entry, self.zone)
            note = self._with_reason(entry, "")
            places = self.places_of(entry.id)
            found.append(
                Account(
                    self._anchor(entry.id),
                    "void",
                    title,
                    when,
                    self._author(entry),
                    (fact,),
                    note=note,
                    places=places,
                )
            )
        return found

    def _release(self, entry: Entry) -> Release:
        study = self.course.study
        return next((one for one in study.releases if one.id == entry.release), study.newest)

    def _anchor(self, entry: str) -> str:
        return f"e-{self.folded.versions[entry][0][1][:12]}"

    def places_of(self, entry: str) -> tuple[str, ...]:
        """Hash of each version; its number only for who sees everything: gaps would count what is hidden."""
        numbered = self.sight.sees_everything
        return tuple(
            f"{f'#{seq} · ' if numbered else ''}{digest[:16]}"
            for seq, digest in self.folded.versions.get(entry, ())
        )

    def _author(self, entry: Entry) -> str:
        who = (
            "" if entry.by == entry.role else self.names.get(entry.by, entry.by)
        )  # participants have no name
        return ", ".join(filter(None, (who, role_words(entry.role))))

    def reason_of(self, entry: Entry) -> str:
        """Why something was entered, where the role may know; empty without a reason."""
        return self._reason(entry) if entry.reason and self.sight.sees_status else ""

    def _with_reason(self, entry: Entry, note: str) -> str:
        reason = self.reason_of(entry)
        given = gettext("reason: {reason}").format(reason=reason) if reason else ""
        return " · ".join(part for part in (note, given) if part)

    def _alerts(self, entry: str) -> Iterable[str]:
        for raised in self.course.alerts:
            if entry not in {one.entry for one in raised.held} or not self.seen.sees_alert(raised):
                continue
            release = self.course.site_release(raised.began)
            known = [(name, release.alert_named(name)) for name in raised.alerts]
            titles = [words(name) if alert is None else told(alert.title) for name, alert in known]
            call = next((one for one in calls_of(self.course, raised) if one.entry == entry), None)
            state = (
                gettext("goes on")
                if call is None
                else gettext("open")
                if call.answer is None
                else gettext("answered")
            )
            missing = (
                gettext(", cannot be evaluated: {items} missing").format(items=", ".join(raised.missing))
                if raised.cannot_evaluate
                else ""
            )
            yield f"{', '.join(titles)} ({state}{missing})"

    def _scores(self, effective: Effective, release: Release) -> Iterable[Fact]:
        answers = self.answers.get(effective.id)
        form = release.forms.get(answers.form) if answers is not None else None
        if answers is None or form is None:
            return
        for name in form.scores:
            yield Fact(item_title(name), score(answers.values.get(name)))

    def _called(self, entry: Entry) -> str:
        """What an entry is, as people say it: its form, or its kind."""
        form = self.course.release.forms.get(str(entry.data.get("form")))
        if form is not None:
            return title_of_form(form)
        kind = KINDS.get(entry.kind)
        return words(entry.kind) if kind is None else gettext(kind.title)

    def _corrections(self, effective: Effective) -> Iterable[Correction]:
        inner = NESTED.get(effective.entry.kind)
        tell = Tell(self.course, self._release(effective.entry), self.sight, self.zone, self.names)
        source, asked = effective.entry, items_of(tell.release, effective)
        data = self._plain(source, inner) | {CORRECTED_TIME: source.occurred_at}
        for name in effective.corrections:
            entry = self.entries[name]
            changes = []
            for item, new in self._plain(entry, inner).items():
                old, data[item] = data.get(item), new
                if old != new and self._shows(effective, item):
                    said = (
                        tell.answered(asked[item], "", one).value
                        if item in asked
                        else tell.coded(source.kind, item, one).value
                        for one in (old, new)
                    )
                    changes.append(Change(_label(item), *said))
            yield Correction(
                anchor=self._anchor(name),
                when=_when(entry, self.zone),
                by=self._author(entry),
                why=self._reason(entry),
                changes=tuple(changes),
                places=self.places_of(name),
            )

    def _plain(self, entry: Entry, inner: str | None) -> dict[str, Any]:
        """What one entry says, nested items beside the others, opened."""
        data = _flat(entry.data, inner)
        return {item: self.opener.value(answer, entry.id, item) for item, answer in data.items()}

    def _reason(self, entry: Entry) -> str:
        if entry.reason is None:
            return gettext("no reason given")
        return code_words(entry.reason) if entry.reason in REASONS else value(self.opener.reason(entry))

    def _shows(self, effective: Effective, item: str) -> bool:
        """Whether a corrected item may be named; single criteria may be hidden where the decision is not."""
        if effective.entry.kind in NAMING:
            return False  # it names entries, of which some may be hidden
        if effective.entry.kind != "eligibility" or self.sight.sees_criteria:
            return item != "form"
        return item in ("decision", "signed", CORRECTED_TIME)


def _flat(data: Mapping[str, Any], inner: str | None) -> dict[str, Any]:
    """A payload with its nested items beside the others."""
    nested = data.get(inner) if inner is not None else None
    if not isinstance(nested, Mapping):
        return dict(data)
    return {name: answer for name, answer in data.items() if name != inner} | dict(nested)


def _label(item: str) -> str:
    return gettext("When") if item == CORRECTED_TIME else item_title(item)


def _when(entry: Entry, zone: tzinfo) -> str:
    for text in (entry.recorded_at, entry.occurred_at):
        try:
            return moment(instant(text), zone)
        except ValueError:
            continue
    return entry.recorded_at
