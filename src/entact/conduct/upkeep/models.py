"""What the worker last said of each thing that it does: an ordinary table, from which the pages read it."""

from __future__ import annotations

from django.db import models


class Report(models.Model):
    """The latest word on one thing (`alive`, `verification`, `copy of a site`), when it was said."""

    subject = models.TextField(primary_key=True)
    at = models.DateTimeField()
    content = models.JSONField(default=dict)

    class Meta:
        default_permissions = ()
