"""What a form shows: every item with how it is asked, what stands in it, and what is found in that."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from django.utils.translation import gettext, gettext_lazy

from entact.conduct.forms.reading import ITEM, MISSING_BECAUSE, NONE, UNIT, Sent, as_quantity, rows_in
from entact.conduct.forms.saying import with_weekday
from entact.conduct.forms.units import converted, convertible
from entact.conduct.forms.wording import SCALE
from entact.conduct.language.rules import told_rule
from entact.conduct.words import score, told, unit_of_item
from entact.conduct.words import value as value_words
from entact.protocol import CompiledForm
from entact.protocol.answer import MISSING
from entact.protocol.moment import read_moment
from entact.protocol.rule import Facts, Rule
from entact.protocol.study import Item
from entact.protocol.words.form import FormAccount, ItemAccount
from entact.protocol.words.label import begun

FEW: Final = 7  # choices that are shown beside each other; more are a list to open

_MODES: Final = {"integer": "numeric", "decimal": "decimal"}
_EXAMPLES: Final = {
    "date": "2026-04-30",
    "partial_date": gettext_lazy("2019-04, or 2019"),
    "time": "14:30",
    "datetime": gettext_lazy("14:30, 10 min ago"),
}

MISSING_WORDS: Final[Mapping[str, str]] = {
    "not_asked": gettext_lazy("not asked"),
    "not_done": gettext_lazy("not done"),
    "refused": gettext_lazy("refused"),
    "below_quantification": gettext_lazy("below quantification"),
    "unknown": gettext_lazy("unknown"),
}


@dataclass(frozen=True)
class Choice:
    """One answer that can be chosen."""

    code: str
    label: str
    chosen: bool


@dataclass(frozen=True)
class Note:
    """What is said beside an item: something found, or, where `unusual`, something to look at again."""

    message: str
    unusual: bool = False


@dataclass(frozen=True)
class PastChange:
    """One line of an item's history."""

    old: str
    new: str
    by: str
    when: str
    why: str


@dataclass(frozen=True)
class Field:
    """One item as it is asked, or one cell of a row.

    Attributes:
        place: what its fields are called after (`pain`, `treatments:1:name`). control: how it is asked.
        texts: what stands in it. missing: why it is said to be missing, a code. none: none, said so.
        asked: whether it is asked; None while that is not known. condition: when, in words.
        shown: a calculated value, or what is closed, in words. earlier: the value of an earlier visit.
        theirs: what somebody else entered meanwhile. rows: of cells; next: one more; blank: a row to copy.
        search: the address at which what is typed is looked up.
        mode, example: which keyboard helps, and what an answer looks like. is_time: whether it may be said
            against the moment at which it is written (`10 min ago`).
    """

    place: str
    name: str
    title: str
    control: str
    help: str = ""
    unit: str = ""
    units: tuple[Choice, ...] = ()
    choices: tuple[Choice, ...] = ()
    reasons: tuple[Choice, ...] = ()
    texts: tuple[str, ...] = ()
    extra: Mapping[str, str] = field(default_factory=dict)
    missing: str = ""
    none: bool = False
    required: bool = True
    personal: bool = False
    can_be: str = ""
    usual: str = ""
    asked: bool | None = True
    condition: str = ""
    calculated: str = ""
    shown: str = ""
    earlier: str = ""
    conversion: str = ""
    theirs: str = ""
    notes: tuple[Note, ...] = ()
    history: tuple[PastChange, ...] = ()
    rows: tuple[tuple[Field, ...], ...] = ()
    next: tuple[Field, ...] = ()
    blank: tuple[Field, ...] = ()
    mode: str = ""
    example: str = ""
    is_time: bool = False
    search: str = ""

    @property
    def text(self) -> str:
        """The first of its texts."""
        return self.texts[0] if self.texts else ""

    @property
    def id(self) -> str:
        """As an element of the page is called."""
        return "f-" + self.place.replace(":", "-")

    @property
    def is_blank(self) -> bool:
        """Whether nothing stands in it."""
        inner = any(not cell.is_blank for row in self.rows for cell in row)
        return not (any(text.strip() for text in self.texts) or self.missing or self.none or inner)

    @property
    def is_hidden(self) -> bool:
        """Whether it is not asked and says nothing; what was answered stays in sight."""
        return self.asked is False and self.is_blank and not self.shown

    @property
    def is_group(self) -> bool:
        """Whether several controls make one answer."""
        return self.control in ("choices", "radio", "rows", "file")


@dataclass(frozen=True)
class Section:
    """Items under one heading, which may be empty."""

    title: str
    help: str
    condition: str
    fields: tuple[Field, ...]

    @property
    def is_hidden(self) -> bool:
        """Whether none of its items is to be seen."""
        return all(one.is_hidden for one in self.fields)


