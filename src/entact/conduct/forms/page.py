"""The page of one form: its items, what stands in them, what is found, and what has been."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from typing import Any

from django.utils.translation import gettext, gettext_lazy

from entact.conduct.forms.condition import with_condition
from entact.conduct.forms.domain import NOT_DONE, Unsaved, Written
from entact.conduct.forms.fields import Field, Note, PastChange, Section, Surroundings, sections_of
from entact.conduct.forms.place import Place, filled_at, release_of
from entact.conduct.forms.reading import Sent, receive_items, texts_of
from entact.conduct.forms.wording import Spoken, words_here
from entact.conduct.language.choice import switches
from entact.conduct.language.codes import item_title
from entact.conduct.language.sentences import told_again
from entact.conduct.reader import Folded
from entact.conduct.record.opened import Changed, Opener, changes_in
from entact.conduct.sight import SeenCourse
from entact.conduct.statement import called_by
from entact.conduct.words import (
    moment,
    plainly,
    role_words,
    score,
    time_words,
    title_of_visit,
    unit_of_item,
    value,
)
from entact.course import Course, Finding, instant
from entact.course.state.values import earlier_answers
from entact.protocol import CompiledForm, Release
from entact.protocol.rule import Facts
from entact.protocol.study import Item
from entact.protocol.words.form import Forms

# Reasons that are offered first: short, and codes of the record (`entact.course.personal.REASONS`).
REASONS_OFFERED = (
    ("transcription_error", gettext_lazy("mistyped or read wrongly")),
    ("source_document", gettext_lazy("the source says otherwise")),
    ("late_information", gettext_lazy("became known later")),
    ("unit_error", gettext_lazy("wrong unit")),
    ("wrong_visit", gettext_lazy("belongs to another visit")),
    ("entered_in_error", gettext_lazy("entered in error")),
)
ABSENT = "is absent"  # begins what is found of an item without an answer
NOT_DONE_OFFERED = (
    ("participant_request", gettext_lazy("the participant did not want to")),
    ("clinical_judgement", gettext_lazy("clinical judgement")),
    ("safety", gettext_lazy("safety")),
    ("not_reached", gettext_lazy("not reached")),
    ("rescheduled", gettext_lazy("will be done another time")),
)


@dataclass(frozen=True)
class Score:
    """A score that follows from the answers."""

    label: str
    value: str


@dataclass(frozen=True)
class FormPage:
    """All that the page of a form shows.

    Attributes:
        number: of the participant. visit: in words. said: when and by whom it was entered.
        head: number of the last line that the page was made of. entry: what stands there, by its id.
        look: the address that says what follows of changes. whole: it may not have been done at all.
        draft: the key under which this person's drafts are kept on the device. person: who that is.
        languages: of the study's, in which it can be shown, each as it calls itself, where it has several.
        intro: what is to be known first. links: further pages, by address. action: what the button says.
        status, status_history: whether it was done. others: how many further entries are at this place.
        others_here: who else has it open, in words. hand: the address that hands it over to the participant,
            where they answer it.
        held: why nobody writes it now, where it is frozen or locked.
        notes: what is found that is about no single item. unsaved: why nothing was written, if it was sent.
    """

    number: str
    key: str
    title: str
    help: str
    visit: str
    instrument: str
    licence: str
    sections: tuple[Section, ...]
    scores: tuple[Score, ...]
    said: str
    head: int
    entry: str
    status: str
    status_history: tuple[PastChange, ...]
    notes: tuple[Note, ...]
    others: int
    may_write: bool
    is_correction: bool
    zone: str
    look: str = ""
    draft: str = ""
    person: str = ""
    whole: bool = True
    unsaved: Unsaved | None = None
    reason: str = ""
    reason_code: str = ""
    intro: tuple[str, ...] = ()
    links: tuple[tuple[str, str], ...] = ()
    action: str = ""
    when: str = ""
    languages: tuple[tuple[str, str], ...] = ()
    hand: str = ""
    others_here: str = ""
    held: str = ""

    @property
    def fields(self) -> tuple[Field, ...]:
        """All its items."""
        return tuple(one for section in self.sections for one in section.fields)

    @property
    def editable(self) -> tuple[str, ...]:
        """Items that can be answered here."""
        return tuple(one.name for one in self.fields if one.control not in ("closed", "calculated"))

    @property
    def is_not_done(self) -> bool:
        """Whether it is said not to have been done."""
        return self.status == NOT_DONE

    @property
    def reasons(self) -> Sequence[tuple[str, str]]:
        """Reasons to choose from."""
        return REASONS_OFFERED if self.is_correction else NOT_DONE_OFFERED

    @property
    def conflicts(self) -> int:
        """How many items somebody else has changed too."""
        return len(self.unsaved.theirs) if self.unsaved is not None else 0


@dataclass(frozen=True)
class Shown:
    """Who looks at which participant's form, at what time.

    Attributes:
        seen: what the role sees. opener: of what is sealed. zone: the site's clock. at: now.
        language: of the study's, or None for its main one. words_of: the site in whose words instruments
            are asked. names: what people are called, by how entries name them; as entries do, where it is
            not said.
    """

    folded: Folded
    seen: SeenCourse
    opener: Opener
    zone: tzinfo
    at: datetime
    number: str
    key: str
    may_write: bool
    language: str | None = None
    words_of: str = ""
    look: str = ""
    draft: str = ""
    person: str = ""
    names: Mapping[str, str] = field(default_factory=dict)

    @property
    def course(self) -> Course:
        """The participant's."""
        return self.folded.course

    def called(self, name: str) -> str:
        """What somebody is called whom an entry names."""
        return self.names.get(name, name)


