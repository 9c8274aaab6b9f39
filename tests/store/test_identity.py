"""Who a participant is: under a key that lies elsewhere, per site, and in the trail by name of item alone."""

from __future__ import annotations

import pytest
from django.db import connection
from tests.store.living import ANNA, BERT, consent, enter_study

from entact import store
from entact.course import fold, read
from entact.protocol import Study
from entact.store import StoreError, models
from entact.store.identity import identities, identity, keep_identity
from entact.store.participant_keys import keychain

DETAILS = {"name": "Anna Zylberstein", "contact": "+1 303 5550 117", "birth_date": "1979-11-30"}


@pytest.fixture
def study(database: str) -> Study:
    study = enter_study()
    consent(study)
    consent(study, BERT)
    return study


def test_an_identity_is_kept_for_one_site_and_is_ciphertext_in_the_database(study: Study) -> None:
    keep_identity(ANNA, "denver", DETAILS, by="c-1", role="coordinator")
    keep_identity(BERT, "haifa", {"name": "Bert"}, by="c-2", role="coordinator")
    assert identity(ANNA, "denver") == DETAILS
    assert identity(ANNA, "haifa") is None
    assert identities("denver") == {ANNA: DETAILS}
    with connection.cursor() as cursor:
        cursor.execute("SELECT string_agg(store_identity::text, '') FROM store_identity")
        rows = cursor.fetchone()[0]
    assert not any(value in rows for value in DETAILS.values())


@pytest.mark.requirement("R01")
def test_the_ledger_says_who_kept_which_identifiers_and_why_they_changed(study: Study) -> None:
    keep_identity(ANNA, "denver", DETAILS, by="c-1", role="coordinator")
    with pytest.raises(StoreError, match="a change has a reason"):
        keep_identity(ANNA, "denver", {"name": "Anna Z."}, by="c-1", role="coordinator")
    assert identity(ANNA, "denver") == DETAILS
    changed = {"name": "Anna Z."}
    keep_identity(ANNA, "denver", changed, by="c-2", role="coordinator", reason="transcription_error")
    entries = [read(line.text) for line in store.lines(ANNA)]
    noted = [(one.by, one.reason, one.data) for one in entries if one.kind == "identity"]
    assert noted == [
        ("c-1", None, {"site": "denver", "items": ["birth_date", "contact", "name"]}),
        ("c-2", "transcription_error", {"site": "denver", "items": ["name"]}),
    ]
    assert fold(study, entries).identities == {"denver": ("name",)}
    assert store.verify().breaks == ()


def test_a_ciphertext_moved_to_another_site_or_participant_does_not_open(study: Study) -> None:
    keep_identity(ANNA, "denver", DETAILS, by="c-1", role="coordinator")
    models.Identity.objects.update(site="haifa")
    with pytest.raises(StoreError, match="was altered"):
        identity(ANNA, "haifa")
    models.Identity.objects.update(site="denver", participant=BERT)
    with pytest.raises(StoreError, match="was altered"):
        identities("denver")


def test_there_is_no_identity_before_consent_or_without_the_key(study: Study) -> None:
    with pytest.raises(StoreError, match="a ledger begins with consent"):
        keep_identity("participant:none", "denver", DETAILS, by="c-1", role="coordinator")
    with pytest.raises(StoreError, match="cannot be the name of an identifier"):
        keep_identity(ANNA, "denver", {"Name": "Anna"}, by="c-1", role="coordinator")
    keychain().remove([ANNA])
    with pytest.raises(StoreError, match="is erased or not here"):
        keep_identity(ANNA, "denver", DETAILS, by="c-1", role="coordinator")
