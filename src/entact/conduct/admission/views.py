"""The page on which somebody is taken into screening."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods

from entact.conduct.admission.domain import Refusal, screen
from entact.conduct.asking import authenticated_by, now_in, reader_of
from entact.conduct.frame import page
from entact.conduct.record.door import Author


@require_http_methods(["GET", "HEAD", "POST"])
def new_participant(request: HttpRequest) -> HttpResponse:
    """Takes somebody into screening: number, site and population.

    Raises:
        Http404: when whoever asks takes nobody in.
    """
    reader, authenticated = reader_of(request), authenticated_by(request)
    sites = [
        site
        for site in sorted(reader.study.newest.file.sites)
        if authenticated is not None and request.person.role_for("screen", site) is not None
    ]
    if not sites or authenticated is None:
        raise Http404
    populations = list(reader.study.newest.file.populations)
    site = request.POST.get("site", sites[0])
    population = request.POST.get("population", populations[0])
    number, problem = request.POST.get("number", ""), ""
    if site not in sites or population not in populations:
        raise Http404
    if request.method == "POST":
        role = request.person.role_for("screen", site)
        author = Author(request.person.identity, str(role), authenticated)
        try:
            screen(number, site, population, reader, author, now_in(reader))
        except Refusal as refusal:
            problem = str(refusal)
        else:
            return redirect("matrix", key=number.strip())
    values = {
        "sites": sites,
        "site": site,
        "populations": populations,
        "population": population,
        "number": number,
        "problem": problem,
        "here": "participants",
    }
    return page(request, reader, "admission/new.html", values, 422 if problem else 200)
