"""Forms in words: what each asks of whom, of what kind, in which range and when; to read, and for paper."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from entact.protocol.form import CompiledForm
from entact.protocol.instrument import Instrument, shipped_instruments
from entact.protocol.quantity import parse_range
from entact.protocol.release import Release
from entact.protocol.rules import forms_at
from entact.protocol.study import Item, Over, told_in
from entact.protocol.words.label import Titles, begun, spaced, unit_words
from entact.protocol.words.passage import Passage, Teller, counted, listed
from entact.protocol.words.rule import rule_words

TYPES: Final[Mapping[str, str]] = {
    "boolean": "yes or no",
    "integer": "whole number",
    "decimal": "number",
    "choice": "one of",
    "choices": "any of",
    "text": "text",
    "date": "date",
    "partial_date": "date as far as it is known",
    "time": "time",
    "datetime": "date and time",
    "file": "file",
    "rows": "rows",
}
"""What an answer is, by the type of its item."""


@dataclass(frozen=True, slots=True)
class ItemAccount:
    """One item of a form.

    Attributes:
        title: as it is asked, else its name. kind, unit: what an answer is. choices: code -> label.
        can_be, usual: its two ranges. asked, calculated, shows: its rules in words, empty where it has none.
        cells: what each row holds.
    """

    name: str
    title: str
    help: str
    section: str | None
    type: str
    kind: str
    unit: str
    choices: Mapping[str, str]
    can_be: str
    usual: str
    asked: str
    calculated: str
    shows: str
    step: int
    required: bool
    personal: bool
    cells: tuple[ItemAccount, ...] = ()


@dataclass(frozen=True, slots=True)
class SectionAccount:
    """A heading within a form; its items follow each other."""

    title: str
    help: str
    asked: str


@dataclass(frozen=True, slots=True)
class FormAccount:
    """A form with all that it asks.

    Attributes:
        by: who fills it, empty where the visit says. visits: where it is filled, by their titles.
        instrument: whose items and scores it has. own: whether it has items of its own.
        sampled: the share of its times at which it is filled; all where none is said.
    """

    name: str
    title: str
    help: str
    by: str
    visits: tuple[str, ...]
    sections: Mapping[str, SectionAccount]
    items: tuple[ItemAccount, ...]
    instrument: Instrument | None
    sampled: float | None = None


class Forms(Teller):
    """The forms of one release in a language of the study.

    Args:
        by_title: conditions call items by their titles, as a page does; else by their names.
    """

    def __init__(self, release: Release, language: str | None = None, *, by_title: bool = False) -> None:
        super().__init__(release)
        self.language = language
        if by_title:
            self.labels = Titles(release.forms, language)

    def all(self) -> Iterator[FormAccount]:
        """Every form that a visit fills, in the order of the file."""
        for name, form in self.release.forms.items():
            visits = tuple(
                self._words(visit.title) if visit.title and visit.then is None else spaced(place)
                for place, visit in self.release.visits.items()
                if name in forms_at(visit, self.release.forms)
            )
            if visits:
                yield self._form(form, visits)

    def of(self, form: CompiledForm) -> FormAccount:
        """One form, whether or not a visit fills it."""
        return self._form(form, ())

    def condition(self, form: CompiledForm, item: str, around: CompiledForm | None = None) -> str:
        """When an item is asked, with what its section asks for; empty where it always is.

        Args:
            around: of the form of one row, the form that it is of.
        """
        own = {} if around is None else dict.fromkeys([*around.items, *around.scores], around)
        own |= dict.fromkeys([*form.items, *form.scores], form)
        return " and ".join(self._rule(rule.text, own) for rule in form.rules.conditions.get(item, ()))

    def intro(self) -> str:
        """In which languages forms are."""
        languages = self.file.languages
        return f"In {listed(languages)}; shown in {languages[0]}." if len(languages) > 1 else ""

    def lines(self) -> Iterator[Passage]:
        """Every form as lines to read."""
        for form in self.all():
            yield from self.lines_of(form)

    def lines_of(self, form: FormAccount) -> Iterator[Passage]:
        """One form as lines to read; of an instrument how much it asks, as its words are not ours."""
        compiled = self.release.forms[form.name]
        notes = [f"Class of data: {spaced(compiled.form.data_class)}."]
        notes += ["What it says stays true of a person."] if compiled.lasting else []
        notes += ["Each answers it for themselves."] if compiled.form.each else []
        notes += (
            [f"Measures {listed(map(spaced, compiled.form.measures))}."] if compiled.form.measures else []
        )
        notes += [_sentence(form.help)] if form.help else []
        yield Passage(form.title, _filled(form), tuple(notes), compiled.form.assumption)
        own = dict(compiled.form.items)
        if form.instrument is not None and form.instrument.name not in shipped_instruments():
            own |= compiled.items  # its words are the study's own
        if form.instrument is not None:
            yield Passage(form.title, _extent_of(form.instrument), assumption=form.instrument.file.assumption)
        section = None
        for item in form.items:
            if item.section is not None and item.section != section:
                yield Passage(form.title, *_headed(form.sections[item.section]))
            section = item.section
            if item.name in own:
                yield Passage(
                    form.title, *self._told(item, own[item.name]), assumption=own[item.name].assumption
                )

    def _told(self, item: ItemAccount, said: Item) -> tuple[str, tuple[str, ...]]:
        notes = [f"Only if {item.asked}."] if item.asked else []
        notes += [f"Calculated: {item.calculated}."] if item.calculated else []
        notes += [f"Usual: {item.usual}."] if item.usual else []
        notes += [f"Shows {item.shows}."] if item.shows else []
        notes += [_sentence(item.help)] if item.help else []
        notes += [f"Files of {listed(said.accept, 'or')}."] if said.accept else []
        notes += ["Sealed, as it is personal."] if item.personal else []
        notes += ["May be left out."] if not item.required and not item.calculated else []
        notes += [f"{begun(cell.title)}: {_kind(cell)}{_only(cell)}." for cell in item.cells]
        return f"{begun(item.title)}: {_kind(item)}", tuple(notes)

    def _form(self, form: CompiledForm, visits: tuple[str, ...]) -> FormAccount:
        title = form.form.title or (form.instrument.title if form.instrument else begun(spaced(form.name)))
        own = dict.fromkeys([*form.items, *form.scores], form)
        said = [item.title for item in form.items.values()]
        sections = {
            name: SectionAccount(
                self._words(said.title),
                self._words(said.help),
                self._rule(said.when, own) if said.when else "",
            )
            for name, said in form.form.sections.items()
        }
        return FormAccount(
            name=form.name,
            title=self._words(title),
            help=self._words(form.form.help),
            by=spaced(form.form.by) if form.form.by else "",
            sampled=form.form.sampled,
            visits=visits,
            sections=sections,
            items=tuple(
                # What several items are called is a note on all of them, as on those of an instrument.
                self._item(name, item, form, own, is_note=said.count(item.title) > 1)
                for name, item in form.items.items()
            ),
            instrument=form.instrument,
        )

    def _item(
        self,
        name: str,
        item: Item,
        form: CompiledForm,
        own: Mapping[str, CompiledForm],
        *,
        is_note: bool = False,
    ) -> ItemAccount:
        codes = item.of or (list(item.labels) if item.type == "integer" else [])
        choices = {code: self._words(item.labels.get(code)) or spaced(code) for code in codes}
        if item.type == "boolean":
            choices = {code: self._words(said) for code, said in item.labels.items()}
        cells = form.rows.get(name)
        inside = {**own, **dict.fromkeys(cells.items, cells)} if cells is not None else {}
        return ItemAccount(
            name=name,
            title=spaced(name) if is_note else self._words(item.title) or spaced(name),
            help=self._words(item.help) or (self._words(item.title) if is_note else ""),
            section=item.section,
            type=item.type,
            kind=TYPES[item.type],
            unit=unit_words(item.unit),
            choices=choices,
            can_be=_range(item, item.range),
            usual=_range(item, item.expected),
            asked=self._rule(item.when, own) if item.when else "",
            calculated=self._made(item, own),
            shows=self._shown(item.shows) if item.shows else "",
            step=item.step or 1,
            required=item.required,
            personal=item.is_personal,
            cells=tuple(self._item(cell, said, cells, inside) for cell, said in cells.items.items())
            if cells is not None
            else (),
        )

    def _words(self, words: str | None) -> str:
        return told_in(words, self.language) if words else ""

    def _rule(self, rule: str, own: Mapping[str, CompiledForm]) -> str:
        return rule_words(rule, self.labels, own)

    def _made(self, item: Item, own: Mapping[str, CompiledForm]) -> str:
        """What gives the item's value, where people do not."""
        if item.over is not None:
            return self._over(item.over)
        return self._rule(item.calculated, own) if item.calculated else ""

    def _over(self, over: Over) -> str:
        form, _, item = over.of.partition(".")
        words = f"{self.labels.item(item)} ({self.labels.form(form)})"
        days = f"the {over.days} days before, where at least {over.least} of them have an answer"
        return f"{_GIVES[over.gives].format(words)} {days}"

    def _shown(self, name: str) -> str:
        *visit, form, item = name.split(".")
        words = f"{self.labels.item(item)} ({self.labels.form(form)})"
        return f"{words} at {spaced(visit[0])}" if visit else f"the last {words}"


