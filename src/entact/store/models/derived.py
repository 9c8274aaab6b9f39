"""Tables of derived rows: what follows from ledgers, so that lists fold nobody (see `store.tables`)."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models

from entact.course.kinds.kind import UNSURE
from entact.store.models.record import Ledger


class Standing(models.Model):
    """Where a participant stands, for lists; made by the code `code` of all entries up to `head`.

    `status` tells of sessions and events, `number` and `site` of the schedule: who may not see these classes
    of data is not shown them (`entact.conduct.sight`).
    """

    ledger = models.OneToOneField(
        Ledger, on_delete=models.DO_NOTHING, primary_key=True, db_constraint=False, related_name="standing"
    )
    head = models.BigIntegerField()
    code = models.TextField()
    releases = models.TextField()
    site = models.TextField()
    number = models.TextField()
    status = models.TextField()
    screened = models.BooleanField()
    randomised = models.BooleanField()
    last_visit = models.TextField()
    last_at = models.DateTimeField(null=True)
    last_day = models.DateField(null=True)
    told_visit = models.TextField(default="")  # of a track that opens when somebody is told an arm
    told_at = models.DateTimeField(null=True)
    told_day = models.DateField(null=True)
    locked = models.BooleanField(default=False)
    unended = models.IntegerField(default=0)
    groups = ArrayField(models.TextField(), default=list)  # what each tells of; with each its two counts
    unsigned = ArrayField(models.IntegerField(), default=list)
    uncoded = ArrayField(models.IntegerField(), default=list)

    class Meta:
        indexes = [
            models.Index(name="standing_by_site", fields=["site", "number"]),
            models.Index(name="standing_by_number", fields=["number"]),
            models.Index(name="standing_by_status", fields=["status", "site", "number"]),
        ]


class DueVisit(models.Model):
    """A visit that is or will be due, or went by: instants, so that nothing here grows old."""

    pk = models.CompositePrimaryKey("ledger_id", "visit", "since")
    ledger = models.ForeignKey(Ledger, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False)
    visit = models.TextField()
    since = models.DateTimeField()
    until = models.DateTimeField(null=True)
    opens = models.DateTimeField(null=True)
    ends = models.DateTimeField(null=True)
    earliest = models.DateField(null=True)
    target = models.DateField(null=True)
    latest = models.DateField(null=True)

    class Meta:
        db_table = "store_due"
        indexes = [models.Index(name="due_by_opening", fields=["opens", "ends"])]


def unsure() -> list[str]:
    """What a finding tells of while nobody has said it: only who sees everything is shown it."""
    return [UNSURE]


class OpenFinding(models.Model):
    """A finding that holds, or an open alert, without its words: they would tell values.

    `kind` and `form` say what the entry is; `tells` what a reader has to be allowed to see, all of it (see
    `entact.course.disclosure`).
    """

    pk = models.CompositePrimaryKey("ledger_id", "finding", "since")
    ledger = models.ForeignKey(Ledger, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False)
    finding = models.TextField()
    since = models.DateTimeField()
    until = models.DateTimeField(null=True)
    rule = models.TextField()
    entry = models.TextField()
    item = models.TextField()
    kind = models.TextField()
    form = models.TextField()
    tells = ArrayField(models.TextField(), default=unsure)
    of_data = models.BooleanField(default=False)  # the entry is in force, and does not only attest others

    class Meta:
        db_table = "store_open_finding"
        indexes = [models.Index(name="finding_by_rule", fields=["rule", "since"])]


class Clock(models.Model):
    """A safety report that an event has made due: the clock that runs, or that was stopped in `sent_at`."""

    pk = models.CompositePrimaryKey("ledger_id", "report", "event")
    ledger = models.ForeignKey(Ledger, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False)
    report = models.TextField()
    event = models.TextField()
    aware = models.DateTimeField()
    due = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(name="clock_by_end", fields=["due"])]


class Query(models.Model):
    """A query about an entry, without its words; `since` is when it came to its status.

    `rule` is that which found it, and of which somebody said something; empty where a person asked.
    """

    pk = models.CompositePrimaryKey("ledger_id", "query")
    ledger = models.ForeignKey(Ledger, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False)
    query = models.TextField()
    status = models.TextField()
    raised_at = models.DateTimeField()
    since = models.DateTimeField()
    entry = models.TextField()
    item = models.TextField()
    kind = models.TextField()
    form = models.TextField()
    tells = ArrayField(models.TextField(), default=unsure)

    rule = models.TextField(default="")

    class Meta:
        indexes = [models.Index(name="query_by_status", fields=["status", "since"])]


class Booking(models.Model):
    """A visit that is booked for a time, and has not begun."""

    pk = models.CompositePrimaryKey("ledger_id", "encounter")
    ledger = models.ForeignKey(Ledger, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False)
    encounter = models.TextField()
    visit = models.TextField()
    at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(name="booking_by_time", fields=["at"])]


class Reconsent(models.Model):
    """That somebody is to consent again, from `since` on and before `until`, by the end of the day `due`."""

    pk = models.CompositePrimaryKey("ledger_id", "since")
    ledger = models.ForeignKey(Ledger, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False)
    since = models.DateTimeField()
    until = models.DateTimeField(null=True)
    release = models.TextField()
    due = models.DateField(null=True)


class KitStep(models.Model):
    """That a kit was assigned to a participant, or went out to them, was taken, lost, left or came back.

    Attributes:
        visit, replaced: of one that is assigned, for which session, and whether another took its place.
        person, waits: of what a second person looks at, who entered it, and whether nobody else has yet.
    """

    pk = models.CompositePrimaryKey("ledger_id", "kit", "entry", "what")
    ledger = models.ForeignKey(Ledger, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False)
    kit = models.TextField()
    entry = models.TextField()
    what = models.TextField()
    at = models.DateTimeField()
    units = models.BigIntegerField()
    visit = models.TextField(default="")
    replaced = models.BooleanField(default=False)
    person = models.TextField(default="")
    waits = models.BooleanField(default=False)

    class Meta:
        db_table = "store_kit_step"
        indexes = [models.Index(name="step_by_kit", fields=["kit"])]


class SessionToCome(models.Model):
    """A session of a participant whose kits may still be given; `needs`: level and part of each."""

    pk = models.CompositePrimaryKey("ledger_id", "visit", "since")
    ledger = models.ForeignKey(Ledger, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False)
    visit = models.TextField()
    since = models.DateTimeField()
    until = models.DateTimeField(null=True)
    latest = models.DateField(null=True)
    needs = ArrayField(models.TextField(), default=list)

    class Meta:
        db_table = "store_session_to_come"


class Number(models.Model):
    """A number that a participant's ledger says is theirs (see `entact.course.state.numbers`).

    Of the ledgers that say so of one number, all but the first to come are `shared`: facts are kept, whatever
    they say. An act is not done that would be (`entact.store.door`).
    """

    pk = models.CompositePrimaryKey("ledger_id", "of", "number")
    ledger = models.ForeignKey(Ledger, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False)
    of = models.TextField()
    number = models.TextField()
    entry = models.TextField()
    tells = ArrayField(models.TextField(), default=unsure)  # as of a finding that it is shared
    shared = models.BooleanField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="one_holder", fields=["of", "number"], condition=models.Q(shared=False)
            )
        ]
        indexes = [
            models.Index(name="shared_numbers", fields=["of", "number"], condition=models.Q(shared=True))
        ]


class StaffMember(models.Model):
    """A person at a site, once for each certificate; `certificate` is empty for who has none.

    `until` and `expires` are the last days, null where none is said or what is said is no date.
    """

    pk = models.CompositePrimaryKey("ledger_id", "person", "certificate")
    ledger = models.ForeignKey(Ledger, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False)
    person = models.TextField()
    certificate = models.TextField()
    roles = models.TextField()
    until = models.DateField(null=True)
    expires = models.DateField(null=True)

    class Meta:
        db_table = "store_staff"
        indexes = [models.Index(name="staff_by_expiry", fields=["expires"])]


class StockedKit(models.Model):
    """A kit of a site's stock, by number: nothing here says what it holds."""

    pk = models.CompositePrimaryKey("ledger_id", "number")
    ledger = models.ForeignKey(Ledger, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False)
    number = models.TextField()
    status = models.TextField()
    lot = models.TextField()
    expires = models.DateField(null=True)

    class Meta:
        db_table = "store_stock"
        indexes = [models.Index(name="stock_by_expiry", fields=["status", "expires"])]


class AskedRow(models.Model):
    """The row that an emergency unblinding asks for, and the answer, which only the asking browser reads.

    Attributes:
        key: the browser's public key. answer: empty until it came. refused: why none comes.
    """

    entry = models.TextField(primary_key=True)
    ledger = models.TextField()
    key = models.BinaryField()
    asked_at = models.DateTimeField()
    answer = models.BinaryField(default=b"")
    refused = models.TextField(default="")
    answered_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "store_asked_row"
