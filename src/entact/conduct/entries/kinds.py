"""A kind of entry as a form: its payload's items, with the codelists of the study.

A new kind whose payload has items of these types is asked here without another line.
"""

from __future__ import annotations

import types
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, Literal, Union, get_args, get_origin, get_type_hints

from django.utils.translation import get_language, gettext, gettext_noop

from entact.conduct.language.codelists import called_code, codelist
from entact.conduct.words import told
from entact.course.kinds import KINDS
from entact.course.kinds.kind import Kind
from entact.protocol import CompiledForm, Release
from entact.protocol.core_alerts import CORE_ALERTS
from entact.protocol.study import Form, Item
from entact.protocol.words.label import begun, spaced

# What may be entered by itself -> the act that it is (`conduct.permissions`). What a gate or a screen of its
# own asks is not here: doses, kits, presence, signatures, queries.
ENTERED: Final[Mapping[str, str]] = {
    "adverse_event": "report_event",
    "safety_report": "report_safety",
    "alert_answered": "answer_alert",
    "asked_none": "report_event",
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

# What is said of a visit, and begun on its page.
AT_A_VISIT: Final = frozenset({"asked_none"})

# Things that later entries continue: an event resolves, a medicine is stopped.
CONTINUED: Final = frozenset({"adverse_event", "medication"})

_TITLES: Final[Mapping[tuple[str, str], tuple[str, str]]] = {
    ("adverse_event", "term"): (
        gettext_noop("What happened"),
        gettext_noop("Of the study's list; whatever its valence."),
    ),
    ("adverse_event", "verbatim"): (gettext_noop("In the person's own words"), ""),
    ("adverse_event", "onset"): (
        gettext_noop("Began"),
        gettext_noop("As far as it is known: 2026, 2026-04, 2026-04-30."),
    ),
    ("adverse_event", "resolved"): (gettext_noop("Ended"), gettext_noop("As far as it is known.")),
    ("adverse_event", "serious"): (gettext_noop("Serious"), ""),
    ("adverse_event", "seriousness"): (gettext_noop("Serious because of"), ""),
    ("adverse_event", "related"): (gettext_noop("Related to the treatment"), ""),
    ("adverse_event", "expected"): (gettext_noop("Expected"), ""),
    ("adverse_event", "solicited"): (gettext_noop("Was asked for"), ""),
    ("adverse_event", "action"): (gettext_noop("What was done"), ""),
    ("medication", "name"): (gettext_noop("Medicine"), ""),
    ("medication", "medicine_class"): (gettext_noop("Class"), gettext_noop("Of the study's washout.")),
    ("medication", "started"): (gettext_noop("Began"), gettext_noop("As far as it is known.")),
    ("medication", "stopped"): (
        gettext_noop("Stopped"),
        gettext_noop("As far as it is known; blank while it is taken."),
    ),
    ("medication", "psychiatric"): (gettext_noop("Taken for a psychiatric reason"), ""),
    ("alert_answered", "alert"): (gettext_noop("Alert"), ""),
    ("asked_none", "of"): (gettext_noop("There were no"), ""),
    ("alert_answered", "action"): (gettext_noop("What is done about it"), ""),
    ("alert_answered", "note"): (gettext_noop("In words"), ""),
    ("safety_report", "report"): (gettext_noop("Report that was sent"), ""),
    ("safety_report", "number"): (gettext_noop("The receiver’s number, if there is one"), ""),
    ("safety_call", "reached"): (gettext_noop("Reached"), ""),
    ("safety_call", "suicidality"): (gettext_noop("Anything that speaks of suicidality"), ""),
    ("safety_call", "events_heard"): (
        gettext_noop("Heard of an event"),
        gettext_noop("Enter the event as well."),
    ),
    ("discontinuation", "of"): (gettext_noop("What stops"), ""),
    ("discontinuation", "cause"): (gettext_noop("Why"), ""),
    ("death", "date"): (gettext_noop("Date of death"), gettext_noop("As far as it is known.")),
    ("consent", "version"): (gettext_noop("Version of the information sheet"), ""),
    ("eligibility", "signed"): (gettext_noop("Signed by the investigator, meaning"), ""),
    ("enrolment", "subject"): (gettext_noop("Subject number"), ""),
    ("randomisation", "number"): (
        gettext_noop("Randomisation number"),
        gettext_noop("Left blank: the sealed list gives the next one."),
    ),
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


def kind_form(
    name: str, release: Release, population: str | None = None, site: str | None = None
) -> KindForm:
    """The form of a kind under a release, in the language of the page.

    Args:
        population: whose criteria of eligibility are asked. site: where they are, for the number they get.
    """
    return _kind_form(name, release, population, site, get_language() or "")


@lru_cache(maxsize=512)
def _kind_form(
    name: str, release: Release, population: str | None, site: str | None, language: str
) -> KindForm:
    """As `kind_form`; `language`, in which it is called, tells the forms that are kept apart."""
    kind = KINDS[name]
    items = dict(_items(kind, release, population, site))
    inner = frozenset(items) - kind.items if kind.nested is not None else frozenset()
    form = Form(title=gettext(kind.title), items=items)
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
        title, help_ = gettext(title), gettext(help_) if help_ else ""
        scheme = release.file.numbers.subject if release.file.numbers is not None else None
        if (kind.name, name) == ("enrolment", "subject") and scheme and site:
            help_ = gettext("Left blank, the record gives the next one: {scheme}.").format(
                scheme=scheme.replace("{site}", site)
            )
        needed = not _optional(hint) and (kind.name, name) not in _GIVEN
        said: dict[str, Any] = {"title": title, "required": needed, "personal": name in kind.sealed}
        yield name, Item(**said, **_type(kind, name, plain, release), **({"help": help_} if help_ else {}))


def _each(kind: Kind, release: Release, population: str | None) -> Iterator[tuple[str, Item]]:
    """What is answered one by one: every scope of consent, or every criterion."""
    if kind.name == "consent":
        texts = {name: told(text) for name, text in release.file.consent.items()}
    else:
        criteria = release.criteria_of(population)
        texts = {
            name: f"{told(one.criterion.text)} ({gettext(one.criterion.kind)})"
            for name, one in criteria.items()
        }
    for name, text in texts.items():
        yield name, Item(type="boolean", title=begun(text), personal=False)


def _type(kind: Kind, name: str, plain: Any, release: Release) -> dict[str, Any]:
    labels = _codes(kind.name, name, release)
    if get_origin(plain) is Literal:
        labels = {code: called_code(kind.name, name, code) for code in get_args(plain)}
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
        terms = {code: told(term.title) for code, term in file.adverse_events.terms.items()}
        return {**terms, "other": gettext("another one")}
    if (kind, name) == ("medication", "medicine_class"):
        return {one: spaced(one) for one in file.washout.classes} if file.washout is not None else {}
    if (kind, name) == ("alert_answered", "alert"):
        return {code: told(alert.alert.title) for code, alert in release.alerts.items()} | {
            code: gettext(title) for code, title in CORE_ALERTS.items()
        }
    if (kind, name) == ("safety_report", "report"):
        return {code: told(ruled.said.title) for code, ruled in release.rules.reports.items()}
    if (kind, name) == ("eligibility", "signed"):
        return {"decision": gettext("my decision")}
    return codelist(kind, name)


def _optional(hint: Any) -> bool:
    return get_origin(hint) in (Union, types.UnionType) and type(None) in get_args(hint)
