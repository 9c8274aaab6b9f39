"""Freezes ledgers with every kind of entry: `python -m tests.golden.ledgers.freeze NAME`, once for each name.

What is frozen stays as it is for ever. A kind that is added later gets a story of its own below and a new
folder; tests/store/test_formats.py says when one is missing. The script refuses to write what is there.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
from tests.course.conftest import START, Story
from tests.store.frozen import ENTRIES, GOLDEN, KEYS, RELEASES, SUMMARY, read_frozen, summarise

from entact.course import Authenticated, Course, Entry, Ledger, fold, record, uuid7
from entact.course.entry import Head
from entact.course.entry.versions import version_digest
from entact.course.found.attested import version_of
from entact.course.signed.custody import CustodyAct
from entact.course.signed.cut import Manifest
from entact.course.signed.device import DeviceKey
from entact.course.signed.erasure import ErasureDecided, ErasureRequested
from entact.course.signed.signature import SigningKey, public_key, sign, statement_of
from entact.protocol import Study, load_study

FORMAT = 2
STUDY, SITE = "study:mini", "site:denver"
A, B = "participant:" + "0a" * 16, "participant:" + "0b" * 16
SEEDS = {"investigator-1": bytes(range(32)), "monitor-1": bytes(range(32, 64))}  # made up, of nobody
SEEDS["investigator-2"] = bytes(range(64, 96))


class Writer:
    """Keeps entries in ledgers as a server would, on a clock of its own."""

    def __init__(self, study: Study) -> None:
        self.study = study
        self.ledgers: dict[str, Ledger] = {}
        self.courses: dict[str, Course] = {}
        self.keys = {A: bytes([10]) * 32, B: bytes([11]) * 32}
        self.clock = START

    def keep(self, entry: Entry) -> Entry:
        """Keeps an entry as received a second after the one before, and not before it was written down."""
        self.clock = max(self.clock + timedelta(seconds=1), _time(entry.recorded_at, self.clock))
        received = self.clock.isoformat()
        ledger = self.ledgers.setdefault(entry.ledger, Ledger(entry.ledger))
        if entry.ledger.startswith("participant:"):
            course = self.courses.setdefault(entry.ledger, fold(self.study, []))
            key = self.keys[entry.ledger]
            who = self.who(entry)
            record(self.study, ledger, course, entry, received_at=received, key=key, authenticated=who)
        else:
            ledger.append(entry, received_at=received, authenticated=self.who(entry))
        return entry

    def who(self, entry: Entry) -> Authenticated:
        """Who was authenticated: the author, signed in."""
        return Authenticated(how="session", who=entry.by, session="5e55")

    def say(self, ledger: str, kind: str, data: dict[str, Any], **fields: Any) -> Entry:
        """Writes down and keeps an entry now."""
        at = (self.clock + timedelta(minutes=1)).isoformat()
        number = sum(len(one.lines) for one in self.ledgers.values())
        given: dict[str, Any] = {
            "id": uuid7(self.clock, (number + 1) << 30),
            "release": self.study.newest.id,
            "environment": "rehearsal",
            "occurred_at": at,
            "recorded_at": at,
            "by": "investigator-1",
            "role": "investigator",
        }
        return self.keep(Entry(**given | fields, ledger=ledger, kind=kind, data=data))

    def heads(self) -> dict[str, Head]:
        return {name: Head(len(one.lines), one.head) for name, one in self.ledgers.items()}


def every_kind(writer: Writer) -> None:
    """A study, a site, and two participants: one whole course with all that can befall it, one that ends."""
    open_study(writer)
    whole_course(writer)
    what_befalls(writer)
    attest(writer)
    short_course(writer)
    decide(writer)


def conflicts(writer: Writer) -> None:
    """Ids that were used again: the first stands, or the version that a person decided to follow."""
    open_study(writer)
    writer.say(A, "consent", {"version": "1", "scopes": {"participation": True, "recording": False}})
    writer.say(A, "encounter", {"status": "started"}, encounter="closing#1")
    signs = {"systolic": "109 mm[Hg]", "diastolic": "80 mm[Hg]"}
    left = writer.say(A, "vital_signs", signs, encounter="closing#1")
    writer.keep(msgspec.structs.replace(left, by="therapist-2", data={"systolic": "111 mm[Hg]"}))
    settled = writer.say(A, "vital_signs", signs, encounter="closing#1")
    right = msgspec.structs.replace(settled, data={**signs, "systolic": "119 mm[Hg]"})
    writer.keep(right)
    told = {"follow": version_digest(right)}
    writer.say(A, "conflict_decided", told, about=settled.id, reason="source_document")
    writer.say(A, "safety_call", {"reached": True, "minutes": 12, "note": "slept well"})
    kit = writer.say(SITE, "kit", {"number": "K-2", "status": "received", "expires": "2027-12"})
    writer.keep(msgspec.structs.replace(kit, data={**kit.data, "status": "destroyed"}))
    short_course(writer)


def returned(writer: Writer) -> None:
    """An erasure whose key was set aside, and returned by somebody who had not signed it."""
    open_study(writer)
    third = "investigator-2"
    payload = SigningKey(third, "investigator", public_key(SEEDS[third]), ["erase"])
    _signed(writer, "signing_key", payload, [(third, "holds_key"), ("investigator-1", "vouches")])
    for who, number in ((A, "S-1"), (B, "S-2")):
        writer.say(who, "consent", {"version": "1", "scopes": {"participation": True, "recording": False}})
        writer.say(who, "screening", {"attempt": 1, "number": number, "site": "denver"})
        writer.say(who, "safety_call", {"reached": True, "minutes": 12, "note": "slept well"})
    later = (writer.clock + timedelta(days=2)).isoformat()
    request = ErasureRequested(B, "participant_request", later)
    asked = _signed(writer, "erasure_requested", request, [("investigator-1", "asks_for_erasure")])
    statement = statement_of("erasure_requested", STUDY, "rehearsal", request)
    confirmed = _signature(writer, statement, "monitor-1", "confirms_erasure")
    writer.say(STUDY, "erasure", {"participant": B, "request": asked.id, "signatures": [confirmed]})
    decided = ErasureDecided(B, asked.id, "returned")
    _signed(writer, "erasure_decided", decided, [(third, "decides_about_key")])


def overridden(writer: Writer) -> None:
    """A requirement that was set aside by a verbal order, which its author confirmed."""
    open_study(writer)
    for who, number in ((A, "S-1"), (B, "S-2")):
        writer.say(who, "consent", {"version": "1", "scopes": {"participation": True, "recording": False}})
        writer.say(who, "screening", {"attempt": 1, "number": number, "site": "denver"})
        writer.say(who, "safety_call", {"reached": True, "minutes": 12, "note": "slept well"})
    signs = {"systolic": "145 mm[Hg]", "diastolic": "80 mm[Hg]"}
    high = writer.say(A, "vital_signs", signs, encounter="session_1#1")
    version = version_of(next(one for one in writer.courses[A].effective if one.id == high.id))
    told = {"requirement": "initial_dose.2", "entries": [high.id], "versions": [version]}
    ordered = told | {"ordered_by": "investigator-1"}
    by = {"by": "therapist-1", "role": "therapist", "reason": "The cuff was too small."}
    order = writer.say(A, "override", ordered, encounter="session_1#1", **by)
    writer.say(A, "override", told, encounter="session_1#1", about=order.id, reason="source_document")


def custody(writer: Writer) -> None:
    """A person answers for a copy of the participants' keys."""
    open_study(writer)
    for who, number in ((A, "S-1"), (B, "S-2")):
        writer.say(who, "consent", {"version": "1", "scopes": {"participation": True, "recording": False}})
        writer.say(who, "screening", {"attempt": 1, "number": number, "site": "denver"})
        writer.say(who, "safety_call", {"reached": True, "minutes": 12, "note": "slept well"})
    act = CustodyAct("backed_up", "5e550000-0000-4000-8000-000000000001", 2, [], "5" * 64)
    _signed(writer, "custody", act, [("investigator-1", "answers_for_keys")])


