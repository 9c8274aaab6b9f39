"""The kits of one participant: assigned, dispensed through the gate, returned, checked by a second person."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import msgspec
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext, ngettext
from django.views.decorators.http import require_http_methods

from entact.conduct.access.models import Account
from entact.conduct.asking import Asked
from entact.conduct.error import ConductError
from entact.conduct.frame import page
from entact.conduct.record.door import Author, compose, store_act, store_entry, turn_of
from entact.conduct.refusal import dated, told_reasons
from entact.conduct.supply.camera import label_on
from entact.conduct.supply.forms import Sent
from entact.conduct.supply.page import PARTS, STATUS
from entact.conduct.supply.selectors import plan_of, stock_of
from entact.conduct.words import moment, title_of_visit
from entact.course import Refused, Setting
from entact.course.act import against_assigning, kit_for
from entact.course.kinds import KINDS
from entact.course.kinds.dispensing import CHECKED, Dispensing, KitCheck, KitReturn, dispensed, unchecked
from entact.course.kinds.dose import KitAssigned
from entact.course.state.numbers import normal, numbers_of
from entact.course.supply.check_character import printed, read_printed
from entact.protocol import Study
from entact.store.allocation import knowing_kits
from entact.store.kits import packed_kits
from entact.store.known import raw_cursor
from entact.store.setting import setting_held
from entact.store.studies import study_of_record

SENT: Final = ("kit", "back", "part", "level", "visit", "units", "instead_of", "text")
DOES: Final[Mapping[str, str]] = {
    "picture": "dispense",
    "picture_back": "dispense",
    "next": "dispense",
    "assign": "dispense",
    "dispense": "dispense",
    "return": "dispense",
    "check": "check_supply",
}


@dataclass(frozen=True)
class KitOf:
    """One kit of the participant as the page shows it."""

    label: str
    for_what: str
    stock: str
    went: str
    taken: str
    came_back: str


@dataclass(frozen=True)
class ToCheck:
    """A dispensing or return that a second person has to look at."""

    entry: str
    what: str
    by: str
    own: bool


@require_http_methods(["GET", "HEAD", "POST"])
def show_kits(request: HttpRequest, key: str) -> HttpResponse:
    """A participant's kits, and what is entered about them.

    Raises:
        Http404: when there is no such participant, or their kits are not for whoever asks.
    """
    asked = Asked(request, key)
    sees = asked.reader.sight.sees(*KINDS["dispensing"].tells)
    if not sees or asked.role_for("check_supply") is None:
        raise Http404
    problems: tuple[str, ...] = ()
    seen = {"picture": "kit", "picture_back": "back"}.get(asked.sent("do"), "")
    sent = {name: asked.sent(name) for name in SENT}
    if request.method == "POST" and seen and asked.role_for("dispense") is not None:
        try:
            picture = request.FILES.get(f"{seen}_picture")
            sent[seen] = sent[seen] if picture is None else label_on(picture)
        except ConductError as error:
            problems = (str(error),)
    elif request.method == "POST":
        author = asked.author(
            asked.role_for(DOES.get(asked.sent("do"), "")) if asked.sent("do") in DOES else None
        )
        try:
            with turn_of(asked.participant.ledger):
                problems = _enter(asked.again(), author)
        except ConductError as error:
            problems = (str(error),)
        if not problems:
            return redirect("kits", key=key)
    release = asked.course.release
    values = {
        "participant": asked.participant,
        "kits": _kits(asked),
        "checks": _checks(asked),
        "packed": bool(packed_kits()),
        "dispenses": asked.role_for("dispense") is not None,
        "visits": [(name, title_of_visit(name, asked.reader.visits)) for name in _sessions(asked)],
        "levels": [(name, name.replace("_", " ")) for name in release.file.regimens],
        "parts": PARTS.items(),
        "sent": sent,
        "problems": problems,
        "here": "participants",
    }
    return page(request, asked.reader, "supply/kits.html", values, 422 if problems else 200)


def _sessions(asked: Asked) -> list[str]:
    return [name for name, one in asked.course.release.visits.items() if one.kind == "dosing"]


def _enter(asked: Asked, author: Author) -> tuple[str, ...]:
    """Enters what was sent; every reason against it, where a gate says no.

    Raises:
        ConductError: when what was sent cannot be.
    """
    do, sent = asked.sent("do"), Sent({name: asked.sent(name) for name in asked.request.POST})
    if do == "check":
        return _check(asked, sent, author)
    if do == "next":
        return _assign_next(asked, sent, author)
    try:
        kit = read_printed(sent.texts.get("back" if do == "return" else "kit", ""))
    except ValueError as error:
        raise ConductError(gettext("Kit: {error}").format(error=error)) from error
    if do == "return":
        units = sent.texts.get("units", "").strip()
        if not (units.isascii() and units.isdecimal() and len(units) < 5):
            raise ConductError(gettext("Units: write how many came back, 0 where none did"))
        text = sent.text("text", gettext("In words"), optional=True)
        _fact(asked, author, "kit_return", KitReturn(kit, int(units), text))
        return ()
    part, level, visit = _what_for(asked, sent)
    if do == "dispense":
        units = str(sent.count("units", "Units", 1000))
        return _act(asked, author, "dispensing", Dispensing(kit, part, level, visit, int(units)))  # type: ignore[arg-type]
    if normal(kit) not in stock_of(asked.reader, asked.course.site or "").kits:
        raise ConductError(
            gettext("Kit {kit} never came to this site: enter its receipt first").format(kit=printed(kit))
        )
    if normal(kit) in asked.course.kits:
        raise ConductError(
            gettext("Kit {kit} is assigned to this participant already").format(kit=printed(kit))
        )
    assigned = KitAssigned(kit, part, level, visit, _instead_of(asked, sent))  # type: ignore[arg-type]
    study, setting = _setting(asked)
    against = against_assigning(study, setting, asked.course, asked.now, assigned)
    if against:
        return told_reasons(
            asked.reader.sight, asked.course.release, asked.course.population, "dispense", against
        )
    return _act(asked, author, "kit_assigned", assigned)


def _assign_next(asked: Asked, sent: Sent, author: Author) -> tuple[str, ...]:
    """Assigns the next kit that is packed for the participant's row of the list; nobody chooses it."""
    part, level, visit = _what_for(asked, sent)
    before = _instead_of(asked, sent)
    study, setting = _setting(asked)
    kit = kit_for(study, setting, asked.course, asked.now, level, part)
    if kit is None:
        raise ConductError(
            gettext(
                "No kit that is packed for this participant is ready here for that. This says nothing of an "
                "arm: everybody has kits of their own. Ask the sponsor for more"
            )
        )
    return _act(asked, author, "kit_assigned", KitAssigned(kit.kit, part, level, visit, before))  # type: ignore[arg-type]


