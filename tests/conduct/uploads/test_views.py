"""A file of a form: sent, checked by its content, kept by its digest, given to who may see it."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from tests.conduct.browser import Browser, course_of, keep_screened, said
from tests.conduct.conftest import SignIn
from tests.conduct.record import blinded_study

from entact.protocol import Study
from entact.store.models import Attachment

FORM = "/participants/S-1/screening.1/letters/"
PDF = b"%PDF-1.4\n1 0 obj <<>> endobj\n%%EOF\n"


def _with_letter(data: dict[str, Any]) -> None:
    data["forms"]["letters"] = {"items": {"letter": {"type": "file", "accept": ["application/pdf"]}}}
    data["schedule"][0]["do"].append("letters")


@pytest.fixture(scope="module")
def lettered() -> Study:
    return blinded_study(_with_letter)


def sent(content: bytes, name: str = "letter.pdf") -> dict[str, Any]:
    file = SimpleUploadedFile(name, content, "application/pdf")
    return {"head": "9", "shown": ["letter"], "upload:letter": file}


def test_a_file_is_kept_by_its_digest_and_given_as_an_attachment(
    lettered: Study, database: str, sign_in: SignIn
) -> None:
    ledger = keep_screened(lettered)
    ada = sign_in("ada", denver="investigator")
    assert 'type="file"' in said(ada.get(FORM), "letter")
    for content in (b"<svg onload=alert(1)>", b"\x89PNG\r\n\x1a\n", PDF.replace(b"<<>>", b"<</JS 1>>"), b""):
        ada.post(FORM, sent(content), status=422)
    for size in (11, 13):  # no larger file is passed over as if none had been sent
        large = ada.post(FORM, sent(PDF + b" " * (size << 20)), status=422)
        assert "MB; at most 10 are kept" in large
    assert not Attachment.objects.exists()
    ada.post(FORM, sent(PDF, "../../etc/passwd"))
    digest = sha256(PDF).hexdigest()
    (answers,) = course_of(lettered, ledger).answers["letters"]
    kept = {"file": digest, "media": "application/pdf", "size": len(PDF)}
    assert answers.items["letter"] == kept
    where = f"/participants/S-1/file/{digest}/"
    assert where in ada.get(FORM)
    assert ada._client.get(where).content == PDF
    for who in (sign_in("mo", everywhere="monitor"), Browser("eve", {"haifa": "investigator"})):
        who.get(where, status=404)
