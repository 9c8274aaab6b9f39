"""The page of what is on hold for everybody: placed by whoever may, lifted by whom the study file names."""

from __future__ import annotations

from datetime import UTC

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from entact.conduct.access.again import asks_again, sign_again
from entact.conduct.access.models import Account
from entact.conduct.asking import now_in, reader_of
from entact.conduct.error import ConductError
from entact.conduct.frame import page
from entact.conduct.holds.domain import STOPS, Hold, holds_now, lift, place
from entact.conduct.language.codes import code_words
from entact.conduct.permissions import Person
from entact.conduct.reader import Reader
from entact.conduct.record.door import Author
from entact.conduct.words import listing, moment, role_words
from entact.course.entry import instant
from entact.protocol.words.label import begun


@sensitive_post_parameters("password", "code")
@require_http_methods(["GET", "HEAD", "POST"])
def show_holds(request: HttpRequest) -> HttpResponse:
    """Every hold with what it stops, since when and why; one is placed, or lifted.

    Raises:
        Http404: when nothing that is offered was sent, or whoever sends may not.
    """
    reader, problem = reader_of(request), ""
    if request.method == "POST":
        try:
            problem = _change(request, reader)
        except ConductError as error:
            problem = f"{begun(str(error))}."
        if not problem:
            return redirect("holds")
        reader = reader_of(request)
    names = dict(Account.objects.values_list("name", "title"))
    holds = [_shown(one, request, reader, names) for one in holds_now(reader)]
    values = {
        "holds": holds,
        "any_in_force": any(one["in_force"] for one in holds),
        "may_place": request.person.may("place_hold"),
        "stops": [(name, begun(code_words(name))) for name in STOPS],
        "problem": problem,
        "sent": request.POST,
        "here": "holds",
    }
    return page(request, reader, "holds/holds.html", values, 422 if problem else 200)


def _change(request: HttpRequest, reader: Reader) -> str:
    """Places or lifts; why not, where who lifts did not show who they are."""
    sent, person = request.POST, request.person
    what, reason = sent.get("do", ""), sent.get("reason", "")
    if what == "place" and person.may("place_hold"):
        role = person.role_for("place_hold") or ""
        author = Author(person.identity, role, request.authenticated)
        place(reader, sent.get("title", "").replace("\0", ""), sent.getlist("stops"), reason, by=author)
        return ""
    name = sent.get("hold", "")
    one = next((one for one in holds_now(reader) if one.name == name), None)
    if what != "lift" or one is None:
        raise Http404
    role = _lifting(one, person)
    if role is None:
        raise Http404
    second = sign_again(request, sent.get("seen", ""), now_in(reader))
    if isinstance(second, str):
        return second
    author = Author(person.identity, role, request.authenticated)
    lift(reader, name, sent.get("seen", ""), reason, by=author, second=second)
    return ""


def _lifting(one: Hold, person: Person) -> str | None:
    """As what somebody lifts a hold; None who may not."""
    return next(iter(sorted(person.all_roles & one.lifted_by)), None)


def _shown(one: Hold, request: HttpRequest, reader: Reader, names: dict[str, str]) -> dict[str, object]:
    lifts = one.in_force and _lifting(one, request.person) is not None
    last = one.last
    return {
        "name": one.name,
        "title": one.title,
        "stops": listing(code_words(stop) for stop in one.stops),
        "in_force": one.in_force,
        "counts": one.counts,
        "lifted_by": listing((role_words(role) for role in sorted(one.lifted_by)), gettext("or")),
        "said": "" if last is None else last.data["status"],
        "who": "" if last is None else f"{names.get(last.by, last.by)}, {role_words(last.role)}",
        "at": "" if last is None else moment(instant(last.occurred_at), reader.at.tzinfo or UTC),
        "reason": "" if last is None else last.reason or "",
        "seen": one.state,
        "lifts": lifts,
        **(asks_again(request, one.state) if lifts else {}),
    }
