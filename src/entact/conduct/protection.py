"""What every answer says to browsers, and what a page says when the record cannot be read."""

from __future__ import annotations

from collections.abc import Callable

from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext

from entact.conduct.error import ConductError
from entact.store import StoreError

# Pages load nothing but what this server has: scripts and styles are files, and none stands in a page. The
# picture of a one-time code's secret stands in its page, so that it is stored nowhere.
POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self' data:; script-src 'self'; connect-src 'self'; "
    "manifest-src 'self'; worker-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


class Protection:
    """Middleware: nothing from elsewhere, nothing kept in a cache, and words instead of a traceback."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response["Content-Security-Policy"] = POLICY
        response["Cache-Control"] = "no-store"
        response["Permissions-Policy"] = "camera=(), geolocation=(), microphone=()"
        return response

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """A page with status 503 for what is wrong with the record; other faults are Django's."""
        if isinstance(exception, ConductError | StoreError | DatabaseError):
            return unavailable(request, exception)
        return None


def unavailable(request: HttpRequest, error: Exception) -> HttpResponse:
    """The page for what is wrong with the record, in words."""
    reason = (
        str(error)
        if isinstance(error, ConductError | StoreError)
        else gettext("the database cannot be reached")
    )
    return render(request, "unavailable.html", {"reason": reason}, status=503)


def refuse_forged(request: HttpRequest, reason: str = "") -> HttpResponse:
    """The page for a form that this server did not give out, or whose session has ended."""
    return render(request, "forged.html", status=403)
