"""Choosing the language of the pages; it is kept with the account."""

from __future__ import annotations

from urllib.parse import urlsplit

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from entact.conduct.language.choice import TITLES


@require_POST
def choose_language(request: HttpRequest) -> HttpResponse:
    """Keeps the language that somebody reads, and goes back to the page where they chose it.

    Raises:
        Http404: when pages do not speak it.
    """
    language = request.POST.get("language", "")
    if language not in TITLES:
        raise Http404
    request.user.language = language
    request.user.save(update_fields=["language"])
    said = request.headers.get("Referer", "")
    back = said if url_has_allowed_host_and_scheme(said, {request.get_host()}) else "/"
    parts = urlsplit(back)
    return HttpResponseRedirect(parts.path + (f"?{parts.query}" if parts.query else ""))
