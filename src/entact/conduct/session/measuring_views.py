"""The page on which a site's measuring devices are registered and revoked, and what devices send."""

from __future__ import annotations

import msgspec
from django.db import DatabaseError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.utils.translation import gettext
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST

from entact.conduct.access.models import Account
from entact.conduct.delegation import zone_of
from entact.conduct.error import ConductError
from entact.conduct.frame import page
from entact.conduct.permissions import Person
from entact.conduct.reader import reader_for
from entact.conduct.record.door import Author
from entact.conduct.session.measuring import (
    NotTaken,
    Sent,
    device_of,
    receive_reading,
    register,
    registered,
    revoke,
)
from entact.conduct.words import moment
from entact.protocol.words.label import begun
from entact.store import StoreError

LARGEST = 10_000  # bytes of one sending
_sent = msgspec.json.Decoder(Sent)


@csrf_exempt
@require_POST
def receive(request: HttpRequest) -> HttpResponse:
    """Keeps a reading that a registered device sends with its token; that others are refused is kept too."""
    token = request.headers.get("Authorization", "").removeprefix("Bearer ").strip()
    try:
        site, device = device_of(token)
        if int(request.headers.get("Content-Length") or 0) > LARGEST:
            raise NotTaken(413, gettext("at most {count} bytes at once").format(count=LARGEST))
        return JsonResponse({"outcome": receive_reading(site, device, _sent.decode(request.body))})
    except NotTaken as refused:
        answer = JsonResponse({"problem": begun(str(refused))}, status=refused.status)
        if refused.status == 401:
            answer["WWW-Authenticate"] = "Bearer"
        return answer
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        return JsonResponse(
            {"problem": gettext("This is no reading: {problem}").format(problem=error)}, status=400
        )
    except (ConductError, StoreError, DatabaseError):
        return JsonResponse({"problem": gettext("It could not be kept now: send it again")}, status=503)


@require_http_methods(["GET", "HEAD", "POST"])
def show_devices(request: HttpRequest, site: str) -> HttpResponse:
    """The devices of a site that send readings: registered, with a token that is shown once, and revoked.

    Raises:
        Http404: when the site's devices are not for whoever asks.
    """
    person: Person = request.person
    role = person.role_for("keep_devices", site)
    if role is None or site not in person.permissions.sites:
        raise Http404
    author = Author(person.identity, role, request.authenticated)
    sent, problem, token = request.POST, "", ""
    if request.method == "POST":
        try:
            if sent.get("do") == "revoke":
                revoke(site, sent.get("token", ""), by=author)
                return redirect("measuring", site=site)
            token = register(site, sent.get("device", "").replace("\0", ""), by=author)
        except ConductError as error:
            problem = f"{begun(str(error))}."
    reader, zone = reader_for(person), zone_of(site)
    names = dict(Account.objects.values_list("name", "title"))
    rows = [
        {
            "device": one.device,
            "token": one.token,
            "since": moment(one.since, zone),
            "by": names.get(one.by, one.by),
            "until": "" if one.until is None else moment(one.until, zone),
        }
        for one in registered(site)
    ]
    shown = {"site": site, "rows": rows, "problem": problem, "shown_once": token, "here": "staff"}
    return page(request, reader, "staff/devices.html", shown, 409 if problem else 200)
