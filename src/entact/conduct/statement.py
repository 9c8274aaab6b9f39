"""What one entry says, kind by kind: a title, facts and a note."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import tzinfo
from typing import Any

from django.utils.translation import gettext

from entact.conduct.language.choice import called
from entact.conduct.language.codelists import called_code
from entact.conduct.language.codes import code_words, item_title
from entact.conduct.sight import Sight
from entact.conduct.words import (
    SEALED,
    listing,
    lower_words,
    moment,
    quantity,
    scopes_in_order,
    time_words,
    title_of_form,
    title_of_scope,
    told,
    value,
    words,
)
from entact.course import Course, instant
from entact.course.entry.effective import Effective
from entact.course.kinds import KINDS
from entact.course.kinds.checks import requirement_of
from entact.protocol import CompiledForm, Release
from entact.protocol.study import Item
from entact.protocol.words.label import begun

_TIME = re.compile(r"\d{4}-\d{2}-\d{2}T")


@dataclass(frozen=True)
class Fact:
    """One item: its name, what was entered, whether that is sealed, and what the file says of the item."""

    label: str
    value: str
    sealed: bool = False
    hint: str = ""


@dataclass(frozen=True)
class Tell:
    """What it takes to put an entry into words: its course and release, the role, and the site's clock.

    Attributes:
        names: what people are called, by how entries name them; as entries do, where it is not said.
    """

    course: Course
    release: Release
    sight: Sight
    zone: tzinfo
    names: Mapping[str, str] = field(default_factory=dict)

    def fact(self, label: str, answer: Any, hint: str | None = None) -> Fact:
        """One item as a fact."""
        said = self.said(answer)
        return Fact(label, said, said == SEALED, hint or "")

    def coded(self, kind: str, name: str, answer: Any) -> Fact:
        """One item of a kind as a fact, a code of the record in the language of the page."""
        called = called_code(kind, name, answer) or (self.person(answer) if name == "person" else "")
        return Fact(item_title(name), called) if called else self.fact(item_title(name), answer)

    def code(self, answer: Any) -> str:
        """A code of the record in the language of the page; any other answer in words."""
        return code_words(answer) if isinstance(answer, str) and answer else value(answer)

    def person(self, name: Any) -> str:
        """What somebody is called whom an entry names."""
        return self.names.get(name, value(name)) if isinstance(name, str) else value(name)

    def answered(self, item: Item | None, label: str, answer: Any, hint: str | None = None) -> Fact:
        """One item of a form as a fact, its answer by what the form calls it."""
        called = called_by(item, answer)
        return Fact(label, called, hint=hint or "") if called else self.fact(label, answer, hint)

    def said(self, answer: Any) -> str:
        """An answer in words, times on the site's clock."""
        if isinstance(answer, str) and _TIME.match(answer):
            try:
                return moment(instant(answer), self.zone)
            except ValueError:
                pass  # it looks like a time and is none: as it was entered
        return value(answer)


Written = tuple[str, list[Fact], str]


def called_by(item: Item | None, answer: Any) -> str:
    """What an item calls an answer that is a code of its list; empty where it calls it nothing."""
    if item is None or not item.labels:
        return ""
    if isinstance(answer, list):
        return ", ".join(called_by(item, one) or value(one) for one in answer)
    if not isinstance(answer, str | int):
        return ""
    label = item.labels.get(str(answer).lower() if isinstance(answer, bool) else str(answer), "")
    if not label or isinstance(answer, str | bool):
        return told(label)
    return f"{answer} {told(label)}"  # a number of a scale stays with what it means


def items_of(release: Release, effective: Effective) -> Mapping[str, Item]:
    """The items of the form that an entry fills in; none of what is no form."""
    form = _form_of(release, effective)
    return form.items if form is not None else {}


def _plain(tell: Tell, effective: Effective) -> Written:
    facts = [
        tell.coded(effective.entry.kind, name, answer)
        for name, answer in effective.data.items()
        if answer is not None
    ]
    kind = KINDS.get(effective.entry.kind)
    return words(effective.entry.kind) if kind is None else gettext(kind.title), facts, ""


def _consent(tell: Tell, effective: Effective) -> Written:
    scopes = effective.data.get("scopes")
    facts = [tell.fact(gettext("Version"), effective.data.get("version"))]
    asked_for = tell.release.file.consent
    for name, allowed in scopes_in_order(scopes, asked_for) if isinstance(scopes, Mapping) else ():
        facts.append(tell.fact(begun(title_of_scope(name, asked_for)), allowed))
    for label, item, said in (
        (gettext("Signed"), "how", tell.code),
        (gettext("Language"), "language", lambda tag: called(str(tag))),
        (gettext("Informed by"), "informed_by", tell.person),
    ):
        facts += [Fact(label, said(effective.data[item]))] if effective.data.get(item) else []
    return gettext("Consent"), facts, ""


