"""Who signs is identified again: a passkey answers for what is signed, where it is the second factor."""

from __future__ import annotations

import json
import re
from hashlib import sha256
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from fido2.cose import ES256
from fido2.utils import websafe_encode
from fido2.webauthn import (
    Aaguid,
    AttestationObject,
    AttestedCredentialData,
    AuthenticatorData,
    CollectedClientData,
)
from tests.conduct.browser import Browser, course_of, keep_screened
from tests.conduct.people import PASSWORD, account, code, give_password

from entact import store
from entact.course import read
from entact.protocol import Study

SIGN = "/participants/S-1/sign/"
ORIGIN = "http://localhost"


class Passkey:
    """An authenticator in memory: made for an account, and shown for a question."""

    def __init__(self, name: str) -> None:
        from allauth.mfa.webauthn.internal.auth import WebAuthn

        self.key = ec.generate_private_key(ec.SECP256R1())
        self.id = sha256(name.encode()).digest()
        public = ES256.from_cryptography_key(self.key.public_key())
        made = AttestedCredentialData.create(Aaguid(b"\0" * 16), self.id, public)
        data = AuthenticatorData.create(sha256(b"localhost").digest(), 0x45, 0, made)
        asked = CollectedClientData.create("webauthn.create", b"\0" * 32, ORIGIN)
        response = {
            "clientDataJSON": websafe_encode(asked),
            "attestationObject": websafe_encode(AttestationObject.create("none", data, {})),
        }
        credential = {"id": websafe_encode(self.id), "rawId": websafe_encode(self.id), "type": "public-key"}
        WebAuthn.add(account(name), "Tablet", credential | {"response": response})

    def answer(self, page: str) -> str:
        """What the browser sends for the question on a page."""
        said = re.search(r'<script type="application/json">(.*?)</script>', page)
        assert said is not None
        challenge = json.loads(said[1])["request_options"]["publicKey"]["challenge"]
        asked = json.dumps({"type": "webauthn.get", "challenge": challenge, "origin": ORIGIN}).encode()
        data = AuthenticatorData.create(sha256(b"localhost").digest(), 0x05, 1)
        signature = self.key.sign(data + sha256(asked).digest(), ec.ECDSA(hashes.SHA256()))
        response = {
            "clientDataJSON": websafe_encode(asked),
            "authenticatorData": websafe_encode(data),
            "signature": websafe_encode(signature),
        }
        known = {"id": websafe_encode(self.id), "rawId": websafe_encode(self.id), "type": "public-key"}
        return json.dumps(known | {"response": response})


@pytest.fixture
def ledger(study: Study, database: str) -> str:
    return keep_screened(study)


@pytest.fixture
def ada(ledger: str) -> Browser:
    """An investigator whose second factor is a passkey alone."""
    ada = Browser("ada", {"denver": "investigator"})
    ada.get("/")
    account("ada").authenticator_set.all().delete()
    give_password("ada")
    return ada


@pytest.fixture
def passkey(ada: Browser) -> Passkey:
    from allauth.mfa.models import Authenticator

    made = Passkey("ada")
    del ada._client
    client = signed_in_with_passkey()
    ada.__dict__["_client"] = client
    assert Authenticator.objects.filter(user__name="ada").count() == 1
    return made


def signed_in_with_passkey() -> Any:
    from django.test import Client

    browser = Client(headers={"host": "localhost"}, raise_request_exception=False)
    browser.force_login(account("ada"))
    return browser


def signing(page: str, **more: Any) -> dict[str, Any]:
    expected = re.search(r'name="expected" value="([^"]*)"', page)
    assert expected is not None
    return {"expected": expected[1], "meaning": "review", "password": PASSWORD} | more


@pytest.mark.requirement("R13")
def test_who_has_a_passkey_alone_signs_with_it_and_the_password(
    ada: Browser, passkey: Passkey, study: Study, ledger: str
) -> None:
    page = ada.get(SIGN)
    assert 'data-passkey="get"' in page
    ada.post(SIGN, signing(page, credential=passkey.answer(page)))
    (signature,) = course_of(study, ledger).signatures
    entry = next(one for line in store.lines(ledger) if (one := read(line.text)).id == signature.entry)
    assert entry.authenticated.second.how == "passkey"  # type: ignore[attr-defined]


@pytest.mark.requirement("R13")
def test_a_password_alone_a_used_answer_and_one_for_something_else_sign_nothing(
    ada: Browser, passkey: Passkey, study: Study, ledger: str
) -> None:
    page = ada.get(SIGN)
    ada.post(SIGN, signing(page), status=422)
    page = ada.get(SIGN)
    ada.post(SIGN, signing(page, credential=passkey.answer(page), password="guess"), status=422)
    # What was answered once answers nothing more, and neither does what was asked on another page.
    ada.post(SIGN, signing(page, credential=passkey.answer(page)), status=422)
    other = ada.get("/participants/S-1/eligibility/")
    ada.post(SIGN, signing(ada.get(SIGN), credential=passkey.answer(other)), status=422)
    for broken in ("{}", "x", "[]", "null", '{"id": 7}'):
        ada.post(SIGN, signing(ada.get(SIGN), credential=broken), status=422)
    assert not course_of(study, ledger).signatures


def test_who_has_an_app_signs_with_its_code_as_before(ledger: str, study: Study) -> None:
    ada = Browser("ada", {"denver": "investigator"})
    ada.get("/")
    give_password("ada")
    ada.sign_in_anew()
    page = ada.get(SIGN)
    assert "data-passkey" not in page
    ada.post(SIGN, signing(page, code=code()))
    assert len(course_of(study, ledger).signatures) == 1
