"""Listings that somebody saved: what is looked for, and never what was found. An ordinary table."""

from __future__ import annotations

from django.db import models

from entact.conduct.access.models import Account


class SavedListing(models.Model):
    """What one person looks for again and again, under a name of theirs.

    Attributes:
        asked: the address's query. role, site: to whose holders there it is shown too; without a role to
            nobody else, without a site to those who hold it at every one.
    """

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="saved_listings")
    title = models.TextField()
    asked = models.TextField(blank=True)
    role = models.TextField(blank=True)
    site = models.TextField(blank=True)

    class Meta:
        default_permissions = ()
        constraints = [models.UniqueConstraint(name="saved_once", fields=["account", "title"])]
