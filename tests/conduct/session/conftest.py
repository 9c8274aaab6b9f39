"""A participant on the dosing day, in the database, and what a console would send."""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from tests.conduct.browser import Browser
from tests.conduct.record import KEY
from tests.conduct.served import launched_with, served
from tests.course.cases import Case, before

from entact import store
from entact.course import Entry, Ledger, fold, record, uuid7
from entact.protocol import Study

LEDGER = "participant:" + "0" * 30 + "0a"
ADDRESS = "/session/P-1/session_1.1/"
NOON = datetime.fromisoformat("2026-03-16T10:00:00-06:00")


def keep_case(case: Case, environment: str = "rehearsal", others: int = 0) -> str:
    """Keeps the ledgers of a case in the database in use; the participant's name.

    Args:
        others: as many more participants in a session, P-2 and so on, to whom no kit is assigned.
    """
    study = case.study
    ids: dict[str, str] = {}
    for number, entry in enumerate(case.entries.values(), start=1):
        ids[entry.id] = str(uuid7(datetime.fromisoformat(entry.occurred_at), number << 40))

    def moved(entry: Entry, ledger: str) -> Entry:
        return msgspec.structs.replace(
            entry, id=ids[entry.id], ledger=ledger, environment=environment, about=ids.get(entry.about or "")
        )

    participant, course = Ledger(LEDGER), fold(study, ())
    for entry in sorted(case.of("participant:"), key=lambda one: datetime.fromisoformat(one.occurred_at)):
        record(study, participant, course, moved(entry, LEDGER), received_at=entry.occurred_at, key=KEY)
    more = [_another(study, case, number) for number in range(2, others + 2)]
    own = Ledger(f"study:{study.name}")
    first = next(iter(case.of("study:")))
    said: list[tuple[str, dict[str, Any]]] = [
        ("release", {"id": release.id, "text": release.text.decode()}) for release in study.releases
    ]
    said += [
        ("ledger_opened", {"ledger": name}) for name in (LEDGER, *(one.name for one in more), "site:denver")
    ]
    for number, (kind, data) in enumerate(said, start=1):
        at = datetime.fromisoformat("2026-01-02T09:00:00-07:00") + timedelta(minutes=number)
        envelope = {"id": str(uuid7(at, number << 40)), "occurred_at": at.isoformat()}
        entry = msgspec.structs.replace(
            first, kind=kind, data=data, environment=environment, recorded_at=at.isoformat(), **envelope
        )
        own.append(entry, received_at=at.isoformat())
    site = Ledger("site:denver")
    for ledger, entries in ((own, case.of("study:")), (site, case.of("site:"))):
        for entry in entries:
            ledger.append(moved(entry, ledger.name), received_at=entry.occurred_at)
    store.append_many((one.name, line) for one in (own, site, participant, *more) for line in one.lines)
    store.keep_keys({LEDGER: KEY, **{one.name: KEY for one in more}})
    return LEDGER


def ledger_of(number: int) -> str:
    """The ledger of the participant P-`number`."""
    return LEDGER if number == 1 else f"participant:{number + 256:032x}"


_OF_ONE_ALONE = {"randomisation", "kit_assigned"}


def _another(study: Study, case: Case, number: int) -> Ledger:
    """The ledger of another participant in a session."""
    found, course = Ledger(ledger_of(number)), fold(study, ())
    ids: dict[str, str] = {}
    for entry in sorted(case.of("participant:"), key=lambda one: datetime.fromisoformat(one.occurred_at)):
        if entry.kind in _OF_ONE_ALONE:
            continue
        at = datetime.fromisoformat(entry.occurred_at)
        ids[entry.id] = str(uuid7(at, (number << 60) + len(ids)))
        data = entry.data
        data = data | ({"subject": f"P-{number}"} if entry.kind == "enrolment" else {})
        data = data | ({"number": f"S-{number}"} if entry.kind == "screening" else {})
        moved = msgspec.structs.replace(
            entry, id=ids[entry.id], ledger=found.name, data=data, about=ids.get(entry.about or "")
        )
        record(study, found, course, moved, received_at=entry.occurred_at, key=KEY)
    return found


