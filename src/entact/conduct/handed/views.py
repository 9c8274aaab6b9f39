"""The locked page: a questionnaire handed over, answered, and taken back by who shows again who they are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import activate, gettext_lazy
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from entact.conduct.access.again import asks_code, show_again
from entact.conduct.asking import Asked
from entact.conduct.blinding.guess import GUESS, asked_of, fields_of, keep_guess, received
from entact.conduct.forms.domain import DONE, Filling, Saved, Unsaved, save_form
from entact.conduct.forms.fields import Choice, Field
from entact.conduct.forms.page import FormPage
from entact.conduct.forms.place import encounter_of
from entact.conduct.forms.reading import Sent, receive_items
from entact.conduct.forms.saved import answer_saved
from entact.conduct.forms.views import FormAsked, looked_at, sent_by
from entact.conduct.frame import frame
from entact.conduct.handed.domain import ANSWERS, Handed, calls, handed_in, may_call, take_back
from entact.conduct.language.choice import spoken
from entact.conduct.rating.domain import language_of
from entact.conduct.record.door import Author, Held, compose
from entact.conduct.sight import PARTICIPANT

OVER: Final = "over"  # sent once somebody was asked again for what they passed over
_RATHER_NOT: Final = gettext_lazy("I would rather not answer")


@require_POST
def hand_over(request: HttpRequest, key: str, visit: str, form: str) -> HttpResponse:
    """Locks this session to a form that the participant answers.

    Raises:
        Http404: when there is no such form to hand over, or whoever asks does not enter it.
    """
    if form == GUESS:
        return _hand_guess(request, key, visit)
    asked = FormAsked(request, key, visit, form)
    asked.author(asked.role)
    if asked.written.form.form.by != PARTICIPANT or asked.written.effective is not None:
        raise Http404
    head = max((seq for versions in asked.folded.versions.values() for seq, _ in versions), default=0)
    place = asked.place
    Handed(asked.participant.key, visit, form, place.timepoint or "", place.repeat, head).keep(request)
    return redirect("handed")


@require_http_methods(["GET", "HEAD", "POST"])
def show_handed(request: HttpRequest) -> HttpResponse:
    """The form that is handed over, and nothing else; kept when it is sent.

    Raises:
        Http404: when nothing is handed over.
    """
    handed, asked = _handed(request)
    _speak_to(asked)
    if handed.is_done:
        return _page(request, asked, "handed/thanks.html", {})
    if not isinstance(asked, FormAsked):
        return _shown_guess(request, handed, asked)
    if request.method != "POST":
        return _shown(request, asked)
    sent = sent_by(request)
    if OVER not in request.POST and any(map(_is_left_out, _fields(_plain(asked.value(sent=sent))))):
        return _shown(request, asked, sent, asks_again=True)
    done = _keep(asked, handed, sent)
    if isinstance(done, Unsaved):
        return _shown(request, asked, sent, done)
    replace(handed, is_done=True, entry=done.entry).keep(request)
    return answer_saved(request, reverse("handed"))


@require_POST
def look_at_handed(request: HttpRequest) -> JsonResponse:
    """What follows from the answers so far; they are kept at once where one of them calls somebody.

    Raises:
        Http404: when nothing is handed over, or it was sent already.
    """
    handed, asked = _handed(request)
    if handed.is_done or not isinstance(asked, FormAsked):
        raise Http404
    _speak_to(asked)
    sent = sent_by(request)
    called = _called(asked, sent) if may_call(asked.course, asked.place, asked.now) else ()
    if not set(called) <= set(handed.called):
        done = _keep(asked, handed, sent)
        if isinstance(done, Saved):
            head = done.receipt.line.seq if done.receipt is not None else handed.head
            replace(handed, entry=done.entry, head=head, called=(*handed.called, *called)).keep(request)
    return JsonResponse({**looked_at(_plain(asked.value(sent=sent))), "scores": []})


@sensitive_post_parameters("password", "code")
@require_http_methods(["GET", "HEAD", "POST"])
def hand_back(request: HttpRequest) -> HttpResponse:
    """Unlocks the session, once who handed it over has shown again who they are.

    Raises:
        Http404: when nothing is handed over.
    """
    handed, asked = _handed(request)
    problem = ""
    if request.method == "POST":
        code = request.POST.get("code", "").replace("\0", "")
        second = show_again(request.user, request.POST.get("password", ""), code, asked.now)
        if not isinstance(second, str):
            take_back(request)
            return redirect("participant", key=handed.key)
        problem = second
    values = {
        "problem": problem,
        "asks_code": asks_code(request.user),
        "has_account": not request.user.is_demonstration,
    }
    return _page(request, asked, "handed/back.html", values, 422 if problem else 200)


def _hand_guess(request: HttpRequest, key: str, visit: str) -> HttpResponse:
    asked = Asked(request, key)
    asked.author(asked.role_for("enter"))
    encounter = encounter_of(visit, asked.course.release)
    if encounter is None or not asked_of(asked, encounter)["hands"]:
        raise Http404
    Handed(asked.participant.key, visit, GUESS).keep(request)
    return redirect("handed")


def _shown_guess(request: HttpRequest, handed: Handed, asked: Asked) -> HttpResponse:
    """The question what the participant believes was given, and nothing else; kept when it is sent."""
    sent = {name: asked.sent(name) for name in ("arm", "confidence", "clear", "why", "told")}
    encounter = encounter_of(handed.visit, asked.course.release)
    problem = ""
    if request.method == "POST":
        author = replace(asked.author(asked.role_for("enter")), role=PARTICIPANT)
        guessing = received(sent, asked.course.release)
        to = encounter or "", asked.reader, asked.participant.ledger, author, asked.now
        problem = guessing.problem or keep_guess(guessing, "participant", *to)
        if not problem:
            replace(handed, is_done=True).keep(request)
            return redirect("handed")
    values = {**fields_of(asked.course.release, sent, language_of(asked.course)), "problem": problem}
    return _page(request, asked, "handed/guess.html", values, 422 if problem else 200)


def _handed(request: HttpRequest) -> tuple[Handed, Asked]:
    """What is handed over, and the form as the record has it now."""
    handed = handed_in(request)
    if handed is None:
        raise Http404
    if handed.form == GUESS:
        return handed, Asked(request, handed.key)
    return handed, FormAsked(
        request, handed.key, handed.visit, handed.form, time=handed.time, repeat=handed.repeat
    )


def _speak_to(asked: Asked) -> None:
    """The page speaks the language of the participant from here on: that of their consent."""
    language = language_of(asked.course)
    activate(spoken(language))
    if isinstance(asked, FormAsked):
        asked.reads = language


def _keep(asked: FormAsked, handed: Handed, sent: Sent) -> Saved | Unsaved:
    """The answers as the participant's own, under the session of who handed the form over."""
    filling, questions = asked.filling()
    if questions:
        return Unsaved(questions=questions)
    filling = Filling(
        place=asked.place,
        sent=filling.sent,
        head=handed.head,
        status=DONE,
        reason=ANSWERS if handed.entry else "",
        entry=handed.entry,
    )
    return save_form(
        filling, asked.reader, asked.participant.ledger, asked.opener(asked.role), _author(asked), asked.now
    )


