"""Keys of participants are added to one keychain, that of the record, and to a whole one alone.

A record is bound to a keychain by its first key. Another place for keys is refused before one is made there:
of two keychains, each would lack what the other has.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from uuid import uuid4

import msgspec
from django.db import connection, transaction

from entact.course.entry.sealing import KEY_BYTES
from entact.course.personal import REASONS
from entact.course.signed.custody import ANSWERS, CustodyAct
from entact.course.signed.signature import statement_of
from entact.store import acts, models
from entact.store.appending import append
from entact.store.erasure import erased
from entact.store.error import StoreError
from entact.store.keychain import Keychain
from entact.store.participant_keys import (
    WHAT_TO_DO,
    absence,
    begun,
    bound_keychain,
    bring_back_keychain,
    keychain,
)
from entact.store.signature import Signer, require_custody


def whole_keychain(coming: Collection[str] = ()) -> Keychain:
    """The keychain of the record in use, to which keys can be added; the first time it becomes the record's.

    Args:
        coming: participants whose keys are about to be added.
    Raises:
        StoreError: when it is not there or another one; when it lacks keys of participants who were not
            erased, with whose.
    """
    problem = problem_of_keychain(coming)
    if problem is not None:
        raise StoreError(problem)
    chain, bound = bound_keychain()
    if bound is None:
        _bind(chain)
    elif chain.identity is None:  # whole, but for the file that says which one it is
        chain.begin(bound.identity)
    return chain


def problem_of_keychain(coming: Collection[str] = ()) -> str | None:
    """Why no key can be added to what lies in the place of this record's keychain; None where one can.

    Raises:
        StoreError: when another keychain lies there.
    """
    chain, bound = keychain(), bound_keychain()[1]
    lacking = missing_keys(chain, coming)
    if bound is not None and chain.identity is None and (lacking or not chain.all()):
        return absence(chain, bound)
    if not lacking:
        return None
    more = f" and {len(lacking) - 3} more" if len(lacking) > 3 else ""
    return (
        f"the keychain in {chain.folder} lacks the keys of {len(lacking)} participants of this record "
        f"({', '.join(lacking[:3])}{more}): {WHAT_TO_DO}"
    )


def missing_keys(chain: Keychain, coming: Collection[str] = ()) -> list[str]:
    """Participants of whom something is sealed, who were not erased, and whose key is not in a keychain.

    Args:
        coming: participants whose keys are about to be added.
    """
    there = sorted({*chain.all(), *chain.aside(), *coming})
    with connection.cursor() as cursor:
        cursor.execute(_WITHOUT_KEY, [there, there])
        found = [name for (name,) in cursor.fetchall()]
    return [name for name in found if name not in erased()] if found else []


def enter_custody(act: CustodyAct, signer: Signer, reason: str | None = None) -> None:
    """Enters in the study's ledger what a person did with keys; inside the transaction of doing it.

    Raises:
        StoreError: when the signer's key lacks the power `custody`.
    """
    holder, place = require_custody(signer), acts.here()
    statement = statement_of("custody", place.ledger, place.environment, act)
    signed = msgspec.structs.replace(act, signatures=[signer.sign(statement, ANSWERS)])
    data = msgspec.to_builtins(signed)
    entry = acts.entry_of(place, "custody", data, by=signer.person, role=holder.role, reason=reason)
    append(entry, received_at=acts.now(), authenticated=signer.prove(entry))


def give_up_keys(reason: str, signer: Signer) -> list[str]:
    """A person says that missing keys are lost for good, and new ones are made, so that the study goes on.

    What was sealed under a lost key stays ciphertext. Says whose keys were given up.

    Args:
        reason: a code.
    Raises:
        StoreError: when no key is missing, or the signer may not say so.
    """
    if reason not in REASONS:
        raise StoreError(f"a loss has a reason, one of {', '.join(sorted(REASONS))}")
    with transaction.atomic():
        acts.one_at_a_time()
        require_custody(signer)
        chain = keychain()
        there = {*chain.all(), *chain.aside(), *erased()}
        names = models.Ledger.objects.filter(name__startswith="participant:", seq__gt=0).order_by("id")
        lost = [name for name in names.values_list("name", flat=True) if name not in there]
        lost += [name for name in missing_keys(chain) if name not in lost]  # of kits, and of nobody
        if not lost:
            raise StoreError(f"no key is missing in {chain.folder}: none is given up")
        if chain.identity is None and not chain.exists:  # the one that was lost is another from here on
            identity = chain.begin(uuid4())
            at, folder = datetime.now(UTC), str(chain.folder)
            models.BoundKeychain.objects.create(identity=identity, folder=folder, since=at)
        bring_back_keychain(None)
        enter_custody(CustodyAct("given_up", str(chain.identity), len(lost), lost), signer, reason)
    chain.add({name: secrets.token_bytes(KEY_BYTES) for name in lost})
    return lost


def keep_keys(keys: Mapping[str, bytes]) -> None:
    """Keeps the keys of participants; one that is there already is left as it is.

    Args:
        keys: 32 bytes by ledger (`participant:<opaque>`).
    Raises:
        StoreError: when a key is not of 32 bytes, or the keychain is not this record's (`whole_keychain`).
    """
    whole_keychain(keys).add(keys)


_WITHOUT_KEY = """
    (SELECT name FROM store_ledger AS ledger
    WHERE name LIKE 'participant:%%' AND seq > 0 AND name <> ALL(%s) AND (
        EXISTS (SELECT FROM store_line WHERE ledger_id = ledger.id AND text LIKE '%%"sealed:_:%%')
        OR EXISTS (SELECT FROM store_identity WHERE participant = ledger.name))
    ORDER BY id)
    UNION ALL SELECT kits FROM (SELECT id, 'kits:' || substr(name, 7) AS kits FROM store_ledger
        WHERE name LIKE 'study:%%' AND seq > 0) AS study
    WHERE kits <> ALL(%s) AND EXISTS (SELECT FROM store_line
        WHERE ledger_id = study.id AND kind = 'kits_planned' AND text LIKE '%%"sealed:_:%%')
"""


def _bind(chain: Keychain) -> None:
    """Binds the record to its first keychain: that of the first of two processes that begin one each."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended('entact keychain', 0))")
        bound = bound_keychain()[1]
        if bound is None:
            identity, at = chain.begin(uuid4()), datetime.now(UTC)
            models.BoundKeychain.objects.create(identity=identity, folder=str(chain.folder), since=at)
        elif bound.identity != chain.identity:
            raise StoreError(f"{chain.folder} holds another keychain than this record's{begun(bound)}")
