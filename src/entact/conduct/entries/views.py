"""Pages on which something is entered that is no form; an entry of it, corrected, continued or withdrawn."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from entact.conduct.access.called import people_called
from entact.conduct.alerts import alerts_to_answer
from entact.conduct.asking import Asked
from entact.conduct.attested import Review, review_of
from entact.conduct.entries.domain import Entering, blank, correct, enter, withdraw, written_of
from entact.conduct.entries.event_report import event_report
from entact.conduct.entries.kinds import ABOUT_ANOTHER, AT_A_VISIT, ENTERED, KindForm
from entact.conduct.entries.page import continues, page_of_kind, without_hidden
from entact.conduct.forms.domain import Unsaved
from entact.conduct.forms.page import FormPage, Shown
from entact.conduct.forms.place import encounter_of, visit_address
from entact.conduct.forms.saved import answer_saved
from entact.conduct.frame import page
from entact.conduct.given import note_given
from entact.conduct.language.printed import in_language
from entact.conduct.refusal import told_reasons
from entact.conduct.words import told
from entact.course import Refused
from entact.course.disclosure import class_named
from entact.course.kinds import KINDS
from entact.course.kinds.reporting import reports_due
from entact.course.personal import REASONS
from entact.report.event import draw_event_report

LONGEST_REASON: Final = 2000
# Kinds that are entered on a page of their own, and its route.
OWN_PAGES: Final = {
    "eligibility": "eligibility",
    "consent": "consent",
}


@require_http_methods(["GET", "HEAD", "POST"])
def add_entry(request: HttpRequest, key: str, kind: str) -> HttpResponse:
    """A blank form of a kind of entry; kept when it is sent.

    Raises:
        Http404: when there is no such participant or kind, or they may not be written by whoever asks.
    """
    asked = _entering(request, key, kind)
    role = asked.role_for(ENTERED[kind])
    author = asked.author(role)
    if kind in OWN_PAGES:
        return redirect(OWN_PAGES[kind], key=key)
    about, encounter = _about(asked, kind), _encounter(asked)
    form, written = blank(asked.course, kind)
    if request.method != "POST":
        given = _given(request, form)
        shown = page_of_kind(
            _shown(asked, role), form, written, encounter=encounter, about=about, sent=given or None
        )
        return _page(asked, shown)
    entering = Entering(kind, _sent(request), _head(asked), about, encounter)
    waits = {(one.alert, one.entry) for one in alerts_to_answer(asked.seen)}
    done: str | Refused | Unsaved
    if kind == "alert_answered" and (request.POST.get("item:alert", ""), about) not in waits:
        done = Unsaved(
            (gettext("This alert does not wait for an answer any more: look at the participant’s page."),)
        )
    else:
        done = enter(entering, asked.reader, asked.participant.ledger, author, asked.now)
    if isinstance(done, Refused):
        course, act = asked.course, KINDS[kind].acts[0] if KINDS[kind].acts else ""
        told = told_reasons(asked.reader.sight, course.release, course.population, act, done.reasons)
        done = Unsaved(told)
    if isinstance(done, Unsaved):
        again = Asked(request, key)
        shown = page_of_kind(
            _shown(again, role),
            form,
            written,
            encounter=encounter,
            about=about,
            sent=entering.sent,
            unsaved=done,
        )
        return _page(again, shown)
    if kind in AT_A_VISIT and encounter is not None:
        return answer_saved(request, reverse("visit", args=[key, visit_address(encounter)]))
    return answer_saved(request, reverse("entry", args=[key, done]))


@require_http_methods(["GET", "HEAD", "POST"])
def show_entry(request: HttpRequest, key: str, entry: str) -> HttpResponse:
    """One entry, as it stands; corrected.

    Raises:
        Http404: when there is no such entry, or it may not be seen.
    """
    asked = Asked(request, key)
    kind = next((one.entry.kind for one in asked.course.effective if one.id == entry), "")
    if kind not in ENTERED or entry not in asked.seen.entries:
        raise Http404
    role = asked.role_for(ENTERED[kind]) if kind != "eligibility" else None
    opener = asked.opener(role)
    if request.method != "POST":
        return _entry(asked, entry, role)
    author = asked.author(role)
    code, text = _reason(asked)
    entering = Entering(kind, _sent(request), _head(asked), reason=text or code)
    ledger = asked.participant.ledger
    done = correct(entry, entering, asked.reader, ledger, opener, author, asked.now)
    if isinstance(done, Unsaved):
        return _entry(Asked(request, key), entry, role, sent=entering.sent, unsaved=done, reason=(code, text))
    return answer_saved(request, reverse("entry", args=[key, entry]))


@require_POST
def withdraw_entry(request: HttpRequest, key: str, entry: str) -> HttpResponse:
    """Withdraws an entry, with a reason.

    Raises:
        Http404: as `show_entry`.
    """
    asked = Asked(request, key)
    source = next((one for one in asked.course.effective if one.id == entry), None)
    kind = None if source is None else KINDS.get(source.entry.kind)
    if source is None or kind is None or entry not in asked.seen.entries:
        raise Http404
    form = kind.form(source.data) if kind.form is not None else None
    if form is None and kind.name not in ENTERED:
        raise Http404
    role = asked.role_for(ENTERED[kind.name]) if form is None else asked.role_entering(form)
    author = asked.author(role)
    code, text = _reason(asked)
    ledger = asked.participant.ledger
    done = withdraw(entry, text or code, asked.reader, ledger, author, asked.now)
    if isinstance(done, Unsaved):
        values = {"problems": done.problems, "participant": asked.participant, "here": "participants"}
        return page(request, asked.reader, "entries/refused.html", values, 422)
    return redirect("participant", key=key)


@require_safe
def give_event_report(request: HttpRequest, key: str, entry: str) -> HttpResponse:
    """The report of an adverse event as a PDF; that it was given out is kept.

    Raises:
        Http404: when there is no such event, or it is not for whoever asks to report.
    """
    asked = Asked(request, key)
    role = asked.role_for("report_safety")
    report = None if role is None else event_report(asked, entry, role)
    if report is None:
        raise Http404
    number = asked.participant.number
    note_given(request, asked.reader, f"report of the adverse event {report.entry} of {number}")
    drawn = draw_event_report(in_language("event", report.values()))
    answer = HttpResponse(drawn, content_type="application/pdf")
    answer["Content-Disposition"] = f'attachment; filename="{asked.reader.study.name}-event.pdf"'
    return answer


def _entry(asked: Asked, entry: str, role: str | None, **sent: object) -> HttpResponse:
    there = written_of(asked.course, entry, asked.opener(role))
    if there is None:
        raise Http404
    form, written = there
    kind, links = form.kind.name, []
    if kind in OWN_PAGES:
        links.append((reverse(OWN_PAGES[kind], args=[asked.participant.key]), gettext("As it stands now")))
        form, written = without_hidden(asked.seen, form, written)
    if continues(kind) and role is not None and written.effective is not None:
        about = written.effective.entry.about or entry
        where = reverse("add", args=[asked.participant.key, kind])
        links.append((f"{where}?about={about}", gettext("What has happened since")))
    if kind == "adverse_event" and written.effective is not None:
        links += _reports_to_send(asked, written.effective.entry.about or entry)
        if asked.role_for("report_safety") is not None:
            where = reverse("event_report", args=[asked.participant.key, entry])
            links.append((where, gettext("Print its report (PDF)")))
    shown = page_of_kind(_shown(asked, role), form, written, links=links, **sent)  # type: ignore[arg-type]
    return _page(asked, shown, review_of(asked, written.effective))


def _reports_to_send(asked: Asked, event: str) -> list[tuple[str, str]]:
    """Where it is entered that a safety report on an event was sent, for who may and what is not sent yet."""
    if asked.role_for("report_safety") is None:
        return []
    where = reverse("add", args=[asked.participant.key, "safety_report"])
    known = asked.course.site_release(asked.now).rules.reports
    return [
        (
            f"{where}?{urlencode({'about': event, 'item:report': one.report})}",
            gettext("Enter that “{title}” was sent").format(title=told(known[one.report].said.title)),
        )
        for one in reports_due(asked.course)
        if one.event == event and one.sent is None and one.report in known
    ]


def _entering(request: HttpRequest, key: str, kind: str) -> Asked:
    asked = Asked(request, key)
    if kind not in ENTERED:
        raise Http404
    told = {class_named(name) for name in KINDS[kind].tells}
    # Which alert is answered is looked at in `_about`.
    if kind != "alert_answered" and not asked.reader.sight.sees_names(frozenset(told)):
        raise Http404
    return asked


def _given(request: HttpRequest, form: KindForm) -> dict[str, list[str]]:
    """What an address answers already, of items whose answers are codes: `item:of=treatment`."""
    coded = [name for name, item in form.form.items.items() if item.type == "choice"]
    return {
        f"item:{name}": [said]
        for name in coded
        if (said := request.GET.get(f"item:{name}", "")) in (form.form.items[name].of or ())
    }


def _about(asked: Asked, kind: str) -> str | None:
    """What an entry continues or answers, as far as it is seen: an event, a medicine, an alert's call."""
    about = asked.request.GET.get("about")
    if about is None and kind not in ABOUT_ANOTHER:
        return None
    events = [*asked.course.adverse_events]
    known = {
        "adverse_event": events,
        "safety_report": events,
        "medication": [*asked.course.medication],
        "alert_answered": [one.entry for one in alerts_to_answer(asked.seen)],
    }
    if about not in known.get(kind, ()) or (kind != "alert_answered" and about not in asked.seen.entries):
        raise Http404
    return about


