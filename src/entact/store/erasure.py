"""Erasing what is personal of a participant: two persons decide, the key goes, and stays gone.

The register is written before the record commits, and the key goes last: killed in between, the next opening
of the record finishes what was decided, and the same happens to a backup that knows nothing of it yet.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
from django.db import transaction

from entact.course.entry import as_sent, instant, read
from entact.course.kinds.attestation import Erasure
from entact.course.signed.erasure import (
    ASKS,
    CONFIRMS,
    Asked,
    ErasureConfirmed,
    ErasureRequested,
    Erasures,
    erasures,
)
from entact.course.signed.signature import statement_of
from entact.store import acts, models
from entact.store.error import StoreError
from entact.store.people import keychain
from entact.store.record import append
from entact.store.register import Act, add_to_register, read_register, register_file
from entact.store.signature import Signer, require

WITHIN = timedelta(hours=72)  # in which a second person confirms, when nobody says otherwise
LONGEST = timedelta(days=30)

_CODE = re.compile(r"[a-z][a-z0-9_]{0,63}")


def request_erasure(participant: str, cause: str, signer: Signer, *, within: timedelta = WITHIN) -> Asked:
    """One person asks that what is personal of a participant be erased.

    Args:
        participant: its ledger, `participant:<opaque>`. cause: a code, such as participant_request.
        signer: holds a key with the power `erase`. within: how long it can be confirmed.
    Raises:
        StoreError: when it cannot be asked, with the reason.
    """
    if _CODE.fullmatch(cause) is None:
        raise StoreError(
            f"the cause {cause!r} is no code, such as participant_request: prose may be personal"
        )
    if not timedelta(0) < within <= LONGEST:
        raise StoreError(f"a request stands for more than nothing and at most {LONGEST.days} days")
    with transaction.atomic():
        acts.one_at_a_time()
        holder, place = require(signer, "erase"), acts.here()
        _require_erasable(participant)
        expires = (datetime.now(UTC) + within).isoformat(timespec="seconds")
        request = ErasureRequested(participant, cause, expires)
        statement = statement_of("erasure_requested", place.ledger, place.environment, request)
        signed = msgspec.structs.replace(request, signatures=[signer.sign(statement, ASKS)])
        by, role = signer.person, holder.role
        line = acts.enter(place, "erasure_requested", signed, by=by, role=role, prove=signer.prove).line
        return _known().asked[read(line.text).id]


def confirm_erasure(participant: str, signer: Signer) -> Act:
    """A second person confirms, and the participant's key and identities are gone when this returns.

    Raises:
        StoreError: when nobody asked, the request expired, or the same person asked; nothing is erased then.
    """
    with transaction.atomic():
        acts.one_at_a_time()
        holder, place = require(signer, "erase"), acts.here()
        _require_erasable(participant)
        asked = _open_request(participant, signer.person)
        confirmation = ErasureConfirmed(participant, asked.entry.id, [signer.sign(asked.statement, CONFIRMS)])
        noted = Erasure(asked.entry.id, asked.request.cause, asked.by, signer.person)
        by, role = signer.person, holder.role
        act = Act(
            participant,
            [
                as_sent(asked.entry),
                acts.entry_of(place, "erasure", msgspec.to_builtins(confirmation), by=by, role=role),
                acts.entry_of(
                    place, "erasure", msgspec.to_builtins(noted), by=by, role=role, ledger=participant
                ),
            ],
        )
        for entry in act.entries:
            append(entry, received_at=acts.now(), authenticated=signer.prove(entry))
        if participant not in _known().done:
            raise StoreError(f"the erasure of {participant} would not count: {_known().problems[-1][1]}")
        models.Identity.objects.filter(participant=participant).delete()
        add_to_register(register(), act)
    keychain().remove([participant])
    return act


def register() -> Path:
    """Where the register of the record in use lies.

    Raises:
        StoreError: when the database was never set up.
    """
    installation = models.Installation.objects.only("mark").first()
    if installation is None:
        raise StoreError("this database holds no study yet")
    return register_file(installation.mark)


def erased() -> dict[str, Act]:
    """Every erasure that the register knows, by participant."""
    return read_register(register())


def replay() -> list[str]:
    """Erases again what a backup brought back: keys, identities, and the entries that say so.

    Called whenever a record is opened and whenever keys are restored. An erasure that only the record knows
    (its register was lost) is added to the register.

    Returns:
        The participants of whom something had come back.
    Raises:
        StoreError: when the register was altered.
    """
    known = erased()
    for participant, act in _acts_of_record().items():
        if participant not in known:
            add_to_register(register(), act)
            known[participant] = act
    if not known:
        return []
    back = {name for name in known if keychain().get(name) is not None}
    rows = models.Identity.objects.filter(participant__in=list(known))
    back.update(rows.values_list("participant", flat=True))
    with transaction.atomic():
        rows.delete()
        for participant, act in known.items():
            if _enter_again(act):
                back.add(participant)
    keychain().remove(known)
    return sorted(back)


def _enter_again(act: Act) -> bool:
    """Enters what a backup does not know of an erasure yet; True when there was something."""
    names = {entry.ledger for entry in act.entries}
    heads = models.Ledger.objects.filter(name__in=names, seq__gt=0).values_list("name", flat=True)
    there = [entry for entry in act.entries if entry.ledger in set(heads)]
    found = models.Line.objects.filter(ledger__name__in=names, entry_id__in=[one.id for one in there])
    ids = set(found.values_list("entry_id", flat=True))
    missing = [entry for entry in there if entry.id not in ids]
    for entry in missing:
        append(entry, received_at=acts.now(), authenticated=acts.by_system(entry))
    return bool(missing)


def _acts_of_record() -> dict[str, Act]:
    """Erasures that the ledgers bear out."""
    done = _known().done
    own = {
        entry.ledger: entry
        for text in models.Line.objects.filter(ledger__name__in=list(done), kind="erasure").values_list(
            "text", flat=True
        )
        for entry in (as_sent(read(text)),)
    }
    return {
        name: Act(name, [as_sent(one.asked.entry), as_sent(one.entry), *([own[name]] if name in own else [])])
        for name, one in done.items()
    }


def _known() -> Erasures:
    return erasures(acts.entries(("signing_key", "erasure_requested", "erasure")))


def _require_erasable(participant: str) -> None:
    if not participant.startswith("participant:"):
        raise StoreError(f"{participant!r} is no participant: write participant: and the opaque id")
    if not models.Ledger.objects.filter(name=participant, seq__gt=0).exists():
        raise StoreError(f"there is no {participant} in this record")
    if participant in erased():
        raise StoreError(f"what was personal of {participant} is erased already")
    if keychain().get(participant) is None:
        raise StoreError(
            f"the key of {participant} is not in {keychain().folder}: it would not be erased; "
            "ENTACT_KEYS says where keys lie"
        )


def _open_request(participant: str, person: str) -> Asked:
    """The latest request of somebody else that has not expired."""
    asked = [one for one in _known().asked.values() if one.request.participant == participant]
    if not asked:
        raise StoreError(f"nobody has asked to erase {participant}: `entact erase request` does")
    at = datetime.now(UTC)
    standing = [one for one in asked if instant(one.request.expires) >= at]
    if not standing:
        latest = asked[-1].request.expires
        raise StoreError(f"the request to erase {participant} expired at {latest}: somebody has to ask again")
    others = [one for one in standing if one.by != person]
    if not others:
        raise StoreError(f"{person} asked to erase {participant}: another person confirms it")
    return others[-1]
