"""The page of reports on the whole study: what is owed by when, and what was sent."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods

from entact.conduct.asking import reader_of
from entact.conduct.error import ConductError
from entact.conduct.frame import page
from entact.conduct.periodic.domain import enter_sent, owed
from entact.conduct.record.door import Author
from entact.conduct.words import day
from entact.protocol.words.label import begun


@require_http_methods(["GET", "HEAD", "POST"])
def show_reports(request: HttpRequest) -> HttpResponse:
    """Reports that are owed at intervals; whoever sent one enters that."""
    reader, problem = reader_of(request), ""
    if request.method == "POST":
        role = request.person.role_for("send_report") or ""
        author = Author(request.person.identity, role, request.authenticated)
        which, _, number = request.POST.get("which", "").partition("~")
        sent = request.POST.get("sent", "")
        receipt = request.POST.get("receipt", "")
        try:
            enter_sent(reader, which, number, sent, receipt, by=author)
        except ConductError as error:
            problem = f"{begun(str(error))}."
        else:
            return redirect("periodic_reports")
    today = reader.at.date()
    planned = reader.study.newest.file.periodic_reports
    rows = [
        {
            "which": f"{one.report}~{one.number}",
            "title": planned[one.report].title,
            "to": planned[one.report].to,
            "number": one.number,
            "due": day(one.due),
            "sent": day(one.sent.sent) if one.sent is not None else "",
            "receipt": (one.sent.receipt or "") if one.sent is not None else "",
            "late": one.is_late(today),
        }
        for one in owed(reader)
    ]
    waiting = [row for row in rows if not row["sent"]]
    shown = {
        "rows": rows,
        "waiting": waiting,
        "planned": bool(planned),
        "problem": problem,
        "today": today.isoformat(),
        "here": "reports",
    }
    return page(request, reader, "periodic/reports.html", shown, 422 if problem else 200)
