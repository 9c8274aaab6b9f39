"""The page on which somebody signs, after showing once more who they are."""

from __future__ import annotations

import msgspec
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from entact.conduct.access.again import asks_again, sign_again
from entact.conduct.asking import Asked
from entact.conduct.attested import MEANINGS
from entact.conduct.forms.place import encounter_of
from entact.conduct.frame import page
from entact.conduct.signatures.domain import Scope, digest_of, sign, unsigned_in
from entact.conduct.signatures.page import by_visit, signatures_made
from entact.conduct.words import title_of_visit
from entact.course.found.attested import version_of


@sensitive_post_parameters("password", "code")
@require_http_methods(["GET", "HEAD", "POST"])
def sign_entries(request: HttpRequest, key: str) -> HttpResponse:
    """What of a participant, a visit or an entry is not signed; signed when it is sent.

    Raises:
        Http404: when there is no such participant, visit or entry, or whoever asks may not look, or sign.
    """
    asked = Asked(request, key)
    if asked.role_for("read_signatures") is None:
        raise Http404
    scope, title = _scope(asked)
    if request.method != "POST":
        return _shown(asked, scope, title)
    author = asked.author(asked.role_for("sign"))
    meaning = asked.sent("meaning")
    if meaning not in MEANINGS:
        return _shown(asked, scope, title, gettext("Say what the signature means."))
    second = sign_again(request, asked.sent("expected"), asked.now)
    if isinstance(second, str):
        return _shown(asked, scope, title, second)
    shown = msgspec.structs.replace(author.authenticated, second=second)
    done = sign(asked, scope, asked.sent("expected"), meaning, author.role, shown, asked.person.name)
    if isinstance(done, str):
        return _shown(asked.again(), scope, title, done)
    return redirect(f"{request.get_full_path()}#signed")


def _scope(asked: Asked) -> tuple[Scope, str]:
    visit, entry = asked.request.GET.get("visit"), asked.request.GET.get("entry")
    if visit is not None:
        encounter = encounter_of(visit, asked.course.release)
        name = visit.partition(".")[0]
        if encounter is None or not asked.reader.sight.sees_visit(name):
            raise Http404
        return Scope(encounter=encounter), title_of_visit(name, asked.course.release.visits)
    if entry is not None:
        if entry not in asked.seen.entries:
            raise Http404
        return Scope(entry=entry), gettext("One entry")
    return Scope(), gettext("All of this participant")


def _shown(asked: Asked, scope: Scope, title: str, problem: str = "") -> HttpResponse:
    signs = asked.role_for("sign") is not None
    unsigned = unsigned_in(asked.course, asked.seen, scope)
    standing = {one.id: version_of(one) for one in asked.course.effective if one.id in asked.seen.entries}
    values = {
        "participant": asked.participant,
        "title": title,
        "visits": by_visit(asked, unsigned),
        "count": len(unsigned),
        "expected": digest_of(unsigned),
        "signatures": signatures_made(asked, standing),
        "meanings": MEANINGS.items(),
        **(asks_again(asked.request, digest_of(unsigned)) if signs else {}),
        "signs": signs,
        "problem": problem,
        "here": "participants",
    }
    return page(asked.request, asked.reader, "signatures/sign.html", values, 422 if problem else 200)
