"""What one entry says, kind by kind: a title, facts and a note."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import tzinfo
from typing import Any

from entact.conduct.sight import Sight
from entact.conduct.words import SEALED, lower_words, moment, quantity, title_of_form, value, words
from entact.course import Course, instant
from entact.course.entry.effective import Effective
from entact.course.kinds import KINDS
from entact.course.kinds.checks import requirement_of
from entact.protocol import CompiledForm, Release

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
    """What it takes to put an entry into words: its course and release, the role, and the site's clock."""

    course: Course
    release: Release
    sight: Sight
    zone: tzinfo

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


Written = tuple[str, list[Fact], str]


def _plain(tell: Tell, effective: Effective) -> Written:
    facts = [tell.fact(words(name), answer) for name, answer in effective.data.items() if answer is not None]
    kind = KINDS.get(effective.entry.kind)
    return words(effective.entry.kind) if kind is None else kind.title, facts, ""


def _consent(tell: Tell, effective: Effective) -> Written:
    scopes = effective.data.get("scopes")
    facts = [tell.fact("Version", effective.data.get("version"))]
    for name, allowed in scopes.items() if isinstance(scopes, Mapping) else ():
        facts.append(tell.fact(words(name), allowed, tell.release.file.consent.get(name)))
    for label, item in (("Signed", "how"), ("Language", "language"), ("Informed by", "informed_by")):
        facts += [tell.fact(label, effective.data[item])] if effective.data.get(item) else []
    return "Consent", facts, ""


def _form(tell: Tell, effective: Effective) -> Written:
    form = _form_of(tell.release, effective)
    title = title_of_form(form) if form is not None else words(str(effective.data.get("form", "form")))
    inner = KINDS[effective.entry.kind].nested
    items = effective.data if inner is None else effective.data.get(inner)
    if not isinstance(items, Mapping):
        return title, [tell.fact("Items", items)], ""
    order = [*form.items] if form is not None else []
    names = sorted(items, key=lambda name: order.index(name) if name in order else len(order))
    facts = [
        tell.fact(words(name), items[name], form.items[name].title if form and name in form.items else None)
        for name in names
        if items[name] is not None
    ]
    note = "not done" if effective.data.get("status") == "not_done" else "" if facts else "no item answered"
    return title, facts, " · ".join(part for part in (effective.entry.timepoint or "", note) if part)


