"""Devices of a session, and which of them gives the doses: nothing of a ledger, nothing about anybody."""

from __future__ import annotations

from django.db import models


class Lease(models.Model):
    """One device may give doses in one session; `wanted` is another that asks for it."""

    ledger = models.TextField()
    encounter = models.TextField()
    device = models.TextField()
    person = models.TextField()
    since = models.DateTimeField()
    seen = models.DateTimeField()
    wanted = models.TextField(null=True)
    wanted_by = models.TextField(null=True)

    class Meta:
        default_permissions = ()
        constraints = [models.UniqueConstraint(name="one_lease", fields=["ledger", "encounter"])]


class Device(models.Model):
    """A device that follows a session, when it asked last, and how many entries wait on it since when."""

    ledger = models.TextField()
    encounter = models.TextField()
    device = models.TextField()
    person = models.TextField()
    seen = models.DateTimeField()
    waiting = models.IntegerField()
    oldest = models.DateTimeField(null=True)

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(name="one_row_a_device", fields=["ledger", "encounter", "device"])
        ]
