"""Time stamps (RFC 3161): that a text existed at a time, signed by somebody who does not know it."""

from __future__ import annotations

import hashlib
import urllib.error
import urllib.request
from datetime import datetime
from pathlib import Path

from cryptography import x509
from rfc3161_client import (
    HashAlgorithm,
    PKIStatus,
    TimestampRequestBuilder,
    TimeStampResponse,
    VerificationError,
    VerifierBuilder,
    decode_timestamp_response,
)

from entact.store.error import StoreError

_SECONDS = 30


def request_stamp(url: str, text: bytes) -> bytes:
    """What a time-stamping authority answers about a text, of which it is sent the SHA-256 alone.

    Raises:
        StoreError: when it cannot be reached, refuses, or answers about something else.
    """
    asked = TimestampRequestBuilder().data(text).hash_algorithm(HashAlgorithm.SHA256).build()
    headers = {"Content-Type": "application/timestamp-query"}
    if not url.startswith(("http://", "https://")):
        raise StoreError(
            f"{url!r} is no address of a time-stamping authority: it begins with http:// or https://"
        )
    try:
        message = urllib.request.Request(url, asked.as_bytes(), headers)
        with urllib.request.urlopen(message, timeout=_SECONDS) as answer:
            raw: bytes = answer.read()
    except (urllib.error.URLError, TimeoutError, ConnectionError) as error:
        raise StoreError(f"the time-stamping authority {url} cannot be reached: {error}") from error
    response = _decode(raw, url)
    if asked.nonce != response.tst_info.nonce:
        raise StoreError(f"{url} answered another question than the one that was asked")
    _require_about(response, text, url)
    return raw


def stamped_at(
    response: bytes, text: bytes, roots: Path | None = None, *, place: str = "the stamp"
) -> datetime:
    """When a text was stamped.

    Args:
        response: the authority's answer. roots: certificates (PEM) of those whose signature counts; without
            them the signature is not checked.
    Raises:
        StoreError: when it is about another text, or not signed by one of those.
    """
    decoded = _decode(response, place)
    _require_about(decoded, text, place)
    if roots is not None:
        try:
            certificates = x509.load_pem_x509_certificates(roots.read_bytes())
        except (OSError, ValueError) as error:
            raise StoreError(f"{roots} holds no certificate in PEM: {error}") from error
        builder = VerifierBuilder()
        for certificate in certificates:
            builder = builder.add_root_certificate(certificate)
        try:
            builder.build().verify_message(decoded, text)
        except VerificationError as error:
            raise StoreError(f"{place} is not signed by a certificate in {roots}: {error}") from error
    return decoded.tst_info.gen_time


def _decode(raw: bytes, place: str) -> TimeStampResponse:
    try:
        response = decode_timestamp_response(raw)
    except ValueError as error:
        raise StoreError(f"{place} is no time stamp: {error}") from error
    if response.status not in (PKIStatus.GRANTED, PKIStatus.GRANTED_WITH_MODS):
        raise StoreError(
            f"{place} refused a time stamp: {', '.join(response.status_string) or response.status}"
        )
    return response


def _require_about(response: TimeStampResponse, text: bytes, place: str) -> None:
    if response.tst_info.message_imprint.message != hashlib.sha256(text).digest():
        raise StoreError(f"{place} is about another text: the line or the stamp was changed")
