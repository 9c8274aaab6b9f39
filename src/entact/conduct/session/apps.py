"""The dosing day as a Django app."""

from django.apps import AppConfig


class SessionConfig(AppConfig):
    name = "entact.conduct.session"
    label = "console"
    verbose_name = "dosing day"
