"""How names, values, times and windows read on a page."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta, tzinfo
from typing import Any, TypeVar

from django.utils.translation import gettext

from entact.conduct.language.choice import of_study
from entact.conduct.language.codes import MONTHS, code_words, item_title
from entact.conduct.language.rules import told_length, told_rule
from entact.conduct.language.sentences import told_again
from entact.course import Due
from entact.course.entry.sealing import is_sealed
from entact.protocol import CompiledForm
from entact.protocol.quantity import parse_quantity
from entact.protocol.study import Span, Visit, told_in
from entact.protocol.study.text import Translated
from entact.protocol.timetable import ACTIVITIES
from entact.protocol.words.label import unit_words
from entact.protocol.words.passage import Passage, listed

T = TypeVar("T")

SEALED = "sealed"

_UNITS = {"wk": "weeks", "d": "days", "/min": "/min", "%": "%"}  # on a page; others as everywhere
_SPANS = (
    (timedelta(weeks=1), "wk"),
    (timedelta(days=1), "d"),
    (timedelta(hours=1), "h"),
    (timedelta(minutes=1), "min"),
)


def words(name: str) -> str:
    """A name of the study file as words: `call_1_day_2` is `Call 1 day 2`."""
    text = name.replace("_", " ").strip()
    return text[:1].upper() + text[1:]


def lower_words(name: str) -> str:
    """A name in the middle of a sentence."""
    return name.replace("_", " ").strip()


def role_words(role: str) -> str:
    """A role as people say it, in the language of the page."""
    return code_words(role)


def time_words(timepoint: str) -> str:
    """A time within a visit, `initial + 90 min`, in the language of the page."""
    since, plus, length = timepoint.partition(" + ")
    return f"{code_words(since)}{plus}{told_length(length)}"


def listing(texts: Iterable[str], last: str = "") -> str:
    """`a, b and c`, in the language of the page; `last`: another word than *and*."""
    return listed(texts, last or gettext("and"))


def told(title: str) -> str:
    """Words of the study file in the language of the page, where the study has them in it."""
    return told_in(title, of_study(list(title.by_language))) if isinstance(title, Translated) else title


def told_passage(passage: Passage) -> Passage:
    """What a gate asks or an alert says, in the language of the page."""
    text = told_again(passage.text) if passage.text.startswith("asked when ") else told_rule(passage.text)
    return replace(passage, term=told(passage.term), text=text, notes=tuple(map(told_again, passage.notes)))


def title_of_scope(name: str, consent: Mapping[str, str]) -> str:
    """What a scope of a consent allows, as the study file says it."""
    return told(consent[name]) if name in consent else words(name)


def scopes_in_order(scopes: Mapping[str, T], consent: Mapping[str, str]) -> list[tuple[str, T]]:
    """The scopes of a consent in the order of the study file; what it does not know comes last."""
    known = [name for name in consent if name in scopes]
    return [(name, scopes[name]) for name in (*known, *(one for one in scopes if one not in consent))]


def title_of_visit(name: str, visits: Mapping[str, Visit]) -> str:
    """What a visit is called."""
    visit = visits.get(name)
    return told(visit.title) if visit is not None and visit.title else words(name)


def value(answer: Any) -> str:
    """An answer as entered, in words; personal items are `sealed`, missing ones say why."""
    if answer is None:
        return "–"
    if is_sealed(answer):
        return SEALED
    if isinstance(answer, bool):
        return gettext("yes") if answer else gettext("no")
    if isinstance(answer, Mapping):
        if set(answer) == {"missing"}:
            return code_words(str(answer["missing"]))
        return ", ".join(f"{lower_words(str(name))}: {value(inner)}" for name, inner in answer.items())
    if isinstance(answer, list | tuple):
        return ", ".join(value(one) for one in answer) or gettext("none")
    return quantity(str(answer))


_BAND = re.compile("[a-z_ ]+")  # what a rule calls a range of a score: `moderately severe`


def score(computed: Any) -> str:
    """A computed value, to two decimals where it has more, a band in the language of the page.

    What was entered is never rounded (`value`).
    """
    if isinstance(computed, float) and math.isfinite(computed):
        rounded = f"{computed:.2f}".rstrip("0").rstrip(".")
        return "0" if rounded == "-0" else rounded
    if isinstance(computed, str) and _BAND.fullmatch(computed):
        return code_words(computed)
    return value(computed)


def quantity(text: str) -> str:
    """A quantity with its unit as people write it; other text as it is, codes as words."""
    try:
        found = parse_quantity(text)
    except ValueError:
        return lower_words(text) if text.isidentifier() and text.islower() else text
    return f"{found.value:f} {unit(found.unit)}".strip() if found.unit else text


def unit(code: str) -> str:
    """A UCUM unit as people write it on a page, in its language."""
    return gettext(_UNITS.get(code) or unit_words(code)) if code else ""


def unit_of_item(code: str) -> str:
    """As of all units, where an item asks for it: `per minute` is written out."""
    return gettext(unit_words(code)) if code else ""


LONGEST = 1200  # characters of what is said of something: the whole stands on the form itself


def shortened(text: str) -> str:
    """A text in which a long answer is quoted, cut in its middle, with how much was left out."""
    if len(text) <= LONGEST:
        return text
    half = LONGEST // 2
    return gettext("{begin} … ({count} characters left out) … {end}").format(
        begin=text[:half], count=len(text) - 2 * half, end=text[-half:]
    )


def plainly(
    message: str, visits: Mapping[str, Visit], zone: tzinfo, forms: Mapping[str, CompiledForm] | None = None
) -> str:
    """A message of a finding as people write it: visits and forms by their titles, times as on the page."""

    def dated(found: re.Match[str]) -> str:
        try:
            at = datetime.fromisoformat(found[0].replace("Z", "+00:00"))
        except ValueError:
            return found[0]  # it looks like a time and is none: as it was entered
        return day(at.date()) if len(found[0]) == 10 else moment(at, zone) if at.tzinfo else found[0]

    def titled(found: re.Match[str]) -> str:
        repeat = "" if found[2] in (None, "1") else f" ({found[2]})"
        return f"{title_of_visit(found[1], visits)}{repeat}"

    names = "|".join(map(re.escape, sorted((name for name in visits if "_" in name), key=len, reverse=True)))
    planned = _PLANNED.match(message)
    if planned is not None and (name := planned[1]) in {*(forms or {}), *ACTIVITIES}:
        title = title_of_form(forms[name]) if forms and name in forms else gettext(words(name))
        when = f" ({planned[2]})" if planned[2] else ""
        message = f"“{title}”{when}{message[planned.end() :]}"
    text = _INSTANT.sub(dated, shortened(told_again(message)))
    return re.sub(rf"\b({names})(?:#(\d+))?\b", titled, text) if names else text


# What a visit plans and nobody entered, by form or activity and by its time within the visit.
_PLANNED = re.compile(r"([a-z]\w*)(?: at '([^']*)')?(?= is planned )")
_INSTANT = re.compile(
    r"\b\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:\d{2})?)?(?![\w-])"
)


def day(when: date) -> str:
    """`2 Mar 2026`."""
    return gettext("{day} {month} {year}").format(
        day=when.day, month=gettext(MONTHS[when.month - 1]), year=when.year
    )


def moment(at: datetime, zone: tzinfo) -> str:
    """`2 Mar 2026, 10:30`, on the site's clock."""
    local = at.astimezone(zone)
    return f"{day(local)}, {local:%H:%M}"