def _what_for(asked: Asked, sent: Sent) -> tuple[str, str, str]:
    """Part of the dose, level and session that a kit is for."""
    part, level, visit = (sent.texts.get(name, "") for name in ("part", "level", "visit"))
    if part not in PARTS or visit not in _sessions(asked):
        raise ConductError(gettext("Say for which session, part of the dose and level"))
    levels = asked.course.release.visits[visit].levels
    if level not in levels:
        raise ConductError(
            gettext("Level: choose one that the session may have: {levels}").format(
                levels=", ".join(one.replace("_", " ") for one in levels)
            )
        )
    return part, level, visit


def _instead_of(asked: Asked, sent: Sent) -> str | None:
    """The kit that is replaced, where one is."""
    instead = sent.texts.get("instead_of", "").strip()
    try:
        before = read_printed(instead) if instead else None
    except ValueError as error:
        raise ConductError(gettext("Instead of: {error}").format(error=error)) from error
    if before is not None and before not in asked.course.kits:
        raise ConductError(
            gettext("Instead of: kit {before} is not this participant's").format(before=printed(before))
        )
    return before


def _setting(asked: Asked) -> tuple[Study, Setting]:
    """The study, and what is known of site, list and kits, with whose those of the participant's row are."""
    stamp, study = study_of_record()
    course = asked.course
    assert study is not None  # or nobody would have a page
    with transaction.atomic():
        cursor = raw_cursor()
        setting = setting_held(cursor, stamp, study, course.site or "", numbers_of(course), course=course)
        if course.randomisation is not None:
            setting = knowing_kits(cursor, course.randomisation.number, setting)
    return study, setting


