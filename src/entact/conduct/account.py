"""One entry as it reads on a page: what it says, what was corrected, and where it stands in the ledger."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import tzinfo
from typing import Any

from entact.conduct.register import Folded
from entact.conduct.sight import SeenCourse, Sight
from entact.conduct.words import SEALED, lower_words, moment, quantity, title_of_form, value, words
from entact.course import Course, Entry, instant
from entact.course.effective import Effective
from entact.course.entry import CORRECTED_TIME
from entact.course.form import VITALS, Answers
from entact.course.kinds import NESTED
from entact.course.record import REASONS
from entact.protocol import CompiledForm, Release

# Kinds that take one line each: comings and goings, decisions, kits.
SMALL = frozenset({"encounter", "presence", "kit_assigned", "dose_level", "alert_answered"})
SHOWN_AT_ONCE = 7  # facts beyond so many are folded away under their scores


@dataclass(frozen=True)
class Fact:
    """One item: its name, what was entered, whether only ciphertext is there, and what the file says of it."""

    label: str
    value: str
    sealed: bool = False
    hint: str = ""


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
        return self.kind in SMALL and not (self.corrections or self.findings or self.alerts)

    @property
    def folds(self) -> bool:
        """Whether there are so many facts that they are folded away."""
        return len(self.facts) > SHOWN_AT_ONCE


@dataclass
class Accounts:
    """Writes the accounts of one course, for one role.

    Args:
        folded: the course and its places in the ledger. seen: what the role sees of it.
        zone: the site's clock. found: messages of open findings by entry.
    """

    folded: Folded
    seen: SeenCourse
    zone: tzinfo
    found: Mapping[str, Iterable[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        course = self.course
        self.answers: dict[str, Answers] = {
            one.entry: one for given in course.answers.values() for one in given
        }
        self.entries: dict[str, Entry] = {entry.id: entry for entry in course.entries}

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
        title, facts, note = _WRITERS.get(entry.kind, _plain)(self, effective, release)
        return Account(
            anchor=self._anchor(entry.id),
            kind=entry.kind,
            title=title,
            when=moment(effective.at, self.zone),
            by=_author(entry),
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
        return self._anchor(entry) if entry in self.folded.places else ""

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
            title = f"{words(source.kind)} withdrawn"
            fact = Fact("Entered", f"{moment(instant(source.recorded_at), self.zone)}, {_author(source)}")
            when = moment(instant(entry.recorded_at), self.zone)
            note = self._with_reason(entry, "")
            places = self.places_of(entry.id)
            found.append(
                Account(
                    self._anchor(entry.id),
                    "void",
                    title,
                    when,
                    _author(entry),
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
        return f"e-{self.folded.places[entry][0][1][:12]}"

    def places_of(self, entry: str) -> tuple[str, ...]:
        """Hash of each version; its number only for who sees everything: gaps would count what is hidden."""
        numbered = self.sight.sees_everything
        return tuple(
            f"{f'#{seq} · ' if numbered else ''}{digest[:16]}"
            for seq, digest in self.folded.places.get(entry, ())
        )

    def _with_reason(self, entry: Entry, note: str) -> str:
        reason = _reason(entry) if entry.reason and self.sight.sees_status else ""
        return " · ".join(part for part in (note, f"reason: {reason}" if reason else "") if part)

    def _alerts(self, entry: str) -> Iterable[str]:
        for raised in self.course.alerts:
            if raised.entry != entry or not self.seen.sees_alert(raised):
                continue
            alert = self.course.study.newest.alerts.get(raised.alert)
            title = alert.alert.title if alert is not None else words(raised.alert)
            state = "answered" if (raised.alert, raised.entry) in self.course.answered else "open"
            missing = (
                f", cannot be evaluated: {', '.join(raised.missing)} missing"
                if raised.cannot_evaluate
                else ""
            )
            yield f"{title} ({state}{missing})"

    def _scores(self, effective: Effective, release: Release) -> Iterable[Fact]:
        answers = self.answers.get(effective.id)
        form = release.forms.get(answers.form) if answers is not None else None
        if answers is None or form is None:
            return
        for name in form.scores:
            yield Fact(words(name), value(answers.values.get(name)))

    def _corrections(self, effective: Effective) -> Iterable[Correction]:
        inner = NESTED.get(effective.entry.kind)
        data = _flat(effective.entry.data, inner) | {CORRECTED_TIME: effective.entry.occurred_at}
        for name in effective.corrections:
            entry = self.entries[name]
            changes = []
            for item, new in _flat(entry.data, inner).items():
                old, data[item] = data.get(item), new
                if not (old == new or item == "form"):
                    changes.append(Change(_label(item), self.said(old), self.said(new)))
            yield Correction(
                anchor=self._anchor(name),
                when=_when(entry, self.zone),
                by=_author(entry),
                why=_reason(entry),
                changes=tuple(changes),
                places=self.places_of(name),
            )

    def fact(self, label: str, answer: Any, hint: str | None = None) -> Fact:
        """One item as a fact."""
        said = self.said(answer)
        return Fact(label, said, said == SEALED, hint or "")

    def said(self, answer: Any) -> str:
        """An answer in words, times on the site's clock."""
        if isinstance(answer, str) and _TIME.match(answer):
            try:
                return moment(instant(answer), self.zone)
            except ValueError:
                pass  # it looks like a time and is none: as it was entered
        return value(answer)