def _dose(tell: Tell, effective: Effective) -> Written:
    data = effective.data
    facts = [
        tell.fact("Kit", data.get("kit")),
        Fact("Level", _level(tell.release, data.get("level"), data.get("part"))),
    ]
    facts += [
        tell.fact(words(name), data.get(name, 0)) for name in ("dispensed", "taken", "returned", "lost")
    ]
    facts += [tell.fact("Outcome", data.get("outcome", "taken"))]
    if data.get("witness"):
        facts += [tell.fact("Witness", data["witness"])]
    facts += [Fact("Set aside", text) for text in _set_aside(tell, effective)]
    return (
        f"{words(str(data.get('part', '')))} dose".strip(),
        facts,
        "what the kit holds is hidden",
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
        who = f", by {' and '.join(proofs)}" if isinstance(proofs, dict) else ""
        yield f"{code if required is None else required.otherwise}{who}"


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
    of += " or placebo" if named and named[0].placebo == "matching" else ""
    return f"{level}, nominally {units.count} × {quantity(units.strength)}{of}"


def _override(tell: Tell, effective: Effective) -> Written:
    data, release = effective.data, tell.course.site_release(effective.at)
    required = requirement_of(release, str(data.get("requirement")))
    what = "a requirement" if required is None else required.otherwise
    verbal = "" if data.get("ordered_by") is None else f"verbal order of {data['ordered_by']}"
    return f"Set aside: {what}", [tell.fact("Requirement", data.get("requirement"))], verbal


def _encounter(tell: Tell, effective: Effective) -> Written:
    status, left = effective.data.get("status", "encounter"), effective.data.get("disposition", "discharged")
    how = "" if left == "discharged" else f", {lower_words(str(left))}"
    return f"{words(str(status))}{how}", [], ""


def _presence(tell: Tell, effective: Effective) -> Written:
    data = effective.data
    went = "came in" if data.get("state") == "in" else "went out"
    return f"{value(data.get('person'))}, {value(data.get('role'))}, {went}", [], ""


def _kit(tell: Tell, effective: Effective) -> Written:
    data = effective.data
    text = (
        f"Kit {value(data.get('kit'))} assigned: {value(data.get('part'))}, level {value(data.get('level'))}"
    )
    return text, [], ""


def _dose_level(tell: Tell, effective: Effective) -> Written:
    return f"Dose level decided: {value(effective.data.get('level'))}", [], ""


def _medication(tell: Tell, effective: Effective) -> Written:
    state = tell.course.medication.get(effective.entry.about or effective.id)
    name = effective.data.get("name") or (state.name if state is not None else None)
    continued = "" if effective.entry.about is None else " continued"
    facts = [
        tell.fact(words(item), answer)
        for item, answer in effective.data.items()
        if item != "name" and answer is not None
    ]
    return f"Medication{continued}: {value(name) if name else 'not named'}", facts, ""


def _event(tell: Tell, effective: Effective) -> Written:
    data = effective.data
    state = tell.course.adverse_events.get(effective.entry.about or effective.id)
    code = data.get("term") or (state.term if state is not None else None)
    term = tell.release.file.adverse_events.terms.get(str(code))
    name = term.title if term is not None else value(code) if code is not None else "not named"
    begins = effective.entry.about is None
    facts = [
        tell.fact(words(item), answer)
        for item, answer in data.items()
        if item != "term" and answer is not None
    ]
    if term is not None and term.special_interest is not None:
        facts.insert(0, Fact("Special interest", term.special_interest))
    return f"Adverse event{'' if begins else ' continued'}: {name}", facts, ""


def _guess(tell: Tell, effective: Effective) -> Written:
    data = effective.data
    arm = tell.release.file.arms.get(str(data.get("arm")))
    facts = [Fact("Arm guessed", arm.title) if arm is not None else tell.fact("Arm guessed", data.get("arm"))]
    facts += (
        [tell.fact("Confidence", f"{data['confidence']} %")] if data.get("confidence") is not None else []
    )
    facts += [tell.fact("Why", data["why"])] if data.get("why") is not None else []
    facts += [tell.fact("Clear since", words(data["clear"]))] if data.get("clear") is not None else []
    facts += [tell.fact("Had been told", data["told"])] if data.get("told") is not None else []
    return f"Guess of treatment by {value(data.get('guesser'))}", facts, ""


def _eligibility(tell: Tell, effective: Effective) -> Written:
    data = effective.data
    signed = "signed" if data.get("signed") else "not signed"
    facts = [tell.fact("Decision", data.get("decision"))]
    criteria = data.get("criteria")
    if not tell.sight.sees_criteria:
        return (
            "Eligibility",
            facts,
            f"{signed} · single criteria are hidden from {lower_words(tell.sight.role)}",
        )
    for name, judged in criteria.items() if isinstance(criteria, Mapping) else ():
        criterion = tell.release.file.eligibility.get(name)
        label = words(criterion.text) if criterion is not None else words(name)
        kind = f" ({criterion.kind})" if criterion is not None else ""
        facts.append(tell.fact(f"{label}{kind}", judged))
    return "Eligibility", facts, signed


def _signature(tell: Tell, effective: Effective) -> Written:
    """Without what it names: some of the entries may be hidden, and their number would tell of them."""
    return f"Signed: {value(effective.data.get('meaning'))}", [], ""


def _verification(tell: Tell, effective: Effective) -> Written:
    """As of a signature: what it names may be hidden."""
    return "Verified against the source", [], ""


def _query(tell: Tell, effective: Effective) -> Written:
    data = effective.data
    facts = [tell.fact("Item", data["item"])] if data.get("item") else []
    facts += [tell.fact("Words", data["text"])] if data.get("text") else []
    return f"Query {value(data.get('said'))}", facts, value(data["rule"]) if data.get("rule") else ""


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
    named = KINDS[effective.entry.kind].form
    name = named(effective.data) if named is not None else None
    return release.forms.get(name) if name is not None else None