def _encounter(asked: Asked) -> str | None:
    """The visit that an entry belongs to: the one that is named, else the one that is under way."""
    visit = asked.request.GET.get("visit")
    if visit is None:
        under_way = [one for one in asked.course.encounters.values() if one.status == "started"]
        return under_way[-1].id if under_way else None
    encounter = encounter_of(visit, asked.course.release)
    if encounter is None or not asked.reader.sight.sees_visit(visit.partition(".")[0]):
        raise Http404
    return encounter


def _shown(asked: Asked, role: str | None) -> Shown:
    return Shown(
        folded=asked.folded,
        seen=asked.seen,
        opener=asked.opener(role),
        zone=asked.zone,
        at=asked.now,
        number=asked.participant.number,
        key=asked.participant.key,
        may_write=role is not None,
        draft=asked.draft_key if role is not None else "",
        person=asked.person.identity if role is not None else "",
        names=people_called(),
    )


def _page(asked: Asked, form: FormPage, review: Review | None = None) -> HttpResponse:
    status = 409 if form.conflicts else 422 if form.unsaved is not None else 200
    values = {"form": form, "review": review, "here": "participants"}
    return page(asked.request, asked.reader, "forms/form.html", values, status)


def _sent(request: HttpRequest) -> dict[str, list[str]]:
    return {name: request.POST.getlist(name) for name in request.POST}


def _head(asked: Asked) -> int:
    head = asked.sent("head")
    return int(head) if head.isascii() and head.isdecimal() and len(head) < 16 else 0


def _reason(asked: Asked) -> tuple[str, str]:
    code = asked.sent("reason_code")
    return code if code in REASONS else "", asked.sent("reason")[:LONGEST_REASON]
