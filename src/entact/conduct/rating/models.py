"""Tokens of assessments, and what raters say of themselves: ordinary tables.

Who took what, the ledgers say: a row here says under which token it stands, so that no address, no page and
no order of a list tells a rater of whom, where or when in the study it is.
"""

from __future__ import annotations

from django.db import models

from entact.conduct.access.models import Account


class Offer(models.Model):
    """One visit that a rater apart rates, under a random token.

    Attributes:
        token: in addresses. room: names the room of the video call; a site knows this one, and no token.
        met: who had met the participant when it was made. at: for when the visit is booked.
        taken_by: the rater, empty while nobody has it. confirmed_at: when the call began, with the place
            where the person is.
        danger_at: when its rater called for help. done_at: when all was sent.
        over: let go, replaced or cancelled: the visit may have another offer, under another token.
    """

    token = models.TextField(unique=True)
    room = models.TextField(unique=True)
    ledger = models.TextField()
    encounter = models.TextField()
    language = models.TextField()
    met = models.JSONField(default=list)
    at = models.DateTimeField()
    taken_by = models.TextField(blank=True)
    taken_at = models.DateTimeField(null=True)
    confirmed_at = models.DateTimeField(null=True)
    danger_at = models.DateTimeField(null=True)
    done_at = models.DateTimeField(null=True)
    over = models.BooleanField(default=False)

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                name="offered_once", fields=["ledger", "encounter"], condition=models.Q(over=False)
            )
        ]


class RaterProfile(models.Model):
    """In which zone a rater lives, and in which languages they rate."""

    account = models.OneToOneField(Account, on_delete=models.CASCADE, related_name="rates")
    zone = models.TextField(default="UTC")
    languages = models.JSONField(default=list)

    class Meta:
        default_permissions = ()