def _flat(data: Mapping[str, Any], inner: str | None) -> dict[str, Any]:
    """A payload with its nested items beside the others."""
    nested = data.get(inner) if inner is not None else None
    if not isinstance(nested, Mapping):
        return dict(data)
    return {name: answer for name, answer in data.items() if name != inner} | dict(nested)


def _label(item: str) -> str:
    return "When" if item == CORRECTED_TIME else words(item)


def _when(entry: Entry, zone: tzinfo) -> str:
    for text in (entry.recorded_at, entry.occurred_at):
        try:
            return moment(instant(text), zone)
        except ValueError:
            continue
    return entry.recorded_at


def _author(entry: Entry) -> str:
    return f"{entry.by}, {lower_words(entry.role)}"


def _reason(entry: Entry) -> str:
    if entry.reason is None:
        return "no reason given"
    return lower_words(entry.reason) if entry.reason in REASONS else SEALED


def _form_of(effective: Effective, release: Release) -> CompiledForm | None:
    name = VITALS if effective.entry.kind == "vital_signs" else effective.data.get("form")
    return release.forms.get(name) if isinstance(name, str) else None


_TIME = re.compile(r"\d{4}-\d{2}-\d{2}T")

Written = tuple[str, list[Fact], str]


def _plain(accounts: Accounts, effective: Effective, release: Release) -> Written:
    facts = [
        accounts.fact(words(name), answer) for name, answer in effective.data.items() if answer is not None
    ]
    return words(effective.entry.kind), facts, ""


def _consent(accounts: Accounts, effective: Effective, release: Release) -> Written:
    scopes = effective.data.get("scopes")
    facts = [accounts.fact("Version", effective.data.get("version"))]
    for name, allowed in scopes.items() if isinstance(scopes, Mapping) else ():
        facts.append(accounts.fact(words(name), allowed, release.file.consent.get(name)))
    return "Consent", facts, ""


def _form(accounts: Accounts, effective: Effective, release: Release) -> Written:
    form = _form_of(effective, release)
    title = title_of_form(form) if form is not None else words(str(effective.data.get("form", "form")))
    items = effective.data if effective.entry.kind == "vital_signs" else effective.data.get("items")
    if not isinstance(items, Mapping):
        return title, [accounts.fact("Items", items)], ""
    order = [*form.items] if form is not None else []
    names = sorted(items, key=lambda name: order.index(name) if name in order else len(order))
    facts = [
        accounts.fact(
            words(name), items[name], form.items[name].title if form and name in form.items else None
        )
        for name in names
        if items[name] is not None
    ]
    note = "not done" if effective.data.get("status") == "not_done" else ""
    return title, facts, " · ".join(part for part in (effective.entry.timepoint or "", note) if part)


def _dose(accounts: Accounts, effective: Effective, release: Release) -> Written:
    data = effective.data
    facts = [
        accounts.fact("Kit", data.get("kit")),
        Fact("Level", _level(release, data.get("level"), data.get("part"))),
    ]
    facts += [
        accounts.fact(words(name), data.get(name, 0)) for name in ("dispensed", "taken", "returned", "lost")
    ]
    facts += [accounts.fact("Outcome", data.get("outcome", "taken"))]
    return (
        f"{words(str(data.get('part', '')))} dose".strip(),
        facts,
        "what the kit holds is hidden",
    )