def device(writer: Writer) -> None:
    """A device's key is enrolled, and revoked."""
    open_study(writer)
    for who, number in ((A, "S-1"), (B, "S-2")):
        writer.say(who, "consent", {"version": "1", "scopes": {"participation": True, "recording": False}})
        writer.say(who, "screening", {"attempt": 1, "number": number, "site": "denver"})
        writer.say(who, "safety_call", {"reached": True, "minutes": 12, "note": "slept well"})
    seed = b"tablet-1".ljust(32, b".")
    payload = DeviceKey("tablet-1", public_key(seed))
    statement = statement_of("device_key", STUDY, "rehearsal", payload)
    at = writer.clock.isoformat()
    shown = sign(statement, person="tablet-1", meaning="holds_device_key", at=at, seed=seed)
    told = msgspec.to_builtins(msgspec.structs.replace(payload, signatures=[shown]))
    writer.say(STUDY, "device_key", told)
    revoked = msgspec.structs.replace(payload, status="revoked")
    writer.say(STUDY, "device_key", msgspec.to_builtins(revoked))


def queried(writer: Writer) -> None:
    """Queries: one that is open, one that was answered and closed, and an answer to none."""
    open_study(writer)
    writer.say(A, "consent", {"version": "1", "scopes": {"participation": True, "recording": False}})
    writer.say(A, "encounter", {"status": "started"}, encounter="closing#1")
    signs = {"systolic": "191 mm[Hg]", "diastolic": "80 mm[Hg]"}
    read = writer.say(A, "vital_signs", signs, encounter="closing#1")
    asks: dict[str, Any] = {"by": "monitor-1", "role": "monitor"}
    data = {"said": "raised", "entry": read.id, "item": "systolic", "text": "Is 119 meant?"}
    first = writer.say(A, "query", data, **asks)
    writer.say(A, "query", {"said": "raised", "entry": read.id, "text": "Which arm?"}, **asks)
    writer.say(A, "query", {"said": "answered", "text": "It is: corrected."}, about=first.id)
    mended = {"systolic": "119 mm[Hg]"}
    writer.say(A, "vital_signs", mended, replaces=read.id, reason="transcription_error")
    writer.say(A, "query", {"said": "closed"}, about=first.id, **asks)
    writer.say(A, "query", {"said": "answered", "text": "To what?"}, about=read.id)


