"""In which language a page speaks: as its reader chose, else as their browser asks; never by the address."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from django.conf import settings
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.utils.cache import patch_vary_headers
from django.utils.translation import (
    get_language,
    get_language_from_request,
    get_language_info,
    override,
)

from entact.conduct.error import ConductError
from entact.conduct.language.remembered import remember_translations
from entact.store import StoreError

TITLES: Final = dict(settings.LANGUAGES)
RECORDED: Final = settings.LANGUAGE_CODE  # what is written into the record, and into files, is written in it
FILES: Final = (".csv", ".jsonl")  # how their addresses end; sheets are for people


class Language:
    """Middleware: pages speak the language of who asks."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        remember_translations()

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with override(_asked_for(request)):  # what its thread does next speaks its own
            response = self.get_response(request)
            response.headers.setdefault("Content-Language", get_language())
        patch_vary_headers(response, ("Accept-Language", "Cookie"))
        return response


def spoken(tag: str) -> str:
    """The language of pages that comes nearest to one of a study: `de` for `de-CH`, English for others."""
    known = {name.partition("-")[0]: name for name in TITLES}
    return known.get(tag.partition("-")[0].lower(), RECORDED)


def of_study(languages: list[str]) -> str | None:
    """The language of a study that a reader of these pages reads; None for its main one."""
    reads = (get_language() or RECORDED).partition("-")[0]
    return next((tag for tag in languages if tag.partition("-")[0] == reads), None)


def called(tag: str) -> str:
    """What a language of a study is called in that of the page; its tag where nobody knows it."""
    return _named(tag, "name_translated")


def switches(languages: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """Each language of a study as who speaks it calls it, for what leads to it; none of a single one."""
    return tuple((tag, _named(tag, "name_local")) for tag in languages) if len(languages) > 1 else ()


def _named(tag: str, how: str) -> str:
    try:
        known = get_language_info(tag)
    except KeyError:
        return tag
    name = str(known[how])
    return name if known["code"].lower() == tag.lower() else f"{name} ({tag})"


def _asked_for(request: HttpRequest) -> str:
    """What the account says; of who has not chosen, or did not sign in, what the browser says.

    A file reads the same for everybody who takes it.
    """
    if request.path_info.endswith(FILES):
        return RECORDED
    try:
        chosen = getattr(request.user, "language", "")
    except (ConductError, StoreError, DatabaseError):
        chosen = ""  # that the record cannot be read is said by whoever needs it
    return chosen if chosen in TITLES else str(get_language_from_request(request))
