"""Verification against the source, from the page of an entry or of a visit."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from entact.conduct.asking import Asked
from entact.conduct.frame import page
from entact.conduct.monitoring.domain import verify


@require_POST
def verify_entries(request: HttpRequest, key: str) -> HttpResponse:
    """Notes that entries agree with the source, and goes back to where that was said.

    Raises:
        Http404: when there is no such participant, or whoever asks may not verify.
    """
    asked = Asked(request, key)
    author = asked.author(asked.role_for("verify"))
    head = asked.sent("head")
    known = int(head) if head.isascii() and head.isdecimal() and len(head) < 16 else 0
    items = [one.replace("\0", "") for one in request.POST.getlist("item")]
    problem = verify(asked, request.POST.getlist("entry"), items, known, author)
    if problem is not None:
        values = {"problems": [problem], "participant": asked.participant, "here": "participants"}
        return page(request, asked.reader, "monitoring/refused.html", values, 422)
    back = asked.sent("back")
    safe = url_has_allowed_host_and_scheme(back, allowed_hosts=None)
    return redirect(back) if safe and back else redirect("participant", key=key)
