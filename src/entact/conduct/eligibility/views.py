"""The page of the criteria, and of the investigator's decision."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from entact.conduct.access.again import asks_again, sign_again
from entact.conduct.access.called import people_called
from entact.conduct.asking import Asked
from entact.conduct.eligibility.domain import decide, problems_in, under_way
from entact.conduct.eligibility.page import checklist_of
from entact.conduct.frame import page
from entact.conduct.record.door import held_now
from entact.conduct.words import value


@sensitive_post_parameters("password", "code")
@require_http_methods(["GET", "HEAD", "POST"])
def show_eligibility(request: HttpRequest, key: str) -> HttpResponse:
    """Each criterion with what the record says of it; the decision, signed when it is sent.

    Raises:
        Http404: when there is no such participant, or whoever sends decides nothing.
    """
    asked = Asked(request, key)
    role = asked.role_for("judge_eligibility")
    if request.method != "POST":
        return _shown(asked, role, {}, ())
    author = asked.author(role)
    checklist = checklist_of(asked.course, asked.seen, asked.now, asked.zone)
    sent = {one.name: asked.sent(f"judged:{one.name}") for one in checklist.lines if one.is_asked}
    judged = {name: text == "true" for name, text in sent.items() if text in ("true", "false")}
    decision, reason = asked.sent("decision"), asked.sent("reason").strip()
    problems = problems_in(checklist, judged, decision, reason)
    if not problems:
        second = sign_again(request, asked.sent("expected"), asked.now)
        if isinstance(second, str):
            problems = [second]
        else:
            refused = decide(asked, asked.sent("expected"), judged, decision, reason, author, second)
            if not refused:
                return redirect("eligibility", key=key)
            return _shown(asked.again(), role, sent, (refused,), decision, 409)
    return _shown(asked, role, sent, tuple(problems), decision, 422)


def _shown(
    asked: Asked,
    role: str | None,
    sent: dict[str, str],
    problems: tuple[str, ...],
    decision: str = "",
    status: int = 200,
) -> HttpResponse:
    checklist = checklist_of(asked.course, asked.seen, asked.now, asked.zone, people_called())
    lines = [(one, sent.get(one.name) or one.judged or one.suggested) for one in checklist.lines]
    held = None if role is None else held_now(asked.course, "eligibility", under_way(asked.course))
    may_decide = role is not None and (held is None or bool(problems))
    values = {
        "participant": asked.participant,
        "checklist": checklist,
        "lines": lines,
        "held": held or "",
        "may_decide": may_decide,
        **(asks_again(asked.request, checklist.digest) if may_decide else {}),
        "problems": problems,
        "decision": decision,
        "why": _why(asked, role),
        "reason": asked.sent("reason") if problems else "",
        "here": "participants",
    }
    return page(asked.request, asked.reader, "eligibility/eligibility.html", values, status)


def _why(asked: Asked, role: str | None) -> str:
    """The reason given with the decision in force, for who is shown each criterion, and its author."""
    decided = asked.course.eligibility
    one = next(
        (one for one in asked.course.effective if decided is not None and one.id == decided.entry), None
    )
    sight = asked.reader.sight
    if one is None or one.entry.reason is None or one.id not in asked.seen.entries or not sight.sees_status:
        return ""
    if not sight.sees_criteria and one.entry.by != asked.person.identity:
        return ""
    return value(asked.opener(role).reason(one.entry))
