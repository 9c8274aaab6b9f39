"""The one door for writing: acts, which a gate has to allow, facts, which happened, and what people did here.

An act is decided and kept in one transaction, on a course and a setting that this process holds folded. A
fact is never refused for what it says. What is personal is sealed here, before it reaches the database.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from datetime import datetime
from typing import Any

import msgspec
from django.db import connection, transaction
from psycopg import Cursor

from entact.course import Course, Entry, Receipt, Refused, fold, instant, read
from entact.course.act import attempt, kits_given
from entact.course.entry import CLAIMED, SYSTEM, Authenticated, as_sent
from entact.course.entry.effective import VOID
from entact.course.kinds import KINDS, SITE_KINDS, STUDY_KINDS, SYSTEM_KINDS
from entact.course.kinds.dose import KIT_ASSIGNED
from entact.course.kinds.periodic import PERIODIC_REPORT
from entact.course.kinds.raters import OF_RATERS
from entact.course.kinds.study import HOLD, RELEASE, LedgerOpened
from entact.course.personal import seal_entry
from entact.course.signed.device import DeviceProof
from entact.course.state.numbers import Number, number_in
from entact.course.state.oversight import counts_places, gates_enrolment, quotas_of
from entact.course.state.setting import Enrolled
from entact.protocol import Release, Study
from entact.store import models
from entact.store.allocation import awaits_number, next_of_list, with_packed_kits
from entact.store.appending import (
    append,
    append_held,
    hold_ledger,
    leave_broken_connection,
    refusals,
    require_name,
)
from entact.store.derived import PARTICIPANT, stored_number
from entact.store.devices import authenticate
from entact.store.error import StoreError
from entact.store.index import storable
from entact.store.known import Known, raw_cursor, remembered
from entact.store.notice import notice_of
from entact.store.numbers import numbers_asked, shared_by
from entact.store.participant_keys import key_of
from entact.store.reading import lines_with
from entact.store.setting import Amended, setting_held
from entact.store.under_key import is_open, key_in, lost_key, sealed_entry, study_entered

_TURNS = 5  # in which others may take the number that is asked for, or change which releases are in force
SYSTEM_LEDGER = "system"  # what people did to, and with, the system itself

# By the first part of a ledger's name, what people note in it who do it in the system.
_NOTED = {
    SYSTEM_LEDGER: SYSTEM_KINDS,
    "site:": SITE_KINDS,
    "study:": {
        name: STUDY_KINDS[name] for name in (*OF_RATERS, PERIODIC_REPORT.name, HOLD.name, RELEASE.name)
    },
}


class Failed(msgspec.Struct, frozen=True):
    """Why one of several facts could not be kept; the others were."""

    problem: str


def act(
    entry: Entry,
    *,
    received_at: str,
    authenticated: Authenticated = CLAIMED,
    asked_at: str | None = None,
) -> Receipt | Refused:
    """Does an act if its gate allows it: asked on what is known now, and kept with the answer, or neither.

    Sent again, it is kept once, whatever the gate would say now. Others who act on the same participant, or
    change the study or the site, wait until it is decided; other participants do not. A randomisation that
    says no number is given the next of its stratum of the sealed list: no number twice, and none passed over.
    Where kits are packed for rows of the list, those for the first session are assigned in the transaction.

    Args:
        entry: of the act, without a basis; which gate is asked follows from it (see `course.act.attempt`).
        received_at: the server's clock, at which the gate is asked. authenticated: who sent it, as the server
            knows. asked_at: when the gate is asked instead, of what was done without a network and arrives
            later.
    Returns:
        Its receipt, with the basis in its line; or every reason against it, and then nothing is kept.
    Raises:
        StoreError: when participant or site are not in this record, or when the entry cannot be kept.
    """
    for _ in range(_TURNS):
        with suppress(_NumberTaken, Amended):
            return _act(entry, received_at, authenticated, instant(asked_at or received_at))
    raise StoreError(
        f"others took the numbers of entry {entry.id}, or releases changed, again and again: ask once more"
    )


def _act(entry: Entry, received_at: str, authenticated: Authenticated, at: datetime) -> Receipt | Refused:
    require_name(entry.ledger)
    stamp, study = study_entered()
    sealed = seal_entry(study, msgspec.structs.replace(entry, basis=None), key_in(entry.ledger))
    counting = entry.kind == _counted(study.newest)
    study_ledger = f"study:{study.name}"
    with _known([entry.ledger, study_ledger] if counting else [entry.ledger]) as known:
        if storable(entry.id) in known[0].ids:
            return _again(sealed) or append_held(known[0], sealed, received_at, authenticated)
        course, cursor = _as_of(_course(known[0]), study, at, instant(received_at)), raw_cursor()
        numbers = numbers_asked(course, sealed)
        setting = setting_held(
            cursor, stamp, study, course.site or "", numbers, counting=counting, course=course
        )
        next_one = next_of_list(cursor, sealed, study, setting, course, at)
        if isinstance(next_one, Refused):
            return next_one
        setting = with_packed_kits(cursor, next_one, setting)
        done = attempt(next_one, study, setting, course, at)
        if isinstance(done, Refused):
            return done
        receipt = append_held(known[0], done, received_at, authenticated)
        for kit in kits_given(done, study, setting, course, at):
            append_held(known[0], notice_of(done, known[0], KIT_ASSIGNED.name, kit), received_at, SYSTEM)
        if done.basis is not None or number_in(done) is not None:
            _require_own(cursor, entry.ledger, setting.numbers)
        if counting:
            append_held(known[1], _place_taken(known[1], course, sealed), received_at, SYSTEM)
        return receipt


class _NumberTaken(Exception):
    """Another took a number between the question and the answer: the gate has to be asked anew."""


def _require_own(cursor: Cursor[Any], ledger: str, known: Mapping[Number, frozenset[str]]) -> None:
    """Lets an act go by only if it shares no number of which its gate did not know.

    Who takes a number waits for everybody who has taken it and is not done, so that the rows tell it.
    """
    told = {stored_number(number) for number, ledgers in known.items() if ledgers - {ledger}}
    if shared_by(cursor, ledger) - told:
        raise _NumberTaken


def fact(
    entry: Entry,
    *,
    received_at: str,
    authenticated: Authenticated = CLAIMED,
    proof: DeviceProof | None = None,
) -> Receipt:
    """Keeps a fact about a participant; what is personal in it reaches the database as ciphertext alone.

    The first one opens the ledger: a key is made, and the birth noted in the study's ledger. A fact that
    arrives after the participant was erased is kept, and what is personal in it is lost at once.

    Args:
        entry: as sent, personal items in plain. received_at: the server's clock.
        authenticated: who sent it, as the server knows. proof: of the device that wrote it offline, instead.
    Raises:
        StoreError: when a correction or withdrawal has no reason, or the participant's key is not here.
    """
    require_name(entry.ledger)
    if not entry.ledger.startswith(PARTICIPANT):
        raise StoreError(f"{entry.ledger} is no participant: what is recorded here is about one")
    _require_reason(entry)
    sealed = sealed_entry(entry)
    if proof is not None:
        authenticated = authenticate(entry, proof, received_at, key_of(entry.ledger) or lost_key())
    return append_or_open(sealed, received_at, authenticated)


def facts(
    entries: Iterable[Entry], *, received_at: str, authenticated: Authenticated = CLAIMED
) -> list[Receipt | Failed]:
    """Keeps facts in their order, with a receipt for each: one that fails holds up nothing behind it."""
    outcomes: list[Receipt | Failed] = []
    for entry in entries:
        try:
            outcomes.append(fact(entry, received_at=received_at, authenticated=authenticated))
        except StoreError as error:
            outcomes.append(Failed(str(error)))
    return outcomes


def facts_about(
    ledger: str,
    compose: Callable[[Course, bytes], Iterable[Entry]],
    *,
    received_at: str,
    prove: Callable[[Entry], Authenticated],
) -> list[Receipt]:
    """Keeps several facts about a participant who is in this record, all of them or none.

    Nobody writes about the participant between what `compose` sees and what is kept of it.

    Args:
        compose: from the course as it stands, and the participant's key, to entries with personal items in
            plain. received_at: the server's clock. prove: who enters one, of the entry as it is kept.
    Raises:
        StoreError: when the participant or the key is not here, one of them is another's or an act that a
            gate has to allow, or a correction has no reason; and nothing is kept.
    """
    require_name(ledger)
    _, study = study_entered()
    key, receipts = key_in(ledger), []
    with _known([ledger]) as (known,):
        course = _course(known)
        for entry in compose(course, key):
            _require_fact(entry, ledger, course)
            sealed = seal_entry(study, entry, key)
            receipts.append(append_held(known, sealed, received_at, prove(sealed)))
    return receipts


def _require_fact(entry: Entry, ledger: str, course: Course) -> None:
    """Refuses what is not a fact about that participant: whatever a gate decides is asked of the gate."""
    kind = KINDS.get(entry.kind)
    if entry.ledger != ledger or not (kind is not None or entry.kind == VOID):
        raise StoreError(f"entry {entry.id} of kind {entry.kind!r} is no fact about {ledger}")
    if kind is not None and kind.acts:
        payload = msgspec.convert(entry.data, kind.payload)
        gated = kind.gated_act(course, entry, payload, instant(entry.occurred_at))
        if gated is not None or number_in(entry) is not None:
            raise StoreError(f"entry {entry.id} of kind {entry.kind!r} is decided at a gate, and by people")
    _require_reason(entry)


def _require_reason(entry: Entry) -> None:
    """Who changes or withdraws something says why."""
    if (entry.replaces is not None or entry.kind == VOID) and not (entry.reason or "").strip():
        raise StoreError(
            f"entry {entry.id} changes {entry.replaces or 'another'} and says no reason: give one"
        )


def note(entry: Entry, *, received_at: str, authenticated: Authenticated) -> Receipt:
    """Keeps what happened to the system itself, at a site, or to the study, in the ledger of that.

    What was entered at a site in error is withdrawn by a `void`, with a reason; it stays in the ledger.

    Of the system: accounts, roles, sign-ins, looks, exports. Of a site: that it may work, its staff, and the
    log of it. Of the study: releases, certificates of raters, who drifts, reports that were sent, holds;
    nothing else of it is on a page.

    Args:
        entry: of a kind of that ledger, with nothing personal of a participant in it.
        received_at: the server's clock. authenticated: who was there, as the server knows.
    Raises:
        StoreError: when it belongs into another ledger, or this record has no release yet.
    """
    kinds = _NOTED.get("".join(entry.ledger.partition(":")[:2]), {})
    if entry.kind == VOID and kinds is SITE_KINDS:
        _require_withdrawal(entry)
        return append_or_open(entry, received_at, authenticated)
    if entry.kind not in kinds:
        raise StoreError(f"an entry of kind {entry.kind!r} does not belong in the ledger {entry.ledger}")
    msgspec.convert(entry.data, kinds[entry.kind].payload)
    return append_or_open(entry, received_at, authenticated)


def _require_withdrawal(entry: Entry) -> None:
    """A withdrawal says why, and of which entry of its ledger."""
    if not (entry.reason or "").strip():
        raise StoreError(
            f"entry {entry.id} withdraws {entry.replaces or 'another'} and says no reason: give one"
        )
    there = models.Line.objects.filter(ledger__name=entry.ledger, entry_id=entry.replaces)
    if not there.exclude(kind=VOID).exists():
        raise StoreError(f"there is no entry {entry.replaces} in {entry.ledger} to withdraw")


@contextmanager
def _known(ledgers: Sequence[str]) -> Iterator[list[Known]]:
    """What is known of some ledgers, which are held until the transaction ends.

    Args:
        ledgers: in the order of their names, in which everybody takes them: nobody waits in a circle.
    """
    assert list(ledgers) == sorted(ledgers)
    # Where the caller may roll back, nothing is remembered.
    several = [Known(name) if connection.in_atomic_block else remembered(name) for name in ledgers]
    with refusals(), ExitStack() as locks:
        for known in several:
            locks.enter_context(known.lock)
        try:
            with transaction.atomic():
                for known in several:
                    hold_ledger(known)
                yield several
        except BaseException:
            for known in several:
                known.forget()
            leave_broken_connection()
            raise


def _course(known: Known) -> Course:
    if not known.seq:
        raise StoreError(f"there is no {known.ledger} in this record")
    if known.course is None:
        raise StoreError(f"the course of {known.ledger} cannot be made: nothing can be decided on it")
    return known.course


def _as_of(course: Course, study: Study, at: datetime, received: datetime) -> Course:
    """The course without what happened between an act and its late arrival, of which the act knew nothing.

    What claims to be of a time still to come stays: a gate says that it is.
    """
    since = {one.id for one in course.effective if at < one.at <= received}
    if not since:
        return course
    corrections = [one for one in course.entries if one.replaces is not None]
    while more := {one.id for one in corrections if one.replaces in since} - since:
        since |= more
    return fold(study, [one for one in course.entries if one.id not in since])


def _again(entry: Entry) -> Receipt | None:
    """The receipt of an act that was kept before: the same but for what the record gave it."""
    asked = _as_asked(entry, entry)
    for line in lines_with(entry):
        if _as_asked(as_sent(read(line.text)), entry) == asked:
            return Receipt("again", line)
    return None


def _as_asked(entry: Entry, asked: Entry) -> Entry:
    """Without its basis, and without the number of the list where none was asked for."""
    data = entry.data
    if awaits_number(asked):
        data = {name: value for name, value in data.items() if name != "number"}
    return msgspec.structs.replace(entry, basis=None, data=data)


def _counted(release: Release) -> str | None:
    """The kind of entry that takes a place, where places are counted over the study."""
    if not counts_places(release):
        return None
    randomised = release.file.randomisation is not None
    return "randomisation" if randomised and not gates_enrolment(release) else "enrolment"


def _place_taken(into: Known, course: Course, entry: Entry) -> Entry:
    """The notice in the study's ledger that a place is taken, and of which quotas."""
    at = instant(entry.occurred_at)
    release = course.release_at(at)
    against = [name for name, counts in quotas_of(release, course, at).items() if counts is not False]
    taken = Enrolled(entry.ledger, course.site or "", course.population or "", against)
    return notice_of(entry, into, "enrolled", taken)


def append_or_open(sealed: Entry, received_at: str, authenticated: Authenticated) -> Receipt:
    """Appends an entry; the first of a ledger together with its birth in the study's ledger."""
    if is_open(sealed.ledger):
        return append(sealed, received_at=received_at, authenticated=authenticated)
    require_name(sealed.ledger)
    _, study = study_entered()
    birthplace = f"study:{study.name}"
    with _known(sorted((sealed.ledger, birthplace))) as several:
        known = {one.ledger: one for one in several}
        opens = not known[sealed.ledger].seq
        receipt = append_held(known[sealed.ledger], sealed, received_at, authenticated)
        if opens:
            birth = notice_of(sealed, known[birthplace], "ledger_opened", LedgerOpened(sealed.ledger))
            append_held(known[birthplace], birth, received_at, SYSTEM)
        return receipt
