"""A kind of entry as a form: its payload's items, with the codelists of the study.

A new kind whose payload has items of these types is asked here without another line.
"""

from __future__ import annotations

import types
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, Literal, Union, get_args, get_origin, get_type_hints

from entact.course.kinds import KINDS
from entact.course.kinds.kind import Kind
from entact.protocol import CompiledForm, Release
from entact.protocol.core_alerts import CORE_ALERTS
from entact.protocol.study import Form, Item, told_in
from entact.protocol.words.label import begun, spaced

# What may be entered by itself -> the act that it is (`conduct.permissions`). What a gate or a screen of its
# own asks is not here: doses, kits, presence, signatures, queries.
ENTERED: Final[Mapping[str, str]] = {
    "adverse_event": "report_event",
    "safety_report": "report_safety",
    "alert_answered": "answer_alert",
    "medication": "enter",
    "safety_call": "enter",
    "deviation": "note_deviation",
    "discontinuation": "stop",
    "death": "stop",
    "consent": "consent",
    "eligibility": "judge_eligibility",
    "enrolment": "enrol",
    "randomisation": "randomise",
}

# What is always about another entry, and is begun on the page of that one.
ABOUT_ANOTHER: Final = frozenset({"safety_report", "alert_answered"})

# Things that later entries continue: an event resolves, a medicine is stopped.
CONTINUED: Final = frozenset({"adverse_event", "medication"})

# Grounds of seriousness. Source: ICH E2A, II.B; names as `course.kinds.reporting` reads them.
_GROUNDS: Final = {
    "death": "death",
    "life_threatening": "life-threatening",
    "hospitalisation": "admission to hospital, or a longer stay",
    "disability": "lasting disability",
    "congenital_anomaly": "congenital anomaly",
    "medically_important": "medically important otherwise",
}
_DEVIATIONS: Final = {
    "late_visit": "visit outside its window",
    "missed_visit": "visit missed",
    "missed_procedure": "procedure missed",
    "eligibility": "eligibility",
    "consent": "consent",
    "dosing": "dosing",
    "medication": "medicine not allowed",
    "blinding": "blinding",
    "other": "other",
}
# What is done about an alert, in the words and codes of the console (`session/console/acts.js`).
_ACTIONS: Final = {
    "spoken_with": "spoken with the participant",
    "safety_plan": "safety plan gone through",
    "repeated_reading": "reading repeated",
    "observed": "watched closely",
    "calmed": "rest, and reassurance",
    "medication_given": "medication given",
    "physician_called": "physician called",
    "referred": "referred for urgent care",
    "emergency_called": "emergency service called",
    "false_alarm": "looked into: no danger",
}
_CAUSES: Final = {
    "withdrew": "does not want to go on",
    "adverse_event": "adverse event",
    "lost_to_follow_up": "lost to follow-up",
    "moved_away": "moved away",
    "no_benefit": "no benefit",
    "not_compliant": "does not keep to the protocol",
    "physician_decision": "decided by the physician",
    "other": "other",
}

_TITLES: Final[Mapping[tuple[str, str], tuple[str, str]]] = {
    ("adverse_event", "term"): ("What happened", "Of the study's list; whatever its valence."),
    ("adverse_event", "verbatim"): ("In the person's own words", ""),
    ("adverse_event", "onset"): ("Began", "As far as it is known: 2026, 2026-04, 2026-04-30."),
    ("adverse_event", "resolved"): ("Ended", "As far as it is known."),
    ("adverse_event", "serious"): ("Serious", ""),
    ("adverse_event", "seriousness"): ("Serious because of", ""),
    ("adverse_event", "related"): ("Related to the treatment", ""),
    ("adverse_event", "expected"): ("Expected", ""),
    ("adverse_event", "solicited"): ("Was asked for", ""),
    ("adverse_event", "action"): ("What was done", ""),
    ("medication", "name"): ("Medicine", ""),
    ("medication", "medicine_class"): ("Class", "Of the study's washout."),
    ("medication", "started"): ("Began", "As far as it is known."),
    ("medication", "stopped"): ("Stopped", "As far as it is known; blank while it is taken."),
    ("medication", "psychiatric"): ("Taken for a psychiatric reason", ""),
    ("alert_answered", "alert"): ("Alert", ""),
    ("alert_answered", "action"): ("What is done about it", ""),
    ("alert_answered", "note"): ("In words", ""),
    ("safety_report", "report"): ("Report that was sent", ""),
    ("safety_report", "number"): ("The receiver’s number, if there is one", ""),
    ("safety_call", "reached"): ("Reached", ""),
    ("safety_call", "suicidality"): ("Anything that speaks of suicidality", ""),
    ("safety_call", "events_heard"): ("Heard of an event", "Enter the event as well."),
    ("discontinuation", "of"): ("What stops", ""),
    ("discontinuation", "cause"): ("Why", ""),
    ("death", "date"): ("Date of death", "As far as it is known."),
    ("consent", "version"): ("Version of the information sheet", ""),
    ("eligibility", "signed"): ("Signed by the investigator, meaning", ""),
    ("enrolment", "subject"): ("Subject number", ""),
    ("randomisation", "number"): ("Randomisation number", "Left blank: the sealed list gives the next one."),
}

