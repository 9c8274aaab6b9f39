"""Signing on by the hospital's OpenID Connect: whom an owner linked to an account that there is comes in.

It makes no account, gives no role and changes neither. A second factor is asked for here as of everybody,
unless the provider signed that one was shown there (`SignOn.second_factor`).
"""

from __future__ import annotations

import logging
import secrets
from typing import Any

from allauth.account.internal.flows.login import get_authentication_records, record_authentication
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.mfa.stages import AuthenticateStage
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialAccount, SocialLogin
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView
from django.conf import settings
from django.db import IntegrityError, transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext
from django.views.decorators.http import require_safe
from requests import RequestException

from entact.conduct.access import trail
from entact.conduct.access.models import Account
from entact.conduct.access.people import By
from entact.conduct.access.provider import NONCE, SignOnOAuth, SignOnProvider
from entact.conduct.error import ConductError
from entact.conduct.frame import plain_frame
from entact.course.kinds.access import CredentialChanged

_log = logging.getLogger(__name__)

SHOWN_THERE = "sign_on_second_factor"  # how a second factor that was shown at the provider is told
_WRONG = (OAuth2Error, RequestException, KeyError, TypeError, ValueError)  # what an answer of it can be


class SignOnAdapter(DefaultSocialAccountAdapter):
    """Lets in whom an owner linked, and nobody else."""

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        """Refuses whom nobody linked, and an account that is locked; notes a second factor."""
        if not sociallogin.is_existing or sociallogin.user.is_demonstration:
            trail.failed(trail.NOBODY)
            known_as = sociallogin.account.uid
            raise ImmediateHttpResponse(_refuse(request, 403, known_as=known_as))
        if trail.is_locked(sociallogin.user.name):
            trail.failed(sociallogin.user.name)
            raise ImmediateHttpResponse(_refuse(request, 403, locked=True))
        if sociallogin.shows_second_factor:
            record_authentication(request, sociallogin.user, "mfa", type=SHOWN_THERE)

    def is_open_for_signup(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:
        """Owners make accounts."""
        return False

    def on_authentication_error(self, request: HttpRequest, provider: Any, **rest: Any) -> None:
        """Says that it did not work, and where else one signs in."""
        _log.warning("sign-on failed: %s", rest.get("exception") or rest.get("error"))
        raise ImmediateHttpResponse(_refuse(request, 401))


class SecondFactor(AuthenticateStage):
    """The second factor at sign-in; not of who has shown one to the hospital in this session."""

    def _should_handle(self, request: HttpRequest) -> bool:
        return not was_shown_there(request, self.login.user) and super()._should_handle(request)


def was_shown_there(request: HttpRequest, account: Account) -> bool:
    """Whether somebody came into this session with a second factor that the hospital vouches for."""
    return any(one.get("type") == SHOWN_THERE for one in get_authentication_records(request, account))


@require_safe
def sign_on(request: HttpRequest) -> HttpResponse:
    """Sends somebody to the hospital's provider, which asks who it is, whoever asked before.

    Raises:
        Http404: where none is configured.
    """
    provider, back = _provider(request), request.GET.get("next", "")
    if request.user.is_authenticated:
        return HttpResponseRedirect("/")
    nonce = request.session[NONCE] = secrets.token_urlsafe(24)
    safe = back if url_has_allowed_host_and_scheme(back, allowed_hosts=None) else None
    asked = {"prompt": "login", "nonce": nonce}
    try:
        return provider.redirect(request, process="login", next_url=safe, auth_params=asked)
    except _WRONG as error:
        _log.warning("sign-on could not begin: %s", error)
        return _refuse(request, 503)


@require_safe
def sign_on_return(request: HttpRequest) -> HttpResponse:
    """Takes what the provider says of who comes back from it.

    Raises:
        Http404: where none is configured.
    """
    provider = _provider(request)
    if request.user.is_authenticated:
        return HttpResponseRedirect("/")
    try:
        return OAuth2CallbackView.adapter_view(SignOnOAuth(request, provider.app.provider_id))(request)
    except _WRONG as error:
        _log.warning("sign-on failed: %s", error)
        return _refuse(request, 401)


def linked_as(account: Account) -> str:
    """As whom the hospital's provider knows the person of an account; empty where nobody said."""
    found = settings.SIGN_ON and SocialAccount.objects.filter(user=account, provider=settings.SIGN_ON.source)
    return str(found.values_list("uid", flat=True).first() or "") if found else ""


def link(account: Account, known_as: str, *, by: By) -> None:
    """Says as whom the hospital's provider knows a person, who then signs on by it; empty takes it back.

    Raises:
        ConductError: when none is configured, the account is of nobody, or somebody else is known so.
    """
    source = settings.SIGN_ON.source if settings.SIGN_ON else ""
    if not source or account.is_demonstration:
        raise ConductError(
            gettext("there is no provider by which this person could sign on (ENTACT_SIGN_ON)")
        )
    known_as = known_as.strip()
    if len(known_as) > 191 or not known_as.isprintable():
        raise ConductError(
            gettext("as whom the hospital knows a person has 191 characters at most, in one line")
        )
    try:
        with transaction.atomic():
            Account.objects.select_for_update().get(pk=account.pk)
            if known_as == linked_as(account):
                return
            SocialAccount.objects.filter(user=account, provider=source).delete()
            if known_as:
                SocialAccount.objects.create(user=account, provider=source, uid=known_as)
            what = CredentialChanged(account.name, "sign_on", "set" if known_as else "removed")
            trail.enter(what, by=by.name, role=by.role, authenticated=by.authenticated)
    except IntegrityError as error:
        raise ConductError(
            gettext("the hospital knows somebody else as {known_as}").format(known_as=known_as)
        ) from error


def _provider(request: HttpRequest) -> SignOnProvider:
    if not settings.SIGN_ON:
        raise Http404
    return SignOnAdapter(request).get_provider(request, provider=SignOnProvider.id)


def _refuse(request: HttpRequest, status: int, **shown: Any) -> HttpResponse:
    """The page for who did not come in by the hospital's provider."""
    shown |= {"title": settings.SIGN_ON.title, "unreachable": status == 503}
    return render(request, "access/sign_on.html", plain_frame() | shown, status=status)
