"""Addresses of signing in, of one's own account, and of the people of a study."""

from __future__ import annotations

from allauth.account import views as accounts
from allauth.mfa.base import views as factors
from allauth.mfa.recovery_codes import views as codes
from allauth.mfa.totp import views as totp
from allauth.mfa.webauthn import views as passkeys
from allauth.usersessions import views as sessions
from django.urls import URLPattern, path

from entact.conduct.access import sign_on, views

urlpatterns: list[URLPattern] = [
    path("health", views.show_health, name="health"),
    path("sign-in/", views.SignIn.as_view(), name="account_login"),
    path("sign-in/code/", factors.authenticate, name="mfa_authenticate"),
    path("sign-in/hospital/", sign_on.sign_on, name="sign_on"),
    path("sign-in/hospital/return/", sign_on.sign_on_return, name="sign_on_return"),
    path("sign-in/as/<str:name>/", views.sign_in_by_one_press, name="one_press"),
    path("sign-in/closed/", accounts.account_inactive, name="account_inactive"),
    path("sign-out/", accounts.logout, name="account_logout"),
    path("welcome/<str:secret>/", views.welcome, name="welcome"),
    path("account/", factors.index, name="mfa_index"),
    path("account/one-time-code/", totp.activate_totp, name="mfa_activate_totp"),
    path("account/one-time-code/remove/", totp.deactivate_totp, name="mfa_deactivate_totp"),
    path("account/passkeys/", passkeys.list_webauthn, name="mfa_list_webauthn"),
    path("account/passkeys/new/", passkeys.add_webauthn, name="mfa_add_webauthn"),
    path("account/passkeys/<int:pk>/remove/", passkeys.remove_webauthn, name="mfa_remove_webauthn"),
    path("account/recovery-codes/", codes.view_recovery_codes, name="mfa_view_recovery_codes"),
    path("account/recovery-codes/new/", codes.generate_recovery_codes, name="mfa_generate_recovery_codes"),
    path("account/again/", accounts.reauthenticate, name="account_reauthenticate"),
    path("account/again/code/", factors.reauthenticate, name="mfa_reauthenticate"),
    path("account/again/passkey/", passkeys.reauthenticate_webauthn, name="mfa_reauthenticate_webauthn"),
    path("account/password/", views.ChangePassword.as_view(), name="account_change_password"),
    path("account/sessions/", sessions.list_usersessions, name="usersessions_list"),
    path("people/", views.show_people, name="people"),
    path("people/<str:name>/", views.show_person, name="person"),
]
