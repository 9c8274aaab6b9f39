"""What a console sends: sealed on the device to a key that only this server opens, and by whom it is.

A box is opened with a key of consoles (`entact.store.console_keys`); the grant in it, which the server gave
with the briefing, says who wrote the entry. So sending needs no sign-in: a tablet sends what it has also when
its author is at home.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta
from hashlib import blake2b
from typing import Final

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.core import signing

from entact.conduct.record.door import Author
from entact.course.entry import Authenticated
from entact.course.entry.decoding import decoded
from entact.store.console_keys import console_keys

INFO: Final = b"entact session 1"
OF_SESSION: Final = frozenset(
    {"vital_signs", "form", "dose", "dose_level", "presence", "encounter", "alert_answered", "adverse_event"}
    | {"override", "safety_call", "death", "session_note"}
)
"""Kinds of entry that a console is told of and sends; all else has pages, which ask who may enter it."""
_SALT: Final = "entact.session.grant"


class Unopened(ValueError):
    """A box that this server cannot open, or whose grant it did not give."""


GRANTED: Final = timedelta(days=7)
"""How long a grant lasts: a console is set up on a Friday for a Monday. It is renewed once a day while the
console reaches the server; what is entered after it is kept all the same, and found."""


class Grant(msgspec.Struct, frozen=True):
    """Who may write about whom from a console: given to somebody signed in, for a time.

    It opens nothing and is asked for nothing: it says by whom an entry is, which is kept also after its time,
    and after the access of who wrote it had ended; and found.

    Attributes:
        session: opaque name of the session in which it was given. site: of the participant. until: when it
            ends. The last two are empty of one from before these were said.
    """

    identity: str
    role: str
    ledger: str
    encounter: str
    session: str
    site: str = ""
    until: str = ""

    @property
    def author(self) -> Author:
        """Who writes, as the server knows it."""
        known = Authenticated(how="session", who=self.identity, session=self.session)
        return Author(self.identity, self.role, known)

    def text(self) -> str:
        """The grant as a device keeps it: signed by this server."""
        return signing.dumps(msgspec.to_builtins(self), key=_signing(console_keys()[0]), salt=_SALT)


class Box(msgspec.Struct, frozen=True):
    """One sealed entry: id of the entry, public key made for it alone, nonce and ciphertext in base64."""

    id: str
    key: str
    nonce: str
    sealed: str


class Opened(msgspec.Struct, frozen=True):
    """What was in a box."""

    grant: Grant
    text: bytes


def public_key() -> str:
    """The key to which consoles seal, in base64."""
    secret = X25519PrivateKey.from_private_bytes(console_keys()[0])
    return b64encode(secret.public_key().public_bytes_raw()).decode()


def open_box(box: Box) -> Opened:
    """What is in a box.

    Raises:
        Unopened: when it is for another server, was changed, or says no grant of this one.
    """
    keys = console_keys()
    try:
        said = decoded(_text_of(box, keys), dict)
        newest, *older = map(_signing, keys)
        granted = signing.loads(said["grant"], key=newest, salt=_SALT, fallback_keys=older)
        return Opened(msgspec.convert(granted, Grant), str(said["entry"]).encode())
    except (ValueError, TypeError, KeyError, signing.BadSignature) as error:
        raise Unopened("this server did not give out what it takes to open it") from error


def _text_of(box: Box, keys: Sequence[bytes]) -> bytes:
    """What a box holds, by the key to which it was sealed: the newest one, or one of before.

    Raises:
        ValueError: when none opens it.
    """
    public = X25519PublicKey.from_public_bytes(b64decode(box.key))
    nonce, sealed = b64decode(box.nonce), b64decode(box.sealed)
    for one in keys:
        shared = X25519PrivateKey.from_private_bytes(one).exchange(public)
        with suppress(InvalidTag):
            opening = AESGCM(HKDF(SHA256(), 32, None, INFO).derive(shared))
            return opening.decrypt(nonce, sealed, box.id.encode())
    raise ValueError("no key of consoles opens it")


def _signing(key: bytes) -> str:
    """What grants are signed with, beside a key to which consoles seal."""
    return blake2b(key, digest_size=32, person=b"entact grant").hexdigest()