_GIVES: Final = {
    "share": "per cent of days with {}, of",
    "days": "days with {}, of",
    "mean": "mean of {} over",
    "sum": "sum of {} over",
    "lowest": "lowest {} of",
    "highest": "highest {} of",
}


def _filled(form: FormAccount) -> str:
    by = f"By {form.by} at" if form.by else "At"
    of = f", in {100 * form.sampled:g} % of them" if form.sampled is not None else ""
    return f"{by} {listed(form.visits)}{of}"


def _headed(section: SectionAccount) -> tuple[str, tuple[str, ...]]:
    notes = [f"Only if {section.asked}."] if section.asked else []
    return f"Section “{section.title}”", tuple(notes + ([_sentence(section.help)] if section.help else []))


def _sentence(text: str) -> str:
    return begun(text) if text.endswith((".", "?", "!")) else f"{begun(text)}."


def _extent_of(instrument: Instrument) -> str:
    scores = f", {counted(len(instrument.scores), 'score')}" if instrument.scores else ""
    return f"{counted(len(instrument.items), 'item')}{scores}, {instrument.recall}; {instrument.licence}"


def _range(item: Item, said: str | None) -> str:
    if said is None:
        return ""
    low, high = parse_range(said)
    if item.is_counted:
        low, high = (end.partition(" ")[0] for end in (low, high))
    return f"{low} to {high}"


def _kind(item: ItemAccount) -> str:
    """What an answer is: `number, 30 to 250 kg`, `one of low, usual, high`."""
    if item.type in ("choice", "choices"):
        return f"{item.kind} {', '.join(item.choices.values())}"
    said = [item.kind]
    if item.can_be:
        said.append(f"{item.can_be} {item.unit}".rstrip())
    elif item.unit:
        said.append(f"in {item.unit}")
    words = ", ".join(said)
    if item.choices:
        words += f" ({', '.join(f'{_code(code)} {label}' for code, label in item.choices.items())})"
    return words


def _code(code: str) -> str:
    return {"true": "yes:", "false": "no:"}.get(code, f"{code}:")


def _only(item: ItemAccount) -> str:
    usual = f", usually {item.usual}" if item.usual else ""
    return usual + (f", only if {item.asked}" if item.asked else "")
