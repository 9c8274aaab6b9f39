"""What a rater is shown: what the instruments need, and nothing else of participant, site or visit."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo
from typing import Any

from entact.conduct.forms.fields import Field
from entact.conduct.forms.page import FormPage
from entact.conduct.forms.saying import with_weekday
from entact.conduct.record.opened import Opener
from entact.conduct.sight import Sight
from entact.conduct.words import value
from entact.course import Course
from entact.course.state.form import Answers
from entact.protocol import CompiledForm, Release
from entact.protocol.study import told_in
from entact.protocol.words.form import Forms

BRIEF = "rater_brief"  # the class of data of forms that a rater is shown with an assessment


@dataclass(frozen=True)
class Instrument:
    """One form of an assessment: what it is called, the period that it asks about, whether it is sent."""

    name: str
    title: str
    recall: str
    is_sent: bool = False


@dataclass(frozen=True)
class Offered:
    """One assessment in a list: when in the rater's zone, in which language (its name), which instruments."""

    token: str
    when: str
    language: str
    instruments: tuple[Instrument, ...]
    state: str = ""


@dataclass(frozen=True)
class Told:
    """One thing that the instruments need to know, such as the index event."""

    title: str
    words: str


def instruments_of(
    release: Release, names: tuple[str, ...], language: str, sent: frozenset[str]
) -> tuple[Instrument, ...]:
    """The forms of an assessment as a rater reads of them."""
    said = Forms(release, language if language in release.file.languages else None, by_title=True)
    return tuple(
        Instrument(
            name,
            said.of(release.forms[name]).title,
            _recall(release.forms[name]),
            name in sent,
        )
        for name in names
    )


def offered(
    token: str,
    at: datetime,
    zone: tzinfo,
    language: str,
    instruments: tuple[Instrument, ...],
    state: str = "",
) -> Offered:
    """A line of a list."""
    return Offered(token, with_weekday(at, zone), language, instruments, state)


def brief_of(course: Course, sight: Sight, opener: Opener, language: str) -> tuple[Told, ...]:
    """What the instruments need to know of the person: forms of the class `rater_brief`, and no other."""
    return tuple(_brief(course, sight, opener, language))


def _brief(course: Course, sight: Sight, opener: Opener, language: str) -> Iterator[Told]:
    for name, form in course.release.forms.items():
        filled = course.answers.get(name, ())
        if form.form.data_class != BRIEF or not sight.sees_form(name) or not filled:
            continue
        last: Answers = filled[-1]
        for item, said in form.items.items():
            if item in last.items:
                title = told_in(said.title, language) if said.title else item.replace("_", " ").capitalize()
                words = value(opener.value(last.items[item], last.origins.get(item, last.entry), item))
                yield Told(title, words)


def plain(shown: FormPage) -> FormPage:
    """A form without what tells of the record around it: history, earlier values, what is calculated."""
    sections = (
        replace(one, fields=tuple(_plainly(field) for field in one.fields if _is_asked(field)))
        for one in shown.sections
    )
    return replace(
        shown, sections=tuple(sections), scores=(), notes=(), status_history=(), visit="", said="", head=0
    )


def _is_asked(field: Field) -> bool:
    return field.control not in ("calculated", "closed", "file")


def _plainly(field: Field) -> Field:
    next_one, blank = (tuple(map(_plainly, filter(_is_asked, row))) for row in (field.next, field.blank))
    rows: tuple[Any, ...] = tuple(tuple(map(_plainly, filter(_is_asked, row))) for row in field.rows)
    return replace(field, history=(), earlier="", theirs="", rows=rows, next=next_one, blank=blank)


def _recall(form: CompiledForm) -> str:
    return form.instrument.recall if form.instrument is not None else ""
