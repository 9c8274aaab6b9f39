"""`entact enter-wording`: words of an instrument come to a site, and can be told from others later."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.cli.conftest import Run
from tests.cli.test_new import WORDS
from tests.owner import copy_database

from entact.store import server


@pytest.fixture
def record(rehearsal: str) -> Iterator[str]:
    """Name of a copy of the rehearsal, to write into."""
    from django.db import connection

    connection.close()
    name = f"{rehearsal}_words"
    copy_database(rehearsal, name)
    yield name
    connection.close()


@pytest.fixture
def words(tmp_path: Path) -> Path:
    path = tmp_path / "sds.yaml"
    path.write_text(WORDS)
    return path


def test_words_come_to_a_site_and_stay_what_they_are(run: Run, words: Path, record: str) -> None:
    done = run(
        "enter-wording", words, "--database", record, "--site", "01", "--by", "investigator-01", "--json"
    )
    assert (done.code, done.err) == (0, "")
    found = done.json
    assert (found["ledger"], found["instrument"]) == ("site:01", "sds")
    from entact.store import StoreError
    from entact.store.wording import FOLDER, words_at

    kept = words_at("01", "sds", "en")
    assert kept is not None
    assert hashlib.sha256(kept).hexdigest() == found["digest"]
    assert words_at("01", "sds", "de") is None
    assert words_at("02", "sds", "en") is None
    # the chains hold, and the licensed words are in none of them
    assert run("verify", "--database", record).code == 0
    path = server.data_folder() / FOLDER / f"{found['digest']}.json"
    path.write_bytes(kept.replace(b"first", b"other"))
    with pytest.raises(StoreError, match="was changed"):
        words_at("01", "sds", "en")
    path.unlink()
    with pytest.raises(StoreError, match="is missing"):
        words_at("01", "sds", "en")


def test_the_ledger_holds_the_digest_and_not_the_words(run: Run, words: Path, record: str) -> None:
    run("enter-wording", words, "--database", record, "--site", "01", "--by", "investigator-01")
    from entact.store import models

    (text,) = models.Line.objects.filter(kind="wording").values_list("text", flat=True)
    assert '"holder":"nobody"' in text
    assert not any(word in text for word in ("first", "second", "third"))


@pytest.mark.parametrize(
    ("site", "by", "said"),
    [
        ("99", "investigator-01", "there is no site '99' in this record; write one of: 01"),
        ("01", "somebody", "'somebody' is not on the staff list of site '01' as investigator"),
        ("01", "coordinator-01", "'coordinator-01' is not on the staff list of site '01' as investigator"),
    ],
)
def test_who_may_not_is_told_why(run: Run, words: Path, record: str, site: str, by: str, said: str) -> None:
    done = run("enter-wording", words, "--database", record, "--site", site, "--by", by)
    assert (done.code, done.out) == (2, "")
    assert said in done.err


def test_words_that_do_not_fit_never_come_to_a_site(run: Run, words: Path, record: str) -> None:
    words.write_text(WORDS.replace(", family: third", ""))
    done = run("enter-wording", words, "--database", record, "--site", "01", "--by", "investigator-01")
    assert (done.code, done.out) == (2, "")
    assert "family is missing" in done.err
    words.write_text(WORDS.replace("wording: sds", "wording: gad7"))
    done = run("enter-wording", words, "--database", record, "--site", "01", "--by", "investigator-01")
    assert "there is no instrument in mapp1 'gad7'" in done.err
    from entact.store import models

    assert not models.Line.objects.filter(kind="wording").exists()