# What the record gives by itself where nobody says it.
_GIVEN: Final = frozenset({("randomisation", "number")})


@dataclass(frozen=True)
class KindForm:
    """One kind of entry as a form."""

    kind: Kind
    form: CompiledForm
    nested: frozenset[str]

    def data_of(self, items: Mapping[str, Any]) -> dict[str, Any]:
        """The payload of these answers."""
        data = {name: value for name, value in items.items() if name not in self.nested}
        if self.kind.nested is not None:
            data[self.kind.nested] = {name: value for name, value in items.items() if name in self.nested}
        return data

    def items_of(self, data: Mapping[str, Any]) -> dict[str, Any]:
        """The answers in a payload."""
        inner = data.get(self.kind.nested) if self.kind.nested is not None else None
        items = {name: value for name, value in data.items() if name != self.kind.nested}
        return items | (dict(inner) if isinstance(inner, Mapping) else {})


@lru_cache(maxsize=256)
def kind_form(
    name: str, release: Release, population: str | None = None, site: str | None = None
) -> KindForm:
    """The form of a kind under a release.

    Args:
        population: whose criteria of eligibility are asked. site: where they are, for the number they get.
    """
    kind = KINDS[name]
    items = dict(_items(kind, release, population, site))
    inner = frozenset(items) - kind.items if kind.nested is not None else frozenset()
    form = Form(title=kind.title, items=items)
    return KindForm(kind, CompiledForm(name, form, None), inner)


def _items(
    kind: Kind, release: Release, population: str | None, site: str | None
) -> Iterator[tuple[str, Item]]:
    hints = get_type_hints(kind.payload)
    names = zip(kind.payload.__struct_fields__, kind.payload.__struct_encode_fields__, strict=True)
    for attribute, name in names:
        if name in kind.of_page:
            continue
        if name == kind.nested:
            yield from _each(kind, release, population)
            continue
        hint = hints[attribute]
        plain = next(one for one in get_args(hint) if one is not type(None)) if _optional(hint) else hint
        title, help_ = _TITLES.get((kind.name, name), (begun(spaced(name)), ""))
        scheme = release.file.numbers.subject if release.file.numbers is not None else None
        if (kind.name, name) == ("enrolment", "subject") and scheme:
            help_ = (
                f"Left blank, the record gives the next one: {scheme.replace('{site}', site or '{site}')}."
            )
        needed = not _optional(hint) and (kind.name, name) not in _GIVEN
        said: dict[str, Any] = {"title": title, "required": needed, "personal": name in kind.sealed}
        yield name, Item(**said, **_type(kind, name, plain, release), **({"help": help_} if help_ else {}))


def _each(kind: Kind, release: Release, population: str | None) -> Iterator[tuple[str, Item]]:
    """What is answered one by one: every scope of consent, or every criterion."""
    if kind.name == "consent":
        texts = {name: str(text) for name, text in release.file.consent.items()}
    else:
        criteria = release.criteria_of(population)
        texts = {
            name: f"{told_in(one.criterion.text, None)} ({one.criterion.kind})"
            for name, one in criteria.items()
        }
    for name, text in texts.items():
        yield name, Item(type="boolean", title=begun(text), personal=False)


def _type(kind: Kind, name: str, plain: Any, release: Release) -> dict[str, Any]:
    labels = _codes(kind.name, name, release)
    if get_origin(plain) is Literal:
        labels = {code: spaced(code) for code in get_args(plain)}
    if get_origin(plain) is list:
        return {"type": "choices", "of": list(labels), "labels": labels}
    if labels:
        return {"type": "choice", "of": list(labels), "labels": labels}
    if name in kind.dated:
        return {"type": "partial_date"}
    return {"type": {bool: "boolean", int: "integer"}.get(plain, "text")}


def _codes(kind: str, name: str, release: Release) -> dict[str, str]:
    """Codelists of the study, and the short ones of the record itself."""
    file = release.file
    if (kind, name) == ("adverse_event", "term"):
        terms = {code: told_in(term.title, None) for code, term in file.adverse_events.terms.items()}
        return {**terms, "other": "another one"}
    if (kind, name) == ("medication", "medicine_class"):
        return {one: spaced(one) for one in file.washout.classes} if file.washout is not None else {}
    if (kind, name) == ("alert_answered", "alert"):
        return {code: str(alert.alert.title) for code, alert in release.alerts.items()} | dict(CORE_ALERTS)
    if (kind, name) == ("safety_report", "report"):
        return {code: str(report.title) for code, report in file.reports.items()}
    found: dict[tuple[str, str], dict[str, str]] = {
        ("alert_answered", "action"): dict(_ACTIONS),
        ("adverse_event", "seriousness"): dict(_GROUNDS),
        ("deviation", "category"): dict(_DEVIATIONS),
        ("discontinuation", "cause"): dict(_CAUSES),
        ("eligibility", "signed"): {"decision": "my decision"},
    }
    return found.get((kind, name), {})


def _optional(hint: Any) -> bool:
    return get_origin(hint) in (Union, types.UnionType) and type(None) in get_args(hint)