def page_of(
    shown: Shown,
    place: Place,
    written: Written,
    *,
    sent: Sent | None = None,
    unsaved: Unsaved | None = None,
    status: str | None = None,
    reason: tuple[str, str] = ("", ""),
    when: str = "",
) -> FormPage:
    """The page of a form: as it stands in the ledger or, where something was sent, as it was sent.

    Args:
        written: what is there. sent, status, reason: what was sent and not kept; a reason as code and text.
    """
    form, course = written.form, shown.course
    release = course.release if written.effective is None else release_of(course, written.effective)
    spoken = words_of_site(shown, release, form)
    account = spoken.of(Forms(release, shown.language, by_title=True).of(form), form)
    there = texts_of(form, written.items)
    fields: Sent = there if sent is None else sent
    around, facts = surroundings_of(shown, place)
    items = written.items if sent is None else receive_items(form, sent).items
    values = form.read(items, around).values
    changes = changes_in(course, written.effective, shown.opener) if written.effective else {}
    by_item, general = notes_of(shown, release, written, items, around, facts, is_sent=sent is not None)
    theirs = unsaved.theirs if unsaved is not None else frozenset()
    surroundings = Surroundings(
        around=around,
        facts=facts,
        sees=shown.seen.sight.sees_rule,
        notes=by_item,
        history={name: history_of(found, shown, form.items.get(name)) for name, found in changes.items()},
        theirs={name: answer_words(form.items.get(name), written.items.get(name)) for name in theirs},
        earlier=_earlier(shown, form, place),
        closed=written.closed,
        language=shown.language,
    )
    said = form.instrument
    return FormPage(
        number=shown.number,
        key=shown.key,
        title=account.title,
        help=account.help,
        visit=_visit(course, place),
        instrument=f"{said.recall}" if said is not None else "",
        licence=said.licence if said is not None else "",
        sections=sections_of(form, account, fields, values, surroundings),
        scores=tuple(Score(item_title(name), score(values.get(name))) for name in form.scores),
        said=said_when(written, shown),
        head=max((seq for versions in shown.folded.versions.values() for seq, _ in versions), default=0),
        entry=written.effective.id if written.effective is not None else "",
        status=status or written.status,
        status_history=history_of(changes.get("status", []), shown),
        notes=(*general, Note(spoken.problem)) if spoken.problem else general,
        others=max(len(filled_at(course, place)) - 1, 0),
        may_write=shown.may_write,
        look=shown.look,
        draft=shown.draft,
        person=shown.person,
        is_correction=written.effective is not None,
        zone=str(shown.zone),
        unsaved=unsaved,
        when=when,
        languages=switches(release.file.languages),
        reason_code=reason[0],
        reason=reason[1],
    )


def words_of_site(shown: Shown, release: Release, form: CompiledForm) -> Spoken:
    """In which words the form is asked; a rater, who must not learn of a site, is shown none of its own."""
    if form.instrument is None or not shown.words_of:
        return Spoken()
    languages = [shown.language or release.file.languages[0]]
    return words_here(shown.words_of, shown.course.study, form.instrument, languages)


def surroundings_of(shown: Shown, place: Place) -> tuple[Mapping[str, Any], Facts]:
    """What conditions and calculations of a form may ask beside its own answers, as of now."""
    course = shown.course
    return course.values(place.encounter, shown.at), course.facts(place.encounter, shown.at)


