"""The sample of sessions that are held against their content checklists, for whoever rates them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext
from django.views.decorators.http import require_safe

from entact.conduct.asking import reader_of
from entact.conduct.drift.domain import sampled
from entact.conduct.drift.page import Shown, shown_agreement
from entact.conduct.fidelity.domain import (
    SampledSession,
    agreement_on,
    names_for_second_ratings,
    sample_of,
    sampled_kinds,
)
from entact.conduct.forms.place import visit_address
from entact.conduct.frame import page
from entact.conduct.permissions import Person
from entact.conduct.reader import Reader
from entact.conduct.words import day, title_of_form, title_of_visit
from entact.protocol.study.rating import SecondRating

if TYPE_CHECKING:
    from entact.analysis.agreement import Agreement


@require_safe
def show_sample(request: HttpRequest) -> HttpResponse:
    """Which sessions are to be rated from the recording, and which have been.

    Raises:
        Http404: when the study holds no session against a checklist, or its checklists are hidden.
    """
    reader, person = reader_of(request), request.person
    kinds = sampled_kinds(reader)
    if not kinds or not all(reader.sight.sees_form(said.form) for said in kinds.values()):
        raise Http404
    oversees = not person.may("rate_fidelity")  # a rater is told no name of a recording that they rated
    names = names_for_second_ratings(reader) if oversees else {}
    shown = [
        _shown(one, reader, person) | {"name": names.get((one.standing.ledger, one.encounter), "")}
        for one in sample_of(reader)
    ]
    forms, again = reader.study.newest.forms, sampled(reader)
    values = {
        "kinds": [
            (kind, f"{said.share:.0%}", title_of_form(forms[said.form])) for kind, said in kinds.items()
        ],
        "open": [one for one in shown if not one["rated_by"]],
        "rated": [one for one in shown if one["rated_by"]],
        "agreement": [
            (title_of_form(forms[form]), again[form], [_agreement(one, again[form]) for one in rows])
            for form, rows in agreement_on(reader, person.identity, oversees)
        ],
        "oversees": oversees,
        "here": "fidelity",
    }
    return page(request, reader, "fidelity/sample.html", values)


def _agreement(one: Agreement, said: SecondRating) -> Shown:
    """As a row; that it is too little is said once as many were rated again as the study file asks for."""
    return shown_agreement(one, said.agreement if one.n >= said.over else -1)


def _shown(one: SampledSession, reader: Reader, person: Person) -> dict[str, Any]:
    name = one.encounter.partition("#")[0]
    mine = person.identity not in one.attended and person.enters(one.form, one.standing.site) is not None
    return {
        "number": one.standing.number,
        "visit": title_of_visit(name, reader.visits),
        "day": day(one.ended.date()),
        "recordings": [(said.reference or gettext("without a name"), said.digest) for said in one.recordings],
        "rated_by": one.rated_by,
        "address": f"/participants/{one.standing.key}/{visit_address(one.encounter)}/{one.form}/",
        "rates": "yes" if mine else "",
    }
