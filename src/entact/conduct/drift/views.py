"""Pages of drift: for who oversees raters, and for a rater who rates again from a recording."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_safe

from entact.conduct.access.called import people_called
from entact.conduct.access.models import Account
from entact.conduct.access.people import person_of
from entact.conduct.asking import authenticated_by, reader_of
from entact.conduct.drift import domain
from entact.conduct.drift.page import shown_agreement
from entact.conduct.error import ConductError
from entact.conduct.forms.fields import Field, Section, Surroundings, sections_of
from entact.conduct.forms.reading import SHOWN, receive_items, texts_of
from entact.conduct.frame import page
from entact.conduct.language.choice import of_study
from entact.conduct.permissions import Person
from entact.conduct.reader import Reader
from entact.conduct.record.door import Author
from entact.conduct.refusal import dated
from entact.conduct.words import day, title_of_form
from entact.course.state.raters import RaterState
from entact.protocol.words.form import Forms


@require_http_methods(["GET", "HEAD", "POST"])
def show_drift(request: HttpRequest) -> HttpResponse:
    """How raters agree, by rater and over time; the sample; certificates.

    Raises:
        Http404: when the study rates nothing again, or its scores are hidden from whoever asks.
    """
    reader, person = reader_of(request), request.person
    forms = {name: said for name, said in domain.sampled(reader).items() if reader.sight.sees_form(name)}
    if not forms:
        raise Http404
    # Whoever trains raters need not see what is rated: a certificate is entered of every form.
    again = domain.sampled(reader)
    raters = _raters(person, again)
    problem = ""
    if request.method == "POST":
        sent = {name: request.POST.get(name, "").replace("\0", "").strip()[:80] for name in _CERTIFYING}
        try:
            if sent["person"] not in {name for name, _, _ in raters}:
                raise ConductError(gettext("name one of the raters"))
            domain.certify(reader, **sent, by=_author(request, "oversee_raters"))
        except ConductError as error:
            problem = f"{str(error)[:1].upper()}{str(error)[1:]}."
        else:
            return redirect("drift")
    known = domain.raters_of(reader)
    values = {
        "forms": [_of_form(reader, name, said) for name, said in forms.items()],
        "raters": [
            (name, title, _certificates(known.get(name)), domain.against(reader, name, own))
            for name, title, own in raters
        ],
        "certificates": sorted({one.certificate for one in again.values() if one.certificate is not None}),
        "today": domain.today_of(reader).isoformat(),
        "problem": problem,
        "here": "drift",
    }
    return page(request, reader, "drift/drift.html", values, 422 if problem else 200)


_CERTIFYING = ("person", "certificate", "issued", "expires")


@require_safe
def show_again(request: HttpRequest) -> HttpResponse:
    """The recordings that whoever asks may rate again."""
    reader, forms = reader_of(request), _forms_of(request)
    refused = domain.against(reader, request.person.identity, forms)
    offered = [] if refused else domain.offered_again(reader, request.person.identity, forms)
    values = {
        "offered": [(one.recording, one.token, _title(reader, form)) for form, one in offered],
        "refused": refused,
        "kept": "kept" in request.GET,
        "here": "again",
    }
    return page(request, reader, "drift/again.html", values)


@require_http_methods(["GET", "HEAD", "POST"])
def rate_again(request: HttpRequest, token: str) -> HttpResponse:
    """One recording, rated again: the form and the recording's name, and nothing of whose it is.

    Raises:
        Http404: when there is nothing of this name to rate for whoever asks.
    """
    reader, forms = reader_of(request), _forms_of(request)
    found = domain.offer_of(reader, request.person.identity, forms, token.replace("\0", ""))
    if found is None:
        raise Http404
    form, drawn = found
    compiled = reader.study.newest.forms[form]
    sent = {name: request.POST.getlist(name) for name in request.POST}
    items = receive_items(compiled, sent).items if request.method == "POST" else {}
    problem = ""
    if request.method == "POST":
        said = domain.sampled(reader)[form]
        author = _author(request, "rate_again")
        problem = domain.keep_second(reader, form, drawn, items, by=author, said=said)
        if not problem:
            return redirect(f"{request.path.rsplit('/', 2)[0]}/?kept=1")
    fields = {**texts_of(compiled, items), **sent}
    language = of_study(reader.study.newest.file.languages)
    account = Forms(reader.study.newest, language, by_title=True).of(compiled)
    sections = sections_of(
        compiled, account, fields, compiled.read(items).values, Surroundings(may_be_missing=False)
    )
    values = {
        "title": account.title,
        "recording": drawn.recording,
        "sections": [kept for one in sections if (kept := _plainly(compiled.items, one)).fields],
        "shown": SHOWN,
        "problem": problem,
        "here": "again",
    }
    return page(request, reader, "drift/rate.html", values, 422 if problem else 200)


def _plainly(items: Any, section: Section) -> Section:
    """What a second rating keeps, and nothing that tells of the first."""
    return replace(section, fields=tuple(one for one in section.fields if _is_asked(items, one)))


def _is_asked(items: Any, field: Field) -> bool:
    item = items.get(field.name)
    return item is not None and item.calculated is None and domain.is_plain(item)


def _forms_of(request: HttpRequest) -> list[str]:
    """The forms of second ratings that whoever asks fills in."""
    person: Person = request.person
    return [name for name in domain.sampled(reader_of(request)) if person.enters(name) is not None]


def _raters(person: Person, forms: Iterable[str]) -> list[tuple[str, str, list[str]]]:
    """Everybody who rates, with what they are called and by which of these forms they rate."""
    found: dict[str, tuple[str, str, list[str]]] = {}
    for form in forms:
        roles = person.permissions.roles_entering(form)
        held = Account.objects.filter(roles__role__in=roles, is_active=True).distinct()
        for one in held.prefetch_related("roles"):
            if roles & person_of(one).all_roles:  # whose last day is not over
                found.setdefault(one.name, (one.name, one.title, []))[2].append(form)
    return sorted(found.values())


def _certificates(held: RaterState | None) -> list[tuple[str, str, str]]:
    """Each certificate of a rater: its name, the day of the training, and the last day on which it holds."""
    known = held.certificates if held is not None else {}
    return [(name, dated(one.issued), dated(one.expires)) for name, one in known.items()]


def _author(request: HttpRequest, act: str) -> Author:
    role, authenticated = request.person.role_for(act), authenticated_by(request)
    if role is None or authenticated is None:
        raise Http404
    return Author(request.person.identity, role, authenticated)


def _title(reader: Reader, form: str) -> str:
    return title_of_form(reader.study.newest.forms[form])


def _of_form(reader: Reader, form: str, said: Any) -> dict[str, Any]:
    by_rater, over_time = domain.agreement_in(reader, form, said)
    drawn, names = domain.drawn_of(reader, form, said), people_called()
    return {
        "title": _title(reader, form),
        "said": said,
        "share": f"{said.share:.0%}",
        "by_rater": [
            shown_agreement(replace(one, of=names.get(one.of, one.of)), said.agreement) for one in by_rater
        ],
        "over_time": [shown_agreement(one, said.agreement) for one in over_time],
        "drawn": [
            (
                one.recording,
                one.standing.number,
                day(one.first.at.date()),
                *(names.get(by, by) for by in (one.first.by, one.second_by)),
            )
            for one in drawn
        ],
    }
