"""What is handed over is kept in the session of who did it; an answer that calls somebody is kept at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

import msgspec
from django.http import HttpRequest

from entact.conduct.access.handing import HANDED
from entact.conduct.forms.place import Place
from entact.course import Course, Entry, fold
from entact.course.state.form import VITALS

ANSWERS: Final = "the participant goes on answering"  # the reason of what changes after a call


@dataclass(frozen=True)
class Handed:
    """One form in the hands of one participant.

    Attributes:
        key: of the participant. head: number of the last line that the answers so far are known against.
        entry: what was kept of them; empty while nothing was. is_done: whether they were sent.
        called: the alerts that they have raised.
    """

    key: str
    visit: str
    form: str
    time: str = ""
    repeat: int = 1
    head: int = 0
    entry: str = ""
    is_done: bool = False
    called: tuple[str, ...] = ()

    def keep(self, request: HttpRequest) -> None:
        """Locks the session to this form, or notes how far it is."""
        request.session[HANDED] = asdict(self)


def handed_in(request: HttpRequest) -> Handed | None:
    """What is handed over in this session; None where nothing is."""
    found = request.session.get(HANDED)
    return None if found is None else Handed(**{**found, "called": tuple(found["called"])})


def take_back(request: HttpRequest) -> None:
    """The session is that of who handed it over again."""
    request.session.pop(HANDED, None)


def may_call(course: Course, place: Place, at: Any) -> bool:
    """Whether an alert asks anything of a form: then each answer is looked at."""
    names = {name for alert in course.site_release(at).alerts.values() for name in alert.rule.names}
    return place.form != VITALS and any(name.split(".")[-2:-1] == [place.form] for name in names)


def calls(course: Course, entry: Entry, items: Mapping[str, Any]) -> tuple[str, ...]:
    """The alerts, with how bad, that answers beside the record would raise; a blank item raises none."""
    tried = msgspec.structs.replace(entry, data={**entry.data, "items": dict(items)})
    after = fold(course.study, [*course.entries, tried])
    return tuple(
        f"{one.alert} {held.worse}"
        for one in after.alerts
        for held in one.held
        if held.entry == tried.id and not one.cannot_evaluate
    )
