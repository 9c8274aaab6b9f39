"""Erasure of what is personal: an act of two persons, of which the record keeps that it took place.

One person asks for it, another confirms it before the request expires. The study's ledger has both entries
with both signatures; the participant's own ledger has one that names them. The chains stay as they are: what
goes is the key.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from entact.course.entry import Entry, Kept, instant
from entact.course.entry.versions import first_versions
from entact.course.signed.signature import Signature, holds, keyring, statement_of

ASKS, CONFIRMS = "asks_for_erasure", "confirms_erasure"  # what the two signatures mean


class ErasureRequested(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Kind `erasure_requested` (study): one person asks for it; `cause` is a code, `expires` a time."""

    participant: str
    cause: str
    expires: str
    signatures: list[Signature] = []


class ErasureConfirmed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Kind `erasure` (study): a second person confirms the request with that id, under the same statement."""

    participant: str
    request: str
    signatures: list[Signature] = []


class Asked(msgspec.Struct, frozen=True):
    """A request that its signature bears out: what it asks, the digest that was signed, and its entry."""

    request: ErasureRequested
    statement: str
    entry: Kept

    @property
    def by(self) -> str:
        """Who asked."""
        return self.request.signatures[0].person


class Erased(msgspec.Struct, frozen=True):
    """A request that a second person confirmed in time."""

    asked: Asked
    confirmed_by: str
    entry: Kept


class Erasures(msgspec.Struct, frozen=True):
    """What the study's ledger says of erasures.

    Attributes:
        asked: requests by the id of their entry. done: erasures by participant.
        problems: (entry, what is wrong) of those that do not count.
    """

    asked: dict[str, Asked]
    done: dict[str, Erased]
    problems: tuple[tuple[str, str], ...]


def erasures(entries: Iterable[Kept]) -> Erasures:
    """Which erasures were asked for and confirmed, by signatures that count at their place in the ledger.

    Args:
        entries: of the study's ledger, in order of arrival.
    """
    kept = list(first_versions(entries))
    asked: dict[str, Asked] = {}
    done: dict[str, Erased] = {}
    problems: list[tuple[str, str]] = []
    for entry in kept:
        if entry.kind == "erasure_requested":
            found = _asked(entry, kept)
            if isinstance(found, Asked):
                asked.setdefault(entry.id, found)
            else:
                problems.append((entry.id, found))
        elif entry.kind == "erasure":
            confirmed = _confirmed(entry, kept, asked)
            if isinstance(confirmed, Erased):
                done.setdefault(confirmed.asked.request.participant, confirmed)
            else:
                problems.append((entry.id, confirmed))
    return Erasures(asked, done, tuple(problems))


def was_signed(participant: str, entries: Iterable[Entry]) -> bool:
    """Whether entries hold a request to erase this participant and a second person's confirmation of it.

    Only that both signatures hold is looked at: whose keys count is the study's ledger to say (`erasures`).
    """
    requests: dict[str, tuple[ErasureRequested, str]] = {}
    for entry in entries:
        try:
            if entry.kind == "erasure_requested":
                request = msgspec.convert(entry.data, ErasureRequested)
                statement = statement_of(entry.kind, entry.ledger, entry.environment, request)
                if request.participant == participant and _signs(request.signatures, statement, ASKS):
                    requests[entry.id] = request, statement
            elif entry.kind == "erasure" and "signatures" in entry.data:
                confirmed = msgspec.convert(entry.data, ErasureConfirmed)
                request, statement = requests[confirmed.request]
                if not _signs(confirmed.signatures, statement, CONFIRMS):
                    return False
                return confirmed.signatures[0].person != request.signatures[0].person
        except (msgspec.ValidationError, LookupError):
            return False
    return False


def _signs(signatures: list[Signature], statement: str, meaning: str) -> bool:
    """Whether there is one signature, with this meaning, and it holds."""
    return [one.meaning for one in signatures] == [meaning] and holds(signatures[0], statement)


def _asked(entry: Kept, kept: list[Kept]) -> Asked | str:
    try:
        request = msgspec.convert(entry.data, ErasureRequested)
        instant(request.expires)
    except (msgspec.ValidationError, ValueError) as error:
        return str(error)
    statement = statement_of("erasure_requested", entry.ledger, entry.environment, request)
    if len(request.signatures) != 1:
        return "a request has one signature"
    ring = keyring(kept, before=entry.seq)
    return ring.problem(request.signatures[0], statement, ASKS, "erase") or Asked(request, statement, entry)


def _confirmed(entry: Kept, kept: list[Kept], asked: dict[str, Asked]) -> Erased | str:
    try:
        payload = msgspec.convert(entry.data, ErasureConfirmed)
    except msgspec.ValidationError as error:
        return str(error)
    of = asked.get(payload.request)
    if of is None:
        return f"no request {payload.request} that counts stands before it"
    if len(payload.signatures) != 1:
        return "a confirmation has one signature"
    signature = payload.signatures[0]
    if payload.participant != of.request.participant:
        return f"the request was about {of.request.participant}"
    if signature.person == of.by:
        return f"{signature.person} asked for it: another person confirms it"
    if instant(entry.received_at) > instant(of.request.expires):
        return f"the request had expired at {of.request.expires}"
    ring = keyring(kept, before=entry.seq)
    problem = ring.problem(signature, of.statement, CONFIRMS, "erase")
    return problem or Erased(of, signature.person, entry)
