"""The page on which something is entered that is no form, and the page of such an entry."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from typing import Final

from django.urls import reverse
from django.utils.translation import gettext, gettext_lazy

from entact.conduct.entries.kinds import CONTINUED, ENTERED, KindForm
from entact.conduct.forms.domain import Unsaved, Written
from entact.conduct.forms.fields import Surroundings, sections_of
from entact.conduct.forms.page import FormPage, Shown, answer_words, history_of, notes_of, said_when
from entact.conduct.forms.place import release_of
from entact.conduct.forms.reading import Sent, receive_items, texts_of
from entact.conduct.medication.dictionary import is_there
from entact.conduct.record.opened import changes_in
from entact.conduct.sight import SeenCourse
from entact.conduct.statement import Tell, state
from entact.conduct.words import moment, title_of_visit
from entact.course import Course
from entact.protocol import CompiledForm
from entact.protocol.words.form import Forms

# What is looked up in which dictionary of the user's own, where there is one.
SEARCHED: Final = {
    "medication": {"name": "medicines", "indication": "conditions"},
    "adverse_event": {"verbatim": "conditions"},
}

_ACTIONS = {
    "consent": gettext_lazy("Keep the consent"),
    "eligibility": gettext_lazy("Keep the decision"),
    "enrolment": gettext_lazy("Enrol"),
    "randomisation": gettext_lazy("Randomise"),
    "discontinuation": gettext_lazy("Stop"),
    "death": gettext_lazy("Enter the death"),
}


def page_of_kind(
    shown: Shown,
    asked: KindForm,
    written: Written,
    *,
    encounter: str | None = None,
    about: str | None = None,
    sent: Sent | None = None,
    unsaved: Unsaved | None = None,
    reason: tuple[str, str] = ("", ""),
    links: Sequence[tuple[str, str]] = (),
) -> FormPage:
    """The page of a kind of entry: blank, as it stands, or as it was sent and not kept."""
    course, form = shown.course, asked.form
    effective = written.effective
    release = course.release if effective is None else release_of(course, effective)
    fields: Sent = texts_of(form, written.items) if sent is None else sent
    items = written.items if sent is None else receive_items(form, sent).items
    facts = course.facts(encounter, shown.at)
    by_item, general = notes_of(shown, release, written, items, {}, facts, is_sent=False)
    changes = changes_in(course, effective, shown.opener) if effective is not None else {}
    theirs = unsaved.theirs if unsaved is not None else frozenset()
    surroundings = Surroundings(
        notes=by_item,
        history={name: history_of(found, shown, form.items.get(name)) for name, found in changes.items()},
        theirs={name: answer_words(form.items.get(name), written.items.get(name)) for name in theirs},
        closed=written.closed,
        may_be_missing=False,
        search={
            item: reverse("dictionary", args=[name])
            for item, name in SEARCHED.get(asked.kind.name, {}).items()
            if shown.may_write and is_there(name)
        },
    )
    account = Forms(release, shown.language, by_title=True).of(form)
    visit = (encounter or (effective.entry.encounter if effective is not None else None) or "").partition("#")
    continues = gettext(" continued") if about else ""
    return FormPage(
        number=shown.number,
        key=shown.key,
        title=f"{gettext(asked.kind.title)}{continues}",
        help="",
        visit=title_of_visit(visit[0], course.release.visits) if visit[0] else "",
        instrument="",
        licence="",
        sections=sections_of(form, account, fields, form.read(items).values, surroundings),
        scores=(),
        said=said_when(written, shown),
        head=max((seq for versions in shown.folded.versions.values() for seq, _ in versions), default=0),
        entry=effective.id if effective is not None else "",
        status="done",
        status_history=(),
        notes=general,
        others=0,
        may_write=shown.may_write,
        is_correction=effective is not None,
        zone=str(shown.zone),
        draft=shown.draft,
        person=shown.person,
        whole=False,
        unsaved=unsaved,
        reason_code=reason[0],
        reason=reason[1],
        intro=tuple(_intro(course, asked.kind.name, effective is None)),
        links=tuple(links),
        action=_ACTIONS.get(asked.kind.name, "") if effective is None else "",
    )


def _intro(course: Course, kind: str, is_new: bool) -> Iterator[str]:
    """What follows from an entry, said first."""
    if not is_new:
        return
    if kind == "discontinuation":
        yield gettext(
            "Treatment: no further dose; visits of the treatment are no longer due. Follow-up goes on."
        )
        yield gettext("Procedures: nothing more is measured. Follow-up and events are still entered.")
        yield gettext("Follow-up: nothing more is due. What safety needs can still be entered.")
        yield gettext(
            "Data use: nothing more is collected; what was collected before stays, as the law asks."
        )
    elif kind == "death":
        yield gettext("Nothing more is due from then on. Enter the event that ended in death as well.")
    elif kind == "adverse_event":
        yield gettext(
            "Enter it whether it was wanted or not; who judges it serious starts the clocks of its reports."
        )


@dataclass(frozen=True)
class Entered:
    """One entry that is no form, as a line that opens."""

    entry: str
    title: str
    when: str


def entered_by_hand(course: Course, seen: SeenCourse, zone: tzinfo) -> list[Entered]:
    """Everything that was entered beside forms and that the role sees, the latest first."""
    found = []
    for one in reversed(course.effective):
        if one.entry.kind in ENTERED and one.entry.about is None and one.id in seen.entries:
            title, _, _ = state(Tell(course, release_of(course, one), seen.sight, zone), one)
            found.append(Entered(one.id, title, moment(one.at, zone)))
    return found


def without_hidden(seen: SeenCourse, asked: KindForm, written: Written) -> tuple[KindForm, Written]:
    """A decision on eligibility without single criteria, where the role is not shown each of them."""
    if asked.kind.name != "eligibility" or seen.sight.sees_criteria:
        return asked, written
    items = {name: item for name, item in asked.form.items.items() if name not in asked.nested}
    form = CompiledForm(asked.form.name, asked.form.form.model_copy(update={"items": items}), None)
    said = {name: one for name, one in written.items.items() if name in items}
    return KindForm(asked.kind, form, frozenset()), Written(form, written.effective, said)


def continues(kind: str) -> bool:
    """Whether later entries go on with what one of this kind began."""
    return kind in CONTINUED