@pytest.fixture(scope="session")
def case() -> Case:
    """Before the initial dose, at 10 o'clock in Denver."""
    return before("initial_dose")


@pytest.fixture
def in_session(case: Case, database: str) -> str:
    """The ledger of a participant on the dosing day, the initial dose not yet given."""
    return keep_case(case)


@pytest.fixture
def therapist(sign_in: Callable[..., Browser], in_session: str, case: Case) -> Browser:
    """The therapist t-1, signed in."""
    return sign_in("t-1", case.study, denver="therapist")


@pytest.fixture
def investigator(sign_in: Callable[..., Browser], in_session: str, case: Case) -> Browser:
    """The investigator i-1, signed in."""
    return sign_in("i-1", case.study, denver="investigator")


@pytest.fixture
def address(therapist: Browser) -> Iterator[str]:
    """Where the pages are, for a browser that is one."""
    with served() as port:
        yield f"http://127.0.0.1:{port}"


@pytest.fixture
def tablet(
    address: str, therapist: Browser, investigator: Browser, tmp_path: Path
) -> Iterator[Callable[..., Any]]:
    """Opens a tablet on which the therapist is signed in, and whose disk outlives the browser."""
    from playwright.sync_api import sync_playwright

    session, _ = therapist.session, investigator.session  # before the browser has this thread
    with sync_playwright() as play:
        opened = []

        def open_tablet(profile: str = "one", **more: Any) -> Any:
            context = launched_with(
                play,
                tmp_path / profile,
                base_url=address,
                **{"viewport": {"width": 820, "height": 1180}} | more,
            )
            context.add_cookies([{"name": "sessionid", "value": session, "url": address}])
            context.set_default_timeout(45_000)  # a slow machine that does much else
            opened.append(context)
            return context.pages[0]

        yield open_tablet
        for context in opened:
            context.close()


def seal(briefing: dict[str, Any], name: str, text: str, *, grant: str | None = None) -> dict[str, str]:
    """A box as the console makes it."""
    own = X25519PrivateKey.generate()
    shared = own.exchange(X25519PublicKey.from_public_bytes(b64decode(briefing["key"])))
    key = HKDF(SHA256(), 32, None, b"entact session 1").derive(shared)
    nonce = b"n" * 12
    said = json.dumps({"grant": briefing["grant"] if grant is None else grant, "entry": text}).encode()
    sealed = AESGCM(key).encrypt(nonce, said, name.encode())
    public = own.public_key().public_bytes_raw()
    return {
        "id": name,
        "key": b64encode(public).decode(),
        "nonce": b64encode(nonce).decode(),
        "sealed": b64encode(sealed).decode(),
    }


def entry_of(
    briefing: dict[str, Any], kind: str, data: dict[str, Any], at: datetime = NOON, **more: Any
) -> dict[str, Any]:
    """An entry as the console composes it."""
    entry = Entry(
        **{
            "id": str(uuid7(at, abs(hash((kind, str(data), at))) % 2**80)),
            "ledger": briefing["participant"]["ledger"],
            "kind": kind,
            "release": briefing["release"],
            "environment": briefing["environment"],
            "encounter": briefing["encounter"],
            "occurred_at": at.isoformat(),
            "recorded_at": at.isoformat(),
            "by": briefing["person"]["identity"],
            "role": briefing["person"]["role"],
            "device": "console-1",
            "data": data,
        }
        | more
    )
    return dict(msgspec.to_builtins(entry))


def send(*boxes: dict[str, str], status: int = 200) -> list[dict[str, Any]]:
    """Sends boxes as a device would, signed in as nobody."""
    from tests.conduct.people import client

    answer = client().post("/session/entries/", json.dumps(boxes), content_type="application/json")
    assert answer.status_code == status, answer.content
    return list(answer.json().get("outcomes", []))
