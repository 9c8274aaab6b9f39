"""Tables of the record. The text of a line is the record; every column beside it is an index or a pointer.

Triggers (see the migrations) refuse to change or remove lines and ledgers, and refuse an entry of another
environment than the database's.
"""

from __future__ import annotations

import uuid

from django.db import models

from entact.course.entry import GENESIS


class Installation(models.Model):
    """What this database is for: one environment of one study, said once and never changed."""

    environment = models.CharField(max_length=10)
    study = models.TextField()
    mark = models.UUIDField(default=uuid.uuid4)  # shared by its backups: it leads to keys and erasures

    class Meta:
        constraints = [
            models.CheckConstraint(name="one_installation", condition=models.Q(id=1)),
            models.CheckConstraint(
                name="known_environment",
                condition=models.Q(environment__in=["production", "training", "rehearsal"]),
            ),
        ]


class Ledger(models.Model):
    """The head of one subject's ledger; its row is locked while an entry is appended."""

    name = models.TextField(unique=True)
    seq = models.BigIntegerField(default=0)
    hash = models.CharField(max_length=64, default=GENESIS)


class Line(models.Model):
    """One line of a ledger: the canonical text that was hashed, and what lists need to find it."""

    pk = models.CompositePrimaryKey("ledger_id", "seq")
    ledger = models.ForeignKey(Ledger, on_delete=models.PROTECT, db_index=False, related_name="lines")
    seq = models.BigIntegerField()
    hash = models.CharField(max_length=64)
    text = models.TextField()
    entry_id = models.TextField()
    kind = models.TextField()
    occurred_at = models.DateTimeField(
        null=True
    )  # null: what is claimed is no time; a fact is kept all the same
    received_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(name="line_by_entry", fields=["ledger", "entry_id"])]


class Identity(models.Model):
    """Direct identifiers of a participant at a site, under the participant's key; never exported."""

    participant = models.TextField()
    site = models.TextField()
    sealed = models.TextField()

    class Meta:
        constraints = [models.UniqueConstraint(name="one_identity_a_site", fields=["participant", "site"])]
