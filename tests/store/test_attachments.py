"""Files of participants: sealed by digest, in archives, brought back from them, gone with the key."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import pytest
from django.db import connection
from tests.store.living import ANNA, BERT, consent, enter_study

from entact import store
from entact.protocol import Study
from entact.store import StoreError, models, server
from entact.store.attachments import attachment, forget_attachments, keep_attachment

AT = datetime(2026, 11, 23, 12, tzinfo=UTC)
SCAN = b"%PDF-1.4 a scan of Anna's paper %%EOF"


@pytest.fixture
def study(database: str) -> Study:
    study = enter_study()
    consent(study)
    consent(study, BERT)
    return study


@pytest.fixture
def name(worker_id: str) -> Iterator[str]:
    """Name of a database that is not there, before the test and after it."""
    name = f"attached_{worker_id}"
    yield name
    connection.close()
    with server.maintenance_connection(apart_from=name) as maintenance:
        maintenance.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


def test_a_file_is_kept_sealed_by_its_digest_for_one_participant(study: Study) -> None:
    digest = keep_attachment(ANNA, SCAN, "application/pdf")
    assert digest == sha256(SCAN).hexdigest() == keep_attachment(ANNA, SCAN, "application/pdf")
    assert attachment(ANNA, digest) == (SCAN, "application/pdf")
    assert attachment(BERT, digest) is None
    (row,) = models.Attachment.objects.all()
    assert "scan" not in row.sealed
    models.Attachment.objects.update(participant=BERT)
    with pytest.raises(StoreError, match="was altered"):
        attachment(BERT, digest)
    forget_attachments(BERT)
    assert not models.Attachment.objects.exists()


def test_files_are_in_an_archive_as_ciphertext_and_come_back_from_it(
    study: Study, name: str, tmp_path: Path
) -> None:
    digest = keep_attachment(ANNA, SCAN, "application/pdf")
    folder = store.write_archive(tmp_path / "archive", made_at=AT).folder
    (path,) = (folder / "attachments").iterdir()
    assert SCAN not in path.read_bytes()
    connection.close()
    store.restore(folder, name)
    assert attachment(ANNA, digest) == (SCAN, "application/pdf")
    path.write_text(path.read_text()[:-9] + "AAAAAAAAA")
    with pytest.raises(StoreError):
        store.restore(folder, name)