def _form(tell: Tell, effective: Effective) -> Written:
    form = _form_of(tell.release, effective)
    title = title_of_form(form) if form is not None else words(str(effective.data.get("form", "form")))
    inner = KINDS[effective.entry.kind].nested
    items = effective.data if inner is None else effective.data.get(inner)
    if not isinstance(items, Mapping):
        return title, [tell.fact(gettext("Items"), items)], ""
    asked = form.items if form is not None else {}
    order = [*asked]
    names = sorted(items, key=lambda name: order.index(name) if name in order else len(order))
    facts = [
        tell.answered(asked.get(name), words(name), items[name], _title_in(form, name))
        for name in names
        if items[name] is not None
    ]
    note = (
        gettext("not done")
        if effective.data.get("status") == "not_done"
        else ""
        if facts
        else gettext("no item answered")
    )
    return title, facts, " · ".join(filter(None, (time_words(effective.entry.timepoint or ""), note)))


def _dose(tell: Tell, effective: Effective) -> Written:
    data = effective.data
    facts = [
        tell.fact(gettext("Kit"), data.get("kit")),
        Fact(gettext("Level"), _level(tell.release, data.get("level"), data.get("part"))),
    ]
    facts += [
        tell.fact(item_title(name), data.get(name, 0)) for name in ("dispensed", "taken", "returned", "lost")
    ]
    facts += [tell.coded("dose", "outcome", data.get("outcome", "taken"))]
    if data.get("witness"):
        facts += [Fact(gettext("Witness"), tell.person(data["witness"]))]
    facts += [Fact(gettext("Set aside"), text) for text in _set_aside(tell, effective)]
    return (
        gettext("{part} dose").format(part=begun(code_words(str(data.get("part", ""))))).strip(),
        facts,
        gettext("what the kit holds is hidden"),
    )


def _set_aside(tell: Tell, effective: Effective) -> Iterator[str]:
    """The requirements that were set aside for an act, and by whom: for a role that sees what a gate asks."""
    basis = effective.entry.basis or {}
    overridden = basis.get("overridden")
    if not isinstance(overridden, dict) or not tell.sight.sees_gate(str(basis.get("gate"))):
        return
    release = tell.course.site_release(effective.at)
    for code, proofs in overridden.items():
        required = requirement_of(release, code)
        who = (
            gettext(", by {persons}").format(persons=listing(map(tell.person, proofs)))
            if isinstance(proofs, dict)
            else ""
        )
        yield f"{code if required is None else told(required.otherwise)}{who}"


def _level(release: Release, level: Any, part: Any) -> str:
    """A dose level with its nominal units, strength, substance and salt."""
    regimen = release.file.regimens.get(level) if isinstance(level, str) else None
    if regimen is None:
        return value(level)
    units = regimen.initial
    if part == "supplement" and regimen.supplement is not None:
        units = regimen.supplement.give
    named = [one for one in release.file.products.values() if units.strength in one.strengths]
    of = f" {named[0].substance} {lower_words(named[0].salt)}" if named else ""
    of += gettext(" or placebo") if named and named[0].placebo == "matching" else ""
    return gettext("{level}, nominally {count} × {strength}{of}").format(
        level=level, count=units.count, strength=quantity(units.strength), of=of
    )


def _override(tell: Tell, effective: Effective) -> Written:
    data, release = effective.data, tell.course.site_release(effective.at)
    required = requirement_of(release, str(data.get("requirement")))
    what = gettext("a requirement") if required is None else told(required.otherwise)
    verbal = (
        ""
        if data.get("ordered_by") is None
        else gettext("verbal order of {data}").format(data=tell.person(data["ordered_by"]))
    )
    return (
        gettext("Set aside: {what}").format(what=what),
        [tell.fact(gettext("Requirement"), data.get("requirement"))],
        verbal,
    )


def _encounter(tell: Tell, effective: Effective) -> Written:
    status, left = effective.data.get("status", "encounter"), effective.data.get("disposition", "discharged")
    how = "" if left == "discharged" else f", {code_words(str(left))}"
    return f"{item_title(str(status))}{how}", [], ""


def _presence(tell: Tell, effective: Effective) -> Written:
    data = effective.data
    went = called_code("presence", "state", data.get("state"))
    return f"{tell.person(data.get('person'))}, {tell.code(data.get('role'))}, {went}", [], ""


def _kit(tell: Tell, effective: Effective) -> Written:
    data = effective.data
    text = gettext("Kit {kit} assigned: {part}, level {level}").format(
        kit=value(data.get("kit")), part=tell.code(data.get("part")), level=value(data.get("level"))
    )
    return text, [], ""


def _dose_level(tell: Tell, effective: Effective) -> Written:
    return gettext("Dose level decided: {level}").format(level=value(effective.data.get("level"))), [], ""


def _medication(tell: Tell, effective: Effective) -> Written:
    state = tell.course.medication.get(effective.entry.about or effective.id)
    name = effective.data.get("name") or (state.name if state is not None else None)
    continued = "" if effective.entry.about is None else gettext(" continued")
    facts = [
        tell.coded(effective.entry.kind, item, answer)
        for item, answer in effective.data.items()
        if item != "name" and answer is not None
    ]
    return (
        gettext("Medication{continued}: {name}").format(
            continued=continued, name=value(name) if name else gettext("not named")
        ),
        facts,
        "",
    )


