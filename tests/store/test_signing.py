"""A signature is made by its owner alone, who shows once more who they are, and is bound to lines."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest
from tests.store.living import ANNA, NOW, consent, enter_study, fact, keep

from entact import store
from entact.course import fold, instant, read
from entact.course.entry import CLAIMED, Authenticated
from entact.course.entry.entry import SecondProof
from entact.course.entry.proof import doubt
from entact.course.findings import findings
from entact.protocol import Study
from entact.store import StoreError
from entact.store.door import fact as record_fact
from entact.store.signing import WITHIN, sign_entries

TWICE = Authenticated(
    how="session",
    who="investigator-1",
    session="5e55",
    second=SecondProof("one_time_code", "2026-03-02T19:58:00+00:00"),
)


@pytest.fixture
def study(database: str) -> Study:
    study = enter_study()
    consent(study)
    return study


def sign(*entries: str, authenticated: Authenticated = TWICE, by: str = "investigator-1") -> str:
    receipt = sign_entries(
        ANNA, entries, "reviewed", by=by, role="investigator", received_at=NOW, authenticated=authenticated
    )
    return read(receipt.line.text).id


def told(study: Study, *rules: str) -> list[tuple[str, str, str]]:
    course = fold(study, [read(line.text) for line in store.lines(ANNA)])
    return [(one.rule, one.entry, one.item) for one in findings(course, instant(NOW)) if one.rule in rules]


@pytest.mark.requirement("R13")
@pytest.mark.requirement("R14")
def test_a_signature_is_bound_to_the_lines_that_were_signed(study: Study) -> None:
    call = keep(study, fact(study, 10, "safety_call", {"reached": True, "minutes": 12}))
    signature = sign(call, call)
    [signed] = [read(line.text) for line in store.lines(ANNA) if read(line.text).id == signature]
    hashes = {read(line.text).id: line.hash for line in store.lines(ANNA)}
    assert signed.data["hashes"] == [hashes[call]]
    assert signed.authenticated == TWICE
    rules = ("signature_broken", "signed_without_second_proof", "not_authenticated")
    assert [one for one in told(study, *rules) if one[1] == signature] == []
    moved = {**signed.data, "hashes": ["5" * 64]}
    other = msgspec.structs.replace(fact(study, 20, "signature", moved), by="investigator-1")
    record_fact(other, received_at=NOW, authenticated=TWICE)
    assert told(study, "signature_broken") == [("signature_broken", other.id, call)]
    change = fact(study, 30, "safety_call", {"minutes": 13}, replaces=call, reason="source_document")
    keep(study, change)
    assert ("signature_broken", signature, call) in told(study, "signature_broken")


@pytest.mark.requirement("R13")
@pytest.mark.parametrize(
    ("authenticated", "said"),
    [
        (CLAIMED, "it is nobody who is known here"),
        (msgspec.structs.replace(TWICE, who="eva"), "it is eva who is known here"),
        (msgspec.structs.replace(TWICE, problem="revoked"), "only investigator-1 signs"),
        (msgspec.structs.replace(TWICE, how="device"), "only investigator-1 signs"),
        (msgspec.structs.replace(TWICE, second=None), "has to show once more who they are"),
        (
            msgspec.structs.replace(TWICE, second=SecondProof("password", "2026-03-02T19:54:00+00:00")),
            "has to show once more who they are",
        ),
        (
            msgspec.structs.replace(TWICE, second=SecondProof("password", "2026-03-02T20:01:00+00:00")),
            "has to show once more who they are",
        ),
    ],
)
def test_nobody_else_signs_and_nobody_without_showing_who_they_are_once_more(
    study: Study, authenticated: Authenticated, said: str
) -> None:
    call = keep(study, fact(study, 10, "safety_call", {"reached": True}))
    before = list(store.lines(ANNA))
    with pytest.raises(StoreError, match=said):
        sign(call, authenticated=authenticated)
    with pytest.raises(StoreError, match="has no entry nothing that stands"):
        sign("nothing")
    assert list(store.lines(ANNA)) == before


@pytest.mark.parametrize("since", [timedelta(0), WITHIN])
def test_a_second_proof_serves_to_its_last_instant(study: Study, since: timedelta) -> None:
    call = keep(study, fact(study, 10, "safety_call", {"reached": True}))
    shown = SecondProof("password", (instant(NOW) - since).isoformat())
    assert sign(call, authenticated=msgspec.structs.replace(TWICE, second=shown))
    over = SecondProof("password", (instant(NOW) - WITHIN - timedelta(microseconds=1)).isoformat())
    with pytest.raises(StoreError, match="has to show once more"):
        sign(call, authenticated=msgspec.structs.replace(TWICE, second=over))


@pytest.mark.requirement("R13")
def test_a_signature_without_a_second_proof_is_found(study: Study) -> None:
    """As a fact that somebody sent past the door for signatures."""
    call = keep(study, fact(study, 10, "safety_call", {"reached": True}))
    sign(call)
    [signed] = [read(line.text) for line in store.lines(ANNA) if read(line.text).kind == "signature"]
    bare = msgspec.structs.replace(fact(study, 20, "signature", signed.data), by="investigator-1")
    once = msgspec.structs.replace(TWICE, second=None)
    record_fact(bare, received_at=NOW, authenticated=once)
    rule = "signed_without_second_proof"
    assert told(study, rule) == [(rule, bare.id, "")]


@pytest.mark.parametrize(
    ("how", "rule"),
    [
        (CLAIMED, "not_authenticated"),
        (Authenticated(how="session", who="eva"), "entered_by_other"),
        (Authenticated(how="device", who="tablet-9"), "proof_wrong"),
        (Authenticated(how="session", who="t-7", problem="revoked"), "proof_wrong"),
        (Authenticated(how="session", who="t-7"), None),
        (Authenticated(how="system", who="entact"), None),
        (Authenticated(how="simulated", who="t-7"), None),  # in a rehearsal
    ],
)
def test_whether_the_author_was_known_is_found(study: Study, how: Authenticated, rule: str | None) -> None:
    entry = fact(study, 10, "safety_call", {"reached": True}, device="tablet-1")
    entry = msgspec.structs.replace(entry, by="t-7")
    kept = read(record_fact(entry, received_at=NOW, authenticated=how).line.text)
    assert (doubt(kept) or (None,))[0] == rule
    rules = ("not_authenticated", "entered_by_other", "proof_wrong")
    assert [one for one, about, _ in told(study, *rules) if about == entry.id] == ([rule] if rule else [])
