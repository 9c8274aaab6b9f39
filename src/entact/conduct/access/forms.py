"""What people fill in about accounts."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.utils.translation import gettext, gettext_lazy

from entact.conduct.access.models import NAME, Account


class PasswordForm(forms.Form):
    """A password of one's own, said twice."""

    password = forms.CharField(
        label=gettext_lazy("Password"),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password", "autofocus": True}),
        help_text=gettext_lazy("At least 12 characters. A sentence is easier to keep in mind than a riddle."),
    )
    again = forms.CharField(
        label=gettext_lazy("The same again"),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def __init__(self, account: Account, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.account = account

    def clean_password(self) -> str:
        """A password that cannot be guessed easily."""
        password = str(self.cleaned_data["password"])
        validate_password(password, self.account)
        return password

    def clean(self) -> dict[str, Any]:
        """Both the same."""
        data: dict[str, Any] = super().clean() or self.cleaned_data
        if "password" in data and data.get("again") != data["password"]:
            raise ValidationError(gettext("The two passwords are not the same."))
        return data


class NewPersonForm(forms.Form):
    """A new account."""

    title = forms.CharField(
        label=gettext_lazy("Name"),
        max_length=200,
        help_text=gettext_lazy("As it stands beside what they sign."),
    )
    name = forms.RegexField(
        rf"\A{NAME}\Z",
        label=gettext_lazy("Signs in as"),
        error_messages={"invalid": gettext_lazy("Small letters, digits, . _ - only.")},
        help_text=gettext_lazy("Stands in the record for good: small letters, digits, . _ -"),
        widget=forms.TextInput(attrs={"autocapitalize": "none", "autocomplete": "off"}),
    )
