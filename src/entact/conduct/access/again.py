"""Who is signed in shows once more who they are: the password and, where there is one, a one-time code."""

from __future__ import annotations

from datetime import datetime

from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP

from entact.conduct.access import trail
from entact.conduct.access.models import Account
from entact.course.entry.entry import SecondProof

WRONG = "The password or the code is not right, or the code was used already: wait for the next one."
LOCKED = "Too many wrong tries: the account is locked for a quarter of an hour."


def asks_code(account: Account) -> bool:
    """Whether a one-time code is asked beside the password."""
    return _totp(account) is not None


def show_again(account: Account, password: str, code: str, at: datetime) -> SecondProof | str:
    """What a person showed once more, or why it does not count; a failure counts as one to sign in.

    An account that is signed in to by one press has no secret: who uses it says the account's name again.

    Args:
        password, code: as they were typed. at: now, as what is signed says it.
    Source: 21 CFR 11.200(a)(1).
    """
    if account.is_demonstration:
        said = password.strip() == account.name
        return SecondProof("simulated", at.isoformat()) if said else f"Type {account.name} to sign as it."
    if trail.is_locked(account.name):
        trail.failed(account.name)
        return LOCKED
    factor = _totp(account)
    right = account.check_password(password) and (factor is None or factor.validate_code(code.strip()))
    if not right:
        return LOCKED if trail.failed(account.name) else WRONG
    return SecondProof("password" if factor is None else "password_and_code", at.isoformat())


def _totp(account: Account) -> TOTP | None:
    found = account.authenticator_set.filter(type=Authenticator.Type.TOTP).first()
    return None if found is None else TOTP(found)
