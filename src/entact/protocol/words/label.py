"""What forms, items, visits, roles and the facts that rules know are called in sentences."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from entact.protocol.form import CompiledForm
from entact.protocol.study import Item, Translated, told_in
from entact.protocol.timetable import ACTIVITIES

_UNITS: Final = {
    "a": "years",
    "mo": "months",
    "mm[Hg]": "mmHg",
    "/min": "per minute",
    "Cel": "°C",
    "umol/L": "µmol/L",
    "kg/m2": "kg/m²",
    "%": "per cent",
    "[lb_av]": "lb",
    "[in_i]": "in",
    "[ft_i]": "ft",
    "[degF]": "°F",
}
_ABBREVIATIONS: Final = "MDMA PTSD SSRI SNRI MAOI QTc ECG ALT AST BMI SDS CAPS5 BDI2 PCL5 ITT MMRM ANCOVA"
_SPELLED: Final = {name.lower(): name for name in _ABBREVIATIONS.split()}
_ACTIVITIES: Final = {
    "guess": "guess of the treatment",
    "safety_call": "safety call",
    "medication": "medicines taken",
    "dose": "dose",
}

FACTS: Final[Mapping[str, tuple[str, str]]] = {
    "person.enrolled": ("the person is enrolled", "the person is not enrolled"),
    "person.randomised": ("the person is randomised", "the person is not randomised"),
    "person.treatment_stopped": (
        "the person's treatment was stopped",
        "the person's treatment was not stopped",
    ),
    "person.unblinded": ("the person was told the arm", "the person was not told the arm"),
    "person.without_drug": ("the person's arm has no drug", "the person's arm has a drug"),
    "person.assessed_after_dose": (
        "the primary endpoint was assessed after a dose",
        "the primary endpoint was not assessed after a dose",
    ),
    "person.assessed_at_end": (
        "the primary endpoint was assessed at its own visit",
        "the primary endpoint was not assessed at its own visit",
    ),
    "event.serious": ("the event is serious", "the event is not serious"),
    "event.related": ("it is possibly, probably or definitely related", "it is not related"),
    "event.expected": ("it is expected", "it is unexpected"),
    "event.fatal": ("it is fatal", "it is not fatal"),
    "event.life_threatening": ("it is life-threatening", "it is not life-threatening"),
    "event.severe": ("it is severe", "it is not severe"),
}
"""What is said when a fact of `entact.protocol.names` holds, and when it does not."""

COUNTS: Final[Mapping[str, str]] = {
    "person.population": "the person's population",
    "person.doses": "the person's number of sessions with a dose",
    "person.planned_doses": "the planned number",
    "person.serious_events": "the person's number of serious events",
    "person.related_serious_events": "the person's number of related serious events",
    "event.term": "the event's term",
    "event.special_interest": "the event's kind of special interest",
    "study.enrolled": "the number enrolled in the study",
    "study.deaths": "the number of deaths in the study",
    "study.serious_events": "the number of serious events in the study",
    "study.related_serious_events": "the number of related serious events in the study",
    "study.events_of_interest": "the number of events of special interest in the study",
    "study.unexpected_events": "the number of serious, related and unexpected events in the study",
}
"""What the other facts are called."""


def spaced(name: str) -> str:
    """A name as people read it: `session_1` is session 1."""
    return " ".join(_SPELLED.get(word, word) for word in name.split("_"))


def begun(text: str) -> str:
    """A text with a capital letter at its beginning, unless its first word has one of its own within."""
    first = text.split(" ", 1)[0]
    return text if not first or first != first.lower() else text[0].upper() + text[1:]


def abbreviated(title: str) -> str:
    """A title by its abbreviation, where it has one: `… Scale (C-SSRS), lifetime` is `C-SSRS, lifetime`."""
    return re.sub(r"^.*?\(([A-Z][\w-]*[A-Z0-9])\)", r"\1", title)


def unit_words(unit: str) -> str:
    """A unit (UCUM) as people write it."""
    return _UNITS.get(unit, unit)


class Labels:
    """Names of one study's forms, items and activities."""

    def __init__(self, forms: Mapping[str, CompiledForm]) -> None:
        self.forms = forms

    def form(self, name: str) -> str:
        """A form by its title, short where the title says how and no other form is called so."""
        form = self.forms[name]
        title = form.form.title or (form.instrument.title if form.instrument is not None else spaced(name))
        short = abbreviated(title)
        alone = short.partition(",")[0]
        others = [other for other in self.forms if other != name and self._short(other).startswith(alone)]
        return within_sentence(title) if short == title else short if others else alone

    def _short(self, name: str) -> str:
        form = self.forms[name]
        return abbreviated(form.form.title or (form.instrument.title if form.instrument is not None else ""))

    def item(self, item: str) -> str:
        """An item or score as it stands within a sentence: by its name, as titles may be notes."""
        return spaced(item)

    def item_in(self, form: CompiledForm | None, item: str) -> str:
        """An item or score of a form, or of a row of one, as it stands within a sentence."""
        return self.item(item)

    def activity(self, name: str) -> str:
        """What is done at a visit."""
        if name in self.forms:
            return self.form(name)
        if name == "vital_signs":
            return self.form("vitals") if "vitals" in self.forms else "vital signs"
        assert name in ACTIVITIES, name
        return _ACTIVITIES.get(name, spaced(name))

    def item_of(self, form: str, item: str) -> Item | None:
        return self.forms[form].items.get(item) if form in self.forms else None

    def is_yes_or_no(self, form: str, item: str) -> bool:
        """Whether an item or score is a yes or no."""
        return form in self.forms and self.forms[form].types.get(item) == "bool"


class Titles(Labels):
    """Names of one study's forms and items as who fills them in reads them: by their titles, in a language.

    Args:
        language: of the study; None for its main one.
    """

    def __init__(self, forms: Mapping[str, CompiledForm], language: str | None = None) -> None:
        super().__init__(forms)
        self.language = language

    def form(self, name: str) -> str:
        """As of all labels, where the title is not in another language."""
        form = self.forms[name]
        title = form.form.title or (form.instrument.title if form.instrument is not None else "")
        told = told_in(title, self.language) if title else ""
        return super().form(name) if told == str(title) else abbreviated(told)

    def item_in(self, form: CompiledForm | None, item: str) -> str:
        """An item by its title; by its name, where it has none, or one that is a note on several."""
        asked = form.items if form is not None else {}
        title = asked[item].title if item in asked else ""
        if not title or sum(one.title == title for one in asked.values()) > 1:
            return self.item(item)
        told = told_in(title, self.language)
        return self.item(item) if {*"“”"} & {*told} else f"“{told}”"


def within_sentence(title: str, language: str | None = None) -> str:
    """A title within a sentence: its first letter small, unless the word is an abbreviation or a name.

    Args:
        language: of the title; else that in which it is told, where it is translated, or English. Other
            languages have capitals of their own: a German noun keeps its.
    """
    if language is None and isinstance(title, Translated):
        language = next((tag for tag, words in title.by_language.items() if words == str(title)), None)
    if language is not None and language.partition("-")[0] != "en":
        return title
    first, _, rest = title.partition(" ")
    is_name = first[1:] != first[1:].lower() or rest[:1].isupper()
    return title if is_name else title[:1].lower() + title[1:]