def _level(release: Release, level: Any, part: Any) -> str:
    """A dose level with its nominal units, strength, substance and salt."""
    regimen = release.file.regimens.get(level) if isinstance(level, str) else None
    if regimen is None:
        return value(level)
    units = regimen.initial
    if part == "supplement" and regimen.supplement is not None:
        units = regimen.supplement.give
    named = [one for one in release.file.products.values() if units.strength in one.strengths]
    of = f" {named[0].substance} {lower_words(named[0].salt)} or placebo" if named else ""
    return f"{level}, nominally {units.count} × {quantity(units.strength)}{of}"


def _encounter(accounts: Accounts, effective: Effective, release: Release) -> Written:
    return words(str(effective.data.get("status", "encounter"))), [], ""


def _presence(accounts: Accounts, effective: Effective, release: Release) -> Written:
    data = effective.data
    went = "came in" if data.get("state") == "in" else "went out"
    return f"{value(data.get('person'))}, {value(data.get('role'))}, {went}", [], ""


def _kit(accounts: Accounts, effective: Effective, release: Release) -> Written:
    data = effective.data
    text = (
        f"Kit {value(data.get('kit'))} assigned: {value(data.get('part'))}, level {value(data.get('level'))}"
    )
    return text, [], ""


def _dose_level(accounts: Accounts, effective: Effective, release: Release) -> Written:
    return f"Dose level decided: {value(effective.data.get('level'))}", [], ""


def _event(accounts: Accounts, effective: Effective, release: Release) -> Written:
    data = effective.data
    state = accounts.course.adverse_events.get(effective.entry.about or effective.id)
    code = data.get("term") or (state.term if state is not None else None)
    term = release.file.adverse_events.terms.get(str(code))
    name = term.title if term is not None else value(code) if code is not None else "not named"
    begins = effective.entry.about is None
    facts = [
        accounts.fact(words(item), answer)
        for item, answer in data.items()
        if item != "term" and answer is not None
    ]
    if term is not None and term.special_interest is not None:
        facts.insert(0, Fact("Special interest", term.special_interest))
    return f"Adverse event{'' if begins else ' continued'}: {name}", facts, ""


def _guess(accounts: Accounts, effective: Effective, release: Release) -> Written:
    data = effective.data
    arm = release.file.arms.get(str(data.get("arm")))
    facts = [
        Fact("Arm guessed", arm.title) if arm is not None else accounts.fact("Arm guessed", data.get("arm"))
    ]
    facts += (
        [accounts.fact("Confidence", f"{data['confidence']} %")] if data.get("confidence") is not None else []
    )
    facts += [accounts.fact("Why", data["why"])] if data.get("why") is not None else []
    return f"Guess of treatment by {value(data.get('guesser'))}", facts, ""


def _eligibility(accounts: Accounts, effective: Effective, release: Release) -> Written:
    data = effective.data
    signed = "signed" if data.get("signed") else "not signed"
    facts = [accounts.fact("Decision", data.get("decision"))]
    criteria = data.get("criteria")
    if not accounts.sight.sees_criteria:
        return (
            "Eligibility",
            facts,
            f"{signed} · single criteria are hidden from {lower_words(accounts.sight.role)}",
        )
    for name, judged in criteria.items() if isinstance(criteria, Mapping) else ():
        criterion = release.file.eligibility.get(name)
        label = words(criterion.text) if criterion is not None else words(name)
        kind = f" ({criterion.kind})" if criterion is not None else ""
        facts.append(accounts.fact(f"{label}{kind}", judged))
    return "Eligibility", facts, signed


_WRITERS: dict[str, Callable[[Accounts, Effective, Release], Written]] = {
    "consent": _consent,
    "form": _form,
    "vital_signs": _form,
    "dose": _dose,
    "encounter": _encounter,
    "presence": _presence,
    "kit_assigned": _kit,
    "dose_level": _dose_level,
    "adverse_event": _event,
    "guess": _guess,
    "eligibility": _eligibility,
}
