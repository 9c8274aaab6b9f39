"""Signing in, the link of an invitation, and the people of a study."""

from __future__ import annotations

from datetime import UTC
from typing import Any

from allauth.account.internal.flows.login import perform_login, perform_password_login
from allauth.account.models import Login
from allauth.account.views import LoginView, PasswordChangeView
from django.conf import settings
from django.db import DatabaseError, connection
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseRedirect,
    JsonResponse,
)
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from entact.conduct.access import demonstration, people, sign_on, trail
from entact.conduct.access.forms import NewPersonForm, PasswordForm
from entact.conduct.access.locking import is_locked
from entact.conduct.access.models import Account
from entact.conduct.delegation import zone_of
from entact.conduct.error import ConductError
from entact.conduct.frame import page, plain_frame
from entact.conduct.permissions import SYSTEM_ROLES
from entact.conduct.reader import environment_of_database, reader_for
from entact.conduct.upkeep import reports
from entact.conduct.words import day, moment, role_words, told
from entact.protocol.words.label import begun
from entact.store import StoreError
from entact.store.standby import code_breaks


class SignIn(LoginView):
    """Name and password; where people are virtual or in training, also each role by one press."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """With the accounts that are signed in to by one press, and where code-breaks lie: whoever is locked
        out, or is a doctor of another hospital, reads no other page."""
        context: dict[str, Any] = super().get_context_data(**kwargs)
        simulated = environment_of_database() in demonstration.SIMULATED
        shown = Account.objects.filter(is_demonstration=True, is_active=True).order_by("id")
        told = people.permissions_here().roles if simulated else {}
        context["demonstrations"] = [
            (account, begun(role_words(role)) if role in told else account.title, told.get(role, ""))
            for account, role in (
                (one, one.name.removeprefix(demonstration.DEMONSTRATION))
                for one in (shown.prefetch_related("roles") if simulated else ())
            )
        ]
        title = settings.SIGN_ON.title if settings.SIGN_ON else ""
        breaks = code_breaks()
        place = breaks.place if breaks is not None and breaks.checked_by is not None else ""
        return (
            context
            | plain_frame()
            | {
                "code_breaks_at": place,
                "next": self.request.GET.get("next", ""),
                "unsaved": self.request.GET.get("unsaved", ""),
                "locked": is_locked(self.request),
                "sign_on": title,
            }
        )


@require_POST
def sign_in_by_one_press(request: HttpRequest, name: str) -> HttpResponse:
    """Signs in as one of the listed accounts; elsewhere than in a rehearsal or training there is none.

    Raises:
        Http404: when there is no such account here.
    """
    try:
        demonstration.require_simulated()
    except ConductError as error:
        raise Http404 from error
    account = Account.objects.filter(name=name, is_demonstration=True, is_active=True).first()
    if account is None:
        raise Http404
    wanted = request.POST.get("next", "")
    safe = url_has_allowed_host_and_scheme(wanted, allowed_hosts=None)
    return perform_login(request, Login(user=account, redirect_url=wanted if safe else "/"))


@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def welcome(request: HttpRequest, secret: str) -> HttpResponse:
    """By the link of an invitation somebody sets a password, once; a second factor is asked for next.

    Of a link that works no more, or never did, is said how such links work: the same of each.
    """
    invited = people.invitation(secret)
    if invited is None:
        return _link_is_over(request)
    form = PasswordForm(invited.account, request.POST or None)
    if request.method == "POST" and form.is_valid():
        account = people.accept(secret, form.cleaned_data["password"])
        if account is None:
            return _link_is_over(request)
        request.session.flush()  # of who was signed in on this machine before
        login = Login(user=account)
        return perform_password_login(request, {"username": account.name}, login)
    shown = {"form": form, "account": invited.account, "secret": secret}
    return render(request, "access/welcome.html", plain_frame() | shown)


def _link_is_over(request: HttpRequest) -> HttpResponse:
    return render(request, "access/over.html", plain_frame(), status=410)


class ChangePassword(PasswordChangeView):
    """Another password; of who has none there is nothing to change."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Refuses who has no password.

        Raises:
            Http404: of who has none.
        """
        if not request.user.has_usable_password():
            raise Http404
        answer: HttpResponseBase = super().dispatch(request, *args, **kwargs)
        return answer


@require_http_methods(["GET", "HEAD", "POST"])
def show_people(request: HttpRequest) -> HttpResponse:
    """Everybody who has an account, and what they may do; a new account is made here."""
    form = NewPersonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            account = people.make_account(
                form.cleaned_data["name"], form.cleaned_data["title"], by=_by(request)
            )
        except ConductError as error:
            form.add_error("name", str(error))
        else:
            return HttpResponseRedirect(reverse("person", args=[account.name]))
    everybody = Account.objects.order_by("-is_active", "name").prefetch_related("roles")
    return _page(request, "access/people.html", {"form": form, "everybody": everybody})


@require_http_methods(["GET", "HEAD", "POST"])
def show_person(request: HttpRequest, name: str) -> HttpResponse:
    """One person's account: roles given and taken, a new link, closed and opened.

    Raises:
        Http404: when nobody has this name.
    """
    account = Account.objects.filter(name=name).first()
    if account is None:
        raise Http404
    problem = link = ""
    if request.method == "POST":
        try:
            link = _change(request, account)
        except ConductError as error:
            problem = str(error)
        else:
            if not link:
                return HttpResponseRedirect(reverse("person", args=[name]))
    permissions = people.permissions_here()
    shown = {
        "account": account,
        "held": [
            (held, day(held.until) if held.until is not None else "")
            for held in account.roles.order_by("role", "site")
        ],
        "roles": [
            (name, role_words(name), told(gettext(said) if name in SYSTEM_ROLES else said))
            for name, said in sorted(permissions.roles.items())
        ],
        "sites": sorted(permissions.study.newest.file.sites),
        "problem": problem,
        "locked_until": _locked_until(account),
        "link": link,
        "sign_on": settings.SIGN_ON,
        "known_as": sign_on.linked_as(account),
    }
    return _page(request, "access/person.html", shown, status=409 if problem else 200)


@require_safe
def show_health(request: HttpRequest) -> JsonResponse:
    """Whether the server reads its database and the worker lives: for whoever watches from outside."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        silent = reports.silent_since()
    except (DatabaseError, StoreError):
        return JsonResponse({"status": "the database cannot be reached"}, status=503)
    if silent is not None:
        return JsonResponse(
            {"status": f"the worker gave no sign since {silent:%Y-%m-%dT%H:%M:%SZ}"}, status=503
        )
    return JsonResponse({"status": "ok"})


