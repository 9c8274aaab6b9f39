"""The page on which anybody says that they were told."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from entact.conduct.asking import reader_of
from entact.conduct.blinding.domain import WAYS, report_told
from entact.conduct.error import ConductError
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
