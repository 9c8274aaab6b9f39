"""Erasing what is personal of a participant: two persons decide, the key goes, and stays gone.

The register is written before the record commits, and the key goes last. What comes back, because of a kill
in between or from a backup that knows nothing of it yet, is set aside when the record is opened: it opens
nothing any more, and a person decides to destroy it. No key is destroyed because a file says so, and nothing
that a register says counts but what persons signed whose keys the study's ledger knows.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal, NamedTuple

import msgspec
from django.db import transaction

from entact.course.entry import Entry, as_sent, instant, read
from entact.course.entry.effective import VOID
from entact.course.personal import REASONS
from entact.course.signed.erasure import (
    ASKS,
    CONFIRMS,
    DECIDES,
    ERASING,
    Asked,
    ErasureConfirmed,
    ErasureDecided,
    ErasureNoted,
    ErasureRequested,
    Erasures,
    erasures,
    is_note_of,
    problem_of_act,
)
from entact.course.signed.signature import statement_of
from entact.store import acts, models
from entact.store.appending import append
from entact.store.attachments import forget_attachments
from entact.store.erasure_register import Act, add_to_register, read_register, register_file
from entact.store.error import StoreError
from entact.store.participant_keys import keychain
from entact.store.signature import Signer, require

WITHIN = timedelta(hours=72)  # in which a second person confirms, when nobody says otherwise
LONGEST = timedelta(days=30)
ASIDE_FOR = timedelta(days=14)  # before a key that came back can be destroyed: so long it can be returned

_ABOUT = ("signing_key", *sorted(ERASING))  # kinds of entry that say whose erasure counts
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
        noted = ErasureNoted(asked.entry.id, asked.request.cause, asked.by, signer.person)
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
        for entry in act.entries[1:]:
            append(entry, received_at=acts.now(), authenticated=signer.prove(entry))
        if participant not in _known().done:
            raise StoreError(f"the erasure of {participant} would not count: {_known().problems[-1][1]}")
        models.Identity.objects.filter(participant=participant).delete()
        forget_attachments(participant)
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


class Doubted(NamedTuple):
    """A line of a register that is not believed, and why."""

    line: int
    participant: str
    problem: str


class Judged(NamedTuple):
    """What a register says: erasures that the study's keyring bears out, by participant; and the rest."""

    believed: dict[str, Act]
    doubted: tuple[Doubted, ...]


def judge(path: Path) -> Judged:
    """What a register says, as far as it is believed (see `course.signed.erasure.problem_of_act`).

    Raises:
        StoreError: when its lines do not follow each other.
    """
    kept = acts.entries(_ABOUT)
    known = erasures(kept)
    believed: dict[str, Act] = {}
    doubted = []
    for number, act in enumerate(read_register(path), start=1):
        problem = problem_of_act(act.participant, act.entries, kept, known)
        if problem is None:
            believed.setdefault(act.participant, act)
        else:
            doubted.append(Doubted(number, act.participant, problem))
    return Judged(believed, tuple(doubted))


def erased() -> dict[str, Act]:
    """Every erasure that stands, by participant: those of the record, and those its register says."""
    return {**judge(register()).believed, **_acts_of_record()}


def replay() -> list[str]:
    """Closes again what a backup brought back: keys are set aside, the entries that say so entered again.

    Called whenever a record is opened and whenever keys are restored. An erasure that only the record knows
    (its register was lost) is added to the register.

    Returns:
        The participants of whom something had come back.
    Raises:
        StoreError: when the lines of the register do not follow each other.
    """
    known = judge(register()).believed
    for participant, act in _acts_of_record().items():
        if participant not in known:
            add_to_register(register(), act)
            known[participant] = act
    _bring_back_returned(known)
    if not known:
        return []
    back = set(keychain().set_aside(known, datetime.now(UTC)))
    with transaction.atomic():
        for participant, act in known.items():
            if _enter_again(act):
                back.add(participant)
    return sorted(back)


def set_aside() -> dict[str, datetime]:
    """Since when the keys of whom are set aside."""
    return {name: one.since for name, one in keychain().aside().items()}