STORIES: dict[str, Callable[[Writer], None]] = {
    "every-kind": every_kind,
    "conflicts": conflicts,
    "returned": returned,
    "overridden": overridden,
    "custody": custody,
    "device": device,
    "queried": queried,
}


def open_study(writer: Writer) -> None:
    release = writer.study.newest
    writer.say(STUDY, "release", {"id": release.id, "text": release.text.decode()})
    root = "5" * 64
    writer.say(STUDY, "commitment", {"list_root": root, "list_rows": 8, "kits_root": root, "kits_rows": 32})
    for name in (SITE, A, B):
        writer.say(STUDY, "ledger_opened", {"ledger": name})
    writer.say(STUDY, "enrolled", {"ledger": A, "site": "denver", "population": "patient"})
    writer.say(STUDY, "hold", {"hold": "pause", "status": "placed", "stops": ["dosing"]})
    writer.say(STUDY, "hold", {"hold": "pause", "status": "lifted", "stops": ["dosing"]})
    told = {"release": release.id, "status": "active", "timezone": "America/Denver"}
    writer.say(SITE, "activation", told)
    certificates = [{"name": "gcp", "expires": "2028-01-31"}]
    for person, role in (("investigator-1", "investigator"), ("therapist-1", "therapist")):
        writer.say(SITE, "staff", {"person": person, "roles": [role], "certificates": certificates})
    kit = {"number": "K-1", "status": "received", "expires": "2027-12", "lot": "L-7"}
    stock = writer.say(SITE, "kit", kit)
    writer.say(SITE, "kit", {"expires": "2027-11"}, replaces=stock.id, reason="source_document")
    words = {"instrument": "scale", "language": "en", "version": "2", "holder": "nobody", "digest": "7" * 64}
    writer.say(SITE, "wording", words)
    for person in ("investigator-1", "monitor-1"):
        payload = SigningKey(person, "investigator", public_key(SEEDS[person]), ["erase", "cut", "unlock"])
        _signed(writer, "signing_key", payload, [(person, "holds_key"), ("investigator-1", "vouches")])


def whole_course(writer: Writer) -> None:
    story = Story(writer.study).whole()
    for entry in story.entries:
        writer.keep(msgspec.structs.replace(entry, ledger=A))
    writer.keep(msgspec.structs.replace(story.entries[5], ledger=A))  # sent again: kept once


