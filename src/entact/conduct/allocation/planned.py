"""The page of what is planned to be told of a participant: asked for at the gate, read by whom it is told."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import msgspec
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from entact.conduct.access.again import asks_again, sign_again
from entact.conduct.allocation.domain import request_unblinding, visit_of_unblinding
from entact.conduct.asking import Asked
from entact.conduct.blinding.telling import UNBLIND, assigned, is_planned, unblinded
from entact.conduct.entries.domain import withdraw
from entact.conduct.forms.domain import Unsaved
from entact.conduct.frame import page
from entact.conduct.gate import against
from entact.conduct.record.door import Author
from entact.conduct.refusal import told_reasons
from entact.course import Refused
from entact.course.kinds.unblinding import request_of
from entact.store import standby

LONGEST: Final = 2000  # of a reason


@never_cache
@sensitive_post_parameters("password", "code")
@require_http_methods(["GET", "HEAD", "POST"])
def show_arm(request: HttpRequest, key: str) -> HttpResponse:
    """What is told of a participant, and to whom; planned unblinding is asked for, once more who asks.

    Raises:
        Http404: when there is no such participant, nothing is planned, or it is not for whoever looks.
    """
    asked = Asked(request, key)
    if not is_planned(asked.person, asked.course):
        raise Http404
    if request.method != "POST":
        return _shown(asked)
    author = asked.author(asked.role_for(UNBLIND))
    if asked.sent("do") == "withdraw":
        return _withdrawn(asked, author)
    second = sign_again(request, asked.participant.ledger, asked.now)
    if isinstance(second, str):
        return _shown(asked, (second,))
    shown = replace(author, authenticated=msgspec.structs.replace(author.authenticated, second=second))
    done = request_unblinding(asked, shown)
    if isinstance(done, Refused):
        course = asked.course
        to = asked.reader.sight, course.release, course.population
        return _shown(asked.again(), told_reasons(*to, UNBLIND, done.reasons))
    return redirect("arm", key=key)


def _withdrawn(asked: Asked, author: Author) -> HttpResponse:
    """Withdraws a request that nobody has answered; one that is answered stands."""
    request = request_of(asked.course)
    if request is None:
        return redirect("arm", key=asked.key)
    ledger, reason = asked.participant.ledger, asked.sent("reason")[:LONGEST]
    done = withdraw(request.entry, reason, asked.reader, ledger, author, asked.now)
    return _shown(asked, done.problems) if isinstance(done, Unsaved) else redirect("arm", key=asked.key)


def _shown(asked: Asked, problems: tuple[str, ...] = ()) -> HttpResponse:
    plan = unblinded(asked)
    asks = plan is not None and asked.role_for(UNBLIND) is not None
    waits = plan is not None and not plan.when and bool(plan.asked)
    open_ = asks and plan is not None and not plan.when and not waits
    reasons = against(asked, UNBLIND, visit_of_unblinding(asked.course)) if open_ else ()
    values = {
        "participant": asked.participant,
        "assigned": assigned(asked),
        "randomised": asked.course.randomisation is not None,
        "plan": plan,
        "waits": waits,
        "there": standby.is_anybody_there() if waits else False,
        "asks": open_ and not reasons,
        "withdraws": asks and waits,
        "reasons": reasons,
        "problems": problems,
        "title": gettext("What is told of the treatment"),
        "here": "participants",
        **(asks_again(asked.request, asked.participant.ledger) if open_ and not reasons else {}),
    }
    return page(asked.request, asked.reader, "allocation/arm.html", values, 422 if problems else 200)
