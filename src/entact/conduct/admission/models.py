"""By what the same person is known again: a keyed hash of name and date of birth, never these themselves."""

from __future__ import annotations

from django.db import models


class Known(models.Model):
    """One person in one ledger; the key of the hash lies outside the database."""

    mark = models.TextField()
    participant = models.TextField()
    site = models.TextField()

    class Meta:
        default_permissions = ()
        constraints = [models.UniqueConstraint(name="known_once", fields=["mark", "participant"])]