def what_befalls(writer: Writer) -> None:
    def say(kind: str, data: dict[str, Any], **fields: Any) -> Entry:
        return writer.say(A, kind, data, **fields)

    ill = say("adverse_event", {"verbatim": "felt sick", "term": "nausea", "severity": "mild"})
    say("adverse_event", {"outcome": "resolved", "resolved": "2026-04-20"}, about=ill.id)
    say("safety_report", {"report": "expedited", "number": "X-1"}, about=ill.id)
    writer.say(STUDY, "serious_event", {"ledger": A, "event": ill.id, "related": False, "expected": True})
    taken = say("medication", {"name": "ibuprofen", "indication": "headache", "started": "2026-04"})
    say("medication", {"stopped": "2026-04-19"}, about=taken.id)
    say("safety_call", {"reached": True, "minutes": 12, "suicidality": False, "note": "slept well"})
    told_twice = say(
        "deviation", {"category": "visit_window", "importance": "minor", "account": "The road was closed."}
    )
    high = {
        "systolic": "190 mm[Hg]",
        "diastolic": "92 mm[Hg]",
        "heart_rate": "96 /min",
        "temperature": "37.4 Cel",
    }
    vitals = say(
        "vital_signs", high, encounter="closing#1", by="therapist-1", role="therapist", device="cuff-3"
    )
    told = {"alert": "hypertension", "action": "repeated", "note": "rested, measured again"}
    say("alert_answered", told, about=vitals.id)
    fix = say("vital_signs", {"systolic": "148 mm[Hg]"}, replaces=vitals.id, reason="transcription_error")
    say("vital_signs", {"systolic": "149 mm[Hg]"}, replaces=fix.id, reason="He had read the wrong line.")
    alarming = high | {"systolic": "185 mm[Hg]"}
    say("vital_signs", alarming, encounter="closing#1", source="transcribed")
    wrong = say(
        "form", {"form": "suicidality", "items": {"ideation": 5, "behaviour": True}}, encounter="closing#1"
    )
    gone = say("void", {}, replaces=wrong.id, reason="wrong_participant")
    again = say("void", {}, replaces=gone.id, reason="entered_in_error")
    say("void", {}, replaces=again.id, reason="entered_in_error")
    say("guess", {"guesser": "rater", "arm": "placebo", "confidence": 55}, id=told_twice.id)  # a conflict
    say("vital_signs", {"systolic": 148.5})  # a binary number: kept as received, unparsed
    say("therapist_note", {"said": "He spoke of Anna."})  # a kind that nobody knows
    say("form", {"form": "symptoms", "items": {"total": {"missing": "refused"}, "Anna": "x"}}, role="rater")
    say("form", {"form": "readiness", "items": {}, "status": "not_done"}, release="mini@sha256:" + "0" * 64)
    late = (writer.clock - timedelta(hours=8)).isoformat()
    offline = {"occurred_at": late, "recorded_at": late, "clock_offset_ms": 3_600_000, "device": "tablet-3"}
    say("presence", {"person": "therapist-1", "role": "therapist", "state": "out"}, **offline)
    say("presence", {"person": "therapist-1", "role": "therapist", "state": "in"}, occurred_at="yesterday")


def attest(writer: Writer) -> None:
    course = writer.courses[A]
    signed = [one for one in course.effective if one.entry.kind in ("eligibility", "enrolment")]
    versions = [version_of(one) for one in signed]
    told = {"meaning": "approved", "entries": [one.id for one in signed], "versions": versions}
    writer.say(A, "signature", told)
    writer.say(A, "identity", {"site": "denver", "items": ["name", "telephone"]})
    writer.say(A, "planned_unblinding", {"arm": "mdma", "told": ["participant"]})
    writer.say(A, "unblinding", {"recipient": "monitor-1", "cause": "emergency"})
    writer.say(A, "freeze", {"of": "encounter"}, encounter="outcome#1")
    writer.say(A, "freeze", {"of": "participant"})


def short_course(writer: Writer) -> None:
    writer.say(B, "consent", {"version": "1", "scopes": {"participation": True, "recording": False}})
    writer.say(B, "screening", {"attempt": 1, "number": "S-2", "site": "denver"})
    writer.say(B, "link", {"ledger": A, "as": "carer"})
    stops = {"of": "follow_up", "decided_by": "participant", "cause": "moved_away"}
    writer.say(B, "discontinuation", stops)
    writer.say(B, "death", {"date": "2026-05", "cause": "an accident"})