def problems_in(
    release: Release, form: CompiledForm, items: Mapping[str, Any], around: Mapping[str, Any], facts: Facts
) -> list[tuple[str, Note]]:
    """What is wrong with answers that are not in the ledger yet: by item."""
    problems = [*form.read(items, around).problems, *form.contradictions(items, around, facts)]
    return [
        (one.item, Note(told_again(with_condition(one.message, release, form, one.item)), one.unusual))
        for one in problems
        if not one.message.startswith(ABSENT)
    ]


def notes_of(
    shown: Shown,
    release: Release,
    written: Written,
    items: Mapping[str, Any],
    around: Mapping[str, Any],
    facts: Facts,
    *,
    is_sent: bool,
) -> tuple[dict[str, tuple[Note, ...]], tuple[Note, ...]]:
    """What is found, by item and in general: in what was sent, or in what stands in the record."""
    by_item: dict[str, list[Note]] = {}
    general: list[Note] = []
    if is_sent:
        for item, note in problems_in(release, written.form, items, around, facts):
            by_item.setdefault(item, []).append(note)
    elif written.effective is not None:
        own = {written.effective.id, *written.effective.corrections}
        for found in shown.seen.findings(shown.at, shown.folded.beside):
            if found.entry in own and found.holds:
                absent = found.message.startswith(ABSENT)
                note = (
                    Note(gettext("No answer yet."))
                    if absent
                    else Note(_plainly(shown, found, release, written.form))
                )
                note = Note(note.message, absent or found.rule == "unusual")
                known = found.item.partition("[")[0] in written.form.items
                by_item.setdefault(found.item, []).append(note) if known else general.append(note)
    return {name: tuple(notes) for name, notes in by_item.items()}, tuple(general)


def _plainly(shown: Shown, found: Finding, release: Release, form: CompiledForm) -> str:
    said = with_condition(found.message, release, form, found.item)
    return plainly(said, shown.course.release.visits, shown.zone)


def history_of(changes: Sequence[Changed], shown: Shown, item: Item | None = None) -> tuple[PastChange, ...]:
    """The changes of one item as they read.

    Args:
        item: as its form has it; None of what is no item, such as whether a form was done.
    """
    return tuple(
        PastChange(
            old=answer_words(item, one.old),
            new=answer_words(item, one.new),
            by=f"{shown.called(one.entry.by)}, {role_words(one.entry.role)}",
            when=when_said(one.entry.recorded_at, shown.zone),
            why=why_said(one.reason),
        )
        for one in changes
    )


def answer_words(item: Item | None, answer: Any) -> str:
    """An answer as its item calls it; as it was entered, where the item calls it nothing."""
    return called_by(item, answer) or value(answer)


def why_said(reason: str) -> str:
    return (
        dict((*REASONS_OFFERED, *NOT_DONE_OFFERED)).get(reason) or value(reason) or gettext("no reason given")
    )


def when_said(text: str, zone: tzinfo) -> str:
    try:
        return moment(instant(text), zone)
    except ValueError:
        return text


def said_when(written: Written, shown: Shown) -> str:
    """When and by whom what stands was entered."""
    if written.effective is None:
        return ""
    entry = written.effective.entry
    return gettext("{when} by {by}, {role}").format(
        when=moment(written.effective.at, shown.zone), by=shown.called(entry.by), role=role_words(entry.role)
    )


def _visit(course: Course, place: Place) -> str:
    visit, _, number = place.encounter.partition("#")
    title = title_of_visit(visit, course.release.visits)
    repeat = f" ({number})" if number not in ("", "1") else ""
    time = f", {time_words(place.timepoint)}" if place.timepoint else ""
    again = gettext(", reading {repeat}").format(repeat=place.repeat) if place.repeat > 1 else ""
    return f"{title}{repeat}{time}{again}"


def _earlier(shown: Shown, form: CompiledForm, place: Place) -> dict[str, str]:
    """The values of earlier visits that are shown beside items, as far as the role sees their forms."""
    found = {}
    for name, item in form.items.items():
        if item.shows is None:
            continue
        other = item.shows.split(".")[-2]
        answers = earlier_answers(shown.course, item.shows, place.encounter, shown.at)
        if (
            answers is None
            or answers.entry not in shown.seen.entries
            or not shown.seen.sight.sees_form(other)
        ):
            continue
        said = answers.items.get(
            item.shows.rpartition(".")[2], answers.values.get(item.shows.rpartition(".")[2])
        )
        text = answer_words(item, said)
        text += f" {unit_of_item(item.unit)}" if isinstance(said, int | float) and item.unit else ""
        found[name] = f"{text}, {moment(answers.at, shown.zone)}"
    return found