def _check(asked: Asked, sent: Sent, author: Author) -> tuple[str, ...]:
    about = sent.texts.get("about", "")
    waits = {one.entry: one for one in _checks(asked)}
    if about not in waits:
        raise ConductError(gettext("That does not wait for a second person any more"))
    if waits[about].own:
        raise ConductError(gettext("You have entered this yourself: somebody else has to look at it"))
    agrees = sent.texts.get("agrees") == "yes"
    text = sent.text("text", gettext("What is not as it says"), optional=agrees)
    _fact(asked, author, "kit_check", KitCheck(agrees, text), about=about)
    return ()


def _act(asked: Asked, author: Author, kind: str, payload: msgspec.Struct) -> tuple[str, ...]:
    course, ledger = asked.course, asked.participant.ledger
    data: dict[str, Any] = msgspec.to_builtins(payload)
    entry = compose(course, asked.reader, ledger, author, asked.now, kind, data)
    done = store_act(entry, course, author, asked.now)
    if not isinstance(done, Refused):
        return ()
    return told_reasons(asked.reader.sight, course.release, course.population, "dispense", done.reasons)


def _fact(asked: Asked, author: Author, kind: str, payload: msgspec.Struct, about: str | None = None) -> None:
    data: dict[str, Any] = msgspec.to_builtins(payload)
    ledger = asked.participant.ledger
    entry = compose(asked.course, asked.reader, ledger, author, asked.now, kind, data, about=about)
    store_entry(entry, author, asked.now)


def _kits(asked: Asked) -> list[KitOf]:
    course, found = asked.course, []
    stock = stock_of(asked.reader, course.site or "").kits
    out = dispensed(course)
    for number, kit in sorted(course.kits.items()):
        there = stock.get(number)
        doses = [one for one in course.doses if normal(one.kit) == number]
        back = [
            one.said.units for one in course.noted.get("kit_return", ()) if normal(one.said.kit) == number
        ]
        visit = title_of_visit(kit.visit, asked.reader.visits) if kit.visit else gettext("in reserve")
        state = (
            gettext("not in stock")
            if there is None
            else gettext("{status}, to {expires}").format(
                status=STATUS.get(there.status, there.status),
                expires=dated(there.expires) if there.expires else gettext("no day known"),
            )
        )
        if kit.replaced_by is not None:
            state = gettext("replaced by {replaced_by}").format(replaced_by=printed(normal(kit.replaced_by)))
        found.append(
            KitOf(
                printed(number),
                f"{PARTS[kit.part]}, {kit.level.replace('_', ' ')}, {visit}",
                state,
                _went(asked, out.get(number)),
                ", ".join(
                    gettext("{taken} of {dispensed}").format(taken=one.taken, dispensed=one.dispensed)
                    for one in doses
                ),
                ", ".join(map(str, back)),
            )
        )
    return found


def _went(asked: Asked, entry: str | None) -> str:
    for one in asked.course.noted.get("dispensing", ()):
        if one.entry == entry:
            return ngettext("{units} unit, {when}", "{units} units, {when}", one.said.units).format(
                units=one.said.units, when=moment(one.at, asked.zone)
            )
    return ""


def _checks(asked: Asked) -> list[ToCheck]:
    """What waits for a second person, where the study file asks for one."""
    plan, names = plan_of(asked.reader), dict(Account.objects.values_list("name", "title"))
    words = {"dispensing": "dispensed", "kit_return": "returned"}
    asks = {"dispensing": "dispensing" in plan.two_persons, "kit_return": "return" in plan.two_persons}
    found = []
    for kind in CHECKED:
        waits = set(unchecked(asked.course, kind)) if asks[kind] else set()
        for one in asked.course.noted.get(kind, ()):
            if one.entry in waits:
                what = ngettext(
                    "Kit {kit} {done}, {units} unit", "Kit {kit} {done}, {units} units", one.said.units
                ).format(kit=printed(normal(one.said.kit)), done=words[kind], units=one.said.units)
                own = one.by == asked.person.identity
                found.append(ToCheck(one.entry, what, names.get(one.by, one.by), own))
    return found
