"""A small study as it lives in a database: its release, persons who sign, and participants."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from zlib import crc32

from entact import store
from entact.course import Entry, uuid7
from entact.course.signed.signature import Power
from entact.protocol import Study
from entact.protocol.load import load_study
from entact.store.door import fact as record_fact
from entact.store.signature import Signer, enter_key

MINI = Path(__file__).parents[1] / "studies" / "mini" / "study.yaml"
BEGIN = datetime(2026, 3, 2, 10, tzinfo=timezone(timedelta(hours=-7)))
NOW = "2026-03-02T20:00:00+00:00"
ANNA = "participant:" + "0a" * 16
BERT = "participant:" + "0b" * 16
ALL: tuple[Power, ...] = ("erase", "cut", "unlock")  # of most; who keeps keys is another person


def enter_study() -> Study:
    """Enters the release of the small study in its ledger."""
    study = load_study(MINI)
    release = study.newest
    data = {"id": release.id, "text": release.text.decode()}
    store.append(fact(study, 0, "release", data, ledger="study:mini", role="sponsor"), received_at=NOW)
    return study


def signer(person: str) -> Signer:
    """A person with a private key of which the study knows nothing yet."""
    return Signer(person, person.encode().ljust(32, b"."))


def enter_persons(*names: str, powers: Iterable[Power] = ALL) -> list[Signer]:
    """Persons whose keys count, the first of whom vouches for the others."""
    signers = [signer(name) for name in names]
    for one in signers:
        enter_key(one, "data_manager", powers, voucher=None if one is signers[0] else signers[0])
    return signers


def fact(study: Study, number: int, kind: str, data: dict[str, Any], **fields: Any) -> Entry:
    """Number `number` of what was entered about a participant; the same arguments give the same entry."""
    at = BEGIN + timedelta(minutes=number)
    ledger = fields.pop("ledger", ANNA)
    return Entry(
        id=uuid7(at, number + (crc32(ledger.encode()) << 16) + (1 << 66)),
        ledger=ledger,
        kind=kind,
        release=study.newest.id,
        environment="rehearsal",
        occurred_at=at.isoformat(),
        recorded_at=at.isoformat(),
        by="t-1",
        role=fields.pop("role", "therapist"),
        data=data,
        **fields,
    )


def consent(study: Study, ledger: str = ANNA) -> None:
    """The first two entries of a participant."""
    keep(
        study,
        fact(
            study,
            1,
            "screening",
            {"attempt": 1, "number": f"S-{ledger[-2:]}", "site": "denver"},
            ledger=ledger,
        ),
    )
    scopes = {"participation": True, "recording": False}
    keep(study, fact(study, 2, "consent", {"version": "1.0", "scopes": scopes}, ledger=ledger))


def keep(study: Study, entry: Entry) -> str:
    """Records a fact; returns its id."""
    record_fact(entry, received_at=NOW)
    return entry.id
