"""The page of a form: shown, saved, and looked at while it is being filled in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse
from django.utils.translation import gettext, gettext_noop
from django.views.decorators.http import require_http_methods, require_POST

from entact.conduct.access.called import people_called
from entact.conduct.alerts import Unanswered, alerts_to_answer
from entact.conduct.asking import Asked
from entact.conduct.attested import review_of
from entact.conduct.forms.domain import (
    DONE,
    NOT_DONE,
    Filling,
    Question,
    Saved,
    Unsaved,
    Written,
    save_form,
    written_at,
)
from entact.conduct.forms.fields import Field
from entact.conduct.forms.page import FormPage, Shown, page_of
from entact.conduct.forms.place import REPEATS_AT_MOST, Place, encounter_of, is_of_each, own_place, timepoints
from entact.conduct.forms.presence import here, said_of_others
from entact.conduct.forms.saved import answer_saved
from entact.conduct.forms.saying import Clock, Told, Untold, Which, as_kept, settle_times, tell_time
from entact.conduct.frame import page
from entact.conduct.language.choice import of_study
from entact.conduct.record.door import held_now
from entact.conduct.sight import PARTICIPANT
from entact.conduct.uploads.content import ACCEPTED, LARGEST, media_of, problem_with
from entact.course.found.fidelity import may_rate
from entact.course.personal import REASONS
from entact.store.attachments import keep_attachment

LONGEST_REASON: Final = 2000
UPLOAD: Final = "upload:"  # begins the field of a file that is sent for an item
ATTENDED: Final = gettext_noop(
    "You have written about this participant otherwise: somebody who has no part in it rates the session."
)
WHICH: Final = "which:"  # begins the answer to which of several times was meant in a field


@require_http_methods(["GET", "HEAD", "POST"])
def show_form(request: HttpRequest, key: str, visit: str, form: str) -> HttpResponse:
    """A form of one participant at one visit: as it stands, or saved.

    Raises:
        Http404: when there is no such participant, visit or form, or they may not be seen or written.
    """
    asked = FormAsked(request, key, visit, form)
    if request.method != "POST" or asked.barred:
        return asked.page()
    author = asked.author(asked.role)
    filling, questions = asked.filling()
    if questions:
        unsaved = Unsaved(questions=questions)
        return asked.page(
            unsaved=unsaved,
            sent=filling.sent,
            status=filling.status,
            reason=asked.reason(),
            when=filling.when,
        )
    outcome = save_form(filling, asked.reader, asked.participant.ledger, asked.opens, author, asked.now)
    if isinstance(outcome, Saved):
        here(asked.participant.ledger, asked.place, author.identity, "", leaves=True)
        return answer_saved(request, asked.address(outcome.entry))
    again = FormAsked(request, key, visit, form)  # what others have entered meanwhile is on it
    return again.page(
        unsaved=outcome,
        sent=filling.sent,
        status=filling.status,
        reason=asked.reason(),
        when=filling.when,
    )


@require_POST
def look_at_form(request: HttpRequest, key: str, visit: str, form: str) -> JsonResponse:
    """What follows from a form as it is being filled in; nothing is written.

    Which items are asked, what is found in each, calculated values, conversions and scores.

    Raises:
        Http404: as `show_form`.
    """
    asked = FormAsked(request, key, visit, form)
    asked.author(asked.role)
    found = asked.looked_at(sent_by(request))
    return JsonResponse(found | {"others": said_of_others(asked.others())})


def looked_at(shown: FormPage) -> dict[str, Any]:
    """What follows from answers, as the page of a form takes it in while it is filled in."""
    fields = {one.place: _looked_at(one) for one in shown.fields}
    fields |= {cell.place: _looked_at(cell) for one in shown.fields for row in one.rows for cell in row}
    sections = [section.is_hidden for section in shown.sections]
    return {"fields": fields, "sections": sections}


def _looked_at(field: Field) -> dict[str, Any]:
    return {
        "hidden": field.is_hidden,
        "asked": field.asked,
        "shown": field.shown,
        "conversion": field.conversion,
        "notes": [[note.message, note.unusual] for note in field.notes],
    }


class FormAsked(Asked):
    """A form that is asked for at a visit; time and repetition as the address says them, else as given.

    Attributes:
        reads: the language of who answers it, where that is not whoever asks for the page.
        barred: why whoever asks does not fill it in, though their role does; else empty.
    """

    reads = ""

    def __init__(
        self,
        request: HttpRequest,
        key: str,
        visit: str,
        form: str,
        *,
        time: str | None = None,
        repeat: int = 0,
    ) -> None:
        super().__init__(request, key)
        sight = self.reader.sight
        encounter = encounter_of(visit, self.course.release)
        if encounter is None or not sight.sees_form(form) or not sight.sees_visit(visit.partition(".")[0]):
            raise Http404
        self.place = Place(form, encounter, self._timepoint(encounter, form, time), repeat or self._repeat())
        self.role = self.role_entering(form)
        self.barred = ""
        if self.role is not None and not may_rate(self.course, form, self.person.identity):
            self.role, self.barred = None, gettext(ATTENDED)
        if self.role is not None and is_of_each(self.course, form):
            self.place = own_place(self.course, self.place, self.person.identity)
        self.opens = self.opener(self.role)
        written = written_at(self.course, self.place, self._text("entry"), self.opens)
        if written is None or (
            written.effective is not None and written.effective.id not in self.seen.entries
        ):
            raise Http404
        self.written: Written = written

    def page(self, **sent: Any) -> HttpResponse:
        shown = replace(self.value(**sent), hand=self._hand(), others_here=said_of_others(self.others()))
        if self.barred:
            shown = replace(shown, held=self.barred)
            status = 403 if self.request.method == "POST" else 200
            return self._answer(shown, status)
        status = 409 if shown.conflicts else 422 if shown.unsaved is not None else 200
        if shown.unsaved is None:  # of what was sent nothing is taken away
            shown = self._read_only(shown)
        return self._answer(shown, status)

    def _answer(self, shown: FormPage, status: int) -> HttpResponse:
        values = {
            "form": shown,
            "alerts": self._alerts(),
            "review": review_of(self, self.written.effective),
            "here": "participants",
        }
        return page(self.request, self.reader, "forms/form.html", values, status)

    def _alerts(self) -> list[tuple[Unanswered, str]]:
        """The alerts that this form called and nobody has answered, and where that is done."""
        effective = self.written.effective
        if effective is None:
            return []
        answers = self.role_for("answer_alert") is not None
        called = (one for one in alerts_to_answer(self.seen) if one.entry == effective.id)
        return [(one, one.address(self.participant.key) if answers else "") for one in called]

    def _read_only(self, shown: FormPage) -> FormPage:
        """A form that is frozen or locked invites to nothing, and says why and who ends that."""
        effective = self.written.effective
        replaces = None if effective is None else effective.id
        kind = self.place.kind if effective is None else effective.entry.kind
        held = held_now(self.course, kind, self.place.encounter, replaces)
        return shown if held is None else replace(shown, may_write=False, held=held, hand="")

    def value(self, **sent: Any) -> FormPage:
        shown = Shown(
            folded=self.folded,
            seen=self.seen,
            opener=self.opens,
            zone=self.zone,
            at=self.now,
            number=self.participant.number,
            key=self.participant.key,
            may_write=self.role is not None,
            draft=self.draft_key if self.role is not None else "",
            person=self.person.identity if self.role is not None else "",
            names=people_called(),
            language=self._language(),
            words_of=self.course.site or "",
            look=reverse("look", args=[self.participant.key, self.place.visit, self.place.form]),
        )
        return page_of(shown, self.place, self.written, **sent)

    def _hand(self) -> str:
        """The address that hands the form over, where the participant answers it and has not yet; or none."""
        answers = self.written.form.form.by == PARTICIPANT and self.written.effective is None
        if self.role is None or not answers:
            return ""
        where = reverse("hand", args=[self.participant.key, self.place.visit, self.place.form])
        query = self.request.GET.urlencode()
        return f"{where}{f'?{query}' if query else ''}"

    def others(self) -> list[str]:
        """Who else is filling the form in, by name; whoever only reads is not counted."""
        if self.role is None:
            return []
        return here(self.participant.ledger, self.place, self.person.identity, self.person.name)

    def filling(self) -> tuple[Filling, tuple[Question, ...]]:
        """The form as it was sent, and what has to be asked first: which of several times is meant."""
        head = self._text("head")
        code, text = self.reason()
        clock = self.clock()
        said = sent_by(self.request)
        refused = self._keep_files(said)
        said |= {name.removeprefix(WHICH): text for name, text in said.items() if name.startswith(WHICH)}
        sent, asked = settle_times(self.written.form, said, clock)
        questions = [Question(f"item:{name}", name, which.choices) for name, which in asked.items()]
        questions += refused
        text_of_when = next(iter(said.get("when", ())), "")
        when = tell_time(text_of_when, clock.when_typed(said, "when")) if text_of_when.strip() else None
        if isinstance(when, Which):
            questions.append(Question("when", "when", when.choices))
        elif isinstance(when, Untold):
            questions.append(Question("when", "when", (), when.why))
        filling = Filling(
            place=self.place,
            sent=sent,
            head=int(head) if head.isascii() and head.isdecimal() and len(head) < 16 else 0,
            status=NOT_DONE if self._text("status") == NOT_DONE else DONE,
            reason=text or code,
            entry=self._text("entry"),
            at=when.at if isinstance(when, Told) else None,
            when=as_kept(when.at, self.zone) if isinstance(when, Told) else text_of_when,
        )
        return filling, tuple(questions)

    def clock(self) -> Clock:
        """What times of this visit are said against."""
        since = self.course.facts(self.place.encounter, self.now).elapsed("initial")
        return Clock(self.now, self.zone, None if since is None else self.now - since)

    def looked_at(self, sent: Mapping[str, Sequence[str]]) -> dict[str, Any]:
        """What follows from answers; times as people say them are read as they will be when saved."""
        settled, several = settle_times(self.written.form, sent, self.clock())
        shown = self.value(sent=settled)
        found = looked_at(shown)
        for name in several:
            found["fields"][name]["notes"] = [
                [gettext("Which of several times is meant is asked when it is saved."), True]
            ]
        return found | {"scores": [[score.label, score.value] for score in shown.scores]}

    def _keep_files(self, said: dict[str, list[str]]) -> list[Question]:
        """Keeps files that were sent for items, digest, type and size in their place; why one is not kept."""
        refused = []
        for name, item in self.written.form.items.items():
            file = self.request.FILES.get(f"{UPLOAD}{name}") if item.type == "file" else None
            if file is None:
                continue
            content = file.read(LARGEST + 1)
            accepted = tuple(one for one in ACCEPTED if not item.accept or one in item.accept)
            problem = problem_with(content, accepted)
            if problem:
                refused.append(Question(f"item:{name}", name, (), problem))
                continue
            media = str(media_of(content))
            digest = keep_attachment(self.participant.ledger, content, media)
            said |= {f"item:{name}": [digest], f"item:{name}:media": [media]}
            said[f"item:{name}:size"] = [str(len(content))]
        return refused

    def reason(self) -> tuple[str, str]:
        """Why: a code of the short list, and text."""
        code = self._text("reason_code")
        return code if code in REASONS else "", self._text("reason")[:LONGEST_REASON].replace("\0", "")

    def address(self, entry: str) -> str:
        where = reverse("form", args=[self.participant.key, self.place.visit, self.place.form])
        asked = self.request.GET.copy()
        asked.pop("entry", None)
        query = asked.urlencode()
        return f"{where}{f'?{query}' if query else ''}#saved"

    def _timepoint(self, encounter: str, form: str, time: str | None) -> str | None:
        asked = self.request.GET.get("time") if time is None else time or None
        if asked is None:
            return None
        if asked not in timepoints(self.course.release, encounter, form):
            raise Http404
        return asked

    def _repeat(self) -> int:
        asked = self.request.GET.get("repeat", "1")
        if not (asked.isascii() and asked.isdecimal()) or not 1 <= int(asked[:6]) <= REPEATS_AT_MOST:
            raise Http404
        return int(asked)

    def _language(self) -> str | None:
        known = self.course.release.file.languages
        asked = self.request.GET.get("language", "") or self.reads
        return asked if asked in known else of_study(known)

    def _text(self, name: str) -> str:
        return self.request.POST.get(name, self.request.GET.get(name, ""))


def sent_by(request: HttpRequest) -> dict[str, list[str]]:
    """Every field that a browser sent."""
    return {name: request.POST.getlist(name) for name in request.POST}