def _title_in(form: CompiledForm | None, name: str) -> str | None:
    """The title of an item, in the language of the page; None of one without."""
    title = form.items[name].title if form is not None and name in form.items else None
    return told(title) if title else None


def _event(tell: Tell, effective: Effective) -> Written:
    data = effective.data
    state = tell.course.adverse_events.get(effective.entry.about or effective.id)
    code = data.get("term") or (state.term if state is not None else None)
    term = tell.release.file.adverse_events.terms.get(str(code))
    name = told(term.title) if term is not None else value(code) if code is not None else gettext("not named")
    begins = effective.entry.about is None
    facts = [
        tell.coded(effective.entry.kind, item, answer)
        for item, answer in data.items()
        if item != "term" and answer is not None
    ]
    if term is not None and term.special_interest is not None:
        facts.insert(0, Fact(gettext("Special interest"), term.special_interest))
    return (
        gettext("Adverse event{part}: {name}").format(
            part="" if begins else gettext(" continued"), name=name
        ),
        facts,
        "",
    )


def _guess(tell: Tell, effective: Effective) -> Written:
    data = effective.data
    arm = tell.release.file.arms.get(str(data.get("arm")))
    facts = [
        Fact(gettext("Arm guessed"), told(arm.title))
        if arm is not None
        else tell.fact(gettext("Arm guessed"), data.get("arm"))
    ]
    facts += (
        [tell.fact(gettext("Confidence"), f"{data['confidence']} %")]
        if data.get("confidence") is not None
        else []
    )
    facts += [tell.fact(gettext("Why"), data["why"])] if data.get("why") is not None else []
    facts += (
        [Fact(gettext("Clear since"), called_code("guess", "clear", data["clear"]) or value(data["clear"]))]
        if data.get("clear") is not None
        else []
    )
    facts += [tell.fact(gettext("Had been told"), data["told"])] if data.get("told") is not None else []
    return (
        gettext("Guess of treatment by {guesser}").format(guesser=tell.code(data.get("guesser"))),
        facts,
        "",
    )


def _eligibility(tell: Tell, effective: Effective) -> Written:
    data = effective.data
    signed = gettext("signed") if data.get("signed") else gettext("not signed")
    facts = [tell.coded("eligibility", "decision", data.get("decision"))]
    criteria = data.get("criteria")
    if not tell.sight.sees_criteria:
        return (
            gettext("Eligibility"),
            facts,
            gettext("{signed} · single criteria are hidden from {role}").format(
                signed=signed, role=code_words(tell.sight.role)
            ),
        )
    for name, judged in criteria.items() if isinstance(criteria, Mapping) else ():
        criterion = tell.release.file.eligibility.get(name)
        label = begun(told(criterion.text)) if criterion is not None else words(name)
        kind = f" ({gettext(criterion.kind)})" if criterion is not None else ""
        facts.append(tell.fact(f"{label}{kind}", judged))
    return gettext("Eligibility"), facts, signed


def _signature(tell: Tell, effective: Effective) -> Written:
    """Without what it names: some of the entries may be hidden, and their number would tell of them."""
    return gettext("Signed: {meaning}").format(meaning=tell.code(effective.data.get("meaning"))), [], ""


def _verification(tell: Tell, effective: Effective) -> Written:
    """As of a signature: what it names may be hidden."""
    return gettext("Verified against the source"), [], ""


def _query(tell: Tell, effective: Effective) -> Written:
    data = effective.data
    facts = [tell.fact(gettext("Item"), data["item"])] if data.get("item") else []
    facts += [tell.fact(gettext("Words"), data["text"])] if data.get("text") else []
    return (
        gettext("Query {status}").format(status=tell.code(data.get("said"))),
        facts,
        tell.code(data["rule"]) if data.get("rule") else "",
    )


# Kinds that read better told than listed; every other one is a title and its items.
_WRITERS: dict[str, Callable[[Tell, Effective], Written]] = {
    **{name: _form for name, kind in KINDS.items() if kind.form is not None},
    "consent": _consent,
    "dose": _dose,
    "encounter": _encounter,
    "override": _override,
    "presence": _presence,
    "kit_assigned": _kit,
    "dose_level": _dose_level,
    "medication": _medication,
    "adverse_event": _event,
    "guess": _guess,
    "eligibility": _eligibility,
    "signature": _signature,
    "verification": _verification,
    "query": _query,
}


def state(tell: Tell, effective: Effective) -> Written:
    """Title, facts and note of an entry."""
    return _WRITERS.get(effective.entry.kind, _plain)(tell, effective)


def _form_of(release: Release, effective: Effective) -> CompiledForm | None:
    kind = KINDS.get(effective.entry.kind)
    named = kind.form if kind is not None else None
    name = named(effective.data) if named is not None else None
    return release.forms.get(name) if name is not None else None