def decide(writer: Writer) -> None:
    """What two persons sign: an erasure, a lock and its unlock; then the heads."""
    later = (writer.clock + timedelta(days=2)).isoformat()
    request = ErasureRequested(B, "participant_request", later)
    asked = _signed(writer, "erasure_requested", request, [("investigator-1", "asks_for_erasure")])
    statement = statement_of("erasure_requested", STUDY, "rehearsal", request)
    confirmed = _signature(writer, statement, "monitor-1", "confirms_erasure")
    writer.say(STUDY, "erasure", {"participant": B, "request": asked.id, "signatures": [confirmed]})
    told = {"request": asked.id, "cause": "participant_request"}
    writer.say(B, "erasure", told | {"asked_by": "investigator-1", "confirmed_by": "monitor-1"})

    lock = _manifest(writer, "final", "lock")
    _signed(writer, "cut", lock, [("investigator-1", "cuts_data")], statement=lock.digest)
    reason = {"previous": lock.digest, "reason": "late_information", "expires": later}
    unlock = _manifest(writer, "final-2", "unlock", **reason)
    asked = _signed(
        writer, "unlock_requested", unlock, [("investigator-1", "asks_for_unlock")], statement=unlock.digest
    )
    second = _signature(writer, unlock.digest, "monitor-1", "confirms_unlock")
    writer.say(STUDY, "unlock", {"name": unlock.name, "request": asked.id, "signatures": [second]})
    revoked = SigningKey("monitor-1", "investigator", public_key(SEEDS["monitor-1"]), [], "revoked")
    _signed(writer, "signing_key", revoked, [("monitor-1", "revokes_key")])
    writer.say(STUDY, "heads", {"heads": msgspec.to_builtins(writer.heads())})


def _manifest(writer: Writer, name: str, purpose: Any, **more: Any) -> Manifest:
    at = writer.clock.isoformat()
    fields = {"ledger": STUDY, "environment": "rehearsal", "release": writer.study.newest.id, "at": at}
    return Manifest(name=name, purpose=purpose, heads=writer.heads(), **fields, **more)


def _signed(
    writer: Writer,
    kind: str,
    payload: msgspec.Struct,
    signers: list[tuple[str, str]],
    *,
    statement: str | None = None,
) -> Entry:
    covered = statement or statement_of(kind, STUDY, "rehearsal", payload)
    signatures = [_signature(writer, covered, person, meaning) for person, meaning in signers]
    return writer.say(STUDY, kind, msgspec.to_builtins(payload) | {"signatures": signatures})


def _signature(writer: Writer, statement: str, person: str, meaning: str) -> dict[str, Any]:
    at = writer.clock.isoformat()
    made = sign(statement, person=person, meaning=meaning, at=at, seed=SEEDS[person])
    return dict(msgspec.to_builtins(made))


def _time(text: str, otherwise: datetime) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return otherwise


def freeze(name: str, folder: Path) -> None:
    """Writes the ledgers of a story, the releases and keys that open them, and what they say today."""
    study = load_study(Path(__file__).parents[2] / "studies" / "mini")
    writer = Writer(study)
    STORIES[name](writer)
    (folder / RELEASES).mkdir(parents=True)
    for number, release in enumerate(study.releases, start=1):
        (folder / RELEASES / f"{number:03}.json").write_bytes(release.text)
    lines = [line.text for ledger in writer.ledgers.values() for line in ledger.lines]
    (folder / ENTRIES).write_text("".join(text + "\n" for text in lines))
    keys = {name: key.hex() for name, key in writer.keys.items()}
    (folder / KEYS).write_text(json.dumps(keys, indent=1) + "\n")
    told = json.dumps(summarise(read_frozen(folder)), ensure_ascii=False, indent=1, sort_keys=True)
    (folder / SUMMARY).write_text(told + "\n")


def main(names: list[str]) -> int:
    """Freezes the stories with these names; 2 for one that is frozen already or not known."""
    for name in names:
        folder = GOLDEN / f"format-{FORMAT}" / name
        if name not in STORIES or folder.exists():
            print(f"freeze: {name} is {'frozen already' if folder.exists() else 'no story'}", file=sys.stderr)
            return 2
        freeze(name, folder)
        print(f"frozen: {folder.name}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
