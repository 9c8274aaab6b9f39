"""Saving a form: what was filled in goes through the door, what changed since it was opened is overwritten
by nobody, and a correction holds the changed items alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from django.utils.translation import gettext

from entact.conduct.forms.place import (
    Place,
    filled_at,
    form_at,
    is_of_each,
    items_in,
    own_place,
    release_of,
)
from entact.conduct.forms.reading import Received, Sent, receive_items, said_of, texts_of
from entact.conduct.reader import Folded, Reader
from entact.conduct.record.door import Author, Held, compose, store_entry, turn_of
from entact.conduct.record.opened import Opener, is_closed
from entact.course import Course, Entry, fold
from entact.course.entry import Kept
from entact.course.entry.effective import Effective
from entact.course.entry.ledger import Receipt
from entact.course.kinds import NESTED
from entact.protocol import CompiledForm

DONE, NOT_DONE = "done", "not_done"


@dataclass(frozen=True)
class Filling:
    """A form as it was sent.

    Attributes:
        entry: the one that is corrected, where the place has several. head: number of the last line of the
            ledger that the page was made of: what came later was not seen. reason: of a correction, or why
            the form was not done. at: when it was filled in; None for now. when: that, as the page says it.
    """

    place: Place
    sent: Sent
    head: int
    status: str = DONE
    reason: str = ""
    entry: str = ""
    at: datetime | None = None
    when: str = ""


@dataclass(frozen=True)
class Written:
    """What is written at a place: the entry, or none yet, and its items with what is sealed opened."""

    form: CompiledForm
    effective: Effective | None
    items: Mapping[str, Any] = field(default_factory=dict)

    @property
    def status(self) -> str:
        """Whether the form was done."""
        done = self.effective is None or self.effective.data.get("status") != NOT_DONE
        return DONE if done else NOT_DONE

    @property
    def closed(self) -> dict[str, Any]:
        """Items that cannot be opened, which nobody can change here."""
        return {name: value for name, value in self.items.items() if is_closed(value)}


@dataclass(frozen=True)
class Saved:
    """It is in the ledger: its receipt, or none where everything stood there already."""

    entry: str
    receipt: Receipt | None


@dataclass(frozen=True)
class Question:
    """Which of several times was meant, in the field of this name; why, where none can be read."""

    field: str
    item: str
    choices: tuple[tuple[str, str], ...]
    why: str = ""


@dataclass(frozen=True)
class Unsaved:
    """Nothing was written, and what was sent is still there.

    Attributes:
        problems: what has to be said first. theirs: by item, what somebody else entered since the page was
            opened, where both changed it. needs_reason: because something would be corrected.
    """

    problems: tuple[str, ...] = ()
    theirs: frozenset[str] = frozenset()
    needs_reason: bool = False
    changed: tuple[str, ...] = ()
    questions: tuple[Question, ...] = ()


def written_at(course: Course, place: Place, entry: str, opener: Opener) -> Written | None:
    """What stands at a place; None where the study has no such form.

    Args:
        entry: the one that is meant where there are several; else the last.
    """
    known = filled_at(course, place)
    effective = next((one for one in known if one.id == entry), known[-1] if known else None)
    form = form_at(course, place, effective)
    if form is None:
        return None
    items = {} if effective is None else opener.items(effective, items_in(effective))
    return Written(form, effective, items)


def save_form(
    filling: Filling, reader: Reader, ledger: str, opener: Opener, author: Author, now: datetime
) -> Saved | Unsaved:
    """Keeps what was filled in: as a new entry, or as a correction of the changed items of the one there.

    Whoever saves waits for the others of this participant; what two have changed differently since the page
    was opened is written by neither.
    """
    with turn_of(ledger):
        folded = reader.folded([ledger])[ledger]
        assert isinstance(folded, Folded)
        course = folded.course
        if is_of_each(course, filling.place.form):  # of two at once neither writes where the other does
            filling = replace(filling, place=own_place(course, filling.place, author.identity))
        now_there = written_at(course, filling.place, filling.entry, opener)
        assert now_there is not None
        before = written_at(known_at(course, filling.head), filling.place, filling.entry, opener)
        received = receive_items(now_there.form, filling.sent)
        try:
            composed = _entry(filling, course, reader, now_there, before or now_there, received, author, now)
        except Held as error:
            return Unsaved((str(error),))
        if not isinstance(composed, Entry):
            return composed
        entry = store_entry(composed, author, now)
        source = now_there.effective.id if now_there.effective is not None else composed.id
        return Saved(source, entry)


def known_at(course: Course, head: int) -> Course:
    """The course as it was when a page was made of it."""
    entries = course.entries
    known = [one for one in entries if not isinstance(one, Kept) or one.seq <= head]
    return course if len(known) == len(entries) else fold(course.study, known)


def _entry(
    filling: Filling,
    course: Course,
    reader: Reader,
    now_there: Written,
    before: Written,
    received: Received,
    author: Author,
    now: datetime,
) -> Entry | Saved | Unsaved:
    problems = [said_twice(place) for place in received.both]
    if filling.status == NOT_DONE and received.items and now_there.effective is None:
        problems.append(
            gettext("Items are answered, and the form is said not to have been done: take one back.")
        )
    if problems:
        return Unsaved(tuple(problems))
    compared = compare(now_there, before, received, filling.sent)
    if compared.theirs:
        return Unsaved(theirs=compared.theirs)
    changed = compared.changed
    status_changes = filling.status != now_there.status
    if now_there.effective is None:
        return _new(filling, course, reader, received, author, now)
    if not changed and not status_changes:
        return Saved(now_there.effective.id, None)
    if status_changes and NESTED.get(now_there.effective.entry.kind) is None:
        said = gettext(
            "Readings have no “not done”: withdraw them, at the end of this page; then say it anew."
        )
        return Unsaved((said,))
    if not filling.reason.strip():
        return Unsaved(needs_reason=True, changed=changed)
    items = {name: received.items.get(name) for name in changed}
    return _correction(filling, course, reader, now_there, items, author, now)


@dataclass(frozen=True)
class Compared:
    """What was changed on a page, and what of that somebody else has changed to something else meanwhile."""

    changed: tuple[str, ...]
    theirs: frozenset[str]


def compare(now_there: Written, before: Written, received: Received, sent: Sent) -> Compared:
    """What was sent against what stands there, and against what stood there when the page was opened."""
    form = now_there.form
    there, then = texts_of(form, now_there.items), texts_of(before.form, before.items)
    editable = [name for name in form.items if name in received.shown and name not in now_there.closed]
    mine = [name for name in editable if said_of(name, sent) != said_of(name, then)]
    changed = tuple(name for name in mine if said_of(name, sent) != said_of(name, there))
    theirs = frozenset(name for name in changed if said_of(name, there) != said_of(name, then))
    return Compared(changed, theirs)


def said_twice(place: str) -> str:
    """What is said of an item that was answered and said to be missing."""
    item = place.replace(":", " ").replace("_", " ")
    return gettext("“{item}” is answered, and said to be missing: take one of the two back.").format(
        item=item
    )


def _new(
    filling: Filling,
    course: Course,
    reader: Reader,
    received: Received,
    author: Author,
    now: datetime,
) -> Entry | Unsaved:
    place = filling.place
    reason: str | None = None
    if filling.status == NOT_DONE:
        if not filling.reason.strip():
            return Unsaved(needs_reason=True)
        reason = filling.reason.strip()
        kind, data = "form", {"form": place.form, "items": {}, "status": NOT_DONE}
    elif not received.items:
        return Unsaved(
            (gettext("Nothing is answered yet: answer something, or say that the form was not done."),)
        )
    elif place.kind == "vital_signs":
        kind, data = "vital_signs", dict(received.items)
    else:
        kind, data = "form", {"form": place.form, "items": received.items}
    (ledger,) = {entry.ledger for entry in course.entries[:1]}
    return compose(
        course,
        reader,
        ledger,
        author,
        now,
        kind,
        data,
        filling.at,
        encounter=place.encounter,
        timepoint=place.timepoint,
        repeat=place.repeat,
        reason=reason,
    )


def _correction(
    filling: Filling,
    course: Course,
    reader: Reader,
    now_there: Written,
    items: Mapping[str, Any],
    author: Author,
    now: datetime,
) -> Entry:
    """The changed items of the entry that stands, behind its last correction: so none contradicts another."""
    effective = now_there.effective
    assert effective is not None
    nested = NESTED.get(effective.entry.kind)
    data: dict[str, Any] = dict(items) if nested is None else ({nested: dict(items)} if items else {})
    if nested is not None and items and _is_sealed_elsewhere(course, effective, items):
        data["form"] = filling.place.form
    if filling.status != now_there.status:
        data["status"] = filling.status
    return compose(
        course,
        reader,
        effective.entry.ledger,
        author,
        now,
        effective.entry.kind,
        data,
        encounter=effective.entry.encounter,
        timepoint=effective.entry.timepoint,
        repeat=effective.entry.repeat,
        replaces=effective.corrections[-1] if effective.corrections else effective.id,
        reason=filling.reason.strip(),
        release=effective.entry.release,
    )


def _is_sealed_elsewhere(course: Course, effective: Effective, items: Mapping[str, Any]) -> bool:
    """Whether another form has a personal item of the same name: then the correction has to say its form."""
    release = release_of(course, effective)
    own = effective.data.get("form")
    return any(
        name in form.personal or name in form.rows
        for form in release.forms.values()
        if form.name != own
        for name in items
    )
