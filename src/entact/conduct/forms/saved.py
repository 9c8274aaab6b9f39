"""How a page that keeps a draft hears that the record holds what it sent: only then it lets the draft go."""

from __future__ import annotations

from typing import Final

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse

HEARS: Final = "X-Entact-Draft"  # sent by a page that keeps a draft of what it sends


def answer_saved(request: HttpRequest, address: str) -> HttpResponse:
    """Where what was kept is shown: said to a page that keeps a draft, and to any other by a redirect.

    A redirect alone would not do: whoever was signed out meanwhile is led on as well.

    Args:
        address: of the page that shows it, without the server's name.
    """
    if request.headers.get(HEARS):
        return JsonResponse({"saved": address.partition("#")[0]})
    return HttpResponseRedirect(address)
