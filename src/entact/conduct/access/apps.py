"""Accounts as a Django app."""

from django.apps import AppConfig


class AccessConfig(AppConfig):
    name = "entact.conduct.access"
    label = "access"
    verbose_name = "people"

    def ready(self) -> None:
        """Whatever signs in, fails to, or changes what somebody signs in with, leaves a trace."""
        from entact.conduct.access import locking, trail

        trail.listen()
        locking.listen()
