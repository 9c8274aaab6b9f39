"""The page on which it is entered with whom somebody takes part."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods

from entact.conduct.asking import Asked
from entact.conduct.entries.domain import withdraw
from entact.conduct.forms.domain import Unsaved
from entact.conduct.frame import page
from entact.conduct.linking.domain import link, linked_population
from entact.conduct.words import words


@require_http_methods(["GET", "HEAD", "POST"])
def show_link(request: HttpRequest, key: str) -> HttpResponse:
    """With whom a participant takes part; entered by number, and withdrawn where it was in error.

    Raises:
        Http404: when there is no such participant, they take part with nobody, or it is not for whoever asks.
    """
    asked = Asked(request, key)
    author = asked.author(asked.role_for("link"))
    if linked_population(asked.course) is None:
        raise Http404
    if request.method != "POST":
        return _shown(asked)
    if asked.sent("do") == "withdraw":
        own = {one.entry for one in asked.course.links}
        if asked.sent("entry") not in own:
            raise Http404
        to = asked.reader, asked.participant.ledger, author, asked.now
        done = withdraw(asked.sent("entry"), asked.sent("reason")[:2000], *to)
        problem = " ".join(done.problems) if isinstance(done, Unsaved) else ""
    else:
        problem = link(asked, asked.sent("number")[:80], author)
    return _shown(asked.again(), problem) if problem else redirect("link", key=key)


def _shown(asked: Asked, problem: str = "") -> HttpResponse:
    course = asked.course
    others = {one.ledger: one for one in asked.reader.standings([one.ledger for one in course.links])}
    values = {
        "participant": asked.participant,
        "links": [(one.entry, others.get(one.ledger)) for one in course.links],
        "population": words(linked_population(course) or ""),
        "number": asked.sent("number"),
        "problem": problem,
        "here": "participants",
    }
    return page(asked.request, asked.reader, "linking/link.html", values, 422 if problem else 200)
