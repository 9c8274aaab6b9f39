"""Erasure of what is personal: an act of two persons, of which the record keeps that it took place.

One person asks for it, another confirms it before the request expires. The study's ledger has both entries
with both signatures; the participant's own ledger has one that names them. The chains stay as they are: what
goes is the key. Where it comes back from a backup it is set aside, and a person decides what becomes of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Literal

import msgspec

from entact.course.entry import GENESIS, SYSTEM, Entry, Kept, arrived, as_sent, instant
from entact.course.entry.versions import first_versions
from entact.course.signed.signature import Keyring, KeyringFold, Signature, statement_of

ASKS, CONFIRMS = "asks_for_erasure", "confirms_erasure"  # what the two signatures mean
DECIDES = "decides_about_key"  # of the signature of who decides about a key that was set aside
ERASING = frozenset({"erasure_requested", "erasure", "erasure_decided"})  # kinds in the study's ledger


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


class ErasureDecided(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Kind `erasure_decided` (study): what becomes of a key that was set aside for a request with that id.

    Whoever may erase decides to destroy it; only somebody else than the two who signed, to return it.
    """

    participant: str
    request: str
    decision: Literal["destroyed", "returned"]
    signatures: list[Signature] = []


class ErasureNoted(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Kind `erasure` (participant): the key is gone; who asked, who confirmed, where that is signed."""

    request: str
    cause: str
    asked_by: str
    confirmed_by: str


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
        asked: requests by the id of their entry. done: erasures by participant, those returned left out.
        returned: ids of requests after which a person had the key returned.
        problems: (entry, what is wrong) of those that do not count.
    """

    asked: dict[str, Asked]
    done: dict[str, Erased]
    returned: frozenset[str]
    problems: tuple[tuple[str, str], ...]


def erasures(entries: Iterable[Kept]) -> Erasures:
    """Which erasures were asked for and confirmed, by signatures that count at their place in the ledger.

    Args:
        entries: of the study's ledger, in order of arrival.
    """
    kept = list(first_versions(entries))
    asked: dict[str, Asked] = {}
    done: dict[str, Erased] = {}
    returned: set[str] = set()
    problems: list[tuple[str, str]] = []
    growing = KeyringFold()
    for entry in kept:
        growing.add(entry)
        ring = growing.keyring() if entry.kind in ERASING else Keyring({})
        if entry.kind == "erasure_requested":
            found = _asked(entry, ring)
            if isinstance(found, Asked):
                asked.setdefault(entry.id, found)
            else:
                problems.append((entry.id, found))
        elif entry.kind == "erasure":
            confirmed = _confirmed(entry, ring, asked)
            if isinstance(confirmed, Erased):
                done.setdefault(confirmed.asked.request.participant, confirmed)
            else:
                problems.append((entry.id, confirmed))
        elif entry.kind == "erasure_decided":
            decided = _decided(entry, ring, done)
            if isinstance(decided, str):
                problems.append((entry.id, decided))
            elif decided.decision == "returned":
                returned.add(decided.request)
                del done[decided.participant]
    return Erasures(asked, done, frozenset(returned), tuple(problems))


def problem_of_act(
    participant: str, act: Sequence[Entry], kept: Sequence[Kept], known: Erasures
) -> str | None:
    """Why the entries of a register are not believed to have erased a participant; None where they are.

    They have to be exactly what an erasure is made of: the request and its confirmation, signed by persons
    whose keys the study's ledger knew at the place where these stand, or knows now where it has not got them,
    and at most the entry in the participant's ledger that says what these two say.

    Args:
        act: the entries as the register has them. kept: those of the study's ledger about keys and erasures,
            in order of arrival. known: what these say (`erasures`).
    """
    study = kept[0].ledger if kept else ""
    if len(act) not in (2, 3):
        return "an erasure is a request, its confirmation and what the participant's ledger says of them"
    request, confirmation, *noted = act
    shapes = [(request, "erasure_requested", study), (confirmation, "erasure", study)]
    shapes += [(one, "erasure", participant) for one in noted]
    for entry, kind, ledger in shapes:
        if (entry.kind, entry.ledger, entry.environment) != (
            kind,
            ledger,
            kept[-1].environment if kept else "",
        ):
            return f"entry {entry.id} is not the {kind} of {ledger} that belongs there"
        if entry != _bare(entry):
            return f"entry {entry.id} says more than an erasure does"
    stored = {one.id: one for one in kept}
    lacking = [entry for entry in (request, confirmation) if entry.id not in stored]
    for entry in (request, confirmation):
        if entry.id in stored and as_sent(stored[entry.id]) != entry:
            return f"entry {entry.id} is another in the study's ledger"
    last = kept[-1].seq if kept else 0
    added = [
        arrived(entry, entry.recorded_at, seq, GENESIS, SYSTEM) for seq, entry in enumerate(lacking, last + 1)
    ]
    found = erasures([*kept, *added]) if added else known
    done = found.done.get(participant)
    if request.id in found.returned:
        return f"the key was returned after the request {request.id}"
    if done is None or done.entry.id != confirmation.id:
        problems = dict(found.problems)
        return problems.get(request.id) or problems.get(confirmation.id) or "it erases somebody else"
    if noted and not is_note_of(done, noted[0]):
        return f"entry {noted[0].id} does not say what was signed"
    return None


def is_note_of(done: Erased, entry: Entry) -> bool:
    """Whether an entry of the participant's ledger says exactly what was signed, by who confirmed it."""
    said = ErasureNoted(done.asked.entry.id, done.asked.request.cause, done.asked.by, done.confirmed_by)
    confirmed = done.entry
    return (
        entry.data == msgspec.to_builtins(said)
        and (entry.by, entry.role, entry.release) == (confirmed.by, confirmed.role, confirmed.release)
        and entry.by == done.confirmed_by
    )


def _bare(entry: Entry) -> Entry:
    """An entry with nothing but what every entry has to say."""
    names = ("id", "ledger", "kind", "format", "release", "environment", "occurred_at", "recorded_at")
    return Entry(**{name: getattr(entry, name) for name in (*names, "by", "role", "data")})


def _asked(entry: Kept, ring: Keyring) -> Asked | str:
    try:
        request = msgspec.convert(entry.data, ErasureRequested)
        instant(request.expires)
    except (msgspec.ValidationError, ValueError) as error:
        return str(error)
    statement = statement_of("erasure_requested", entry.ledger, entry.environment, request)
    if len(request.signatures) != 1:
        return "a request has one signature"
    return ring.problem(request.signatures[0], statement, ASKS, "erase") or Asked(request, statement, entry)


def _confirmed(entry: Kept, ring: Keyring, asked: dict[str, Asked]) -> Erased | str:
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
    try:
        late = _confirmed_at(entry, signature) > instant(of.request.expires)
    except ValueError as error:
        return f"it is not known when it was confirmed: {error}"
    if late:
        return f"the request had expired at {of.request.expires}"
    problem = ring.problem(signature, of.statement, CONFIRMS, "erase")
    return problem or Erased(of, signature.person, entry)


def _confirmed_at(entry: Kept, signature: Signature) -> datetime:
    """When it arrived; what the server entered again from its register was confirmed when it was signed."""
    if entry.authenticated == SYSTEM:
        return instant(signature.at)
    return instant(entry.received_at)


def _decided(entry: Kept, ring: Keyring, done: dict[str, Erased]) -> ErasureDecided | str:
    try:
        payload = msgspec.convert(entry.data, ErasureDecided)
    except msgspec.ValidationError as error:
        return str(error)
    of = done.get(payload.participant)
    if of is None or of.asked.entry.id != payload.request:
        return f"no erasure of {payload.participant} by the request {payload.request} stands before it"
    if len(payload.signatures) != 1:
        return "a decision has one signature"
    signature = payload.signatures[0]
    if payload.decision == "returned" and signature.person in (of.asked.by, of.confirmed_by):
        return f"{signature.person} signed the erasure: somebody else decides to return the key"
    statement = statement_of("erasure_decided", entry.ledger, entry.environment, payload)
    return ring.problem(signature, statement, DECIDES, "erase") or payload
