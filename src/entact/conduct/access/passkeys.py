"""Passkeys as the second factor: whatever is sent for one is a passkey that counts, or one that does not."""

from __future__ import annotations

from typing import Any

from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext, gettext_lazy

from entact.conduct.access import trail
from entact.conduct.access.adapter import require_open

WRONG = gettext_lazy("This passkey does not count here.")
_BROKEN = (AttributeError, KeyError, LookupError, TypeError, ValueError)  # what broken bytes can do


class NewPasskeyForm(forms.AddWebAuthnForm):
    """A new passkey, with what its owner calls it."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].label = gettext("What you call it")
        self.fields["credential"].error_messages = {"required": WRONG, "invalid": WRONG}

    def clean(self) -> dict[str, Any]:
        """A credential that was made for this page."""
        try:
            data: dict[str, Any] = super().clean()
        except (ValidationError, *_BROKEN) as error:
            raise ValidationError({"credential": WRONG}) from error
        return data


class PasskeyForm(forms.AuthenticateWebAuthnForm):
    """A passkey at sign-in: a locked account opens for none, and one that does not count is counted."""

    def clean_credential(self) -> Authenticator:
        """The passkey that was shown."""
        require_open(self.user)
        try:
            return super().clean_credential()
        except (ValidationError, *_BROKEN) as error:
            trail.failed(self.user.name)
            raise ValidationError(WRONG) from error


class PasskeyAgainForm(PasskeyForm):
    """The passkey again, where somebody has to show once more who they are."""

    reauthenticated = True