@dataclass(frozen=True)
class Surroundings:
    """All that a form is shown with, beside its own answers.

    Attributes:
        around: values of other forms by `form.item`. facts: of the session.
        sees: whether the role sees all that a rule is computed from; of others nothing is told.
        notes, history, theirs, earlier: by item. closed: items that cannot be opened, as they are.
        language: of the study's. search: by item, the address of a dictionary.
        may_be_missing: whether it can be said why an item has no answer.
    """

    around: Mapping[str, Any] = field(default_factory=dict)
    facts: Facts | None = None
    sees: Callable[[Rule], bool] = lambda rule: True
    notes: Mapping[str, tuple[Note, ...]] = field(default_factory=dict)
    history: Mapping[str, tuple[PastChange, ...]] = field(default_factory=dict)
    theirs: Mapping[str, str] = field(default_factory=dict)
    earlier: Mapping[str, str] = field(default_factory=dict)
    may_be_missing: bool = True
    closed: Mapping[str, Any] = field(default_factory=dict)
    language: str | None = None
    search: Mapping[str, str] = field(default_factory=dict)


def sections_of(
    form: CompiledForm,
    account: FormAccount,
    sent: Sent,
    values: Mapping[str, Any],
    surroundings: Surroundings,
) -> tuple[Section, ...]:
    """The form as it is shown.

    Args:
        account: its words. sent: what stands in its fields. values: of its items, as `form.read` gives them.
    """
    making = _Making(form, sent, values, surroundings)
    sections: list[tuple[str | None, list[Field]]] = []
    for line in account.items:
        if not sections or sections[-1][0] != line.section:
            sections.append((line.section, []))
        sections[-1][1].append(making.item(line))
    found = []
    for name, fields in sections:
        said = account.sections.get(name or "")
        title, help_, condition = (
            (said.title, said.help, told_rule(said.asked)) if said is not None else ("", "", "")
        )
        found.append(Section(begun(title), help_, condition, tuple(fields)))
    return tuple(found)


class _Making:
    def __init__(
        self, form: CompiledForm, sent: Sent, values: Mapping[str, Any], surroundings: Surroundings
    ) -> None:
        self.form, self.sent, self.values, self.around = form, sent, values, surroundings

    def item(self, line: ItemAccount) -> Field:
        around, name = self.around, line.name
        item = self.form.items[name]
        asked, condition = self._asked(self.form, name, self.values, {}), told_rule(line.asked)
        if not self._tells(self.form, name):
            asked, condition = None, ""
        made = self._field(self.form, item, line, (name,))
        rows: tuple[tuple[Field, ...], ...] = ()
        further: tuple[Field, ...] = ()
        blank: tuple[Field, ...] = ()
        if item.type == "rows" and name not in around.closed:
            known = rows_in(name, self.sent)
            rows = tuple(self._row(item, line, number) for number in known)
            further = self._row(item, line, str(1 + max(map(int, known), default=0)))
            blank = self._row(item, line, "0")
        closed = around.closed.get(name)
        calculated = not item.is_entered
        shown = ""
        if closed is not None:
            shown = value_words(closed)
        elif calculated and self._may_tell(self.form.rules.calculations.get(name)):
            shown = _shown(item, self.values.get(name))
        return _with(
            made,
            asked=asked,
            condition=condition,
            rows=rows,
            next=further,
            blank=blank,
            control="closed" if closed is not None else "calculated" if calculated else made.control,
            shown=shown,
            notes=around.notes.get(name, ()),
            history=around.history.get(name, ()),
            theirs=around.theirs.get(name, ""),
            earlier=around.earlier.get(name, ""),
            search=around.search.get(name, ""),
        )

    def _row(self, item: Item, line: ItemAccount, number: str) -> tuple[Field, ...]:
        """The cells of one row; `0` is the one that may be added."""
        row, name, cells = self.form.rows[line.name], line.name, []
        values: dict[str, Any] = {}
        for cell in line.cells:
            inner = row.items[cell.name]
            made = self._field(row, inner, cell, (name, number, cell.name))
            values[cell.name] = _value_of(made, inner)
            asked = None if number == "0" else self._asked(row, cell.name, values, self.values)
            found = self.around.notes.get(f"{name}[{number}].{cell.name}", ())
            cells.append(_with(made, asked=asked, condition=told_rule(cell.asked), notes=found))
        return tuple(cells)

    def _field(self, form: CompiledForm, item: Item, line: ItemAccount, place: tuple[str, ...]) -> Field:
        where = ":".join(place)
        texts = tuple(self.sent.get(f"{ITEM}:{where}", ()))
        missing = next(iter(self.sent.get(f"{MISSING_BECAUSE}:{where}", ())), "")
        chosen_unit = next(iter(self.sent.get(f"{UNIT}:{where}", ())), "") or item.unit
        control, choices = _asked_as(item, line, texts)
        units = dict.fromkeys([item.unit, *convertible(item.unit), chosen_unit]) if item.unit else {}
        extra = {
            part: next(iter(self.sent.get(f"{ITEM}:{where}:{part}", ())), "") for part in ("media", "size")
        }
        return Field(
            place=where,
            name=line.name,
            title=begun(line.title),
            control=control,
            help=begun(line.help),
            unit=unit_of_item(item.unit),
            units=tuple(Choice(code, unit_of_item(code), code == chosen_unit) for code in units)
            if len(units) > 1
            else (),
            choices=choices,
            reasons=tuple(Choice(code, MISSING_WORDS[code], code == missing) for code in MISSING)
            if self.around.may_be_missing
            else (),
            texts=texts,
            extra=extra if item.type == "file" else {},
            missing=missing,
            none=bool(self.sent.get(f"{NONE}:{where}")),
            required=line.required,
            personal=line.personal,
            can_be=f"{_range(line.can_be)} {unit_of_item(item.unit)}".strip() if line.can_be else "",
            usual=f"{_range(line.usual)} {unit_of_item(item.unit)}".strip() if line.usual else "",
            calculated=line.calculated,
            mode=_MODES.get(item.type, ""),
            example=_EXAMPLES.get(item.type, ""),
            is_time=item.type == "datetime",
            conversion=_other_words(item, texts, chosen_unit),
        )

    def _asked(
        self, form: CompiledForm, name: str, values: Mapping[str, Any], outside: Mapping[str, Any]
    ) -> bool | None:
        around = {**_named(form, self.around.around), **outside} if outside else self.around.around
        return form.is_asked(name, values, around, self.around.facts)

    def _tells(self, form: CompiledForm, name: str) -> bool:
        """Whether it may be told if an item is asked: all that decides it is seen."""
        return all(self._may_tell(rule) for rule in form.rules.conditions.get(name, ()))

    def _may_tell(self, rule: Rule | None) -> bool:
        return rule is not None and self.around.sees(rule)


