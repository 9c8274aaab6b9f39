"""Who is signed in shows once more who they are: the password, and the second factor that the account has.

That is a one-time code or, where the account has none, a passkey: what it answers is bound to what is signed.
"""

from __future__ import annotations

import json
import secrets
from datetime import datetime
from hashlib import sha256
from typing import Any, Final

from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP
from allauth.mfa.webauthn.internal.auth import get_credentials, get_server
from django.http import HttpRequest
from django.utils.translation import gettext, gettext_noop
from fido2.webauthn import AuthenticationResponse

from entact.conduct.access import trail
from entact.conduct.access.models import Account
from entact.course.entry.entry import SecondProof

WRONG = gettext_noop(
    "The password or the code is not right, or the code was used already: wait for the next one."
)
LOCKED = gettext_noop("Too many wrong tries: the account is locked for a quarter of an hour.")
NO_PASSKEY = gettext_noop(
    "The password is not right, or no passkey of this account was shown for what this page signs: try "
    "again with this page."
)
_ASKED: Final = "entact.again"  # in the session: what passkeys were asked for, by what it would sign
_MOST: Final = 8  # pages that somebody has open to sign
_BROKEN = (AttributeError, KeyError, LookupError, TypeError, ValueError)  # what broken bytes can do


def asks_code(account: Account) -> bool:
    """Whether a one-time code is asked beside the password."""
    return _totp(account) is not None


def asks_again(request: HttpRequest, about: str) -> dict[str, Any]:
    """What a page on which somebody signs asks for: a code, or what a passkey is asked.

    Args:
        about: what would be signed, as the page that is sent says it too.
    """
    account = request.user
    if not _by_passkey(account):
        return {"asks_code": asks_code(account), "passkey": None}
    name = _name(request, about)
    challenge = sha256(secrets.token_bytes(32) + name.encode()).digest()
    options, state = get_server().authenticate_begin(
        credentials=get_credentials(account), challenge=challenge
    )
    kept = list(request.session.get(_ASKED, {}).items())
    request.session[_ASKED] = dict([*(one for one in kept if one[0] != name), (name, state)][-_MOST:])
    return {"asks_code": False, "passkey": {"request_options": dict(options)}}


def sign_again(request: HttpRequest, about: str, at: datetime) -> SecondProof | str:
    """What whoever signs showed once more, or why it does not count; a failure counts as one to sign in.

    Args:
        about: what is signed, as `asks_again` was told when the page was shown. at: now.
    Source: 21 CFR 11.200(a)(1).
    """
    account, password = request.user, request.POST.get("password", "")
    if not _by_passkey(account):
        return show_again(account, password, request.POST.get("code", "").replace("\0", ""), at)
    if trail.is_locked(account.name):
        trail.failed(account.name)
        return gettext(LOCKED)
    shown = _shows_passkey(request, about)
    if not account.check_password(password) or not shown:
        return gettext(LOCKED if trail.failed(account.name) else NO_PASSKEY)
    return SecondProof("passkey", at.isoformat())


def show_again(account: Account, password: str, code: str, at: datetime) -> SecondProof | str:
    """What a person showed once more, or why it does not count; a failure counts as one to sign in.

    An account that is signed in to by one press has no secret: who uses it says the account's name again.
    Of who has a passkey alone the password is enough here: what is signed asks for both (`sign_again`).

    Args:
        password, code: as they were typed. at: now, as what is signed says it.
    Source: 21 CFR 11.200(a)(1).
    """
    if account.is_demonstration:
        said = password.strip() == account.name
        return (
            SecondProof("simulated", at.isoformat())
            if said
            else gettext("Type {name} to sign as it.").format(name=account.name)
        )
    if trail.is_locked(account.name):
        trail.failed(account.name)
        return gettext(LOCKED)
    factor = _totp(account)
    right = account.check_password(password) and (factor is None or factor.validate_code(code.strip()))
    if not right:
        return gettext(LOCKED if trail.failed(account.name) else WRONG)
    return SecondProof("password" if factor is None else "password_and_code", at.isoformat())


def _shows_passkey(request: HttpRequest, about: str) -> bool:
    """Whether a passkey of the account answered what was asked for this; each question is asked once."""
    asked = dict(request.session.get(_ASKED, {}))
    state = asked.pop(_name(request, about), None)
    if state is None:
        return False
    request.session[_ASKED] = asked
    try:
        answer = AuthenticationResponse.from_dict(json.loads(request.POST.get("credential", "")))
        get_server().authenticate_complete(state, get_credentials(request.user), answer)
    except _BROKEN:
        return False
    return True


def _name(request: HttpRequest, about: str) -> str:
    return sha256(f"{request.path}\n{about}".encode("utf-8", "replace")).hexdigest()


def _by_passkey(account: Account) -> bool:
    """Whether the second factor of an account is a passkey and nothing else."""
    if account.is_demonstration or asks_code(account):
        return False
    return account.authenticator_set.filter(type=Authenticator.Type.WEBAUTHN).exists()


def _totp(account: Account) -> TOTP | None:
    found = account.authenticator_set.filter(type=Authenticator.Type.TOTP).first()
    return None if found is None else TOTP(found)
