"""The page, without an account, on which anybody proves the list in a browser of their own."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from entact.conduct.frame import plain_frame
from entact.course import instant
from entact.store.list_proof import promised


@require_safe
def show_proof(request: HttpRequest) -> HttpResponse:
    """What was sealed before anybody was enrolled, and the check of a list that was opened since."""
    found = promised()
    shown = {"promise": found, "at": None if found is None else instant(found.at)}
    return render(request, "allocation/proof.html", plain_frame() | shown)
