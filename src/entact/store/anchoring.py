"""Taking an anchor: the heads of all ledgers are noted in the study's ledger, and summed up."""

from __future__ import annotations

import msgspec
from django.db import transaction
from django.utils import timezone

from entact.course.entry import Head as NotedHead
from entact.course.entry import read
from entact.course.kinds.study import Heads
from entact.store import acts, models
from entact.store.anchor import Anchor, digest_of
from entact.store.reading import ledgers


def take_anchor() -> tuple[Anchor, dict[str, tuple[int, str]]]:
    """Notes in the study's ledger the heads that moved; returns the anchor, and all heads.

    Raises:
        StoreError: when the database holds no study, or no release of it.
    """
    with transaction.atomic():
        place = acts.here()
        noted = _noted(place.ledger)
        heads = {one.ledger: (one.seq, one.hash) for one in ledgers() if one.ledger != place.ledger}
        moved = {name: head for name, head in heads.items() if noted.get(name) != head}
        if moved:
            payload = Heads({name: NotedHead(seq, value) for name, (seq, value) in sorted(moved.items())})
            acts.enter(place, "heads", payload, by="entact", role="system", prove=acts.by_system)
        own = models.Ledger.objects.get(name=place.ledger)
    heads[place.ledger] = own.seq, own.hash
    anchor = Anchor(
        study=place.ledger.removeprefix("study:"),
        environment=place.environment,
        at=acts.now(),
        seq=own.seq,
        hash=own.hash,
        ledgers=len(heads),
        entries=sum(seq for seq, _ in heads.values()),
        digest=digest_of(heads),
        installation=str(models.Installation.objects.get().mark),
    )
    return anchor, heads


def note_anchored(place: str) -> None:
    """Notes that an anchor was put somewhere, so that everybody sees when that was done last."""
    models.Anchored.objects.update_or_create(place=place, defaults={"at": timezone.now()})


def _noted(ledger: str) -> dict[str, tuple[int, str]]:
    """The heads that the study's ledger has noted last."""
    found: dict[str, tuple[int, str]] = {}
    texts = models.Line.objects.filter(ledger__name=ledger, kind="heads").order_by("seq")
    for text in texts.values_list("text", flat=True).iterator():
        try:
            noted = msgspec.convert(read(text).data, Heads)
        except msgspec.MsgspecError:
            continue  # it was changed, and verification says so
        found.update({name: (head.seq, head.hash) for name, head in noted.heads.items()})
    return found
