"""The page on which blinding is measured, for those who may know arms."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from entact.conduct.asking import reader_of
from entact.conduct.frame import page
from entact.conduct.reports.arms import known_arms
from entact.store.after_lock import period_in_force


@never_cache
@require_safe
def show_blinding(request: HttpRequest) -> HttpResponse:
    """How blind the study was; to whoever may know no arm yet the table answers as if there were no page."""
    from entact.conduct.reports.measured import measure  # with all of analysis, which no other page needs

    reader = reader_of(request)
    values = {
        "measured": measure(reader, known_arms(reader, request.person)),
        "locked": period_in_force() != "running",
        "here": "measured",
    }
    return page(request, reader, "reports/blinding.html", values)
