"""Middleware: who asks (`request.person`), and whether the table lets them see the page.

Whoever did not sign in is sent to where one signs in, from every address alike. A page that exists and may
not be seen answers like one that does not exist.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode, urlsplit

from allauth.mfa.utils import is_mfa_enabled
from django.contrib.auth import logout
from django.contrib.auth.models import AnonymousUser
from django.db import DatabaseError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.urls import Resolver404, resolve, reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme

from entact.conduct.access.handing import ROUTES_HANDED, is_handed
from entact.conduct.access.locking import is_locked
from entact.conduct.access.people import person_of
from entact.conduct.access.sign_on import was_shown_there
from entact.conduct.access.streams import guard, hold
from entact.conduct.access.trail import by_session, enter
from entact.conduct.error import ConductError
from entact.conduct.permissions import (
    LOOKS_ARE_KEPT,
    LOOKS_AT_MANY,
    OWN_ACCOUNT,
    PUBLIC,
    ROUTES,
    SECOND_FACTOR,
    SIGNED_IN,
    Person,
)
from entact.conduct.protection import unavailable
from entact.course.kinds.access import Looked
from entact.store import StoreError, lists

IDLE = timedelta(minutes=30)  # without a page, after which a session ends
NOTED = timedelta(minutes=1)  # how exactly it is kept when a session last asked for one
SEEN = "seen"
DRAFTED = frozenset({"form", "entry", "add", "rate"})  # pages whose drafts are kept on the device
UNASKED = frozenset({"health", "style"})  # of these nobody asks who they are for


class Doorkeeper:
    """Middleware: says who asks, and holds pages to the table.

    `request.person` is who; `request.authenticated` how that is known, for entries. Both are None of who did
    not sign in.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.person = request.authenticated = None
        if _route(request) in UNASKED:
            return self.get_response(request)
        try:
            _look_up(request)
        except (ConductError, StoreError, DatabaseError) as error:
            return unavailable(request, error)
        if request.person is None and _asked_act(request) != PUBLIC:
            return _to_sign_in(request)
        if request.person is not None and is_handed(request) and _route(request) not in ROUTES_HANDED:
            return HttpResponseRedirect(reverse("handed"))  # whatever the address: this is all there is
        response = self.get_response(request)
        if request.person is not None and response.status_code == 200:
            _note_look(request)
        if request.person is not None:
            hold(request)
            if isinstance(response, StreamingHttpResponse):
                guard(request, response)
        return response

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        """Holds a page to the table, before anything of it is looked at."""
        if _holds_nul(request):
            raise Http404
        act = _asked_act(request)
        if act == PUBLIC:
            return None
        account, person = request.user, request.person
        if act is None or not _lets(person, account.is_demonstration, act):
            raise Http404
        if _lacks_factor(request) and _route(request) not in SECOND_FACTOR:
            return HttpResponseRedirect(reverse("mfa_activate_totp"))
        return None


def _look_up(request: HttpRequest) -> None:
    if request.user.is_authenticated and _is_idle(request):
        request.is_idle = True
        logout(request)
    if request.user.is_authenticated and is_locked(request):
        request.user = AnonymousUser()  # until the console's PIN, or a new sign-in
    if request.user.is_authenticated:
        request.person = person_of(request.user)
        request.authenticated = by_session(request, request.user.name)


def _note_look(request: HttpRequest) -> None:
    """Keeps what somebody looked at who only reads: a monitor, an auditor, an inspector."""
    match, person = request.resolver_match, request.person
    if match is None or not person.all_roles & LOOKS_ARE_KEPT:
        return
    about = f"site:{match.kwargs['site']}" if "site" in match.kwargs else ""
    if "key" in match.kwargs:
        found = lists.participant(match.kwargs["key"], sites=person.sites)
        about = "" if found is None else found.ledger
    if about or match.view_name in LOOKS_AT_MANY:
        role = ", ".join(sorted(person.all_roles & LOOKS_ARE_KEPT))
        look = Looked(person.identity, str(match.view_name), about)
        enter(look, by=person.identity, role=role, authenticated=request.authenticated)


def _holds_nul(request: HttpRequest) -> bool:
    """Whether an address holds what no text of the database can: nothing has such a name."""
    return "\0" in request.path_info or "%00" in request.META.get("QUERY_STRING", "")


def _lets(person: Person, is_demonstration: bool, act: str) -> bool:
    if act == SIGNED_IN:
        return True
    if act == OWN_ACCOUNT:
        return not is_demonstration
    return person.may(act)


def _lacks_factor(request: HttpRequest) -> bool:
    """Whether somebody who has a role has to set up a second factor first: the hospital saw none either."""
    account = request.user
    if account.is_demonstration or not request.person.all_roles:
        return False
    return not is_mfa_enabled(account) and not was_shown_there(request, account)


def _route(request: HttpRequest) -> str | None:
    """Which page is asked for, looked up once: its address is matched against all that there are."""
    if not hasattr(request, "route_asked"):
        try:
            request.route_asked = resolve(request.path_info).view_name
        except Resolver404:
            request.route_asked = None
    route: str | None = request.route_asked
    return route


def _asked_act(request: HttpRequest) -> str | None:
    route = _route(request)
    return None if route is None else ROUTES.get(route)


def _is_idle(request: HttpRequest) -> bool:
    """Whether a session has not asked for a page for too long; notes that it asks for one now."""
    now = timezone.now().timestamp()
    seen = request.session.get(SEEN, now)
    if now - seen > IDLE.total_seconds():
        return True
    if SEEN not in request.session or now - seen > NOTED.total_seconds():
        request.session[SEEN] = now
    return False


def _to_sign_in(request: HttpRequest) -> HttpResponse:
    """To where one signs in, and back from there; who was saving is told what became of it."""
    asked = {"next": request.get_full_path()}
    route = _route(request)
    if route == "account_logout":
        return HttpResponseRedirect(reverse("account_login"))
    if request.method not in ("GET", "HEAD"):
        asked = {"unsaved": "draft" if route in DRAFTED else "nothing"}
        back = _came_from(request) or (request.get_full_path() if route in DRAFTED else "")
        asked |= {"next": back} if back else {}
    return HttpResponseRedirect(f"{reverse('account_login')}?{urlencode(asked)}")


def _came_from(request: HttpRequest) -> str:
    """The page of this server from which something was sent; empty where that is not known."""
    said = request.headers.get("Referer", "")
    if not said or not url_has_allowed_host_and_scheme(said, {request.get_host()}):
        return ""
    parts = urlsplit(said)
    return parts.path + (f"?{parts.query}" if parts.query else "")
