"""The console's page and files, what it is told of a session, and what it sends."""

from __future__ import annotations

import re
from datetime import datetime
from hashlib import sha256
from pathlib import PurePath
from typing import Annotated, Any, Literal

import msgspec
from django.contrib.auth import logout
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

from entact.conduct.access import locking
from entact.conduct.asking import Asked
from entact.conduct.error import ConductError
from entact.conduct.forms.place import encounter_of
from entact.conduct.language.printed import in_language
from entact.conduct.session import lease
from entact.conduct.session.briefing import brief, gives_doses, sees_sessions
from entact.conduct.session.devices import forget_device, note_device, others
from entact.conduct.session.files import PAGE, TYPES, console_files, worker
from entact.conduct.session.pack import pack_of
from entact.conduct.session.receiving import receive_boxes
from entact.conduct.session.sealed import Box
from entact.conduct.sight import DOSING
from entact.conduct.supply.camera import label_in
from entact.conduct.upkeep.calls import called, ways
from entact.course.entry import instant
from entact.course.kinds.booking import bookings_of
from entact.course.state.numbers import numbers_of
from entact.protocol.words.label import begun
from entact.report.session_pack import draw_session_pack
from entact.store import StoreError
from entact.store.known import raw_cursor
from entact.store.setting import setting_held
from entact.store.studies import study_of_record

LARGEST = 1_000_000  # bytes of one sending
MOST = 200  # boxes of one sending, of whoever sends them: each is work before anybody knows whose it is
LARGEST_PICTURE = 2_000_000  # bytes: a console makes a picture smaller before it sends it
PICTURE = "image/jpeg"
_boxes = msgspec.json.Decoder(list[Box])
DEVICE = r"^[a-z0-9-]{1,40}$"
Device = Annotated[str, msgspec.Meta(pattern=DEVICE)]


