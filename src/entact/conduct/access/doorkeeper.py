"""Middleware: says of each request who asks (`request.person`)."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.functional import SimpleLazyObject

from entact.conduct.error import ConductError
from entact.conduct.permissions import EVERYWHERE, Person, permissions_of
from entact.store.studies import study_of_record


class Doorkeeper:
    """Middleware: `request.person` is who asks; it is looked up when a page first asks for it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.person = SimpleLazyObject(_person)
        return self.get_response(request)


def _person() -> Person:
    _, study = study_of_record()
    if study is None:
        raise ConductError("this database holds no study yet")
    roles = {EVERYWHERE: frozenset({settings.ENTACT_ROLE})}
    return Person(settings.ENTACT_ROLE, settings.ENTACT_ROLE, roles, permissions_of(study))
