"""The page of medicines and their washout, and what is found in a dictionary."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext
from django.views.decorators.http import require_safe

from entact.conduct.asking import Asked, reader_of
from entact.conduct.frame import page
from entact.conduct.medication.dictionary import is_there, search
from entact.conduct.reader import Reader
from entact.conduct.refusal import dated
from entact.conduct.words import day, lower_words, plainly
from entact.course.kinds import KINDS
from entact.course.schedule.washout import Cleared
from entact.course.state.progress import washout_of

KIND = "medication"


@dataclass(frozen=True)
class Medicine:
    """One medicine as the page says it; `cleared`: when it has left the body, or why that is not known."""

    entry: str
    name: str
    class_: str
    taken: str
    dose: str
    cleared: str
    why: str
    is_open: bool


@require_safe
def show_medication(request: HttpRequest, key: str) -> HttpResponse:
    """A participant's medicines, with the day on which each has left the body.

    Raises:
        Http404: when there is no such participant, or medicines are hidden from whoever asks.
    """
    asked = Asked(request, key)
    if not asked.reader.sight.sees(*KINDS[KIND].tells):
        raise Http404
    calendar = washout_of(asked.course, asked.zone, asked.now.astimezone(asked.zone).date())
    washout = asked.course.release.file.washout
    values = {
        "participant": asked.participant,
        "medicines": list(_medicines(asked, calendar.medicines)),
        "has_washout": washout is not None,
        "end": day(calendar.end) if calendar.end is not None else "",
        "may_enter": asked.role_for("enter") is not None,
        "here": "participants",
    }
    return page(request, asked.reader, "medication/medication.html", values)


@require_safe
def search_dictionary(request: HttpRequest, name: str) -> JsonResponse:
    """What a dictionary has that begins like what is typed.

    Raises:
        Http404: when there is no such dictionary.
    """
    if not is_there(name):
        raise Http404
    found = search(name, request.GET.get("q", "")[:80])
    classes = _classes(reader_of(request))
    return JsonResponse({"found": [[one.said, classes.get(_plain(one.class_), "")] for one in found]})


def _classes(reader: Reader) -> dict[str, str]:
    """The classes of the study's washout, by how a dictionary of somebody else may write them."""
    washout = reader.study.newest.file.washout
    return {_plain(name): name for name in washout.classes} if washout is not None else {}


def _plain(name: str) -> str:
    return re.sub(r"[ _-]+", " ", name).strip().casefold()


def _medicines(asked: Asked, cleared: tuple[Cleared, ...]) -> Iterator[Medicine]:
    left = list(cleared)
    for one in asked.course.medication.values():
        if one.entry not in asked.seen.entries:
            continue
        known = next((said for said in left if said.medicine == (one.name or "")), None)
        if known is not None:
            left.remove(known)
        until = day(known.until) if known is not None and known.until is not None else ""
        yield Medicine(
            entry=one.entry,
            name=one.name or gettext("not named"),
            class_=lower_words(one.medicine_class or ""),
            taken=gettext("{started} to {stopped}").format(
                started=dated(one.started) if one.started else gettext("not known"),
                stopped=dated(one.stopped) if one.stopped else gettext("now"),
            ),
            dose=one.dose or "",
            cleared=until,
            why=plainly(known.why, {}, asked.zone) if known is not None else "",
            is_open=known is not None and known.until is None,
        )
