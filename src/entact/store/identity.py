"""Who a participant is, at one site: under the participant's key, outside the ledgers, in no export.

The participant's ledger says which identifiers a site keeps, since when and by whom; never what they are.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from django.db import transaction

from entact.course.entry import CLAIMED, Authenticated
from entact.course.entry.sealing import seal, unseal
from entact.course.personal import REASONS
from entact.store import acts, models
from entact.store.appending import append
from entact.store.error import StoreError
from entact.store.participant_keys import key_of

_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")


def keep_identity(
    participant: str,
    site: str,
    details: Mapping[str, str],
    *,
    by: str,
    role: str,
    reason: str | None = None,
    authenticated: Authenticated = CLAIMED,
) -> None:
    """Keeps a participant's direct identifiers at a site, in the place of those kept there before.

    Args:
        participant: its ledger. details: such as name, contact, birth_date. by, role: who keeps them.
        reason: a code; needed when there were some already. authenticated: how it is known who keeps them.
    Raises:
        StoreError: when there is no such participant, the key is gone, or a change has no reason.
    """
    for name in details:
        if _NAME.fullmatch(name) is None:
            raise StoreError(f"{name!r} cannot be the name of an identifier: small letters, as in birth_date")
    key = _key(participant)
    sealed = seal(json.dumps(dict(details), sort_keys=True), key, _place(site), "details")
    with transaction.atomic():
        acts.one_at_a_time()
        found = models.Identity.objects.filter(participant=participant, site=site)
        if found.exists() and reason not in REASONS:
            known = ", ".join(sorted(REASONS))
            raise StoreError(
                f"{participant} has an identity at {site}: a change has a reason, one of {known}"
            )
        data = {"site": site, "items": sorted(details)}
        entry = acts.entry_of(
            acts.here(), "identity", data, by=by, role=role, ledger=participant, reason=reason
        )
        append(entry, received_at=acts.now(), authenticated=authenticated)
        models.Identity.objects.update_or_create(
            participant=participant, site=site, defaults={"sealed": sealed}
        )


def identity(participant: str, site: str) -> dict[str, str] | None:
    """The identifiers of a participant at a site; None when none are kept there, or they were erased.

    Raises:
        StoreError: when what is kept cannot be opened with the participant's key.
    """
    found = models.Identity.objects.filter(participant=participant, site=site).first()
    key = key_of(participant)
    return None if found is None or key is None else _opened(found, key)


def identities(site: str) -> dict[str, dict[str, str]]:
    """The identifiers of everybody at a site, by participant: for its own staff, who look for a name.

    Raises:
        StoreError: when what is kept cannot be opened with the participant's key.
    """
    rows = models.Identity.objects.filter(site=site).order_by("participant")
    return {
        row.participant: _opened(row, key) for row in rows if (key := key_of(row.participant)) is not None
    }


def _opened(row: models.Identity, key: bytes) -> dict[str, str]:
    try:
        details: Any = json.loads(unseal(row.sealed, key, _place(row.site), "details"))
    except ValueError as error:
        raise StoreError(f"the identity of {row.participant} at {row.site} was altered: {error}") from error
    return dict(details)


def _place(site: str) -> str:
    """What the ciphertext is bound to: moved to another site it does not open."""
    return f"identity:{site}"


def _key(participant: str) -> bytes:
    if not models.Ledger.objects.filter(name=participant, seq__gt=0).exists():
        raise StoreError(f"there is no {participant} in this record: a ledger begins with consent")
    key = key_of(participant)
    if key is None:
        raise StoreError(f"the key of {participant} is erased or not here: no identity can be kept")
    return key
