"""Training on what an adverse event is: the text of the study's newest release, and who has read it."""

from __future__ import annotations

from datetime import UTC, tzinfo
from functools import lru_cache

from django.db import transaction
from django.utils import timezone

from entact.conduct.access import trail
from entact.conduct.access.models import Account, Learned
from entact.conduct.permissions import Person
from entact.conduct.words import day
from entact.course.entry import Authenticated
from entact.course.kinds.access import Acknowledged
from entact.protocol import Release, Study
from entact.protocol.words.training import Training, event_training

WHAT = "adverse_events"  # what is acknowledged


@lru_cache(maxsize=4)
def training_of(release: Release) -> Training:
    """The text of a release, with its digest."""
    return event_training(release)


def learned_by(study: Study, zone: tzinfo = UTC) -> tuple[str, dict[str, str]]:
    """The digest of the current text, and the day on which each person said to have read it."""
    digest = training_of(study.newest).digest
    found = Learned.objects.filter(what=WHAT, digest=digest).values_list("account__name", "at")
    return digest, {who: day(at.astimezone(zone)) for who, at in found}


def has_learned(person: Person) -> bool:
    """Whether somebody has read the current text."""
    digest = training_of(person.permissions.study.newest).digest
    return Learned.objects.filter(account__name=person.identity, what=WHAT, digest=digest).exists()


def acknowledge(person: Person, digest: str, authenticated: Authenticated) -> bool:
    """Keeps that a person has read the current text; False where it changed while they read."""
    if digest != training_of(person.permissions.study.newest).digest:
        return False
    account = Account.objects.get(name=person.identity)
    with transaction.atomic():
        _, fresh = Learned.objects.get_or_create(
            account=account, what=WHAT, digest=digest, defaults={"at": timezone.now()}
        )
        if fresh:
            role = person.role_for("learn_events") or ""
            payload = Acknowledged(person.identity, WHAT, digest)
            trail.enter(payload, by=person.identity, role=role, authenticated=authenticated)
    return True
