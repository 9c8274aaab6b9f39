"""The pages on which anybody says that they were told, and each says what they believe was given."""

from __future__ import annotations

from collections.abc import Mapping

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from entact.conduct.asking import Asked, reader_of
from entact.conduct.blinding.domain import WAYS, report_told
from entact.conduct.blinding.guess import (
    SUBJECT,
    Guessing,
    asked_of,
    fields_of,
    keep_guess,
    own_guesser,
    received,
    written_at,
)
from entact.conduct.error import ConductError
from entact.conduct.forms.place import encounter_of
from entact.conduct.frame import page


@require_http_methods(["GET", "HEAD", "POST"])
def say_told(request: HttpRequest) -> HttpResponse:
    """Keeps a report that somebody came to know what was given; one press is enough."""
    reader, problem = reader_of(request), ""
    how = request.POST.get("how", "not_said")
    number = request.POST.get("number", "").replace("\0", "").strip()[:80]
    if request.method == "POST":
        try:
            report_told(
                reader, by=request.person, authenticated=request.authenticated, how=how, number=number
            )
        except ConductError as error:
            problem = str(error)
        else:
            return redirect(f"{reverse('told')}?kept=1")
    shown = {
        "ways": [(name, words, name == how) for name, words in WAYS.items()],
        "number": number,
        "problem": problem,
        "kept": "kept" in request.GET and not problem,
        "here": "told",
    }
    return page(request, reader, "blinding/told.html", shown, 422 if problem else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def show_guess(request: HttpRequest, key: str, visit: str) -> HttpResponse:
    """What a therapist, or a rater of the site, believes was given, kept once; the way to hand the question
    to the participant; and for who keeps the data, a sealed sheet that a participant filled in.

    Raises:
        Http404: when there is no such participant or visit, or it asks no guess of whoever looks.
    """
    asked = Asked(request, key)
    encounter = encounter_of(visit, asked.course.release)
    if encounter is None:
        raise Http404
    open_to = asked_of(asked, encounter)
    if not any(open_to.values()):
        raise Http404
    sent = {name: asked.sent(name) for name in ("arm", "confidence", "clear", "why", "told")}
    problem = ""
    if request.method == "POST":
        problem = _kept(asked, encounter, open_to, received(sent, asked.course.release))
        if not problem:
            return redirect("guess", key=key, visit=visit)
    values = {
        "participant": asked.participant,
        "visit": visit,
        **open_to,
        **fields_of(asked.course.release, sent),
        "written": asked.sent("written"),
        "problem": problem,
        "here": "participants",
    }
    return page(request, asked.reader, "blinding/guess.html", values, 422 if problem else 200)


def _kept(asked: Asked, encounter: str, open_to: Mapping[str, bool], guessing: Guessing) -> str:
    """Keeps one's own guess, or a participant's from a sheet; what stands against it."""
    ledger = asked.participant.ledger
    guesser = own_guesser(asked, encounter)
    if guesser is not None:
        to = asked.reader, ledger, asked.author(guesser), asked.now
        return guessing.problem or keep_guess(guessing, guesser, encounter, *to)
    if not open_to["copies"]:
        raise Http404
    author = asked.author(asked.role_for("transcribe_guess"))
    written = written_at(asked.sent("written"), asked.course, encounter, asked.zone, asked.now)
    if isinstance(written, str):
        return guessing.problem or written
    to = asked.reader, ledger, author, asked.now
    return guessing.problem or keep_guess(guessing, SUBJECT, encounter, *to, written)
