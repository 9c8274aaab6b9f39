"""Entering what is no form: as a fact, or an act that a gate has to allow; corrected and withdrawn."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

import msgspec
from django.utils.translation import gettext, gettext_noop

from entact import store
from entact.conduct.admission.domain import given_number, numbers_turn, scheme_of
from entact.conduct.entries.kinds import KindForm, kind_form
from entact.conduct.forms.domain import Unsaved, Written, compare, known_at
from entact.conduct.forms.place import release_of
from entact.conduct.forms.reading import MISSING_BECAUSE, Received, Sent, receive_items
from entact.conduct.language.sentences import told_again
from entact.conduct.reader import Folded, Reader
from entact.conduct.record.door import Author, Held, compose, store_act, store_entry, turn_of
from entact.conduct.record.opened import Opener
from entact.course import Course, Refused
from entact.course.entry import Kept
from entact.course.entry.effective import Effective
from entact.course.entry.ledger import Receipt
from entact.course.kinds import KINDS
from entact.course.state.numbers import SUBJECT

AS_SIGNED: Final = gettext_noop(
    "A consent stands as it was signed, and is not corrected. If it was entered in error, withdraw this "
    "entry below with a reason, and take the consent anew on its page."
)

# Of these the record gives the number where nobody says one; any other entry with no answer says nothing.
NUMBERED: Final = frozenset({"enrolment", "randomisation"})


@dataclass(frozen=True)
class Entering:
    """What was sent.

    Attributes:
        kind: of the entry. about: the entry that it continues. encounter: the visit that it belongs to.
        head: number of the last line that the page was made of. reason: of a correction.
    """

    kind: str
    sent: Sent
    head: int
    about: str | None = None
    encounter: str | None = None
    reason: str = ""
    at: datetime | None = None


def written_of(course: Course, entry: str, opener: Opener) -> tuple[KindForm, Written] | None:
    """What an entry says as it stands, as a form; None where there is none, or it is withdrawn."""
    effective = next((one for one in course.effective if one.id == entry), None)
    if effective is None or effective.entry.kind not in KINDS:
        return None
    asked = kind_form(effective.entry.kind, release_of(course, effective), course.population)
    items = opener.items(effective, asked.items_of(effective.data))
    return asked, Written(asked.form, effective, items)


def blank(course: Course, kind: str) -> tuple[KindForm, Written]:
    """A form of a kind with nothing in it."""
    asked = kind_form(kind, course.release, course.population, course.site)
    return asked, Written(asked.form, None)


def enter(
    entering: Entering, reader: Reader, ledger: str, author: Author, now: datetime
) -> str | Refused | Unsaved:
    """Keeps what was entered, what a gate asks only if it allows it; returns the entry's id."""
    with ExitStack() as turns:
        turns.enter_context(turn_of(ledger))
        if entering.kind == "enrolment":
            turns.enter_context(turn_of(numbers_turn(SUBJECT)))
        course = _course(reader, ledger)
        asked, _ = blank(course, entering.kind)
        received = receive_items(asked.form, _without_missing(entering.sent))
        if entering.kind == "enrolment" and scheme_of(reader, SUBJECT):
            received = _numbered(received, course, reader)
        problems = tuple(
            gettext("“{title}” is needed: without it the entry says nothing.").format(title=item.title)
            for name, item in asked.form.items.items()
            if item.required and name not in asked.nested and received.items.get(name) is None
        )
        is_blank = not received.items and entering.kind not in NUMBERED
        if is_blank or (not received.items and any(item.required for item in asked.form.items.values())):
            problems = (gettext("Nothing is answered yet."),)
        if problems:
            return Unsaved(problems)
        said = asked.data_of(received.items)
        unreadable = () if entering.kind == "randomisation" else _unreadable(asked, said, received.items)
        if unreadable:  # the number of a randomisation is the list's to give
            return Unsaved(unreadable)
        twin = _sent_before(course, entering, asked, received.items, author, ledger)
        if twin is not None:
            return twin
        entry = compose(
            course,
            reader,
            ledger,
            author,
            now,
            entering.kind,
            said,
            entering.at,
            about=entering.about,
            encounter=entering.encounter,
        )
        done = store_act(entry, course, author, now)
        return done if isinstance(done, Refused) else entry.id


def _numbered(received: Received, course: Course, reader: Reader) -> Received:
    """With the next subject number of the study's scheme, where nobody said one."""
    if received.items.get("subject") is not None:
        return received
    given = given_number(reader, course.site or "", SUBJECT)
    return replace(received, items={**received.items, "subject": given})