class Wanted(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a device wants of a lease; to `leave` is to release it, and to follow the session no more."""

    want: lease.Want | Literal["leave"]
    device: Device


_wanted = msgspec.json.Decoder(Wanted)


class Lock(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="lock"):
    """The console is locked, and so is the sign-in. `digest`: the SHA-256 of the key that opens it."""

    digest: Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}$")]


class Open(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="open"):
    """The console was opened by its PIN, under which `key` lies."""

    key: Annotated[str, msgspec.Meta(min_length=20, max_length=100)]


class End(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="end"):
    """The device is signed out."""


_of_sign_in: msgspec.json.Decoder[Lock | Open | End] = msgspec.json.Decoder(Lock | Open | End)


@require_safe
def show_console(request: HttpRequest) -> HttpResponse:
    """The console: the same for everybody, and with nobody's data in it."""
    return HttpResponse(console_files()[PAGE], content_type=TYPES[".html"])


@require_safe
def show_file(request: HttpRequest, name: str) -> HttpResponse:
    """One file of the console.

    Raises:
        Http404: when it has none of that name.
    """
    content = console_files().get(name)
    if content is None:
        raise Http404
    return HttpResponse(content, content_type=TYPES[PurePath(name).suffix])


@require_safe
def show_worker(request: HttpRequest) -> HttpResponse:
    """The service worker."""
    return HttpResponse(worker(), content_type=TYPES[".js"])


@csrf_exempt
@require_POST
def receive_entries(request: HttpRequest) -> HttpResponse:
    """Keeps what a console sends; who wrote it stands in each sealed box, so nobody has to be signed in."""
    if int(request.headers.get("Content-Length") or 0) > LARGEST:
        return JsonResponse(
            {"problem": gettext("at most {largest} bytes at once").format(largest=LARGEST)}, status=413
        )
    try:
        boxes = _boxes.decode(request.body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        return JsonResponse(
            {"problem": gettext("this is no list of sealed entries: {error}").format(error=error)}, status=400
        )
    if len(boxes) > MOST:
        return JsonResponse(
            {"problem": gettext("at most {count} entries at once").format(count=MOST)}, status=413
        )
    return JsonResponse({"outcomes": [msgspec.to_builtins(one) for one in receive_boxes(boxes)]})


@require_safe
def show_briefing(request: HttpRequest, key: str, visit: str) -> HttpResponse:
    """What a console is told of a session that is booked or under way; nothing new where the head is known.

    Raises:
        Http404: when there is no such session, or it is not for whoever asks to see.
    """
    asked = Asked(request, key)
    encounter, role = _session(asked, visit)
    beside = _beside(request, asked, encounter)
    told = request.GET.get("head"), request.GET.get("by"), request.GET.get("beside")
    if told == (str(asked.course.size), asked.person.identity, beside["beside"]):
        return HttpResponse(status=204, headers={"Study-Time": asked.now.isoformat()})
    held = asked.course.encounters.get(encounter)
    if held is None and encounter not in bookings_of(asked.course):
        problem = gettext("This session is neither booked nor under way: book it on the page of the visit.")
        return JsonResponse({"problem": problem}, status=409)
    stamp, study = study_of_record()
    if study is None:
        raise StoreError(gettext("the record holds no release that can be read"))
    try:
        with transaction.atomic():
            numbers = numbers_of(asked.course)
            setting = setting_held(raw_cursor(), stamp, study, asked.course.site or "", numbers)
    except StoreError as error:
        return JsonResponse({"problem": f"{begun(str(error))}."}, status=409)
    found = brief(asked, study, setting, encounter, role)
    return JsonResponse(found | beside)


@csrf_exempt  # its type of content is asked for: no page of another origin can send that unasked
@require_POST
def change_lease(request: HttpRequest, key: str, visit: str) -> HttpResponse:
    """Takes, asks for, releases or takes over the dosing lease of a session.

    Raises:
        Http404: when there is no such session, or it is not for whoever asks to follow.
    """
    asked = Asked(request, key)
    encounter, _ = _session(asked, visit)
    if request.content_type != "application/json":
        return JsonResponse({"problem": gettext("say what is wanted as application/json")}, status=415)
    try:
        wanted = _wanted.decode(request.body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        return JsonResponse(
            {"problem": gettext("this says nothing about a lease: {error}").format(error=error)}, status=400
        )
    if wanted.want not in ("leave", "release") and not gives_doses(asked):
        problem = gettext("Doses are given by others than your role: this device cannot hold the lease.")
        return JsonResponse({"problem": problem}, status=403)
    if wanted.want == "leave":
        forget_device(asked.participant.ledger, encounter, wanted.device)
    leased = lease.change_lease(
        asked.participant.ledger,
        encounter,
        "release" if wanted.want == "leave" else wanted.want,
        device=wanted.device,
        person=asked.person.identity,
        now=timezone.now(),
    )
    return JsonResponse({"lease": _shown(leased)})


@csrf_exempt  # its type of content is asked for: no page of another origin can send that unasked
@require_POST
def change_sign_in(request: HttpRequest) -> HttpResponse:
    """Locks the sign-in of a device with its console, opens it again, or ends it; whether it is open now."""
    if request.content_type != "application/json":
        return JsonResponse({"problem": gettext("say what is wanted as application/json")}, status=415)
    try:
        wanted = _of_sign_in.decode(request.body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        return JsonResponse(
            {"problem": gettext("this says nothing about a sign-in: {error}").format(error=error)}, status=400
        )
    match wanted:
        case Lock(digest):
            locking.lock(request.session, digest)
        case Open(key):
            return JsonResponse({"open": locking.unlock(request.session, key)})
        case End():
            logout(request)
    return JsonResponse({"open": False})


@csrf_exempt  # its type of content is asked for: no page of another origin can send that unasked
@require_POST
def read_label(request: HttpRequest, key: str, visit: str) -> HttpResponse:
    """What the label of a kit says, from a picture of it, which is not kept.

    Raises:
        Http404: when there is no such session, or its doses are not for whoever asks to see.
    """
    asked = Asked(request, key)
    _session(asked, visit)
    if not asked.reader.sight.sees(DOSING):
        raise Http404
    if request.content_type != PICTURE:
        return JsonResponse({"problem": gettext("send a picture as image/jpeg")}, status=415)
    if int(request.headers.get("Content-Length") or 0) > LARGEST_PICTURE:
        return JsonResponse(
            {"problem": gettext("at most {largest} bytes at once").format(largest=LARGEST_PICTURE)},
            status=413,
        )
    try:
        return JsonResponse({"label": label_in(request.body)})
    except ConductError as error:
        return JsonResponse({"problem": str(error)}, status=400)


@require_safe
def show_pack(request: HttpRequest, key: str, visit: str) -> HttpResponse:
    """The session pack, to be printed the evening before.

    Raises:
        Http404: when there is no such session, or it is not for whoever asks to follow.
    """
    asked = Asked(request, key)
    encounter, _ = _session(asked, visit)
    drawn = draw_session_pack(in_language("session_pack", pack_of(asked, encounter)))
    answer = HttpResponse(drawn, content_type="application/pdf")
    answer["Content-Disposition"] = f'inline; filename="session-{key}-{visit}.pdf"'
    return answer


def _session(asked: Asked, visit: str) -> tuple[str, str]:
    """A dosing session that whoever asks may follow, and as what.

    Raises:
        Http404: when there is none.
    """
    encounter = encounter_of(visit, asked.course.release)
    role = asked.role_for("follow_session")
    if encounter is None or role is None or not sees_sessions(asked):
        raise Http404
    name = encounter.partition("#")[0]
    planned = asked.course.release.visits.get(name)
    if planned is None or planned.kind != "dosing" or not asked.reader.sight.sees_visit(name):
        raise Http404
    return encounter, role


def _beside(request: HttpRequest, asked: Asked, encounter: str) -> dict[str, Any]:
    """What stands in no ledger: who gives doses, what other devices have not sent, whom alerts have called.

    `beside` is another one where anything of it is another.
    """
    ledger, device, now = asked.participant.ledger, request.GET.get("device", ""), timezone.now()
    leased = lease.lease_of(ledger, encounter)
    if re.fullmatch(DEVICE, device):
        if leased is not None and leased.device == device:
            lease.note_seen(ledger, encounter, device, now)
        waiting, oldest = request.GET.get("waiting", "0"), request.GET.get("oldest", "")
        note_device(
            ledger,
            encounter,
            device,
            person=asked.person.identity,
            waiting=int(waiting) if re.fullmatch("[0-9]{1,6}", waiting) else 0,
            oldest=_instant_or_none(oldest),
            now=now,
        )
    seen = asked.seen.entries
    said: dict[str, Any] = {
        "lease": _shown(leased),
        "devices": [msgspec.to_builtins(one) for one in others(ledger, encounter, device, now)],
        "called": [one for one in called(ledger) if one["entry"] in seen],
        "ways": ways(),
        "day": asked.now.date().isoformat(),  # with it a grant is renewed, also where nothing else is new
    }
    return said | {"beside": sha256(msgspec.json.encode(said)).hexdigest()[:16]}


def _instant_or_none(text: str) -> datetime | None:
    try:
        return instant(text) if text else None
    except ValueError:
        return None


def _shown(leased: lease.Leased | None) -> dict[str, Any] | None:
    return None if leased is None else msgspec.to_builtins(leased) | {"stamp": leased.stamp}
