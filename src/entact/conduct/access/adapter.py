"""How django-allauth signs people in here: nobody signs up, failures are counted, secrets are sealed."""

from __future__ import annotations

from hashlib import blake2b
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.internal.flows.login import get_authentication_records
from allauth.core import context
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.base import forms
from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext
from nacl.encoding import URLSafeBase64Encoder
from nacl.secret import SecretBox

from entact.conduct.access import trail
from entact.conduct.access.models import Account


class AccountAdapter(DefaultAccountAdapter):
    """Passwords: nobody makes an account of their own, and a locked one opens for no password."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Owners make accounts."""
        return False

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Refuses a locked account before its password is looked at, and counts that too."""
        name = str(credentials.get("username", ""))
        if trail.is_locked(name):
            trail.failed(name)
            raise self.validation_error("too_many_login_attempts")
        super().pre_authenticate(request, **credentials)

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        """Counts a wrong password."""
        trail.failed(str(credentials.get("username", "")))

    def is_reauthentication_required(self, *, app: str, **rest: Any) -> bool:
        """Once more to change a second factor; not of who has come in just now, and sets up the first one."""
        request = context.request
        shown = get_authentication_records(request, request.user)
        last = max((float(one["at"]) for one in shown), default=0.0)
        return timezone.now().timestamp() - last > settings.ACCOUNT_REAUTHENTICATION_TIMEOUT

    def get_login_stages(self) -> list[str]:
        """The second factor is the one stage: nobody signs up, or by a code in a mail."""
        return ["entact.conduct.access.sign_on.SecondFactor"]

    def add_message(self, *args: Any, **kwargs: Any) -> None:
        """Pages say themselves what happened."""


class MFAAdapter(DefaultMFAAdapter):
    """Second factors: what they are made of is sealed with a key that does not lie in the database."""

    def encrypt(self, text: str) -> str:
        """As ciphertext."""
        return _box().encrypt(text.encode(), encoder=URLSafeBase64Encoder).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """In plain."""
        return _box().decrypt(encrypted_text.encode(), encoder=URLSafeBase64Encoder).decode()

    def send_notification_mail(self, *args: Any, **kwargs: Any) -> None:
        """None is sent; the system's ledger says what changed."""

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        """For which name a passkey holds: the one by which people reach this server."""
        return {"id": context.request.get_host().partition(":")[0], "name": "entact"}

    def generate_authenticator_name(self, user: Account, type: Any) -> str:
        """What a passkey is called until its owner calls it something."""
        return gettext("Passkey")

    def get_totp_label(self, user: Account) -> str:
        """As it stands in the person's app."""
        return user.name


def _box() -> SecretBox:
    return SecretBox(blake2b(settings.SECRET_KEY.encode(), digest_size=32, person=b"entact totp").digest())


class CodeForm(forms.AuthenticateForm):
    """The one-time code at sign-in: a locked account opens for no code."""

    def clean_code(self) -> str:
        """The code, if it is right."""
        require_open(self.user)
        return str(super().clean_code())


class CodeAgainForm(forms.ReauthenticateForm):
    """The one-time code again, where somebody has to show once more who they are."""

    def clean_code(self) -> str:
        """The code, if it is right."""
        require_open(self.user)
        return str(super().clean_code())


def require_open(account: Account) -> None:
    """Refuses a locked account, and counts that.

    Raises:
        ValidationError: when it is locked.
    """
    if trail.is_locked(account.name):
        trail.failed(account.name)
        raise AccountAdapter().validation_error("too_many_login_attempts")