def _sent_before(
    course: Course,
    entering: Entering,
    asked: KindForm,
    items: Mapping[str, Any],
    author: Author,
    ledger: str,
) -> str | None:
    """The entry that this very page made already: sent again because no answer came, or pressed twice."""
    sent = author.identity, entering.about, entering.encounter
    alike = [
        one
        for one in (course.effective if entering.head else ())
        if one.entry.kind == entering.kind
        and isinstance(one.entry, Kept)
        and one.entry.seq > entering.head
        and (one.entry.by, one.entry.about, one.entry.encounter) == sent
    ]
    if not alike:
        return None
    opener, said = Opener(store.key_of(ledger)), asked.items_of(asked.data_of(items))
    return next((one.id for one in alike if asked.items_of(opener.data(one)) == said), None)


def correct(
    entry: str,
    entering: Entering,
    reader: Reader,
    ledger: str,
    opener: Opener,
    author: Author,
    now: datetime,
) -> Receipt | Unsaved | None:
    """Corrects the changed items of an entry; None where everything stood there already."""
    with turn_of(ledger):
        course = _course(reader, ledger)
        there = written_of(course, entry, opener)
        if there is None:
            return Unsaved((gettext("The entry was withdrawn meanwhile."),))
        asked, written = there
        if asked.kind.name == "consent":
            return Unsaved((gettext(AS_SIGNED),))
        then = written_of(known_at(course, entering.head), entry, opener)
        received = receive_items(asked.form, _without_missing(entering.sent))
        before = then[1] if then is not None else written
        compared = compare(written, before, received, entering.sent)
        if compared.theirs:
            return Unsaved(theirs=compared.theirs)
        if not compared.changed:
            return None
        if not entering.reason.strip():
            return Unsaved(needs_reason=True, changed=compared.changed)
        data = _changed(asked, {name: received.items.get(name) for name in compared.changed})
        assert written.effective is not None
        unreadable = _unreadable(asked, {**written.effective.data, **data}, received.items)
        if unreadable and not _unreadable(asked, written.effective.data, {}):
            return Unsaved(unreadable)
        return _replace(course, reader, written.effective, "", data, entering.reason, author, now)


def withdraw(
    entry: str, reason: str, reader: Reader, ledger: str, author: Author, now: datetime
) -> Receipt | Unsaved:
    """Withdraws an entry (wrong participant, entered in error); what it said stays in the ledger."""
    if not reason.strip():
        return Unsaved((gettext("Say why it is withdrawn."),), needs_reason=True)
    with turn_of(ledger):
        course = _course(reader, ledger)
        effective = next((one for one in course.effective if one.id == entry), None)
        if effective is None:
            return Unsaved((gettext("The entry was withdrawn meanwhile."),))
        return _replace(course, reader, effective, "void", {}, reason, author, now)


def _replace(
    course: Course,
    reader: Reader,
    effective: Effective,
    kind: str,
    data: Mapping[str, Any],
    reason: str,
    author: Author,
    now: datetime,
) -> Receipt | Unsaved:
    source = effective.entry
    last = effective.corrections[-1] if effective.corrections and not kind else effective.id
    try:
        entry = compose(
            course,
            reader,
            source.ledger,
            author,
            now,
            kind or source.kind,
            dict(data),
            encounter=source.encounter,
            timepoint=source.timepoint,
            repeat=source.repeat,
            about=source.about,
            replaces=last,
            reason=reason.strip(),
            release=source.release,
        )
    except Held as error:
        return Unsaved((str(error),))
    return store_entry(entry, author, now)


def _unreadable(asked: KindForm, data: Mapping[str, Any], items: Mapping[str, Any]) -> tuple[str, ...]:
    """Why nobody could read what would be kept, by the items that are not what they can be; empty: it can."""
    try:
        msgspec.convert(data, asked.kind.payload, strict=True)
    except msgspec.ValidationError:
        titles = {name: str(item.title) for name, item in asked.form.items.items()}
        problems = [one for one in asked.form.check(items) if not one.unusual and one.item in items]
        told = tuple(f"“{titles.get(one.item, one.item)}”: {told_again(one.message)}." for one in problems)
        return told or (
            gettext("{title} cannot be read as it was sent: choose what the page offers.").format(
                title=gettext(asked.kind.title)
            ),
        )
    return ()


def _changed(asked: KindForm, items: Mapping[str, Any]) -> dict[str, Any]:
    """The payload of a correction: nothing but what changed."""
    data = asked.data_of(items)
    if asked.kind.nested is not None and not data.get(asked.kind.nested):
        data.pop(asked.kind.nested, None)
    return data


def _course(reader: Reader, ledger: str) -> Course:
    folded = reader.folded([ledger])[ledger]
    assert isinstance(folded, Folded)
    return folded.course


def _without_missing(sent: Sent) -> Sent:
    """Of entries of these kinds nobody says why an item is missing: it is left out."""
    return {name: texts for name, texts in sent.items() if not name.startswith(f"{MISSING_BECAUSE}:")}