def _change(request: HttpRequest, account: Account) -> str:
    """Does what was asked for about an account; the link where one was asked for."""
    asked, by = request.POST.get("do", ""), _by(request)
    role, site = request.POST.get("role", ""), request.POST.get("site", "")
    if asked == "give":
        people.give_role(account, role, site, by=by)
    elif asked == "take":
        people.take_role(account, role, site, by=by)
    elif asked == "close":
        people.close_account(account, by=by)
    elif asked == "open":
        people.open_account(account, by=by)
    elif asked == "unlock":
        people.end_lock_out(account, by=by)
    elif asked == "mail":
        people.set_mail(account, request.POST.get("email", ""), by=by)
    elif asked == "link":
        sign_on.link(account, request.POST.get("known_as", ""), by=by)
    elif asked == "invite" and not account.is_demonstration:
        return request.build_absolute_uri(reverse("welcome", args=[people.invite(account, by=by)]))
    else:
        raise ConductError(gettext("nothing that can be asked for was asked for"))
    return ""


def _locked_until(account: Account) -> str:
    """Until when somebody is locked out, on the clock of a site of theirs; empty while they are not."""
    until = trail.locked_until(account.name)
    if until is None:
        return ""
    site = next((held.site for held in account.roles.order_by("site") if held.site), "")
    return moment(until, zone_of(site)) if site else f"{moment(until, UTC)} UTC"


def _by(request: HttpRequest) -> people.By:
    return people.By(request.person, request.authenticated)


def _page(request: HttpRequest, template: str, shown: dict[str, Any], status: int = 200) -> HttpResponse:
    return page(request, reader_for(request.person), template, {"here": "people", **shown}, status)
