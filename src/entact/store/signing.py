"""Signatures in the sense of 21 CFR 11: the person shows once more who they are, and signs lines."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from secrets import randbits

import msgspec

from entact.course import Entry, Receipt, fold, instant, read, uuid7
from entact.course.entry import BY_PERSON, Authenticated, Kept
from entact.course.found.attested import version_of
from entact.course.kinds.attestation import RecordSignature
from entact.store.acts import here
from entact.store.door import fact
from entact.store.error import StoreError
from entact.store.reading import lines
from entact.store.studies import study_of_record

WITHIN = timedelta(minutes=5)  # of the second proof, in which it is signed


def sign_entries(
    participant: str,
    entries: Sequence[str],
    meaning: str,
    *,
    by: str,
    role: str,
    received_at: str,
    authenticated: Authenticated,
    name: str = "",
) -> Receipt:
    """Signs entries of a participant as they stand, each bound to its version and to its line.

    Args:
        entries: their ids. meaning: a code. by, role: who signs. received_at: the server's clock.
        authenticated: the same person, with what they showed once more (`second`) just now. name: the
            person's own, which is printed beside the signature.
    Raises:
        StoreError: when it was another person, or nothing was shown once more; when an entry does not stand.
    Source: 21 CFR 11.50, 11.70, 11.200(a).
    """
    now, second = instant(received_at), authenticated.second
    if authenticated.how not in BY_PERSON or authenticated.who != by or authenticated.problem is not None:
        raise StoreError(
            f"only {by} signs as {by}, and it is {authenticated.who or 'nobody'} who is known here"
        )
    if second is None or not timedelta(0) <= now - instant(second.at) <= WITHIN:
        raise StoreError(f"{by} has to show once more who they are, at most {WITHIN} before signing")
    _, study = study_of_record()
    if study is None or not entries:
        raise StoreError("there is nothing to sign: name entries of a participant")
    stored = list(lines(participant))
    course = fold(study, [read(line.text) for line in stored])
    standing = {one.id: one for one in course.effective}
    for one in entries:
        if one not in standing:
            raise StoreError(f"{participant} has no entry {one} that stands: it is not signed")
    entries = list(dict.fromkeys(entries))
    hashes = {line.seq: line.hash for line in stored}
    sources = [standing[one].entry for one in entries]
    payload = RecordSignature(
        meaning,
        [*entries],
        [version_of(standing[one]) for one in entries],
        [hashes[one.seq] for one in sources if isinstance(one, Kept)],
        name,
    )
    place = here()
    entry = Entry(
        id=uuid7(datetime.now(UTC), randbits(80)),
        ledger=participant,
        kind="signature",
        release=place.release,
        environment=place.environment,
        occurred_at=received_at,
        recorded_at=received_at,
        by=by,
        role=role,
        data=msgspec.to_builtins(payload),
    )
    return fact(entry, received_at=received_at, authenticated=authenticated)
