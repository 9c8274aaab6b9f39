"""Keys of participants: what opens the personal items of their ledgers."""

from __future__ import annotations

from collections.abc import Mapping

from entact.store import models


def keep_keys(keys: Mapping[str, bytes]) -> None:
    """Keeps the keys of participants; one that is there already is left as it is.

    Args:
        keys: 32 bytes by ledger (`participant:<opaque>`).
    Raises:
        django.db.IntegrityError: when a key is not of 32 bytes.
    """
    rows = [models.Key(participant=participant, key=key) for participant, key in keys.items()]
    models.Key.objects.bulk_create(rows, ignore_conflicts=True, batch_size=1000)


def key_of(participant: str) -> bytes | None:
    """The key of a participant; None when it was erased or never kept."""
    found = models.Key.objects.filter(participant=participant).values_list("key", flat=True).first()
    return None if found is None else bytes(found)