def destroy_key(participant: str, signer: Signer) -> None:
    """A person has a key destroyed that came back and was set aside; identities go with it.

    Raises:
        StoreError: when no key of the participant is set aside, or not long enough to have been returned.
    """
    with transaction.atomic():
        acts.one_at_a_time()
        since = _require_aside(participant)
        until = since + ASIDE_FOR
        if datetime.now(UTC) < until:
            raise StoreError(
                f"the key of {participant} is set aside since {since:%Y-%m-%d %H:%M %Z}: it can be destroyed "
                f"from {until:%Y-%m-%d %H:%M %Z} on, and returned until then"
            )
        _decide(participant, "destroyed", signer)
        models.Identity.objects.filter(participant=participant).delete()
        forget_attachments(participant)
    keychain().remove([participant])


def return_key(participant: str, reason: str, signer: Signer) -> None:
    """A person who signed neither request nor confirmation has a key returned that was set aside.

    Args:
        reason: a code, for the entry that withdraws what the participant's ledger says of the erasure.
    Raises:
        StoreError: when no key of the participant is set aside, or the signer may not decide this.
    """
    if reason not in REASONS:
        raise StoreError(f"a withdrawal has a reason, one of {', '.join(sorted(REASONS))}")
    with transaction.atomic():
        acts.one_at_a_time()
        _require_aside(participant)
        holder, place = require(signer, "erase"), acts.here()
        noted = _notes_of(participant)
        _decide(participant, "returned", signer)
        for note in noted:
            void = acts.entry_of(
                place, VOID, {}, by=signer.person, role=holder.role, ledger=participant, reason=reason
            )
            void = msgspec.structs.replace(void, replaces=note)
            append(void, received_at=acts.now(), authenticated=signer.prove(void))
    keychain().bring_back(participant)


def notices() -> list[str]:
    """What somebody should look at: lines of the register that are not believed, keys set aside."""
    path = register()
    found = [
        f"{path}, line {one.line} is not believed, and erases nothing: {one.participant}: {one.problem}"
        for one in judge(path).doubted
    ]
    for participant, since in set_aside().items():
        found.append(
            f"the key of {participant} came back and is set aside since {since:%Y-%m-%d}: from "
            f"{since + ASIDE_FOR:%Y-%m-%d} on `entact erase finish` destroys it"
        )
    return found


def _decide(participant: str, decision: Literal["destroyed", "returned"], signer: Signer) -> None:
    """Enters what becomes of a key; inside the transaction, which fails when that would not count."""
    holder, place = require(signer, "erase"), acts.here()
    done = _known().done.get(participant)
    if done is None:
        raise StoreError(f"no erasure of {participant} stands in the study's ledger")
    payload = ErasureDecided(participant, done.asked.entry.id, decision)
    statement = statement_of("erasure_decided", place.ledger, place.environment, payload)
    signed = msgspec.structs.replace(payload, signatures=[signer.sign(statement, DECIDES)])
    entered = acts.enter(
        place, "erasure_decided", signed, by=signer.person, role=holder.role, prove=signer.prove
    )
    problem = dict(_known().problems).get(read(entered.line.text).id)
    if problem is not None:
        raise StoreError(problem)


def _require_aside(participant: str) -> datetime:
    found = keychain().aside().get(participant)
    if found is None:
        raise StoreError(f"no key of {participant} is set aside in {keychain().folder}")
    return found.since


def _bring_back_returned(erased: Mapping[str, Act]) -> None:
    """Finishes what a kill cut off: a key that was returned opens again."""
    known = _known()
    returned = {
        known.asked[name].request.participant for name in known.returned if name in known.asked
    } - erased.keys()
    for participant in returned & keychain().aside().keys():
        keychain().bring_back(participant)


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
    notes: dict[str, Entry] = {}
    found = models.Line.objects.filter(ledger__name__in=list(done), kind="erasure").order_by("seq")
    for entry in map(as_sent, map(read, found.values_list("text", flat=True))):
        if is_note_of(done[entry.ledger], entry):
            notes.setdefault(entry.ledger, entry)
    return {
        name: Act(
            name, [as_sent(one.asked.entry), as_sent(one.entry), *([notes[name]] if name in notes else [])]
        )
        for name, one in done.items()
    }


def _notes_of(participant: str) -> list[str]:
    """Ids of the entries in the participant's ledger that say that it was erased."""
    found = models.Line.objects.filter(ledger__name=participant, kind="erasure").order_by("seq")
    return list(dict.fromkeys(found.values_list("entry_id", flat=True)))


def _known() -> Erasures:
    return erasures(acts.entries(_ABOUT))


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