def clock(at: datetime, zone: tzinfo) -> str:
    """`10:30`, on the site's clock."""
    return f"{at.astimezone(zone):%H:%M}"


def duration(span: timedelta) -> str:
    """`1 h 30 min`, `8 wk`; a number of days stays days unless it is weeks."""
    if not span:
        return "0"
    sign, rest = ("−", -span) if span < timedelta(0) else ("", span)
    parts = []
    for size, name in _SPANS if not rest % timedelta(weeks=1) else _SPANS[1:]:
        count, rest = divmod(rest, size)
        if count:
            parts.append(f"{count} {name}")
    return sign + " ".join(parts)


def span(window: Span) -> str:
    """A window after its anchor: `2 d to 2 wk`."""
    if window.next_morning:
        return gettext("next morning")
    if window.earliest == window.latest:
        return duration(window.earliest)
    return gettext("{earliest} to {latest}").format(
        earliest=duration(window.earliest), latest=duration(window.latest)
    )


def window(due: Due, zone: tzinfo) -> str:
    """The days, or the hours, in which a visit should take place; empty while that is not known."""
    if due.opens is not None and due.closes is not None:
        return (
            gettext("{when} to {when_2}").format(when=moment(due.opens, zone), when_2=clock(due.closes, zone))
            if due.opens.date() == due.closes.date()
            else (
                gettext("{when} to {when_2}").format(
                    when=moment(due.opens, zone), when_2=moment(due.closes, zone)
                )
            )
        )
    if due.earliest is None:
        return ""
    if due.latest is None:
        return gettext("from {day}").format(day=day(due.earliest))
    if due.earliest == due.latest:
        return day(due.earliest)
    return gettext("{day} to {day_2}").format(day=day(due.earliest), day_2=day(due.latest))


def title_of_item(form: CompiledForm | None, name: str) -> str:
    """What an item is called: its title in its form; of one without, and of what is no form, its name."""
    item = form.items.get(name) if form is not None else None
    return told(item.title) if item is not None and item.title else item_title(name)


def title_of_form(form: CompiledForm) -> str:
    """What a form is called: its own title, that of its instrument, or its name."""
    instrument = form.instrument.title if form.instrument is not None else None
    return told(form.form.title or instrument or words(form.name))
