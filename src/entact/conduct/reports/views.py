"""The page on which blinding is measured, for those who may know arms."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from entact.conduct.asking import reader_of
from entact.conduct.frame import page
from entact.conduct.reports.arms import may_measure, opened_arms
from entact.store.after_lock import lock_in_force


@never_cache
@require_safe
def show_blinding(request: HttpRequest) -> HttpResponse:
    """How blind the study was.

    Raises:
        Http404: for whoever may know no arm yet, so that the page looks like none.
    """
    if not may_measure(request.person):
        raise Http404
    from entact.conduct.reports.measured import measure  # with all of analysis, which no other page needs

    reader = reader_of(request)
    values = {
        "measured": measure(reader, opened_arms(reader)),
        "locked": lock_in_force() is not None,
        "here": "measured",
    }
    return page(request, reader, "reports/blinding.html", values)
