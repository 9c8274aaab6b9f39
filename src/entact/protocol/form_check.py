"""Whether forms make sense as a whole: labels, sections, earlier values, languages, and who sees what."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel, ValidationError

from entact.protocol.asking import known_elsewhere
from entact.protocol.extent import Extents, extents_in, extents_of_form
from entact.protocol.form import CompiledForm
from entact.protocol.instrument_file import InstrumentFile
from entact.protocol.problem import Fault, Path, unknown
from entact.protocol.reach import comparisons, idle
from entact.protocol.rules import forms_at
from entact.protocol.study import Form, Item, StudyFile, Translated, Visit
from entact.protocol.study.forms import MANY
from entact.protocol.tree import parse


def check_forms(
    file: StudyFile, forms: Mapping[str, CompiledForm], visits: Mapping[str, Visit]
) -> Iterator[Fault]:
    """Everything about forms and their words that leads nowhere or contradicts itself."""
    for name, form in file.forms.items():
        path: Path = ("forms", name)
        yield from _sections(form, path)
        for item, said in form.items.items():
            yield from _item(said, (*path, "items", item))
            if said.shows is not None and name in forms:
                yield from _shows(file, forms, visits, name, said.shows, (*path, "items", item, "shows"))
        if name in forms:
            yield from _leaks(file, forms, visits, forms[name])
            others = {one: extent for one, (_, extent) in known_elsewhere(name, forms).items()}
            yield from _idle(forms[name], others, path)
    yield from _languages(file)


def _item(item: Item, path: Path) -> Iterator[Fault]:
    codes = item.codes
    for code in item.labels:
        if code not in codes and codes:
            yield Fault((*path, "labels", code), unknown("answer", code, codes), at_key=True)
    if item.labels and not codes:
        message = "a number without a range has no answers to name; add `range:`"
        if item.answers is not None:
            message = (
                f"its range has more than {MANY:,} answers, and none of so many is named; narrow `range:`"
            )
        yield Fault((*path, "labels"), message)
    missing = [code for code in item.of or () if code not in item.labels]
    if item.labels and missing:
        message = f"the code {missing[0]!r} has no label; write '{missing[0]}: …'"
        yield Fault((*path, "labels"), message)
    for name, inner in item.items.items():
        place = (*path, "items", name)
        yield from _item(inner, place)
        for key, given in (
            ("section", inner.section),
            ("shows", inner.shows),
            ("sdtm", inner.sdtm),
            ("items", inner.items),
        ):
            if given:
                message = (
                    "does not belong into a row; take it out"
                    if key != "items"
                    else "rows have no rows within"
                )
                yield Fault((*place, key), message, at_key=True)


def _sections(form: Form, path: Path) -> Iterator[Fault]:
    """Items of a section stand together, in one that exists."""
    last: str | None = None
    over: set[str] = set()
    for name, item in form.items.items():
        place = (*path, "items", name, "section")
        if item.section is not None and item.section not in form.sections:
            yield Fault(place, unknown("section", item.section, form.sections))
        elif item.section in over and item.section != last:
            message = f"the section {item.section!r} was over; put its items one after the other"
            yield Fault(place, message)
        over |= {item.section} if item.section else set()
        last = item.section
    for name in form.sections:
        if name not in over:
            message = "no item is in this section; give one `section:` of this name, or take it out"
            yield Fault((*path, "sections", name), message, at_key=True)


def _shows(
    file: StudyFile,
    forms: Mapping[str, CompiledForm],
    visits: Mapping[str, Visit],
    name: str,
    shows: str,
    path: Path,
) -> Iterator[Fault]:
    """An earlier value has to be of an item or score, and from a visit before one that shows it."""
    *visit, form, item = shows.split(".") if "." in shows else ("", shows)
    if len(visit) > 1 or not form:
        message = (
            f"{shows!r} names no earlier value; write 'form.item' for the last one, or 'visit.form.item'"
        )
        yield Fault(path, message)
        return
    if visit and visit[0] not in visits:
        yield Fault(path, unknown("visit", visit[0], visits))
        return
    if form not in forms:
        yield Fault(path, unknown("form", form, forms), shows.find(form))
        return
    known = [*forms[form].items, *forms[form].scores]
    if item not in known:
        yield Fault(path, unknown(f"item of {form}", item, known), len(shows) - len(item))
        return
    order = list(visits)
    filled = [place for place, one in enumerate(visits.values()) if name in forms_at(one, forms)]
    earlier = [
        place
        for place, one in enumerate(visits.values())
        if form in forms_at(one, forms) and (not visit or order[place] == visit[0])
    ]
    if visit and not earlier:
        message = f"{form!r} is not filled at {visit[0]}; add it to its `do:`, or choose another visit"
        yield Fault(path, message)
    elif filled and (not earlier or max(filled) <= min(earlier)):
        message = f"no visit fills {form!r} before this form; nothing could ever be shown"
        yield Fault(path, message)


def _leaks(
    file: StudyFile, forms: Mapping[str, CompiledForm], visits: Mapping[str, Visit], form: CompiledForm
) -> Iterator[Fault]:
    """Whoever fills a form would learn what is hidden from them, by what it shows or asks."""
    roles = (
        {form.form.by}
        if form.form.by
        else {one.by for one in visits.values() if form.name in forms_at(one, forms)}
    )
    hidden = {
        data_class: said.role for said in file.blinding if said.role in roles for data_class in said.hidden
    }
    if not hidden:
        return
    for path, names in _names(form, ("forms", form.name)):
        for name in sorted(names):
            other = name.split(".")[-2]
            if other in forms and (role := hidden.get(forms[other].form.data_class)):
                data_class = forms[other].form.data_class
                message = f"{name} is of the class {data_class!r}, hidden from the {role} who fills this form"
                yield Fault(path, f"{message}; take it out")


def _names(form: CompiledForm, path: Path) -> Iterator[tuple[Path, set[str]]]:
    """What each item shows or hangs on of other forms."""
    for name, said in form.items.items():
        place = (*path, "items", name)
        if said.shows is not None and "." in said.shows:
            yield (*place, "shows"), {said.shows}
        if not said.is_entered and name in form.rules.calculations:
            rule = form.rules.calculations[name]
            yield (
                (*place, "calculated" if said.over is None else "over"),
                {one for one in rule.names if "." in one},
            )
        for rule in form.rules.conditions.get(name, ()):
            own = said.when == rule.text
            at = (*place, "when") if own else (*path, "sections", said.section or "", "when")
            yield at, {one for one in rule.names if "." in one}
    for name, row in form.rows.items():
        yield from _names(row, (*path, "items", name))


def _idle(form: CompiledForm, known: Extents, path: Path) -> Iterator[Fault]:
    """Conditions that never hold or always do, and comparisons that always come out alike."""
    known = {**known, **extents_of_form(form)}
    passed: set[Path] = set()
    for name, said in form.items.items():
        made = form.rules.calculations.get(name) if said.over is None else None
        rules = {(*path, "items", name, "calculated"): made}
        for rule in form.rules.conditions.get(name, ()):
            block = ("items", name) if said.when == rule.text else ("sections", said.section or "")
            rules[(*path, *block, "when")] = rule
        for place, one in rules.items():
            if one is None or place in passed:
                continue
            passed.add(place)
            told = idle if one.returns == "bool" else comparisons
            yield from told(parse(one.text), extents_in(one.names, known), place)
    for name, row in form.rows.items():
        yield from _idle(row, known, (*path, "items", name))


def _languages(file: StudyFile) -> Iterator[Fault]:
    """Words that are translated are so into every language of the study, and into no other."""
    for place, language in enumerate(file.languages):
        if language in file.languages[:place]:
            yield Fault(("languages", place), f"{language!r} stands twice; write each once")
    for path, words in (*_translated(file, ()), *_of_instruments(file)):
        strange = [language for language in words.by_language if language not in file.languages]
        for language in strange:
            message = f"{unknown('language', language, file.languages)} (or add it to `languages:`)"
            yield Fault((*path, language), message, at_key=True)
        missing = [language for language in file.languages if language not in words.by_language]
        if missing and not strange:
            yield Fault(path, f"the language {missing[0]!r} is missing; write '{missing[0]}: …'")


def _of_instruments(file: StudyFile) -> Iterator[tuple[Path, Translated]]:
    for name, data in file.instruments.items():
        try:
            instrument = InstrumentFile.model_validate(data)
        except ValidationError:
            continue  # said where instruments are compiled
        yield from _translated(instrument, ("instruments", name))


def _translated(value: Any, path: Path) -> Iterator[tuple[Path, Translated]]:
    """Every text in several languages, with its place."""
    if isinstance(value, Translated):
        yield path, value
    elif isinstance(value, BaseModel):
        for name, field in type(value).model_fields.items():
            yield from _translated(getattr(value, name), (*path, field.alias or name))
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _translated(inner, (*path, key))
    elif isinstance(value, list | tuple):
        for number, inner in enumerate(value):
            yield from _translated(inner, (*path, number))