def _author(asked: FormAsked) -> Author:
    return replace(asked.author(asked.role), role=PARTICIPANT)


def _called(asked: FormAsked, sent: Sent) -> tuple[str, ...]:
    """The alerts that what is answered so far would raise."""
    items = receive_items(asked.written.form, sent).items
    data = {"form": asked.place.form, "items": {}}
    to = asked.course, asked.reader, asked.participant.ledger, _author(asked), asked.now
    try:
        entry = compose(*to, "form", data, encounter=asked.place.encounter, timepoint=asked.place.timepoint)
    except Held:
        return ()
    return calls(asked.course, entry, items)


def _shown(
    request: HttpRequest,
    asked: FormAsked,
    sent: Sent | None = None,
    unsaved: Unsaved | None = None,
    *,
    asks_again: bool = False,
) -> HttpResponse:
    """The form; `asks_again` for what was passed over: once, for nobody has to answer."""
    standing = {} if sent is None else {"sent": sent, "unsaved": unsaved}
    shown = _plain(asked.value(**standing))
    values = {
        "form": shown,
        "left_out": tuple(filter(_is_left_out, _fields(shown))) if asks_again else (),
        "over": OVER,
        "draft_of": f"{shown.person} {asked.participant.ledger} {asked.place}",
    }
    return _page(request, asked, "handed/form.html", values, 422 if unsaved or asks_again else 200)


def _fields(shown: FormPage) -> Iterator[Field]:
    for section in shown.sections:
        yield from section.fields


def _is_left_out(field: Field) -> bool:
    """Whether it is asked, and passed over without a word."""
    return bool(field.asked) and field.required and field.is_blank


def _plain(shown: FormPage) -> FormPage:
    """A form without what is not the participant's to read: history, earlier values, what is calculated."""
    sections = (
        replace(one, fields=tuple(_plainly(field) for field in one.fields if _is_asked(field)))
        for one in shown.sections
    )
    return replace(shown, sections=tuple(sections), scores=(), notes=())


def _is_asked(field: Field) -> bool:
    return field.control not in ("calculated", "closed")


def _plainly(field: Field) -> Field:
    rows, blank = (tuple(map(_plainly, filter(_is_asked, row))) for row in (field.next, field.blank))
    refused = Choice("refused", _RATHER_NOT, field.missing == "refused")
    return replace(
        field,
        history=(),
        earlier="",
        theirs="",
        reasons=(refused,) if field.reasons else (),
        rows=tuple(tuple(map(_plainly, filter(_is_asked, row))) for row in field.rows),
        next=rows,
        blank=blank,
    )


def _page(
    request: HttpRequest, asked: Asked, template: str, values: dict[str, Any], status: int = 200
) -> HttpResponse:
    around = frame(asked.reader)
    return render(request, template, {"banner": around["banner"], **values}, status=status)