def _range(said: str) -> str:
    """A range as the page says it; what is none as it is."""
    low, to, high = said.partition(" to ")
    return gettext("{earliest} to {latest}").format(earliest=low, latest=high) if to else said


def _named(form: CompiledForm, around: Mapping[str, Any]) -> dict[str, Any]:
    """The values of other forms that the rules of a row look at."""
    return {name: around.get(name) for name in form.rules.elsewhere}


def _value_of(made: Field, item: Item) -> Any:
    """What a cell holds, as far as a rule beside it can ask."""
    text = made.text
    if item.type == "boolean":
        return {"true": True, "false": False}.get(text)
    if item.type in ("integer", "decimal"):
        try:
            return int(text) if item.type == "integer" else float(text)
        except ValueError:
            return None
    return list(made.texts) if item.type == "choices" else text or None


def _asked_as(item: Item, line: ItemAccount, texts: tuple[str, ...]) -> tuple[str, tuple[Choice, ...]]:
    """How an item is asked, and what can be chosen."""
    labels: dict[str, str] = {}
    if item.type == "boolean":
        labels = {"true": gettext("Yes"), "false": gettext("No")} | dict(line.choices)
    elif item.type in ("choice", "choices"):
        labels = dict(line.choices)
    elif item.type == "integer" and item.answers is not None and len(item.answers) <= SCALE:
        labels = {str(one): _scale(str(one), line.choices.get(str(one), "")) for one in item.answers}
    if not labels or not set(filter(None, texts)) <= labels.keys():  # what was kept as received stays so
        if item.type == "text" and (item.is_personal or any("\n" in text for text in texts)):
            return "paragraph", ()  # what is no sentence stands in one line
        return (item.type if item.type in ("rows", "file") else "line"), ()
    choices = tuple(Choice(code, begun(label), code in texts) for code, label in labels.items())
    if item.type == "choices":
        return "choices", choices
    return "radio" if len(choices) <= FEW or item.type == "integer" else "select", choices


def _other_words(item: Item, texts: tuple[str, ...], unit: str) -> str:
    """What was entered, said otherwise: in the item's own unit, or with the day of the week."""
    text = next(iter(texts), "").strip()
    if item.type == "datetime":
        try:
            at = datetime.fromisoformat(read_moment(text))
        except ValueError:
            return ""
        return "" if at.tzinfo is None else f"= {with_weekday(at, at.tzinfo)}"
    if not text or not item.unit or item.type not in ("integer", "decimal"):
        return ""
    number, _, said = str(as_quantity(item, text, unit)).partition(" ")
    return converted(number, said, item.unit)


def _scale(number: str, label: str) -> str:
    return f"{number} {label}" if label and label != number else number


def _shown(item: Item, value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, str) and value in item.labels:
        return told(item.labels[value])
    text = score(value)
    return f"{text} {unit_of_item(item.unit)}".rstrip() if isinstance(value, int | float) else text


def _with(made: Field, **changed: Any) -> Field:
    return Field(**{name: getattr(made, name) for name in Field.__dataclass_fields__} | changed)
