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


class BoundKeychain(models.Model):
    """The keychain in which the keys of this record's participants lie, and where it was begun."""

    id = models.BigAutoField(primary_key=True)
    identity = models.UUIDField(default=uuid.uuid4, unique=True)
    folder = models.TextField()
    since = models.DateTimeField()

    class Meta:
        db_table = "store_keychain"


class Ledger(models.Model):
    """The head of one subject's ledger; its row is locked while an entry is appended."""

    name = models.TextField(unique=True)
    seq = models.BigIntegerField(default=0)
    hash = models.CharField(max_length=64, default=GENESIS)


# The kinds that make up most of a record; of the others an index finds each entry by its kind.
COMMON_KINDS = (
    "form",
    "encounter",
    "adverse_event",
    "guess",
    "presence",
    "vital_signs",
    "safety_call",
    "kit",
    "kit_assigned",
    "dose",
    "dose_level",
    "ledger_opened",
    "consent",
    "screening",
    "eligibility",
    "medication",
    "enrolment",
    "randomisation",
)

SET_ASIDE = '"overridden":{"'  # in the text of an act with a requirement set aside: a part of its basis


class Line(models.Model):
    """One line of a ledger: the canonical text that was hashed, and what lists need to find it."""

    pk = models.CompositePrimaryKey("ledger_id", "seq")
    # A trigger looks whether the ledger is there, once for each statement.
    ledger = models.ForeignKey(
        Ledger, on_delete=models.PROTECT, db_constraint=False, db_index=False, related_name="lines"
    )
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
        indexes = [
            models.Index(name="line_by_entry", fields=["ledger", "entry_id"]),
            models.Index(name="line_by_arrival", fields=["received_at", "ledger", "seq"]),
            models.Index(
                name="randomisations", fields=["ledger", "seq"], condition=models.Q(kind="randomisation")
            ),
            models.Index(
                name="rare_kinds",
                fields=["kind", "ledger", "seq"],
                condition=~models.Q(kind__in=COMMON_KINDS),
            ),
            models.Index(
                name="requirements_set_aside",
                fields=["ledger", "entry_id"],
                condition=models.Q(text__contains=SET_ASIDE),
            ),
            models.Index(name="unblindings", fields=["received_at"], condition=models.Q(kind="unblinding")),
        ]


class Identity(models.Model):
    """Direct identifiers of a participant at a site, under the participant's key; never exported."""

    participant = models.TextField()
    site = models.TextField()
    sealed = models.TextField()

    class Meta:
        constraints = [models.UniqueConstraint(name="one_identity_a_site", fields=["participant", "site"])]


class Attachment(models.Model):
    """A file of a participant, under the participant's key; named by the SHA-256 of its bytes."""

    participant = models.TextField()
    digest = models.CharField(max_length=64)
    media = models.TextField()
    sealed = models.TextField()

    class Meta:
        constraints = [models.UniqueConstraint(name="one_attachment", fields=["participant", "digest"])]


class Consumer(models.Model):
    """How far a consumer of the feed has come: the place of the last line with which it dealt."""

    name = models.TextField(primary_key=True)
    transaction = models.BigIntegerField()  # PostgreSQL's xid8
    ledger = models.BigIntegerField()
    seq = models.BigIntegerField()


class Derivation(models.Model):
    """From which releases derived rows are to be made: one row, changed when a release is entered."""

    releases = models.TextField()

    class Meta:
        constraints = [models.CheckConstraint(name="one_derivation", condition=models.Q(id=1))]


class Anchored(models.Model):
    """When an anchor was last put somewhere: a file, an address, the authority that stamped it."""

    place = models.TextField(primary_key=True)
    at = models.DateTimeField()
