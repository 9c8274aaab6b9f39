"""The page of an emergency: two actions, a reason, and whoever asked reads the arm, and nobody else."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import replace
from typing import Final

import msgspec
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from entact.conduct.access.again import asks_code, show_again
from entact.conduct.allocation.domain import CAUSES, ENVELOPE, HERE, Emergency, unblind
from entact.conduct.asking import Asked
from entact.conduct.frame import page
from entact.conduct.words import told
from entact.store import standby

LONGEST: Final = 2000


@never_cache
@sensitive_post_parameters("password", "code")
@require_http_methods(["GET", "HEAD", "POST"])
def unblind_in_emergency(request: HttpRequest, key: str) -> HttpResponse:
    """What has to be said before; entered when it is sent, and nothing stands against it but who it is.

    Raises:
        Http404: when there is no such participant, nobody gave them anything blinded, or it is not for
            whoever asks.
    """
    asked = Asked(request, key)
    author = asked.author(asked.role_for("break_code"))
    if asked.course.randomisation is None:
        raise Http404
    if request.method != "POST":
        return _shown(asked)
    emergency = _emergency(asked)
    if isinstance(emergency, str):
        return _problem(asked, emergency)
    second = show_again(request.user, request.POST.get("password", ""), asked.sent("code"), asked.now)
    if isinstance(second, str):
        return _problem(asked, second)
    shown = replace(author, authenticated=msgspec.structs.replace(author.authenticated, second=second))
    entry = unblind(emergency, asked, shown)
    if emergency.means == HERE:
        return JsonResponse({"entry": entry, "answer": reverse("emergency_answer", args=[key, entry])})
    return redirect("participant", key=key)


@never_cache
@require_safe
def answer_emergency(request: HttpRequest, key: str, entry: str) -> HttpResponse:
    """What came of it, readable by the browser that asked alone.

    Raises:
        Http404: for whoever did not ask.
    """
    asked = Asked(request, key)
    mine = any(one.entry == entry for one in asked.course.unblindings) and asked.person.identity == _by(
        asked, entry
    )
    found = standby.answer_to(entry) if mine else None
    if found is None or asked.role_for("break_code") is None:
        raise Http404
    return JsonResponse({"refused": found.refused, "sealed": b64encode(bytes(found.answer)).decode()})


def _by(asked: Asked, entry: str) -> str:
    return next((one.entry.by for one in asked.course.effective if one.id == entry), "")


def _emergency(asked: Asked) -> Emergency | str:
    """What was sent, or what is missing of it."""
    means, cause = asked.sent("means"), asked.sent("cause")
    reason, recipient = asked.sent("reason").strip()[:LONGEST], asked.sent("recipient").strip()[:200]
    if means not in (HERE, ENVELOPE) or cause not in CAUSES:
        return gettext("Say why the arm has to be known.")
    if not reason:
        return gettext("Say in your own words why it has to be known now.")
    if means == ENVELOPE:
        return Emergency(recipient or asked.person.name, cause, reason, means, b"")
    try:
        key = bytes.fromhex(asked.sent("key"))
    except ValueError:
        key = b""
    if len(key) != standby.KEY_BYTES or not any(key):
        return gettext("This browser made no key: open the printed code-break.")
    return Emergency(asked.person.name, cause, reason, means, key)


def _problem(asked: Asked, problem: str) -> HttpResponse:
    if asked.sent("means") == HERE:
        return JsonResponse({"problem": problem}, status=422)
    return _shown(asked, problem)


def _shown(asked: Asked, problem: str = "") -> HttpResponse:
    breaks = standby.code_breaks()
    file = asked.course.release.file
    values = {
        "participant": asked.participant,
        "randomised": asked.course.randomisation,
        "there": standby.is_anybody_there(),
        "place": breaks.place if breaks is not None and breaks.checked_by is not None else "",
        "causes": CAUSES.items(),
        "arms": {name: told(arm.title) for name, arm in file.arms.items()},
        "sent": {name: asked.sent(name) for name in ("cause", "reason", "recipient")},
        "asks_code": asks_code(asked.request.user),
        "problem": problem,
        "here": "participants",
    }
    return page(asked.request, asked.reader, "allocation/emergency.html", values, 422 if problem else 200)
