"""From which device doses of a session are given: nothing that a ledger says, and nothing about anybody."""

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
