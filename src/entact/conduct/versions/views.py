"""The page on which versions of one entry stand side by side, and it is decided which is followed."""

from __future__ import annotations

from dataclasses import replace

import msgspec
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from entact.conduct.access.again import asks_again, sign_again
from entact.conduct.asking import Asked
from entact.conduct.frame import page
from entact.conduct.language.codes import code_words
from entact.conduct.versions.domain import conflicts_of, decide
from entact.course.personal import REASONS


@sensitive_post_parameters("password", "code")
@require_http_methods(["GET", "HEAD", "POST"])
def show_versions(request: HttpRequest, key: str) -> HttpResponse:
    """The versions of a participant's entries; which is followed is decided once more by who decides.

    Raises:
        Http404: when there is no such participant, or it is not for whoever asks to decide.
    """
    asked = Asked(request, key)
    author = asked.author(asked.role_for("decide_version"))
    if request.method != "POST":
        return _shown(asked)
    second = sign_again(request, asked.participant.ledger, asked.now)
    if isinstance(second, str):
        return _shown(asked, second)
    proved = replace(author, authenticated=msgspec.structs.replace(author.authenticated, second=second))
    entry, _, follow = asked.sent("follow").partition(" ")
    if not follow:
        raise Http404
    problem = decide(asked, entry, follow, asked.sent("reason"), proved)
    return _shown(asked.again(), problem) if problem else redirect("versions", key=key)


def _shown(asked: Asked, problem: str = "") -> HttpResponse:
    found = conflicts_of(asked, asked.opener(asked.role_for("decide_version")))
    values = {
        "participant": asked.participant,
        "conflicts": found,
        "reasons": [(code, code_words(code)) for code in sorted(REASONS)],
        "problem": problem,
        "here": "participants",
        **(asks_again(asked.request, asked.participant.ledger) if found else {}),
    }
    return page(asked.request, asked.reader, "versions/versions.html", values, 422 if problem else 200)
