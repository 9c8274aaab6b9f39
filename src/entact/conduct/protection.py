"""What every answer says to browsers, and what a page says when the record cannot be read."""

from __future__ import annotations

from collections.abc import Callable

from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from entact.conduct.error import ConductError
from entact.store import StoreError

# Pages load nothing but their own style sheet, pictures and modules; no script stands in a page.
POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; script-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


class Protection:
    """Middleware: nothing from elsewhere, nothing kept in a cache, and words instead of a traceback."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response["Content-Security-Policy"] = POLICY
        response["Cache-Control"] = "no-store"
        return response

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """A page with status 503 for what is wrong with the record; other faults are Django's."""
        if isinstance(exception, ConductError | StoreError):
            return render(request, "unavailable.html", {"reason": str(exception)}, status=503)
        if isinstance(exception, DatabaseError):
            return render(
                request, "unavailable.html", {"reason": "the database cannot be reached"}, status=503
            )
        return None
